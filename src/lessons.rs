//! The lessons: short texts, page by page, that set the map up as the reader goes.
//!
//! They are written in Markdown in `www/lessons`; `build/lessons.rs` says what a lesson may contain. The table here is
//! made when the program is built. The page knows titles and set-ups from the start and fetches the texts, the file
//! `lessons.json` beside it, when a lesson is opened. Every number they state is measured by `tests/lessons`.

use crate::experiment::Lab;

/// A lesson.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lesson {
    /// Name in links, as in `lesson=step_size`.
    pub id: &'static str,
    /// Name for people, plain text.
    pub title: &'static str,
    /// What it is about in a sentence, plain text.
    pub summary: &'static str,
    /// The steps of the lesson; at least one.
    pub pages: &'static [Page],
}

/// A step of a lesson.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// Title, plain text.
    pub title: &'static str,
    /// The text as HTML with MathML: no scripts, no inline styles. Links that begin with `?` set the map up, all others are
    /// sources with an address on the web. What is in `<details>` follows a question.
    #[cfg(not(target_arch = "wasm32"))]
    pub html: &'static str,
    /// The link that sets the map up when the reader arrives, with its question mark.
    pub setup: &'static str,
}

impl Lesson {
    /// The lab that it is about, as its first set-up says; `tests/lessons` makes sure that the others agree.
    pub fn lab(&self) -> Lab {
        self.pages.first().map_or(Lab::Plane, |page| Lab::of_link(page.setup))
    }
}

/// Every lesson, in the order of the menu.
pub static LESSONS: &[Lesson] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// The lesson with this id.
pub fn find(id: &str) -> Option<&'static Lesson> {
    LESSONS.iter().find(|lesson| lesson.id == id)
}
