//! Probability laws made of points: Gaussian mixtures, kernels between pairs of points, optimal transport.
//!
//! Pure mathematics, below optimizers and problems. A cloud of n points stands for the law that gives each of them
//! the mass 1/n.

pub mod game;
mod gaussian;
mod mixture;
mod pair;
pub mod transport;

pub use game::Game;
pub use gaussian::Gaussian;
pub use mixture::{Component, Mixture};
pub use pair::{Kernel, KernelError, MOST_EXTRAS, Pair, PairEvaluator, PairSums, SUMS, Source, sum_pairs};

/// A place in the plane.
pub type Point = [f64; 2];

/// The squared distance of two points.
pub fn squared_distance(a: Point, b: Point) -> f64 {
    let [dx, dy] = [a[0] - b[0], a[1] - b[1]];
    dx * dx + dy * dy
}

/// The mean of points; zero for none.
pub fn mean(points: &[Point]) -> Point {
    let n = points.len().max(1) as f64;
    [0, 1].map(|k| points.iter().map(|p| p[k]).sum::<f64>() / n)
}
