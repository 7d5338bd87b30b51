//! The runs of an experiment, a slice of time at once, so that the worker hears of what comes next.

use js_sys::Float64Array;
use std::rc::Rc;
use std::sync::Arc;
use thalweg::experiment::measure::MeasureRunner;
use thalweg::experiment::{Experiment, Link};
use wasm_bindgen::prelude::*;

use super::engine::{Shared, Sums};

/// The runs of all methods of a link, on their way.
#[wasm_bindgen]
pub struct Runs {
    runs: Vec<Run>,
    steps: u32,
    sums: Rc<Sums>,
}

/// A method's run.
enum Run {
    Going {
        runner: Box<MeasureRunner>,
        /// Rows that have been told of.
        told: usize,
    },
    Done,
    /// It cannot be run: why.
    Refused(Option<String>),
}

#[wasm_bindgen]
impl Runs {
    /// Poses the problem of a link and puts every method at the start. `helper` is the address of `www/pair-worker.js`.
    #[wasm_bindgen(constructor)]
    pub fn new(link: &str, helper: &str) -> Result<Runs, JsError> {
        let Link { experiment, .. } = Link::parse(link);
        let problem = Arc::new(experiment.pose_measure().map_err(|error| JsError::new(&error.to_string()))?);
        let sums = Sums::new(experiment.view.engine, problem.setting.start.len(), helper);
        let start = |method| match MeasureRunner::new(&problem, &experiment, method, Box::new(Shared(sums.clone()))) {
            Ok(runner) => Run::Going { runner: Box::new(runner), told: 0 },
            Err(error) => Run::Refused(Some(error.to_string())),
        };
        let Experiment { methods, steps, .. } = &experiment;
        Ok(Self { runs: methods.iter().map(start).collect(), steps: *steps, sums })
    }

    /// Lets every run go on for about `milliseconds` in all. Returns the share of all steps that have been taken; one when
    /// nothing is left to do.
    pub async fn advance(&mut self, milliseconds: f64) -> f64 {
        let until = js_sys::Date::now() + milliseconds;
        let mut left = true;
        while left && js_sys::Date::now() < until {
            left = false;
            for run in &mut self.runs {
                if let Run::Going { runner, .. } = run {
                    left |= runner.advance().await;
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

    /// What is new of a method's trace as numbers, if there is something; `judged` ends the run.
    pub fn trace(&mut self, method: usize, judged: bool) -> Option<Float64Array> {
        let run = self.runs.get_mut(method)?;
        if judged {
            return match std::mem::replace(run, Run::Done) {
                Run::Going { runner, told } => Some(Float64Array::from(runner.finish().to_numbers(told).as_slice())),
                other => {
                    *run = other;
                    None
                }
            };
        }
        match run {
            Run::Going { runner, told } if *told < runner.so_far().rows.len() => {
                let numbers = runner.so_far().to_numbers(*told);
                *told = runner.so_far().rows.len();
                Some(Float64Array::from(numbers.as_slice()))
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

    /// What adds up the forces between particles, in words, when it is another than was last told.
    pub fn note(&self) -> Option<String> {
        self.sums.news()
    }

    /// How many methods there are.
    pub fn count(&self) -> usize {
        self.runs.len()
    }
}
