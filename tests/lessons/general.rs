//! What holds of every lesson.

use super::{links, prose};
use std::collections::BTreeSet;
use thalweg::experiment::matrix::run_matrix;
use thalweg::experiment::measure::run_measure;
use thalweg::experiment::{Experiment, Lab, Link, limits, run};
use thalweg::lessons::{LESSONS, find};

#[test]
fn the_first_six_lessons_are_there_in_order() {
    let ids: Vec<&str> = LESSONS.iter().map(|lesson| lesson.id).collect();
    assert_eq!(ids[..6], ["step_size", "momentum", "three_cycle", "narrow_valley", "saddles", "adam_fails"]);
}

#[test]
fn ids_are_unique_and_found() {
    let ids: BTreeSet<&str> = LESSONS.iter().map(|lesson| lesson.id).collect();
    assert_eq!(ids.len(), LESSONS.len());
    for lesson in LESSONS {
        assert_eq!(find(lesson.id), Some(lesson));
    }
    assert_eq!(find("no_such_lesson"), None);
}

#[test]
fn every_link_that_sets_the_map_up_is_read_without_a_note_and_runs() {
    for lesson in LESSONS {
        for (number, page) in lesson.pages.iter().enumerate() {
            let place = format!("{}, page {}", lesson.id, number + 1);
            let links = links(page.html);
            assert!(links.iter().any(|(link, _)| link == page.setup), "{place}: its set-up is no link of it");
            for (link, _) in links.iter().filter(|(link, _)| link.starts_with('?')) {
                let Link { experiment, notes } = Link::parse(link);
                assert!(notes.is_empty(), "{place}, {link}: {notes:?}");
                // The lesson that is open stays open.
                assert_eq!(experiment.view.lesson, None, "{place}, {link}");
                assert!(experiment.steps <= limits::STEPS && !experiment.methods.is_empty(), "{place}, {link}");
                assert_eq!(experiment.problem.lab(), lesson.lab(), "{place}, {link}");
                let runs = match lesson.lab() {
                    Lab::Plane => run(&experiment).is_ok(),
                    // The lesson's own module runs it to the end.
                    Lab::Matrix => run_matrix(&Experiment { steps: experiment.steps.min(10), ..experiment }).is_ok(),
                    Lab::Measure => run_measure(&Experiment { steps: experiment.steps.min(10), ..experiment }).is_ok(),
                };
                assert!(runs, "{place}, {link}");
            }
        }
    }
}

#[test]
fn a_question_comes_before_each_reveal() {
    for lesson in LESSONS {
        for page in lesson.pages {
            let reveals: Vec<&str> = page.html.split("<details>").skip(1).collect();
            assert!(!reveals.is_empty(), "{}: {} asks nothing", lesson.id, page.title);
            for reveal in reveals {
                let question = reveal.strip_prefix("<summary>").and_then(|rest| rest.split_once("</summary>"));
                let Some((question, answer)) = question else { panic!("{}: {reveal}", lesson.id) };
                let (answer, _) = answer.split_once("</details>").unwrap_or_default();
                assert!(prose(question).ends_with('?') && !prose(answer).is_empty(), "{}: {question}", lesson.id);
            }
        }
    }
}

/// Elements without an end tag.
const EMPTY: [&str; 2] = ["br", "hr"];
/// What Markdown, the lessons and MathML Core may produce here.
const ELEMENTS: [&str; 41] = [
    "a",
    "blockquote",
    "br",
    "code",
    "details",
    "em",
    "hr",
    "li",
    "math",
    "mfrac",
    "mi",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
    "ol",
    "p",
    "pre",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

#[test]
fn markup_is_balanced_and_has_neither_styles_nor_scripts() {
    for lesson in LESSONS {
        for page in lesson.pages {
            let place = format!("{}, {}", lesson.id, page.title);
            let mut open = Vec::new();
            for part in page.html.split('<').skip(1) {
                let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("{place}: {part}"));
                let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
                assert!(ELEMENTS.contains(&name), "{place}: <{name}>");
                for forbidden in ["style=", " on", "javascript:", "xmlns", "srcdoc"] {
                    assert!(!tag.contains(forbidden), "{place}: <{tag}>");
                }
                if tag.starts_with('/') {
                    assert_eq!(open.pop(), Some(name), "{place}: <{tag}>");
                } else if !tag.ends_with('/') && !EMPTY.contains(&name) {
                    open.push(name);
                }
            }
            assert!(open.is_empty(), "{place}: {open:?}");
        }
    }
}

#[test]
fn titles_and_summaries_are_plain_sentences() {
    for lesson in LESSONS {
        assert!(lesson.summary.ends_with('.') && lesson.summary.chars().count() <= 120, "{}", lesson.summary);
        for title in lesson.pages.iter().map(|page| page.title).chain([lesson.title]) {
            assert!(!title.is_empty() && !title.contains(['<', '&', '$']) && title.chars().count() <= 60, "{title}");
        }
    }
}

/// All of them come with the first that is opened, so they must stay light: ten kilobytes a lesson.
#[test]
fn lessons_are_light() {
    let bytes: usize = LESSONS.iter().flat_map(|lesson| lesson.pages).map(|page| page.html.len()).sum();
    println!("{bytes} bytes in {} lessons", LESSONS.len());
    assert!(bytes < 10_000 * LESSONS.len(), "{bytes}");
}

#[test]
#[should_panic(expected = "nothing measures the number")]
fn a_number_that_nobody_measured_is_noticed() {
    super::Reading::of("step_size").finish(&[]);
}
