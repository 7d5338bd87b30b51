//! Problems of the measure lab: an unknown probability law, made of particles.
//!
//! A [`Family`] says what can be set, a [`Choice`] sets it, [`MeasureProblem`] is the result: where particles start, the law
//! that is sought (its potential, points of it), how they act on each other. [`MeasureOracle`] answers what a
//! [`Flow`](crate::optimizers::flows::Flow) asks; [`Descent`] lets the optimizers of points work on clouds.

mod descent;
mod family;
mod game;
mod network;
mod oracle;
mod potential;
mod shape;

pub use descent::{Descent, can_descend};
pub use family::{FAMILIES, Family, Kind, find};
pub use network::Network;
pub use oracle::{Direct, MeasureCalls, MeasureOracle, PairEngine};
pub use potential::{Gridded, Potential};
pub use shape::{SHAPES, Shape};

use super::{PlaneProblem, ProblemError};
use crate::landscapes;
use crate::measures::transport::assignment::w2_of_clouds;
use crate::measures::{Component, Gaussian, Kernel, Mixture, Point};
use crate::optimizers::Knobs;
use crate::optimizers::flows::Setting;
use crate::scalar::normal_pair;
use nalgebra::Matrix2;
use std::sync::Arc;

/// Points of a cloud drawn by hand, at most: a link has to hold them.
pub const MOST_DRAWN: usize = 400;
/// Points that stand for a law that is sought, at most: sums over pairs with them must not rule the time of a step.
pub const MOST_SAMPLES: usize = 512;

/// Lines of a transport plan at most.
const MOST_LINES: usize = 256;

/// What a link says of a problem of the measure lab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The family's id.
    pub id: &'static str,
    /// Numbers that were given, by name.
    pub numbers: Vec<(String, f64)>,
    /// Words that were given, by name.
    pub words: Vec<(&'static str, String)>,
    /// Particles at the start, drawn by hand.
    pub cloud: Option<Vec<Point>>,
    /// Points of the law that is sought, drawn by hand.
    pub target: Option<Vec<Point>>,
}

impl Choice {
    /// The family with nothing changed.
    pub fn new(family: &'static Family) -> Self {
        Self { id: family.id, ..Self::default() }
    }

    /// How many particles there are.
    pub fn particles(&self) -> usize {
        self.cloud.as_ref().map_or_else(|| self.knobs().get("n") as usize, Vec::len).max(1)
    }

    /// The same, with as many particles as were drawn by hand, but not where they are: all that the law depends on.
    pub fn without_places(&self) -> Self {
        Self { cloud: self.cloud.as_ref().map(|cloud| vec![[0.0; 2]; cloud.len()]), ..self.clone() }
    }

    /// What it is a choice of.
    pub fn family(&self) -> &'static Family {
        find(self.id).expect("a choice is only made from a listed family")
    }

    /// A parameter that is a word, as given or by default.
    pub fn word(&self, name: &str) -> &str {
        let given = self.words.iter().find(|(known, _)| *known == name).map(|(_, word)| word.as_str());
        let default = || self.family().words.iter().find(|(known, _)| *known == name).map(|(_, word)| *word);
        given.or_else(default).unwrap_or("")
    }

    /// Gives a parameter that is a word; at the family's default it is dropped from the list.
    pub fn set_word(&mut self, name: &str, word: &str) {
        let Some((name, default)) = self.family().words.iter().find(|(known, _)| *known == name) else { return };
        self.words.retain(|(known, _)| known != name);
        if word != *default {
            self.words.push((name, word.to_owned()));
        }
    }

    /// All numbers, given or by default.
    pub fn knobs(&self) -> Knobs<f64> {
        let family = self.family();
        let mut knobs = Knobs::new(family.knobs, family.knobs.iter().map(|knob| knob.default).collect());
        for (name, value) in &self.numbers {
            if let Some(knob) = family.knobs.iter().find(|knob| knob.id == name) {
                knobs.set(knob.id, knob.nearest(*value));
            }
        }
        knobs
    }
}

/// What is known in closed form: the law at the start, the curvature A of the potential and its middle.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// The law from which the start is drawn.
    pub start: Gaussian,
    /// The matrix A of U = (x - m)' A (x - m) / 2.
    pub hessian: Matrix2<f64>,
    /// m.
    pub centre: Point,
}

