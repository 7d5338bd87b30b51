//! The keyboard.

use super::playback::{step_by, toggle};
use super::state::State;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Listens to keys that are not meant for a field, a dialog or the browser itself.
pub fn listen(state: State) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if !(event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() || is_taken(&event))
            && act(state, &event)
        {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether the key belongs to what has the focus: typing, a slider's arrows, a button's space, an open dialog.
fn is_taken(event: &web_sys::KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return false };
    if let Ok(Some(dialog)) = target.closest("dialog") {
        // A field keeps the focus until the frame after its dialog has closed.
        return dialog.has_attribute("open");
    }
    let kind = target.get_attribute("type").unwrap_or_default();
    match target.tag_name().to_ascii_lowercase().as_str() {
        "textarea" | "select" => true,
        "input" if kind == "range" => {
            event.key().starts_with("Arrow") || ["Home", "End"].contains(&event.key().as_str())
        }
        "input" if kind == "checkbox" => event.key() == " ",
        "input" => true,
        "button" | "summary" | "a" => [" ", "Enter"].contains(&event.key().as_str()),
        _ => false,
    }
}

/// Does what the key means; false when it means nothing.
fn act(state: State, event: &web_sys::KeyboardEvent) -> bool {
    let stride = if event.shift_key() { 10.0 } else { 1.0 };
    match event.key().as_str() {
        " " => toggle(state),
        "ArrowLeft" => step_by(state, -stride),
        "ArrowRight" => step_by(state, stride),
        "Home" => state.show_step(0.0),
        "End" => state.show_step(f64::INFINITY),
        "s" => super::export::copy_link(state),
        "o" => state.dialogs.landscapes.toggle(),
        "a" => state.dialogs.optimizers.toggle(),
        "?" => state.dialogs.help.toggle(),
        "0" => {
            state.change(|e| e.view.window = None);
            state.reset_view();
        }
        "+" | "=" => zoom(state, 0.8),
        "-" | "−" => zoom(state, 1.25),
        key => match key.parse::<usize>() {
            Ok(n @ 1..=9) => state.change(|e| {
                if let Some(method) = e.methods.get_mut(n - 1) {
                    method.visible = !method.visible;
                }
            }),
            _ => return false,
        },
    }
    true
}

fn zoom(state: State, factor: f64) {
    if let Some(frame) = state.frame.get_untracked() {
        state.look_at(frame.zoomed(factor, [0.5 * frame.width, 0.5 * frame.height]));
    }
}
