//! Nesterov's accelerated gradient, with a constant momentum.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "nesterov",
    title: "Nesterov",
    family: Family::Gradient,
    paper: Paper {
        authors: "Nesterov",
        title: "A method for solving the convex programming problem with convergence rate O(1/k²)",
        year: 1983,
        reference: "",
    },
    summary: "heavy ball that looks ahead: the gradient is taken where the momentum is about to carry it",
    knobs: &[Knob::lr(0.001), Knob::momentum(0.9)],
    scalars: recordable!(Nesterov),
};

/// Nesterov's momentum:
/// ```text
/// buf <- momentum buf + g
/// x   <- x - lr (g + momentum buf)
/// ```
/// `g`: gradient at `x`. `buf`: units of g, starts at zero. `lr`: units of x per unit of g. With `momentum = 0` this is
/// gradient descent. A zero gradient lets it roll on, as heavy ball does.
///
/// `x` is the point that looks ahead, as in PyTorch and optax; the paper's own point is y = x + lr momentum buf,
/// for which y_(k+1) = x_k - lr g(x_k) and x_(k+1) = y_(k+1) + momentum (y_(k+1) - y_k). Sutskever, Martens, Dahl and
/// Hinton 2013 (equations 3 and 4) made this the usual form. Nesterov 1983 lets the momentum grow with the step
/// number; the constant one here is what he later recommends under strong convexity (Nesterov 2004, section 2.2).
struct Nesterov<R> {
    buf: Vector<R>,
    lr: R,
    momentum: R,
}

impl<R: Real> Nesterov<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self { lr: knobs.get("lr"), momentum: knobs.get("momentum"), buf: Vector::zeros(start.len()) }
    }
}

impl<R: Real> Optimizer<R> for Nesterov<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let g = oracle.gradient(x);
        self.buf = &self.buf * self.momentum + &g;
        *x -= (g + &self.buf * self.momentum) * self.lr;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("buf", self.buf.as_mut_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::sgd;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn two_steps_by_hand() {
        // f = x^2 / 2 from 1 with lr 0.5, momentum 0.5: buf = 1, x = 1 - 0.75 = 0.25; buf = 0.75, x = 0.25 - 0.3125.
        let path = walk(&ENTRY, &[("lr", 0.5), ("momentum", 0.5)], [1.0, 0.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [0.25, 0.0]);
        assert_eq!(path[2], [-0.0625, 0.0]);
    }

    #[test]
    fn the_papers_point_takes_a_gradient_step_and_then_looks_ahead() {
        let (lr, momentum, curvature) = (0.02, 0.8, [1.0, 30.0]);
        let path = walk(&ENTRY, &[("lr", lr), ("momentum", momentum)], [2.0, -1.0], 40, &mut Quadratic::new(curvature));
        for (i, curvature) in curvature.into_iter().enumerate() {
            // y_(k+1) = x_k - lr g(x_k), and the point before any step is the start.
            let mut y = path[0][i];
            for k in 0..40 {
                let next = path[k][i] - lr * curvature * path[k][i];
                let ahead = next + momentum * (next - y);
                // Rounding alone: numbers of order one, a few operations.
                assert!((ahead - path[k + 1][i]).abs() < 1e-14, "step {k}");
                y = next;
            }
        }
    }

    #[test]
    fn without_momentum_it_is_gradient_descent() {
        let knobs = [("lr", 0.03), ("momentum", 0.0)];
        let nesterov = walk(&ENTRY, &knobs, [2.0, -1.0], 30, &mut Quadratic::new([1.0, 30.0]));
        let sgd = walk(&sgd::ENTRY, &knobs, [2.0, -1.0], 30, &mut Quadratic::new([1.0, 30.0]));
        assert_eq!(nesterov, sgd);
    }
}
