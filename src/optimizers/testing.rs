//! Problems for unit tests of optimizers, small enough to compute by hand.

use super::wrappers::Wrapper;
use super::{Entry, Event, Knobs, Optimizer, Oracle};
use crate::scalar::{Block, Real, Vector, philox4x32};
use std::collections::BTreeMap;

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

impl<R: Real<Mask = bool>> Oracle<R> for Quadratic<R> {
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
    fn report_where(&mut self, happened: bool, event: Event) {
        if happened {
            self.report(event);
        }
    }
}

/// A world of prescribed gradients: one for each call whatever the point, the last one ever after.
pub struct Slopes {
    slopes: Vec<[f64; 2]>,
    calls: usize,
}

impl Slopes {
    /// At least one gradient.
    pub fn new(slopes: &[[f64; 2]]) -> Self {
        Self { slopes: slopes.to_vec(), calls: 0 }
    }
}

impl Oracle<f64> for Slopes {
    fn value(&mut self, _: &Vector<f64>) -> f64 {
        0.0
    }
    fn gradient(&mut self, _: &Vector<f64>) -> Vector<f64> {
        let slope = self.slopes[self.calls.min(self.slopes.len() - 1)];
        self.calls += 1;
        slope.into()
    }
    fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
        vec![Vector::zeros(2); 2]
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        Vector::zeros(2)
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        Vector::zeros(2)
    }
    fn report(&mut self, _: Event) {}
}

/// A gradient for points of any length, and nothing else.
pub struct Field<F>(pub F);

impl<F: FnMut(&[f64]) -> Vec<f64>> Oracle<f64> for Field<F> {
    fn value(&mut self, _: &Vector<f64>) -> f64 {
        0.0
    }
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        Vector::from_slice(&(self.0)(x.as_slice()))
    }
    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        vec![Vector::zeros(x.len()); x.len()]
    }
    fn hessian_vector(&mut self, x: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        Vector::zeros(x.len())
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        Vector::zeros(2)
    }
    fn report(&mut self, _: Event) {}
}

/// A [`Field`] of prescribed gradients: one for each call whatever the point, the last one ever after.
pub fn gradients<'a>(list: &'a [&'a [f64]]) -> Field<impl FnMut(&[f64]) -> Vec<f64> + 'a> {
    let mut calls = 0;
    Field(move |_: &[f64]| {
        let g = list[calls.min(list.len() - 1)].to_vec();
        calls += 1;
        g
    })
}

/// Numbers between -1 and 1 without a pattern, the same every time.
pub fn scattered(n: usize, seed: u32) -> Vec<f64> {
    (0..n as u32).map(|i| f64::from(philox4x32([i, 0, 0, 0], [seed, 0])[0]) / f64::from(u32::MAX) * 2.0 - 1.0).collect()
}

/// Knobs at their defaults but for those given.
fn knobs_of(entry: &Entry, knobs: &[(&str, f64)]) -> Knobs<f64> {
    let mut values = entry.defaults();
    for (id, value) in knobs {
        assert!(values.set(id, *value), "{} has no knob {id}", entry.id);
    }
    values
}

/// The points after each of `steps` steps on matrices of these rows and columns, and the optimizer as it is then.
pub fn walk_matrices(
    entry: &Entry,
    knobs: &[(&str, f64)],
    shapes: &[[usize; 2]],
    start: &[f64],
    steps: usize,
    oracle: &mut dyn Oracle<f64>,
) -> (Vec<Vec<f64>>, Box<dyn Optimizer<f64>>) {
    let mut x = Vector::from_slice(start);
    let mut optimizer = entry.build(&knobs_of(entry, knobs), &x, &Block::sequence(shapes));
    let mut path = vec![start.to_vec()];
    for _ in 0..steps {
        optimizer.step(&mut x, oracle);
        path.push(x.as_slice().to_vec());
    }
    (path, optimizer)
}

/// How many numbers an optimizer keeps under each name, for matrices of these rows and columns.
pub fn sizes(entry: &Entry, knobs: &[(&str, f64)], shapes: &[[usize; 2]]) -> BTreeMap<&'static str, usize> {
    let blocks = Block::sequence(shapes);
    let start = Vector::zeros(blocks.iter().map(Block::len).sum());
    let mut sizes = BTreeMap::new();
    entry.build(&knobs_of(entry, knobs), &start, &blocks).state(&mut |name, values| {
        *sizes.entry(name).or_default() += values.len();
    });
    sizes
}

/// The largest distance between entries of two points.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The optimizer with its defaults but for the knobs given.
pub fn build(entry: &Entry, knobs: &[(&str, f64)], start: &Vector<f64>) -> Box<dyn Optimizer<f64>> {
    entry.build(&knobs_of(entry, knobs), start, &Block::column(start.len()))
}

/// The optimizer in a wrapper with its defaults but for the knobs given.
pub fn wrap(
    wrapper: &Wrapper,
    knobs: &[(&str, f64)],
    inner: Box<dyn Optimizer<f64>>,
    start: &Vector<f64>,
) -> Box<dyn Optimizer<f64>> {
    let mut values = wrapper.defaults();
    for (id, value) in knobs {
        assert!(values.set(id, *value), "{} has no knob {id}", wrapper.id);
    }
    wrapper.build(&values, inner, start)
}

/// The start and the points after each of `steps` steps.
pub fn walk(
    entry: &Entry,
    knobs: &[(&str, f64)],
    start: [f64; 2],
    steps: usize,
    oracle: &mut dyn Oracle<f64>,
) -> Vec<[f64; 2]> {
    let mut x = Vector::from(start);
    let mut optimizer = build(entry, knobs, &x);
    let mut path = vec![start];
    for _ in 0..steps {
        optimizer.step(&mut x, oracle);
        path.push([x[0], x[1]]);
    }
    path
}
