//! Gradient descent on two factors that are brought out of balance once.

use super::{Entry, Event, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars, Scale};
use crate::dense;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "rescaled_gd",
    title: "GD, rescaled once",
    family: Family::Matrix,
    paper: Paper {
        authors: "Xiong, Ding, Du",
        title: "How over-parameterization slows down gradient descent in matrix sensing",
        year: 2023,
        reference: "arXiv:2310.01769",
    },
    summary: "gradient descent that makes all singular values of one factor equal at one moment",
    knobs: &[
        Knob::lr(0.05),
        Knob {
            id: "beta",
            symbol: "β",
            default: 1.0,
            range: (1e-6, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "what the singular values of the first factor become",
        },
        Knob::whole("at", "T₁", 100.0, (1.0, 100_000.0), "the step before which it happens"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(RescaledGd::new(knobs, blocks))),
};

/// Gradient descent x <- x - lr g on F G^T, and once, before step `at`:
/// ```text
/// F = P S V^T  (singular values),   F <- F V B,   G <- G V B^-1,   B = diag(beta / s_1, ..., beta / s_k)
/// ```
/// The product F G^T does not change; all singular values of F become `beta`, so that F^T F - G^T G, which sets the rate,
/// becomes large. `lr` has to be below about 1 / beta^2 afterwards. Singular values below 1e-12 of the largest stay. On
/// parameters that are not two factors of equal width it is gradient descent.
///
/// Xiong, Ding, Du 2023, section 5 (the accelerated method); when to do it is a knob here, where the paper waits for a small
/// loss.
struct RescaledGd {
    /// Steps taken.
    taken: f64,
    lr: f64,
    beta: f64,
    at: f64,
    blocks: Vec<Block>,
}

impl RescaledGd {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let (lr, beta, at) = (knobs.get("lr"), knobs.get("beta"), knobs.get("at"));
        Self { taken: 0.0, lr, beta, at, blocks: blocks.to_vec() }
    }
}

impl Optimizer<f64> for RescaledGd {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        self.taken += 1.0;
        if self.taken == self.at
            && let [f, g] = self.blocks[..]
            && f.columns == g.columns
            && let Some((left, right)) = rescaled(&dense::read(x, f), &dense::read(x, g), self.beta)
        {
            dense::write(x, f, &left);
            dense::write(x, g, &right);
            oracle.report(Event::Restart);
        }
        *x -= oracle.gradient(x) * self.lr;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("taken", std::slice::from_mut(&mut self.taken));
    }
}

/// The factors with the same product, the first with all singular values `beta`. `None` where they are not finite.
fn rescaled(f: &DMatrix<f64>, g: &DMatrix<f64>, beta: f64) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    // A factor with more columns than rows has no room for that many equal singular values.
    if f.ncols() > f.nrows() {
        return None;
    }
    let dense::Svd { singular_values, v_t, .. } = dense::svd(f)?;
    let least = 1e-12 * singular_values.max();
    let stretch = singular_values.map(|s| if s > least { beta / s } else { 1.0 });
    let turned = v_t.transpose();
    let left = f * &turned * DMatrix::from_diagonal(&stretch);
    let right = g * turned * DMatrix::from_diagonal(&stretch.map(f64::recip));
    Some((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn the_product_stays_and_the_singular_values_are_equal() {
        let f = DMatrix::from_fn(4, 2, |i, j| libm::sin((2 * i + 3 * j) as f64));
        let g = DMatrix::from_fn(3, 2, |i, j| libm::cos((i + 5 * j) as f64));
        let (left, right) = rescaled(&f, &g, 0.7).expect("finite");
        assert!((&left * right.transpose() - f * g.transpose()).norm() < 1e-14);
        assert!((left.tr_mul(&left) - DMatrix::identity(2, 2) * 0.49).norm() < 1e-14);
    }

    #[test]
    fn a_vector_is_only_descended_from() {
        let path = walk(&ENTRY, &[("lr", 0.25), ("at", 1.0)], [4.0, 4.0], 2, &mut Quadratic::new([1.0, 2.0]));
        assert_eq!(path[1..], [[3.0, 2.0], [2.25, 1.0]]);
    }
}
