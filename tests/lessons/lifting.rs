//! "A minimum that lifting removes": the instance of two unknowns and three measurements.

use super::{Reading, digits, matrices::Matrices};
use nalgebra::DMatrix;
use thalweg::dense;
use thalweg::experiment::matrix::MatrixOutcome;
use thalweg::scalar::Vector;

/// The smallest eigenvalue of the Hessian at the wrong point.
fn curvature(of: &Matrices) -> f64 {
    let mut experiment = of.experiment.clone();
    experiment.problem.set_parameter("radius", 0.0);
    let problem = experiment.pose_matrix().expect("a listed problem");
    let x = &problem.start;
    assert!(problem.value_and_gradient(x).1.norm() < 1e-14, "it is stationary");
    let unit = |i: usize| Vector::from_fn(x.len(), |j| if i == j { 1.0 } else { 0.0 });
    let columns: Vec<Vector<f64>> = (0..x.len()).map(|i| problem.hessian_vector(x, &unit(i))).collect();
    let hessian = DMatrix::from_fn(x.len(), x.len(), |i, j| columns[j][i]);
    dense::eigen(&hessian).expect("finite").0[0]
}

fn order(of: &Matrices) -> usize {
    of.run.outline.count("order")
}

/// The loss at the end.
fn loss(of: &Matrices) -> f64 {
    of.trace(0).values[of.trace(0).last()]
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("lifting");

    let plain = text.matrix_setup(1);
    assert_eq!((order(&plain), plain.run.outline.value("s")), (1, 1.0));
    text.says(1, &format!("smallest curvature there is {}.", digits(curvature(&plain), 0)));
    assert!((curvature(&plain) - 1.0).abs() < 1e-12);
    text.says(1, &format!("a distance of about {}", plain.run.outline.value("radius")));
    text.says(1, &format!("a loss of {:.2}", loss(&plain)));
    assert!(matches!(plain.trace(0).outcome, MatrixOutcome::Stationary { .. }));

    let second = text.matrix_setup(2);
    let third = text.matrix_link(2, "With an order of 3");
    text.says(2, &format!("$ is {}.", order(&second)));
    text.says(2, &format!("wrong point is {} now", digits(curvature(&second), 2)));
    text.says(2, &format!("at step {}", second.recovered(0)));
    text.says(2, &format!("With an order of {} the curvature is {}", order(&third), digits(curvature(&third), 2)));
    text.says(2, &format!("takes {} steps", third.recovered(0)));

    let steep = text.matrix_setup(3);
    assert_eq!(order(&steep), 2);
    text.says(3, &format!("With {} in place of {}", steep.run.outline.value("s"), plain.run.outline.value("s")));
    let flat = steep.again(|experiment| experiment.problem.set_parameter("order", 1.0));
    text.says(3, &format!("before lifting is {:.2}", curvature(&flat)));
    text.says(3, &format!("the curvature is {:.2}", curvature(&steep)));
    text.says(3, &format!("at a loss of {:.4}", loss(&steep)));
    let third = text.matrix_link(3, "The third order");
    text.says(
        3,
        &format!("has {}, and recovers the truth at step {}", digits(curvature(&third), 2), third.recovered(0)),
    );
    let border = 0.75_f64.sqrt();
    text.says(3, &format!("A weight of {border:.3}"));
    let at = flat.again(|experiment| experiment.problem.set_parameter("s", border));
    assert!(curvature(&at).abs() < 1e-12);

    text.finish(&[]);
}

/// The ledger's table: order by order, how many of the starts beside the wrong point end at the truth. A smallest curvature
/// below zero decides.
#[test]
fn starts_beside_the_wrong_point_reach_the_truth_where_it_is_a_saddle() {
    let setup = Reading::of("lifting").matrix_setup(1);
    for (s, order, all) in
        [(1.0, 1, false), (1.0, 2, true), (1.0, 3, true), (1.2, 1, false), (1.2, 2, false), (1.2, 3, true)]
    {
        for seed in 1..6 {
            let of = setup.again(|experiment| {
                experiment.seed = seed;
                experiment.problem.set_parameter("s", s);
                experiment.problem.set_parameter("order", f64::from(order));
            });
            assert_eq!(curvature(&of) < 0.0, all);
            let found = matches!(of.trace(0).outcome, MatrixOutcome::Recovered { .. });
            assert_eq!(found, all, "s = {s}, order {order}, seed {seed}: {:?}", of.trace(0).outcome);
            // The best product of one vector with itself points along z = (1, 0), or at right angles to it.
            let frame = of.trace(0).frames.last().expect("the last step has a frame");
            let angle = frame.angles[0];
            let expected = if all { 0.0 } else { std::f64::consts::FRAC_PI_2 };
            assert!((angle - expected).abs() < 1e-6, "{angle}");
        }
    }
}
