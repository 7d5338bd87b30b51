//! "When conditioning costs nothing": sensing of a matrix of rank three in 20 x 20 with five columns, where gradient descent
//! pays for the condition number and ScaledGD(lambda) does not.

use super::{Reading, matrices::Matrices};
use thalweg::experiment::matrix::MatrixOutcome;

fn verdict(of: &Matrices, method: usize) -> String {
    of.trace(method).outcome.verdict()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("condition_number");

    let ten = text.matrix_setup(1);
    let (one, hundred) = (text.matrix_link(1, "With one"), text.matrix_link(1, "With a hundred"));
    for (of, kappa) in [(&one, 1.0), (&ten, 10.0), (&hundred, 100.0)] {
        assert_eq!((of.run.outline.value("kappa"), of.run.outline.spectrum.len()), (kappa, 3));
        assert_eq!((of.recovered(0), of.run.outline.spectrum[0]), (of.below(0, of.experiment.tolerance), 1.0));
    }
    text.says(1, &format!("The largest singular value is {}", ten.run.outline.spectrum[0]));
    text.says(1, &format!("stays below {} from step {} on", ten.experiment.tolerance, ten.recovered(0)));
    text.says(1, "condition number of 1, and of 100?");
    text.says(1, &format!("it takes {} steps", one.recovered(0)));
    let more = hundred.recovered(0) as f64 / ten.recovered(0) as f64;
    text.says(1, &format!("it takes {} steps: from ten to a hundred {more:.1} times as many", hundred.recovered(0)));

    let scaled = text.matrix_setup(2);
    let (one, hundred) = (text.matrix_link(2, "With one"), text.matrix_link(2, "with a hundred"));
    for of in [&one, &scaled, &hundred] {
        let least = of.run.outline.spectrum[2];
        let lambda = of.experiment.methods[0].base.knobs.get("lambda");
        assert!((lambda - least).abs() < 1e-12, "{lambda} {least}");
    }
    let [from, to] = scaled.experiment.view.fit.expect("named");
    text.says(
        2,
        &format!(
            "stays below {} from step {} on, and between steps {from} and {to} each step multiplies it by {:.3}",
            scaled.experiment.tolerance,
            scaled.recovered(0),
            scaled.rate(0).factor
        ),
    );
    text.says(2, &format!("it is {:.3}, with a hundred {:.3}", one.rate(0).factor, hundred.rate(0).factor));
    text.says(2, &format!("The steps are {} and {}", one.recovered(0), hundred.recovered(0)));

    let damped = text.matrix_setup(3);
    assert_eq!((damped.run.outline.count("width"), damped.run.outline.spectrum.len()), (5, 3));
    text.says(3, &verdict(&damped, 0));
    let exact = text.matrix_link(3, "With three");
    assert_eq!((exact.run.outline.count("width"), verdict(&exact, 0)), (3, verdict(&damped, 0)));
    let large = text.matrix_link(3, "From a start of size one");
    assert_eq!((large.run.outline.value("alpha"), large.run.outline.count("width")), (1.0, 5));
    let steps = large.experiment.steps;
    text.says(3, &format!("below {} from step {} on", large.experiment.tolerance, large.recovered(0)));
    text.says(3, &format!("in {} of the {steps} steps", large.trace(0).events.len()));
    text.says(3, &format!("after {steps} steps the error is {:.4}", large.error(1)));

    text.finish(&[]);
}

/// Other truths, measurements and starts: the same claims, where the text has the numbers of one seed.
#[test]
fn the_rate_does_not_depend_on_the_condition_number() {
    let text = Reading::of("condition_number");
    for seed in 2..4 {
        let scaled = [text.matrix_link(2, "With one"), text.matrix_setup(2), text.matrix_link(2, "with a hundred")];
        let logs = scaled.map(|of| -libm::log(of.with_seed(seed).rate(0).factor));
        // Gradient descent's rates would be as 100 to 1. The damping is as large as the smallest singular value whatever
        // kappa is, and what is left over, the other singular values, changes the rate by a fifth at most.
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            assert!((logs[a] / logs[b] - 1.0).abs() < 0.2, "{seed}: {logs:?}");
        }
        let descent = [text.matrix_link(1, "With one"), text.matrix_setup(1)].map(|of| of.with_seed(seed).recovered(0));
        assert!(descent[1] > 5 * descent[0], "{seed}: {descent:?}");
    }
}

/// A tiny start needs the damping, whatever the number of columns; superfluous columns alone do not.
#[test]
fn without_damping_a_tiny_start_is_thrown_out_and_a_large_one_is_not() {
    let text = Reading::of("condition_number");
    let (tiny, large) = (text.matrix_setup(3), text.matrix_link(3, "From a start of size one"));
    for seed in 2..4 {
        for width in [3.0, 5.0, 10.0] {
            let with = |of: &Matrices| {
                of.again(|experiment| {
                    experiment.seed = seed;
                    experiment.problem.set_parameter("width", width);
                })
            };
            let (tiny, large) = (with(&tiny), with(&large));
            assert_eq!(tiny.trace(0).outcome, MatrixOutcome::Diverged { step: 1 });
            // One step from X = alpha G leads to a matrix of size (lr / alpha)^2 |M|^2 / |G|^2: 1e19 lr^2 over numbers of order
            // one to ten.
            assert!(tiny.error_at(0, 1) > 1e15, "{}", tiny.error_at(0, 1));
            assert!(large.recovered(0) < 60, "{seed} {width}: {}", large.recovered(0));
            assert_eq!(large.trace(0).events.is_empty(), width == 3.0);
            tiny.recovered(1);
        }
    }
}
