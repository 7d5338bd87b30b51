//! The outcomes of the matrix lab: error, cost, memory, verdict.

use super::super::lab_table::{Cells, LabTable};
use super::MatrixLab;
use leptos::prelude::*;
use thalweg::experiment::matrix::MatrixOutcome;
use thalweg::figure::exponent_number;

/// One row a method.
#[component]
pub fn MatrixTable() -> impl IntoView {
    let lab = MatrixLab::expect();
    let cells = move |index: usize, now: u32| {
        if let Some(refused) = lab.failures.with(|all| Cells::refused(index, all)) {
            return refused;
        }
        let Some(trace) = lab.traces.with(|traces| traces.get(index).cloned().flatten()) else {
            return Cells::default();
        };
        let step = (now as usize).min(trace.last());
        let at_end = step == trace.last();
        let recovered = matches!(trace.outcome, MatrixOutcome::Recovered { step: from } if step >= from);
        let told = at_end || recovered;
        Cells {
            numbers: [
                exponent_number(trace.errors[step], 2),
                trace.calls[step].total().to_string(),
                trace.memory.to_string(),
            ],
            verdict: if told { trace.outcome.verdict() } else { "on its way".to_owned() },
            bad: at_end && matches!(trace.outcome, MatrixOutcome::Diverged { .. }),
        }
    };
    view! {
        <LabTable
            heads=[
                ("error", "distance to the truth over the truth's size, Frobenius norms"),
                ("calls", "questions asked so far: values, gradients, least-squares problems"),
                ("memory", "numbers that the optimizer keeps between steps, besides the parameters"),
            ]
            cells
        />
    }
}
