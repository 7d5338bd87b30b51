//! One page: open an address, ask JavaScript, listen to the console.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::browser::Browser;
use super::wire::{Event, Wire};

/// How long [`Page::wait_for`] waits before it gives up. Generous: a busy machine is no failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// The window and the wishes of a visitor.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// A phone: touch, no mouse, a mobile layout viewport.
    pub touch: bool,
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// `prefers-reduced-motion: reduce`.
    pub reduced_motion: bool,
}

impl View {
    /// A laptop, light, with motion.
    pub const DESKTOP: Self =
        Self { width: 1280, height: 800, scale: 1.0, touch: false, dark: false, reduced_motion: false };
    /// A phone of 390 x 844 with touch.
    pub const PHONE: Self = Self { width: 390, height: 844, scale: 3.0, touch: true, ..Self::DESKTOP };

    /// The same view in the dark.
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// The same view for somebody who asked for less motion.
    pub const fn still(self) -> Self {
        Self { reduced_motion: true, ..self }
    }
}

/// Something that a silent page would not have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// `console.error`, `exception`, `security`, `network`, ...
    pub kind: String,
    /// The text, with the place it comes from where the browser knows one.
    pub text: String,
}

/// An open page. Dropping it closes it and forgets its storage.
pub struct Page<'b> {
    browser: &'b Browser,
    context: String,
    pub(super) wire: Wire,
    pub(super) view: View,
    heard: Vec<Heard>,
    requests: Vec<String>,
}

