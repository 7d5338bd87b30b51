//! The flow of the sliced Wasserstein distance.

use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, Setting};
use crate::measures::Point;
use crate::measures::transport::line::{directions, sliced_pull, sliced_w2_squared};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars};
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "sliced_flow",
    title: "Sliced Wasserstein flow",
    family: Family::Flow,
    paper: Paper {
        authors: "Bonneel, Rabin, Peyré, Pfister",
        title: "Sliced and Radon Wasserstein barycenters of measures",
        year: 2015,
        reference: "10.1007/s10851-014-0506-3",
    },
    summary: "projects both clouds on lines, pairs them there by sorting, and follows the mean of all pulls",
    knobs: &[
        Knob::lr(0.1),
        Knob::whole(
            "directions",
            "L",
            16.0,
            (1.0, 256.0),
            "lines in every step, evenly spread, with a random first angle",
        ),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Samples,
        gauge: "",
        seen: None,
        build: |knobs, setting| Box::new(SlicedFlow::new(knobs, setting)),
    }),
};

/// Lines by which the distance is measured for [`Flow::energy`].
const ENERGY_DIRECTIONS: usize = 64;

/// The flow of the sliced Wasserstein distance to the samples y:
/// ```text
/// theta_k = (cos, sin)((k + r) pi / L),  k = 0 .. L - 1          r uniform on (0, 1), new in every step
/// x_i <- x_i + lr (1/L) sum_k 2 (T_k(x_i) - <theta_k, x_i>) theta_k
/// ```
/// `T_k(x_i)`: the mean of the quantile function of <theta_k, y> over the shares ((r_i - 1)/n, r_i/n] that the
/// particle's rank r_i along the line has; with equally many samples, the sample of that rank. `L`: `directions`. `lr`:
/// a share of the way: since the mean of theta theta^T is half the identity, lr = 1 makes all of the way on average,
/// and carries a cloud onto its own translate (for L >= 2; a single line moves it along itself by twice the gap). The
/// pull is -n times the gradient of SW2^2, so that lr is the time of the flow of SW2^2 with 1/n for the mass of a
/// particle. Particles that lie on one point stay in their order and are torn apart by their ranks.
///
/// Bonneel et al. 2015, equations 12 and 13 (there with all the steps' lines random); as a flow Bonet, Courty, Septier,
/// Drumetz 2022, "Efficient gradient flows in sliced-Wasserstein space". The energy is SW2^2 by 64 fixed lines.
struct SlicedFlow {
    lr: f64,
    directions: usize,
    samples: Arc<[Point]>,
}

impl SlicedFlow {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let samples = setting.samples.clone().unwrap_or_default();
        Self { lr: knobs.get("lr"), directions: knobs.get("directions") as usize, samples }
    }
}

impl Flow for SlicedFlow {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let offset = oracle.uniform(0, 1).first().map_or(0.5, |draw| draw[0]);
            let pull = sliced_pull(cloud, &self.samples, &directions(self.directions, offset));
            for (x, [dx, dy]) in cloud.iter_mut().zip(pull) {
                *x = [x[0] + self.lr * dx, x[1] + self.lr * dy];
            }
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, cloud: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        sliced_w2_squared(cloud, &self.samples, &directions(ENERGY_DIRECTIONS, 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::measures::Gaussian;

    fn built(knobs: &[(&str, f64)], start: &[Point], samples: &[Point]) -> SlicedFlow {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        SlicedFlow::new(&values, &Setting { samples: Some(samples.into()), ..setting(start) })
    }

    fn nothing() -> Simple {
        Simple::new(|_| (0.0, [0.0; 2]))
    }

    #[test]
    fn a_whole_step_carries_a_cloud_onto_its_translate() {
        let mut cloud = normal_cloud(30, [0.0; 2], 1.0);
        let samples: Vec<Point> = cloud.iter().map(|[x, y]| [x - 1.0, y + 2.0]).collect();
        let mut flow = built(&[("lr", 1.0)], &cloud, &samples);
        assert!((flow.energy(&cloud, &mut nothing()).expect("clouds") - 2.5).abs() < 1e-14);
        walk(&mut flow, &mut cloud, &mut nothing(), 1);
        assert!(cloud.iter().flatten().zip(samples.iter().flatten()).all(|(x, y)| (x - y).abs() < 1e-14));
    }

    #[test]
    fn the_distance_falls_and_other_sizes_do_too() {
        let mut cloud = normal_cloud(100, [2.0, 2.0], 0.3);
        let samples: Vec<Point> = normal_cloud(70, [0.0; 2], 1.0).iter().map(|[x, y]| [*x, 0.4 * y]).collect();
        let mut flow = built(&[("lr", 0.2)], &cloud, &samples);
        let mut before = f64::INFINITY;
        for _ in 0..60 {
            let now = flow.energy(&cloud, &mut nothing()).expect("clouds");
            // Near the end the other lines of the next step may raise it a little.
            assert!(now < before || now < 0.01, "{now} {before}");
            before = now;
            walk(&mut flow, &mut cloud, &mut nothing(), 1);
        }
        assert!(before < 0.01, "{before}");
        let (found, wanted) = (Gaussian::of_points(&cloud), Gaussian::of_points(&samples));
        assert!((found.mean - wanted.mean).norm() < 0.02 && (found.covariance - wanted.covariance).norm() < 0.1);
    }

    #[test]
    fn without_samples_nothing_moves() {
        let mut cloud = vec![[1.0, 2.0]; 3];
        let mut flow = built(&[], &cloud, &[]);
        walk(&mut flow, &mut cloud, &mut nothing(), 2);
        assert_eq!(cloud, [[1.0, 2.0]; 3]);
        assert_eq!(flow.energy(&cloud, &mut nothing()), None);
    }
}
