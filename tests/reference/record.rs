//! A record of `tests/data`, and its problem with exact derivatives.

use nalgebra::Matrix2;
use serde_json::{Map, Value};
use thalweg::formula::{Evaluator, Formula, Names};
use thalweg::optimizers::{Event, Oracle};
use thalweg::scalar::{Block, Dual, Vector};

/// One line of a data file.
#[derive(serde::Deserialize)]
pub struct Record {
    pub id: String,
    pub optimizer: String,
    pub hyperparameters: Map<String, Value>,
    pub problem: Problem,
    pub start: Vec<f64>,
    pub steps_recorded: Vec<usize>,
    pub points: Vec<Vec<f64>>,
    /// Largest relative error at each recorded step; `None` where round-off alone decides.
    pub tolerance_at: Vec<Option<f64>>,
    /// What was added to the gradient, a row for each call.
    pub noise: Option<Vec<[f64; 2]>>,
    /// Lookahead's slow point at each recorded step.
    pub slow_points: Option<Vec<Vec<f64>>>,
    /// SciPy's counts.
    pub result: Option<Counts>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
pub enum Problem {
    /// |A W - B|^2 / 2 for a matrix W of two rows and two columns.
    Matrices {
        #[serde(rename = "A")]
        a: [[f64; 2]; 2],
        #[serde(rename = "B")]
        b: [[f64; 2]; 2],
    },
    Formula {
        formula: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct Counts {
    pub nfev: usize,
    pub njev: usize,
}

pub fn records(package: &str) -> Vec<Record> {
    let path = format!("{}/tests/data/{package}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{path}: {error}"))).collect()
}

/// A record's problem: exact derivatives of its formula, plus its noise.
pub struct Posed {
    f: Function,
    noise: Option<Vec<[f64; 2]>>,
    pub calls: Counts,
}

enum Function {
    Formula(Evaluator<Dual<f64, 2>>),
    Matrices { a: Matrix2<f64>, b: Matrix2<f64> },
}

impl Posed {
    pub fn new(record: &Record) -> Self {
        let f = match &record.problem {
            Problem::Formula { formula: text } => {
                let names = Names { variables: &["x", "y"], parameters: &[] };
                let formula = Formula::parse(text, &names).unwrap_or_else(|error| panic!("{text}: {error}"));
                Function::Formula(formula.program(&[]).evaluator())
            }
            Problem::Matrices { a, b } => {
                let rows = |m: &[[f64; 2]; 2]| Matrix2::new(m[0][0], m[0][1], m[1][0], m[1][1]);
                Function::Matrices { a: rows(a), b: rows(b) }
            }
        };
        Self { f, noise: record.noise.clone(), calls: Counts { nfev: 0, njev: 0 } }
    }

    /// Which part of the point is which matrix.
    pub fn blocks(&self) -> Vec<Block> {
        match self.f {
            Function::Formula(_) => Block::column(2),
            Function::Matrices { .. } => Block::sequence(&[[2, 2]]),
        }
    }

    /// The exact loss and gradient, not counted.
    pub fn at(&mut self, x: &Vector<f64>) -> (f64, Vector<f64>) {
        match &mut self.f {
            Function::Formula(f) => {
                let f = f.evaluate(&[Dual::variable(x[0], 0), Dual::variable(x[1], 1)]);
                (f.value, f.derivative.into())
            }
            Function::Matrices { a, b } => {
                let residual = *a * Matrix2::new(x[0], x[1], x[2], x[3]) - *b;
                // nalgebra keeps columns, points are rows.
                let gradient = (a.transpose() * residual).transpose();
                (residual.norm_squared() / 2.0, Vector::from_slice(gradient.as_slice()))
            }
        }
    }
}

impl Oracle<f64> for Posed {
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        self.calls.nfev += 1;
        self.at(x).0
    }
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        let mut g = self.at(x).1;
        if let Some(noise) = &self.noise {
            g += Vector::from(noise[self.calls.njev]);
        }
        self.calls.njev += 1;
        g
    }
    fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
        unreachable!("no method with a record asks for the Hessian")
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        unreachable!("no method with a record asks for the Hessian")
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        unreachable!("no method with a record draws")
    }
    fn report(&mut self, _: Event) {}
}
