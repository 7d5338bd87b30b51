//! The matrix lab: runs in a worker, rates, singular values, slices, and what a link restores.

use anyhow::{Result, ensure};
use serde_json::Value;
use thalweg::experiment::matrix::{fit, run_matrix};
use thalweg::experiment::{Lab, Link};
use thalweg::lessons::LESSONS;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

const LINK: &str =
    "problem=matrix_sensing;n=20;width=4;measurements=300&steps=120&opt=scaled_gd;lr=0.3;lambda=0.01&opt=sgd;lr=0.3";

/// The curves of errors.
const ERRORS: &str = ".rates .plot canvas:nth-child(2)";
/// The land of the slice.
const SLICE: &str = ".slice .plot canvas";

/// Opens a link and waits until everything has been run and the slice is drawn.
fn open(view: &View, link: &str) -> Result<Page<'static>> {
    let mut page = browser::blank(view)?;
    browser::go(&mut page, link)?;
    page.wait_for("document.querySelector('.outcomes td.figure')?.innerText.trim()")?;
    page.wait_for("!document.querySelector('.stage-bar progress')")?;
    page.wait_for("document.querySelector('.slice-told')?.innerText.includes('away from this plane')")?;
    Ok(page)
}

#[test]
fn a_link_brings_curves_matrices_and_a_slice() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let mut page = open(&view, LINK)?;
        page.wait_for("document.querySelectorAll('.fits .fit').length === 2")?;
        for canvas in [ERRORS, SLICE] {
            let seen = visitor::picture(&mut page, canvas)?;
            ensure!(seen.painted > 0 && seen.colours > 2, "{canvas}: {seen:?}");
        }
        for place in 1..=3 {
            let heat = visitor::picture(&mut page, &format!(".heat:nth-child({place}) canvas"))?;
            ensure!(heat.pixels == 400 && heat.painted == 400, "{heat:?}");
        }
        page.assert_console_silent()?;
    }
    Ok(())
}

/// The page prints the rate that the library computes: the number of an exhibit's test is the number on the screen.
#[test]
fn the_rates_are_those_of_the_library() -> Result<()> {
    let link = format!("{LINK}&fit=20,60");
    let mut page = open(&View::DESKTOP, &link)?;
    let run = run_matrix(&Link::parse(&link).experiment)?;
    for (place, trace) in run.traces.iter().enumerate() {
        let expected = fit(&trace.errors, [20, 60]).map(|fit| fit.words()).unwrap_or_default();
        let printed = page.text(&format!(".fits .fit:nth-child({})", place + 2))?;
        // A power is set as one, without its sign.
        let expected = expected.replace('^', "");
        let printed = printed.replace(char::is_whitespace, "");
        ensure!(printed == expected.replace(char::is_whitespace, ""), "{printed}, expected {expected}");
    }
    Ok(())
}

#[test]
fn a_parameter_is_run_anew_and_kept_in_the_address() -> Result<()> {
    let mut page = open(&View::DESKTOP, LINK)?;
    let before = visitor::picture(&mut page, ERRORS)?;
    page.fill("[aria-label^='Matrix sensing, largest over smallest'][aria-label$=number]", "100")?;
    page.key("Enter")?;
    visitor::wait_for_address(&mut page, "kappa=100")?;
    let mut looks = 0;
    while visitor::picture(&mut page, ERRORS)? == before {
        looks += 1;
        ensure!(looks < 100, "the curves did not change");
        page.settle()?;
    }
    page.reload()?;
    page.wait_for("document.querySelector('[aria-label^=\"Matrix sensing, largest over smallest\"][aria-label$=number]').value === '100'")?;
    page.assert_console_silent()
}

#[test]
fn what_cannot_be_posed_is_said_and_the_picture_stays() -> Result<()> {
    let mut page = open(&View::DESKTOP, LINK)?;
    page.fill("[aria-label^='Matrix sensing, rank of the truth'][aria-label$=number]", "30")?;
    page.key("Enter")?;
    page.wait_for("document.querySelector('.problem .mistake')?.innerText.includes('no rank 30: at most 20')")?;
    ensure!(visitor::picture(&mut page, ERRORS)?.painted > 0);
    ensure!(!page.eval::<bool>("location.search.includes('rank=30')")?);
    page.assert_console_silent()
}

