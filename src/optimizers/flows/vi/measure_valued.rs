//! Measure-valued derivatives: a derivative of a law as the difference of two laws.

use super::super::{FlowBuild, Needs, ParticleOracle};
use super::guide::{Draw, Guide, Slopes};
use super::{ADAM, DRAWS, Estimator, GAUGE, Variational};
use crate::measures::Point;
use crate::optimizers::{Entry, Family, Knob, Paper, Scalars};
use std::f64::consts::TAU;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "measure_valued",
    title: "Measure-valued VI",
    family: Family::Flow,
    paper: Paper {
        authors: "Mohamed, Rosca, Figurnov, Mnih",
        title: "Monte Carlo gradient estimation in machine learning",
        year: 2019,
        reference: "arXiv:1906.10652",
    },
    summary: "moves a normal law with independent coordinates by values of the potential at coupled pairs of points",
    knobs: &[Knob::lr(0.02), DRAWS, ADAM],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Values,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| Box::new(Variational::new(knobs, setting, Guide::MeanField, MeasureValued)),
    }),
};

/// The measure-valued gradient of E[log q_theta(x) + U(x)] for a normal law with independent coordinates, means m1, m2
/// and standard deviations e^a1, e^a2; in each coordinate k, the other one being the draw's own,
/// ```text
/// g for m_k = (U(m_k + e^a_k v) - U(m_k - e^a_k v)) / (e^a_k sqrt(2 pi))    v Rayleigh: density v exp(-v^2 / 2)
/// g for a_k = U(m_k + e^a_k w) - U(m_k + e^a_k u w) - 1                     w two-sided Maxwell: ~ w^2 exp(-w^2 / 2)
/// ```
/// `u`: uniform on (0, 1), so that u w is standard normal: the two points of a pair come from one draw. The -1 is the
/// derivative of the entropy, which is known. Eight values a draw, and no gradient: an estimate of each parameter is a
/// difference along its own coordinate. Where one of the eight values is no number the draw is left out.
///
/// Mohamed, Rosca, Figurnov, Mnih 2019, section 6 with table 1; the coupling of Maxwell and normal draws is theirs too.
/// The idea: Pflug 1989, "Sampling derivatives of probabilities".
struct MeasureValued;

/// The first slot of draws of this estimator's own; the guide has those before.
const OWN: u32 = 1;

impl Estimator for MeasureValued {
    fn estimates(&self, theta: &[f64], draws: &[Draw], oracle: &mut dyn ParticleOracle) -> Vec<Slopes> {
        let mut estimates = vec![Slopes::default(); draws.len()];
        let uniform = oracle.uniform(OWN, draws.len());
        for k in 0..2 {
            let (mean, deviation) = (theta[k], libm::exp(theta[2 + k]));
            let mut normal = |slot: u32| oracle.normal(OWN + 3 * k as u32 + slot, draws.len());
            // Lengths of normal vectors: of two coordinates a Rayleigh draw, of three a Maxwell draw, the fourth is its
            // sign.
            let (rayleigh, maxwell, last) = (normal(1), normal(2), normal(3));
            let points = |j: usize| {
                let [a, b] = maxwell[j];
                let [c, sign] = last[j];
                let v = libm::hypot(rayleigh[j][0], rayleigh[j][1]);
                let w = (a * a + b * b + c * c).sqrt().copysign(sign);
                [v, -v, w, uniform[j][k] * w].map(|along| {
                    let mut x = draws[j].x;
                    x[k] = mean + deviation * along;
                    x
                })
            };
            let asked: Vec<Point> = (0..draws.len()).flat_map(points).collect();
            let values = oracle.potential(&asked);
            for (estimate, values) in estimates.iter_mut().zip(values.chunks_exact(4)) {
                estimate[k] = (values[0] - values[1]) / (deviation * TAU.sqrt());
                estimate[2 + k] = values[2] - values[3] - 1.0;
            }
        }
        estimates
    }
}

#[cfg(test)]
pub(super) fn estimator() -> Box<dyn Estimator> {
    Box::new(MeasureValued)
}
