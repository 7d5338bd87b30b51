//! Answers an optimizer's questions about a problem of the matrix lab.

use super::MatrixProblem;
use crate::optimizers::{Calls, Event, Oracle};
use crate::problems::OWN_DRAWS;
use crate::scalar::{Vector, normal_pair};
use std::sync::Arc;

/// Answers questions and counts them.
///
/// The last point is remembered with its loss and gradient: who asks for both, or records what an optimizer has asked
/// already, has one pass over the measurements.
#[derive(Clone, Debug)]
pub struct MatrixOracle {
    problem: Arc<MatrixProblem>,
    seed: u64,
    run: u32,
    step: u32,
    known: Option<(Vector<f64>, f64, Vector<f64>)>,
    /// Questions so far, by kind.
    pub calls: Calls,
    /// What the optimizer reported in this step.
    pub events: Vec<Event>,
}

impl MatrixOracle {
    /// An oracle that has not been asked anything.
    pub fn new(problem: Arc<MatrixProblem>, seed: u64, run: u32) -> Self {
        Self { problem, seed, run, step: 0, known: None, calls: Calls::default(), events: Vec::new() }
    }

    /// Begins step `step`, counted from 1.
    pub fn begin_step(&mut self, step: u32) {
        self.step = step;
        self.events.clear();
    }

    /// Exact loss and gradient, not counted.
    pub fn look(&mut self, x: &Vector<f64>) -> (f64, &Vector<f64>) {
        let is_known = self.known.as_ref().is_some_and(|(at, ..)| at.as_slice() == x.as_slice());
        if !is_known {
            let (value, gradient) = self.problem.value_and_gradient(x);
            self.known = Some((x.clone(), value, gradient));
        }
        let (_, value, gradient) = self.known.as_ref().expect("it was put there");
        (*value, gradient)
    }
}

impl Oracle<f64> for MatrixOracle {
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        self.calls.value += 1;
        match &self.known {
            Some((at, value, _)) if at.as_slice() == x.as_slice() => *value,
            _ => self.problem.value(x),
        }
    }

    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        self.calls.gradient += 1;
        self.look(x).1.clone()
    }

    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        self.calls.hessian += 1;
        let n = x.len();
        let unit = |i: usize| Vector::from_fn(n, |j| if i == j { 1.0 } else { 0.0 });
        (0..n).map(|i| self.problem.hessian_vector(x, &unit(i))).collect()
    }

    fn hessian_vector(&mut self, x: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        self.calls.hessian_vector += 1;
        self.problem.hessian_vector(x, v)
    }

    fn block_minimum(&mut self, x: &Vector<f64>, block: usize, accuracy: f64) -> Option<Vector<f64>> {
        if !self.problem.is_quadratic_in_blocks() {
            return None;
        }
        let block = *self.problem.outline.model.blocks().get(block)?;
        self.calls.least_squares += 1;
        let own = |v: &Vector<f64>| Vector::from_fn(v.len(), |i| if block.range().contains(&i) { v[i] } else { 0.0 });
        // Conjugate gradients on the normal equations of the block.
        let mut residual = -own(self.look(x).1);
        let mut step = Vector::zeros(x.len());
        let mut direction = residual.clone();
        let mut squares = residual.dot(&residual);
        let enough = squares * accuracy * accuracy;
        for _ in 0..2 * block.len() {
            // Also ends where something is not a number.
            if !(squares > enough && squares > f64::MIN_POSITIVE) {
                break;
            }
            let image = own(&self.problem.gauss_newton_vector(x, &direction));
            let curvature = direction.dot(&image);
            if curvature <= f64::EPSILON * f64::EPSILON * squares {
                break;
            }
            let length = squares / curvature;
            // What rounding leaves of a gradient leads to no other point.
            if length * direction.norm() <= f64::EPSILON * x.norm() {
                break;
            }
            step += &direction * length;
            residual -= image * length;
            let next = residual.dot(&residual);
            direction = &residual + direction * (next / squares);
            squares = next;
        }
        Some(x + step)
    }

    fn normal(&mut self, slot: u32) -> Vector<f64> {
        Vector::from(normal_pair(self.seed, self.run, self.step, OWN_DRAWS + slot))
    }

    fn report(&mut self, event: Event) {
        self.events.push(event);
    }

    fn report_where(&mut self, happened: bool, event: Event) {
        if happened {
            self.report(event);
        }
    }
}
