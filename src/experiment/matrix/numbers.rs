//! A trace as a list of numbers, for the way from a worker to the page.

use super::{Frame, MatrixOutcome, MatrixTrace};
use crate::experiment::numbers::Rest;
use crate::optimizers::{Calls, Event};
use crate::scalar::Vector;

impl MatrixTrace {
    /// The trace as a list of numbers that [`MatrixTrace::from_numbers`] reads.
    pub fn to_numbers(&self) -> Vec<f64> {
        let mut out = vec![self.values.len() as f64];
        out.extend(self.values.iter().chain(&self.errors).chain(&self.gradient_norms));
        for calls in &self.calls {
            let Calls { value, gradient, hessian, hessian_vector, least_squares } = *calls;
            out.extend([value, gradient, hessian, hessian_vector, least_squares].map(f64::from));
        }
        out.push(self.events.len() as f64);
        for (step, event) in &self.events {
            let kind = Event::ALL.iter().position(|known| known == event).expect("an event of the list");
            out.extend([f64::from(*step), kind as f64]);
        }
        out.push(self.frames.len() as f64);
        for frame in &self.frames {
            out.push(f64::from(frame.step));
            for list in [frame.parameters.as_slice(), &frame.spectrum, &frame.angles, frame.imbalance.as_slice()] {
                out.push(list.len() as f64);
                out.extend_from_slice(list);
            }
        }
        out.push(self.memory as f64);
        out.extend(match self.outcome {
            MatrixOutcome::Recovered { step } => [0.0, step as f64],
            MatrixOutcome::Saddle { curvature } => [1.0, curvature],
            MatrixOutcome::Stationary { error } => [2.0, error],
            MatrixOutcome::Diverged { step } => [3.0, step as f64],
            MatrixOutcome::OutOfBudget => [4.0, 0.0],
        });
        out
    }

    /// Reads what [`MatrixTrace::to_numbers`] wrote. `None` for anything else.
    pub fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let mut rest = Rest(numbers);
        let count = rest.count()?;
        let [values, errors, gradient_norms] = [(); 3].map(|()| rest.take(count).map(<[f64]>::to_vec));
        let mut calls = Vec::new();
        for _ in 0..count {
            let [value, gradient, hessian, hessian_vector, least_squares] = rest.array()?.map(|n: f64| n as u32);
            calls.push(Calls { value, gradient, hessian, hessian_vector, least_squares });
        }
        let mut events = Vec::new();
        for _ in 0..rest.count()? {
            let [step, kind] = rest.array()?;
            events.push((step as u32, *Event::ALL.get(kind as usize)?));
        }
        let mut frames = Vec::new();
        for _ in 0..rest.count()? {
            let [step] = rest.array()?;
            let [parameters, spectrum, angles, imbalance] = [rest.list()?, rest.list()?, rest.list()?, rest.list()?];
            frames.push(Frame {
                step: step as u32,
                parameters: Vector::from_slice(parameters),
                spectrum: spectrum.to_vec(),
                angles: angles.to_vec(),
                imbalance: imbalance.first().copied(),
            });
        }
        let [memory, kind, detail] = rest.array()?;
        let outcome = match kind as u32 {
            0 => MatrixOutcome::Recovered { step: detail as usize },
            1 => MatrixOutcome::Saddle { curvature: detail },
            2 => MatrixOutcome::Stationary { error: detail },
            3 => MatrixOutcome::Diverged { step: detail as usize },
            _ => MatrixOutcome::OutOfBudget,
        };
        let (values, errors, gradient_norms) = (values?, errors?, gradient_norms?);
        Some(Self { values, errors, gradient_norms, calls, events, frames, memory: memory as usize, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Link;
    use crate::experiment::matrix::run_matrix;

    #[test]
    fn a_trace_comes_through_as_it_was() {
        for query in [
            "problem=matrix_identity;asymmetric=1&opt=rescaled_gd;at=3&steps=20",
            "problem=matrix_sensing;n=6;rank=2;width=4;measurements=30&opt=scaled_gd&steps=20",
            "problem=matrix_completion;n=8&opt=sgd;lr=1000&opt=alternating&steps=20",
        ] {
            let run = run_matrix(&Link::parse(query).experiment).expect("a listed problem");
            for trace in &run.traces {
                let numbers = trace.to_numbers();
                assert_eq!(MatrixTrace::from_numbers(&numbers).as_ref(), Some(trace), "{query}");
                assert_eq!(MatrixTrace::from_numbers(&numbers[..numbers.len() - 1]), None);
            }
        }
        assert_eq!(MatrixTrace::from_numbers(&[]), None);
        assert_eq!(MatrixTrace::from_numbers(&[f64::INFINITY]), None);
    }
}
