//! From the link to the experiment.

use super::text::{decode, number};
use super::{Link, Note, Severity};
#[cfg(labs)]
use crate::experiment::Lab;
use crate::experiment::{Engine, Experiment, Method, Panel, ProblemChoice, Stage, limits};
use crate::formula::{Formula, Names};
use crate::landscapes;
use crate::optimizers::{self, Knob, Knobs};
use crate::problems::Noise;
#[cfg(labs)]
use crate::problems::ProblemError;
#[cfg(labs)]
use crate::problems::{matrix, measure};
use crate::scalar::decimal;
use crate::suggest::closest;

/// Reads a link. What it does not say has its default.
pub fn read(link: &str) -> Link {
    let mut reader = Reader {
        experiment: Experiment::default(),
        notes: Vec::new(),
        methods: Vec::new(),
        none: false,
        sweep: None,
        steps_given: false,
        #[cfg(labs)]
        drawn: super::measure::Drawn::default(),
    };
    if link.len() > limits::LINK_BYTES {
        reader.note(
            "link",
            format!("is {} bytes long, the limit is 16,384", link.len()),
            "the default experiment is shown".to_owned(),
        );
        return Link { experiment: reader.experiment, notes: reader.notes };
    }
    for part in query(link).split('&').filter(|part| !part.is_empty()) {
        reader.part(part);
    }
    reader.finish()
}

/// The part of an address that describes the experiment: what follows `?` and what follows `#`.
fn query(link: &str) -> String {
    let link = link.trim();
    let is_address = link.contains("://") || link.starts_with(['?', '#', '/']);
    if !is_address {
        return link.to_owned();
    }
    let (before, fragment) = link.split_once('#').unwrap_or((link, ""));
    let query = before.split_once('?').map_or("", |(_, query)| query);
    format!("{query}&{}", fragment.trim_start_matches('?'))
}

/// A key or a name with the settings that follow it: `adam;lr=0.1` is ("adam", [("lr", "0.1")]).
pub(super) struct Settings<'a> {
    pub head: &'a str,
    pub pairs: Vec<(&'a str, &'a str)>,
}

pub(super) fn settings(text: &str) -> Settings<'_> {
    let mut parts = text.split(';');
    let head = parts.next().unwrap_or("");
    let pairs = parts.filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
    Settings { head, pairs }
}

pub(super) struct Reader {
    pub experiment: Experiment,
    notes: Vec<Note>,
    methods: Vec<Method>,
    /// Whether it asks for none.
    none: bool,
    /// Whether it says how many steps.
    steps_given: bool,
    /// The map over two knobs that it asks for.
    sweep: Option<String>,
    /// Clouds that it has drawn.
    #[cfg(labs)]
    pub drawn: super::measure::Drawn,
}

impl Reader {
    pub fn push(&mut self, key: &str, problem: String, instead: String, severity: Severity) {
        // A note quotes the link: long values are cut, so that a message stays a message.
        let key = shorten(key);
        self.notes.push(Note { key, problem, instead, severity, formula: None });
    }

    pub fn note(&mut self, key: &str, problem: String, instead: String) {
        self.push(key, problem, instead, Severity::Replaced);
    }

