//! Riemannian gradient descent on the matrices of one rank.

use super::knob::count;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::dense;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "fixed_rank",
    title: "Riemannian GD, fixed rank",
    family: Family::Matrix,
    paper: Paper {
        authors: "Vandereycken",
        title: "Low-rank matrix completion by Riemannian optimization",
        year: 2013,
        reference: "doi:10.1137/110845768",
    },
    summary: "steps along the surface of the matrices of one rank and returns to it",
    knobs: &[Knob::lr(0.5), Knob::whole("rank", "r", 3.0, (1.0, 50.0), "rank of the matrices")],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(FixedRank::new(knobs, blocks))),
};

/// Riemannian gradient descent on the manifold of matrices of rank r, for each block M = U S V^T:
/// ```text
/// xi <- P g,     P g = U U^T g + g V V^T - U U^T g V V^T          (the tangent part of the gradient)
/// M  <- the best approximation of rank r of  M - lr xi
/// ```
/// `lr`: units of M per unit of g. The first step first brings M to rank r. A matrix with no more rows or columns than r is
/// descended from as it is. Where M is not finite it stays so.
///
/// Vandereycken 2013, with the gradient in place of conjugate gradients and a constant step in place of a search; the
/// retraction is his, the truncated singular value decomposition (section 3).
struct FixedRank {
    lr: f64,
    rank: usize,
    blocks: Vec<Block>,
}

impl FixedRank {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self { lr: knobs.get("lr"), rank: count(knobs, "rank"), blocks: blocks.to_vec() }
    }
}

impl Optimizer<f64> for FixedRank {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        for block in &self.blocks {
            let matrix = dense::read(x, *block);
            if let Some((near, ..)) = truncated(&matrix, self.rank) {
                dense::write(x, *block, &near);
            }
        }
        let g = oracle.gradient(x);
        for block in &self.blocks {
            let (matrix, gradient) = (dense::read(x, *block), dense::read(&g, *block));
            let moved = match truncated(&matrix, self.rank) {
                Some((near, u, v_t)) => {
                    let across = &gradient - &u * u.tr_mul(&gradient);
                    // g less what is orthogonal to both spaces.
                    let normal = &across - &across * v_t.tr_mul(&v_t);
                    near - (gradient - normal) * self.lr
                }
                None => matrix - gradient * self.lr,
            };
            let near = truncated(&moved, self.rank).map_or(moved, |(near, ..)| near);
            dense::write(x, *block, &near);
        }
    }

    fn state(&mut self, _: &mut dyn FnMut(&'static str, &mut [f64])) {}
}

/// The best approximation of this rank with its singular vectors. `None` where the matrix cannot have a higher rank, or is
/// not finite.
fn truncated(matrix: &DMatrix<f64>, rank: usize) -> Option<(DMatrix<f64>, DMatrix<f64>, DMatrix<f64>)> {
    if matrix.nrows().min(matrix.ncols()) <= rank {
        return None;
    }
    let svd = dense::svd(matrix)?;
    let (u, v_t) = (svd.u.columns(0, rank).into_owned(), svd.v_t.rows(0, rank).into_owned());
    let values = DMatrix::from_diagonal(&svd.singular_values.rows(0, rank).into_owned());
    Some((&u * values * &v_t, u, v_t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::Quadratic;

    #[test]
    fn a_step_stays_on_the_surface() {
        // Of diag(2, 0) in 2 x 2 with rank one the tangent space has every direction but the lower right entry.
        struct Target;
        impl Oracle<f64> for Target {
            fn value(&mut self, _: &Vector<f64>) -> f64 {
                0.0
            }
            fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
                x - Vector::from_slice(&[1.0, 0.0, 0.0, 1.0])
            }
            fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
                Vec::new()
            }
            fn hessian_vector(&mut self, _: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
                v.clone()
            }
            fn normal(&mut self, _: u32) -> Vector<f64> {
                Vector::zeros(2)
            }
            fn report(&mut self, _: super::super::Event) {}
        }
        let start = Vector::from_slice(&[2.0, 0.0, 0.0, 0.0]);
        let mut knobs = ENTRY.defaults();
        assert!(knobs.set("rank", 1.0) && knobs.set("lr", 0.5));
        let mut x = start.clone();
        ENTRY.build(&knobs, &start, &Block::sequence(&[[2, 2]])).step(&mut x, &mut Target);
        for (found, expected) in x.as_slice().iter().zip([1.5, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-15, "{x:?}");
        }
    }

    #[test]
    fn a_vector_is_only_descended_from() {
        let path =
            crate::optimizers::testing::walk(&ENTRY, &[("lr", 0.25)], [4.0, 4.0], 1, &mut Quadratic::new([1.0, 2.0]));
        assert_eq!(path[1], [3.0, 2.0]);
    }
}
