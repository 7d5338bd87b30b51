//! The loss on a plane through the space of parameters.

use super::MatrixProblem;
use super::draws::{Normals, Purpose};
use super::model::Model;
use crate::dense;
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector};

/// A plane in the space of parameters, with orthonormal axes.
#[derive(Clone, Debug)]
pub struct Plane {
    /// The point with coordinates (0, 0).
    pub origin: Vector<f64>,
    /// Directions of the two axes, of length one.
    pub axes: [Vector<f64>; 2],
}

/// Points from which the principal plane is computed: more would not turn it.
const MOST_POINTS: usize = 64;

impl Plane {
    /// The plane that is closest to the points in the sense of least squares: through their mean, along their two
    /// principal components. `None` for less than three points, or points on a line.
    pub fn principal(points: &[Vector<f64>]) -> Option<Self> {
        let stride = points.len().div_ceil(MOST_POINTS).max(1);
        let points: Vec<&Vector<f64>> = points.iter().rev().step_by(stride).collect();
        let (first, others) = points.split_first()?;
        let mean = others.iter().fold((*first).clone(), |sum, point| sum + *point) * (1.0 / points.len() as f64);
        let gaps: Vec<Vector<f64>> = points.iter().map(|point| *point - &mean).collect();
        let gram = DMatrix::from_fn(gaps.len(), gaps.len(), |i, j| gaps[i].dot(&gaps[j]));
        let (values, vectors) = dense::eigen(&gram)?;
        let second = values.len().checked_sub(2)?;
        // The squares of the points' widths along the components, good to rounding.
        if values[second] <= 1e-14 * values[second + 1] {
            return None;
        }
        let dimension = mean.len();
        let component = |k: usize| {
            let weights = vectors.column(k);
            gaps.iter().zip(weights.iter()).fold(Vector::zeros(dimension), |sum, (gap, weight)| sum + gap * *weight)
        };
        Self::spanned(mean, component(second + 1), component(second))
    }

    /// The plane through three points; the first axis leads from the first to the second. `None` where they lie on a line.
    pub fn through(points: [&Vector<f64>; 3]) -> Option<Self> {
        let [origin, second, third] = points;
        Self::spanned(origin.clone(), second - origin, third - origin)
    }

    /// A plane in random directions of the seed.
    pub fn random(origin: &Vector<f64>, seed: u64) -> Option<Self> {
        let mut draws = Normals::new(seed, Purpose::Choice);
        let mut direction = || Vector::from_fn(origin.len(), |_| draws.draw());
        let (u, v) = (direction(), direction());
        Self::spanned(origin.clone(), u, v)
    }

    fn spanned(origin: Vector<f64>, u: Vector<f64>, v: Vector<f64>) -> Option<Self> {
        let length = u.norm();
        let u = &u * (1.0 / length);
        let across = &v - &u * u.dot(&v);
        // What is left of v by rounding is no direction.
        let is_plane = length > 0.0 && across.norm() > 1e-10 * v.norm();
        is_plane.then(|| {
            let v = &across * (1.0 / across.norm());
            Self { origin, axes: [u, v] }
        })
    }

    /// The point with these coordinates.
    pub fn point(&self, [a, b]: [f64; 2]) -> Vector<f64> {
        let [u, v] = &self.axes;
        &self.origin + u * a + v * b
    }

    /// The coordinates of the nearest point of the plane, and how far it is.
    pub fn project(&self, x: &Vector<f64>) -> ([f64; 2], f64) {
        let gap = x - &self.origin;
        let at = [gap.dot(&self.axes[0]), gap.dot(&self.axes[1])];
        (at, (x - self.point(at)).norm())
    }
}

/// The loss on a plane, made ready for many points.
///
/// The matrix of two factors is a quadratic polynomial of the coordinates, M = sum of C_ij a^i b^j with six matrices. What
/// is measured of each of them is measured once; a point then costs a few products per measurement, or, where the loss
/// is a sum of squares, a few products in all.
#[derive(Clone, Debug)]
pub enum Slice {
    /// Inner products of the six measured matrices, and what is added.
    Squares(Box<[[f64; 6]; 6]>, f64),
    /// What is measured of the six matrices; the loss is a sum of absolute values.
    Absolute(Box<[Vec<f64>; 6]>),
    /// Every point anew.
    Direct(Box<(MatrixProblem, Plane)>),
}

