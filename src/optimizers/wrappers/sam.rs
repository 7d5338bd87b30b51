//! Sharpness-aware minimisation: the gradient is taken uphill of the point.

use super::{Change, Changed, Wrapper, wrapper};
use crate::optimizers::{Knob, Knobs, Optimizer, Oracle, Paper, Scale};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Wrapper = wrapper!(Sam {
    id: "sam",
    title: "SAM",
    paper: Paper {
        authors: "Foret, Kleiner, Mobahi, Neyshabur",
        title: "Sharpness-aware minimization for efficiently improving generalization",
        year: 2020,
        reference: "arXiv:2010.01412",
    },
    summary: "climbs a fixed distance along the gradient, and hands the optimizer the gradient found up there",
    knobs: &[Knob {
        id: "rho",
        symbol: "ρ",
        default: 0.05,
        range: (0.0, 1e6),
        scale: Scale::Log { from: 1e-4 },
        meaning: "how far uphill the second gradient is taken",
    }],
});

/// SAM:
/// ```text
/// g <- the gradient at x
/// g <- the gradient at x + rho g / |g|
/// ```
/// for each gradient that the inner optimizer asks for, which is therefore two. `g`: units of f per unit of x; `rho`:
/// units of x. Values, Hessians and draws pass unchanged. Near a minimum that is narrower than `rho` the second gradient
/// points across it, so that the method keeps moving: it prefers wide minima, and comes to rest at none exactly. Where
/// the first gradient is zero the second is taken at `x` itself, and a stationary point stays one. With `rho = 0` this is
/// the inner optimizer at twice the price. A gradient with NaN or an infinite entry gives NaN.
///
/// Foret, Kleiner, Mobahi and Neyshabur 2020, equation 2 with p = 2, and equation 3; implementations for PyTorch add 1e-12
/// to the norm. In the paper both gradients are of one batch; with noise the two here are two samples, since one call is
/// one sample.
struct Sam<R> {
    inner: Box<dyn Optimizer<R>>,
    rho: R,
}

impl<R: Real> Sam<R> {
    fn new(knobs: &Knobs<R>, inner: Box<dyn Optimizer<R>>, _: &Vector<R>) -> Self {
        Self { inner, rho: knobs.get("rho") }
    }
}

impl<R: Real> Optimizer<R> for Sam<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        self.inner.step(x, &mut Changed { oracle, change: Uphill(self.rho) });
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        self.inner.state(visit);
    }
}

/// Gradients found this far uphill.
struct Uphill<R>(R);

impl<R: Real> Change<R> for Uphill<R> {
    fn gradient(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vector<R> {
        let g = oracle.gradient(x);
        let norm = g.norm();
        let level = norm.le(R::zero());
        // Where the norm is zero so is g, and any divisor leaves x where it is.
        let climb = g * (self.0 / R::select(level, R::one(), norm));
        oracle.gradient(&(x + climb))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, Slopes, build, wrap};
    use crate::optimizers::{adam, sgd};

    #[test]
    fn the_gradient_is_the_one_found_uphill() {
        // f = (x^2 + 2 y^2) / 2 at (3, 2): gradient (3, 4) of length 5. With rho 5 the second is taken at (6, 6): (6, 12).
        let mut x = Vector::from([3.0, 2.0]);
        let mut oracle = Quadratic::new([1.0, 2.0]);
        wrap(&ENTRY, &[("rho", 5.0)], build(&sgd::ENTRY, &[("lr", 0.5)], &x), &x).step(&mut x, &mut oracle);
        let asked: Vec<&[f64]> = oracle.gradients_at.iter().map(Vector::as_slice).collect();
        assert_eq!(asked, [[3.0, 2.0], [6.0, 6.0]]);
        assert_eq!(x.as_slice(), [0.0, -4.0]);
    }

    #[test]
    fn a_stationary_point_stays_one() {
        let mut x = Vector::from([0.0, 0.0]);
        let mut oracle = Quadratic::new([1.0, 30.0]);
        wrap(&ENTRY, &[], build(&sgd::ENTRY, &[("lr", 0.1)], &x), &x).step(&mut x, &mut oracle);
        assert_eq!(x.as_slice(), [0.0, 0.0]);
    }

    #[test]
    fn a_minimum_narrower_than_rho_is_stepped_over_forever() {
        // f = x^2 / 2: x <- x - lr (x + rho sign x) ends between the two points where x = lr (x + rho sign x) / 2, that
        // is at lr rho / (2 - lr) and its mirror image: 1/3 for lr = 1/2, rho = 1.
        let mut x = Vector::from([4.0, 0.0]);
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let mut sam = wrap(&ENTRY, &[("rho", 1.0)], build(&sgd::ENTRY, &[("lr", 0.5)], &x), &x);
        for _ in 0..60 {
            sam.step(&mut x, &mut oracle);
        }
        // The distance from the cycle halves with every step: 60 of them leave nothing but rounding.
        assert!((x[0].abs() - 1.0 / 3.0).abs() < 1e-15, "{}", x[0]);
    }

    #[test]
    fn without_rho_it_is_the_inner_optimizer() {
        let mut x = Vector::from([8.0, -3.0]);
        let mut y = x.clone();
        let mut plain = build(&adam::ENTRY, &[("lr", 0.1)], &x);
        let mut wrapped = wrap(&ENTRY, &[("rho", 0.0)], build(&adam::ENTRY, &[("lr", 0.1)], &x), &x);
        for _ in 0..20 {
            plain.step(&mut x, &mut Quadratic::new([1.0, 30.0]));
            wrapped.step(&mut y, &mut Quadratic::new([1.0, 30.0]));
        }
        assert_eq!(x.as_slice(), y.as_slice());
    }

    #[test]
    fn only_gradients_are_taken_elsewhere() {
        let mut oracle = Quadratic::new([1.0, 1.0]);
        let mut uphill = Changed { oracle: &mut oracle, change: Uphill(1.0) };
        uphill.value(&Vector::from([3.0, 4.0]));
        assert_eq!(oracle.values_at[0].as_slice(), [3.0, 4.0]);
        // A slope that does not depend on the point: the second answer counts.
        let mut slopes = Slopes::new(&[[1.0, 0.0], [0.0, 2.0]]);
        let g = Changed { oracle: &mut slopes, change: Uphill(1.0) }.gradient(&Vector::from([0.0, 0.0]));
        assert_eq!(g.as_slice(), [0.0, 2.0]);
    }
}
