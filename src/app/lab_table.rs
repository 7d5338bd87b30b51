//! The table of a lab: a row a method, three numbers at the step that is shown, and the verdict.

use super::optimizers::Marker;
use super::state::State;
use leptos::prelude::*;

/// What a row shows.
#[derive(Clone, Default, PartialEq)]
pub struct Cells {
    /// The numbers, as they are read.
    pub numbers: [String; 3],
    /// The verdict, or why the method cannot be run.
    pub verdict: String,
    /// Whether it failed.
    pub bad: bool,
}

impl Cells {
    /// The row of a method that cannot be run; `None` where `failures` say nothing of it.
    pub fn refused(index: usize, failures: &[(Option<usize>, String)]) -> Option<Self> {
        let (_, why) = failures.iter().find(|(who, _)| *who == Some(index))?;
        Some(Self { verdict: why.clone(), bad: true, ..Self::default() })
    }
}

/// One row a method.
#[component]
pub fn LabTable<F: Fn(usize, u32) -> Cells + Copy + Send + Sync + 'static>(
    /// What the numbers are, with an explanation.
    heads: [(&'static str, &'static str); 3],
    /// The row of a method at a step, reactively.
    cells: F,
) -> impl IntoView {
    let state = State::expect();
    let count = state.part(|e| e.methods.len());
    let now = Memo::new(move |_| state.time.get().floor() as u32);
    let row = move |index: usize| {
        let title = state.part(move |e| e.methods.get(index).map_or_else(String::new, |m| m.title()));
        let visible = state.part(move |e| e.methods.get(index).is_some_and(|m| m.visible));
        let cells = Memo::new(move |_| cells(index, now.get()));
        view! {
            <tr class:off=move || !visible.get()>
                <th scope="row">
                    <span class="outcome">
                        <Marker index/>
                        {title}
                        <small class:bad=move || cells.with(|c| c.bad)>{move || cells.with(|c| c.verdict.clone())}</small>
                    </span>
                </th>
                {(0..3).map(|k| view! { <td class="figure">{move || cells.with(|c| c.numbers[k].clone())}</td> }).collect_view()}
            </tr>
        }
    };
    view! {
        <section class="section outcomes matrix-outcomes" aria-label="Outcomes">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"at step " {now}</th>
                        {heads.map(|(name, title)| view! { <th scope="col" class="figure" title=title>{name}</th> })}
                    </tr>
                </thead>
                <tbody>{move || (0..count.get()).map(row).collect_view()}</tbody>
            </table>
        </section>
    }
}
