//! Linear measurements of a matrix, y_i = <A_i, M>, applied all at once.
//!
//! The unknown has N free entries: all of a rectangular matrix, the upper triangle of a symmetric one (an orthonormal basis:
//! entries beside the diagonal are multiplied by sqrt 2, so that the inner product stays that of matrices). The
//! measurements are the rows of one matrix, and the loss and its derivative take one pass over it: what was read for the
//! product with the unknown is still at hand for the product with the residual.

use super::draws::{Normals, Purpose};
use nalgebra::DMatrix;

/// How the entries of a matrix become the coordinates that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// Every entry, row by row.
    Rectangular {
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
    },
    /// The upper triangle of a symmetric matrix, row by row.
    Symmetric {
        /// Rows, and columns.
        n: usize,
    },
}

impl Coordinates {
    /// How many there are.
    pub fn count(self) -> usize {
        match self {
            Self::Rectangular { rows, columns } => rows * columns,
            Self::Symmetric { n } => n * (n + 1) / 2,
        }
    }

    /// The coordinates of a matrix. Of a symmetric one, the upper triangle is read.
    pub fn of(self, matrix: &DMatrix<f64>) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.count());
        match self {
            Self::Rectangular { rows, columns } => {
                (0..rows).for_each(|i| out.extend((0..columns).map(|j| matrix[(i, j)])));
            }
            Self::Symmetric { n } => {
                for i in 0..n {
                    out.push(matrix[(i, i)]);
                    out.extend((i + 1..n).map(|j| std::f64::consts::SQRT_2 * matrix[(i, j)]));
                }
            }
        }
        out
    }

    /// The matrix with these coordinates.
    pub fn matrix(self, coordinates: &[f64]) -> DMatrix<f64> {
        match self {
            Self::Rectangular { rows, columns } => DMatrix::from_row_slice(rows, columns, coordinates),
            Self::Symmetric { n } => {
                let mut matrix = DMatrix::zeros(n, n);
                let mut next = coordinates.iter();
                for i in 0..n {
                    for (j, &c) in (i..n).zip(&mut next) {
                        let entry = if i == j { c } else { c * std::f64::consts::FRAC_1_SQRT_2 };
                        matrix[(i, j)] = entry;
                        matrix[(j, i)] = entry;
                    }
                }
                matrix
            }
        }
    }
}

/// Rows that are worked on together: a number of the unknown is read once for all of them.
const TOGETHER: usize = 4;

/// Measurements of N coordinates, as the rows of a matrix whose row `i` may begin at a later column.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// N.
    width: usize,
    /// Rows that the entries stand for; the last ones may be zero, to fill up a group.
    count: usize,
    /// The entries, by groups of [`TOGETHER`] rows that begin at the same column.
    entries: Vec<f64>,
    /// For each group, the column at which its rows begin.
    begins: Vec<usize>,
}

impl Measurements {
    /// Rows as they are given.
    pub fn rows(width: usize, rows: &[Vec<f64>]) -> Self {
        let mut all = Self::empty(width, rows.len());
        for group in rows.chunks(TOGETHER) {
            all.begins.push(0);
            group.iter().for_each(|row| all.entries.extend_from_slice(row));
            all.entries.resize(all.begins.len() * TOGETHER * width, 0.0);
        }
        all
    }

    /// `count` rows of independent standard normal entries.
    pub fn gaussian(width: usize, count: usize, seed: u64) -> Self {
        let mut draws = Normals::new(seed, Purpose::Measurements);
        let mut all = Self::empty(width, count);
        all.begins = vec![0; count.div_ceil(TOGETHER)];
        all.entries.extend((0..count * width).map(|_| draws.draw()));
        all.entries.resize(all.begins.len() * TOGETHER * width, 0.0);
        all
    }

    /// What a squared loss can see of `count` rows of independent standard normal entries: the triangular factor R of
    /// their QR decomposition A = Q R, in at most N rows.
    ///
    /// |A d|^2 = |R d|^2 for every d, and R can be drawn without A (Bartlett 1933): its entries are independent, those
    /// above the diagonal standard normal, the one on it in row i (from 0) chi with `count` - i degrees of freedom. A
    /// run on R therefore has the law of a run on A, for half the memory at most.
    pub fn gaussian_factor(width: usize, count: usize, seed: u64) -> Self {
        let mut draws = Normals::new(seed, Purpose::Measurements);
        let rows = count.min(width);
        let mut all = Self::empty(width, rows);
        for first in (0..rows).step_by(TOGETHER) {
            all.begins.push(first);
            for row in first..first + TOGETHER {
                for column in first..width {
                    all.entries.push(match column {
                        _ if row >= rows || column < row => 0.0,
                        _ if column == row => draws.chi(count - row),
                        _ => draws.draw(),
                    });
                }
            }
        }
        all
    }

    fn empty(width: usize, count: usize) -> Self {
        Self { width, count, entries: Vec::new(), begins: Vec::new() }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows times `v`.
    pub fn apply(&self, v: &[f64]) -> Vec<f64> {
        let mut products = Vec::with_capacity(self.begins.len() * TOGETHER);
        self.groups(|begin, rows| products.extend(products_of(rows, &v[begin..])));
        products.truncate(self.count);
        products
    }

    /// What `weigh` makes of each row's product with `v`, given the row's number, and the sum of the rows with these weights.
    /// One pass.
    pub fn apply_both_ways(&self, v: &[f64], mut weigh: impl FnMut(usize, f64) -> f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.width];
        let mut first = 0;
        self.groups(|begin, rows| {
            let products = products_of(rows, &v[begin..]);
            let weight = |r: usize| if first + r < self.count { weigh(first + r, products[r]) } else { 0.0 };
            add_rows(rows, [0, 1, 2, 3].map(weight), &mut sum[begin..]);
            first += TOGETHER;
        });
        sum
    }

