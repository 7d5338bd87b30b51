//! Methods that move a cloud of particles: one file each, a line in the registry of optimizers like any other.
//!
//! A cloud of n points stands for a probability law. A [`Flow`] moves all of them in a step and asks its questions
//! through a [`ParticleOracle`], which counts them. Sums over all pairs may be computed elsewhere (by other workers, by the
//! graphics processor), so a step is a future; with everything at hand it is ready at once. `svgd.rs` is a good file to
//! read first.

pub mod blob;
pub mod cbo;
pub mod consensus_hopping;
pub mod diffusion;
pub mod displacement_gd;
pub mod dps;
pub mod dreamguider;
pub mod gio;
mod given;
pub mod jko;
pub mod langevin;
pub mod mean_field_gda;
pub mod mirror_sinkhorn;
pub mod mmd_flow;
pub mod reno;
pub mod reverse_diffusion;
pub mod score;
pub mod sinkhorn;
pub mod sinkhorn_flow;
pub mod sliced_flow;
pub mod svgd;
#[cfg(test)]
pub mod testing;
pub mod tweedie;
pub mod variational_wgf;
pub mod vi;

pub use crate::measures::Game;
use crate::measures::{Kernel, Mixture, Pair, PairSums, Point, Source};
use crate::optimizers::Knobs;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Something that will be known later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a method may ask about the law that is sought. Every call is counted.
///
/// The law has the density exp(-U) up to a factor, U the potential, where there is one; the samples are points of it.
pub trait ParticleOracle {
    /// The potential U at each point. Points are of the plane; units are those of the energy.
    fn potential(&mut self, points: &[Point]) -> Vec<f64>;
    /// The gradient of U at each point. The score of the law is its negative.
    fn potential_gradient(&mut self, points: &[Point]) -> Vec<Point>;
    /// The energy of a cloud without its entropy: the mean of U, and what the particles do to each other.
    fn mean_energy(&mut self, cloud: &[Point]) -> f64 {
        self.potential(cloud).iter().sum::<f64>() / cloud.len().max(1) as f64
    }
    /// The Wasserstein gradient of [`mean_energy`](Self::mean_energy): n times that by each particle.
    fn energy_gradient<'a>(&'a mut self, cloud: &'a [Point]) -> Later<'a, Vec<Point>> {
        Box::pin(async move { self.potential_gradient(cloud) })
    }
    /// The sums of `pair` over all `sources`, for every target.
    fn pairs<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>>;
    /// Two independent standard normal draws for each of `count` particles. In a step, the same `slot` gives the same.
    fn normal(&mut self, slot: u32, count: usize) -> Vec<Point>;
    /// Two independent draws uniform on (0, 1) for each of `count` particles.
    fn uniform(&mut self, slot: u32, count: usize) -> Vec<Point>;
    /// Tells of something that had to be done otherwise than the paper has it, so that it is said on the screen.
    fn report(&mut self, notice: Notice);
}

/// What had to be done otherwise in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Notice {
    /// All particles lie on one point, so that the median distance is zero.
    Bandwidth,
    /// An inner iteration ended at its limit before it was as exact as asked.
    Inexact,
    /// Some particles went where the potential is no number; they stay where they were.
    LeftDomain,
    /// Particles where the potential is no number were left out of an average.
    NotCounted,
    /// All samples lie on one point, so that their median distance is zero.
    Samples,
    /// The mixture has no component of the number that was asked for.
    NoSuchClass,
    /// All particles lie on one point or line, so that a guide has no extent across it.
    Spread,
    /// A step after which a guide would be no number is not taken.
    NoStep,
}

impl Notice {
    /// Every notice.
    pub const ALL: [Self; 8] = [
        Self::Bandwidth,
        Self::Inexact,
        Self::LeftDomain,
        Self::NotCounted,
        Self::Samples,
        Self::NoSuchClass,
        Self::Spread,
        Self::NoStep,
    ];

    /// The notice in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Bandwidth => "all particles on one point: a hundredth of the window is the bandwidth",
            Self::Inexact => "an inner iteration ended at its limit",
            Self::LeftDomain => "particles that left the domain of the potential stay where they were",
            Self::NotCounted => "particles where the potential is no number count for nothing",
            Self::Samples => "all samples on one point: a hundredth of the window is the bandwidth",
            Self::NoSuchClass => "the mixture has no such class: all of it is sampled",
            Self::Spread => "all particles on one point or line: the guide is a hundredth of the window wide across it",
            Self::NoStep => "a step after which the guide would be no number is not taken",
        }
    }
}

/// A rule that moves a cloud, with what it remembers between steps.
pub trait Flow {
    /// Moves every particle by one step.
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()>;

