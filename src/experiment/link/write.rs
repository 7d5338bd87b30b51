//! From the experiment to the link.

use super::text::{encode, number};
use crate::experiment::{Experiment, Method, Panel, ProblemChoice, Stage};
use crate::optimizers::{self, Knob};
use crate::problems::Noise;

/// The query, without the question mark, with everything that has its default value left out.
pub fn write(experiment: &Experiment) -> String {
    let default = Experiment::opening(experiment.problem.clone());
    let mut keys: Vec<String> = Vec::new();
    if experiment.problem != Experiment::default().problem {
        keys.push(problem(&experiment.problem));
    }
    if let Some(domain) = experiment.domain {
        keys.push(format!("domain={}", list(&domain)));
    }
    if let Some(start) = experiment.start {
        keys.push(format!("start={}", list(&start)));
    }
    if experiment.steps != default.steps {
        keys.push(format!("steps={}", experiment.steps));
    }
    match experiment.noise {
        Noise::None => {}
        Noise::Gaussian { sigma } => keys.push(format!("noise=gaussian;sigma={}", number(sigma))),
        Noise::Own => keys.push("noise=own".to_owned()),
    }
    if experiment.seed != default.seed {
        keys.push(format!("seed={}", experiment.seed));
    }
    if experiment.run != default.run {
        keys.push(format!("run={}", experiment.run));
    }
    let view = &experiment.view;
    if !view.hide.is_empty() {
        let names = Panel::ALL.iter().filter(|(panel, _)| view.hide.contains(panel)).map(|(_, name)| *name);
        keys.push(format!("hide={}", names.collect::<Vec<_>>().join(",")));
    }
    if experiment.methods.is_empty() {
        keys.push("opt=none".to_owned());
    } else if experiment.methods != default.methods {
        keys.extend(experiment.methods.iter().map(method));
    }
    if experiment.tolerance != default.tolerance {
        keys.push(format!("tol={}", number(experiment.tolerance)));
    }
    if let Some(window) = view.window {
        keys.push(format!("view={}", list(&window)));
    }
    if let Some(step) = view.step {
        keys.push(format!("step={step}"));
    }
    if view.by_calls {
        keys.push("axis=calls".to_owned());
    }
    super::many::write(experiment, &mut keys);
    #[cfg(labs)]
    super::matrix::write(view, &mut keys);
    #[cfg(labs)]
    super::measure::write(experiment, &mut keys);
    if let Some(camera) = view.camera {
        keys.push(format!("camera={}", list(&camera)));
    }
    match &view.lesson {
        Some((lesson, 1)) => keys.push(format!("lesson={}", encode(lesson))),
        Some((lesson, page)) => keys.push(format!("lesson={};page={page}", encode(lesson))),
        None => {}
    }
    if view.embed {
        keys.push("embed=1".to_owned());
    }
    keys.join("&")
}

fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|x| number(*x)).collect::<Vec<_>>().join(",")
}

fn problem(problem: &ProblemChoice) -> String {
    let head = match problem {
        ProblemChoice::Landscape { id, .. } | ProblemChoice::Matrix { id, .. } => (*id).to_owned(),
        #[cfg(labs)]
        ProblemChoice::Measure(choice) => super::measure::head(choice),
        ProblemChoice::Formula { text, .. } => {
            let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            format!("formula;f={}", encode(&dense))
        }
    };
    let parameters = problem.parameters().iter().map(|(name, value)| format!(";{}={}", encode(name), number(*value)));
    format!("problem={head}{}", parameters.collect::<String>())
}

fn method(method: &Method) -> String {
    let mut text = format!("opt={}", stage(&method.base, method.entry().knobs));
    if !method.visible {
        text.push_str(";show=0");
    }
    for wrapper in &method.wrappers {
        let knobs = optimizers::wrappers::find(wrapper.id).map_or(&[][..], |entry| entry.knobs);
        text.push('~');
        text.push_str(&stage(wrapper, knobs));
    }
    text
}

fn stage(stage: &Stage, knobs: &[Knob]) -> String {
    let changed = stage.knobs.iter().zip(knobs).filter(|((_, value), knob)| *value != knob.default);
    let settings = changed.map(|((knob, value), _)| format!(";{}={}", knob.id, number(value)));
    format!("{}{}", stage.id, settings.collect::<String>())
}
