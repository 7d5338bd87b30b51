//! The graphics processor, where there is one.

use super::cases::Prepared;
use super::{Effort, median};
use std::time::Instant;
use thalweg::engine::{Job, Lanes, Layout};
use thalweg::gpu::{Gpu, GpuError, Run};

/// Starts on each side of the grid for a card, which a few thousand runs do not fill.
const SIDE: usize = 1024;

/// An adapter.
pub struct Graphics {
    gpu: Gpu,
}

impl Graphics {
    /// Opens the adapter that the system prefers.
    pub fn open() -> Result<Self, GpuError> {
        Ok(Self { gpu: pollster::block_on(Gpu::open())? })
    }

    /// What it is, and what was measured.
    pub fn note(&self) -> String {
        let what = if self.gpu.is_software() { "a program that imitates a card on all cores" } else { "a card" };
        let starts = if self.gpu.is_software() { super::cases::POINTS } else { SIDE * SIDE };
        let name = self.gpu.name();
        format!("WGSL: {name}, {what}; {starts} starts, with the way of the numbers there and back.")
    }

    /// Million steps a second.
    pub fn measure(&self, case: &Prepared, effort: Effort) -> Result<f64, GpuError> {
        let small = self.gpu.is_software();
        let job = if small { case.job.clone() } else { Job { columns: SIDE, rows: SIDE, ..case.job.clone() } };
        let layout = Layout::new(&job, Lanes::F32x4, job.cells());
        let image = layout.image(&job, 0);
        let run = Run { image: &image, points: job.cells(), steps: job.steps, done: 0, outputs: layout.outputs() };
        pollster::block_on(async {
            let kernel = self.gpu.compile_flight(&case.single).await?;
            self.gpu.run(&kernel, &run).await?;
            let mut rates = Vec::with_capacity(effort.samples);
            for _ in 0..effort.samples {
                let start = Instant::now();
                self.gpu.run(&kernel, &run).await?;
                rates.push(f64::from(job.steps) * job.cells() as f64 / start.elapsed().as_secs_f64() / 1e6);
            }
            Ok(median(rates))
        })
    }
}
