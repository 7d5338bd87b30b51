//! Running an experiment: a pure function from the experiment to traces.

use super::outcome::{is_diverged, judge};
use super::{Experiment, Method, Outcome, Trace};
use crate::optimizers::{self, Event, Optimizer};
use crate::problems::{Local, Noise, PlaneOracle, PlaneProblem, ProblemError};
use crate::scalar::{Block, Vector};

/// An experiment that has been run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The problem it was about.
    pub problem: PlaneProblem,
    /// One trace for each method, in the experiment's order.
    pub traces: Vec<Trace>,
}

impl Run {
    /// The value that `f - f*` is measured from: the lowest known minimum, or the lowest value of any trace if that is
    /// lower or none is known.
    pub fn lowest(&self) -> f64 {
        let seen = self.traces.iter().flat_map(|trace| trace.values.iter().copied()).filter(|f| f.is_finite());
        let lowest_seen = seen.min_by(f64::total_cmp);
        match (self.problem.lowest_known(), lowest_seen) {
            // A listed value is rounded to twelve digits: a run that is below it by rounding has not found a lower point.
            (Some(known), Some(seen)) if seen < known - 1e-9 * (1.0 + known.abs()) => seen,
            (Some(known), _) => known,
            (None, seen) => seen.unwrap_or(0.0),
        }
    }
}

/// Runs every method of the experiment.
pub fn run(experiment: &Experiment) -> Result<Run, ProblemError> {
    let problem = experiment.pose()?;
    let traces = experiment.methods.iter().map(|method| run_one(&problem, experiment, method)).collect();
    Ok(Run { problem, traces })
}

/// Runs one method of the experiment on a problem that is already posed.
pub fn run_one(problem: &PlaneProblem, experiment: &Experiment, method: &Method) -> Trace {
    let mut runner = Runner::of(problem, experiment, method);
    let mut local = problem.local();
    let mut trace = Trace::default();
    record(&mut trace, &runner, &mut local);
    let mut diverged = is_diverged(problem, runner.point(), trace.values[0]);
    let mut step = 0;
    while step < experiment.steps && !diverged {
        runner.step();
        step += 1;
        record(&mut trace, &runner, &mut local);
        trace.events.extend(runner.events().iter().map(|event| (step, *event)));
        diverged = is_diverged(problem, runner.point(), trace.values[step as usize]);
    }
    trace.outcome = judge(problem, &trace, experiment.tolerance);
    trace
}

fn record(trace: &mut Trace, runner: &Runner, local: &mut Local) {
    let at = runner.point();
    let (value, gradient) = local.first_order(at);
    trace.points.push(at);
    trace.values.push(value);
    trace.gradient_norms.push(libm::hypot(gradient[0], gradient[1]));
    trace.calls.push(runner.oracle.calls);
}

/// The points that a method asks about on its way from point `step` to the next, its own included: the trials of a line
/// search, the corners of a simplex.
pub fn probes(problem: &PlaneProblem, experiment: &Experiment, method: &Method, step: u32) -> Vec<[f64; 2]> {
    let mut runner = Runner::of(problem, experiment, method);
    for _ in 0..step {
        runner.step();
    }
    runner.step_with_probes()
}

/// One method on one problem, step by step, without a record: what sweeps and inspectors use.
pub struct Runner {
    optimizer: Box<dyn Optimizer<f64>>,
    x: Vector<f64>,
    step: u32,
    oracle: PlaneOracle,
}

impl Runner {
    /// A method as an experiment runs it, before its first step.
    pub fn of(problem: &PlaneProblem, experiment: &Experiment, method: &Method) -> Self {
        let Experiment { noise, seed, run, .. } = experiment;
        Self::numbered(problem, method, problem.start, *noise, *seed, *run)
    }

    /// The method at `start`, before its first step, in run 0 of a seed's noise.
    pub fn new(problem: &PlaneProblem, method: &Method, start: [f64; 2], noise: Noise, seed: u64) -> Self {
        Self::numbered(problem, method, start, noise, seed, 0)
    }

