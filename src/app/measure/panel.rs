//! The problem of the measure lab with its parameters, and the menu of those there are.

use super::super::dialog::Dialog;
use super::super::knob::{KnobSlider, NumberField};
use super::super::notes::{Notes, Place};
use super::super::state::State;
use super::{choice, choose};
use leptos::prelude::*;
use thalweg::experiment::{Experiment, ProblemChoice};
use thalweg::landscapes;
use thalweg::optimizers::Knob;
use thalweg::problems::measure::{Choice, FAMILIES, Family, Kind, SHAPES, find};

/// Interactions that can be chosen: their names and W(r).
const INTERACTIONS: [(&str, &str); 5] = [
    ("ring: r⁴/4 − r²/2", "r^4/4-r^2/2"),
    ("disc: r²/2 − ln r", "r^2/2-ln(r)"),
    ("lattice: r²/2 + e^(−4r)", "r^2/2+exp(-4*r)"),
    ("Morse: far pull, near push", "2*exp(-2*r)-exp(-r)"),
    ("Keller-Segel: ln r, collapse", "ln(r)"),
];

/// Name, energy, parameters, seed and steps.
#[component]
pub fn MeasurePanel() -> impl IntoView {
    let state = State::expect();
    let id = state.part(|e| choice(e).map(|choice| choice.id));
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
            <p class="loss">{move || shown().map(|family| family.energy)}</p>
            <Notes place=Place::Problem/>
            <Show when=move || refused.get().is_some()>
                <p class="mistake" role="alert">{move || refused.get()}</p>
            </Show>
            {move || shown().map(|family| view! { <Words family refused/> })}
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
            <div class="row" title="names everything that is drawn: start, points that are sought, noise">
                <span class="knob-label">"seed"</span>
                <NumberField
                    value=state.part(|e| e.seed as f64)
                    range=(0.0, 9_007_199_254_740_991.0)
                    whole=true
                    spoken="seed of everything that is drawn"
                    on_change=Callback::new(move |seed: f64| state.change(|e| e.seed = seed as u64))
                />
            </div>
            <Notes place=Place::Settings/>
        </section>
    }
}

/// The parameters that are words: shapes, landscapes, formulas.
#[component]
fn Words(
    /// The family that they belong to.
    family: &'static Family,
    /// Where it is said why a change was not taken.
    refused: RwSignal<Option<String>>,
) -> impl IntoView {
    let state = State::expect();
    let set = move |name: &'static str, word: &str| {
        let posed = state.edit(|e| choose(e, |choice| choice.set_word(name, word)));
        refused.set(posed.err().map(|error| error.to_string()));
    };
    let word =
        move |name: &'static str| state.part(move |e| choice(e).map_or_else(String::new, |c| c.word(name).to_owned()));
    match family.kind {
        Kind::Clouds => [("from", "from"), ("to", "to")]
            .map(|(name, label)| {
                let now = word(name);
                let options = SHAPES.map(|(shape, _)| view! { <option value=shape>{shape}</option> }).collect_view();
                view! {
                    <label class="row">
                        <span class="knob-label">{label}</span>
                        <select prop:value=move || now.get() on:change=move |event| set(name, &event_target_value(&event))>
                            {options}
                        </select>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
        Kind::Potential => {
            let (on, f) = (word("on"), word("f"));
            let rows: Vec<_> = landscapes::offered().map(|row| view! { <option value=row.id>{row.name}</option> }).collect();
            view! {
                <label class="row">
                    <span class="knob-label">"f"</span>
                    <select
                        prop:value=move || if f.with(String::is_empty) { on.get() } else { String::new() }
                        on:change=move |event| {
                            set("f", "");
                            set("on", &event_target_value(&event));
                        }
                    >
                        <option value="">"your formula"</option>
                        {rows}
                    </select>
                </label>
                <Typed now=f placeholder="or a formula in x and y" spoken="formula of the potential" set=Callback::new(move |text: String| set("f", &text))/>
            }
            .into_any()
        }
        Kind::Interaction => {
            let w = word("w");
            view! {
                <label class="row">
                    <span class="knob-label">"W(r)"</span>
                    <select prop:value=move || w.get() on:change=move |event| set("w", &event_target_value(&event))>
                        <option value="">"your formula"</option>
                        {INTERACTIONS.map(|(name, text)| view! { <option value=text>{name}</option> }).collect_view()}
                    </select>
                </label>
                <Typed now=w placeholder="a formula in r" spoken="W as a formula in r" set=Callback::new(move |text: String| set("w", &text))/>
            }
            .into_any()
        }
        _ => ().into_any(),
    }
}

/// A field for a formula, taken when it is left or confirmed.
#[component]
fn Typed(
    /// The formula as it is now.
    now: Memo<String>,
    /// What stands in it while it is empty.
    placeholder: &'static str,
    /// What it is called by a screen reader.
    spoken: &'static str,
    /// Takes a formula.
    set: Callback<String>,
) -> impl IntoView {
    view! {
        <input
            class="formula-line"
            type="text"
            spellcheck="false"
            autocomplete="off"
            maxlength="400"
            placeholder=placeholder
            aria-label=spoken
            prop:value=move || now.get()
            on:change=move |event| set.run(event_target_value(&event))
        />
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
        // The logarithmic slider of a count runs through numbers between.
        let value = if knob.id == "n" { value.round() } else { value };
        let posed = state.edit(|e| e.problem.set_parameter(knob.id, value));
        refused.set(posed.err().map(|error| error.to_string()));
    });
    view! { <KnobSlider knob=*knob label=knob.symbol spoken=format!("{}, {}", family.title, knob.meaning) value on_change=set/> }
}

/// The menu of problems.
#[component]
pub fn FamilyPicker() -> impl IntoView {
    let state = State::expect();
    let take = move |family: &'static Family| {
        state.dialogs.landscapes.close();
        let opening = Experiment::opening(ProblemChoice::Measure(Choice::new(family)));
        let posed = state.edit(|e| {
            let (view, seed) = (e.view.clone(), e.seed);
            *e = Experiment { seed, ..opening };
            e.view = view;
        });
        if posed.is_ok() {
            state.notes.set(Vec::new());
            state.replay();
        }
    };
    view! {
        <Dialog handle=state.dialogs.landscapes name="landscapes" title="Problems of the measure lab">
            <ul class="entries">
                {FAMILIES
                    .iter()
                    .map(|family| {
                        view! {
                            <li>
                                <button class="entry" on:click=move |_| take(family) title=family.paper.title>
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
