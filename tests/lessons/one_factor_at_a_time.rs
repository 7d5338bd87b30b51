//! "One factor at a time": completion of a matrix of rank three in 40 x 40 of which half is seen.

use super::{Reading, matrices::Matrices};

fn accuracies(of: &Matrices) -> Vec<f64> {
    of.experiment.methods.iter().map(|method| method.base.knobs.get("accuracy")).collect()
}

fn kappa(of: &Matrices) -> f64 {
    of.run.outline.value("kappa")
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("one_factor_at_a_time");

    let rough = text.matrix_setup(1);
    let given = accuracies(&rough);
    assert_eq!((given[0], rough.run.outline.value("observed")), (1e-8, 0.5));
    text.says(1, &format!("stop at {}, {} and {} of the gradient", given[1], given[2], given[3]));
    let [from, to] = rough.experiment.view.fit.expect("named");
    text.says(
        1,
        &format!(
            "Between steps {from} and {to} the first multiplies the error by {:.3} each step, the second by {:.3}",
            rough.rate(0).factor,
            rough.rate(1).factor
        ),
    );
    text.says(1, &format!("gives {:.3}, and nine tenths {:.3}", rough.rate(2).factor, rough.rate(3).factor));

    let three = text.matrix_setup(2);
    text.says(2, &format!("is {} times the smallest", kappa(&three)));
    text.says(
        2,
        &format!(
            "takes {} steps to a relative error of 0.000001, gradient descent {}.",
            three.recovered(0),
            three.recovered(1)
        ),
    );
    assert_eq!(three.experiment.tolerance, 1e-6);
    let (one, ten) = (text.matrix_link(2, "With 1"), text.matrix_link(2, "with 10"));
    text.says(2, &format!("with {}, and with {}?", kappa(&one), kappa(&ten)));
    text.says(2, &format!("With {} it is {} and {} steps", kappa(&one), one.recovered(0), one.recovered(1)));
    text.says(2, &format!("with {} {} and {}.", kappa(&ten), ten.recovered(0), ten.recovered(1)));
    let thirty = text.matrix_link(2, "With 30");
    assert_eq!((kappa(&thirty), accuracies(&thirty)[1]), (30.0, 1e-8));
    text.says(2, "With 30 a tenth");
    text.says(2, &format!("to an error of {:.1}", thirty.error(0)));
    text.says(2, &format!("it takes {} steps. The theorem", thirty.recovered(1)));

    text.finish(&[]);
}

#[test]
fn rough_solutions_do_as_well_with_other_random_numbers() {
    let text = Reading::of("one_factor_at_a_time");
    for seed in 1..4 {
        let of = text.matrix_setup(1).again(|experiment| (experiment.seed, experiment.steps) = (seed, 80));
        // Seeds differ in when the geometric part begins.
        let rates: Vec<f64> = (0..4).map(|k| -libm::log(of.rate_between(k, [10, 25]).factor)).collect();
        assert!((0..3).all(|k| of.rate_between(k, [10, 25]).is_geometric()));
        // A tenth of the gradient is worth what the exact solution is, or a little more; half of it costs a fifth.
        assert!(rates[1] > 0.95 * rates[0] && rates[2] > 0.8 * rates[0], "{seed}: {rates:?}");
        assert!(rates[3] < 0.6 * rates[0], "{seed}: {rates:?}");
        // There is no floor: even the roughest goes on.
        assert!(of.error(3) < 1e-5, "{seed}: {}", of.error(3));
    }
}

#[test]
fn the_condition_number_slows_gradient_descent_and_not_exact_solutions() {
    let text = Reading::of("one_factor_at_a_time");
    let setup = text.matrix_setup(2);
    // Not seed 1: there gradient descent ends at a wrong point when the condition number is ten.
    for seed in [2, 3] {
        let of = |kappa: f64, method: usize, steps: u32| {
            let of = setup.again(|experiment| {
                (experiment.seed, experiment.steps) = (seed, steps);
                experiment.problem.set_parameter("kappa", kappa);
                assert!(experiment.methods[0].base.knobs.set("accuracy", 1e-8));
                experiment.methods = vec![experiment.methods[method].clone()];
            });
            of.recovered(0)
        };
        let exact = [1.0, 10.0].map(|kappa| of(kappa, 0, 40));
        assert!(exact[1] < 2 * exact[0], "{seed}: {exact:?}");
        let descent = [1.0, 10.0].map(|kappa| of(kappa, 1, 1200));
        assert!(descent[1] > 5 * descent[0], "{seed}: {descent:?}");
    }
}
