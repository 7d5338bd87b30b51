//! Running an experiment of the measure lab, step by step, so that a worker can pause and report.

use super::outcome::{is_diverged, judge};
use super::{ASSIGNED, Gauges, MeasureRun, MeasureTrace, Row, is_recorded};
use crate::experiment::{Experiment, Method, ProblemChoice};
use crate::measures::{Gaussian, Point};
use crate::optimizers::flows::{Flow, ParticleOracle, now};
use crate::optimizers::{self, Entry, Optimizer, Scalars};
use crate::problems::ProblemError;
use crate::problems::measure::{Descent, Direct, MeasureOracle, MeasureProblem, PairEngine, can_descend};
use crate::scalar::{Block, Vector};
use std::sync::Arc;

/// Runs every method of the experiment, all sums in `f64`.
pub fn run_measure(experiment: &Experiment) -> Result<MeasureRun, ProblemError> {
    let problem = Arc::new(experiment.pose_measure()?);
    let mut traces = Vec::new();
    for method in &experiment.methods {
        let mut runner = MeasureRunner::new(&problem, experiment, method, Box::new(Direct))?;
        while now(Box::pin(runner.advance())) {}
        traces.push(runner.finish());
    }
    Ok(MeasureRun { problem, traces })
}

impl Experiment {
    /// The problem of the measure lab.
    pub fn pose_measure(&self) -> Result<MeasureProblem, ProblemError> {
        match &self.problem {
            ProblemChoice::Measure(choice) => {
                MeasureProblem::new(choice, self.start, self.domain, self.seed, self.steps)
            }
            _ => Err(ProblemError::Measure("it is not a problem of the measure lab".to_owned())),
        }
    }
}

/// Why a method cannot be run on a problem, in words; `None` where it can.
pub fn refusal(entry: &Entry, problem: &MeasureProblem) -> Option<String> {
    match entry.scalars {
        Scalars::Flow(flow) if problem.setting.offers(flow.needs) => None,
        Scalars::Flow(flow) => {
            Some(format!("{} needs {}, which this problem does not have", entry.title, flow.needs.words()))
        }
        _ if !can_descend(entry) => Some(format!("{} does not work on the coordinates of a whole cloud", entry.title)),
        _ if !problem.has_energy() => {
            Some(format!("{} needs an energy to descend, and here the method brings it", entry.title))
        }
        _ => None,
    }
}

/// What moves the cloud.
enum Mover {
    Flow(Box<dyn Flow>),
    Points(Box<dyn Optimizer<f64>>, f64),
}

/// One method on one problem, on its way.
pub struct MeasureRunner {
    problem: Arc<MeasureProblem>,
    gauges: Arc<Gauges>,
    mover: Mover,
    oracle: MeasureOracle,
    cloud: Vec<Point>,
    step: u32,
    steps: u32,
    diverged: bool,
    trace: MeasureTrace,
}

impl MeasureRunner {
    /// A method as an experiment runs it, at the start, which is recorded.
    ///
    /// # Errors
    /// Where the method needs what the problem does not have.
    pub fn new(
        problem: &Arc<MeasureProblem>,
        experiment: &Experiment,
        method: &Method,
        engine: Box<dyn PairEngine>,
    ) -> Result<Self, ProblemError> {
        let entry = method.entry();
        if let Some(refused) = refusal(entry, problem) {
            return Err(ProblemError::Measure(refused));
        }
        let cloud = problem.setting.start.to_vec();
        let mut trace = MeasureTrace::default();
        let mover = match entry.scalars {
            Scalars::Flow(flow) => {
                let flow = (flow.build)(&method.base.knobs, &problem.setting);
                Mover::Flow(flow)
            }
            _ => {
                let x = Vector::from_slice(cloud.as_flattened());
                let mut optimizer = entry.build(&method.base.knobs, &x, &Block::column(x.len()));
                for stage in &method.wrappers {
                    let wrapper =
                        optimizers::wrappers::find(stage.id).expect("a stage is only made from a registered id");
                    optimizer = wrapper.build(&stage.knobs, optimizer, &x);
                }
                optimizer.state(&mut |_, values| trace.memory += values.len());
                // Time is that of gradient flow where a step is lr long.
                let lr = method.base.knobs.iter().find(|(knob, _)| knob.id == "lr").map_or(1.0, |(_, lr)| lr);
                Mover::Points(optimizer, lr)
            }
        };
        let oracle = MeasureOracle::new(problem.clone(), engine, experiment.seed, experiment.run);
        let gauges = Arc::new(Gauges::new(problem.clone()));
        let (problem, steps) = (problem.clone(), experiment.steps);
        let mut runner = Self { problem, gauges, mover, oracle, cloud, step: 0, steps, diverged: false, trace };
        runner.record();
        Ok(runner)
    }

