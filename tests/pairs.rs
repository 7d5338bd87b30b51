//! Kernels that sum over all pairs of points compute what the definition says: the tape in double precision what the
//! definition computes, the kernel what the tape computes in single precision, added up in blocks.

use anyhow::{Context, Result, ensure};
use thalweg::engine::pairs::{PairLayout, PairTape};
use thalweg::measures::{Kernel, Pair, PairSums, Point, SUMS, Source, sum_pairs};
use thalweg::scalar::pair_memory::BLOCK;
use thalweg::scalar::philox4x32;
use wasmi::{Engine, Instance, Linker, Module, Store};

/// Functions to try, each with its parameter: a pole that is softened, and one that is not.
fn pairs() -> Result<Vec<(Pair, f64)>> {
    let typed = |text, parameters| Kernel::parse(text, parameters).map(Pair::Radial).context("a formula in r");
    Ok(vec![
        (Pair::Stein, 0.7),
        (Pair::Radial(Kernel::Gaussian), 1.3),
        (Pair::Radial(Kernel::Distance), 0.0),
        (Pair::Radial(Kernel::Distance), 0.01),
        (typed("a/r - ln(r)", &[("a", 0.3)])?, 0.01),
        (typed("r^2/2 - exp(-r/2) + sin(r)", &[])?, 0.0),
    ])
}

/// Points of the square of side four around a place, the same for the same seed.
fn points(count: usize, seed: u64, around: Point) -> Vec<Point> {
    let number = |i: usize, axis: usize| {
        let words = philox4x32([i as u32, 0, 0, 0], [seed as u32, (seed >> 32) as u32]);
        around[axis] + 4.0 * f64::from(words[axis]) / 2.0_f64.powi(32) - 2.0
    };
    (0..count).map(|i| [number(i, 0), number(i, 1)]).collect()
}

/// Sources with two numbers each, of either sign.
fn sources(count: usize, seed: u64, around: Point) -> Vec<Source> {
    let extras = points(count, seed + 1, [0.0; 2]);
    points(count, seed, around).into_iter().zip(extras).map(|(at, extras)| Source { at, extras }).collect()
}

/// A kernel, ready to run.
struct Wasm {
    store: Store<()>,
    instance: Instance,
}

impl Wasm {
    fn new(pair: &Pair) -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, PairTape::record(pair).print())?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
        Ok(Self { store, instance })
    }

    fn sums(&mut self, parameter: f64, targets: &[Point], sources: &[Source]) -> Result<Vec<PairSums>> {
        let layout = PairLayout { targets: targets.len(), sources: sources.len() };
        let image = layout.image(parameter, targets, sources);
        let memory = self.instance.get_memory(&self.store, "memory").context("a kernel exports its memory")?;
        let (needed, there) = (layout.bytes().div_ceil(65536) as u64, memory.size(&self.store));
        memory.grow(&mut self.store, needed.saturating_sub(there))?;
        // Sums of the last run are not to be seen.
        memory.data_mut(&mut self.store).fill(0xff);
        memory.data_mut(&mut self.store)[..image.len()].copy_from_slice(&image);
        let run = self.instance.get_typed_func::<(i32, i32, i32), ()>(&self.store, "run")?;
        run.call(&mut self.store, (0, layout.groups() as i32, sources.len() as i32))?;
        Ok(layout.read(&memory.data(&self.store)[layout.sums()]))
    }
}

/// The terms of each sum of a target, in double precision.
fn terms(pair: &Pair, parameter: f64, target: Point, sources: &[Source]) -> Vec<PairSums> {
    let mut evaluator = pair.evaluator::<f64>();
    sources.iter().map(|source| evaluator.evaluate(target, source.at, source.extras, parameter)).collect()
}

