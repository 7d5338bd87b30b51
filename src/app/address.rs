//! The address of the page: the only code that reads or writes it.

use super::dom;
use super::state::State;
use leptos::prelude::*;
use std::time::Duration;
use thalweg::experiment::Link;
use wasm_bindgen::prelude::*;

/// The experiment's part of the address the page was opened with: the query and the fragment.
pub fn current() -> String {
    let location = dom::window().location();
    format!("{}{}", location.search().unwrap_or_default(), location.hash().unwrap_or_default())
}

/// The whole address of this page with another experiment.
pub fn with_query(query: &str) -> String {
    let location = dom::window().location();
    let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    if query.is_empty() { format!("{origin}{path}") } else { format!("{origin}{path}?{query}") }
}

/// Opens the page anew with another link.
pub fn go_to(link: &str) {
    let _ = dom::window().location().assign(&with_query(link.trim_start_matches(['?', '#'])));
}

/// The link of the experiment as it is on the screen: while time stands still, its step belongs to it.
pub fn shown(state: State) -> String {
    let mut experiment = state.with(Clone::clone);
    let end = f64::from(experiment.steps);
    // While time runs nobody reads it here: otherwise every frame would put the writing of the address off.
    let stopped_at = (!state.playing.get()).then(|| state.time.get()).filter(|time| *time < end);
    experiment.view.step = stopped_at.map(|time| time as u32);
    Link::write(&experiment)
}

/// Writes the experiment back to the address as the visitor works: a third of a second after the last change, in place
/// of the present entry of the history. Going back or forward opens what the address says then.
pub fn keep(state: State) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let query = Memo::new(move |_| shown(state));
    Effect::new(move |first: Option<()>| {
        let query = query.get();
        if first.is_none() {
            return;
        }
        if let Some(handle) = pending.get_value() {
            handle.clear();
        }
        let write = move || {
            if let Ok(history) = dom::window().history() {
                // A browser may refuse when an address changes too often or is too long; the next change tries again.
                let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&with_query(&query)));
            }
        };
        pending.set_value(set_timeout_with_handle(write, Duration::from_millis(300)).ok());
    });
    let back = window_event_listener(leptos::ev::popstate, move |_| state.open(&current()));
    let typed = window_event_listener(leptos::ev::hashchange, move |_| state.open(&current()));
    on_cleanup(move || {
        back.remove();
        typed.remove();
    });
}
