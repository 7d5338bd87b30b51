//! One optimizer on one problem, recorded: how its memory begins, and what a step makes of it.

use crate::experiment::{Method, Stage};
use crate::formula::Evaluator;
use crate::optimizers::wrappers::{self, Wrapper};
use crate::optimizers::{self, Entry, Event, Knobs, Optimizer, Oracle};
use crate::problems::{Noise, OWN_DRAWS, OwnNoise, PlaneProblem};
use crate::scalar::{Block, Dual, Real, Vector, box_muller};
use crate::tape::{Tape, Tracer, record};

type Gradient = Dual<Tracer, 2>;
type Hessian = Dual<Gradient, 2>;

/// Why an optimizer cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Its control flow depends on values.
    #[error(
        "{0} searches until a condition holds, so that its steps differ from point to point and cannot be recorded"
    )]
    Searches(&'static str),
}

/// A method on a problem of the plane as two tapes.
///
/// The *slots* are what is remembered between steps: x, y, then the optimizer's memory in the order of
/// [`Optimizer::state`]. The *knobs* are the values of all knobs, the optimizer's first, then its wrappers', and last the
/// standard deviation of Gaussian noise where there is some; they are inputs, so that one recording serves every setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// From x, y and the knobs to the slots before the first step.
    pub begin: Tape,
    /// From the slots, the knobs, the number of the step and two uniform numbers for each draw to the slots after it.
    pub step: Tape,
    /// How many slots there are.
    pub slots: usize,
    /// How many knobs there are.
    pub knobs: usize,
    /// The Philox slot of each draw of a step.
    pub draws: Vec<u32>,
}

impl Rule {
    /// Records `method` on `problem` with a kind of noise.
    ///
    /// # Errors
    /// When the method cannot be recorded.
    pub fn record(problem: &PlaneProblem, method: &Method, noise: Noise) -> Result<Self, RuleError> {
        let recipe = Recipe::of(method)?;
        let own = recipe.knob_count();
        let knobs = own + usize::from(matches!(noise, Noise::Gaussian { .. }));
        let begin = record((2 + knobs) as u32, |inputs| {
            let (start, knobs) = inputs.split_at(2);
            let mut slots = start.to_vec();
            recipe.build(&knobs[..own], start).state(&mut |_, values| slots.extend_from_slice(values));
            slots
        });
        let slots = begin.outputs().len();
        let mut draws = Vec::new();
        let record_step = |draws: &mut Vec<u32>| {
            let uniforms = 2 * draws.len();
            record((slots + knobs + 1 + uniforms) as u32, |inputs| {
                let (before, rest) = inputs.split_at(slots);
                let (knobs, rest) = rest.split_at(knobs);
                let mut x = Vector::plane([before[0], before[1]]);
                let mut optimizer = recipe.build(&knobs[..own], &before[..2]);
                let mut memory = before[2..].iter();
                optimizer.state(&mut |_, values| {
                    values.iter_mut().zip(&mut memory).for_each(|(value, input)| *value = *input);
                });
                let mut oracle = TapeOracle::new(problem, noise, knobs.last().copied(), rest);
                optimizer.step(&mut x, &mut oracle);
                *draws = oracle.draws;
                let mut after = x.as_slice().to_vec();
                optimizer.state(&mut |_, values| after.extend_from_slice(values));
                after
            })
        };
        let mut step = record_step(&mut draws);
        if !draws.is_empty() {
            // How many draws a step makes is known once it has made them.
            step = record_step(&mut draws);
        }
        Ok(Self { begin, step, slots, knobs, draws })
    }
}

/// The builders of a method.
struct Recipe {
    entry: &'static Entry,
    build: optimizers::Build<Tracer>,
    wrappers: Vec<&'static Wrapper>,
}

impl Recipe {
    fn of(method: &Method) -> Result<Self, RuleError> {
        let entry = method.entry();
        let build = entry.tracer().ok_or(RuleError::Searches(entry.title))?;
        let wrapper = |stage: &Stage| wrappers::find(stage.id).expect("a stage is only made from a registered id");
        Ok(Self { entry, build, wrappers: method.wrappers.iter().map(wrapper).collect() })
    }

    fn knob_count(&self) -> usize {
        self.entry.knobs.len() + self.wrappers.iter().map(|wrapper| wrapper.knobs.len()).sum::<usize>()
    }

