//! A whole mass run on the graphics processor.

use super::{Compiled, Gpu, GpuError, Run};
use crate::engine::{Flight, Job, Landing, Lanes, Layout};
use std::ops::Range;

impl Gpu {
    /// Compiles a flight that is lowered for single precision.
    pub async fn compile_flight(&self, flight: &Flight) -> Result<Compiled, GpuError> {
        self.compile(&flight.kernel().print_wgsl(), flight.step.nodes().len()).await
    }

    /// The runs of all cells of a job in single precision, in parts whose memory fits; `read` is given each part's
    /// layout and outputs in their order. `kernel` is the job's.
    pub async fn fly(
        &self,
        kernel: &Compiled,
        job: &Job,
        mut read: impl FnMut(&Layout, &[u8]),
    ) -> Result<(), GpuError> {
        for cells in parts(job, self.largest_memory()) {
            let layout = Layout::new(job, Lanes::F32x4, cells.len());
            let image = layout.image(job, cells.start);
            let (points, steps) = (cells.len(), job.kernel_steps());
            let run = Run { image: &image, points, steps, done: 0, outputs: layout.outputs() };
            read(&layout, &self.run(kernel, &run).await?);
        }
        Ok(())
    }

    /// How the run of every cell of a job ends that asks for [`Goal::Landing`](crate::engine::Goal), row by row from
    /// the top, in single precision.
    pub async fn landings(&self, kernel: &Compiled, job: &Job) -> Result<Vec<Landing>, GpuError> {
        let mut landings = Vec::with_capacity(job.cells());
        self.fly(kernel, job, |layout, outputs| landings.extend(layout.landings(outputs))).await?;
        Ok(landings)
    }
}

/// Cells of a job that so many bytes are enough for.
fn parts(job: &Job, most: u64) -> impl Iterator<Item = Range<usize>> {
    // The header counts as if every so many cells had one.
    const SAMPLE: usize = 1024;
    let bytes = Layout::new(job, Lanes::F32x4, SAMPLE).bytes() as u64;
    let cells = usize::try_from(most.saturating_mul(SAMPLE as u64) / bytes).unwrap_or(usize::MAX);
    let (cells, all) = (cells.saturating_sub(SAMPLE).max(SAMPLE), job.cells());
    (0..all).step_by(cells).map(move |first| first..all.min(first.saturating_add(cells)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn parts_cover_all_cells_and_fit() {
        let experiment = Experiment::default();
        let problem = experiment.pose().expect("the default problem");
        let job = Job::of(&experiment, &problem, 0, problem.domain).expect("the default has a method");
        let job = Job { columns: 1000, rows: 37, ..job };
        for (most, count) in [(u64::MAX, 1), (10_000_000, 1), (500_000, 3), (200_000, 7)] {
            let parts: Vec<Range<usize>> = parts(&job, most).collect();
            assert_eq!(parts.len(), count, "{most}");
            assert!(parts.iter().cloned().flatten().eq(0..37_000), "{parts:?}");
            for part in parts {
                assert!(Layout::new(&job, Lanes::F32x4, part.len()).bytes() as u64 <= most, "{part:?} in {most}");
            }
        }
    }
}
