//! Has the engine at hand before it is asked for: once the page has come to rest, or somebody reaches for its tools.

use super::mass::{Mass, Runs};
use super::state::State;
use super::{basins, dom};
use js_sys::Reflect;
use leptos::prelude::*;
use std::time::Duration;
use thalweg::problems::Noise;
use wasm_bindgen::prelude::*;
use web_sys::IdleRequestOptions;

/// How long after its first picture a page is looked at for the first time, and how long until the next look.
const REST: Duration = Duration::from_millis(1000);

/// The engine of a view, not loaded yet. A handle.
#[derive(Clone, Copy)]
pub struct WarmUp {
    state: State,
    /// Taken when it has been asked for.
    runs: StoredValue<Option<Runs>, LocalStorage>,
}

/// A page that is never idle is not waited for longer, in milliseconds.
const LATEST: u32 = 2000;

impl WarmUp {
    /// Waits until the page has nothing to do. Not where data is to be saved, and not in a page of somebody else.
    pub fn when_at_rest(state: State) -> Self {
        let warm_up = Self { state, runs: StoredValue::new_local(Some(Mass::expect_runs())) };
        if !saves_data() && !state.with_untracked(|e| e.view.embed) {
            set_timeout(move || warm_up.look(), REST);
        }
        warm_up
    }

    fn look(self) {
        // The view may have gone.
        let occupied = self.runs.try_with_value(|runs| runs.as_ref().is_some_and(Runs::is_occupied));
        let (Some(occupied), Some(frame)) = (occupied, self.state.frame.try_get_untracked()) else { return };
        if occupied || frame.is_none() {
            set_timeout(move || self.look(), REST);
            return;
        }
        let options = IdleRequestOptions::new();
        options.set_timeout(LATEST);
        let idle = Closure::once_into_js(move || self.now());
        // Not every browser tells when it is idle.
        if dom::window().request_idle_callback_with_options(idle.unchecked_ref(), &options).is_err() {
            self.now();
        }
    }

    /// Loads the engine unless it has been asked for, and has a kernel printed that a map of basins would need: that runs
    /// what a browser compiles only when it first runs.
    pub fn now(self) {
        let Some(runs) = self.runs.try_update_value(Option::take).flatten() else { return };
        let window = self.state.frame.get_untracked().map(|frame| frame.window);
        let problem = self.state.run_untracked().problem.clone();
        let request = self.state.with_untracked(|e| {
            let place = e.methods.iter().position(|method| method.visible && method.entry().recordable())?;
            basins::request(e, &problem, place, window?).filter(|_| e.noise == Noise::None)
        });
        runs.prepare(request.as_ref());
    }
}

/// Whether the visitor asks pages to save data.
fn saves_data() -> bool {
    let of = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).unwrap_or_default();
    let connection = of(&dom::window().navigator(), "connection");
    connection.is_object() && of(&connection, "saveData").is_truthy()
}
