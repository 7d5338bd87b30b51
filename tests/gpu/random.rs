//! The random numbers of a kernel are those of every other engine.

use crate::{gpu, image, numbers, words};
use anyhow::{Context, Result, ensure};
use pollster::block_on;
use thalweg::engine::{Axis, Flight, Job, SINGLE_DRAWS};
use thalweg::experiment::Link;
use thalweg::gpu::Run;
use thalweg::scalar::elementary::Precision;
use thalweg::scalar::philox::philox4x32;
use thalweg::tape::record;
use thalweg::tape::wasm::Kernel;
use thalweg::tape::wgsl::PHILOX;

/// Six words in, four out, for each of `points`.
const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> span: vec4<u32>;

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) invocation: vec3<u32>) {
    if invocation.x >= span.y { return; }
    let at = 6u * (span.x + invocation.x);
    let counter = vec4<u32>(memory[at], memory[at + 1u], memory[at + 2u], memory[at + 3u]);
    let words = philox4x32(counter, vec2<u32>(memory[at + 4u], memory[at + 5u]));
    for (var i = 0u; i < 4u; i++) { memory[at + i] = words[i]; }
}
";

#[test]
fn philox_gives_the_known_answers_of_random123() -> Result<()> {
    let gpu = gpu()?;
    // kat_vectors of the Random123 distribution, philox4x32 10 rounds: counter and key, then the answer.
    let known = [
        ([0; 6], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 6], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344, 0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];
    let image: Vec<u8> = known.iter().flat_map(|(words, _)| words).flat_map(|word| u32::to_le_bytes(*word)).collect();
    let compiled = block_on(gpu.compile(&format!("{PHILOX}{SHADER}"), 1))?;
    let run = Run { image: &image, points: 3, steps: 0, done: 0, outputs: 0..image.len() };
    let got = words(&block_on(gpu.run(&compiled, &run))?);
    for (got, (words, want)) in got.chunks(6).zip(known) {
        ensure!(got[..4] == want, "{words:x?} gives {got:x?}, not {want:x?}");
    }
    Ok(())
}

#[test]
fn a_step_draws_the_numbers_of_its_name() -> Result<()> {
    const RUNS: u32 = 70;
    const DONE: u32 = 6;
    let gpu = gpu()?;
    // The sums of what three steps draw, each weighted by its number, for two slots.
    let begin = record(1, |_| vec![thalweg::scalar::Real::zero(); 4]);
    let step = record(4 + 1 + 1 + 4, |all| (0..4).map(|i| all[i] + all[5] * all[6 + i]).collect());
    let kernel =
        Kernel { begin: &begin, step: &step, outputs: &[0, 1, 2, 3], draws: &[3, 0x8000_0001], varies: &[true] };
    let compiled = block_on(gpu.compile(&kernel.print_wgsl(), step.nodes().len()))?;
    // The runs are laid out as an input is: the first one, which the tapes do not read.
    let runs: Vec<u32> = (0..RUNS).map(|i| i * 1_000_003).collect();
    let inputs = [runs.iter().map(|run| f32::from_bits(*run)).collect()];
    let (mut image, begin) = image(&inputs, 4, &[0, 16, 0x1234_5678, 0x9abc_def0]);
    image.copy_within(0..4, 4 * (2 + 4));
    let run = Run { image: &image, points: RUNS as usize, steps: 3, done: DONE, outputs: begin..image.len() };
    let got = numbers(&block_on(gpu.run(&compiled, &run))?, RUNS as usize);
    for (point, run) in runs.into_iter().enumerate() {
        let mut want = [0.0_f32; 4];
        for step in DONE + 1..=DONE + 3 {
            for (draw, slot) in [3, 0x8000_0001].into_iter().enumerate() {
                let words = philox4x32([step, slot, run, 0], [0x1234_5678, 0x9abc_def0]);
                for (place, word) in [words[0], words[2]].into_iter().enumerate() {
                    let uniform = ((word >> 9) as f32 + 0.5) / 8_388_608.0;
                    want[2 * draw + place] += step as f32 * uniform;
                }
            }
        }
        for (got, want) in got.iter().map(|values| values[point]).zip(want) {
            // Sums of up to 24; a product that is fused with its sum is rounded once less, at most 2^-21 each time.
            ensure!((got - want).abs() <= 3.0 / 2_097_152.0, "run {run}: {got}, not {want}");
        }
    }
    Ok(())
}

#[test]
fn every_run_of_a_noisy_experiment_has_noise_of_its_own() -> Result<()> {
    let gpu = gpu()?;
    let experiment =
        Link::parse("problem=himmelblau&steps=20&seed=7&noise=gaussian;sigma=2&opt=adam;lr=0.1").experiment;
    let problem = experiment.pose()?;
    let job = Job::of(&experiment, &problem, 0, problem.domain).context("the link has a method")?;
    let job = Job { axes: [Axis::Run, Axis::Nothing], columns: 50, ..job };
    let flight = Flight::record(&job)?.lowered(Precision::Single);
    let landings = block_on(async { gpu.landings(&gpu.compile_flight(&flight).await?, &job).await })?;
    for (cell, landing) in landings.iter().enumerate() {
        let outputs = flight.interpret(&job, cell, SINGLE_DRAWS);
        for (got, want) in landing.at.into_iter().zip(outputs) {
            // A point is some units in size and comes of 20 steps, each of a few hundred operations.
            ensure!((got - f64::from(want)).abs() < 1e-4, "run {cell}: {got}, not {want}");
        }
    }
    ensure!(landings[0].at != landings[1].at, "two runs of different noise end at one point");
    Ok(())
}
