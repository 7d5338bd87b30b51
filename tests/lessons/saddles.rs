//! "Saddles": x^2/2 - y^2/2 + y^4/4, whose saddle has the curvatures 1 and -1.

use super::{Reading, digits};
use thalweg::experiment::Outcome;
use thalweg::optimizers::Oracle;
use thalweg::problems::Noise;
use thalweg::scalar::Vector;

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("saddles");

    let ridge = text.setup(1);
    let Outcome::Saddle { eigenvalues, at } = ridge.trace(0).outcome else { panic!("{:?}", ridge.trace(0).outcome) };
    assert!(at[0].abs() < 1e-9 && at[1] == 0.0);
    text.says(1, &ridge.verdict(0));
    text.says(1, &format!("are {} and {}", digits(eigenvalues[0], 0), digits(eigenvalues[1], 0)));

    let beside = text.setup(2);
    let y: Vec<f64> = beside.trace(0).points.iter().map(|point| point[1]).collect();
    // Cubic in y: at 0.001 it changes the factor by a ten-millionth.
    text.says(2, &format!("it is {:.1} each step", y[1] / y[0]));
    assert!((y[1] / y[0] - 1.1).abs() < 1e-6);
    text.says(2, &format!("converged at step {}", beside.converged(0)));
    let predicted = 1000.0_f64.ln() / 1.1_f64.ln();
    text.says(2, &format!("About {predicted:.1},"));
    let (closer, closest) = (text.link(2, "0.000001"), text.link(2, "a thousandth of that"));
    text.says(2, "from 0.000001 the run");
    assert_eq!((closer.experiment.start, closest.experiment.start), (Some([-1.5, 1e-6]), Some([-1.5, 1e-9])));
    text.says(
        2,
        &format!("at step {}, from a thousandth of that at step {}", closer.converged(0), closest.converged(0)),
    );
    for (more, less) in [(&closer, &beside), (&closest, &closer)] {
        // Whole steps, and the last of the way is not quite the same.
        assert!(((more.converged(0) - less.converged(0)) as f64 - predicted).abs() <= 1.0);
    }

    let three = text.setup(3);
    assert_eq!(three.experiment.start, Some([-1.5, 1e-9]));
    // Late enough for the smaller root to have died out, and y still tiny.
    let y: Vec<f64> = three.trace(1).points.iter().map(|point| point[1]).collect();
    // In the text the root stands in the sentence after the equation.
    text.says(3, &format!("which is {:.3} here", y[50] / y[49]));
    text.says(
        3,
        &format!(
            "converged at step {}, heavy ball at step {}, Adam at step {}",
            three.converged(0),
            three.converged(1),
            three.converged(2)
        ),
    );
    let farther = text.link(3, "A thousand times farther away");
    text.says(3, &format!("it is {}, {} and {}", farther.converged(0), farther.converged(1), farther.converged(2)));
    text.says(3, &format!("heavy ball pays {} steps", three.converged(1) - farther.converged(1)));
    assert_eq!(three.converged(2) - farther.converged(2), 1, "Adam pays one");

    let noisy = text.setup(4);
    let Noise::Gaussian { sigma } = noisy.experiment.noise else { panic!("no noise") };
    text.says(4, &format!("numbers of size {sigma} are"));
    assert_eq!(noisy.experiment.start, Some([-1.5, 0.0]));
    text.says(4, &format!("converged at step {}", noisy.converged(0)));
    let quiet = text.link(4, "with noise of a thousandth of that");
    assert_eq!(quiet.experiment.noise, Noise::Gaussian { sigma: sigma / 1000.0 });
    text.says(4, &format!("at step {}", quiet.converged(0)));
    let other = text.link(4, "with seed 8");
    text.says(4, &format!("with seed {}", other.experiment.seed));
    assert!((noisy.end(0)[1] - 1.0).abs() < 1e-2 && (other.end(0)[1] + 1.0).abs() < 1e-2);

    let newton = text.setup(5);
    let start = newton.run.problem.start;
    let mut oracle = newton.run.problem.oracle(Noise::None, 0, 0);
    let x = Vector::from(start);
    let (g, h) = (oracle.gradient(&x), oracle.hessian(&x));
    // The mixed derivative is zero.
    let pure = [start[0] - g[0] / h[0][0], start[1] - g[1] / h[1][1]];
    assert_eq!((start, pure[0], format!("{:.3}", pure[1])), ([-1.5, 0.1], 0.0, "-0.002".to_owned()));
    assert!(h[1][1] < 0.0);
    text.says(5, &format!("the offset of {}?", start[1]));
    assert_eq!(digits(newton.trace(0).points[1][1], 3), "0.202");
    text.says(5, &format!("converged at step {}", newton.converged(0)));
    let exactly = text.link(5, "Exactly on the ridge");
    for method in 0..4 {
        assert!(matches!(exactly.trace(method).outcome, Outcome::Saddle { .. }), "{}", exactly.verdict(method));
    }
    text.says(5, &format!("converged at step {}", exactly.converged(4)));

    text.finish(&[]);
}