    /// The time that a step takes, in units of the continuous flow that the method follows.
    fn time_step(&self) -> f64;

    /// The quantity that this method lowers, at a cloud, where that is not the problem's own energy. Exact, in `f64`.
    fn energy(&self, cloud: &[Point], oracle: &mut dyn ParticleOracle) -> Option<f64> {
        let _ = (cloud, oracle);
        None
    }

    /// A number that tells how the method is doing, such as a marginal's violation; [`FlowBuild::gauge`] names it.
    fn gauge(&self) -> Option<f64> {
        None
    }

    /// Scores that were evaluated without asking the oracle: of a law that noise was added to. They count as gradients.
    fn evaluations(&self) -> u64 {
        0
    }

    /// A point that stands out, such as the consensus.
    fn landmark(&self) -> Option<Point> {
        None
    }

    /// The density that a method on a grid has, as shares of the mass, row by row from the bottom of the window, with the
    /// number of columns; the cloud then only follows it.
    fn density(&self) -> Option<(usize, &[f64])> {
        None
    }

    /// Numbers kept from step to step besides the cloud.
    fn memory(&self) -> usize {
        0
    }
}

/// What a method is built for.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where the particles start.
    pub start: Arc<[Point]>,
    /// The window: xmin, xmax, ymin, ymax.
    pub window: [f64; 4],
    /// Names the draws of a method that needs some before the first step.
    pub seed: u64,
    /// How many steps will be taken: schedules end with the last.
    pub steps: u32,
    /// Whether the law that is sought has a density with a potential.
    pub density: bool,
    /// Points of the law that is sought.
    pub samples: Option<Arc<[Point]>>,
    /// The law that is sought, where it is a mixture of normal laws.
    pub mixture: Option<Arc<Mixture>>,
    /// How particles act on each other, and the softening d^2 of their distance.
    pub interaction: Option<(Kernel, f64)>,
    /// The payoff of a game between two laws.
    pub game: Option<Game>,
}

/// What a method needs of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A density: the potential and its gradient.
    Density,
    /// An energy: a potential, forces between particles, or both.
    Energy,
    /// Values of a potential alone.
    Values,
    /// Points of the law.
    Samples,
    /// The law as a mixture of normal laws, before and after noise.
    Mixture,
    /// A game.
    Game,
}

impl Needs {
    /// What is missing, in words, where a problem does not have it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Density => "a law with a density, of which the gradient is known",
            Self::Energy => "a potential, or forces between particles",
            Self::Values => "a potential",
            Self::Samples => "points of the law that is sought",
            Self::Mixture => "a mixture of normal laws",
            Self::Game => "a game of two laws",
        }
    }
}

impl Setting {
    /// Whether it has what a method needs.
    pub fn offers(&self, needs: Needs) -> bool {
        match needs {
            Needs::Density | Needs::Values => self.density,
            Needs::Energy => self.density || self.interaction.is_some(),
            Needs::Samples => self.samples.is_some(),
            Needs::Mixture => self.mixture.is_some(),
            Needs::Game => self.game.is_some(),
        }
    }

    /// The length of the window's diagonal.
    pub fn diagonal(&self) -> f64 {
        let [x0, x1, y0, y1] = self.window;
        libm::hypot(x1 - x0, y1 - y0)
    }
}

/// How a flow of the registry is built.
#[derive(Clone, Copy)]
pub struct FlowBuild {
    /// What it needs of the problem.
    pub needs: Needs,
    /// The name of the number that it tells of itself; empty where it tells none.
    pub gauge: &'static str,
    /// The place of the problem's plane that a place of the picture stands for, where that is another: a method may show its
    /// particles before they are mapped there.
    pub seen: Option<fn(&Knobs<f64>, Point) -> Point>,
    /// Builds it; asked only where the problem has what it needs.
    pub build: fn(&Knobs<f64>, &Setting) -> Box<dyn Flow>,
}

/// Moves every particle to its new place, of which there are as many. One whose new place is no number, or infinitely far, stays, and this is reported.
fn settle(cloud: &mut [Point], places: impl IntoIterator<Item = Point>, oracle: &mut dyn ParticleOracle) {
    let mut left = false;
    for (x, place) in cloud.iter_mut().zip(places) {
        if place.iter().all(|coordinate| coordinate.is_finite()) {
            *x = place;
        } else {
            left = true;
        }
    }
    if left {
        oracle.report(Notice::LeftDomain);
    }
}

/// The value of a future that never waits: with the oracle of a trajectory everything is at hand.
pub fn now<T>(mut later: Later<'_, T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = later.as_mut().poll(&mut context) {
            return value;
        }
        std::hint::spin_loop();
    }
}
