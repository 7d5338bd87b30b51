//! The Bures-Wasserstein distance between covariances, as a loss of a linear network.

use crate::dense;
use nalgebra::{DMatrix, DVector};

/// Squared 2-Wasserstein distance between the normal laws N(0, S) and N(0, C) with C = W W^T + tau I:
/// ```text
/// L(W) = tr S + tr C - 2 tr (S^1/2 C S^1/2)^1/2
/// dL/dW = 2 (I - T) W,    T = S^1/2 (S^1/2 C S^1/2)^-1/2 S^1/2
/// ```
/// T is the optimal transport map from N(0, C) to N(0, S). Where C is singular the inverse root is taken on the range of
/// S^1/2 C S^1/2 alone, and the loss has no derivative (its second derivative grows without bound nearby, Bréchet et al.
/// 2023, section 4); tau > 0 smooths it.
#[derive(Clone, Debug)]
pub struct Bures {
    /// S^1/2.
    root: DMatrix<f64>,
    trace: f64,
    /// tau.
    smoothing: f64,
}

/// Eigenvalues below this fraction of the largest count as zero.
const ZERO: f64 = 1e-14;

impl Bures {
    /// The distance to the covariance `target`. `None` if it has an entry that is not finite.
    pub fn new(target: &DMatrix<f64>, smoothing: f64) -> Option<Self> {
        let root = dense::spectral(target, |value| value.max(0.0).sqrt())?;
        Some(Self { root, trace: target.trace(), smoothing })
    }

    fn covariance(&self, w: &DMatrix<f64>) -> DMatrix<f64> {
        w * w.transpose() + DMatrix::identity(w.nrows(), w.nrows()) * self.smoothing
    }

    /// S^1/2 C S^1/2 by its eigenvalues and eigenvectors.
    fn middle(&self, covariance: &DMatrix<f64>) -> Option<(DVector<f64>, DMatrix<f64>)> {
        dense::eigen(&(&self.root * covariance * &self.root))
    }

    /// Loss and derivative by W; not a number where W is not finite.
    pub fn value_and_slope(&self, w: &DMatrix<f64>) -> (f64, DMatrix<f64>) {
        let covariance = self.covariance(w);
        let Some((values, vectors)) = self.middle(&covariance) else { return (f64::NAN, w * f64::NAN) };
        let roots = sum_of_roots(&values);
        // Rounding may leave a distance that is zero a little below it.
        let value = (self.trace + covariance.trace() - 2.0 * roots).max(0.0);
        let inverse_roots = inverse_roots(&values);
        let half = &self.root * &vectors;
        let map = &half * DMatrix::from_diagonal(&inverse_roots) * half.transpose();
        (value, (w - map * w) * 2.0)
    }

    /// How the derivative by W changes when W moves along `v`.
    ///
    /// The derivative of the inverse root is taken in its eigenvectors, where it multiplies the entry (i, j) by the
    /// divided difference of s^-1/2 between the eigenvalues i and j (Daleckii, Krein 1965).
    pub fn slope_change(&self, w: &DMatrix<f64>, v: &DMatrix<f64>) -> DMatrix<f64> {
        let Some((values, vectors)) = self.middle(&self.covariance(w)) else { return w * f64::NAN };
        let inverse = inverse_roots(&values);
        let half = &self.root * &vectors;
        let map = &half * DMatrix::from_diagonal(&inverse) * half.transpose();
        let turned = w * v.transpose();
        let inner = half.transpose() * (&turned + turned.transpose()) * &half;
        // 1/sqrt a - 1/sqrt b over a - b is -1 / (sqrt a sqrt b (sqrt a + sqrt b)).
        let change = DMatrix::from_fn(inner.nrows(), inner.ncols(), |i, j| {
            let (a, b) = (inverse[i], inverse[j]);
            let quotient = match (a == 0.0, b == 0.0) {
                (false, false) => -a * b / (1.0 / a + 1.0 / b),
                // The inverse root of zero counts as zero, and W keeps its rank: (1/sqrt a - 0) / (a - 0), the other way round.
                (false, true) => a * a * a,
                (true, false) => b * b * b,
                (true, true) => 0.0,
            };
            inner[(i, j)] * quotient
        });
        (v - &map * v - (&half * change * half.transpose()) * w) * 2.0
    }
}

/// An eigenvalue that is zero but for rounding has no root: the root of 1e-17 is no longer small.
fn sum_of_roots(values: &DVector<f64>) -> f64 {
    let floor = ZERO * values.amax();
    values.iter().filter(|value| **value > floor).map(|value| value.sqrt()).sum()
}

fn inverse_roots(values: &DVector<f64>) -> DVector<f64> {
    let floor = ZERO * values.amax();
    values.map(|value| if value > floor { 1.0 / value.sqrt() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commuting_covariances_have_the_distance_of_their_roots() {
        let diagonal = |entries: &[f64]| DMatrix::from_diagonal(&DVector::from_row_slice(entries));
        let bures = Bures::new(&diagonal(&[4.0, 1.0]), 0.0).expect("finite");
        // Roots (2, 1) against (1, 3), then against themselves.
        assert!((bures.value_and_slope(&diagonal(&[1.0, 3.0])).0 - 5.0).abs() < 1e-14);
        assert_eq!(bures.value_and_slope(&diagonal(&[2.0, 1.0])).0, 0.0);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let wave = |shift: usize| DMatrix::from_fn(3, 3, |i, j| libm::sin((2 * i + 5 * j + shift) as f64));
        let target = wave(1) * wave(1).transpose() + DMatrix::identity(3, 3);
        for smoothing in [0.0, 0.3] {
            let bures = Bures::new(&target, smoothing).expect("finite");
            let (w, v) = (wave(2) + DMatrix::identity(3, 3) * 2.0, wave(7));
            let h = 1e-4;
            let at = |t: f64| bures.value_and_slope(&(&w + &v * t));
            let (_, slope) = at(0.0);
            // Errors of the differences: h^2 times a third derivative of order one.
            assert!((slope.dot(&v) - (at(h).0 - at(-h).0) / (2.0 * h)).abs() < 1e-7);
            let change = (at(h).1 - at(-h).1) / (2.0 * h);
            assert!((bures.slope_change(&w, &v) - change).norm() < 1e-6);
        }
    }

    #[test]
    fn derivatives_agree_with_differences_where_the_network_is_narrow() {
        // Three rows and two columns: the covariance has rank two all along.
        let wave = |rows: usize, columns: usize, shift: usize| {
            DMatrix::from_fn(rows, columns, |i, j| libm::sin((2 * i + 5 * j + shift) as f64))
        };
        let target = wave(3, 3, 1) * wave(3, 3, 1).transpose() + DMatrix::identity(3, 3);
        let bures = Bures::new(&target, 0.0).expect("finite");
        let (w, v) = (wave(3, 2, 2) + DMatrix::identity(3, 2) * 2.0, wave(3, 2, 7));
        let h = 1e-4;
        let at = |t: f64| bures.value_and_slope(&(&w + &v * t));
        // Errors of the differences: h^2 times a third derivative of order one.
        assert!((at(0.0).1.dot(&v) - (at(h).0 - at(-h).0) / (2.0 * h)).abs() < 1e-7);
        let change = (at(h).1 - at(-h).1) / (2.0 * h);
        assert!((bures.slope_change(&w, &v) - change).norm() < 1e-6);
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let bures = Bures::new(&DMatrix::identity(2, 2), 0.0).expect("finite");
        assert!(bures.value_and_slope(&DMatrix::from_element(2, 2, f64::NAN)).0.is_nan());
    }
}