impl Exact {
    /// The law of the gradient flow of the KL divergence after `time`.
    pub fn at(&self, time: f64) -> Gaussian {
        self.start.ornstein_uhlenbeck(&self.hessian, self.centre, 1.0, time)
    }

    /// The law that is sought.
    pub fn target(&self) -> Gaussian {
        let covariance = self.hessian.try_inverse().expect("curvatures are positive");
        Gaussian { mean: self.centre.into(), covariance }
    }

    /// The least curvature: KL falls at least like exp(-2 rate t), W2 like exp(-rate t).
    pub fn rate(&self) -> f64 {
        self.hessian.symmetric_eigenvalues().min()
    }
}

/// A problem whose unknown is a law.
#[derive(Clone, Debug)]
pub struct MeasureProblem {
    /// What it was made of.
    pub family: &'static Family,
    /// Its numbers.
    pub knobs: Knobs<f64>,
    /// What methods are built for.
    pub setting: Setting,
    /// The potential, where the law has a density.
    pub potential: Option<Potential>,
    /// Logarithm of the integral of exp(-U): over the window where it is not known in closed form.
    pub log_partition: Option<f64>,
    /// The landscape that is the potential, for its picture and its minima.
    pub plane: Option<Arc<PlaneProblem>>,
    /// Strength of a spring to the middle.
    pub confine: f64,
    /// The network that particles are neurons of.
    pub network: Option<Network>,
    /// What is known in closed form.
    pub exact: Option<Exact>,
    law: Law,
}

/// Where more points of the law that is sought come from.
#[derive(Clone, Debug)]
enum Law {
    Unknown,
    Mixture(Arc<Mixture>),
    Gridded(Arc<Gridded>),
    Shape { shape: Shape, size: f64, apart: f64 },
}

impl MeasureProblem {
    /// Poses a problem. `start` is the mean of the law that particles start from, `domain` the window; `steps` is how many
    /// will be taken.
    pub fn new(
        choice: &Choice,
        start: Option<Point>,
        domain: Option<[f64; 4]>,
        seed: u64,
        steps: u32,
    ) -> Result<Self, ProblemError> {
        Self::law(choice, domain, seed, steps)?.with_start(choice, start)
    }

    /// The problem without its particles: what need not be made anew while somebody moves them.
    pub fn law(choice: &Choice, domain: Option<[f64; 4]>, seed: u64, steps: u32) -> Result<Self, ProblemError> {
        let family = choice.family();
        let mut problem = Self {
            family,
            setting: Setting {
                start: Arc::from([]),
                window: domain.unwrap_or(family.window),
                seed,
                steps,
                density: false,
                samples: None,
                mixture: None,
                interaction: None,
                game: None,
            },
            potential: None,
            log_partition: None,
            plane: None,
            confine: 0.0,
            network: None,
            exact: None,
            law: Law::Unknown,
            knobs: choice.knobs(),
        };
        match family.kind {
            Kind::Gaussian => problem.gaussian(),
            Kind::Potential => problem.landscape(choice, domain)?,
            Kind::Mixture => problem.ring(),
            Kind::Clouds => problem.clouds(choice)?,
            Kind::Interaction => problem.interaction(choice, domain)?,
            Kind::Game => {
                problem.setting.game = Some(if problem.knobs.get("game") < 0.5 { game::RUGGED } else { game::CHASE });
            }
            Kind::Network => problem.network = Some(Network::new(problem.knobs.get("data") as usize)),
        }
        if let Some(target) = &choice.target {
            problem.setting.samples = Some(target.as_slice().into());
            problem.law = Law::Unknown;
        }
        Ok(problem)
    }

    /// The same law with the particles of a choice, drawn around `start` where nobody has drawn them by hand.
    pub fn with_start(mut self, choice: &Choice, start: Option<Point>) -> Result<Self, ProblemError> {
        let middle = start.unwrap_or(self.family.start);
        self.exact = None;
        self.setting.start = match &choice.cloud {
            Some(cloud) => cloud.as_slice().into(),
            None => self.drawn(choice, middle)?,
        };
        if self.family.kind == Kind::Gaussian && choice.cloud.is_none() {
            let start = Gaussian::round(middle, self.knobs.get("spread"));
            self.exact = Some(Exact { start, hessian: self.curvature(), centre: [0.0; 2] });
        }
        Ok(self)
    }

