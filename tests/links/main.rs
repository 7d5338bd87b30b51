//! Links are untrusted and are kept for ever: nothing that can be put after the question mark makes reading fail, hang or
//! leave the limits; what is read is written so that it reads back the same; and old links go on meaning what they meant.

mod old;
#[path = "../random/mod.rs"]
mod random;

use random::Random;
use std::time::{Duration, Instant};
use thalweg::experiment::matrix::run_matrix;
use thalweg::experiment::measure::run_measure;
use thalweg::experiment::{Experiment, Lab, Link, ProblemChoice, Severity, limits, run};
use thalweg::formula::MAX_BYTES;
use thalweg::landscapes;
use thalweg::optimizers::{self, Knob, REGISTRY, Scale, wrappers};
use thalweg::problems::measure::MOST_DRAWN;
use thalweg::problems::{Noise, ProblemError};

/// The longest that reading one link may take. The costliest link there is, a formula of a thousand operations whose
/// critical points are searched, takes a fiftieth of this in a debug build; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What must hold of any link whatsoever. Returns what was read.
fn check(link: &str) -> Link {
    let began = Instant::now();
    let read = Link::parse(link);
    assert!(began.elapsed() < PATIENCE, "{:?} for {link:?}", began.elapsed());
    let experiment = &read.experiment;
    stays_inside_limits(experiment, link);
    let posed = match experiment.lab() {
        Lab::Plane => experiment.pose().map(drop),
        Lab::Matrix => experiment.outline().map(drop),
        Lab::Measure => experiment.pose_measure().map(drop),
    };
    posed.unwrap_or_else(|error| panic!("{link:?} cannot be posed: {error}"));
    for note in &read.notes {
        assert!(!note.problem.is_empty() && !note.instead.is_empty(), "{link:?}: {note:?}");
        // A message stays a message, however long the value it quotes.
        assert!(note.to_string().chars().count() < 500, "{link:?}: {note}");
    }
    let written = Link::write(experiment);
    assert!(written.len() <= limits::LINK_BYTES, "{} bytes were written for {link:?}", written.len());
    let again = Link::parse(&written);
    let wrong: Vec<_> = again.notes.iter().filter(|note| note.severity > Severity::Remark).collect();
    assert!(wrong.is_empty(), "{link:?} was written as {written:?}, and that was read with {wrong:?}");
    assert_eq!(again.experiment, without_spaces(experiment), "{link:?} was written as {written:?}");
    read
}

/// The experiment as a link can say it: a formula's spaces mean nothing, and are not written.
fn without_spaces(experiment: &Experiment) -> Experiment {
    let mut experiment = experiment.clone();
    match &mut experiment.problem {
        ProblemChoice::Formula { text, .. } => text.retain(|c| !c.is_whitespace()),
        ProblemChoice::Measure(choice) => {
            choice.words.iter_mut().for_each(|(_, word)| word.retain(|c| !c.is_whitespace()));
        }
        _ => {}
    }
    experiment
}

