//! Dreamguider: a diffusion backwards, led to a measurement without the denoiser's Jacobian.

use super::diffusion::{CONDITION, Condition, Diffusion, STOCHASTIC};
use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting};
use crate::measures::{Point, squared_distance};
use crate::optimizers::knob::count;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "dreamguider",
    title: "Dreamguider",
    family: Family::Flow,
    paper: Paper {
        authors: "Nair, Patel",
        title: "Dreamguider: improved training free diffusion-based conditional generation",
        year: 2024,
        reference: "arXiv:2406.02549",
    },
    summary: "as DPS, but with the gradient at the expected clean point itself, as long as the step; factors are ours",
    knobs: &[
        STOCHASTIC,
        CONDITION[0],
        CONDITION[1],
        Knob {
            id: "scale",
            symbol: "s",
            default: 1.0,
            range: (0.0, 100.0),
            scale: Scale::Log { from: 1e-2 },
            meaning: "length of the guidance in lengths of the unguided step; 0: no measurement",
        },
        Knob::whole(
            "shifts",
            "m",
            0.0,
            (0.0, 16.0),
            "over how many random shifts of the clean point the gradient is averaged; 0: the point itself",
        ),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Mixture,
        gauge: "condition error",
        seen: None,
        build: |knobs, setting| Box::new(Dreamguider::new(knobs, setting)),
    }),
};

/// Standard deviation of a shift, in units of the plane.
const SHIFT: f64 = 0.1;

/// Guidance to the measurement y = a' x_0 of a [`Condition`] without a Jacobian:
/// ```text
/// x_0 = (x + (1 - ab_t) grad log p_t(x)) / sqrt(ab_t)
/// g = grad_{x_0} (y - a' x_0)^2 = -2 (y - a' x_0) a,     with shifts: its mean over x_0 + 0.1 z_j, j = 1 .. shifts
/// x' = (a step of the diffusion with x_0)
/// x <- x' - scale sqrt(ab_{t-1}) rms|x' - x| g / rms|g|
/// ```
/// `p_t`: the mixture after the noise of time t. `rms`: the root of the mean square over all particles. `sqrt(ab_{t-1})`: the
/// factor of time, the weight that x_0 has in the noisy point after the step; it lets the guidance begin slowly. The
/// quotient: a step size from the sizes of steps and gradients, so that no zeta need be found; the guidance is `scale` times
/// as long as the step where ab is one, and nothing where all gradients are zero. One score is evaluated a particle and step,
/// and no Hessian. For a measurement that is linear, as this one, shifts add noise to the gradient and nothing else. The gauge
/// is the mean of |y - a' x_0|, in the end that of the particles themselves.
///
/// Nair, Patel 2024, in idea: the gradient is that at the estimate of the clean point, and does not pass through the network; a
/// factor of time; a step size from the gradient; an average over augmentations. Form and constants of the last three are ours,
/// and the gradient at the predicted noise, which they use too, is left out. They take statistics of one image, with
/// many pixels; in the plane those are of the cloud, so that particles on the line are not moved off it.
struct Dreamguider {
    diffusion: Diffusion,
    condition: Condition,
    scale: f64,
    shifts: u32,
    /// The mean of |y - a' x_0|.
    error: Option<f64>,
    /// How often a score has been evaluated, by all particles together.
    evaluations: u64,
}

impl Dreamguider {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        Self {
            diffusion: Diffusion::new(knobs, setting),
            condition: Condition::new(knobs),
            scale: knobs.get("scale"),
            shifts: count(knobs, "shifts") as u32,
            error: None,
            evaluations: 0,
        }
    }

    /// y - a' x_0, or its mean over shifts of x_0, for every particle: the gradient is -2 a times that.
    fn residuals(&self, clean: &[Point], oracle: &mut dyn ParticleOracle) -> Vec<f64> {
        let residual = |x: &Point| self.condition.residual(*x);
        if self.shifts == 0 {
            return clean.iter().map(residual).collect();
        }
        let mut means = vec![0.0; clean.len()];
        for shift in 0..self.shifts {
            // Slots 0 and 1 are the diffusion's.
            let draws = oracle.normal(2 + shift, clean.len());
            for ((mean, clean), z) in means.iter_mut().zip(clean).zip(draws) {
                *mean += residual(&[0, 1].map(|k| clean[k] + SHIFT * z[k])) / f64::from(self.shifts);
            }
        }
        means
    }
}

