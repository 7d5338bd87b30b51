//! One running Chromium, shared by any number of pages.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::page::{Page, View};
use super::wire::Wire;
use crate::command::told;

/// Whether pages get WebGPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// No adapter: the page must work on the CPU.
    WithoutWebGpu,
    /// The software adapter SwiftShader, which needs no graphics card.
    WebGpu,
}

/// A running browser. It ends when this value is dropped, and also when the program that started it ends in any way.
pub struct Browser {
    /// Held for its standard input: see [`LEASH`].
    child: Child,
    port: u16,
    wire: Mutex<Wire>,
    /// For instance `Chrome/156.0.8078.73`.
    pub version: String,
}

/// Starts the browser, ends it once its own standard input closes, and removes the browser's profile.
///
/// The kernel closes that pipe when the test program ends, however it ends; so no browser outlives a test, not even one
/// that was killed, and a browser kept in a `static` needs nobody to drop it.
const LEASH: &str = r#"
profile=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
browser=$!
{ read -r line; kill "$browser"; } <&3 2>/dev/null &
reader=$!
wait "$browser" 2>/dev/null
kill "$reader" 2>/dev/null
# The browser's helpers may still be writing their last files.
rm -rf "$profile" 2>/dev/null || { sleep 1; rm -rf "$profile"; }
"#;

/// How long a browser may take to start; the first start on a busy machine reads 300 MB from the disk.
const START: Duration = Duration::from_secs(60);

impl Browser {
    /// Starts the browser at `program` with an empty profile.
    pub fn start(program: &Path, graphics: Graphics) -> Result<Self> {
        let profile = empty_profile()?;
        let mut child = leashed(program, &profile)
            .args(flags(graphics))
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let said = child.stderr.take().context("the browser's standard error was not piped")?;
        let (port, path) = address(said).with_context(|| format!("{} did not start", program.display()))?;
        let mut wire = Wire::connect(port, &path)?;
        let version = wire.call("Browser.getVersion", &json!({}))?;
        let version = version["product"].as_str().unwrap_or("unknown").to_owned();
        Ok(Self { child, port, wire: Mutex::new(wire), version })
    }

    /// Opens an empty page with storage, cache and permissions of its own: nothing of one test reaches another.
    pub fn open(&self, view: &View) -> Result<Page<'_>> {
        let context = self.call("Target.createBrowserContext", &json!({}))?["browserContextId"].take();
        let context = context.as_str().context("the browser opened no context")?.to_owned();
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank", "browserContextId": context }))?;
        let target = target["targetId"].as_str().context("the browser opened no page")?;
        let wire = Wire::connect(self.port, &format!("/devtools/page/{target}"))?;
        Page::set_up(self, context, wire, view)
    }

    /// Calls a method of the browser as a whole.
    pub fn call(&self, method: &str, params: &Value) -> Result<Value> {
        self.wire().call(method, params)
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.call("Browser.close", &json!({}));
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn leashed(program: &Path, profile: &Path) -> Command {
    if cfg!(unix) {
        let mut command = Command::new("sh");
        command.args(["-c", LEASH, "leash"]).arg(profile).arg(program);
        if cfg!(target_os = "linux") {
            // So that what the browser leaves among the temporary files goes with the profile. (On macOS the path of its
            // socket would become too long.)
            command.env("TMPDIR", profile);
        }
        command
    } else {
        Command::new(program)
    }
}

fn empty_profile() -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("thalweg-browser-{}-{count}", std::process::id()));
    // What an earlier process of the same number may have left.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn flags(graphics: Graphics) -> Vec<&'static str> {
    let mut flags = vec![
        "--headless=new",
        "--remote-debugging-port=0",
        "--no-first-run",
        "--no-default-browser-check",
        // A test browser talks to the test server and to nobody else.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-quic",
        "--metrics-recording-only",
        "--no-proxy-server",
        // A page that is not in front still runs at full speed: several are open at once.
        "--disable-backgrounding-occluded-windows",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        // Tests go from link to link faster than any hand; past 200 in ten seconds the browser would drop them.
        "--disable-ipc-flooding-protection",
        // Some containers give /dev/shm only 64 MB.
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
    ];
    match graphics {
        Graphics::WebGpu => flags.push("--enable-unsafe-webgpu"),
        // As on a machine without a graphics card: pages are drawn by the CPU, and no card is imitated.
        Graphics::WithoutWebGpu => flags.push("--disable-gpu"),
    }
    if is_root() {
        // The sandbox refuses to work for root, which is who runs in most containers.
        flags.push("--no-sandbox");
    }
    flags
}

fn is_root() -> bool {
    cfg!(unix) && crate::command::answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// The port and path of the browser's own WebSocket, which it announces on standard error.
fn address(said: ChildStderr) -> Result<(u16, String)> {
    let (sender, receiver) = mpsc::channel();
    // Goes on reading as long as the browser lives: a full pipe would stop it.
    std::thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let started = Instant::now();
    let mut lines = String::new();
    while let Ok(line) = receiver.recv_timeout(START.saturating_sub(started.elapsed())) {
        if let Some(found) = announced(&line) {
            return Ok(found);
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    bail!("no port was announced within {}; the browser wrote:\n{lines}", told(started.elapsed()))
}

/// Reads `DevTools listening on ws://127.0.0.1:PORT/PATH`.
fn announced(line: &str) -> Option<(u16, String)> {
    let (_, address) = line.split_once("DevTools listening on ws://127.0.0.1:")?;
    let (port, path) = address.split_once('/')?;
    Some((port.parse().ok()?, format!("/{}", path.trim())))
}

#[cfg(test)]
mod tests {
    use super::announced;

    #[test]
    fn the_announced_address_is_read() {
        let line = "DevTools listening on ws://127.0.0.1:40123/devtools/browser/5f-aa";
        assert_eq!(announced(line), Some((40123, "/devtools/browser/5f-aa".to_owned())));
        assert_eq!(announced("[1:1:ERROR] something else"), None);
    }
}
