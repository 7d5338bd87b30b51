//! What the panels of the labs share: the problem with its parameters, steps and seed, the menu of problems.

use super::dialog::Dialog;
use super::knob::{KnobSlider, NumberField};
use super::notes::{Notes, Place};
use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, ProblemChoice};
use thalweg::optimizers::{Knob, Paper};
use thalweg::problems::{matrix, measure};

/// A family of problems as its panel and the menu show it.
#[derive(Clone, Copy, PartialEq)]
pub struct Listed {
    /// Name for people.
    title: &'static str,
    /// What is sought, in a line.
    summary: &'static str,
    /// What is lowered, in the notation of the texts.
    formula: &'static str,
    /// Its parameters.
    knobs: &'static [Knob],
    /// Where it was studied.
    paper: Paper,
}

impl From<&'static matrix::Family> for Listed {
    fn from(family: &'static matrix::Family) -> Self {
        let matrix::Family { title, summary, loss: formula, knobs, paper, .. } = *family;
        Self { title, summary, formula, knobs, paper }
    }
}

impl From<&'static measure::Family> for Listed {
    fn from(family: &'static measure::Family) -> Self {
        let measure::Family { title, summary, energy: formula, knobs, paper, .. } = *family;
        Self { title, summary, formula, knobs, paper }
    }
}

/// Name, formula and parameters of the present problem. What stands between belongs to one lab.
#[component]
pub fn ProblemSection(
    /// The family.
    #[prop(into)]
    shown: Signal<Option<Listed>>,
    /// Why the last change was not taken.
    refused: RwSignal<Option<String>>,
    /// Parameters that are not numbers.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let state = State::expect();
    view! {
        <section class="section problem" aria-label="Problem">
            <h2 class="section-title">"Problem"</h2>
            <button class="problem-choice" title="Choose another problem (o)" on:click=move |_| state.dialogs.landscapes.toggle()>
                <span class="problem-name">
                    <strong>{move || shown.get().map(|family| family.title)}</strong>
                    <small>{move || shown.get().map(|family| family.summary)}</small>
                </span>
                <span class="chevron" aria-hidden="true">"›"</span>
            </button>
            <p class="loss">{move || shown.get().map(|family| family.formula)}</p>
            <Notes place=Place::Problem/>
            <Show when=move || refused.get().is_some()>
                <p class="mistake" role="alert">{move || refused.get()}</p>
            </Show>
            {children.map(|children| children())}
            {move || {
                shown
                    .get()
                    .map(|family| family.knobs.iter().map(|knob| view! { <Parameter family knob refused/> }).collect_view())
            }}
        </section>
    }
}

/// One parameter.
#[component]
fn Parameter(
    /// The family that it belongs to.
    family: Listed,
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
        // The logarithmic slider of a count runs through numbers between.
        let value = if knob.id == "n" { value.round() } else { value };
        let posed = state.edit(|e| e.problem.set_parameter(knob.id, value));
        refused.set(posed.err().map(|error| error.to_string()));
    });
    view! { <KnobSlider knob=*knob label=knob.symbol spoken=format!("{}, {}", family.title, knob.meaning) value on_change=set/> }
}

/// Steps and seed, and what a lab adds.
#[component]
pub fn SettingsSection(
    /// What the seed names.
    drawn: &'static str,
    /// Where it is said why a change was not taken.
    refused: RwSignal<Option<String>>,
    /// More rows.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let state = State::expect();
    let most = state.part(|e| f64::from(Experiment::step_limit(e.methods.len())));
    view! {
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
            <div class="row" title=drawn>
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
            {children.map(|children| children())}
            <Notes place=Place::Settings/>
        </section>
    }
}

/// The menu of a lab's problems.
#[component]
pub fn ProblemMenu(
    /// Its heading.
    title: &'static str,
    /// Each family with the problem that it opens with.
    families: Vec<(Listed, ProblemChoice)>,
) -> impl IntoView {
    let state = State::expect();
    let choose = move |problem: &ProblemChoice| {
        state.dialogs.landscapes.close();
        let opening = Experiment::opening(problem.clone());
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
    let entry = move |(family, problem): (Listed, ProblemChoice)| {
        view! {
            <li>
                <button class="entry" on:click=move |_| choose(&problem) title=family.paper.title>
                    <strong>{family.title}</strong>
                    <span class="year">{family.paper.authors} " " {family.paper.year}</span>
                    <small>{family.summary}</small>
                </button>
            </li>
        }
    };
    view! {
        <Dialog handle=state.dialogs.landscapes name="landscapes" title=title>
            <ul class="entries">{families.into_iter().map(entry).collect_view()}</ul>
        </Dialog>
    }
}
