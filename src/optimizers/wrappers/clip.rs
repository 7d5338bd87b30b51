//! Gradient clipping: no gradient is longer than a bound.

use super::{Change, Changed, Wrapper, wrapper};
use crate::optimizers::{Event, Knob, Knobs, Optimizer, Oracle, Paper, Scale};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Wrapper = wrapper!(Clip {
    id: "clip",
    title: "Gradient clipping",
    paper: Paper {
        authors: "Pascanu, Mikolov, Bengio",
        title: "On the difficulty of training recurrent neural networks",
        year: 2013,
        reference: "arXiv:1211.5063",
    },
    summary: "shortens every gradient that is longer than a bound to that length, and keeps its direction",
    knobs: &[Knob {
        id: "max_norm",
        symbol: "c",
        default: 1.0,
        range: (0.0, 1e6),
        scale: Scale::Log { from: 1e-3 },
        meaning: "longest gradient the optimizer gets to see",
    }],
});

/// Clipping by the norm:
/// ```text
/// g <- g max_norm / |g|    where |g| > max_norm
/// ```
/// `g`: each gradient the inner optimizer asks for; `max_norm`: units of g. Values, Hessians and draws pass unchanged.
/// With `max_norm = 0` every gradient is zero. A gradient with NaN passes as it is; one with an infinite entry becomes
/// NaN there. Every shortening is reported.
///
/// Pascanu, Mikolov and Bengio 2013, algorithm 1 (`torch.nn.utils.clip_grad_norm_`, which adds 1e-6 to the norm, and
/// `optax.clip_by_global_norm`, which does not, as here).
struct Clip<R> {
    inner: Box<dyn Optimizer<R>>,
    max_norm: R,
}

impl<R: Real> Clip<R> {
    fn new(knobs: &Knobs<R>, inner: Box<dyn Optimizer<R>>, _: &Vector<R>) -> Self {
        Self { inner, max_norm: knobs.get("max_norm") }
    }
}

impl<R: Real> Optimizer<R> for Clip<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        self.inner.step(x, &mut Changed { oracle, change: Clipped(self.max_norm) });
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        self.inner.state(visit);
    }
}

/// Gradients of a length of this at most.
struct Clipped<R>(R);

impl<R: Real> Change<R> for Clipped<R> {
    fn gradient(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vector<R> {
        let g = oracle.gradient(x);
        let (max_norm, norm) = (self.0, g.norm());
        let too_long = max_norm.lt(norm);
        // The norm is only divided by where it is above max_norm, hence not zero.
        let factor = R::select(too_long, max_norm / R::select(too_long, norm, R::one()), R::one());
        oracle.report_where(too_long, Event::Clipped);
        g * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::sgd;
    use crate::optimizers::testing::{Quadratic, Slopes, build, wrap};

    #[test]
    fn a_long_gradient_keeps_its_direction_and_gets_the_bound_as_length() {
        // Gradient (3, 4) of length 5, bound 1, lr 1.
        let mut x = Vector::from([3.0, 4.0]);
        let mut oracle = Quadratic::new([1.0, 1.0]);
        wrap(&ENTRY, &[], build(&sgd::ENTRY, &[("lr", 1.0)], &x), &x).step(&mut x, &mut oracle);
        assert!((x[0] - 2.4).abs() < 1e-15 && (x[1] - 3.2).abs() < 1e-15);
        assert_eq!(oracle.events, [Event::Clipped]);
    }

    #[test]
    fn a_short_gradient_and_a_zero_one_pass_unchanged() {
        for start in [[0.3, 0.4], [0.0, 0.0]] {
            let mut x = Vector::from(start);
            let mut oracle = Quadratic::new([1.0, 1.0]);
            wrap(&ENTRY, &[], build(&sgd::ENTRY, &[("lr", 0.5)], &x), &x).step(&mut x, &mut oracle);
            assert_eq!(x.as_slice(), [start[0] / 2.0, start[1] / 2.0]);
            assert!(oracle.events.is_empty());
        }
    }

    #[test]
    fn a_bound_of_zero_stops_everything() {
        let mut x = Vector::from([1.0, 2.0]);
        let mut oracle = Slopes::new(&[[1.0, 1.0]]);
        wrap(&ENTRY, &[("max_norm", 0.0)], build(&sgd::ENTRY, &[("lr", 1.0)], &x), &x).step(&mut x, &mut oracle);
        assert_eq!(x.as_slice(), [1.0, 2.0]);
    }
}