/// Sizes, ranges and finiteness of everything that a link can set.
fn stays_inside_limits(experiment: &Experiment, link: &str) {
    let fine = |x: f64| x.is_finite() && x.abs() <= limits::NUMBER;
    let methods = experiment.methods.len();
    assert!(methods <= limits::OPTIMIZERS, "{methods} optimizers from {link:?}");
    assert!(experiment.steps <= Experiment::step_limit(methods), "{} steps from {link:?}", experiment.steps);
    assert!(u64::from(experiment.steps) * methods as u64 <= u64::from(limits::TOTAL_STEPS));
    for method in &experiment.methods {
        assert!(method.wrappers.len() <= limits::WRAPPERS, "{link:?}");
        for stage in std::iter::once(&method.base).chain(&method.wrappers) {
            for (knob, value) in stage.knobs.iter() {
                let (low, high) = knob.range;
                assert!((low..=high).contains(&value), "{}={value} from {link:?}", knob.id);
                assert!(knob.scale != Scale::Integer || value.fract() == 0.0, "{}={value} from {link:?}", knob.id);
            }
        }
    }
    let view = &experiment.view;
    for window in experiment.domain.iter().chain(&view.window) {
        assert!(
            window.iter().copied().all(fine) && window[0] < window[1] && window[2] < window[3],
            "{window:?}, {link:?}"
        );
    }
    assert!(experiment.start.iter().flatten().copied().all(fine), "{:?} from {link:?}", experiment.start);
    assert!(experiment.tolerance > 0.0 && fine(experiment.tolerance), "{link:?}");
    if let Noise::Gaussian { sigma } = experiment.noise {
        assert!((0.0..=1e6).contains(&sigma), "{link:?}");
    }
    let parameters = experiment.problem.parameters();
    assert!(parameters.len() <= 16 && parameters.iter().all(|(_, value)| fine(*value)), "{parameters:?} from {link:?}");
    match &experiment.problem {
        ProblemChoice::Formula { text, .. } => assert!(text.len() <= MAX_BYTES, "{link:?}"),
        ProblemChoice::Measure(choice) => {
            for points in choice.cloud.iter().chain(&choice.target) {
                assert!(points.len() <= MOST_DRAWN && points.iter().flatten().copied().all(fine), "{link:?}");
            }
        }
        _ => {}
    }
    assert!(view.fit.is_none_or(|[from, to]| from < to), "{link:?}");
}

/// Links that people would send, as seeds for mutations.
const GOOD: [&str; 20] = [
    "",
    "problem=rosenbrock;b=50&start=-1.2,1.5&steps=500&opt=adam;lr=0.05&opt=sgd;lr=0.002",
    "problem=formula;f=(1-x)^2%2B100*(y-x^2)^2&domain=-2,2,-1,3&opt=newton&opt=adam;lr=0.1~lookahead;k=5",
    "problem=himmelblau&noise=gaussian;sigma=0.5&seed=7&hide=problem,noise&opt=lion",
    "problem=formula;f=a*x^2%2By^2;a=3&opt=none",
    "problem=reddi_online&noise=own&opt=adam;lr=0.3&tol=0.001",
    "opt=adam;lr=0.1;show=0&view=-1,1,-1,1&step=17&axis=calls&lesson=step_size;page=2&embed=1",
    "https://example.org/thalweg/?problem=ellipse;kappa=100&opt=nelder_mead#step=3",
    "?problem=formula;f=ln(x)%2By%5E2&start=-1,1&v=1",
    "problem=formula;f=exp(-x)*sin(3*y)%2Btanh(x*y)&opt=lbfgs;history_size=4&opt=bfgs&opt=gd_armijo",
    "opt=sgd;lr=0.01~clip~average~l2;weight_decay=0.1~lookahead;alpha=0.25",
    "problem=himmelblau&opt=heavy_ball;lr=0.01&basins=1&run=3",
    "problem=ellipse&start=1,1&opt=heavy_ball;lr=0.005&sweep=1;x=lr;y=momentum;show=steps&engine=kernel",
    "problem=himmelblau&opt=heavy_ball;lr=0.003&swarm=1&camera=30,40",
    "problem=himmelblau&noise=gaussian;sigma=2&opt=adam&ensemble=1&starts=64",
    "problem=matrix_sensing;n=40;rank=3;width=6;kappa=100&opt=scaled_gd;lr=0.3;lambda=0.01&seed=7&fit=50,150&slice=truth",
    "problem=measure_clouds;n=30;from=moons;to=heart&opt=sinkhorn_flow;lr=0.05&opt=sliced_flow&draw=target,lines",
    "problem=measure_potential;n=20;f=x%5E2%2By%5E4;temperature=0.5&opt=langevin&opt=svgd&cloud=0,0,1,1,2,0.5",
    "problem=measure_interaction;n=20;w=r%5E2-ln(r)&opt=sgd;lr=0.1&opt=adam~clip&axis=log",
    "steps=0&opt=adamw&opt=adamax&opt=amsgrad&opt=adabelief&opt=rmsprop&opt=adagrad&opt=nesterov&opt=heavy_ball",
];

