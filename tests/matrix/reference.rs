//! Matrix sensing as numpy computed it: `tests/data/matrix_sensing.jsonl`, measurements, start and truth in every record.

use nalgebra::DMatrix;
use serde_json::Value;
use std::sync::Arc;
use thalweg::experiment::matrix::MatrixRunner;
use thalweg::experiment::{Experiment, Method};
use thalweg::problems::matrix::MatrixProblem;

fn matrix(value: &Value) -> DMatrix<f64> {
    let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).expect("a matrix by rows");
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// The method of a record: its name there, and the knobs that its settings are here.
fn method(record: &Value) -> Method {
    let settings = &record["hyperparameters"];
    let lr = settings["eta"].as_f64().expect("every record has a step size");
    let method = match record["optimizer"].as_str().expect("a name") {
        "gradient_descent" | "gradient_descent_asymmetric" => Method::new("sgd", &[("lr", lr)]),
        "scaled_gd" | "scaled_gd_asymmetric" => Method::new("scaled_gd", &[("lr", lr)]),
        "scaled_gd_damped" => {
            let lambda = settings["lambda"].as_f64().expect("the damping");
            Method::new("scaled_gd", &[("lr", lr), ("lambda", lambda)])
        }
        "preconditioned_gd_residual" => Method::new("scaled_gd", &[("lr", lr), ("by_residual", 1.0)]),
        other => panic!("nobody has translated {other}"),
    };
    method.expect("registered")
}

#[test]
fn numpys_trajectories_are_followed() {
    let text = include_str!("../data/matrix_sensing.jsonl");
    let mut followed = 0;
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let problem = &record["problem"];
        let matrices: Vec<_> = problem["A"].as_array().expect("matrices").iter().map(matrix).collect();
        let values: Vec<f64> = serde_json::from_value(problem["y"].clone()).expect("numbers");
        let truth = matrix(&problem["M_star"]);
        let symmetric = problem["id"] == "matrix_sensing_symmetric";
        let posed = if symmetric {
            MatrixProblem::symmetric_sensing(&matrices, &values, &matrix(&record["start"]), truth)
        } else {
            let start = [matrix(&record["start"]["L"]), matrix(&record["start"]["R"])];
            MatrixProblem::product_sensing(&matrices, &values, start, truth)
        };
        let posed = Arc::new(posed);
        let experiment = Experiment { steps: 100, ..Experiment::default() };
        let mut runner = MatrixRunner::new(&posed, &experiment, &method(&record)).expect("it can be run");
        let steps: Vec<u32> = serde_json::from_value(record["steps_recorded"].clone()).expect("steps");
        for (k, step) in steps.iter().enumerate() {
            while runner.step() < *step {
                assert!(runner.advance());
            }
            let point = &record["points"][k];
            let expected = if symmetric { vec![matrix(point)] } else { vec![matrix(&point["L"]), matrix(&point["R"])] };
            let found = posed.outline.model.parts(runner.point());
            let size = expected.iter().map(DMatrix::amax).fold(1e-3, f64::max);
            let gap = found.iter().zip(&expected).map(|(a, b)| (a - b).amax()).fold(0.0, f64::max);
            assert!(gap <= 1e-9 * size, "{} at step {step}: {:e}", record["id"], gap / size);
            let value = record["values"][k].as_f64().expect("a loss");
            let found = runner.so_far().values[*step as usize];
            // The recorded loss is good to rounding of its terms, not of itself.
            assert!((found - value).abs() <= 1e-9 * value + 1e-15, "{} at step {step}", record["id"]);
        }
        followed += 1;
    }
    assert_eq!(followed, 6);
}
