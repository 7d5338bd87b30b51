//! What the end of a run means on a map.

use super::{Job, Landing};
use crate::problems::Critical;

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
