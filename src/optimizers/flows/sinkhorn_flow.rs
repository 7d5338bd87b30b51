//! The flow of the Sinkhorn divergence.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting};
use crate::measures::Point;
use crate::measures::transport::divergence::{Divergence, Potentials, divergence};
use crate::measures::transport::sinkhorn::Stop;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "sinkhorn_flow",
    title: "Sinkhorn divergence flow",
    family: Family::Flow,
    paper: Paper {
        authors: "Feydy, Séjourné, Vialard, Amari, Trouvé, Peyré",
        title: "Interpolating between optimal transport and MMD using Sinkhorn divergences",
        year: 2019,
        reference: "arXiv:1810.08278",
    },
    summary: "every particle follows where smoothed transport sends it, less where the cloud would send itself",
    knobs: &[Knob::lr(0.1), EPS],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Samples,
        gauge: "",
        seen: None,
        build: |knobs, setting| Box::new(SinkhornFlow::new(knobs, setting)),
    }),
};

/// The strength of the entropy.
pub const EPS: Knob = Knob {
    id: "eps",
    symbol: "ε",
    default: 0.1,
    range: (1e-4, 1e4),
    scale: Scale::Log { from: 1e-4 },
    meaning: "how much the plan is smoothed, a squared length: it blurs over about √ε",
};

/// When the inner iterations end: marginals off by a thousandth of the mass, or as many iterations.
const STOP: Stop = Stop { tolerance: 1e-3, most: 200 };

/// Gradient descent on the Sinkhorn divergence S to the samples y:
/// ```text
/// x_i <- x_i - lr n dS/dx_i = x_i + 2 lr (T_xy(x_i) - T_xx(x_i))
/// ```
/// `T_xy(x_i)`: the mean of the samples, weighted by what the entropic plan sends there from x_i; `T_xx`: likewise by
/// the plan of the cloud with itself. `eps`: a squared length. For eps -> 0 each particle goes along its line to its
/// partner, and lr = 1/2 is all of the way; for eps large the cloud moves as one, toward the mean of the samples. The
/// plans are computed by Sinkhorn's iteration, from the potentials of the step before, to marginals that are off by
/// 1e-3 at most; where 200 iterations do not suffice that is reported as inexact, and the step is taken nevertheless.
/// Particles that are no numbers, or no samples, stop everything.
///
/// Feydy et al. 2019, section 4 ("Gradient flows"). The energy is S, to the same exactness.
struct SinkhornFlow {
    lr: f64,
    eps: f64,
    samples: Arc<[Point]>,
    /// f of the last step's problems.
    potentials: Option<Potentials>,
}

impl SinkhornFlow {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let samples = setting.samples.clone().unwrap_or_default();
        Self { lr: knobs.get("lr"), eps: knobs.get("eps"), samples, potentials: None }
    }

    fn divergence(&self, cloud: &[Point]) -> Option<Divergence> {
        divergence(cloud, &self.samples, self.eps, self.potentials.as_ref(), STOP)
    }
}

impl Flow for SinkhornFlow {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(found) = self.divergence(cloud) else { return };
            if found.outcomes.iter().any(|outcome| !outcome.converged) {
                oracle.report(Notice::Inexact);
            }
            let size = self.lr * cloud.len() as f64;
            for (x, [gx, gy]) in cloud.iter_mut().zip(found.gradient) {
                *x = [x[0] - size * gx, x[1] - size * gy];
            }
            self.potentials = Some(found.potentials);
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, cloud: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        self.divergence(cloud).map(|found| found.value)
    }

    fn memory(&self) -> usize {
        let count = |p: &Potentials| p.across.len() + p.first.len() + p.second.len();
        self.potentials.as_ref().map_or(0, count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::measures::transport::assignment::w2_of_clouds;

    fn built(knobs: &[(&str, f64)], start: &[Point], samples: &[Point]) -> SinkhornFlow {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        SinkhornFlow::new(&values, &Setting { samples: Some(samples.into()), ..setting(start) })
    }

    fn nothing() -> Simple {
        Simple::new(|_| (0.0, [0.0; 2]))
    }

    #[test]
    fn a_point_goes_to_a_point() {
        let mut cloud = vec![[2.0, 0.0]];
        let mut flow = built(&[("lr", 0.25)], &cloud, &[[0.0, 1.0]]);
        walk(&mut flow, &mut cloud, &mut nothing(), 1);
        assert!((cloud[0][0] - 1.0).abs() < 1e-15 && (cloud[0][1] - 0.5).abs() < 1e-15);
        assert_eq!(flow.memory(), 3);
    }

    #[test]
    fn the_divergence_falls_and_the_cloud_arrives() {
        let (mut cloud, samples) = (normal_cloud(60, [2.0, 2.0], 0.3), normal_cloud(60, [-1.0, 0.0], 1.0));
        let mut flow = built(&[("eps", 0.05), ("lr", 0.25)], &cloud, &samples);
        let start = w2_of_clouds(&cloud, &samples).expect("equally many").0;
        let (mut before, mut oracle) = (f64::INFINITY, nothing());
        for _ in 0..60 {
            let now = flow.energy(&cloud, &mut oracle).expect("clouds");
            assert!(now < before + 1e-3, "{now} {before}");
            before = now;
            walk(&mut flow, &mut cloud, &mut oracle, 1);
        }
        let end = w2_of_clouds(&cloud, &samples).expect("equally many").0;
        // The divergence hardly feels structure below sqrt(eps) = 0.2.
        assert!(before < 0.01 && end < 0.1 * start, "{before}: from {start} to {end}");
    }

    #[test]
    fn much_entropy_moves_the_cloud_as_one() {
        let (mut cloud, samples) = (normal_cloud(20, [2.0, 2.0], 0.3), normal_cloud(30, [0.0, 0.0], 1.0));
        let (start, mut flow) = (cloud.clone(), built(&[("eps", 1e4), ("lr", 0.5)], &cloud, &samples));
        walk(&mut flow, &mut cloud, &mut nothing(), 1);
        let [from, to] = [crate::measures::mean(&start), crate::measures::mean(&samples)];
        for (x, s) in cloud.iter().zip(&start) {
            assert!((0..2).all(|k| (x[k] - s[k] - (to[k] - from[k])).abs() < 1e-2), "{x:?} {s:?}");
        }
    }

    #[test]
    fn an_inner_iteration_at_its_limit_is_reported() {
        let (mut cloud, samples) = (normal_cloud(30, [2.0, 2.0], 0.3), normal_cloud(30, [0.0, 0.0], 1.0));
        let mut oracle = nothing();
        walk(&mut built(&[("eps", 1e-4)], &cloud, &samples), &mut cloud, &mut oracle, 1);
        assert_eq!(oracle.notices, [Notice::Inexact]);
        assert!(cloud.iter().flatten().all(|x| x.is_finite()));
        let mut broken = vec![[f64::NAN, 0.0]];
        walk(&mut built(&[], &broken, &samples), &mut broken, &mut oracle, 1);
        assert!(broken[0][0].is_nan());
    }
}
