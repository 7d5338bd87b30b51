//! `cargo xtask bench page`: what the page weighs, how soon it shows its first picture, what one pointer event costs.
//!
//! Everything is printed and nothing asserted: times depend on the machine and on what else it does, so they are for
//! people to read and to quote, with the machine and the browser that are printed above them.
//!
//! # First picture
//! The page calls `performance.mark("thalweg-first-picture")` once the landscape with its trails is first drawn; the mark
//! counts from the start of the navigation. Each load is cold: a browser context of its own, so an empty cache of
//! files and of compiled code, with the cache switched off besides. The browser itself is running, as it is when
//! somebody follows a link; one load before the measured ones pays for what the browser starts only once.
//!
//! # One pointer event
//! While the start is dragged by real mouse input, the browser's own account of its main thread (`TaskDuration` of the
//! DevTools domain `Performance`, counted in time of that *thread*, so that neither waiting for the next frame nor
//! another process on the same core is counted) is read before the move is sent and after two animation frames have
//! passed. The difference holds all that the event set off: handlers, microtasks, animation frame callbacks, style,
//! layout and painting. It also holds the asking; that part is measured the same way without a move, and
//! subtracted.
//!
//! # A map of basins
//! 512 x 512 starts, 500 steps of Adam on Rosenbrock's function, by kernels on one worker and on two: the page measures how
//! long it is from asking to the coarse picture (`thalweg-coarse`) and to the last pixel (`thalweg-map`): in a link that is
//! opened with an empty cache, the engine and the kernel still to come; when the map is chosen on a page that has come to
//! rest, the engine at hand; and with other step sizes and the kernel at hand. Long tasks are the browser's own entries, of
//! 50 milliseconds and more, while a page of usual size computes maps and its step size is moved.
//!
//! # Kernels alone
//! A call of the map's kernel is caught on its way to a worker and then repeated in workers of the benchmark's own, first in
//! one, then in two at the same time, with nothing on the page beside it: what a second core adds, without what the page
//! does with the answers.

mod measure;

pub use measure::measure;

use anyhow::{Context, Result};
use serde_json::json;

use crate::chrome::{Browser, Graphics, Page, View, find};
use crate::server::Site;
use crate::{dist, project, screenshot};

/// JavaScript: whether the landscape with its trails has been drawn.
pub const FIRST_PICTURE_IS_THERE: &str = "performance.getEntriesByName('thalweg-first-picture').length > 0";

/// JavaScript: the browser's own entry for the first text, picture or canvas on the screen.
const FIRST_PAINT: &str = "performance.getEntriesByName('first-contentful-paint')[0]";

/// Ten optimizers on 500 steps: what a full page has to draw anew for each event. Time stands at the end, so that all of
/// every path is drawn and the animation itself is not counted.
const TEN_OPTIMIZERS: &str = "problem=rosenbrock;b=100&start=-1.2,1&steps=500&step=500\
    &opt=sgd;lr=0.001&opt=sgd;lr=0.0005;momentum=0.9&opt=adagrad;lr=0.5&opt=rmsprop;lr=0.01&opt=adam;lr=0.05\
    &opt=adamw;lr=0.05&opt=amsgrad;lr=0.05&opt=adamax;lr=0.05&opt=lion;lr=0.01&opt=adabelief;lr=0.05";

/// Cold loads that are measured.
const LOADS: usize = 9;

/// Pointer events before the measured ones: the browser compiles hot WebAssembly a second, better time.
const WARM_UP: usize = 40;

/// Pointer events that are measured.
const EVENTS: usize = 200;

/// Moves of nothing, to learn what asking costs.
const IDLE: usize = 60;

/// Builds the page and measures it; `link` replaces the ten optimizers.
pub fn page(link: Option<&str>) -> Result<()> {
    dist::build()?;
    let program = find::chrome_or_install()?;
    let browser = Browser::start(&program, Graphics::WithoutWebGpu)?;
    let site = Site::serve(&project::built()?)?;
    println!("\nmachine   {}{}", project::machine(), load());
    println!("browser   {}, headless, no GPU", browser.version);
    println!("command   cargo xtask bench page");
    first_picture(&browser, &site)?;
    pointer_events(&browser, &site, link.unwrap_or(TEN_OPTIMIZERS))?;
    maps(&browser, &site)
}

/// What else the machine was doing, where that can be known.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().map_or_else(String::new, |one| format!(", load before {one}"))
}