    /// Whether particles have an energy that an optimizer of points can descend.
    pub fn has_energy(&self) -> bool {
        self.potential.is_some() || self.setting.interaction.is_some() || self.network.is_some()
    }

    /// Where exact transport takes the particles of the start, of many only some: pairs of a particle's number and a point that
    /// is sought.
    pub fn plan(&self) -> Vec<(usize, Point)> {
        let (Some(samples), start) = (&self.setting.samples, &self.setting.start) else { return Vec::new() };
        let count = samples.len().min(start.len()).min(MOST_LINES);
        let place = |i: usize, of: usize| i * of / count.max(1);
        let from: Vec<Point> = (0..count).map(|i| start[place(i, start.len())]).collect();
        let to: Vec<Point> = (0..count).map(|i| samples[place(i, samples.len())]).collect();
        let matched = w2_of_clouds(&from, &to).map_or_else(Vec::new, |(_, partners)| partners);
        matched.into_iter().enumerate().map(|(i, j)| (place(i, start.len()), to[j])).collect()
    }

    /// `count` points of the law that is sought, independent of those that methods are given; `None` where the law is not known
    /// but for the points that somebody drew.
    pub fn independent_samples(&self, count: usize) -> Option<Vec<Point>> {
        let seed = self.setting.seed;
        match &self.law {
            Law::Unknown => None,
            Law::Gridded(grid) => Some(grid.draws(count, seed, SECOND)),
            Law::Shape { shape, size, apart } => {
                let points = shape.points(count, seed, SECOND).into_iter();
                Some(points.map(|[x, y]| [apart + size * x, size * y]).collect())
            }
            Law::Mixture(mixture) => Some((0..count).map(|i| mixture.draw(seed, i, SECOND)).collect()),
        }
    }

    /// The particles at the start, where nobody has drawn them.
    fn drawn(&self, choice: &Choice, [x, y]: Point) -> Result<Arc<[Point]>, ProblemError> {
        let n = choice.particles();
        if self.family.kind == Kind::Clouds {
            let size = self.knobs.get("size");
            let points = shape(choice, "from")?.points(n, self.setting.seed, START);
            return Ok(points.into_iter().map(|[u, v]| [x + size * u, y + size * v]).collect());
        }
        let spread = self.knobs.get("spread");
        let place = |i: usize| {
            let [u, v] = normal_pair(self.setting.seed, i as u32, 0, START);
            let at = [x + spread * u, y + spread * v];
            if self.family.kind == Kind::Game { at.map(|c| c - c.floor()) } else { at }
        };
        Ok((0..n).map(place).collect())
    }

    /// The curvature of a normal law's potential: one along the direction of `angle`, `kappa` across.
    fn curvature(&self) -> Matrix2<f64> {
        let kappa = self.knobs.get("kappa");
        let angle = self.knobs.get("angle").to_radians();
        let [c, s] = [libm::cos(angle), libm::sin(angle)];
        Matrix2::new(c * c + kappa * s * s, (1.0 - kappa) * c * s, (1.0 - kappa) * c * s, s * s + kappa * c * c)
    }

    fn gaussian(&mut self) {
        let covariance = self.curvature().try_inverse().expect("curvatures are positive");
        let component =
            Component { weight: 1.0, mean: [0.0; 2], covariance: [covariance.m11, covariance.m12, covariance.m22] };
        self.mixture(Mixture::new(vec![component]));
    }

    fn ring(&mut self) {
        let (modes, radius) = (self.knobs.get("modes") as usize, self.knobs.get("radius"));
        let (width, skew) = (self.knobs.get("width"), self.knobs.get("skew"));
        let radius = if modes == 1 { 0.0 } else { radius };
        let component = |k: usize| {
            // Four modes lie in the corners.
            let turn = std::f64::consts::TAU * (k as f64 + 0.5) / modes as f64;
            let mean = [radius * libm::cos(turn), radius * libm::sin(turn)];
            Component::round(libm::pow(skew, -(k as f64)), mean, width)
        };
        self.mixture(Mixture::new((0..modes).map(component).collect()));
    }

