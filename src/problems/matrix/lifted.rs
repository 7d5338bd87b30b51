//! Lifted sensing: a tensor in place of a vector turns spurious minima into saddles (Ma, Molybog, Lavaei, Sojoudi 2023).

use nalgebra::{DMatrix, DVector};

/// The lifted loss of order l of the problem f(x) = sum_i (x^T A_i x - b_i)^2, b_i = z^T A_i z, over w in R^(n^l):
/// ```text
/// f_l(w) = sum over (i_1, ..., i_l) of (w^T (A_i1 (x) ... (x) A_il) w - b_i1 ... b_il)^2
/// ```
/// (x) is the Kronecker product. At w = x (x) ... (x) x, l times, a stationary point x of f gives a stationary point w;
/// the truth z gives the least value, zero.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The Kronecker products with the products of the b_i.
    terms: Vec<(DMatrix<f64>, f64)>,
}

impl Lifted {
    /// Lifts symmetric `matrices` with the truth `z` to order `order`, from 1.
    pub fn new(matrices: &[DMatrix<f64>], z: &DVector<f64>, order: usize) -> Self {
        let single: Vec<_> = matrices.iter().map(|a| (a.clone(), z.dot(&(a * z)))).collect();
        let lift = |terms: Vec<(DMatrix<f64>, f64)>| {
            let pairs = terms.iter().flat_map(|(k, c)| single.iter().map(move |(a, b)| (k.kronecker(a), c * b)));
            pairs.collect()
        };
        Self { terms: (1..order).fold(single.clone(), |terms, _| lift(terms)) }
    }

    /// f_l and its gradient 4 sum (w^T K w - c) K w.
    pub fn value_and_slope(&self, w: &DVector<f64>) -> (f64, DVector<f64>) {
        let mut value = 0.0;
        let mut slope = w * 0.0;
        for (k, c) in &self.terms {
            let product = k * w;
            let residual = w.dot(&product) - c;
            value += residual * residual;
            slope += product * (4.0 * residual);
        }
        (value, slope)
    }

    /// The Hessian at `w` times `v`.
    pub fn slope_change(&self, w: &DVector<f64>, v: &DVector<f64>) -> DVector<f64> {
        self.terms.iter().fold(w * 0.0, |sum, (k, c)| {
            let (kw, kv) = (k * w, k * v);
            sum + &kw * (8.0 * kw.dot(v)) + kv * (4.0 * (w.dot(&kw) - c))
        })
    }
}

/// `x` (x) ... (x) `x`, `order` times.
pub fn power(x: &DVector<f64>, order: usize) -> DVector<f64> {
    (1..order).fold(x.clone(), |product, _| product.kronecker(x))
}

/// The instance with one spurious minimum: A_1 = diag(1, 1/2), A_2 = s [[0, 1], [1, 0]], A_3 = diag(0, sqrt(3)/2), truth
/// z = (1, 0), spurious point (0, 1/sqrt 2). It is a strict local minimum of the loss before lifting for s > sqrt(3)/2.
pub fn instance(s: f64) -> ([DMatrix<f64>; 3], DVector<f64>, DVector<f64>) {
    let matrix = |entries: [f64; 4]| DMatrix::from_row_slice(2, 2, &entries);
    let matrices =
        [matrix([1.0, 0.0, 0.0, 0.5]), matrix([0.0, s, s, 0.0]), matrix([0.0, 0.0, 0.0, 0.5 * 3.0_f64.sqrt()])];
    (matrices, DVector::from_vec(vec![1.0, 0.0]), DVector::from_vec(vec![0.0, std::f64::consts::FRAC_1_SQRT_2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense;

    fn smallest_curvature(s: f64, order: usize) -> f64 {
        let (matrices, z, spurious) = instance(s);
        let lifted = Lifted::new(&matrices, &z, order);
        let w = power(&spurious, order);
        assert!(lifted.value_and_slope(&w).1.norm() < 1e-14, "the point is stationary");
        assert!(lifted.value_and_slope(&power(&z, order)).0 < 1e-28, "the truth has no loss");
        let columns: Vec<DVector<f64>> = (0..w.len())
            .map(|i| lifted.slope_change(&w, &DVector::from_fn(w.len(), |j, _| f64::from(u8::from(i == j)))))
            .collect();
        dense::eigen(&DMatrix::from_columns(&columns)).expect("finite").0[0]
    }

    /// The values of the ledger's own computation, to its digits.
    #[test]
    fn lifting_bends_the_spurious_minimum_down() {
        for (s, order, expected) in [
            (1.0, 1, 1.0),
            (1.0, 2, -1.75),
            (1.0, 3, -2.94),
            (1.0, 5, -3.75),
            (1.2, 1, 2.76),
            (1.2, 2, 0.397),
            (1.2, 3, -0.952),
            (0.75_f64.sqrt(), 1, 0.0),
        ] {
            let found = smallest_curvature(s, order);
            assert!((found - expected).abs() < 6e-3, "s = {s}, l = {order}: {found}, expected {expected}");
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let (matrices, z, _) = instance(1.1);
        let lifted = Lifted::new(&matrices, &z, 2);
        let (w, v) =
            (DVector::from_fn(4, |i, _| libm::sin(i as f64 + 1.0)), DVector::from_fn(4, |i, _| libm::cos(i as f64)));
        let at = |t: f64| lifted.value_and_slope(&(&w + &v * t));
        let h = 1e-4;
        // Errors of the differences: h^2 times a third derivative below a thousand.
        assert!((at(0.0).1.dot(&v) - (at(h).0 - at(-h).0) / (2.0 * h)).abs() < 1e-5);
        assert!((lifted.slope_change(&w, &v) - (at(h).1 - at(-h).1) / (2.0 * h)).norm() < 1e-5);
    }
}
