//! The blob method: diffusion without noise.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting, settle};
use crate::measures::{Gaussian, Kernel, Pair, PairSums, Point, Source, sum_pairs};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "blob",
    title: "Blob method",
    family: Family::Flow,
    paper: Paper {
        authors: "Carrillo, Craig, Patacchini",
        title: "A blob method for diffusion",
        year: 2019,
        reference: "arXiv:1709.09195",
    },
    summary: "every particle is a small blob of mass, goes down the potential and flees from where the blobs are dense",
    knobs: &[
        Knob::lr(0.05),
        Knob {
            id: "temperature",
            symbol: "T",
            default: 1.0,
            range: (0.0, 1e6),
            scale: Scale::Log { from: 1e-3 },
            meaning: "what the entropy is multiplied by: the law becomes exp(−U/T); 0 is gradient descent",
        },
        Knob {
            id: "bandwidth",
            symbol: "ε",
            default: 0.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "standard deviation of a blob; 0: Silverman's rule for the cloud at its start",
        },
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Energy,
        gauge: "",
        seen: None,
        build: |knobs, setting| Box::new(Blob::new(knobs, setting)),
    }),
};

/// The pair whose sums the method asks for.
const GAUSSIAN: Pair = Pair::Radial(Kernel::Gaussian);

/// The blob method for the free energy F + temperature int log rho drho, where F is the energy of the problem: the mean of a
/// potential U, what particles do to each other by W, or both:
/// ```text
/// rho_i = (1/n) sum_j phi(x_i - x_j)          phi: normal density of deviation bandwidth
/// v_i = -grad U(x_i) - (1/n) sum_j grad W(x_i - x_j) - (temperature/n) sum_j grad phi(x_i - x_j) (1/rho_i + 1/rho_j)
/// x_i <- x_i + lr v_i
/// ```
/// It is gradient descent, n times the gradient by each particle, on F + (temperature/n) sum_i log rho_i, in which the density
/// has been smoothed inside the logarithm: deterministic, unlike Langevin's method, and the energy falls in every step
/// that is short against bandwidth^2 / temperature. Without W and at temperature 1 the free energy is the Kullback-Leibler
/// divergence from exp(-U). `bandwidth`: a length; 0 takes d n^(-1/6) with d
/// the deviation of the cloud at its start (the root of the mean of its two variances), Silverman's rule in the plane, and
/// keeps it, so that the energy is one function. Where all particles start on one point, a hundredth of the window's
/// diagonal takes its place. A particle counts in its own density, so rho is never zero; one particle alone descends
/// U. Particles on one point stay together: their mutual forces are zero.
///
/// Carrillo, Craig, Patacchini 2019, the flow of the regularised entropy (m = 1) with drift and interaction; Silverman 1986, equation
/// 4.14. Departs from it by the explicit Euler step, where they solve the differential equation to high accuracy.
struct Blob {
    lr: f64,
    temperature: f64,
    /// 1 / (2 bandwidth^2): the parameter of the kernel.
    sharpness: f64,
    /// All particles started on one point, and that has not been said yet.
    fell_back: bool,
}

impl Blob {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let mut bandwidth = knobs.get("bandwidth");
        let mut fell_back = false;
        if bandwidth == 0.0 {
            bandwidth = silverman(&setting.start);
            if bandwidth <= 0.0 {
                bandwidth = setting.diagonal() / 100.0;
                fell_back = setting.start.len() > 1;
            }
        }
        Self {
            lr: knobs.get("lr"),
            temperature: knobs.get("temperature"),
            sharpness: 0.5 / (bandwidth * bandwidth),
            fell_back,
        }
    }
}

