//! `cargo xtask test`: every check of the project, in the order in which they fail fastest.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::chrome::find;
use crate::command::{self, told};
use crate::{dist, tools};

/// Which checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Form: rustfmt, clippy on this machine and on wasm32, rustdoc.
    Lint,
    /// Everything that needs no browser.
    Native,
    /// The built page in a real Chromium.
    Page,
}

/// A named check.
struct Step {
    part: Part,
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { part: Part::Lint, name: "format", run: || cargo(&["fmt", "--all", "--check"]) },
    Step { part: Part::Lint, name: "clippy, native", run: clippy_native },
    Step { part: Part::Lint, name: "clippy, wasm32", run: clippy_wasm },
    Step { part: Part::Lint, name: "documentation", run: documentation },
    Step { part: Part::Native, name: "native tests", run: || cargo(&["test", "--workspace"]) },
    Step { part: Part::Page, name: "build of the page", run: dist::build },
    Step { part: Part::Page, name: "page tests", run: page_tests },
];

/// Runs the checks of one part, or all. The first that fails ends the run, with its status.
pub fn test(part: Option<Part>) -> Result<()> {
    let started = Instant::now();
    let mut passed = Vec::new();
    for step in STEPS.iter().filter(|step| part.is_none_or(|part| part == step.part)) {
        eprintln!("\n== {} ==", step.name);
        let begun = Instant::now();
        (step.run)().with_context(|| format!("failed at: {}", step.name))?;
        passed.push((step.name, begun.elapsed()));
    }
    eprintln!("\nAll passed in {}:", told(started.elapsed()));
    for (name, time) in passed {
        eprintln!("  {name:<20} {:>14}", told(time));
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<()> {
    command::run(command::cargo().args(arguments))
}

fn clippy_native() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"])
}

fn clippy_wasm() -> Result<()> {
    tools::ensure_wasm_target()?;
    let target = "--target=wasm32-unknown-unknown";
    cargo(&["clippy", target, "--package", "thalweg", "--lib", "--bins", "--", "--deny", "warnings"])?;
    // So are the page with all labs and the worker of the matrix lab.
    for bin in ["labs", "matrix"] {
        let lab = ["--bin", bin, "--features", "labs"];
        cargo(&[&["clippy", target, "--package", "thalweg"], &lab[..], &["--", "--deny", "warnings"]].concat())?;
    }
    // The engine's module is built with a feature of its own.
    let engine = ["--bin", "engine", "--features", "recording"];
    cargo(&[&["clippy", target, "--package", "thalweg"], &engine[..], &["--", "--deny", "warnings"]].concat())?;
    // The worker of flows records and is of a lab.
    let measure = ["--bin", "measure", "--features", "labs,recording"];
    cargo(&[&["clippy", target, "--package", "thalweg"], &measure[..], &["--", "--deny", "warnings"]].concat())
}

/// Broken links in doc comments are errors too.
fn documentation() -> Result<()> {
    let mut doc = command::cargo();
    doc.env("RUSTDOCFLAGS", "--deny warnings").args(["doc", "--workspace", "--no-deps", "--document-private-items"]);
    command::run(&mut doc)
}

/// The browser is looked for first: a missing one stops this, and never skips a test.
fn page_tests() -> Result<()> {
    let browser = find::chrome_or_install()?;
    eprintln!("  driving {}", browser.display());
    let mut tests = command::cargo();
    tests.env("CHROME", browser).args(["test", "--features", "page-tests", "--test", "page"]);
    command::run(&mut tests)
}
