//! The page's frame: header, panels, map, transport.

use super::header::Header;
use super::lesson::LessonPanel;
use super::map::Map;
use super::mass::Mass;
use super::notes::{Notes, Place};
use super::optimizers::{OptimizerPanel, OptimizerPicker};
use super::problem::{LandscapePicker, ProblemPanel};
use super::settings::Settings;
use super::state::State;
use super::strip::StepSizeStrip;
use super::table::OutcomeTable;
use super::transport::Transport;
use super::{address, charts::Charts, dom, help::Help, keys, playback};
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Lab, Note, Panel};

#[cfg(labs)]
use super::matrix::MatrixLab;
#[cfg(labs)]
use super::measure::MeasureLab;

/// Sheets of the phone's lower half.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sheet {
    Optimizers,
    Plots,
    Problem,
}

impl Sheet {
    /// The sheet on which a note is shown; `None` for one over the map.
    fn of(note: &Note) -> Option<Self> {
        match Place::of(note) {
            Place::Map => None,
            Place::Optimizers => Some(Self::Optimizers),
            Place::Problem | Place::Formula | Place::Start | Place::Settings => Some(Self::Problem),
        }
    }
}

/// The whole view for a link. `owns_address`: it writes the experiment back to the address.
pub fn shell(link: &str, owns_address: bool) -> impl IntoView + use<> {
    let state = State::provide(link);
    let lab = state.with_untracked(Experiment::lab);
    match lab {
        Lab::Plane => Mass::provide(),
        #[cfg(labs)]
        Lab::Matrix => {
            MatrixLab::provide(state);
        }
        #[cfg(labs)]
        Lab::Measure => {
            MeasureLab::provide(state);
        }
        #[cfg(not(labs))]
        _ => {}
    }
    playback::keep_running(state);
    if owns_address {
        address::keep(state);
        keys::listen(state);
    }
    redraw_with_typefaces(state);
    Effect::new(move |_| {
        let dark = state.dark.get();
        if let Some(root) = dom::document().document_element().filter(|_| owns_address) {
            let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
        }
    });
    let embedded = state.part(|e| e.view.embed);
    let lesson = state.part(|e| e.view.lesson.is_some());
    // Who comes with a link that could not be followed sees why at once.
    let first = state.notes.with_untracked(|notes| notes.iter().find_map(Sheet::of));
    let sheet = RwSignal::new(first.unwrap_or(Sheet::Optimizers));
    let tab = move |which: Sheet, name: &'static str| {
        let noted =
            Memo::new(move |_| state.notes.with(|notes| notes.iter().any(|note| Sheet::of(note) == Some(which))));
        view! {
            <button
                role="tab"
                class:has-notes=move || noted.get()
                aria-description=move || noted.get().then_some("has a message")
                aria-selected=move || (sheet.get() == which).to_string()
                on:click=move |_| sheet.set(which)
            >
                {name}
            </button>
        }
    };
    view! {
        <div
            class="thalweg"
            class:embedded=embedded
            class:with-lesson=lesson
            data-theme=move || if state.dark.get() { "dark" } else { "light" }
            data-sheet=move || match sheet.get() {
                Sheet::Optimizers => "optimizers",
                Sheet::Plots => "plots",
                Sheet::Problem => "problem",
            }
        >
            <Show when=move || !embedded.get()>
                <Header/>
            </Show>
            <main class="stage">
                <Notes place=Place::Map/>
                {views::stage(lab)}
                <Show when=move || !hidden(state, Panel::Transport)>
                    <Transport/>
                </Show>
            </main>
            <Show when=move || !embedded.get()>
                <div class="tabs" role="tablist" aria-label="Panels">
                    {tab(Sheet::Optimizers, "Optimizers")} {tab(Sheet::Plots, "Plots")} {tab(Sheet::Problem, "Problem")}
                </div>
                <aside class="panel left" aria-label="Experiment">
                    <Show when=move || lesson.get()>
                        <LessonPanel/>
                    </Show>
                    <div class="sheet-problem">
                        {views::problem(lab, state)}
                    </div>
                    <div class="sheet-optimizers">
                        <Show when=move || !hidden(state, Panel::Optimizers)>
                            <OptimizerPanel/>
                        </Show>
                    </div>
                </aside>
                <aside
                    class="panel right"
                    aria-label="What happened"
                    aria-busy=move || state.following.get().to_string()
                >
                    {views::plots(lab, state)}
                </aside>
                <Help/>
                // Beside the panels and not in them: a sheet that is not open would hide its dialog as well.
                <Show when=move || !hidden(state, Panel::Problem)>
                    {views::picker(lab)}
                </Show>
                <Show when=move || !hidden(state, Panel::Optimizers)>
                    <OptimizerPicker/>
                </Show>
            </Show>
        </div>
    }
}

