//! What is measured of a cloud: how far it is from the law that is sought.

use crate::measures::transport::assignment::w2_of_clouds;
use crate::measures::{Gaussian, Kernel, Pair, Point, Source, squared_distance, sum_pairs};
use crate::problems::measure::MeasureProblem;
use std::sync::Arc;

/// Particles that distances are measured with, at most: of more, every so manieth.
const MOST: usize = 512;
/// Particles that are assigned to points one to one, at most.
const MOST_ASSIGNED: usize = 256;
/// The neighbour whose distance tells the density.
const NEIGHBOUR: usize = 5;

/// Measures clouds against a problem's law.
///
/// - Divergence: for a normal law KL of the normal law with the cloud's mean and covariance, which is exact for the flow of
///   normal laws; otherwise mean U + log Z minus the entropy by fifth neighbours (Kozachenko, Leonenko 1987; biased by
///   some n^{-1/2}, so that it may be below zero).
/// - Distance: sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|), the energy distance of Székely 2003, zero for equal laws alone.
/// - W2: by exact assignment, of as many particles as points.
///
/// Of two independent sets of points of one law none of the three is zero: [`Level`] tells how large they are then.
#[derive(Clone, Debug)]
pub struct Gauges {
    problem: Arc<MeasureProblem>,
    /// Mean distance of the points to each other.
    own: f64,
}

/// What two independent clouds of the law that is sought have for a distance: no method comes nearer but by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Energy distance.
    pub distance: f64,
    /// 2-Wasserstein distance.
    pub w2: f64,
}

impl Gauges {
    /// Measures against the law of a problem.
    pub fn new(problem: Arc<MeasureProblem>) -> Self {
        let own = problem.setting.samples.as_ref().map_or(0.0, |samples| mean_distance(samples, samples));
        Self { problem, own }
    }

    /// Divergence, distance and, if it is asked for, W2 of a cloud; NaN where the problem has nothing to compare with.
    pub fn measure(&self, cloud: &[Point], mean_potential: f64, assigned: bool) -> [f64; 3] {
        let few = part(cloud, MOST);
        let w2 = if assigned { self.w2(&few) } else { f64::NAN };
        [self.divergence(cloud, &few, mean_potential), self.distance(&few), w2]
    }

    /// What an independent cloud of `n` points of the law has; `None` where there is none to be drawn.
    pub fn level(&self, n: usize) -> Option<Level> {
        let fresh = self.problem.independent_samples(n.clamp(1, MOST))?;
        Some(Level { distance: self.distance(&fresh), w2: self.w2(&fresh) })
    }

    fn samples(&self) -> Option<&[Point]> {
        self.problem.setting.samples.as_deref().filter(|samples| !samples.is_empty())
    }

    fn distance(&self, cloud: &[Point]) -> f64 {
        let Some(samples) = self.samples() else { return f64::NAN };
        let square = 2.0 * mean_distance(cloud, samples) - mean_distance(cloud, cloud) - self.own;
        square.max(0.0).sqrt()
    }

    fn w2(&self, cloud: &[Point]) -> f64 {
        let Some(samples) = self.samples() else { return f64::NAN };
        let count = cloud.len().min(samples.len()).min(MOST_ASSIGNED);
        w2_of_clouds(&part(cloud, count), &part(samples, count)).map_or(f64::NAN, |(w2, _)| w2)
    }

    fn divergence(&self, cloud: &[Point], few: &[Point], mean_potential: f64) -> f64 {
        if let Some(exact) = &self.problem.exact {
            return Gaussian::of_points(cloud).divergence(&exact.target());
        }
        match self.problem.log_partition {
            Some(log_partition) if few.len() > NEIGHBOUR => mean_potential + log_partition - entropy(few),
            _ => f64::NAN,
        }
    }
}

/// `count` points of a cloud, evenly over its order; all where there are no more.
fn part(cloud: &[Point], count: usize) -> Vec<Point> {
    if cloud.len() <= count {
        return cloud.to_vec();
    }
    (0..count).map(|i| cloud[i * cloud.len() / count]).collect()
}

/// The mean of |x - y| over all pairs.
fn mean_distance(a: &[Point], b: &[Point]) -> f64 {
    let weight = 1.0 / (a.len().max(1) * b.len().max(1)) as f64;
    let sources: Vec<Source> = b.iter().map(|at| Source::weighted(*at, weight)).collect();
    sum_pairs(&Pair::Radial(Kernel::Distance), 0.0, a, &sources).iter().map(|sums| sums[2]).sum()
}

/// The entropy of a law from points of it, by the distance to the k-th neighbour in the plane:
/// H = psi(n) - psi(k) + log pi + 2 mean log r_k. Minus infinity where more than k points coincide.
///
/// Kozachenko, Leonenko 1987, "Sample estimate of the entropy of a random vector".
fn entropy(points: &[Point]) -> f64 {
    let n = points.len();
    let mut squares = Vec::new();
    let mut log_radius = |x: &Point| {
        squares.clear();
        squares.extend(points.iter().map(|y| squared_distance(*x, *y)));
        // The nearest is the point itself.
        0.5 * libm::log(*squares.select_nth_unstable_by(NEIGHBOUR, f64::total_cmp).1)
    };
    let mean = points.iter().map(&mut log_radius).sum::<f64>() / n as f64;
    digamma(n) - digamma(NEIGHBOUR) + libm::log(std::f64::consts::PI) + 2.0 * mean
}

/// The digamma function of a whole number: the harmonic number before it less Euler's constant.
fn digamma(n: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    (1..n).map(|k| 1.0 / k as f64).sum::<f64>() - EULER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::normal_pair;

    #[test]
    fn the_entropy_of_a_normal_law_is_near_its_formula() {
        let points: Vec<Point> = (0..2000).map(|i| normal_pair(4, i, 0, 0).map(|z| 2.0 * z)).collect();
        // log(2 pi e) + log 4; the estimate's standard error is about 0.03, its bias as large.
        let exact = (std::f64::consts::TAU * std::f64::consts::E).ln() + 4.0_f64.ln();
        assert!((entropy(&points) - exact).abs() < 0.1, "{} {exact}", entropy(&points));
    }

    #[test]
    fn the_energy_distance_of_a_shift_on_the_line() {
        // One point against one: 2 d - 0 - 0.
        assert_eq!(mean_distance(&[[0.0, 0.0]], &[[3.0, 4.0]]), 5.0);
    }
}
