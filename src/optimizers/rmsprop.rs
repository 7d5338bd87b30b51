//! RMSprop: AdaGrad that forgets.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "rmsprop",
    title: "RMSprop",
    family: Family::Adaptive,
    paper: Paper {
        authors: "Tieleman, Hinton",
        title: "Lecture 6.5: RMSProp, divide the gradient by a running average of its recent magnitude",
        year: 2012,
        reference: "",
    },
    summary: "divides by the root of a running average of squared gradients, coordinate by coordinate",
    knobs: &[
        Knob::lr(0.01),
        Knob::average("alpha", "α", 0.99, "how much of the averaged squared gradient is kept"),
        Knob::eps(1e-8),
        Knob::momentum(0.0),
        Knob::switch("centered", "centered", false, "subtracts the squared average: divides by a deviation"),
        Knob::eps_in_sqrt(),
    ],
    scalars: recordable!(RmsProp),
};

/// RMSprop:
/// ```text
/// v   <- alpha v + (1 - alpha) g^2
/// g_avg <- alpha g_avg + (1 - alpha) g            used when centered
/// buf <- momentum buf + g / (sqrt(v - centered g_avg^2) + eps)
/// x   <- x - lr buf
/// ```
/// `g`: gradient at `x`. `v`: units of g squared; `g_avg`: units of g; `buf` has no unit; all start at zero. `lr`:
/// units of x. Nothing corrects for the start at zero, so the first step has length `lr` / sqrt(1 - alpha): ten times
/// `lr` at the default. A coordinate whose gradient was always zero does not move (0 / eps); with `eps = 0` it
/// becomes NaN.
///
/// Tieleman and Hinton 2012, who give no eps; centring is of Graves 2013 (arXiv:1308.0850, equations 38 to 41).
/// `eps` is outside the root as in PyTorch; with `eps_in_sqrt` it is inside, sqrt(v + eps), as in optax. optax
/// multiplies by `lr` before the momentum, which is the same path as long as `lr` is constant. The difference
/// under the root can only be negative by rounding, and counts as zero then; PyTorch gives NaN there.
struct RmsProp<R> {
    v: Vector<R>,
    g_avg: Vector<R>,
    buf: Vector<R>,
    lr: R,
    alpha: R,
    momentum: R,
    centered: R,
    eps_inside: R,
    eps_outside: R,
}

impl<R: Real> RmsProp<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        let (eps_inside, eps_outside) = super::knob::eps_places(knobs);
        Self {
            lr: knobs.get("lr"),
            alpha: knobs.get("alpha"),
            momentum: knobs.get("momentum"),
            centered: knobs.get("centered"),
            eps_inside,
            eps_outside,
            v: Vector::zeros(start.len()),
            g_avg: Vector::zeros(start.len()),
            buf: Vector::zeros(start.len()),
        }
    }
}

impl<R: Real> Optimizer<R> for RmsProp<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let rest = R::one() - self.alpha;
        let g = oracle.gradient(x);
        self.v = &self.v * self.alpha + g.squared() * rest;
        self.g_avg = &self.g_avg * self.alpha + &g * rest;
        let square = self.v.zip_map(&self.g_avg, |v, g_avg| (v - self.centered * (g_avg * g_avg)).max(R::zero()));
        let scaled = g.zip_map(&square, |g, square| g / ((square + self.eps_inside).sqrt() + self.eps_outside));
        self.buf = &self.buf * self.momentum + scaled;
        *x -= &self.buf * self.lr;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("v", self.v.as_mut_slice());
        visit("g_avg", self.g_avg.as_mut_slice());
        visit("buf", self.buf.as_mut_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_step_is_lr_over_the_root_of_one_minus_alpha() {
        // alpha = 0.75: v = g^2 / 4, so both coordinates move by twice lr, whatever their gradients.
        let knobs = [("lr", 0.5), ("alpha", 0.75), ("eps", 0.0)];
        let path = walk(&ENTRY, &knobs, [4.0, -2.0], 1, &mut Quadratic::new([1.0, 30.0]));
        assert_eq!(path[1], [3.0, -1.0]);
    }

    #[test]
    fn momentum_repeats_part_of_the_scaled_step() {
        // alpha = 0 makes every scaled gradient +-1: steps of 1, then 1 + 0.5.
        let knobs = [("lr", 1.0), ("alpha", 0.0), ("eps", 0.0), ("momentum", 0.5)];
        let path = walk(&ENTRY, &knobs, [8.0, 8.0], 2, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [7.0, 7.0]);
        assert_eq!(path[2], [5.5, 5.5]);
    }

    #[test]
    fn centered_divides_by_the_deviation() {
        // First gradient 4 with alpha 0.75: v = 4, g_avg = 1, deviation sqrt(3).
        let knobs = [("lr", 1.0), ("alpha", 0.75), ("eps", 0.0), ("centered", 1.0)];
        let path = walk(&ENTRY, &knobs, [4.0, 4.0], 1, &mut Quadratic::new([1.0, 1.0]));
        assert!((path[1][0] - (4.0 - 4.0 / 3.0f64.sqrt())).abs() < 1e-15);
    }

    #[test]
    fn a_constant_gradient_does_not_make_the_deviation_nan() {
        // With alpha = 0 the average is the gradient: the deviation is zero up to rounding, and eps alone divides.
        let knobs = [("lr", 1e-9), ("alpha", 0.0), ("centered", 1.0)];
        let path = walk(&ENTRY, &knobs, [0.1, 0.7], 20, &mut Quadratic::new([1.0, 3.0]));
        assert!(path.iter().all(|point| point.iter().all(|c| c.is_finite())));
    }
}
