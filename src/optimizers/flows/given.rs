//! An optimizer of points at the parameters of a flow.

use crate::optimizers::{Event, Oracle};
use crate::scalar::Vector;

/// An oracle of points that answers with one gradient: for gradient descent and Adam, which ask for nothing else.
pub(super) struct Given(pub(super) Vector<f64>);

impl Oracle<f64> for Given {
    fn value(&mut self, _: &Vector<f64>) -> f64 {
        unreachable!("gradient descent and Adam ask for gradients alone")
    }
    fn gradient(&mut self, _: &Vector<f64>) -> Vector<f64> {
        self.0.clone()
    }
    fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
        unreachable!("gradient descent and Adam ask for gradients alone")
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        unreachable!("gradient descent and Adam ask for gradients alone")
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        unreachable!("gradient descent and Adam have no noise of their own")
    }
    fn report(&mut self, _: Event) {}
}