impl Flow for Blob {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if std::mem::take(&mut self.fell_back) {
                oracle.report(Notice::Bandwidth);
            }
            let gradient = oracle.energy_gradient(cloud).await;
            // With the kernel K = exp(-sharpness r^2) and S_i = sum_j K(x_i - x_j) every normalisation cancels:
            // v_i = -grad F - temperature sum_j grad K(x_i - x_j) (1/S_i + 1/S_j).
            let ones: Vec<Source> = cloud.iter().map(|x| Source::weighted(*x, 1.0)).collect();
            let own = oracle.pairs(&GAUSSIAN, self.sharpness, cloud, &ones).await;
            let inverse = |(x, [_, _, sum]): (&Point, &PairSums)| Source::weighted(*x, 1.0 / sum);
            let shares: Vec<Source> = cloud.iter().zip(&own).map(inverse).collect();
            let others = oracle.pairs(&GAUSSIAN, self.sharpness, cloud, &shares).await;
            let places: Vec<Point> = (0..cloud.len())
                .map(|i| {
                    let slope = |k: usize| gradient[i][k] + self.temperature * (own[i][k] / own[i][2] + others[i][k]);
                    [cloud[i][0] - self.lr * slope(0), cloud[i][1] - self.lr * slope(1)]
                })
                .collect();
            settle(cloud, places, oracle);
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, cloud: &[Point], oracle: &mut dyn ParticleOracle) -> Option<f64> {
        let n = cloud.len().max(1) as f64;
        let ones: Vec<Source> = cloud.iter().map(|x| Source::weighted(*x, 1.0)).collect();
        // rho = S sharpness / (pi n).
        let factor = self.sharpness / (std::f64::consts::PI * n);
        let logs = sum_pairs(&GAUSSIAN, self.sharpness, cloud, &ones);
        let entropy: f64 = logs.iter().map(|[_, _, sum]| libm::log(sum * factor)).sum();
        Some(oracle.mean_energy(cloud) + self.temperature * entropy / n)
    }
}

