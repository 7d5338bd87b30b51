//! Small conveniences over the browser's objects.

use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use wasm_bindgen::prelude::*;

/// The window. A page always has one.
pub fn window() -> web_sys::Window {
    web_sys::window().expect("the page runs in a window")
}

/// The document. A window of a page always has one.
pub fn document() -> web_sys::Document {
    window().document().expect("the window shows a document")
}

/// An id that no other element of the document has, whoever else mounts views in it.
pub fn unique_id(name: &str) -> String {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    format!("thalweg-{name}-{}", GIVEN.fetch_add(1, Ordering::Relaxed))
}

/// The whole address of a file of the site: the page names it with its version in the link element `id`, another page
/// finds it beside itself.
pub fn address(id: &str, file: &str) -> String {
    let link = document().get_element_by_id(id).and_then(|link| link.dyn_into::<web_sys::HtmlLinkElement>().ok());
    if let Some(link) = link {
        return link.href();
    }
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    web_sys::Url::new_with_base(file, &base).map_or_else(|_| file.to_owned(), |url| url.href())
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Whether a media query holds now; false for one that the browser does not know.
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Calls `f` whenever the element's size changes, and once at the start.
pub fn on_resize(element: &web_sys::Element, f: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(f);
    if let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(element);
        on_cleanup({
            let held = StoredValue::new_local((observer, callback));
            move || held.with_value(|(observer, _)| observer.disconnect())
        });
    }
}

/// Device pixels in a pixel of the page, at least one, at most three: more cannot be seen.
pub fn pixel_ratio() -> f64 {
    window().device_pixel_ratio().clamp(1.0, 3.0)
}

/// Calls `f` once, when the element comes into view.
pub fn when_visible(element: &web_sys::Element, f: impl FnOnce() + 'static) {
    let mut f = Some(f);
    let callback = Closure::<dyn FnMut(js_sys::Array, web_sys::IntersectionObserver)>::new(
        move |entries: js_sys::Array, observer: web_sys::IntersectionObserver| {
            let seen = |entry: JsValue| entry.unchecked_into::<web_sys::IntersectionObserverEntry>().is_intersecting();
            if entries.iter().any(seen) {
                observer.disconnect();
                if let Some(f) = f.take() {
                    f();
                }
            }
        },
    );
    if let Ok(observer) = web_sys::IntersectionObserver::new(callback.into_js_value().unchecked_ref()) {
        observer.observe(element);
    }
}

/// A JavaScript object with these fields.
pub fn object(fields: &[(&str, JsValue)]) -> js_sys::Object {
    let object = js_sys::Object::new();
    fields.iter().for_each(|(key, value)| put(&object, key, value));
    object
}

/// Gives an object a field.
pub fn put(object: &js_sys::Object, key: &str, value: &JsValue) {
    // An object made by ourselves takes every property.
    let _ = js_sys::Reflect::set(object, &key.into(), value);
}