    fn build(&self, mut knobs: &[Tracer], start: &[Tracer]) -> Box<dyn Optimizer<Tracer>> {
        let start = Vector::from_slice(start);
        let mut take = |list: &'static [optimizers::Knob]| {
            let (own, rest) = knobs.split_at(list.len());
            knobs = rest;
            Knobs::new(list, own.to_vec())
        };
        let blocks = Block::column(start.len());
        let mut optimizer = (self.build)(&take(self.entry.knobs), &start, &blocks);
        for wrapper in &self.wrappers {
            optimizer = (wrapper.tracer)(&take(wrapper.knobs), optimizer, &start);
        }
        optimizer
    }
}

/// Answers with the formula's own arithmetic, so that it is recorded too. What it draws is an input of the tape.
struct TapeOracle<'a> {
    value: Evaluator<Tracer>,
    gradient: Evaluator<Gradient>,
    hessian: Evaluator<Hessian>,
    noise: TapeNoise,
    /// The number of the step, then the uniform numbers that have not been used.
    number: Tracer,
    uniforms: &'a [Tracer],
    asked: u32,
    /// The slots of the draws so far.
    draws: Vec<u32>,
}

/// Where the gradients that an optimizer sees come from, as for [`PlaneOracle`](crate::problems::PlaneOracle).
enum TapeNoise {
    Exact,
    Gaussian { sigma: Tracer },
    Own { online: bool, value: Evaluator<Tracer>, gradient: Evaluator<Gradient> },
}

impl<'a> TapeOracle<'a> {
    /// `rest` are the inputs from the number of the step on. Draws for which there is no input are zeros.
    fn new(problem: &PlaneProblem, noise: Noise, sigma: Option<Tracer>, rest: &'a [Tracer]) -> Self {
        let program = problem.program();
        let noise = match (noise, problem.own_noise(), sigma) {
            (Noise::Gaussian { .. }, _, Some(sigma)) => TapeNoise::Gaussian { sigma },
            (Noise::Own, Some(OwnNoise::Online(program)), _) => {
                TapeNoise::Own { online: true, value: program.evaluator(), gradient: program.evaluator() }
            }
            (Noise::Own, Some(OwnNoise::Sampled(program)), _) => {
                TapeNoise::Own { online: false, value: program.evaluator(), gradient: program.evaluator() }
            }
            _ => TapeNoise::Exact,
        };
        Self {
            value: program.evaluator(),
            gradient: program.evaluator(),
            hessian: program.evaluator(),
            noise,
            number: rest[0],
            uniforms: &rest[1..],
            asked: 0,
            draws: Vec::new(),
        }
    }

    /// The Hessian's entries xx, xy, yy.
    fn second(&mut self, x: &Vector<Tracer>) -> [Tracer; 3] {
        let seed = |i: usize| Hessian::variable(Gradient::variable(x[i], i), i);
        let [dx, dy] = self.hessian.evaluate(&[seed(0), seed(1)]).derivative;
        [dx.derivative[0], dx.derivative[1], dy.derivative[1]]
    }

    /// The two uniform numbers of a draw; asking again for a draw gives the same.
    fn uniform_pair(&mut self, slot: u32) -> [Tracer; 2] {
        let place = self.draws.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.draws.push(slot);
            self.draws.len() - 1
        });
        match self.uniforms.get(2 * place..2 * place + 2) {
            Some(pair) => [pair[0], pair[1]],
            None => [Tracer::one(); 2],
        }
    }

    fn normal_pair(&mut self, slot: u32) -> [Tracer; 2] {
        box_muller(self.uniform_pair(slot))
    }
}

