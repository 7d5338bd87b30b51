//! Pictures of the measure lab: particles, their density, its marginals, the lines of a transport plan.

mod plot;
mod scene;

pub use plot::{clouds_svg, draw_clouds};
pub use scene::{CloudScene, draw_ground, mapping, target_density};

use super::{Color, Frame, Shape, Stroke, Surface, Theme, trail_shape};

/// How much of a law lies in each cell of a window, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityGrid {
    /// Cells along the width.
    pub columns: usize,
    /// Cells along the height.
    pub rows: usize,
    /// Mass per cell; what lies outside the window is missing.
    pub mass: Vec<f64>,
}

impl DensityGrid {
    /// The density of particles of equal mass, each spread by a normal law whose deviation is a rule of thumb
    /// (Silverman 1986, equation 4.14, with the smaller of the two deviations), at least one cell wide.
    pub fn of_particles(cloud: &[[f64; 2]], frame: &Frame, columns: usize, rows: usize) -> Self {
        let mut mass = vec![0.0; columns * rows];
        let share = 1.0 / cloud.len().max(1) as f64;
        let cell = [columns as f64 / frame.width, rows as f64 / frame.height];
        let (mut sums, mut squares) = ([0.0; 2], [0.0; 2]);
        for point in cloud {
            let [px, py] = frame.to_pixel(*point);
            // Half a cell back: masses sit in the middles of cells, shared between the four around a particle.
            let at = [px * cell[0] - 0.5, py * cell[1] - 0.5];
            let (i, j) = (at[0].floor(), at[1].floor());
            let (u, v) = (at[0] - i, at[1] - j);
            for (di, dj, weight) in [
                (0.0, 0.0, (1.0 - u) * (1.0 - v)),
                (1.0, 0.0, u * (1.0 - v)),
                (0.0, 1.0, (1.0 - u) * v),
                (1.0, 1.0, u * v),
            ] {
                let (x, y) = (i + di, j + dj);
                // False for NaN as well.
                if x >= 0.0 && y >= 0.0 && x < columns as f64 && y < rows as f64 {
                    mass[y as usize * columns + x as usize] += share * weight;
                }
            }
            for k in 0..2 {
                sums[k] += share * at[k];
                squares[k] += share * at[k] * at[k];
            }
        }
        let deviation = |k: usize| (squares[k] - sums[k] * sums[k]).max(0.0).sqrt();
        let narrow = deviation(0).min(deviation(1));
        // Half of what the rule says, which is made for one hill and would fill the hole of a ring.
        let rule = 0.5 * narrow * libm::pow(cloud.len().max(1) as f64, -1.0 / 6.0);
        let width = rule.clamp(1.0, columns as f64 / 12.0);
        let mut grid = Self { columns, rows, mass };
        grid.blur(if width.is_finite() { width } else { 1.0 });
        grid
    }

    /// Shares on a grid of `columns`, row by row from the bottom of the window.
    pub fn of_shares(columns: usize, shares: &[f64]) -> Self {
        let rows = shares.len() / columns.max(1);
        let mass = (0..rows).rev().flat_map(|row| shares[row * columns..(row + 1) * columns].iter().copied()).collect();
        Self { columns, rows, mass }
    }

    /// Spreads every mass by a normal law so many cells wide, first along rows, then along columns.
    fn blur(&mut self, width: f64) {
        let reach = (3.0 * width).ceil() as usize;
        let weights: Vec<f64> = (0..=reach).map(|k| libm::exp(-0.5 * (k as f64 / width).powi(2))).collect();
        let total = 2.0 * weights.iter().sum::<f64>() - weights[0];
        let pass = |mass: &[f64], length: usize, count: usize, along: usize, across: usize| {
            let mut out = vec![0.0; mass.len()];
            for line in 0..count {
                for k in 0..length {
                    let from = mass[line * across + k * along];
                    if from == 0.0 {
                        continue;
                    }
                    for to in k.saturating_sub(reach)..(k + reach + 1).min(length) {
                        out[line * across + to * along] += from * weights[to.abs_diff(k)] / total;
                    }
                }
            }
            out
        };
        let rows = pass(&self.mass, self.columns, self.rows, 1, self.columns);
        self.mass = pass(&rows, self.rows, self.columns, self.columns, 1);
    }

