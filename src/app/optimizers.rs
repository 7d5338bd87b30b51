//! The optimizers of the experiment with their knobs, and the menu of those there are.

use super::dialog::Dialog;
use super::knob::KnobSlider;
use super::notes::{Notes, Place};
use super::problem::tune;
use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Lab, Method, Stage, limits, tuned_step_size};
use thalweg::figure::trail_shape;
use thalweg::optimizers::{self, Entry, REGISTRY, wrappers};

/// The list with knobs, and the way to add to it.
#[component]
pub fn OptimizerPanel() -> impl IntoView {
    let state = State::expect();
    let plane = state.with_untracked(Experiment::lab) == Lab::Plane;
    // Rows are rebuilt when methods come or go, not when a knob moves: a slider must stay under the finger.
    let shape = state.part(|e| {
        let ids = |m: &Method| (m.base.id, m.wrappers.iter().map(|w| w.id).collect::<Vec<_>>());
        e.methods.iter().map(ids).collect::<Vec<_>>()
    });
    let full = Memo::new(move |_| shape.get().len() >= limits::OPTIMIZERS);
    view! {
        <section class="section optimizers" aria-label="Optimizers">
            <div class="section-head">
                <h2 class="section-title">"Optimizers"</h2>
                <Show when=move || plane>
                    <button
                        class="link-button"
                        title="Give every optimizer the step size that ends lowest on this landscape"
                        on:click=move |_| state.change(tune)
                    >
                        "Tune step sizes"
                    </button>
                </Show>
            </div>
            <Notes place=Place::Optimizers/>
            {move || {
                (0..shape.get().len()).map(|index| view! { <MethodRow index/> }).collect_view()
            }}
            <Show when=move || shape.get().is_empty()>
                <p class="hint">
                    {if plane { "No optimizer yet: add one and drag the start on the map." } else { "No optimizer yet." }}
                </p>
            </Show>
            <button
                class="link-button add"
                prop:disabled=move || full.get()
                on:click=move |_| state.dialogs.optimizers.toggle()
            >
                {move || if full.get() { "16 optimizers are the most" } else { "+ Add an optimizer" }}
            </button>
        </section>
    }
}

