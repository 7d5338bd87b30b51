//! The lessons: what they may contain, and that every number they state is what a run of their own links measures.
//!
//! A module for each lesson. It runs links of the text, measures, and asserts that the text says what was measured;
//! [`Reading::finish`] fails when a number in the prose was not measured by anybody. Numbers inside equations are those of the
//! theory and are not looked at.

mod adam_fails;
mod all_around;
mod atoms_apart;
mod better_noise;
mod clouds;
mod condition_number;
mod covariances;
mod format;
mod from_a_pool;
mod general;
mod gross_errors;
mod guided_half_way;
mod lab;
mod learned_by_heart;
mod led_to_a_line;
mod levels_of_noise;
mod lifting;
mod matrices;
mod memory;
mod momentum;
mod narrow_valley;
mod noise_and_density;
mod one_after_another;
mod one_factor_at_a_time;
mod one_half_at_a_time;
mod over_the_barrier;
mod saddles;
mod seen_through_noise;
mod step_size;
mod superfluous_columns;
mod three_cycle;
mod too_narrow;
mod two_time_scales;
mod values_or_slopes;
mod vanishing_noise;

use std::ops::Range;
use thalweg::experiment::{Experiment, Link, Outcome, Run, Trace, number17, run};
use thalweg::lessons::{Lesson, find};

/// A lesson while its numbers are being measured.
struct Reading {
    lesson: &'static Lesson,
    /// The prose of each page, and which parts of it have been measured.
    pages: Vec<(String, Vec<Range<usize>>)>,
}

impl Reading {
    fn of(id: &str) -> Self {
        let lesson = find(id).unwrap_or_else(|| panic!("there is no lesson {id}"));
        Self { lesson, pages: lesson.pages.iter().map(|page| (prose(page.html), Vec::new())).collect() }
    }

    /// Asserts that page `page`, counted from 1, says this, and takes the numbers in it as measured.
    fn says(&mut self, page: usize, phrase: &str) {
        let (text, measured) = &mut self.pages[page - 1];
        let before = measured.len();
        measured.extend(text.match_indices(phrase).map(|(at, _)| at..at + phrase.len()));
        assert!(measured.len() > before, "{}, page {page} does not say \"{phrase}\":\n{text}", self.lesson.id);
    }

    /// Runs the set-up of a page.
    fn setup(&self, page: usize) -> Measured {
        Measured::of(self.address_of_setup(page))
    }

    /// Runs the link of a page that reads `text`.
    fn link(&self, page: usize, text: &str) -> Measured {
        Measured::of(&self.address(page, text))
    }

    fn address_of_setup(&self, page: usize) -> &'static str {
        self.lesson.pages[page - 1].setup
    }

    /// Where the link of a page that reads `text` leads.
    fn address(&self, page: usize, text: &str) -> String {
        let links = links(self.lesson.pages[page - 1].html);
        let mut found: Vec<_> = links.iter().filter(|(_, words)| words == text).collect();
        assert_eq!(found.len(), 1, "{}, page {page}: links that read \"{text}\" in {links:?}", self.lesson.id);
        found.remove(0).0.clone()
    }

    /// Asserts that every number in the prose was measured, but for those in `other`: years of papers and the like.
    fn finish(mut self, other: &[(usize, &str)]) {
        for (page, phrase) in other {
            self.says(*page, phrase);
        }
        for (number, (text, measured)) in self.pages.iter().enumerate() {
            for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
                let around: String =
                    text.chars().skip(text[..at].chars().count().saturating_sub(30)).take(60).collect();
                let known = measured.iter().any(|range| range.contains(&at));
                assert!(known, "{}, page {}: nothing measures the number in \"{around}\"", self.lesson.id, number + 1);
            }
        }
    }
}

/// A link of a lesson, run.
struct Measured {
    experiment: Experiment,
    run: Run,
}

impl Measured {
    fn of(link: &str) -> Self {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{link}: {notes:?}");
        let run = run(&experiment).unwrap_or_else(|error| panic!("{link}: {error}"));
        Self { experiment, run }
    }

    fn trace(&self, method: usize) -> &Trace {
        &self.run.traces[method]
    }

    /// Where the method ended.
    fn end(&self, method: usize) -> [f64; 2] {
        let trace = self.trace(method);
        trace.points[trace.last()]
    }

    /// The verdict, as the table of the page shows it.
    fn verdict(&self, method: usize) -> String {
        self.trace(method).outcome.verdict()
    }

    /// The step at which the method has converged.
    fn converged(&self, method: usize) -> usize {
        match self.trace(method).outcome {
            Outcome::Converged { minimum: Some(_), step, .. } => step,
            ref other => panic!("{other:?}"),
        }
    }

    /// The step at which the method has diverged.
    fn diverged(&self, method: usize) -> usize {
        match self.trace(method).outcome {
            Outcome::Diverged { step } => step,
            ref other => panic!("{other:?}"),
        }
    }

    /// A hyperparameter as the text writes it.
    fn knob(&self, method: usize, id: &str) -> String {
        plain(self.experiment.methods[method].base.knobs.get(id))
    }

    /// By how much the distance from the origin shrinks in a step, on average over the steps between.
    fn rate(&self, method: usize, steps: Range<usize>) -> f64 {
        let distance = |k: usize| libm::hypot(self.trace(method).points[k][0], self.trace(method).points[k][1]);
        libm::pow(distance(steps.end) / distance(steps.start), 1.0 / steps.len() as f64)
    }
}

/// A number with so many digits after the point, and the minus sign of print.
fn digits(x: f64, digits: usize) -> String {
    format!("{x:.digits$}").replace('-', "\u{2212}")
}

/// A number in the shortest form.
fn plain(x: f64) -> String {
    assert!(number17(x).parse() == Ok(x), "{x}");
    format!("{x}").replace('-', "\u{2212}")
}

/// Addresses and texts of the links in a page.
fn links(html: &str) -> Vec<(String, String)> {
    let link = |part: &str| {
        let (address, rest) = part.split_once('"')?;
        let (words, _) = rest.split_once('>')?.1.split_once("</a>")?;
        Some((unescape(address), prose(words)))
    };
    html.split("<a href=\"").skip(1).map(|part| link(part).unwrap_or_else(|| panic!("no link: {part}"))).collect()
}

/// The text of a page without its markup; a dollar sign stands for an equation.
fn prose(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        rest = if after.starts_with("math") {
            text.push('$');
            after.split_once("</math>").map_or("", |(_, after)| after)
        } else {
            after.split_once('>').map_or("", |(_, after)| after)
        };
    }
    text.push_str(rest);
    unescape(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
