//! Mixtures of normal laws: density, score, samples, and how they look after noise has been added.

use super::Point;
use crate::scalar::{normal_pair, uniform_pair};

/// One normal law of a mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// Its share of the mass.
    pub weight: f64,
    /// Mean.
    pub mean: Point,
    /// Covariance: xx, xy, yy.
    pub covariance: [f64; 3],
}

impl Component {
    /// The same variance in every direction.
    pub fn round(weight: f64, mean: Point, deviation: f64) -> Self {
        let variance = deviation * deviation;
        Self { weight, mean, covariance: [variance, 0.0, variance] }
    }

    /// What evaluating it again and again needs.
    fn prepared(&self) -> Prepared {
        let [xx, xy, yy] = self.covariance;
        let determinant = xx * yy - xy * xy;
        let normal = -libm::log(std::f64::consts::TAU) - 0.5 * libm::log(determinant);
        Prepared { mean: self.mean, covariance: self.covariance, determinant, log: libm::log(self.weight) + normal }
    }
}

/// A component with what does not depend on the place: logarithms take longer than all the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Prepared {
    mean: Point,
    covariance: [f64; 3],
    determinant: f64,
    /// Logarithm of weight times density at the mean.
    log: f64,
}

impl Prepared {
    /// Logarithm of weight times density at `x`, and the score of this law alone there.
    #[inline]
    fn log_and_score(&self, [x, y]: Point) -> (f64, Point) {
        let [xx, xy, yy] = self.covariance;
        let [dx, dy] = [x - self.mean[0], y - self.mean[1]];
        let pull = [(yy * dx - xy * dy) / self.determinant, (xx * dy - xy * dx) / self.determinant];
        (self.log - 0.5 * (dx * pull[0] + dy * pull[1]), [-pull[0], -pull[1]])
    }
}

/// A mixture of normal laws with positive covariances; weights sum to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    components: Vec<Component>,
    prepared: Vec<Prepared>,
}

impl Mixture {
    /// The mixture of `components`, of which there is at least one; weights are scaled to sum to one.
    pub fn new(mut components: Vec<Component>) -> Self {
        assert!(!components.is_empty(), "a mixture has a component");
        let total: f64 = components.iter().map(|component| component.weight).sum();
        components.iter_mut().for_each(|component| component.weight /= total);
        Self::of(components)
    }

    /// The mixture of components whose weights sum to one.
    fn of(components: Vec<Component>) -> Self {
        let prepared = components.iter().map(Component::prepared).collect();
        Self { components, prepared }
    }

    /// Its components.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The component alone: the law given its class.
    pub fn class(&self, index: usize) -> Option<Self> {
        let component = *self.components.get(index)?;
        Some(Self::new(vec![Component { weight: 1.0, ..component }]))
    }

    /// The law of scale * X + deviation * Z for X of this law and Z standard normal.
    pub fn diffused(&self, scale: f64, deviation: f64) -> Self {
        let added = deviation * deviation;
        let moved = |component: &Component| {
            let [xx, xy, yy] = component.covariance.map(|entry| scale * scale * entry);
            let mean = component.mean.map(|m| scale * m);
            Component { weight: component.weight, mean, covariance: [xx + added, xy, yy + added] }
        };
        Self::of(self.components.iter().map(moved).collect())
    }

    /// Logarithm of the density at `x`, and its gradient, the score. Sums in the logarithm, so that nothing underflows
    /// far away.
    pub fn log_density_and_score(&self, x: Point) -> (f64, Point) {
        let parts = || self.prepared.iter().map(|component| component.log_and_score(x));
        let largest = parts().map(|(log, _)| log).fold(f64::NEG_INFINITY, f64::max);
        let (mut mass, mut score) = (0.0, [0.0; 2]);
        for (log, own) in parts() {
            let share = libm::exp(log - largest);
            mass += share;
            score = [score[0] + share * own[0], score[1] + share * own[1]];
        }
        (largest + libm::log(mass), score.map(|s| s / mass))
    }

    /// Gradient of the logarithm of the density.
    pub fn score(&self, x: Point) -> Point {
        self.log_density_and_score(x).1
    }

    /// The score s at `x` and the Hessian of the logarithm of the density there, as its entries xx, xy, yy:
    /// ```text
    /// H = sum_k r_k [(s_k - s) (s_k - s)' - C_k^{-1}]
    /// ```
    /// `s_k`: the score of component k alone, `C_k`: its covariance, `r_k`: how likely it is that x came from it. The squares
    /// are of differences, so that far away, where scores are long, nothing cancels.
    pub fn score_and_hessian(&self, x: Point) -> (Point, [f64; 3]) {
        let (log_density, score) = self.log_density_and_score(x);
        let mut hessian = [0.0; 3];
        for component in &self.prepared {
            let (log, own) = component.log_and_score(x);
            let share = libm::exp(log - log_density);
            let [dx, dy] = [own[0] - score[0], own[1] - score[1]];
            let [xx, xy, yy] = component.covariance;
            let precision = [yy, -xy, xx].map(|entry| entry / component.determinant);
            let squares = [dx * dx, dx * dy, dy * dy];
            hessian = [0, 1, 2].map(|k| hessian[k] + share * (squares[k] - precision[k]));
        }
        (score, hessian)
    }

    /// How likely it is that `x` came from each component.
    pub fn responsibilities(&self, x: Point) -> Vec<f64> {
        let (log_density, _) = self.log_density_and_score(x);
        self.prepared.iter().map(|component| libm::exp(component.log_and_score(x).0 - log_density)).collect()
    }

