//! Sums over all pairs of points agree with double precision up to rounding, however they are cut, and leave no buffer
//! behind.

use crate::gpu;
use anyhow::{Context, Result, ensure};
use pollster::block_on;
use thalweg::engine::pairs::PairTape;
use thalweg::gpu::{Gpu, GpuError};
use thalweg::measures::{Kernel, Pair, PairSums, Point, SUMS, Source};
use thalweg::scalar::pair_memory::BLOCK;
use thalweg::scalar::philox4x32;

/// Points of a square of side four, and two numbers more for each.
fn cloud(count: usize, seed: u32) -> Vec<Source> {
    let number = |word: u32| 4.0 * f64::from(word) / 2.0_f64.powi(32) - 2.0;
    let one = |i: usize| {
        let [x, y, a, b] = philox4x32([i as u32, 0, 0, 0], [seed, 0]).map(number);
        Source { at: [x + 100.0, y - 50.0], extras: [a, b] }
    };
    (0..count).map(one).collect()
}

fn places(count: usize, seed: u32) -> Vec<Point> {
    cloud(count, seed).into_iter().map(|source| source.at).collect()
}

fn pairs() -> Result<Vec<(Pair, f64)>> {
    let typed = Kernel::parse("a/r - ln(r)", &[("a", 0.3)])?;
    Ok(vec![
        (Pair::Stein, 0.7),
        (Pair::Radial(Kernel::Gaussian), 1.3),
        (Pair::Radial(Kernel::Distance), 0.0),
        (Pair::Radial(typed), 0.01),
    ])
}

/// The bound of tests/pairs.rs for kernels, and half as much again for each term: WGSL lets a division and a square root err
/// by 2.5 ULP each.
fn near(pair: &Pair, parameter: f64, targets: &[Point], sources: &[Source], found: &[PairSums]) -> Result<()> {
    ensure!(found.len() == targets.len());
    let bound = (600.0 + BLOCK as f64 + sources.len().div_ceil(BLOCK) as f64) * 2.0_f64.powi(-24);
    let mut evaluator = pair.evaluator::<f64>();
    for (target, found) in targets.iter().zip(found) {
        let (mut exact, mut scale) = ([0.0; SUMS], [0.0; SUMS]);
        for source in sources {
            let terms: PairSums = evaluator.evaluate(*target, source.at, source.extras, parameter);
            for (sum, term) in terms.into_iter().enumerate() {
                exact[sum] += term;
                scale[sum] += term.abs();
            }
        }
        for sum in 0..SUMS {
            let error = (found[sum] - exact[sum]).abs();
            ensure!(
                error <= bound * scale[sum],
                "{pair:?}, sum {sum}: {} is {error:e} from {}",
                found[sum],
                exact[sum]
            );
        }
    }
    Ok(())
}

fn check(gpu: &Gpu, counts: &[(usize, usize)]) -> Result<()> {
    for (pair, parameter) in pairs()? {
        let mut runner = block_on(gpu.compile_pairs(&PairTape::record(&pair)))?;
        for &(targets, sources) in counts {
            let (targets, mut sources) = (places(targets, 1), cloud(sources, 2));
            // Some coincide.
            sources.iter_mut().step_by(3).zip(&targets).for_each(|(source, target)| source.at = *target);
            let found = block_on(gpu.sum_pairs(&mut runner, parameter, &targets, &sources))?;
            near(&pair, parameter, &targets, &sources, &found).context(format!("{} sources", sources.len()))?;
        }
    }
    Ok(())
}

#[test]
fn sums_agree_with_double_precision_also_where_a_tile_is_not_full() -> Result<()> {
    check(&gpu()?, &[(1, 1), (3, 3), (64, 64), (65, 63), (100, 1000), (1000, 100)])
}

/// On a software adapter, of which a dispatch takes least, these are cut between targets and between sources.
#[test]
fn sums_of_more_pairs_than_a_dispatch_takes_agree() -> Result<()> {
    check(&gpu()?, &[(70, 60_001), (5000, 500)])
}

#[test]
fn nothing_to_sum_is_zero() -> Result<()> {
    let gpu = gpu()?;
    let mut runner = block_on(gpu.compile_pairs(&PairTape::record(&Pair::Stein)))?;
    ensure!(block_on(gpu.sum_pairs(&mut runner, 1.0, &places(5, 1), &[]))? == [[0.0; SUMS]; 5]);
    ensure!(block_on(gpu.sum_pairs(&mut runner, 1.0, &[], &cloud(5, 1)))?.is_empty());
    Ok(())
}

#[test]
fn a_hundred_sums_of_changing_clouds_keep_one_set_of_buffers() -> Result<()> {
    let gpu = gpu()?;
    let before = gpu.buffers();
    let mut runner = block_on(gpu.compile_pairs(&PairTape::record(&Pair::Radial(Kernel::Gaussian))))?;
    for turn in 0..100 {
        let (targets, sources) = (places(50 + turn / 25, turn as u32), cloud(40, turn as u32));
        let found = block_on(gpu.sum_pairs(&mut runner, 1.0, &targets, &sources))?;
        near(&Pair::Radial(Kernel::Gaussian), 1.0, &targets, &sources, &found)?;
        // The memory, the span, what is read back.
        ensure!(gpu.buffers() <= before + 3, "{} buffers, {before} before", gpu.buffers());
    }
    drop(runner);
    ensure!(gpu.buffers() == before, "{} buffers, {before} before", gpu.buffers());
    Ok(())
}

#[test]
fn a_processor_that_is_gone_says_so() -> Result<()> {
    let gpu = gpu()?;
    let mut runner = block_on(gpu.compile_pairs(&PairTape::record(&Pair::Stein)))?;
    let (targets, sources) = (places(5, 1), cloud(5, 1));
    ensure!(block_on(gpu.sum_pairs(&mut runner, 1.0, &targets, &sources)).is_ok());
    gpu.close();
    let refused = block_on(gpu.sum_pairs(&mut runner, 1.0, &targets, &sources));
    ensure!(matches!(refused, Err(GpuError::Lost(_))), "{refused:?}");
    Ok(())
}