/// The root of the mean of squares; zero for none.
fn root_mean_square(squares: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = squares.len().max(1) as f64;
    (squares.sum::<f64>() / n).sqrt()
}

impl Flow for Dreamguider {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some((mixture, stage)) = self.diffusion.begin(cloud, oracle) else { return };
            let noisy = stage.noisy(&mixture);
            let clean: Vec<Point> = cloud.iter().map(|x| stage.clean(*x, noisy.score(*x))).collect();
            self.evaluations += cloud.len() as u64;
            let residuals = self.residuals(&clean, oracle);
            let mut places = self.diffusion.places(stage, cloud, &clean, oracle);
            let step = root_mean_square(places.iter().zip(cloud.iter()).map(|(place, x)| squared_distance(*place, *x)));
            // The gradient is -2 r a, of length 2 |r|.
            let typical = root_mean_square(residuals.iter().map(|r| r * r));
            if typical > 0.0 {
                let length = self.scale * stage.next.sqrt() * step / typical;
                for (place, residual) in places.iter_mut().zip(residuals) {
                    *place = [0, 1].map(|k| place[k] + length * residual * self.condition.direction[k]);
                }
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
        Mixture::new(vec![Component::round(0.4, [-1.0, 0.0], 0.5), Component::round(0.6, [1.0, 1.0], 0.4)])
    }

    #[test]
    fn with_scale_zero_it_is_reverse_diffusion() {
        for stochastic in [0.0, 1.0] {
            let knobs = [("stochastic", stochastic)];
            let plain = run_on_mixture(&reverse_diffusion::ENTRY, &knobs, &law(), 20, 30);
            let guided = run_on_mixture(&ENTRY, &[knobs[0], ("scale", 0.0), ("shifts", 3.0)], &law(), 20, 30);
            assert_eq!(guided, plain);
        }
    }

    /// With T = 1 and scale 1 the guidance of all particles is as long as their step, in the root of the mean square, along
    /// a alone and in proportion to the residuals.
    #[test]
    fn guidance_is_as_long_as_the_step() {
        let knobs = [("angle", 90.0), ("y", 3.0)];
        let (plain, _) = run_on_mixture(&reverse_diffusion::ENTRY, &[], &law(), 5, 1);
        let (guided, _) = run_on_mixture(&ENTRY, &knobs, &law(), 5, 1);
        let mut oracle = Simple { step: 1, ..Simple::new(|_| unreachable!()) };
        let steps = oracle.normal(0, 5).into_iter().zip(&plain).map(|(z, x)| squared_distance(z, *x));
        let length = root_mean_square(steps.collect::<Vec<_>>().into_iter());
        let moves: Vec<f64> = guided.iter().zip(&plain).map(|(a, b)| a[1] - b[1]).collect();
        // Rounding.
        assert!((root_mean_square(moves.iter().map(|m| m * m)) - length).abs() < 1e-13, "{moves:?} {length}");
        for i in 1..5 {
            let [here, first] = [i, 0].map(|i: usize| moves[i] / (3.0 - plain[i][1]));
            assert!((here - first).abs() < 1e-13, "{here} {first}");
            assert!((guided[i][0] - plain[i][0]).abs() < 1e-13);
        }
    }

    #[test]
    fn huge_steps_and_a_single_particle_give_numbers() {
        for n in [1, 10] {
            let knobs = [("scale", 100.0), ("y", -100.0), ("shifts", 2.0)];
            let (end, _) = run_on_mixture(&ENTRY, &knobs, &law(), n, 400);
            assert!(end.iter().flatten().all(|x| x.is_finite()), "{end:?}");
        }
    }

    #[test]
    fn the_end_is_nearer_to_the_line_than_without_guidance() {
        let error = |scale: f64| {
            let (end, evaluations) = run_on_mixture(&ENTRY, &[("scale", scale)], &law(), 200, 100);
            assert_eq!(evaluations, 200 * 100);
            Condition::new(&ENTRY.defaults()).error(&end).expect("all are near")
        };
        assert!(error(1.0) < 0.2 * error(0.0), "{} {}", error(1.0), error(0.0));
    }
}
