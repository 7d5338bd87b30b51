//! Sums over all pairs of points: the forces between particles, densities, kernels.
//!
//! For every target x the sum over all sources y of a function of the two. The function is written once, over [`Real`]
//! ([`PairEvaluator::evaluate`]); [`sum_pairs`] adds it up in `f64`, and `engine::pairs` records it and prints kernels.

use super::Point;
use crate::formula::{Evaluator, Formula, FormulaError, Names, Program};
use crate::scalar::{Dual, Real};
use std::sync::Arc;

/// Numbers that a source has besides its place, at most.
pub const MOST_EXTRAS: usize = 2;
/// Sums that a target gets.
pub const SUMS: usize = 3;

/// A place that acts on others, with what else the function asks of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Where it is.
    pub at: Point,
    /// Its weight, or its score; what is not asked for is zero.
    pub extras: [f64; MOST_EXTRAS],
}

impl Source {
    /// A source that counts so much.
    pub fn weighted(at: Point, weight: f64) -> Self {
        Self { at, extras: [weight, 0.0] }
    }
}

/// What the sums of a target are; see [`Pair`].
pub type PairSums = [f64; SUMS];

/// A function of a target x, a source y and the source's extras; r = |x - y|, softened.
#[derive(Clone, Debug, PartialEq)]
pub enum Pair {
    /// A function of the distance: sums w W'(r)/r (x - y), both coordinates, and w W(r), for the source's weight w. The
    /// first two are the gradient of the third by x.
    Radial(Kernel),
    /// Stein's kernel k = exp(-r^2 / h) for sources with the score s: sums k s + the gradient of k by y, both
    /// coordinates, and k. One parameter: 1/h.
    ///
    /// Liu, Wang 2016, "Stein variational gradient descent", equation 8.
    Stein,
}

/// A function W of the distance.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// exp(-s r^2). One parameter: s.
    Gaussian,
    /// The distance itself, sqrt(r^2 + d^2). One parameter: d^2, the softening.
    Distance,
    /// A formula in r, where r stands for sqrt(|x - y|^2 + d^2). One parameter: d^2. The parameters of the formula are part
    /// of it.
    Typed(Arc<Program>),
}

/// Why a typed kernel cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// It is no formula in r.
    #[error(transparent)]
    Formula(#[from] FormulaError),
}

impl Kernel {
    /// Reads a formula in r with named parameters.
    pub fn parse(text: &str, parameters: &[(&str, f64)]) -> Result<Self, KernelError> {
        let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
        let values: Vec<f64> = parameters.iter().map(|(_, value)| *value).collect();
        let formula = Formula::parse(text, &Names { variables: &["r"], parameters: &names })?;
        Ok(Self::Typed(Arc::new(formula.program(&values))))
    }
}

impl Pair {
    /// Numbers that the function depends on besides the two points.
    pub fn parameters(&self) -> usize {
        1
    }

    /// How many numbers a source has besides its place.
    pub fn extras(&self) -> usize {
        match self {
            Self::Radial(_) => 1,
            Self::Stein => 2,
        }
    }

    /// What computes the function for one scalar.
    pub fn evaluator<R: Real>(&self) -> PairEvaluator<R> {
        match self {
            Self::Radial(Kernel::Gaussian) => PairEvaluator::Gaussian,
            Self::Radial(Kernel::Distance) => PairEvaluator::Distance,
            Self::Radial(Kernel::Typed(program)) => PairEvaluator::Typed(Box::new(program.evaluator())),
            Self::Stein => PairEvaluator::Stein,
        }
    }
}

/// Computes a [`Pair`] over a scalar.
pub enum PairEvaluator<R: Real> {
    /// [`Kernel::Gaussian`].
    Gaussian,
    /// [`Kernel::Distance`].
    Distance,
    /// [`Kernel::Typed`].
    Typed(Box<Evaluator<Dual<R, 1>>>),
    /// [`Pair::Stein`].
    Stein,
}

impl<R: Real> PairEvaluator<R> {
    /// What the source at `y` adds to the sums of the target at `x`.
    #[inline]
    pub fn evaluate(&mut self, x: [R; 2], y: [R; 2], extras: [R; MOST_EXTRAS], parameter: R) -> [R; SUMS] {
        let [dx, dy] = [x[0] - y[0], x[1] - y[1]];
        let square = dx * dx + dy * dy;
        let weight = extras[0];
        let radial = |slope_by_distance: R, value: R| {
            let force = weight * slope_by_distance;
            [force * dx, force * dy, weight * value]
        };
        match self {
            Self::Gaussian => {
                let k = (-parameter * square).exp();
                radial(R::from_f64(-2.0) * parameter * k, k)
            }
            Self::Distance => {
                let r = (square + parameter).sqrt();
                // At a distance of zero without softening the subgradient is zero.
                let apart = R::zero().lt(r);
                let safe = R::select(apart, r, R::one());
                radial(R::select(apart, R::one() / safe, R::zero()), r)
            }
            Self::Typed(evaluator) => {
                let r = (square + parameter).sqrt();
                let value = evaluator.evaluate(&[Dual::variable(r, 0)]);
                let apart = R::zero().lt(r);
                let safe = R::select(apart, r, R::one());
                radial(R::select(apart, value.derivative[0] / safe, R::zero()), value.value)
            }
            Self::Stein => {
                let k = (-parameter * square).exp();
                let repulsion = R::from_f64(2.0) * parameter;
                [k * (extras[0] + repulsion * dx), k * (extras[1] + repulsion * dy), k]
            }
        }
    }
}

/// The sums of every target over all sources, in `f64`.
pub fn sum_pairs(pair: &Pair, parameter: f64, targets: &[Point], sources: &[Source]) -> Vec<PairSums> {
    let mut evaluator = pair.evaluator::<f64>();
    let mut sum = |x: &Point| {
        let mut sums = [0.0; SUMS];
        for source in sources {
            let part = evaluator.evaluate(*x, source.at, source.extras, parameter);
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        sums
    };
    targets.iter().map(&mut sum).collect()
}
