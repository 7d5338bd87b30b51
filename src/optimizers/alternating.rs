//! Alternating minimisation: one factor at a time, to the bottom.

use super::{Entry, Event, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars, Scale};
use crate::scalar::{Block, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "alternating",
    title: "Alternating minimisation",
    family: Family::Matrix,
    paper: Paper {
        authors: "Gu, Song, Yin, Zhang",
        title: "Low rank matrix completion via robust alternating minimization in nearly linear time",
        year: 2023,
        reference: "arXiv:2302.11068",
    },
    summary: "solves for one factor while the others stay, then for the next",
    knobs: &[
        Knob {
            id: "accuracy",
            symbol: "ε",
            default: 1e-8,
            range: (0.0, 1.0),
            scale: Scale::Log { from: 1e-14 },
            meaning: "how well each factor is solved for, relative to the gradient it begins with",
        },
        Knob { meaning: "step size of the gradient step where no factor can be solved for", ..Knob::lr(0.1) },
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Alternating::new(knobs, blocks))),
};

/// Alternating minimisation of f(x_1, ..., x_B):
/// ```text
/// for b = B, ..., 1:   x_b <- argmin over x_b of f(x_1, ..., x_B)
/// ```
/// One step solves for every block once, the last first (the paper begins with the right factor). Each is a least-squares
/// problem, solved by conjugate gradients to a relative `accuracy`: rough solutions do as well (the paper's point; its
/// own solver sketches and preconditions). Where the problem is not one of least squares in its blocks, as for X X^T,
/// the step is a gradient step of size `lr`, and this is reported.
///
/// Gu, Song, Yin, Zhang 2023, algorithm 1, on all observations in every step and without its clipping of long rows.
struct Alternating {
    accuracy: f64,
    lr: f64,
    blocks: usize,
}

impl Alternating {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self { accuracy: knobs.get("accuracy"), lr: knobs.get("lr"), blocks: blocks.len() }
    }
}

impl Optimizer<f64> for Alternating {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        for block in (0..self.blocks).rev() {
            match oracle.block_minimum(x, block, self.accuracy) {
                Some(solved) => *x = solved,
                None => {
                    oracle.report(Event::Fallback);
                    *x -= oracle.gradient(x) * self.lr;
                    return;
                }
            }
        }
    }

    fn state(&mut self, _: &mut dyn FnMut(&'static str, &mut [f64])) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn without_factors_it_is_a_gradient_step_and_says_so() {
        let mut oracle = Quadratic::new([1.0, 2.0]);
        let path = walk(&ENTRY, &[("lr", 0.25)], [4.0, 4.0], 1, &mut oracle);
        assert_eq!((path[1], &oracle.events[..]), ([3.0, 2.0], &[Event::Fallback][..]));
    }
}
