//! A run as JSON and CSV, every number with 17 significant digits: enough to read back the same double.

use super::{Experiment, Link, Method, ProblemChoice, Run, Trace};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

/// A number with 17 significant digits, in the shorter of plain and exponent notation.
pub fn number17(x: f64) -> String {
    let exponent = if x == 0.0 || !x.is_finite() { 0 } else { libm::floor(libm::log10(x.abs())) as i32 };
    if (-5..17).contains(&exponent) {
        // A rounding of log10 next to a power of ten costs or adds a digit; it never loses one.
        format!("{x:.*}", (16 - exponent).max(0) as usize)
    } else {
        format!("{x:.16e}")
    }
}

/// What `run` prints and what the page exports.
#[derive(Serialize)]
pub struct Report {
    experiment: ExperimentReport,
    runs: Vec<RunReport>,
}

#[derive(Serialize)]
struct ExperimentReport {
    link: String,
    problem: ProblemReport,
    start: [f64; 2],
    steps: u32,
    optimizers: Vec<MethodReport>,
    seed: u64,
    #[serde(skip_serializing_if = "is_first")]
    run: u32,
    tolerance: f64,
    lowest_known_value: Option<f64>,
}

#[derive(Serialize)]
struct ProblemReport {
    id: &'static str,
    title: String,
    formula: String,
    parameters: BTreeMap<String, f64>,
    domain: [f64; 4],
}

#[derive(Clone, Serialize)]
pub(super) struct MethodReport {
    optimizer: &'static str,
    hyperparameters: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wrappers: Vec<WrapperReport>,
}

#[derive(Clone, Serialize)]
struct WrapperReport {
    wrapper: &'static str,
    hyperparameters: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct RunReport {
    #[serde(flatten)]
    method: MethodReport,
    steps: Vec<u32>,
    points: Vec<[f64; 2]>,
    values: Vec<f64>,
    gradient_norms: Vec<f64>,
    calls: crate::optimizers::Calls,
    events: Vec<(u32, crate::optimizers::Event)>,
    outcome: super::Outcome,
}

impl Report {
    /// The report of a run. `record` names the steps to keep; `None` keeps all. Steps that were not taken are left out.
    pub fn new(experiment: &Experiment, run: &Run, record: Option<&[u32]>) -> Self {
        let methods: Vec<MethodReport> = experiment.methods.iter().map(MethodReport::new).collect();
        let runs = methods.iter().zip(&run.traces).map(|(method, trace)| {
            let taken = trace.last() as u32;
            let steps: Vec<u32> = match record {
                Some(wanted) => wanted.iter().copied().filter(|step| *step <= taken).collect(),
                None => (0..=taken).collect(),
            };
            let pick = |values: &[f64]| steps.iter().map(|step| values[*step as usize]).collect();
            RunReport {
                method: method.clone(),
                points: steps.iter().map(|step| trace.points[*step as usize]).collect(),
                values: pick(&trace.values),
                gradient_norms: pick(&trace.gradient_norms),
                calls: trace.calls[trace.last()],
                events: trace.events.clone(),
                outcome: trace.outcome.clone(),
                steps,
            }
        });
        let formula = match (&experiment.problem, run.problem.row) {
            (ProblemChoice::Formula { text, .. }, _) => text.clone(),
            (_, row) => row.map_or_else(String::new, |row| row.formula.to_owned()),
        };
        Self {
            experiment: ExperimentReport {
                link: Link::write(experiment),
                problem: ProblemReport {
                    id: run.problem.row.map_or("formula", |row| row.id),
                    title: run.problem.title.clone(),
                    formula,
                    parameters: run.problem.parameters.iter().cloned().collect(),
                    domain: run.problem.domain,
                },
                start: run.problem.start,
                steps: experiment.steps,
                optimizers: methods.clone(),
                seed: experiment.seed,
                run: experiment.run,
                tolerance: experiment.tolerance,
                lowest_known_value: run.problem.lowest_known(),
            },
            runs: runs.collect(),
        }
    }
}

impl MethodReport {
    pub(super) fn new(method: &Method) -> Self {
        let values = |stage: &super::Stage| stage.knobs.iter().map(|(knob, value)| (knob.id, value)).collect();
        Self {
            optimizer: method.base.id,
            hyperparameters: values(&method.base),
            wrappers: method
                .wrappers
                .iter()
                .map(|stage| WrapperReport { wrapper: stage.id, hyperparameters: values(stage) })
                .collect(),
        }
    }
}

/// The report as JSON text. Numbers that are not finite become `null`.
pub fn json(experiment: &Experiment, run: &Run, record: Option<&[u32]>) -> String {
    written(&Report::new(experiment, run, record))
}

/// A report as JSON text.
pub(super) fn written(report: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Digits(PrettyFormatter::new()));
    report.serialize(&mut serializer).expect("a report has string keys and is written to memory");
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

/// Lists of numbers on one line, records over several, 17 digits.
struct Digits<'a>(PrettyFormatter<'a>);

impl Formatter for Digits<'_> {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number17(value).as_bytes())
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// The traces as comma-separated values, one row for each step of each optimizer.
pub fn csv(experiment: &Experiment, run: &Run, record: Option<&[u32]>) -> String {
    let mut text =
        String::from("optimizer,number,step,x,y,value,gradient_norm,value_calls,gradient_calls,hessian_calls\n");
    for (number, (method, trace)) in experiment.methods.iter().zip(&run.traces).enumerate() {
        let wanted = |k: &usize| record.is_none_or(|steps| steps.contains(&(*k as u32)));
        for k in (0..=trace.last()).filter(wanted) {
            csv_row(&mut text, method, number + 1, trace, k);
        }
    }
    text
}

fn csv_row(text: &mut String, method: &Method, number: usize, trace: &Trace, k: usize) {
    let name = method.path();
    let [x, y] = trace.points[k].map(number17);
    let (value, norm) = (number17(trace.values[k]), number17(trace.gradient_norms[k]));
    let calls = trace.calls[k];
    let hessians = calls.hessian + calls.hessian_vector;
    writeln!(text, "{name},{number},{k},{x},{y},{value},{norm},{},{},{hessians}", calls.value, calls.gradient)
        .expect("writing to a string does not fail");
}

/// Whether it is the run that an experiment has when it names none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_first(run: &u32) -> bool {
    *run == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_read_back_the_same_double() {
        for x in
            [0.1, -1.2, 1.0 / 3.0, 1e-300, 1e22_f64.next_down(), 123_456.789, 0.0, -5e-324, 1e16, 1e5_f64.next_down()]
        {
            assert_eq!(number17(x).parse::<f64>(), Ok(x), "{}", number17(x));
        }
        assert_eq!(number17(-1.2), "-1.2000000000000000");
    }

    #[test]
    fn json_has_the_documented_shape() {
        let link = Link::parse("problem=rosenbrock&start=-1.2,1&steps=200&opt=adam;lr=0.02");
        let run = super::super::run(&link.experiment).expect("a listed landscape");
        let text = json(&link.experiment, &run, Some(&[0, 1, 2, 5]));
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let first = &value["runs"][0];
        assert_eq!(first["optimizer"], "adam");
        assert_eq!(first["hyperparameters"]["lr"], 0.02);
        assert_eq!(first["steps"].as_array().map(Vec::len), Some(4));
        assert_eq!(first["points"][0][0], -1.2);
        assert_eq!(first["calls"]["gradient"], 200);
        assert_eq!(first["outcome"]["kind"], "out_of_budget");
    }
}
