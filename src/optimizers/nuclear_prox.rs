//! Proximal gradient with the nuclear norm: the convex way to a matrix of low rank.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars, Scale};
use crate::dense;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "nuclear_prox",
    title: "Proximal gradient, nuclear norm",
    family: Family::Matrix,
    paper: Paper {
        authors: "Toh, Yun",
        title: "An accelerated proximal gradient algorithm for nuclear norm regularized linear least squares problems",
        year: 2010,
        reference: "Pacific J. Optim. 6",
    },
    summary: "a gradient step, after which every singular value is lowered",
    knobs: &[
        Knob::lr(0.5),
        Knob {
            id: "mu",
            symbol: "μ",
            default: 1e-3,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-9 },
            meaning: "weight of the nuclear norm",
        },
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(NuclearProx::new(knobs, blocks))),
};

/// Proximal gradient descent on f(M) + mu |M|_* (the sum of singular values):
/// ```text
/// M - lr g = U diag(s) V^T,     M <- U diag(max(s - lr mu, 0)) V^T
/// ```
/// for each block M. `lr`: units of M per unit of g, below two over the largest curvature. `mu`: units of g. A vector's one
/// singular value is its length. Where M is not finite the step is not shrunk.
///
/// The singular value thresholding is the proximal operator of the nuclear norm (Cai, Candès, Shen 2010, theorem 2.1); Toh
/// and Yun's algorithm without its acceleration.
struct NuclearProx {
    lr: f64,
    mu: f64,
    blocks: Vec<Block>,
}

impl NuclearProx {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self { lr: knobs.get("lr"), mu: knobs.get("mu"), blocks: blocks.to_vec() }
    }
}

impl Optimizer<f64> for NuclearProx {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        *x -= oracle.gradient(x) * self.lr;
        for block in &self.blocks {
            if let Some(shrunk) = shrunk(&dense::read(x, *block), self.lr * self.mu) {
                dense::write(x, *block, &shrunk);
            }
        }
    }

    fn state(&mut self, _: &mut dyn FnMut(&'static str, &mut [f64])) {}
}

/// The matrix with all singular values lowered by `by`, to zero at most: the proximal operator of `by` times the nuclear
/// norm. `None` where it is not finite.
fn shrunk(matrix: &DMatrix<f64>, by: f64) -> Option<DMatrix<f64>> {
    let dense::Svd { u, singular_values, v_t } = dense::svd(matrix)?;
    Some(u * DMatrix::from_diagonal(&singular_values.map(|s| (s - by).max(0.0))) * v_t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn a_vector_is_shortened() {
        // From (6, 8) with gradient (6, 8) and lr 1/2: (3, 4), of length 5; mu 2 takes 1 off it.
        let path = walk(&ENTRY, &[("lr", 0.5), ("mu", 2.0)], [6.0, 8.0], 1, &mut Quadratic::new([1.0, 1.0]));
        assert!((path[1][0] - 2.4).abs() < 1e-14 && (path[1][1] - 3.2).abs() < 1e-14);
    }

    #[test]
    fn singular_values_are_lowered() {
        let matrix = DMatrix::from_fn(4, 3, |i, j| libm::sin((i + 4 * j) as f64));
        let before = dense::svd(&matrix).expect("finite").singular_values;
        let after = dense::svd(&shrunk(&matrix, 0.5).expect("finite")).expect("finite").singular_values;
        for (before, after) in before.iter().zip(after.iter()) {
            assert!(((before - 0.5).max(0.0) - after).abs() < 1e-14);
        }
    }
}