#[test]
fn links_that_people_send_are_read_without_a_word() {
    for link in GOOD {
        let read = check(link);
        assert!(read.notes.iter().all(|note| note.severity == Severity::Remark), "{link}: {:?}", read.notes);
    }
}

#[test]
fn random_bytes_are_read() {
    let mut random = Random(11);
    for _ in 0..20_000 {
        let length = random.below(80);
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        check(&String::from_utf8_lossy(&bytes));
        // The same again from the characters that links are made of.
        let few: Vec<u8> = bytes.iter().map(|b| b"&=;~,%?#-.+0129aeopstxy"[usize::from(*b) % 23]).collect();
        check(&String::from_utf8_lossy(&few));
    }
}

#[test]
fn mutated_links_are_read() {
    let mut random = Random(12);
    for _ in 0..12_000 {
        let mut text: Vec<char> = random.pick(&GOOD).chars().collect();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len() + 1);
            match random.below(5) {
                0 if at < text.len() => drop(text.remove(at)),
                1 => text.truncate(at),
                2 => text.insert(
                    at,
                    *random.pick(&['%', '&', ';', '=', '~', ',', '-', 'e', '9', '\0', 'é', '\u{2212}', '<', ' ']),
                ),
                3 => text.extend(format!("&{}", random.pick(&GOOD)).chars()),
                _ if at + 1 < text.len() => text.swap(at, at + 1),
                _ => text.extend("9".repeat(random.below(30)).chars()),
            }
        }
        check(&text.into_iter().collect::<String>());
    }
}

/// Every key there is, one that is not, and the empty one.
const KEYS: [&str; 30] = [
    "problem", "domain", "start", "steps", "opt", "noise", "seed", "run", "tol", "view", "step", "axis", "basins",
    "swarm", "ensemble", "sweep", "starts", "engine", "camera", "fit", "slice", "cloud", "target", "draw", "hide",
    "lesson", "embed", "v", "colour", "",
];

/// Values that are right for some key and wrong for the others, and values that are right for none.
const VALUES: [&str; 86] = [
    "1;x=lr;y=lr;show=nothing",
    "1;x=colour",
    "99999999999999999999",
    "kernel",
    "log",
    "path",
    "-1,-2",
    "400,100",
    "0,1e300",
    "target,lines,,density,x",
    "matrix_sensing;n=0;rank=-1;width=1e9",
    "matrix_completion;n=3;rank=3",
    "matrix_phase;kappa=1e7",
    "measure_mixture;n=3;modes=0;skew=1e9",
    "measure_clouds;n=2;from=nowhere;to=%",
    "measure_potential;n=2;on=rosenbrock;f=x",
    "measure_potential;n=2;f=1/0",
    "measure_interaction;n=2;w=1/r",
    "measure_interaction;n=2;w=r%5E",
    "measure_game;n=1;game=9",
    "svgd;bandwidth=-1~clip",
    "scaled_gd;lambda=1e400",
    "",
    "0",
    "1",
    "-1",
    "2",
    "17",
    "100000",
    "100001",
    "1000000",
    "4294967296",
    "18446744073709551615",
    "1e308",
    "1e309",
    "1e-308",
    "5e-324",
    "-0",
    "1e12",
    "1.0000000001e12",
    "NaN",
    "inf",
    "-inf",
    "0x10",
    "1,2",
    "1,NaN",
    "-1e12,1e12",
    "-2,2,-1,3",
    "2,-2,1,3",
    "0,1e-13,0,1",
    "1,2,3",
    "1,2,3,4,5",
    "rosenbrock",
    "rosenbrock;b=1e12",
    "rosenbrock;b=NaN",
    "rosenbrock;b=-3;b=4",
    "himmelblau",
    "reddi_online",
    "matching_pennies",
    "formula",
    "formula;f=",
    "formula;f=x",
    "formula;f=x*y*a;a=1e12;a=0",
    "formula;f=1/0",
    "formula;f=ln(-1-x^2)",
    "formula;f=%20x%20%2B%20y%20",
    "formula;f=x%00",
    "formula;f=sin(",
    "adam",
    "adam;lr=1e999",
    "adam;lr=-1;beta1=2;eps=1e-20;amsgrad=1",
    "adam;show=0~lookahead;k=2.5",
    "lbfgs;history_size=0",
    "lbfgs;history_size=1e9",
    "sgd~sgd",
    "sgd~clip~clip~clip~clip~clip",
    "none",
    "own",
    "gaussian",
    "gaussian;sigma=-0",
    "gaussian;sigma=1e7",
    "problem,noise,,optimizers,plots,strip,table,transport",
    "calls",
    "step_size;page=0",
    "a%3Bb%26c;page=4294967295",
    "%",
];

