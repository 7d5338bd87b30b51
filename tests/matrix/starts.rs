//! What a start does to a run: laws that no lesson states.

use thalweg::experiment::Link;
use thalweg::experiment::matrix::{MatrixOutcome, MatrixRun, run_matrix};

fn run(link: &str) -> MatrixRun {
    let Link { experiment, notes } = Link::parse(link);
    assert!(notes.is_empty(), "{link}: {notes:?}");
    run_matrix(&experiment).unwrap_or_else(|error| panic!("{link}: {error}"))
}

/// X = alpha G goes to alpha G - lr grad (G^T G)^-1 / alpha^2 with a gradient in proportion to alpha: for small alpha X is
/// inversely proportional to it, and X X^T to its square.
#[test]
fn the_first_undamped_step_is_inverse_to_the_start() {
    for width in [3, 5] {
        let after_one_step = |alpha: &str| {
            let problem = format!("problem=matrix_sensing;n=12;measurements=400;width={width};alpha={alpha}");
            run(&format!("{problem}&steps=1&opt=scaled_gd;lr=0.3")).traces[0].errors[1]
        };
        let [large, small] = ["1e-4", "1e-6"].map(after_one_step);
        // What is neglected: alpha^2 / lr of X.
        assert!((small / large / 1e4 - 1.0).abs() < 1e-6, "{width}: {large:e} {small:e}");
    }
}

/// From a start at random a rough solution may lead astray (which it does for this seed); what is seen shows the way.
#[test]
fn a_spectral_start_recovers_where_one_at_random_wanders_off() {
    let [random, spectral] = ["alpha=0.1", "alpha=1;spectral=1"].map(|start| {
        let problem = format!("problem=matrix_completion;n=40;observed=0.5;{start}&seed=1");
        run(&format!("{problem}&steps=40&opt=alternating;accuracy=0.01")).traces.remove(0)
    });
    assert!(matches!(spectral.outcome, MatrixOutcome::Recovered { .. }), "{:?}", spectral.outcome);
    assert!(random.errors[40] > 1.0, "{}", random.errors[40]);
}

/// A network two wide in four dimensions makes up matrices that are singular all along.
#[test]
fn the_singular_values_shown_are_those_of_the_matrix() {
    let problem = "problem=matrix_deep_linear;n=4;rank=4;width=2;depth=2;kappa=8;bures=1";
    for skip in [0, 1, 2] {
        let run = run(&format!("{problem};alpha=0.01;skip={skip}&steps=1000&opt=sgd;lr=0.05"));
        for frame in &run.traces[0].frames {
            let estimate = run.outline.estimate(&frame.parameters);
            let squares: f64 = frame.spectrum.iter().map(|s| s * s).sum();
            // Both are sums over four numbers or sixteen.
            assert!((squares.sqrt() / estimate.norm() - 1.0).abs() < 1e-12, "{skip}, step {}", frame.step);
        }
    }
}
