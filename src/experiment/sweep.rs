//! The step-size strip: the final loss as a function of the step size, all else equal.

use super::outcome::is_diverged;
use super::{Experiment, Method, Runner};
use crate::problems::{Local, PlaneProblem};
use crate::scalar::decimal;

/// The final losses of one method over a range of step sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct StripCurve {
    /// The method's place in the experiment.
    pub method: usize,
    /// The step sizes tried so far with the loss after the experiment's steps; `None`: the run diverged or became
    /// undefined.
    pub samples: Vec<(f64, Option<f64>)>,
    /// How the losses of several runs lie around `samples`, their medians; `None` where each step size had one run.
    pub spread: Option<Spread>,
}

/// How the losses of several runs lie, for each step size of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The loss that a tenth of the runs are below; `None`: fewer than a tenth stayed.
    pub low: Vec<Option<f64>>,
    /// The loss that nine tenths of the runs are below; `None`: more than a tenth diverged.
    pub high: Vec<Option<f64>>,
    /// The share of runs that came within the tolerance, from 0 to 1.
    pub success: Vec<f64>,
}

impl StripCurve {
    /// The curve of several runs for each step size: each run's final loss, `None` where it diverged, and whether it came
    /// within the tolerance. A step size without runs is left out.
    pub fn of_runs(method: usize, runs: impl Iterator<Item = (f64, Vec<(Option<f64>, bool)>)>) -> Self {
        let mut curve = Self { method, samples: Vec::new(), spread: None };
        let mut spread = Spread { low: Vec::new(), high: Vec::new(), success: Vec::new() };
        for (lr, runs) in runs.filter(|(_, runs)| !runs.is_empty()) {
            // Runs that diverged count as higher than all others.
            let mut losses: Vec<f64> = Vec::with_capacity(runs.len());
            for loss in runs.iter().map(|run| run.0.unwrap_or(f64::INFINITY)) {
                losses.insert(losses.partition_point(|known| *known < loss), loss);
            }
            let quantile = |q: f64| {
                let place = ((losses.len() - 1) as f64 * q).round() as usize;
                Some(losses[place]).filter(|loss| loss.is_finite())
            };
            curve.samples.push((lr, quantile(0.5)));
            spread.low.push(quantile(0.1));
            spread.high.push(quantile(0.9));
            spread.success.push(runs.iter().filter(|run| run.1).count() as f64 / runs.len() as f64);
        }
        curve.spread = Some(spread);
        curve
    }
}

/// A strip that is computed little by little, so that nothing has to wait for it.
pub struct Strip {
    problem: PlaneProblem,
    experiment: Experiment,
    local: Local,
    /// The curves as far as they have been computed.
    pub curves: Vec<StripCurve>,
    next: usize,
}

/// Step sizes of a strip: `count` from 1e-5 to 10, evenly in the logarithm.
pub fn default_step_sizes(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| libm::pow(10.0, -5.0 + 6.0 * i as f64 / (count.max(2) - 1) as f64))
}

impl Strip {
    /// Step sizes tried for each method.
    pub const SAMPLES: usize = 73;

    /// A strip of which nothing has been computed. Methods without a step size have no curve.
    pub fn new(problem: PlaneProblem, experiment: Experiment) -> Self {
        let with_lr = experiment.methods.iter().enumerate().filter(|(_, method)| method.has_step_size());
        let curves = with_lr.map(|(method, _)| StripCurve { method, samples: Vec::new(), spread: None }).collect();
        Self { local: problem.local(), problem, experiment, curves, next: 0 }
    }

    /// Computes one more sample. Returns whether there is more to do. Samples come in an order that covers the whole
    /// range coarsely first.
    pub fn advance(&mut self) -> bool {
        let methods = self.curves.len();
        if self.next >= methods * Self::SAMPLES {
            return false;
        }
        let (curve, turn) = (self.next % methods, self.next / methods);
        self.next += 1;
        // 29 has no factor in common with 73: every sample is visited once, neighbours far apart in time.
        let index = turn * 29 % Self::SAMPLES;
        let lr = default_step_sizes(Self::SAMPLES).nth(index).expect("an index below the number of samples");
        let curve = &mut self.curves[curve];
        let method = &self.experiment.methods[curve.method];
        let value = final_value(&self.problem, &self.experiment, method, lr, &mut self.local);
        let place = curve.samples.partition_point(|(known, _)| *known < lr);
        curve.samples.insert(place, (lr, value));
        self.next < methods * Self::SAMPLES
    }
}