#[test]
fn any_key_with_any_value_is_read() {
    for key in KEYS {
        for value in VALUES {
            check(&format!("{key}={value}"));
            check(key);
        }
    }
}

#[test]
fn any_keys_together_are_read() {
    let mut random = Random(13);
    for _ in 0..10_000 {
        let parts: Vec<String> =
            (0..random.below(9)).map(|_| format!("{}={}", random.pick(&KEYS), random.pick(&VALUES))).collect();
        check(&parts.join("&"));
    }
}

/// Every optimizer in every wrapper with every knob at and beyond its bounds.
#[test]
fn every_knob_of_every_optimizer_goes_both_ways() {
    let values = |knob: &Knob| {
        let (low, high) = knob.range;
        [low, high, knob.default, 0.5 * (low + high), low - 1.0, high + 1.0, 0.1 + 0.2, 1.0 / 3.0]
    };
    for entry in REGISTRY.iter().filter(|entry| entry.is_flow()) {
        for knob in entry.knobs {
            for value in values(knob) {
                let read = check(&format!("problem=measure_mixture&opt={};{}={value}", entry.id, knob.id));
                assert_eq!(read.experiment.methods.len(), 1);
            }
        }
    }
    for entry in optimizers::of_points() {
        check(&format!("opt={}", entry.id));
        for knob in entry.knobs {
            for value in values(knob) {
                check(&format!("opt={};{}={value}", entry.id, knob.id));
            }
        }
        for wrapper in wrappers::WRAPPERS {
            for knob in wrapper.knobs {
                for value in values(knob) {
                    let read = check(&format!("opt={}~{};{}={value:e}", entry.id, wrapper.id, knob.id));
                    assert_eq!(read.experiment.methods[0].wrappers.len(), 1);
                }
            }
        }
    }
}

#[test]
fn every_landscape_goes_both_ways_with_every_parameter() {
    for row in landscapes::offered() {
        assert!(check(&format!("problem={}", row.id)).notes.is_empty(), "{}", row.id);
        for (name, default) in row.params {
            let read = check(&format!("problem={};{name}={}", row.id, default * 1.5 + 0.25));
            assert!(read.notes.is_empty(), "{}: {:?}", row.id, read.notes);
            assert_eq!(read.experiment.problem.parameters().len(), 1, "{} {name}", row.id);
        }
    }
}

