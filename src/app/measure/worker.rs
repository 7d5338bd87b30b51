//! What is asked of the worker that runs problems of the measure lab.

use super::super::dom::{self, object};
use super::super::lab_worker::{LabModule, LabWorker, number, numbers, text};

static MODULE: LabModule =
    LabModule { script: ["thalweg-measure", "measure.js"], wasm: ["thalweg-measure-wasm", "measure_bg.wasm"] };

/// What the worker says of a run.
pub enum Answer {
    /// More of the trace of a method, as numbers.
    Rows(usize, Vec<f64>),
    /// Why a method, or everything, cannot be run.
    Refused(Option<usize>, String),
    /// The share of all steps that have been taken.
    Share(f64),
    /// What adds up the forces between particles; empty when there is nothing to tell.
    Note(String),
}

/// The worker of the measure lab.
pub struct MeasureWorker(LabWorker);

impl Default for MeasureWorker {
    fn default() -> Self {
        Self(LabWorker::new(&MODULE))
    }
}

impl MeasureWorker {
    /// Runs the experiment of a link; answers to what was asked before are dropped.
    pub fn run(&mut self, link: &str, mut answer: impl FnMut(Answer) + 'static) {
        let helper = dom::address("thalweg-pair-worker", "pair-worker.js");
        let message = object(&[("kind", "run".into()), ("link", link.into()), ("helper", helper.into())]);
        self.0.ask(&message, move |data| {
            let method = number(data, "method").map(|method| method as usize);
            if let Some(error) = text(data, "error").or_else(|| text(data, "refusal")) {
                answer(Answer::Refused(method, error));
            } else if let (Some(method), Some(numbers)) = (method, numbers(data, "numbers")) {
                answer(Answer::Rows(method, numbers));
            } else if let Some(share) = number(data, "share") {
                answer(Answer::Share(share));
            } else if let Some(note) = text(data, "note") {
                answer(Answer::Note(note));
            }
        });
    }

    /// Ends the worker.
    pub fn close(&mut self) {
        self.0.close();
    }
}
