//! A whole mass run on the graphics processor.

use super::{Compiled, Gpu, GpuError, Run};
use crate::engine::{Flight, Job, Landing, Lanes, Layout};
use std::ops::Range;

impl Gpu {
    /// Compiles a flight that is lowered for single precision.
    pub async fn compile_flight(&self, flight: &Flight) -> Result<Compiled, GpuError> {
        self.compile(&flight.kernel().print_wgsl(), flight.step.nodes().len()).await
    }

    /// How the run of every cell of a job ends, row by row from the top, in single precision. `kernel` is the job's.
    pub async fn fly(&self, kernel: &Compiled, job: &Job) -> Result<Vec<Landing>, GpuError> {
        let mut landings = Vec::with_capacity(job.columns * job.rows);
        for rows in parts(job, self.largest_memory()) {
            let part = job.rows(rows);
            let points = part.columns * part.rows;
            let layout = Layout::new(&part.method, Lanes::F32x4, points);
            let image = layout.image(&part);
            let run = Run { image: &image, points, steps: part.steps, done: 0, outputs: layout.outputs() };
            landings.extend(layout.landings(&self.run(kernel, &run).await?));
        }
        Ok(landings)
    }
}

/// Rows of a job whose memory fits into so many bytes; at least one at a time.
fn parts(job: &Job, most: u64) -> impl Iterator<Item = Range<usize>> {
    let row = Layout::new(&job.method, Lanes::F32x4, job.columns.max(1)).image_bytes();
    let rows = usize::try_from(most / row as u64).unwrap_or(usize::MAX).clamp(1, job.rows.max(1));
    let all = job.rows;
    (0..all).step_by(rows).map(move |first| first..all.min(first + rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn parts_cover_all_rows_and_fit() {
        let experiment = Experiment::default();
        let problem = experiment.pose().expect("the default problem");
        let job = Job::of(&experiment, &problem, 0, problem.domain).expect("the default has a method");
        let job = Job { columns: 1000, rows: 37, ..job };
        let row = Layout::new(&job.method, Lanes::F32x4, 1000).image_bytes() as u64;
        for (most, count) in [(10 * row, 4), (37 * row, 1), (u64::MAX, 1), (1, 37)] {
            let parts: Vec<Range<usize>> = parts(&job, most).collect();
            assert_eq!(parts.len(), count, "{most}");
            assert!(parts.iter().cloned().flatten().eq(0..37), "{parts:?}");
        }
    }
}
