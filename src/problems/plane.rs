//! Problems of the plane: a formula in x and y, asked for values, gradients and Hessians.

use super::Noise;
use super::critical::{Critical, Kind, classify, eigen2, search};
use crate::formula::{Evaluator, Formula, FormulaError, Names, Program};
use crate::landscapes::{self, Landscape};
use crate::optimizers::{Calls, Event, Oracle};
use crate::scalar::{Dual, Real, Vector, normal_pair, uniform_pair};

/// First derivatives in the plane.
type Gradient = Dual<f64, 2>;
/// Second derivatives in the plane.
type Hessian = Dual<Gradient, 2>;

/// Why a problem cannot be posed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProblemError {
    /// There is no such landscape.
    #[error("there is no landscape called {0}")]
    UnknownLandscape(String),
    /// The formula does not parse.
    #[error("{0}")]
    Formula(#[from] FormulaError),
    /// The parameters of a matrix problem contradict each other or ask for too much: why.
    #[error("{0}")]
    Matrix(String),
    /// The parameters of a problem of the measure lab cannot be used: why.
    #[cfg(labs)]
    #[error("{0}")]
    Measure(String),
    /// It is a problem of another lab.
    #[error("it is not a problem of the plane")]
    NotOfThePlane,
}

/// A loss over the plane with what is known about it.
#[derive(Clone, Debug)]
pub struct PlaneProblem {
    /// Name for people.
    pub title: String,
    /// The row it comes from, if any.
    pub row: Option<&'static Landscape>,
    /// The formula, for display.
    pub formula: Formula,
    /// All parameters with their present values.
    pub parameters: Vec<(String, f64)>,
    /// xmin, xmax, ymin, ymax.
    pub domain: [f64; 4],
    /// Where optimizers start.
    pub start: [f64; 2],
    /// Known critical points: the row's list while its parameters have their defaults, otherwise what a search found.
    pub critical: Vec<Critical>,
    /// Whether `critical` was found by search and may be incomplete.
    pub searched: bool,
    program: Program,
    own: Option<OwnNoise>,
}

/// A landscape's own stochastic or online loss.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnNoise {
    /// Depends on the step t = 1, 2, ...
    Online(Program),
    /// Depends on two uniform draws a call.
    Sampled(Program),
}

impl PlaneProblem {
    /// The landscape `id` with some parameters changed.
    pub fn landscape(id: &str, parameters: &[(String, f64)]) -> Result<Self, ProblemError> {
        let row = landscapes::find(id).ok_or_else(|| ProblemError::UnknownLandscape(id.to_owned()))?;
        let names: Vec<&str> = row.params.iter().map(|(name, _)| *name).collect();
        let given = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let values: Vec<f64> = row.params.iter().map(|(name, default)| given(name).unwrap_or(*default)).collect();
        let program = |text: &str, variables: &[&str]| -> Result<Program, FormulaError> {
            Ok(Formula::parse(text, &Names { variables, parameters: &names })?.program(&values))
        };
        let own = match (row.formula_t, row.sample) {
            (Some(text), _) => Some(OwnNoise::Online(program(text, &["x", "y", "t"])?)),
            (None, Some(text)) => Some(OwnNoise::Sampled(program(text, &["x", "y", "u", "w"])?)),
            (None, None) => None,
        };
        let mut problem = Self {
            title: row.name.to_owned(),
            row: Some(row),
            formula: Formula::parse(row.formula, &Names { variables: &["x", "y"], parameters: &names })?,
            program: program(row.formula, &["x", "y"])?,
            parameters: names.iter().map(|name| (*name).to_owned()).zip(values.iter().copied()).collect(),
            domain: row.domain,
            start: row.start,
            critical: Vec::new(),
            searched: false,
            own,
        };
        let at_defaults = row.params.iter().zip(&values).all(|((_, default), value)| default == value);
        if at_defaults {
            problem.critical = listed(row, &problem);
        } else {
            problem.search_critical();
        }
        Ok(problem)
    }

