//! The importance-weighted bound: several draws of a guide at once, weighted by how well they fit.

use super::super::{FlowBuild, Needs, ParticleOracle};
use super::guide::{Draw, MOST, Slopes};
use super::sgvb::through_draws;
use super::{ADAM, DRAWS, Estimator, GAUGE, GUIDE, INNER, Variational, chosen};
use crate::measures::Point;
use crate::optimizers::knob::count;
use crate::optimizers::{Entry, Family, Knob, Paper, Scalars};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "iwae",
    title: "IWAE",
    family: Family::Flow,
    paper: Paper {
        authors: "Burda, Grosse, Salakhutdinov",
        title: "Importance weighted autoencoders",
        year: 2015,
        reference: "arXiv:1509.00519",
    },
    summary: "moves a law of a family so that the best of several draws fit: a tighter bound, and a wider law",
    knobs: &[
        Knob::lr(0.02),
        GUIDE,
        DRAWS,
        Knob::whole("samples", "K", 5.0, (1.0, 64.0), "draws that are weighted together"),
        ADAM,
        INNER,
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| {
            let estimator = Iwae { samples: count(knobs, "samples").max(1) };
            Box::new(Variational::new(knobs, setting, chosen(knobs, count(knobs, "inner")), estimator))
        },
    }),
};

/// The reparameterised gradient of minus the importance-weighted bound:
/// ```text
/// L_K = E log (1/K) sum_k w_k,     w_k = exp(-U(x_k)) / q_theta(x_k),   x_k = T_theta(z_k),   L_K <= log Z
/// g   = sum_k (w_k / sum_i w_i) d/dtheta [log q_theta(x_k) + U(x_k)]
/// ```
/// The batch is rounded up to groups of K = `samples`; each gives one g, and the variance told is that of a group's.
/// With K = 1 it is [`sgvb`](super::sgvb). A draw where U is no number has the weight zero, a group without a weight is
/// left out. The energy is -L_K over consecutive groups of the base, the last of which may be smaller.
///
/// Burda, Grosse, Salakhutdinov 2015, equation 8 and its gradient in section 3. With a ring and `inner` > 0, the outer
/// weights over inner ones of Sobolev, Vetrov 2019 (see the guides), where each draw has inner angles of its own.
struct Iwae {
    samples: usize,
}

/// The largest of -`costs`, the logarithms of weights, and their sum with that one taken out.
fn weights(costs: &[f64]) -> (f64, f64) {
    let least = costs.iter().copied().filter(|cost| cost.is_finite()).fold(f64::INFINITY, f64::min);
    (least, costs.iter().map(|cost| weight(*cost, least)).sum())
}

fn weight(cost: f64, least: f64) -> f64 {
    if cost.is_finite() { libm::exp(least - cost) } else { 0.0 }
}

impl Estimator for Iwae {
    fn estimates(&self, _: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        let points: Vec<Point> = draws.iter().map(|draw| draw.x).collect();
        let potential = oracle.potential(&points);
        let costs: Vec<f64> = draws.iter().zip(potential).map(|(draw, u)| draw.log_density + u).collect();
        let through = through_draws(draws, oracle);
        let mut estimates = Vec::new();
        for (costs, through) in costs.chunks(self.samples).zip(through.chunks(self.samples)) {
            let (least, sum) = weights(costs);
            if sum == 0.0 {
                continue;
            }
            let mut estimate = [0.0; MOST];
            for (cost, slopes) in costs.iter().zip(through).filter(|(cost, _)| cost.is_finite()) {
                let share = weight(*cost, least) / sum;
                estimate.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += share * slope);
            }
            estimates.push(estimate);
        }
        estimates
    }

    fn group(&self) -> usize {
        self.samples
    }

    fn objective(&self, costs: &[f64]) -> f64 {
        let groups = costs.chunks(self.samples);
        let count = groups.len() as f64;
        let bound = |costs: &[f64]| {
            let (least, sum) = weights(costs);
            least - libm::log(sum / costs.len() as f64)
        };
        groups.map(bound).sum::<f64>() / count
    }
}

#[cfg(test)]
pub(super) fn estimator(samples: usize) -> Box<dyn Estimator> {
    Box::new(Iwae { samples })
}
