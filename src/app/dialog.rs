//! Dialogs and menus, on the browser's own `<dialog>` and `<details>`: focus, Escape and screen readers come with them.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Opens and closes one dialog of one view. Two views in one page each have their own.
#[derive(Clone, Copy, Default)]
pub struct DialogHandle(NodeRef<html::Dialog>);

impl DialogHandle {
    /// Opens the dialog, or closes it. A view without that dialog, such as an embedded one, stays as it is.
    pub fn toggle(self) {
        if let Some(dialog) = self.0.get_untracked() {
            if dialog.open() {
                dialog.close();
            } else {
                // Fails only for a dialog that is open already.
                let _ = dialog.show_modal();
            }
        }
    }

    /// Closes the dialog.
    pub fn close(self) {
        if let Some(dialog) = self.0.get_untracked() {
            dialog.close();
        }
    }
}

/// The dialogs of a view.
#[derive(Clone, Copy, Default)]
pub struct Dialogs {
    /// Keys and gestures.
    pub help: DialogHandle,
    /// The picker of landscapes.
    pub landscapes: DialogHandle,
    /// The picker of optimizers.
    pub optimizers: DialogHandle,
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
    handle: DialogHandle,
    /// What the style sheet calls it.
    name: &'static str,
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
        <dialog node_ref=handle.0 data-dialog=name class="dialog" aria-label=title on:click=beside on:close=move |_| {
            if let Some(on_close) = on_close {
                on_close.run(());
            }
        }>
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2>{title}</h2>
                    <button class="button quiet" aria-label="Close" on:click=move |_| handle.close()>"✕"</button>
                </div>
                {children()}
            </div>
        </dialog>
    }
}