/// The middle of the plane's page.
fn plane_stage() -> impl IntoView {
    view! { <Map/> }
}

/// What is minimised in the plane, and what belongs to it.
fn plane_problem(state: State) -> impl IntoView {
    view! {
        <Show when=move || !hidden(state, Panel::Problem)>
            <ProblemPanel/>
        </Show>
        <Show when=move || !hidden(state, Panel::Noise)>
            <Settings/>
        </Show>
    }
}

/// What happened in the plane.
fn plane_plots(state: State) -> impl IntoView {
    view! {
        <Show when=move || !hidden(state, Panel::Plots)>
            <Charts/>
        </Show>
        <Show when=move || !hidden(state, Panel::Strip)>
            <StepSizeStrip/>
        </Show>
        <Show when=move || !hidden(state, Panel::Table)>
            <OutcomeTable/>
        </Show>
    }
}

/// Whether a link removed a panel.
fn hidden(state: State, panel: Panel) -> bool {
    state.with(|e| e.view.hide.contains(&panel))
}

/// The views of the page's lab: the plane's, where there is no other.
#[cfg(not(labs))]
mod views {
    use super::{IntoView, Lab, LandscapePicker, State, plane_plots, plane_problem, plane_stage, view};

    pub fn stage(_: Lab) -> impl IntoView {
        plane_stage()
    }

    pub fn problem(_: Lab, state: State) -> impl IntoView {
        plane_problem(state)
    }

    pub fn plots(_: Lab, state: State) -> impl IntoView {
        plane_plots(state)
    }

    pub fn picker(_: Lab) -> impl IntoView {
        view! { <LandscapePicker/> }
    }
}

/// The views of the page's lab.
#[cfg(labs)]
mod views {
    use super::super::matrix::{FamilyPicker, MatrixCharts, MatrixPanel, MatrixStage, MatrixTable};
    use super::super::measure::{self, MeasureCharts, MeasurePanel, MeasureStage, MeasureTable};
    use super::{Lab, LandscapePicker, Panel, State, hidden, plane_plots, plane_problem, plane_stage};
    use leptos::prelude::*;

    pub fn stage(lab: Lab) -> AnyView {
        match lab {
            Lab::Plane => plane_stage().into_any(),
            Lab::Matrix => view! { <MatrixStage/> }.into_any(),
            Lab::Measure => view! { <MeasureStage/> }.into_any(),
        }
    }

    pub fn problem(lab: Lab, state: State) -> AnyView {
        match lab {
            Lab::Plane => plane_problem(state).into_any(),
            Lab::Matrix => view! {
                <Show when=move || !hidden(state, Panel::Problem)>
                    <MatrixPanel/>
                </Show>
            }
            .into_any(),
            Lab::Measure => view! {
                <Show when=move || !hidden(state, Panel::Problem)>
                    <MeasurePanel/>
                </Show>
            }
            .into_any(),
        }
    }

    pub fn plots(lab: Lab, state: State) -> AnyView {
        match lab {
            Lab::Plane => plane_plots(state).into_any(),
            Lab::Matrix => view! {
                <Show when=move || !hidden(state, Panel::Plots)>
                    <MatrixCharts/>
                </Show>
                <Show when=move || !hidden(state, Panel::Table)>
                    <MatrixTable/>
                </Show>
            }
            .into_any(),
            Lab::Measure => view! {
                <Show when=move || !hidden(state, Panel::Plots)>
                    <MeasureCharts/>
                </Show>
                <Show when=move || !hidden(state, Panel::Table)>
                    <MeasureTable/>
                </Show>
            }
            .into_any(),
        }
    }

    pub fn picker(lab: Lab) -> AnyView {
        match lab {
            Lab::Plane => view! { <LandscapePicker/> }.into_any(),
            Lab::Matrix => view! { <FamilyPicker/> }.into_any(),
            Lab::Measure => view! { <measure::FamilyPicker/> }.into_any(),
        }
    }
}

/// Canvases cannot know that a typeface has arrived: they draw again when one has.
fn redraw_with_typefaces(state: State) {
    let fonts = dom::document().fonts();
    let arrived = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
        state.fonts.try_update(|count| *count += 1);
    });
    // As long as the page lives, it may load a typeface.
    let callback = arrived.into_js_value();
    let _ = fonts.add_event_listener_with_callback("loadingdone", wasm_bindgen::JsCast::unchecked_ref(&callback));
}
