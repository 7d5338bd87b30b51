//! Lookahead: k steps forward, one step back.

use super::{Wrapper, wrapper};
use crate::optimizers::{Event, Knob, Knobs, Optimizer, Oracle, Paper};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Wrapper = wrapper!(Lookahead {
    id: "lookahead",
    title: "Lookahead",
    paper: Paper {
        authors: "Zhang, Lucas, Hinton, Ba",
        title: "Lookahead optimizer: k steps forward, 1 step back",
        year: 2019,
        reference: "arXiv:1907.08610",
    },
    summary: "lets the optimizer run k steps, then goes part of the way to where it got and starts it there",
    knobs: &[
        Knob::whole("k", "k", 5.0, (1.0, 1000.0), "steps between two synchronisations"),
        Knob::fraction("alpha", "α", 0.5, "how much of the way is kept"),
    ],
});

/// Lookahead:
/// ```text
/// x <- step of the inner optimizer
/// every k steps:   slow <- slow + alpha (x - slow),   x <- slow
/// ```
/// `x`: the fast point, which is the visible one, units of x like `slow`; `slow` starts at the start. With `alpha = 1`
/// this is the inner optimizer; with `alpha = 0` it returns to the start every `k` steps. The inner optimizer keeps its
/// memory over a synchronisation, as in optax and pytorch_optimizer; the paper leaves that open. A synchronisation is
/// reported as a restart.
///
/// Zhang, Lucas, Hinton and Ba 2019, algorithm 1: the first synchronisation comes with step `k`.
struct Lookahead<R> {
    inner: Box<dyn Optimizer<R>>,
    k: R,
    alpha: R,
    slow: Vector<R>,
    /// Steps since the last synchronisation.
    fast_steps: R,
}

impl<R: Real> Lookahead<R> {
    fn new(knobs: &Knobs<R>, inner: Box<dyn Optimizer<R>>, start: &Vector<R>) -> Self {
        Self { inner, k: knobs.get("k"), alpha: knobs.get("alpha"), slow: start.clone(), fast_steps: R::zero() }
    }
}

impl<R: Real> Optimizer<R> for Lookahead<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        self.inner.step(x, oracle);
        self.fast_steps += R::one();
        let synchronise = self.k.le(self.fast_steps);
        let moved = self.slow.zip_map(x, |slow, fast| slow + self.alpha * (fast - slow));
        self.slow = self.slow.zip_map(&moved, |slow, moved| R::select(synchronise, moved, slow));
        *x = x.zip_map(&moved, |fast, moved| R::select(synchronise, moved, fast));
        self.fast_steps = R::select(synchronise, R::zero(), self.fast_steps);
        oracle.report_where(synchronise, Event::Restart);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        self.inner.state(visit);
        visit("slow", self.slow.as_mut_slice());
        visit("fast_steps", std::slice::from_mut(&mut self.fast_steps));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, build, wrap};
    use crate::optimizers::{adam, sgd};

    #[test]
    fn it_goes_back_half_the_way_at_step_k() {
        // f = x^2 / 2 with lr 0.5: 8, 4, then 2, which becomes 8 + (2 - 8) / 2 = 5; 2.5; 1.25 -> 5 + (1.25 - 5) / 2.
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let mut x = Vector::from([8.0, 0.0]);
        let inner = build(&sgd::ENTRY, &[("lr", 0.5)], &x);
        let mut lookahead = wrap(&ENTRY, &[("k", 2.0)], inner, &x);
        let mut path = Vec::new();
        for _ in 0..4 {
            lookahead.step(&mut x, &mut oracle);
            path.push(x[0]);
        }
        assert_eq!(path, [4.0, 5.0, 2.5, 3.125]);
        assert_eq!(oracle.events, [Event::Restart; 2]);
    }

    #[test]
    fn with_alpha_one_it_is_the_inner_optimizer() {
        let mut x = Vector::from([8.0, -3.0]);
        let mut y = x.clone();
        let mut plain = build(&adam::ENTRY, &[("lr", 0.1)], &x);
        let mut wrapped = wrap(&ENTRY, &[("alpha", 1.0)], build(&adam::ENTRY, &[("lr", 0.1)], &x), &x);
        for _ in 0..23 {
            plain.step(&mut x, &mut Quadratic::new([1.0, 30.0]));
            wrapped.step(&mut y, &mut Quadratic::new([1.0, 30.0]));
        }
        // slow + (fast - slow) is fast up to rounding, at each of four synchronisations.
        assert!((&x - &y).norm() < 1e-13);
    }
}
