//! Lessons: text beside the map, and the map goes along.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thalweg::experiment::Lab;
use thalweg::experiment::{Experiment, Link};
use thalweg::lessons::{LESSONS, Lesson};
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

/// JavaScript: whether the text of the page has come. Texts are fetched when a lesson is first opened.
const TEXT_IS_THERE: &str = "document.querySelector('.lesson-text p')";

/// The experiment on the page as its address tells it, without what is only looked at.
fn experiment(page: &mut Page<'_>) -> Result<Experiment> {
    let mut experiment = Link::parse(&visitor::address(page)?).experiment;
    experiment.view = thalweg::experiment::View::default();
    Ok(experiment)
}

fn of(link: &str) -> Experiment {
    let mut experiment = Link::parse(link).experiment;
    experiment.view = thalweg::experiment::View::default();
    experiment
}

/// The lessons of the page that these tests open; those of the matrix lab are tested with it.
fn of_the_plane() -> impl Iterator<Item = &'static Lesson> {
    LESSONS.iter().filter(|lesson| lesson.lab() == Lab::Plane)
}

#[test]
fn there_are_six_lessons_and_the_menu_has_them() -> Result<()> {
    ensure!(of_the_plane().count() >= 6);
    let mut page = browser::open(&View::DESKTOP, "")?;
    visitor::click_words(&mut page, ".places", "Lessons")?;
    let items: Vec<String> =
        page.eval("Array.from(document.querySelectorAll('.places li'), item => item.innerText.trim())")?;
    ensure!(items == of_the_plane().map(|lesson| lesson.title).collect::<Vec<_>>(), "{items:?}");
    page.assert_console_silent()
}

#[test]
fn a_lesson_sets_the_map_up_page_by_page() -> Result<()> {
    let lesson = &LESSONS[0];
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&opt=lion")?;
    visitor::click_words(&mut page, ".places", "Lessons")?;
    visitor::click_words(&mut page, ".places", lesson.title)?;
    for (number, expected) in lesson.pages.iter().enumerate() {
        page.wait_for(&format!("document.querySelector('.lesson-title')?.textContent === {}", json!(expected.title)))?;
        let address = if number == 0 {
            format!("lesson={}", lesson.id)
        } else {
            format!("lesson={};page={}", lesson.id, number + 1)
        };
        visitor::wait_for_address(&mut page, &address)?;
        ensure!(experiment(&mut page)? == of(expected.setup), "page {} did not set the map up", number + 1);
        if number + 1 < lesson.pages.len() {
            visitor::click_words(&mut page, ".lesson", "Next")?;
        }
    }
    ensure!(page.eval::<bool>("Array.from(document.querySelectorAll('.lesson-pages button')).at(-1).disabled")?);
    visitor::click_words(&mut page, ".lesson", "Back")?;
    let before_last = &lesson.pages[lesson.pages.len() - 2];
    page.wait_for(&format!("document.querySelector('.lesson-title').textContent === {}", json!(before_last.title)))?;
    visitor::wait_for_address(&mut page, &format!("page={}", lesson.pages.len() - 1))?;
    // A reload comes back to the page of the lesson.
    page.reload()?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    ensure!(page.text(".lesson-title")? == before_last.title);
    page.click_on("[aria-label='Close the lesson']")?;
    page.wait_for("!document.querySelector('.lesson') && !location.search.includes('lesson')")?;
    page.assert_console_silent()
}

/// Every link in every text, clicked where it stands: the map shows it and the lesson stays open.
#[test]
fn every_link_in_a_lesson_sets_the_map_up() -> Result<()> {
    let mut clicked = 0;
    let mut page = browser::open(&View::DESKTOP.still(), "")?;
    for lesson in of_the_plane() {
        for (number, text) in (1..).zip(lesson.pages) {
            visitor::go_back_to(&mut page, &format!("lesson={};page={number}", lesson.id))?;
            page.wait_for(&format!("document.querySelector('.lesson-title')?.textContent === {}", json!(text.title)))?;
            page.wait_for(TEXT_IS_THERE)?;
            page.eval::<Value>(
                "document.querySelectorAll('.lesson details').forEach(d => { d.open = true; }) ?? null",
            )?;
            let links: Vec<String> = page.eval(
                "Array.from(document.querySelectorAll('.lesson-text a[href^=\"?\"]'), a => a.getAttribute('href'))",
            )?;
            for (index, link) in links.iter().enumerate() {
                let place = format!("{}, page {number}: {link}", lesson.id);
                let read = Link::parse(link);
                ensure!(read.notes.is_empty(), "{place}: {:?}", read.notes);
                page.eval::<Value>(&format!(
                    "document.querySelectorAll('.lesson-text a[href^=\"?\"]').forEach((a, i) => \
                     a.toggleAttribute('data-found', i === {index})) ?? null"
                ))?;
                // A link may run over two lines, and then its middle is beside it.
                page.centre("[data-found]")?;
                let at: (f64, f64) = page.eval(
                    "(box => [box.x + box.width / 2, box.y + box.height / 2])\
                     (document.querySelector('[data-found]').getClientRects()[0])",
                )?;
                page.click(at)?;
                let mut wanted = read.experiment;
                wanted.view.lesson = Some((lesson.id.to_owned(), number));
                let wanted = json!(Link::write(&wanted));
                let arrived = page.wait_for(&format!(
                    "decodeURIComponent(location.search.slice(1)) === decodeURIComponent({wanted})"
                ));
                let shown = visitor::address(&mut page)?;
                arrived.with_context(|| format!("{place}: the address says {shown}"))?;
                clicked += 1;
            }
            page.assert_console_silent().with_context(|| format!("{}, page {number}", lesson.id))?;
        }
    }
    ensure!(clicked > 20, "only {clicked} links");
    Ok(())
}

