//! The middle of the page: a cloud for each method, all at the same step.

use super::super::state::State;
use super::cloud::CloudView;
use super::tools::{Tool, takes_target};
use super::{MeasureLab, choice, choose};
use leptos::prelude::*;
use thalweg::experiment::CloudLayers;
use thalweg::figure::read_number;

/// The clouds, and what stands in for them when nothing can be run.
#[component]
pub fn MeasureStage() -> impl IntoView {
    let (state, lab) = (State::expect(), MeasureLab::expect());
    let failure =
        move || lab.failures.with(|all| all.iter().find(|(who, _)| who.is_none()).map(|(_, why)| why.clone()));
    let shown = state.part(|e| (0..e.methods.len()).filter(|i| e.methods[*i].visible).collect::<Vec<_>>());
    let notices = Memo::new(move |_| {
        let mut words: Vec<&'static str> = Vec::new();
        for (_, trace) in lab.shown(state) {
            words.extend(trace.notices.iter().map(|notice| notice.words()));
        }
        words.sort_unstable();
        words.dedup();
        words
    });
    let drawn = state.part(|e| choice(e).is_some_and(|choice| choice.cloud.is_some() || choice.target.is_some()));
    let tools = move || {
        let kind = state.with(|e| choice(e).map(|choice| choice.family().kind));
        Tool::ALL.into_iter().filter(move |(tool, ..)| *tool != Tool::Target || kind.is_some_and(takes_target))
    };
    let here = move || {
        let at = lab.hover.get()?;
        let potential = lab.problem.with(|posed| posed.0.as_ref().and_then(|problem| problem.potential.clone()));
        let value = potential.map_or_else(String::new, |mut potential| {
            let value = potential.value(at);
            if value.is_finite() { format!("  U = {}", read_number(value)) } else { "  U is no number here".to_owned() }
        });
        Some(format!("({}, {}){value}", read_number(at[0]), read_number(at[1])))
    };
    view! {
        <div class="matrix-stage measure-stage">
            <div class="stage-bar">
                <div class="chips" role="radiogroup" aria-label="What the pointer does">
                    {move || {
                        tools()
                            .map(|(tool, name, meaning)| {
                                view! {
                                    <button
                                        class="chip"
                                        role="radio"
                                        title=meaning
                                        aria-checked=move || (lab.tool.get() == tool).to_string()
                                        on:click=move |_| lab.tool.set(tool)
                                    >
                                        {name}
                                    </button>
                                }
                            })
                            .collect_view()
                    }}
                    <Show when=move || drawn.get()>
                        <button
                            class="link-button"
                            on:click=move |_| {
                                lab.selection.set(Vec::new());
                                state.change(|e| choose(e, |choice| (choice.cloud, choice.target) = (None, None)));
                            }
                        >
                            "Undraw"
                        </button>
                    </Show>
                </div>
                <span class="cloud-layers">
                    {(0..CloudLayers::NAMES.len()).map(|at| view! { <Layer at/> }).collect_view()}
                </span>
            </div>
            <div class="stage-bar stage-told">
                <span class="hint" role="status">{here}</span>
                <Show when=move || lab.progress.get().is_some()>
                    <span class="progress" role="status">
                        <progress max="1" prop:value=move || lab.progress.get().unwrap_or(1.0)></progress>
                        {move || format!("{:.0} %", 100.0 * lab.progress.get().unwrap_or(1.0))}
                        <button class="link-button" on:click=move |_| lab.cancel()>"Stop"</button>
                    </span>
                </Show>
                <span class="hint sums-note">{move || lab.note.get()}</span>
            </div>
            <Show when=move || failure().is_some()>
                <p class="mistake stage-failure" role="alert">{failure}</p>
            </Show>
            {move || notices.get().into_iter().map(|words| view! { <p class="hint notice" role="status">{words}</p> }).collect_view()}
            <Show when=move || shown.with(Vec::is_empty)>
                <p class="hint stage-failure">"No method is shown: add one to see its particles move."</p>
            </Show>
            <div class="clouds" class:single=move || shown.with(|shown| shown.len() == 1) class:pair=move || shown.with(|shown| shown.len() == 2)>
                <For each=move || shown.get() key=|index| *index let:index>
                    <CloudView index/>
                </For>
            </div>
        </div>
    }
}

/// The switch of a layer.
#[component]
fn Layer(
    /// Its place among the layers.
    at: usize,
) -> impl IntoView {
    let state = State::expect();
    let name = CloudLayers::NAMES[at];
    let on = state.part(move |e| {
        let mut layers = e.view.clouds;
        *layers.switches()[at]
    });
    let switch = move |event| {
        let on = event_target_checked(&event);
        state.change(|e| *e.view.clouds.switches()[at] = on);
    };
    view! {
        <label class="inline">
            <input type="checkbox" prop:checked=move || on.get() on:change=switch/>
            {name}
        </label>
    }
}
