//! What a visitor sees when the program itself is at fault.

use super::dom;
use wasm_bindgen::JsCast as _;

/// Shows a panic as a message with the experiment's link, which survives it, instead of a dead page.
pub fn show_in_page() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        web_sys::console::error_1(&message.as_str().into());
        // Building the message may fail in a broken page; then the console has it.
        let _ = show(&message);
    }));
}

fn show(message: &str) -> Result<(), wasm_bindgen::JsValue> {
    let document = dom::document();
    let link = dom::window().location().href()?;
    let element = |tag: &str, text: &str| -> Result<web_sys::Element, wasm_bindgen::JsValue> {
        let element = document.create_element(tag)?;
        element.set_text_content(Some(text));
        Ok(element)
    };
    let alert = document.create_element("div")?;
    alert.set_class_name("panic");
    alert.set_attribute("role", "alert")?;
    alert.append_child(element("h2", "Thalweg made a mistake")?.unchecked_ref())?;
    alert.append_child(
        element("p", "Your experiment is safe in its link. Reload the page to go on from there.")?.unchecked_ref(),
    )?;
    let again = element("a", "Reload the experiment")?;
    again.set_attribute("href", &link)?;
    alert.append_child(again.unchecked_ref())?;
    let report = element("a", "Report what happened")?;
    let body = format!("{message}\n\nLink: {link}");
    let subject = js_sys::encode_uri_component("Thalweg made a mistake");
    let query = format!("subject={subject}&title={subject}&body={}", js_sys::encode_uri_component(&body));
    report.set_attribute("href", &format!("{}?{query}", REPORT_TO.unwrap_or("mailto:")))?;
    report.set_attribute("rel", "noreferrer")?;
    alert.append_child(report.unchecked_ref())?;
    alert.append_child(element("pre", message)?.unchecked_ref())?;
    if let Some(body) = document.body() {
        body.append_child(&alert)?;
    }
    Ok(())
}

/// Where mistakes are reported: set by whoever builds the page for a site of theirs, an address of an issue form or
/// `mailto:` with a recipient. Otherwise the visitor's mail program opens with the report written.
const REPORT_TO: Option<&str> = option_env!("THALWEG_REPORT_TO");
