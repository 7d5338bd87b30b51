//! BFGS: Newton's method with an inverse Hessian learnt from gradients.

use super::line_search::{C1, C2, Known, Line, Probe, SHRINK, backtrack, more_thuente};
use super::{Entry, Event, Family, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector, DVectorView};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "bfgs",
    title: "BFGS",
    family: Family::SecondOrder,
    paper: Paper {
        authors: "Broyden, Fletcher, Goldfarb, Shanno",
        title: "A new approach to variable metric algorithms (Fletcher); three more of the same year",
        year: 1970,
        reference: "doi:10.1093/comjnl/13.3.317",
    },
    summary: "learns the inverse of the curvature from how gradients change along steps, and searches along its direction",
    knobs: &[C1, C2],
    scalars: Scalars::F64(|knobs, start, _| Box::new(Bfgs::new(knobs, start))),
};

/// BFGS:
/// ```text
/// d <- -H g,   x <- x + t d     with t from a strong Wolfe search
/// s = t d,   y = g(x) - g(x - s),   rho = 1 / y.s
/// H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T
/// ```
/// `g`: gradient at `x`. `H`: units of x per unit of g, starts at the identity. The search begins with the trial
/// min(1, 2.02 (f - f_before) / g.d), where `f_before` is the loss before the last step, and f + |g| / 2 at first. A
/// value and a gradient for each trial, none besides. At a zero gradient x stays and a failed search is reported.
///
/// Nocedal and Wright 2006, algorithm 6.1; the search is Moré and Thuente's. Identity, first trial and search are
/// SciPy's, so that the points are SciPy's too; the scaling of the first `H` that Nocedal and Wright advise
/// (equation 6.20) is left out, as it is there. Where the search fails, SciPy tries a second one and then ends; here
/// plain backtracking is tried, and if that fails too, `H` starts again from the identity with the next step. A
/// pair with y.s <= 0, which only backtracking can give, is not used.
struct Bfgs {
    c1: f64,
    c2: f64,
    h: DMatrix<f64>,
    /// The loss before the last step, once there was one.
    f_before: f64,
    /// The last direction.
    d: Vector<f64>,
    /// Length of the last step in lengths of `d`; zero after a failed search.
    t: f64,
    /// One after a step was taken and until the memory is dropped, otherwise zero.
    moved: f64,
    known: Known,
}

impl Bfgs {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>) -> Self {
        let n = start.len();
        Self {
            c1: knobs.get("c1"),
            c2: knobs.get("c2"),
            h: DMatrix::identity(n, n),
            f_before: 0.0,
            d: Vector::zeros(n),
            t: 0.0,
            moved: 0.0,
            known: Known::nothing(n),
        }
    }

    fn forget(&mut self) {
        self.h.fill_with_identity();
        self.moved = 0.0;
    }

    /// Takes a pair into the inverse Hessian. Returns whether it could be used.
    fn learn(&mut self, s: &Vector<f64>, y: &Vector<f64>) -> bool {
        let (s, y) = (column(s), column(y));
        let rho = 1.0 / y.dot(&s);
        if !(rho > 0.0 && rho.is_finite()) {
            return false;
        }
        // The product of the three matrices, multiplied out: n^2 operations in place of n^3.
        let hy = &self.h * y;
        let scale = rho * (1.0 + rho * y.dot(&hy));
        self.h.ger(-rho, &s, &hy, 1.0);
        self.h.ger(-rho, &hy, &s, 1.0);
        self.h.ger(scale, &s, &s, 1.0);
        true
    }
}

/// A vector as nalgebra sees it.
fn column(v: &Vector<f64>) -> DVectorView<'_, f64> {
    DVectorView::from_slice(v.as_slice(), v.len())
}

impl Optimizer<f64> for Bfgs {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let (f, g) = self.known.at(x, oracle);
        let hg: DVector<f64> = &self.h * column(&g);
        self.d = -Vector::from_slice(hg.as_slice());
        let origin = Probe::origin(f, &g, &self.d);
        let f_before = if self.moved == 0.0 { f + g.norm() / 2.0 } else { self.f_before };
        let expected = 1.01 * 2.0 * (f - f_before) / origin.slope;
        let first = if expected < 0.0 || expected.is_nan() { 1.0 } else { expected.min(1.0) };

