//! What the lessons of the matrix lab read off the curves.

use super::lab::Setup;
use thalweg::experiment::matrix::{Fit, MatrixOutcome, MatrixRun, MatrixTrace, fit};

/// A link of a lesson of the matrix lab.
pub type Matrices = Setup<MatrixRun>;

impl Matrices {
    pub fn trace(&self, method: usize) -> &MatrixTrace {
        &self.run.traces[method]
    }

    /// The relative error at the end.
    pub fn error(&self, method: usize) -> f64 {
        let trace = self.trace(method);
        trace.errors[trace.last()]
    }

    pub fn error_at(&self, method: usize, step: usize) -> f64 {
        self.trace(method).errors[step]
    }

    /// The step from which the error stays below a bound.
    pub fn below(&self, method: usize, bound: f64) -> usize {
        let errors = &self.trace(method).errors;
        let step = errors.iter().rposition(|error| *error > bound || error.is_nan()).map_or(0, |before| before + 1);
        assert!(step < errors.len(), "the error never stays below {bound}");
        step
    }

    /// The step at which the matrix was recovered, as the page's table says.
    pub fn recovered(&self, method: usize) -> usize {
        match self.trace(method).outcome {
            MatrixOutcome::Recovered { step } => step,
            ref other => panic!("{other:?}"),
        }
    }

    /// The rate between the steps that the link names.
    pub fn rate(&self, method: usize) -> Fit {
        let window = self.experiment.view.fit.expect("the link names the steps of the fit");
        self.rate_between(method, window)
    }

    pub fn rate_between(&self, method: usize, window: [usize; 2]) -> Fit {
        fit(&self.trace(method).errors, window).expect("errors above zero")
    }
}
