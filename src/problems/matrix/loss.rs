//! Losses of a matrix, with their derivatives by it.

use super::bures::Bures;
use super::lifted::Lifted;
use super::sensing::{Coordinates, Measurements};
use nalgebra::{DMatrix, DVector};

/// A loss h of a matrix M. Problems multiply it by a constant of their own.
#[derive(Clone, Debug)]
pub enum Loss {
    /// |M - T|^2 / 2: every entry is seen.
    Full {
        /// T.
        target: DMatrix<f64>,
    },
    /// Sum over observed entries of (M_ij - T_ij)^2 / (2 share).
    Entries {
        /// T; what is not observed is not read.
        target: DMatrix<f64>,
        /// One where an entry is observed, otherwise zero.
        observed: DMatrix<f64>,
        /// The share of entries that are observed, on average.
        share: f64,
    },
    /// (|A d - e|^2 + rest) / (2 m), with d the coordinates of M - T.
    Squares {
        /// T.
        target: DMatrix<f64>,
        /// How a matrix is written as d.
        coordinates: Coordinates,
        /// A.
        measurements: Measurements,
        /// e.
        noise: Vec<f64>,
        /// The squared noise that no matrix can explain and that A does not show.
        rest: f64,
        /// m.
        count: f64,
    },
    /// Sum of |A d - e|_i / m.
    Absolute {
        /// T.
        target: DMatrix<f64>,
        /// How a matrix is written as d.
        coordinates: Coordinates,
        /// A.
        measurements: Measurements,
        /// e: noise and gross errors.
        noise: Vec<f64>,
    },
    /// The Bures-Wasserstein distance of M M^T to a covariance, squared.
    Bures(Bures),
    /// Lifted sensing: M is the tensor, laid out in rows.
    Lifted(Lifted),
}

impl Loss {
    /// h(M).
    pub fn value(&self, matrix: &DMatrix<f64>) -> f64 {
        match self {
            Self::Full { target } => 0.5 * (matrix - target).norm_squared(),
            Self::Entries { target, observed, share } => {
                let gap = (matrix - target).component_mul(observed);
                0.5 * gap.norm_squared() / share
            }
            Self::Squares { target, coordinates, measurements, noise, rest, count } => {
                let products = measurements.apply(&coordinates.of(&(matrix - target)));
                let squares: f64 = products.iter().zip(noise).map(|(product, e)| (product - e) * (product - e)).sum();
                0.5 * (squares + rest) / count
            }
            Self::Absolute { target, coordinates, measurements, noise } => {
                let products = measurements.apply(&coordinates.of(&(matrix - target)));
                let sum: f64 = products.iter().zip(noise).map(|(product, e)| (product - e).abs()).sum();
                sum / noise.len() as f64
            }
            Self::Bures(_) | Self::Lifted(_) => self.value_and_slope(matrix).0,
        }
    }

    /// h(M) and its derivative by M. At a kink the derivative takes zero from the term that has none.
    pub fn value_and_slope(&self, matrix: &DMatrix<f64>) -> (f64, DMatrix<f64>) {
        match self {
            Self::Full { target } => {
                let gap = matrix - target;
                (0.5 * gap.norm_squared(), gap)
            }
            Self::Entries { target, observed, share } => {
                let gap = (matrix - target).component_mul(observed);
                (0.5 * gap.norm_squared() / share, gap / *share)
            }
            Self::Squares { target, coordinates, measurements, noise, rest, count } => {
                let mut squares = *rest;
                let sum = measurements.apply_both_ways(&coordinates.of(&(matrix - target)), |row, product| {
                    let residual = product - noise[row];
                    squares += residual * residual;
                    residual
                });
                (0.5 * squares / count, coordinates.matrix(&sum) / *count)
            }
            Self::Absolute { target, coordinates, measurements, noise } => {
                let mut total = 0.0;
                let sum = measurements.apply_both_ways(&coordinates.of(&(matrix - target)), |row, product| {
                    let residual = product - noise[row];
                    total += residual.abs();
                    if residual == 0.0 { 0.0 } else { residual.signum() }
                });
                let count = noise.len() as f64;
                (total / count, coordinates.matrix(&sum) / count)
            }
            Self::Bures(bures) => bures.value_and_slope(matrix),
            Self::Lifted(lifted) => {
                let (value, slope) = lifted.value_and_slope(&tensor(matrix));
                (value, laid_out(&slope, matrix))
            }
        }
    }

    /// How the derivative by M changes when M moves along `v`; zero almost everywhere where the loss is a sum of absolute
    /// values.
    pub fn slope_change(&self, matrix: &DMatrix<f64>, v: &DMatrix<f64>) -> DMatrix<f64> {
        match self {
            Self::Full { .. } => v.clone(),
            Self::Entries { observed, share, .. } => v.component_mul(observed) / *share,
            Self::Squares { coordinates, measurements, count, .. } => {
                let sum = measurements.apply_both_ways(&coordinates.of(v), |_, product| product);
                coordinates.matrix(&sum) / *count
            }
            Self::Absolute { .. } => v * 0.0,
            Self::Bures(bures) => bures.slope_change(matrix, v),
            Self::Lifted(lifted) => laid_out(&lifted.slope_change(&tensor(matrix), &tensor(v)), matrix),
        }
    }

    /// What is seen of M: a vector whose squares, with `rest`, or whose absolute values add up to the loss (to twice the
    /// loss, for squares). `None` for a loss that is no such sum.
    pub fn residual(&self, matrix: &DMatrix<f64>) -> Option<(Vec<f64>, f64)> {
        let (target, noise, rest, unit) = match self {
            Self::Full { target } | Self::Entries { target, .. } => (target, None, 0.0, 1.0),
            Self::Squares { target, noise, rest, count, .. } => (target, Some(noise), rest / count, 1.0 / count.sqrt()),
            Self::Absolute { target, noise, .. } => (target, Some(noise), 0.0, 1.0 / noise.len() as f64),
            Self::Bures(_) | Self::Lifted(_) => return None,
        };
        let mut seen = self.measured(&(matrix - target))?;
        if let Some(noise) = noise {
            seen.iter_mut().zip(noise).for_each(|(seen, e)| *seen -= unit * e);
        }
        Some((seen, rest))
    }

    /// How that vector changes with M: it is linear in it.
    pub fn measured(&self, change: &DMatrix<f64>) -> Option<Vec<f64>> {
        let scaled = |unit: f64, products: Vec<f64>| products.into_iter().map(|product| unit * product).collect();
        match self {
            Self::Full { .. } => Some(change.as_slice().to_vec()),
            Self::Entries { observed, share, .. } => {
                Some((change.component_mul(observed) / share.sqrt()).as_slice().to_vec())
            }
            Self::Squares { coordinates, measurements, count, .. } => {
                Some(scaled(1.0 / count.sqrt(), measurements.apply(&coordinates.of(change))))
            }
            Self::Absolute { coordinates, measurements, noise, .. } => {
                Some(scaled(1.0 / noise.len() as f64, measurements.apply(&coordinates.of(change))))
            }
            Self::Bures(_) | Self::Lifted(_) => None,
        }
    }

    /// Whether it is a quadratic function of M.
    pub fn is_quadratic(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Entries { .. } | Self::Squares { .. })
    }
}

/// The entries row by row.
fn tensor(matrix: &DMatrix<f64>) -> DVector<f64> {
    DVector::from_iterator(matrix.len(), matrix.transpose().iter().copied())
}

/// The vector laid out in rows like `like`.
fn laid_out(vector: &DVector<f64>, like: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_row_slice(like.nrows(), like.ncols(), vector.as_slice())
}
