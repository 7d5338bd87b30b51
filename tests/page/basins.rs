//! Maps of basins: computed by kernels in workers, sharpening, and every pixel a run.

use anyhow::{Result, ensure};
use serde_json::Value;
use thalweg::experiment::Outcome;
use thalweg::experiment::{Link, run};
use thalweg::figure::Frame;
use xtask::chrome::View;

use crate::browser;
use crate::visitor::{self, MAP};

const LINK: &str = "problem=himmelblau&start=1,1&steps=200&opt=adam;lr=0.1&opt=bfgs&view=-6,6,-6,6&basins=1";

/// Where the map is drawn.
const CELLS: &str = ".map .cells";

/// What the badge says once the map is finished.
const FINISHED: &str = "document.querySelector('.basin-badge')?.innerText.includes('steps/s')";

#[test]
fn a_link_brings_a_map_and_its_legend() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE] {
        let mut page = browser::open(&view, LINK)?;
        page.wait_for(FINISHED)?;
        let badge = page.text(".basin-badge")?;
        ensure!(badge.contains("Where Adam ends") && badge.contains("(3, 2)"), "{badge}");
        let cells = visitor::picture(&mut page, CELLS)?;
        ensure!(cells.painted == cells.pixels && cells.colours > 50, "{cells:?}");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// The menu leads to the map and back to heights, and the address follows.
#[test]
fn the_menu_switches_between_heights_and_basins() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, LINK.trim_end_matches("&basins=1"))?;
    visitor::go_to_the_end(&mut page)?;
    ensure!(page.eval::<bool>("document.querySelector('.map .cells.hidden') !== null")?, "basins without being asked");
    let choose = |value: &str| {
        format!(
            "(select => {{ select.value = '{value}'; select.dispatchEvent(new Event('change', {{ bubbles: true }})); \
             return null; }})(document.querySelector('.layers select'))"
        )
    };
    page.eval::<Value>(&choose("0"))?;
    page.wait_for(FINISHED)?;
    visitor::wait_for_address(&mut page, "basins=1")?;
    ensure!(visitor::picture(&mut page, CELLS)?.colours > 50);
    page.eval::<Value>(&choose(""))?;
    page.wait_for("!document.querySelector('.basin-badge') && !location.search.includes('basins')")?;
    page.wait_for("document.querySelector('.map .cells.hidden')")?;
    page.assert_console_silent()
}

/// A click on a pixel shows its run, and the run ends where the pixel's colour says.
#[test]
fn every_pixel_is_a_run() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, LINK)?;
    page.wait_for(FINISHED)?;
    let [left, top, width, height] = page.rect(MAP)?;
    let frame = Frame { window: [-6.0, 6.0, -6.0, 6.0], width, height };
    for (point, minimum) in
        [([4.5, -4.0], [3.584, -1.848]), ([-4.0, -4.5], [-3.779, -3.283]), ([-4.0, 4.5], [-2.805, 3.131])]
    {
        let [px, py] = frame.to_pixel(point);
        page.hover((left + px, top + py))?;
        page.wait_for("document.querySelector('.readout')?.innerText.includes('there in')")?;
        page.click((left + px, top + py))?;
        let start = visitor::start(&mut page)?;
        ensure!((start[0] - point[0]).abs() < 0.05 && (start[1] - point[1]).abs() < 0.05, "{start:?}");
        let mut experiment = Link::parse(LINK).experiment;
        experiment.start = Some(start);
        let done = run(&experiment)?;
        let Outcome::Converged { at, .. } = done.traces[0].outcome else {
            anyhow::bail!("{:?}", done.traces[0].outcome)
        };
        ensure!((at[0] - minimum[0]).abs() < 0.01 && (at[1] - minimum[1]).abs() < 0.01, "{at:?}");
    }
    page.assert_console_silent()
}

/// Knobs, steps and starts are a kernel's inputs: moving them prints no other kernel.
#[test]
fn a_slider_reuses_the_kernel() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, LINK)?;
    page.wait_for(FINISHED)?;
    page.eval::<Value>(
        "(() => {
            window.compiled = 0;
            WebAssembly.Module = new Proxy(WebAssembly.Module, {
                construct(target, all) { window.compiled += 1; return new target(...all); },
            });
            return null;
        })()",
    )?;
    for _ in 0..3 {
        let before = visitor::picture(&mut page, CELLS)?.hash;
        page.eval::<Value>(
            "(slider => { slider.value = +slider.value + 40; slider.dispatchEvent(new Event('input', { bubbles: true })); \
             return null; })(document.querySelector('.method input[type=range]'))",
        )?;
        page.wait_for("!document.querySelector('.basin-badge').innerText.includes('steps/s')")?;
        page.wait_for(FINISHED)?;
        ensure!(visitor::picture(&mut page, CELLS)?.hash != before, "the map stayed");
    }
    ensure!(page.eval::<u32>("window.compiled")? == 0, "a slider had a kernel compiled");
    page.assert_console_silent()
}

#[test]
fn what_cannot_be_mapped_says_why() -> Result<()> {
    let link = LINK.replace("&basins", "&noise=gaussian;sigma=1&basins");
    let mut page = browser::open(&View::DESKTOP, &link)?;
    page.wait_for("document.querySelector('.basin-badge')?.innerText.includes('with noise')")?;
    page.assert_console_silent()
}

/// Poles, undefined regions and no steps at all: a map, and no complaint.
#[test]
fn hard_formulas_have_maps_too() -> Result<()> {
    for problem in ["f=1/x%2By^2", "f=ln(x)%2By^2", "f=sqrt(x)*y", "f=x^y", "f=tan(x)%2Batan2(y,x)%2Bcosh(y)"] {
        for steps in [0, 50] {
            let link =
                format!("problem=formula;{problem}&domain=-2,2,-2,2&start=1,1&steps={steps}&opt=adam;lr=0.1&basins=1");
            let mut page = browser::open(&View::DESKTOP, &link)?;
            page.wait_for(FINISHED)?;
            page.assert_console_silent()?;
        }
    }
    Ok(())
}

/// A window far below the spacing of single precision is computed in double.
#[test]
fn a_deep_zoom_is_computed_in_double_precision() -> Result<()> {
    let link = LINK
        .replace("view=-6,6,-6,6", "view=-0.2500001,-0.2499999,0.0999999,0.1000001")
        .replace("opt=adam;lr=0.1", "opt=heavy_ball;lr=0.01");
    let mut page = browser::open(&View::DESKTOP, &link)?;
    page.wait_for(FINISHED)?;
    let badge = page.text(".basin-badge")?;
    ensure!(badge.contains("double precision"), "{badge}");
    page.assert_console_silent()
}

/// A method whose steps cannot be recorded is run by the direct code, in the workers as well.
#[test]
fn methods_that_search_have_maps_too() -> Result<()> {
    let link = LINK.replace("basins=1", "basins=2").replace("steps=200", "steps=15");
    let mut page = browser::open(&View::PHONE, &link)?;
    page.wait_for(FINISHED)?;
    let badge = page.text(".basin-badge")?;
    ensure!(badge.contains("Where BFGS ends") && badge.contains("direct code") && badge.contains("(3, 2)"), "{badge}");
    page.assert_console_silent()
}
