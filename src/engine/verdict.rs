//! What the end of a run means on a map.

use super::{Job, Landing};
use crate::problems::{Kind, PlaneProblem, critical_from};

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
    /// To the minimum with this index in a map's [`Minima`], the known ones first.
    Minimum(u16),
    /// To rest at a point that is no minimum of the map's.
    Elsewhere,
    /// Into a cycle: again and again to the same places.
    Cycling,
    /// It was still moving when the steps were used up.
    Moving,
    /// Out of reach.
    Left,
}

/// A run is at a minimum within this fraction of the window's diagonal.
const AT_MINIMUM: f64 = 0.01;

/// The minima that a map tells apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Minima {
    at: Vec<[f64; 2]>,
    /// The square of the distance within which a run is at a minimum.
    near: f64,
}

/// Minima that a map tells apart at most.
const MOST: usize = 512;
/// Points that are looked at for a minimum that is not known.
const TRIED: usize = 400;

impl Minima {
    /// Those that are known of a problem.
    pub fn known(problem: &PlaneProblem) -> Self {
        let near = AT_MINIMUM * problem.diagonal();
        Self { at: problem.minima().map(|c| c.at).take(MOST).collect(), near: near * near }
    }

    /// Takes in the minima at which runs came to rest: a list of a landscape's minima may name the lowest only.
    pub fn learn(&mut self, job: &Job, landings: &[Landing]) {
        let mut local = job.problem.local();
        let resting = landings.iter().filter(|landing| landing.left == 0 && landing.moved < job.steps);
        let mut tried = 0;
        for landing in resting {
            if self.at.len() >= MOST || tried >= TRIED {
                return;
            }
            if self.nearest(landing.at).is_some() {
                continue;
            }
            tried += 1;
            let found = critical_from(&job.problem, &mut local, landing.at).filter(|c| c.kind == Kind::Minimum);
            if let Some(found) = found.filter(|found| square(found.at, landing.at) <= self.near)
                && self.nearest(found.at).is_none()
            {
                self.at.push(found.at);
            }
        }
    }

    /// Where the minimum with this index is.
    pub fn get(&self, index: u16) -> Option<[f64; 2]> {
        self.at.get(usize::from(index)).copied()
    }

    /// The minimum at which a point is.
    fn nearest(&self, at: [f64; 2]) -> Option<u16> {
        let distances = self.at.iter().map(|minimum| square(*minimum, at)).enumerate();
        let (index, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
        (distance <= self.near).then_some(index as u16)
    }

    /// What the landing of a run means.
    pub fn judge(&self, job: &Job, landing: Landing) -> Cell {
        if landing.left > 0 {
            return Cell { verdict: Verdict::Left, steps: landing.left };
        }
        let verdict = match self.nearest(landing.at) {
            Some(index) => Verdict::Minimum(index),
            // It moved to the end, and came back in the last three quarters of the steps.
            None if landing.moved >= job.steps && landing.back > job.steps / 4 => Verdict::Cycling,
            None if landing.moved >= job.steps => Verdict::Moving,
            None => Verdict::Elsewhere,
        };
        Cell { verdict, steps: landing.moved }
    }
}

/// The square of the distance.
fn square([ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    (ax - bx) * (ax - bx) + (ay - by) * (ay - by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, Method};
    use crate::problems::PlaneProblem;

    fn job() -> Job {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        let method = Method::new("sgd", &[("lr", 0.01)]).expect("gradient descent has lr");
        let experiment = Experiment { methods: vec![method], steps: 100, ..Experiment::default() };
        Job::of(&experiment, &problem, 0, problem.domain).expect("the experiment has a method")
    }

    #[test]
    fn verdicts_tell_minima_rest_motion_and_departure_apart() {
        let job = job();
        let verdict =
            |at, left, moved| Minima::known(&job.problem).judge(&job, Landing { at, left, moved, back: 0 }).verdict;
        let first = job.problem.minima().next().expect("Himmelblau has four minima");
        assert_eq!(verdict(first.at, 0, 40), Verdict::Minimum(0));
        // Near a minimum a run has arrived, even if it trembles there to the end.
        assert_eq!(verdict(first.at, 0, 100), Verdict::Minimum(0));
        assert_eq!(verdict([0.0, 0.0], 0, 40), Verdict::Elsewhere);
        assert_eq!(verdict([0.0, 0.0], 0, 100), Verdict::Moving);
        assert_eq!(verdict(first.at, 7, 6), Verdict::Left);
        let swinging = Landing { at: [0.0, 0.0], left: 0, moved: 100, back: 99 };
        let judge = |landing| Minima::known(&job.problem).judge(&job, landing).verdict;
        assert_eq!(judge(swinging), Verdict::Cycling);
        // Long ago is no cycle, and who rests does not cycle.
        assert_eq!(judge(Landing { back: 20, ..swinging }), Verdict::Moving);
        assert_eq!(judge(Landing { moved: 40, ..swinging }), Verdict::Elsewhere);
    }

    #[test]
    fn without_a_step_nothing_has_moved() {
        let job = Job { steps: 0, ..job() };
        let landing = Landing { at: [0.0, 0.0], left: 0, moved: 0, back: 0 };
        assert_eq!(Minima::known(&job.problem).judge(&job, landing).verdict, Verdict::Moving);
    }

    /// Rastrigin's list names the minima nearest to the lowest; others lie near the points with whole coordinates.
    #[test]
    fn minima_that_no_list_names_are_learned() {
        let problem = PlaneProblem::landscape("rastrigin", &[]).expect("a listed landscape");
        let job = Job { problem, ..job() };
        let mut minima = Minima::known(&job.problem);
        let known = minima.at.len();
        let landing = |x, y, moved| Landing { at: [x, y], left: 0, moved, back: 0 };
        let landings = [
            landing(0.0, 0.0, 50),
            landing(1.99, 0.0, 50),
            landing(1.9901, 0.0001, 60),
            landing(-0.995, 1.99, 50),
            // Between minima, still moving, and gone.
            landing(0.5, 0.5, 50),
            landing(2.985, 0.0, 100),
            Landing { left: 3, ..landing(3.98, 0.0, 2) },
        ];
        minima.learn(&job, &landings);
        assert_eq!(minima.at.len(), known + 2, "{minima:?}");
        let verdict = |place: usize| minima.judge(&job, landings[place]).verdict;
        let new = |i: usize| Verdict::Minimum((known + i) as u16);
        assert_eq!(verdict(1), new(0));
        assert_eq!((verdict(2), verdict(3)), (new(0), new(1)));
        assert_eq!((verdict(4), verdict(5)), (Verdict::Elsewhere, Verdict::Moving));
    }
}