#[test]
fn bad_links_are_explained() -> Result<()> {
    for (link, words) in [
        ("problem=matrix_sensing;rank=0", "from 1 to 50"),
        ("problem=matrix_sensing;kappa=0.5", "from 1 to"),
        ("problem=matrix_sensing;measurements=0", "from 1 to"),
        ("problem=matrix_sensing;n=10;rank=20", "no rank 20: at most 10"),
        ("problem=matrix_sensing;n=400;measurements=90000", "n can be"),
        ("problem=matrix_sensingg", "did you mean matrix_sensing"),
    ] {
        let mut page = browser::blank(&View::DESKTOP)?;
        browser::go(&mut page, link)?;
        page.wait_for("document.querySelector('.notes')")?;
        let told = page.text(".notes")?;
        ensure!(told.contains(words), "{link}: {told}");
    }
    Ok(())
}

#[test]
fn a_guide_is_dragged_and_the_rate_follows() -> Result<()> {
    let mut page = open(&View::DESKTOP, &format!("{LINK}&fit=20,60&step=5"))?;
    let before = page.text(".fits .fit:nth-child(2)")?;
    let [left, top, width, _] = page.rect(".rates .plot .above")?;
    // The area of the plot begins 40 pixels from the left and ends 10 from the right; steps run from 0 to 120.
    let at = |step: f64| left + 40.0 + step / 120.0 * (width - 50.0);
    page.drag((at(60.0), top + 40.0), (at(110.0), top + 40.0))?;
    page.wait_for("/fit=20,1(09|10|11)/.test(location.search)")?;
    ensure!(page.text(".fits .fit:nth-child(2)")? != before);
    page.assert_console_silent()
}

#[test]
fn time_moves_the_matrices_and_the_plane_follows_a_choice() -> Result<()> {
    let mut page = open(&View::DESKTOP, &format!("{LINK}&step=2"))?;
    let estimate = ".heat:nth-child(2) canvas";
    let early = visitor::picture(&mut page, estimate)?;
    page.key("End")?;
    page.wait_for("document.querySelector('.clock').innerText.includes('step 120')")?;
    ensure!(visitor::picture(&mut page, estimate)? != early, "the estimate did not change");
    let path = visitor::picture(&mut page, SLICE)?;
    page.eval::<Value>(
        "(select => { select.value = 'random'; select.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
         (document.querySelector('.slice select'))",
    )?;
    visitor::wait_for_address(&mut page, "slice=random")?;
    page.wait_for("document.querySelector('.slice-told').innerText.includes('away from this plane')")?;
    for _ in 0..50 {
        if visitor::picture(&mut page, SLICE)? != path {
            return page.assert_console_silent();
        }
        page.settle()?;
    }
    anyhow::bail!("the slice did not change")
}

/// From the plane to the matrix lab and back: each is a page of its own.
#[test]
fn the_header_leads_to_the_lab_and_back() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    page.click_on("a.place[href*=matrix_sensing]")?;
    page.wait_for("document.querySelector('.matrix-stage')")?;
    page.wait_for("document.querySelector('.outcomes td.figure')?.innerText.trim()")?;
    page.click_on("a.place[href='./']")?;
    page.wait_for("document.querySelector('.map') && !document.querySelector('.matrix-stage')")
}

/// Long runs can be stopped, and what has been run stays.
#[test]
fn a_run_can_be_stopped() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    browser::go(&mut page, "problem=matrix_sensing;n=60;measurements=1900&steps=50000&opt=scaled_gd;lambda=0.01")?;
    page.wait_for("document.querySelector('.stage-bar progress')?.value > 0")?;
    page.click_on(".stage-bar .link-button")?;
    page.wait_for("!document.querySelector('.stage-bar progress')")?;
    ensure!(visitor::picture(&mut page, ERRORS)?.painted > 0);
    page.assert_console_silent()
}

/// Every page of every lesson about matrices, by the shortest link to it: the light page hands it to the page that has
/// the lab.
#[test]
fn lessons_set_the_lab_up() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP.still())?;
    let mut pages = 0;
    for lesson in LESSONS.iter().filter(|lesson| lesson.lab() == Lab::Matrix) {
        for (number, text) in (1..).zip(lesson.pages) {
            browser::go(&mut page, &format!("lesson={};page={number}", lesson.id))?;
            let title = serde_json::json!(text.title);
            page.wait_for(&format!("document.querySelector('.matrix-stage') && document.querySelector('.lesson-title')?.textContent === {title}"))?;
            page.wait_for("document.querySelector('.lesson-text') && document.querySelector('.outcomes td.figure')?.innerText.trim()")?;
            page.wait_for("!document.querySelector('.stage-bar progress')")?;
            ensure!(page.eval::<bool>("!document.querySelector('.notes, .mistake')")?, "{}, page {number}", lesson.id);
            page.assert_console_silent()?;
            pages += 1;
        }
    }
    ensure!(pages > 15, "{pages} pages");
    Ok(())
}
