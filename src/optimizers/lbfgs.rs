//! L-BFGS: BFGS that remembers a few pairs in place of a matrix.

use super::knob::{Knob, count, switched_on};
use super::line_search::{C1, C2, Known, Line, Probe, strong_wolfe};
use super::{Entry, Event, Family, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::Vector;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "lbfgs",
    title: "L-BFGS",
    family: Family::SecondOrder,
    paper: Paper {
        authors: "Nocedal",
        title: "Updating quasi-Newton matrices with limited storage",
        year: 1980,
        reference: "doi:10.1090/S0025-5718-1980-0572855-7",
    },
    summary: "BFGS from the last few changes of point and gradient alone, so that no matrix is kept",
    knobs: &[
        Knob { meaning: "length of the first trial; without a search, of the step", ..Knob::lr(1.0) },
        Knob::whole("history_size", "m", 10.0, (1.0, 100.0), "how many pairs of changes are kept"),
        Knob::switch("line_search", "search", true, "looks for a strong Wolfe step; off: every step has length lr"),
        C1,
        C2,
    ],
    scalars: Scalars::F64(|knobs, start, _| Box::new(Lbfgs::new(knobs, start))),
};

/// L-BFGS:
/// ```text
/// d <- -H g        H from the last history_size pairs by the two-loop recursion, starting at (y.s / y.y) I
/// x <- x + t d     with t from a strong Wolfe search beginning at lr, or t = lr without
/// s = t d,   y = g(x) - g(x - s)
/// ```
/// `g`: gradient at `x`. `s`: units of x; `y`: units of g. While there are no pairs, `d` is -g and the trial is
/// lr min(1, 1 / sum |g|), so that the first step is no longer than `lr` in every coordinate. A value and a gradient
/// for each trial, none besides. A pair with y.s <= 2^-52 y.y is not used (reported as modified), since it would make
/// `H` indefinite or round-off. At a zero gradient x stays and a failed search is reported; a search that fails with
/// pairs in memory drops them, and the next step starts again from -g.
///
/// Nocedal 1980; Nocedal and Wright 2006, algorithms 7.4 and 7.5. First trial, search and its constants are
/// PyTorch's; PyTorch keeps 100 pairs and has the search off by default, demands y.s > 1e-10, and stops at
/// tolerances that are no part of the method.
struct Lbfgs {
    lr: f64,
    search: bool,
    c1: f64,
    c2: f64,
    /// Pairs in a ring: pair `i` is the `n` entries from `i n` on.
    s: Vec<f64>,
    y: Vec<f64>,
    /// Number of pairs, and where the next one goes.
    pairs: f64,
    next: f64,
    /// The last direction.
    d: Vector<f64>,
    /// Length of the last step in lengths of `d`; zero after a failed search.
    t: f64,
    known: Known,
}

impl Lbfgs {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>) -> Self {
        let entries = start.len() * count(knobs, "history_size").max(1);
        Self {
            lr: knobs.get("lr"),
            search: switched_on(knobs, "line_search"),
            c1: knobs.get("c1"),
            c2: knobs.get("c2"),
            s: vec![0.0; entries],
            y: vec![0.0; entries],
            pairs: 0.0,
            next: 0.0,
            d: Vector::zeros(start.len()),
            t: 0.0,
            known: Known::nothing(start.len()),
        }
    }

    /// Where the pairs lie, from the oldest to the newest.
    fn order(&self, n: usize) -> impl DoubleEndedIterator<Item = std::ops::Range<usize>> + use<> {
        let capacity = self.s.len() / n.max(1);
        let (pairs, next) = (self.pairs as usize, self.next as usize);
        (0..pairs).map(move |age| (next + capacity - pairs + age) % capacity).map(move |i| i * n..(i + 1) * n)
    }

    /// `-H g` by the two-loop recursion.
    fn direction(&self, g: &Vector<f64>) -> Vector<f64> {
        let mut d = -g;
        let mut taken = Vec::new();
        for pair in self.order(g.len()).rev() {
            let (s, y) = (&self.s[pair.clone()], &self.y[pair]);
            let a = dot(s, d.as_slice()) / dot(y, s);
            add(d.as_mut_slice(), -a, y);
            taken.push(a);
        }
        if let Some(newest) = self.order(g.len()).next_back() {
            let (s, y) = (&self.s[newest.clone()], &self.y[newest]);
            d = d * (dot(y, s) / dot(y, y));
        }
        for (pair, a) in self.order(g.len()).zip(taken.into_iter().rev()) {
            let (s, y) = (&self.s[pair.clone()], &self.y[pair]);
            let b = dot(y, d.as_slice()) / dot(y, s);
            add(d.as_mut_slice(), a - b, s);
        }
        d
    }

    /// Takes a pair into the memory. Returns whether it could be used.
    fn learn(&mut self, s: &Vector<f64>, y: &Vector<f64>) -> bool {
        let (n, ys) = (s.len(), y.dot(s));
        let usable = ys > f64::EPSILON * y.dot(y) && ys.is_finite();
        if usable {
            let capacity = self.s.len() / n.max(1);
            let at = self.next as usize * n;
            self.s[at..at + n].copy_from_slice(s.as_slice());
            self.y[at..at + n].copy_from_slice(y.as_slice());
            self.next = ((self.next as usize + 1) % capacity) as f64;
            self.pairs = (self.pairs + 1.0).min(capacity as f64);
        }
        usable
    }

    fn forget(&mut self, oracle: &mut dyn Oracle<f64>) {
        if self.pairs > 0.0 {
            oracle.report(Event::Restart);
        }
        (self.pairs, self.next) = (0.0, 0.0);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

/// `a <- a + factor b`
fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += factor * b;
    }
}

