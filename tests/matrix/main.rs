//! The matrix lab from the outside: records of another program, and the claims of its exhibits.

mod reference;
mod starts;

use thalweg::experiment::matrix::run_matrix;
use thalweg::experiment::{Lab, Link};
use thalweg::landscapes;
use thalweg::lessons::LESSONS;
use thalweg::optimizers::{self, REGISTRY};
use thalweg::problems::matrix::FAMILIES;

/// What the light page lacks is asked for by words that `start.js` looks for in the address.
#[test]
fn every_link_that_needs_the_labs_gets_their_page() {
    let page = include_str!("../../index.html");
    let words = page.split("data-words=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the words");
    let words: Vec<&str> = words.split(' ').collect();
    let is_asked = |part: &str| words.iter().any(|word| part.contains(word));
    for family in FAMILIES {
        assert!(is_asked(&format!("problem={}", family.id)), "{}", family.id);
        assert_eq!(Lab::of_link(&format!("?steps=3&problem={};n=5", family.id)), Lab::Matrix);
    }
    for entry in REGISTRY {
        let link = format!("?opt={};lr=0.1", entry.id);
        let of_labs = matches!(entry.family, optimizers::Family::Matrix | optimizers::Family::Flow);
        assert_eq!(is_asked(&link), of_labs, "{}", entry.id);
    }
    for lesson in LESSONS {
        assert_eq!(is_asked(&format!("?lesson={}", lesson.id)), lesson.lab() != Lab::Plane, "{}", lesson.id);
    }
    for family in thalweg::problems::measure::FAMILIES {
        assert!(is_asked(&format!("problem={}", family.id)), "{}", family.id);
        assert_eq!(Lab::of_link(&format!("?steps=3&problem={};n=5", family.id)), Lab::Measure);
    }
    for row in landscapes::offered() {
        assert_eq!(Lab::of_link(&format!("problem={}", row.id)), Lab::Plane, "{}", row.id);
    }
}

/// Every family opens with methods that run, from its shortest link, and the link of what it opens with is that link again.
#[test]
fn every_problem_opens_with_something_to_see() {
    for family in FAMILIES {
        let link = format!("problem={}", family.id);
        let Link { experiment, notes } = Link::parse(&link);
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(Link::write(&experiment), link);
        let run = run_matrix(&experiment).expect("it can be posed");
        assert_eq!(run.traces.len(), family.methods.len(), "{}", family.id);
        for trace in &run.traces {
            assert!(trace.errors[trace.last()] < 0.9 || family.id == "matrix_robust", "{}", family.id);
            assert!(trace.frames.iter().all(|frame| !frame.spectrum.is_empty()), "{}", family.id);
        }
    }
}

#[test]
fn links_of_the_lab_round_trip_and_say_what_they_ignore() {
    for link in [
        "problem=matrix_sensing;n=20;kappa=100&steps=50&seed=3&opt=muon;lr=0.01&opt=sgd;lr=0.1~clip;max_norm=2&fit=10,40",
        "problem=matrix_completion;observed=0.5&opt=alternating&axis=log&slice=truth",
        "problem=matrix_lifted;order=1&hide=plots&step=7",
    ] {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{link}: {notes:?}");
        assert_eq!(Link::parse(&Link::write(&experiment)).experiment, experiment, "{link}");
    }
    let ignored = "problem=matrix_pca&start=1,2&basins=1&noise=gaussian;sigma=1&camera=10,20";
    let keys: Vec<String> = Link::parse(ignored).notes.into_iter().map(|note| note.key).collect();
    assert_eq!(keys, ["start", "noise", "basins", "camera"]);
}

/// What a link may contain that cannot be run ends in words, never in a number that is none.
#[test]
fn diverging_and_singular_runs_are_verdicts() {
    for (link, verdict) in [
        ("problem=matrix_identity;n=6&steps=50&opt=sgd;lr=1000", "diverged"),
        ("problem=matrix_identity;n=6;alpha=0&steps=5&opt=scaled_gd", "saddle"),
        ("problem=matrix_deep_linear;bures=1;alpha=0&steps=3&opt=sgd", ""),
        ("problem=matrix_sensing;n=6;rank=1;width=1;measurements=1&steps=0&opt=sgd", "on its way"),
    ] {
        let run = run_matrix(&Link::parse(link).experiment).expect("it can be posed");
        let outcome = run.traces[0].outcome.verdict();
        assert!(outcome.contains(verdict), "{link}: {outcome}");
    }
    let refused = run_matrix(&Link::parse("problem=matrix_lifted&opt=nuclear_prox").experiment);
    assert!(refused.is_err_and(|error| error.to_string().contains("works on the matrix itself")));
}
