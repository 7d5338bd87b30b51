//! Many runs at once: dots of a swarm, the density of an ensemble with its mean and covariance.

use super::{Color, Frame, Shape, Stroke, Surface, Theme};
use crate::problems::eigen2;

/// Red, green, blue and opacity of a picture of `columns` x `rows` pixels with a dot of two by two pixels for each place;
/// `color` is asked with the place's number. What is not finite or not in the picture is left out.
pub fn swarm_pixels(
    places: &[[f32; 2]],
    color: impl Fn(usize) -> Color,
    frame: &Frame,
    [columns, rows]: [usize; 2],
) -> Vec<u8> {
    let mut pixels = vec![0; 4 * columns * rows];
    for (i, place) in places.iter().enumerate() {
        let Some([column, row]) = pixel_of(*place, frame, [columns, rows]) else { continue };
        let Color(r, g, b) = color(i);
        for [dx, dy] in [[0, 0], [1, 0], [0, 1], [1, 1]] {
            if column + dx < columns && row + dy < rows {
                let at = 4 * ((row + dy) * columns + column + dx);
                pixels[at..at + 4].copy_from_slice(&[r, g, b, 235]);
            }
        }
    }
    pixels
}

fn pixel_of(place: [f32; 2], frame: &Frame, [columns, rows]: [usize; 2]) -> Option<[usize; 2]> {
    let [x, y] = frame.to_pixel(place.map(f64::from));
    // False for NaN as well.
    let inside = x >= 0.0 && y >= 0.0 && x < columns as f64 && y < rows as f64;
    inside.then_some([x as usize, y as usize])
}

/// The mean of many places and how they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cloud {
    /// The mean of the places that are finite.
    pub mean: [f64; 2],
    /// The covariance's entries xx, xy, yy.
    pub covariance: [f64; 3],
}

impl Cloud {
    /// Of places that are finite and not absurdly far: a run that left would drown all others. `None` when there are
    /// fewer than two.
    pub fn of(places: &[[f32; 2]]) -> Option<Self> {
        let near = places.iter().map(|place| place.map(f64::from)).filter(|[x, y]| x.abs() < 1e9 && y.abs() < 1e9);
        let count = near.clone().count() as f64;
        if count < 2.0 {
            return None;
        }
        let mut sum = [0.0; 2];
        near.clone().for_each(|[x, y]| sum = [sum[0] + x, sum[1] + y]);
        let mean = sum.map(|sum| sum / count);
        let mut squares = [0.0; 3];
        for [x, y] in near {
            let [dx, dy] = [x - mean[0], y - mean[1]];
            squares = [squares[0] + dx * dx, squares[1] + dx * dy, squares[2] + dy * dy];
        }
        Some(Self { mean, covariance: squares.map(|sum| sum / (count - 1.0)) })
    }

    /// How many places lie in each pixel, as a colour that grows opaque with the logarithm of the count.
    pub fn density(places: &[[f32; 2]], frame: &Frame, [columns, rows]: [usize; 2], Color(r, g, b): Color) -> Vec<u8> {
        let mut counts = vec![0_f32; columns * rows];
        for place in places {
            let Some([column, row]) = pixel_of(*place, frame, [columns, rows]) else { continue };
            // A small kernel, so that single runs are seen and many form a surface.
            for (dx, dy, weight) in KERNEL {
                let (x, y) = (column.wrapping_add_signed(dx), row.wrapping_add_signed(dy));
                if x < columns && y < rows {
                    counts[y * columns + x] += weight;
                }
            }
        }
        let most = counts.iter().fold(1.0_f32, |most, count| most.max(*count));
        let full = libm::log1pf(most);
        let mut pixels = Vec::with_capacity(4 * counts.len());
        for count in counts {
            let share = if count > 0.0 { 0.25 + 0.75 * libm::log1pf(count) / full } else { 0.0 };
            pixels.extend([r, g, b, (share * 240.0) as u8]);
        }
        pixels
    }
}

/// Where a place counts besides its own pixel, and how much.
const KERNEL: [(isize, isize, f32); 9] = [
    (0, 0, 1.0),
    (-1, 0, 0.6),
    (1, 0, 0.6),
    (0, -1, 0.6),
    (0, 1, 0.6),
    (-1, -1, 0.35),
    (1, -1, 0.35),
    (-1, 1, 0.35),
    (1, 1, 0.35),
];

/// Draws the mean and the ellipses of one and two standard deviations.
pub fn draw_cloud(surface: &mut dyn Surface, cloud: &Option<Cloud>, frame: &Frame, color: Color, theme: &Theme) {
    let Some(cloud) = cloud else { return };
    let ([small, large], [ux, uy]) = eigen2(cloud.covariance);
    let axes = [large, small].map(|variance| variance.max(0.0).sqrt());
    for deviations in [1.0, 2.0] {
        let points: Vec<[f64; 2]> = (0..=72)
            .map(|i| {
                let angle = f64::from(i) / 72.0 * std::f64::consts::TAU;
                let (a, b) = (deviations * axes[0] * libm::cos(angle), deviations * axes[1] * libm::sin(angle));
                frame.to_pixel([cloud.mean[0] + a * ux - b * uy, cloud.mean[1] + a * uy + b * ux])
            })
            .collect();
        let halo = Stroke { color: theme.paper, opacity: 0.8, width: 3.5, dash: None };
        let dash = (deviations > 1.0).then_some([5.0, 4.0]);
        surface.lines(&points, &[halo, Stroke { color: theme.ink, opacity: 0.9, width: 1.4, dash }]);
    }
    let edge = Stroke { color: theme.paper, opacity: 1.0, width: 1.5, dash: None };
    surface.marker(Shape::Circle, frame.to_pixel(cloud.mean), 4.5, color.mix(theme.ink, 0.4), edge);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { window: [0.0, 10.0, 0.0, 10.0], width: 10.0, height: 10.0 };

    #[test]
    fn a_dot_is_where_its_particle_is() {
        let places = [[2.5, 7.5], [f32::NAN, 1.0], [99.0, 1.0], [9.9, 0.1]];
        let pixels = swarm_pixels(&places, |i| Color(i as u8 + 1, 0, 0), &FRAME, [10, 10]);
        let painted: Vec<usize> = (0..100).filter(|i| pixels[4 * i + 3] > 0).collect();
        // Two by two at column 2, row 2; in the lower right corner what there is room for.
        assert_eq!(painted, [22, 23, 32, 33, 99]);
        assert_eq!((pixels[4 * 22], pixels[4 * 99]), (1, 4));
    }

    #[test]
    fn mean_and_covariance_are_those_of_the_places() {
        let places = [[1.0, 0.0], [3.0, 4.0], [f32::NAN, 0.0], [5.0, 2.0]];
        let cloud = Cloud::of(&places).expect("three places");
        assert_eq!(cloud.mean, [3.0, 2.0]);
        assert_eq!(cloud.covariance, [4.0, 2.0, 4.0]);
        assert_eq!(Cloud::of(&places[..1]), None);
    }

    #[test]
    fn density_is_opaque_where_most_are() {
        let places: Vec<[f32; 2]> = (0..50).map(|_| [2.5, 2.5]).chain([[7.5, 7.5]]).collect();
        let pixels = Cloud::density(&places, &FRAME, [10, 10], Color(9, 9, 9));
        let opacity = |column: usize, row: usize| pixels[4 * (row * 10 + column) + 3];
        assert!(opacity(2, 7) > opacity(7, 2) && opacity(7, 2) > 0 && opacity(5, 5) == 0);
    }
}
