//! The measure lab: runs in a worker, clouds side by side, drawing them, and what a link restores.

use anyhow::{Result, ensure};
use thalweg::experiment::measure::run_measure;
use thalweg::experiment::{Lab, Link};
use thalweg::lessons::LESSONS;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

const LINK: &str = "problem=measure_mixture;n=60&steps=40&opt=langevin&opt=svgd";
/// The particles of a method.
const ABOVE: &str = ".cloud .cloud-above";

/// Opens a link and waits until everything has been run.
fn open(view: &View, link: &str) -> Result<Page<'static>> {
    let mut page = browser::blank(view)?;
    browser::go(&mut page, link)?;
    ran(&mut page)?;
    Ok(page)
}

fn ran(page: &mut Page<'_>) -> Result<()> {
    page.wait_for("document.querySelector('.outcomes td.figure')?.innerText.trim()")?;
    page.wait_for("!document.querySelector('.stage-bar progress')")
}

#[test]
fn a_link_brings_clouds_densities_and_curves() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let mut page = open(&view, LINK)?;
        ensure!(page.eval::<u32>("document.querySelectorAll('.cloud').length")? == 2);
        for canvas in [".cloud .plot canvas", ".cloud .cloud-density", ABOVE] {
            let seen = visitor::picture(&mut page, canvas)?;
            ensure!(seen.painted > 0 && seen.colours > 2, "{canvas}: {seen:?}");
        }
        // Side by side, and on a phone not behind the buttons below either.
        let [first, second] = [1, 2].map(|place| page.rect(&format!(".cloud:nth-child({place})")));
        let ([left, top, width, height], [beside, level, ..], [_, foot, ..]) = (first?, second?, page.rect(".clock")?);
        ensure!(
            level == top && beside >= left + width && top + height <= foot,
            "{top} {height} {level} {beside} {foot}"
        );
        page.assert_console_silent()?;
    }
    Ok(())
}

/// What has not been computed cannot be shown: time waits where the worker is slower.
#[test]
fn time_waits_for_what_is_computed() -> Result<()> {
    const STEPS: u32 = 400;
    let mut page = browser::blank(&View::DESKTOP)?;
    browser::go(&mut page, &format!("problem=measure_mixture;n=8000&steps={STEPS}&engine=kernel&opt=svgd"))?;
    page.wait_for("document.querySelector('.stage-bar progress')?.value > 0")?;
    let seen: Vec<[f64; 2]> = page.eval(
        "(async () => {
            const seen = [];
            for (let turn = 0; turn < 20; turn++) {
                await new Promise(done => setTimeout(done, 100));
                const progress = document.querySelector('.stage-bar progress');
                if (!progress) break;
                seen.push([Number(document.querySelector('.clock').innerText.match(/\\d+/)[0]), progress.value]);
            }
            return seen;
        })()",
    )?;
    ensure!(seen.len() > 5, "all was computed within half a second: {seen:?}");
    for [shown, share] in &seen {
        ensure!(*shown <= share * f64::from(STEPS) + 1.0, "{seen:?}");
    }
    page.assert_console_silent()
}

/// What the table says at the end is what the library computes.
#[test]
fn the_numbers_are_those_of_the_library() -> Result<()> {
    let mut page = open(&View::DESKTOP, &format!("{LINK}&step=40"))?;
    let run = run_measure(&Link::parse(LINK).experiment)?;
    for (place, trace) in run.traces.iter().enumerate() {
        let last = trace.rows.last().expect("the start is recorded");
        for (column, expected) in [(2, last.distance), (3, last.w2)] {
            let printed = page.text(&format!(".outcomes tbody tr:nth-child({}) > :nth-child({column})", place + 1))?;
            let printed = visitor::number(&printed)?;
            ensure!((printed - expected).abs() <= 1e-3 * expected, "{place}: {printed}, expected {expected}");
        }
    }
    Ok(())
}

#[test]
fn time_moves_the_particles_and_a_layer_can_be_switched() -> Result<()> {
    let mut page = open(&View::DESKTOP, &format!("{LINK}&step=0"))?;
    let early = visitor::picture(&mut page, ABOVE)?;
    page.key("End")?;
    page.wait_for("document.querySelector('.clock').innerText.includes('step 40')")?;
    ensure!(visitor::picture(&mut page, ABOVE)? != early, "the particles did not move");
    page.click_on(".cloud-layers label:nth-child(4)")?;
    visitor::wait_for_address(&mut page, "draw=density,target,trails")?;
    page.assert_console_silent()
}

