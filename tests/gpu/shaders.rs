//! Every shader that can be printed is valid WGSL. This needs no graphics processor.

use anyhow::{Context, Result};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use thalweg::engine::Flight;
use thalweg::experiment::Method;
use thalweg::landscapes;
use thalweg::optimizers::REGISTRY;
use thalweg::problems::PlaneProblem;
use thalweg::scalar::elementary::Precision;

fn parsed(source: &str) -> Result<()> {
    let module = naga::front::wgsl::parse_str(source).map_err(|error| anyhow::anyhow!(error.emit_to_string(source)))?;
    let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    checked.map_err(|error| anyhow::anyhow!(error.emit_to_string(source)))?;
    Ok(())
}

fn valid(problem: &str, method: &str) -> Result<()> {
    let posed = PlaneProblem::landscape(problem, &[])?;
    let method = Method::new(method, &[]).context("a registered optimizer")?;
    let source = Flight::record(&posed, &method)?.lowered(Precision::Single).kernel().print_wgsl();
    parsed(&source).with_context(|| format!("{} on {problem}\n{source}", method.title()))
}

#[test]
fn every_optimizer_is_printed_as_valid_wgsl() -> Result<()> {
    for entry in REGISTRY.iter().filter(|entry| entry.recordable()) {
        for problem in ["rosenbrock", "ackley"] {
            valid(problem, entry.id)?;
        }
    }
    Ok(())
}

#[test]
fn every_landscape_is_printed_as_valid_wgsl() -> Result<()> {
    for row in landscapes::offered() {
        valid(row.id, "adam")?;
    }
    Ok(())
}

#[test]
fn a_mistake_would_be_found() {
    assert!(parsed("fn f() -> f32 { return 1u; }").is_err());
    assert!(parsed("fn f() -> f32 { return g(1.0); }").is_err());
}
