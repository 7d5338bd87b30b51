//! The bookkeeping around a step when nobody looks: who has left, when each came to rest, how low it is.

use super::{Goal, Job, Rule, RuleError};
use crate::formula::Evaluator;
use crate::problems::PlaneProblem;
use crate::scalar::elementary::Precision;
use crate::scalar::{Bits, Real, uniform_pair, uniform_pair_single};
use crate::tape::wasm::Kernel;
use crate::tape::{Tape, Tracer, lower, record};

/// A rule with the bookkeeping of a mass run, as two tapes that a kernel prints or an interpreter runs.
///
/// Inputs: x, y, the knobs, then `reach` and a threshold. Slots: those of the rule, then some of the bookkeeping, the
/// step at which the run left first. A run that comes further than `reach` from the window's centre in either
/// coordinate, or that becomes NaN, stays from then on where it was before.
///
/// Asked for a [`Goal::Landing`], a run is at rest once no step moves it by more than the threshold any more, the moves of
/// both coordinates added; and it cycles while it keeps coming back, within the threshold, to where it stood at a step that
/// is kept for about as long as it is old (Brent 1980, "An improved Monte Carlo factorization algorithm", section 2).
/// Asked for a [`Goal::Loss`], it has reached its target at the first step that begins where the
/// loss is not above the threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// From the inputs to the slots before the first step.
    pub begin: Tape,
    /// From the slots, the inputs, the number of the step and two uniform numbers for each draw to the slots after it.
    pub step: Tape,
    /// The slots that a [`Landing`](super::Landing) or a [`Loss`](super::Loss) is read from.
    pub outputs: Vec<usize>,
    /// The Philox slot of each draw of a step.
    pub draws: Vec<u32>,
    /// Which inputs differ from cell to cell.
    pub varies: Vec<bool>,
}

impl Flight {
    /// Records a job's method on its problem, with its noise.
    ///
    /// # Errors
    /// When the method cannot be recorded.
    pub fn record(job: &Job) -> Result<Self, RuleError> {
        Ok(Self::new(job, &Rule::record(&job.problem, &job.method, job.noise)?))
    }

    /// Puts the bookkeeping around a rule.
    fn new(job: &Job, rule: &Rule) -> Self {
        let inputs = 2 + rule.knobs + 2;
        let kept = match job.goal {
            Goal::Landing => 6,
            Goal::Loss { .. } => 3,
        };
        let begin = record(inputs as u32, |inputs| {
            let mut slots = rule.begin.run(&inputs[..2 + rule.knobs]);
            let start = [slots[0], slots[1]];
            slots.extend([Tracer::zero(); 3].into_iter().take(kept));
            if let Goal::Landing = job.goal {
                slots.push(Tracer::zero());
                slots.extend(start);
            }
            slots
        });
        let step = record((rule.slots + kept + inputs + 1 + 2 * rule.draws.len()) as u32, |all| {
            let (before, rest) = all.split_at(rule.slots);
            let (kept, rest) = rest.split_at(kept);
            // Of the inputs, x and y have been used up.
            let (knobs, rest) = rest[2..].split_at(rule.knobs);
            // Then come the number of the step and the draws.
            let (reach, threshold, drawn) = (rest[0], rest[1], &rest[2..]);
            let (step, left) = (drawn[0], kept[0]);
            let mut after = rule.step.run(&[before, knobs, drawn].concat());
            let here = left.le(Tracer::zero());
            let within = is_within(&job.problem, &after, reach);
            let goes_on = within & here;
            for i in 0..2 {
                after[i] = Tracer::select(goes_on, after[i], before[i]);
            }
            let left = Tracer::select(within, left, Tracer::select(here, step, left));
            match job.goal {
                Goal::Landing => {
                    let here = [after[0], after[1]];
                    let distance = |from: &[Tracer]| (here[0] - from[0]).abs() + (here[1] - from[1]).abs();
                    let moved = Tracer::select(threshold.lt(distance(before)), step, kept[1]);
                    // Where the run stood at step 1, 3, 7, 15, ... is kept until the next of these.
                    let [back, since, anchor] = [kept[2], kept[3], kept[4]];
                    let returned = goes_on & distance(&[anchor, kept[5]]).le(threshold) & Tracer::zero().lt(since);
                    let back = Tracer::select(returned, step, back);
                    let renewed = (since + since).lt(step);
                    let since = Tracer::select(renewed, step, since);
                    let anchor = [0, 1].map(|i| Tracer::select(renewed, here[i], kept[4 + i]));
                    after.extend([left, moved, back, since, anchor[0], anchor[1]]);
                }
                Goal::Loss { .. } => {
                    let mut loss: Evaluator<Tracer> = job.problem.program().evaluator();
                    let value = loss.evaluate(&before[..2]);
                    let first = value.le(threshold) & here & kept[2].le(Tracer::zero());
                    after.extend([left, value, Tracer::select(first, step, kept[2])]);
                }
            }
            after
        });
        let first = rule.slots;
        let outputs = match job.goal {
            Goal::Landing => vec![0, 1, first, first + 1, first + 2],
            Goal::Loss { .. } => vec![first + 1, first, first + 2],
        };
        Self { begin, step, outputs, draws: rule.draws.clone(), varies: job.varies() }
    }

    /// The same with elementary functions replaced by arithmetic, as kernels need it.
    #[must_use]
    pub fn lowered(&self, precision: Precision) -> Self {
        Self { begin: lower(&self.begin, precision), step: lower(&self.step, precision), ..self.clone() }
    }

