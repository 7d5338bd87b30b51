//! Lion: steps of one length along the signs of a momentum.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "lion",
    title: "Lion",
    family: Family::Sign,
    paper: Paper {
        authors: "Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le",
        title: "Symbolic discovery of optimization algorithms",
        year: 2023,
        reference: "arXiv:2302.06675",
    },
    summary: "moves every coordinate by the same length, in the direction of a blend of momentum and gradient",
    knobs: &[
        Knob::lr(0.0001),
        Knob::average("beta1", "β₁", 0.9, "share of the momentum in the blend whose sign is taken"),
        Knob::average("beta2", "β₂", 0.99, "how much of the momentum is kept"),
        Knob::weight_decay(0.0, "shrinks x by lr times this in every step"),
    ],
    scalars: recordable!(Lion),
};

/// Lion:
/// ```text
/// c <- beta1 m + (1 - beta1) g
/// x <- (1 - lr weight_decay) x - lr sign(c)
/// m <- beta2 m + (1 - beta2) g
/// ```
/// `g`: gradient at the point before it is shrunk. `m`: units of g, starts at zero. `lr`: units of x: every coordinate
/// moves by exactly `lr`, so that the method does not settle but keeps stepping across a minimum. The sign of zero is
/// zero: a coordinate whose gradient was always zero does not move, but for the decay; after a NaN gradient `m` is NaN and
/// x stays where it is.
///
/// Chen et al. 2023, algorithm 2. The decay is multiplied by `lr`, as there, in optax and in pytorch_optimizer.
struct Lion<R> {
    m: Vector<R>,
    lr: R,
    beta1: R,
    beta2: R,
    weight_decay: R,
}

impl<R: Real> Lion<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>) -> Self {
        Self {
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            weight_decay: knobs.get("weight_decay"),
            m: Vector::zeros(start.len()),
        }
    }
}

impl<R: Real> Optimizer<R> for Lion<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        let c = &self.m * self.beta1 + &g * (one - self.beta1);
        *x = &*x * (one - self.lr * self.weight_decay) - c.map(R::sign) * self.lr;
        self.m = &self.m * self.beta2 + g * (one - self.beta2);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, Slopes, walk};

    #[test]
    fn every_coordinate_moves_by_lr() {
        let path = walk(&ENTRY, &[("lr", 0.25)], [2.0, -1.0], 2, &mut Quadratic::new([3.0, 40.0]));
        assert_eq!(path[1], [1.75, -0.75]);
        assert_eq!(path[2], [1.5, -0.5]);
    }

    #[test]
    fn the_blend_and_the_memory_have_their_own_factors() {
        // Slopes 4, then -1 with beta1 = 0.5, beta2 = 0.75: m = 1; blend 0.5 - 0.5 = 0 does not move; m = 0.5;
        // slope -1 again: 0.25 - 0.5 < 0 moves up.
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.75)];
        let path = walk(&ENTRY, &knobs, [0.0, 0.0], 3, &mut Slopes::new(&[[4.0, 4.0], [-1.0, -1.0], [-1.0, -1.0]]));
        assert_eq!(path[1], [-1.0, -1.0]);
        assert_eq!(path[2], [-1.0, -1.0]);
        assert_eq!(path[3], [0.0, 0.0]);
    }

    #[test]
    fn decay_shrinks_before_the_step() {
        let path = walk(&ENTRY, &[("lr", 0.5), ("weight_decay", 1.0)], [4.0, 0.0], 1, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(path[1], [1.5, 0.0]);
    }
}