impl Slice {
    /// The loss of a problem on a plane.
    pub fn new(problem: &MatrixProblem, plane: &Plane) -> Self {
        let model = &problem.outline.model;
        let direct = || Self::Direct(Box::new((problem.clone(), plane.clone())));
        if matches!(model, Model::Layers { .. }) {
            return direct();
        }
        let Plane { origin, axes: [u, v] } = plane;
        let constant = model.matrix(origin);
        let second = |a: &Vector<f64>, b: &Vector<f64>| match model {
            Model::Whole { .. } => &constant * 0.0,
            _ => model.change(a, b),
        };
        let coefficients =
            [model.change(origin, u), model.change(origin, v), second(u, u) * 0.5, second(u, v), second(v, v) * 0.5];
        let loss = &problem.loss;
        let Some((first, rest)) = loss.residual(&constant) else { return direct() };
        let measured = coefficients.map(|c| loss.measured(&c));
        let [a, b, c, d, e] = measured.map(Option::unwrap_or_default);
        let vectors = [first, a, b, c, d, e];
        if !loss.is_quadratic() {
            return Self::Absolute(Box::new(vectors));
        }
        let vectors = vectors.map(DVector::from_vec);
        let product = |i: usize, j: usize| 0.5 * problem.scale * vectors[i].dot(&vectors[j]);
        let products = std::array::from_fn(|i| std::array::from_fn(|j| product(i, j)));
        Self::Squares(Box::new(products), 0.5 * problem.scale * rest)
    }

    /// The loss at these coordinates.
    pub fn value(&self, [a, b]: [f64; 2]) -> f64 {
        let powers = [1.0, a, b, a * a, a * b, b * b];
        match self {
            Self::Squares(products, rest) => {
                let row = |i: usize| (0..6).map(|j| products[i][j] * powers[j]).sum::<f64>();
                // Rounding may leave a loss that is zero a little below it.
                ((0..6).map(|i| powers[i] * row(i)).sum::<f64>() + rest).max(0.0)
            }
            Self::Absolute(vectors) => {
                let residual = |k: usize| (0..6).map(|i| vectors[i][k] * powers[i]).sum::<f64>().abs();
                (0..vectors[0].len()).map(residual).sum()
            }
            Self::Direct(posed) => {
                let (problem, plane) = &**posed;
                problem.value(&plane.point([a, b]))
            }
        }
    }
}

/// Parameters that make up the truth and are nearest to `x`: factors of a matrix are known up to a rotation only. `None`
/// where a factorization of the truth has no simple form.
pub fn nearest_truth(problem: &super::Outline, x: &Vector<f64>) -> Option<Vector<f64>> {
    let rank = problem.directions.ncols();
    let roots = problem.spectrum[..rank].iter().map(|s| s.sqrt());
    let roots = DMatrix::from_diagonal(&DVector::from_iterator(rank, roots));
    let left = &problem.directions * &roots;
    let parts = problem.model.parts(x);
    let width = parts.first()?.ncols();
    let rotated = |factors: Vec<DMatrix<f64>>| {
        // The rotation Q that brings the factors nearest: the polar factor of sum F_*^T F (Schönemann 1966).
        let overlap = factors.iter().zip(&parts).fold(DMatrix::zeros(rank, width), |sum, (f, x)| sum + f.tr_mul(x));
        let svd = dense::svd(&overlap)?;
        let rotation = svd.u * svd.v_t;
        Some(problem.model.join(&factors.iter().map(|f| f * &rotation).collect::<Vec<_>>()))
    };
    match &problem.model {
        Model::Symmetric { .. } => rotated(vec![left]),
        Model::Product { .. } => {
            let inverse = roots.map(|s| if s > 0.0 { 1.0 / s } else { 0.0 });
            // T^T U S^-1/2 = V S^1/2.
            let right = problem.truth.tr_mul(&problem.directions) * inverse;
            rotated(vec![left, right])
        }
        Model::Whole { .. } => Some(problem.model.join(std::slice::from_ref(&problem.truth))),
        _ => None,
    }
}
