//! Runs of the matrix lab: what is recorded of them, and how they are judged.
//!
//! Loss, error and gradient norm are recorded at every step; singular values, angles and the parameters themselves at
//! [`is_framed`] steps, since they take time and room.

mod fit;
mod numbers;
mod outcome;
mod report;
mod runner;

pub use fit::{Fit, default_window, fit};
pub use outcome::MatrixOutcome;
pub use report::{matrix_csv, matrix_json};
pub use runner::{MatrixRunner, run_matrix};

use crate::optimizers::{Calls, Event};
use crate::problems::matrix::Outline;
use crate::scalar::Vector;

/// An experiment of the matrix lab that has been run.
#[derive(Clone, Debug)]
pub struct MatrixRun {
    /// The problem it was about.
    pub outline: Outline,
    /// One trace for each method, in the experiment's order.
    pub traces: Vec<MatrixTrace>,
}

/// The path of one optimizer. Every list but the frames has one entry for each step from 0, the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatrixTrace {
    /// The exact loss.
    pub values: Vec<f64>,
    /// |estimate - truth| / |truth|, Frobenius norms.
    pub errors: Vec<f64>,
    /// Euclidean norm of the exact gradient.
    pub gradient_norms: Vec<f64>,
    /// Questions asked up to the step.
    pub calls: Vec<Calls>,
    /// What was reported, with its step.
    pub events: Vec<(u32, Event)>,
    /// A closer look at some of the steps, the first and the last among them.
    pub frames: Vec<Frame>,
    /// Numbers that the optimizer keeps between steps.
    pub memory: usize,
    /// How it ended.
    pub outcome: MatrixOutcome,
}

/// A closer look at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Which step.
    pub step: u32,
    /// All parameters.
    pub parameters: Vector<f64>,
    /// Singular values of the estimate, descending.
    pub spectrum: Vec<f64>,
    /// Principal angles between the estimate's leading left singular vectors and the truth's, ascending, in radians.
    pub angles: Vec<f64>,
    /// How far the factors are from balance; `None` where there is one factor only.
    pub imbalance: Option<f64>,
}

impl MatrixTrace {
    /// The last step taken.
    pub fn last(&self) -> usize {
        self.values.len().saturating_sub(1)
    }

    /// The last frame that is not after `step`. `None` before anything was recorded.
    pub fn frame_at(&self, step: f64) -> Option<&Frame> {
        let after = self.frames.partition_point(|frame| f64::from(frame.step) <= step);
        self.frames.get(after.saturating_sub(1))
    }
}

/// Steps at the beginning of a run of which each has a frame.
const FIRST: u32 = 50;
/// Frames at most, besides the first ones.
const EVENLY: u32 = 200;

/// Whether a step of a run of `steps` steps has a frame: the first ones, then evenly.
pub fn is_framed(step: u32, steps: u32) -> bool {
    step <= FIRST || step.is_multiple_of(steps.div_ceil(EVENLY).max(1))
}
