//! A run of the matrix lab as JSON and CSV.

use super::{Frame, MatrixOutcome, MatrixRun, MatrixTrace, default_window, fit};
use crate::experiment::report::{MethodReport, number17, written};
use crate::experiment::{Experiment, Link};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Serialize)]
struct Report {
    experiment: ExperimentReport,
    runs: Vec<RunReport>,
}

#[derive(Serialize)]
struct ExperimentReport {
    link: String,
    problem: &'static str,
    parameters: BTreeMap<&'static str, f64>,
    singular_values: Vec<f64>,
    steps: u32,
    seed: u64,
    tolerance: f64,
}

#[derive(Serialize)]
struct RunReport {
    #[serde(flatten)]
    method: MethodReport,
    steps: Vec<u32>,
    values: Vec<f64>,
    relative_errors: Vec<f64>,
    gradient_norms: Vec<f64>,
    calls: crate::optimizers::Calls,
    events: Vec<(u32, crate::optimizers::Event)>,
    frames: Vec<FrameReport>,
    memory: usize,
    rate: Option<RateReport>,
    outcome: MatrixOutcome,
}

#[derive(Serialize)]
struct FrameReport {
    step: u32,
    singular_values: Vec<f64>,
    principal_angles: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imbalance: Option<f64>,
}

#[derive(Serialize)]
struct RateReport {
    window: [usize; 2],
    factor_per_step: f64,
    power_of_time: f64,
}

/// The run as JSON text; `record` names the steps to keep, `None` keeps all. Numbers that are not finite become `null`.
pub fn matrix_json(experiment: &Experiment, run: &MatrixRun, record: Option<&[u32]>) -> String {
    let outline = &run.outline;
    let parameters = outline.family.knobs.iter().map(|knob| (knob.id, outline.value(knob.id))).collect();
    let runs = experiment.methods.iter().zip(&run.traces).map(|(method, trace)| {
        let steps = kept(trace, record);
        let pick = |list: &[f64]| steps.iter().map(|step| list[*step as usize]).collect();
        let rate = fit(&trace.errors, experiment.view.fit.unwrap_or_else(|| default_window(&trace.errors)));
        RunReport {
            method: MethodReport::new(method),
            values: pick(&trace.values),
            relative_errors: pick(&trace.errors),
            gradient_norms: pick(&trace.gradient_norms),
            calls: trace.calls.last().copied().unwrap_or_default(),
            events: trace.events.clone(),
            frames: trace.frames.iter().filter(|f| steps.contains(&f.step)).map(FrameReport::new).collect(),
            memory: trace.memory,
            rate: rate.map(|fit| RateReport {
                window: fit.window,
                factor_per_step: fit.factor,
                power_of_time: fit.power,
            }),
            outcome: trace.outcome.clone(),
            steps,
        }
    });
    written(&Report {
        experiment: ExperimentReport {
            link: Link::write(experiment),
            problem: outline.family.id,
            parameters,
            singular_values: outline.spectrum.clone(),
            steps: experiment.steps,
            seed: experiment.seed,
            tolerance: experiment.tolerance,
        },
        runs: runs.collect(),
    })
}

impl FrameReport {
    fn new(frame: &Frame) -> Self {
        Self {
            step: frame.step,
            singular_values: frame.spectrum.clone(),
            principal_angles: frame.angles.clone(),
            imbalance: frame.imbalance,
        }
    }
}

fn kept(trace: &MatrixTrace, record: Option<&[u32]>) -> Vec<u32> {
    match record {
        Some(wanted) => wanted.iter().copied().filter(|step| (*step as usize) < trace.values.len()).collect(),
        None => (0..trace.values.len() as u32).collect(),
    }
}

/// The traces as comma-separated values, one row for each step of each optimizer.
pub fn matrix_csv(experiment: &Experiment, run: &MatrixRun, record: Option<&[u32]>) -> String {
    let mut text = String::from("optimizer,number,step,value,relative_error,gradient_norm,calls\n");
    for (number, (method, trace)) in experiment.methods.iter().zip(&run.traces).enumerate() {
        for step in kept(trace, record) {
            let k = step as usize;
            let [value, error, norm] = [trace.values[k], trace.errors[k], trace.gradient_norms[k]].map(number17);
            let calls = trace.calls[k].total();
            writeln!(text, "{},{},{step},{value},{error},{norm},{calls}", method.path(), number + 1)
                .expect("writing to a string does not fail");
        }
    }
    text
}
