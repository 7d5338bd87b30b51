//! WGSL kernels compute what the tapes' interpreter computes, up to rounding.
//!
//! These tests need a graphics processor, or a program that stands in for one: without they fail, and say how to get one.

mod maps;
mod operators;
mod pairs;
mod random;
mod running;
mod shaders;

use anyhow::{Context, Result};
use pollster::block_on;
use thalweg::gpu::{Gpu, Run};
use thalweg::scalar::elementary::Precision;
use thalweg::tape::wasm::Kernel;
use thalweg::tape::{Tape, lower, record};

/// An open graphics processor.
fn gpu() -> Result<Gpu> {
    let gpu = block_on(Gpu::open())
        .context("these tests need a Vulkan driver; on Debian: apt-get install mesa-vulkan-drivers libvulkan1")?;
    println!("on {}", gpu.name());
    Ok(gpu)
}

/// The memory of a kernel whose inputs all vary and all have as many values, with room for `outputs` outputs; and where
/// the outputs begin. `extra` words follow the header.
fn image(inputs: &[Vec<f32>], outputs: usize, extra: &[u32]) -> (Vec<u8>, usize) {
    let points = inputs[0].len().next_multiple_of(4);
    let header = (2 * inputs.len() + outputs + extra.len()).next_multiple_of(4);
    let place = |array: usize| 4 * (header + array * points) as u32;
    let mut words: Vec<u32> = (0..inputs.len()).flat_map(|i| [place(i), 16]).collect();
    words.extend((0..outputs).map(|i| place(inputs.len() + i)));
    words.extend(extra);
    words.resize(header, 0);
    for values in inputs {
        words.extend(values.iter().map(|x| x.to_bits()));
        words.resize(words.len().next_multiple_of(4), 0);
    }
    let begin = 4 * words.len();
    words.resize(words.len() + outputs * points, 0);
    (words.into_iter().flat_map(u32::to_le_bytes).collect(), begin)
}

/// The outputs of a run, each with `points` values and what fills its last group.
fn numbers(bytes: &[u8], points: usize) -> Vec<Vec<f32>> {
    let numbers: Vec<f32> = words(bytes).into_iter().map(f32::from_bits).collect();
    numbers.chunks(points.next_multiple_of(4)).map(|values| values[..points].to_vec()).collect()
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    bytes.chunks_exact(4).map(word).collect()
}

/// The outputs of a tape for these inputs by a kernel that takes no step.
fn evaluate(gpu: &Gpu, tape: &Tape, inputs: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
    let begin = lower(tape, Precision::Single);
    let slots = begin.outputs().len();
    let step = record((slots + inputs.len() + 1) as u32, |all| all[..slots].to_vec());
    let outputs: Vec<usize> = (0..slots).collect();
    let kernel =
        Kernel { begin: &begin, step: &step, outputs: &outputs, draws: &[], varies: &vec![true; inputs.len()] };
    let compiled = block_on(gpu.compile(&kernel.print_wgsl(), begin.nodes().len()))?;
    let (image, begin) = image(inputs, slots, &[]);
    let points = inputs[0].len();
    let run = Run { image: &image, points, steps: 0, done: 0, outputs: begin..image.len() };
    Ok(numbers(&block_on(gpu.run(&compiled, &run))?, points))
}
