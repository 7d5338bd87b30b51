//! An L2 penalty: weight decay inside the gradient.

use super::{Change, Changed, Wrapper, wrapper};
use crate::optimizers::{Knob, Knobs, Optimizer, Oracle, Paper};
use crate::scalar::{Real, Vector};

/// The registry's line.
pub const ENTRY: Wrapper = wrapper!(L2 {
    id: "l2",
    title: "L2 penalty",
    paper: Paper {
        authors: "Krogh, Hertz",
        title: "A simple weight decay can improve generalization",
        year: 1991,
        reference: "https://papers.nips.cc/paper/563-a-simple-weight-decay-can-improve-generalization",
    },
    summary: "lets the optimizer see the loss plus a bowl around zero, so that it is drawn there",
    knobs: &[Knob::weight_decay(0.01, "curvature of the bowl; this times x is added to the gradient")],
});

/// An L2 penalty:
/// ```text
/// f <- f + weight_decay |x|^2 / 2,   g <- g + weight_decay x,   H <- H + weight_decay I
/// ```
/// `f`, `g`, `H`: each value, gradient and Hessian the inner optimizer asks for; the loss that is shown has no penalty.
/// `weight_decay`: units of g per unit of x. Under gradient descent this is x <- (1 - lr weight_decay) x - lr g, the
/// decay that AdamW has; an adaptive method divides the penalty like every other gradient, which is why there is AdamW.
///
/// Krogh and Hertz 1991, equation 1. The same as the option `weight_decay` of PyTorch's SGD, Adam and Adamax.
struct L2<R> {
    inner: Box<dyn Optimizer<R>>,
    weight_decay: R,
}

impl<R: Real> L2<R> {
    fn new(knobs: &Knobs<R>, inner: Box<dyn Optimizer<R>>, _: &Vector<R>) -> Self {
        Self { inner, weight_decay: knobs.get("weight_decay") }
    }
}

impl<R: Real> Optimizer<R> for L2<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        self.inner.step(x, &mut Changed { oracle, change: Penalised(self.weight_decay) });
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        self.inner.state(visit);
    }
}

/// A bowl of this curvature on top of the loss.
struct Penalised<R>(R);

impl<R: Real> Change<R> for Penalised<R> {
    fn value(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> R {
        oracle.value(x) + R::from_f64(0.5) * self.0 * x.dot(x)
    }
    fn gradient(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vector<R> {
        oracle.gradient(x) + x * self.0
    }
    fn hessian(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vec<Vector<R>> {
        let mut rows = oracle.hessian(x);
        for (i, row) in rows.iter_mut().enumerate() {
            row[i] += self.0;
        }
        rows
    }
    fn hessian_vector(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>, v: &Vector<R>) -> Vector<R> {
        oracle.hessian_vector(x, v) + v * self.0
    }
    #[cfg(labs)]
    fn block_minimum(&self, _: &mut dyn Oracle<R>, _: &Vector<R>, _: usize, _: R) -> Option<Vector<R>> {
        // The oracle solves without the penalty.
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Quadratic, build, wrap};
    use crate::optimizers::{of_points, sgd};

    #[test]
    fn a_step_by_hand() {
        // f = x^2 / 2 at 2 with lr 1/2: gradient 2 + 0.5 * 2 = 3.
        let mut x = Vector::from([2.0, 0.0]);
        let inner = build(&sgd::ENTRY, &[("lr", 0.5)], &x);
        wrap(&ENTRY, &[("weight_decay", 0.5)], inner, &x).step(&mut x, &mut Quadratic::new([1.0, 1.0]));
        assert_eq!(x.as_slice(), [0.5, 0.0]);
    }

    #[test]
    fn every_optimizer_sees_a_bowl_on_top_of_the_loss() {
        // Curvatures 1 and 4 with decay 0.5 are curvatures 1.5 and 4.5 without: values, gradients and Hessians agree.
        for entry in of_points() {
            let start = Vector::from([2.0, -1.0]);
            let (mut x, mut y) = (start.clone(), start.clone());
            let mut penalised = wrap(&ENTRY, &[("weight_decay", 0.5)], build(entry, &[], &start), &start);
            let mut plain = build(entry, &[], &start);
            for _ in 0..5 {
                penalised.step(&mut x, &mut Quadratic::new([1.0, 4.0]));
                plain.step(&mut y, &mut Quadratic::new([1.5, 4.5]));
            }
            assert!((&x - &y).norm() < 1e-10, "{}: {x:?} against {y:?}", entry.id);
        }
    }
}
