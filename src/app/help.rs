//! Keys and gestures.

use super::dialog::Dialog;
use super::state::State;
use leptos::prelude::*;

type Rows = &'static [(&'static str, &'static str)];

/// The last two are for the map of the plane alone.
const KEYS: [(&str, &str); 10] = [
    ("space", "play or pause"),
    ("← →", "a step back or on; with shift ten"),
    ("Home End", "first or last step"),
    ("1 … 9", "show or hide an optimizer"),
    ("s", "copy the link"),
    ("o", "choose another problem"),
    ("a", "add an optimizer"),
    ("?", "this list"),
    ("0", "the whole landscape"),
    ("+ −", "closer or further"),
];

const GESTURES: [(&str, &str); 6] = [
    ("drag the ring", "moves the start; every path follows"),
    ("drag the map", "moves the window"),
    ("wheel, pinch", "zooms at the pointer"),
    ("double click", "the whole landscape"),
    ("click a trail", "goes to that step"),
    ("point anywhere", "f, gradient, curvature; on the plots, moves time"),
];

#[cfg(labs)]
const OF_MATRICES: [(&str, &str); 3] = [
    ("drag a guide", "on the error: chooses the steps that the rate is taken from"),
    ("point at a plot", "moves time"),
    ("point at a matrix", "its entry there"),
];

#[cfg(labs)]
const OF_CLOUDS: [(&str, &str); 6] = [
    ("Move", "drag a cloud, or arrow keys: moves the start of all particles"),
    ("Draw", "drag or click: drops particles at the start"),
    ("Lasso", "a loop selects particles, a selects all; drag them, or arrow keys; Delete removes them"),
    ("Target", "drag or click: draws the points that are sought"),
    ("point at a cloud", "the place, and the potential there"),
    ("point at a plot", "moves time"),
];

/// Keys and gestures of the lab that is open.
fn lists(state: State) -> [Rows; 2] {
    #[cfg(labs)]
    match state.with_untracked(thalweg::experiment::Experiment::lab) {
        thalweg::experiment::Lab::Matrix => return [&KEYS[..8], &OF_MATRICES],
        thalweg::experiment::Lab::Measure => return [&KEYS[..8], &OF_CLOUDS],
        thalweg::experiment::Lab::Plane => {}
    }
    let _ = state;
    [&KEYS, &GESTURES]
}

/// The dialog behind `?`.
#[component]
pub fn Help() -> impl IntoView {
    let state = State::expect();
    let handle = state.dialogs.help;
    let list = |rows: Rows| {
        rows.iter().map(|(key, meaning)| view! { <dt><kbd>{*key}</kbd></dt><dd>{*meaning}</dd> }).collect_view()
    };
    let [keys, gestures] = lists(state);
    view! {
        <Dialog handle name="help" title="Keys and gestures">
            <div class="help">
                <dl>{list(keys)}</dl>
                <dl>{list(gestures)}</dl>
            </div>
            <p class="hint">
                "Everything is computed in your browser, in double precision; the address always holds the whole experiment. "
                "Lower is better on every plot. λ are the eigenvalues of the Hessian; gradient descent is stable below 2/λ."
            </p>
        </Dialog>
    }
}
