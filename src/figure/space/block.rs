//! The block: the land's heights on a grid, lifted.

use super::super::{Frame, Land};
use crate::problems::PlaneProblem;

/// Height of the highest tint above the lowest.
pub const HEIGHT: f64 = 0.55;
/// Where the base is, below the lowest tint.
pub const BASE: f64 = -0.07;

/// The surface over a window.
#[derive(Clone, Debug)]
pub struct Block {
    /// The land, sampled at the corners of the grid: its first and last columns and rows are the window's edges.
    pub land: Land,
    /// The window, as xmin, xmax, ymin, ymax.
    pub window: [f64; 4],
    /// How far the base reaches along x and y.
    pub half: [f64; 2],
    /// Lifted heights, row by row from the top of the map; NaN where the loss is undefined.
    pub z: Vec<f64>,
}

impl Block {
    /// Samples a problem over a window; `aspect` is the width of the map that shows the window, over its height. The grid
    /// has about `fineness` cells along the longer side.
    pub fn new(problem: &PlaneProblem, window: [f64; 4], aspect: f64, fineness: usize) -> Self {
        let half = base(aspect);
        let [columns, rows] = grid(half, fineness);
        let [x0, x1, y0, y1] = window;
        // The land samples the middles of its cells. With half a cell more on every side these are our corners.
        let (dx, dy) = (0.5 * (x1 - x0) / (columns - 1) as f64, 0.5 * (y1 - y0) / (rows - 1) as f64);
        let frame = Frame { window: [x0 - dx, x1 + dx, y0 - dy, y1 + dy], width: columns as f64, height: rows as f64 };
        let land = Land::sample(problem, &frame, 1.0);
        let z = land.heights.iter().map(|height| lifted(land.tone(*height))).collect();
        Self { land, window, half, z }
    }

    /// Whether [`Block::new`] would cut the same window into the same grid.
    pub fn fits(&self, window: [f64; 4], aspect: f64, fineness: usize) -> bool {
        self.window == window && self.half == base(aspect) && self.corners() == grid(self.half, fineness)
    }

    /// Corners along x and along y.
    pub fn corners(&self) -> [usize; 2] {
        [self.land.columns, self.land.rows]
    }

    /// Where a corner of the grid is.
    pub fn corner(&self, i: usize, j: usize) -> [f64; 3] {
        let [columns, rows] = self.corners();
        let along = |k: usize, n: usize, half: f64| (2.0 * k as f64 / (n - 1) as f64 - 1.0) * half;
        [along(i, columns, self.half[0]), -along(j, rows, self.half[1]), self.z[j * columns + i]]
    }

    /// Where a point of the plane is on the base.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.window;
        let along = |v: f64, a: f64, b: f64, half: f64| ((v - a) / (b - a) * 2.0 - 1.0) * half;
        [along(x, x0, x1, self.half[0]), along(y, y0, y1, self.half[1])]
    }

    /// A point of the plane on the surface; `None` outside the window and where the loss is undefined.
    pub fn on_surface(&self, at: [f64; 2]) -> Option<[f64; 3]> {
        let [x, y] = self.place(at);
        let inside = x.abs() <= self.half[0] && y.abs() <= self.half[1];
        let z = if inside { self.z_at([x, y]) } else { f64::NAN };
        z.is_finite().then_some([x, y, z])
    }

    /// The height of a loss, at the tint that the map gives it.
    pub fn z_of(&self, height: f64) -> f64 {
        lifted(self.land.tone(height))
    }

    /// The height of the surface over a place of the base, on the triangles of the mesh; NaN at a hole.
    pub fn z_at(&self, [x, y]: [f64; 2]) -> f64 {
        let [columns, rows] = self.corners();
        let cell = |v: f64, half: f64, n: usize| {
            let along = ((v / half + 1.0) * 0.5 * (n - 1) as f64).clamp(0.0, (n - 1) as f64);
            let k = (along as usize).min(n - 2);
            (k, along - k as f64)
        };
        let ((i, u), (j, v)) = (cell(x, self.half[0], columns), cell(-y, self.half[1], rows));
        let z = |i: usize, j: usize| self.z[j * columns + i];
        // A cell is cut from its upper right to its lower left corner, as in the mesh.
        let (b, c) = (z(i + 1, j), z(i, j + 1));
        if u + v <= 1.0 {
            let a = z(i, j);
            a + u * (b - a) + v * (c - a)
        } else {
            let d = z(i + 1, j + 1);
            d + (1.0 - u) * (c - d) + (1.0 - v) * (b - d)
        }
    }

    /// Whether the surface stands between a point and the eye.
    pub fn hides(&self, p: [f64; 3], eye: [f64; 3]) -> bool {
        let way = [0, 1, 2].map(|k| eye[k] - p[k]);
        let length = libm::sqrt(way.iter().map(|d| d * d).sum());
        let step = 1.5 / self.land.columns.max(self.land.rows) as f64;
        // A little above the ground, so that a slope does not hide what lies on it.
        let mut along = 2.0 * step;
        while along < length {
            let q = [0, 1, 2].map(|k| p[k] + way[k] * along / length);
            if q[2] > TOP || q[0].abs() > self.half[0] || q[1].abs() > self.half[1] {
                return false;
            }
            if self.z_at([q[0], q[1]]) > q[2] + 0.02 {
                return true;
            }
            along += step;
        }
        false
    }
}

