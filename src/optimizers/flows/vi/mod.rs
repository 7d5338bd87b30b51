//! Variational inference: a law of a family, the guide, is moved towards the law that is sought by gradients of its
//! parameters, estimated from fresh draws.
//!
//! `guide.rs` has the families, `start.rs` the one to begin with; every other file is an estimator with its line of the
//! registry.

mod bessel;
mod guide;
pub mod iwae;
pub mod measure_valued;
pub mod path_gradient;
pub mod score_function;
pub mod sgvb;
mod start;
#[cfg(test)]
mod tests;

use super::given::Given;
use super::{Flow, Later, Notice, ParticleOracle, Setting, settle};
use crate::measures::Point;
use crate::optimizers::knob::{count, switched_on};
use crate::optimizers::{Knob, Knobs, Optimizer, adam, sgd, state_len};
use crate::scalar::{Block, Vector};
use guide::{Draw, Guide, Noise, Slopes};

/// The knob that chooses the guide.
const GUIDE: Knob = Knob::whole(
    "guide",
    "q",
    2.0,
    (1.0, 4.0),
    "1: normal with independent coordinates; 2: normal; 3: normal bent by a coupling layer; 4: ring",
);

/// The knob for the size of a batch.
const DRAWS: Knob = Knob::whole("draws", "M", 64.0, (1.0, 4096.0), "fresh draws of the guide in a step");

/// The knob that chooses the optimizer of the parameters.
const ADAM: Knob = Knob::switch("adam", "Adam", true, "moves the parameters by Adam; 0: by gradient descent");

/// The knob for the angles that estimate a ring's density.
const INNER: Knob =
    Knob::whole("inner", "N", 0.0, (0.0, 64.0), "angles that estimate the density of the ring; 0: it is computed");

/// The name of the number that all of them tell.
const GAUGE: &str = "gradient variance";

/// Estimates the gradient of an objective by the parameters of a guide.
trait Estimator {
    /// Independent estimates, one for each draw at `theta` or, where draws work in groups, for each group. The mean is
    /// unbiased.
    fn estimates(&self, theta: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes>;

    /// How many draws work together.
    fn group(&self) -> usize {
        1
    }

    /// The objective, where draws have log q + U = `costs`: the reverse divergence up to log Z, KL(q | p) - log Z.
    fn objective(&self, costs: &[f64]) -> f64 {
        costs.iter().sum::<f64>() / costs.len() as f64
    }
}

/// A guide q_theta on its way to the law with the density exp(-U) / Z:
/// ```text
/// x_j = T_theta(z_j),   j = 1 ... draws, fresh noise z_j in every step
/// g_j = an estimate of the gradient of the objective, E_q[log q_theta(x) + U(x)] for most estimators
/// theta <- theta - lr mean g_j,    or Adam's step with this gradient
/// ```
/// `theta` has logarithms of lengths among its lengths, so that `lr` has no one unit. The cloud that is seen is
/// T_theta(base_i) for noise that stays: at the start theta and base are fitted to the start cloud, which is thus the
/// cloud of step 0, up to the correlation that independent coordinates cannot have. The number told is the trace of the
/// covariance of the g_j, estimated from them; with one there is none.
///
/// The energy is the objective over the base in place of fresh draws, with the exact density: a sum that moves smoothly
/// with theta. The base of a normal guide has the mean zero and the identity for covariance, unless a part of it had to
/// be drawn, so that for a quadratic U the energy is the objective itself. That of a ring has noise towards and from
/// the centre alone, and a start cloud that is no ring leaves its mark on it: there the energy is an estimate.
///
/// A draw with an estimate that is no number counts for nothing. A step after which the guide would be no number is not
/// taken. Both are reported.
struct Variational {
    guide: Guide,
    estimator: Box<dyn Estimator>,
    theta: Vector<f64>,
    optimizer: Box<dyn Optimizer<f64>>,
    base: Vec<Noise>,
    draws: usize,
    lr: f64,
    /// How many numbers the optimizer keeps.
    kept: usize,
    /// The trace of the covariance of the last estimates.
    variance: Option<f64>,
    /// The start cloud has no extent in some direction, and that has not been said yet.
    flat: bool,
}

impl Variational {
    /// Reads the knobs that all estimators have.
    fn new(knobs: &Knobs<f64>, setting: &Setting, guide: Guide, estimator: impl Estimator + 'static) -> Self {
        let fitted = start::fit(guide, &setting.start, setting.diagonal(), setting.seed);
        let theta = Vector::from_slice(&fitted.theta);
        let entry = if switched_on(knobs, "adam") { adam::ENTRY } else { sgd::ENTRY };
        let mut values = entry.defaults();
        let lr = knobs.get("lr");
        values.set("lr", lr);
        let mut optimizer = entry.build(&values, &theta, &Block::column(theta.len()));
        Self {
            guide,
            kept: state_len(&mut *optimizer),
            optimizer,
            theta,
            base: fitted.base,
            draws: count(knobs, "draws").next_multiple_of(estimator.group()),
            lr,
            variance: None,
            flat: fitted.flat,
            estimator: Box::new(estimator),
        }
    }

