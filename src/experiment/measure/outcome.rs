//! How a run of the measure lab ended.

use super::{Gauges, MeasureTrace};
use crate::figure::read_number;
use crate::measures::Point;
use crate::problems::measure::MeasureProblem;

/// The verdict on a run, with its evidence.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MeasureOutcome {
    /// The cloud is as near to the law as independent points of the law are, within a half.
    Reached {
        /// Energy distance to the law's points.
        distance: f64,
        /// Energy distance of independent points.
        level: f64,
    },
    /// All particles came together.
    Gathered {
        /// Where.
        at: Point,
    },
    /// The energy no longer changes.
    Settled {
        /// The energy.
        energy: f64,
    },
    /// Most particles are far outside the window, or nowhere.
    Diverged {
        /// The step at which it was noticed.
        step: u32,
    },
    /// Still on its way when the steps were used up.
    #[default]
    OutOfBudget,
}

impl MeasureOutcome {
    /// The verdict in words.
    pub fn verdict(&self) -> String {
        // Rounding leaves no negative zero.
        let number = |x: f64| format!("{:.3}", (1e3 * x).round() / 1e3 + 0.0).replace('-', "−");
        match self {
            Self::Reached { distance, level } => {
                format!("reached the law: distance {}, independent points have {}", number(*distance), number(*level))
            }
            Self::Gathered { at: [x, y] } => format!("all particles gathered at ({}, {})", number(*x), number(*y)),
            Self::Settled { energy } => format!("settled at the energy {}", read_number(*energy)),
            Self::Diverged { step } => format!("diverged at step {step}: most particles left"),
            Self::OutOfBudget => "still on its way".to_owned(),
        }
    }
}

/// A cloud counts as one point when its standard deviation is below this part of the window's diagonal.
const ONE_POINT: f64 = 1e-3;
/// The energy counts as at rest when it changed by less than this part over the last tenth of the run.
const AT_REST: f64 = 1e-4;
/// Particles beyond so many diagonals from the window's middle have left.
const FAR: f64 = 50.0;

/// Whether a run has to end here: half of the particles have left.
pub(super) fn is_diverged(problem: &MeasureProblem, cloud: &[Point]) -> bool {
    let [x0, x1, y0, y1] = problem.setting.window;
    let middle = [0.5 * (x0 + x1), 0.5 * (y0 + y1)];
    let far = FAR * problem.setting.diagonal();
    // A distance that is no number is not near.
    let near = cloud.iter().filter(|p| libm::hypot(p[0] - middle[0], p[1] - middle[1]) <= far).count();
    2 * near < cloud.len()
}

/// Judges a run.
pub(super) fn judge(problem: &MeasureProblem, gauges: &Gauges, trace: &MeasureTrace, diverged: bool) -> MeasureOutcome {
    let Some(last) = trace.rows.last() else { return MeasureOutcome::OutOfBudget };
    if diverged {
        return MeasureOutcome::Diverged { step: last.step };
    }
    if let Some(level) = gauges.level(last.cloud.len()).filter(|level| last.distance <= 1.5 * level.distance) {
        return MeasureOutcome::Reached { distance: last.distance, level: level.distance };
    }
    let deviation = (last.covariance[0] + last.covariance[2]).sqrt();
    if last.cloud.len() > 1 && deviation <= ONE_POINT * problem.setting.diagonal() {
        return MeasureOutcome::Gathered { at: last.mean };
    }
    let before = &trace.rows[trace.rows.len() - 1 - trace.rows.len() / 10];
    let energies: Vec<f64> = trace.rows.iter().map(|row| row.energy).filter(|e| e.is_finite()).collect();
    let span = energies.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        - energies.iter().copied().fold(f64::INFINITY, f64::min);
    if before.step < last.step && span > 0.0 && (before.energy - last.energy).abs() <= AT_REST * span {
        return MeasureOutcome::Settled { energy: last.energy };
    }
    MeasureOutcome::OutOfBudget
}
