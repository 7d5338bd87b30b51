//! What the map's place shows: the map, the land in three dimensions, or the map over two knobs.

use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Sweep};
use thalweg::figure::space::Camera;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Map,
    Block,
    Knobs,
}

impl Shown {
    fn of(experiment: &Experiment) -> Self {
        match (experiment.view.sweep, experiment.view.camera) {
            (Some(_), _) => Self::Knobs,
            (None, Some(_)) => Self::Block,
            (None, None) => Self::Map,
        }
    }
}

/// The switch between them.
#[component]
pub fn Views() -> impl IntoView {
    let state = State::expect();
    let shown = state.part(Shown::of);
    let able = state.part(|e| e.methods.iter().enumerate().find_map(|(place, method)| Sweep::of(place, method)));
    let choose = move |wanted: Shown| {
        let start = [Camera::START.azimuth, Camera::START.elevation];
        state.change(|e| {
            e.view.camera = (wanted == Shown::Block).then(|| e.view.camera.unwrap_or(start));
            e.view.sweep = if wanted == Shown::Knobs { able.get_untracked() } else { None };
        });
    };
    let button = move |wanted: Shown, name: &'static str, title: &'static str| {
        view! {
            <button
                aria-pressed=move || (shown.get() == wanted).to_string()
                title=title
                disabled=move || wanted == Shown::Knobs && able.get().is_none()
                on:click=move |_| choose(wanted)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label="Views">
            {button(Shown::Map, "2D", "The land as a map")}
            {button(Shown::Block, "3D", "The land in three dimensions")}
            {button(Shown::Knobs, "Knobs", "The loss over two hyperparameters of a method")}
        </div>
    }
}
