//! The land: a loss sampled over a window, tinted by height and lit from the upper left.

use super::{Frame, Theme};
use crate::landscapes::Scale;
use crate::problems::PlaneProblem;

/// A loss on a grid over a window.
#[derive(Clone, Debug)]
pub struct Land {
    /// The window that the samples cover, corner to corner.
    pub window: [f64; 4],
    /// Samples along x.
    pub columns: usize,
    /// Samples along y, from the top down.
    pub rows: usize,
    /// Heights, row by row: what is tinted and contoured; not finite where the loss is undefined.
    pub heights: Vec<f64>,
    /// Whether heights are logarithms of the distance to `low`.
    pub logarithmic: bool,
    /// What the loss is measured from.
    pub low: f64,
    /// Heights of the lowest and the highest tint.
    range: [f64; 2],
}

impl Land {
    /// Samples the problem, one sample for each `spacing` pixels of the frame.
    pub fn sample(problem: &PlaneProblem, frame: &Frame, spacing: f64) -> Self {
        let columns = ((frame.width / spacing).ceil() as usize).clamp(2, 2000);
        let rows = ((frame.height / spacing).ceil() as usize).clamp(2, 2000);
        let mut local = problem.local();
        let mut values = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            for i in 0..columns {
                let pixel =
                    [(i as f64 + 0.5) / columns as f64 * frame.width, (j as f64 + 0.5) / rows as f64 * frame.height];
                values.push(local.value(frame.to_point(pixel)));
            }
        }
        let logarithmic = problem.row.map(|row| row.scale == Scale::Log);
        Self::of_values(frame.window, [columns, rows], values, problem.lowest_known(), logarithmic)
    }

    /// The land of values at the centres of a grid's cells, row by row from the top. `None` where no value is finite.
    pub fn of_grid(window: [f64; 4], columns: usize, rows: usize, values: Vec<f64>) -> Option<Self> {
        let known = values.len() == columns * rows && values.iter().any(|f| f.is_finite());
        known.then(|| Self::of_values(window, [columns, rows], values, None, None))
    }

    /// `lowest_known`: a value that the land is known to come down to. `logarithmic`: `None` leaves it to the values.
    fn of_values(
        window: [f64; 4],
        [columns, rows]: [usize; 2],
        values: Vec<f64>,
        lowest_known: Option<f64>,
        logarithmic: Option<bool>,
    ) -> Self {
        let lowest = values.iter().copied().filter(|f| f.is_finite()).fold(f64::INFINITY, f64::min);
        let low = match lowest_known {
            Some(known) if known <= lowest => known,
            _ if lowest.is_finite() => lowest,
            _ => 0.0,
        };
        let logarithmic = logarithmic.unwrap_or_else(|| spans_decades(&values, low));
        let mut land = Self { window, columns, rows, heights: values, logarithmic, low, range: [0.0, 1.0] };
        for i in 0..land.heights.len() {
            land.heights[i] = land.height(land.heights[i]);
        }
        let [bottom, top] = [0.0, 0.985].map(|q| quantile(&land.heights, q));
        land.range = [bottom, if top > bottom { top } else { bottom + 1.0 }];
        land
    }

    /// The height at which a loss is drawn: its distance to `low`, or the logarithm of one more than that.
    #[inline]
    pub fn height(&self, f: f64) -> f64 {
        let distance = f - self.low;
        // Below `low` there is only rounding; NaN stays NaN.
        if self.logarithmic { libm::log10(1.0 + if distance < 0.0 { 0.0 } else { distance }) } else { distance }
    }

    /// The distance to `low` of what is drawn at a height.
    pub fn distance(&self, height: f64) -> f64 {
        if self.logarithmic { libm::pow(10.0, height) - 1.0 } else { height }
    }

    /// The height below which a fraction `q` of the window lies.
    pub fn height_quantile(&self, q: f64) -> f64 {
        quantile(&self.heights, q)
    }

    /// The fraction of the tints at which a height is drawn: 0 the lowest of the window, 1 nearly the highest.
    #[inline]
    pub fn tone(&self, height: f64) -> f64 {
        (height - self.range[0]) / (self.range[1] - self.range[0])
    }

    /// The picture, four bytes a sample (red, green, blue, opacity); transparent where the loss is undefined.
    pub fn pixels(&self, theme: &Theme) -> Vec<u8> {
        let tones: Vec<f32> = self.heights.iter().map(|height| self.tone(*height) as f32).collect();
        let ramp: Vec<[f32; 3]> = (0..=255)
            .map(|i| {
                let c = theme.tint(f64::from(i) / 255.0);
                [f32::from(c.0), f32::from(c.1), f32::from(c.2)]
            })
            .collect();
        // Slopes are measured in tones per 60 samples' worth of a picture 400 samples high, whatever the resolution.
        let exaggeration = 0.15 * self.rows as f32;
        let mut pixels = Vec::with_capacity(4 * tones.len());
        for j in 0..self.rows {
            let (above, below) = (j.saturating_sub(1) * self.columns, (j + 1).min(self.rows - 1) * self.columns);
            for i in 0..self.columns {
                let tone = tones[j * self.columns + i];
                if !tone.is_finite() {
                    pixels.extend([0, 0, 0, 0]);
                    continue;
                }
                let (left, right) = (i.saturating_sub(1), (i + 1).min(self.columns - 1));
                let row = j * self.columns;
                let sx = (tones[row + right] - tones[row + left]) * 0.5 * exaggeration;
                let sy = (tones[below + i] - tones[above + i]) * 0.5 * exaggeration;
                let shade = relief(sx, sy, theme.relief as f32);
                let [r, g, b] = ramp[(tone.clamp(0.0, 1.0) * 255.0) as usize];
                let lit = |c: f32| (c * shade).min(255.0) as u8;
                pixels.extend([lit(r), lit(g), lit(b), 255]);
            }
        }
        pixels
    }

    /// Whether part of the window has no value.
    pub fn has_holes(&self) -> bool {
        self.heights.iter().any(|f| !f.is_finite())
    }
}

