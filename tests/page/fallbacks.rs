//! What stands in for a graphics processor that fails, and maps and particles in all the places where little is left of
//! them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xtask::chrome::{Graphics, Page, View};

use crate::browser;
use crate::visitor::{self, Picture};

const BASINS: &str = "problem=himmelblau&start=1,1&steps=60&step=60&opt=adam;lr=0.1&basins=1&engine=gpu";
const SWARM: &str = "problem=himmelblau&steps=40&step=10&opt=heavy_ball;lr=0.003&swarm=1&engine=gpu";
const ENSEMBLE: &str =
    "problem=himmelblau&steps=40&step=10&opt=heavy_ball;lr=0.003&ensemble=1&noise=gaussian;sigma=20&engine=gpu";

/// What the badge says once the map is finished.
const FINISHED: &str = "document.querySelector('.basin-badge')?.innerText.includes('steps/s')";
/// What the badge of particles says once all have arrived at the step that is shown.
const FLOWING: &str = "document.querySelector('.particle-badge')?.innerText.includes('last picture')";

/// What goes wrong, and what the badge says of it.
const FAILURES: [(&str, &str); 4] = [
    ("compile", "the shader does not compile"),
    ("lost", "was lost"),
    ("memory", "no memory left"),
    // What else was asked for hears of it, or finds that its kernel has gone.
    ("trap", "the graphics processor"),
];

/// Opens a link in a page whose graphics processor fails in some way.
fn open_failing(how: &str, link: &str) -> Result<Page<'static>> {
    let mut page = browser::blank_on(Graphics::WebGpu, &View::DESKTOP)?;
    let script = format!(
        "window.Worker = new Proxy(Worker, {{
            construct(target, [address]) {{
                return new target(`{}?${{new URLSearchParams({{ how: '{how}', then: address }})}}`);
            }},
        }});",
        browser::FAILING
    );
    page.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }))?;
    browser::go(&mut page, link)?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    Ok(page)
}

/// The same picture by kernels alone.
fn by_kernels(link: &str, ready: &str, selector: &str) -> Result<Picture> {
    let mut page = browser::open(&View::DESKTOP, &link.replace("engine=gpu", "engine=kernel"))?;
    page.wait_for(ready)?;
    at_rest(&mut page, selector)
}

/// A canvas once nothing about it changes any more.
fn at_rest(page: &mut Page<'_>, selector: &str) -> Result<Picture> {
    let mut before = visitor::picture(page, selector)?;
    for _ in 0..100 {
        pause(page, 300)?;
        let now = visitor::picture(page, selector)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    anyhow::bail!("{selector} does not come to rest")
}

fn pause(page: &mut Page<'_>, milliseconds: u32) -> Result<()> {
    page.eval::<bool>(&format!("new Promise(done => setTimeout(() => done(true), {milliseconds}))")).map(|_| ())
}

#[test]
fn a_map_goes_on_by_kernels_when_the_graphics_processor_fails() -> Result<()> {
    let whole = by_kernels(BASINS, FINISHED, ".map .cells")?;
    for (how, reason) in FAILURES {
        let mut page = open_failing(how, BASINS)?;
        page.wait_for(FINISHED).context(how)?;
        let badge = page.text(".basin-badge")?;
        ensure!(badge.contains("SIMD kernel; WebGPU failed") && badge.contains(reason), "{how}: {badge}");
        ensure!(at_rest(&mut page, ".map .cells")? == whole, "{how}: another picture");
        // The processor is asked again for the next map, and nothing is frozen.
        page.eval::<Value>(
            "(slider => { slider.value = +slider.value + 40; slider.dispatchEvent(new Event('input', { bubbles: true })); \
             return null; })(document.querySelector('.method input[type=range]'))",
        )?;
        page.wait_for("!document.querySelector('.basin-badge').innerText.includes('steps/s')")?;
        page.wait_for(FINISHED).context(how)?;
        let badge = page.text(".basin-badge")?;
        ensure!(how == "lost" || badge.contains("WebGPU failed"), "{how}: {badge}");
    }
    Ok(())
}

#[test]
fn particles_go_on_by_kernels_when_the_graphics_processor_fails() -> Result<()> {
    for link in [SWARM, ENSEMBLE] {
        let whole = by_kernels(link, FLOWING, ".particles")?;
        for (how, reason) in FAILURES {
            let mut page = open_failing(how, link)?;
            page.wait_for(FLOWING).context(how)?;
            // The device that goes at work goes while they move.
            for _ in 0..4 {
                page.key("ArrowRight")?;
                page.wait_for(FLOWING)?;
            }
            page.wait_for("document.querySelector('.particle-badge').innerText.includes('WebGPU failed')")
                .context(how)?;
            page.wait_for(FLOWING).context(how)?;
            let badge = page.text(".particle-badge")?;
            ensure!(badge.contains("SIMD kernel; WebGPU failed") && badge.contains(reason), "{how}: {badge}");
            for _ in 0..4 {
                page.key("ArrowLeft")?;
            }
            ensure!(visitor::step(&mut page)? == 10);
            ensure!(at_rest(&mut page, ".particles")? == whole, "{how}: other particles");
        }
    }
    Ok(())
}

/// A hand that goes on moving a slider gives up a hundred maps on the graphics processor: their buffers are given back.
#[test]
fn a_hundred_maps_given_up_leave_no_buffer_behind() -> Result<()> {
    let mut page = open_failing("none", BASINS)?;
    page.wait_for(FINISHED)?;
    ensure!(page.text(".basin-badge")?.contains("WebGPU ("));
    page.eval::<Value>(
        "(async () => {
            const slider = document.querySelector('.method input[type=range]');
            for (let i = 0; i < 100; i += 1) {
                slider.value = 300 + 3 * i;
                slider.dispatchEvent(new Event('input', { bubbles: true }));
                await new Promise(done => setTimeout(done, 25));
            }
            return null;
        })()",
    )?;
    page.wait_for("!document.querySelector('.basin-badge').innerText.includes('steps/s')")?;
    page.wait_for(FINISHED)?;
    // The comparison with the direct code is over as well.
    page.wait_for("document.querySelector('.basin-badge').innerText.includes('Beside the direct code')")?;
    let left: Vec<i32> = page.eval(
        "new Promise(done => {
            const channel = new BroadcastChannel('buffers'), counts = [];
            channel.onmessage = ({ data }) => counts.push(data);
            channel.postMessage('how many?');
            setTimeout(() => done(counts), 500);
        })",
    )?;
    ensure!(!left.is_empty() && left.iter().all(|count| *count == 0), "{left:?} buffers");
    page.assert_console_silent()
}

