//! What an experiment consists of.

use super::{Lab, View};
use crate::landscapes;
use crate::optimizers::{self, Knob, Knobs};
use crate::problems::{Noise, PlaneProblem, ProblemError};
#[cfg(labs)]
use crate::problems::{matrix, measure};

/// Bounds on what a link may ask for. A link is untrusted input.
pub mod limits {
    /// Bytes of a link.
    pub const LINK_BYTES: usize = 16_384;
    /// Optimizers in one experiment.
    pub const OPTIMIZERS: usize = 16;
    /// Wrappers around one optimizer.
    pub const WRAPPERS: usize = 4;
    /// Steps of each optimizer.
    pub const STEPS: u32 = 100_000;
    /// Steps of all optimizers together, so that every run fits into memory and into a moment.
    pub const TOTAL_STEPS: u32 = 400_000;
    /// Mistakes that are told one by one.
    pub const NOTES: usize = 40;
    /// Largest absolute value of a coordinate or a parameter.
    pub const NUMBER: f64 = 1e12;
}

/// An experiment: problem, start, methods, noise, seed, number of steps, and what is shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What is minimised.
    pub problem: ProblemChoice,
    /// The window in which the problem is posed, as xmin, xmax, ymin, ymax; `None`: the landscape's own.
    pub domain: Option<[f64; 4]>,
    /// Where every optimizer starts; `None`: the landscape's own start.
    pub start: Option<[f64; 2]>,
    /// How many steps each optimizer takes.
    pub steps: u32,
    /// The optimizers, in the order in which they are listed and coloured.
    pub methods: Vec<Method>,
    /// Noise on the gradient.
    pub noise: Noise,
    /// Names the random draws.
    pub seed: u64,
    /// Which of the seed's runs: each has draws of its own.
    pub run: u32,
    /// Value of f - f* that counts as solved.
    pub tolerance: f64,
    /// What is shown.
    pub view: View,
}

/// A landscape of the list, or a formula somebody typed; with the parameters that differ from their defaults.
#[derive(Clone, Debug, PartialEq)]
pub enum ProblemChoice {
    /// A row of [`landscapes`].
    Landscape {
        /// The row's id.
        id: &'static str,
        /// Parameters that were given, by name.
        parameters: Vec<(String, f64)>,
    },
    /// A formula in x and y.
    Formula {
        /// As it was typed; it has been parsed once without an error.
        text: String,
        /// Names used in the formula besides x and y, with their values.
        parameters: Vec<(String, f64)>,
    },
    /// A family of the matrix lab.
    Matrix {
        /// The family's id.
        id: &'static str,
        /// Parameters that were given, by name.
        parameters: Vec<(String, f64)>,
    },
    /// A family of the measure lab.
    #[cfg(labs)]
    Measure(measure::Choice),
}

impl ProblemChoice {
    /// The parameters that were given.
    pub fn parameters(&self) -> &[(String, f64)] {
        match self {
            Self::Landscape { parameters, .. } | Self::Formula { parameters, .. } | Self::Matrix { parameters, .. } => {
                parameters
            }
            #[cfg(labs)]
            Self::Measure(choice) => &choice.numbers,
        }
    }

    /// The lab that it belongs to.
    pub fn lab(&self) -> Lab {
        match self {
            Self::Landscape { .. } | Self::Formula { .. } => Lab::Plane,
            Self::Matrix { .. } => Lab::Matrix,
            #[cfg(labs)]
            Self::Measure(_) => Lab::Measure,
        }
    }

    fn default_of(&self, name: &str) -> Option<f64> {
        match self {
            Self::Landscape { id, .. } => {
                let row = landscapes::find(id)?;
                row.params.iter().find(|(known, _)| *known == name).map(|(_, default)| *default)
            }
            Self::Formula { .. } => None,
            #[cfg(labs)]
            Self::Matrix { id, .. } => {
                let family = matrix::find(id)?;
                family.knobs.iter().find(|knob| knob.id == name).map(|knob| knob.default)
            }
            #[cfg(not(labs))]
            Self::Matrix { .. } => None,
            #[cfg(labs)]
            Self::Measure(choice) => choice.family().knobs.iter().find(|knob| knob.id == name).map(|knob| knob.default),
        }
    }

    /// Gives a parameter a value; one at the landscape's default is dropped from the list.
    pub fn set_parameter(&mut self, name: &str, value: f64) {
        let default = self.default_of(name);
        let parameters = match self {
            Self::Landscape { parameters, .. } | Self::Formula { parameters, .. } | Self::Matrix { parameters, .. } => {
                parameters
            }
            #[cfg(labs)]
            Self::Measure(choice) => &mut choice.numbers,
        };
        match parameters.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = value,
            None => parameters.push((name.to_owned(), value)),
        }
        parameters.retain(|(known, value)| known != name || Some(*value) != default);
    }
}

/// An optimizer with its hyperparameters, and the wrappers around it from the inside out.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// The innermost stage: the optimizer itself.
    pub base: Stage,
    /// Wrappers, in the order in which they are applied.
    pub wrappers: Vec<Stage>,
    /// Whether it is drawn.
    pub visible: bool,
}

/// One optimizer or wrapper: its id and a value for every knob.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Id in the registry of optimizers or of wrappers.
    pub id: &'static str,
    /// All its hyperparameters.
    pub knobs: Knobs<f64>,
}