/// Big links: refused whole beyond the limit, and below it read in bounded time whatever they are full of.
#[test]
fn big_links_take_bounded_time() {
    let fill = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    for unit in [
        "x+",
        "(",
        "&",
        "a=1&",
        "opt=adam&",
        "opt=adan&",
        "~lookahead",
        ";b=2",
        "%2B",
        "é",
        "9",
        "start=1,1&",
        "hide=x,",
    ] {
        for head in ["", "problem=formula;f=", "problem=", "opt=", "opt=adam", "lesson=", "start=", "hide=", "seed="] {
            let huge = check(&format!("{head}{}", fill(unit, 100_000)));
            assert_eq!(huge.notes.len(), 1, "{head}{unit}: {:?}", huge.notes);
            assert_eq!(huge.experiment, Experiment::default());
            check(&format!("{head}{}", fill(unit, limits::LINK_BYTES - head.len())));
        }
    }
}

/// A page has to show the notes: a link of sixteen kilobytes of mistakes must not fill it with thousands.
#[test]
fn notes_of_a_link_are_few() {
    for unit in ["a=1&", "opt=adan&", "start=&", "hide=x&", "opt=adam;q=1;r=2&", "%&"] {
        let notes = Link::parse(&unit.repeat(limits::LINK_BYTES / unit.len())).notes;
        assert!(!notes.is_empty() && notes.len() <= 64, "{} notes for many times {unit:?}", notes.len());
    }
}

/// The deepest and the longest formulas are the costliest links.
#[test]
fn the_costliest_formulas_take_bounded_time() {
    for formula in [
        "x".to_owned() + &"%2Bsin(x*y)".repeat(330),
        "x".to_owned() + &"*y".repeat(990),
        "sin(".repeat(250) + "x" + &")".repeat(250),
        "hypot(x,".repeat(200) + "y" + &")".repeat(200),
        "-".repeat(3000) + "x",
    ] {
        let link = format!("problem=formula;f={formula}&domain=-1e12,1e12,-1e12,1e12");
        check(&link);
    }
}

#[test]
fn reading_is_the_same_every_time() {
    let mut random = Random(14);
    for _ in 0..300 {
        let link = format!("{}&{}={}", random.pick(&GOOD), random.pick(&KEYS), random.pick(&VALUES));
        assert_eq!(Link::parse(&link), Link::parse(&link), "{link}");
    }
}

/// Reading is one half; what was read must also run. Short, and only what is cheap to run many times.
#[test]
fn whatever_is_read_runs_and_ends_in_words() {
    let mut random = Random(15);
    for _ in 0..400 {
        let parts: Vec<String> = (0..4).map(|_| format!("{}={}", random.pick(&KEYS), random.pick(&VALUES))).collect();
        let mut experiment = Link::parse(&parts.join("&")).experiment;
        experiment.steps = experiment.steps.min(40);
        if experiment.lab() != Lab::Plane {
            runs_in_its_lab(&Experiment { steps: experiment.steps.min(3), ..experiment });
            continue;
        }
        let done = run(&experiment).unwrap_or_else(|error| panic!("{parts:?}: {error}"));
        assert_eq!(done.traces.len(), experiment.methods.len());
        for trace in &done.traces {
            assert!(!trace.outcome.verdict().is_empty());
            assert!(trace.last() <= experiment.steps as usize, "{parts:?}");
            assert!(trace.values.len() == trace.points.len() && trace.calls.len() == trace.points.len(), "{parts:?}");
        }
    }
}

/// A lab's link runs, or says why not.
fn runs_in_its_lab(experiment: &Experiment) {
    let verdicts: Result<Vec<String>, ProblemError> = match experiment.lab() {
        Lab::Matrix => {
            run_matrix(experiment).map(|run| run.traces.iter().map(|trace| trace.outcome.verdict()).collect())
        }
        _ => run_measure(experiment).map(|run| run.traces.iter().map(|trace| trace.outcome.verdict()).collect()),
    };
    match verdicts {
        Ok(verdicts) => assert!(verdicts.iter().all(|verdict| !verdict.is_empty()), "{verdicts:?}"),
        Err(error) => assert!(!error.to_string().is_empty(), "{experiment:?}"),
    }
}