    /// The largest mass of a cell.
    pub fn largest(&self) -> f64 {
        self.mass.iter().copied().fold(0.0, f64::max)
    }

    /// The masses of the columns, from left to right, and of the rows, from the top.
    pub fn marginals(&self) -> [Vec<f64>; 2] {
        let rows = self.mass.chunks(self.columns.max(1)).map(|row| row.iter().sum()).collect();
        let columns = (0..self.columns).map(|i| self.mass.iter().skip(i).step_by(self.columns).sum()).collect();
        [columns, rows]
    }

    /// The cells as pixels of a colour that is the more opaque the denser they are, `most` being the densest.
    pub fn pixels(&self, Color(r, g, b): Color, most: f64) -> Vec<u8> {
        let opaque = |mass: &f64| if most > 0.0 { (mass / most).clamp(0.0, 1.0).sqrt() } else { 0.0 };
        self.mass.iter().flat_map(|mass| [r, g, b, (165.0 * opaque(mass)) as u8]).collect()
    }
}

/// Height of the strips along two edges in which marginals are drawn, as a part of the picture's smaller side.
const STRIP: f64 = 0.13;

/// Draws the marginals of a law along the upper and the right edge: filled for the particles, a line for the target.
pub fn draw_marginals(
    surface: &mut dyn Surface,
    particles: &DensityGrid,
    target: Option<&DensityGrid>,
    index: usize,
    frame: &Frame,
    theme: &Theme,
) {
    let strip = STRIP * frame.width.min(frame.height);
    let own = particles.marginals();
    let sought = target.map(DensityGrid::marginals);
    for axis in 0..2 {
        let most = sought.iter().map(|m| &m[axis]).chain([&own[axis]]).flatten().copied().fold(0.0, f64::max);
        if most <= 0.0 {
            continue;
        }
        let line = |masses: &[f64]| -> Vec<[f64; 2]> {
            let count = masses.len() as f64;
            let place = |(k, mass): (usize, &f64)| {
                let (along, height) = ((k as f64 + 0.5) / count, strip * mass / most);
                if axis == 0 { [along * frame.width, height] } else { [frame.width - height, along * frame.height] }
            };
            masses.iter().enumerate().map(place).collect()
        };
        let curve = line(&own[axis]);
        // Hatched by bars, so that the law below stays visible.
        for [x, y] in &curve {
            let foot = if axis == 0 { [*x, 0.0] } else { [frame.width, *y] };
            let bar = Stroke { color: theme.trail(index), opacity: 0.28, width: 2.0, dash: None };
            surface.line(&[foot, [*x, *y]], bar);
        }
        surface.line(&curve, Stroke::solid(theme.trail(index), 1.5));
        if let Some(sought) = &sought {
            surface.line(
                &line(&sought[axis]),
                Stroke { color: theme.ink, opacity: 0.75, width: 1.2, dash: Some([4.0, 3.0]) },
            );
        }
    }
}

/// Draws particles as dots with a thin edge of paper, smaller the more there are.
pub fn draw_particles(surface: &mut dyn Surface, cloud: &[[f64; 2]], index: usize, frame: &Frame, theme: &Theme) {
    let size = (9.0 / libm::pow(cloud.len().max(1) as f64, 0.22)).clamp(1.3, 5.0);
    let edge = Stroke { color: theme.paper, opacity: 0.8, width: if size > 2.0 { 0.8 } else { 0.4 }, dash: None };
    let shape = if cloud.len() <= 400 { trail_shape(index).0 } else { Shape::Circle };
    for point in cloud {
        surface.marker(shape, frame.to_pixel(*point), size, theme.trail(index), edge);
    }
}

/// Draws points that could have been chosen and were not.
pub fn draw_pool(surface: &mut dyn Surface, pool: &[[f64; 2]], frame: &Frame, theme: &Theme) {
    let edge = Stroke { color: theme.paper, opacity: 0.6, width: 0.4, dash: None };
    for point in pool {
        surface.marker(Shape::Circle, frame.to_pixel(*point), 1.8, theme.soft, edge);
    }
}

