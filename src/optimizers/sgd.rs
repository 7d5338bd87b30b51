//! Gradient descent, with the options of `torch.optim.SGD`.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "sgd",
    title: "Gradient descent",
    family: Family::Gradient,
    paper: Paper {
        authors: "Cauchy",
        title: "Méthode générale pour la résolution des systèmes d'équations simultanées",
        year: 1847,
        reference: "",
    },
    summary: "steps against the gradient, as far as the gradient is long",
    knobs: &[
        Knob::lr(0.001),
        Knob::momentum(0.0),
        Knob::fraction("dampening", "τ", 0.0, "share of a new gradient that the momentum leaves out"),
    ],
    scalars: recordable!(Sgd),
};

/// Gradient descent:
/// ```text
/// buf <- momentum buf + (1 - dampening) g        in the first step buf <- g
/// x   <- x - lr buf
/// ```
/// `g`: gradient at `x`. `lr`: units of x per unit of g. `buf`: units of g, starts at zero. With `momentum` and
/// `dampening` at zero, their defaults, this is x <- x - lr g. On a quadratic it converges for `lr` below two
/// over the largest curvature, and a coordinate without gradient does not move.
///
/// Cauchy 1847. The options are PyTorch's, in its order; that the first step is not dampened is PyTorch's too.
/// `momentum` alone gives heavy ball, which has its own entry; PyTorch's `weight_decay` is the wrapper `l2`.
struct Sgd<R> {
    buf: Vector<R>,
    /// Zero before the first step, one ever after: dampening waits for it.
    started: R,
    lr: R,
    momentum: R,
    dampening: R,
}

impl<R: Real> Sgd<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            momentum: knobs.get("momentum"),
            dampening: knobs.get("dampening"),
            buf: Vector::zeros(start.len()),
            started: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for Sgd<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let g = oracle.gradient(x);
        self.buf = &self.buf * self.momentum + g * (R::one() - self.dampening * self.started);
        self.started = R::one();
        *x -= &self.buf * self.lr;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("buf", self.buf.as_mut_slice());
        visit("started", std::slice::from_mut(&mut self.started));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn a_step_is_lr_times_the_gradient() {
        // Gradient of (3 x^2 + 40 y^2) / 2 at (2, -1): (6, -40).
        let path = walk(&ENTRY, &[("lr", 0.25)], [2.0, -1.0], 1, &mut Quadratic::new([3.0, 40.0]));
        assert_eq!(path[1], [0.5, 9.0]);
    }

    #[test]
    fn dampening_starts_with_the_second_step() {
        // f = x^2 / 2 from 1, lr 0.5, momentum 0.5, dampening 0.5: buf = 1, x = 0.5; buf = 0.5 + 0.25, x = 0.125.
        let knobs = [("lr", 0.5), ("momentum", 0.5), ("dampening", 0.5)];
        let path = walk(&ENTRY, &knobs, [1.0, 0.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [0.5, 0.0]);
        assert_eq!(path[2], [0.125, 0.0]);
    }

    #[test]
    fn twice_the_inverse_curvature_is_the_limit() {
        let at = |lr| walk(&ENTRY, &[("lr", lr)], [1.0, 0.0], 50, &mut Quadratic::new([4.0, 1.0]))[50][0].abs();
        assert!(at(0.49) < 1.0);
        assert_eq!(at(0.5), 1.0);
        assert!(at(0.51) > 1.0);
    }
}