/// A tab that nobody sees gets no frames, and timers once a second: the map is computed all the same, and shown with the
/// tab.
#[test]
fn a_map_is_finished_in_the_background() -> Result<()> {
    let link = BASINS.replace("engine=gpu", "engine=kernel");
    let mut page = browser::open(&View::DESKTOP, &link.replace("&basins=1", ""))?;
    page.eval::<Option<bool>>(
        "(() => {
            const [frame, timer] = [requestAnimationFrame, setTimeout], held = [];
            window.requestAnimationFrame = callback => held.push(callback);
            window.setTimeout = (callback, wait, ...all) => timer(callback, Math.max(wait ?? 0, 1000), ...all);
            window.show = () => {
                window.requestAnimationFrame = frame;
                window.setTimeout = timer;
                held.forEach(callback => frame(callback));
            };
        })()",
    )?;
    visitor::go_back_to(&mut page, &link)?;
    page.wait_for(FINISHED)?;
    page.eval::<Option<bool>>("window.show()")?;
    let cells = visitor::picture(&mut page, ".map .cells")?;
    ensure!(cells.painted == cells.pixels && cells.colours > 3, "{cells:?}");
    page.assert_console_silent()
}

/// A page that hardly has room for a map, or none: no complaint, and a map when there is room again.
#[test]
fn a_map_of_hardly_a_pixel_is_a_map() -> Result<()> {
    let link = format!("{}&embed=1&hide=transport", BASINS.replace("gpu", "kernel"));
    let mut page = browser::open(&View { width: 1, height: 1, ..View::DESKTOP }, &link)?;
    page.settle()?;
    page.look(&View::DESKTOP)?;
    page.wait_for(FINISHED)?;
    page.wait_for("document.querySelector('.map .cells').width > 1000")?;
    page.assert_console_silent()
}

/// The engine comes by itself once the page is at rest, and not before: the first map does not wait for it.
#[test]
fn the_engine_is_at_hand_once_the_page_rests() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    page.wait_for("performance.getEntriesByName('thalweg-engine').length > 0")?;
    let [picture, asked]: [f64; 2] = page.eval(
        "[performance.getEntriesByName('thalweg-first-picture')[0].startTime,
        performance.getEntriesByType('resource').find(entry => entry.name.includes('kernels.js')).startTime]",
    )?;
    ensure!(asked > picture + 500.0, "the worker was asked for at {asked}, the picture was there at {picture}");
    page.assert_console_silent()
}

/// Who saves data, and who has a view in a page of somebody else, pays for the engine when a map is asked for.
#[test]
fn the_engine_does_not_come_unasked_where_data_is_saved() -> Result<()> {
    for (saves, link) in [("true", ""), ("false", "embed=1")] {
        let mut page = browser::blank(&View::DESKTOP)?;
        let script = format!("Object.defineProperty(navigator, 'connection', {{ value: {{ saveData: {saves} }} }});");
        page.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }))?;
        browser::go(&mut page, link)?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        // Elsewhere it comes a second after the first picture.
        pause(&mut page, 4000)?;
        ensure!(!page.requests().iter().any(|url| url.contains("engine") || url.contains("kernels.js")));
        page.assert_console_silent()?;
    }
    Ok(())
}
