//! AdaBelief: Adam that divides by how much the gradient surprises.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adabelief",
    title: "AdaBelief",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan",
        title: "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients",
        year: 2020,
        reference: "arXiv:2010.07468",
    },
    summary: "Adam that divides by the gradient's deviation from its average: long steps while it is as expected",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared deviation is kept"),
        Knob::eps(1e-16),
        Knob::weight_decay(0.0, "shrinks x by lr times this in every step, as AdamW does"),
    ],
    scalars: recordable!(AdaBelief),
};

/// AdaBelief:
/// ```text
/// m <- beta1 m + (1 - beta1) g        s <- beta2 s + (1 - beta2) (g - m)^2 + eps
/// x <- (1 - lr weight_decay) x
/// x <- x - lr (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps)
/// ```
/// `g`: gradient at the point before it is shrunk. `m`: units of g; `s`: units of g squared; both start at zero; the
/// deviation is from the new `m`. `lr`: units of x. In a constant gradient the deviation goes to zero and steps grow
/// until `eps` bounds them. A coordinate whose gradient was always zero does not move; with `eps = 0` it becomes NaN.
///
/// Zhuang et al. 2020, algorithm 2 without its optional maximum. `eps` is used twice, as there: added to `s` in every
/// step, where it accumulates, and to the root. pytorch_optimizer and torch_optimizer do the same; optax has two
/// numbers, both 1e-16 by default. The decay is pytorch_optimizer's decoupled one.
struct AdaBelief<R> {
    m: Vector<R>,
    /// 1 - beta1^t, built up like `m` with ones in place of gradients.
    m_weight: R,
    s: Vector<R>,
    /// 1 - beta2^t, likewise for `s`.
    s_weight: R,
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
    weight_decay: R,
}

impl<R: Real> AdaBelief<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
            m: Vector::zeros(start.len()),
            s: Vector::zeros(start.len()),
            m_weight: R::zero(),
            s_weight: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for AdaBelief<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.m_weight = self.m_weight * self.beta1 + (one - self.beta1);
        let deviation = (g - &self.m).squared() * (one - self.beta2);
        self.s = self.s.zip_map(&deviation, |s, deviation| self.beta2 * s + deviation + self.eps);
        self.s_weight = self.s_weight * self.beta2 + (one - self.beta2);
        let m_hat = &self.m * (one / self.m_weight);
        let s_hat = &self.s * (one / self.s_weight);
        *x = &*x * (one - self.lr * self.weight_decay);
        *x -= m_hat.zip_map(&s_hat, |m, s| self.lr * m / (s.sqrt() + self.eps));
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("s", self.s.as_mut_slice());
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
        visit("s_weight", std::slice::from_mut(&mut self.s_weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_step_is_lr_over_beta1() {
        // m = (1 - beta1) g, so the deviation is beta1 g, and both corrections undo the averaging: lr g / (beta1 |g|).
        let knobs = [("lr", 0.5), ("beta1", 0.5), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [2.0, -4.0], 1, &mut Quadratic::new([3.0, 40.0]));
        // The correction by 1 - 0.999 keeps thirteen digits.
        assert!((path[1][0] - 1.0).abs() < 1e-12);
        assert!((path[1][1] + 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_steady_slope_makes_steps_grow() {
        let mut slope = crate::optimizers::testing::Slopes::new(&[[1.0, 1.0]]);
        let path = walk(&ENTRY, &[("lr", 0.01), ("beta2", 0.9)], [0.0, 0.0], 60, &mut slope);
        let length = |k: usize| (path[k + 1][0] - path[k][0]).abs();
        assert!(length(50) > 5.0 * length(0));
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let path = walk(&ENTRY, &[], [1.0, 5.0], 10, &mut Quadratic::new([1.0, 0.0]));
        assert_eq!(path[10][1], 5.0);
    }
}
