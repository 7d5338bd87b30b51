//! AdaGrad: every coordinate's step shrinks with all the gradients it has seen.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scale, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adagrad",
    title: "AdaGrad",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Duchi, Hazan, Singer",
        title: "Adaptive subgradient methods for online learning and stochastic optimization",
        year: 2011,
        reference: "https://jmlr.org/papers/v12/duchi11a.html",
    },
    summary: "divides by the root of the sum of all squared gradients, coordinate by coordinate",
    knobs: &[
        Knob::lr(0.01),
        Knob {
            id: "lr_decay",
            symbol: "γ",
            default: 0.0,
            range: (0.0, 1.0),
            scale: Scale::Log { from: 1e-6 },
            meaning: "the step size is divided by one plus this times the number of past steps",
        },
        Knob {
            id: "initial_accumulator_value",
            symbol: "s₀",
            default: 0.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-6 },
            meaning: "where the sum of squared gradients starts",
        },
        Knob::eps(1e-10),
        Knob::eps_in_sqrt(),
    ],
    scalars: recordable!(Adagrad),
};

/// AdaGrad with a diagonal matrix:
/// ```text
/// sum <- sum + g^2                       starts at initial_accumulator_value
/// x   <- x - lr / (1 + t lr_decay) g / (sqrt(sum) + eps)
/// ```
/// `g`: gradient at `x`. `sum`: units of g squared. `lr`: units of x: the first step has length `lr` in every
/// coordinate. `t`: number of past steps. A coordinate whose gradient was always zero does not move (0 / eps); with
/// `eps = 0` it becomes NaN.
///
/// Duchi, Hazan and Singer 2011, figure 1 with diagonal matrices and no regulariser. `eps` is outside the root as in
/// PyTorch; with `eps_in_sqrt` it is inside, sqrt(sum + eps), as in optax (which starts the sum at 0.1). The
/// paper has its delta outside.
struct Adagrad<R> {
    sum: Vector<R>,
    t: R,
    lr: R,
    lr_decay: R,
    eps_inside: R,
    eps_outside: R,
}

impl<R: Real> Adagrad<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        let (eps_inside, eps_outside) = super::knob::eps_places(knobs);
        Self {
            lr: knobs.get("lr"),
            lr_decay: knobs.get("lr_decay"),
            eps_inside,
            eps_outside,
            sum: Vector::filled(start.len(), knobs.get("initial_accumulator_value")),
            t: R::zero(),
        }
    }
}

impl<R: Real> Optimizer<R> for Adagrad<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let g = oracle.gradient(x);
        let lr = self.lr / (R::one() + self.t * self.lr_decay);
        self.sum = &self.sum + g.squared();
        *x -= g.zip_map(&self.sum, |g, sum| lr * g / ((sum + self.eps_inside).sqrt() + self.eps_outside));
        self.t += R::one();
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("sum", self.sum.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn two_steps_by_hand() {
        // f = x^2 / 2 from 4 with lr 1 and no eps: sum = 16, x = 3; sum = 25, x = 3 - 3/5.
        let path = walk(&ENTRY, &[("lr", 1.0), ("eps", 1e-300)], [4.0, 1.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [3.0, 0.0]);
        assert_eq!(path[2][0], 3.0 - 3.0 / 5.0);
    }

    #[test]
    fn lr_decay_divides_from_the_second_step_on() {
        // As above, but the second step has half the length: lr / (1 + 1).
        let knobs = [("lr", 1.0), ("eps", 1e-300), ("lr_decay", 1.0)];
        let path = walk(&ENTRY, &knobs, [4.0, 1.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1][0], 3.0);
        assert_eq!(path[2][0], 3.0 - 0.5 * 3.0 / 5.0);
    }

    #[test]
    fn eps_goes_where_the_switch_says() {
        // Gradient 4, eps 9: 4 / (4 + 9) outside, 4 / sqrt(16 + 9) inside (eps is at most 1 on the page, not in theory).
        let step = |inside| {
            let knobs = [("lr", 1.0), ("eps", 9.0), ("eps_in_sqrt", inside)];
            4.0 - walk(&ENTRY, &knobs, [4.0, 0.0], 1, &mut Quadratic::new([1.0, 1.0]))[1][0]
        };
        assert!((step(0.0) - 4.0 / 13.0).abs() < 1e-15);
        assert!((step(1.0) - 4.0 / 5.0).abs() < 1e-15);
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let path = walk(&ENTRY, &[], [1.0, 5.0], 10, &mut Quadratic::new([1.0, 0.0]));
        assert_eq!(path[10][1], 5.0);
    }
}
