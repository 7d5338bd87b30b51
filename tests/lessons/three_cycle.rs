//! "A ball that never arrives": heavy ball on the function of Lessard, Recht and Packard.

use super::{Measured, Reading, digits};
use thalweg::experiment::Outcome;

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("three_cycle");

    let quadratic = text.setup(1);
    text.says(1, "curvatures from 1 to 25");
    text.says(1, "between 1 and 25");
    text.says(
        1,
        &format!(
            "converged at step {}, gradient descent with its best step size at step {}",
            quadratic.converged(0),
            quadratic.converged(1)
        ),
    );

    let cycle = text.setup(2);
    assert_eq!(cycle.trace(0).outcome, Outcome::Cycling { period: 3 });
    text.says(2, &cycle.verdict(0));
    text.says(2, "its curvature is 25, then 1, then 25 again");
    let trace = cycle.trace(0);
    // The round that begins with its largest x.
    let first = (190..193).max_by(|a, b| trace.points[*a][0].total_cmp(&trace.points[*b][0])).unwrap_or(0);
    let round = [0, 1, 2].map(|k| digits(trace.points[first + k][0], 3));
    text.says(2, &format!("the values {}, {}, {} and begins again", round[0], round[1], round[2]));
    let lowest = trace.values[first..first + 3].iter().copied().fold(f64::INFINITY, f64::min);
    text.says(2, &format!("never below {lowest:.1}"));
    assert!(cycle.end(0)[1].abs() < 1e-9, "y converges");
    text.says(2, "The curvature along $ is 1 everywhere");

    text.says(3, &format!("From {}, reached from {}, the slope is", round[0], round[2]));
    text.says(3, &format!("From {} the slope", round[1]));
    text.says(3, &format!("far past the minimum, to {}", round[2]));
    text.says(3, &format!("back to {}", round[0]));
    text.says(3, "the flat piece between 1 and 2");
    let touched = trace.points[100..].iter().filter(|[x, _]| (1.0..=2.0).contains(x)).count();
    assert_eq!(touched, 0);
    text.says(3, "the curvature is 25");
    text.says(3, "Is 3.3 a special");
    assert_eq!(cycle.experiment.start, Some([3.3, 1.0]));
    let from = |start: String| {
        let link = text.lesson.pages[1].setup.replace("start=3.3,1", &format!("start={start},1"));
        Measured::of(&link).verdict(0)
    };
    for hundredths in 307..=346 {
        let start = format!("{}", f64::from(hundredths) / 100.0);
        assert_eq!(from(start.clone()), cycle.verdict(0), "{start}");
    }
    text.says(3, "$ = 3.07, 3.08, …, 3.46 with");
    let (three, more) = (text.link(3, "from 3"), text.link(3, "from 3.6"));
    text.says(
        3,
        &format!("from 3 it has converged at step {}, and from 3.6 at step {}", three.converged(0), more.converged(0)),
    );

    let ways = text.setup(4);
    assert_eq!(ways.trace(0).outcome, Outcome::Cycling { period: 3 });
    text.says(4, &format!("converged at step {}, gradient descent at step {}", ways.converged(2), ways.converged(1)));
    let shorter = text.link(4, "a step size of 0.1");
    text.says(4, &format!("a step size of {} has converged at step {}", shorter.knob(0, "lr"), shorter.converged(0)));
    assert!(shorter.converged(0) < ways.converged(2));

    text.finish(&[(2, "Lessard, Recht and Packard 2016")]);
}
