//! A problem for unit tests of optimizers, small enough to compute by hand.

use super::{Event, Oracle};
use crate::scalar::{Real, Vector};

/// f = (a x^2 + b y^2) / 2, with every question and event on record.
pub struct Quadratic<R = f64> {
    curvature: [R; 2],
    /// Points at which the gradient was asked for, in order.
    pub gradients_at: Vec<Vector<R>>,
    /// Points at which the value was asked for, in order.
    pub values_at: Vec<Vector<R>>,
    /// What was reported, in order.
    pub events: Vec<Event>,
}

impl<R: Real> Quadratic<R> {
    /// Curvatures along the two axes.
    pub fn new(curvature: [R; 2]) -> Self {
        Self { curvature, gradients_at: Vec::new(), values_at: Vec::new(), events: Vec::new() }
    }

    fn scaled(&self, v: &Vector<R>) -> Vector<R> {
        Vector::from([self.curvature[0] * v[0], self.curvature[1] * v[1]])
    }
}

impl<R: Real> Oracle<R> for Quadratic<R> {
    fn value(&mut self, x: &Vector<R>) -> R {
        self.values_at.push(x.clone());
        R::from_f64(0.5) * x.dot(&self.scaled(x))
    }
    fn gradient(&mut self, x: &Vector<R>) -> Vector<R> {
        self.gradients_at.push(x.clone());
        self.scaled(x)
    }
    fn hessian(&mut self, _: &Vector<R>) -> Vec<Vector<R>> {
        let zero = R::zero();
        vec![Vector::from([self.curvature[0], zero]), Vector::from([zero, self.curvature[1]])]
    }
    fn hessian_vector(&mut self, _: &Vector<R>, v: &Vector<R>) -> Vector<R> {
        self.scaled(v)
    }
    fn normal(&mut self, _: u32) -> Vector<R> {
        Vector::zeros(2)
    }
    fn report(&mut self, event: Event) {
        self.events.push(event);
    }
}
