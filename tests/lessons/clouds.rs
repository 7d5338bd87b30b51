//! What the lessons of the measure lab read off the clouds.

use super::lab::Setup;
use nalgebra::Vector2;
use thalweg::experiment::measure::{Gauges, Level, MeasureRun, MeasureTrace, Row};

/// A link of a lesson of the measure lab.
pub type Clouds = Setup<MeasureRun>;

impl Clouds {
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
