//! A run of the measure lab as JSON and CSV.

use super::{Gauges, MeasureOutcome, MeasureRun, MeasureTrace, Row};
use crate::experiment::report::{MethodReport, number17, written};
use crate::experiment::{Experiment, Link, ProblemChoice};
use crate::measures::Point;
use crate::problems::measure::MeasureCalls;
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
    words: BTreeMap<&'static str, String>,
    particles: usize,
    steps: u32,
    seed: u64,
    /// Distances of an independent cloud of the law that is sought.
    monte_carlo_level: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct RunReport {
    #[serde(flatten)]
    method: MethodReport,
    steps: Vec<u32>,
    times: Vec<f64>,
    energies: Vec<f64>,
    divergences: Vec<f64>,
    energy_distances: Vec<f64>,
    wasserstein_distances: Vec<f64>,
    /// What the method tells of itself; `gauge` in its registry line names it.
    gauges: Vec<f64>,
    means: Vec<Point>,
    covariances: Vec<[f64; 3]>,
    particles: Vec<Vec<Point>>,
    calls: MeasureCalls,
    notices: Vec<&'static str>,
    memory: usize,
    outcome: MeasureOutcome,
}

/// The run as JSON text; `record` names the steps to keep, `None` keeps all rows. Numbers that are not finite become `null`.
pub fn measure_json(experiment: &Experiment, run: &MeasureRun, record: Option<&[u32]>) -> String {
    let problem = &run.problem;
    let words = match &experiment.problem {
        ProblemChoice::Measure(choice) => {
            problem.family.words.iter().map(|(name, _)| (*name, choice.word(name).to_owned())).collect()
        }
        _ => BTreeMap::new(),
    };
    let particles = problem.setting.start.len();
    let level = Gauges::new(problem.clone()).level(particles);
    let runs = experiment.methods.iter().zip(&run.traces).map(|(method, trace)| {
        let rows = kept(trace, record);
        let of = |f: fn(&Row) -> f64| rows.iter().map(|row| f(row)).collect();
        RunReport {
            method: MethodReport::new(method),
            steps: rows.iter().map(|row| row.step).collect(),
            times: of(|row| row.time),
            energies: of(|row| row.energy),
            divergences: of(|row| row.divergence),
            energy_distances: of(|row| row.distance),
            wasserstein_distances: of(|row| row.w2),
            gauges: of(|row| row.gauge),
            means: rows.iter().map(|row| row.mean).collect(),
            covariances: rows.iter().map(|row| row.covariance).collect(),
            particles: rows.iter().map(|row| row.cloud.clone()).collect(),
            calls: trace.rows.last().map(|row| row.calls).unwrap_or_default(),
            notices: trace.notices.iter().map(|notice| notice.words()).collect(),
            memory: trace.memory,
            outcome: trace.outcome.clone(),
        }
    });
    written(&Report {
        experiment: ExperimentReport {
            link: Link::write(experiment),
            problem: problem.family.id,
            parameters: problem.knobs.iter().map(|(knob, value)| (knob.id, value)).collect(),
            words,
            particles,
            steps: experiment.steps,
            seed: experiment.seed,
            monte_carlo_level: level.map(|level| [level.distance, level.w2]),
        },
        runs: runs.collect(),
    })
}

fn kept<'a>(trace: &'a MeasureTrace, record: Option<&[u32]>) -> Vec<&'a Row> {
    trace.rows.iter().map(|row| &**row).filter(|row| record.is_none_or(|wanted| wanted.contains(&row.step))).collect()
}

/// The traces as comma-separated values, one line for each recorded step of each method; the particles are in JSON.
pub fn measure_csv(experiment: &Experiment, run: &MeasureRun, record: Option<&[u32]>) -> String {
    let mut text = String::from(
        "optimizer,number,step,time,energy,divergence,energy_distance,w2,mean_x,mean_y,var_xx,var_xy,var_yy\n",
    );
    for (number, (method, trace)) in experiment.methods.iter().zip(&run.traces).enumerate() {
        for row in kept(trace, record) {
            let [mx, my] = row.mean;
            let [xx, xy, yy] = row.covariance;
            let numbers = [row.time, row.energy, row.divergence, row.distance, row.w2, mx, my, xx, xy, yy];
            let columns = numbers.map(number17).join(",");
            writeln!(text, "{},{},{},{columns}", method.path(), number + 1, row.step)
                .expect("writing to a string does not fail");
        }
    }
    text
}
