//! What was not used as written, next to what it is about.

use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Note, Severity};

/// Where a note is shown: next to the control that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Over the map: all that has no control of its own.
    Map,
    /// Next to the problem's name.
    Problem,
    /// In the editor of the formula, which explains the mistake itself.
    Formula,
    /// Below the start.
    Start,
    /// Below steps, noise, seed and tolerance.
    Settings,
    /// Above the list of optimizers.
    Optimizers,
}

impl Place {
    /// Where this note is shown.
    pub fn of(note: &Note) -> Self {
        match note.key.split(['=', ';', '~']).next() {
            _ if note.formula.is_some() => Self::Formula,
            Some("problem") => Self::Problem,
            Some("start") => Self::Start,
            Some("steps" | "noise" | "seed" | "run" | "tol") => Self::Settings,
            Some("opt") => Self::Optimizers,
            _ => Self::Map,
        }
    }
}

/// The notes that belong here.
#[component]
pub fn Notes(
    /// Here.
    place: Place,
) -> impl IntoView {
    let state = State::expect();
    let mine =
        Memo::new(move |_| state.notes.get().into_iter().filter(|note| Place::of(note) == place).collect::<Vec<_>>());
    let dismiss = move |_| {
        let shown = mine.get_untracked();
        state.notes.update(|notes| notes.retain(|note| !shown.contains(note)));
    };
    view! {
        <Show when=move || !mine.get().is_empty()>
            <div class="notes" role="alert">
                <ul>
                    {move || {
                        mine.get()
                            .into_iter()
                            .map(|note| {
                                let replaced = note.severity == Severity::Replaced;
                                view! {
                                    <li class:replaced=replaced>
                                        <code>{note.key}</code>
                                        " "
                                        {note.problem}
                                        "; "
                                        {note.instead}
                                        "."
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
                <button class="button quiet" aria-label="Dismiss" on:click=dismiss>"✕"</button>
            </div>
        </Show>
    }
}
