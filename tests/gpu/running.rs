//! How runs are cut into parts, what they leave behind, and what is said when something is wrong.

use crate::{evaluate, gpu, image, numbers};
use anyhow::{Context, Result, ensure};
use pollster::block_on;
use thalweg::gpu::{GpuError, Run};
use thalweg::scalar::Real as _;
use thalweg::tape::wasm::Kernel;
use thalweg::tape::{Tracer, record};

#[test]
fn a_hundred_runs_leave_no_buffer_behind() -> Result<()> {
    let gpu = gpu()?;
    let tape = record(1, |inputs| vec![inputs[0] + Tracer::one()]);
    let before = gpu.buffers();
    for turn in 0..100 {
        let outputs = evaluate(&gpu, &tape, &[vec![turn as f32; 1000]])?;
        ensure!(outputs[0] == vec![turn as f32 + 1.0; 1000]);
    }
    ensure!(gpu.buffers() == before, "{} buffers, {before} before", gpu.buffers());
    Ok(())
}

#[test]
fn a_run_in_parts_takes_every_point_through_every_step() -> Result<()> {
    let gpu = gpu()?;
    // A sum of the steps' numbers, and a start that differs from point to point.
    let begin = record(1, |inputs| vec![inputs[0]]);
    let step = record(3, |all| vec![all[0] + all[2]]);
    let kernel = Kernel { begin: &begin, step: &step, outputs: &[0], draws: &[], varies: &[true] };
    // As if a step had so many operations that a part is one workgroup.
    let compiled = block_on(gpu.compile(&kernel.print_wgsl(), usize::MAX / 1_000_000))?;
    let starts: Vec<f32> = (0..1001).map(|i| 1000.0 * i as f32).collect();
    let (image, begin) = image(std::slice::from_ref(&starts), 1, &[]);
    let run = Run { image: &image, points: 1001, steps: 10, done: 100, outputs: begin..image.len() };
    let got = numbers(&block_on(gpu.run(&compiled, &run))?, 1001).remove(0);
    // 101 + ... + 110.
    let want: Vec<f32> = starts.iter().map(|start| start + 1055.0).collect();
    ensure!(got == want);
    Ok(())
}

#[test]
fn a_shader_that_does_not_compile_is_refused_with_the_compilers_text() -> Result<()> {
    let gpu = gpu()?;
    let refused = block_on(gpu.compile("fn run() { let x: f32 = true; }", 1)).err();
    let Some(GpuError::Shader(text)) = refused else { anyhow::bail!("{refused:?}") };
    ensure!(text.contains("true") || text.contains("bool"), "{text}");
    // The next one does.
    let tape = record(1, |inputs| vec![inputs[0]]);
    ensure!(evaluate(&gpu, &tape, &[vec![3.0]])? == [[3.0]]);
    Ok(())
}

#[test]
fn a_processor_that_is_gone_says_so_and_does_not_panic() -> Result<()> {
    let gpu = gpu()?;
    let tape = record(1, |inputs| vec![inputs[0]]);
    let step = record(3, |all| vec![all[0]]);
    let kernel = Kernel { begin: &tape, step: &step, outputs: &[0], draws: &[], varies: &[true] };
    let compiled = block_on(gpu.compile(&kernel.print_wgsl(), 1))?;
    let (image, begin) = image(&[vec![1.0; 8]], 1, &[]);
    let run = Run { image: &image, points: 8, steps: 1, done: 0, outputs: begin..image.len() };
    ensure!(block_on(gpu.run(&compiled, &run)).is_ok() && !gpu.is_lost());
    gpu.close();
    let refused = block_on(gpu.run(&compiled, &run));
    ensure!(matches!(refused, Err(GpuError::Lost(_))), "{refused:?}");
    ensure!(gpu.is_lost());
    let refused = block_on(gpu.compile(&kernel.print_wgsl(), 1)).err();
    ensure!(matches!(refused, Some(GpuError::Lost(_))), "{refused:?}");
    Ok(())
}

#[test]
fn more_memory_than_there_is_is_refused_with_both_numbers() -> Result<()> {
    let gpu = gpu()?;
    let tape = record(1, |inputs| vec![inputs[0]]);
    let step = record(3, |all| vec![all[0]]);
    let kernel = Kernel { begin: &tape, step: &step, outputs: &[0], draws: &[], varies: &[true] };
    let compiled = block_on(gpu.compile(&kernel.print_wgsl(), 1))?;
    let most = usize::try_from(gpu.largest_memory()).context("a limit that fits")?;
    // Untouched pages of zeros cost no memory.
    let image = vec![0; most + 4];
    let refused = block_on(gpu.run(&compiled, &Run { image: &image, points: 1, steps: 0, done: 0, outputs: 0..4 }));
    ensure!(refused == Err(GpuError::TooLarge { bytes: most as u64 + 4, most: most as u64 }), "{refused:?}");
    Ok(())
}