/// The start is dragged, particles are drawn, a part of them is caught by a loop and carried; a reload brings all of it back.
#[test]
fn particles_are_dragged_drawn_and_carried() -> Result<()> {
    let mut page = open(&View::DESKTOP, LINK)?;
    let [left, top, width, height] = page.rect(ABOVE)?;
    let at = |u: f64, v: f64| (left + u * width, top + v * height);
    page.drag(at(0.5, 0.5), at(0.6, 0.4))?;
    visitor::wait_for_address(&mut page, "start=")?;
    visitor::click_words(&mut page, ".chips", "Draw")?;
    page.drag(at(0.3, 0.3), at(0.5, 0.3))?;
    visitor::wait_for_address(&mut page, "cloud=")?;
    let points = "new URLSearchParams(location.search).get('cloud')?.split(',').map(Number)";
    page.wait_for(&format!("{points}?.length > 8"))?;
    visitor::click_words(&mut page, ".chips", "Lasso")?;
    let before: Vec<f64> = page.eval(points)?;
    for (from, to) in [(at(0.2, 0.2), at(0.6, 0.2)), (at(0.6, 0.2), at(0.6, 0.4)), (at(0.6, 0.4), at(0.2, 0.4))] {
        // One stroke: the pointer stays down between the corners.
        if from == at(0.2, 0.2) {
            page.grab(from)?;
        }
        page.pull(from, to)?;
    }
    page.let_go(at(0.2, 0.4))?;
    // By the keys: a tenth of a second later the address has followed.
    page.eval::<serde_json::Value>("(document.querySelector('.cloud .cloud-above').focus(), null)")?;
    page.key("ArrowUp")?;
    page.wait_for(&format!("{points}[1] > {}", before[1]))?;
    let moved: Vec<f64> = page.eval(points)?;
    ensure!(moved.len() == before.len() && moved[0] == before[0], "{moved:?} {before:?}");
    page.reload()?;
    ran(&mut page)?;
    ensure!(page.eval::<Vec<f64>>(points)? == moved);
    visitor::click_words(&mut page, ".stage-bar", "Undraw")?;
    page.wait_for("!location.search.includes('cloud=')")?;
    page.assert_console_silent()
}

/// Large clouds are summed by kernels in several workers, and by WebGPU when a link asks for it; both come to the same law.
#[test]
fn large_clouds_are_summed_by_kernels() -> Result<()> {
    let link = "problem=measure_mixture;n=1500&steps=4&opt=svgd";
    for (engine, words) in [("", "single precision"), ("&engine=direct", "")] {
        let mut page = open(&View::DESKTOP, &format!("{link}{engine}&step=4"))?;
        page.wait_for(&format!("document.querySelector('.sums-note').innerText.includes('{words}')"))?;
        let distance = visitor::number(&page.text(".outcomes tbody td.figure")?)?;
        let exact = run_measure(&Link::parse(link).experiment)?.traces[0].rows.last().expect("rows").distance;
        ensure!((distance - exact).abs() <= 2e-3 * exact, "{distance}, expected {exact}");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn bad_input_is_explained_and_nothing_is_no_number() -> Result<()> {
    for (link, words) in [
        ("problem=measure_clouds;to=elephant", "no shape called elephant"),
        ("problem=measure_clouds&target=", "a list x,y"),
        ("problem=measure_interaction;w=r^^2", "^"),
        ("problem=rosenbrock&opt=svgd", "clouds of particles"),
        ("problem=measure_mixtures", "did you mean measure_mixture"),
    ] {
        let mut page = browser::blank(&View::DESKTOP)?;
        browser::go(&mut page, link)?;
        page.wait_for("document.querySelector('.notes')")?;
        let told = page.text(".notes")?;
        ensure!(told.contains(words), "{link}: {told}");
    }
    // All particles on one point: the bandwidth is said. A pole: softened.
    for (link, words) in [
        ("problem=measure_mixture;n=30;spread=0&steps=3&opt=svgd", "all particles on one point"),
        ("problem=measure_interaction;w=1/r;n=9&cloud=0,0,0,0,1,0&steps=10&opt=sgd;lr=0.01", ""),
        ("problem=measure_mixture;n=1&steps=5&opt=svgd&opt=cbo&opt=blob", ""),
    ] {
        let mut page = open(&View::DESKTOP, link)?;
        let text = page.text(".measure-stage")? + &page.text(".outcomes")?;
        ensure!(text.contains(words) && !text.contains("NaN"), "{link}: {text}");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// A method that a problem has no use for is refused where it stands, and the others run.
#[test]
fn a_method_that_does_not_suit_is_refused_in_its_place() -> Result<()> {
    let mut page = open(&View::DESKTOP, "problem=measure_clouds;n=40&steps=10&opt=sliced_flow&opt=svgd")?;
    ensure!(page.text(".cloud-refused")?.contains("SVGD needs a law with a density"));
    ensure!(visitor::picture(&mut page, ".cloud:nth-child(1) .cloud-above")?.painted > 0);
    page.assert_console_silent()
}

#[test]
fn the_header_leads_to_the_lab() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    page.click_on("a.place[href*=measure_mixture]")?;
    page.wait_for("document.querySelector('.measure-stage')")?;
    page.wait_for("document.querySelector('.outcomes td.figure')?.innerText.trim()")
}

/// Every page of every lesson about clouds, by the shortest link to it.
#[test]
fn lessons_set_the_lab_up() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP.still())?;
    let mut pages = 0;
    for lesson in LESSONS.iter().filter(|lesson| lesson.lab() == Lab::Measure) {
        for (number, text) in (1..).zip(lesson.pages) {
            browser::go(&mut page, &format!("lesson={};page={number}", lesson.id))?;
            let title = serde_json::json!(text.title);
            page.wait_for(&format!("document.querySelector('.measure-stage') && document.querySelector('.lesson-title')?.textContent === {title}"))?;
            page.wait_for("document.querySelector('.lesson-text') && document.querySelector('.outcomes td.figure')?.innerText.trim()")?;
            ensure!(page.eval::<bool>("!document.querySelector('.notes, .mistake')")?, "{}, page {number}", lesson.id);
            page.assert_console_silent()?;
            pages += 1;
        }
    }
    ensure!(pages > 5, "{pages} pages");
    Ok(())
}