impl Method {
    /// The optimizer `id` with some knobs set and the others at their defaults.
    /// `None` when there is no such optimizer or knob.
    pub fn new(id: &str, knobs: &[(&str, f64)]) -> Option<Self> {
        let entry = optimizers::find(id)?;
        let mut stage = Stage { id: entry.id, knobs: entry.defaults() };
        knobs.iter().all(|(name, value)| stage.knobs.set(name, *value)).then_some(Self {
            base: stage,
            wrappers: Vec::new(),
            visible: true,
        })
    }

    /// What the registry knows of the optimizer itself.
    pub fn entry(&self) -> &'static optimizers::Entry {
        optimizers::find(self.base.id).expect("a method is only made from a registered id")
    }

    /// The optimizer and its wrappers, from the inside out.
    pub fn stages(&self) -> impl Iterator<Item = &Stage> {
        std::iter::once(&self.base).chain(&self.wrappers)
    }

    /// All knobs with their values, the optimizer's first.
    pub fn knobs(&self) -> impl Iterator<Item = (&'static Knob, f64)> {
        self.stages().flat_map(|stage| stage.knobs.iter())
    }

    /// Gives the knob with this index among all a value. Nothing happens where there is none.
    pub fn set_knob(&mut self, mut index: usize, value: f64) {
        for stage in std::iter::once(&mut self.base).chain(&mut self.wrappers) {
            let id = stage.knobs.iter().nth(index).map(|(knob, _)| knob.id);
            if let Some(id) = id {
                stage.knobs.set(id, value);
                return;
            }
            index -= stage.knobs.iter().count();
        }
    }

    /// The ids of all stages as in a link, such as `adam~lookahead`.
    pub fn path(&self) -> String {
        self.stages().map(|stage| stage.id).collect::<Vec<_>>().join("~")
    }

    /// The title with the wrappers', such as "Adam in Lookahead".
    pub fn title(&self) -> String {
        let wrapped = self.wrappers.iter().filter_map(|stage| optimizers::wrappers::find(stage.id));
        wrapped.fold(self.entry().title.to_owned(), |title, wrapper| format!("{title} in {}", wrapper.title))
    }
}

impl Default for Experiment {
    /// What the page opens with: four methods on Rosenbrock's valley.
    fn default() -> Self {
        let method = |id, knobs| Method::new(id, knobs).expect("the default methods are registered");
        Self {
            problem: ProblemChoice::Landscape { id: "rosenbrock", parameters: Vec::new() },
            domain: None,
            start: None,
            steps: 400,
            methods: vec![
                method("adam", &[("lr", 0.05)]),
                method("heavy_ball", &[("lr", 0.0007), ("momentum", 0.92)]),
                method("sgd", &[("lr", 0.0012)]),
                method("bfgs", &[]),
            ],
            noise: Noise::None,
            seed: 0,
            run: 0,
            tolerance: 1e-6,
            view: View::default(),
        }
    }
}

impl Experiment {
    /// What a link opens with that names this problem and nothing else.
    pub fn opening(problem: ProblemChoice) -> Self {
        let default = Self { problem, ..Self::default() };
        match &default.problem {
            #[cfg(labs)]
            ProblemChoice::Matrix { id, .. } => {
                let family = matrix::find(id).expect("a choice is only made from a listed family");
                let method = |(id, knobs): &(&str, &[(&str, f64)])| Method::new(id, knobs);
                let methods = family.methods.iter().filter_map(method).collect();
                Self { methods, steps: family.steps, ..default }
            }
            #[cfg(labs)]
            ProblemChoice::Measure(choice) => {
                let family = choice.family();
                let method = |(id, knobs): &(&str, &[(&str, f64)])| Method::new(id, knobs);
                let methods = family.methods.iter().filter_map(method).collect();
                Self { methods, steps: family.steps, ..default }
            }
            _ => default,
        }
    }

    /// The lab in which it is at home.
    pub fn lab(&self) -> Lab {
        self.problem.lab()
    }

    /// The problem, in the experiment's window and with its start.
    pub fn pose(&self) -> Result<PlaneProblem, ProblemError> {
        let mut problem = match &self.problem {
            ProblemChoice::Landscape { id, parameters } => PlaneProblem::landscape(id, parameters)?,
            ProblemChoice::Formula { text, parameters } => PlaneProblem::typed(text, parameters)?,
            ProblemChoice::Matrix { .. } => return Err(ProblemError::NotOfThePlane),
            #[cfg(labs)]
            ProblemChoice::Measure(_) => return Err(ProblemError::NotOfThePlane),
        };
        if let Some(domain) = self.domain {
            problem.set_domain(domain);
        }
        if let Some(start) = self.start {
            problem.start = start;
        }
        Ok(problem)
    }

    /// The largest number of steps that so many methods may take.
    pub fn step_limit(methods: usize) -> u32 {
        limits::STEPS.min(limits::TOTAL_STEPS / methods.max(1) as u32)
    }

    /// Whether running `other` gives the same traces: all but the view is equal.
    pub fn same_run(&self, other: &Self) -> bool {
        let stages = |e: &Self| e.methods.iter().map(|m| (m.base.clone(), m.wrappers.clone())).collect::<Vec<_>>();
        self.problem == other.problem
            && self.domain == other.domain
            && self.start == other.start
            && self.steps == other.steps
            && self.noise == other.noise
            && self.seed == other.seed
            && self.run == other.run
            && self.tolerance == other.tolerance
            && stages(self) == stages(other)
    }
}
