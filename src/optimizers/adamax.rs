//! AdaMax: Adam with the largest recent gradient in place of the root of an average.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adamax",
    title: "AdaMax",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Kingma, Ba",
        title: "Adam: a method for stochastic optimization",
        year: 2014,
        reference: "arXiv:1412.6980",
    },
    summary: "averages gradients and divides by the largest recent one, coordinate by coordinate",
    knobs: &[
        Knob::lr(0.002),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the largest gradient is kept"),
        Knob::eps(1e-8),
    ],
    scalars: recordable!(Adamax),
};

/// AdaMax:
/// ```text
/// m <- beta1 m + (1 - beta1) g        u <- max(beta2 u, |g| + eps)
/// x <- x - lr / (1 - beta1^t) m / u
/// ```
/// `g`: gradient at `x`. `m`, `u`: units of g, both start at zero. `lr`: units of x, about the longest step of a
/// coordinate: an average of gradients is divided by the largest of them, faded. A coordinate whose gradient was
/// always zero does not move (0 / eps); with `eps = 0` it becomes NaN.
///
/// Kingma and Ba 2014, algorithm 2 (section 7.1). `eps`, which the paper does not have, is added inside the maximum
/// as in PyTorch and optax. PyTorch's `weight_decay` is the wrapper `l2`.
struct Adamax<R> {
    m: Vector<R>,
    /// 1 - beta1^t, built up like `m` with ones in place of gradients.
    m_weight: R,
    u: Vector<R>,
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
}

impl<R: Real> Adamax<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            m: Vector::zeros(start.len()),
            u: Vector::zeros(start.len()),
            m_weight: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for Adamax<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        self.m = &self.m * self.beta1 + &g * (one - self.beta1);
        self.m_weight = self.m_weight * self.beta1 + (one - self.beta1);
        // A NaN gradient is the second argument: max hands it on, and the divergence is seen.
        self.u = self.u.zip_map(&g, |u, g| (self.beta2 * u).max(g.abs() + self.eps));
        let lr = self.lr / self.m_weight;
        *x -= self.m.zip_map(&self.u, |m, u| lr * m / u);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("u", self.u.as_mut_slice());
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, Slopes, walk};

    #[test]
    fn first_step_has_length_lr_in_every_coordinate() {
        let path = walk(&ENTRY, &[("lr", 0.5), ("eps", 0.0)], [2.0, -1.0], 1, &mut Quadratic::new([3.0, 40.0]));
        // 1 - 0.9 is rounded in both the average and its correction: a few units in the last place.
        assert!((path[1][0] - 1.5).abs() < 1e-15);
        assert!((path[1][1] + 0.5).abs() < 1e-15);
    }

    #[test]
    fn the_largest_gradient_fades_by_beta2() {
        // beta1 = 0, beta2 = 0.5 on slopes 8, 1: u = 8, then max(4, 1): steps 1 and 1/4.
        let knobs = [("lr", 1.0), ("beta1", 0.0), ("beta2", 0.5), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [0.0, 0.0], 2, &mut Slopes::new(&[[8.0, 8.0], [1.0, 1.0]]));
        assert_eq!(path[1], [-1.0, -1.0]);
        assert_eq!(path[2], [-1.25, -1.25]);
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let path = walk(&ENTRY, &[], [1.0, 5.0], 10, &mut Quadratic::new([1.0, 0.0]));
        assert_eq!(path[10][1], 5.0);
    }
}
