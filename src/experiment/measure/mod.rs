//! Runs of the measure lab: what is recorded of them, and how they are judged.
//!
//! Clouds are recorded at [`is_recorded`] steps, with what is measured of them then ([`Gauges`]): distances to the law
//! that is sought take longer than a step.

mod gauges;
mod numbers;
mod outcome;
mod report;
mod runner;

pub use gauges::{Gauges, Level};
pub use outcome::MeasureOutcome;
pub use report::{measure_csv, measure_json};
pub use runner::{MeasureRunner, refusal, run_measure};

use crate::measures::Point;
use crate::optimizers::flows::Notice;
use crate::problems::measure::{MeasureCalls, MeasureProblem};
use std::sync::Arc;

/// An experiment of the measure lab that has been run.
#[derive(Clone, Debug)]
pub struct MeasureRun {
    /// The problem it was about.
    pub problem: Arc<MeasureProblem>,
    /// One trace for each method, in the experiment's order.
    pub traces: Vec<MeasureTrace>,
}

/// The way of one cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasureTrace {
    /// What was recorded, from step 0, the start, on. Shared, since a page keeps traces while they grow.
    pub rows: Vec<Arc<Row>>,
    /// What had to be done otherwise than the papers have it.
    pub notices: Vec<Notice>,
    /// Numbers that the method keeps between steps, besides the cloud.
    pub memory: usize,
    /// How it ended.
    pub outcome: MeasureOutcome,
}

/// A cloud with what was measured of it. What there is no measure of is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// After so many steps.
    pub step: u32,
    /// The time of the continuous flow.
    pub time: f64,
    /// The particles.
    pub cloud: Vec<Point>,
    /// The energy that the method lowers.
    pub energy: f64,
    /// Kullback-Leibler divergence to the law that is sought; see [`Gauges`].
    pub divergence: f64,
    /// Energy distance to points of that law.
    pub distance: f64,
    /// 2-Wasserstein distance to points of that law; measured at some rows only, NaN at the others.
    pub w2: f64,
    /// Mean.
    pub mean: Point,
    /// Covariance: xx, xy, yy.
    pub covariance: [f64; 3],
    /// What the method tells of itself.
    pub gauge: f64,
    /// A point that stands out, such as a consensus.
    pub landmark: Option<Point>,
    /// Questions asked up to here.
    pub calls: MeasureCalls,
    /// A density on a grid, as shares row by row from below, with its number of columns; empty where there is none.
    pub density: (usize, Vec<f64>),
}

impl MeasureTrace {
    /// W2 as it was measured last, not after `step`; NaN where it never was.
    pub fn w2_at(&self, step: f64) -> f64 {
        let known = self.rows.iter().take_while(|row| f64::from(row.step) <= step).filter(|row| !row.w2.is_nan());
        known.last().map_or(f64::NAN, |row| row.w2)
    }

    /// Where the particles are at a time, between two rows on the way from one to the other; particles that jump across the torus
    /// of `window` do not travel.
    pub fn cloud_at(&self, time: f64, window: [f64; 4]) -> Vec<Point> {
        let Some(row) = self.row_at(time) else { return Vec::new() };
        let next = self.rows.partition_point(|row| f64::from(row.step) <= time);
        let Some(after) = self.rows.get(next).filter(|after| after.cloud.len() == row.cloud.len()) else {
            return row.cloud.clone();
        };
        let share = (time - f64::from(row.step)) / f64::from(after.step - row.step).max(1.0);
        let [width, height] = [window[1] - window[0], window[3] - window[2]];
        let between = |(a, b): (&Point, &Point)| {
            let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
            let jumps = dx.abs() > 0.5 * width || dy.abs() > 0.5 * height;
            if jumps { *a } else { [a[0] + share * dx, a[1] + share * dy] }
        };
        row.cloud.iter().zip(&after.cloud).map(between).collect()
    }

    /// The last row that is not after `step`. `None` before anything was recorded.
    pub fn row_at(&self, step: f64) -> Option<&Row> {
        let after = self.rows.partition_point(|row| f64::from(row.step) <= step);
        self.rows.get(after.saturating_sub(1)).map(|row| &**row)
    }
}

/// Every so manieth row has a W2: assigning all particles takes longer than everything else that is measured.
const ASSIGNED: usize = 8;
/// Rows of a run at most, about.
const ROWS: u32 = 160;
/// Particles that the rows of a run may hold in all.
const MOST_KEPT: usize = 2_000_000;

/// Whether a step of a run is recorded: evenly, so that clouds of `particles` fit into memory, and the first ones.
pub fn is_recorded(step: u32, steps: u32, particles: usize) -> bool {
    let rows = (MOST_KEPT / particles.max(1)).clamp(20, ROWS as usize) as u32;
    step == 0 || step == steps || step.is_multiple_of(steps.div_ceil(rows).max(1))
}