    /// The sample with a number, of `count` that are spread over the components in proportion to their weights (number i
    /// falls where (i + 1/2) / count falls), at a place drawn from Philox's (seed, i, step, 0).
    pub fn sample(&self, seed: u64, i: usize, count: usize, step: u32) -> Point {
        let share = (i as f64 + 0.5) / count.max(1) as f64;
        let mut passed = 0.0;
        let own = self.components.iter().find(|component| {
            passed += component.weight;
            share < passed
        });
        self.place(own, normal_pair(seed, i as u32, step, 0))
    }

    /// An independent sample: the component is drawn too.
    pub fn draw(&self, seed: u64, i: usize, step: u32) -> Point {
        let [share, _] = uniform_pair(seed, i as u32, step, 1);
        let mut passed = 0.0;
        let own = self.components.iter().find(|component| {
            passed += component.weight;
            share < passed
        });
        self.place(own, normal_pair(seed, i as u32, step, 0))
    }

    /// A standard normal draw, moved to where the component is (the last one, where rounding left none).
    fn place(&self, component: Option<&Component>, [u, v]: [f64; 2]) -> Point {
        let component = component.or(self.components.last()).expect("a mixture has a component");
        let [xx, xy, yy] = component.covariance;
        // Cholesky's factor of the covariance.
        let a = xx.sqrt();
        let b = if a > 0.0 { xy / a } else { 0.0 };
        let c = (yy - b * b).max(0.0).sqrt();
        [component.mean[0] + a * u, component.mean[1] + b * u + c * v]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Gaussian;

    fn two() -> Mixture {
        let tilted = Component { weight: 1.0, mean: [1.0, -2.0], covariance: [0.5, 0.2, 0.9] };
        Mixture::new(vec![Component::round(3.0, [-1.0, 0.0], 0.5), tilted])
    }

    #[test]
    fn the_score_is_the_gradient_of_the_logarithm() {
        let mixture = two();
        for x in [[0.0, 0.0], [1.0, -1.5], [-3.0, 4.0]] {
            let h = 1e-5;
            let at = |dx: f64, dy: f64| mixture.log_density_and_score([x[0] + dx, x[1] + dy]).0;
            let differences = [(at(h, 0.0) - at(-h, 0.0)) / (2.0 * h), (at(0.0, h) - at(0.0, -h)) / (2.0 * h)];
            let score = mixture.score(x);
            // Rounding of the differences: 1e-16 * 30 / 1e-5.
            assert!((score[0] - differences[0]).abs() < 1e-8 && (score[1] - differences[1]).abs() < 1e-8);
        }
        assert!(mixture.score([1e6, -1e6]).iter().all(|s| s.is_finite()));
    }

    #[test]
    fn the_hessian_is_the_derivative_of_the_score() {
        let mixture = two();
        for x in [[0.0, 0.0], [0.1, -0.6], [1.0, -1.5], [-3.0, 4.0]] {
            let h = 1e-5;
            let (score, [xx, xy, yy]) = mixture.score_and_hessian(x);
            assert_eq!(score, mixture.score(x));
            let slope = |dx: f64, dy: f64| {
                let (up, down) = (mixture.score([x[0] + dx, x[1] + dy]), mixture.score([x[0] - dx, x[1] - dy]));
                [0, 1].map(|k| (up[k] - down[k]) / (2.0 * h))
            };
            let [along_x, along_y] = [slope(h, 0.0), slope(0.0, h)];
            // Rounding of the differences, 1e-16 * 30 / 1e-5, and h^2 times third derivatives of the score, below 100.
            let near = |a: f64, b: f64| (a - b).abs() < 1e-7;
            assert!(near(xx, along_x[0]) && near(xy, along_x[1]), "{xx} {xy} {along_x:?}");
            assert!(near(xy, along_y[0]) && near(yy, along_y[1]), "{xy} {yy} {along_y:?}");
        }
    }

    #[test]
    fn far_away_the_hessian_is_that_of_the_widest_component() {
        let (_, hessian) = two().score_and_hessian([1e6, 1e6]);
        // The inverse of [0.5, 0.2; 0.2, 0.9], of determinant 0.41.
        for (entry, exact) in hessian.into_iter().zip([-0.9 / 0.41, 0.2 / 0.41, -0.5 / 0.41]) {
            assert!((entry - exact).abs() < 1e-12, "{hessian:?}");
        }
    }

    #[test]
    fn samples_have_the_moments_of_the_law() {
        let mixture = two();
        let n = 40_000;
        let exact = |f: &dyn Fn(&Component) -> f64| mixture.components().iter().map(|c| c.weight * f(c)).sum::<f64>();
        let [mx, my] = [exact(&|c| c.mean[0]), exact(&|c| c.mean[1])];
        let yy = exact(&|c| c.covariance[2] + c.mean[1] * c.mean[1]) - my * my;
        for points in [
            (0..n).map(|i| mixture.sample(5, i, n, 0)).collect::<Vec<_>>(),
            (0..n).map(|i| mixture.draw(5, i, 0)).collect(),
        ] {
            let seen = Gaussian::of_points(&points);
            // Five standard errors: deviations are below 1.2, squares' below 2.
            assert!((seen.mean.x - mx).abs() < 0.03 && (seen.mean.y - my).abs() < 0.03, "{seen:?}");
            assert!((seen.covariance.m22 - yy).abs() < 0.05, "{seen:?} {yy}");
        }
    }

    #[test]
    fn responsibilities_are_shares() {
        let shares = two().responsibilities([-1.0, 0.1]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-14 && shares[0] > 0.99);
    }
}
