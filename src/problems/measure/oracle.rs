//! Answers what flows ask of a problem of the measure lab.

use super::{MeasureProblem, Potential};
use crate::measures::{Pair, PairSums, Point, Source, sum_pairs};
use crate::optimizers::flows::{Later, Notice, ParticleOracle};
use crate::scalar::{normal_pair, uniform_pair};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Adds up functions of pairs: here, in other workers, or on the graphics processor.
pub trait PairEngine {
    /// The sums of `pair` over all sources, for every target.
    fn sums<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>>;
}

/// Adds up here and now, in `f64`: what every reported number comes from.
pub struct Direct;

impl PairEngine for Direct {
    fn sums<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>> {
        Box::pin(async move { sum_pairs(pair, parameter, targets, sources) })
    }
}

/// Questions asked, by kind: each particle's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct MeasureCalls {
    /// Values of the potential.
    pub value: u64,
    /// Gradients of the potential.
    pub gradient: u64,
    /// Pairs of points that were looked at.
    pub pairs: u64,
}

/// Answers questions and counts them. Particle number i has the draws of run `run` + i.
pub struct MeasureOracle {
    /// The problem.
    pub problem: Arc<MeasureProblem>,
    potential: Option<Potential>,
    engine: Box<dyn PairEngine>,
    /// What particles of a cloud do to each other, where the engine has been asked beforehand.
    prepared: Option<(Vec<Point>, Vec<PairSums>)>,
    seed: u64,
    run: u32,
    step: u32,
    /// Questions so far.
    pub calls: MeasureCalls,
    /// What was reported since it was last looked at.
    pub notices: BTreeSet<Notice>,
}

impl MeasureOracle {
    /// An oracle that has not been asked anything.
    pub fn new(problem: Arc<MeasureProblem>, engine: Box<dyn PairEngine>, seed: u64, run: u32) -> Self {
        let potential = problem.potential.clone();
        let (calls, notices) = (MeasureCalls::default(), BTreeSet::new());
        Self { problem, potential, engine, prepared: None, seed, run, step: 0, calls, notices }
    }

    /// Begins step `step`, counted from 1.
    pub fn begin_step(&mut self, step: u32) {
        self.step = step;
    }

    /// Has the engine add up what the particles of a cloud do to each other, for [`energy_and_gradient`](Self::energy_and_gradient)
    /// at that cloud. Nothing happens where they do nothing.
    pub async fn prepare(&mut self, cloud: &[Point]) {
        let problem = self.problem.clone();
        let Some((kernel, softening)) = &problem.setting.interaction else { return };
        if self.prepared.as_ref().is_some_and(|(known, _)| known == cloud) {
            return;
        }
        let sums = self.engine.sums(&Pair::Radial(kernel.clone()), *softening, cloud, &sources(cloud)).await;
        self.prepared = Some((cloud.to_vec(), sums));
    }

    /// The potential at a point, not counted; `None` where the law has no density.
    pub fn look(&mut self, at: Point) -> Option<f64> {
        self.potential.as_mut().map(|potential| potential.value(at))
    }

    /// The energy of a cloud and its Wasserstein gradient: potential, interaction, spring, loss of the network. Not counted.
    ///
    /// F = mean U + 1/2 mean over pairs of W + c/2 mean |x|^2; the gradient is n times that by each particle.
    pub fn energy_and_gradient(&mut self, cloud: &[Point]) -> (f64, Vec<Point>) {
        if let Some(network) = &self.problem.network {
            return network.loss_and_gradient(cloud);
        }
        let (mut sum, mut gradient) = (0.0, vec![[0.0; 2]; cloud.len()]);
        if let Some(potential) = &mut self.potential {
            for (x, g) in cloud.iter().zip(&mut gradient) {
                let (value, slope) = potential.value_and_gradient(*x);
                sum += value;
                *g = slope;
            }
        }
        let forces = self.forces(cloud);
        self.add_internal(&mut gradient, cloud, &forces);
        (sum / cloud.len().max(1) as f64 + self.internal(cloud, &forces), gradient)
    }

    /// The energy of a cloud whose mean potential is known, as [`energy_and_gradient`](Self::energy_and_gradient) has it. Not
    /// counted.
    pub fn energy(&mut self, cloud: &[Point], mean_potential: f64) -> f64 {
        if let Some(network) = &self.problem.network {
            return network.loss_and_gradient(cloud).0;
        }
        let forces = self.forces(cloud);
        let external = if self.potential.is_some() { mean_potential } else { 0.0 };
        external + self.internal(cloud, &forces)
    }

