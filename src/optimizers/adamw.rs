//! AdamW: Adam with the weight decay taken out of the gradient.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adamw",
    title: "AdamW",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Loshchilov, Hutter",
        title: "Decoupled weight decay regularization",
        year: 2017,
        reference: "arXiv:1711.05101",
    },
    summary: "Adam, with x shrunk a little beside the step instead of a penalty inside the gradient",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared gradient is kept"),
        Knob::eps(1e-8),
        Knob::weight_decay(0.01, "shrinks x by lr times this in every step"),
    ],
    scalars: recordable!(AdamW),
};

/// AdamW:
/// ```text
/// m <- beta1 m + (1 - beta1) g        v <- beta2 v + (1 - beta2) g^2
/// x <- (1 - lr weight_decay) x
/// x <- x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
/// ```
/// `g`: gradient at the point before it is shrunk. `m`: units of g; `v`: units of g squared; both start at zero. `lr`:
/// units of x. `weight_decay`: 1 / units of x. With `weight_decay = 0` this is Adam. Where the gradient was always
/// zero, x still shrinks.
///
/// Loshchilov and Hutter 2017, algorithm 2. There the decay is multiplied by a schedule alone; here by `lr` as well, as
/// in PyTorch and optax, so that a smaller step decays less.
struct AdamW<R> {
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
    weight_decay: R,
}

impl<R: Real> AdamW<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
            m: Vector::zeros(start.len()),
            v: Vector::zeros(start.len()),
            m_weight: R::zero(),
            v_weight: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for AdamW<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.m_weight = self.m_weight * self.beta1 + (one - self.beta1);
        self.v = &self.v * self.beta2 + g.squared() * (one - self.beta2);
        self.v_weight = self.v_weight * self.beta2 + (one - self.beta2);
        let m_hat = &self.m * (one / self.m_weight);
        let v_hat = &self.v * (one / self.v_weight);
        *x = &*x * (one - self.lr * self.weight_decay);
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
    use crate::optimizers::adam;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_step_by_hand() {
        // Shrunk by 1 - 0.5 * 0.5, then lr against the sign of the gradient: 2 -> 1.5 -> 1 and -4 -> -3 -> -2.5.
        let knobs = [("lr", 0.5), ("weight_decay", 0.5), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [2.0, -4.0], 1, &mut Quadratic::new([3.0, 40.0]));
        // Averages are divided by their weights: a few units in the last place.
        assert!((path[1][0] - 1.0).abs() < 1e-14);
        assert!((path[1][1] + 2.5).abs() < 1e-14);
    }

    #[test]
    fn without_decay_it_is_adam() {
        let adamw =
            walk(&ENTRY, &[("lr", 0.1), ("weight_decay", 0.0)], [2.0, -1.0], 50, &mut Quadratic::new([1.0, 30.0]));
        let adam = walk(&adam::ENTRY, &[("lr", 0.1)], [2.0, -1.0], 50, &mut Quadratic::new([1.0, 30.0]));
        assert_eq!(adamw, adam);
    }

    #[test]
    fn where_the_gradient_was_always_zero_x_still_shrinks() {
        let path = walk(&ENTRY, &[("lr", 0.5), ("weight_decay", 1.0)], [1.0, 8.0], 3, &mut Quadratic::new([1.0, 0.0]));
        assert_eq!(path[3][1], 1.0);
    }
}
