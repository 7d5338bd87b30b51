//! Reads `www/lessons/*.md`: `build.rs` makes the table of lessons from what is read here, and `cargo xtask finish` the
//! file of their texts.
//!
//! A lesson is `<nn>-<id>.md`: the numbers give the order of the menu. `#` is the title, the paragraph after it the
//! summary, each `##` begins a page. Every page has one link titled "setup", which is applied when a reader arrives. A
//! reveal is `<details><summary>Question?</summary>`, an empty line, text, an empty line, `</details>`. Equations are TeX
//! between dollar signs. A mistake stops the build with its file and line.

use math_core::{LatexToMathML, MathDisplay};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::ops::Range;
use std::path::Path;

/// A lesson.
#[derive(Debug, Default)]
pub struct Lesson {
    pub id: String,
    pub title: String,
    pub summary: String,
    pub pages: Vec<Page>,
}

/// A page of a lesson.
#[derive(Debug, Default)]
pub struct Page {
    pub title: String,
    pub html: String,
    pub setup: String,
}

/// All lessons of a folder, in the order of the menu.
pub fn read(folder: &Path) -> Result<Vec<Lesson>, String> {
    let place = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(place)? {
        names.push(entry.map_err(place)?.file_name().to_string_lossy().into_owned());
    }
    // Editors leave hidden files and backups next to what they edit.
    names.retain(|name| name.ends_with(".md") && !name.starts_with('.'));
    names.sort();
    let mut lessons: Vec<Lesson> = Vec::new();
    for name in names {
        let path = folder.join(&name);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let lesson = lesson(&name, &text).map_err(|error| format!("{}/{error}", folder.display()))?;
        if lessons.iter().any(|other| other.id == lesson.id) {
            return Err(format!("{name}: another lesson is called {}", lesson.id));
        }
        lessons.push(lesson);
    }
    Ok(lessons)
}

/// One lesson from the name of its file and its text.
pub fn lesson(name: &str, text: &str) -> Result<Lesson, String> {
    let id = name.strip_suffix(".md").and_then(|stem| stem.split_once('-')).filter(|(number, id)| {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit()) && !id.is_empty() && id.bytes().all(letters)
    });
    let Some((_, id)) = id else {
        return Err(format!("{name}: a lesson is called <nn>-<id>.md, such as 01-step_size.md"));
    };
    let reader = Reader { text, at: 0, math: LatexToMathML::default() };
    let mut lesson = Lesson { id: id.to_owned(), ..Lesson::default() };
    reader.read(&mut lesson).map_err(|Mistake { at, message }| {
        let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        format!("{name}, line {line}: {message}")
    })?;
    Ok(lesson)
}

/// What is wrong, and at which byte of the file.
struct Mistake {
    at: usize,
    message: String,
}

fn mistake<T>(at: usize, message: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { at, message: message.into() })
}

/// Reads Markdown, or the part of it that begins at byte `at` of a file.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    math: LatexToMathML,
}

/// A page being read.
#[derive(Default)]
struct Draft {
    at: usize,
    page: Page,
    events: Vec<Event<'static>>,
    /// Where the reveal that is open begins.
    reveal: Option<usize>,
}

