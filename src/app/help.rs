//! Keys and gestures.

use super::dialog::Dialog;
use super::state::State;
use leptos::prelude::*;

const KEYS: [(&str, &str); 10] = [
    ("space", "play or pause"),
    ("← →", "a step back or on; with shift ten"),
    ("Home End", "first or last step"),
    ("1 … 9", "show or hide an optimizer"),
    ("0", "the whole landscape"),
    ("+ −", "closer or further"),
    ("s", "copy the link"),
    ("o", "choose a landscape"),
    ("a", "add an optimizer"),
    ("?", "this list"),
];

const GESTURES: [(&str, &str); 6] = [
    ("drag the ring", "moves the start; every path follows"),
    ("drag the map", "moves the window"),
    ("wheel, pinch", "zooms at the pointer"),
    ("double click", "the whole landscape"),
    ("click a trail", "goes to that step"),
    ("point anywhere", "f, gradient, curvature; on the plots, moves time"),
];

/// The dialog behind `?`.
#[component]
pub fn Help() -> impl IntoView {
    let handle = State::expect().dialogs.help;
    let list = |rows: &'static [(&'static str, &'static str)]| {
        rows.iter().map(|(key, meaning)| view! { <dt><kbd>{*key}</kbd></dt><dd>{*meaning}</dd> }).collect_view()
    };
    view! {
        <Dialog handle name="help" title="Keys and gestures">
            <div class="help">
                <dl>{list(&KEYS)}</dl>
                <dl>{list(&GESTURES)}</dl>
            </div>
            <p class="hint">
                "Everything is computed in your browser, in double precision; the address always holds the whole experiment. "
                "Lower is better on every plot. λ are the eigenvalues of the Hessian; gradient descent is stable below 2/λ."
            </p>
        </Dialog>
    }
}
