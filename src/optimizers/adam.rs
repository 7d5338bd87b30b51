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
    summary: "averages gradients and their squares, corrects both for starting at zero, divides one by the root of the other",
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
/// Kingma and Ba 2014, algorithm 1. `eps` is added to the corrected root, as there and in PyTorch.
struct Adam<R> {
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
    m: Vector<R>,
    v: Vector<R>,
    beta1_power: R,
    beta2_power: R,
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
            beta1_power: R::one(),
            beta2_power: R::one(),
        }
    }
}

impl<R: Real> Optimizer<R> for Adam<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.beta1_power *= self.beta1;
        self.beta2_power *= self.beta2;
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.v = &self.v * self.beta2 + g.squared() * (one - self.beta2);
        let m_hat = &self.m * (one / (one - self.beta1_power));
        let v_hat = &self.v * (one / (one - self.beta2_power));
        *x -= m_hat.zip_map(&v_hat, |m, v| self.lr * m / (v.sqrt() + self.eps));
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("v", self.v.as_mut_slice());
        visit("beta1^t", std::slice::from_mut(&mut self.beta1_power));
        visit("beta2^t", std::slice::from_mut(&mut self.beta2_power));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::Quadratic;

    #[test]
    fn first_step_has_length_lr_in_every_coordinate() {
        let mut oracle = Quadratic::new([3.0, 40.0]);
        let mut knobs = ENTRY.defaults();
        knobs.set("lr", 0.1);
        let mut x = Vector::from([2.0, -1.0]);
        ENTRY.build(&knobs, &x).step(&mut x, &mut oracle);
        // eps against gradients of 6 and 40 shortens the step by about 1e-9 of its length.
        assert!((x[0] - 1.9).abs() < 1e-9);
        assert!((x[1] + 0.9).abs() < 1e-9);
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let mut oracle = Quadratic::new([1.0, 0.0]);
        let mut x = Vector::from([1.0, 5.0]);
        let mut adam = ENTRY.build(&ENTRY.defaults(), &x);
        for _ in 0..10 {
            adam.step(&mut x, &mut oracle);
        }
        assert_eq!(x[1], 5.0);
    }
}
