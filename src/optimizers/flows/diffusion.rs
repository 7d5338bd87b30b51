//! What samplers that run a diffusion backwards share: its noise, its steps, and a condition on where it ends.

use super::{ParticleOracle, Setting, settle};
use crate::measures::{Mixture, Point};
use crate::optimizers::knob::switched_on;
use crate::optimizers::{Knob, Knobs, Scale};
use std::sync::Arc;

/// Whether steps have fresh noise.
pub const STOCHASTIC: Knob =
    Knob::switch("stochastic", "z", true, "adds fresh noise in every step (DDPM); without, the path is smooth (DDIM)");

/// The variance-preserving diffusion x_t = sqrt(ab_t) x_0 + sqrt(1 - ab_t) e, backwards from t = T, the number of steps of
/// the run, to 0:
/// ```text
/// ab_t = exp(-0.1 s - 9.95 s^2)   with s = t/T;      a = ab_t / ab_{t-1}
/// stochastic:  x <- [sqrt(a) (1 - ab_{t-1}) x + sqrt(ab_{t-1}) (1 - a) x_0] / (1 - ab_t) + d z,
///              d^2 = (1 - a) (1 - ab_{t-1}) / (1 - ab_t),     z standard normal
/// otherwise:   x <- sqrt(ab_{t-1}) x_0 + sqrt(1 - ab_{t-1}) e,     e = (x - sqrt(ab_t) x_0) / sqrt(1 - ab_t)
/// ```
/// `x_0`: an estimate of the clean point that x came from, which the method makes of a score. Before the first step all
/// particles are replaced by standard normal draws. The last step ends at `x_0` and has no noise; then the particles stay.
///
/// Ho, Jain, Abbeel 2020, arXiv:2006.11239, algorithm 2 with the posterior's variance; the schedule of Song et al. 2020,
/// arXiv:2011.13456 (betas from 0.1 to 20 in continuous time), which for T = 1000 is theirs and keeps its ends for any T.
/// Deterministic: Song, Meng, Ermon 2020, arXiv:2010.02502, equation 12 without noise.
pub struct Diffusion {
    mixture: Option<Arc<Mixture>>,
    stochastic: bool,
    steps: u32,
    /// Steps taken.
    done: u32,
}

/// How much of the data is left before a step, and after it.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// ab_t.
    pub now: f64,
    /// ab_{t-1}.
    pub next: f64,
}

impl Stage {
    /// A law of the data after the noise of time t.
    pub fn noisy(self, law: &Mixture) -> Mixture {
        law.diffused(self.now.sqrt(), (1.0 - self.now).sqrt())
    }

    /// The expectation of the clean point given the noisy one, from the score there (Tweedie's formula):
    /// x_0 = (x + (1 - ab_t) s) / sqrt(ab_t).
    pub fn clean(self, x: Point, score: Point) -> Point {
        [0, 1].map(|k| (x[k] + (1.0 - self.now) * score[k]) / self.now.sqrt())
    }
}

impl Diffusion {
    /// The diffusion of a problem's mixture, with the knob [`STOCHASTIC`].
    pub fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        Self {
            mixture: setting.mixture.clone(),
            stochastic: switched_on(knobs, STOCHASTIC.id),
            steps: setting.steps.max(1),
            done: 0,
        }
    }

    /// What is left of the variance of the data after `t` steps of noise.
    fn kept(&self, t: u32) -> f64 {
        let s = f64::from(t) / f64::from(self.steps);
        libm::exp(-0.1 * s - 9.95 * s * s)
    }

    /// Begins a step, the first one with fresh noise for the cloud; `None` after the last one.
    pub fn begin(&self, cloud: &mut [Point], oracle: &mut dyn ParticleOracle) -> Option<(Arc<Mixture>, Stage)> {
        let mixture = self.mixture.clone()?;
        if self.done == 0 {
            let noise = oracle.normal(0, cloud.len());
            settle(cloud, noise, oracle);
        }
        let t = self.steps - self.done;
        (t > 0).then(|| (mixture, Stage { now: self.kept(t), next: self.kept(t - 1) }))
    }

    /// Where the step leads, given the estimates of the clean points.
    pub fn places(
        &self,
        Stage { now, next }: Stage,
        cloud: &[Point],
        clean: &[Point],
        oracle: &mut dyn ParticleOracle,
    ) -> Vec<Point> {
        let a = now / next;
        let (of_x, of_clean, noise) = if self.stochastic {
            let (left, added) = (1.0 - next, 1.0 - a);
            let deviation = (added * left / (1.0 - now)).sqrt();
            let noise = oracle.normal(1, cloud.len()).into_iter().map(|z| z.map(|z| deviation * z)).collect();
            (a.sqrt() * left / (1.0 - now), next.sqrt() * added / (1.0 - now), noise)
        } else {
            // With e inserted.
            let of_x = ((1.0 - next) / (1.0 - now)).sqrt();
            (of_x, next.sqrt() - of_x * now.sqrt(), vec![[0.0; 2]; cloud.len()])
        };
        let place =
            |((x, clean), z): ((&Point, &Point), Point)| [0, 1].map(|k| of_x * x[k] + of_clean * clean[k] + z[k]);
        cloud.iter().zip(clean).zip(noise).map(place).collect()
    }

    /// Ends a step: the particles move to their places.
    pub fn end(&mut self, cloud: &mut [Point], places: Vec<Point>, oracle: &mut dyn ParticleOracle) {
        settle(cloud, places, oracle);
        self.done += 1;
    }

    /// Whether all noise has been taken away.
    pub fn is_over(&self) -> bool {
        self.done == self.steps
    }

    /// Whether this share of the steps has been taken.
    pub fn is_past(&self, share: f64) -> bool {
        f64::from(self.done) >= share * f64::from(self.steps)
    }

    /// A part of the time in which all noise came, which is one.
    pub fn time_step(&self) -> f64 {
        1.0 / f64::from(self.steps)
    }
}

/// The knobs of a [`Condition`].
pub const CONDITION: [Knob; 2] = [
    Knob {
        id: "angle",
        symbol: "θ",
        default: 30.0,
        range: (-180.0, 180.0),
        scale: Scale::Linear,
        meaning: "direction a of what is measured, a · x₀, in degrees",
    },
    Knob {
        id: "y",
        symbol: "y",
        default: 1.0,
        range: (-100.0, 100.0),
        scale: Scale::Linear,
        meaning: "what was measured: the samples should lie on the line a · x₀ = y",
    },
];

/// A measurement of the clean point without noise, y = a' x_0, of which the samples should come: a line in the plane.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// The unit vector a.
    pub direction: Point,
    y: f64,
}

impl Condition {
    /// From the knobs [`CONDITION`].
    pub fn new(knobs: &Knobs<f64>) -> Self {
        let angle = knobs.get("angle").to_radians();
        Self { direction: [libm::cos(angle), libm::sin(angle)], y: knobs.get("y") }
    }

    /// y - a' x_0.
    pub fn residual(&self, clean: Point) -> f64 {
        self.y - (self.direction[0] * clean[0] + self.direction[1] * clean[1])
    }

    /// The mean of |y - a' x_0|; `None` without points, or where one is too far for a number.
    pub fn error(&self, clean: &[Point]) -> Option<f64> {
        let sum: f64 = clean.iter().map(|clean| self.residual(*clean).abs()).sum();
        Some(sum / clean.len() as f64).filter(|mean| mean.is_finite())
    }
}
