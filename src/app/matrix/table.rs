//! The outcomes of the matrix lab: error, rate, cost, memory, verdict.

use super::super::optimizers::Marker;
use super::super::state::State;
use super::MatrixLab;
use leptos::prelude::*;
use thalweg::experiment::matrix::MatrixOutcome;
use thalweg::figure::exponent_number;

/// One row a method.
#[component]
pub fn MatrixTable() -> impl IntoView {
    let state = State::expect();
    let count = state.part(|e| e.methods.len());
    let now = Memo::new(move |_| state.time.get().floor() as usize);
    view! {
        <section class="section outcomes matrix-outcomes" aria-label="Outcomes">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"at step " {now}</th>
                        <th scope="col" class="figure" title="distance to the truth over the truth's size, Frobenius norms">"error"</th>
                        <th scope="col" class="figure" title="questions asked so far: values, gradients, least-squares problems">"calls"</th>
                        <th scope="col" class="figure" title="numbers that the optimizer keeps between steps, besides the parameters">"memory"</th>
                    </tr>
                </thead>
                <tbody>{move || (0..count.get()).map(|index| view! { <Row index now/> }).collect_view()}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Row(
    /// Place of the method in the list.
    index: usize,
    /// The step that is shown.
    now: Memo<usize>,
) -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let title = state.part(move |e| e.methods.get(index).map_or_else(String::new, |m| m.title()));
    let visible = state.part(move |e| e.methods.get(index).is_some_and(|m| m.visible));
    let cells = Memo::new(move |_| {
        let refusal =
            lab.failures.with(|all| all.iter().find(|(who, _)| *who == Some(index)).map(|(_, why)| why.clone()));
        if let Some(why) = refusal {
            return (String::new(), String::new(), String::new(), why, true);
        }
        let trace = lab.traces.with(|traces| traces.get(index).cloned().flatten());
        let Some(trace) = trace else { return Default::default() };
        let step = now.get().min(trace.last());
        let verdict = if step == trace.last() || settled(&trace.outcome, step) {
            trace.outcome.verdict()
        } else {
            "on its way".to_owned()
        };
        let failed = step == trace.last() && matches!(trace.outcome, MatrixOutcome::Diverged { .. });
        let calls = trace.calls[step].total().to_string();
        (exponent_number(trace.errors[step], 2), calls, trace.memory.to_string(), verdict, failed)
    });
    view! {
        <tr class:off=move || !visible.get()>
            <th scope="row">
                <span class="outcome">
                    <Marker index/>
                    {title}
                    <small class:bad=move || cells.with(|c| c.4)>{move || cells.with(|c| c.3.clone())}</small>
                </span>
            </th>
            <td class="figure">{move || cells.with(|c| c.0.clone())}</td>
            <td class="figure">{move || cells.with(|c| c.1.clone())}</td>
            <td class="figure">{move || cells.with(|c| c.2.clone())}</td>
        </tr>
    }
}

/// Whether the outcome already holds at a step.
fn settled(outcome: &MatrixOutcome, step: usize) -> bool {
    matches!(outcome, MatrixOutcome::Recovered { step: from } if step >= *from)
}
