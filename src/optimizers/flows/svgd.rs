//! Stein variational gradient descent.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting};
use crate::measures::{Pair, Point, Source, squared_distance};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "svgd",
    title: "SVGD",
    family: Family::Flow,
    paper: Paper {
        authors: "Liu, Wang",
        title: "Stein variational gradient descent: a general purpose Bayesian inference algorithm",
        year: 2016,
        reference: "arXiv:1608.04471",
    },
    summary: "every particle follows the others' scores, weighted by a kernel, and is pushed away from them",
    knobs: &[
        Knob::lr(0.1),
        Knob {
            id: "bandwidth",
            symbol: "h",
            default: 0.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "kernel exp(−r²/h); 0: the squared median distance over ln n, in every step",
        },
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: "",
        seen: None,
        build: |knobs, setting| Box::new(Svgd::new(knobs, setting)),
    }),
};

/// Stein variational gradient descent:
/// ```text
/// phi(x) = (1/n) sum_j  k(x_j, x) s(x_j) + grad_{x_j} k(x_j, x)       k(x, y) = exp(-|x - y|^2 / h)
/// x_i <- x_i + lr phi(x_i)
/// ```
/// `s = -grad U`: the score of the law that is sought. `h`: a squared length; 0 takes med^2 / ln n with the median of the
/// distances of all pairs, as the paper does (ln of at least two). With one particle it is gradient ascent on the density.
/// Where all particles lie on one point the median is zero, and a hundredth of the window's diagonal takes its place.
///
/// Liu, Wang 2016, algorithm 1, equation 8, with a constant step size in place of AdaGrad's.
struct Svgd {
    lr: f64,
    bandwidth: f64,
    fallback: f64,
}

impl Svgd {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let fallback = (setting.diagonal() / 100.0).powi(2);
        Self { lr: knobs.get("lr"), bandwidth: knobs.get("bandwidth"), fallback }
    }
}

impl Flow for Svgd {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let n = cloud.len();
            let mut h = self.bandwidth;
            if h == 0.0 {
                h = median_squared_distance(cloud) / libm::log(n.max(2) as f64);
                if h <= 0.0 {
                    h = self.fallback;
                    if n > 1 {
                        oracle.report(Notice::Bandwidth);
                    }
                }
            }
            let gradient = oracle.potential_gradient(cloud);
            let source = |(at, g): (&Point, &Point)| Source { at: *at, extras: [-g[0], -g[1]] };
            let sources: Vec<Source> = cloud.iter().zip(&gradient).map(source).collect();
            let sums = oracle.pairs(&Pair::Stein, 1.0 / h, cloud, &sources).await;
            for (x, [dx, dy, _]) in cloud.iter_mut().zip(sums) {
                *x = [x[0] + self.lr * dx / n as f64, x[1] + self.lr * dy / n as f64];
            }
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }
}

/// Pairs among which a median is looked for, at most: of more, every so manieth particle counts.
const MOST_IN_MEDIAN: usize = 512;

/// The median of the squared distances of all pairs of different particles (of a regular part of them where there are
/// many). Zero for fewer than two.
pub fn median_squared_distance(cloud: &[Point]) -> f64 {
    let every = cloud.len().div_ceil(MOST_IN_MEDIAN).max(1);
    let part: Vec<Point> = cloud.iter().step_by(every).copied().collect();
    // Numbers that are not negative are in the order of their bits, which are compared faster.
    let pairs = |i: usize| part[..i].iter().map(move |other| (i, other));
    let square = |(i, other): (usize, &Point)| squared_distance(part[i], *other).to_bits();
    let mut squares: Vec<u64> = Vec::with_capacity(part.len() * part.len() / 2);
    (0..part.len()).for_each(|i| squares.extend(pairs(i).map(square)));
    if squares.is_empty() {
        return 0.0;
    }
    let middle = squares.len() / 2;
    f64::from_bits(*squares.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;

    fn bowl([x, y]: Point) -> (f64, Point) {
        (0.5 * (x * x + 4.0 * y * y), [x, 4.0 * y])
    }

    fn built(knobs: &[(&str, f64)], start: &[Point]) -> Svgd {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Svgd::new(&values, &setting(start))
    }

    #[test]
    fn one_particle_descends_the_potential() {
        let mut cloud = vec![[2.0, 1.0]];
        walk(&mut built(&[("lr", 0.1)], &cloud), &mut cloud, &mut Simple::new(bowl), 1);
        assert_eq!(cloud, [[2.0 - 0.2, 1.0 - 0.4]]);
    }

    #[test]
    fn two_particles_step_as_the_formula_says() {
        // h = 2: k = exp(-1/2) at distance one.
        let mut cloud = vec![[0.0, 0.0], [1.0, 0.0]];
        walk(&mut built(&[("lr", 1.0), ("bandwidth", 2.0)], &cloud), &mut cloud, &mut Simple::new(bowl), 1);
        let k = (-0.5_f64).exp();
        // First: (own score 0 + k * (-1) + repulsion -(2/h) k) / 2; second: (-1 + k * 0 + (2/h) k) / 2.
        assert!((cloud[0][0] - (-k - k) / 2.0).abs() < 1e-15, "{cloud:?}");
        assert!((cloud[1][0] - (1.0 + (-1.0 + k) / 2.0)).abs() < 1e-15, "{cloud:?}");
    }

    #[test]
    fn particles_on_one_point_are_reported_and_stay_finite() {
        let mut cloud = vec![[1.0, 1.0]; 5];
        let mut oracle = Simple::new(bowl);
        walk(&mut built(&[], &cloud), &mut cloud, &mut oracle, 3);
        assert_eq!(oracle.notices.first(), Some(&Notice::Bandwidth));
        assert!(cloud.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn the_cloud_takes_the_shape_of_the_law() {
        let mut cloud = normal_cloud(200, [2.0, 2.0], 0.5);
        walk(&mut built(&[("lr", 0.2)], &cloud), &mut cloud, &mut Simple::new(bowl), 400);
        let law = crate::measures::Gaussian::of_points(&cloud);
        assert!(law.mean.norm() < 0.05, "{law:?}");
        // Variances 1 and 1/4; a finite cloud of SVGD is a little narrower than the law.
        assert!((law.covariance.m11 - 1.0).abs() < 0.2 && (law.covariance.m22 - 0.25).abs() < 0.06, "{law:?}");
    }
}
