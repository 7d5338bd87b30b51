//! The lesson that is open: a page of text, a question before each reveal, links that set the map up.

use super::state::State;
use leptos::prelude::*;
use thalweg::lessons;
pub use thalweg::lessons::LESSONS;
use wasm_bindgen::JsCast;

/// Opens a page of a lesson and sets the map up for it.
pub fn open_lesson(state: State, id: &'static str, page: u32) {
    if let Some(text) = lessons::find(id).and_then(|lesson| lesson.pages.get(page as usize - 1)) {
        state.set_up(text.setup, (id.to_owned(), page));
    }
}

/// The open page with the ways to the others. A lesson that does not exist says so.
#[component]
pub fn LessonPanel() -> impl IntoView {
    let state = State::expect();
    let at = state.part(|e| e.view.lesson.clone());
    let close = move |_| state.change(|e| e.view.lesson = None);
    let body = move || {
        let (id, page) = at.get()?;
        let Some(lesson) = lessons::find(&id) else {
            return Some(
                view! { <p class="hint">"There is no lesson of this name. The menu has those there are."</p> }
                    .into_any(),
            );
        };
        let count = lesson.pages.len() as u32;
        let number = page.clamp(1, count);
        let page = &lesson.pages[number as usize - 1];
        let go = move |to: u32| move |_| open_lesson(state, lesson.id, to);
        let follow = move |event: web_sys::MouseEvent| {
            let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
            let link =
                target.and_then(|t| t.closest("a[href^='?']").ok().flatten()).and_then(|a| a.get_attribute("href"));
            if let Some(link) = link {
                event.prevent_default();
                state.set_up(&link, (lesson.id.to_owned(), number));
            }
        };
        Some(
            view! {
                <p class="lesson-place">"Lesson: " {lesson.title}</p>
                <h2 class="lesson-title">{page.title}</h2>
                // The text is a constant of the program, made from the lessons' Markdown when it was built.
                <div class="lesson-text" on:click=follow inner_html=page.html></div>
                <nav class="lesson-pages" aria-label="Pages of the lesson">
                    <button class="button small" prop:disabled=number == 1 on:click=go(number.max(2) - 1)>"Back"</button>
                    <span>{number} " of " {count}</span>
                    <button class="button small primary" prop:disabled=number == count on:click=go((number + 1).min(count))>"Next"</button>
                </nav>
            }
            .into_any(),
        )
    };
    view! {
        <article class="section lesson" aria-label="Lesson">
            <button class="button quiet lesson-close" aria-label="Close the lesson" on:click=close>"✕"</button>
            {body}
        </article>
    }
}
