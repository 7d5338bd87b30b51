//! The engines that run outside of a browser.

use super::cases::Prepared;
use super::{Effort, median};
use std::hint::black_box;
use std::time::Instant;
use thalweg::engine::DOUBLE_DRAWS;
use thalweg::tape::bulk;

/// Runs of the direct code that are timed at once, and of the interpreter, which is slower by an order of magnitude.
const DIRECT_RUNS: usize = 512;
const TAPE_RUNS: usize = 32;

/// Million steps a second of the direct code, of the interpreter, and of the bulk interpreter.
pub fn measure(case: &Prepared, effort: Effort) -> [f64; 3] {
    let Prepared { job, flight, single, layout, .. } = case;
    // Cells all over the grid, as the runs of some take more time than those of others.
    let spread = |runs: usize| (0..runs).map(move |run| run * (job.cells() / runs));
    let direct = rate(effort, job.steps, DIRECT_RUNS, || {
        spread(DIRECT_RUNS).for_each(|cell| {
            black_box(job.fly(cell));
        });
    });
    let tape = rate(effort, job.steps, TAPE_RUNS, || {
        spread(TAPE_RUNS).for_each(|cell| {
            black_box(flight.interpret(job, cell, DOUBLE_DRAWS));
        });
    });
    let (kernel, mut image) = (single.kernel(), layout.image(job, 0));
    let in_bulk = rate(effort, job.steps, job.cells(), || {
        bulk::run::<f32>(&kernel, black_box(&mut image), 0..layout.groups(), job.steps, 0);
    });
    [direct, tape, in_bulk]
}

/// The median rate of something that runs so many runs of so many steps. The first time warms up.
fn rate(effort: Effort, steps: u32, runs: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut sample = || {
        let start = Instant::now();
        run();
        f64::from(steps) * runs as f64 / start.elapsed().as_secs_f64() / 1e6
    };
    median((0..effort.samples).map(|_| sample()).collect())
}
