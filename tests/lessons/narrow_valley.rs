//! "Adam in a narrow valley": the same quadratic along the axes and turned.

use super::{Measured, Reading};
use thalweg::experiment::Runner;
use thalweg::problems::Noise;

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("narrow_valley");

    let aligned = text.setup(1);
    text.says(1, "the curvatures are 1 along $ and 100 along $");
    text.says(
        1,
        &format!(
            "has converged at step {}; Adam, with the step size {}, at step {}",
            aligned.converged(1),
            aligned.knob(0, "lr"),
            aligned.converged(0)
        ),
    );
    let (round, narrow) = (text.link(1, "The same"), text.link(1, "with curvatures 1 and 10000"));
    assert_eq!(round.converged(0), aligned.converged(0));
    text.says(
        1,
        &format!("The same: {}. Even with curvatures 1 and 10000 it is {}", round.converged(0), narrow.converged(0)),
    );

    // The same path: eps, 1e-8 against roots of at least 1e-3, is all that differs until the run has converged.
    for other in [&round, &narrow] {
        for (a, b) in aligned.trace(0).points.iter().zip(&other.trace(0).points).take(150) {
            assert!((a[0] - b[0]).abs() < 1e-6 && (a[1] - b[1]).abs() < 1e-6, "{a:?} {b:?}");
        }
    }
    text.says(2, &format!("why {} is not {}", narrow.converged(0), round.converged(0)));

    let turned = text.setup(3);
    text.says(3, "has curvatures 1 and 100 as before");
    let theta = turned.run.problem.parameters.iter().find(|(name, _)| name == "theta").map_or(0.0, |(_, theta)| *theta);
    text.says(3, &format!("turned by {:.0} degrees", theta.to_degrees()));
    text.says(3, &format!("converged at step {}, not {}", turned.converged(0), aligned.converged(0)));
    text.says(3, &format!("It takes {} steps, not {}", turned.converged(1), aligned.converged(1)));
    let little = Measured::of(&text.lesson.pages[2].setup.replace("k2=100", "k2=100;theta=0.1"));
    text.says(
        3,
        &format!("Adam takes {} steps at an angle of 0.1 ({:.0} degrees)", little.converged(0), 0.1_f64.to_degrees()),
    );
    assert_eq!(text.link(3, "243 steps").trace(0), little.trace(0));
    let more = text.link(3, "583");
    text.says(3, &format!("{} at 0.4 ({:.0} degrees)", more.converged(0), 0.4_f64.to_degrees()));
    assert_eq!(more.run.problem.parameters[2].1, 0.4);

    let tuned = text.setup(4);
    text.says(4, &format!("The step size {} was", tuned.knob(1, "lr")));
    text.says(4, &format!("with a step size of {}", tuned.knob(0, "lr")));
    let along = text.link(4, "166 along the axes");
    text.says(4, &format!("it takes {} steps, against {} along the axes", tuned.converged(0), along.converged(0)));
    // "Almost equal" denominators: within a twentieth, at a step half way.
    let mut runner =
        Runner::new(&tuned.run.problem, &tuned.experiment.methods[0], tuned.run.problem.start, Noise::None, 0);
    (0..130).for_each(|_| runner.step());
    let v = runner.state().into_iter().find(|(name, _)| *name == "v").map(|(_, v)| v).unwrap_or_default();
    let ratio = (v[0] / v[1]).sqrt();
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    text.says(4, "a curvature of 100");
    let steep = text.link(4, "10000");
    text.says(4, &format!("cope with {}", steep.run.problem.parameters[1].1));
    assert_eq!([steep.verdict(0), steep.verdict(1)], ["on its way"; 2]);
    text.says(4, &format!("both runs are on their way after {} steps", steep.experiment.steps));
    text.says(4, &format!("has converged at step {}", steep.converged(2)));

    text.finish(&[]);
}