    fn groups(&self, mut visit: impl FnMut(usize, [&[f64]; TOGETHER])) {
        let mut rest = &self.entries[..];
        for &begin in &self.begins {
            let width = self.width - begin;
            let (group, after) = rest.split_at(TOGETHER * width);
            rest = after;
            let mut rows = group.chunks_exact(width.max(1));
            visit(begin, [(); TOGETHER].map(|()| rows.next().unwrap_or_default()));
        }
    }
}

/// Numbers of a row that are added up side by side: wide enough for the widest vectors of a processor, and the same
/// everywhere, since the order of a sum decides its last digit.
const LANES: usize = 4;

/// The products of four rows with `v`.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[inline(never)]
fn products_of(rows: [&[f64]; TOGETHER], v: &[f64]) -> [f64; TOGETHER] {
    let mut sums = [[0.0; LANES]; TOGETHER];
    let (v, v_rest) = v.as_chunks::<LANES>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(<[f64]>::as_chunks::<LANES>);
    for ((((v, a), b), c), d) in v.iter().zip(a).zip(b).zip(c).zip(d) {
        for lane in 0..LANES {
            sums[0][lane] += a[lane] * v[lane];
            sums[1][lane] += b[lane] * v[lane];
            sums[2][lane] += c[lane] * v[lane];
            sums[3][lane] += d[lane] * v[lane];
        }
    }
    let rests = [a_rest, b_rest, c_rest, d_rest];
    [0, 1, 2, 3].map(|r| {
        let [p, q, s, t] = sums[r];
        rests[r].iter().zip(v_rest).fold((p + q) + (s + t), |sum, (a, v)| sum + a * v)
    })
}

/// Adds the weighted sum of four rows.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[inline(never)]
fn add_rows([a, b, c, d]: [&[f64]; TOGETHER], weights: [f64; TOGETHER], sum: &mut [f64]) {
    for ((((sum, a), b), c), d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum += (weights[0] * a + weights[1] * b) + (weights[2] * c + weights[3] * d);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn coordinates_keep_the_inner_product() {
        let of = |i: usize, j: usize| libm::cos((i * 5 + j * 3) as f64);
        let a = DMatrix::from_fn(4, 4, |i, j| of(i, j) + of(j, i));
        let b = DMatrix::from_fn(4, 4, |i, j| of(i, j) * of(j, i));
        for coordinates in [Coordinates::Symmetric { n: 4 }, Coordinates::Rectangular { rows: 4, columns: 4 }] {
            let (u, v) = (coordinates.of(&a), coordinates.of(&b));
            assert_eq!(u.len(), coordinates.count());
            assert!((inner(&u, &v) - a.dot(&b)).abs() < 1e-13);
            assert!((coordinates.matrix(&u) - &a).norm() < 1e-15);
        }
    }

    #[test]
    fn both_ways_are_the_product_and_its_transpose() {
        let rows: Vec<Vec<f64>> = (0..7).map(|i| (0..11).map(|j| libm::sin((i * 11 + j) as f64)).collect()).collect();
        let v: Vec<f64> = (0..11).map(|j| libm::cos(j as f64)).collect();
        let measurements = Measurements::rows(11, &rows);
        let direct: Vec<f64> = rows.iter().map(|row| inner(row, &v)).collect();
        for (product, direct) in measurements.apply(&v).iter().zip(&direct) {
            assert!((product - direct).abs() < 1e-14);
        }
        let sum = measurements.apply_both_ways(&v, |row, product| product + row as f64);
        for (j, sum) in sum.iter().enumerate() {
            let direct: f64 = (0..7).map(|i| (direct[i] + i as f64) * rows[i][j]).sum();
            assert!((sum - direct).abs() < 1e-13);
        }
    }

    #[test]
    fn the_factor_has_the_law_of_the_rows() {
        // E |A d|^2 = m |d|^2 with variance 2 m |d|^4. The mean over 400 seeds has a standard error of sqrt(2 m / 400).
        for (width, count) in [(6, 9), (9, 6), (5, 5)] {
            let d: Vec<f64> = (0..width).map(|j| if j % 2 == 0 { 0.6 } else { -0.3 }).collect();
            let length = inner(&d, &d);
            let mean = |of: fn(usize, usize, u64) -> Measurements| {
                let squares = (0..400).map(|seed| of(width, count, seed).apply(&d));
                squares.map(|products| inner(&products, &products) / length).sum::<f64>() / 400.0
            };
            let bound = 4.0 * (2.0 * count as f64 / 400.0).sqrt();
            assert!((mean(Measurements::gaussian) - count as f64).abs() < bound);
            assert!((mean(Measurements::gaussian_factor) - count as f64).abs() < bound, "{width} {count}");
        }
    }

    #[test]
    fn the_factor_is_triangular() {
        let factor = Measurements::gaussian_factor(6, 9, 1);
        assert_eq!(factor.count(), 6);
        let column = |j: usize| factor.apply(&(0..6).map(|i| f64::from(u8::from(i == j))).collect::<Vec<_>>());
        for j in 0..6 {
            assert!(column(j)[j] > 0.0 && column(j)[j + 1..].iter().all(|entry| *entry == 0.0), "{:?}", column(j));
        }
    }
}
