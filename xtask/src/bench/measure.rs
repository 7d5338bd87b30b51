//! `cargo xtask bench measure`: sums over all pairs of particles, and whole runs of the measure lab.
//!
//! Sums are those of Stein's kernel over all pairs of 4,096 points, by the lab's own module and its kernels, on one thread and
//! with one helper, both on two at the same time if the machine has them. Runs go through the lab's worker as the page's
//! do: from asking to the verdict, the module's start, the recording and what is measured of the clouds included.

use anyhow::{Result, ensure};

use super::{Summary, load, print_row};
use crate::chrome::{Browser, Graphics, Page, View, find};
use crate::server::Site;
use crate::{dist, project};

/// Points whose pairs are summed.
const POINTS: usize = 4096;
/// Sums that are measured, and those before them.
const TURNS: usize = 35;
const WARM_UP: usize = 5;

/// Runs that are measured: a name, a link without its steps, and two numbers of steps. What lies between them has no start.
const RUNS: [(&str, &str, [u32; 2]); 2] = [
    ("SVGD, 4,096 particles, four hills", "problem=measure_mixture;n=4096&opt=svgd", [100, 400]),
    ("Langevin, 20,000 particles, four hills", "problem=measure_mixture;n=20000&opt=langevin", [200, 1000]),
];
/// Each so many times.
const REPEATS: usize = 3;

/// Builds the page and measures the lab.
pub fn measure() -> Result<()> {
    dist::build()?;
    let program = find::chrome_or_install()?;
    let browser = Browser::start(&program, Graphics::WithoutWebGpu)?;
    let site = Site::serve(&project::built()?)?;
    println!("\nmachine   {}{}", project::machine(), load());
    println!("browser   {}, headless, no GPU", browser.version);
    println!("command   cargo xtask bench measure");
    // Nothing moves on the page beside what is measured.
    let mut page = browser.open(&View::DESKTOP.still())?;
    page.goto(&site.address)?;
    page.settle()?;
    println!("\nmilliseconds for Stein's sums over all pairs of {POINTS} points, {TURNS} times");
    let alone = sums(&mut page, 0)?;
    let helped = sums(&mut page, 1)?;
    println!("  two threads beside one: {:.2} times as fast", alone / helped);
    println!("\nsteps a second in the lab's worker, recording and measuring included, {REPEATS} times");
    RUNS.iter().try_for_each(|(name, link, steps)| run(&mut page, name, link, *steps))
}

/// The median time of a sum with so many helpers.
fn sums(page: &mut Page<'_>, helpers: usize) -> Result<f64> {
    let all = WARM_UP + TURNS;
    let times: Vec<f64> = page.eval(&format!(
        "(async () => {{
            const at = file => new URL(file, document.baseURI).href;
            const lab = await import(at('measure.js'));
            await lab.default({{ module_or_path: at('measure_bg.wasm') }});
            return Array.from(await lab.time_pairs(at('pair-worker.js'), {helpers}, false, {POINTS}, {all}));
        }})()"
    ))?;
    ensure!(times.len() == all, "{} sums came back", times.len());
    let summary = Summary::of(times[WARM_UP..].to_vec());
    print_row(if helpers == 0 { "one thread" } else { "two threads" }, &summary);
    Ok(summary.median)
}

fn run(page: &mut Page<'_>, name: &str, link: &str, [few, many]: [u32; 2]) -> Result<()> {
    let mut rates = Vec::new();
    for _ in 0..REPEATS {
        let [short, long] = [asked(page, link, few)?, asked(page, link, many)?];
        rates.push(1e3 * f64::from(many - few) / (long - short));
    }
    print_row(name, &Summary::of(rates));
    Ok(())
}

/// Milliseconds from asking a new worker to the last row of a run.
fn asked(page: &mut Page<'_>, link: &str, steps: u32) -> Result<f64> {
    page.eval(&format!(
        "new Promise((done, failed) => {{
            const at = file => new URL(file, document.baseURI).href;
            const worker = new Worker(at('lab-worker.js'), {{ type: 'module' }});
            const began = performance.now();
            worker.onmessage = ({{ data }}) => {{
                if (data.error ?? data.refusal) failed(new Error(data.error ?? data.refusal));
                if (data.share !== 1) return;
                worker.terminate();
                done(performance.now() - began);
            }};
            const files = {{ script: at('measure.js'), wasm: at('measure_bg.wasm'), helper: at('pair-worker.js') }};
            worker.postMessage({{ kind: 'run', number: 1, link: '{link}&steps={steps}', ...files }});
        }})"
    ))
}
