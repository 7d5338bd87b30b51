//! A method of ours that follows a record, and how its steps make up the record's.

use super::record::Posed;
use thalweg::optimizers::{self, Optimizer, wrappers};
use thalweg::scalar::{Block, Vector};

/// How a record's steps are made of ours.
#[derive(Clone, Copy)]
pub enum Driver {
    /// One by one.
    Plain,
    /// PyTorch's L-BFGS: a step is `max_iter` of ours, with the tolerances at which it stops early.
    TorchLbfgs { max_iter: usize, tolerance_grad: f64, tolerance_change: f64 },
}

/// A method of ours that must follow the record.
pub struct Ours {
    pub id: &'static str,
    pub knobs: Vec<(&'static str, f64)>,
    /// A wrapper and its knobs.
    pub wrapper: Option<(&'static str, Vec<(&'static str, f64)>)>,
    pub driver: Driver,
}

impl Ours {
    pub fn new(id: &'static str, knobs: &[(&'static str, f64)]) -> Self {
        Self { id, knobs: knobs.to_vec(), wrapper: None, driver: Driver::Plain }
    }

    /// With the penalty that PyTorch's `weight_decay` is, unless it is zero.
    pub fn with_l2(self, weight_decay: f64) -> Self {
        let wrapper = (weight_decay != 0.0).then(|| ("l2", vec![("weight_decay", weight_decay)]));
        Self { wrapper, ..self }
    }

    pub fn build(&self, start: &Vector<f64>, blocks: &[Block]) -> Box<dyn Optimizer<f64>> {
        let entry = optimizers::find(self.id).unwrap_or_else(|| panic!("no optimizer {}", self.id));
        let mut knobs = entry.defaults();
        for (name, value) in &self.knobs {
            assert!(knobs.set(name, *value), "{} has no knob {name}", self.id);
        }
        let inner = entry.build(&knobs, start, blocks);
        let Some((id, values)) = &self.wrapper else { return inner };
        let wrapper = wrappers::find(id).unwrap_or_else(|| panic!("no wrapper {id}"));
        let mut knobs = wrapper.defaults();
        for (name, value) in values {
            assert!(knobs.set(name, *value), "{id} has no knob {name}");
        }
        wrapper.build(&knobs, inner, start)
    }
}

/// PyTorch's L-BFGS from the outside: several iterations a step, and it stops, for good or for this step, at
/// tolerances that are no part of the method and that ours therefore does not have.
#[derive(Default)]
pub struct TorchLbfgs {
    stopped: bool,
}

impl TorchLbfgs {
    pub fn step(&mut self, driver: Driver, x: &mut Vector<f64>, optimizer: &mut dyn Optimizer<f64>, posed: &mut Posed) {
        let Driver::TorchLbfgs { max_iter, tolerance_grad, tolerance_change } = driver else { unreachable!() };
        for _ in 0..max_iter {
            let before = x.clone();
            let (f, g) = posed.at(x);
            self.stopped |= g[0].abs().max(g[1].abs()) <= tolerance_grad;
            if self.stopped {
                return;
            }
            optimizer.step(x, posed);
            let d = named(optimizer, "d");
            if g[0] * d[0] + g[1] * d[1] > -tolerance_change {
                // It would have stopped in front of this step, and nothing would have moved it ever after.
                *x = before;
                self.stopped = true;
                return;
            }
            let moved = (&*x - &before).map(f64::abs);
            let fell = (posed.at(x).0 - f).abs();
            if moved[0].max(moved[1]) <= tolerance_change || fell < tolerance_change {
                return;
            }
        }
    }
}

/// What an optimizer remembers under `name`.
pub fn named(optimizer: &mut dyn Optimizer<f64>, name: &str) -> Vec<f64> {
    let mut found = Vec::new();
    optimizer.state(&mut |visited, values| {
        if visited == name {
            found = values.to_vec();
        }
    });
    found
}
