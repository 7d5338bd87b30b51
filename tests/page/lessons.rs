//! Lessons: text beside the map, and the map goes along.

use anyhow::{Result, ensure};
use serde_json::json;
use thalweg::lessons::LESSONS;
use xtask::chrome::View;

use crate::browser;
use crate::visitor;

#[test]
fn there_are_six_lessons_and_the_menu_has_them() -> Result<()> {
    ensure!(LESSONS.len() >= 6, "{} lessons", LESSONS.len());
    let mut page = browser::open(&View::DESKTOP, "")?;
    visitor::click_words(&mut page, ".places", "Lessons")?;
    let items: Vec<String> =
        page.eval("Array.from(document.querySelectorAll('.places li'), item => item.innerText.trim())")?;
    ensure!(items == LESSONS.iter().map(|lesson| lesson.title).collect::<Vec<_>>(), "{items:?}");
    page.assert_console_silent()
}

/// A question is answered when the reader opens the answer, and not before; equations are equations.
#[test]
fn answers_wait_for_the_reader_and_equations_are_mathml() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, &format!("lesson={}", LESSONS[0].id))?;
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
