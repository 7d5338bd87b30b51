//! AMSGrad: Adam whose denominator never shrinks.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "amsgrad",
    title: "AMSGrad",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Reddi, Kale, Kumar",
        title: "On the convergence of Adam and beyond",
        year: 2018,
        reference: "arXiv:1904.09237",
    },
    summary: "Adam that divides by the largest average so far, so that a rare large gradient is not forgotten",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared gradient is kept"),
        Knob::eps(1e-8),
        Knob::weight_decay(0.0, "shrinks x by lr times this in every step, as AdamW does"),
    ],
    scalars: recordable!(AmsGrad),
};

/// AMSGrad:
/// ```text
/// m <- beta1 m + (1 - beta1) g        v <- beta2 v + (1 - beta2) g^2        v_max <- max(v_max, v)
/// x <- (1 - lr weight_decay) x
/// x <- x - lr (m / (1 - beta1^t)) / (sqrt(v_max / (1 - beta2^t)) + eps)
/// ```
/// `g`: gradient at the point before it is shrunk. `m`: units of g; `v`, `v_max`: units of g squared; all start at
/// zero. `lr`: units of x. As long as `v` grows this is Adam (AdamW with a decay). A coordinate whose gradient was
/// always zero does not move but for the decay; with `eps = 0` it becomes NaN.
///
/// Reddi, Kale and Kumar 2018, algorithm 2, which has neither corrections nor eps nor decay. Here is PyTorch's form:
/// the maximum is taken of the uncorrected `v` and corrected afterwards, so that the denominator can still shrink
/// while beta2^t does. (optax takes the maximum of the corrected average, another path.) The decay is the decoupled
/// one of `torch.optim.AdamW(amsgrad=True)`.
struct AmsGrad<R> {
    m: Vector<R>,
    /// 1 - beta1^t, built up like `m` with ones in place of gradients.
    m_weight: R,
    v: Vector<R>,
    /// 1 - beta2^t, likewise for `v`.
    v_weight: R,
    v_max: Vector<R>,
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
    weight_decay: R,
}

impl<R: Real> AmsGrad<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
            m: Vector::zeros(start.len()),
            v: Vector::zeros(start.len()),
            v_max: Vector::zeros(start.len()),
            m_weight: R::zero(),
            v_weight: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for AmsGrad<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.m_weight = self.m_weight * self.beta1 + (one - self.beta1);
        self.v = &self.v * self.beta2 + g.squared() * (one - self.beta2);
        self.v_weight = self.v_weight * self.beta2 + (one - self.beta2);
        self.v_max = self.v_max.zip_map(&self.v, |v_max, v| v_max.max(v));
        let m_hat = &self.m * (one / self.m_weight);
        let v_hat = &self.v_max * (one / self.v_weight);
        *x = &*x * (one - self.lr * self.weight_decay);
        *x -= m_hat.zip_map(&v_hat, |m, v| self.lr * m / (v.sqrt() + self.eps));
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("v", self.v.as_mut_slice());
        visit("v_max", self.v_max.as_mut_slice());
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
        visit("v_weight", std::slice::from_mut(&mut self.v_weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::adamw;
    use crate::optimizers::testing::{Quadratic, Slopes, walk};

    #[test]
    fn while_gradients_grow_it_is_adamw() {
        // On a hill, -(x^2 + 3 y^2) / 2, every gradient is longer than the one before.
        let knobs = [("lr", 0.1), ("weight_decay", 0.01)];
        let amsgrad = walk(&ENTRY, &knobs, [2.0, -1.0], 20, &mut Quadratic::new([-1.0, -3.0]));
        let adamw = walk(&adamw::ENTRY, &knobs, [2.0, -1.0], 20, &mut Quadratic::new([-1.0, -3.0]));
        assert_eq!(amsgrad, adamw);
    }

    #[test]
    fn the_largest_average_is_remembered() {
        // beta1 = 0 and beta2 = 0.5 on slopes 2 and then 1: v = 2, then 1.5; the maximum stays 2 and is corrected
        // by 1 - 0.5 and 1 - 0.25: steps 2 / sqrt(4) and 1 / sqrt(8/3).
        let knobs = [("lr", 1.0), ("beta1", 0.0), ("beta2", 0.5), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [0.0, 0.0], 2, &mut Slopes::new(&[[2.0, 2.0], [1.0, 1.0]]));
        assert!((path[1][0] + 1.0).abs() < 1e-15);
        assert!((path[2][0] - path[1][0] + 1.0 / (8.0f64 / 3.0).sqrt()).abs() < 1e-15);
    }
}