/// Whether a loss covers so many orders of magnitude that even tints would show one basin and nothing else.
fn spans_decades(values: &[f64], low: f64) -> bool {
    let [middle, high] = [0.3, 0.98].map(|q| quantile(values, q) - low);
    high > 50.0 * middle.max(f64::MIN_POSITIVE)
}

/// The number below which a fraction `q` of the finite ones lie; zero when there are none.
fn quantile(values: &[f64], q: f64) -> f64 {
    // A thirteenth of the samples is plenty and keeps the sorting out of every frame of a zoom.
    let mut sample: Vec<f64> = values.iter().step_by(13).copied().filter(|f| f.is_finite()).collect();
    if sample.is_empty() {
        return 0.0;
    }
    let at = ((sample.len() - 1) as f64 * q) as usize;
    *sample.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Brightness of a slope under a light from the upper left: one on flat ground, clamped on both sides so that steep
/// walls keep their tint.
#[inline]
fn relief(sx: f32, sy: f32, strength: f32) -> f32 {
    if !(sx.is_finite() && sy.is_finite()) {
        return 1.0;
    }
    // The light's direction is (-1, -1, 1.4) in pixels: right, down, up from the paper.
    let norm = (sx * sx + sy * sy + 1.0).sqrt();
    let light = (sx + sy + 1.4) / (norm * 2.209);
    let flat = 1.4 / 2.209;
    (1.0 + strength * (light - flat) / flat).clamp(1.0 - strength, 1.0 + 0.35 * strength)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_regions_are_transparent() {
        let problem = PlaneProblem::typed("ln(x)+y^2", &[]).expect("a formula");
        let frame = Frame { window: [-1.0, 1.0, -1.0, 1.0], width: 40.0, height: 40.0 };
        let land = Land::sample(&problem, &frame, 1.0);
        assert!(land.has_holes());
        let pixels = land.pixels(&Theme::LIGHT);
        assert_eq!(pixels[3], 0, "the left edge has no value");
        assert_eq!(pixels[4 * 39 + 3], 255, "the right edge has one");
    }

    #[test]
    fn light_comes_from_the_upper_left() {
        // Ground that rises to the right faces left, towards the light.
        assert!(relief(1.0, 0.0, 0.33) > relief(0.0, 0.0, 0.33));
        assert!(relief(-1.0, -1.0, 0.33) < relief(0.0, 0.0, 0.33));
        assert_eq!(relief(0.0, 0.0, 0.33), 1.0);
    }
}
