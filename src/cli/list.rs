//! What there is: optimizers, wrappers, landscapes, problems. And the outcomes of a run as a table.

use super::{Message, print};
use lexopt::prelude::*;
use serde_json::json;
use std::fmt::Write as _;
use thalweg::experiment::matrix::{MatrixRun, default_window, fit};
use thalweg::experiment::measure::{Gauges, MeasureRun};
use thalweg::experiment::{Experiment, Run};
use thalweg::landscapes;
use thalweg::optimizers::{Knob, Paper, REGISTRY, wrappers::WRAPPERS};
use thalweg::problems::{matrix, measure};

/// `thalweg list`.
pub fn command(mut parser: lexopt::Parser) -> Result<(), Message> {
    let (mut what, mut as_json) = (None, false);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("json") => as_json = true,
            Value(text) if what.is_none() => what = Some(text.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let rows = match what.as_deref() {
        Some("optimizers") => optimizers(),
        Some("wrappers") => wrappers(),
        Some("landscapes") => landscapes_rows(),
        Some("problems") => problems(),
        _ => return Err("list what? One of: optimizers, wrappers, landscapes, problems".to_owned()),
    };
    if as_json {
        let values: Vec<_> = rows.into_iter().map(|(_, value)| value).collect();
        let text = serde_json::to_string_pretty(&values).map_err(|error| error.to_string())?;
        return print(&(text + "\n"));
    }
    let lines: String = rows.into_iter().map(|(line, _)| line + "\n").collect();
    print(&lines)
}

/// A line for people and a value for programs.
type Row = (String, serde_json::Value);

fn knobs(knobs: &[Knob]) -> serde_json::Value {
    let knob = |knob: &Knob| json!({ "id": knob.id, "default": knob.default, "range": [knob.range.0, knob.range.1], "meaning": knob.meaning });
    knobs.iter().map(knob).collect()
}

fn paper(paper: Paper) -> serde_json::Value {
    json!({ "authors": paper.authors, "title": paper.title, "year": paper.year, "reference": paper.reference })
}

fn optimizers() -> Vec<Row> {
    let row = |entry: &thalweg::optimizers::Entry| {
        let names: Vec<&str> = entry.knobs.iter().map(|knob| knob.id).collect();
        let line = format!("{:<14} {:<34} {}  {}", entry.id, entry.title, entry.paper.year, names.join(" "));
        let value = json!({
            "id": entry.id, "title": entry.title, "family": entry.family, "summary": entry.summary,
            "recordable": entry.recordable(), "knobs": knobs(entry.knobs), "paper": paper(entry.paper),
        });
        (line, value)
    };
    REGISTRY.iter().map(row).collect()
}

fn wrappers() -> Vec<Row> {
    let row = |entry: &thalweg::optimizers::wrappers::Wrapper| {
        let names: Vec<&str> = entry.knobs.iter().map(|knob| knob.id).collect();
        let line = format!("{:<14} {:<34} {}  {}", entry.id, entry.title, entry.paper.year, names.join(" "));
        let value = json!({
            "id": entry.id, "title": entry.title, "summary": entry.summary,
            "knobs": knobs(entry.knobs), "paper": paper(entry.paper),
        });
        (line, value)
    };
    WRAPPERS.iter().map(row).collect()
}

fn landscapes_rows() -> Vec<Row> {
    let row = |row: &'static landscapes::Landscape| {
        let line = format!("{:<26} {:<46} {}", row.id, row.name, row.traits().join(", "));
        let minima: Vec<_> = row.minima.iter().map(|c| json!({ "at": [c.x, c.y], "value": c.f })).collect();
        let parameters: serde_json::Map<String, serde_json::Value> =
            row.params.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let value = json!({
            "id": row.id, "name": row.name, "group": row.group.id(), "formula": row.formula, "parameters": parameters,
            "domain": row.domain, "start": row.start, "minima": minima, "traits": row.traits(), "source": row.source,
        });
        (line, value)
    };
    landscapes::offered().map(row).collect()
}

fn problems() -> Vec<Row> {
    let formula = (
        format!("{:<26} a formula in x and y: problem=formula;f=x^2+y^2", "formula"),
        json!({ "id": "formula", "name": "a formula in x and y", "settings": ["f", "parameters by name"] }),
    );
    std::iter::once(formula)
        .chain(landscapes_rows())
        .chain(matrix::FAMILIES.iter().map(matrix_family))
        .chain(measure::FAMILIES.iter().map(measure_family))
        .collect()
}

