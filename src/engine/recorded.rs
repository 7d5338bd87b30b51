//! Mass runs in single precision on the threads of this machine, without a browser: what a kernel computes, by the bulk
//! interpreter.

use super::{Cell, Flight, Goal, Job, Lanes, Layout, RuleError};
use crate::scalar::elementary::Precision;
use crate::tape::bulk;
use std::sync::{Mutex, PoisonError};

/// Cells that a thread takes at a time: short enough to share them out evenly.
const PART: usize = 4096;

impl Job {
    /// What became of every cell, row by row from the top, by as many threads: equal to what a kernel in single precision
    /// leaves, to the last bit.
    ///
    /// # Errors
    /// When the method cannot be recorded.
    pub fn run_recorded(&self, threads: usize) -> Result<Vec<Cell>, RuleError> {
        let job = Self { goal: Goal::Landing, ..self.clone() };
        let flight = Flight::record(&job)?.lowered(Precision::Single);
        let mut cells = vec![None; job.cells()];
        let parts = Mutex::new(cells.chunks_mut(PART).enumerate());
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    while let Some((part, cells)) = next() {
                        let layout = Layout::new(&job, Lanes::F32x4, cells.len());
                        let mut image = layout.image(&job, part * PART);
                        bulk::run::<f32>(&flight.kernel(), &mut image, 0..layout.groups(), job.kernel_steps(), 0);
                        for (cell, landing) in cells.iter_mut().zip(layout.landings(&image[layout.outputs()])) {
                            *cell = Some(job.judge(landing));
                        }
                    }
                });
            }
        });
        Ok(cells.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Landing, SINGLE_DRAWS};
    use crate::experiment::Link;

    fn job(link: &str, columns: usize, rows: usize) -> Job {
        let experiment = Link::parse(link).experiment;
        let problem = experiment.pose().expect("a listed landscape");
        let job = Job::of(&experiment, &problem, 0, problem.domain).expect("the link has an optimizer");
        Job { columns, rows, ..job }
    }

    #[test]
    fn cells_end_where_the_interpreter_ends_and_threads_change_nothing() {
        // More than one part, the last not full.
        let job = job("problem=himmelblau&steps=12&opt=adam;lr=0.3", 83, 51);
        let flight = Flight::record(&job).expect("Adam is recordable").lowered(Precision::Single);
        let cells = job.run_recorded(1).expect("Adam is recordable");
        assert_eq!(cells.len(), job.cells());
        for cell in (0..job.cells()).step_by(37).chain([PART - 1, PART, job.cells() - 1]) {
            let outputs: Vec<f64> = flight.interpret(&job, cell, SINGLE_DRAWS).into_iter().map(f64::from).collect();
            let landing = Landing::from_outputs(outputs.try_into().expect("four outputs"));
            assert_eq!(cells[cell], job.judge(landing), "cell {cell}");
        }
        for threads in [0, 2, 5] {
            assert_eq!(job.run_recorded(threads).expect("Adam is recordable"), cells);
        }
    }

    #[test]
    fn a_method_that_searches_has_none() {
        assert!(job("opt=bfgs", 2, 2).run_recorded(1).is_err());
    }
}
