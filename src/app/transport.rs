//! Play, scrub, step.

use super::playback::{step_by, toggle};
use super::state::State;
use leptos::prelude::*;
use thalweg::scalar::decimal;

/// Speeds that can be chosen.
const SPEEDS: [f64; 5] = [0.1, 0.25, 0.5, 1.0, 4.0];

/// The bar below the map.
#[component]
pub fn Transport() -> impl IntoView {
    let state = State::expect();
    let steps = state.part(|e| e.steps);
    let now = Memo::new(move |_| state.time.get().floor() as u32);
    let choose_speed = move |event| {
        if let Some(speed) = decimal(&event_target_value(&event)) {
            state.speed.set(speed);
        }
    };
    let scrub = move |event| {
        if let Some(step) = decimal(&event_target_value(&event)) {
            state.show_step(step);
        }
    };
    view! {
        <div class="transport" role="group" aria-label="Time">
            <button class="button icon" aria-label="To the start" title="To the start (Home)" on:click=move |_| state.show_step(0.0)>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 3v10M13 3L6 8l7 5Z"></path></svg>
            </button>
            <button class="button icon" aria-label="A step back" title="A step back (←)" on:click=move |_| step_by(state, -1.0)>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M11 3L4 8l7 5Z"></path></svg>
            </button>
            <button
                class="button icon play"
                aria-label=move || if state.playing.get() { "Pause" } else { "Play" }
                title="Play or pause (space)"
                on:click=move |_| toggle(state)
            >
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <path d=move || if state.playing.get() { "M4 3h3v10H4ZM9 3h3v10H9Z" } else { "M4 2l10 6-10 6Z" }></path>
                </svg>
            </button>
            <button class="button icon" aria-label="A step on" title="A step on (→)" on:click=move |_| step_by(state, 1.0)>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 3l7 5-7 5Z"></path></svg>
            </button>
            <button class="button icon" aria-label="To the end" title="To the end (End)" on:click=move |_| state.show_step(f64::INFINITY)>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M13 3v10M3 3l7 5-7 5Z"></path></svg>
            </button>
            <output class="clock">"step " <strong>{now}</strong> " of " {steps}</output>
            <input
                class="scrub"
                type="range"
                min="0"
                max=move || steps.get()
                step="1"
                prop:value=move || now.get()
                style:--filled=move || format!("{:.2}%", 100.0 * state.time.get() / f64::from(steps.get().max(1)))
                aria-label="Step"
                aria-valuetext=move || format!("step {} of {}", now.get(), steps.get())
                on:input=scrub
            />
            <select class="speed" aria-label="Speed" on:change=choose_speed prop:value=move || state.speed.get().to_string()>
                {SPEEDS
                    .map(|speed| view! { <option value=speed.to_string() selected=speed == 1.0>{format!("{speed}×")}</option> })
                    .collect_view()}
            </select>
        </div>
    }
}