fn first_picture(browser: &Browser, site: &Site) -> Result<()> {
    let mut painted = Vec::new();
    let mut pictures = Vec::new();
    for load in 0..=LOADS {
        let mut page = browser.open(&View::DESKTOP)?;
        page.call("Network.setCacheDisabled", &json!({ "cacheDisabled": true }))?;
        page.goto(&site.address)?;
        page.wait_for(FIRST_PICTURE_IS_THERE).context("the page sets no mark `thalweg-first-picture`")?;
        if load == 0 {
            continue;
        }
        pictures.push(page.eval("performance.getEntriesByName('thalweg-first-picture')[0].startTime")?);
        // The browser reports the first paint some frames after it.
        page.wait_for(&format!("{FIRST_PAINT} !== undefined || performance.now() > 5000"))?;
        painted.extend(page.eval::<Option<f64>>(&format!("{FIRST_PAINT}?.startTime ?? null"))?);
    }
    println!("\nfrom navigation, milliseconds, {LOADS} cold loads");
    print_row("first picture drawn", &Summary::of(pictures));
    if painted.len() == LOADS {
        print_row("first paint of the browser", &Summary::of(painted));
    } else {
        println!("  the browser reported a first paint in {} loads only", painted.len());
    }
    Ok(())
}

fn pointer_events(browser: &Browser, site: &Site, link: &str) -> Result<()> {
    let mut page = browser.open(&View::DESKTOP)?;
    page.goto(&format!("{}{}", site.address, screenshot::query(link)))?;
    page.wait_for(FIRST_PICTURE_IS_THERE)?;
    page.settle()?;
    let (x, y) = page.centre(START_HANDLE).context("no element has the attribute data-handle=\"start\"")?;
    page.call("Performance.enable", &json!({ "timeDomain": "threadTicks" }))?;

    page.grab((x, y))?;
    let idle = samples(&mut page, IDLE, |_, _| Ok(()))?;
    let around = |page: &mut Page<'_>, event: usize| {
        // A circle of 60 pixels: every event moves the start, and none leaves the picture.
        let angle = event as f64 * 0.37;
        page.pull_to((x + 60.0 * angle.cos(), y + 60.0 * angle.sin()))
    };
    samples(&mut page, WARM_UP, around)?;
    let busy = samples(&mut page, EVENTS, around)?;
    page.pull_to((x + 60.0, y))?;
    page.settle()?;
    let moved = page.centre(START_HANDLE)?;
    page.let_go((x, y))?;

    println!("\nmain thread, milliseconds for one pointer event while the start is dragged, {EVENTS} events");
    println!("link      {link}");
    for (name, pick) in [("all of it", Cost::tasks as fn(&Cost) -> f64), ("of it JavaScript and Wasm", Cost::scripts)] {
        let asking = Summary::of(idle.iter().map(pick).collect()).median;
        print_row(name, &Summary::of(busy.iter().map(|cost| pick(cost) - asking).collect()));
    }
    if (moved.0 - x).hypot(moved.1 - y) < 10.0 {
        println!("NOTE: the start did not follow the pointer; these are times of events that change nothing.");
    }
    Ok(())
}

/// A map that fills its window; `LR` is replaced by a step size.
const MAP: &str = "problem=rosenbrock&steps=500&step=500&opt=adam;lr=LR&basins=1&hide=transport&embed=1";

/// Maps that are measured after the first.
const MAPS: usize = 9;

/// First maps that are measured, each in a page of its own.
const FIRSTS: usize = 5;

/// The sides of the map in pixels.
const SIDE: f64 = 512.0;

fn maps(browser: &Browser, site: &Site) -> Result<()> {
    println!("\nfrom asking, milliseconds, a map of 512 x 512 starts and 500 steps of Adam on Rosenbrock");
    let mut wholes = Vec::new();
    for workers in [1, 2] {
        println!("{workers} worker{}", if workers == 1 { "" } else { "s" });
        let cold = (0..FIRSTS).map(|_| cold_map(browser, site, workers).map(|(_, times)| times));
        print_firsts("the first map, cold", &cold.collect::<Result<Vec<_>>>()?);
        let warm = (0..FIRSTS).map(|_| warm_map(browser, site, workers));
        print_firsts("the first map of a page at rest", &warm.collect::<Result<Vec<_>>>()?);
        wholes.push(later_maps(browser, site, workers)?);
    }
    println!("two workers beside one: the whole map {:.2} times as fast", wholes[0] / wholes[1]);
    kernels(browser, site)?;
    long_tasks(browser, site)
}

fn print_firsts(name: &str, times: &[[f64; 2]]) {
    let [coarse, whole] = [0, 1].map(|i| Summary::of(times.iter().map(|pair| pair[i]).collect()));
    print_row(&format!("{name}: coarse"), &coarse);
    print_row("    last pixel", &whole);
}

