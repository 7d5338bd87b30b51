//! Denoising by Tweedie's formula.

use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting, settle};
use crate::measures::{Mixture, Point, squared_distance};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "tweedie",
    title: "Tweedie denoising",
    family: Family::Flow,
    paper: Paper {
        authors: "Kim, Ye",
        title: "Noise2Score: Tweedie's approach to self-supervised image denoising without clean images",
        year: 2021,
        reference: "arXiv:2106.07009",
    },
    summary: "every noisy sample moves to the mean of what it may have been, by the score of the noisy law alone",
    knobs: &[Knob {
        id: "sigma",
        symbol: "σ",
        default: 0.5,
        range: (0.0, 1e3),
        scale: Scale::Log { from: 1e-3 },
        meaning: "standard deviation of the noise that is added to the samples",
    }],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Mixture,
        gauge: "mean squared distance from the clean samples",
        seen: None,
        build: |knobs, setting| Box::new(Tweedie::new(knobs, setting)),
    }),
};

/// Tweedie's formula for normal noise:
/// ```text
/// y_i = c_i + sigma z_i                          c_i a sample of the mixture, z_i standard normal
/// end_i = y_i + sigma^2 grad log p_Y(y_i)        the posterior mean E[c | y_i]
/// x_i = y_i + (k/T) (end_i - y_i)                at step k of T, the number of steps of the run
/// ```
/// `p_Y`: the law of the noisy samples, here a mixture whose score is known exactly; the clean law appears nowhere in the
/// formula. `sigma`: a length. Before the first step all particles are replaced by noisy samples. The formula is one step;
/// the straight way is there to be seen, ends at the estimate exactly, and then the particles stay. The read-out is the mean
/// squared distance from the clean samples: 2 sigma^2 in two dimensions at the start, at the end the least that any
/// estimator can reach, on average.
///
/// Kim, Ye 2021, the case of normal noise (Robbins 1956); they learn the score from noisy data by a network.
struct Tweedie {
    sigma: f64,
    mixture: Option<Arc<Mixture>>,
    seed: u64,
    steps: u32,
    /// Steps taken.
    done: u32,
    clean: Vec<Point>,
    noisy: Vec<Point>,
    ends: Vec<Point>,
    error: Option<f64>,
}

/// The name of the draws of the clean samples: no step of a run has it.
const CLEAN: u32 = u32::MAX;

impl Tweedie {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        Self {
            sigma: knobs.get("sigma"),
            mixture: setting.mixture.clone(),
            seed: setting.seed,
            steps: setting.steps.max(1),
            done: 0,
            clean: Vec::new(),
            noisy: Vec::new(),
            ends: Vec::new(),
            error: None,
        }
    }

    /// Draws the samples and their noise, and finds where they go.
    fn begin(&mut self, mixture: &Mixture, noise: Vec<Point>) {
        let n = noise.len();
        self.clean = (0..n).map(|i| mixture.sample(self.seed, i, n, CLEAN)).collect();
        let shaken = |(c, z): (&Point, Point)| [c[0] + self.sigma * z[0], c[1] + self.sigma * z[1]];
        self.noisy = self.clean.iter().zip(noise).map(shaken).collect();
        let law = mixture.diffused(1.0, self.sigma);
        let variance = self.sigma * self.sigma;
        let end = |y: &Point| {
            let score = law.score(*y);
            [y[0] + variance * score[0], y[1] + variance * score[1]]
        };
        self.ends = self.noisy.iter().map(end).collect();
    }
}

