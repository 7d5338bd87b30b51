//! Nelder and Mead's simplex: no derivatives, only comparisons.

use super::knob::{Knob, switched_on};
use super::{Entry, Event, Family, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::Vector;
use std::cmp::Ordering;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "nelder_mead",
    title: "Nelder–Mead",
    family: Family::DerivativeFree,
    paper: Paper {
        authors: "Nelder, Mead",
        title: "A simplex method for function minimization",
        year: 1965,
        reference: "doi:10.1093/comjnl/7.4.308",
    },
    summary: "a triangle that tumbles downhill: its worst corner is reflected, stretched or pulled in",
    knobs: &[Knob::switch("adaptive", "adaptive", false, "milder moves in many dimensions; no difference in two")],
    scalars: Scalars::F64(|knobs, start, _| Box::new(NelderMead::new(knobs, start))),
};

/// First length of an edge of the simplex, as a share of the coordinate, and where the coordinate is zero; SciPy's.
const EDGE: f64 = 0.05;
const EDGE_AT_ZERO: f64 = 0.000_25;

/// Nelder and Mead, with corners sorted from the best `x_0` to the worst `x_n` and `c` the centre of all but the worst:
/// ```text
/// r = c + rho (c - x_n)                              reflection
/// f(r) < f(x_0):               e = c + rho chi (c - x_n)     take the better of e and r
/// f(x_0) <= f(r) < f(x_(n-1)):                               take r
/// f(x_(n-1)) <= f(r) < f(x_n): o = c + psi rho (c - x_n)     take o unless it is worse than r
/// f(x_n) <= f(r):              i = c - psi (c - x_n)         take i if it is better than x_n
/// nothing taken:               x_j <- x_0 + sigma (x_j - x_0) for all j > 0
/// ```
/// `rho` = 1, `chi` = 2, `psi` = `sigma` = 1/2, or with `adaptive` chi = 1 + 2/n, psi = 3/4 - 1/(2n), sigma = 1 - 1/n.
/// The visible point is the best corner. No gradient is asked for, so a stationary point means nothing to it. A NaN value
/// counts as worse than every number. Shrinking is reported as a rejected step. If something else moved the point
/// between two steps, the simplex is built anew around it (a restart).
///
/// Nelder and Mead 1965 in the reading of Lagarias et al. 1998 (doi:10.1137/S1052623496303470), which says how ties
/// are broken; `adaptive` is Gao and Han 2012 (doi:10.1007/s10589-010-9329-3). The first simplex (each coordinate
/// 5 % longer, 0.00025 where zero) and the order of operations are SciPy's, so that the points are SciPy's too.
struct NelderMead {
    adaptive: bool,
    /// The corners, `n` entries each, the best first once the simplex is built.
    corners: Vec<f64>,
    /// The loss at the corners.
    values: Vec<f64>,
    /// One once the simplex is built, otherwise zero.
    built: f64,
}

impl NelderMead {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>) -> Self {
        let n = start.len();
        Self {
            adaptive: switched_on(knobs, "adaptive"),
            corners: vec![0.0; n * (n + 1)],
            values: vec![0.0; n + 1],
            built: 0.0,
        }
    }

    fn corner(&self, j: usize) -> Vector<f64> {
        let n = self.values.len() - 1;
        Vector::from_slice(&self.corners[j * n..(j + 1) * n])
    }

    fn set(&mut self, j: usize, corner: &Vector<f64>, value: f64) {
        let n = corner.len();
        self.corners[j * n..(j + 1) * n].copy_from_slice(corner.as_slice());
        self.values[j] = value;
    }

    fn build(&mut self, x: &Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        for j in 0..=x.len() {
            let mut corner = x.clone();
            if j > 0 {
                let entry = &mut corner[j - 1];
                *entry = if *entry == 0.0 { EDGE_AT_ZERO } else { (1.0 + EDGE) * *entry };
            }
            let value = oracle.value(&corner);
            self.set(j, &corner, value);
        }
        self.sort();
        self.built = 1.0;
    }

    /// Sorts the corners by value; equal values keep their order, and NaN comes last.
    fn sort(&mut self) {
        let mut sorted: Vec<(Vector<f64>, f64)> =
            (0..self.values.len()).map(|j| (self.corner(j), self.values[j])).collect();
        sorted.sort_by(|(_, a), (_, b)| match (a.is_nan(), b.is_nan()) {
            (false, false) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (a, b) => a.cmp(&b),
        });
        for (j, (corner, value)) in sorted.iter().enumerate() {
            self.set(j, corner, *value);
        }
    }
}

