//! What is minimised: picture, name, formula, parameters; the picker; a formula of one's own.

use super::dialog::Dialog;
use super::formula_editor::FormulaEditor;
use super::knob::KnobSlider;
use super::notes::{Notes, Place};
use super::state::State;
use crate::canvas::put_pixels;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, ProblemChoice, tuned_step_size};
use thalweg::figure::{Theme, thumbnail};
use thalweg::formula::{MATHML_NAMESPACE, MathNode};
use thalweg::landscapes;
use thalweg::optimizers::{Knob, Scale};
use thalweg::problems::PlaneProblem;

/// Width and height of a thumbnail in pixels of the page.
const THUMBNAIL: (u32, u32) = (66, 50);

/// The present problem with its parameters, and the ways to another one.
#[component]
pub fn ProblemPanel() -> impl IntoView {
    let state = State::expect();
    let choice = state.part(|e| e.problem.clone());
    let row = Memo::new(move |_| match choice.get() {
        ProblemChoice::Landscape { id, .. } => Some(id),
        _ => None,
    });
    let typed = Memo::new(move |_| row.get().is_none());
    let editing =
        RwSignal::new(state.notes.get_untracked().iter().any(|note| note.formula.is_some()) || typed.get_untracked());
    let names = Memo::new(move |_| {
        let run = state.run();
        run.problem.parameters.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    });
    view! {
        <section class="section problem" aria-label="Problem">
            <h2 class="section-title">"Problem"</h2>
            <button class="problem-choice" title="Choose another landscape" on:click=move |_| state.dialogs.landscapes.toggle()>
                <Thumbnail row/>
                <span class="problem-name">
                    <strong>{move || state.landed().problem.title.clone()}</strong>
                    <small>{move || row.get().and_then(landscapes::find).map_or("typed by you", |row| row.tagline)}</small>
                </span>
                <span class="chevron" aria-hidden="true">"›"</span>
            </button>
            <Show when=move || !editing.get()>
                <div class="equation">{move || equation(&state.landed().problem)}</div>
            </Show>
            <button
                class="link-button"
                aria-expanded=move || editing.get().to_string()
                on:click=move |_| editing.update(|editing| *editing = !*editing)
            >
                {move || if editing.get() { "Hide the formula's text" } else { "Type a formula" }}
            </button>
            <Show when=move || editing.get()>
                <FormulaEditor/>
            </Show>
            <Notes place=Place::Problem/>
            <For each=move || names.get() key=|name| name.clone() let:name>
                <Parameter name/>
            </For>
        </section>
    }
}

