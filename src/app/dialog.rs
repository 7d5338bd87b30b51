//! Dialogs and menus, on the browser's own `<dialog>` and `<details>`: focus, Escape and screen readers come with them.

use super::dom;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn find(id: &str) -> Option<web_sys::HtmlDialogElement> {
    dom::document().get_element_by_id(id)?.dyn_into().ok()
}

/// Opens the dialog with this id, or closes it.
pub fn toggle_dialog(id: &str) {
    if let Some(dialog) = find(id) {
        if dialog.open() {
            dialog.close();
        } else {
            // Fails only for a dialog that is open already.
            let _ = dialog.show_modal();
        }
    }
}

/// Closes the dialog with this id.
pub fn close_dialog(id: &str) {
    if let Some(dialog) = find(id) {
        dialog.close();
    }
}

/// Closes the menu in which the event happened.
pub fn close_menu(event: &web_sys::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if let Some(menu) = target.and_then(|element| element.closest("details").ok().flatten()) {
        let _ = menu.remove_attribute("open");
    }
}

/// A modal dialog with a title and a way out. A click beside it closes it too.
#[component]
pub fn Dialog(
    /// By which it is opened.
    id: &'static str,
    /// What it is about.
    title: &'static str,
    /// Called when it has been closed, however that happened.
    #[prop(optional)]
    on_close: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let beside = move |event: web_sys::MouseEvent| {
        let hit = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlDialogElement>().ok());
        if let Some(dialog) = hit {
            dialog.close();
        }
    };
    view! {
        <dialog id=id class="dialog" aria-label=title on:click=beside on:close=move |_| {
            if let Some(on_close) = on_close {
                on_close.run(());
            }
        }>
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2>{title}</h2>
                    <button class="button quiet" aria-label="Close" on:click=move |_| close_dialog(id)>"✕"</button>
                </div>
                {children()}
            </div>
        </dialog>
    }
}
