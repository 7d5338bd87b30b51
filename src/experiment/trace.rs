//! What a run leaves behind.

use super::Outcome;
use crate::optimizers::{Calls, Event};

/// The path of one optimizer with what was measured along it. Every list has one entry for each step from 0, the
/// start, to the last step taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Where it was.
    pub points: Vec<[f64; 2]>,
    /// The exact loss there; not a question of the optimizer, not counted.
    pub values: Vec<f64>,
    /// Euclidean norm of the exact gradient there; not counted.
    pub gradient_norms: Vec<f64>,
    /// Questions asked up to this step.
    pub calls: Vec<Calls>,
    /// What was reported, with its step.
    pub events: Vec<(u32, Event)>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Trace {
    /// The last step taken.
    pub fn last(&self) -> usize {
        self.points.len().saturating_sub(1)
    }

    /// The step to look at when the clock shows `step`: the last one if the run ended earlier.
    pub fn at(&self, step: u32) -> usize {
        (step as usize).min(self.last())
    }

    /// Length of the step that led to point `k`; zero at the start.
    pub fn step_length(&self, k: usize) -> f64 {
        if k == 0 {
            return 0.0;
        }
        let (a, b) = (self.points[k - 1], self.points[k]);
        libm::hypot(b[0] - a[0], b[1] - a[1])
    }

    /// Step length over gradient norm: the step size that plain gradient descent would have needed for a step this long.
    pub fn effective_step_size(&self, k: usize) -> f64 {
        if k == 0 { f64::NAN } else { self.step_length(k) / self.gradient_norms[k - 1] }
    }

    /// The first step with a loss of at most `level`.
    pub fn first_below(&self, level: f64) -> Option<usize> {
        self.values.iter().position(|f| *f <= level)
    }
}