fn measure_family(family: &measure::Family) -> Row {
    let names = family.knobs.iter().map(|knob| knob.id).chain(family.words.iter().map(|(name, _)| *name));
    let line = format!("{:<26} {}: {}", family.id, family.summary, names.collect::<Vec<_>>().join(" "));
    let words: serde_json::Map<String, serde_json::Value> =
        family.words.iter().map(|(name, word)| ((*name).to_owned(), json!(word))).collect();
    let value = json!({
        "id": family.id, "name": family.title, "summary": family.summary, "knobs": knobs(family.knobs),
        "words": words, "paper": paper(family.paper),
    });
    (line, value)
}

fn matrix_family(family: &matrix::Family) -> Row {
    let names: Vec<&str> = family.knobs.iter().map(|knob| knob.id).collect();
    let line = format!("{:<26} {}: {}", family.id, family.summary, names.join(" "));
    let value = json!({
        "id": family.id, "name": family.title, "summary": family.summary, "knobs": knobs(family.knobs),
        "paper": paper(family.paper),
    });
    (line, value)
}

/// The outcomes of a run of the matrix lab, one line a method.
pub fn matrix_outcomes(experiment: &Experiment, run: &MatrixRun) -> String {
    let family = run.outline.family;
    let [rows, columns] = run.outline.model.shape();
    let mut text = format!("{}, {rows} x {columns}, {} steps\n", family.title, experiment.steps);
    for (method, trace) in experiment.methods.iter().zip(&run.traces) {
        let last = trace.last();
        let window = experiment.view.fit.unwrap_or_else(|| default_window(&trace.errors));
        writeln!(
            text,
            "{:<28} error {:<12.4e} |grad| = {:<12.4e} calls {:<7} memory {:<7} {:<24} {}",
            method.title(),
            trace.errors[last],
            trace.gradient_norms[last],
            trace.calls[last].total(),
            trace.memory,
            fit(&trace.errors, window).map_or_else(String::new, |fit| fit.words()),
            trace.outcome.verdict()
        )
        .expect("writing to a string does not fail");
    }
    text
}

/// The outcomes of a run of the measure lab, one line a method.
pub fn measure_outcomes(experiment: &Experiment, run: &MeasureRun) -> String {
    let n = run.problem.setting.start.len();
    let mut text = format!("{}, {n} particles, {} steps\n", run.problem.family.title, experiment.steps);
    if let Some(level) = Gauges::new(run.problem.clone()).level(n) {
        writeln!(text, "{:<28} distance {:<11.4e} W2 {:<11.4e}", "(independent points)", level.distance, level.w2)
            .expect("writing to a string does not fail");
    }
    for (method, trace) in experiment.methods.iter().zip(&run.traces) {
        let Some(last) = trace.rows.last() else { continue };
        writeln!(
            text,
            "{:<28} distance {:<11.4e} W2 {:<11.4e} energy {:<12.4e} gradients {:<9} pairs {:<11} {}",
            method.title(),
            last.distance,
            last.w2,
            last.energy,
            last.calls.gradient,
            last.calls.pairs,
            trace.outcome.verdict()
        )
        .expect("writing to a string does not fail");
    }
    text
}

/// The outcomes of a run, one line a method.
pub fn outcomes(experiment: &Experiment, run: &Run) -> String {
    let lowest = run.lowest();
    let mut text = format!(
        "{}, {} steps from ({}, {})\n",
        run.problem.title, experiment.steps, run.problem.start[0], run.problem.start[1]
    );
    for (method, trace) in experiment.methods.iter().zip(&run.traces) {
        let last = trace.last();
        let calls = trace.calls[last];
        writeln!(
            text,
            "{:<28} f - f* = {:<12.4e} |grad| = {:<12.4e} gradients {:<7} values {:<7} {}",
            method.title(),
            trace.values[last] - lowest,
            trace.gradient_norms[last],
            calls.gradient,
            calls.value,
            trace.outcome.verdict()
        )
        .expect("writing to a string does not fail");
    }
    text
}
