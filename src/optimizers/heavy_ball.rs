//! Heavy ball: gradient descent that keeps part of its last step.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "heavy_ball",
    title: "Heavy ball",
    family: Family::Gradient,
    paper: Paper {
        authors: "Polyak",
        title: "Some methods of speeding up the convergence of iteration methods",
        year: 1964,
        reference: "doi:10.1016/0041-5553(64)90137-5",
    },
    summary: "rolls like a ball with friction: part of the last step is repeated, then the slope is followed",
    knobs: &[Knob::lr(0.001), Knob::momentum(0.9)],
    scalars: recordable!(HeavyBall),
};

/// Heavy ball:
/// ```text
/// buf <- momentum buf + g
/// x   <- x - lr buf
/// ```
/// `g`: gradient at `x`. `buf`: units of g, starts at zero. `lr`: units of x per unit of g. With `momentum = 0` this is
/// gradient descent. On a quadratic with curvatures up to L it converges for `lr` below 2 (1 + momentum) / L; where the
/// gradient is zero the ball rolls on, each step `momentum` times the last.
///
/// Polyak 1964 has the two-step form x_(k+1) = x_k - lr g + momentum (x_k - x_(k-1)). The form here is
/// that of PyTorch and optax. The paths are the same as long as `lr` is constant, since then x_k - x_(k-1) = -lr buf;
/// when a schedule changes `lr`, the old steps here are rescaled with it, and Polyak's are not.
struct HeavyBall<R> {
    buf: Vector<R>,
    lr: R,
    momentum: R,
}

impl<R: Real> HeavyBall<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self { lr: knobs.get("lr"), momentum: knobs.get("momentum"), buf: Vector::zeros(start.len()) }
    }
}

impl<R: Real> Optimizer<R> for HeavyBall<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let g = oracle.gradient(x);
        self.buf = &self.buf * self.momentum + g;
        *x -= &self.buf * self.lr;
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
        // f = x^2 / 2 from 1 with lr 0.5, momentum 0.5: buf = 1, x = 0.5; buf = 0.5 + 0.5 = 1, x = 0.
        let path = walk(&ENTRY, &[("lr", 0.5), ("momentum", 0.5)], [1.0, 0.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [0.5, 0.0]);
        assert_eq!(path[2], [0.0, 0.0]);
    }

    #[test]
    fn it_is_polyaks_two_step_form() {
        let (lr, momentum) = (0.02, 0.8);
        let path =
            walk(&ENTRY, &[("lr", lr), ("momentum", momentum)], [2.0, -1.0], 40, &mut Quadratic::new([1.0, 30.0]));
        for k in 1..40 {
            for (i, curvature) in [1.0, 30.0].into_iter().enumerate() {
                let next = path[k][i] - lr * curvature * path[k][i] + momentum * (path[k][i] - path[k - 1][i]);
                // Rounding alone: numbers of order one, a few operations.
                assert!((next - path[k + 1][i]).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn it_is_sgd_with_momentum_to_the_bit() {
        for momentum in [0.0, 0.9] {
            let knobs = [("lr", 0.03), ("momentum", momentum)];
            let heavy_ball = walk(&ENTRY, &knobs, [2.0, -1.0], 30, &mut Quadratic::new([1.0, 30.0]));
            let sgd = walk(&sgd::ENTRY, &knobs, [2.0, -1.0], 30, &mut Quadratic::new([1.0, 30.0]));
            assert_eq!(heavy_ball, sgd);
        }
    }

    #[test]
    fn without_a_slope_the_ball_rolls_on() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let mut x = Vector::from([1.0, 0.0]);
        let mut optimizer = crate::optimizers::testing::build(&ENTRY, &[("lr", 1.0), ("momentum", 0.5)], &x);
        optimizer.step(&mut x, &mut oracle);
        // At the minimum now, with buf = 1: half of it is still to go.
        assert_eq!(x[0], 0.0);
        optimizer.step(&mut x, &mut oracle);
        assert_eq!(x[0], -0.5);
    }
}
