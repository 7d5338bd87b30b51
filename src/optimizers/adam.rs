//! Adam: momentum over a running estimate of each coordinate's gradient size.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adam",
    title: "Adam",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Kingma, Ba",
        title: "Adam: a method for stochastic optimization",
        year: 2014,
        reference: "arXiv:1412.6980",
    },
    summary: "averages gradients and their squares, corrects both for starting at zero, divides one by the other's root",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared gradient is kept"),
        Knob::eps(1e-8),
    ],
    scalars: recordable!(Adam),
};

/// Adam:
/// ```text
/// m <- beta1 m + (1 - beta1) g        v <- beta2 v + (1 - beta2) g^2
/// x <- x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
/// ```
/// `g`: gradient at `x`. `m`: units of g; `v`: units of g squared; both start at zero. `lr` has the units of x: after
/// the corrections the first step has length `lr` in every coordinate whose gradient is large against `eps`. A
/// coordinate whose gradient was always zero does not move (0 / eps); with `eps = 0` it becomes NaN.
///
/// Kingma and Ba 2014, algorithm 1. `eps` is added to the corrected root, as there and in PyTorch. PyTorch's
/// `weight_decay` is the wrapper `l2`.
///
/// 1 - beta^t is kept as the sum of the weights in the average, w <- beta w + (1 - beta). The power itself would become
/// denormal after some thousand steps and stay so, since 0.9 times the smallest double rounds to it again, and every
/// product with it takes a hundred cycles.
// What changes comes before what does not: a constant in front of a number that was just written is sometimes loaded
// together with it, and waits for the write. That cost up to a tenth of a step.
struct Adam<R> {
    m: Vector<R>,
    /// 1 - beta1^t, built up like `m` with ones in place of gradients.
    m_weight: R,
    v: Vector<R>,
    /// 1 - beta2^t, likewise for `v`.
    v_weight: R,
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
}

impl<R: Real> Adam<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            m: Vector::zeros(start.len()),
            v: Vector::zeros(start.len()),
            m_weight: R::zero(),
            v_weight: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for Adam<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.m_weight = self.m_weight * self.beta1 + (one - self.beta1);
        self.v = &self.v * self.beta2 + g.squared() * (one - self.beta2);
        self.v_weight = self.v_weight * self.beta2 + (one - self.beta2);
        let m_hat = &self.m * (one / self.m_weight);
        let v_hat = &self.v * (one / self.v_weight);
        *x -= m_hat.zip_map(&v_hat, |m, v| self.lr * m / (v.sqrt() + self.eps));
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("v", self.v.as_mut_slice());
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
        visit("v_weight", std::slice::from_mut(&mut self.v_weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, Slopes, walk};

    #[test]
    fn first_step_has_length_lr_in_every_coordinate() {
        let path = walk(&ENTRY, &[("lr", 0.1)], [2.0, -1.0], 1, &mut Quadratic::new([3.0, 40.0]));
        // eps against gradients of 6 and 40 shortens the step by about 1e-9 of its length.
        assert!((path[1][0] - 1.9).abs() < 1e-9);
        assert!((path[1][1] + 0.9).abs() < 1e-9);
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let path = walk(&ENTRY, &[], [1.0, 5.0], 10, &mut Quadratic::new([1.0, 0.0]));
        assert_eq!(path[10][1], 5.0);
    }

    #[test]
    fn two_steps_by_hand() {
        // beta1 = 0.5, beta2 = 0 on slopes 4 and 1: m = 2, then 1.5, corrected by 1/2 and 3/4: steps 4/4 and 2/1.
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.0), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [0.0, 0.0], 2, &mut Slopes::new(&[[4.0, 4.0], [1.0, 1.0]]));
        assert_eq!(path[1], [-1.0, -1.0]);
        assert_eq!(path[2], [-3.0, -3.0]);
    }
}