/// A question is answered when the reader opens the answer, and not before; equations are equations.
#[test]
fn answers_wait_for_the_reader_and_equations_are_mathml() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, &format!("lesson={}", LESSONS[0].id))?;
    page.wait_for(TEXT_IS_THERE)?;
    ensure!(page.eval::<u32>("document.querySelectorAll('.lesson-text math').length")? > 0, "no equation");
    let widest: f64 = page.eval(
        "Math.max(...Array.from(document.querySelectorAll('.lesson-text math'), math => math.getBoundingClientRect().width))",
    )?;
    ensure!(widest > 60.0, "the widest equation has {widest} pixels");
    ensure!(page.eval::<bool>("!document.querySelector('.lesson-text details').open")?, "the answer is there already");
    page.click_on(".lesson-text summary")?;
    page.wait_for("document.querySelector('.lesson-text details').open")?;
    page.assert_console_silent()
}

#[test]
fn texts_are_no_part_of_the_first_load_and_come_once() -> Result<()> {
    let fetched =
        "performance.getEntriesByType('resource').filter(entry => entry.name.includes('lessons.json')).length";
    let mut page = browser::open(&View::DESKTOP, "")?;
    ensure!(page.eval::<u32>(fetched)? == 0, "texts were fetched although no lesson is open");
    for lesson in &LESSONS[..2] {
        visitor::click_words(&mut page, ".places", "Lessons")?;
        visitor::click_words(&mut page, ".places", lesson.title)?;
        page.wait_for(TEXT_IS_THERE)?;
        page.click_on("[aria-label='Close the lesson']")?;
        page.wait_for("!document.querySelector('.lesson')")?;
    }
    ensure!(page.eval::<u32>(fetched)? == 1);
    page.assert_console_silent()
}

/// As when the connection is lost after the page was opened: the map is set up, the reader is told, and may try again.
#[test]
fn a_text_that_does_not_arrive_is_told_beside_the_lesson() -> Result<()> {
    let lesson = &LESSONS[1];
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&opt=lion")?;
    page.call("Network.setBlockedURLs", &json!({ "urls": ["*/lessons.json*"] }))?;
    visitor::click_words(&mut page, ".places", "Lessons")?;
    visitor::click_words(&mut page, ".places", lesson.title)?;
    page.wait_for("document.querySelector('.lesson [role=alert]')")?;
    ensure!(page.text(".lesson [role=alert]")?.contains("did not arrive"));
    ensure!(page.text(".lesson-title")? == lesson.pages[0].title);
    visitor::wait_for_address(&mut page, &format!("lesson={}", lesson.id))?;
    ensure!(experiment(&mut page)? == of(lesson.pages[0].setup), "the page did not set the map up");
    page.call("Network.setBlockedURLs", &json!({ "urls": [] }))?;
    visitor::click_words(&mut page, ".lesson", "Try again")?;
    page.wait_for(TEXT_IS_THERE)?;
    ensure!(page.eval::<bool>("!document.querySelector('.lesson [role=alert]')")?);
    Ok(())
}

#[test]
fn a_lesson_can_be_read_on_a_phone() -> Result<()> {
    let mut page = browser::open(&View::PHONE, &format!("lesson={}", LESSONS[1].id))?;
    let [left, top, width, height] = page.rect(".lesson-title")?;
    ensure!(
        left >= 0.0 && left + width <= 390.0 && top > 0.0 && top + height <= 844.0,
        "the title is not on the screen"
    );
    page.centre(".lesson-pages .primary")?;
    visitor::click_words(&mut page, ".lesson", "Next")?;
    page.wait_for(&format!(
        "document.querySelector('.lesson-title').textContent === {}",
        json!(LESSONS[1].pages[1].title)
    ))?;
    ensure!(page.eval::<f64>("document.scrollingElement.scrollWidth")? <= 390.0);
    page.assert_console_silent()
}

#[test]
fn a_lesson_that_does_not_exist_says_so() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "lesson=no_such_lesson")?;
    ensure!(page.text(".lesson")?.contains("no lesson of this name"));
    let mut beyond = browser::open(&View::DESKTOP, &format!("lesson={};page=99", LESSONS[0].id))?;
    ensure!(beyond.text(".lesson-title")? == LESSONS[0].pages[LESSONS[0].pages.len() - 1].title);
    page.assert_console_silent()?;
    beyond.assert_console_silent()
}