/// The loss after the experiment's steps with step size `lr`; `None` when the run diverges or becomes undefined.
fn final_value(
    problem: &PlaneProblem,
    experiment: &Experiment,
    method: &Method,
    lr: f64,
    local: &mut Local,
) -> Option<f64> {
    let mut method = method.clone();
    method.base.knobs.set("lr", lr);
    let mut runner = Runner::of(problem, experiment, &method);
    for _ in 0..experiment.steps {
        runner.step();
        // The coordinates alone: a loss that is not finite makes them so within a step or two.
        if is_diverged(problem, runner.point(), 0.0) {
            return None;
        }
    }
    let value = local.value(runner.point());
    value.is_finite().then_some(value)
}

/// The step size on a grid of six to the decade with the lowest final loss, or `None` when the method has no
/// step size or every run fails.
pub fn tuned_step_size(problem: &PlaneProblem, experiment: &Experiment, method: &Method) -> Option<f64> {
    if !method.has_step_size() {
        return None;
    }
    let mut local = problem.local();
    let tried = default_step_sizes(37).filter_map(|lr| {
        let lr = round_to_two_digits(lr);
        final_value(problem, experiment, method, lr, &mut local).map(|value| (value, lr))
    });
    tried.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, lr)| lr)
}

/// Two significant digits: what one would type.
fn round_to_two_digits(x: f64) -> f64 {
    decimal(&format!("{x:.1e}")).unwrap_or(x)
}

impl Method {
    /// Whether it has a step size to sweep.
    pub fn has_step_size(&self) -> bool {
        self.base.knobs.iter().any(|(knob, _)| knob.id == "lr")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strip_of_gradient_descent_breaks_at_two_over_the_largest_eigenvalue() {
        let problem = PlaneProblem::landscape("ellipse", &[]).expect("a listed landscape");
        let method = Method::new("sgd", &[("lr", 0.01)]).expect("registered");
        let experiment = Experiment { methods: vec![method], steps: 2000, ..Experiment::default() };
        let mut strip = Strip::new(problem, experiment);
        while strip.advance() {}
        let samples = &strip.curves[0].samples;
        assert_eq!(samples.len(), Strip::SAMPLES);
        // Curvatures 1 and 100: stable below 2 / 100.
        for (lr, value) in samples {
            assert_eq!(value.is_some(), *lr < 0.02, "{lr}");
        }
    }

    #[test]
    fn a_curve_of_runs_has_their_quantiles() {
        let runs = (0..21).map(|i| (Some(f64::from(i)).filter(|_| i < 15), i < 7)).collect();
        let curve = StripCurve::of_runs(2, [(0.1, runs), (0.2, vec![]), (0.3, vec![(None, false)])].into_iter());
        assert_eq!(curve.samples, [(0.1, Some(10.0)), (0.3, None)]);
        let spread = curve.spread.expect("several runs");
        // Six of 21 diverged: more than a tenth.
        assert_eq!((&spread.low[..], &spread.high[..]), (&[Some(2.0), None][..], &[None, None][..]));
        assert_eq!(spread.success, [7.0 / 21.0, 0.0]);
    }

    #[test]
    fn the_tuned_step_size_is_the_best_of_the_grid() {
        let problem = PlaneProblem::landscape("sphere", &[]).expect("a listed landscape");
        let method = Method::new("sgd", &[]).expect("registered");
        let experiment = Experiment { methods: vec![method.clone()], steps: 5, ..Experiment::default() };
        // On x^2 + y^2 one step of size 1/2 ends at the minimum; 0.46 is the grid's nearest.
        assert_eq!(tuned_step_size(&problem, &experiment, &method), Some(0.46));
    }
}
