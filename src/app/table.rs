//! The outcome table: the numbers at the present step, and the verdict.

use super::optimizers::Marker;
use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::Outcome;
use thalweg::figure::exponent_number;

/// One row a method.
#[component]
pub fn OutcomeTable() -> impl IntoView {
    let state = State::expect();
    let count = state.part(|e| e.methods.len());
    let now = Memo::new(move |_| state.time.get().floor() as u32);
    let tolerance = state.part(|e| e.tolerance);
    view! {
        <section class="section outcomes" aria-label="Outcomes">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"at step " {now}</th>
                        <th scope="col" class="figure">"f − f*"</th>
                        <th scope="col" class="figure" title="gradients asked for so far">"grads"</th>
                        <th
                            scope="col"
                            class="figure"
                            title=move || {
                                format!("oracle calls of all kinds until f − f* ≤ {}", exponent_number(tolerance.get(), 2))
                            }
                        >
                            "to tol"
                        </th>
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
    now: Memo<u32>,
) -> impl IntoView {
    let state = State::expect();
    let title = state.part(move |e| e.methods.get(index).map_or_else(String::new, |m| m.title()));
    let visible = state.part(move |e| e.methods.get(index).is_some_and(|m| m.visible));
    let cells = Memo::new(move |_| {
        let seen = state.seen();
        let trace = seen.run.traces.get(index)?;
        let lowest = seen.run.lowest();
        let k = trace.at(now.get());
        let ended = k == trace.last();
        let verdict =
            if ended || settled(&trace.outcome, k) { trace.outcome.verdict() } else { "on its way".to_owned() };
        let excess = exponent_number((trace.values[k] - lowest).max(0.0), 2);
        let to_tolerance = trace.first_below(lowest + seen.experiment.tolerance).map(|step| trace.calls[step].total());
        let bad = ended && trace.failed();
        Some((excess, trace.calls[k].gradient, to_tolerance, verdict, bad))
    });
    view! {
        <tr class:off=move || !visible.get()>
            <th scope="row">
                <span class="outcome">
                    <Marker index/>
                    {title}
                    <small class:bad=move || cells.get().is_some_and(|c| c.4)>{move || cells.get().map(|c| c.3)}</small>
                </span>
            </th>
            <td class="figure">{move || cells.get().map(|c| c.0)}</td>
            <td class="figure">{move || cells.get().map(|c| c.1)}</td>
            <td class="figure">{move || cells.get().map(|c| c.2.map_or_else(|| "–".to_owned(), |calls| calls.to_string()))}</td>
        </tr>
    }
}

/// Whether the outcome already holds at step `k`.
fn settled(outcome: &Outcome, k: usize) -> bool {
    matches!(outcome, Outcome::Converged { step, .. } if k >= *step)
}
