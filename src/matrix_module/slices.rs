//! The loss on a plane, row by row.

use super::runs::posed;
use js_sys::Float64Array;
use thalweg::experiment::Link;
use thalweg::experiment::matrix::MatrixRunner;
use thalweg::problems::matrix::{Plane, Slice};
use thalweg::scalar::Vector;
use wasm_bindgen::prelude::*;

/// A plane through the parameters of a problem.
#[wasm_bindgen]
pub struct Slicer(Slice);

#[wasm_bindgen]
impl Slicer {
    /// The plane through `origin` along two unit vectors, for a method of a link.
    #[wasm_bindgen(constructor)]
    pub fn new(link: &str, method: usize, origin: &[f64], u: &[f64], v: &[f64]) -> Result<Slicer, JsError> {
        let Link { experiment, .. } = Link::parse(link);
        let method = experiment.methods.get(method).ok_or_else(|| JsError::new("there is no such method"))?;
        let problem =
            MatrixRunner::seen_by(&posed(&experiment)?, method).map_err(|error| JsError::new(&error.to_string()))?;
        let size = problem.outline.model.dimension();
        if [origin.len(), u.len(), v.len()] != [size; 3] {
            return Err(JsError::new("the plane is of another problem"));
        }
        let [origin, u, v] = [origin, u, v].map(Vector::from_slice);
        Ok(Self(Slice::new(&problem, &Plane { origin, axes: [u, v] })))
    }

    /// The loss at the centres of a grid's cells, in the rows `from` to `to` (not included), from the top. The window is
    /// amin, amax, bmin, bmax.
    pub fn rows(&self, window: &[f64], columns: usize, rows: usize, from: usize, to: usize) -> Float64Array {
        let [a0, a1, b0, b1] = [0, 1, 2, 3].map(|i| window.get(i).copied().unwrap_or(0.0));
        let mut values = Vec::with_capacity(columns * to.saturating_sub(from));
        for j in from..to.min(rows) {
            let b = b1 - (j as f64 + 0.5) / rows as f64 * (b1 - b0);
            values.extend((0..columns).map(|i| self.0.value([a0 + (i as f64 + 0.5) / columns as f64 * (a1 - a0), b])));
        }
        Float64Array::from(values.as_slice())
    }
}