/// The marker of the `index`-th method, as in the map, the plots and the table.
#[component]
pub fn Marker(
    /// Place in the list.
    index: usize,
) -> impl IntoView {
    let (shape, hollow) = trail_shape(index);
    let corners = shape.corners([8.0, 8.0], 5.0);
    let path = if corners.is_empty() {
        "M8 3a5 5 0 1 0 .01 0Z".to_owned()
    } else {
        let points: Vec<String> = corners.iter().map(|[x, y]| format!("{x:.2} {y:.2}")).collect();
        format!("M{}Z", points.join("L"))
    };
    view! {
        <svg class=format!("marker trail-{}", index % 8) class:hollow=hollow viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

/// One method: shown or not, its knobs, its paper, the way out.
#[component]
fn MethodRow(
    /// Place in the list.
    index: usize,
) -> impl IntoView {
    let state = State::expect();
    let Some(method) = state.with_untracked(|e| e.methods.get(index).cloned()) else { return ().into_any() };
    let entry = method.entry();
    let visible = state.part(move |e| e.methods.get(index).is_some_and(|m| m.visible));
    let flip = move |_| {
        state.change(|e| {
            if let Some(method) = e.methods.get_mut(index) {
                method.visible = !method.visible;
            }
        });
    };
    let title = method.title();
    let wrapped = method.wrappers.clone();
    let remove = move |_| {
        state.change(|e| {
            if index < e.methods.len() {
                e.methods.remove(index);
            }
        });
    };
    view! {
        <div class=format!("method trail-{}", index % 8) class:off=move || !visible.get()>
            <div class="method-head">
                <button
                    class="method-name"
                    aria-pressed=move || visible.get().to_string()
                    title=move || if visible.get() { "Hide its trail" } else { "Show its trail" }
                    on:click=flip
                >
                    <Marker index/>
                    <strong>{title.clone()}</strong>
                </button>
                <span class="year">{entry.paper.year}</span>
                <button class="remove" aria-label=format!("Remove {title}") title="Remove" on:click=remove>"✕"</button>
            </div>
            <StageKnobs index stage=method.base.clone() place=0/>
            {wrapped
                .into_iter()
                .enumerate()
                .map(|(place, stage)| {
                    let name = wrappers::find(stage.id).map_or("", |wrapper| wrapper.title);
                    let unwrap_it = move |_| {
                        state.change(|e| {
                            if let Some(method) = e.methods.get_mut(index).filter(|m| place < m.wrappers.len()) {
                                method.wrappers.remove(place);
                            }
                        });
                    };
                    view! {
                        <div class="wrapper">
                            <span>"in " {name}</span>
                            <button class="remove" aria-label=format!("Take {name} away") on:click=unwrap_it>"✕"</button>
                        </div>
                        <StageKnobs index stage place=place + 1/>
                    }
                })
                .collect_view()}
            <details class="about">
                <summary>"About"</summary>
                <p>{entry.summary}"."</p>
                <p class="paper">{cite(entry)}</p>
                <AddWrapper index/>
            </details>
        </div>
    }
    .into_any()
}

/// The knobs of the optimizer itself (`place` 0) or of the wrapper at `place` - 1.
#[component]
fn StageKnobs(
    /// Place of the method in the list.
    index: usize,
    /// The optimizer or wrapper as it is now.
    stage: Stage,
    /// 0 for the optimizer itself.
    place: usize,
) -> impl IntoView {
    let state = State::expect();
    let title = optimizers::find(stage.id).map_or(stage.id, |entry| entry.title);
    let knobs: Vec<_> = stage.knobs.iter().map(|(knob, _)| knob).collect();
    knobs
        .into_iter()
        .map(|knob| {
            let value = state.part(move |e| {
                let stage = e.methods.get(index).and_then(|method| pick(method, place));
                stage.filter(|s| s.knobs.iter().any(|(k, _)| k.id == knob.id)).map_or(knob.default, |s| s.knobs.get(knob.id))
            });
            let set = Callback::new(move |value: f64| {
                state.change(|e| {
                    if let Some(stage) = e.methods.get_mut(index).and_then(|method| pick_mut(method, place)) {
                        stage.knobs.set(knob.id, value);
                    }
                });
            });
            view! { <KnobSlider knob=*knob label=knob.symbol spoken=format!("{title}, {}", knob.meaning) value on_change=set/> }
        })
        .collect_view()
}

fn pick(method: &Method, place: usize) -> Option<&Stage> {
    if place == 0 { Some(&method.base) } else { method.wrappers.get(place - 1) }
}

fn pick_mut(method: &mut Method, place: usize) -> Option<&mut Stage> {
    if place == 0 { Some(&mut method.base) } else { method.wrappers.get_mut(place - 1) }
}

/// Wraps the method in one of the wrappers there are.
#[component]
fn AddWrapper(
    /// Place of the method in the list.
    index: usize,
) -> impl IntoView {
    let state = State::expect();
    let wrap = move |event| {
        let id = event_target_value(&event);
        if let Some(entry) = wrappers::find(&id) {
            state.change(|e| {
                if let Some(method) = e.methods.get_mut(index).filter(|m| m.wrappers.len() < limits::WRAPPERS) {
                    method.wrappers.push(Stage { id: entry.id, knobs: entry.defaults() });
                }
            });
        }
    };
    view! {
        <label class="row">
            <span class="knob-label">"wrap in"</span>
            <select on:change=wrap>
                <option value="">"nothing more"</option>
                {wrappers::WRAPPERS
                    .iter()
                    .map(|entry| view! { <option value=entry.id title=entry.summary>{entry.title}</option> })
                    .collect_view()}
            </select>
        </label>
    }
}

/// The paper as one cites it.
fn cite(entry: &Entry) -> String {
    let paper = entry.paper;
    let reference = if paper.reference.is_empty() { String::new() } else { format!(" {}.", paper.reference) };
    format!("{}, {}. {}.{reference}", paper.authors, paper.year, paper.title)
}

/// Whether an optimizer can be run on the present problem: methods that move clouds of particles need one.
#[cfg(labs)]
fn suits(state: State, entry: &Entry) -> bool {
    match state.with_untracked(Experiment::lab) {
        Lab::Plane => !entry.is_flow(),
        // Noise that does not settle shows nothing of a matrix.
        Lab::Matrix => entry.family != optimizers::Family::Flow,
        Lab::Measure => super::measure::MeasureLab::expect().suits(entry),
    }
}

#[cfg(not(labs))]
fn suits(_: State, _: &Entry) -> bool {
    true
}

/// All optimizers by family.
#[component]
pub fn OptimizerPicker() -> impl IntoView {
    let state = State::expect();
    let plane = state.with_untracked(Experiment::lab) == Lab::Plane;
    let query = RwSignal::new(String::new());
    let families = move || {
        let words: Vec<String> = query.get().to_ascii_lowercase().split_whitespace().map(str::to_owned).collect();
        let wanted = |entry: &&'static Entry| {
            let text =
                format!("{} {} {} {} {}", entry.id, entry.title, entry.summary, entry.paper.authors, entry.paper.year);
            words.iter().all(|word| text.to_ascii_lowercase().contains(word))
        };
        let mut families: Vec<(&'static str, Vec<&'static Entry>)> = Vec::new();
        for entry in REGISTRY.iter().filter(wanted).filter(|entry| suits(state, entry)) {
            let family = entry.family.title();
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, entries)) => entries.push(entry),
                None => families.push((family, vec![entry])),
            }
        }
        families
    };
    let add = move |entry: &'static Entry| {
        state.dialogs.optimizers.close();
        let Some(mut method) = Method::new(entry.id, &[]) else { return };
        if plane {
            // With the paper's default step size most methods would hardly leave the start of a small problem.
            let run = state.run_untracked();
            if let Some(lr) = state.with_untracked(|e| tuned_step_size(&run.problem, e, &method)) {
                method.base.knobs.set("lr", lr);
            }
        }
        state.change(|e| e.methods.push(method));
    };
    view! {
        <Dialog handle=state.dialogs.optimizers name="optimizers" title="Add an optimizer">
            <div class="search">
                <input
                    type="search"
                    autofocus
                    placeholder="Search: name, author, year"
                    aria-label="Search optimizers"
                    prop:value=move || query.get()
                    on:input=move |event| query.set(event_target_value(&event))
                />
                <p class="count">
                    {if plane {
                        "Its step size is tuned to the landscape; everything else is the paper's default."
                    } else {
                        "Knobs have the paper's defaults."
                    }}
                </p>
            </div>
            {move || {
                let families = families();
                if families.is_empty() {
                    return view! { <p class="hint">"No optimizer has all of these words."</p> }.into_any();
                }
                families
                    .into_iter()
                    .map(|(family, entries)| {
                        view! {
                            <h3 class="section-title">{family}</h3>
                            <ul class="entries">
                                {entries
                                    .into_iter()
                                    .map(|entry| {
                                        view! {
                                            <li>
                                                <button class="entry" on:click=move |_| add(entry)>
                                                    <strong>{entry.title}</strong>
                                                    <span class="year">{entry.paper.year}</span>
                                                    <small>{entry.summary}</small>
                                                </button>
                                            </li>
                                        }
                                    })
                                    .collect_view()}
                            </ul>
                        }
                    })
                    .collect_view()
                    .into_any()
            }}
        </Dialog>
    }
}
