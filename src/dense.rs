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
///
/// nalgebra 0.34 sometimes takes a wrong turn where a singular value is zero but for rounding, and returns factors of another
/// matrix; those are found out by multiplying, and Jacobi's method, slower and sure, takes over.
pub fn svd(matrix: &DMatrix<f64>) -> Option<Svd> {
    if !is_finite(matrix) {
        return None;
    }
    let most = SWEEPS * (matrix.nrows() + matrix.ncols());
    let SVD { u, v_t, singular_values } = SVD::try_new(matrix.clone(), true, true, f64::EPSILON, most)?;
    let found = Svd { u: u?, singular_values, v_t: v_t? };
    // Rounding leaves some 1e-15, the wrong turn some 1e-1.
    let is_right = (found.product() - matrix).norm() <= 1e-12 * matrix.norm();
    if is_right { Some(found) } else { jacobi(matrix) }
}

/// Singular value decomposition by one-sided rotations (Hestenes 1958): columns are turned in pairs until all are orthogonal.
fn jacobi(matrix: &DMatrix<f64>) -> Option<Svd> {
    if matrix.nrows() < matrix.ncols() {
        let Svd { u, singular_values, v_t } = jacobi(&matrix.transpose())?;
        return Some(Svd { u: v_t.transpose(), singular_values, v_t: u.transpose() });
    }
    let n = matrix.ncols();
    let (mut turned, mut v) = (matrix.clone(), DMatrix::identity(n, n));
    // What is smaller than rounding of the largest is orthogonal to everything.
    let floor = f64::EPSILON * matrix.norm();
    // An inner product is good to rounding of as many terms as there are rows.
    let rounding = f64::EPSILON * matrix.nrows() as f64;
    let mut rest = SWEEPS;
    loop {
        let mut is_orthogonal = true;
        for (i, j) in (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))) {
            let (a, b) = (turned.column(i).norm(), turned.column(j).norm());
            let product = turned.column(i).dot(&turned.column(j));
            if a.min(b) <= floor || product.abs() <= rounding * a * b {
                continue;
            }
            is_orthogonal = false;
            // The smaller root of t^2 + 2 zeta t - 1 = 0: the tangent of the angle that makes the product zero.
            let zeta = (b - a) * (b + a) / (2.0 * product);
            let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
            let c = 1.0 / (1.0 + t * t).sqrt();
            for side in [&mut turned, &mut v] {
                let (p, q) = (side.column(i).into_owned(), side.column(j).into_owned());
                side.set_column(i, &((&p - &q * t) * c));
                side.set_column(j, &((p * t + q) * c));
            }
        }
        if is_orthogonal {
            break;
        }
        rest -= 1;
        if rest == 0 {
            return None;
        }
    }
    let lengths: Vec<f64> = turned.column_iter().map(|column| column.norm()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let mut u = DMatrix::zeros(matrix.nrows(), n);
    for (k, &i) in order.iter().enumerate() {
        let column = if lengths[i] > floor { turned.column(i) / lengths[i] } else { orthogonal_to(&u, k) };
        u.set_column(k, &column);
    }
    let singular_values = DVector::from_iterator(n, order.iter().map(|&i| lengths[i]));
    Some(Svd { u, singular_values, v_t: v.select_columns(&order).transpose() })
}

/// A vector of length one that is orthogonal to the first `k` columns, which are orthonormal and fewer than the rows.
fn orthogonal_to(columns: &DMatrix<f64>, k: usize) -> DVector<f64> {
    let known = columns.columns(0, k);
    // The axis that is farthest from their span.
    let outside = |i: usize| 1.0 - known.row(i).norm_squared();
    let axis = (0..columns.nrows()).max_by(|&i, &j| outside(i).total_cmp(&outside(j))).unwrap_or(0);
    let mut vector = DVector::from_fn(columns.nrows(), |i, _| if i == axis { 1.0 } else { 0.0 });
    // Twice: once is not enough against rounding.
    for _ in 0..2 {
        for column in known.column_iter() {
            vector -= column * column.dot(&vector);
        }
    }
    vector.normalize()
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

impl Svd {
    /// The matrix.
    fn product(&self) -> DMatrix<f64> {
        let mut scaled = self.u.clone();
        for (mut column, &value) in scaled.column_iter_mut().zip(self.singular_values.iter()) {
            column *= value;
        }
        times(&scaled, &self.v_t)
    }
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
    fn singular_matrices_are_decomposed_too() {
        let mut wrong = 0;
        for k in 0..4000 {
            let wave = |rows: usize, columns: usize, shift: usize| {
                DMatrix::from_fn(rows, columns, |i, j| libm::sin((7 * k + 3 * i + 5 * j * j + shift) as f64))
            };
            // Rank two, or one and zero columns.
            let matrix = times(&wave(5, 2, 0), &wave(2, 4, 9)) * if k % 2 == 0 { 1.0 } else { 1e-3 };
            let matrix = if k % 3 == 0 { matrix.transpose() } else { matrix };
            for Svd { u, singular_values, v_t } in [svd(&matrix), jacobi(&matrix)].into_iter().flatten() {
                let unit = DMatrix::identity(4, 4);
                assert!((u.tr_mul(&u) - &unit).norm() < 1e-13 && (&v_t * v_t.transpose() - &unit).norm() < 1e-13);
                assert!(singular_values.as_slice().is_sorted_by(|a, b| a >= b));
                let found = Svd { u, singular_values, v_t };
                assert!((found.product() - &matrix).norm() <= 1e-12 * matrix.norm(), "{k}");
            }
            let theirs =
                SVD::try_new(matrix.clone(), true, true, f64::EPSILON, 900).and_then(|svd| svd.recompose().ok());
            wrong += usize::from(theirs.is_none_or(|product| (product - &matrix).norm() > 1e-12 * matrix.norm()));
        }
        // When this fails because nothing is wrong any more, the second method can go.
        println!("nalgebra's decomposition is wrong for {wrong} of 4000");
        assert!(wrong > 0);
    }

    #[test]
    fn what_is_not_a_number_has_no_decomposition() {
        let broken = DMatrix::from_element(3, 3, f64::NAN);
        assert!(svd(&broken).is_none() && eigen(&broken).is_none() && spectral(&broken, f64::sqrt).is_none());
    }
}
