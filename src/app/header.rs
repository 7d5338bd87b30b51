//! The bar at the top: name, places, sharing.

use super::export::ShareMenu;
use super::state::{State, store_theme};
use crate::app::lesson::{LESSONS, open_lesson};
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Lab};

/// Name, places, export and link, colours, help.
#[component]
pub fn Header() -> impl IntoView {
    let state = State::expect();
    let lab = state.with_untracked(Experiment::lab);
    let in_lesson = state.part(|e| e.view.lesson.is_some());
    let switch = move |_| {
        let dark = !state.dark.get_untracked();
        state.dark.set(dark);
        store_theme(dark);
    };
    view! {
        <header class="header">
            <a class="brand" href="./" aria-label="Thalweg, start afresh">
                <svg class="mark" viewBox="0 0 26 22" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
                    <path d="M1 5c5 0 6 4 12 4s7-4 12-4" opacity=".35"></path>
                    <path d="M1 10c5 0 6 4 12 4s7-4 12-4" opacity=".6"></path>
                    <path class="river" d="M3 2c4 3 3 8 8 11s9 2 12 7" stroke-width="2.4" stroke-linecap="round"></path>
                </svg>
                "Thalweg"
            </a>
            <nav class="places" aria-label="Places">
                {[(Lab::Plane, "Plane", "./"), (Lab::Matrix, "Matrix", "?problem=matrix_sensing"), (Lab::Measure, "Measure", "?problem=measure_mixture")]
                    .map(|(place, name, address)| {
                        let stay = move |event: web_sys::MouseEvent| {
                            if place == lab {
                                event.prevent_default();
                                state.change(|e| e.view.lesson = None);
                            }
                        };
                        let here = move || (place == lab && !in_lesson.get()).then_some("page");
                        view! { <a class="place" class:here=place == lab href=address aria-current=here on:click=stay>{name}</a> }
                    })}
                <details class="menu">
                    <summary class="place" aria-current=move || in_lesson.get().then_some("page")>"Lessons"</summary>
                    <ul class="menu-list">
                        {LESSONS
                            .iter()
                            .filter(|lesson| lesson.lab() == lab)
                            .map(|lesson| {
                                view! {
                                    <li>
                                        <button on:click=move |event| {
                                            super::dialog::close_menu(&event);
                                            open_lesson(state, lesson.id, 1);
                                        }>{lesson.title}</button>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                </details>
            </nav>
            <div class="actions">
                <ShareMenu/>
                <button
                    class="button quiet"
                    aria-label=move || if state.dark.get() { "Light colours" } else { "Dark colours" }
                    title=move || if state.dark.get() { "Light colours" } else { "Dark colours" }
                    on:click=switch
                >
                    {move || if state.dark.get() { "☀\u{fe0e}" } else { "☾\u{fe0e}" }}
                </button>
                <button class="button quiet" aria-label="Keys and help" title="Keys and help (?)" on:click=move |_| state.dialogs.help.toggle()>
                    "?"
                </button>
            </div>
        </header>
    }
}
