//! Searches along a line, shared by the methods that choose a direction first and its length afterwards.
//!
//! All of them look for a `t` that satisfies the sufficient decrease condition (Armijo)
//! ```text
//! f(x + t d) <= f(x) + c1 t slope(0)          slope(t) = g(x + t d) . d
//! ```
//! and two of them for one that also satisfies the strong curvature condition |slope(t)| <= c2 |slope(0)|: together the
//! strong Wolfe conditions (Nocedal and Wright 2006, equation 3.7). Every search is bounded: no answer of the oracle, NaN
//! and infinity included, keeps one from ending.

mod more_thuente;
mod strong_wolfe;

pub(super) use more_thuente::more_thuente;
pub(super) use strong_wolfe::strong_wolfe;

use super::{Event, Knob, Oracle, Scale};
use crate::scalar::Vector;

/// Knob of the sufficient decrease condition.
pub(super) const C1: Knob = Knob {
    id: "c1",
    symbol: "c₁",
    default: 1e-4,
    range: (0.0, 0.5),
    scale: Scale::Log { from: 1e-8 },
    meaning: "share of the decrease promised by the slope that a step must deliver (Armijo)",
};

/// Knob of the curvature condition.
pub(super) const C2: Knob = Knob {
    id: "c2",
    symbol: "c₂",
    default: 0.9,
    range: (0.0, 0.999_999),
    scale: Scale::NearOne,
    meaning: "how much of the slope may be left at the end of a step (Wolfe)",
};

/// Knob of backtracking.
pub(super) const SHRINK: Knob = Knob {
    id: "shrink",
    symbol: "ρ",
    default: 0.5,
    range: (0.01, 0.99),
    scale: Scale::Linear,
    meaning: "factor on the step after every rejected trial",
};

/// Trials of backtracking before it gives up: from 1 down to 1e-30 at the default factor, to 0.4 at the mildest.
const BACKTRACKS: usize = 100;

/// A line `x + t d` on which questions are asked.
pub(super) struct Line<'a> {
    pub x: &'a Vector<f64>,
    pub d: &'a Vector<f64>,
    pub oracle: &'a mut dyn Oracle<f64>,
}

/// What is known of one point of a line.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// Where on the line, in lengths of `d`.
    pub t: f64,
    /// The loss there.
    pub f: f64,
    /// The gradient there.
    pub g: Vector<f64>,
    /// The derivative of the loss along the line there.
    pub slope: f64,
}

impl Probe {
    /// Where the line begins.
    pub fn origin(f: f64, g: &Vector<f64>, d: &Vector<f64>) -> Self {
        Self { t: 0.0, f, g: g.clone(), slope: g.dot(d) }
    }
}

impl Line<'_> {
    /// The point `x + t d`.
    pub fn point(&self, t: f64) -> Vector<f64> {
        self.x + self.d * t
    }

    /// Asks for value and gradient at `t`.
    pub fn probe(&mut self, t: f64) -> Probe {
        let point = self.point(t);
        let f = self.oracle.value(&point);
        let g = self.oracle.gradient(&point);
        let slope = g.dot(self.d);
        Probe { t, f, g, slope }
    }

    /// Asks for the value alone at `t`.
    pub fn value(&mut self, t: f64) -> f64 {
        let point = self.point(t);
        self.oracle.value(&point)
    }
}

/// Backtracking: the first of `first`, `first shrink`, `first shrink^2`, ... with sufficient decrease, and its value.
///
/// Asks for values only. `f`, `slope`: at the beginning of the line; a slope that is not negative finds nothing. A trial
/// where the loss is NaN counts as rejected, so the search backs out of where the loss is undefined. `None` after
/// a hundred trials. Armijo 1966; Nocedal and Wright 2006, algorithm 3.1.
pub(super) fn backtrack(line: &mut Line, first: f64, f: f64, slope: f64, c1: f64, shrink: f64) -> Option<(f64, f64)> {
    // Written so that NaN fails it.
    if !(f.is_finite() && slope < 0.0) {
        return None;
    }
    let mut t = first;
    for trial in 0..BACKTRACKS {
        let f_t = line.value(t);
        if f_t <= f + c1 * t * slope {
            return Some((t, f_t));
        }
        if trial == 0 {
            line.oracle.report(Event::Rejected);
        }
        t *= shrink;
    }
    None
}

/// Value and gradient at the point where a step ended, so that the next step need not ask again.
///
/// Something between two steps may have moved the point (a wrapper, for instance): then it does ask.
pub(super) struct Known {
    x: Vector<f64>,
    f: f64,
    g: Vector<f64>,
    /// One if the fields above were filled, otherwise zero.
    valid: f64,
}

impl Known {
    /// Nothing is known.
    pub fn nothing(n: usize) -> Self {
        Self { x: Vector::zeros(n), f: 0.0, g: Vector::zeros(n), valid: 0.0 }
    }

    /// Value and gradient at `x`.
    pub fn at(&mut self, x: &Vector<f64>, oracle: &mut dyn Oracle<f64>) -> (f64, Vector<f64>) {
        if self.valid == 0.0 || self.x.as_slice() != x.as_slice() {
            self.learn(x, oracle.value(x), oracle.gradient(x));
        }
        (self.f, self.g.clone())
    }

