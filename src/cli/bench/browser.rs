//! The engines of a browser: a page of its own, run by a Chromium without a window, and read from what it leaves.

use super::Effort;
use super::cases::Prepared;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thalweg::engine::Lanes;

/// What the browser measured.
pub struct Browsed {
    /// Its name and version.
    pub browser: String,
    /// For each case.
    pub rates: Vec<Rates>,
}

/// Million steps a second of one case, and whether the two loops do the same.
#[derive(Deserialize)]
pub struct Rates {
    /// Of the kernel.
    pub kernel: f64,
    /// Of the loop in JavaScript.
    pub javascript: f64,
    /// The share of the runs whose ends lie apart after [`CHECK`] steps.
    apart: f64,
    /// The share of the runs that have moved.
    moved: f64,
}

/// Steps after which kernel and loop are compared.
const CHECK: u32 = 16;
/// How far apart they may be then, in diagonals of the landscape's window. Single precision rounds by 6e-8 of a number, a
/// gradient cancels two or three digits, sixteen steps add up: 1e-4 leaves room for that and for no other mistake.
const TOLERANCE: f64 = 1e-4;
/// The share of the runs that may be farther apart: where a coordinate's gradient is nothing but rounding, Adam's first
/// step still has its full length, in a direction by chance.
const BY_CHANCE: f64 = 0.01;
/// How long the page may take.
const PATIENCE: Duration = Duration::from_secs(300);

impl Rates {
    /// In what way kernel and JavaScript differ, if they do.
    pub fn mismatch(&self) -> Option<String> {
        if self.apart > BY_CHANCE {
            let percent = 100.0 * self.apart;
            return Some(format!("{percent:.1} % of the runs of kernel and JavaScript end apart after {CHECK} steps"));
        }
        (self.moved < 0.5).then(|| format!("only {:.1} % of the runs have moved", 100.0 * self.moved))
    }
}

/// Measures all cases in one page.
///
/// # Errors
/// In words, why that is not possible here.
pub fn measure(cases: &[Prepared], effort: Effort) -> Result<Browsed, String> {
    let program = chromium().ok_or("there is no Chrome or Chromium on PATH, and CHROME names none")?;
    let folder = std::env::temp_dir().join(format!("thalweg-bench-{}", std::process::id()));
    let measured = measure_in(&folder, &program, cases, effort);
    // What is left in a folder for temporary files does no harm.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn measure_in(folder: &Path, program: &Path, cases: &[Prepared], effort: Effort) -> Result<Browsed, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let page = folder.join("bench.html");
    std::fs::write(&page, html(cases, effort)).map_err(failed)?;
    let dom = folder.join("dom.html");
    let out = std::fs::File::create(&dom).map_err(failed)?;
    let started = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stdout(out)
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| format!("{} does not start: {error}", program.display()))?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().map_err(failed)?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("the browser was not done after {} seconds", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let rates = read(&std::fs::read_to_string(&dom).map_err(failed)?)?;
    if rates.len() != cases.len() {
        return Err("the browser measured something else".to_owned());
    }
    Ok(Browsed { browser: version(program), rates })
}

/// The results in the page that the browser leaves.
fn read(dom: &str) -> Result<Vec<Rates>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Answer {
        Rates(Vec<Rates>),
        Error(String),
    }
    let text = dom.split_once("<pre id=\"result\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (text, _) = text.ok_or("the browser left no page")?;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    match serde_json::from_str(&text) {
        Ok(Answer::Rates(rates)) => Ok(rates),
        Ok(Answer::Error(error)) => Err(format!("the page failed: {error}")),
        Err(error) => Err(format!("the page left “{text}”: {error}")),
    }
}

/// The page, with kernels and memories in it.
fn html(cases: &[Prepared], effort: Effort) -> String {
    let cases: Vec<serde_json::Value> = cases.iter().map(case).collect();
    let effort = json!({ "samples": effort.samples, "warm_up": effort.warm_up });
    format!(
        "<!doctype html><meta charset=utf-8><title>thalweg bench</title><pre id=\"result\"></pre>\n\
         <script>\nconst cases = {};\nconst effort = {effort};\n{}</script>\n",
        serde_json::Value::from(cases),
        include_str!("page.js")
    )
}

fn case(case: &Prepared) -> serde_json::Value {
    let layout = &case.layout;
    let image = layout.image(&case.job, 0);
    let outputs = layout.outputs();
    // The header's words: address and stride of each input, then the address of each output.
    let word = |place: usize| image[4 * place..][..4].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let inputs = case.single.varies.len();
    json!({
        "method": case.method,
        "landscape": case.landscape,
        "lr": case.knob("lr"),
        "rho": case.knob("rho"),
        "points": case.job.cells(),
        "steps": case.job.steps,
        "check": CHECK,
        "tolerance": TOLERANCE * case.job.problem.diagonal(),
        "kernel": BASE64_STANDARD.encode(case.single.kernel().print(Lanes::F32x4)),
        "image": BASE64_STANDARD.encode(&image[..outputs.start]),
        "size": outputs.end,
        "inputs": [word(0), word(2)],
        "outputs": [word(2 * inputs), word(2 * inputs + 1)],
    })
}

/// The browser to use: `$CHROME`, else one on `PATH`.
fn chromium() -> Option<PathBuf> {
    if let Some(chosen) = std::env::var_os("CHROME") {
        return Some(PathBuf::from(chosen)).filter(|program| program.is_file());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let programs = names.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    programs.map(|program| program.with_extension(std::env::consts::EXE_EXTENSION)).find(|program| program.is_file())
}

/// What the browser says it is.
fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    format!("{}, headless", if said.is_empty() { "unknown" } else { &said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_from_the_page() {
        let page = |text: &str| format!("<html><body><pre id=\"result\">{text}</pre><script>const x = 1;</script>");
        let rates = r#"{"rates":[{"kernel":200.5,"javascript":40,"apart":0.001,"moved":1}]}"#;
        let rates = read(&page(rates)).expect("a result");
        assert_eq!((rates.len(), rates[0].kernel, rates[0].javascript), (1, 200.5, 40.0));
        assert_eq!(rates[0].mismatch(), None);
        let apart = Rates { kernel: 1.0, javascript: 1.0, apart: 0.02, moved: 1.0 };
        assert!(apart.mismatch().is_some_and(|text| text.contains("2.0 %")));
        let still = Rates { kernel: 1.0, javascript: 1.0, apart: 0.0, moved: 0.0 };
        assert!(still.mismatch().is_some_and(|text| text.contains("moved")));
        for (text, words) in [(r#"{"error":"a &lt; b"}"#, "a < b"), ("", "left"), ("{}", "left")] {
            let error = read(&page(text)).err().unwrap_or_default();
            assert!(error.contains(words), "{error}");
        }
        assert!(read("<html>").is_err());
    }

    #[test]
    fn the_page_closes_its_script_once() {
        let case = crate::cli::bench::CASES[0].prepare().expect("the cases are in order");
        let html = html(&[case], Effort::QUICK);
        assert_eq!(html.matches("</script>").count(), 1);
        assert!(html.contains("\"landscape\":\"rosenbrock\""));
    }
}
