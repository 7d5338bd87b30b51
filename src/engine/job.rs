//! What a mass run is asked, and what it answers.

use super::Landing;
use crate::experiment::{Experiment, Method, Stage};
use crate::problems::{Critical, PlaneProblem};

/// A run for every cell of a grid of starts, with one method and without noise: with it every run of a start would end
/// elsewhere.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is minimised.
    pub problem: PlaneProblem,
    /// By what.
    pub method: Method,
    /// Steps of each run.
    pub steps: u32,
    /// xmin, xmax, ymin, ymax of the starts: cell centres lie within.
    pub window: [f64; 4],
    /// Cells in a row.
    pub columns: usize,
    /// Rows, the first at ymax.
    pub rows: usize,
}

/// What became of the run that started in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Where it got.
    pub verdict: Verdict,
    /// Steps until it came to rest or left; all of them for a run that did neither.
    pub steps: u32,
}

/// Where a run got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// To the known minimum with this index.
    Minimum(u16),
    /// To rest at a point that is no known minimum.
    Elsewhere,
    /// It was still moving when the steps were used up.
    Moving,
    /// Out of reach.
    Left,
}

/// A run is at a known minimum within this fraction of the window's diagonal.
const AT_MINIMUM: f64 = 0.01;

impl Job {
    /// The map of an experiment's method over a window.
    pub fn of(experiment: &Experiment, problem: &PlaneProblem, method: usize, window: [f64; 4]) -> Option<Self> {
        Some(Self {
            problem: problem.clone(),
            method: experiment.methods.get(method)?.clone(),
            steps: experiment.steps,
            window,
            columns: 1,
            rows: 1,
        })
    }

    /// The start in the middle of a cell.
    pub fn start(&self, column: usize, row: usize) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.window;
        let u = (column as f64 + 0.5) / self.columns as f64;
        let v = (row as f64 + 0.5) / self.rows as f64;
        [x0 + u * (x1 - x0), y1 - v * (y1 - y0)]
    }

    /// The part of the job in some of its rows.
    #[must_use]
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Self {
        let [x0, x1, y0, y1] = self.window;
        let edge = |row: usize| y1 - row as f64 / self.rows as f64 * (y1 - y0);
        Self { window: [x0, x1, edge(rows.end), edge(rows.start)], rows: rows.len(), ..self.clone() }
    }

    /// What the landing of a run means.
    pub fn judge(&self, landing: Landing) -> Cell {
        if landing.left > 0 {
            return Cell { verdict: Verdict::Left, steps: landing.left };
        }
        let near = AT_MINIMUM * self.problem.diagonal();
        let distance = |c: &Critical| libm::hypot(c.at[0] - landing.at[0], c.at[1] - landing.at[1]);
        let nearest =
            self.problem.minima().enumerate().map(|(i, c)| (i, distance(c))).min_by(|a, b| a.1.total_cmp(&b.1));
        let verdict = match nearest {
            Some((i, distance)) if distance <= near => Verdict::Minimum(i.min(usize::from(u16::MAX)) as u16),
            _ if landing.moved >= self.steps => Verdict::Moving,
            _ => Verdict::Elsewhere,
        };
        Cell { verdict, steps: landing.moved }
    }
}

/// A method's optimizer and its wrappers.
fn stages(method: &Method) -> impl Iterator<Item = &Stage> {
    std::iter::once(&method.base).chain(&method.wrappers)
}

/// The values of a method's knobs, the optimizer's first.
pub(super) fn knob_values(method: &Method) -> Vec<f64> {
    stages(method).flat_map(|stage| stage.knobs.iter().map(|(_, value)| value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        let method = Method::new("sgd", &[("lr", 0.01)]).expect("gradient descent has lr");
        let window = problem.domain;
        Job { problem, method, steps: 100, window, columns: 4, rows: 2 }
    }

    #[test]
    fn starts_are_the_middles_of_cells_from_the_top() {
        let job = Job { window: [0.0, 4.0, 10.0, 12.0], ..job() };
        assert_eq!(job.start(0, 0), [0.5, 11.5]);
        assert_eq!(job.start(3, 1), [3.5, 10.5]);
    }

    #[test]
    fn the_rows_of_a_job_start_where_they_start_in_the_whole() {
        let job = Job { window: [0.0, 4.0, 10.0, 18.0], rows: 8, ..job() };
        let part = job.rows(3..5);
        assert_eq!((part.rows, part.start(1, 0), part.start(1, 1)), (2, job.start(1, 3), job.start(1, 4)));
    }

    #[test]
    fn verdicts_tell_minima_rest_motion_and_departure_apart() {
        let job = job();
        let verdict = |at, left, moved| job.judge(Landing { at, left, moved }).verdict;
        let first = job.problem.minima().next().expect("Himmelblau has four minima");
        assert_eq!(verdict(first.at, 0, 40), Verdict::Minimum(0));
        // Near a minimum a run has arrived, even if it trembles there to the end.
        assert_eq!(verdict(first.at, 0, 100), Verdict::Minimum(0));
        assert_eq!(verdict([0.0, 0.0], 0, 40), Verdict::Elsewhere);
        assert_eq!(verdict([0.0, 0.0], 0, 100), Verdict::Moving);
        assert_eq!(verdict(first.at, 7, 6), Verdict::Left);
    }

    #[test]
    fn without_a_step_nothing_has_moved() {
        let job = Job { steps: 0, ..job() };
        assert_eq!(job.judge(Landing { at: [0.0, 0.0], left: 0, moved: 0 }).verdict, Verdict::Moving);
    }
}