/// A link with a map, opened with an empty cache.
fn cold_map<'b>(browser: &'b Browser, site: &Site, workers: u32) -> Result<(Page<'b>, [f64; 2])> {
    let mut page = browser.open(&View::DESKTOP)?;
    set_workers(&mut page, workers)?;
    set_size(&mut page, [SIDE, SIDE])?;
    page.goto(&format!("{}{}", site.address, screenshot::query(&MAP.replace("LR", "0.05"))))?;
    let times = measured(&mut page)?;
    Ok((page, times))
}

/// A map that is chosen on a page which has the engine at hand.
fn warm_map(browser: &Browser, site: &Site, workers: u32) -> Result<[f64; 2]> {
    let mut page = browser.open(&View::DESKTOP)?;
    set_workers(&mut page, workers)?;
    let link = "problem=rosenbrock&steps=500&step=500&opt=adam;lr=0.05";
    page.goto(&format!("{}{}", site.address, screenshot::query(link)))?;
    page.wait_for(FIRST_PICTURE_IS_THERE)?;
    // A window in which the map is as large as the other one.
    let [_, _, width, height] = page.rect(".map")?;
    set_size(&mut page, [1280.0 + SIDE - width, 800.0 + SIDE - height])?;
    page.wait_for("performance.getEntriesByName('thalweg-engine').length > 0")?;
    page.settle()?;
    page.eval::<Option<bool>>(
        "(select => { select.value = '0'; select.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
         (document.querySelector('.layers select'))",
    )?;
    measured(&mut page)
}

/// Maps with the kernel at hand; the median time to the last pixel.
fn later_maps(browser: &Browser, site: &Site, workers: u32) -> Result<f64> {
    let (mut page, _) = cold_map(browser, site, workers)?;
    let (mut coarses, mut wholes) = (Vec::new(), Vec::new());
    for i in 0..MAPS {
        // Going back in the history opens another link without a load.
        let query = MAP.replace("LR", &format!("0.0{}", 11 + i));
        page.eval::<bool>(&format!(
            "(performance.clearMeasures(), history.replaceState(null, '', '?{query}'), \
             dispatchEvent(new PopStateEvent('popstate')))"
        ))?;
        let [coarse, whole] = measured(&mut page)?;
        coarses.push(coarse);
        wholes.push(whole);
    }
    print_row("later maps: coarse", &Summary::of(coarses));
    let whole = Summary::of(wholes);
    print_row("    last pixel", &whole);
    println!("  {}", page.text(".basin-badge small")?);
    Ok(whole.median)
}

/// Calls of a kernel that each worker has waiting, so that it never waits itself.
const CALLS: usize = 12;
/// Rounds with one worker and as many with two.
const ROUNDS: usize = 9;

fn kernels(browser: &Browser, site: &Site) -> Result<()> {
    let mut page = browser.open(&View::DESKTOP)?;
    let catch = "const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message, moved) {
            if (message.kind === 'run' && message.groups > (window.caught?.groups ?? 0)) {
                window.caught = { ...message, image: message.image.slice() };
            }
            return post.call(this, message, moved);
        };";
    page.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": catch }))?;
    page.goto(&format!("{}{}", site.address, screenshot::query(&MAP.replace("LR", "0.05"))))?;
    measured(&mut page)?;
    page.settle()?;
    let rates: Vec<[f64; 2]> = page.eval(&format!(
        "(async () => {{
            const workers = [0, 1].map(() => new Worker(document.getElementById('thalweg-kernels').href));
            const steps = caught.groups * 4 * caught.steps * {CALLS};
            const fly = worker => new Promise(done => {{
                let left = {CALLS};
                worker.onmessage = () => (left -= 1) || done();
                for (let i = 0; i < {CALLS}; i += 1) {{
                    const image = caught.image.slice();
                    worker.postMessage({{ ...caught, image }}, [image.buffer]);
                }}
            }});
            const rate = async flying => {{
                const began = performance.now();
                await Promise.all(flying.map(fly));
                return flying.length * steps / (performance.now() - began) / 1000;
            }};
            await rate(workers);
            const rates = [];
            for (let i = 0; i < {ROUNDS}; i += 1) rates.push([await rate(workers.slice(1)), await rate(workers)]);
            return rates;
        }})()"
    ))?;
    let [one, two] = [0, 1].map(|i| Summary::of(rates.iter().map(|pair| pair[i]).collect()).median);
    let ratio = Summary::of(rates.iter().map(|[one, two]| two / one).collect());
    println!("kernels alone, million steps a second: one worker {one:.0}, two at the same time {two:.0} together");
    print_row("times as fast", &ratio);
    Ok(())
}

