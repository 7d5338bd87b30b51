//! A job in numbers, for a worker that has the experiment's link.

use super::{Axis, Goal, Job};
use crate::experiment::Link;

/// How many numbers an order has.
const NUMBERS: usize = 10;

impl Job {
    /// What the experiment's link does not say of this job: which of its methods, what is asked, what varies where.
    pub fn order(&self, place: usize) -> [f64; NUMBERS] {
        let target = match self.goal {
            Goal::Landing => f64::NAN,
            Goal::Loss { target } => target,
        };
        let [x0, x1, y0, y1] = self.window;
        let [across, down] = self.axes.map(|axis| match axis {
            Axis::Nothing => 0,
            Axis::Trial => 1,
            Axis::Run => 2,
            Axis::Start(i) => 3 + i,
            Axis::Knob(i) => 5 + i,
        });
        let count = |number: usize| number as f64;
        [count(place), target, count(across), count(down), x0, x1, y0, y1, count(self.columns), count(self.rows)]
    }

    /// The job of an order.
    ///
    /// # Errors
    /// When the link's problem cannot be posed, or the order is not one for its experiment: the reason in words.
    pub fn ordered(link: &str, order: &[f64]) -> Result<Self, String> {
        let [place, target, across, down, x0, x1, y0, y1, columns, rows] = *order else {
            return Err(format!("an order has {NUMBERS} numbers"));
        };
        let Link { experiment, .. } = Link::parse(link);
        let problem = experiment.pose().map_err(|error| error.to_string())?;
        let job = Self::of(&experiment, &problem, place as usize, [x0, x1, y0, y1]);
        let job = job.ok_or("the link has no such optimizer")?;
        let knobs = job.method.knobs().count();
        let axis = |number: f64| match number as usize {
            0 => Ok(Axis::Nothing),
            1 => Ok(Axis::Trial),
            2 => Ok(Axis::Run),
            number @ (3 | 4) => Ok(Axis::Start(number - 3)),
            number if number - 5 < knobs => Ok(Axis::Knob(number - 5)),
            _ => Err("the optimizer has no such knob"),
        };
        Ok(Self {
            goal: if target.is_nan() { Goal::Landing } else { Goal::Loss { target } },
            axes: [axis(across)?, axis(down)?],
            columns: (columns as usize).max(1),
            rows: (rows as usize).max(1),
            ..job
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "problem=himmelblau&start=1,1&steps=50&noise=gaussian;sigma=0.5&seed=3&opt=sgd&opt=adam;lr=0.1";

    #[test]
    fn an_order_brings_the_same_job() {
        for axes in [
            [Axis::Start(0), Axis::Start(1)],
            [Axis::Knob(0), Axis::Knob(2)],
            [Axis::Trial, Axis::Run],
            [Axis::Nothing; 2],
        ] {
            for goal in [Goal::Landing, Goal::Loss { target: 1e-3 }] {
                let Link { experiment, .. } = Link::parse(LINK);
                let problem = experiment.pose().expect("a listed landscape");
                let job = Job::of(&experiment, &problem, 1, [-3.0, 0.0, 1.0, 2.0]).expect("there are two methods");
                let job = Job { axes, goal, columns: 7, rows: 3, ..job };
                let again = Job::ordered(LINK, &job.order(1)).expect("a right order");
                assert_eq!(format!("{again:?}"), format!("{job:?}"));
            }
        }
    }

    #[test]
    fn wrong_orders_are_refused() {
        assert!(Job::ordered(LINK, &[1.0]).is_err());
        let order = |place: f64, axis: f64| [place, f64::NAN, axis, 0.0, 0.0, 1.0, 0.0, 1.0, 2.0, 2.0];
        assert!(Job::ordered(LINK, &order(1.0, 5.0)).is_ok());
        assert!(Job::ordered(LINK, &order(2.0, 5.0)).is_err());
        assert!(Job::ordered(LINK, &order(1.0, 50.0)).is_err());
        assert!(Job::ordered("problem=formula;f=x", &order(7.0, 0.0)).is_err());
    }
}