    /// A formula in x and y that somebody typed.
    pub fn typed(text: &str, parameters: &[(String, f64)]) -> Result<Self, ProblemError> {
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<f64> = parameters.iter().map(|(_, value)| *value).collect();
        let formula = Formula::parse(text, &Names { variables: &["x", "y"], parameters: &names })?;
        let program = formula.program(&values);
        let mut problem = Self {
            title: "Your formula".to_owned(),
            row: None,
            formula,
            program,
            parameters: parameters.to_vec(),
            domain: [-3.0, 3.0, -3.0, 3.0],
            start: [-2.0, 1.5],
            critical: Vec::new(),
            searched: true,
            own: None,
        };
        problem.search_critical();
        Ok(problem)
    }

    /// Poses the problem in another window. A typed formula's start moves with it.
    pub fn set_domain(&mut self, domain: [f64; 4]) {
        self.domain = domain;
        if self.searched {
            self.search_critical();
        }
        if self.row.is_none() {
            let [x0, x1, y0, y1] = domain;
            self.start = [x0 + (x1 - x0) / 6.0, y0 + 0.75 * (y1 - y0)];
        }
    }

    fn search_critical(&mut self) {
        self.critical = search(self, self.domain);
        self.searched = true;
    }

    /// Whether the landscape has a stochastic or online loss of its own.
    pub fn has_own_noise(&self) -> bool {
        self.own.is_some()
    }

    /// The landscape's stochastic or online loss, where it has one.
    pub fn own_noise(&self) -> Option<&OwnNoise> {
        self.own.as_ref()
    }

    /// The known minima, in the order in which outcomes and maps number them.
    pub fn minima(&self) -> impl Iterator<Item = &Critical> {
        self.critical.iter().filter(|c| c.kind == Kind::Minimum)
    }

    /// The lowest value known: of a listed or found minimum. `None` when there is no known minimum.
    pub fn lowest_known(&self) -> Option<f64> {
        self.minima().map(|c| c.value).min_by(f64::total_cmp)
    }

    /// The loss that counts as solved: at most `tolerance` (1 + |f*|) above the lowest known value f*. Minus infinity where
    /// none is known: nothing counts.
    pub fn solved_at(&self, tolerance: f64) -> f64 {
        self.lowest_known().map_or(f64::NEG_INFINITY, |lowest| lowest + tolerance * (1.0 + lowest.abs()))
    }

    /// Length of the window's diagonal, the unit in which distances are judged.
    pub fn diagonal(&self) -> f64 {
        let [x0, x1, y0, y1] = self.domain;
        libm::hypot(x1 - x0, y1 - y0)
    }

    /// The window's centre, from which it is judged how far a run has gone.
    pub fn centre(&self) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.domain;
        [0.5 * (x0 + x1), 0.5 * (y0 + y1)]
    }

    /// Whether the point lies in the window.
    pub fn contains(&self, [x, y]: [f64; 2]) -> bool {
        let [x0, x1, y0, y1] = self.domain;
        x >= x0 && x <= x1 && y >= y0 && y <= y1
    }

    /// The formula as straight-line operations over x and y.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Exact values and derivatives, uncounted: for pictures and verdicts.
    pub fn local(&self) -> Local {
        Local { value: self.program.evaluator(), gradient: self.program.evaluator(), hessian: self.program.evaluator() }
    }

    /// What optimizers ask: counted, with the experiment's noise.
    ///
    /// `run` numbers the runs of a seed, each with draws of its own; a trace is run 0.
    pub fn oracle(&self, noise: Noise, seed: u64, run: u32) -> PlaneOracle {
        let noise = match (noise, &self.own) {
            (Noise::Gaussian { sigma }, _) => Source::Gaussian { sigma },
            (Noise::Own, Some(OwnNoise::Online(program))) => {
                Source::Online { value: program.evaluator(), gradient: program.evaluator() }
            }
            (Noise::Own, Some(OwnNoise::Sampled(program))) => {
                Source::Sampled { value: program.evaluator(), gradient: program.evaluator() }
            }
            (Noise::None, _) | (Noise::Own, None) => Source::Exact,
        };
        PlaneOracle {
            local: self.local(),
            noise,
            seed,
            run,
            step: 0,
            asked_in_step: 0,
            calls: Calls::default(),
            events: Vec::new(),
            probes: None,
        }
    }
}