        let mut line = Line { x, d: &self.d, oracle };
        let found = more_thuente(&mut line, &origin, first, self.c1, self.c2).or_else(|| {
            let (t, f) = backtrack(&mut line, 1.0, f, origin.slope, self.c1, SHRINK.default)?;
            let g = line.oracle.gradient(&line.point(t));
            Some(Probe { t, f, slope: g.dot(&self.d), g })
        });
        let Some(end) = found else {
            self.t = 0.0;
            if self.moved > 0.0 {
                oracle.report(Event::Restart);
            }
            self.forget();
            oracle.report(Event::SearchFailed);
            return;
        };
        *x = line.point(end.t);
        self.t = end.t;
        self.moved = 1.0;
        self.f_before = f;
        if !self.learn(&(&self.d * end.t), &(&end.g - &g)) {
            oracle.report(Event::Modified);
        }
        self.known.learn(x, end.f, end.g);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("H", self.h.as_mut_slice());
        visit("d", self.d.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
        visit("f_before", std::slice::from_mut(&mut self.f_before));
        visit("moved", std::slice::from_mut(&mut self.moved));
        self.known.state(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_step_by_hand() {
        // f = (x^2 + 4 y^2) / 2 from (3, 1): g = (3, 4), |g| = 5, so the first trial is 2.02 * 2.5 / 25 = 0.202, and it
        // is accepted: slope -25 becomes -9 * 0.798 - 16 * 0.192 = -10.254.
        let mut oracle = Quadratic::new([1.0, 4.0]);
        let path = walk(&ENTRY, &[], [3.0, 1.0], 1, &mut oracle);
        assert!((path[1][0] - 3.0 * 0.798).abs() < 1e-15);
        assert!((path[1][1] - 0.192).abs() < 1e-15);
        assert_eq!(oracle.gradients_at.len(), 2);
    }

    #[test]
    fn the_update_satisfies_the_secant_equation() {
        let start = Vector::from([0.0, 0.0]);
        let mut bfgs = Bfgs::new(&ENTRY.defaults(), &start);
        let (s, y) = (Vector::from([1.0, 2.0]), Vector::from([3.0, 0.5]));
        assert!(bfgs.learn(&s, &y));
        let hy = &bfgs.h * column(&y);
        assert!((hy[0] - s[0]).abs() < 1e-15 && (hy[1] - s[1]).abs() < 1e-15);
        assert_eq!(bfgs.h[(0, 1)], bfgs.h[(1, 0)]);
        // From the identity with rho = 1/4 it is, multiplied out by hand, entry (0, 0):
        // (1 - 3/4)^2 + (1/8)^2 ... (I - rho s y^T) has rows (1/4, -1/8) and (-3/2, 3/4); plus rho s s^T.
        assert!((bfgs.h[(0, 0)] - (0.0625 + 0.015625 + 0.25)).abs() < 1e-15);
        assert!((bfgs.h[(1, 1)] - (2.25 + 0.5625 + 1.0)).abs() < 1e-15);
    }

    #[test]
    fn a_pair_without_positive_curvature_is_not_used() {
        let start = Vector::from([0.0, 0.0]);
        let mut bfgs = Bfgs::new(&ENTRY.defaults(), &start);
        assert!(!bfgs.learn(&Vector::from([1.0, 0.0]), &Vector::from([-1.0, 0.0])));
        assert!(!bfgs.learn(&Vector::from([0.0, 0.0]), &Vector::from([0.0, 0.0])));
        assert_eq!(bfgs.h, DMatrix::identity(2, 2));
    }

    #[test]
    fn a_quadratic_of_two_variables_is_nearly_solved_in_a_few_steps() {
        let path = walk(&ENTRY, &[], [3.0, 1.0], 12, &mut Quadratic::new([1.0, 50.0]));
        assert!(path[12][0].abs() < 1e-6 && path[12][1].abs() < 1e-6, "{:?}", path[12]);
    }

    #[test]
    fn at_a_zero_gradient_it_stays_and_says_so() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 2, &mut oracle);
        assert_eq!(path[2], [0.0, 0.0]);
        assert_eq!(oracle.events, [Event::SearchFailed; 2]);
    }
}
