//! Diffusion posterior sampling: a diffusion backwards, led to a measurement through the denoiser's Jacobian.

use super::diffusion::{CONDITION, Condition, Diffusion, STOCHASTIC};
use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting};
use crate::measures::Point;
use crate::optimizers::knob::switched_on;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};
use crate::scalar::Real;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "dps",
    title: "DPS",
    family: Family::Flow,
    paper: Paper {
        authors: "Chung, Kim, McCann, Klasky, Ye",
        title: "Diffusion posterior sampling for general noisy inverse problems",
        year: 2023,
        reference: "arXiv:2209.14687",
    },
    summary: "takes noise away, and steps against the gradient of what a measurement of the expected clean point is off by",
    knobs: &[
        STOCHASTIC,
        CONDITION[0],
        CONDITION[1],
        Knob {
            id: "zeta",
            symbol: "ζ",
            default: 0.5,
            range: (0.0, 100.0),
            scale: Scale::Log { from: 1e-3 },
            meaning: "length of the step against the gradient of (y − a · x̂₀)²; 0: no measurement",
        },
        Knob::switch("normalize", "1/|r|", false, "divides the step by |y − a · x̂₀|, so that it does not depend on it"),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Mixture,
        gauge: "condition error",
        seen: None,
        build: |knobs, setting| Box::new(Dps::new(knobs, setting)),
    }),
};

/// Diffusion posterior sampling, with the measurement y = a' x_0 of a [`Condition`]:
/// ```text
/// x_0 = (x + (1 - ab_t) grad log p_t(x)) / sqrt(ab_t)
/// J = [I + (1 - ab_t) H] / sqrt(ab_t),     H the Hessian of log p_t at x:  the Jacobian of x_0, symmetric
/// r = y - a' x_0,                          so that grad_x r^2 = -2 r J a
/// x <- (a step of the diffusion with x_0) - zeta_t grad_x r^2
/// ```
/// `p_t`: the mixture after the noise of time t. `zeta_t`: `zeta`, without unit; with `normalize` it is zeta / |r|, so that
/// `zeta` is a length and every step has 2 zeta |J a|, nothing where r is zero. A score and a Hessian are evaluated a particle
/// and step, which count as two. In the last step J is nearly the identity and the end is off by (1 - 2 zeta) r: nothing
/// is left for zeta = 1/2 without `normalize`, and residuals grow from step to step for zeta above one. The gauge is the
/// mean of |r|, in the end that of the particles themselves.
///
/// Chung et al. 2023, algorithm 1, where zeta_t is left open; `normalize` is the choice of their experiments. Their code
/// differentiates |r| and not its square, so that its scale is twice `zeta`. They differentiate through a network; here the
/// score and its Jacobian are exact. The measurement has no noise.
struct Dps {
    diffusion: Diffusion,
    condition: Condition,
    zeta: f64,
    normalize: bool,
    /// The mean of |r|.
    error: Option<f64>,
    /// How often a score or a Hessian has been evaluated, by all particles together.
    evaluations: u64,
}

impl Dps {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        Self {
            diffusion: Diffusion::new(knobs, setting),
            condition: Condition::new(knobs),
            zeta: knobs.get("zeta"),
            normalize: switched_on(knobs, "normalize"),
            error: None,
            evaluations: 0,
        }
    }
}

impl Flow for Dps {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some((mixture, stage)) = self.diffusion.begin(cloud, oracle) else { return };
            let noisy = stage.noisy(&mixture);
            let direction = self.condition.direction;
            let mut clean = Vec::with_capacity(cloud.len());
            let mut gradients = Vec::with_capacity(cloud.len());
            for x in cloud.iter() {
                let (score, [xx, xy, yy]) = noisy.score_and_hessian(*x);
                let of_direction = [xx * direction[0] + xy * direction[1], xy * direction[0] + yy * direction[1]];
                // J a is what Tweedie's formula makes of a and H a.
                let carried = stage.clean(direction, of_direction);
                clean.push(stage.clean(*x, score));
                let residual = self.condition.residual(clean[clean.len() - 1]);
                let size = if self.normalize { Real::sign(residual) } else { residual };
                gradients.push(carried.map(|c| -2.0 * size * c));
            }
            self.evaluations += 2 * cloud.len() as u64;
            let mut places = self.diffusion.places(stage, cloud, &clean, oracle);
            for (place, gradient) in places.iter_mut().zip(gradients) {
                *place = [0, 1].map(|k| place[k] - self.zeta * gradient[k]);
            }
            self.diffusion.end(cloud, places, oracle);
            self.error = self.condition.error(if self.diffusion.is_over() { cloud } else { &clean });
        })
    }

    fn time_step(&self) -> f64 {
        self.diffusion.time_step()
    }

    fn gauge(&self) -> Option<f64> {
        self.error
    }

    fn evaluations(&self) -> u64 {
        self.evaluations
    }
}