/// The listed critical points of a row. Listed minima stay minima whatever their Hessian: some are kinks or degenerate.
fn listed(row: &Landscape, problem: &PlaneProblem) -> Vec<Critical> {
    let mut local = problem.local();
    let minima = row.minima.iter().map(|c| Critical { at: [c.x, c.y], value: c.f, kind: Kind::Minimum });
    let others = row.saddles.iter().map(|c| (c, Kind::Saddle)).chain(row.maxima.iter().map(|c| (c, Kind::Maximum)));
    let others = others.map(|(c, kind)| {
        let at = [c.x, c.y];
        let (_, _, hessian) = local.second_order(at);
        let degenerate = hessian.iter().all(|h| h.is_finite()) && classify(eigen2(hessian).0) == Kind::Degenerate;
        Critical { at, value: c.f, kind: if degenerate { Kind::Degenerate } else { kind } }
    });
    minima.chain(others).collect()
}

/// Exact values and derivatives of a problem at a point.
#[derive(Clone, Debug)]
pub struct Local {
    value: Evaluator<f64>,
    gradient: Evaluator<Gradient>,
    hessian: Evaluator<Hessian>,
}

impl Local {
    /// The loss.
    #[inline]
    pub fn value(&mut self, at: [f64; 2]) -> f64 {
        self.value.evaluate(&at)
    }

    /// Loss and gradient.
    #[inline]
    pub fn first_order(&mut self, at: [f64; 2]) -> (f64, [f64; 2]) {
        let f = self.gradient.evaluate(&seeds(at));
        (f.value, f.derivative)
    }

    /// Loss, gradient, and the Hessian's entries xx, xy, yy.
    pub fn second_order(&mut self, at: [f64; 2]) -> (f64, [f64; 2], [f64; 3]) {
        let seed = |i: usize| Hessian::variable(Gradient::variable(at[i], i), i);
        let f = self.hessian.evaluate(&[seed(0), seed(1)]);
        let [dx, dy] = f.derivative;
        (f.value.value, f.value.derivative, [dx.derivative[0], dx.derivative[1], dy.derivative[1]])
    }
}

/// x and y as the two variables to differentiate by.
#[inline]
fn seeds(at: [f64; 2]) -> [Gradient; 2] {
    [Gradient::variable(at[0], 0), Gradient::variable(at[1], 1)]
}

/// Where the gradients that an optimizer sees come from.
#[derive(Clone, Debug)]
enum Source {
    Exact,
    Gaussian { sigma: f64 },
    Online { value: Evaluator<f64>, gradient: Evaluator<Gradient> },
    Sampled { value: Evaluator<f64>, gradient: Evaluator<Gradient> },
}

/// Answers an optimizer's questions about a problem of the plane and counts them.
///
/// Noise is named by (seed, run, step, number of the gradient call within the step): two optimizers of one experiment see the
/// same draws. Values and Hessians are exact under Gaussian noise, and the sampled or online loss under
/// [`Noise::Own`] for values.
#[derive(Clone, Debug)]
pub struct PlaneOracle {
    local: Local,
    noise: Source,
    seed: u64,
    run: u32,
    step: u32,
    asked_in_step: u32,
    /// Questions so far, by kind.
    pub calls: Calls,
    /// What the optimizer reported in this step.
    pub events: Vec<Event>,
    /// Points asked about in this step, while they are recorded.
    pub probes: Option<Vec<[f64; 2]>>,
}

impl PlaneOracle {
    /// Begins step `step`, counted from 1.
    #[inline]
    pub fn begin_step(&mut self, step: u32) {
        self.step = step;
        self.asked_in_step = 0;
        self.events.clear();
        if let Some(probes) = &mut self.probes {
            probes.clear();
        }
    }

    #[inline]
    fn probe(&mut self, at: [f64; 2]) {
        if let Some(probes) = &mut self.probes {
            probes.push(at);
        }
    }

    /// The draws of this call to a landscape's own stochastic loss.
    fn sample(&self, at: [f64; 2]) -> [f64; 4] {
        let [u, w] = uniform_pair(self.seed, self.run, self.step, self.asked_in_step);
        [at[0], at[1], u, w]
    }
}

/// The slots of noise on gradients end where those of an optimizer's own draws begin.
pub const OWN_DRAWS: u32 = 1 << 16;

