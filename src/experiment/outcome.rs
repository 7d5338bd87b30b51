//! How a run ended, with the evidence.

use super::Trace;
use crate::problems::{Kind, PlaneProblem, classify, eigen2};

/// How a run ended. Judged from the last points, the exact gradient and the exact Hessian there.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// At a minimum.
    Converged {
        /// Index into the known minima; `None`: a point that is not on the list.
        minimum: Option<usize>,
        /// Where the run ended.
        at: [f64; 2],
        /// First step from which it stayed there.
        step: usize,
    },
    /// The gradient is small and the Hessian has a negative eigenvalue.
    Saddle {
        /// Where the run ended.
        at: [f64; 2],
        /// Eigenvalues of the Hessian, ascending.
        eigenvalues: [f64; 2],
    },
    /// The gradient is small and the Hessian has no eigenvalue that tells: a plateau.
    Plateau {
        /// Where the run ended.
        at: [f64; 2],
    },
    /// Returns to the same points every `period` steps.
    Cycling {
        /// Steps in a round.
        period: usize,
    },
    /// A coordinate or the loss grew beyond the bound.
    Diverged {
        /// The step at which it did.
        step: usize,
    },
    /// The loss is not a number there: the run has left the set on which the formula is defined.
    Undefined {
        /// The step at which it happened.
        step: usize,
    },
    /// Still on its way when the steps were used up.
    #[default]
    OutOfBudget,
}

/// Distance from the window's centre, in window diagonals, beyond which a run counts as diverged.
pub const DIVERGED_AT: f64 = 1e4;
/// The gradient counts as zero below this fraction of (1 + |f|) per window diagonal: one more window crossed at this
/// slope would change the loss by a millionth.
const SMALL_GRADIENT: f64 = 1e-6;
/// A run is at a known minimum within this fraction of the window's diagonal.
const AT_MINIMUM: f64 = 1e-3;
/// Longest period that is looked for.
const LONGEST_PERIOD: usize = 64;

/// Judges a finished trace.
pub fn judge(problem: &PlaneProblem, trace: &Trace, tolerance: f64) -> Outcome {
    let last = trace.last();
    let (at, value) = (trace.points[last], trace.values[last]);
    let diagonal = problem.diagonal();
    if is_diverged(problem, at, value) {
        return if value.is_nan() && at.iter().all(|x| x.is_finite()) {
            Outcome::Undefined { step: last }
        } else {
            Outcome::Diverged { step: last }
        };
    }
    if let Some(period) = period(trace, diagonal) {
        return Outcome::Cycling { period };
    }
    let near = problem.minima().enumerate().find(|(_, c)| {
        distance(c.at, at) <= AT_MINIMUM * diagonal && value - c.value <= tolerance * (1.0 + c.value.abs())
    });
    if let Some((index, minimum)) = near {
        let stays = |k: &usize| {
            distance(trace.points[*k], minimum.at) <= AT_MINIMUM * diagonal
                && trace.values[*k] - minimum.value <= tolerance * (1.0 + minimum.value.abs())
        };
        let step = (0..=last).rev().take_while(stays).last().unwrap_or(last);
        return Outcome::Converged { minimum: Some(index), at, step };
    }
    let small = |k: usize| trace.gradient_norms[k] * diagonal <= SMALL_GRADIENT * (1.0 + trace.values[k].abs());
    if !small(last) {
        return Outcome::OutOfBudget;
    }
    let (_, _, hessian) = problem.local().second_order(at);
    let eigenvalues = eigen2(hessian).0;
    match classify(eigenvalues) {
        Kind::Minimum => {
            let step = (0..=last).rev().take_while(|&k| small(k)).last().unwrap_or(last);
            Outcome::Converged { minimum: None, at, step }
        }
        Kind::Saddle | Kind::Maximum => Outcome::Saddle { at, eigenvalues },
        Kind::Degenerate => Outcome::Plateau { at },
    }
}

/// Whether a run has to end here: a coordinate or the loss is not finite, or the point is far outside.
#[inline]
pub fn is_diverged(problem: &PlaneProblem, at: [f64; 2], value: f64) -> bool {
    let (centre, bound) = (problem.centre(), DIVERGED_AT * problem.diagonal());
    // False for NaN.
    let within = |i: usize| (at[i] - centre[i]).abs() <= bound;
    !(value.is_finite() && within(0) && within(1))
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    libm::hypot(a[0] - b[0], a[1] - b[1])
}

/// The smallest period with which the last points repeat while still moving. Three rounds, and at least 24 steps, must
/// agree to a millionth of the window, and the round must be wider than a thousandth of it: a run that is merely
/// slow, or that oscillates with a shrinking amplitude, is not a cycle.
fn period(trace: &Trace, diagonal: f64) -> Option<usize> {
    let last = trace.last();
    let mut width = 0.0_f64;
    (2..=LONGEST_PERIOD).find(|&period| {
        let checked = (3 * period).max(24);
        if last < checked + period {
            return false;
        }
        width = width.max(distance(trace.points[last], trace.points[last + 1 - period]));
        // The width first: a run at rest repeats with every period, and to see that takes ten thousand distances.
        width > 1e-3 * diagonal
            && (last - checked + 1..=last)
                .all(|k| distance(trace.points[k], trace.points[k - period]) <= 1e-6 * diagonal)
    })
}

impl Outcome {
    /// The verdict in words, as the table shows it.
    pub fn verdict(&self) -> String {
        match self {
            Self::Converged { minimum: Some(_), step, .. } => format!("converged, step {step}"),
            Self::Converged { minimum: None, step, .. } => format!("converged to an unlisted minimum, step {step}"),
            Self::Saddle { eigenvalues, .. } if eigenvalues[1] < 0.0 => "stopped at a maximum".to_owned(),
            Self::Saddle { .. } => "stalled at a saddle".to_owned(),
            Self::Plateau { .. } => "stalled on a plateau".to_owned(),
            Self::Cycling { period } => format!("cycles with period {period}"),
            Self::Diverged { step } => format!("diverged at step {step}"),
            Self::Undefined { step } => format!("left the domain of f at step {step}"),
            Self::OutOfBudget => "on its way".to_owned(),
        }
    }
}