    /// The same in another run of the seed's noise.
    pub fn numbered(
        problem: &PlaneProblem,
        method: &Method,
        start: [f64; 2],
        noise: Noise,
        seed: u64,
        run: u32,
    ) -> Self {
        let x = Vector::from(start);
        let mut optimizer = method.entry().build(&method.base.knobs, &x, &Block::column(x.len()));
        for stage in &method.wrappers {
            let wrapper = optimizers::wrappers::find(stage.id).expect("a stage is only made from a registered id");
            optimizer = wrapper.build(&stage.knobs, optimizer, &x);
        }
        Self { optimizer, x, step: 0, oracle: problem.oracle(noise, seed, run) }
    }

    /// Takes a step.
    #[inline]
    pub fn step(&mut self) {
        self.step += 1;
        self.oracle.begin_step(self.step);
        self.optimizer.step(&mut self.x, &mut self.oracle);
    }

    /// Where it is.
    #[inline]
    pub fn point(&self) -> [f64; 2] {
        [self.x[0], self.x[1]]
    }

    /// What the last step reported.
    pub fn events(&self) -> &[Event] {
        &self.oracle.events
    }

    /// The points that the next step asks about. Takes the step.
    pub fn step_with_probes(&mut self) -> Vec<[f64; 2]> {
        self.oracle.probes = Some(Vec::new());
        self.step();
        self.oracle.probes.take().unwrap_or_default()
    }

    /// The optimizer's memory, by name.
    pub fn state(&mut self) -> Vec<(&'static str, Vec<f64>)> {
        let mut state = Vec::new();
        self.optimizer.state(&mut |name, values| state.push((name, values.to_vec())));
        state
    }
}

impl Trace {
    /// Whether the run ended by growing beyond every bound or by leaving the domain of the loss.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Diverged { .. } | Outcome::Undefined { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Link, Method};

    fn only(query: &str) -> Trace {
        let link = Link::parse(query);
        assert!(link.notes.is_empty(), "{:?}", link.notes);
        run(&link.experiment).expect("a listed landscape").traces.remove(0)
    }

    #[test]
    fn the_default_experiment_shows_a_race() {
        let run = run(&Experiment::default()).expect("a listed landscape");
        let bfgs = &run.traces[3];
        assert!(matches!(bfgs.outcome, Outcome::Converged { minimum: Some(0), .. }), "{:?}", bfgs.outcome);
        assert!(run.traces.iter().all(|trace| trace.last() == 400));
    }

    #[test]
    fn the_same_experiment_has_the_same_trace() {
        let query = "problem=rosenbrock&opt=adam;lr=0.02&noise=gaussian;sigma=1&seed=5";
        assert_eq!(only(query), only(query));
    }

    #[test]
    fn a_step_size_above_two_over_curvature_diverges() {
        let trace = only("problem=ellipse;kappa=10&start=1,1&steps=2000&opt=sgd;lr=0.21");
        assert!(matches!(trace.outcome, Outcome::Diverged { .. }), "{:?}", trace.outcome);
        assert!(trace.last() < 2000);
    }

    #[test]
    fn gradient_descent_on_the_ridge_of_a_saddle_stalls_there() {
        let trace = only("problem=double_well&start=0,1&steps=500&opt=sgd;lr=0.1");
        let Outcome::Saddle { eigenvalues, .. } = trace.outcome else { panic!("{:?}", trace.outcome) };
        // Hessian of (x^2 - 1)^2 + y^2 at the origin: -4 and 2.
        assert!((eigenvalues[0] + 4.0).abs() < 1e-9 && (eigenvalues[1] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_start_outside_the_domain_of_the_formula_is_said_so() {
        let trace = only("problem=formula;f=ln(x)%2By^2&start=-1,1&opt=sgd;lr=0.1");
        assert_eq!(trace.outcome, Outcome::Undefined { step: 0 });
    }

    #[test]
    fn a_line_search_leaves_its_trials() {
        let experiment = Link::parse("problem=rosenbrock&opt=gd_armijo").experiment;
        let problem = experiment.pose().expect("a listed landscape");
        let trials = probes(&problem, &experiment, &experiment.methods[0], 0);
        // From the start of Rosenbrock's valley a first step of one is far too long.
        assert!(trials.len() > 3, "{trials:?}");
    }

    #[test]
    fn methods_are_found_by_id() {
        assert!(Method::new("adam", &[("lr", 0.1)]).is_some());
        assert!(Method::new("adam", &[("momentum", 0.1)]).is_none());
        assert!(Method::new("adan", &[]).is_none());
    }
}