    /// What a kernel runs.
    pub fn kernel(&self) -> Kernel<'_> {
        let Self { begin, step, outputs, draws, varies } = self;
        Kernel { begin, step, outputs, draws, varies }
    }

    /// The run of a job's cell by the tapes' interpreter, in the precision of `R`: the oracle that kernels are tested
    /// against. `uniforms` are its draws: [`DOUBLE_DRAWS`] or [`SINGLE_DRAWS`]. Returns the outputs.
    pub fn interpret<R: Bits>(&self, job: &Job, cell: usize, uniforms: Draw<R>) -> Vec<R> {
        let launch = job.launch(cell);
        let inputs: Vec<R> = job.inputs(&launch).into_iter().map(R::from_f64).collect();
        let mut slots = self.begin.run(&inputs);
        let mut number = R::zero();
        for step in 1..=job.kernel_steps() {
            number += R::one();
            let drawn: Vec<R> =
                self.draws.iter().flat_map(|slot| uniforms(job.seed, launch.run, step, *slot)).collect();
            slots = self.step.run(&[&slots[..], &inputs, &[number], &drawn].concat());
        }
        self.outputs.iter().map(|&slot| slots[slot]).collect()
    }
}

/// Two uniform numbers for a seed, a run, a step and a slot.
pub type Draw<R> = fn(u64, u32, u32, u32) -> [R; 2];

/// The draws of a run in double precision.
pub const DOUBLE_DRAWS: Draw<f64> = uniform_pair;
/// The draws of a run in single precision.
pub const SINGLE_DRAWS: Draw<f32> = uniform_pair_single;

/// Whether a point is within reach. False for NaN as well.
fn is_within(problem: &PlaneProblem, point: &[Tracer], reach: Tracer) -> <Tracer as Real>::Mask {
    let far = |i: usize| (point[i] - Tracer::from_f64(problem.centre()[i])).abs();
    far(0).lt(reach) & far(1).lt(reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Axis, Landing, Loss};
    use crate::experiment::{Link, run};

    fn job(link: &str) -> Job {
        let experiment = Link::parse(link).experiment;
        let problem = experiment.pose().expect("a listed landscape");
        let window = problem.domain;
        // The one cell of a list of trials is the experiment itself.
        let axes = [Axis::Trial, Axis::Nothing];
        Job { axes, ..Job::of(&experiment, &problem, 0, window).expect("the link has an optimizer") }
    }

    fn landing(link: &str) -> (Landing, [f64; 2]) {
        let job = job(link);
        let flight = Flight::record(&job).expect("a recordable optimizer");
        let outputs = flight.interpret(&job, 0, DOUBLE_DRAWS);
        let trace = run(&Link::parse(link).experiment).expect("a listed landscape").traces.remove(0);
        (Landing::from_outputs(outputs.try_into().expect("five outputs")), trace.points[trace.last()])
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

    #[test]
    fn a_run_with_noise_lands_where_its_trace_ends() {
        for link in [
            "problem=himmelblau&steps=80&seed=7&noise=gaussian;sigma=2&opt=sgd;lr=0.01",
            "problem=reddi_online&steps=80&noise=own&opt=adam;lr=0.1",
            "problem=reddi_stochastic&steps=80&noise=own&opt=amsgrad;lr=0.1",
        ] {
            let (landing, end) = landing(link);
            assert_eq!((landing.at, landing.left), (end, 0), "{link}");
        }
    }

    #[test]
    fn a_loss_is_that_of_the_traces_last_point() {
        let link = "problem=himmelblau&start=-1,2&steps=60&opt=adam;lr=0.1";
        let done = run(&Link::parse(link).experiment).expect("a listed landscape");
        let trace = &done.traces[0];
        let job = Job { goal: Goal::Loss { target: 1.0 }, ..job(link) };
        let flight = Flight::record(&job).expect("a recordable optimizer");
        let outputs = flight.interpret(&job, 0, DOUBLE_DRAWS).try_into().expect("three outputs");
        let loss = Loss::from_outputs(outputs, job.steps);
        assert_eq!(loss.value, Some(trace.values[60]));
        let first = trace.values.iter().position(|value| *value <= 1.0).expect("the run comes below 1");
        assert_eq!(loss.reached, Some(first as u32));
    }

    #[test]
    fn the_loss_of_a_run_that_leaves_is_none() {
        let link = "problem=ellipse;kappa=10&start=1,1&steps=200&opt=sgd;lr=0.3";
        let job = Job { goal: Goal::Loss { target: 1e-6 }, ..job(link) };
        let flight = Flight::record(&job).expect("a recordable optimizer");
        let outputs = flight.interpret(&job, 0, DOUBLE_DRAWS).try_into().expect("three outputs");
        assert_eq!(Loss::from_outputs(outputs, job.steps), Loss { value: None, reached: None });
    }

    #[test]
    fn a_run_that_swings_to_and_fro_comes_back() {
        // Of curvature 2, a step of size 1 leads from x to -x.
        let (swinging, _) = landing("problem=sphere&start=1,1&steps=100&opt=sgd;lr=1");
        assert_eq!((swinging.left, swinging.moved), (0, 100));
        assert!(swinging.back >= 98, "{swinging:?}");
        let (resting, _) = landing("problem=sphere&start=1,1&steps=100&opt=sgd;lr=0.01");
        assert_eq!(resting.back, 0, "{resting:?}");
    }
}