/// What the kernel is to compute, from the numbers in its memory: the tape in single precision, in blocks.
fn in_blocks(tape: &PairTape, image: &[u8], layout: PairLayout) -> Vec<PairSums> {
    let number = |at: usize| f32::from_le_bytes(std::array::from_fn(|k| image[at + k]));
    let address = |word: usize| number(4 * word).to_bits() as usize;
    let place = |target: usize| [1, 2].map(|word| number(address(word) + 4 * target));
    let source = |source: usize| [0, 1, 2, 3].map(|k| number(address(3) + 16 * source + 4 * k));
    let sum = |target: usize| {
        let [x0, x1] = place(target);
        let mut total = [0.0_f32; SUMS];
        for first in (0..layout.sources).step_by(BLOCK) {
            let mut block = [0.0_f32; SUMS];
            for [y0, y1, extra0, extra1] in (first..layout.sources.min(first + BLOCK)).map(source) {
                let terms = tape.lowered().run(&[x0, x1, y0, y1, extra0, extra1, number(0)]);
                block.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            total.iter_mut().zip(block).for_each(|(total, sum)| *total += sum);
        }
        total.map(f64::from)
    };
    (0..layout.targets).map(sum).collect()
}

fn bits(sums: &[PairSums]) -> Vec<[u64; SUMS]> {
    sums.iter().map(|sums| sums.map(f64::to_bits)).collect()
}

/// Recording changes no bit but the sign of zeros, and no sum depends on that.
#[test]
fn the_tape_in_double_precision_is_the_definition() -> Result<()> {
    for (pair, parameter) in pairs()? {
        let tape = PairTape::record(&pair);
        let (targets, mut sources) = (points(40, 3, [0.0; 2]), sources(30, 5, [0.0; 2]));
        // Some coincide.
        sources[..5].iter_mut().zip(&targets).for_each(|(source, target)| source.at = *target);
        let expected = sum_pairs(&pair, parameter, &targets, &sources);
        for (target, expected) in targets.iter().zip(expected) {
            let mut sums = [0.0; SUMS];
            for Source { at, extras } in &sources {
                let inputs = [target[0], target[1], at[0], at[1], extras[0], extras[1], parameter];
                let terms = tape.recorded().run(&inputs);
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            ensure!(sums == expected, "{pair:?}: {sums:?}, not {expected:?}");
        }
    }
    Ok(())
}

const COUNTS: [(usize, usize); 7] = [(1, 1), (3, 3), (64, 64), (17, 65), (5, 300), (100, 2), (33, 1000)];

#[test]
fn the_kernel_is_the_tape_in_single_precision_added_up_in_blocks() -> Result<()> {
    for (pair, parameter) in pairs()? {
        let (mut wasm, tape) = (Wasm::new(&pair)?, PairTape::record(&pair));
        for (targets, sources_) in COUNTS {
            let layout = PairLayout { targets, sources: sources_ };
            let (targets, sources) = (points(targets, 7, [0.0; 2]), sources(sources_, 8, [0.0; 2]));
            let expected = in_blocks(&tape, &layout.image(parameter, &targets, &sources), layout);
            let found = wasm.sums(parameter, &targets, &sources)?;
            ensure!(bits(&found) == bits(&expected), "{pair:?}, {layout:?}: {found:?}, not {expected:?}");
        }
    }
    Ok(())
}

/// In units of u = 2^-24: what a term may err by, relative to itself where the sums count it, and what adding up may.
///
/// A place is rounded by u of at most 3, and so the distance by 6 u twice; the functions above change by at most 20 times
/// their size for a change of the distance by one (the pole, at a tenth), which gives 240 u. Their arithmetic adds some
/// dozens of roundings, and exp(-a) multiplies those of its argument by a, at most 32 * 1.3. 400 u is above all of these.
const TERM: f64 = 400.0;

fn bound(sources: usize) -> f64 {
    (TERM + BLOCK as f64 + sources.div_ceil(BLOCK) as f64) * 2.0_f64.powi(-24)
}

/// Checks the sums against those in double precision, relative to the sums of the absolute terms.
fn near(pair: &Pair, parameter: f64, targets: &[Point], sources: &[Source], found: &[PairSums]) -> Result<()> {
    for (target, found) in targets.iter().zip(found) {
        let terms = terms(pair, parameter, *target, sources);
        for sum in 0..SUMS {
            let exact: f64 = terms.iter().map(|terms| terms[sum]).sum();
            let scale: f64 = terms.iter().map(|terms| terms[sum].abs()).sum();
            let error = (found[sum] - exact).abs();
            ensure!(
                error <= bound(sources.len()) * scale,
                "{pair:?}, {} sources, sum {sum}: {} is {error:e} from {exact}, of {scale}",
                sources.len(),
                found[sum]
            );
        }
    }
    Ok(())
}

#[test]
fn the_kernel_keeps_its_bound_for_few_and_many_sources() -> Result<()> {
    for (pair, parameter) in pairs()? {
        let mut wasm = Wasm::new(&pair)?;
        for (targets, sources_) in COUNTS.into_iter().chain([(1000, 1000), (16, 20_000)]) {
            // Far from the origin, where single precision would leave two digits of a distance.
            for around in [[0.0; 2], [1e5, -1e5]] {
                let (targets, sources) = (points(targets, 9, around), sources(sources_, 10, around));
                let found = wasm.sums(parameter, &targets, &sources)?;
                near(&pair, parameter, &targets, &sources, &found)?;
            }
        }
    }
    Ok(())
}

/// One long row of a million equal terms would stand still at 2^24 halves of the term's last place; blocks do not.
#[test]
fn adding_up_a_hundred_thousand_equal_terms_loses_no_more_than_blocks_may() -> Result<()> {
    let (targets, count) = ([[0.0; 2]], 100_000);
    let sources = vec![Source::weighted([0.0; 2], 0.1); count];
    let pair = Pair::Radial(Kernel::Gaussian);
    let [.., found] = Wasm::new(&pair)?.sums(1.0, &targets, &sources)?[0];
    let error = (found / (f64::from(0.1_f32) * count as f64) - 1.0).abs();
    // Sums that grow err by half of a last place of what they have come to: on average half of the bound.
    let bound = (BLOCK + count.div_ceil(BLOCK)) as f64 * 2.0_f64.powi(-24);
    ensure!(error <= bound, "{error:e} is more than {bound:e}");
    let row = (0..count).fold(0.0_f32, |sum, _| sum + 0.1);
    let row = (f64::from(row) / (f64::from(0.1_f32) * count as f64) - 1.0).abs();
    ensure!(error < row / 10.0, "{error:e} in blocks, {row:e} in a row");
    Ok(())
}

#[test]
fn points_that_coincide_give_finite_sums() -> Result<()> {
    for (pair, parameter) in pairs()? {
        if parameter == 0.0 && matches!(pair, Pair::Radial(Kernel::Typed(_))) {
            continue;
        }
        let targets = vec![[0.25, -3.0]; 5];
        let sources = vec![Source { at: targets[0], extras: [0.5, -0.5] }; 70];
        let found = Wasm::new(&pair)?.sums(parameter, &targets, &sources)?;
        ensure!(found.iter().flatten().all(|sum| sum.is_finite()), "{pair:?}: {found:?}");
        // Whatever a distance of zero gives, it gives for all of them.
        ensure!(found.iter().all(|sums| sums == &found[0]), "{pair:?}: {found:?}");
        near(&pair, parameter, &targets, &sources, &found)?;
    }
    Ok(())
}

#[test]
fn without_sources_every_sum_is_zero_and_without_targets_there_is_none() -> Result<()> {
    for (pair, parameter) in pairs()? {
        let mut wasm = Wasm::new(&pair)?;
        ensure!(wasm.sums(parameter, &points(9, 1, [0.0; 2]), &[])? == vec![[0.0; SUMS]; 9], "{pair:?}");
        ensure!(wasm.sums(parameter, &[], &sources(9, 1, [0.0; 2]))?.is_empty(), "{pair:?}");
    }
    Ok(())
}

/// Targets are shared out among workers.
#[test]
fn a_targets_sums_do_not_depend_on_which_targets_are_beside_it() -> Result<()> {
    let (targets, sources) = (points(50, 1, [3.0, 4.0]), sources(130, 2, [5.0, 1.0]));
    for (pair, parameter) in pairs()? {
        let mut wasm = Wasm::new(&pair)?;
        let whole = wasm.sums(parameter, &targets, &sources)?;
        let (first, rest) = targets.split_at(21);
        let parts = [wasm.sums(parameter, first, &sources)?, wasm.sums(parameter, rest, &sources)?].concat();
        ensure!(bits(&whole) == bits(&parts), "{pair:?}");
    }
    Ok(())
}
