//! Clouds and masses for the tests.

use super::{Point, exact, squared_distances};
use crate::scalar::{normal_pair, uniform_pair};
use nalgebra::DMatrix;

/// `n` points, standard normal.
pub fn cloud(seed: u64, n: usize) -> Vec<Point> {
    (0..n).map(|i| normal_pair(seed, i as u32, 0, 0)).collect()
}

/// `n` masses that sum to one.
pub fn masses(seed: u64, n: usize) -> Vec<f64> {
    let raw: Vec<f64> = (0..n).map(|i| uniform_pair(seed, i as u32, 0, 1)[0]).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|mass| mass / total).collect()
}

/// The squared distances of two clouds, with random masses.
pub fn problem(seed: u64, n: usize, m: usize) -> (DMatrix<f64>, Vec<f64>, Vec<f64>) {
    let cost = squared_distances(&cloud(seed, n), &cloud(seed + 1000, m));
    (cost, masses(seed, n), masses(seed + 1000, m))
}

/// W2 of two clouds with masses.
pub fn w2(x: (&[Point], &[f64]), y: (&[Point], &[f64])) -> f64 {
    let exact = exact::transport(&squared_distances(x.0, y.0), x.1, y.1).expect("a problem of masses");
    exact.value.sqrt()
}
