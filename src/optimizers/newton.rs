//! Newton's method, made safe at saddles and damped.

use super::knob::{Knob, Scale};
use super::line_search::{C1, Known, Line, SHRINK, backtrack};
use super::{Entry, Event, Family, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "newton",
    title: "Newton, damped",
    family: Family::SecondOrder,
    paper: Paper {
        authors: "Greenstadt",
        title: "On the relative efficiencies of gradient methods",
        year: 1967,
        reference: "doi:10.1090/S0025-5718-1967-0223073-7",
    },
    summary: "divides the gradient by the curvature along each eigenvector, without its sign, and backtracks",
    knobs: &[
        Knob { meaning: "length of the first trial; 1 is Newton's step", ..Knob::lr(1.0) },
        Knob {
            id: "delta",
            symbol: "δ",
            default: 1e-8,
            range: (1e-16, 1.0),
            scale: Scale::Log { from: 1e-16 },
            meaning: "smallest curvature used, as a share of the largest",
        },
        SHRINK,
        C1,
    ],
    scalars: Scalars::F64(|knobs, start, _| Box::new(Newton::new(knobs, start))),
};

/// Sweeps of the eigenvalue iteration for each row of the Hessian; a few are usual.
const SWEEPS: usize = 100;

/// Damped Newton with positive curvatures:
/// ```text
/// H = V diag(lambda) V^T,    c = max(|lambda|, delta max |lambda|)
/// d <- -V diag(1 / c) V^T g
/// t <- lr;  while f(x + t d) > f(x) + c1 t g.d:  t <- shrink t
/// x <- x + t d
/// ```
/// `g`, `H`: gradient and Hessian at `x`. `t`, `delta`: no unit. Where `H` is positive definite, `d` is Newton's step, and
/// a quadratic is solved in one. Where it is not, `d` still points downhill and away from a saddle, and the step is
/// reported as modified. At a zero gradient x stays, on a saddle too, and a failed search is reported. Where `H` is zero
/// or not finite, `d` is -g.
///
/// Greenstadt 1967 takes |lambda| and bounds it below; Nocedal and Wright 2006 discuss it in section 3.4 and the
/// backtracking as algorithm 3.1; Dauphin et al. 2014 (arXiv:1406.2572) call it saddle-free Newton.
struct Newton {
    lr: f64,
    delta: f64,
    shrink: f64,
    c1: f64,
    /// The last direction.
    d: Vector<f64>,
    /// Length of the last step, in lengths of `d`.
    t: f64,
    known: Known,
}

impl Newton {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>) -> Self {
        Self {
            lr: knobs.get("lr"),
            delta: knobs.get("delta"),
            shrink: knobs.get("shrink"),
            c1: knobs.get("c1"),
            d: Vector::zeros(start.len()),
            t: 0.0,
            known: Known::nothing(start.len()),
        }
    }

    /// The direction, and whether it is other than Newton's.
    fn direction(&self, g: &Vector<f64>, hessian: &[Vector<f64>]) -> (Vector<f64>, bool) {
        let n = g.len();
        let h = DMatrix::from_fn(n, n, |i, j| hessian[i][j]);
        let finite = h.iter().all(|entry| entry.is_finite());
        let eigen = if finite { SymmetricEigen::try_new(h, f64::EPSILON, SWEEPS * n) } else { None };
        let largest = eigen.as_ref().map_or(0.0, |eigen| eigen.eigenvalues.amax());
        let Some(eigen) = eigen.filter(|_| largest > 0.0 && largest.is_finite()) else {
            return (-g, true);
        };
        let floor = self.delta * largest;
        let along = eigen.eigenvectors.transpose() * DVector::from_column_slice(g.as_slice());
        let divided = along.zip_map(&eigen.eigenvalues, |g, lambda| -g / lambda.abs().max(floor));
        let d = &eigen.eigenvectors * divided;
        (Vector::from_slice(d.as_slice()), eigen.eigenvalues.iter().any(|&lambda| lambda < floor))
    }
}

impl Optimizer<f64> for Newton {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let (f, g) = self.known.at(x, oracle);
        let (d, modified) = self.direction(&g, &oracle.hessian(x));
        if modified {
            oracle.report(Event::Modified);
        }
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
        self.d = d;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("d", self.d.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
        self.known.state(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn a_quadratic_is_solved_in_one_step() {
        let mut oracle = Quadratic::new([3.0, 40.0]);
        let path = walk(&ENTRY, &[], [2.0, -1.0], 1, &mut oracle);
        assert_eq!(path[1], [0.0, 0.0]);
        assert!(oracle.events.is_empty());
    }

    #[test]
    fn at_a_saddle_it_descends_along_the_negative_curvature() {
        // f = (x^2 - 4 y^2) / 2 at (1, 1): gradient (1, -4) over (1, |-4|): to (0, 2), where Newton goes to (0, 0).
        let mut oracle = Quadratic::new([1.0, -4.0]);
        let path = walk(&ENTRY, &[], [1.0, 1.0], 1, &mut oracle);
        assert_eq!(path[1], [0.0, 2.0]);
        assert_eq!(oracle.events, [Event::Modified]);
    }

    #[test]
    fn a_flat_direction_is_divided_by_the_floor() {
        // Curvatures 1 and 0 with delta 1/4; along the flat one there is no gradient, so nothing moves there.
        let mut oracle = Quadratic::new([1.0, 0.0]);
        let path = walk(&ENTRY, &[("delta", 0.25)], [1.0, 5.0], 1, &mut oracle);
        assert_eq!(path[1], [0.0, 5.0]);
        assert_eq!(oracle.events, [Event::Modified]);
    }

    #[test]
    fn without_curvature_it_follows_the_gradient() {
        let mut oracle = crate::optimizers::testing::Slopes::new(&[[1.0, 2.0]]);
        // The value of this world is constant, so that no trial is accepted; the direction is what counts.
        let x = Vector::from([0.0, 0.0]);
        let newton = Newton::new(&ENTRY.defaults(), &x);
        let g = oracle.gradient(&x);
        let (d, modified) = newton.direction(&g, &oracle.hessian(&x));
        assert_eq!(d.as_slice(), [-1.0, -2.0]);
        assert!(modified);
    }

    #[test]
    fn a_point_without_gradient_stays_even_on_a_saddle() {
        let mut oracle = Quadratic::new([1.0, -1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 1, &mut oracle);
        assert_eq!(path[1], [0.0, 0.0]);
        assert_eq!(oracle.events, [Event::Modified, Event::SearchFailed]);
    }
}