/// Draws points of the law that is sought as small rings.
pub fn draw_samples(surface: &mut dyn Surface, samples: &[[f64; 2]], frame: &Frame, theme: &Theme) {
    let size = (7.0 / libm::pow(samples.len().max(1) as f64, 0.22)).clamp(1.2, 3.5);
    let edge = Stroke { color: theme.ink, opacity: 0.55, width: 0.9, dash: None };
    for point in samples {
        surface.marker(Shape::Circle, frame.to_pixel(*point), size, theme.paper, edge);
    }
}

/// Draws a line from each particle to where it is taken.
pub fn draw_links(surface: &mut dyn Surface, links: &[[[f64; 2]; 2]], index: usize, frame: &Frame, theme: &Theme) {
    let stroke = Stroke { color: theme.trail(index), opacity: 0.45, width: 1.0, dash: None };
    for link in links {
        surface.line(&link.map(|end| frame.to_pixel(end)), stroke);
    }
}

/// Draws where a normal law has one and two standard deviations.
pub fn draw_law(surface: &mut dyn Surface, mean: [f64; 2], [xx, xy, yy]: [f64; 3], frame: &Frame, stroke: Stroke) {
    // Cholesky's factor takes the unit circle to the ellipse.
    let a = xx.max(0.0).sqrt();
    let b = if a > 0.0 { xy / a } else { 0.0 };
    let c = (yy - b * b).max(0.0).sqrt();
    for size in [1.0, 2.0] {
        let point = |k: usize| {
            let angle = k as f64 * std::f64::consts::TAU / 64.0;
            let (u, v) = (size * libm::cos(angle), size * libm::sin(angle));
            frame.to_pixel([mean[0] + a * u, mean[1] + b * u + c * v])
        };
        let ellipse: Vec<[f64; 2]> = (0..=64).map(point).collect();
        surface.line(&ellipse, stroke);
    }
}

/// Draws a point that stands out, such as a consensus.
pub fn draw_landmark(surface: &mut dyn Surface, at: [f64; 2], frame: &Frame, theme: &Theme) {
    let place = frame.to_pixel(at);
    let [x, y] = place;
    for stroke in [Stroke::solid(theme.paper, 6.0), Stroke::solid(theme.ink, 2.6)] {
        surface.line(&[[x - 8.0, y], [x + 8.0, y]], stroke);
        surface.line(&[[x, y - 8.0], [x, y + 8.0]], stroke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame { window: [-1.0, 1.0, -1.0, 1.0], width: 200.0, height: 100.0 }
    }

    #[test]
    fn the_mass_of_particles_inside_is_one_and_that_of_others_is_missing() {
        let inside = DensityGrid::of_particles(&[[0.1, 0.2], [-0.2, 0.0]], &frame(), 60, 40);
        assert!((inside.mass.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        let half = DensityGrid::of_particles(&[[0.1, 0.2], [9.0, 0.0], [f64::NAN, 0.0], [0.0, 0.0]], &frame(), 60, 40);
        assert!((half.mass.iter().sum::<f64>() - 0.5).abs() < 0.3 && half.mass.iter().all(|m| m.is_finite()));
    }

    #[test]
    fn the_densest_cell_is_where_the_particles_are() {
        let grid = DensityGrid::of_particles(&[[0.5, 0.5]; 9], &frame(), 60, 40);
        let at = grid.mass.iter().position(|mass| *mass == grid.largest()).expect("there is one");
        let [columns, rows] = grid.marginals();
        assert!((at % 60).abs_diff(45) <= 1 && (at / 60).abs_diff(10) <= 1);
        assert!((columns.iter().sum::<f64>() - rows.iter().sum::<f64>()).abs() < 1e-12);
    }

    #[test]
    fn shares_are_turned_upside_down() {
        let grid = DensityGrid::of_shares(2, &[0.1, 0.2, 0.3, 0.4]);
        assert_eq!((grid.columns, grid.rows, grid.mass), (2, 2, vec![0.3, 0.4, 0.1, 0.2]));
    }
}
