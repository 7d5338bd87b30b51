//! The harness hears what it promises to hear: otherwise "the console is silent" would mean nothing.

use anyhow::{Result, ensure};
use xtask::chrome::{Graphics, View};

use crate::browser;

/// Runs a script on the built page and returns the kinds of all that is heard, until `wanted` is among them.
fn heard_after(script: &str, wanted: &str) -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    browser::go(&mut page, "")?;
    page.eval::<serde_json::Value>(&format!("({script}, null)"))?;
    for _ in 0..100 {
        page.settle()?;
        if page.heard().iter().any(|heard| heard.kind == wanted) {
            ensure!(page.assert_console_silent().is_err(), "{wanted} was heard and counted as silence");
            return Ok(());
        }
    }
    let heard = page.heard();
    anyhow::bail!("`{script}` should be heard as {wanted}; heard: {heard:#?}")
}

#[test]
fn a_console_message_is_heard() -> Result<()> {
    heard_after("console.warn('a', 1, {})", "console.warning")
}

#[test]
fn an_uncaught_error_is_heard() -> Result<()> {
    heard_after("setTimeout(() => { throw new Error('thrown') })", "exception")
}

#[test]
fn a_rejected_promise_is_heard() -> Result<()> {
    heard_after("setTimeout(() => Promise.reject(new Error('rejected')))", "exception")
}

#[test]
fn a_missing_file_is_heard() -> Result<()> {
    heard_after("fetch('no-such-file')", "network")
}

/// The policy of the page forbids both, so these also prove the policy.
#[test]
fn an_inline_script_is_refused_and_heard() -> Result<()> {
    let script = "document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))";
    heard_after(script, "security")
}

#[test]
fn a_foreign_origin_is_refused_and_heard() -> Result<()> {
    heard_after("(fetch('http://127.0.0.1:9/').catch(() => {}))", "security")
}

/// The browser does not protect itself from visitors as quick as these: a link that it dropped would fail a test.
#[test]
fn links_may_follow_one_another_at_any_speed() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    browser::go(&mut page, "")?;
    page.eval::<serde_json::Value>(
        "(() => {
            for (let count = 1; count <= 400; count += 1) history.replaceState(null, '', `?count=${count}`);
            return null;
        })()",
    )?;
    page.settle()?;
    ensure!(page.eval::<bool>("location.search === '?count=400'")?);
    page.assert_console_silent()
}

#[test]
fn a_view_is_what_the_page_sees() -> Result<()> {
    let seen = "[innerWidth, innerHeight, devicePixelRatio,
        +matchMedia('(prefers-color-scheme: dark)').matches,
        +matchMedia('(prefers-reduced-motion: reduce)').matches, +('ontouchstart' in window),
        +matchMedia('(pointer: coarse)').matches]";
    let mut page = browser::blank(&View::PHONE.dark().still())?;
    browser::go(&mut page, "")?;
    ensure!(page.eval::<[f64; 7]>(seen)? == [390.0, 844.0, 3.0, 1.0, 1.0, 1.0, 1.0]);
    let mut page = browser::blank(&View::DESKTOP)?;
    browser::go(&mut page, "")?;
    ensure!(page.eval::<[f64; 7]>(seen)? == [1280.0, 800.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn one_browser_has_webgpu_and_the_other_has_not() -> Result<()> {
    let adapter = "navigator.gpu ? navigator.gpu.requestAdapter().then(Boolean) : false";
    for (graphics, expected) in [(Graphics::WebGpu, true), (Graphics::WithoutWebGpu, false)] {
        let mut page = browser::blank_on(graphics, &View::DESKTOP)?;
        browser::go(&mut page, "")?;
        let found = page.eval::<bool>(adapter)?;
        ensure!(found == expected, "{graphics:?}: an adapter was {}found", if found { "" } else { "not " });
    }
    Ok(())
}

/// Each gesture reaches the page as the events that a visitor's hand would cause.
#[test]
fn hands_are_felt() -> Result<()> {
    let listen = "(() => { window.felt = []; for (const kind of ['pointerdown', 'pointermove', 'click', 'dblclick', \
        'wheel', 'keydown', 'touchmove']) addEventListener(kind, event => felt.push(event.isTrusted ? \
        `${kind} ${event.key ?? event.pointerType ?? (event.touches ? event.touches.length : '')}` : 'scripted')); })()";
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}{}", browser::site()?.address, browser::HOST))?;
    page.eval::<Option<bool>>(listen)?;
    page.double_click((200.0, 200.0))?;
    page.drag((100.0, 100.0), (300.0, 150.0))?;
    page.wheel((200.0, 200.0), -120.0, 0)?;
    page.key("ArrowLeft")?;
    page.key("?")?;
    for felt in ["pointerdown mouse", "pointermove mouse", "dblclick ", "wheel ", "keydown ArrowLeft", "keydown ?"] {
        page.wait_for(&format!("felt.includes('{felt}') && !felt.includes('scripted')"))?;
    }
    let mut page = browser::blank(&View::PHONE)?;
    page.goto(&format!("{}{}", browser::site()?.address, browser::HOST))?;
    page.eval::<Option<bool>>(listen)?;
    page.tap((100.0, 100.0))?;
    page.pinch((200.0, 300.0), (50.0, 150.0))?;
    for felt in ["pointerdown touch", "touchmove 2"] {
        page.wait_for(&format!("felt.includes('{felt}')"))?;
    }
    Ok(())
}