fn set_size(page: &mut Page<'_>, [width, height]: [f64; 2]) -> Result<()> {
    let size = json!({ "width": width.round(), "height": height.round(), "deviceScaleFactor": 1, "mobile": false });
    page.call("Emulation.setDeviceMetricsOverride", &size).map(|_| ())
}

fn set_workers(page: &mut Page<'_>, workers: u32) -> Result<()> {
    let cores = json!({ "hardwareConcurrency": workers });
    page.call("Emulation.setHardwareConcurrencyOverride", &cores).map(|_| ())
}

/// From asking to the coarse picture of the latest map, and to its last pixel.
fn measured(page: &mut Page<'_>) -> Result<[f64; 2]> {
    page.wait_for("performance.getEntriesByName('thalweg-map').length > 0")?;
    page.eval("['thalweg-coarse', 'thalweg-map'].map(name => performance.getEntriesByName(name).at(-1).duration)")
}

fn long_tasks(browser: &Browser, site: &Site) -> Result<()> {
    let mut page = browser.open(&View::DESKTOP)?;
    set_workers(&mut page, 2)?;
    let link = "problem=rosenbrock&steps=500&step=500&opt=adam;lr=0.05&basins=1";
    page.goto(&format!("{}{}", site.address, screenshot::query(link)))?;
    measured(&mut page)?;
    let mut tasks: Vec<f64> = Vec::new();
    for _ in 0..MAPS {
        page.eval::<bool>(
            "(performance.clearMeasures(), window.long = [], window.watch?.disconnect(),
            window.watch = new PerformanceObserver(list => long.push(...list.getEntries().map(task => task.duration))),
            watch.observe({ type: 'longtask' }),
            (slider => { slider.value = +slider.value + 5; })(document.querySelector('.method input[type=range]')),
            document.querySelector('.method input[type=range]').dispatchEvent(new Event('input', { bubbles: true })))",
        )?;
        measured(&mut page)?;
        page.settle()?;
        tasks.extend(page.eval::<Vec<f64>>("long")?);
    }
    let longest = tasks.iter().fold(0.0, |longest: f64, task| longest.max(*task));
    println!(
        "main thread while {MAPS} maps of a page of 1280 x 800 are computed: {} tasks of 50 milliseconds and more, the longest {longest:.0}",
        tasks.len()
    );
    Ok(())
}

/// What lies over the start on the map, can be dragged, and has the focus for the arrow keys.
const START_HANDLE: &str = "[data-handle=start]";

/// Main-thread time of one event, in milliseconds.
struct Cost {
    tasks: f64,
    scripts: f64,
}

impl Cost {
    fn tasks(&self) -> f64 {
        self.tasks
    }

    fn scripts(&self) -> f64 {
        self.scripts
    }
}

fn samples(
    page: &mut Page<'_>,
    count: usize,
    mut act: impl FnMut(&mut Page<'_>, usize) -> Result<()>,
) -> Result<Vec<Cost>> {
    (0..count)
        .map(|event| {
            let before = spent(page)?;
            act(page, event)?;
            page.settle()?;
            let after = spent(page)?;
            Ok(Cost { tasks: after.tasks - before.tasks, scripts: after.scripts - before.scripts })
        })
        .collect()
}

/// All the main-thread time of this page so far.
fn spent(page: &mut Page<'_>) -> Result<Cost> {
    let answer = page.call("Performance.getMetrics", &json!({}))?;
    let seconds = |name: &str| -> Result<f64> {
        let rows = answer["metrics"].as_array().context("the browser gave no metrics")?;
        let row = rows.iter().find(|row| row["name"] == name);
        row.and_then(|row| row["value"].as_f64()).with_context(|| format!("the browser does not count {name}"))
    };
    Ok(Cost { tasks: seconds("TaskDuration")? * 1e3, scripts: seconds("ScriptDuration")? * 1e3 })
}

/// Order statistics of some times.
#[derive(Debug, PartialEq)]
struct Summary {
    least: f64,
    median: f64,
    ninth: f64,
    most: f64,
}

impl Summary {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        // The nearest rank; with an odd count the median is the middle one.
        let rank = |part: f64| {
            let last = times.len().saturating_sub(1);
            times.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
        };
        Self { least: rank(0.0), median: rank(0.5), ninth: rank(0.9), most: rank(1.0) }
    }
}

fn print_row(name: &str, Summary { least, median, ninth, most }: &Summary) {
    println!("  {name:<39} median {median:>8.2}   least {least:>8.2}   90 % {ninth:>8.2}   most {most:>8.2}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_takes_the_nearest_rank() {
        let summary = Summary::of(vec![9.0, 1.0, 5.0, 3.0, 7.0]);
        assert_eq!(summary, Summary { least: 1.0, median: 5.0, ninth: 9.0, most: 9.0 });
    }
}
