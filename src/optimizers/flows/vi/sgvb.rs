//! Stochastic gradient variational Bayes: gradients through the draws of a guide.

use super::super::{FlowBuild, Needs, ParticleOracle};
use super::guide::{Draw, Slopes};
use super::{ADAM, DRAWS, Estimator, GAUGE, GUIDE, INNER, Variational, chosen};
use crate::measures::Point;
use crate::optimizers::knob::count;
use crate::optimizers::{Entry, Family, Knob, Paper, Scalars};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "sgvb",
    title: "SGVB",
    family: Family::Flow,
    paper: Paper {
        authors: "Kingma, Welling",
        title: "Auto-encoding variational Bayes",
        year: 2013,
        reference: "arXiv:1312.6114",
    },
    summary: "moves a law of a family down the reverse divergence, by gradients through its draws",
    knobs: &[Knob::lr(0.02), GUIDE, DRAWS, ADAM, INNER],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| Box::new(Variational::new(knobs, setting, chosen(knobs, count(knobs, "inner")), Sgvb)),
    }),
};

/// The reparameterised gradient of E[log q_theta(x) + U(x)], x = T_theta(z):
/// ```text
/// g = d/dtheta [log q_theta(T_theta(z)) + U(T_theta(z))] = (d log q_theta(T_theta(z)) / dtheta) + J^T grad U(x)
/// ```
/// `J`: the Jacobian of T_theta(z) by theta. The loss is minus the evidence lower bound, KL(q | p) - log Z.
///
/// Kingma, Welling 2013, their first estimator, equation 6 with L = `draws`. Their second one, equation 7, has the
/// divergence from a prior in closed form. For a normal guide, log q_theta(T_theta(z)) = log q_0(z) - log |det
/// dT_theta| has a derivative that does not depend on z: the entropy is in closed form already, and both estimators are
/// the same unless the prior is taken out of U.
struct Sgvb;

/// The derivative of log q + U through each draw.
pub(super) fn through_draws(draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
    let slope = |(draw, g): (&Draw, Point)| {
        let pulled = draw.pulled(g);
        std::array::from_fn(|k| draw.total[k] + pulled[k])
    };
    let points: Vec<Point> = draws.iter().map(|draw| draw.x).collect();
    draws.iter().zip(oracle.potential_gradient(&points)).map(slope).collect()
}

impl Estimator for Sgvb {
    fn estimates(&self, _: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        through_draws(draws, oracle)
    }
}

#[cfg(test)]
pub(super) fn estimator() -> Box<dyn Estimator> {
    Box::new(Sgvb)
}
