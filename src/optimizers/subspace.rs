//! A subspace for the shorter side of a matrix: what GaLore and its successors project gradients onto.

use super::Knob;
use crate::dense::{self, times};
use crate::scalar::Block;
use nalgebra::DMatrix;

/// The number of directions that are kept.
pub(super) const RANK: Knob = Knob::whole(
    "rank",
    "k",
    4.0,
    (1.0, 256.0),
    "directions that are kept of each matrix; never more than its shorter side",
);

/// How long a subspace is kept.
pub(super) const GAP: Knob =
    Knob::whole("update_proj_gap", "T", 200.0, (1.0, 10_000.0), "steps from one subspace to the next");

/// Directions `p` (columns) in the space of the shorter side of a matrix. A matrix is first laid so that it is at least
/// as tall as it is wide: G of m rows and n columns, m >= n, is projected to G P, and R goes back to R P^T.
pub(super) struct Subspace {
    pub p: DMatrix<f64>,
    /// Whether the block is wider than tall, and so is transposed.
    wide: bool,
    block: Block,
}

impl Subspace {
    /// The first axes, until a gradient says better.
    pub fn new(block: Block, rank: usize) -> Self {
        let shorter = block.rows.min(block.columns);
        Self { p: DMatrix::identity(shorter, rank.clamp(1, shorter.max(1))), wide: block.columns > block.rows, block }
    }

    /// Rows and columns of a projected matrix.
    pub fn shape(&self) -> (usize, usize) {
        (self.block.rows.max(self.block.columns), self.p.ncols())
    }

    /// The block of a point or gradient, laid tall.
    pub fn read(&self, x: &crate::scalar::Vector<f64>) -> DMatrix<f64> {
        let matrix = dense::read(x, self.block);
        if self.wide { matrix.transpose() } else { matrix }
    }

    /// Puts a tall matrix back into its block.
    pub fn write(&self, x: &mut crate::scalar::Vector<f64>, tall: &DMatrix<f64>) {
        if self.wide {
            dense::write(x, self.block, &tall.transpose());
        } else {
            dense::write(x, self.block, tall);
        }
    }

    /// Takes the leading right singular vectors of a tall matrix. One without a decomposition, as when an entry is not
    /// finite, changes nothing.
    pub fn refresh(&mut self, tall: &DMatrix<f64>) {
        if let Some(svd) = dense::svd(tall) {
            self.p = svd.v_t.rows(0, self.p.ncols()).transpose();
        }
    }

    /// G P.
    pub fn down(&self, tall: &DMatrix<f64>) -> DMatrix<f64> {
        times(tall, &self.p)
    }

    /// R P^T.
    pub fn up(&self, projected: &DMatrix<f64>) -> DMatrix<f64> {
        times(projected, &self.p.transpose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::scattered;
    use crate::scalar::Vector;

    #[test]
    fn the_leading_directions_lose_least() {
        // What is lost in a projection to k directions are the singular values after the k-th (Eckart and Young), on
        // whichever side the matrix is longer.
        let x = Vector::from_slice(&scattered(15, 4));
        for [rows, columns] in [[5, 3], [3, 5]] {
            let block = Block { from: 0, rows, columns };
            let mut subspace = Subspace::new(block, 2);
            let g = subspace.read(&x);
            subspace.refresh(&g);
            assert_eq!(subspace.shape(), (5, 2));
            let lost = &g - subspace.up(&subspace.down(&g));
            let values = dense::svd(&g).expect("finite").singular_values;
            assert!((lost.norm() - values[2]).abs() < 1e-14);
            let mut back = Vector::zeros(15);
            subspace.write(&mut back, &g);
            assert_eq!(back.as_slice(), x.as_slice());
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_changes_no_direction() {
        let mut subspace = Subspace::new(Block { from: 0, rows: 3, columns: 2 }, 9);
        subspace.refresh(&DMatrix::from_element(3, 2, f64::NAN));
        assert_eq!(subspace.p, DMatrix::identity(2, 2));
    }
}