    /// The particles as the guide has them now.
    fn places(&self) -> Vec<Point> {
        self.base.iter().map(|noise| self.guide.exact().draw(self.theta.as_slice(), noise).x).collect()
    }

    /// Estimates at fresh draws; those that are no numbers are left out.
    fn estimates(&self, oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        let noise = self.guide.noise(self.draws, oracle);
        let draws: Vec<Draw> = noise.iter().map(|noise| self.guide.draw(self.theta.as_slice(), noise)).collect();
        let mut estimates = self.estimator.estimates(self.theta.as_slice(), &draws, oracle);
        let wanted = self.draws / self.estimator.group();
        estimates.retain(|estimate| estimate.iter().all(|slope| slope.is_finite()));
        if estimates.len() < wanted {
            oracle.report(Notice::NotCounted);
        }
        estimates
    }
}

/// The guide that the knobs choose.
fn chosen(knobs: &Knobs<f64>, inner: usize) -> Guide {
    Guide::numbered(count(knobs, "guide"), inner)
}

/// The mean of estimates, and the trace of their covariance where there are two.
fn moments(estimates: &[Slopes]) -> (Slopes, Option<f64>) {
    let count = estimates.len() as f64;
    let mean: Slopes = std::array::from_fn(|k| estimates.iter().map(|g| g[k]).sum::<f64>() / count);
    let apart = |g: &Slopes| g.iter().zip(&mean).map(|(g, mean)| (g - mean) * (g - mean)).sum::<f64>();
    let trace = estimates.iter().map(apart).sum::<f64>() / (count - 1.0);
    (mean, (estimates.len() > 1 && trace.is_finite()).then_some(trace))
}

fn is_finite(numbers: &[f64]) -> bool {
    numbers.iter().all(|x| x.is_finite())
}

impl Flow for Variational {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if std::mem::take(&mut self.flat) {
                oracle.report(Notice::Spread);
            }
            let (mean, variance) = moments(&self.estimates(oracle));
            self.variance = variance;
            let before = self.theta.clone();
            if is_finite(&mean) {
                let gradient = Vector::from_slice(&mean[..self.theta.len()]);
                self.optimizer.step(&mut self.theta, &mut Given(gradient));
            }
            let mut places = self.places();
            if !is_finite(&mean) || !is_finite(self.theta.as_slice()) || !is_finite(places.as_flattened()) {
                oracle.report(Notice::NoStep);
                self.theta = before;
                places = self.places();
            }
            settle(cloud, places, oracle);
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, _: &[Point], oracle: &mut dyn ParticleOracle) -> Option<f64> {
        let draw = |noise| self.guide.exact().draw(self.theta.as_slice(), noise);
        let draws: Vec<Draw> = self.base.iter().map(draw).collect();
        let potential = oracle.potential(&draws.iter().map(|draw| draw.x).collect::<Vec<_>>());
        let costs = draws.iter().zip(potential).map(|(draw, u)| draw.log_density + u);
        let costs: Vec<f64> = costs.filter(|cost| cost.is_finite()).collect();
        (!costs.is_empty()).then(|| self.estimator.objective(&costs))
    }

    fn gauge(&self) -> Option<f64> {
        self.variance
    }

    /// The parameters, what their optimizer keeps of them, and the base.
    fn memory(&self) -> usize {
        self.kept + self.theta.len() + self.base.iter().map(|noise| 2 + noise.angles.len()).sum::<usize>()
    }
}