impl Optimizer<f64> for NelderMead {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let n = x.len();
        if n == 0 {
            return;
        }
        let dimension = n as f64;
        let (rho, chi, psi, sigma) = if self.adaptive {
            (1.0, 1.0 + 2.0 / dimension, 0.75 - 0.5 / dimension, 1.0 - 1.0 / dimension)
        } else {
            (1.0, 2.0, 0.5, 0.5)
        };
        if self.built == 0.0 {
            self.build(x, oracle);
        } else if self.corners[..n] != *x.as_slice() {
            oracle.report(Event::Restart);
            self.build(x, oracle);
        }

        let mut c = self.corner(0);
        for j in 1..n {
            c += self.corner(j);
        }
        let c = c.map(|sum| sum / dimension);
        let worst = self.corner(n);
        let along = |length: f64| &c * (1.0 + length) - &worst * length;
        let (f_best, f_second, f_worst) = (self.values[0], self.values[n - 1], self.values[n]);

        let r = along(rho);
        let f_r = oracle.value(&r);
        let taken = if f_r < f_best {
            let e = along(rho * chi);
            let f_e = oracle.value(&e);
            Some(if f_e < f_r { (e, f_e) } else { (r, f_r) })
        } else if f_r < f_second {
            Some((r, f_r))
        } else if f_r < f_worst {
            let o = along(psi * rho);
            let f_o = oracle.value(&o);
            (f_o <= f_r).then_some((o, f_o))
        } else {
            let i = &c * (1.0 - psi) + &worst * psi;
            let f_i = oracle.value(&i);
            (f_i < f_worst).then_some((i, f_i))
        };
        match taken {
            Some((corner, value)) => self.set(n, &corner, value),
            None => {
                oracle.report(Event::Rejected);
                let best = self.corner(0);
                for j in 1..=n {
                    let corner = &best + (self.corner(j) - &best) * sigma;
                    let value = oracle.value(&corner);
                    self.set(j, &corner, value);
                }
            }
        }
        self.sort();
        *x = self.corner(0);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("corners", &mut self.corners);
        visit("values", &mut self.values);
        visit("built", std::slice::from_mut(&mut self.built));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, build, walk};

    #[test]
    fn first_step_by_hand() {
        // f = (x^2 + y^2) / 2 from (1, 0): corners (1, 0) and (1, 0.00025), and (1.05, 0) as the worst. The centre of
        // the better two is (1, 0.000125), the reflection (0.95, 0.00025) beats all, and so does the expansion (0.9, ...).
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [1.0, 0.0], 1, &mut oracle);
        assert!((path[1][0] - 0.9).abs() < 1e-15);
        assert!((path[1][1] - 0.000_375).abs() < 1e-15);
        assert_eq!(oracle.values_at.len(), 5);
        assert!(oracle.gradients_at.is_empty());
    }

    #[test]
    fn at_a_minimum_the_simplex_shrinks_around_it() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 60, &mut oracle);
        assert_eq!(path[60], [0.0, 0.0]);
        let far = oracle.values_at.last().map_or(f64::NAN, |point| point.norm());
        assert!(far < 1e-9, "{far}");
    }

    #[test]
    fn adaptive_makes_no_difference_in_two_dimensions() {
        let plain = walk(&ENTRY, &[], [3.0, 1.0], 60, &mut Quadratic::new([1.0, 9.0]));
        let adaptive = walk(&ENTRY, &[("adaptive", 1.0)], [3.0, 1.0], 60, &mut Quadratic::new([1.0, 9.0]));
        assert_eq!(plain, adaptive);
    }

    #[test]
    fn a_point_moved_from_outside_gets_a_new_simplex() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let mut x = Vector::from([3.0, 1.0]);
        let mut optimizer = build(&ENTRY, &[], &x);
        optimizer.step(&mut x, &mut oracle);
        x = Vector::from([-2.0, 5.0]);
        optimizer.step(&mut x, &mut oracle);
        assert_eq!(oracle.events, [Event::Restart]);
        assert!((x[0] + 2.0).abs() < 1.0 && (x[1] - 5.0).abs() < 1.0);
    }
}
