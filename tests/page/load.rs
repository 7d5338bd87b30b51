//! The page arrives whole, from one place only, in silence.

use anyhow::{Result, ensure};
use serde_json::json;
use xtask::chrome::View;

use crate::browser;

#[test]
fn the_page_loads_in_silence_below_any_path() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let mut page = browser::open(&view, "")?;
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn every_request_goes_to_the_site_itself() -> Result<()> {
    let site = browser::site()?;
    let mut page = browser::open(&View::DESKTOP, "")?;
    let requests = page.requests();
    for file in ["start.js", "thalweg.js", "thalweg_bg.wasm", "thalweg.css"] {
        let times = requests.iter().filter(|url| url.starts_with(&format!("{}{file}", site.address))).count();
        // Twice would mean that a preload was of no use.
        ensure!(times == 1, "{file} was asked for {times} times: {requests:#?}");
    }
    let allowed = [site.address.as_str(), "data:", "blob:"];
    for url in &requests {
        ensure!(allowed.iter().any(|start| url.starts_with(start)), "the page asked for {url}");
    }
    Ok(())
}

/// A cache that holds an old file under the same name must never meet a new one.
#[test]
fn every_reference_names_the_version_of_its_file() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    let address = &browser::site()?.address;
    let bare: Vec<String> = page
        .requests()
        .into_iter()
        .filter(|url| url.strip_prefix(address).is_some_and(|file| !file.is_empty() && !file.contains("?v=")))
        .collect();
    ensure!(bare.is_empty(), "without a version: {bare:#?}");
    Ok(())
}

#[test]
fn the_policy_allows_nothing_inline_and_nothing_foreign() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    let policy: String = page.eval("document.querySelector('meta[http-equiv=Content-Security-Policy]').content")?;
    ensure!(policy.starts_with("default-src 'none';"), "{policy}");
    for word in ["unsafe-inline", "'unsafe-eval'", "http:", "https:", "*"] {
        ensure!(!policy.contains(word), "the policy has {word}: {policy}");
    }
    let inline: u32 = page.eval("document.querySelectorAll('script:not([src]), style, [style][onload]').length")?;
    ensure!(inline == 0, "{inline} inline scripts or styles");
    Ok(())
}

/// Somebody imports the module into a page without `#thalweg`: it starts, and leaves that page alone.
#[test]
fn the_module_can_be_imported_into_another_page() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}{}", browser::site()?.address, browser::HOST))?;
    let started: bool = page.eval("import('./thalweg.js').then(module => module.default()).then(() => true)")?;
    ensure!(started);
    page.settle()?;
    ensure!(page.eval::<u32>("document.body.children.length")? == 0, "importing the module changed the page");
    page.assert_console_silent()
}

#[test]
fn without_scripts_the_page_says_what_it_needs() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    page.call("Emulation.setScriptExecutionDisabled", &json!({ "value": true }))?;
    browser::go(&mut page, "")?;
    ensure!(page.text("body")?.contains("JavaScript and WebAssembly"));
    Ok(())
}
