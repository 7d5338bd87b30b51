//! What was not used as written, next to what it is about.

use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Note, Severity};

/// The notes whose key begins with one of `keys`. The key `?` stands for all keys that no other place shows.
#[component]
pub fn Notes(
    /// First parts of keys, such as `start` or `opt`.
    keys: &'static [&'static str],
) -> impl IntoView {
    let state = State::expect();
    let mine = Memo::new(move |_| {
        // A formula that could not be read is explained by its editor.
        let about = |note: &Note| {
            if note.formula.is_some() {
                return false;
            }
            let head = note.key.split(['=', ';', '~']).next().unwrap_or("");
            keys.contains(&head) || (keys.contains(&"?") && !ELSEWHERE.contains(&head))
        };
        state.notes.get().into_iter().filter(about).collect::<Vec<_>>()
    });
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

/// Keys that are shown next to their own controls.
const ELSEWHERE: [&str; 7] = ["problem", "start", "steps", "noise", "seed", "tol", "opt"];
