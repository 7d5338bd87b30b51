//! Links and names that were once given out go on meaning what they meant.

use super::check;
use thalweg::experiment::{Experiment, Method, Panel, ProblemChoice, Severity, Stage, View};
use thalweg::landscapes;
use thalweg::optimizers::{Knobs, wrappers};
use thalweg::problems::Noise;

/// A method as a link names it.
fn method(id: &str, knobs: &[(&str, f64)]) -> Method {
    Method::new(id, knobs).unwrap_or_else(|| panic!("there is no {id} with {knobs:?}"))
}

/// The same in wrappers.
fn wrapped(mut method: Method, stages: &[(&str, &[(&str, f64)])]) -> Method {
    for (id, knobs) in stages {
        let entry = wrappers::find(id).unwrap_or_else(|| panic!("there is no wrapper {id}"));
        let mut values: Knobs<f64> = entry.defaults();
        for (name, value) in *knobs {
            assert!(values.set(name, *value), "{id} has no {name}");
        }
        method.wrappers.push(Stage { id: entry.id, knobs: values });
    }
    method
}

/// A landscape with parameters.
fn landscape(id: &str, parameters: &[(&str, f64)]) -> ProblemChoice {
    let row = landscapes::find(id).unwrap_or_else(|| panic!("there is no {id}"));
    ProblemChoice::Landscape { id: row.id, parameters: own(parameters) }
}

/// A formula with parameters.
fn formula(text: &str, parameters: &[(&str, f64)]) -> ProblemChoice {
    ProblemChoice::Formula { text: text.to_owned(), parameters: own(parameters) }
}