impl<'a> Reader<'a> {
    fn events(&self) -> impl Iterator<Item = (Event<'a>, Range<usize>)> + use<'a> {
        let options = Options::ENABLE_MATH | Options::ENABLE_TABLES | Options::ENABLE_SMART_PUNCTUATION;
        let at = self.at;
        let events = Parser::new_ext(self.text, options).into_offset_iter();
        events.map(move |(event, range)| (event, range.start + at..range.end + at))
    }

    fn read(&self, lesson: &mut Lesson) -> Result<(), Mistake> {
        let mut events = self.events();
        let mut draft: Option<Draft> = None;
        while let Some((event, range)) = events.next() {
            let at = range.start;
            match event {
                Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) if lesson.title.is_empty() => {
                    lesson.title = plain(&mut events, "a title")?;
                }
                _ if lesson.title.is_empty() => return mistake(at, "a lesson begins with \"# \" and its title"),
                Event::Start(Tag::Paragraph) if lesson.summary.is_empty() => {
                    lesson.summary = plain(&mut events, "the summary")?;
                }
                _ if lesson.summary.is_empty() => return mistake(at, "after the title comes a summary, one sentence"),
                Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => {
                    lesson.pages.extend(draft.take().map(Draft::finish).transpose()?);
                    let title = plain(&mut events, "a title")?;
                    draft = Some(Draft { at, page: Page { title, ..Page::default() }, ..Draft::default() });
                }
                Event::Start(Tag::Heading { .. }) => {
                    return mistake(
                        at,
                        "\"# \" is for the title of the lesson and \"## \" for its pages, there are no others",
                    );
                }
                event => match &mut draft {
                    Some(draft) => self.body(event, range, draft)?,
                    None => return mistake(at, "the first page begins with \"## \" and its title"),
                },
            }
        }
        lesson.pages.extend(draft.map(Draft::finish).transpose()?);
        if lesson.pages.is_empty() {
            return mistake(self.text.len(), "a lesson has at least one page, which begins with \"## \" and its title");
        }
        Ok(())
    }

    /// One piece of a page.
    fn body(&self, event: Event<'a>, range: Range<usize>, draft: &mut Draft) -> Result<(), Mistake> {
        match event {
            Event::InlineMath(tex) => draft.events.push(self.typeset(&tex, MathDisplay::Inline, range.start + 1)?),
            Event::DisplayMath(tex) => draft.events.push(self.typeset(&tex, MathDisplay::Block, range.start + 2)?),
            Event::Text(text) if text.contains('$') => {
                let message =
                    "this dollar sign begins no equation: an equation is $TeX$ or $$TeX$$, with braces in pairs";
                return mistake(range.start + text.find('$').unwrap_or(0), message);
            }
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                draft.events.push(link(&dest_url, &title, range.start, &mut draft.page)?);
            }
            Event::End(TagEnd::Link) => draft.events.push(Event::InlineHtml("</a>".into())),
            Event::Start(Tag::Image { .. }) => {
                return mistake(range.start, "a lesson has no pictures, set the map up instead");
            }
            Event::Html(markup) => self.reveal(&markup, range.start, draft)?,
            Event::InlineHtml(markup) => {
                let message =
                    format!("{markup}: of HTML a lesson has only <details> and <summary>, on lines of their own");
                return mistake(range.start, message);
            }
            event => draft.events.push(event.into_static()),
        }
        Ok(())
    }

    fn typeset(&self, tex: &str, display: MathDisplay, at: usize) -> Result<Event<'static>, Mistake> {
        match self.math.convert_with_local_state(tex, display) {
            // The page's Content-Security-Policy forbids inline styles.
            Ok(result) if result.mathml.contains(" style=") => mistake(
                at,
                "this equation needs an inline style, which the page does not allow (tables and colours do)",
            ),
            Ok(result) => Ok(Event::InlineHtml(result.mathml.into())),
            Err(error) => mistake(at + error.0.start, format!("${tex}$: {error}")),
        }
    }

    /// A piece of raw HTML: the begin or end of a reveal, and the question between.
    fn reveal(&self, markup: &str, at: usize, draft: &mut Draft) -> Result<(), Mistake> {
        let rest = markup.trim();
        let at = at + markup.find(rest).unwrap_or(0);
        if rest.is_empty() {
            return Ok(());
        }
        let push = |draft: &mut Draft, html: String| draft.events.push(Event::Html(CowStr::from(html)));
        if rest == "</details>" {
            if draft.reveal.take().is_none() {
                return mistake(at, "</details> ends a reveal that was not begun");
            }
            push(draft, "</details>\n".to_owned());
            return Ok(());
        }
        let before = "<details><summary>";
        let question = rest.strip_prefix(before).and_then(|rest| rest.strip_suffix("</summary>"));
        let Some(question) = question else {
            let message = "of HTML a lesson has only <details><summary>Question?</summary> on one line and </details> on \
                           another, with empty lines around them";
            return mistake(at, message);
        };
        if let Some(begun) = draft.reveal.replace(at) {
            let line = 1 + self.text.bytes().take(begun).filter(|b| *b == b'\n').count();
            return mistake(at, format!("the reveal that begins in line {line} is not ended by </details>"));
        }
        if !question.ends_with('?') {
            return mistake(at, "what is revealed is asked for before: write a question that ends with \"?\"");
        }
        push(draft, before.to_owned());
        self.question(question, at + before.len(), draft)?;
        push(draft, "</summary>\n".to_owned());
        Ok(())
    }

    /// The text of a question: Markdown within a line.
    fn question(&self, question: &str, at: usize, draft: &mut Draft) -> Result<(), Mistake> {
        let inner = Reader { text: question, at, math: LatexToMathML::default() };
        for (event, range) in inner.events() {
            match event {
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                Event::Start(Tag::Link { .. }) => return mistake(range.start, "a question has no links"),
                Event::Start(Tag::Emphasis | Tag::Strong)
                | Event::End(TagEnd::Emphasis | TagEnd::Strong)
                | Event::Text(_)
                | Event::Code(_)
                | Event::InlineMath(_) => {
                    let mut part = Draft::default();
                    inner.body(event, range, &mut part)?;
                    draft.events.extend(part.events);
                }
                _ => return mistake(range.start, "a question is one line of text"),
            }
        }
        Ok(())
    }
}