    /// Takes a step, and records it if it is one of those. False when there is nothing left to do.
    pub async fn advance(&mut self) -> bool {
        if self.step >= self.steps || self.diverged {
            return false;
        }
        self.step += 1;
        self.oracle.begin_step(self.step);
        let before = self.cloud.clone();
        match &mut self.mover {
            Mover::Flow(flow) => flow.step(&mut self.cloud, &mut self.oracle).await,
            Mover::Points(optimizer, _) => {
                self.oracle.prepare(&self.cloud).await;
                let mut x = Vector::from_slice(self.cloud.as_flattened());
                optimizer.step(&mut x, &mut Descent(&mut self.oracle));
                self.cloud = x.as_slice().chunks_exact(2).map(|c| [c[0], c[1]]).collect();
            }
        }
        self.keep_finite(&before);
        self.diverged = is_diverged(&self.problem, &self.cloud);
        if is_recorded(self.step, self.steps, self.cloud.len()) || self.diverged {
            if matches!(self.mover, Mover::Points(..)) {
                self.oracle.prepare(&self.cloud).await;
            }
            self.record();
        }
        true
    }

    /// A particle that went nowhere stays where it was. Unlike `settle` of the flows: some change how many there are.
    fn keep_finite(&mut self, before: &[Point]) {
        let mut left = false;
        for (x, old) in self.cloud.iter_mut().zip(before) {
            if !x.iter().all(|c| c.is_finite()) {
                *x = *old;
                left = true;
            }
        }
        if left {
            self.oracle.report(optimizers::flows::Notice::LeftDomain);
        }
    }

    /// The step that was taken last.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// What has been recorded so far.
    pub fn so_far(&self) -> &MeasureTrace {
        &self.trace
    }

    /// The trace, judged.
    pub fn finish(mut self) -> MeasureTrace {
        if self.trace.rows.last().is_none_or(|row| row.step != self.step) {
            self.record();
        }
        if let Some(last) = self.trace.rows.last_mut().filter(|row| row.w2.is_nan()) {
            Arc::make_mut(last).w2 = self.gauges.measure(&last.cloud, f64::NAN, true)[2];
        }
        self.trace.outcome = judge(&self.problem, &self.gauges, &self.trace, self.diverged);
        self.trace
    }

    fn record(&mut self) {
        let looked = self.cloud.iter().map(|x| self.oracle.look(*x).unwrap_or(f64::NAN));
        let mean_potential = looked.sum::<f64>() / self.cloud.len().max(1) as f64;
        let assigned = self.trace.rows.len().is_multiple_of(ASSIGNED);
        let [divergence, distance, w2] = self.gauges.measure(&self.cloud, mean_potential, assigned);
        let asked = self.oracle.calls;
        let mut calls = asked;
        let (mut energy, mut gauge, mut landmark, mut density) = (None, f64::NAN, None, (0, Vec::new()));
        let time_step = match &self.mover {
            Mover::Flow(flow) => {
                energy = flow.energy(&self.cloud, &mut self.oracle);
                gauge = flow.gauge().unwrap_or(f64::NAN);
                landmark = flow.landmark();
                if let Some((columns, shares)) = flow.density() {
                    density = (columns, shares.to_vec());
                }
                calls.gradient += flow.evaluations();
                self.trace.memory = flow.memory();
                flow.time_step()
            }
            Mover::Points(_, lr) => *lr,
        };
        let energy = energy.unwrap_or_else(|| {
            if self.problem.has_energy() { self.oracle.energy(&self.cloud, mean_potential) } else { f64::NAN }
        });
        // What is looked at here is not what the method has asked.
        self.oracle.calls = asked;
        self.trace.notices = self.oracle.notices.iter().copied().collect();
        let law = Gaussian::of_points(&self.cloud);
        let covariance = [law.covariance.m11, law.covariance.m12, law.covariance.m22];
        self.trace.rows.push(Arc::new(Row {
            step: self.step,
            time: f64::from(self.step) * time_step,
            cloud: self.cloud.clone(),
            energy,
            divergence,
            distance,
            w2,
            mean: law.mean.into(),
            covariance,
            gauge,
            landmark,
            calls,
            density,
        }));
    }
}