fn own(parameters: &[(&str, f64)]) -> Vec<(String, f64)> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// Links as they were once sent, with what they must open for ever. Never change a line: a link that is to mean
/// something else gets another `v=`, and the old line stays.
#[test]
fn old_links_open_what_they_always_opened() {
    let default = Experiment::default;
    let old: Vec<(&str, Experiment)> = vec![
        ("", default()),
        ("v=1", default()),
        // What the first page opened with, spelt out: the empty link may one day show something else, this one not.
        (
            "problem=rosenbrock&steps=400&opt=adam;lr=0.05&opt=heavy_ball;lr=0.0007;momentum=0.92&opt=sgd;lr=0.0012&opt=bfgs",
            Experiment {
                problem: landscape("rosenbrock", &[]),
                steps: 400,
                methods: vec![
                    method("adam", &[("lr", 0.05)]),
                    method("heavy_ball", &[("lr", 0.0007), ("momentum", 0.92)]),
                    method("sgd", &[("lr", 0.0012)]),
                    method("bfgs", &[]),
                ],
                ..default()
            },
        ),
        (
            "problem=rosenbrock;b=100&start=-1.2,1&steps=500&opt=adam;lr=0.05&opt=sgd;lr=0.001;momentum=0.9",
            Experiment {
                problem: landscape("rosenbrock", &[]),
                start: Some([-1.2, 1.0]),
                steps: 500,
                methods: vec![method("adam", &[("lr", 0.05)]), method("sgd", &[("lr", 0.001), ("momentum", 0.9)])],
                ..default()
            },
        ),
        (
            "?problem=formula;f=(1-x)^2%2B100*(y-x^2)^2&domain=-2,2,-1,3&opt=newton&opt=adam;lr=0.1~lookahead;k=5",
            Experiment {
                problem: formula("(1-x)^2+100*(y-x^2)^2", &[]),
                domain: Some([-2.0, 2.0, -1.0, 3.0]),
                methods: vec![
                    method("newton", &[]),
                    wrapped(method("adam", &[("lr", 0.1)]), &[("lookahead", &[("k", 5.0)])]),
                ],
                ..default()
            },
        ),
        (
            "https://example.org/thalweg/?problem=himmelblau&noise=gaussian;sigma=0.5&seed=7&hide=problem,noise&opt=lion",
            Experiment {
                problem: landscape("himmelblau", &[]),
                noise: Noise::Gaussian { sigma: 0.5 },
                seed: 7,
                methods: vec![method("lion", &[])],
                view: View { hide: [Panel::Problem, Panel::Noise].into(), ..View::default() },
                ..default()
            },
        ),
        (
            "https://example.org/#problem=ellipse;kappa=50&start=4,1&steps=1000&opt=sgd;lr=0.0198",
            Experiment {
                problem: landscape("ellipse", &[("kappa", 50.0)]),
                start: Some([4.0, 1.0]),
                steps: 1000,
                methods: vec![method("sgd", &[("lr", 0.0198)])],
                ..default()
            },
        ),
        (
            "problem=reddi_online&noise=own&opt=adam;lr=0.3&tol=0.001",
            Experiment {
                problem: landscape("reddi_online", &[]),
                noise: Noise::Own,
                methods: vec![method("adam", &[("lr", 0.3)])],
                tolerance: 0.001,
                ..default()
            },
        ),
        (
            "problem=formula;f=a*x%5E2%2Bexp(-y);a=3e-2&opt=none",
            Experiment { problem: formula("a*x^2+exp(-y)", &[("a", 0.03)]), methods: Vec::new(), ..default() },
        ),
        (
            "opt=adam;lr=0.1;show=0&opt=nelder_mead&view=-1,1,-1,1&step=17&axis=calls&lesson=step_size;page=2&embed=1",
            Experiment {
                methods: vec![Method { visible: false, ..method("adam", &[("lr", 0.1)]) }, method("nelder_mead", &[])],
                view: View {
                    window: Some([-1.0, 1.0, -1.0, 1.0]),
                    step: Some(17),
                    by_calls: true,
                    lesson: Some(("step_size".to_owned(), 2)),
                    embed: true,
                    ..View::default()
                },
                ..default()
            },
        ),
        (
            "hide=optimizers,plots,strip,table,transport&opt=lbfgs;history_size=4&opt=gd_armijo",
            Experiment {
                methods: vec![method("lbfgs", &[("history_size", 4.0)]), method("gd_armijo", &[])],
                view: View {
                    hide: [Panel::Optimizers, Panel::Plots, Panel::Strip, Panel::Table, Panel::Transport].into(),
                    ..View::default()
                },
                ..default()
            },
        ),
        // A minus sign as typesetters write it, and a plus sign that is one.
        ("start=\u{2212}1.5,+2", Experiment { start: Some([-1.5, 2.0]), ..default() }),
        ("start=%E2%88%921.5,%2B2", Experiment { start: Some([-1.5, 2.0]), ..default() }),
        ("axis=steps&embed=0&noise=none", default()),
    ];
    for (link, meant) in old {
        let read = check(link);
        assert_eq!(read.experiment, meant, "{link}");
        assert!(read.notes.iter().all(|note| note.severity == Severity::Remark), "{link}: {:?}", read.notes);
    }
}

/// Every optimizer, wrapper, panel and landscape that was ever offered stays reachable under the name it had.
#[test]
fn names_in_old_links_are_still_known() {
    for id in [
        "sgd",
        "heavy_ball",
        "nesterov",
        "adagrad",
        "rmsprop",
        "adam",
        "adamax",
        "adamw",
        "amsgrad",
        "adabelief",
        "lion",
        "gd_armijo",
        "newton",
        "bfgs",
        "lbfgs",
        "nelder_mead",
    ] {
        assert!(check(&format!("opt={id}")).notes.is_empty(), "{id}");
    }
    for id in ["lookahead", "clip", "average", "l2"] {
        assert!(check(&format!("opt=sgd~{id}")).notes.is_empty(), "{id}");
    }
    for id in [
        "rosenbrock",
        "himmelblau",
        "ellipse",
        "ackley",
        "rastrigin",
        "beale",
        "booth",
        "double_well",
        "reddi_online",
        "monkey_saddle",
        "six_hump_camel",
    ] {
        assert!(check(&format!("problem={id}")).notes.is_empty(), "{id}");
    }
}
