//! The subgradient method with steps that follow the loss, or shrink geometrically.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scale, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "subgradient",
    title: "Subgradient method",
    family: Family::Matrix,
    paper: Paper {
        authors: "Ma, Fattahi",
        title: "Global convergence of sub-gradient method for robust matrix recovery",
        year: 2022,
        reference: "arXiv:2202.08788",
    },
    summary: "steps against a subgradient, shorter as the loss falls or as time passes",
    knobs: &[
        Knob::lr(0.1),
        Knob::switch("by_loss", "lr · f", true, "multiplies the step size by the loss"),
        Knob {
            id: "decay",
            symbol: "ρ",
            default: 1.0,
            range: (0.0, 1.0),
            scale: Scale::Linear,
            meaning: "what the step size is multiplied by after every step",
        },
    ],
    scalars: recordable!(Subgradient),
};

/// The subgradient method:
/// ```text
/// x <- x - lr_t g,     lr_t = lr f(x) decay^(t-1)  with by_loss,  otherwise lr decay^(t-1)
/// ```
/// `g`: a subgradient at `x`. Steps of a length that does not fall never come to rest at a kink; these fall with the loss
/// (for a loss whose least value is zero, a Polyak step without its denominator) or geometrically. `lr`: units of x per
/// unit of g, and with `by_loss` per unit of the loss.
///
/// Ma, Fattahi 2022, equations 6 (by the loss) and 8 (geometric, for dense noise, where the loss stays above zero).
struct Subgradient<R> {
    /// decay^(t-1).
    share: R,
    lr: R,
    by_loss: R,
    decay: R,
}

impl<R: Real> Subgradient<R> {
    fn new(knobs: &Knobs<R>, _: &Vector<R>) -> Self {
        Self { share: R::one(), lr: knobs.get("lr"), by_loss: knobs.get("by_loss"), decay: knobs.get("decay") }
    }
}

impl<R: Real> Optimizer<R> for Subgradient<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let f = oracle.value(x);
        let g = oracle.gradient(x);
        // By a choice and not by a product: a loss that is not a number must not spoil the geometric steps.
        let by_loss = R::select(R::zero().lt(self.by_loss), f, R::one());
        *x -= g * (self.lr * by_loss * self.share);
        self.share *= self.decay;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("share", std::slice::from_mut(&mut self.share));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn two_steps_by_hand() {
        // f = x^2 / 2 from 2: f = 2, g = 2, step 0.25 * 2 * 2 = 1; then f = 1/2, g = 1, step 0.25 * 0.5 * 0.5 = 1/16.
        let knobs = [("lr", 0.25), ("decay", 0.5)];
        let path = walk(&ENTRY, &knobs, [2.0, 0.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!((path[1], path[2]), ([1.0, 0.0], [1.0 - 1.0 / 16.0, 0.0]));
    }

    #[test]
    fn geometric_steps_do_not_look_at_the_loss() {
        let knobs = [("lr", 0.5), ("by_loss", 0.0), ("decay", 0.5)];
        let path = walk(&ENTRY, &knobs, [2.0, 0.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!((path[1], path[2]), ([1.0, 0.0], [0.75, 0.0]));
    }
}
