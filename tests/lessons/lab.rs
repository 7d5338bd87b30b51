//! What the lessons of the labs share: a link, and the run of it.

use super::Reading;
use std::cell::LazyCell;
use std::fmt::Display;
use thalweg::experiment::matrix::{MatrixRun, run_matrix};
use thalweg::experiment::measure::{MeasureRun, run_measure};
use thalweg::experiment::{Experiment, Link};

/// What an experiment of a lab comes to.
pub trait LabRun: Sized + 'static {
    fn of(experiment: &Experiment) -> Result<Self, impl Display>;
}

impl LabRun for MatrixRun {
    fn of(experiment: &Experiment) -> Result<Self, impl Display> {
        run_matrix(experiment)
    }
}

impl LabRun for MeasureRun {
    fn of(experiment: &Experiment) -> Result<Self, impl Display> {
        run_measure(experiment)
    }
}

/// A link of a lesson of a lab; it is run when something is read off: many are only there to be changed.
pub struct Setup<R> {
    pub experiment: Experiment,
    pub run: LazyCell<R, Box<dyn FnOnce() -> R>>,
}

impl Reading {
    /// The set-up of a page of a lesson of the matrix lab.
    pub fn matrix_setup(&self, page: usize) -> Setup<MatrixRun> {
        Setup::of(self.address_of_setup(page))
    }

    /// Its link that reads `text`.
    pub fn matrix_link(&self, page: usize, text: &str) -> Setup<MatrixRun> {
        Setup::of(&self.address(page, text))
    }

    /// The set-up of a page of a lesson of the measure lab.
    pub fn cloud_setup(&self, page: usize) -> Setup<MeasureRun> {
        Setup::of(self.address_of_setup(page))
    }

    /// Its link that reads `text`.
    pub fn cloud_link(&self, page: usize, text: &str) -> Setup<MeasureRun> {
        Setup::of(&self.address(page, text))
    }
}

impl<R: LabRun> Setup<R> {
    pub fn of(link: &str) -> Self {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{link}: {notes:?}");
        Self::new(experiment)
    }

    fn new(experiment: Experiment) -> Self {
        let to_run = experiment.clone();
        let run = move || R::of(&to_run).unwrap_or_else(|error| panic!("{}: {error}", Link::write(&to_run)));
        Self { experiment, run: LazyCell::new(Box::new(run)) }
    }

    /// The same experiment with something changed.
    pub fn again(&self, change: impl FnOnce(&mut Experiment)) -> Self {
        let mut experiment = self.experiment.clone();
        change(&mut experiment);
        Self::new(experiment)
    }

    /// The same experiment with other random numbers.
    pub fn with_seed(&self, seed: u64) -> Self {
        self.again(|experiment| experiment.seed = seed)
    }
}
