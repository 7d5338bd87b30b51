//! Maps of basins: the same verdicts as the interpreter's, but for a few cells on the boundary of a basin.

use crate::gpu;
use anyhow::{Context, Result, ensure};
use pollster::block_on;
use thalweg::engine::{Flight, Job, Landing, Minima, SINGLE_DRAWS, Verdict};
use thalweg::experiment::Link;
use thalweg::scalar::elementary::Precision;

/// Cells along each side.
const SIDE: usize = 128;

fn job(link: &str) -> Result<Job> {
    let experiment = Link::parse(link).experiment;
    let problem = experiment.pose()?;
    let job = Job::of(&experiment, &problem, 0, problem.domain).context("the link has a method")?;
    Ok(Job { columns: SIDE, rows: SIDE, ..job })
}

fn landings_of_the_interpreter(job: &Job, flight: &Flight) -> Vec<Landing> {
    let landing = |cell: usize| {
        let outputs = flight.interpret(job, cell, SINGLE_DRAWS);
        Landing::from_outputs([0, 1, 2, 3, 4].map(|i| f64::from(outputs[i])))
    };
    let half = job.cells() / 2;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| (0..half).map(landing).collect::<Vec<_>>());
        let second: Vec<Landing> = (half..job.cells()).map(landing).collect();
        let mut all = first.join().expect("the interpreter does not panic");
        all.extend(second);
        all
    })
}

/// Whether one of the eight cells around it has another verdict.
fn on_a_boundary(verdicts: &[Verdict], cell: usize) -> bool {
    let around = |at: usize| at.saturating_sub(1)..=(at + 1).min(SIDE - 1);
    around(cell / SIDE).any(|row| around(cell % SIDE).any(|column| verdicts[row * SIDE + column] != verdicts[cell]))
}

fn agrees(link: &str) -> Result<()> {
    let gpu = gpu()?;
    let job = job(link)?;
    let flight = Flight::record(&job)?.lowered(Precision::Single);
    let landings = landings_of_the_interpreter(&job, &flight);
    let mut minima = Minima::known(&job.problem);
    minima.learn(&job, &landings);
    let verdicts = |landings: Vec<Landing>| -> Vec<Verdict> {
        landings.into_iter().map(|landing| minima.judge(&job, landing).verdict).collect()
    };
    let want = verdicts(landings);
    let got = verdicts(block_on(async { gpu.landings(&gpu.compile_flight(&flight).await?, &job).await })?);
    let kinds: std::collections::BTreeSet<Verdict> = want.iter().copied().collect();
    ensure!(kinds.len() > 1, "a map of one verdict alone shows nothing: {kinds:?}");
    let other: Vec<usize> = (0..SIDE * SIDE).filter(|&cell| got[cell] != want[cell]).collect();
    println!("{link}: {} of {} cells differ, {} verdicts", other.len(), SIDE * SIDE, kinds.len());
    let inside: Vec<usize> = other.iter().copied().filter(|&cell| !on_a_boundary(&want, cell)).collect();
    ensure!(inside.is_empty(), "cells {inside:?} differ inside a basin");
    // One in a thousand: what rounding decides. Mesa's llvmpipe has none.
    ensure!(other.len() * 1000 <= SIDE * SIDE, "{} of {} cells differ", other.len(), SIDE * SIDE);
    Ok(())
}

#[test]
fn adam_on_himmelblau() -> Result<()> {
    agrees("problem=himmelblau&steps=200&opt=adam;lr=0.1")
}

#[test]
fn gradient_descent_on_rosenbrock() -> Result<()> {
    agrees("problem=rosenbrock&steps=300&opt=sgd;lr=0.001")
}

#[test]
fn momentum_on_himmelblau() -> Result<()> {
    agrees("problem=himmelblau&steps=200&opt=heavy_ball;lr=0.005")
}

#[test]
fn nesterov_on_ackley() -> Result<()> {
    agrees("problem=ackley&steps=80&opt=nesterov;lr=0.01")
}

#[test]
fn noise_draws_what_the_interpreter_draws() -> Result<()> {
    agrees("problem=himmelblau&steps=100&seed=7&noise=gaussian;sigma=20&opt=sgd;lr=0.01")
}

#[test]
fn leaving_the_domain_of_the_formula_is_noticed() -> Result<()> {
    agrees("problem=formula;f=(sqrt(x)-1)^2%2By*ln(y)&steps=100&opt=sgd;lr=0.1")
}
