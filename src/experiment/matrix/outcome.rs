//! How a run of the matrix lab ended.

use super::MatrixTrace;
use crate::dense;
use crate::problems::matrix::MatrixProblem;
use crate::scalar::Vector;
use nalgebra::DMatrix;

/// The verdict on a run, with its evidence.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MatrixOutcome {
    /// The relative error fell to the tolerance.
    Recovered {
        /// First step from which it stayed there.
        step: usize,
    },
    /// The gradient is small, the error is not, and the Hessian has a negative eigenvalue.
    Saddle {
        /// The least eigenvalue of the Hessian (by Lanczos' method: not above it by more than a few percent).
        curvature: f64,
    },
    /// The gradient is small, the error is not, and no direction was found in which the loss curves down: a spurious minimum, or
    /// as near to the truth as the noise allows.
    Stationary {
        /// The relative error there.
        error: f64,
    },
    /// The loss is not finite, or the error has grown beyond the bound.
    Diverged {
        /// The step at which it happened.
        step: usize,
    },
    /// Still on its way when the steps were used up.
    #[default]
    OutOfBudget,
}

/// Relative error beyond which a run counts as diverged.
const DIVERGED_AT: f64 = 1e6;
/// The gradient counts as zero below this fraction of the largest of the run.
const SMALL_GRADIENT: f64 = 1e-8;
/// A gradient of this part of the truth's size is rounding.
const ROUNDING: f64 = 1e-13;
/// Directions in which Lanczos' method looks for negative curvature.
const DIRECTIONS: usize = 40;

/// Whether a run has to end here.
pub(super) fn is_diverged(value: f64, error: f64) -> bool {
    !(value.is_finite() && error <= DIVERGED_AT)
}

/// Judges a run that ended at `x`.
pub(super) fn judge(
    problem: &MatrixProblem,
    x: &Vector<f64>,
    trace: &MatrixTrace,
    tolerance: f64,
    diverged: bool,
) -> MatrixOutcome {
    let last = trace.last();
    if diverged {
        return MatrixOutcome::Diverged { step: last };
    }
    let error = trace.errors[last];
    if error <= tolerance {
        let step = trace.errors.iter().rposition(|error| *error > tolerance).map_or(0, |before| before + 1);
        return MatrixOutcome::Recovered { step };
    }
    let largest = trace.gradient_norms.iter().copied().fold(0.0, f64::max);
    // A run that begins at rest has no larger gradient to compare with.
    if trace.gradient_norms[last] > (SMALL_GRADIENT * largest).max(ROUNDING * problem.outline.truth.norm()) {
        return MatrixOutcome::OutOfBudget;
    }
    let [least, greatest] = extreme_curvatures(problem, x);
    if least < -1e-6 * greatest.abs() {
        MatrixOutcome::Saddle { curvature: least }
    } else {
        MatrixOutcome::Stationary { error }
    }
}

/// About the least and the greatest eigenvalue of the Hessian, by Lanczos' method with all directions kept orthogonal.
fn extreme_curvatures(problem: &MatrixProblem, x: &Vector<f64>) -> [f64; 2] {
    let n = x.len();
    // A direction without any symmetry: it has a part in every eigenvector.
    let mut direction = Vector::from_fn(n, |i| libm::sin(1.0 + 7.3 * i as f64));
    let mut basis: Vec<Vector<f64>> = Vec::new();
    let mut images: Vec<Vector<f64>> = Vec::new();
    for _ in 0..DIRECTIONS.min(n) {
        let length = direction.norm();
        if length <= 1e-12 || length.is_nan() {
            break;
        }
        let unit = direction * (1.0 / length);
        let image = problem.hessian_vector(x, &unit);
        basis.push(unit);
        direction = image.clone();
        // Twice: once is not enough against rounding.
        for _ in 0..2 {
            for known in &basis {
                direction -= known * known.dot(&direction);
            }
        }
        // Relative to the image, so that what rounding leaves of it is no direction.
        if direction.norm() <= 1e-10 * image.norm() {
            direction = Vector::zeros(n);
        }
        images.push(image);
    }
    let projected = DMatrix::from_fn(basis.len(), basis.len(), |i, j| basis[i].dot(&images[j]));
    match dense::eigen(&projected) {
        Some((values, _)) if !values.is_empty() => [values[0], values[values.len() - 1]],
        _ => [0.0, 0.0],
    }
}

impl MatrixOutcome {
    /// The verdict in words, as the table shows it.
    pub fn verdict(&self) -> String {
        match self {
            Self::Recovered { step } => format!("recovered, step {step}"),
            Self::Saddle { .. } => "stalled at a saddle".to_owned(),
            Self::Stationary { .. } => "at rest, not at the truth".to_owned(),
            Self::Diverged { step } => format!("diverged at step {step}"),
            Self::OutOfBudget => "on its way".to_owned(),
        }
    }
}
