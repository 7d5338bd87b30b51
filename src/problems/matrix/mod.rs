//! Problems whose unknown is a matrix: low-rank recovery and its kin.
//!
//! ```text
//! Family, parameters, seed  ->  Outline { model, truth }  ->  MatrixProblem { outline, loss, start }  ->  MatrixOracle
//! ```
//! An [`Outline`] is what is known without measuring: cheap, and all that views need. A [`MatrixProblem`] has the loss too,
//! whose measurements may take a hundred megabytes.
//!
//! The truth of a family has singular values that lie evenly, in the logarithm, between 1 and 1/kappa, and random
//! singular vectors. Everything random is a function of the seed.

mod bures;
mod draws;
mod family;
mod lifted;
mod loss;
mod measures;
mod model;
mod oracle;
mod outline;
mod sensing;
mod slice;
mod start;

pub use family::{FAMILIES, Family, Kind, find, works_on_the_matrix};
pub use measures::imbalance;
pub use model::Model;
pub use oracle::MatrixOracle;
pub use outline::Outline;
pub use slice::{Plane, Slice, nearest_truth};

use super::ProblemError;
use crate::scalar::{Vector, uniform_pair};
use bures::Bures;
use draws::{Normals, Purpose};
use lifted::Lifted;
use loss::Loss;
use nalgebra::DMatrix;
use sensing::{Coordinates, Measurements};
use start::start;
use std::sync::Arc;

/// A problem that can be asked.
#[derive(Clone, Debug)]
pub struct MatrixProblem {
    /// What is known without measuring.
    pub outline: Outline,
    /// Where every optimizer starts.
    pub start: Vector<f64>,
    /// Shared with the same problem in other parameters: measurements may be large.
    loss: Arc<Loss>,
    /// What the loss of the matrix is multiplied by: 1/2 for the squares of X X^T, so that the gradient is Z X.
    scale: f64,
}

impl MatrixProblem {
    /// The problem with its measurements.
    pub fn new(id: &str, parameters: &[(String, f64)], seed: u64) -> Result<Self, ProblemError> {
        Ok(Self::measured(Outline::new(id, parameters, seed)?))
    }

    /// An outline with its measurements, and where optimizers start.
    pub fn measured(outline: Outline) -> Self {
        let loss = measure(&outline);
        let symmetric = matches!(outline.model, Model::Symmetric { .. });
        let squares = !matches!(loss, Loss::Absolute { .. });
        let scale = if symmetric && squares { 0.5 } else { 1.0 };
        let start = start(&outline, &loss);
        Self { outline, start, loss: Arc::new(loss), scale }
    }

    /// Matrix sensing with given measurements of X X^T: each A_i symmetric, row by row. For records of other programs.
    pub fn symmetric_sensing(
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: &DMatrix<f64>,
        truth: DMatrix<f64>,
    ) -> Self {
        let (n, width) = start.shape();
        let model = Model::Symmetric { n, width };
        Self::sensing(model, Coordinates::Symmetric { n }, matrices, values, std::slice::from_ref(start), truth, 0.5)
    }

    /// Matrix sensing with given measurements of F G^T.
    pub fn product_sensing(
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: [DMatrix<f64>; 2],
        truth: DMatrix<f64>,
    ) -> Self {
        let (rows, columns, width) = (start[0].nrows(), start[1].nrows(), start[0].ncols());
        let model = Model::Product { rows, columns, width };
        Self::sensing(model, Coordinates::Rectangular { rows, columns }, matrices, values, &start, truth, 1.0)
    }

    fn sensing(
        model: Model,
        coordinates: Coordinates,
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: &[DMatrix<f64>],
        truth: DMatrix<f64>,
        scale: f64,
    ) -> Self {
        let family = find("matrix_sensing").expect("a family of the list");
        let rows: Vec<Vec<f64>> = matrices.iter().map(|matrix| coordinates.of(matrix)).collect();
        let loss = Loss::Squares {
            target: &truth * 0.0,
            measurements: Measurements::rows(coordinates.count(), &rows),
            coordinates,
            noise: values.to_vec(),
            rest: 0.0,
            count: values.len() as f64,
        };
        let start = model.join(start);
        let values = family.knobs.iter().map(|knob| knob.default).collect();
        let (directions, target, spectrum) = (truth.clone(), truth.clone(), Vec::new());
        let outline = Outline { family, model, truth, directions, spectrum, target, values, seed: 0 };
        Self { outline, start, loss: Arc::new(loss), scale }
    }

    /// The same problem with the matrix itself as the unknown, for methods that work on it; it starts at the same matrix.
    /// `None` where the unknown is no matrix.
    pub fn whole(&self) -> Option<Self> {
        let mut whole = self.clone();
        whole.outline = self.outline.seen_by(true)?;
        whole.start = whole.outline.model.join(&[self.outline.model.matrix(&self.start)]);
        Some(whole)
    }

    /// The loss at `x`.
    pub fn value(&self, x: &Vector<f64>) -> f64 {
        self.scale * self.loss.value(&self.outline.model.matrix(x))
    }

