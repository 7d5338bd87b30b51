//! "One singular value after another": gradient descent from tiny starts on a matrix with singular values 1, 1/4 and 1/16.

use super::{Reading, matrices::Matrices};
use nalgebra::{DMatrix, DVector};
use std::sync::Arc;
use thalweg::dense;
use thalweg::experiment::matrix::MatrixRunner;
use thalweg::experiment::{Experiment, Link};
use thalweg::problems::matrix::Outline;

/// The matrices of rank 1 and 2 that have the least loss: where gradient descent on so many columns ends.
fn best(experiment: &Experiment) -> [DMatrix<f64>; 2] {
    [1.0, 2.0].map(|rank| {
        let mut experiment = experiment.clone();
        experiment.problem.set_parameter("width", rank);
        experiment.problem.set_parameter("alpha", 0.1);
        let run = Matrices::of(&Link::write(&experiment)).run;
        let gradients = &run.traces[0].gradient_norms;
        assert!(gradients[gradients.len() - 1] < 1e-12, "it has not arrived");
        run.outline.estimate(&run.traces[0].frames.last().expect("the last step has a frame").parameters)
    })
}

/// The matrices of rank 1 and 2 that are nearest to the truth: its singular values cut off.
fn cut_off(outline: &Outline) -> [DMatrix<f64>; 2] {
    let svd = dense::svd(&outline.target).expect("finite");
    [1, 2].map(|rank| {
        let values = DMatrix::from_diagonal(&DVector::from_column_slice(&outline.spectrum[..rank]));
        svd.u.columns(0, rank) * values * svd.v_t.rows(0, rank)
    })
}

/// The relative distances at which a run passes by some matrices.
fn nearest(experiment: &Experiment, to: &[DMatrix<f64>]) -> Vec<f64> {
    let problem = Arc::new(experiment.pose_matrix().expect("a listed problem"));
    let mut found = vec![f64::INFINITY; to.len()];
    let mut runner = MatrixRunner::new(&problem, experiment, &experiment.methods[0]).expect("it can be run");
    while runner.advance() {
        let estimate = problem.outline.estimate(runner.point());
        for (found, to) in found.iter_mut().zip(to) {
            *found = found.min((&estimate - to).norm() / to.norm());
        }
    }
    found
}

/// Steps at which the second and the third singular value are learned: the error is half way down the stair.
fn learned(of: &Matrices) -> [usize; 2] {
    [of.below(0, 0.1), of.below(0, 0.03)]
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("one_after_another");

    let stairs = text.matrix_setup(1);
    assert_eq!(stairs.run.outline.spectrum, [1.0, 0.25, 0.0625]);
    text.says(1, "the singular values 1, 1/4 and 1/16");
    let levels = [(0.0625 + 0.00390625) / 4.0, 0.00390625 / 4.0];
    for (step, level, written) in [(200, levels[0], "0.0166"), (600, levels[1], "0.00098")] {
        let loss = stairs.trace(0).values[step];
        // The next singular value is not quite zero.
        assert!((loss / level - 1.0).abs() < 1e-2 && format!("{loss:.*}", written.len() - 2) == written, "{loss}");
    }
    text.says(1, "After 200 steps the loss is 0.0166, after 600 it is 0.00098");

    let first = text.matrix_setup(2);
    let later = [text.matrix_link(2, "From a hundredth"), text.matrix_link(2, "from a ten-thousandth")];
    let alphas = [&first, &later[0], &later[1]].map(|of| of.run.outline.value("alpha"));
    assert_eq!(alphas, [1e-4, 1e-6, 1e-8]);
    let [second, third] = learned(&first);
    text.says(
        2,
        &format!("below 0.1 at step {second}, when the second value is learned, and below 0.03 at step {third}"),
    );
    let [a, b] = [learned(&later[0]), learned(&later[1])];
    text.says(2, &format!("the steps are {} and {}", a[0], a[1]));
    text.says(2, &format!("from a ten-thousandth {} and {}", b[0], b[1]));
    let lr = first.experiment.methods[0].base.knobs.get("lr");
    let predicted = [0.25, 0.0625].map(|sigma| 100.0_f64.ln() / (lr * sigma).ln_1p());
    for (earlier, later) in [([second, third], a), (a, b)] {
        for k in 0..2 {
            // Whole steps; and the third begins to grow a little differently while the second is learned.
            assert!(((later[k] - earlier[k]) as f64 - predicted[k]).abs() < 1.5, "{earlier:?} {later:?} {predicted:?}");
        }
    }
    text.says(
        2,
        &format!("{} or {} steps and the third {} or {},", a[0] - second, b[0] - a[0], a[1] - third, b[1] - a[1]),
    );
    text.says(2, &format!("says: {:.1} and {:.1}", predicted[0], predicted[1]));

    let setup = text.matrix_setup(3);
    let alphas = [1e-2, 1e-3, 1e-4];
    for seed in [setup.experiment.seed, setup.experiment.seed + 1] {
        let mut experiment = setup.experiment.clone();
        experiment.seed = seed;
        let to = [best(&experiment), cut_off(&experiment.outline().expect("a listed problem"))].concat();
        let [large, middle, small] = alphas.map(|alpha| {
            experiment.problem.set_parameter("alpha", alpha);
            nearest(&experiment, &to)
        });
        for rank in 0..2 {
            let power = libm::log10(large[rank] / small[rank]) / 2.0;
            // The theorem has some power of alpha; what is left of the next singular value has one near 1.
            assert!((0.8..1.1).contains(&power), "{seed}: {large:?} {small:?}");
            // The measurements, 2000 of 210 numbers, move the minimum by about sqrt(210 / 2000) of what is cut off: a tenth.
            assert!((small[2 + rank] / large[2 + rank] - 1.0).abs() < 0.15 && small[2 + rank] > 5e-3, "{small:?}");
        }
        if seed == setup.experiment.seed {
            text.says(3, &format!("the run starts at {}", setup.run.outline.value("alpha")));
            text.says(3, &format!("distances of {:.6} and {:.7}", small[0], small[1]));
            text.says(3, &format!("From {} it is {:.5} and {:.6}", alphas[1], middle[0], middle[1]));
            text.says(3, &format!("from {} it is {:.4} and {:.4}:", alphas[0], large[0], large[1]));
            text.says(3, &format!("no closer than {:.3} and {:.4}", small[2], small[3]));
        }
    }

    text.finish(&[]);
}
