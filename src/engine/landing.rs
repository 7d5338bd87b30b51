//! How a run of a mass run ended, and what such a run is told besides its start.

use super::job::knob_values;
use crate::experiment::Method;
use crate::problems::PlaneProblem;

/// Numbers that a run leaves.
pub(super) const OUTPUTS: usize = 4;

/// How a run of a mass run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Landing {
    /// Where it ended; for a run that left, the last point within reach.
    pub at: [f64; 2],
    /// The step at which it left, 0 if it did not.
    pub left: u32,
    /// The last step that moved it.
    pub moved: u32,
}

/// Distance from the window's centre, in window diagonals, beyond which a run has left. Nearer than where a trace
/// counts as diverged: a run that has come so far rarely returns, and single precision still holds its point and gradient.
const REACH: f64 = 100.0;
/// A step that moves a run by less than this fraction of the window's diagonal does not show.
const CALM: f64 = 1e-5;

/// The inputs of a method's kernel that are the same for all runs: the knobs, how far a run may go, and how short a
/// step counts as rest.
pub(super) fn settings(problem: &PlaneProblem, method: &Method) -> Vec<f64> {
    let mut settings = knob_values(method);
    settings.extend(bounds(problem));
    settings
}

/// How far a run may go from the window's centre, and how short a step counts as rest.
pub(super) fn bounds(problem: &PlaneProblem) -> [f64; 2] {
    [REACH * problem.diagonal(), CALM * problem.diagonal()]
}

impl Landing {
    /// Reads what a kernel wrote, x, y, the step at which the run left and the last that moved it.
    pub fn from_outputs([x, y, left, moved]: [f64; OUTPUTS]) -> Self {
        Self { at: [x, y], left: left as u32, moved: moved as u32 }
    }
}
