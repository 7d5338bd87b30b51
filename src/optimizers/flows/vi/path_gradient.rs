//! Path gradients: gradients through the draws of a guide, without the part of the mean zero.

use super::super::{FlowBuild, Needs, ParticleOracle};
use super::guide::{Draw, Slopes};
use super::{ADAM, DRAWS, Estimator, GAUGE, GUIDE, Variational, chosen};
use crate::measures::Point;
use crate::optimizers::{Entry, Family, Knob, Paper, Scalars};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "path_gradient",
    title: "Path gradient",
    family: Family::Flow,
    paper: Paper {
        authors: "Vaitl, Winkler, Richter, Kessel",
        title: "Fast and unified path gradient estimators for normalizing flows",
        year: 2024,
        reference: "arXiv:2403.15881",
    },
    summary: "SGVB without the score of the guide: where the guide is the law that is sought, each draw's gradient is zero",
    knobs: &[Knob::lr(0.02), GUIDE, DRAWS, ADAM],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| Box::new(Variational::new(knobs, setting, chosen(knobs, 0), PathGradient)),
    }),
};

/// The path gradient of E[log q_theta(x) + U(x)], x = T_theta(z):
/// ```text
/// g = J^T (grad log q_theta(x) + grad U(x))          theta held in the density
/// ```
/// `J`: the Jacobian of T_theta(z) by theta. Against [`sgvb`](super::sgvb) the score d log q_theta(x) / dtheta at held
/// x is missing, which has mean zero. Where q_theta = p both terms cancel at each draw, so that the variance falls with
/// the square of the distance to the optimum, as the divergence does, and a constant step size converges. Where the
/// guide does not hold the law, nothing cancels, and the variance may be the larger one.
///
/// Roeder, Wu, Duvenaud 2017, arXiv:1703.09194; the gradient of log q along with the draw, layer by layer: Vaitl,
/// Winkler, Richter, Kessel 2024 (see the guides). That of a ring is computed from its density. Their gradients of the
/// forward divergence from samples are left out.
struct PathGradient;

impl Estimator for PathGradient {
    fn estimates(&self, _: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        let points: Vec<Point> = draws.iter().map(|draw| draw.x).collect();
        let along = |(draw, g): (&Draw, Point)| draw.pulled([draw.score[0] + g[0], draw.score[1] + g[1]]);
        draws.iter().zip(oracle.potential_gradient(&points)).map(along).collect()
    }
}

#[cfg(test)]
pub(super) fn estimator() -> Box<dyn Estimator> {
    Box::new(PathGradient)
}
