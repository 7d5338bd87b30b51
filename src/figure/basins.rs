//! Basins of attraction: every start in the colour of where it leads.

use super::{Color, Theme};
use crate::engine::{Cell, Verdict};

/// How steps become depths of colour: evenly in their logarithm, since a run of a few steps and one of a few more differ
/// as much as one of hundreds and one of hundreds more.
#[derive(Clone, Debug, PartialEq)]
pub struct BasinScale {
    /// The share of each number of steps, up to the most.
    shares: Vec<f32>,
}

impl BasinScale {
    /// From the fewest to the most steps with which one of these cells arrived.
    pub fn of(cells: &[Cell]) -> Self {
        let arrived = cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Minimum(_))).map(|cell| cell.steps);
        let (fewest, most) = arrived.fold((u32::MAX, 1), |(low, high), steps| (low.min(steps), high.max(steps)));
        let scale = |steps: u32| libm::log1p(f64::from(steps));
        let first = scale(fewest.min(most));
        let range = (scale(most) - first).max(1e-9);
        Self { shares: (0..=most).map(|steps| ((scale(steps) - first) / range).clamp(0.0, 1.0) as f32).collect() }
    }

    /// From 0 for the fewest steps to 1 for the most.
    fn share(&self, steps: u32) -> f64 {
        f64::from(self.shares.get(steps as usize).copied().unwrap_or(1.0))
    }
}

/// Red, green, blue and opacity of every cell: the colour tells where a run ended, its depth how many steps it took.
pub fn basin_pixels(cells: &[Cell], scale: &BasinScale, theme: &Theme) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(4 * cells.len());
    for cell in cells {
        let Color(r, g, b) = basin_color(cell.verdict, scale.share(cell.steps), theme);
        pixels.extend([r, g, b, 255]);
    }
    pixels
}

/// The colour of a verdict; `share` from 0 to 1 is how many steps a run needed, between the fewest and the most.
pub fn basin_color(verdict: Verdict, share: f64, theme: &Theme) -> Color {
    match verdict {
        // Quick runs are strong in colour, slow ones fade into the paper.
        Verdict::Minimum(i) => theme.trail(usize::from(i)).mix(theme.paper, 0.1 + 0.7 * share.clamp(0.0, 1.0)),
        Verdict::Elsewhere => theme.line.mix(theme.soft, 0.35),
        Verdict::Cycling => theme.accent.mix(theme.paper, 0.45),
        Verdict::Moving => theme.paper.mix(theme.soft, 0.12),
        // Out of reach is darkest, by day and by night.
        Verdict::Left if theme.dark => theme.paper.mix(Color(0, 0, 0), 0.6),
        Verdict::Left => theme.soft.mix(theme.ink, 0.3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_runs_are_strong_in_colour_and_slow_ones_pale() {
        let cell = |steps| Cell { verdict: Verdict::Minimum(0), steps };
        let cells = [cell(10), cell(100), cell(1000)];
        let pixels = basin_pixels(&cells, &BasinScale::of(&cells), &Theme::LIGHT);
        let distance = |at: usize| {
            let Color(r, g, b) = Theme::LIGHT.paper;
            [r, g, b].iter().zip(&pixels[4 * at..]).map(|(paper, own)| u32::from(paper.abs_diff(*own))).sum::<u32>()
        };
        assert!(distance(0) > distance(1) && distance(1) > distance(2));
        assert!(pixels.iter().skip(3).step_by(4).all(|opacity| *opacity == 255));
    }

    #[test]
    fn a_map_of_one_kind_and_one_number_of_steps_is_of_one_colour() {
        let cells = [Cell { verdict: Verdict::Minimum(1), steps: 0 }; 4];
        let scale = BasinScale::of(&cells);
        let pixels = basin_pixels(&cells, &scale, &Theme::DARK);
        assert!(pixels.chunks(4).all(|pixel| pixel == &pixels[..4]));
        assert!(basin_pixels(&[], &BasinScale::of(&[]), &Theme::DARK).is_empty());
    }
}
