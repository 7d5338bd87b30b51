//! The lesson that is open: a page of text, a question before each reveal, links that set the map up.
//!
//! The texts are no part of the first load. They come, all at once, when a lesson is first opened; until then, and where
//! they do not come, the page has the lesson's titles and the map is set up all the same.

use super::dom;
use super::state::State;
use js_sys::{Array, Reflect};
use leptos::prelude::*;
use std::cell::RefCell;
use thalweg::lessons;
pub use thalweg::lessons::LESSONS;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

thread_local! {
    /// From the id of each lesson to the HTML of its pages; `undefined` until it has come.
    static TEXTS: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

/// The HTML of a page, once the texts have come.
fn text(id: &str, page: u32) -> Option<String> {
    let pages = TEXTS.with_borrow(|texts| Reflect::get(texts, &id.into())).ok()?;
    pages.dyn_into::<Array>().ok()?.get(page - 1).as_string()
}

/// Brings the texts of all lessons.
async fn fetch_texts() -> Result<(), JsValue> {
    let address = dom::address("thalweg-lessons", "lessons.json");
    let response: web_sys::Response = JsFuture::from(dom::window().fetch_with_str(&address)).await?.dyn_into()?;
    let texts = JsFuture::from(response.json()?).await?;
    TEXTS.replace(texts);
    Ok(())
}

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
    // Changes when texts have come, or have not.
    let waiting = RwSignal::new(false);
    let fetch = move || {
        waiting.set(true);
        spawn_local(async move {
            if let Err(error) = fetch_texts().await {
                web_sys::console::warn_1(&error);
            }
            // The lesson may have been closed meanwhile.
            waiting.try_set(false);
        });
    };
    if TEXTS.with_borrow(JsValue::is_undefined) {
        fetch();
    }
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
        let follow = move |event: web_sys::MouseEvent| {
            let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
            let link =
                target.and_then(|t| t.closest("a[href^='?']").ok().flatten()).and_then(|a| a.get_attribute("href"));
            if let Some(link) = link {
                event.prevent_default();
                state.set_up(&link, (lesson.id.to_owned(), number));
            }
        };
        let text = match text(lesson.id, number) {
            // The text is the site's own file, made from the lessons' Markdown when the page was built.
            Some(html) => view! { <div class="lesson-text" on:click=follow inner_html=html></div> }.into_any(),
            None if waiting.get() => view! { <p class="hint" role="status">"The text is on its way."</p> }.into_any(),
            None => view! {
                <p class="hint" role="alert">
                    "The text of this lesson did not arrive. Please look at your connection. "
                    <button class="button small" on:click=move |_| fetch()>"Try again"</button>
                </p>
            }
            .into_any(),
        };
        let go = move |to: u32| move |_| open_lesson(state, lesson.id, to);
        Some(
            view! {
                <p class="lesson-place">"Lesson: " {lesson.title}</p>
                <h2 class="lesson-title">{page.title}</h2>
                {text}
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
