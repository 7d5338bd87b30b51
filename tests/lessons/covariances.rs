//! "Critical points of covariances": the Bures-Wasserstein loss of a network on a covariance in four dimensions.

use super::{Reading, matrices::Matrices};
use nalgebra::DMatrix;
use thalweg::dense;
use thalweg::problems::matrix::MatrixProblem;
use thalweg::scalar::Vector;

fn loss(of: &Matrices, step: usize) -> f64 {
    of.trace(0).values[step]
}

fn end(of: &Matrices) -> f64 {
    loss(of, of.trace(0).last())
}

/// The eigenvalues of the Hessian.
fn curvatures(problem: &MatrixProblem, x: &Vector<f64>) -> Vec<f64> {
    let unit = |i: usize| Vector::from_fn(x.len(), |j| if i == j { 1.0 } else { 0.0 });
    let columns: Vec<Vector<f64>> = (0..x.len()).map(|i| problem.hessian_vector(x, &unit(i))).collect();
    dense::eigen(&DMatrix::from_fn(x.len(), x.len(), |i, j| columns[j][i])).expect("finite").0.as_slice().to_vec()
}

/// The largest curvature at the start, without its sign.
fn largest(of: &Matrices) -> f64 {
    let problem = of.experiment.pose_matrix().expect("a listed problem");
    curvatures(&problem, &problem.start).into_iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("covariances");

    let leading = text.matrix_setup(1);
    let s = leading.run.outline.spectrum.clone();
    text.says(1, &format!("the eigenvalues {}, {}, {} and {}.", s[0], s[1], s[2], s[3]));
    text.says(1, &format!("the two smallest, {}.", s[2] + s[3]));
    assert!((end(&leading) - (s[2] + s[3])).abs() < 1e-12);
    text.says(1, &format!("at step {}", leading.recovered(0)));

    let beside = text.matrix_setup(2);
    text.says(2, &format!("has {} and {}, where the loss is {}", s[1], s[2], s[0] + s[3]));
    // A start of 1e-4 beside it, where the loss is flat.
    assert!((loss(&beside, 0) - (s[0] + s[3])).abs() < 1e-6);
    text.says(
        2,
        &format!(
            "after 50 steps the loss is {:.2} still, after 200 it is {:.3}",
            loss(&beside, 50),
            loss(&beside, 200)
        ),
    );
    let lowest = text.matrix_link(2, "From beside the two smallest ones");
    text.says(
        2,
        &format!(
            "the loss is {:.3} at first, waits at {:.3}, and ends at {:.3}",
            loss(&lowest, 0),
            loss(&lowest, 200),
            end(&lowest)
        ),
    );
    assert!((loss(&lowest, 200) - (s[1] + s[3])).abs() < 1e-3, "the largest was exchanged for the smallest");

    let sharp = text.matrix_setup(3);
    text.says(
        3,
        &format!(
            "singular values of {}, and the largest curvature, without its sign, is {:.0}",
            sharp.run.outline.value("alpha"),
            largest(&sharp)
        ),
    );
    text.says(3, &format!("at step {}", sharp.recovered(0)));
    let smooth = text.matrix_link(3, "With $ of 0.01");
    let tau = smooth.run.outline.value("smoothing");
    text.says(3, &format!("of {tau} the curvature is {:.1} there", largest(&smooth)));
    let closer = |of: &Matrices| of.again(|experiment| experiment.problem.set_parameter("alpha", 1e-6));
    // Both are at zero as good as exactly: their singular values squared are a millionth of tau and less.
    assert!((largest(&closer(&smooth)) / largest(&smooth) - 1.0).abs() < 1e-5);
    assert!((largest(&closer(&sharp)) / largest(&sharp) / 100.0 - 1.0).abs() < 1e-2);
    text.says(
        3,
        &format!("the error is {:.3} after 10 steps, in place of {:.3}", smooth.error_at(0, 10), sharp.error_at(0, 10)),
    );
    let last = smooth.trace(0).frames.last().expect("the last step has a frame");
    for (found, s) in last.spectrum.iter().zip(&s) {
        assert!((found - (s - tau)).abs() < 1e-9, "{found} {s}");
    }
    text.says(3, &format!("too small by {tau}, which leaves a relative error of {:.3}", smooth.error(0)));

    text.finish(&[]);
}

/// Every pair of eigenvalues with their directions is critical; all but the leading pair are saddles.
#[test]
fn of_the_six_pairs_five_are_saddles() {
    for seed in 0..3 {
        let setup = Reading::of("covariances").matrix_setup(1).with_seed(seed);
        let problem = setup.experiment.pose_matrix().expect("a listed problem");
        let outline = &problem.outline;
        let (values, vectors) = dense::eigen(&outline.target).expect("finite");
        let mut saddles = 0;
        for (i, j) in (0..4).flat_map(|i| (i + 1..4).map(move |j| (i, j))) {
            // W_2 W_1 with W W^T = the chosen part of S, both layers alike.
            let root = |k: usize| libm::sqrt(libm::sqrt(values[k]));
            let out = DMatrix::from_columns(&[vectors.column(i) * root(i), vectors.column(j) * root(j)]);
            let into = DMatrix::from_fn(2, 4, |row, column| if row == column { root([i, j][row]) } else { 0.0 });
            let x = outline.model.join(&[into, out]);
            let (value, gradient) = problem.value_and_gradient(&x);
            // Roots of eigenvalues of 1/8 and more.
            assert!(gradient.norm() < 1e-12, "{seed} {i} {j}: {}", gradient.norm());
            assert!((value - (values.sum() - values[i] - values[j])).abs() < 1e-12);
            let least = curvatures(&problem, &x)[0];
            // Ascending: the last two are the leading pair. Zero but for rounding along rotations between the layers.
            assert_eq!(least > -1e-10, (i, j) == (2, 3), "{seed} {i} {j}: {least}");
            saddles += usize::from(least < -1e-2);
        }
        assert_eq!(saddles, 5);
        assert!((end(&setup) - (values[0] + values[1])).abs() < 1e-9, "{seed}: {}", end(&setup));
    }
}
