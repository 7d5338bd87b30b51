//! What is minimised, made ready to be asked: formulas with their derivatives, and later the problems of the other labs.

mod critical;
#[cfg(labs)]
pub mod matrix;
#[cfg(labs)]
pub mod measure;
mod plane;

pub use critical::{Critical, Kind, classify, critical_from, eigen2};
pub use plane::{Local, OWN_DRAWS, OwnNoise, PlaneOracle, PlaneProblem, ProblemError};

/// What is added to the exact gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Nothing.
    None,
    /// Independent normal noise on every coordinate, standard deviation `sigma`, in units of the gradient.
    Gaussian {
        /// Standard deviation.
        sigma: f64,
    },
    /// The landscape's own stochastic or online loss, whose mean is the landscape. Nothing where it has none.
    Own,
}
