//! Consensus hopping: a point that jumps to the consensus of samples around it.

use super::cbo::{ALPHA, ask_consensus};
use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, settle};
use crate::measures::{Point, mean};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "consensus_hopping",
    title: "Consensus hopping",
    family: Family::Flow,
    paper: Paper {
        authors: "Riedl, Klock, Geldhauser, Fornasier",
        title: "Gradient is all you need?",
        year: 2023,
        reference: "arXiv:2306.09778",
    },
    summary: "samples around a point, then jumps to their average that favours low values: gradient descent in disguise",
    knobs: &[
        ALPHA,
        Knob {
            id: "sigma",
            symbol: "σ",
            default: 0.3,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "standard deviation of the samples around the point",
        },
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Values,
        gauge: "",
        seen: None,
        build: |knobs, _| Box::new(Hopping::new(knobs)),
    }),
};

/// Consensus hopping:
/// ```text
/// x_i = c + sigma z_i                                                  z_i standard normal
/// c <- sum_i x_i exp(-alpha f(x_i)) / sum_i exp(-alpha f(x_i))
/// ```
/// The cloud is the samples; `c`, the landmark, starts at the mean of the cloud and is the method's only memory. `sigma`: a
/// length. With very many samples c is the mean of the law that is proportional to exp(-alpha (f(x) + |x - c|^2 / (2 tau)))
/// with tau = alpha sigma^2: for large alpha the proximal step of length tau, for small sigma c - tau grad f(c). So this
/// product is the time of a step. Steps reach no farther than the samples do, a few sigma. With `alpha = 0`, and with one
/// particle, c makes a random walk. Samples where f is no number count for nothing, and where all are such, c stays.
///
/// Riedl, Klock, Geldhauser, Fornasier 2023, the scheme they call CH, with the number of particles as the number of
/// samples. Departs from it by starting at the mean of a cloud, since the method is given no point.
struct Hopping {
    alpha: f64,
    sigma: f64,
    c: Option<Point>,
}

impl Hopping {
    fn new(knobs: &Knobs<f64>) -> Self {
        Self { alpha: knobs.get("alpha"), sigma: knobs.get("sigma"), c: None }
    }
}

impl Flow for Hopping {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let c = self.c.unwrap_or_else(|| mean(cloud));
            let noise = oracle.normal(0, cloud.len());
            let places: Vec<Point> = noise.iter().map(|z| [0, 1].map(|k| c[k] + self.sigma * z[k])).collect();
            settle(cloud, places, oracle);
            self.c = Some(ask_consensus(cloud, self.alpha, oracle).unwrap_or(c));
        })
    }

    fn time_step(&self) -> f64 {
        self.alpha * self.sigma * self.sigma
    }

    fn landmark(&self) -> Option<Point> {
        self.c
    }

    fn memory(&self) -> usize {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, walk};
    use super::super::{Notice, testing};
    use super::*;

    fn built(knobs: &[(&str, f64)]) -> Hopping {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Hopping::new(&values)
    }

    #[test]
    fn one_particle_makes_a_random_walk() {
        let mut oracle = Simple::new(|x| (x[0], [1.0, 0.0]));
        let mut cloud = vec![[2.0, 1.0]];
        let mut flow = built(&[("sigma", 0.5)]);
        let mut here = [2.0, 1.0];
        for step in 1..4 {
            walk(&mut flow, &mut cloud, &mut oracle, 1);
            assert_eq!(oracle.step, step);
            let z = oracle.normal(0, 1)[0];
            here = [here[0] + 0.5 * z[0], here[1] + 0.5 * z[1]];
            assert_eq!((cloud[0], flow.landmark()), (here, Some(here)));
        }
    }

    #[test]
    fn on_a_slope_a_hop_is_a_gradient_step() {
        // For f = g.x the mean of the tilted normal law is c - alpha sigma^2 g exactly.
        let mut cloud = vec![[0.0, 0.0]; 100_000];
        let mut flow = built(&[("alpha", 0.8), ("sigma", 0.5)]);
        walk(&mut flow, &mut cloud, &mut Simple::new(|[x, y]| (x - 2.0 * y, [1.0, -2.0])), 1);
        let [x, y] = flow.landmark().expect("it has one");
        assert_eq!(flow.time_step(), 0.8 * 0.25);
        // Weights have the variance e^{(alpha sigma)^2 5} - 1 = 1.2, so that 100,000 samples count as 45,000: four standard
        // errors are 4 * 0.5 / 212.
        assert!((x + 0.2).abs() < 0.0095 && (y - 0.4).abs() < 0.0095, "{x} {y}");
    }

    #[test]
    fn in_a_bowl_a_hop_is_the_proximal_step() {
        // f = (x^2 + 4 y^2) / 2, tau = alpha sigma^2 = 1: c / (1 + tau) and c / (1 + 4 tau), for every alpha.
        let bowl = |[x, y]: Point| (0.5 * (x * x + 4.0 * y * y), [x, 4.0 * y]);
        let mut cloud = vec![[1.0, 1.0]; 100_000];
        let mut flow = built(&[("alpha", 1.0), ("sigma", 1.0)]);
        walk(&mut flow, &mut cloud, &mut Simple::new(bowl), 1);
        let [x, y] = flow.landmark().expect("it has one");
        // More than a third of the samples count, and deviations are below 0.8: four standard errors are 0.02.
        assert!((x - 0.5).abs() < 0.02 && (y - 0.2).abs() < 0.02, "{x} {y}");
    }

    #[test]
    fn samples_without_a_value_count_for_nothing() {
        let mut oracle = Simple::new(|x| (if x[0] < 0.0 { f64::INFINITY } else { x[0] }, [1.0, 0.0]));
        let mut cloud = normal_cloud(50, [0.0, 0.0], 0.1);
        let mut flow = built(&[]);
        walk(&mut flow, &mut cloud, &mut oracle, 5);
        assert!(flow.landmark().expect("it has one")[0] > 0.0);
        assert_eq!(oracle.notices[0], Notice::NotCounted);
        let mut lost = vec![[-9.0, 0.0]; 3];
        let mut flow = built(&[]);
        walk(&mut flow, &mut lost, &mut oracle, 1);
        assert_eq!(flow.landmark(), Some([-9.0, 0.0]));
    }

    #[test]
    fn it_crosses_barriers_that_stop_gradient_descent() {
        // A slope with waves: x^2 / 4 + y^2 - cos(3 x) has a minimum near x = 1.86 in which gradient descent from 2.5 ends.
        let waves = |[x, y]: Point| {
            let value = x * x / 4.0 + y * y + 1.0 - libm::cos(3.0 * x);
            (value, [x / 2.0 + 3.0 * libm::sin(3.0 * x), 2.0 * y])
        };
        let mut x = [2.5, 0.0];
        for _ in 0..2000 {
            x[0] -= 0.01 * waves(x).1[0];
        }
        assert!(x[0] > 1.5, "{x:?}");
        let mut hits = 0;
        for seed in 0..20 {
            let mut cloud = testing::normal_cloud(100, [2.5, 0.0], 1e-3);
            let mut oracle = Simple { seed, ..Simple::new(waves) };
            let mut flow = built(&[("alpha", 10.0), ("sigma", 0.6)]);
            walk(&mut flow, &mut cloud, &mut oracle, 100);
            hits += usize::from(flow.landmark().expect("it has one")[0].abs() < 0.5);
        }
        assert_eq!(hits, 20);
    }
}
