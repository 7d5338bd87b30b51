//! When the page cannot start it says so, in words, where the page would have been.

use anyhow::{Result, ensure};
use serde_json::json;
use xtask::chrome::{Page, View};

use crate::browser;

fn alert_of(page: &mut Page<'_>) -> Result<String> {
    browser::go(page, "")?;
    page.wait_for("document.querySelector('#thalweg [role=alert]')")?;
    page.text("#thalweg [role=alert]")
}

#[test]
fn a_browser_without_webassembly_is_told() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    let script = json!({ "source": "delete globalThis.WebAssembly" });
    page.call("Page.addScriptToEvaluateOnNewDocument", &script)?;
    let told = alert_of(&mut page)?;
    ensure!(told.contains("does not run WebAssembly"), "{told}");
    Ok(())
}

#[test]
fn a_file_that_does_not_arrive_is_told() -> Result<()> {
    for file in ["thalweg.js", "thalweg_bg.wasm"] {
        let mut page = browser::blank(&View::DESKTOP)?;
        page.call("Network.setBlockedURLs", &json!({ "urls": [format!("*/{file}*")] }))?;
        let told = alert_of(&mut page)?;
        ensure!(told.contains("did not arrive"), "{file}: {told}");
    }
    Ok(())
}

/// What a half-copied folder on a host would give.
#[test]
fn a_damaged_module_is_told() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    let script = json!({ "source": "WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => \
        Promise.reject(new WebAssembly.CompileError('expected magic word'))" });
    page.call("Page.addScriptToEvaluateOnNewDocument", &script)?;
    let told = alert_of(&mut page)?;
    ensure!(told.contains("another version") && told.contains("magic word"), "{told}");
    Ok(())
}
