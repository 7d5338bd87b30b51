//! Scaled gradient descent: each factor's gradient times the inverse of the other factor's Gram matrix.

use super::knob::switched_on;
use super::{Entry, Event, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars, Scale};
use crate::dense;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "scaled_gd",
    title: "ScaledGD",
    family: Family::Matrix,
    paper: Paper {
        authors: "Xu, Shen, Chi, Ma",
        title: "The power of preconditioning in overparameterized low-rank matrix sensing",
        year: 2023,
        reference: "arXiv:2302.01186",
    },
    summary: "divides the gradient by the factors' own Gram matrix, so that the condition of the matrix does not matter",
    knobs: &[
        Knob::lr(0.3),
        Knob {
            id: "lambda",
            symbol: "λ",
            default: 0.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-12 },
            meaning: "damping: added to the Gram matrix, so that superfluous columns do no harm",
        },
        Knob::switch("by_residual", "λ = √f", false, "adds the root of the loss to the damping"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(ScaledGd::new(knobs, blocks))),
};

/// ScaledGD(lambda):
/// ```text
/// X <- X - lr grad_X (X^T X + lambda I)^-1                                     for X X^T
/// F <- F - lr grad_F (G^T G + lambda I)^-1,   G <- G - lr grad_G (F^T F + lambda I)^-1    for F G^T, from the old pair
/// ```
/// `lr`: no unit, at most about one. `lambda`: units of X squared; about the smallest singular value of the truth is right
/// for superfluous columns (theorem 2). Blocks that are not a pair of equal width are each scaled by themselves.
///
/// Xu, Shen, Chi, Ma 2023, equation 4; `lambda` = 0 is ScaledGD of Tong, Ma, Chi 2021; with `by_residual` it is the
/// preconditioned gradient descent of Zhang, Fattahi, Zhang 2021, whose damping is the root of the loss. Where the Gram
/// matrix is singular to working precision, 1e-12 of its trace is added and this is reported; at X = 0 the step is not
/// scaled.
struct ScaledGd {
    lr: f64,
    lambda: f64,
    by_residual: bool,
    blocks: Vec<Block>,
}

/// Fraction of the trace that is added to a Gram matrix that cannot be inverted.
const RIDGE: f64 = 1e-12;

impl ScaledGd {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self {
            lr: knobs.get("lr"),
            lambda: knobs.get("lambda"),
            by_residual: switched_on(knobs, "by_residual"),
            blocks: blocks.to_vec(),
        }
    }

    /// The block whose Gram matrix scales block `k`.
    fn partner(&self, k: usize) -> Block {
        match self.blocks[..] {
            [f, g] if f.columns == g.columns => [g, f][k],
            _ => self.blocks[k],
        }
    }
}

impl Optimizer<f64> for ScaledGd {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let damping = self.lambda + if self.by_residual { oracle.value(x).max(0.0).sqrt() } else { 0.0 };
        let g = oracle.gradient(x);
        let mut step = Vector::zeros(x.len());
        for k in 0..self.blocks.len() {
            let other = dense::read(x, self.partner(k));
            let (scaled, singular) = divide(&dense::read(&g, self.blocks[k]), other.tr_mul(&other), damping);
            if singular {
                oracle.report(Event::Regularized);
            }
            dense::write(&mut step, self.blocks[k], &scaled);
        }
        *x -= step * self.lr;
    }

    fn state(&mut self, _: &mut dyn FnMut(&'static str, &mut [f64])) {}
}

/// `gradient` (`gram` + `damping` I)^-1, and whether more had to be added.
fn divide(gradient: &DMatrix<f64>, gram: DMatrix<f64>, damping: f64) -> (DMatrix<f64>, bool) {
    let (n, trace) = (gram.nrows(), gram.trace());
    let shifted = |shift: f64| &gram + DMatrix::identity(n, n) * shift;
    let is_regular = |factor: &nalgebra::Cholesky<f64, nalgebra::Dyn>| {
        let diagonal = factor.l_dirty().diagonal();
        diagonal.min() > RIDGE.sqrt() * diagonal.max()
    };
    let (factor, singular) = match shifted(damping).cholesky().filter(is_regular) {
        Some(factor) => (Some(factor), false),
        None => (shifted(damping + RIDGE * trace).cholesky(), true),
    };
    match factor {
        Some(factor) => (factor.solve(&gradient.transpose()).transpose(), singular),
        None => (gradient.clone(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn one_step_by_hand() {
        // At (3, 4) the Gram matrix of the one column is 25; the gradient of (x^2 + 2 y^2) / 2 is (3, 8).
        let knobs = [("lr", 0.5), ("lambda", 5.0)];
        let path = walk(&ENTRY, &knobs, [3.0, 4.0], 1, &mut Quadratic::new([1.0, 2.0]));
        assert!((path[1][0] - (3.0 - 0.5 * 3.0 / 30.0)).abs() < 1e-15);
        assert!((path[1][1] - (4.0 - 0.5 * 8.0 / 30.0)).abs() < 1e-15);
    }

    #[test]
    fn a_singular_preconditioner_is_told_and_harmless() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 1, &mut oracle);
        assert_eq!((path[1], &oracle.events[..]), ([0.0, 0.0], &[Event::Regularized][..]));
        // Two equal columns: the Gram matrix has rank one.
        let gradient = DMatrix::from_row_slice(1, 2, &[1.0, 1.0]);
        let (scaled, singular) = divide(&gradient, DMatrix::from_element(2, 2, 1.0), 0.0);
        assert!(singular && scaled.iter().all(|entry| (entry - 0.5).abs() < 1e-3), "{scaled}");
    }

    #[test]
    fn the_factors_of_a_pair_scale_each_other() {
        let blocks = Block::sequence(&[[1, 1], [1, 1]]);
        let start = Vector::from([2.0, 5.0]);
        let mut knobs = ENTRY.defaults();
        assert!(knobs.set("lr", 1.0));
        let mut optimizer = ENTRY.build(&knobs, &start, &blocks);
        let mut x = start;
        // Gradient (2, 5): the first is divided by 25, the second by 4.
        optimizer.step(&mut x, &mut Quadratic::new([1.0, 1.0]));
        assert!((x[0] - (2.0 - 2.0 / 25.0)).abs() < 1e-15 && (x[1] - (5.0 - 5.0 / 4.0)).abs() < 1e-15);
    }
}