impl Flow for Tweedie {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(mixture) = self.mixture.clone() else { return };
            if self.done == 0 {
                let noise = oracle.normal(0, cloud.len());
                self.begin(&mixture, noise);
            }
            self.done = (self.done + 1).min(self.steps);
            let share = f64::from(self.done) / f64::from(self.steps);
            // Written so that a share of one gives the end to the bit.
            let between = |(y, end): (&Point, &Point)| [0, 1].map(|k| (1.0 - share) * y[k] + share * end[k]);
            let places: Vec<Point> = self.noisy.iter().zip(&self.ends).map(between).collect();
            settle(cloud, places, oracle);
            let total: f64 = cloud.iter().zip(&self.clean).map(|(x, c)| squared_distance(*x, *c)).sum();
            self.error = Some(total / cloud.len().max(1) as f64);
        })
    }

    /// A part of the way, of which the length is one.
    fn time_step(&self) -> f64 {
        1.0 / f64::from(self.steps)
    }

    fn gauge(&self) -> Option<f64> {
        self.error
    }

    fn evaluations(&self) -> u64 {
        self.ends.len() as u64
    }

    fn memory(&self) -> usize {
        2 * (self.clean.len() + self.noisy.len() + self.ends.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, setting, walk};
    use super::*;
    use crate::measures::Component;

    fn nothing(_: Point) -> (f64, Point) {
        unreachable!("the mixture is asked, not the potential")
    }

    fn built(sigma: f64, law: &Mixture, steps: u32) -> Tweedie {
        let mut values = ENTRY.defaults();
        assert!(values.set("sigma", sigma));
        Tweedie::new(&values, &Setting { mixture: Some(Arc::new(law.clone())), steps, ..setting(&[]) })
    }

    #[test]
    fn in_a_normal_law_the_estimate_shrinks_towards_the_mean() {
        // Variances 1/4 and sigma^2 = 3/4: a quarter of the way from the mean to y is left.
        let law = Mixture::new(vec![Component::round(1.0, [2.0, -1.0], 0.5)]);
        let mut flow = built(0.75_f64.sqrt(), &law, 4);
        let mut cloud = vec![[9.0; 2]; 5];
        let mut oracle = Simple::new(nothing);
        walk(&mut flow, &mut cloud, &mut oracle, 1);
        let at = |share: f64, flow: &Tweedie, i: usize, k: usize| {
            let mean = [2.0, -1.0][k];
            mean + (1.0 - 0.75 * share) * (flow.noisy[i][k] - mean)
        };
        // Rounding.
        assert!((0..5).all(|i| (0..2).all(|k| (cloud[i][k] - at(0.25, &flow, i, k)).abs() < 1e-14)));
        walk(&mut flow, &mut cloud, &mut oracle, 3);
        assert!((0..5).all(|i| (0..2).all(|k| (cloud[i][k] - at(1.0, &flow, i, k)).abs() < 1e-14)));
        let end = cloud.clone();
        walk(&mut flow, &mut cloud, &mut oracle, 2);
        assert_eq!((&cloud, cloud == flow.ends), (&end, true));
    }

    #[test]
    fn without_noise_nothing_moves() {
        let law = Mixture::new(vec![Component::round(1.0, [0.0; 2], 1.0)]);
        let mut flow = built(0.0, &law, 3);
        let mut cloud = vec![[0.0; 2]; 4];
        walk(&mut flow, &mut cloud, &mut Simple::new(nothing), 3);
        assert_eq!((&cloud, flow.gauge().expect("it has one")), (&flow.clean, 0.0));
    }

    #[test]
    fn the_error_is_the_least_possible_and_far_below_the_noise() {
        // Five narrow clusters on a circle, almost atoms.
        let at = |i: i32| {
            let angle = std::f64::consts::TAU * f64::from(i) / 5.0;
            Component::round(1.0, [1.5 * libm::cos(angle), 1.5 * libm::sin(angle)], 0.05)
        };
        let law = Mixture::new((0..5).map(at).collect());
        let (n, sigma) = (4000, 0.5);
        let mut flow = built(sigma, &law, 2);
        let mut cloud = vec![[0.0; 2]; n];
        walk(&mut flow, &mut cloud, &mut Simple::new(nothing), 2);
        let error = flow.gauge().expect("it has one");
        // The trace of the posterior covariance, averaged over noisy samples of their own: within a component with the
        // responsibility r the mean is m + s (y - m), s = v / (v + sigma^2), and the variance v (1 - s) in each direction.
        let v = 0.05_f64.powi(2);
        let s = v / (v + sigma * sigma);
        let noisy = law.diffused(1.0, sigma);
        let trace = |y: Point| {
            let shares = noisy.responsibilities(y);
            let means: Vec<Point> =
                law.components().iter().map(|c| [0, 1].map(|k| c.mean[k] + s * (y[k] - c.mean[k]))).collect();
            let mean = [0, 1].map(|k| shares.iter().zip(&means).map(|(r, m)| r * m[k]).sum::<f64>());
            let spread: f64 = shares.iter().zip(&means).map(|(r, m)| r * squared_distance(*m, mean)).sum();
            spread + 2.0 * v * (1.0 - s)
        };
        let least = (0..n).map(|i| trace(noisy.sample(77, i, n, 0))).sum::<f64>() / n as f64;
        // Five standard errors of squared distances whose deviation is below one. Measured: 0.199 and 0.182, where the noise
        // is 0.5.
        assert!((error - least).abs() < 5.0 / (n as f64).sqrt(), "{error} {least}");
        assert!(error < 0.6 * 2.0 * sigma * sigma, "{error}");
    }
}
