//! What is asked of the worker that runs problems of the matrix lab.

use super::super::dom::object;
use super::super::lab_worker::{LabModule, LabWorker, number, numbers, text};
use js_sys::{Array, Float64Array};
use thalweg::experiment::matrix::MatrixTrace;

static MODULE: LabModule =
    LabModule { script: ["thalweg-matrix", "matrix.js"], wasm: ["thalweg-matrix-wasm", "matrix_bg.wasm"] };

/// What a worker says of a run.
pub enum Answer {
    /// The trace of a method so far.
    Trace(usize, MatrixTrace),
    /// Why a method, or everything, cannot be run.
    Refused(Option<usize>, String),
    /// The share of all steps that have been taken.
    Share(f64),
}

/// The loss on a grid, row by row from the top.
pub struct Grid {
    /// Cells along the first axis.
    pub columns: usize,
    /// Cells along the second.
    pub rows: usize,
    /// The values.
    pub values: Vec<f64>,
}

/// What is asked about a plane.
pub struct SliceOrder<'a> {
    /// The experiment.
    pub link: &'a str,
    /// The method whose parameters span the space.
    pub method: usize,
    /// Origin and unit vectors.
    pub plane: [&'a [f64]; 3],
    /// amin, amax, bmin, bmax.
    pub window: [f64; 4],
    /// Columns and rows of the grids, coarse first.
    pub grids: &'a [[usize; 2]],
}

/// The worker of the matrix lab.
pub struct MatrixWorker(LabWorker);

impl Default for MatrixWorker {
    fn default() -> Self {
        Self(LabWorker::new(&MODULE))
    }
}

impl MatrixWorker {
    /// Runs the experiment of a link; answers to what was asked before are dropped.
    pub fn run(&mut self, link: &str, mut answer: impl FnMut(Answer) + 'static) {
        let message = object(&[("kind", "run".into()), ("link", link.into())]);
        self.0.ask(&message, move |data| {
            let method = number(data, "method").map(|method| method as usize);
            if let Some(error) = text(data, "error").or_else(|| text(data, "refusal")) {
                answer(Answer::Refused(method, error));
            } else if let (Some(method), Some(numbers)) = (method, numbers(data, "numbers")) {
                // What is no trace is from another version of the module; there is nothing to show then.
                match MatrixTrace::from_numbers(&numbers) {
                    Some(trace) => answer(Answer::Trace(method, trace)),
                    None => answer(Answer::Refused(Some(method), "a trace arrived damaged".to_owned())),
                }
            } else if let Some(share) = number(data, "share") {
                answer(Answer::Share(share));
            }
        });
    }

    /// Computes the loss on a plane; answers with each grid, or with why there is none.
    pub fn slice(&mut self, order: &SliceOrder, mut answer: impl FnMut(Result<Grid, String>) + 'static) {
        let [origin, u, v] = order.plane.map(Float64Array::from);
        let grid = |[columns, rows]: &[usize; 2]| Array::of2(&(*columns as f64).into(), &(*rows as f64).into());
        let message = object(&[
            ("kind", "slice".into()),
            ("link", order.link.into()),
            ("method", (order.method as f64).into()),
            ("origin", origin.into()),
            ("u", u.into()),
            ("v", v.into()),
            ("window", Float64Array::from(order.window.as_slice()).into()),
            ("grids", order.grids.iter().map(grid).collect::<Array>().into()),
        ]);
        self.0.ask(&message, move |data| {
            let size = |key: &str| number(data, key).map(|size| size as usize);
            if let Some(error) = text(data, "error") {
                answer(Err(error));
            } else if let (Some(columns), Some(rows), Some(values)) =
                (size("columns"), size("rows"), numbers(data, "values"))
            {
                answer(Ok(Grid { columns, rows, values }));
            }
        });
    }

    /// Ends the worker.
    pub fn close(&mut self) {
        self.0.close();
    }
}
