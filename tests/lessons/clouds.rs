//! What the lessons of the measure lab share: their links, run, and what is read off the clouds.

use super::Reading;
use nalgebra::Vector2;
use std::cell::LazyCell;
use thalweg::experiment::measure::{Gauges, Level, MeasureRun, MeasureTrace, Row, run_measure};
use thalweg::experiment::{Experiment, Link};

/// A link of a lesson of the measure lab; it is run when something is read off.
pub struct Clouds {
    pub experiment: Experiment,
    pub run: LazyCell<MeasureRun, Box<dyn FnOnce() -> MeasureRun>>,
}

impl Reading {
    /// The set-up of a page.
    pub fn cloud_setup(&self, page: usize) -> Clouds {
        Clouds::of(self.address_of_setup(page))
    }

    /// The link of a page that reads `text`.
    pub fn cloud_link(&self, page: usize, text: &str) -> Clouds {
        Clouds::of(&self.address(page, text))
    }
}

impl Clouds {
    pub fn of(link: &str) -> Self {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{link}: {notes:?}");
        Self::new(experiment)
    }

    fn new(experiment: Experiment) -> Self {
        let to_run = experiment.clone();
        let run = move || run_measure(&to_run).unwrap_or_else(|error| panic!("{}: {error}", Link::write(&to_run)));
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

    pub fn trace(&self, method: usize) -> &MeasureTrace {
        &self.run.traces[method]
    }

    /// The cloud at the end, with what was measured of it.
    pub fn last(&self, method: usize) -> &Row {
        self.trace(method).rows.last().expect("the start is recorded")
    }

    /// What was recorded last, not after `step`.
    pub fn at(&self, method: usize, step: u32) -> &Row {
        self.trace(method).row_at(f64::from(step)).expect("the start is recorded")
    }

    /// The share of the normal law's variance that a cloud has along its flat direction and across it.
    pub fn variance_shares(&self, row: &Row) -> [f64; 2] {
        let exact = self.run.problem.exact.as_ref().expect("a normal law is sought");
        let angle = self.run.problem.knobs.get("angle").to_radians();
        let [xx, xy, yy] = row.covariance;
        let share = |[c, s]: [f64; 2]| {
            let direction = Vector2::new(c, s);
            (c * c * xx + 2.0 * c * s * xy + s * s * yy) / direction.dot(&(exact.target().covariance * direction))
        };
        [share([angle.cos(), angle.sin()]), share([-angle.sin(), angle.cos()])]
    }

    /// The distances of independent points of the law.
    pub fn level(&self) -> Level {
        let n = self.run.problem.setting.start.len();
        Gauges::new(self.run.problem.clone()).level(n).expect("the law is known")
    }
}