impl<'b> Page<'b> {
    pub(super) fn set_up(browser: &'b Browser, context: String, wire: Wire, view: &View) -> Result<Self> {
        let mut page = Self { browser, context, wire, view: *view, heard: Vec::new(), requests: Vec::new() };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}))?;
        }
        // Workers report on a session of their own; `take_events` switches their console on.
        let workers = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
        page.call("Target.setAutoAttach", &workers)?;
        page.look(view)?;
        Ok(page)
    }

    /// Changes window, colour scheme or motion of the page as it stands.
    pub fn look(&mut self, view: &View) -> Result<()> {
        self.view = *view;
        let metrics = json!({
            "width": view.width, "height": view.height, "deviceScaleFactor": view.scale, "mobile": view.touch,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
        let touch = json!({ "enabled": view.touch, "maxTouchPoints": if view.touch { 5 } else { 1 } });
        self.call("Emulation.setTouchEmulationEnabled", &touch)?;
        let wishes = json!({ "features": [
            { "name": "prefers-color-scheme", "value": if view.dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if view.reduced_motion { "reduce" } else { "no-preference" } },
        ]});
        self.call("Emulation.setEmulatedMedia", &wishes)?;
        Ok(())
    }

    /// Calls any method of the DevTools protocol.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.wire.call(method, params)
    }

    /// Goes to an address and waits until the document and what it names have loaded.
    pub fn goto(&mut self, address: &str) -> Result<()> {
        let answer = self.call("Page.navigate", &json!({ "url": address }))?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("cannot open {address}: {error}");
        }
        self.wait_for("document.readyState === 'complete'")
    }

    /// Loads the page anew, as a visitor's reload does.
    pub fn reload(&mut self) -> Result<()> {
        // A mark in the old document tells it from the new one.
        self.eval::<Value>("window.thalwegIsOld = true")?;
        self.call("Page.reload", &json!({}))?;
        self.wait_for("!window.thalwegIsOld && document.readyState === 'complete'")
    }

    /// The value of a JavaScript expression; a promise is awaited, an exception is an error.
    pub fn eval<T: DeserializeOwned>(&mut self, expression: &str) -> Result<T> {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let mut answer = self.call("Runtime.evaluate", &params)?;
        if !answer["exceptionDetails"].is_null() {
            bail!("`{expression}` threw: {}", exception_text(&answer["exceptionDetails"]));
        }
        let mut value = answer["result"]["value"].take();
        if value.is_null() {
            // NaN, Infinity and big integers have no JSON; they come as text.
            value = answer["result"]["unserializableValue"].take();
        }
        let shown = value.to_string();
        serde_json::from_value(value).with_context(|| format!("`{expression}` gave {shown}"))
    }

    /// Waits until a JavaScript expression is true.
    pub fn wait_for(&mut self, condition: &str) -> Result<()> {
        let started = Instant::now();
        let mut last = String::new();
        while started.elapsed() < PATIENCE {
            // While one document gives way to the next there is nobody to answer: that is no failure yet.
            match self.eval::<bool>(&format!("Boolean({condition})")) {
                Ok(true) => return Ok(()),
                Ok(false) => last = "false".into(),
                Err(error) => last = format!("{error:#}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let heard = self.heard();
        bail!("waited {PATIENCE:?} for `{condition}`; it is: {last}\nthe console said: {heard:#?}")
    }

    /// Waits until the browser has drawn two frames: whatever was asked for before is on the screen.
    pub fn settle(&mut self) -> Result<()> {
        let frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.eval::<bool>(frames).map(|_| ())
    }

    /// What stands on the page, as a visitor can read it.
    pub fn text(&mut self, selector: &str) -> Result<String> {
        self.eval(&format!("document.querySelector({}).innerText", json!(selector)))
    }

    /// The centre of an element in CSS pixels of the window, scrolled into view.
    pub fn centre(&mut self, selector: &str) -> Result<(f64, f64)> {
        let [x, y, width, height] = self.rect(selector)?;
        Ok((x + width / 2.0, y + height / 2.0))
    }

    /// Left, top, width and height of an element in CSS pixels of the window, scrolled into view.
    pub fn rect(&mut self, selector: &str) -> Result<[f64; 4]> {
        self.eval(&format!(
            "(() => {{
                const element = document.querySelector({});
                element.scrollIntoView({{ block: 'nearest', inline: 'nearest', behavior: 'instant' }});
                const box = element.getBoundingClientRect();
                return [box.x, box.y, box.width, box.height];
            }})()",
            json!(selector)
        ))
    }

    /// Lets the page read and write the clipboard without asking.
    pub fn allow_clipboard(&mut self) -> Result<()> {
        let permissions = json!({
            "browserContextId": self.context,
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
        });
        self.browser.call("Browser.grantPermissions", &permissions).map(|_| ())
    }

    /// Sends downloads of this page into a folder, under the names that the page gives them.
    pub fn download_into(&mut self, folder: &Path) -> Result<()> {
        let behaviour = json!({
            "browserContextId": self.context, "behavior": "allow", "downloadPath": folder, "eventsEnabled": false,
        });
        self.browser.call("Browser.setDownloadBehavior", &behaviour).map(|_| ())
    }

    /// A PNG of the window.
    pub fn screenshot(&mut self) -> Result<Vec<u8>> {
        let answer = self.call("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let text = answer["data"].as_str().context("the browser sent no picture")?;
        Ok(base64::engine::general_purpose::STANDARD.decode(text)?)
    }

    /// A PNG of the window, into a file.
    pub fn screenshot_to(&mut self, file: &Path) -> Result<()> {
        let picture = self.screenshot()?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Everything heard since the page was opened: console messages of any level, exceptions, rejected promises,
    /// violations of the Content-Security-Policy, failed requests; of the page and of its workers.
    pub fn heard(&mut self) -> Vec<Heard> {
        self.take_events();
        self.heard.clone()
    }

    /// Fails with all that was heard, if anything was but the browser's own remark that it has no graphics adapter, which
    /// asking for one brings.
    pub fn assert_console_silent(&mut self) -> Result<()> {
        // One more turn of the page's own loop, so that what is about to be said is said.
        self.settle()?;
        let mut heard = self.heard();
        heard.retain(|heard| !heard.text.contains("No available adapters"));
        if heard.is_empty() {
            return Ok(());
        }
        bail!("the console should be silent, and said: {heard:#?}")
    }

    /// Every address that the page has asked for, in order; `data:` and `blob:` among them.
    pub fn requests(&mut self) -> Vec<String> {
        self.take_events();
        self.requests.clone()
    }

    fn take_events(&mut self) {
        while let Some(event) = self.wire.events.pop_front() {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: Event) {
        let params = &event.params;
        match event.method.as_str() {
            "Target.attachedToTarget" => {
                let worker = params["sessionId"].as_str().unwrap_or_default().to_owned();
                for method in ["Runtime.enable", "Log.enable", "Network.enable"] {
                    // A worker that has ended meanwhile has nothing more to say.
                    let _ = self.wire.send(&worker, method, &json!({}));
                }
            }
            "Network.requestWillBeSent" => {
                self.requests.extend(params["request"]["url"].as_str().map(str::to_owned));
            }
            "Runtime.consoleAPICalled" => {
                let level = params["type"].as_str().unwrap_or("log");
                let words = params["args"].as_array().into_iter().flatten().map(argument_text);
                self.hear(format!("console.{level}"), words.collect::<Vec<_>>().join(" "), &event.session);
            }
            "Runtime.exceptionThrown" => {
                self.hear("exception".into(), exception_text(&params["exceptionDetails"]), &event.session);
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                if entry["level"] != "verbose" {
                    let text = format!("{} ({})", text_of(&entry["text"]), text_of(&entry["url"]));
                    self.hear(text_of(&entry["source"]), text, &event.session);
                }
            }
            _ => {}
        }
    }

    fn hear(&mut self, kind: String, text: String, session: &str) {
        let kind = if session.is_empty() { kind } else { format!("worker {kind}") };
        self.heard.push(Heard { kind, text });
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        let _ = self.browser.call("Target.disposeBrowserContext", &json!({ "browserContextId": self.context }));
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn argument_text(argument: &Value) -> String {
    match &argument["value"] {
        Value::Null => text_of(&argument["description"]),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn exception_text(details: &Value) -> String {
    let thrown = &details["exception"];
    let told = if thrown["description"].is_null() { argument_text(thrown) } else { text_of(&thrown["description"]) };
    format!("{} {told}", text_of(&details["text"]))
}
