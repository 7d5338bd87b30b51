//! Sinkhorn's iteration, seen as the motion of where the plan sends each point.

use super::sinkhorn_flow::EPS;
use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting};
use crate::measures::Point;
use crate::measures::transport::sinkhorn::Sinkhorn;
use crate::measures::transport::{barycentric_projection, squared_distances, uniform};
use crate::optimizers::{Entry, Family, Knobs, Paper, Scalars};
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "sinkhorn",
    title: "Sinkhorn",
    family: Family::Flow,
    paper: Paper {
        authors: "Cuturi",
        title: "Sinkhorn distances: lightspeed computation of optimal transport",
        year: 2013,
        reference: "arXiv:1306.0895",
    },
    summary: "scales columns and rows of a smoothed plan in turn; a particle is where the plan sends it",
    knobs: &[EPS],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Samples,
        gauge: "marginal violation",
        seen: None,
        build: |knobs, setting| Box::new(SinkhornPlan::new(knobs, setting)),
    }),
};

/// Sinkhorn's iteration between the cloud's start x and the samples y, whose points all have the same mass, for C_ij =
/// |x_i - y_j|^2:
/// ```text
/// g_j <- -eps log (1/n) sum_i exp((f_i - C_ij) / eps)
/// f_i <- -eps log (1/m) sum_j exp((g_j - C_ij) / eps)          P_ij = exp((f_i + g_j - C_ij) / eps) / (n m)
/// z_i <- sum_j P_ij y_j / sum_j P_ij                           what the cloud shows
/// ```
/// One step is one iteration, from f = 0. `eps`: a squared length, that of |x - y|^2 at which a plan hesitates. After a
/// step the rows are exact; the gauge is the sum of the absolute gaps of the columns. The energy is <C, P>, which is
/// not what the iteration lowers: it climbs from below, as the columns come to their marginal, and ends above the cost
/// of exact transport. Without start or samples, or with places that are no numbers, nothing moves.
///
/// Cuturi 2013, algorithm 1, in the logarithm, with the columns first as in POT.
struct SinkhornPlan {
    samples: Arc<[Point]>,
    problem: Option<Sinkhorn>,
    /// After the last step.
    violation: Option<f64>,
}

impl SinkhornPlan {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let samples = setting.samples.clone().unwrap_or_default();
        let (x, y) = (&*setting.start, &*samples);
        let problem = Sinkhorn::new(squared_distances(x, y), &uniform(x.len()), &uniform(y.len()), knobs.get("eps"));
        Self { problem, samples, violation: None }
    }
}

impl Flow for SinkhornPlan {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, _: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(problem) = &mut self.problem else { return };
            problem.iterate();
            self.violation = Some(problem.violation());
            for (z, goal) in cloud.iter_mut().zip(barycentric_projection(&problem.plan(), &self.samples)) {
                *z = goal.unwrap_or(*z);
            }
        })
    }

    fn time_step(&self) -> f64 {
        1.0
    }

    fn energy(&self, _: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        self.violation?;
        self.problem.as_ref().map(Sinkhorn::transport_cost)
    }

    fn gauge(&self) -> Option<f64> {
        self.violation
    }

    fn memory(&self) -> usize {
        self.problem.as_ref().map_or(0, |problem| problem.f.len() + problem.g.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::measures::transport::assignment::w2_of_clouds;

    fn built(eps: f64, start: &[Point], samples: &[Point]) -> SinkhornPlan {
        let mut values = ENTRY.defaults();
        assert!(values.set("eps", eps));
        SinkhornPlan::new(&values, &Setting { samples: Some(samples.into()), ..setting(start) })
    }

    fn nothing() -> Simple {
        Simple::new(|_| (0.0, [0.0; 2]))
    }

    #[test]
    fn one_step_by_hand() {
        // Costs 0, 1, 1, 0: by symmetry g = 0 after subtracting a constant, and rows are (1, k) / (1 + k).
        let start = [[0.0, 0.0], [1.0, 0.0]];
        let mut flow = built(0.5, &start, &start);
        let mut cloud = start.to_vec();
        assert_eq!(flow.gauge(), None);
        walk(&mut flow, &mut cloud, &mut nothing(), 1);
        let k = (-2.0_f64).exp();
        assert!((cloud[0][0] - k / (1.0 + k)).abs() < 1e-15 && (cloud[1][0] - 1.0 / (1.0 + k)).abs() < 1e-15);
        assert!((flow.energy(&cloud, &mut nothing()).expect("a plan") - k / (1.0 + k)).abs() < 1e-15);
        assert!(flow.gauge().expect("a step") < 1e-15);
    }

    #[test]
    fn the_violation_falls_and_the_cost_comes_to_that_of_exact_transport() {
        let (start, samples) = (normal_cloud(20, [1.0, 1.0], 0.5), normal_cloud(20, [-1.0, 0.0], 1.0));
        let (mut cloud, mut flow) = (start.clone(), built(0.02, &start, &samples));
        let mut seen = Vec::new();
        for _ in 0..40 {
            walk(&mut flow, &mut cloud, &mut nothing(), 20);
            seen.push(flow.gauge().expect("a step"));
        }
        // It never grows (Franklin, Lorenz 1989, in Hilbert's metric; the sum of absolute gaps too).
        assert!(seen.is_sorted_by(|p, q| *p >= *q - 1e-14) && seen[39] < 0.01, "{seen:?}");
        let exact = w2_of_clouds(&start, &samples).expect("equally many").0.powi(2);
        let cost = flow.energy(&cloud, &mut nothing()).expect("a plan");
        // At most eps times the entropy above, and below only by the violation.
        assert!((cost - exact).abs() < 0.02 * 20.0_f64.ln() + 0.05, "{cost} {exact}");
    }

    #[test]
    fn without_samples_nothing_moves() {
        let mut cloud = vec![[1.0, 2.0]];
        let mut flow = built(0.1, &cloud, &[]);
        walk(&mut flow, &mut cloud, &mut nothing(), 2);
        assert_eq!((cloud, flow.gauge(), flow.memory()), (vec![[1.0, 2.0]], None, 0));
    }
}
