//! Optimizers of points on clouds: the explicit scheme for a Wasserstein gradient flow, with any step rule.

use super::MeasureOracle;
use crate::measures::Point;
use crate::optimizers::flows::ParticleOracle;
use crate::optimizers::{Entry, Event, Family, Oracle};
use crate::scalar::Vector;

/// Whether an optimizer of points can work on all coordinates of a cloud: not those that keep a matrix or a simplex of that
/// size, ask for a Hessian, or ask what a matrix is.
pub fn can_descend(entry: &Entry) -> bool {
    match entry.family {
        Family::Gradient | Family::Adaptive | Family::Sign | Family::LineSearch => true,
        Family::SecondOrder => entry.id == "lbfgs",
        Family::Flow => !entry.is_flow(),
        Family::DerivativeFree | Family::Matrix => false,
    }
}

/// An [`Oracle`] over the coordinates x1, y1, x2, y2, ... of a cloud. The loss is n times the energy, so that its gradient is
/// the Wasserstein gradient: gradient descent with the step size lr moves a particle by lr times the gradient of the energy's
/// first variation, however many there are.
pub struct Descent<'a>(pub &'a mut MeasureOracle);

/// The cloud as a vector of coordinates.
pub fn flat(cloud: &[Point]) -> Vector<f64> {
    Vector::from_slice(cloud.as_flattened())
}

/// The cloud that a vector of coordinates is.
pub fn points(x: &Vector<f64>) -> Vec<Point> {
    x.as_slice().chunks_exact(2).map(|c| [c[0], c[1]]).collect()
}

impl Oracle<f64> for Descent<'_> {
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        let cloud = points(x);
        self.0.count_energy(cloud.len());
        self.0.energy_and_gradient(&cloud).0 * cloud.len() as f64
    }

    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        let cloud = points(x);
        self.0.count_energy(cloud.len());
        flat(&self.0.energy_and_gradient(&cloud).1)
    }

    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        // Nobody asks who `can_descend`.
        vec![Vector::zeros(x.len()); x.len()]
    }

    fn hessian_vector(&mut self, x: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        Vector::zeros(x.len())
    }

    fn normal(&mut self, slot: u32) -> Vector<f64> {
        Vector::from(ParticleOracle::normal(self.0, slot, 1)[0])
    }

    fn normals(&mut self, count: usize) -> Vector<f64> {
        flat(&ParticleOracle::normal(self.0, 0, count.div_ceil(2)))
    }

    fn report(&mut self, _: Event) {}
}