#[cfg(test)]
mod tests {
    use super::super::reverse_diffusion;
    use super::super::testing::{Simple, run_on_mixture};
    use super::*;
    use crate::measures::{Component, Mixture};

    fn law() -> Mixture {
        let tilted = Component { weight: 0.6, mean: [1.0, 1.0], covariance: [0.3, 0.1, 0.2] };
        Mixture::new(vec![Component::round(0.4, [-1.5, 0.0], 0.3), tilted])
    }

    fn run(knobs: &[(&str, f64)], n: usize, steps: u32) -> Vec<Point> {
        run_on_mixture(&ENTRY, knobs, &law(), n, steps).0
    }

    #[test]
    fn without_a_step_it_is_reverse_diffusion_with_twice_the_evaluations() {
        for stochastic in [0.0, 1.0] {
            let knobs = [("stochastic", stochastic)];
            let (plain, once) = run_on_mixture(&reverse_diffusion::ENTRY, &knobs, &law(), 20, 30);
            let (guided, twice) = run_on_mixture(&ENTRY, &[knobs[0], ("zeta", 0.0)], &law(), 20, 30);
            assert_eq!(guided, plain);
            assert_eq!((once, twice), (20 * 30, 20 * 60));
        }
    }

    /// The whole of T = 1: from noise z to x_0(z) less zeta times the gradient of r^2, which differences give.
    #[test]
    fn one_step_goes_against_the_gradient_of_the_squared_residual() {
        let now = (-10.05_f64).exp();
        let noisy = law().diffused(now.sqrt(), (1.0 - now).sqrt());
        let clean = |x: Point| {
            let score = noisy.score(x);
            [0, 1].map(|k| (x[k] + (1.0 - now) * score[k]) / now.sqrt())
        };
        let [c, s] = [libm::cos(0.7), libm::sin(0.7)];
        let residual = |x: Point| 2.0 - c * clean(x)[0] - s * clean(x)[1];
        let start = Simple { step: 1, ..Simple::new(|_| unreachable!()) }.normal(0, 4);
        for normalize in [0.0, 1.0] {
            let knobs = [("angle", 0.7_f64.to_degrees()), ("y", 2.0), ("zeta", 3.0), ("normalize", normalize)];
            for (end, z) in run(&knobs, 4, 1).iter().zip(&start) {
                let h = 1e-4;
                let slope = |dx: f64, dy: f64| {
                    let square = |sign: f64| residual([z[0] + sign * dx, z[1] + sign * dy]).powi(2);
                    (square(1.0) - square(-1.0)) / (2.0 * h)
                };
                let zeta = if normalize > 0.0 { 3.0 / residual(*z).abs() } else { 3.0 };
                for (k, slope) in [slope(h, 0.0), slope(0.0, h)].into_iter().enumerate() {
                    let exact = clean(*z)[k] - zeta * slope;
                    // Rounding of x_0 is divided by 0.0066, squared and divided by 2e-4: some 1e-9.
                    assert!((end[k] - exact).abs() < 1e-8, "{} {exact}", end[k]);
                }
            }
        }
    }

    #[test]
    fn particles_that_are_thrown_out_of_all_numbers_stay_where_they_were() {
        for normalize in [0.0, 1.0] {
            let end = run(&[("zeta", 100.0), ("y", 100.0), ("normalize", normalize)], 10, 400);
            assert!(end.iter().flatten().all(|x| x.is_finite()), "{end:?}");
        }
    }

    #[test]
    fn a_step_of_one_half_ends_on_the_line_and_one_above_one_does_not() {
        let error = |zeta: f64| {
            let knobs = [("angle", 0.0), ("y", 1.0), ("zeta", zeta)];
            let end = run(&knobs, 100, 200);
            end.iter().map(|x| (1.0 - x[0]).abs()).sum::<f64>() / 100.0
        };
        // J differs from the identity by (1 - ab_1) / variance < 0.01, and residuals are below one.
        assert!(error(0.5) < 0.01, "{}", error(0.5));
        assert!(error(1.2) > 1.0, "{}", error(1.2));
    }
}