impl Oracle<f64> for PlaneOracle {
    #[inline]
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        let at = [x[0], x[1]];
        self.calls.value += 1;
        self.probe(at);
        let drawn = self.sample(at);
        match &mut self.noise {
            Source::Exact | Source::Gaussian { .. } => self.local.value(at),
            Source::Online { value, .. } => value.evaluate(&[at[0], at[1], f64::from(self.step)]),
            Source::Sampled { value, .. } => value.evaluate(&drawn),
        }
    }

    #[inline]
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        let at = [x[0], x[1]];
        self.calls.gradient += 1;
        self.probe(at);
        let [x, y] = seeds(at);
        let gradient = match &mut self.noise {
            Source::Exact => self.local.gradient.evaluate(&[x, y]).derivative,
            Source::Gaussian { sigma } => {
                let [gx, gy] = self.local.gradient.evaluate(&[x, y]).derivative;
                let [nx, ny] = normal_pair(self.seed, self.run, self.step, self.asked_in_step);
                [gx + *sigma * nx, gy + *sigma * ny]
            }
            Source::Online { gradient, .. } => {
                gradient.evaluate(&[x, y, Real::from_f64(f64::from(self.step))]).derivative
            }
            Source::Sampled { gradient, .. } => {
                let [u, w] = uniform_pair(self.seed, self.run, self.step, self.asked_in_step);
                gradient.evaluate(&[x, y, Real::from_f64(u), Real::from_f64(w)]).derivative
            }
        };
        self.asked_in_step += 1;
        Vector::plane(gradient)
    }

    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        let at = [x[0], x[1]];
        self.calls.hessian += 1;
        self.probe(at);
        let (_, _, [xx, xy, yy]) = self.local.second_order(at);
        vec![Vector::from([xx, xy]), Vector::from([xy, yy])]
    }

    fn hessian_vector(&mut self, x: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        let at = [x[0], x[1]];
        self.calls.hessian_vector += 1;
        self.probe(at);
        let (_, _, [xx, xy, yy]) = self.local.second_order(at);
        Vector::from([xx * v[0] + xy * v[1], xy * v[0] + yy * v[1]])
    }

    fn normal(&mut self, slot: u32) -> Vector<f64> {
        Vector::plane(normal_pair(self.seed, self.run, self.step, OWN_DRAWS.saturating_add(slot)))
    }

    fn report(&mut self, event: Event) {
        self.events.push(event);
    }

    fn report_where(&mut self, happened: bool, event: Event) {
        if happened {
            self.report(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock() -> PlaneProblem {
        PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape")
    }

    #[test]
    fn every_question_is_counted() {
        let mut oracle = rosenbrock().oracle(Noise::None, 0, 0);
        let x = Vector::from([-1.2, 1.0]);
        oracle.value(&x);
        oracle.gradient(&x);
        oracle.gradient(&x);
        oracle.hessian(&x);
        assert_eq!((oracle.calls.value, oracle.calls.gradient, oracle.calls.hessian), (1, 2, 1));
    }

    #[test]
    fn the_same_step_and_call_see_the_same_noise() {
        let problem = rosenbrock();
        let x = Vector::from([0.5, 0.5]);
        let draw = |seed| {
            let mut oracle = problem.oracle(Noise::Gaussian { sigma: 1.0 }, seed, 0);
            oracle.begin_step(3);
            [oracle.gradient(&x)[0], oracle.gradient(&x)[0]]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }

    #[test]
    fn a_changed_parameter_moves_the_minimum() {
        let problem = PlaneProblem::landscape("rosenbrock", &[("a".to_owned(), 2.0)]).expect("a listed landscape");
        assert!(problem.searched);
        // The minimum is at (a, a^2) = (2, 4), outside the window's top at y = 3.
        assert!(problem.critical.is_empty());
        let problem = PlaneProblem::landscape("rosenbrock", &[("a".to_owned(), 1.5)]).expect("a listed landscape");
        let minimum = problem.critical[0];
        assert!((minimum.at[0] - 1.5).abs() < 1e-9 && (minimum.at[1] - 2.25).abs() < 1e-9);
    }
}