    /// What the particles of a cloud do to each other: force and value for each. Empty where they do nothing.
    fn forces(&self, cloud: &[Point]) -> Vec<PairSums> {
        let Some((kernel, softening)) = &self.problem.setting.interaction else { return Vec::new() };
        match &self.prepared {
            Some((known, sums)) if known == cloud => sums.clone(),
            _ => sum_pairs(&Pair::Radial(kernel.clone()), *softening, cloud, &sources(cloud)),
        }
    }

    /// Adds the slopes of interaction and spring.
    fn add_internal(&self, gradient: &mut [Point], cloud: &[Point], forces: &[PairSums]) {
        for (g, [dx, dy, _]) in gradient.iter_mut().zip(forces) {
            *g = [g[0] + dx, g[1] + dy];
        }
        let confine = self.problem.confine;
        for (x, g) in cloud.iter().zip(gradient) {
            *g = [g[0] + confine * x[0], g[1] + confine * x[1]];
        }
    }

    /// The energy of interaction and spring.
    fn internal(&self, cloud: &[Point], forces: &[PairSums]) -> f64 {
        let squares: f64 = cloud.iter().map(|x| x[0] * x[0] + x[1] * x[1]).sum();
        let pairs: f64 = forces.iter().map(|[_, _, value]| value).sum();
        0.5 * (pairs + self.problem.confine * squares) / cloud.len().max(1) as f64
    }

    /// Counts what [`energy_and_gradient`](Self::energy_and_gradient) takes.
    pub fn count_energy(&mut self, particles: usize) {
        let n = particles as u64;
        self.calls.gradient += n;
        if self.problem.setting.interaction.is_some() {
            self.calls.pairs += n * n;
        }
    }
}

/// The particles of a cloud as sources, each with the mass 1/n.
fn sources(cloud: &[Point]) -> Vec<Source> {
    let weight = 1.0 / cloud.len().max(1) as f64;
    cloud.iter().map(|at| Source::weighted(*at, weight)).collect()
}

impl ParticleOracle for MeasureOracle {
    fn potential(&mut self, points: &[Point]) -> Vec<f64> {
        self.calls.value += points.len() as u64;
        match &mut self.potential {
            Some(potential) => points.iter().map(|x| potential.value(*x)).collect(),
            None => vec![0.0; points.len()],
        }
    }

    fn potential_gradient(&mut self, points: &[Point]) -> Vec<Point> {
        self.calls.gradient += points.len() as u64;
        let Some(potential) = &mut self.potential else { return vec![[0.0; 2]; points.len()] };
        let mut left = false;
        let mut gradient = |x: &Point| {
            let (_, g) = potential.value_and_gradient(*x);
            let known = g.iter().all(|g| g.is_finite());
            left |= !known;
            if known { g } else { [0.0; 2] }
        };
        let gradients = points.iter().map(&mut gradient).collect();
        if left {
            self.report(Notice::LeftDomain);
        }
        gradients
    }

    fn mean_energy(&mut self, cloud: &[Point]) -> f64 {
        let mean_potential = self.potential(cloud).iter().sum::<f64>() / cloud.len().max(1) as f64;
        self.energy(cloud, mean_potential)
    }

    fn energy_gradient<'a>(&'a mut self, cloud: &'a [Point]) -> Later<'a, Vec<Point>> {
        Box::pin(async move {
            let mut gradient = self.potential_gradient(cloud);
            if self.problem.setting.interaction.is_some() {
                self.calls.pairs += (cloud.len() * cloud.len()) as u64;
                self.prepare(cloud).await;
                self.add_internal(&mut gradient, cloud, &self.forces(cloud));
            }
            gradient
        })
    }

    fn pairs<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>> {
        self.calls.pairs += targets.len() as u64 * sources.len() as u64;
        self.engine.sums(pair, parameter, targets, sources)
    }

    fn normal(&mut self, slot: u32, count: usize) -> Vec<Point> {
        (0..count as u32).map(|i| normal_pair(self.seed, self.run.wrapping_add(i), self.step, slot)).collect()
    }

    fn uniform(&mut self, slot: u32, count: usize) -> Vec<Point> {
        (0..count as u32).map(|i| uniform_pair(self.seed, self.run.wrapping_add(i), self.step, slot)).collect()
    }

    fn report(&mut self, notice: Notice) {
        self.notices.insert(notice);
    }
}
