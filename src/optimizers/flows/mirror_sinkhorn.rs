//! Mirror Sinkhorn, seen as the motion of where the averaged plan sends each point.

use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting};
use crate::measures::Point;
use crate::measures::transport::mirror_sinkhorn::MirrorSinkhorn;
use crate::measures::transport::{barycentric_projection, squared_distances, transport_cost, uniform};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars};
use nalgebra::DMatrix;
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "mirror_sinkhorn",
    title: "Mirror Sinkhorn",
    family: Family::Flow,
    paper: Paper {
        authors: "Ballu, Berthet",
        title: "Mirror Sinkhorn: fast online optimization on transport polytopes",
        year: 2022,
        reference: "arXiv:2211.10420",
    },
    summary: "mirror descent on plans, one scaling a step; a particle is where the mean plan sends it",
    knobs: &[Knob { meaning: "times the step size of the paper", ..Knob::lr(1.0) }],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Samples,
        gauge: "marginal violation",
        seen: None,
        build: |knobs, setting| Box::new(MirrorFlow::new(knobs, setting)),
    }),
};

/// Mirror Sinkhorn between the cloud's start x and the samples y, whose points all have the same mass, for C_ij =
/// |x_i - y_j|^2:
/// ```text
/// P' = P exp(-eta_t C),  entry by entry                  eta_t = lr sqrt((log n + log m) / t) / max C
/// P <- P' with rows scaled to 1/n (t even) or columns to 1/m (t odd)
/// A <- (t A + P) / (t + 1)                               both begin at 1/(n m); t = 1, 2, ...
/// z_i <- sum_j A_ij y_j / sum_j A_ij                     what the cloud shows
/// ```
/// No entropy is left in the limit: A goes to a plan of least cost, like 1/sqrt(t). The gauge is the violation of A,
/// the sum of the absolute gaps of rows and columns. The energy is <C, R> for A rounded to a plan R (Altschuler, Weed,
/// Rigollet 2017), so that it is never below the cost of exact transport. `lr`: 1 is the paper's. Where all points lie
/// on one, where there are none, or where places are no numbers, nothing moves.
///
/// Ballu, Berthet 2023, algorithm 1, theorem 3.1.
struct MirrorFlow {
    samples: Arc<[Point]>,
    cost: DMatrix<f64>,
    /// lr C.
    gradient: DMatrix<f64>,
    mirror: Option<MirrorSinkhorn>,
}

impl MirrorFlow {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let samples = setting.samples.clone().unwrap_or_default();
        let cost = squared_distances(&setting.start, &samples);
        let bound = cost.iter().copied().fold(0.0, f64::max);
        let mirror = MirrorSinkhorn::new(&uniform(cost.nrows()), &uniform(cost.ncols()), bound);
        Self { mirror, samples, gradient: &cost * knobs.get("lr"), cost }
    }
}

impl Flow for MirrorFlow {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, _: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(mirror) = &mut self.mirror else { return };
            if mirror.step(&self.gradient) {
                for (z, goal) in cloud.iter_mut().zip(barycentric_projection(mirror.average(), &self.samples)) {
                    *z = goal.unwrap_or(*z);
                }
            }
        })
    }

    fn time_step(&self) -> f64 {
        1.0
    }

    fn energy(&self, _: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        self.mirror.as_ref().map(|mirror| transport_cost(&self.cost, &mirror.rounded()))
    }

    fn gauge(&self) -> Option<f64> {
        self.mirror.as_ref().map(|mirror| mirror.violation())
    }

    fn memory(&self) -> usize {
        // The plan, its average, the count.
        self.mirror.as_ref().map_or(0, |_| 2 * self.cost.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::measures::transport::assignment::w2_of_clouds;

    fn built(lr: f64, start: &[Point], samples: &[Point]) -> MirrorFlow {
        let mut values = ENTRY.defaults();
        assert!(values.set("lr", lr));
        MirrorFlow::new(&values, &Setting { samples: Some(samples.into()), ..setting(start) })
    }

    fn nothing() -> Simple {
        Simple::new(|_| (0.0, [0.0; 2]))
    }

    #[test]
    fn the_first_step_by_hand() {
        // Costs 0, 1, 1, 0: eta = sqrt(2 log 2); the average is half of the product, half of the tilted plan.
        let start = [[0.0, 0.0], [1.0, 0.0]];
        let (mut cloud, mut flow) = (start.to_vec(), built(1.0, &start, &start));
        walk(&mut flow, &mut cloud, &mut nothing(), 1);
        let k = (-(2.0 * 2.0_f64.ln()).sqrt()).exp();
        assert!((cloud[0][0] - (0.5 + k / (1.0 + k)) / 2.0).abs() < 1e-15);
        assert!((flow.energy(&cloud, &mut nothing()).expect("a plan") - cloud[0][0]).abs() < 1e-15);
    }

    #[test]
    fn the_cost_comes_down_to_that_of_exact_transport() {
        let (start, samples) = (normal_cloud(16, [1.0, 1.0], 0.5), normal_cloud(16, [-1.0, 0.0], 1.0));
        let exact = w2_of_clouds(&start, &samples).expect("equally many").0.powi(2);
        let (mut cloud, mut flow) = (start.clone(), built(1.0, &start, &samples));
        let mut gaps = Vec::new();
        for steps in [100, 900, 5400] {
            walk(&mut flow, &mut cloud, &mut nothing(), steps);
            gaps.push(flow.energy(&cloud, &mut nothing()).expect("a plan") - exact);
        }
        // Like 1/sqrt(t) or better: from 100 to 6400 steps an eighth. Never below zero, but for rounding.
        assert!(gaps.is_sorted_by(|p, q| p > q) && gaps[2] < gaps[0] / 6.0 && gaps[2] > -1e-12, "{gaps:?}");
        assert!(flow.gauge().expect("a plan") < 0.05);
    }

    #[test]
    fn where_there_is_nothing_to_do_nothing_moves() {
        for samples in [vec![], vec![[1.0, 2.0]], vec![[f64::NAN, 0.0]]] {
            let mut cloud = vec![[1.0, 2.0]; 2];
            let mut flow = built(1.0, &cloud, &samples);
            walk(&mut flow, &mut cloud, &mut nothing(), 2);
            assert_eq!(cloud, [[1.0, 2.0]; 2]);
        }
    }
}
