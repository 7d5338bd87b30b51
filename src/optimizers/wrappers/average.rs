//! Averaging: the optimizer runs as it would, and what is shown is the average of its points.

use super::{Wrapper, wrapper};
use crate::optimizers::{Knob, Knobs, Optimizer, Oracle, Paper};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Wrapper = wrapper!(Average {
    id: "average",
    title: "Averaging",
    paper: Paper {
        authors: "Polyak, Juditsky",
        title: "Acceleration of stochastic approximation by averaging",
        year: 1992,
        reference: "doi:10.1137/0330046",
    },
    summary: "shows the average of all points so far while the optimizer goes its own way underneath",
    knobs: &[Knob::whole("t0", "t₀", 0.0, (0.0, 1e6), "steps before averaging begins")],
});

/// Averaging of the points:
/// ```text
/// fast <- step of the inner optimizer from fast
/// t <= t0 + 1:   x <- fast        t > t0 + 1:   x <- x + (fast - x) / (t - t0)
/// ```
/// `fast`: the inner optimizer's own point, units of x, at which it asks its questions; `x`: the visible point. `t`:
/// number of this step. After `t0` steps x is the mean of the points `t0 + 1` to `t`, the start not among them. The path
/// of `fast` is the path without this wrapper. If something else moves x, only the average moves.
///
/// Polyak and Juditsky 1992, equation 4; with `t0` as `torch.optim.ASGD` has it (averaging the tail alone).
struct Average<R> {
    inner: Box<dyn Optimizer<R>>,
    t0: R,
    fast: Vector<R>,
    t: R,
}

impl<R: Real> Average<R> {
    fn new(knobs: &Knobs<R>, inner: Box<dyn Optimizer<R>>, start: &Vector<R>) -> Self {
        Self { inner, t0: knobs.get("t0"), fast: start.clone(), t: R::zero() }
    }
}

impl<R: Real> Optimizer<R> for Average<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        self.inner.step(&mut self.fast, oracle);
        self.t += one;
        let averaged = self.t - self.t0;
        let alone = averaged.le(one);
        // The divisor is guarded where the average is of one point or none.
        let weight = one / R::select(alone, one, averaged);
        *x = x.zip_map(&self.fast, |x, fast| R::select(alone, fast, x + (fast - x) * weight));
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        self.inner.state(visit);
        visit("fast", self.fast.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::sgd;
    use crate::optimizers::testing::{Quadratic, build, wrap};

    fn averaged(t0: f64) -> Vec<f64> {
        // f = x^2 / 2 with lr 0.5 from 16: 8, 4, 2, 1 underneath.
        let mut x = Vector::from([16.0, 0.0]);
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let inner = build(&sgd::ENTRY, &[("lr", 0.5)], &x);
        let mut average = wrap(&ENTRY, &[("t0", t0)], inner, &x);
        let path = (0..4)
            .map(|_| {
                average.step(&mut x, &mut oracle);
                x[0]
            })
            .collect();
        let asked: Vec<f64> = oracle.gradients_at.iter().map(|point| point[0]).collect();
        assert_eq!(asked, [16.0, 8.0, 4.0, 2.0]);
        path
    }

    #[test]
    fn the_visible_point_is_the_mean_of_the_points_underneath() {
        let path = averaged(0.0);
        for (mean, exact) in path.into_iter().zip([8.0, 6.0, 14.0 / 3.0, 15.0 / 4.0]) {
            assert!((mean - exact).abs() < 1e-14);
        }
    }

    #[test]
    fn before_t0_it_is_the_point_itself() {
        assert_eq!(averaged(2.0), [8.0, 4.0, 2.0, 1.5]);
    }
}
