//! The outcomes of the measure lab: distance, W2, cost, verdict.

use super::super::optimizers::Marker;
use super::super::state::State;
use super::MeasureLab;
use leptos::prelude::*;
use thalweg::figure::{exponent_number, read_number};

/// One row a method.
#[component]
pub fn MeasureTable() -> impl IntoView {
    let state = State::expect();
    let count = state.part(|e| e.methods.len());
    let now = Memo::new(move |_| state.time.get().floor() as u32);
    view! {
        <section class="section outcomes matrix-outcomes" aria-label="Outcomes">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"at step " {now}</th>
                        <th scope="col" class="figure" title="energy distance to points of the target; zero for equal laws alone">"distance"</th>
                        <th scope="col" class="figure" title="2-Wasserstein distance to points of the target, by exact assignment">"W₂"</th>
                        <th scope="col" class="figure" title="gradients and values of the potential so far, each particle's counted">"calls"</th>

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
    let (state, lab) = (State::expect(), MeasureLab::expect());
    let title = state.part(move |e| e.methods.get(index).map_or_else(String::new, |m| m.title()));
    let visible = state.part(move |e| e.methods.get(index).is_some_and(|m| m.visible));
    let cells = Memo::new(move |_| {
        let refusal =
            lab.failures.with(|all| all.iter().find(|(who, _)| *who == Some(index)).map(|(_, why)| why.clone()));
        if let Some(why) = refusal {
            return ([const { String::new() }; 3], why);
        }
        let trace = lab.traces.with(|traces| traces.get(index).cloned().flatten());
        let shown = trace.as_ref().and_then(|trace| Some((trace, trace.row_at(f64::from(now.get()))?)));
        let Some((trace, row)) = shown else { return Default::default() };
        let is_last = trace.rows.last().is_some_and(|last| last.step == row.step);
        let verdict =
            if is_last && lab.progress.get().is_none() { trace.outcome.verdict() } else { "on its way".to_owned() };
        let number = |x: f64| if x.is_finite() { read_number(x) } else { "–".to_owned() };
        let count = |n: u64| if n == 0 { "–".to_owned() } else { exponent_number(n as f64, 2) };
        let pairs = if row.calls.pairs > 0 { format!("; {} pairs", count(row.calls.pairs)) } else { String::new() };
        let cells = [
            number(row.distance),
            number(trace.w2_at(f64::from(row.step))),
            count(row.calls.gradient + row.calls.value),
        ];
        (cells, verdict + &pairs)
    });
    view! {
        <tr class:off=move || !visible.get()>
            <th scope="row">
                <span class="outcome">
                    <Marker index/>
                    {title}
                    <small>{move || cells.with(|c| c.1.clone())}</small>
                </span>
            </th>
            {(0..3).map(|k| view! { <td class="figure">{move || cells.with(|c| c.0[k].clone())}</td> }).collect_view()}
        </tr>
    }
}
