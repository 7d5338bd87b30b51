//! Another landscape, another optimizer.

use anyhow::{Context, Result, ensure};
use thalweg::experiment::{Link, limits};
use thalweg::landscapes;
use thalweg::optimizers::{Entry, Family, REGISTRY};
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

fn open_picker(page: &mut Page<'_>, id: &str) -> Result<()> {
    let button = if id == "landscapes" { ".problem-choice" } else { ".add" };
    page.click_on(button)?;
    page.wait_for(&format!("document.querySelector('[data-dialog={id}]').open"))
}

#[test]
fn all_landscapes_are_offered_with_a_picture() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    open_picker(&mut page, "landscapes")?;
    let names: Vec<String> =
        page.eval("Array.from(document.querySelectorAll('.gallery-item strong'), name => name.textContent)")?;
    let expected: Vec<&str> = landscapes::offered().map(|row| row.name).collect();
    ensure!(expected.len() >= 126 && names == expected, "{} are offered: {names:?}", names.len());
    ensure!(page.text("[data-dialog=landscapes] .count")? == format!("{} landscapes", expected.len()));
    // The first ones are on the screen, so they have been drawn.
    for nth in [1, 4] {
        let picture = visitor::picture(&mut page, &format!(".gallery li:nth-child({nth}) canvas"))?;
        ensure!(picture.painted == picture.pixels && picture.colours > 30, "picture {nth}: {picture:?}");
    }
    page.assert_console_silent()
}

#[test]
fn a_search_for_a_trait_leads_to_a_landscape() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "opt=adam;lr=0.05&opt=sgd;lr=0.001")?;
    visitor::go_to_the_end(&mut page)?;
    let before = (visitor::ground(&mut page)?, visitor::trails(&mut page)?);
    open_picker(&mut page, "landscapes")?;
    visitor::retype(&mut page, "[data-dialog=landscapes] input[type=search]", "degenerate saddle")?;
    let expected: Vec<&str> =
        landscapes::offered().filter(|row| row.matches("degenerate saddle")).map(|row| row.name).collect();
    ensure!(!expected.is_empty() && expected.len() < 40, "{expected:?}");
    page.wait_for(&format!("document.querySelectorAll('.gallery-item').length === {}", expected.len()))?;
    let names: Vec<String> =
        page.eval("Array.from(document.querySelectorAll('.gallery-item strong'), name => name.textContent)")?;
    ensure!(names == expected, "{names:?}");
    visitor::click_words(&mut page, ".gallery", expected[0])?;
    page.wait_for("!document.querySelector('[data-dialog=landscapes]').open")?;
    ensure!(page.text(".problem-name strong")? == expected[0]);
    visitor::go_to_the_end(&mut page)?;
    let (ground, trails) = (visitor::ground(&mut page)?, visitor::trails(&mut page)?);
    ensure!(ground.hash != before.0.hash && ground.painted == ground.pixels, "the land stayed");
    ensure!(trails.hash != before.1.hash && trails.painted > 1000, "no trails: {trails:?}");
    let id = landscapes::offered().find(|row| row.name == expected[0]).map(|row| row.id).context("it is offered")?;
    visitor::wait_for_address(&mut page, &format!("problem={id}"))?;
    page.assert_console_silent()
}

#[test]
fn a_search_without_a_result_says_so() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    open_picker(&mut page, "landscapes")?;
    visitor::retype(&mut page, "[data-dialog=landscapes] input[type=search]", "no such thing")?;
    page.wait_for("document.querySelector('[data-dialog=landscapes] .count').textContent.startsWith('No landscape')")?;
    page.click_on("[data-dialog=landscapes] [aria-label=Close]")?;
    open_picker(&mut page, "optimizers")?;
    visitor::retype(&mut page, "[data-dialog=optimizers] input[type=search]", "no such thing")?;
    page.wait_for("document.querySelector('[data-dialog=optimizers]').textContent.includes('No optimizer has all of these words')")?;
    page.assert_console_silent()
}

/// Every landscape, one after the other, by its link: nothing on any of them upsets the page.
#[test]
fn every_landscape_is_drawn_in_silence() -> Result<()> {
    // A small window is drawn sooner.
    let mut page = browser::open(&View { width: 760, height: 520, ..View::DESKTOP }, "")?;
    for row in landscapes::offered() {
        visitor::go_back_to(&mut page, &format!("problem={}&opt=adam;lr=0.05&opt=newton&steps=30", row.id))?;
        page.wait_for(&format!(
            "document.querySelector('.problem-name strong').textContent === {}",
            serde_json::json!(row.name)
        ))?;
        let land = visitor::ground(&mut page)?;
        ensure!(land.painted > land.pixels / 20 && land.colours > 15, "{}: {land:?}", row.id);
        page.assert_console_silent().with_context(|| row.id)?;
    }
    Ok(())
}