    /// Remembers an answer.
    pub fn learn(&mut self, x: &Vector<f64>, f: f64, g: Vector<f64>) {
        *self = Self { x: x.clone(), f, g, valid: 1.0 };
    }

    /// Shows the fields.
    pub fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("x", self.x.as_mut_slice());
        visit("f", std::slice::from_mut(&mut self.f));
        visit("g", self.g.as_mut_slice());
        visit("known", std::slice::from_mut(&mut self.valid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::Quadratic;

    /// f(t) along the first axis from 1 in direction -1, curvature 1: f = (1 - t)^2 / 2.
    fn on_the_parabola<T>(search: impl FnOnce(&mut Line, &Probe) -> T) -> (T, Quadratic) {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let (x, d) = (Vector::from([1.0, 0.0]), Vector::from([-1.0, 0.0]));
        let origin = Probe::origin(0.5, &x, &d);
        let found = search(&mut Line { x: &x, d: &d, oracle: &mut oracle }, &origin);
        (found, oracle)
    }

    #[test]
    fn backtracking_halves_until_the_loss_falls_enough() {
        // (1 - 8)^2 and (1 - 4)^2 are too high, at 2 the loss is as at the start, 1 is the minimum.
        let (found, oracle) = on_the_parabola(|line, origin| backtrack(line, 8.0, origin.f, origin.slope, 1e-4, 0.5));
        assert_eq!(found, Some((1.0, 0.0)));
        assert_eq!(oracle.values_at.len(), 4);
        assert_eq!(oracle.events, [Event::Rejected]);
    }

    #[test]
    fn backtracking_backs_out_of_nan() {
        struct Logarithm;
        impl Oracle<f64> for Logarithm {
            fn value(&mut self, x: &Vector<f64>) -> f64 {
                x[0] - x[0].ln()
            }
            fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
                Vector::from([1.0 - 1.0 / x[0], 0.0])
            }
            fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
                Vec::new()
            }
            fn hessian_vector(&mut self, _: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
                v.clone()
            }
            fn normal(&mut self, _: u32) -> Vector<f64> {
                Vector::zeros(2)
            }
            fn report(&mut self, _: Event) {}
        }
        let (x, d) = (Vector::from([2.0, 0.0]), Vector::from([-0.5, 0.0]));
        let origin = Probe::origin(2.0 - 2.0f64.ln(), &Vector::from([0.5, 0.0]), &d);
        let mut oracle = Logarithm;
        let mut line = Line { x: &x, d: &d, oracle: &mut oracle };
        let (t, _) = backtrack(&mut line, 16.0, origin.f, origin.slope, 1e-4, 0.5).expect("there is a decrease");
        assert!(line.point(t)[0] > 0.0);
        // The two Wolfe searches end as well, whatever they find.
        more_thuente(&mut line, &origin, 16.0, 1e-4, 0.9);
        strong_wolfe(&mut line, &origin, 16.0, 1e-4, 0.9);
    }

    #[test]
    fn wolfe_searches_find_the_minimum_of_a_parabola_by_their_first_interpolation() {
        // A cubic through two points of a parabola is that parabola.
        for search in [more_thuente, strong_wolfe] {
            let (found, oracle) = on_the_parabola(|line, origin| search(line, origin, 3.0, 1e-4, 0.1));
            let found = found.expect("a parabola has a minimum");
            assert!((found.t - 1.0).abs() < 1e-15);
            assert!(found.slope.abs() < 1e-15);
            assert_eq!(oracle.gradients_at.len(), 2);
        }
    }

    #[test]
    fn an_acceptable_first_trial_is_taken() {
        for search in [more_thuente, strong_wolfe] {
            let (found, oracle) = on_the_parabola(|line, origin| search(line, origin, 0.75, 1e-4, 0.9));
            assert_eq!(found.map(|probe| probe.t), Some(0.75));
            assert_eq!(oracle.gradients_at.len(), 1);
        }
    }

    #[test]
    fn a_short_first_trial_is_extended_until_the_slope_has_fallen() {
        for search in [more_thuente, strong_wolfe] {
            let (found, _) = on_the_parabola(|line, origin| search(line, origin, 1e-3, 1e-4, 0.5));
            let found = found.expect("a parabola has a minimum");
            assert!((0.5..=1.5).contains(&found.t), "{}", found.t);
        }
    }

    #[test]
    fn uphill_there_is_nothing_to_find() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let (x, d) = (Vector::from([1.0, 0.0]), Vector::from([1.0, 0.0]));
        let origin = Probe::origin(0.5, &x, &d);
        let mut line = Line { x: &x, d: &d, oracle: &mut oracle };
        assert!(backtrack(&mut line, 1.0, origin.f, origin.slope, 1e-4, 0.5).is_none());
        assert!(more_thuente(&mut line, &origin, 1.0, 1e-4, 0.9).is_none());
        assert!(strong_wolfe(&mut line, &origin, 1.0, 1e-4, 0.9).is_none());
    }
}
