//! Dense matrices: the way between blocks of a vector and nalgebra's matrices, and the decompositions that several files
//! need, safe against what is not a number.

use crate::scalar::{Block, Vector};
use nalgebra::{DMatrix, DVector, SVD, SymmetricEigen};

/// Sweeps that a decomposition may take for each row; it needs two or three.
const SWEEPS: usize = 100;

/// The block as a matrix.
pub fn read(x: &Vector<f64>, block: Block) -> DMatrix<f64> {
    DMatrix::from_row_slice(block.rows, block.columns, &x.as_slice()[block.range()])
}

/// Puts a matrix into its block.
pub fn write(x: &mut Vector<f64>, block: Block, matrix: &DMatrix<f64>) {
    debug_assert_eq!(matrix.shape(), (block.rows, block.columns), "a block keeps its shape");
    let entries = &mut x.as_mut_slice()[block.range()];
    for (i, row) in entries.chunks_exact_mut(block.columns.max(1)).enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry = matrix[(i, j)];
        }
    }
}

/// The product. nalgebra's own hands matrices of more than five rows to a library that fuses multiplication and addition
/// where the processor can, and so ends in other bits on other machines.
pub fn times(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(a.nrows(), b.ncols());
    for (mut column, factors) in product.column_iter_mut().zip(b.column_iter()) {
        for (direction, &factor) in a.column_iter().zip(factors.iter()) {
            column.axpy(factor, &direction, 1.0);
        }
    }
    product
}

/// Singular value decomposition, singular values descending. `None` when an entry is not finite (nalgebra would search
/// for ever) or the iteration does not settle.
pub fn svd(matrix: &DMatrix<f64>) -> Option<Svd> {
    if !is_finite(matrix) {
        return None;
    }
    let most = SWEEPS * (matrix.nrows() + matrix.ncols());
    let SVD { u, v_t, singular_values } = SVD::try_new(matrix.clone(), true, true, f64::EPSILON, most)?;
    Some(Svd { u: u?, singular_values, v_t: v_t? })
}

/// A matrix as `u` diag(`singular_values`) `v_t`.
pub struct Svd {
    /// Orthonormal columns, one for each singular value.
    pub u: DMatrix<f64>,
    /// Descending.
    pub singular_values: DVector<f64>,
    /// Orthonormal rows, one for each singular value.
    pub v_t: DMatrix<f64>,
}

/// Eigenvalues, ascending, with their eigenvectors as columns. `None` when an entry is not finite or the iteration does
/// not settle. Reads the lower triangle.
pub fn eigen(symmetric: &DMatrix<f64>) -> Option<(DVector<f64>, DMatrix<f64>)> {
    if !is_finite(symmetric) {
        return None;
    }
    let most = SWEEPS * symmetric.nrows();
    let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::try_new(symmetric.clone(), f64::EPSILON, most)?;
    let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigenvalues[a].total_cmp(&eigenvalues[b]));
    let sorted = DVector::from_iterator(order.len(), order.iter().map(|&i| eigenvalues[i]));
    let columns: Vec<DVector<f64>> = order.iter().map(|&i| eigenvectors.column(i).into_owned()).collect();
    let vectors = if columns.is_empty() { eigenvectors } else { DMatrix::from_columns(&columns) };
    Some((sorted, vectors))
}

/// `function` of a symmetric matrix, through its eigenvalues.
pub fn spectral(symmetric: &DMatrix<f64>, function: impl Fn(f64) -> f64) -> Option<DMatrix<f64>> {
    let (values, vectors) = eigen(symmetric)?;
    let mut scaled = vectors.clone();
    for (mut column, &value) in scaled.column_iter_mut().zip(values.iter()) {
        column *= function(value);
    }
    Some(times(&scaled, &vectors.transpose()))
}

/// Orthonormal columns that span what the columns of `matrix` span: the Q of its QR decomposition.
pub fn orthonormal(matrix: DMatrix<f64>) -> DMatrix<f64> {
    matrix.qr().q()
}

/// Whether every entry is a finite number.
pub fn is_finite(matrix: &DMatrix<f64>) -> bool {
    matrix.iter().all(|entry| entry.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_row_by_row_and_written_back() {
        let block = Block { from: 1, rows: 2, columns: 3 };
        let mut x = Vector::from_fn(7, |i| i as f64);
        let matrix = read(&x, block);
        assert_eq!((matrix[(0, 2)], matrix[(1, 0)]), (3.0, 4.0));
        write(&mut x, block, &(matrix * 2.0));
        assert_eq!(x.as_slice(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    }

    #[test]
    fn the_product_is_the_product() {
        let (a, b) =
            (DMatrix::from_fn(2, 3, |i, j| (i + 2 * j) as f64), DMatrix::from_fn(3, 7, |i, j| (3 * i + j) as f64));
        assert_eq!(times(&a, &b), &a * &b);
        assert_eq!(times(&DMatrix::zeros(2, 0), &DMatrix::zeros(0, 3)), DMatrix::zeros(2, 3));
    }

    #[test]
    fn decompositions_put_the_matrix_together_again() {
        let matrix = DMatrix::from_fn(5, 3, |i, j| libm::sin((3 * i + 7 * j) as f64));
        let Svd { u, singular_values, v_t } = svd(&matrix).expect("finite");
        assert!(singular_values.as_slice().is_sorted_by(|a, b| a >= b));
        assert!((u * DMatrix::from_diagonal(&singular_values) * v_t - &matrix).norm() < 1e-14);
        let gram = matrix.tr_mul(&matrix);
        let (values, vectors) = eigen(&gram).expect("finite");
        assert!(values.as_slice().is_sorted());
        assert!((&gram * &vectors - &vectors * DMatrix::from_diagonal(&values)).norm() < 1e-13);
        let root = spectral(&gram, f64::sqrt).expect("finite");
        assert!((&root * &root - &gram).norm() < 1e-13);
    }

    #[test]
    fn what_is_not_a_number_has_no_decomposition() {
        let broken = DMatrix::from_element(3, 3, f64::NAN);
        assert!(svd(&broken).is_none() && eigen(&broken).is_none() && spectral(&broken, f64::sqrt).is_none());
    }
}
