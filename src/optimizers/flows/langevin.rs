//! The unadjusted Langevin algorithm.

use crate::optimizers::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scale, recordable};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "langevin",
    title: "Langevin",
    family: Family::Flow,
    paper: Paper {
        authors: "Roberts, Tweedie",
        title: "Exponential convergence of Langevin distributions and their discrete approximations",
        year: 1996,
        reference: "10.2307/3318418",
    },
    summary: "gradient descent with so much noise that the particles take the shape of exp(−f)",
    knobs: &[
        Knob::lr(0.01),
        Knob {
            id: "temperature",
            symbol: "T",
            default: 1.0,
            range: (0.0, 1e6),
            scale: Scale::Log { from: 1e-3 },
            meaning: "the law becomes exp(−f/T); 0 is gradient descent",
        },
    ],
    scalars: recordable!(Langevin),
};

/// The unadjusted Langevin algorithm:
/// ```text
/// x <- x - lr g + sqrt(2 lr temperature) z        z standard normal
/// ```
/// `g`: gradient at `x`. The Euler-Maruyama step of dX = -grad f dt + sqrt(2 T) dB, whose law flows down the free energy
/// (potential energy + T times the negative entropy) in the Wasserstein metric: Jordan, Kinderlehrer, Otto 1998. With a
/// step size that is not small the law it settles at is wider than exp(-f/T): for f = a x^2/2 the variance is
/// T / (a (1 - lr a / 2)).
///
/// Roberts, Tweedie 1996, section 1.4.1 with h = 2 lr. Every particle of a cloud, and every coordinate, has draws of its own.
struct Langevin<R> {
    lr: R,
    temperature: R,
}

impl<R: Real> Langevin<R> {
    fn new(knobs: &Knobs<R>, _: &Vector<R>) -> Self {
        Self { lr: knobs.get("lr"), temperature: knobs.get("temperature") }
    }
}

impl<R: Real> Optimizer<R> for Langevin<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let g = oracle.gradient(x);
        let z = oracle.normals(x.len());
        let size = (R::from_f64(2.0) * self.lr * self.temperature).sqrt();
        *x -= g * self.lr;
        *x += z * size;
    }

    fn state(&mut self, _: &mut dyn FnMut(&'static str, &mut [R])) {}
}