/// Silverman's bandwidth of a cloud in the plane: the deviation times n^(-1/6). Zero for particles on one point.
fn silverman(cloud: &[Point]) -> f64 {
    let variance = Gaussian::of_points(cloud).covariance.trace() / 2.0;
    variance.sqrt() * libm::pow(cloud.len().max(1) as f64, -1.0 / 6.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::scalar::uniform_pair;

    fn bowl([x, y]: Point) -> (f64, Point) {
        (0.5 * (x * x + 4.0 * y * y), [x, 4.0 * y])
    }

    fn built(knobs: &[(&str, f64)], start: &[Point]) -> Blob {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Blob::new(&values, &setting(start))
    }

    #[test]
    fn one_particle_descends_the_potential() {
        let mut cloud = vec![[2.0, 1.0]];
        walk(&mut built(&[("lr", 0.125)], &cloud), &mut cloud, &mut Simple::new(bowl), 1);
        assert_eq!(cloud, [[2.0 - 0.25, 1.0 - 0.5]]);
    }

    #[test]
    fn two_particles_step_as_the_formula_says() {
        // Bandwidth 1 at distance one: phi(1) / phi(0) = e^(-1/2) = k, and grad phi = -(x - y) phi. Both densities are
        // (1 + k) phi(0) / 2, so each is pushed away from the other by 2 k / (1 + k).
        let mut cloud = vec![[0.0, 0.0], [1.0, 0.0]];
        walk(&mut built(&[("lr", 1.0), ("bandwidth", 1.0)], &cloud), &mut cloud, &mut Simple::new(bowl), 1);
        let k = (-0.5_f64).exp();
        let push = 2.0 * k / (1.0 + k);
        assert!((cloud[0][0] + push).abs() < 1e-15 && (cloud[1][0] - push).abs() < 1e-15, "{cloud:?}");
    }

    #[test]
    fn a_step_is_n_times_the_gradient_of_the_energy() {
        let start = normal_cloud(7, [0.3, -0.2], 1.0);
        let flow = built(&[("bandwidth", 0.7)], &start);
        let mut oracle = Simple::new(bowl);
        let mut cloud = start.clone();
        walk(&mut built(&[("bandwidth", 0.7), ("lr", 1.0)], &start), &mut cloud, &mut oracle, 1);
        let h = 1e-5;
        for i in 0..7 {
            for k in 0..2 {
                let mut at = |shift: f64| {
                    let mut moved = start.clone();
                    moved[i][k] += shift;
                    flow.energy(&moved, &mut oracle).expect("it has one")
                };
                let slope = 7.0 * (at(h) - at(-h)) / (2.0 * h);
                // Rounding of the differences, 1e-15 / 1e-5, and their own error of order h^2.
                assert!((start[i][k] - cloud[i][k] - slope).abs() < 1e-8, "{slope}");
            }
        }
    }

    #[test]
    fn the_energy_falls_in_every_short_step() {
        // Random bowls (x^T A x / 2, eigenvalues below 4) and double wells a (x^2 - 1)^2 + b y^2 / 2, random clouds.
        for trial in 0..40 {
            let [a, b] = uniform_pair(11, trial, 0, 0);
            let [c, deviation] = uniform_pair(11, trial, 0, 1);
            let well = trial % 2 == 1;
            let potential = move |[x, y]: Point| {
                if well {
                    let s = x * x - 1.0;
                    (a * s * s + b * y * y / 2.0, [4.0 * a * s * x, b * y])
                } else {
                    let (xx, yy) = (2.0 * a + 0.1, 2.0 * b + 0.1);
                    let xy = (c - 0.5) * (xx * yy).sqrt();
                    (0.5 * (xx * x * x + yy * y * y) + xy * x * y, [xx * x + xy * y, xy * x + yy * y])
                }
            };
            let mut cloud: Vec<Point> = normal_cloud(30, [c - 0.5, b], 0.2 + 0.5 * deviation);
            let bandwidth = silverman(&cloud);
            // The curvature of the energy is at most about 4 / bandwidth^2 from the blobs and 50 from these potentials
            // where the cloud is (4 a (3 x^2 - 1), |x| < 2.5).
            let lr = 1.0 / (50.0 + 4.0 / (bandwidth * bandwidth));
            let mut flow = built(&[("lr", lr)], &cloud);
            let mut oracle = Simple::new(potential);
            let mut last = flow.energy(&cloud, &mut oracle).expect("it has one");
            for step in 0..200 {
                walk(&mut flow, &mut cloud, &mut oracle, 1);
                let energy = flow.energy(&cloud, &mut oracle).expect("it has one");
                // Rounding of a mean of numbers of order one.
                assert!(energy <= last + 1e-13, "trial {trial}, step {step}: {last} -> {energy}");
                last = energy;
            }
            assert!(oracle.notices.is_empty());
        }
    }

    #[test]
    fn particles_on_one_point_are_reported_once_and_stay_finite() {
        let mut cloud = vec![[1.0, 1.0]; 5];
        let mut oracle = Simple::new(bowl);
        walk(&mut built(&[], &cloud), &mut cloud, &mut oracle, 3);
        assert_eq!(oracle.notices, [Notice::Bandwidth]);
        assert!(cloud.iter().flatten().all(|x| x.is_finite()) && cloud.iter().all(|x| *x == cloud[0]));
    }

    #[test]
    fn a_particle_where_the_potential_is_no_number_stays() {
        let mut cloud = vec![[-1.0, 0.0], [1.0, 0.0]];
        let mut oracle = Simple::new(|[x, _]| if x < 0.0 { (f64::NAN, [f64::NAN; 2]) } else { (x, [1.0, 0.0]) });
        walk(&mut built(&[], &cloud), &mut cloud, &mut oracle, 1);
        assert_eq!((cloud[0], oracle.notices), ([-1.0, 0.0], vec![Notice::LeftDomain]));
        assert!(cloud[1][0].is_finite());
    }

    #[test]
    fn the_cloud_takes_the_shape_of_the_law() {
        let mut cloud = normal_cloud(200, [2.0, 2.0], 0.5);
        walk(&mut built(&[("lr", 0.02), ("bandwidth", 0.2)], &cloud), &mut cloud, &mut Simple::new(bowl), 1500);
        let law = Gaussian::of_points(&cloud);
        assert!(law.mean.norm() < 0.02, "{law:?}");
        // In a normal law of variance v the energy is a v/2 - ln(v + e)/2 - v/(2 (v + e)), e = bandwidth^2, which is least
        // at v = (1 + sqrt(1 + 4 a e)) / (2 a) - e: 0.9985 and 0.2451 for a = 1 and 4. A cloud of 200, each of which counts
        // in its own density, is narrower by a twentieth.
        assert!((law.covariance.m11 - 0.9985).abs() < 0.06 && (law.covariance.m22 - 0.2451).abs() < 0.015, "{law:?}");
    }
}
