//! The runs of an experiment, a slice of time at once, so that the worker hears of what comes next.

use js_sys::Float64Array;
use std::cell::RefCell;
use std::sync::Arc;
use thalweg::experiment::matrix::MatrixRunner;
use thalweg::experiment::{Experiment, Link, ProblemChoice};
use thalweg::problems::matrix::MatrixProblem;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The problem that was posed last: its measurements serve every run on it.
    static POSED: RefCell<Option<(ProblemChoice, u64, Arc<MatrixProblem>)>> = const { RefCell::new(None) };
}

/// The problem of an experiment, posed anew only if it is another one.
pub fn posed(experiment: &Experiment) -> Result<Arc<MatrixProblem>, JsError> {
    let known = POSED.with_borrow(|posed| match posed {
        Some((choice, seed, problem)) if *choice == experiment.problem && *seed == experiment.seed => {
            Some(problem.clone())
        }
        _ => None,
    });
    if let Some(problem) = known {
        return Ok(problem);
    }
    // The old one goes first: two may not fit.
    POSED.set(None);
    let problem = Arc::new(experiment.pose_matrix().map_err(|error| JsError::new(&error.to_string()))?);
    POSED.set(Some((experiment.problem.clone(), experiment.seed, problem.clone())));
    Ok(problem)
}

/// The runs of all methods of a link, on their way.
#[wasm_bindgen]
pub struct Runs {
    runs: Vec<Run>,
    steps: u32,
}

/// A method's run.
enum Run {
    Going {
        runner: Box<MatrixRunner>,
        /// Whether it has gone on since it was last told of.
        fresh: bool,
    },
    Done,
    /// It cannot be run: why.
    Refused(Option<String>),
}

#[wasm_bindgen]
impl Runs {
    /// Poses the problem of a link and puts every method at the start.
    #[wasm_bindgen(constructor)]
    pub fn new(link: &str) -> Result<Runs, JsError> {
        let Link { experiment, .. } = Link::parse(link);
        let problem = posed(&experiment)?;
        let start = |method| match MatrixRunner::new(&problem, &experiment, method) {
            Ok(runner) => Run::Going { runner: Box::new(runner), fresh: true },
            Err(error) => Run::Refused(Some(error.to_string())),
        };
        Ok(Self { runs: experiment.methods.iter().map(start).collect(), steps: experiment.steps })
    }

    /// Lets every run go on for about `milliseconds` in all. Returns the share of all steps that have been taken; one when
    /// nothing is left to do.
    pub fn advance(&mut self, milliseconds: f64) -> f64 {
        let until = js_sys::Date::now() + milliseconds;
        let mut left = true;
        while left && js_sys::Date::now() < until {
            left = false;
            for run in &mut self.runs {
                if let Run::Going { runner, fresh } = run {
                    let went_on = runner.advance();
                    *fresh |= went_on;
                    left |= went_on;
                }
            }
        }
        if !left {
            return 1.0;
        }
        let taken = |run: &Run| match run {
            Run::Going { runner, .. } => f64::from(runner.step()),
            Run::Done | Run::Refused(_) => f64::from(self.steps),
        };
        let all = f64::from(self.steps) * self.runs.len() as f64;
        (self.runs.iter().map(taken).sum::<f64>() / all.max(1.0)).min(0.999)
    }

    /// The trace of a method as numbers, if it has gone on since it was last taken; `judged` ends the run.
    pub fn trace(&mut self, method: usize, judged: bool) -> Option<Float64Array> {
        let run = self.runs.get_mut(method)?;
        if judged {
            return match std::mem::replace(run, Run::Done) {
                Run::Going { runner, .. } => Some(Float64Array::from(runner.finish().to_numbers().as_slice())),
                other => {
                    *run = other;
                    None
                }
            };
        }
        match run {
            Run::Going { runner, fresh } if *fresh => {
                *fresh = false;
                Some(Float64Array::from(runner.so_far().to_numbers().as_slice()))
            }
            _ => None,
        }
    }

    /// Why a method cannot be run, told once.
    pub fn refusal(&mut self, method: usize) -> Option<String> {
        match self.runs.get_mut(method)? {
            Run::Refused(reason) => reason.take(),
            Run::Going { .. } | Run::Done => None,
        }
    }

    /// How many methods there are.
    pub fn count(&self) -> usize {
        self.runs.len()
    }
}
