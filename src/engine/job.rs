//! What a mass run is asked.

use crate::experiment::{Experiment, Method};
use crate::optimizers::{Knob, Scale};
use crate::problems::{Noise, PlaneProblem};

/// A run for every cell of a grid, all with one method on one problem. What differs from cell to cell is said by the
/// grid's two axes; everything else is the experiment's.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is minimised.
    pub problem: PlaneProblem,
    /// By what; knobs that an axis sets are overruled.
    pub method: Method,
    /// Noise on the gradient.
    pub noise: Noise,
    /// Names the random draws, together with a run's number.
    pub seed: u64,
    /// The number of the experiment's own run; an axis counts from there.
    pub run: u32,
    /// Steps of each run.
    pub steps: u32,
    /// What is asked about each run.
    pub goal: Goal,
    /// What changes along a row, and what from row to row.
    pub axes: [Axis; 2],
    /// The first axis's least and greatest, then the second's, in the units of [`Axis`]: cell centres lie within.
    pub window: [f64; 4],
    /// Cells in a row.
    pub columns: usize,
    /// Rows, the first at the greatest of the second axis.
    pub rows: usize,
}

/// What is asked about each run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Where it ends: a [`Landing`](super::Landing).
    Landing,
    /// How low it comes: a [`Loss`](super::Loss).
    Loss {
        /// The value that counts as solved.
        target: f64,
    },
}

/// What changes along a side of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A coordinate of the start, 0 or 1.
    Start(usize),
    /// The knob with this index among all of the method's, the optimizer's first, where [`knob_place`] puts it.
    Knob(usize),
    /// Start and noise: cell `i` begins at the `i`-th point of a sequence that covers the problem's window evenly and
    /// has the `i`-th run after the experiment's own, which is cell 0.
    Trial,
    /// The noise: cell `i` has the `i`-th run after the experiment's own.
    Run,
    /// Nothing.
    Nothing,
}

/// How one run of a mass run begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Where.
    pub start: [f64; 2],
    /// With which values of all knobs, the optimizer's first.
    pub knobs: Vec<f64>,
    /// The number that names its noise.
    pub run: u32,
}

impl Job {
    /// Where an experiment's method ends, for the starts of a window; a single cell.
    pub fn of(experiment: &Experiment, problem: &PlaneProblem, method: usize, window: [f64; 4]) -> Option<Self> {
        Some(Self {
            problem: problem.clone(),
            method: experiment.methods.get(method)?.clone(),
            noise: experiment.noise,
            seed: experiment.seed,
            run: experiment.run,
            steps: experiment.steps,
            goal: Goal::Landing,
            axes: [Axis::Start(0), Axis::Start(1)],
            window,
            columns: 1,
            rows: 1,
        })
    }

    /// Runs, one a cell.
    pub fn cells(&self) -> usize {
        self.columns * self.rows
    }

    /// The position of a cell's middle on both axes. Cells are counted row by row from the top.
    pub fn middle(&self, cell: usize) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.window;
        let u = ((cell % self.columns) as f64 + 0.5) / self.columns as f64;
        let v = ((cell / self.columns) as f64 + 0.5) / self.rows as f64;
        [x0 + u * (x1 - x0), y1 - v * (y1 - y0)]
    }

    /// How the run of a cell begins.
    pub fn launch(&self, cell: usize) -> Launch {
        let mut launch = Launch {
            start: self.problem.start,
            knobs: self.method.knobs().map(|(_, value)| value).collect(),
            run: self.run,
        };
        self.set(cell, &mut launch.start, &mut launch.knobs, &mut launch.run);
        launch
    }

    /// Writes what the axes say of a cell, and nothing else.
    pub(super) fn set(&self, cell: usize, start: &mut [f64], knobs: &mut [f64], run: &mut u32) {
        let numbers = [cell % self.columns, cell / self.columns];
        for ((axis, place), number) in self.axes.into_iter().zip(self.middle(cell)).zip(numbers) {
            match axis {
                Axis::Start(i) => start[i] = place,
                Axis::Knob(i) => {
                    if let Some(((knob, _), value)) = self.method.knobs().nth(i).zip(knobs.get_mut(i)) {
                        *value = knob_value(knob, place);
                    }
                }
                Axis::Trial => {
                    *run = self.run.wrapping_add(number as u32);
                    let at = if number > 0 { spread(self.problem.domain, number) } else { self.problem.start };
                    start.copy_from_slice(&at);
                }
                Axis::Run => *run = self.run.wrapping_add(number as u32),
                Axis::Nothing => {}
            }
        }
    }

    /// The method with the knobs of a launch.
    pub fn method_of(&self, launch: &Launch) -> Method {
        let mut method = self.method.clone();
        launch.knobs.iter().enumerate().for_each(|(index, value)| method.set_knob(index, *value));
        method
    }

    /// Steps that a kernel has to take: what a run's loss is after its last step is seen at the beginning of another.
    pub fn kernel_steps(&self) -> u32 {
        match self.goal {
            Goal::Landing => self.steps,
            Goal::Loss { .. } => self.steps.saturating_add(1),
        }
    }
}