    fn mixture(&mut self, mixture: Mixture) {
        let mixture = Arc::new(mixture);
        let count = self.sample_count();
        self.setting.samples = Some((0..count).map(|i| mixture.sample(self.setting.seed, i, count, SAMPLES)).collect());
        self.setting.density = true;
        self.setting.mixture = Some(mixture.clone());
        self.law = Law::Mixture(mixture.clone());
        self.potential = Some(Potential::Mixture(mixture));
        self.log_partition = Some(0.0);
    }

    /// As many points of the law as there are particles, within bounds.
    fn sample_count(&self) -> usize {
        (self.knobs.get("n") as usize).clamp(64, MOST_SAMPLES)
    }

    fn landscape(&mut self, choice: &Choice, domain: Option<[f64; 4]>) -> Result<(), ProblemError> {
        let plane = plane(choice, domain)?.ok_or_else(|| ProblemError::UnknownLandscape(String::new()))?;
        let mut potential =
            Potential::Formula { local: Box::new(plane.local()), temperature: self.knobs.get("temperature") };
        self.setting.window = plane.domain;
        let gridded = Gridded::new(&mut potential, plane.domain);
        self.setting.samples =
            gridded.as_ref().map(|grid| grid.samples(self.sample_count(), self.setting.seed, SAMPLES).into());
        self.log_partition = gridded.as_ref().map(|grid| grid.log_partition);
        self.law = gridded.map_or(Law::Unknown, |grid| Law::Gridded(Arc::new(grid)));
        self.setting.density = true;
        self.potential = Some(potential);
        self.plane = Some(Arc::new(plane));
        Ok(())
    }

    fn clouds(&mut self, choice: &Choice) -> Result<(), ProblemError> {
        let (size, apart) = (self.knobs.get("size"), self.knobs.get("apart"));
        let shape = shape(choice, "to")?;
        let points = shape.points(choice.particles().min(MOST_SAMPLES), self.setting.seed, SAMPLES);
        self.law = Law::Shape { shape, size, apart };
        self.setting.samples = Some(points.into_iter().map(|[x, y]| [apart + size * x, size * y]).collect());
        Ok(())
    }

    fn interaction(&mut self, choice: &Choice, domain: Option<[f64; 4]>) -> Result<(), ProblemError> {
        let kernel = Kernel::parse(choice.word("w"), &[]).map_err(|error| ProblemError::Measure(error.to_string()))?;
        let softening = self.knobs.get("softening");
        self.setting.interaction = Some((kernel, softening * softening));
        self.confine = self.knobs.get("confine");
        if let Some(plane) = plane(choice, domain)? {
            self.setting.window = plane.domain;
            self.potential = Some(Potential::Formula { local: Box::new(plane.local()), temperature: 1.0 });
            self.plane = Some(Arc::new(plane));
        }
        Ok(())
    }
}

/// Philox slots of the particles at the start and of the points that are sought.
const START: u32 = 0x4000_0000;
const SAMPLES: u32 = 0x4000_0010;
/// Those of points that are compared with the ones that are sought.
const SECOND: u32 = 0x4000_0020;

/// The landscape that a choice names by `on` or types as `f`, in the window `domain` if there is one; `None` where both are
/// empty.
fn plane(choice: &Choice, domain: Option<[f64; 4]>) -> Result<Option<PlaneProblem>, ProblemError> {
    let mut plane = match (choice.word("f"), choice.word("on")) {
        ("", "") => return Ok(None),
        ("", id) if landscapes::find(id).is_some_and(landscapes::Landscape::is_offered) => {
            PlaneProblem::landscape(id, &[])?
        }
        ("", id) => return Err(ProblemError::UnknownLandscape(id.to_owned())),
        (text, _) => PlaneProblem::typed(text, &[])?,
    };
    if let Some(domain) = domain {
        plane.set_domain(domain);
    }
    Ok(Some(plane))
}

fn shape(choice: &Choice, name: &str) -> Result<Shape, ProblemError> {
    let word = choice.word(name);
    let names = || SHAPES.map(|(name, _)| name).join(", ");
    Shape::find(word)
        .ok_or_else(|| ProblemError::Measure(format!("there is no shape called {word}; there are {}", names())))
}

#[cfg(test)]
mod tests;
