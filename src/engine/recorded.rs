//! Mass runs in single precision on the threads of this machine, without a browser: what a kernel computes, by the bulk
//! interpreter.

use super::{Flight, Job, Landing, Lanes, Layout};
use crate::tape::bulk;
use std::sync::{Mutex, PoisonError};

/// Cells that a thread takes at a time: few enough to share them out evenly.
const PART: usize = 4096;

impl Flight {
    /// How the run of every cell of a job ends that asks for [`Goal::Landing`](super::Goal), row by row from the top, by
    /// as many threads: what a kernel in single precision leaves, to the last bit. The flight is the job's, lowered.
    pub fn landings(&self, job: &Job, threads: usize) -> Vec<Landing> {
        let mut landings = vec![None; job.cells()];
        let parts = Mutex::new(landings.chunks_mut(PART).enumerate());
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    while let Some((part, landings)) = next() {
                        let layout = Layout::new(job, Lanes::F32x4, landings.len());
                        let mut image = layout.image(job, part * PART);
                        bulk::run::<f32>(&self.kernel(), &mut image, 0..layout.groups(), job.kernel_steps(), 0);
                        for (place, landing) in landings.iter_mut().zip(layout.landings(&image[layout.outputs()])) {
                            *place = Some(landing);
                        }
                    }
                });
            }
        });
        landings.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SINGLE_DRAWS;
    use crate::experiment::Link;
    use crate::scalar::elementary::Precision;

    #[test]
    fn runs_end_where_the_interpreter_ends_and_threads_change_nothing() {
        let experiment = Link::parse("problem=himmelblau&steps=12&opt=adam;lr=0.3").experiment;
        let problem = experiment.pose().expect("a listed landscape");
        let job = Job::of(&experiment, &problem, 0, problem.domain).expect("the link has an optimizer");
        // More than one part, the last not full.
        let job = Job { columns: 83, rows: 51, ..job };
        let flight = Flight::record(&job).expect("Adam is recordable").lowered(Precision::Single);
        let landings = flight.landings(&job, 1);
        assert_eq!(landings.len(), job.cells());
        for cell in (0..job.cells()).step_by(37).chain([PART - 1, PART, job.cells() - 1]) {
            let outputs: Vec<f64> = flight.interpret(&job, cell, SINGLE_DRAWS).into_iter().map(f64::from).collect();
            let landing = Landing::from_outputs(outputs.try_into().expect("five outputs"));
            assert_eq!(landings[cell], landing, "cell {cell}");
        }
        for threads in [0, 2, 5] {
            assert_eq!(flight.landings(&job, threads), landings);
        }
    }
}
