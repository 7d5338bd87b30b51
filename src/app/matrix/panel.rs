//! The problem of the matrix lab with its parameters, and the menu of those there are.

use super::super::dialog::Dialog;
use super::super::knob::{KnobSlider, NumberField};
use super::super::notes::{Notes, Place};
use super::super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, ProblemChoice};
use thalweg::optimizers::Knob;
use thalweg::problems::matrix::{FAMILIES, Family, find};

/// The family of the present problem, when it changes.
fn family(state: State) -> Memo<Option<&'static str>> {
    state.part(|e| match e.problem {
        ProblemChoice::Matrix { id, .. } => Some(id),
        _ => None,
    })
}

/// Name, loss, parameters, seed, steps and tolerance.
#[component]
pub fn MatrixPanel() -> impl IntoView {
    let state = State::expect();
    let id = family(state);
    let shown = move || id.get().and_then(find);
    // Why the last change was not taken.
    let refused = RwSignal::new(None::<String>);
    let most = state.part(|e| f64::from(Experiment::step_limit(e.methods.len())));
    view! {
        <section class="section problem" aria-label="Problem">
            <h2 class="section-title">"Problem"</h2>
            <button class="problem-choice" title="Choose another problem (o)" on:click=move |_| state.dialogs.landscapes.toggle()>
                <span class="problem-name">
                    <strong>{move || shown().map(|family| family.title)}</strong>
                    <small>{move || shown().map(|family| family.summary)}</small>
                </span>
                <span class="chevron" aria-hidden="true">"›"</span>
            </button>
            <p class="loss">{move || shown().map(|family| family.loss)}</p>
            <Notes place=Place::Problem/>
            <Show when=move || refused.get().is_some()>
                <p class="mistake" role="alert">{move || refused.get()}</p>
            </Show>
            {move || {
                shown()
                    .map(|family| family.knobs.iter().map(|knob| view! { <Parameter family knob refused/> }).collect_view())
            }}
        </section>
        <section class="section settings" aria-label="Seed and steps">
            <div class="row">
                <span class="knob-label">"steps"</span>
                {move || {
                    view! {
                        <NumberField
                            value=state.part(|e| f64::from(e.steps))
                            range=(0.0, most.get())
                            whole=true
                            spoken="number of steps"
                            on_change=Callback::new(move |n: f64| state.change(|e| e.steps = n as u32))
                        />
                    }
                }}
            </div>
            <div class="row" title="names everything that is drawn: truth, measurements, noise, start">
                <span class="knob-label">"seed"</span>
                <NumberField
                    value=state.part(|e| e.seed as f64)
                    range=(0.0, 9_007_199_254_740_991.0)
                    whole=true
                    spoken="seed of everything that is drawn"
                    on_change=Callback::new(move |seed: f64| {
                        refused.set(state.edit(|e| e.seed = seed as u64).err().map(|error| error.to_string()));
                    })
                />
            </div>
            <div class="row" title="a relative error at or below this counts as recovered">
                <span class="knob-label">"solved at"</span>
                <NumberField
                    value=state.part(|e| e.tolerance)
                    range=(1e-15, 1e6)
                    spoken="relative error that counts as recovered"
                    on_change=Callback::new(move |tolerance| state.change(|e| e.tolerance = tolerance))
                />
            </div>
            <Notes place=Place::Settings/>
        </section>
    }
}

/// One parameter.
#[component]
fn Parameter(
    /// The family that it belongs to.
    family: &'static Family,
    /// The parameter.
    knob: &'static Knob,
    /// Where it is said why a change was not taken.
    refused: RwSignal<Option<String>>,
) -> impl IntoView {
    let state = State::expect();
    let value = state.part(move |e| {
        let given = e.problem.parameters().iter().find(|(name, _)| name == knob.id);
        given.map_or(knob.default, |(_, value)| *value)
    });
    let set = Callback::new(move |value: f64| {
        let posed = state.edit(|e| e.problem.set_parameter(knob.id, value));
        refused.set(posed.err().map(|error| error.to_string()));
    });
    view! { <KnobSlider knob=*knob label=knob.symbol spoken=format!("{}, {}", family.title, knob.meaning) value on_change=set/> }
}

/// The menu of problems.
#[component]
pub fn FamilyPicker() -> impl IntoView {
    let state = State::expect();
    let choose = move |family: &'static Family| {
        state.dialogs.landscapes.close();
        let opening = Experiment::opening(ProblemChoice::Matrix { id: family.id, parameters: Vec::new() });
        let posed = state.edit(|e| {
            let (view, seed) = (e.view.clone(), e.seed);
            *e = Experiment { seed, ..opening };
            e.view = view;
            e.view.fit = None;
        });
        if posed.is_ok() {
            state.notes.set(Vec::new());
            state.replay();
        }
    };
    view! {
        <Dialog handle=state.dialogs.landscapes name="landscapes" title="Matrix problems">
            <ul class="entries">
                {FAMILIES
                    .iter()
                    .map(|family| {
                        view! {
                            <li>
                                <button class="entry" on:click=move |_| choose(family) title=family.paper.title>
                                    <strong>{family.title}</strong>
                                    <span class="year">{family.paper.authors} " " {family.paper.year}</span>
                                    <small>{family.summary}</small>
                                </button>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Dialog>
    }
}
