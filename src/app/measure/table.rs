//! The outcomes of the measure lab: distance, W2, cost, verdict.

use super::super::lab_table::{Cells, LabTable};
use super::MeasureLab;
use leptos::prelude::*;
use thalweg::experiment::measure::MeasureOutcome;
use thalweg::figure::{exponent_number, read_number};

/// One row a method.
#[component]
pub fn MeasureTable() -> impl IntoView {
    let lab = MeasureLab::expect();
    let cells = move |index: usize, now: u32| {
        if let Some(refused) = lab.failures.with(|all| Cells::refused(index, all)) {
            return refused;
        }
        let trace = lab.traces.with(|traces| traces.get(index).cloned().flatten());
        let shown = trace.as_ref().and_then(|trace| Some((trace, trace.row_at(f64::from(now))?)));
        let Some((trace, row)) = shown else { return Cells::default() };
        let is_last = trace.rows.last().is_some_and(|last| last.step == row.step) && lab.progress.get().is_none();
        let verdict = if is_last { trace.outcome.verdict() } else { "on its way".to_owned() };
        let number = |x: f64| if x.is_finite() { read_number(x) } else { "–".to_owned() };
        let count = |n: u64| if n == 0 { "–".to_owned() } else { exponent_number(n as f64, 2) };
        let pairs = if row.calls.pairs > 0 { format!("; {} pairs", count(row.calls.pairs)) } else { String::new() };
        Cells {
            numbers: [
                number(row.distance),
                number(trace.w2_at(f64::from(row.step))),
                count(row.calls.gradient + row.calls.value),
            ],
            verdict: verdict + &pairs,
            bad: is_last && matches!(trace.outcome, MeasureOutcome::Diverged { .. }),
        }
    };
    view! {
        <LabTable
            heads=[
                ("distance", "energy distance to points of the target; zero for equal laws alone"),
                ("W₂", "2-Wasserstein distance to points of the target, by exact assignment"),
                ("calls", "gradients and values of the potential so far, each particle's counted"),
            ]
            cells
        />
    }
}