/// How far the base reaches along x and y, for a map of this width over its height.
fn base(aspect: f64) -> [f64; 2] {
    if aspect > 1.0 { [1.0, 1.0 / aspect] } else { [aspect, 1.0] }
}

/// Corners of the grid along x and y.
fn grid(half: [f64; 2], fineness: usize) -> [usize; 2] {
    half.map(|side| ((fineness as f64 * side).round() as usize).max(8) + 1)
}

/// Nothing is higher.
const TOP: f64 = HEIGHT * (KNEE + LEFT);
/// Above this part of the tints heights are drawn together, so that a pole has a finite height and a wall a top edge.
const KNEE: f64 = 0.9;
/// What is left for all that is higher.
const LEFT: f64 = 0.2;

/// The height of a tint: in proportion up to the knee, then ever flatter.
fn lifted(tone: f64) -> f64 {
    if !tone.is_finite() {
        return f64::NAN;
    }
    let tone = tone.max(-0.05);
    HEIGHT * if tone <= KNEE { tone } else { KNEE + LEFT * (1.0 - libm::exp((KNEE - tone) / LEFT)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(formula: &str, window: [f64; 4]) -> Block {
        Block::new(&PlaneProblem::typed(formula, &[]).expect("a formula"), window, 1.0, 40)
    }

    #[test]
    fn corners_lie_on_the_edges_of_the_window() {
        let block = block("x^2+2*y^2", [-1.0, 3.0, -2.0, 2.0]);
        let [columns, rows] = block.corners();
        let [x, y, _] = block.corner(0, 0);
        assert_eq!([x, y], block.place([-1.0, 2.0]));
        let [x, y, z] = block.corner(columns - 1, rows - 1);
        assert_eq!([x, y], block.place([3.0, -2.0]));
        assert!((z - block.on_surface([3.0, -2.0]).expect("inside")[2]).abs() < 1e-12);
    }

    #[test]
    fn higher_losses_are_higher_and_poles_end() {
        let heights: Vec<f64> = (0..400).map(|i| lifted(f64::from(i) * 0.01)).collect();
        assert!(heights.windows(2).all(|pair| pair[1] > pair[0]));
        assert!(lifted(1e9) <= TOP && lifted(-1e9) > BASE);
        assert!(lifted(f64::INFINITY).is_nan() && lifted(f64::NAN).is_nan());
    }

    #[test]
    fn the_surface_is_that_of_the_mesh() {
        // Linear in each triangle, so a plane is met everywhere.
        let block = block("2*x+y", [-1.0, 1.0, -1.0, 1.0]);
        for at in [[0.013, 0.4], [-0.77, -0.31], [-0.5, -0.99]] {
            let height = block.land.height(2.0 * at[0] + at[1]);
            let on = block.on_surface(at).expect("inside")[2];
            // Below the knee the height is in proportion to the tint.
            assert!((on - block.z_of(height)).abs() < 1e-9, "{at:?}: {on}");
        }
        assert!(block.on_surface([1.01, 0.0]).is_none());
    }

    #[test]
    fn holes_have_no_height() {
        let block = block("ln(x)+y^2", [-1.0, 1.0, -1.0, 1.0]);
        assert!(block.on_surface([-0.5, 0.0]).is_none());
        assert!(block.on_surface([0.5, 0.0]).is_some());
    }

    #[test]
    fn a_ridge_hides_what_lies_behind_it() {
        let block = block("exp(-20*x^2)", [-1.0, 1.0, -1.0, 1.0]);
        let left = block.on_surface([-0.6, 0.0]).expect("inside");
        assert!(block.hides(left, [4.0, 0.0, 0.5]));
        assert!(!block.hides(left, [-4.0, 0.0, 0.5]));
        assert!(!block.hides(left, [0.0, 0.0, 5.0]));
    }
}
