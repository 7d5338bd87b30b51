//! Rates read off a curve of errors: what the page prints is what the tests assert.

/// A straight line through part of a curve of errors, in two kinds of axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// First and last step of the part.
    pub window: [usize; 2],
    /// error ~ factor^t: what a step multiplies the error by, from the line on a logarithmic axis of errors.
    pub factor: f64,
    /// error ~ t^power, from the line on two logarithmic axes.
    pub power: f64,
    /// Standard deviation of ln(error) around the line, for the two kinds.
    pub scatter: [f64; 2],
}

/// A power of time below which a curve is called level.
const LEVEL: f64 = 0.01;
/// Below this, errors are what rounding leaves.
const FLOOR: f64 = 1e-13;

/// The later half of a curve, before errors are mere rounding: where a rate is read off unless somebody chooses another part.
pub fn default_window(errors: &[f64]) -> [usize; 2] {
    let last =
        errors.iter().position(|error| *error <= FLOOR || error.is_nan()).unwrap_or(errors.len()).saturating_sub(1);
    [last / 2, last]
}

/// Least-squares lines through ln(error) from step `window[0]` to `window[1]`, both included. `None` for less than three
/// errors above zero.
pub fn fit(errors: &[f64], window: [usize; 2]) -> Option<Fit> {
    let to = window[1].min(errors.len().checked_sub(1)?);
    let from = window[0].min(to);
    let points = (from..=to).map(|step| (step, errors[step])).filter(|(_, error)| *error > 0.0 && error.is_finite());
    let (steps, logs): (Vec<f64>, Vec<f64>) = points.map(|(step, error)| (step as f64, libm::log(error))).unzip();
    let (slope, scatter) = line(&steps, &logs)?;
    // Step 0 has no logarithm.
    let (times, late): (Vec<f64>, Vec<f64>) =
        steps.iter().zip(&logs).filter(|(t, _)| **t > 0.0).map(|(t, log)| (libm::log(*t), *log)).unzip();
    let (power, power_scatter) = line(&times, &late)?;
    Some(Fit { window: [from, to], factor: libm::exp(slope), power, scatter: [scatter, power_scatter] })
}

/// Slope of the least-squares line, and the standard deviation around it.
fn line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    if x.len() < 3 {
        return None;
    }
    let count = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / count, y.iter().sum::<f64>() / count);
    let xx: f64 = x.iter().map(|x| (x - mean_x) * (x - mean_x)).sum();
    let xy: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = xy / xx;
    let gaps = x.iter().zip(y).map(|(x, y)| y - mean_y - slope * (x - mean_x));
    Some((slope, (gaps.map(|gap| gap * gap).sum::<f64>() / count).sqrt()))
}

impl Fit {
    /// The rate in words: a factor per step where the error falls geometrically, a power of time where that fits better.
    pub fn words(&self) -> String {
        if self.power.abs() < LEVEL {
            "level".to_owned()
        } else if self.is_geometric() {
            format!("× {} per step", significant(self.factor))
        } else {
            format!("∝ t^{}", significant(self.power).replace('-', "−"))
        }
    }

    /// Whether a factor per step fits better than a power of time.
    pub fn is_geometric(&self) -> bool {
        self.scatter[0] <= self.scatter[1]
    }
}

/// Four digits after those that are nines or zeros: 0.9987, 0.99993, -1.02.
fn significant(x: f64) -> String {
    let gap = (1.0 - x).abs();
    let digits = if gap > 0.0 && gap < 0.1 { (2.0 - libm::floor(libm::log10(gap))).min(9.0) as usize } else { 3 };
    format!("{x:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_and_power_laws_are_told_apart() {
        let geometric: Vec<f64> = (0..200).map(|t| 3.0 * libm::pow(0.9, f64::from(t))).collect();
        let found = fit(&geometric, default_window(&geometric)).expect("a curve");
        assert!((found.factor - 0.9).abs() < 1e-12 && found.is_geometric(), "{found:?}");
        assert_eq!(found.words(), "× 0.900 per step");
        let power: Vec<f64> = (0..200).map(|t| 2.0 / (1.0 + f64::from(t))).collect();
        let found = fit(&power, [50, 199]).expect("a curve");
        assert!((found.power + 1.0).abs() < 0.02 && !found.is_geometric(), "{found:?}");
    }

    #[test]
    fn the_window_ends_before_rounding_and_a_fit_needs_points() {
        let errors = [1.0, 1e-3, 1e-6, 1e-14, 1e-15];
        assert_eq!(default_window(&errors), [1, 2]);
        assert_eq!(fit(&errors, [0, 1]), None);
        assert_eq!(fit(&[], [0, 10]), None);
        assert_eq!(fit(&[f64::NAN; 9], [0, 8]), None);
        assert_eq!(default_window(&[]), [0, 0]);
    }
}