/// The `number`-th point of the additive recurrence by the plastic number, which fills a square evenly at every length
/// (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"), in a window.
fn spread([x0, x1, y0, y1]: [f64; 4], number: usize) -> [f64; 2] {
    const PLASTIC: f64 = 1.324_717_957_244_746;
    let share = |by: f64| {
        let u = 0.5 + number as f64 / by;
        u - u.floor()
    };
    [x0 + share(PLASTIC) * (x1 - x0), y0 + share(PLASTIC * PLASTIC) * (y1 - y0)]
}

/// The position of a value on the axis of a knob: its decimal logarithm, minus the decimal logarithm of its distance to
/// one, or the value itself, by the knob's scale.
pub fn knob_place(knob: &Knob, value: f64) -> f64 {
    match knob.scale {
        Scale::Log { from } => libm::log10(value.max(from)),
        Scale::NearOne => -libm::log10((1.0 - value).max(1e-16)),
        Scale::Linear | Scale::Integer => value,
    }
}

/// The value at a position of a knob's axis, the nearest that the knob accepts.
pub fn knob_value(knob: &Knob, place: f64) -> f64 {
    knob.nearest(match knob.scale {
        Scale::Log { .. } => libm::pow(10.0, place),
        Scale::NearOne => 1.0 - libm::pow(10.0, -place),
        Scale::Linear | Scale::Integer => place,
    })
}

/// The positions between which a knob's axis lies: where its slider runs, mostly.
pub fn knob_window(knob: &Knob) -> [f64; 2] {
    let (low, high) = knob.range;
    let end = match knob.scale {
        // Beyond 0.9997 a factor averages over more steps than most runs have.
        Scale::NearOne => 3.5,
        _ => knob_place(knob, knob.slider_end().min(high)),
    };
    [knob_place(knob, low), end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knob_values(method: &Method) -> Vec<f64> {
        method.knobs().map(|(_, value)| value).collect()
    }

    fn job() -> Job {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        let method = Method::new("adam", &[("lr", 0.01)]).expect("Adam has lr");
        let experiment = Experiment { methods: vec![method], steps: 100, ..Experiment::default() };
        let window = problem.domain;
        let job = Job::of(&experiment, &problem, 0, window).expect("the experiment has a method");
        Job { columns: 4, rows: 2, ..job }
    }

    #[test]
    fn starts_are_the_middles_of_cells_from_the_top() {
        let job = Job { window: [0.0, 4.0, 10.0, 12.0], ..job() };
        assert_eq!(job.launch(0).start, [0.5, 11.5]);
        assert_eq!(job.launch(7).start, [3.5, 10.5]);
        assert_eq!(job.launch(7).knobs, knob_values(&job.method));
    }

    #[test]
    fn knobs_change_along_their_axes_only() {
        let axes = [Axis::Knob(0), Axis::Knob(1)];
        let job = Job { axes, window: [-4.0, 0.0, 0.0, 2.0], ..job() };
        let launch = job.launch(5);
        // lr at 10^(-4 + 1.5), beta1 at 1 - 10^-0.5.
        assert!((launch.knobs[0] - libm::pow(10.0, -2.5)).abs() < 1e-12, "{launch:?}");
        assert!((launch.knobs[1] - (1.0 - libm::pow(10.0, -0.5))).abs() < 1e-12, "{launch:?}");
        assert_eq!(launch.knobs[2..], knob_values(&job.method)[2..]);
        assert_eq!(launch.start, job.problem.start);
        assert_eq!(job.method_of(&launch).base.knobs.get("beta1"), launch.knobs[1]);
    }

    #[test]
    fn the_first_trial_is_the_experiment_and_the_others_cover_the_window() {
        let job = Job { axes: [Axis::Trial, Axis::Nothing], columns: 400, rows: 1, ..job() };
        assert_eq!(job.launch(0), Launch { start: job.problem.start, knobs: knob_values(&job.method), run: 0 });
        let [x0, x1, y0, y1] = job.problem.domain;
        let mut quarters = [0; 4];
        for cell in 1..400 {
            let Launch { start: [x, y], run, .. } = job.launch(cell);
            assert_eq!(run as usize, cell);
            assert!(job.problem.contains([x, y]));
            quarters[usize::from(x > 0.5 * (x0 + x1)) + 2 * usize::from(y > 0.5 * (y0 + y1))] += 1;
        }
        assert!(quarters.iter().all(|count| (95..=105).contains(count)), "{quarters:?}");
    }

    #[test]
    fn an_axis_without_width_gives_every_cell_its_one_value() {
        let job = Job { axes: [Axis::Knob(0), Axis::Nothing], window: [-2.0, -2.0, 0.0, 0.0], ..job() };
        assert!((0..job.cells()).all(|cell| job.launch(cell).knobs[0] == 0.01));
    }

    #[test]
    fn positions_on_a_knobs_axis_go_both_ways() {
        for (knob, _) in job().method.knobs() {
            let [low, high] = knob_window(knob);
            assert!(low < high, "{}", knob.id);
            for share in [0.0, 0.3, 0.7, 1.0] {
                let value = knob_value(knob, low + share * (high - low));
                let again = knob_value(knob, knob_place(knob, value));
                assert!((value - again).abs() <= 1e-12 * value.abs(), "{}: {value} and {again}", knob.id);
            }
        }
    }
}
