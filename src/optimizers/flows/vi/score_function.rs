//! The score-function gradient (REINFORCE): values of the potential alone.

use super::super::{FlowBuild, Needs, ParticleOracle};
use super::guide::{Draw, Slopes};
use super::{ADAM, DRAWS, Estimator, GAUGE, GUIDE, Variational, chosen};
use crate::measures::Point;
use crate::optimizers::knob::switched_on;
use crate::optimizers::{Entry, Family, Knob, Paper, Scalars};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "score_function",
    title: "Score-function VI",
    family: Family::Flow,
    paper: Paper {
        authors: "Ranganath, Gerrish, Blei",
        title: "Black box variational inference",
        year: 2014,
        reference: "arXiv:1401.0118",
    },
    summary: "moves a law of a family by values of the potential alone: each draw's score, times what the draw costs",
    knobs: &[
        Knob::lr(0.02),
        GUIDE,
        DRAWS,
        ADAM,
        Knob::switch("baseline", "b", true, "takes the mean cost of the other draws off each draw's cost"),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Values,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| {
            let estimator = ScoreFunction { baseline: switched_on(knobs, "baseline") };
            Box::new(Variational::new(knobs, setting, chosen(knobs, 0), estimator))
        },
    }),
};

/// The score-function gradient of E[log q_theta(x) + U(x)]:
/// ```text
/// g_j = (f_j - b_j) d log q_theta(x_j) / dtheta,      f_j = log q_theta(x_j) + U(x_j),   x_j held
/// b_j = the mean of f_i over all i other than j with `baseline`, zero without
/// ```
/// It needs no gradient of U. Without a baseline a constant added to U, such as log Z, changes the variance, though not
/// the mean. With it the g_j are not quite independent, and the variance told is the one of a single of them. A single
/// draw has no others, and no baseline. Draws where U is no number are left out.
///
/// Williams 1992, REINFORCE, 10.1007/BF00992696; for variational inference Ranganath, Gerrish, Blei 2014, section 2,
/// without their Rao-Blackwellization; the baseline of the other draws: Mnih, Rezende 2016, arXiv:1602.06725.
struct ScoreFunction {
    baseline: bool,
}

impl Estimator for ScoreFunction {
    fn estimates(&self, _: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        let points: Vec<Point> = draws.iter().map(|draw| draw.x).collect();
        let potential = oracle.potential(&points);
        let costs = draws.iter().zip(potential).map(|(draw, u)| (draw, draw.log_density + u));
        let costs: Vec<(&Draw, f64)> = costs.filter(|(_, cost)| cost.is_finite()).collect();
        let (sum, others) = (costs.iter().map(|(_, cost)| cost).sum::<f64>(), costs.len().saturating_sub(1));
        let weighted = |(draw, cost): &(&Draw, f64)| {
            let baseline = if self.baseline && others > 0 { (sum - cost) / others as f64 } else { 0.0 };
            draw.parameter_score().map(|score| (cost - baseline) * score)
        };
        costs.iter().map(weighted).collect()
    }
}

#[cfg(test)]
pub(super) fn estimator(baseline: bool) -> Box<dyn Estimator> {
    Box::new(ScoreFunction { baseline })
}
