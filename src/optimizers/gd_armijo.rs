//! Gradient descent that shortens its step until the loss falls enough.

use super::knob::Knob;
use super::line_search::{C1, Known, Line, SHRINK, backtrack};
use super::{Entry, Event, Family, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::Vector;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "gd_armijo",
    title: "Gradient descent, Armijo",
    family: Family::LineSearch,
    paper: Paper {
        authors: "Armijo",
        title: "Minimization of functions having Lipschitz continuous first partial derivatives",
        year: 1966,
        reference: "doi:10.2140/pjm.1966.16.1",
    },
    summary: "tries a long step against the gradient and halves it until the loss has fallen enough",
    knobs: &[Knob { meaning: "step size of the first trial", ..Knob::lr(1.0) }, SHRINK, C1],
    scalars: Scalars::F64(|knobs, start, _| Box::new(Armijo::new(knobs, start))),
};

/// Gradient descent with backtracking:
/// ```text
/// t <- lr;  while f(x - t g) > f(x) - c1 t |g|^2:  t <- shrink t
/// x <- x - t g
/// ```
/// `g`: gradient at `x`. `lr`, `t`: units of x per unit of g. One gradient and one value for every trial; the loss never
/// rises. At a zero gradient, and when a hundred trials brought nothing, x stays and a failed search is reported. A
/// trial where the loss is NaN is rejected like any other; where it is NaN at `x` itself, there is no step.
///
/// Armijo 1966 with c1 = shrink = 1/2; the defaults here are Nocedal and Wright's (2006, algorithm 3.1), who ask for
/// hardly more than any decrease.
struct Armijo {
    lr: f64,
    shrink: f64,
    c1: f64,
    /// Length of the last step, in units of the gradient.
    t: f64,
    known: Known,
}

impl Armijo {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>) -> Self {
        Self {
            lr: knobs.get("lr"),
            shrink: knobs.get("shrink"),
            c1: knobs.get("c1"),
            t: 0.0,
            known: Known::nothing(start.len()),
        }
    }
}

impl Optimizer<f64> for Armijo {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let (f, g) = self.known.at(x, oracle);
        let d = -&g;
        let slope = g.dot(&d);
        let mut line = Line { x, d: &d, oracle };
        match backtrack(&mut line, self.lr, f, slope, self.c1, self.shrink) {
            Some((t, f)) => {
                *x = line.point(t);
                self.t = t;
                let g = oracle.gradient(x);
                self.known.learn(x, f, g);
            }
            None => {
                self.t = 0.0;
                oracle.report(Event::SearchFailed);
            }
        }
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("t", std::slice::from_mut(&mut self.t));
        self.known.state(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_step_by_hand() {
        // f = (x^2 + 8 y^2) / 2 from (0, 1): trials 1, 1/2, 1/4 lead to y = -7, -3, -1, none lower; 1/8 to the minimum.
        let mut oracle = Quadratic::new([1.0, 8.0]);
        let path = walk(&ENTRY, &[], [0.0, 1.0], 1, &mut oracle);
        assert_eq!(path[1], [0.0, 0.0]);
        assert_eq!(oracle.events, [Event::Rejected]);
        // The start and four trials; the gradients at both ends.
        assert_eq!(oracle.values_at.len(), 5);
        assert_eq!(oracle.gradients_at.len(), 2);
    }

    #[test]
    fn the_next_step_does_not_ask_again() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        walk(&ENTRY, &[("lr", 0.25)], [4.0, 1.0], 3, &mut oracle);
        assert_eq!(oracle.values_at.len(), 4);
        assert_eq!(oracle.gradients_at.len(), 4);
    }

    #[test]
    fn at_a_zero_gradient_it_stays_and_says_so() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 2, &mut oracle);
        assert_eq!(path[2], [0.0, 0.0]);
        assert_eq!(oracle.events, [Event::SearchFailed; 2]);
    }

    #[test]
    fn the_loss_never_rises() {
        let mut oracle = Quadratic::new([1.0, 100.0]);
        let path = walk(&ENTRY, &[("lr", 10.0)], [3.0, 1.0], 100, &mut oracle);
        let f = |p: &[f64; 2]| 0.5 * (p[0] * p[0] + 100.0 * p[1] * p[1]);
        assert!(path.windows(2).all(|pair| f(&pair[1]) <= f(&pair[0])));
    }
}