/// One parameter of the problem.
#[component]
fn Parameter(
    /// Its name in the formula.
    name: String,
) -> impl IntoView {
    let state = State::expect();
    let default = state
        .run_untracked()
        .problem
        .row
        .and_then(|row| row.params.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
        .unwrap_or(1.0);
    let sought = name.clone();
    let value = Memo::new(move |_| {
        let run = state.run();
        run.problem.parameters.iter().find(|(known, _)| *known == sought).map_or(default, |(_, value)| *value)
    });
    let label = greek(&name);
    let spoken = format!("parameter {name}");
    let set = Callback::new(move |value: f64| {
        // A parameter never keeps a formula from being read.
        state.change(|e| e.problem.set_parameter(&name, value));
    });
    view! { <KnobSlider knob=parameter_knob(default) label spoken value on_change=set/> }
}

/// A slider for a parameter with this default: logarithmic where the default spans decades, otherwise about as far
/// below the default as above.
fn parameter_knob(default: f64) -> Knob {
    let (range, scale) = if default.abs() >= 10.0 || (default > 0.0 && default < 0.05) {
        ((default.min(0.0) * 100.0, default.abs() * 100.0), Scale::Log { from: default.abs() / 1e3 })
    } else if default == 0.0 {
        ((-2.0, 2.0), Scale::Linear)
    } else if default > 0.0 {
        ((0.0, 4.0 * default), Scale::Linear)
    } else {
        ((4.0 * default, -4.0 * default), Scale::Linear)
    };
    Knob { id: "parameter", symbol: "", default, range, scale, meaning: "a parameter of the formula" }
}

/// A parameter's name as it is written in the formula.
fn greek(name: &str) -> String {
    const LETTERS: [(&str, &str); 10] = [
        ("alpha", "α"),
        ("beta", "β"),
        ("gamma", "γ"),
        ("delta", "δ"),
        ("kappa", "κ"),
        ("lam", "λ"),
        ("lambda", "λ"),
        ("mu", "μ"),
        ("sigma", "σ"),
        ("theta", "θ"),
    ];
    LETTERS.iter().find(|(known, _)| *known == name).map_or_else(|| name.to_owned(), |(_, letter)| (*letter).to_owned())
}

/// The formula as mathematics: f = ...
fn equation(problem: &PlaneProblem) -> impl IntoView + use<> {
    let tree = problem.formula.mathml();
    let host = NodeRef::<leptos::html::Span>::new();
    Effect::new(move |_| {
        if let Some(host) = host.get() {
            host.set_text_content(None);
            if let Some(element) = build_math(&tree) {
                let _ = host.append_child(&element);
            }
        }
    });
    view! {
        <span class="f-equals" aria-hidden="true">"f = "</span>
        <span node_ref=host></span>
    }
}

/// The element of a node and of all below it. Text is set as text: a formula cannot become markup.
fn build_math(node: &MathNode) -> Option<web_sys::Element> {
    let document = super::dom::document();
    let element = document.create_element_ns(Some(MATHML_NAMESPACE), node.tag).ok()?;
    for (name, value) in &node.attributes {
        element.set_attribute(name, value).ok()?;
    }
    if node.children.is_empty() {
        element.set_text_content(Some(&node.text));
    }
    for child in &node.children {
        element.append_child(&build_math(child)?.into()).ok()?;
    }
    Some(element)
}

/// The land of a row in small; of a typed formula, its present land.
#[component]
fn Thumbnail(
    /// Id of the row; `None`: the present problem.
    #[prop(into)]
    row: Signal<Option<&'static str>>,
) -> impl IntoView {
    let state = State::expect();
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    Effect::new(move |_| {
        let theme = state.theme();
        let (Some(canvas), row) = (canvas.get(), row.get()) else { return };
        let problem = match row {
            Some(id) => PlaneProblem::landscape(id, &[]).ok(),
            None => Some(state.landed().problem.clone()),
        };
        if let Some(problem) = problem {
            draw_thumbnail(&canvas, &problem, theme);
        }
    });
    view! { <canvas class="thumbnail" node_ref=canvas aria-hidden="true"></canvas> }
}

fn draw_thumbnail(canvas: &web_sys::HtmlCanvasElement, problem: &PlaneProblem, theme: &Theme) {
    let (width, height) = THUMBNAIL;
    let _ = put_pixels(canvas, width, height, &thumbnail(problem, width, height, theme));
}

/// All landscapes with search. Pictures are drawn a few at a time after the dialog has opened.
#[component]
pub fn LandscapePicker() -> impl IntoView {
    let state = State::expect();
    let query = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let query = query.get();
        landscapes::offered().filter(|row| row.matches(&query)).map(|row| row.id).collect::<Vec<_>>()
    });
    let traits =
        ["convex", "valley", "saddle", "multimodal", "plateau", "nonsmooth", "degenerate saddle", "condition > 1000"];
    view! {
        <Dialog handle=state.dialogs.landscapes name="landscapes" title="Landscapes">
            <div class="search">
                <input
                    type="search"
                    autofocus
                    placeholder="Search: name, trait, author"
                    aria-label="Search landscapes"
                    prop:value=move || query.get()
                    on:input=move |event| query.set(event_target_value(&event))
                />
                <div class="chips">
                    {traits
                        .map(|name| {
                            view! {
                                <button
                                    class="chip"
                                    aria-pressed=move || (query.get() == name).to_string()
                                    on:click=move |_| query.update(|q| {
                                        *q = if q == name { String::new() } else { name.to_owned() };
                                    })
                                >
                                    {name}
                                </button>
                            }
                        })
                        .collect_view()}
                </div>
                <p class="count" role="status">
                    {move || match found.get().len() {
                        0 => "No landscape has all of these words.".to_owned(),
                        1 => "1 landscape".to_owned(),
                        n => format!("{n} landscapes"),
                    }}
                </p>
            </div>
            <ul class="gallery">
                <For each=move || found.get() key=|id| *id let:id>
                    <GalleryItem id on_choose=Callback::new(move |id| {
                        state.dialogs.landscapes.close();
                        choose(state, id);
                    })/>
                </For>
            </ul>
        </Dialog>
    }
}

#[component]
fn GalleryItem(
    /// The row.
    id: &'static str,
    /// Called when it is chosen.
    on_choose: Callback<&'static str>,
) -> impl IntoView {
    let state = State::expect();
    let Some(row) = landscapes::find(id) else { return ().into_any() };
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    Effect::new(move |_| {
        let theme = state.theme();
        if let Some(canvas) = canvas.get() {
            super::dom::when_visible(&canvas.clone(), move || {
                if let Ok(problem) = PlaneProblem::landscape(id, &[]) {
                    draw_thumbnail(&canvas, &problem, theme);
                }
            });
        }
    });
    let traits = row.traits().join(", ");
    view! {
        <li>
            <button class="gallery-item" on:click=move |_| on_choose.run(id) title=format!("{traits}. {}", row.source)>
                <canvas class="thumbnail" node_ref=canvas aria-hidden="true"></canvas>
                <span><strong>{row.name}</strong><small>{row.tagline}</small></span>
            </button>
        </li>
    }
    .into_any()
}

/// Goes to another landscape: its own window, start and parameters, the same optimizers, each with the step size that
/// does best there. A step size from another landscape would show nothing.
fn choose(state: State, id: &'static str) {
    let posed = state.edit(|e| {
        e.problem = ProblemChoice::Landscape { id, parameters: Vec::new() };
        e.domain = None;
        e.start = None;
        e.view.window = None;
        if e.noise == thalweg::problems::Noise::Own {
            e.noise = thalweg::problems::Noise::None;
        }
        tune(e);
    });
    if posed.is_ok() {
        state.notes.set(Vec::new());
        state.reset_view();
        state.replay();
    }
}

/// Gives every method the step size that ends lowest.
pub fn tune(experiment: &mut Experiment) {
    let Ok(problem) = experiment.pose() else { return };
    for i in 0..experiment.methods.len() {
        let tuned = tuned_step_size(&problem, experiment, &experiment.methods[i]);
        if let Some(lr) = tuned {
            experiment.methods[i].base.knobs.set("lr", lr);
        }
    }
}
