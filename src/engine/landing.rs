//! How a run of a mass run ended, and what such a run is told besides its start.

use super::job::Launch;
use super::{Axis, Goal, Job};
use crate::problems::Noise;

/// How a run of a mass run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Landing {
    /// Where it ended; for a run that left, the last point within reach.
    pub at: [f64; 2],
    /// The step at which it left, 0 if it did not.
    pub left: u32,
    /// The last step that moved it.
    pub moved: u32,
    /// The last step that brought it back to where it had stood at the latest of the steps 1, 3, 7, 15, ... before; 0 if none
    /// did.
    pub back: u32,
}

/// How low a run of a mass run came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// The loss after the last step; `None` for a run that left, or whose loss is no finite number.
    pub value: Option<f64>,
    /// The steps after which the loss was at the target or below it for the first time.
    pub reached: Option<u32>,
}

/// Distance from the window's centre, in window diagonals, beyond which a run has left. Nearer than where a trace
/// counts as diverged: a run that has come so far rarely returns, and single precision still holds its point and gradient.
const REACH: f64 = 100.0;
/// A step that moves a run by less than this fraction of the window's diagonal does not show.
const CALM: f64 = 1e-5;

impl Goal {
    /// How many numbers a run leaves.
    pub(super) fn outputs(self) -> usize {
        match self {
            Self::Landing => 5,
            Self::Loss { .. } => 3,
        }
    }
}

impl Job {
    /// How far a run may go from the window's centre, and what it is measured by: how short a step counts as rest, or
    /// the target of the loss.
    pub(super) fn bounds(&self) -> [f64; 2] {
        let diagonal = self.problem.diagonal();
        let threshold = match self.goal {
            Goal::Landing => CALM * diagonal,
            Goal::Loss { target } => target,
        };
        [REACH * diagonal, threshold]
    }

    /// The inputs of a kernel for a run: x, y, the knobs, the noise's standard deviation where it has one, the bounds.
    pub(super) fn inputs(&self, launch: &Launch) -> Vec<f64> {
        let mut inputs = launch.start.to_vec();
        inputs.extend_from_slice(&launch.knobs);
        if let Noise::Gaussian { sigma } = self.noise {
            inputs.push(sigma);
        }
        inputs.extend(self.bounds());
        inputs
    }

    /// Which of [`Self::inputs`] differ from cell to cell.
    pub(super) fn varies(&self) -> Vec<bool> {
        let mut varies = vec![false; self.inputs(&self.launch(0)).len()];
        for axis in self.axes {
            match axis {
                Axis::Start(i) => varies[i] = true,
                Axis::Knob(i) => varies[2 + i] = true,
                Axis::Trial => varies[..2].fill(true),
                Axis::Run | Axis::Nothing => {}
            }
        }
        varies
    }
}

impl Landing {
    /// Reads what a kernel wrote: x, y, the step at which the run left, the last that moved it and the last that brought it
    /// back.
    pub fn from_outputs([x, y, left, moved, back]: [f64; 5]) -> Self {
        Self { at: [x, y], left: left as u32, moved: moved as u32, back: back as u32 }
    }

    /// The numbers that a kernel would have left.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(super) fn outputs(self) -> [f64; 5] {
        [self.at[0], self.at[1], f64::from(self.left), f64::from(self.moved), f64::from(self.back)]
    }
}

impl Loss {
    /// Reads what a kernel wrote after `steps` steps and one more: the loss, the step at which the run left, and the
    /// step at whose beginning the target had been reached. A run that left with the one more did not leave.
    pub fn from_outputs([value, left, reached]: [f64; 3], steps: u32) -> Self {
        let stayed = left == 0.0 || left > f64::from(steps);
        Self {
            value: Some(value).filter(|value| stayed && value.is_finite()),
            reached: (reached > 0.0).then(|| reached as u32 - 1),
        }
    }

    /// The numbers that a kernel would have left.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(super) fn outputs(self) -> [f64; 3] {
        let left = if self.value.is_some() { 0.0 } else { 1.0 };
        [self.value.unwrap_or(0.0), left, self.reached.map_or(0.0, |step| f64::from(step) + 1.0)]
    }
}