    fn part(&mut self, part: &str) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let Some(value_text) = decode(value) else {
            self.note(
                key,
                "has a % that is not followed by two hexadecimal digits of UTF-8".to_owned(),
                "it is left out".to_owned(),
            );
            return;
        };
        match key {
            "problem" => self.problem(value),
            "opt" => self.method(value),
            "noise" => self.noise(value),
            "lesson" => self.lesson(value),
            "start" => {
                if let Some([x, y]) = self.numbers::<2>(
                    key,
                    &value_text,
                    "two numbers such as start=-1.2,1",
                    "the landscape's own start is used",
                ) {
                    self.experiment.start = Some([x, y]);
                }
            }
            "domain" => self.experiment.domain = self.window(key, &value_text, "the landscape's own window is used"),
            "view" => self.experiment.view.window = self.window(key, &value_text, "the whole window is shown"),
            "steps" => self.steps(&value_text),
            "seed" => match value_text.parse() {
                Ok(seed) => self.experiment.seed = seed,
                Err(_) => self.note(key, expected(&value_text, "a whole number from 0"), "seed 0 is used".to_owned()),
            },
            "run" => match value_text.parse() {
                Ok(run) => self.experiment.run = run,
                Err(_) => self.note(key, expected(&value_text, "a whole number from 0"), "run 0 is used".to_owned()),
            },
            "tol" => match finite(&value_text) {
                Some(tolerance) if tolerance > 0.0 => self.experiment.tolerance = tolerance,
                _ => self.note(key, expected(&value_text, "a number above 0"), "1e-6 is used".to_owned()),
            },
            "step" => match value_text.parse() {
                Ok(step) => self.experiment.view.step = Some(step),
                Err(_) => {
                    self.note(key, expected(&value_text, "a whole number from 0"), "the animation runs".to_owned())
                }
            },
            "axis" => match value_text.as_str() {
                "calls" => self.experiment.view.by_calls = true,
                "steps" => {}
                #[cfg(labs)]
                "log" => self.experiment.view.log_time = true,
                _ => self.note(
                    key,
                    expected(&value_text, "steps, calls or, in the matrix lab, log"),
                    "steps are used".to_owned(),
                ),
            },
            "basins" => self.experiment.view.basins = self.place(key, &value_text),
            "swarm" | "ensemble" => self.particles(key, &value_text),
            // The names of knobs have a meaning once the optimizers are known.
            "sweep" => self.sweep = Some(value.to_owned()),
            "starts" => self.starts(&value_text),
            "engine" => match Engine::ALL.iter().find(|(_, name)| *name == value_text) {
                Some((engine, _)) => self.experiment.view.engine = Some(*engine),
                None => {
                    self.note(key, expected(&value_text, "gpu, kernel or direct"), "the fastest is used".to_owned());
                }
            },
            "camera" => self.camera(&value_text),
            #[cfg(labs)]
            "fit" => self.fit(&value_text),
            #[cfg(labs)]
            "slice" => self.cut(&value_text),
            #[cfg(labs)]
            "cloud" => self.drawn.cloud = self.points(key, &value_text),
            #[cfg(labs)]
            "target" => self.drawn.target = self.points(key, &value_text),
            #[cfg(labs)]
            "draw" => self.layers(&value_text),
            "hide" => self.hide(&value_text),
            "embed" => self.experiment.view.embed = value_text != "0",
            "v" if value_text == "1" => {}
            "v" => self.note(
                key,
                expected(&value_text, "1, the only version there is"),
                "it is read as version 1".to_owned(),
            ),
            _ => {
                #[cfg(labs)]
                const LABS: [&str; 5] = ["slice", "fit", "cloud", "target", "draw"];
                #[cfg(not(labs))]
                const LABS: [&str; 0] = [];
                const KEYS: [&str; 22] = [
                    "problem", "domain", "start", "steps", "opt", "noise", "seed", "run", "tol", "view", "step",
                    "axis", "basins", "swarm", "ensemble", "sweep", "starts", "engine", "camera", "hide", "lesson",
                    "embed",
                ];
                let hint = did_you_mean(closest(key, KEYS.into_iter().chain(LABS)));
                self.push(key, format!("is not a key of a link{hint}"), "it is ignored".to_owned(), Severity::Ignored);
            }
        }
    }

    fn numbers<const N: usize>(&mut self, key: &str, text: &str, wanted: &str, instead: &str) -> Option<[f64; N]> {
        let numbers: Option<Vec<f64>> = text.split(',').map(finite).collect();
        match numbers.and_then(|numbers| <[f64; N]>::try_from(numbers).ok()) {
            Some(numbers) => Some(numbers),
            None => {
                self.note(key, expected(text, wanted), instead.to_owned());
                None
            }
        }
    }

    fn window(&mut self, key: &str, text: &str, instead: &str) -> Option<[f64; 4]> {
        let wanted = "xmin,xmax,ymin,ymax with xmin below xmax and ymin below ymax";
        let window @ [x0, x1, y0, y1] = self.numbers::<4>(key, text, wanted, instead)?;
        // Narrower than rounding can resolve is as bad as upside down.
        let proper = |a: f64, b: f64| b - a > 1e-12 * (1.0 + a.abs().max(b.abs()));
        if proper(x0, x1) && proper(y0, y1) {
            return Some(window);
        }
        self.note(key, expected(text, wanted), instead.to_owned());
        None
    }

    fn camera(&mut self, text: &str) {
        let wanted = "a bearing from -180 to 180 and a height above the horizon from 5 to 90, such as camera=28,42";
        let instead = "the land is shown as a map";
        let Some(camera @ [azimuth, elevation]) = self.numbers::<2>("camera", text, wanted, instead) else { return };
        if (-180.0..=180.0).contains(&azimuth) && (5.0..=90.0).contains(&elevation) {
            self.experiment.view.camera = Some(camera);
        } else {
            self.note("camera", expected(text, wanted), instead.to_owned());
        }
    }

    fn steps(&mut self, text: &str) {
        match text.parse::<u64>() {
            Ok(steps) if steps <= u64::from(limits::STEPS) => {
                self.experiment.steps = steps as u32;
                self.steps_given = true;
            }
            Ok(_) => {
                self.note(
                    "steps",
                    format!("is {}, the limit is {}", shorten(text), limits::STEPS),
                    format!("{} is used", limits::STEPS),
                );
                self.experiment.steps = limits::STEPS;
                self.steps_given = true;
            }
            Err(_) => self.note(
                "steps",
                expected(text, "a whole number from 0"),
                format!("{} is used", self.experiment.steps),
            ),
        }
    }

    fn hide(&mut self, text: &str) {
        for name in text.split(',').filter(|name| !name.is_empty()) {
            match Panel::ALL.iter().find(|(_, known)| *known == name) {
                Some((panel, _)) => {
                    self.experiment.view.hide.insert(*panel);
                }
                None => {
                    let names: Vec<&str> = Panel::ALL.iter().map(|(_, name)| *name).collect();
                    self.note("hide", expected(name, &names.join(", ")), "it is ignored".to_owned());
                }
            }
        }
    }

    fn lesson(&mut self, value: &str) {
        let Settings { head, pairs } = settings(value);
        let id = decode(head).filter(|id| id.len() <= 40 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        let Some(id) = id else {
            self.note("lesson", expected(head, "the name of a lesson"), "no lesson is opened".to_owned());
            return;
        };
        let page =
            pairs.iter().find(|(key, _)| *key == "page").map(|(_, page)| page.parse().ok().filter(|page| *page >= 1));
        if page == Some(None) {
            self.note("lesson", "page is not a whole number from 1".to_owned(), "the first page is shown".to_owned());
        }
        self.experiment.view.lesson = Some((id, page.flatten().unwrap_or(1)));
    }

    fn noise(&mut self, value: &str) {
        let Settings { head, pairs } = settings(value);
        match head {
            "none" => self.experiment.noise = Noise::None,
            "own" => self.experiment.noise = Noise::Own,
            "gaussian" => {
                let mut sigma = 0.1;
                for (key, text) in pairs {
                    match finite(text) {
                        Some(value) if key == "sigma" && (0.0..=1e6).contains(&value) => sigma = value,
                        _ if key == "sigma" => {
                            self.note(
                                "noise=gaussian;sigma",
                                expected(text, "a number from 0 to 1e6"),
                                "0.1 is used".to_owned(),
                            );
                        }
                        _ => self.push(
                            &format!("noise=gaussian;{key}"),
                            "is not known, only sigma is".to_owned(),
                            "it is ignored".to_owned(),
                            Severity::Ignored,
                        ),
                    }
                }
                self.experiment.noise = Noise::Gaussian { sigma };
            }
            _ => self.note("noise", expected(head, "none, gaussian or own"), "no noise is added".to_owned()),
        }
    }

    fn problem(&mut self, value: &str) {
        let Settings { head, pairs } = settings(value);
        if head == "formula" {
            self.formula(&pairs);
            return;
        }
        #[cfg(labs)]
        if let Some(family) = matrix::find(head) {
            return self.matrix(family, &pairs);
        }
        #[cfg(labs)]
        if let Some(family) = measure::find(head) {
            return self.measure(family, &pairs);
        }
        let Some(row) = landscapes::find(head).filter(|row| row.is_offered()) else {
            let known = landscapes::offered().map(|row| row.id).chain(["formula"]);
            #[cfg(labs)]
            let known = known.chain(matrix::FAMILIES.iter().map(|family| family.id));
            #[cfg(labs)]
            let known = known.chain(measure::FAMILIES.iter().map(|family| family.id));
            let hint = did_you_mean(closest(head, known));
            self.note(
                "problem",
                format!("there is no problem called {}{hint}", quote(head)),
                "Rosenbrock is used".to_owned(),
            );
            return;
        };
        self.experiment.problem = ProblemChoice::Landscape { id: row.id, parameters: Vec::new() };
        for (name, text) in pairs {
            let key = format!("problem={head};{name}");
            let Some((_, default)) = row.params.iter().find(|(known, _)| *known == name) else {
                let names: Vec<&str> = row.params.iter().map(|(name, _)| *name).collect();
                let has = if names.is_empty() {
                    "has no parameters".to_owned()
                } else {
                    format!("has the parameters {}", names.join(", "))
                };
                self.push(&key, format!("{} {has}", row.id), "it is ignored".to_owned(), Severity::Ignored);
                continue;
            };
            match finite(text) {
                Some(value) => self.experiment.problem.set_parameter(name, value),
                None => self.note(&key, expected(text, "a number"), format!("{} is used", number(*default))),
            }
        }
    }

    fn formula(&mut self, pairs: &[(&str, &str)]) {
        let Some(text) = pairs.iter().find(|(key, _)| *key == "f").and_then(|(_, text)| decode(text)) else {
            self.note(
                "problem=formula;f",
                "there is no formula, write problem=formula;f=x^2+y^2".to_owned(),
                "Rosenbrock is used".to_owned(),
            );
            return;
        };
        let mut parameters: Vec<(String, f64)> = Vec::new();
        for (name, value) in pairs.iter().filter(|(key, _)| *key != "f") {
            match (decode(name), finite(value)) {
                (Some(name), Some(value)) if is_name(&name) && parameters.len() < 16 => parameters.push((name, value)),
                _ => self.note(
                    &format!("problem=formula;{name}"),
                    expected(value, "a name with a number, at most 16 of them"),
                    "it is left out".to_owned(),
                ),
            }
        }
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        match Formula::parse(&text, &Names { variables: &["x", "y"], parameters: &names }) {
            Ok(_) => self.experiment.problem = ProblemChoice::Formula { text, parameters },
            Err(error) => {
                self.note("problem=formula;f", error.to_string(), "Rosenbrock is used".to_owned());
                if let Some(note) = self.notes.last_mut() {
                    note.formula = Some(text);
                }
            }
        }
    }

    fn method(&mut self, value: &str) {
        if value == "none" {
            self.none = true;
            return;
        }
        if self.methods.len() == limits::OPTIMIZERS {
            if !self.notes.iter().any(|note| note.key == "opt" && note.problem.starts_with("more than")) {
                self.note(
                    "opt",
                    format!("more than {} optimizers", limits::OPTIMIZERS),
                    format!("the first {} are used", limits::OPTIMIZERS),
                );
            }
            return;
        }
        let mut stages = value.split('~');
        let Settings { head, pairs } = settings(stages.next().unwrap_or(""));
        let Some(entry) = optimizers::find(head) else {
            let hint = did_you_mean(closest(head, optimizers::REGISTRY.iter().map(|entry| entry.id)));
            self.note(
                "opt",
                format!("there is no optimizer called {}{hint}", quote(head)),
                "it is left out".to_owned(),
            );
            return;
        };
        let visible = !pairs.contains(&("show", "0"));
        let pairs: Vec<_> = pairs.into_iter().filter(|(key, _)| *key != "show").collect();
        let knobs = self.knobs(&format!("opt={head}"), entry.knobs, &pairs);
        let mut method = Method { base: Stage { id: entry.id, knobs }, wrappers: Vec::new(), visible };
        for stage in stages {
            let Settings { head: wrapper, pairs } = settings(stage);
            let key = format!("opt={head}~{wrapper}");
            match optimizers::wrappers::find(wrapper) {
                Some(entry) if method.wrappers.len() < limits::WRAPPERS => {
                    let knobs = self.knobs(&key, entry.knobs, &pairs);
                    method.wrappers.push(Stage { id: entry.id, knobs });
                }
                Some(_) => {
                    self.note(&key, format!("more than {} wrappers", limits::WRAPPERS), "it is left out".to_owned())
                }
                None => {
                    let hint =
                        did_you_mean(closest(wrapper, optimizers::wrappers::WRAPPERS.iter().map(|entry| entry.id)));
                    self.note(&key, format!("there is no wrapper of this name{hint}"), "it is left out".to_owned());
                }
            }
        }
        self.methods.push(method);
    }

    pub(super) fn knobs(&mut self, owner: &str, knobs: &'static [Knob], pairs: &[(&str, &str)]) -> Knobs<f64> {
        let mut values = Knobs::new(knobs, knobs.iter().map(|knob| knob.default).collect());
        for (name, text) in pairs {
            let key = format!("{owner};{name}");
            let Some(knob) = knobs.iter().find(|knob| knob.id == *name) else {
                let names: Vec<&str> = knobs.iter().map(|knob| knob.id).collect();
                let hint = match closest(name, names.iter().copied()) {
                    Some(close) => format!(", did you mean {close}?"),
                    None if names.is_empty() => ", it has none".to_owned(),
                    None => format!(", it has {}", names.join(", ")),
                };
                self.push(
                    &key,
                    format!("is not a hyperparameter of it{hint}"),
                    "it is ignored".to_owned(),
                    Severity::Ignored,
                );
                continue;
            };
            let (low, high) = knob.range;
            match finite(text) {
                Some(value) => {
                    let used = knob.nearest(value);
                    if used != value {
                        let range = format!("a number from {} to {}", number(low), number(high));
                        self.note(&key, expected(text, &range), format!("{} is used", number(used)));
                    }
                    values.set(knob.id, used);
                }
                None => self.note(&key, expected(text, "a number"), format!("{} is used", number(knob.default))),
            }
        }
        values
    }

    /// Checks what depends on several keys.
    fn finish(mut self) -> Link {
        // A link whose every optimizer was misspelt shows the default ones: an empty map would explain nothing.
        let opening = Experiment::opening(self.experiment.problem.clone());
        self.experiment.methods =
            if !self.methods.is_empty() || self.none { std::mem::take(&mut self.methods) } else { opening.methods };
        if !self.steps_given {
            self.experiment.steps = opening.steps;
        }
        #[cfg(labs)]
        self.leave_out_flows();
        if let Some(value) = self.sweep.take() {
            self.sweep(&value);
        }
        let most = Experiment::step_limit(self.experiment.methods.len());
        if self.experiment.steps > most {
            let count = self.experiment.methods.len();
            self.note(
                "steps",
                format!(
                    "{} steps of {count} optimizers are more than {} in all",
                    self.experiment.steps,
                    limits::TOTAL_STEPS
                ),
                format!("{most} is used"),
            );
            self.experiment.steps = most;
        }
        match self.experiment.pose() {
            #[cfg(labs)]
            Err(ProblemError::NotOfThePlane) => match self.experiment.lab() {
                Lab::Measure => self.finish_measure(),
                _ => self.finish_matrix(),
            },
            Ok(problem) => {
                #[cfg(labs)]
                self.finish_plane();
                if self.experiment.noise == Noise::Own && !problem.has_own_noise() {
                    self.note(
                        "noise",
                        format!("{} has no stochastic or online loss of its own", problem.title),
                        "no noise is added".to_owned(),
                    );
                    self.experiment.noise = Noise::None;
                }
                if !problem.contains(problem.start) {
                    let [x, y] = problem.start.map(number);
                    self.push(
                        "start",
                        format!("({x}, {y}) lies outside the window"),
                        "it is used all the same".to_owned(),
                        Severity::Remark,
                    );
                }
            }
            Err(error) => {
                self.note("problem", error.to_string(), "Rosenbrock is used".to_owned());
                self.experiment.problem = Experiment::default().problem;
            }
        }
        let more = self.notes.len().saturating_sub(limits::NOTES);
        if more > 0 {
            self.notes.truncate(limits::NOTES);
            self.note("link", format!("has {more} more mistakes"), "they are left out".to_owned());
        }
        Link { experiment: self.experiment, notes: self.notes }
    }
}

/// A finite number within the bounds of a link.
pub(super) fn finite(text: &str) -> Option<f64> {
    let number = decimal(&decode(text)?.trim().replace('\u{2212}', "-"))?;
    (number.is_finite() && number.abs() <= limits::NUMBER).then_some(number)
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    name.len() <= 16
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["x", "y", "pi", "e"].contains(&name)
}

pub(super) fn expected(found: &str, wanted: &str) -> String {
    format!("{} is not {wanted}", quote(found))
}

fn quote(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { format!("\u{201c}{}\u{201d}", shorten(text)) }
}

pub(super) fn did_you_mean(close: Option<&str>) -> String {
    close.map_or_else(String::new, |close| format!(", did you mean {close}?"))
}

/// At most 60 characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
