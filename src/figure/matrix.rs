//! Pictures of the matrix lab: matrices as tiles, a path over a plane.

use super::{Color, Frame, Shape, Stroke, Surface, Theme, draw_head};
use nalgebra::DMatrix;

/// What is above zero by day; below zero is the accent.
const ABOVE: Color = Color::hex(0xb5562f);
/// What is above zero by night.
const ABOVE_DARK: Color = Color::hex(0xf0a06a);

/// The entries as pixels, four bytes each, row by row: the accent for -`span`, paper for zero, the other end of the pair
/// for +`span`. What is not a number is transparent.
pub fn matrix_pixels(matrix: &DMatrix<f64>, span: f64, theme: &Theme) -> Vec<u8> {
    let above = if theme.dark { ABOVE_DARK } else { ABOVE };
    let mut pixels = Vec::with_capacity(4 * matrix.len());
    for i in 0..matrix.nrows() {
        for j in 0..matrix.ncols() {
            let share = if span > 0.0 { (matrix[(i, j)] / span).clamp(-1.0, 1.0) } else { 0.0 };
            if share.is_nan() {
                pixels.extend([0, 0, 0, 0]);
                continue;
            }
            // The root lets small entries be seen.
            let Color(r, g, b) = theme.paper.mix(if share < 0.0 { theme.accent } else { above }, share.abs().sqrt());
            pixels.extend([r, g, b, 255]);
        }
    }
    pixels
}

/// A point of a path, seen from a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathPoint {
    /// The step.
    pub step: u32,
    /// Coordinates of the nearest point of the plane.
    pub at: [f64; 2],
    /// How far it is from there.
    pub distance: f64,
}

/// Stems at most.
const STEMS: usize = 40;

/// Draws the path of the `index`-th method as it is projected on a plane, on every so many points a stem as long as the
/// path is far from the plane, and the truth, up to `time` strong and afterwards faint.
pub fn draw_path_over_plane(
    surface: &mut dyn Surface,
    path: &[PathPoint],
    truth: Option<PathPoint>,
    time: f64,
    index: usize,
    frame: &Frame,
    theme: &Theme,
) {
    let color = theme.trail(index);
    let place = |point: &PathPoint| frame.to_pixel(point.at);
    let scale = frame.width / (frame.window[1] - frame.window[0]);
    let past = path.partition_point(|point| f64::from(point.step) <= time);
    let [before, after] =
        [&path[..past], &path[past.saturating_sub(1)..]].map(|part| part.iter().map(place).collect::<Vec<_>>());
    surface.line(&after, Stroke { color, opacity: 0.5, width: 1.4, dash: Some([2.0, 4.0]) });
    let halo = Stroke { color: theme.paper, opacity: 0.9, width: 5.0, dash: None };
    surface.lines(&before, &[halo, Stroke::solid(color, 2.3)]);
    let stride = path.len().div_ceil(STEMS).max(1);
    let stem = |point: &PathPoint, opacity: f64, surface: &mut dyn Surface| {
        let [x, y] = place(point);
        let length = point.distance * scale;
        // A stem shorter than a marker says nothing.
        if length > 2.0 {
            let line = [[x, y], [x, y - length]];
            surface.line(&line, Stroke { color, opacity, width: 1.2, dash: None });
            surface.marker(Shape::Circle, [x, y - length], 1.8, color, Stroke::solid(color, 0.5));
        }
    };
    for (k, point) in path.iter().enumerate().filter(|(k, _)| k % stride == 0) {
        stem(point, if k < past { 0.6 } else { 0.25 }, surface);
    }
    if let Some(truth) = truth {
        stem(&truth, 0.8, surface);
        let edge = Stroke { color: theme.ink, opacity: 1.0, width: 1.6, dash: None };
        surface.marker(Shape::Circle, place(&truth), 5.0, theme.paper, edge);
        surface.marker(Shape::Circle, place(&truth), 1.6, theme.ink, edge);
    }
    if let Some(head) = before.last().or(after.first()) {
        draw_head(surface, index, *head, 4.5, theme);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_paper_and_the_ends_are_the_pair() {
        let matrix = DMatrix::from_row_slice(1, 4, &[-2.0, 0.0, 2.0, f64::NAN]);
        let pixels = matrix_pixels(&matrix, 2.0, &Theme::LIGHT);
        let Color(r, g, b) = Theme::LIGHT.accent;
        assert_eq!(pixels[..4], [r, g, b, 255]);
        let Color(r, g, b) = Theme::LIGHT.paper;
        assert_eq!(pixels[4..8], [r, g, b, 255]);
        assert_eq!((&pixels[8..12], pixels[15]), (&[0xb5, 0x56, 0x2f, 255][..], 0));
        assert_eq!(matrix_pixels(&matrix, 0.0, &Theme::LIGHT)[..4], [r, g, b, 255]);
    }
}