    /// Loss and gradient at `x`.
    pub fn value_and_gradient(&self, x: &Vector<f64>) -> (f64, Vector<f64>) {
        let model = &self.outline.model;
        let (value, slope) = self.loss.value_and_slope(&model.matrix(x));
        (self.scale * value, model.pull_back(x, &(slope * self.scale)))
    }

    /// The Hessian at `x` times `v`.
    pub fn hessian_vector(&self, x: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        let model = &self.outline.model;
        let slope = self.loss.value_and_slope(&model.matrix(x)).1 * self.scale;
        model.pull_back_change(x, v, &slope) + self.gauss_newton_vector(x, v)
    }

    /// The same without what the model's own curvature adds. In a block, in which the model is linear, it adds nothing.
    pub fn gauss_newton_vector(&self, x: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        let model = &self.outline.model;
        let change = self.loss.slope_change(&model.matrix(x), &model.change(x, v)) * self.scale;
        model.pull_back(x, &change)
    }

    /// Whether the loss is quadratic in each block while the others stay.
    pub fn is_quadratic_in_blocks(&self) -> bool {
        self.loss.is_quadratic() && !matches!(self.outline.model, Model::Symmetric { .. })
    }
}

/// The loss of an outline: draws the measurements.
fn measure(outline: &Outline) -> Loss {
    let (target, seed, sigma) = (outline.target.clone(), outline.seed, outline.value("sigma"));
    let coordinates = outline.coordinates();
    let width = coordinates.count();
    let count = outline.count("measurements");
    let mut noise = Normals::new(seed, Purpose::Noise);
    match outline.family.kind {
        Kind::Sensing => {
            let measurements = Measurements::gaussian_factor(width, count, seed);
            let seen = (0..measurements.count()).map(|_| sigma * noise.draw()).collect();
            let hidden = if sigma > 0.0 { sigma * noise.chi(count - measurements.count()) } else { 0.0 };
            let (rest, count) = (hidden * hidden, count as f64);
            Loss::Squares { target, coordinates, measurements, noise: seen, rest, count }
        }
        Kind::Completion => {
            let share = outline.value("observed");
            let [rows, columns] = outline.model.shape();
            let symmetric = matches!(outline.model, Model::Symmetric { .. });
            let mut choice = (0..).map(|k| uniform_pair(seed, u32::MAX - Purpose::Choice as u32, 0, k)[0]);
            let mut observed = DMatrix::zeros(rows, columns);
            let mut noisy = target;
            for i in 0..rows {
                for j in if symmetric { i } else { 0 }..columns {
                    let seen = f64::from(u8::from(choice.next().is_some_and(|u| u < share)));
                    let error = sigma * noise.draw();
                    observed[(i, j)] = seen;
                    noisy[(i, j)] += error;
                    if symmetric && i != j {
                        observed[(j, i)] = seen;
                        noisy[(j, i)] += error;
                    }
                }
            }
            Loss::Entries { target: noisy, observed, share }
        }
        Kind::Robust => {
            let measurements = Measurements::gaussian(width, count, seed);
            let (share, size) = (outline.value("outliers"), outline.value("outlier_size"));
            let mut gross = Normals::new(seed, Purpose::Outliers);
            let choice = |k: usize| uniform_pair(seed, u32::MAX - Purpose::Choice as u32, 0, k as u32)[0];
            let error = |k: usize| {
                let (small, large) = (sigma * noise.draw(), size * gross.draw());
                if choice(k) < share { large } else { small }
            };
            let noise: Vec<f64> = (0..count).map(error).collect();
            if outline.is("squared") {
                Loss::Squares { target, coordinates, measurements, noise, rest: 0.0, count: count as f64 }
            } else {
                Loss::Absolute { target, coordinates, measurements, noise }
            }
        }
        Kind::PhaseRetrieval => {
            let mut draws = Normals::new(seed, Purpose::Measurements);
            let [n, _] = outline.model.shape();
            let row = |_| {
                let a = draws.matrix(n, 1);
                coordinates.of(&(&a * a.transpose()))
            };
            let rows: Vec<Vec<f64>> = (0..count).map(row).collect();
            let noise = (0..count).map(|_| sigma * noise.draw()).collect();
            let measurements = Measurements::rows(width, &rows);
            Loss::Squares { target, coordinates, measurements, noise, rest: 0.0, count: count as f64 }
        }
        Kind::Lifted => {
            let (matrices, z, _) = lifted::instance(outline.value("s"));
            Loss::Lifted(Lifted::new(&matrices, &z, outline.count("order")))
        }
        Kind::DeepLinear if outline.is("bures") => {
            let bures = Bures::new(&target, outline.value("smoothing"));
            Loss::Bures(bures.expect("a truth has finite entries"))
        }
        Kind::Identity | Kind::Pca | Kind::DeepLinear => Loss::Full { target },
    }
}

#[cfg(test)]
mod tests;