/// What the page of the plane has: not the methods of matrices, which this test's own library has too.
fn of_the_plane() -> Vec<&'static Entry> {
    REGISTRY.iter().filter(|entry| !matches!(entry.family, Family::Matrix | Family::Flow)).collect()
}

#[test]
fn all_sixteen_optimizers_are_offered_and_can_be_added_and_removed() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&opt=none&steps=60")?;
    visitor::go_to_the_end(&mut page)?;
    let none = visitor::trails(&mut page)?;
    ensure!(page.text("[aria-label=Optimizers]")?.contains("No optimizer yet"));
    open_picker(&mut page, "optimizers")?;
    let offered: Vec<String> =
        page.eval("Array.from(document.querySelectorAll('.entry strong'), name => name.textContent)")?;
    let entries = of_the_plane();
    ensure!(
        offered.len() == entries.len() && entries.iter().all(|entry| offered.iter().any(|name| name == entry.title))
    );
    page.key("Escape")?;
    for (count, entry) in entries.iter().enumerate() {
        open_picker(&mut page, "optimizers")?;
        visitor::click_words(&mut page, "[data-dialog=optimizers]", entry.title)?;
        page.wait_for(&format!("document.querySelectorAll('.method').length === {}", count + 1))?;
    }
    visitor::go_to_the_end(&mut page)?;
    let all = visitor::trails(&mut page)?;
    ensure!(all.painted > none.painted + 1000, "{none:?}, then {all:?}");
    // Sixteen are the most.
    ensure!(page.eval::<bool>("document.querySelector('.add').disabled")?);
    visitor::wait_for_address(&mut page, "opt=nelder_mead")?;
    let methods = Link::parse(&visitor::address(&mut page)?).experiment.methods;
    ensure!(methods.len() == limits::OPTIMIZERS);
    // Whoever is added runs with a step size that suits the landscape: none of them fails.
    let table = visitor::outcomes(&mut page)?;
    ensure!(!table.contains("diverged"), "{table}");
    for left in (0..entries.len()).rev() {
        page.click_on(".method .remove")?;
        page.wait_for(&format!("document.querySelectorAll('.method').length === {left}"))?;
    }
    visitor::wait_for_address(&mut page, "opt=none")?;
    ensure!(visitor::trails(&mut page)?.painted <= none.painted + 50, "trails are left");
    page.assert_console_silent()
}

#[test]
fn an_optimizer_can_be_wrapped_and_unwrapped() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&opt=sgd;lr=0.01")?;
    visitor::go_to_the_end(&mut page)?;
    let bare = visitor::outcomes(&mut page)?;
    visitor::click_words(&mut page, ".method", "About")?;
    page.eval::<Option<bool>>(
        "(wrap => { wrap.value = 'lookahead'; wrap.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
        (document.querySelector('.about select'))",
    )?;
    visitor::wait_for_address(&mut page, "opt=sgd;lr=0.01~lookahead")?;
    ensure!(visitor::outcomes(&mut page)? != bare);
    page.click_on("[aria-label='Take Lookahead away']")?;
    page.wait_for("!location.search.includes('lookahead')")?;
    ensure!(visitor::outcomes(&mut page)? == bare);
    page.assert_console_silent()
}

#[test]
fn tuning_gives_every_optimizer_a_step_size_that_ends_lower() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=ellipse&steps=100&opt=sgd;lr=0.00001&opt=adam;lr=0.00001")?;
    visitor::go_to_the_end(&mut page)?;
    let lowest = |link: &str| -> Result<Vec<f64>> {
        let done = thalweg::experiment::run(&Link::parse(link).experiment)?;
        Ok(done.traces.iter().map(|trace| trace.values[trace.last()]).collect())
    };
    let before = lowest(&visitor::address(&mut page)?)?;
    visitor::click_words(&mut page, "[aria-label=Optimizers]", "Tune step sizes")?;
    page.wait_for("!location.search.includes('lr=0.00001') && !location.search.includes('lr=1e-5')")?;
    let after = lowest(&visitor::address(&mut page)?)?;
    ensure!(after.iter().zip(&before).all(|(after, before)| *after < 0.1 * before), "{before:?}, then {after:?}");
    page.assert_console_silent()
}
