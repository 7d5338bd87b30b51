//! What entropic iterations are made of: the kernel with its potentials, and minima that are rounded off.

use nalgebra::{DMatrix, DVector};

/// exp((f_i + g_j - C_ij) / eps).
pub fn kernel(cost: &DMatrix<f64>, f: &DVector<f64>, g: &DVector<f64>, epsilon: f64) -> DMatrix<f64> {
    DMatrix::from_fn(cost.nrows(), cost.ncols(), |i, j| libm::exp((f[i] + g[j] - cost[(i, j)]) / epsilon))
}

/// The product with a vector, by columns, so that it is the same to the bit everywhere.
pub fn times(matrix: &DMatrix<f64>, vector: &DVector<f64>) -> DVector<f64> {
    let mut product = DVector::zeros(matrix.nrows());
    for (column, &factor) in matrix.column_iter().zip(vector.iter()) {
        product.axpy(factor, &column, 1.0);
    }
    product
}

/// For every column j of the cost: -eps log sum_i mass_i exp((potential_i - C_ij) / eps), a minimum that is rounded
/// off. Rows without mass take no part.
pub fn soft_minimum(
    cost: &DMatrix<f64>,
    masses: &DVector<f64>,
    potential: &DVector<f64>,
    epsilon: f64,
) -> DVector<f64> {
    // eps log mass + potential, once for all columns.
    let weights = masses.zip_map(potential, |mass, f| f + epsilon * libm::log(mass));
    let of = |costs: &[f64]| {
        let terms = || weights.iter().zip(costs).map(|(weight, c)| weight - c);
        let largest = terms().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = terms().map(|term| libm::exp((term - largest) / epsilon)).sum();
        -largest - epsilon * libm::log(sum)
    };
    let rows = cost.nrows().max(1);
    DVector::from_iterator(cost.ncols(), cost.as_slice().chunks_exact(rows).map(of))
}
