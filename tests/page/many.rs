//! Many runs at once: maps over knobs, swarms, ensembles, the strip over many starts, and the engines behind them.

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use thalweg::experiment::Link;
use thalweg::figure::Frame;
use xtask::chrome::{Graphics, Page, View};

use crate::browser;
use crate::visitor::{self, MAP, Picture};

const KNOBS: &str = "problem=ellipse&start=1,1&steps=60&step=60&opt=heavy_ball;lr=0.005&sweep=1";
const SWARM: &str = "problem=himmelblau&steps=40&step=10&opt=heavy_ball;lr=0.003&swarm=1";
const BASINS: &str = "problem=himmelblau&start=1,1&steps=60&step=60&opt=adam;lr=0.1&basins=1";

/// What the foot of a map over knobs says once it is finished.
const KNOBS_FINISHED: &str = "document.querySelector('.knob-map-foot')?.innerText.includes('steps/s')";
/// What the badge of particles says once all have arrived at the step that is shown.
const FLOWING: &str = "document.querySelector('.particle-badge')?.innerText.includes('last picture')";

/// A canvas once nothing about it changes any more.
fn at_rest(page: &mut Page<'_>, selector: &str) -> Result<Picture> {
    let mut before = visitor::picture(page, selector)?;
    for _ in 0..100 {
        page.eval::<bool>("new Promise(done => setTimeout(() => done(true), 250))")?;
        let now = visitor::picture(page, selector)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    bail!("{selector} does not come to rest")
}

#[test]
fn a_map_over_knobs_comes_with_a_link_and_takes_a_click() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE] {
        let mut page = browser::open(&view, KNOBS)?;
        page.wait_for(KNOBS_FINISHED)?;
        let before = visitor::picture(&mut page, ".knob-map .cells")?;
        ensure!(before.painted > 10_000 && before.colours > 50, "{before:?}");
        let [left, top, width, height] = page.rect(".knob-map .cells")?;
        page.click((left + 0.4 * width, top + 0.6 * height))?;
        visitor::wait_for_address(&mut page, "momentum=")?;
        let link = visitor::address(&mut page)?;
        ensure!(!link.contains("lr=0.005"), "{link}");
        // Its own two knobs change nothing about the map. Where the pointer is, the foot tells of the run there.
        page.hover((left + 0.5 * width, top - 150.0))?;
        page.wait_for(KNOBS_FINISHED)?;
        ensure!(visitor::picture(&mut page, ".knob-map .cells")? == before, "the map changed with its own knobs");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn the_switch_opens_the_map_over_knobs_and_closes_it() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&steps=30&step=30&opt=adam;lr=0.1")?;
    visitor::click_words(&mut page, ".segments", "Knobs")?;
    page.wait_for(KNOBS_FINISHED)?;
    let loss = visitor::picture(&mut page, ".knob-map .cells")?;
    page.eval::<Value>(
        "(select => { select.value = 'steps'; select.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
         (document.querySelector('.knob-map-head select:last-child'))",
    )?;
    visitor::wait_for_address(&mut page, "show=steps")?;
    page.settle()?;
    ensure!(visitor::picture(&mut page, ".knob-map .cells")? != loss, "steps look like losses");
    visitor::click_words(&mut page, ".segments", "2D")?;
    page.wait_for("!document.querySelector('.knob-map') && !location.search.includes('sweep')")?;
    page.assert_console_silent()
}

#[test]
fn a_swarm_flows_with_time_and_each_of_it_is_a_run() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, SWARM)?;
    page.wait_for(FLOWING)?;
    // Colours by where runs end come when that is known.
    let early = at_rest(&mut page, ".particles")?;
    ensure!(early.painted > 5_000 && early.colours > 3, "{early:?}");
    visitor::go_to_the_end(&mut page)?;
    let late = at_rest(&mut page, ".particles")?;
    ensure!(late.painted < early.painted / 2, "{late:?} after all steps, {early:?} before");
    // At the end the dots are at the minima: one of them is at (3, 2).
    let before = visitor::start(&mut page)?;
    let [left, top, width, height] = page.rect(MAP)?;
    let [px, py] = Frame::fit(Link::parse(SWARM).experiment.pose()?.domain, width, height).to_pixel([3.0, 2.0]);
    page.click((left + px, top + py))?;
    page.settle()?;
    ensure!(visitor::start(&mut page)? != before, "the click took no run");
    page.assert_console_silent()
}

#[test]
fn an_ensemble_needs_noise_and_says_so() -> Result<()> {
    let link = SWARM.replace("swarm", "ensemble");
    let mut page = browser::open(&View::PHONE, &link)?;
    page.wait_for("document.querySelector('.particle-badge')?.innerText.includes('without noise')")?;
    let mut page = browser::open(&View::PHONE, &format!("{link}&noise=gaussian;sigma=20"))?;
    page.wait_for(FLOWING)?;
    ensure!(at_rest(&mut page, ".particles")?.painted > 500);
    page.assert_console_silent()
}

#[test]
fn the_strip_of_many_starts_tells_how_many_succeed() -> Result<()> {
    let mut page =
        browser::open(&View::DESKTOP, "problem=himmelblau&steps=60&step=60&opt=adam;lr=0.1&opt=sgd&starts=16")?;
    page.wait_for("document.querySelector('.successes:not(.hidden)')?.width === 73")?;
    ensure!(page.eval::<u32>("document.querySelector('.successes').height")? == 2);
    ensure!(visitor::picture(&mut page, ".successes")?.painted > 5);
    page.assert_console_silent()
}

#[test]
fn each_engine_answers_when_it_is_asked_for() -> Result<()> {
    for (graphics, engine, named) in [
        (Graphics::WithoutWebGpu, "direct", "direct code"),
        (Graphics::WithoutWebGpu, "kernel", "SIMD kernel"),
        // What there is not is told, and something else does it.
        (Graphics::WithoutWebGpu, "gpu", "SIMD kernel;"),
        (Graphics::WebGpu, "gpu", "WebGPU ("),
    ] {
        let mut page = browser::open_on(graphics, &View::DESKTOP, &format!("{BASINS}&engine={engine}"))?;
        page.wait_for("document.querySelector('.basin-badge')?.innerText.includes('steps/s')")?;
        let badge = page.text(".basin-badge")?;
        ensure!(badge.contains(named), "engine={engine}: {badge}");
        if engine != "direct" {
            page.wait_for("document.querySelector('.basin-badge')?.innerText.includes('Beside the direct code')")?;
        }
    }
    Ok(())
}

/// A hand that goes on moving a slider gives up a hundred maps: the workers stay as many as they were.
#[test]
fn a_hundred_maps_given_up_leave_no_worker_behind() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, BASINS.trim_end_matches("&basins=1"))?;
    page.eval::<Value>(
        "(() => {
            window.started = 0;
            window.Worker = new Proxy(Worker, {
                construct(target, all) { window.started += 1; return new target(...all); },
            });
            return null;
        })()",
    )?;
    page.eval::<Value>(
        "(select => { select.value = '0'; select.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
         (document.querySelector('.layers select'))",
    )?;
    let finished = "document.querySelector('.basin-badge')?.innerText.includes('steps/s')";
    page.wait_for(finished)?;
    let started: u32 = page.eval("window.started")?;
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
    page.wait_for(finished)?;
    // One more may have been asked for a graphics processor.
    let now: u32 = page.eval("window.started")?;
    ensure!(now <= started + 1 && now <= page.eval::<u32>("navigator.hardwareConcurrency + 1")?, "{now} workers");
    page.assert_console_silent()
}
