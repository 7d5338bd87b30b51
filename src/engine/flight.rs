//! The bookkeeping around a step when nobody looks: who has left, and when each came to rest.

use super::landing::{OUTPUTS, settings};
use super::{Job, Rule, RuleError};
use crate::experiment::Method;
use crate::problems::PlaneProblem;
use crate::scalar::elementary::Precision;
use crate::scalar::{Bits, Real};
use crate::tape::wasm::Kernel;
use crate::tape::{Tape, Tracer, lower, record};

/// A rule with the bookkeeping of a mass run, as two tapes that a kernel prints or an interpreter runs.
///
/// Inputs: x, y, the knobs, then `reach` and `calm`. Slots: those of the rule, then two counters.
/// A run that comes further than `reach` from the window's centre in either coordinate, or that becomes NaN, stays from
/// then on where it was before. A run is at rest once no step moves it by more than `calm` any more, the moves of both
/// coordinates added.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// From the inputs to the slots before the first step.
    pub begin: Tape,
    /// From the slots, the inputs and the number of the step to the slots after it.
    pub step: Tape,
    /// The slots that a [`Landing`](super::Landing) is read from.
    pub outputs: [usize; OUTPUTS],
}

impl Flight {
    /// Records `method` on `problem`, without noise.
    ///
    /// # Errors
    /// When the method cannot be recorded.
    pub fn record(problem: &PlaneProblem, method: &Method) -> Result<Self, RuleError> {
        Ok(Self::new(problem, &Rule::record(problem, method)?))
    }

    /// Puts the bookkeeping around a rule.
    pub fn new(problem: &PlaneProblem, rule: &Rule) -> Self {
        let centre = problem.centre();
        let inputs = 2 + rule.knobs + 2;
        let begin = record(inputs as u32, |inputs| {
            let mut slots = rule.begin.run(&inputs[..2 + rule.knobs]);
            slots.extend([Tracer::zero(); 2]);
            slots
        });
        let step = record((rule.slots + 2 + inputs + 1) as u32, |all| {
            let (before, rest) = all.split_at(rule.slots);
            let (left, moved) = (rest[0], rest[1]);
            // Then come the inputs, of which x and y have been used up, and the number of the step.
            let (knobs, rest) = rest[4..].split_at(rule.knobs);
            let (reach, calm, step) = (rest[0], rest[1], rest[2]);
            let mut after = rule.step.run(&[before, knobs].concat());
            let far = |i: usize| (after[i] - Tracer::from_f64(centre[i])).abs();
            // False for NaN as well.
            let within = far(0).lt(reach) & far(1).lt(reach);
            let here = left.le(Tracer::zero());
            let goes_on = within & here;
            let left = Tracer::select(within, left, Tracer::select(here, step, left));
            for i in 0..2 {
                after[i] = Tracer::select(goes_on, after[i], before[i]);
            }
            let distance = (after[0] - before[0]).abs() + (after[1] - before[1]).abs();
            let moved = Tracer::select(calm.lt(distance), step, moved);
            after.extend([left, moved]);
            after
        });
        Self { begin, step, outputs: [0, 1, rule.slots, rule.slots + 1] }
    }

    /// The same with elementary functions replaced by arithmetic, as kernels need it.
    #[must_use]
    pub fn lowered(&self, precision: Precision) -> Self {
        Self { begin: lower(&self.begin, precision), step: lower(&self.step, precision), ..self.clone() }
    }

    /// What a kernel runs.
    pub fn kernel(&self) -> Kernel<'_> {
        Kernel { begin: &self.begin, step: &self.step, outputs: &self.outputs, draws: &[] }
    }

    /// The run of a job from one start by the tapes' interpreter, in the precision of `R`: the oracle that kernels are
    /// tested against. Returns the outputs.
    pub fn interpret<R: Bits>(&self, job: &Job, start: [f64; 2]) -> Vec<R> {
        let settings = settings(&job.problem, &job.method);
        let inputs: Vec<R> = start.iter().chain(&settings).map(|&x| R::from_f64(x)).collect();
        let mut slots = self.begin.run(&inputs);
        let mut number = R::zero();
        for _ in 0..job.steps {
            number += R::one();
            slots = self.step.run(&[&slots[..], &inputs, &[number]].concat());
        }
        self.outputs.iter().map(|&slot| slots[slot]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Landing;
    use crate::experiment::{Link, run};

    fn landing(link: &str) -> (Landing, [f64; 2]) {
        let experiment = Link::parse(link).experiment;
        let done = run(&experiment).expect("a listed landscape");
        let (problem, method) = (done.problem.clone(), experiment.methods[0].clone());
        let flight = Flight::record(&problem, &method).expect("a recordable optimizer");
        let (start, window) = (problem.start, problem.domain);
        let job = Job { problem, method, steps: experiment.steps, window, columns: 1, rows: 1 };
        let outputs: Vec<f64> = flight.interpret(&job, start);
        let trace = &done.traces[0];
        (Landing::from_outputs(outputs.try_into().expect("four outputs")), trace.points[trace.last()])
    }

    #[test]
    fn a_run_that_stays_lands_where_its_trace_ends() {
        let (landing, end) = landing("problem=himmelblau&start=-1,2&steps=300&opt=adam;lr=0.05");
        assert_eq!((landing.at, landing.left), (end, 0));
        assert!(landing.moved > 50 && landing.moved < 300, "{landing:?}");
    }

    #[test]
    fn a_run_that_diverges_stays_within_reach_and_tells_when_it_left() {
        let (landing, _) = landing("problem=ellipse;kappa=10&start=1,1&steps=200&opt=sgd;lr=0.3");
        assert!(landing.left > 3 && landing.left < 40, "{landing:?}");
        assert!(landing.at.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn a_run_that_leaves_the_domain_of_the_formula_is_over() {
        let (landing, _) = landing("problem=formula;f=sqrt(x)%2By^2&start=0.5,1&steps=200&opt=sgd;lr=0.3");
        assert!(landing.left > 0 && landing.at.iter().all(|x| x.is_finite()), "{landing:?}");
    }
}