impl Optimizer<f64> for Lbfgs {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let (f, g) = self.known.at(x, oracle);
        self.d = self.direction(&g);
        // Rounding can turn the direction uphill, or to NaN; then the memory is worth nothing.
        let downhill = self.d.dot(&g) < 0.0;
        if self.pairs > 0.0 && !downhill {
            self.forget(oracle);
            self.d = -&g;
        }
        let one_norm = g.map(f64::abs).sum();
        let first = if self.pairs == 0.0 { self.lr * (1.0 / one_norm).min(1.0) } else { self.lr };

        let origin = Probe::origin(f, &g, &self.d);
        let mut line = Line { x, d: &self.d, oracle };
        let found = if self.search {
            strong_wolfe(&mut line, &origin, first, self.c1, self.c2)
        } else {
            (origin.slope < 0.0).then(|| line.probe(first))
        };
        let Some(end) = found else {
            self.t = 0.0;
            self.forget(oracle);
            oracle.report(Event::SearchFailed);
            return;
        };
        *x = line.point(end.t);
        self.t = end.t;
        let s = &self.d * end.t;
        if !self.learn(&s, &(&end.g - &g)) {
            oracle.report(Event::Modified);
        }
        self.known.learn(x, end.f, end.g);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("s", &mut self.s);
        visit("y", &mut self.y);
        visit("pairs", std::slice::from_mut(&mut self.pairs));
        visit("next", std::slice::from_mut(&mut self.next));
        visit("d", self.d.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
        self.known.state(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::bfgs;
    use crate::optimizers::testing::{Quadratic, walk};

    #[test]
    fn first_trial_has_length_lr_in_the_one_norm() {
        // f = (x^2 + 4 y^2) / 2 from (3, 1): g = (3, 4), trial 1/7. The slope falls from -25 to -18 - ... < 0.9 of it.
        let path = walk(&ENTRY, &[], [3.0, 1.0], 1, &mut Quadratic::new([1.0, 4.0]));
        assert!((path[1][0] - (3.0 - 3.0 / 7.0)).abs() < 1e-15);
        assert!((path[1][1] - (1.0 - 4.0 / 7.0)).abs() < 1e-15);
    }

    #[test]
    fn one_pair_gives_the_scaled_secant_direction() {
        // With one pair, H y = s: for g = y the direction is -s.
        let mut lbfgs = Lbfgs::new(&ENTRY.defaults(), &Vector::from([0.0, 0.0]));
        let (s, y) = (Vector::from([1.0, 2.0]), Vector::from([3.0, 0.5]));
        assert!(lbfgs.learn(&s, &y));
        let d = lbfgs.direction(&y);
        assert!((d[0] + 1.0).abs() < 1e-15 && (d[1] + 2.0).abs() < 1e-15);
    }

    #[test]
    fn the_ring_keeps_the_newest_pairs_in_order() {
        let mut knobs = ENTRY.defaults();
        knobs.set("history_size", 3.0);
        let mut lbfgs = Lbfgs::new(&knobs, &Vector::zeros(1));
        for k in 1..=5 {
            assert!(lbfgs.learn(&Vector::from_slice(&[f64::from(k)]), &Vector::from_slice(&[1.0])));
        }
        let ages: Vec<f64> = lbfgs.order(1).map(|pair| lbfgs.s[pair][0]).collect();
        assert_eq!(ages, [3.0, 4.0, 5.0]);
    }

    #[test]
    fn with_all_pairs_in_memory_both_loops_invert_the_bfgs_matrix() {
        // Two conjugate pairs of a quadratic determine its Hessian: the direction is Newton's.
        let mut lbfgs = Lbfgs::new(&ENTRY.defaults(), &Vector::from([0.0, 0.0]));
        let curvature = [2.0, 16.0];
        for s in [[1.0, 0.0], [0.0, 1.0]] {
            assert!(lbfgs.learn(&s.into(), &Vector::from([curvature[0] * s[0], curvature[1] * s[1]])));
        }
        let d = lbfgs.direction(&Vector::from([2.0, 16.0]));
        assert!((d[0] + 1.0).abs() < 1e-15 && (d[1] + 1.0).abs() < 1e-15, "{d:?}");
    }

    #[test]
    fn without_search_every_later_step_is_lr_times_the_direction() {
        // One dimension in effect: after one pair the secant is exact, and lr = 1/2 halves the distance.
        let knobs = [("lr", 0.5), ("line_search", 0.0)];
        let path = walk(&ENTRY, &knobs, [4.0, 0.0], 5, &mut Quadratic::new([4.0, 1.0]));
        for k in 1..5 {
            assert!((path[k + 1][0] - 0.5 * path[k][0]).abs() < 1e-15);
        }
    }

    #[test]
    fn it_converges_where_bfgs_does() {
        for entry in [&ENTRY, &bfgs::ENTRY] {
            let path = walk(entry, &[], [3.0, 1.0], 20, &mut Quadratic::new([1.0, 50.0]));
            assert!(path[20].iter().all(|c| c.abs() < 1e-6), "{}: {:?}", entry.id, path[20]);
        }
    }

    #[test]
    fn at_a_zero_gradient_it_stays_and_says_so() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let path = walk(&ENTRY, &[], [0.0, 0.0], 2, &mut oracle);
        assert_eq!(path[2], [0.0, 0.0]);
        assert_eq!(oracle.events, [Event::SearchFailed; 2]);
    }
}
