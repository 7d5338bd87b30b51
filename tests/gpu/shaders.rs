//! Every shader that can be printed is valid WGSL. This needs no graphics processor.

use anyhow::{Context, Result};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use thalweg::engine::pairs::PairTape;
use thalweg::engine::{Flight, Goal, Job};
use thalweg::experiment::Link;
use thalweg::landscapes;
use thalweg::measures::{Kernel, Pair};
use thalweg::optimizers::REGISTRY;
use thalweg::scalar::elementary::Precision;

fn parsed(source: &str) -> Result<()> {
    let module = naga::front::wgsl::parse_str(source).map_err(|error| anyhow::anyhow!(error.emit_to_string(source)))?;
    let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    checked.map_err(|error| anyhow::anyhow!(error.emit_to_string(source)))?;
    Ok(())
}

fn valid(link: &str) -> Result<()> {
    let experiment = Link::parse(link).experiment;
    let problem = experiment.pose()?;
    let job = Job::of(&experiment, &problem, 0, problem.domain).context("the link has a method")?;
    for goal in [Goal::Landing, Goal::Loss { target: 1.0 }] {
        let flight = Flight::record(&Job { goal, ..job.clone() })?;
        let source = flight.lowered(Precision::Single).kernel().print_wgsl();
        parsed(&source).with_context(|| format!("{link}\n{source}"))?;
    }
    Ok(())
}

#[test]
fn every_optimizer_is_printed_as_valid_wgsl() -> Result<()> {
    for entry in REGISTRY.iter().filter(|entry| entry.recordable()) {
        for problem in ["rosenbrock", "ackley"] {
            valid(&format!("problem={problem}&opt={}", entry.id))?;
            valid(&format!("problem={problem}&noise=gaussian&opt={}", entry.id))?;
        }
    }
    Ok(())
}

#[test]
fn every_landscape_is_printed_as_valid_wgsl() -> Result<()> {
    for row in landscapes::offered() {
        valid(&format!("problem={}&noise=own&opt=adam", row.id))?;
    }
    Ok(())
}

#[test]
fn every_function_of_a_pair_is_printed_as_valid_wgsl() -> Result<()> {
    let typed = ["r", "a/r - ln(r)", "atan2(r, a)^a + hypot(r, sin(r))", "1"];
    let typed = typed.into_iter().map(|text| Kernel::parse(text, &[("a", 2.5)]));
    let kernels: Vec<Kernel> = typed.chain([Ok(Kernel::Gaussian), Ok(Kernel::Distance)]).collect::<Result<_, _>>()?;
    for pair in kernels.into_iter().map(Pair::Radial).chain([Pair::Stein]) {
        let source = PairTape::record(&pair).print_wgsl();
        parsed(&source).with_context(|| format!("{pair:?}\n{source}"))?;
    }
    Ok(())
}

#[test]
fn a_mistake_would_be_found() {
    assert!(parsed("fn f() -> f32 { return 1u; }").is_err());
    assert!(parsed("fn f() -> f32 { return g(1.0); }").is_err());
}