/// The plain text up to the end of the block that has just begun.
fn plain<'a>(events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>, what: &str) -> Result<String, Mistake> {
    let mut text = String::new();
    for (event, range) in events {
        match event {
            Event::Text(part) => text.push_str(&part),
            Event::SoftBreak => text.push(' '),
            Event::End(TagEnd::Heading(_) | TagEnd::Paragraph) => break,
            _ => return mistake(range.start, format!("{what} is plain text")),
        }
    }
    Ok(text)
}

/// The begin of a link; one titled "setup" becomes the page's set-up.
fn link(to: &str, title: &str, at: usize, page: &mut Page) -> Result<Event<'static>, Mistake> {
    let attributes = match (to, title) {
        (to, "setup") if to.starts_with('?') => {
            if !page.setup.is_empty() {
                return mistake(at, "a page has one link titled \"setup\", this is the second");
            }
            page.setup = to.to_owned();
            " class=\"setup\""
        }
        (_, "setup") => return mistake(at, format!("{to}: a set-up begins with \"?\"")),
        (to, "") if to.starts_with('?') => "",
        // A source opens beside the page, so that the experiment stays.
        (to, "") if to.starts_with("https://") => " target=\"_blank\" rel=\"noopener\"",
        (_, "") => {
            let message =
                format!("{to}: a link begins with \"?\" and sets the map up, or with https:// and names a source");
            return mistake(at, message);
        }
        _ => return mistake(at, format!("\"{title}\": the only title a link can have is \"setup\"")),
    };
    if to.contains(['"', '<', '>', ' ']) {
        return mistake(at, format!("{to}: write quotes, brackets and spaces in an address as %22, %3C, %3E and %20"));
    }
    let markup = format!("<a href=\"{}\"{attributes}>", to.replace('&', "&amp;"));
    Ok(Event::InlineHtml(markup.into()))
}

impl Draft {
    fn finish(self) -> Result<Page, Mistake> {
        let Self { at, mut page, events, reveal } = self;
        if let Some(at) = reveal {
            return mistake(at, "this reveal is not ended by </details> on its page");
        }
        if page.setup.is_empty() {
            return mistake(
                at,
                "this page has no set-up: write a link such as [Set the map up](?problem=sphere \"setup\")",
            );
        }
        html::push_html(&mut page.html, events.into_iter());
        if page.html.contains(" style=") {
            return mistake(
                at,
                "this page needs an inline style, which the page does not allow (columns that are aligned do)",
            );
        }
        Ok(page)
    }
}