impl Oracle<Tracer> for TapeOracle<'_> {
    fn value(&mut self, x: &Vector<Tracer>) -> Tracer {
        let (asked, number) = (self.asked, self.number);
        let drawn = match &self.noise {
            TapeNoise::Own { online: false, .. } => self.uniform_pair(asked),
            _ => [number; 2],
        };
        match &mut self.noise {
            TapeNoise::Exact | TapeNoise::Gaussian { .. } => self.value.evaluate(x.as_slice()),
            TapeNoise::Own { online: true, value, .. } => value.evaluate(&[x[0], x[1], number]),
            TapeNoise::Own { value, .. } => value.evaluate(&[x[0], x[1], drawn[0], drawn[1]]),
        }
    }

    fn gradient(&mut self, x: &Vector<Tracer>) -> Vector<Tracer> {
        let seeds = [Gradient::variable(x[0], 0), Gradient::variable(x[1], 1)];
        let constant = |number: Tracer| Gradient { value: number, derivative: [Tracer::zero(); 2] };
        let asked = self.asked;
        self.asked += 1;
        let drawn = match &self.noise {
            TapeNoise::Own { online: false, .. } => self.uniform_pair(asked),
            TapeNoise::Gaussian { .. } => self.normal_pair(asked),
            _ => [self.number; 2],
        };
        Vector::plane(match &mut self.noise {
            TapeNoise::Exact => self.gradient.evaluate(&seeds).derivative,
            TapeNoise::Gaussian { sigma } => {
                let [gx, gy] = self.gradient.evaluate(&seeds).derivative;
                [gx + *sigma * drawn[0], gy + *sigma * drawn[1]]
            }
            TapeNoise::Own { online: true, gradient, .. } => {
                gradient.evaluate(&[seeds[0], seeds[1], constant(drawn[0])]).derivative
            }
            TapeNoise::Own { gradient, .. } => {
                gradient.evaluate(&[seeds[0], seeds[1], constant(drawn[0]), constant(drawn[1])]).derivative
            }
        })
    }

    fn hessian(&mut self, x: &Vector<Tracer>) -> Vec<Vector<Tracer>> {
        let [xx, xy, yy] = self.second(x);
        vec![Vector::plane([xx, xy]), Vector::plane([xy, yy])]
    }

    fn hessian_vector(&mut self, x: &Vector<Tracer>, v: &Vector<Tracer>) -> Vector<Tracer> {
        let [xx, xy, yy] = self.second(x);
        Vector::plane([xx * v[0] + xy * v[1], xy * v[0] + yy * v[1]])
    }

    fn normal(&mut self, slot: u32) -> Vector<Tracer> {
        Vector::plane(self.normal_pair(OWN_DRAWS.saturating_add(slot)))
    }

    fn report(&mut self, _: Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Runner;
    use crate::landscapes;
    use crate::optimizers::REGISTRY;
    use crate::scalar::uniform_pair;

    fn steps_agree(problem: &PlaneProblem, method: &Method, start: [f64; 2], steps: u32) {
        let rule = Rule::record(problem, method, Noise::None).expect("a recordable optimizer");
        let knobs: Vec<f64> = method.knobs().map(|(_, value)| value).collect();
        let mut slots = rule.begin.run(&[&start[..], &knobs].concat());
        let mut runner = Runner::new(problem, method, start, Noise::None, 0);
        for step in 1..=steps {
            let draws = rule.draws.iter().flat_map(|slot| uniform_pair(0, 0, step, *slot));
            let more: Vec<f64> = [f64::from(step)].into_iter().chain(draws).collect();
            slots = rule.step.run(&[&slots[..], &knobs, &more].concat());
            runner.step();
            let direct = runner.point();
            let place = format!("{} on {}, step {step}", method.title(), problem.title);
            // Rewrites are exact for finite values: a run that has left them is over.
            if !direct.iter().all(|x| x.is_finite()) {
                return;
            }
            assert_eq!(slots[..2], direct, "{place}");
        }
    }

    /// The claim of the whole module: the recording is the definition, to the last bit.
    #[test]
    fn a_tape_computes_what_the_definition_computes() {
        for entry in REGISTRY.iter().filter(|entry| entry.recordable()) {
            for row in landscapes::offered() {
                let problem = PlaneProblem::landscape(row.id, &[]).expect("a listed landscape");
                let method = Method::new(entry.id, &[("lr", 0.01)]).expect("every recordable optimizer has lr");
                steps_agree(&problem, &method, problem.start, 200);
            }
        }
    }

    #[test]
    fn wrappers_are_recorded_with_what_they_wrap() {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        for wrapper in wrappers::WRAPPERS {
            let mut method = Method::new("adam", &[("lr", 0.1)]).expect("adam has lr");
            method.wrappers.push(Stage { id: wrapper.id, knobs: wrapper.defaults() });
            steps_agree(&problem, &method, [-1.0, 0.5], 60);
        }
    }

    #[test]
    fn knobs_are_inputs() {
        let problem = PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape");
        let slow = Method::new("adam", &[("lr", 0.001)]).expect("adam has lr");
        let fast = Method::new("adam", &[("lr", 0.1)]).expect("adam has lr");
        let rule = Rule::record(&problem, &slow, Noise::None).expect("adam is recordable");
        assert_eq!(rule, Rule::record(&problem, &fast, Noise::None).expect("adam is recordable"));
        assert_eq!(fast.knobs().next().map(|(_, value)| value), Some(0.1));
    }

    #[test]
    fn a_method_that_searches_says_why_it_cannot_be_recorded() {
        let problem = PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape");
        let method = Method::new("bfgs", &[]).expect("a registered optimizer");
        let error = Rule::record(&problem, &method, Noise::None).expect_err("bfgs searches");
        assert!(error.to_string().contains("BFGS"), "{error}");
    }
}
