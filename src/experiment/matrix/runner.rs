//! Running an experiment of the matrix lab, step by step, so that a worker can pause and report.

use super::outcome::{is_diverged, judge};
use super::{Frame, MatrixRun, MatrixTrace, is_framed};
use crate::experiment::{Experiment, Method, ProblemChoice};
use crate::optimizers::{self, Optimizer};
use crate::problems::ProblemError;
use crate::problems::matrix::{MatrixOracle, MatrixProblem, Outline, imbalance, works_on_the_matrix};
use crate::scalar::Vector;
use std::sync::Arc;

/// Runs every method of the experiment.
pub fn run_matrix(experiment: &Experiment) -> Result<MatrixRun, ProblemError> {
    let problem = Arc::new(experiment.pose_matrix()?);
    let mut traces = Vec::new();
    for method in &experiment.methods {
        let mut runner = MatrixRunner::new(&problem, experiment, method)?;
        while runner.advance() {}
        traces.push(runner.finish());
    }
    Ok(MatrixRun { outline: problem.outline.clone(), traces })
}

impl Experiment {
    /// The outline of a problem of the matrix lab: what is known without measuring.
    pub fn outline(&self) -> Result<Outline, ProblemError> {
        match &self.problem {
            ProblemChoice::Matrix { id, parameters } => Outline::new(id, parameters, self.seed),
            _ => Err(ProblemError::Matrix("it is not a problem of the matrix lab".to_owned())),
        }
    }

    /// The problem of the matrix lab, with its measurements.
    pub fn pose_matrix(&self) -> Result<MatrixProblem, ProblemError> {
        self.outline().map(MatrixProblem::measured)
    }
}

/// One method on one problem, on its way.
pub struct MatrixRunner {
    problem: Arc<MatrixProblem>,
    optimizer: Box<dyn Optimizer<f64>>,
    oracle: MatrixOracle,
    x: Vector<f64>,
    step: u32,
    steps: u32,
    tolerance: f64,
    diverged: bool,
    trace: MatrixTrace,
}

impl MatrixRunner {
    /// A method as an experiment runs it, at the start, which is recorded. Fails where the method works on the matrix itself
    /// and the problem has none.
    pub fn new(problem: &Arc<MatrixProblem>, experiment: &Experiment, method: &Method) -> Result<Self, ProblemError> {
        let problem = Self::seen_by(problem, method)?;
        let x = problem.start.clone();
        let mut optimizer = method.entry().build(&method.base.knobs, &x, &problem.outline.model.blocks());
        for stage in &method.wrappers {
            let wrapper = optimizers::wrappers::find(stage.id).expect("a stage is only made from a registered id");
            optimizer = wrapper.build(&stage.knobs, optimizer, &x);
        }
        let mut trace = MatrixTrace::default();
        optimizer.state(&mut |_, values| trace.memory += values.len());
        let oracle = MatrixOracle::new(problem.clone(), experiment.seed, experiment.run);
        let (steps, tolerance) = (experiment.steps, experiment.tolerance);
        let mut runner = Self { problem, optimizer, oracle, x, step: 0, steps, tolerance, diverged: false, trace };
        runner.record();
        Ok(runner)
    }

    /// The problem as a method sees it: with the matrix itself as the unknown, for methods that work on it.
    pub fn seen_by(problem: &Arc<MatrixProblem>, method: &Method) -> Result<Arc<MatrixProblem>, ProblemError> {
        if !works_on_the_matrix(method.base.id) {
            return Ok(problem.clone());
        }
        let refuse = || {
            let title = method.entry().title;
            ProblemError::Matrix(format!("{title} works on the matrix itself, and this problem has only its factors"))
        };
        Ok(Arc::new(problem.whole().ok_or_else(refuse)?))
    }

    /// Takes a step and records it. False when there is nothing left to do.
    pub fn advance(&mut self) -> bool {
        if self.step >= self.steps || self.diverged {
            return false;
        }
        self.step += 1;
        self.oracle.begin_step(self.step);
        self.optimizer.step(&mut self.x, &mut self.oracle);
        self.trace.events.extend(self.oracle.events.iter().map(|event| (self.step, *event)));
        self.record();
        true
    }

    /// The step that was taken last.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// What has been recorded so far.
    pub fn so_far(&self) -> &MatrixTrace {
        &self.trace
    }

    /// Where it is.
    pub fn point(&self) -> &Vector<f64> {
        &self.x
    }

    /// The trace, judged.
    pub fn finish(mut self) -> MatrixTrace {
        if self.trace.frames.last().is_none_or(|frame| frame.step != self.step) {
            self.frame();
        }
        self.trace.outcome = judge(&self.problem, &self.x, &self.trace, self.tolerance, self.diverged);
        self.trace
    }

    fn record(&mut self) {
        let (value, gradient) = self.oracle.look(&self.x);
        let norm = gradient.norm();
        let error = self.problem.outline.relative_error(&self.x);
        self.trace.values.push(value);
        self.trace.gradient_norms.push(norm);
        self.trace.errors.push(error);
        self.trace.calls.push(self.oracle.calls);
        self.diverged = is_diverged(value, error);
        if is_framed(self.step, self.steps) {
            self.frame();
        }
    }

    fn frame(&mut self) {
        let outline = &self.problem.outline;
        let (spectrum, angles) = outline.spectrum_and_angles(&self.x);
        let imbalance = imbalance(&outline.model, &self.x);
        self.trace.frames.push(Frame { step: self.step, parameters: self.x.clone(), spectrum, angles, imbalance });
    }
}
