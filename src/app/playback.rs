//! Lets time run.

use super::dom;
use super::state::State;
use leptos::prelude::*;

/// Seconds that a whole run takes at normal speed.
const SECONDS: f64 = 8.0;

/// Moves time forward with every frame while it runs; at the last step it stops.
pub fn keep_running(state: State) {
    let last_frame = StoredValue::new(None::<f64>);
    Effect::new(move |_| {
        if state.playing.get() && last_frame.get_value().is_none() {
            last_frame.set_value(Some(dom::now()));
            request_animation_frame(move || frame(state, last_frame));
        }
    });
}

fn frame(state: State, last_frame: StoredValue<Option<f64>>) {
    // The page, or the element it was mounted in, may be gone.
    let (Some(true), Some(Some(before))) = (state.playing.try_get_untracked(), last_frame.try_get_value()) else {
        let _ = last_frame.try_set_value(None);
        return;
    };
    let now = dom::now();
    last_frame.set_value(Some(now));
    let steps = f64::from(state.with_untracked(|e| e.steps));
    // After a pause in a background tab time goes on where it was.
    let seconds = ((now - before) / 1000.0).min(0.1);
    let before = state.time.get_untracked();
    let time = before + seconds * state.speed.get_untracked() * steps / SECONDS;
    // It waits for a lab's worker where that is slower: what is not computed yet cannot be shown.
    #[cfg(labs)]
    let time = state.progress.get_untracked().map_or(time, |share| time.min(before.max(share * steps)));
    if time >= steps {
        last_frame.set_value(None);
        state.time.set(steps);
        state.playing.set(false);
    } else {
        state.time.set(time);
        request_animation_frame(move || frame(state, last_frame));
    }
}

/// Plays or pauses; at the end, plays again from the start.
pub fn toggle(state: State) {
    if state.playing.get_untracked() {
        // A pause shows a whole step.
        state.show_step(state.time.get_untracked().floor());
    } else if state.time.get_untracked() >= f64::from(state.with_untracked(|e| e.steps)) {
        state.time.set(0.0);
        state.playing.set(true);
    } else {
        state.playing.set(true);
    }
}

/// Moves by whole steps and stops.
pub fn step_by(state: State, steps: f64) {
    state.show_step(state.time.get_untracked().floor() + steps);
}
