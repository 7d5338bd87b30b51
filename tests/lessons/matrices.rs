//! What the lessons of the matrix lab share: their links, run, and what is read off the curves.

use super::Reading;
use std::cell::LazyCell;
use thalweg::experiment::matrix::{Fit, MatrixOutcome, MatrixRun, MatrixTrace, fit, run_matrix};
use thalweg::experiment::{Experiment, Link};

/// A link of a lesson of the matrix lab; it is run when something is read off: many are only there to be changed.
pub struct Matrices {
    pub experiment: Experiment,
    pub run: LazyCell<MatrixRun, Box<dyn FnOnce() -> MatrixRun>>,
}

impl Reading {
    /// The set-up of a page.
    pub fn matrix_setup(&self, page: usize) -> Matrices {
        Matrices::of(self.address_of_setup(page))
    }

    /// The link of a page that reads `text`.
    pub fn matrix_link(&self, page: usize, text: &str) -> Matrices {
        Matrices::of(&self.address(page, text))
    }
}

impl Matrices {
    pub fn of(link: &str) -> Self {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{link}: {notes:?}");
        Self::new(experiment)
    }

    fn new(experiment: Experiment) -> Self {
        let to_run = experiment.clone();
        let run = move || run_matrix(&to_run).unwrap_or_else(|error| panic!("{}: {error}", Link::write(&to_run)));
        Self { experiment, run: LazyCell::new(Box::new(run)) }
    }

    /// The same experiment with something changed.
    pub fn again(&self, change: impl FnOnce(&mut Experiment)) -> Self {
        let mut experiment = self.experiment.clone();
        change(&mut experiment);
        Self::new(experiment)
    }

    /// The same experiment with other random numbers: another truth, other measurements, another start.
    pub fn with_seed(&self, seed: u64) -> Self {
        self.again(|experiment| experiment.seed = seed)
    }

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
