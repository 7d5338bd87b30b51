//! An oracle for the tests of flows: a potential given as a function, sums computed directly.

use super::{Flow, FlowBuild, Later, Notice, ParticleOracle, Setting, now};
use crate::measures::{Mixture, Pair, PairSums, Point, Source, sum_pairs};
use crate::optimizers::{Entry, Scalars};
use crate::scalar::{normal_pair, uniform_pair};
use std::sync::Arc;

/// A potential with its gradient, and what was reported.
pub struct Simple {
    /// U and its gradient.
    pub potential: Box<dyn Fn(Point) -> (f64, Point)>,
    /// The step that is under way.
    pub step: u32,
    /// Names the draws.
    pub seed: u64,
    /// What was reported.
    pub notices: Vec<Notice>,
}

impl Simple {
    /// An oracle of a potential.
    pub fn new(potential: impl Fn(Point) -> (f64, Point) + 'static) -> Self {
        Self { potential: Box::new(potential), step: 0, seed: 1, notices: Vec::new() }
    }
}

impl ParticleOracle for Simple {
    fn potential(&mut self, points: &[Point]) -> Vec<f64> {
        points.iter().map(|x| (self.potential)(*x).0).collect()
    }
    fn potential_gradient(&mut self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|x| (self.potential)(*x).1).collect()
    }
    fn pairs<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>> {
        Box::pin(async move { sum_pairs(pair, parameter, targets, sources) })
    }
    fn normal(&mut self, slot: u32, count: usize) -> Vec<Point> {
        (0..count).map(|i| normal_pair(self.seed, i as u32, self.step, slot)).collect()
    }
    fn uniform(&mut self, slot: u32, count: usize) -> Vec<Point> {
        (0..count).map(|i| uniform_pair(self.seed, i as u32, self.step, slot)).collect()
    }
    fn report(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// A setting without anything but a start.
pub fn setting(start: &[Point]) -> Setting {
    Setting {
        start: start.into(),
        window: [-4.0, 4.0, -4.0, 4.0],
        seed: 1,
        steps: 100,
        density: true,
        samples: None,
        mixture: None,
        interaction: None,
        game: None,
    }
}

/// `n` standard normal points, `deviation` wide, around `centre`.
pub fn normal_cloud(n: usize, centre: Point, deviation: f64) -> Vec<Point> {
    let at = |i| normal_pair(99, i as u32, 0, 0);
    (0..n).map(at).map(|[u, v]| [centre[0] + deviation * u, centre[1] + deviation * v]).collect()
}

/// Takes `steps` steps.
pub fn walk(flow: &mut dyn Flow, cloud: &mut Vec<Point>, oracle: &mut Simple, steps: u32) {
    for _ in 0..steps {
        oracle.step += 1;
        now(flow.step(cloud, oracle));
    }
}

/// Where a method that only asks for a mixture ends with `n` particles after all its steps, and its evaluations.
pub fn run_on_mixture(entry: &Entry, knobs: &[(&str, f64)], law: &Mixture, n: usize, steps: u32) -> (Vec<Point>, u64) {
    let Scalars::Flow(FlowBuild { build, .. }) = entry.scalars else { unreachable!("it is a flow") };
    let mut values = entry.defaults();
    knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
    let mut cloud = vec![[0.0; 2]; n];
    let mut flow = build(&values, &Setting { mixture: Some(Arc::new(law.clone())), steps, ..setting(&cloud) });
    let mut oracle = Simple::new(|_| unreachable!("the mixture is asked, not the potential"));
    walk(flow.as_mut(), &mut cloud, &mut oracle, steps);
    (cloud, flow.evaluations())
}
