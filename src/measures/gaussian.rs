//! Normal laws in the plane, and how they move in closed form.

use super::{Point, mean};
use nalgebra::{Matrix2, SymmetricEigen, Vector2};

/// A normal law in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// Mean.
    pub mean: Vector2<f64>,
    /// Covariance, symmetric and not negative.
    pub covariance: Matrix2<f64>,
}

impl Gaussian {
    /// The law with the mean and the covariance (divided by n) of points.
    pub fn of_points(points: &[Point]) -> Self {
        let [mx, my] = mean(points);
        let n = points.len().max(1) as f64;
        let moment = |i: usize, j: usize| {
            let centre = [mx, my];
            points.iter().map(|p| (p[i] - centre[i]) * (p[j] - centre[j])).sum::<f64>() / n
        };
        let cross = moment(0, 1);
        Self { mean: Vector2::new(mx, my), covariance: Matrix2::new(moment(0, 0), cross, cross, moment(1, 1)) }
    }

    /// The same variance in every direction.
    pub fn round([x, y]: Point, deviation: f64) -> Self {
        Self { mean: Vector2::new(x, y), covariance: Matrix2::identity() * (deviation * deviation) }
    }

    /// Where the law is at `time` when dX = -A (X - m) dt + sqrt(2 temperature) dB, the Ornstein-Uhlenbeck process, starts
    /// from it. `hessian` is A, symmetric and positive; `centre` is m.
    ///
    /// m(t) = m + e^{-At} (m0 - m);  S(t) = e^{-At} S0 e^{-At} + temperature A^{-1} (1 - e^{-2At}).
    ///
    /// Uhlenbeck, Ornstein 1930, "On the theory of the Brownian motion". It is also the Wasserstein gradient flow of the
    /// free energy within normal laws: Lambert, Chewi, Bach, Bonnabel, Rigollet 2022, "Variational inference via
    /// Wasserstein gradient flows".
    pub fn ornstein_uhlenbeck(&self, hessian: &Matrix2<f64>, centre: Point, temperature: f64, time: f64) -> Self {
        let eigen = SymmetricEigen::new(*hessian);
        let (values, basis) = (eigen.eigenvalues, eigen.eigenvectors);
        let of = |f: &dyn Fn(f64) -> f64| basis * Matrix2::from_diagonal(&values.map(f)) * basis.transpose();
        let decay = of(&|a| libm::exp(-a * time));
        // (1 - e^{-2at}) / a is 2t where a is zero.
        let grown = of(&|a| if a == 0.0 { 2.0 * time } else { -libm::expm1(-2.0 * a * time) / a });
        let centre = Vector2::from(centre);
        Self {
            mean: centre + decay * (self.mean - centre),
            covariance: decay * self.covariance * decay + grown * temperature,
        }
    }

    /// Kullback-Leibler divergence KL(self | other). Infinite where `other` is flat in a direction in which it must not be.
    pub fn divergence(&self, other: &Self) -> f64 {
        let Some(inverse) = other.covariance.try_inverse() else { return f64::INFINITY };
        let gap = other.mean - self.mean;
        let ratio = self.covariance.determinant() / other.covariance.determinant();
        if ratio <= 0.0 {
            return f64::INFINITY;
        }
        0.5 * ((inverse * self.covariance).trace() - 2.0 + gap.dot(&(inverse * gap)) - libm::log(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_begins_where_it_starts_and_ends_in_balance() {
        let start = Gaussian { mean: Vector2::new(3.0, -1.0), covariance: Matrix2::new(2.0, 0.3, 0.3, 0.5) };
        let hessian = Matrix2::new(2.0, 0.5, 0.5, 1.0);
        let at = |time| start.ornstein_uhlenbeck(&hessian, [1.0, 1.0], 0.7, time);
        assert!((at(0.0).covariance - start.covariance).norm() < 1e-14);
        let end = at(200.0);
        assert!((end.mean - Vector2::new(1.0, 1.0)).norm() < 1e-14);
        assert!((end.covariance - hessian.try_inverse().expect("regular") * 0.7).norm() < 1e-14);
        // Two halves of a time are the whole of it.
        let twice = at(0.4).ornstein_uhlenbeck(&hessian, [1.0, 1.0], 0.7, 0.3);
        assert!((twice.covariance - at(0.7).covariance).norm() < 1e-14 && (twice.mean - at(0.7).mean).norm() < 1e-14);
    }

    #[test]
    fn the_divergence_of_a_law_from_itself_is_zero() {
        let law = Gaussian { mean: Vector2::new(3.0, -1.0), covariance: Matrix2::new(2.0, 0.3, 0.3, 0.5) };
        assert!(law.divergence(&law).abs() < 1e-15);
        // One coordinate, variance 4 against 1, means 1 apart: (4 + 1 - 1 - ln 4) / 2.
        let wide = Gaussian { mean: Vector2::new(1.0, 0.0), covariance: Matrix2::new(4.0, 0.0, 0.0, 1.0) };
        assert!((wide.divergence(&Gaussian::round([0.0; 2], 1.0)) - (4.0 - 4.0_f64.ln()) / 2.0).abs() < 1e-14);
    }
}
