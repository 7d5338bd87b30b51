//! What holds for every family.

use super::*;

fn problem(id: &str, parameters: &[(&str, f64)]) -> MatrixProblem {
    let parameters: Vec<_> = parameters.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
    MatrixProblem::new(id, &parameters, 3).unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// Every family, small, with its switches both ways.
fn every() -> Vec<MatrixProblem> {
    let small = [("n", 6.0), ("rank", 2.0), ("width", 3.0), ("measurements", 40.0), ("alpha", 0.5), ("sigma", 0.1)];
    let switches = ["asymmetric", "spectral", "squared", "bures"];
    let mut problems = Vec::new();
    for family in FAMILIES {
        let known = |extra: Option<&'static str>| -> Vec<(&str, f64)> {
            let all = small.iter().copied().chain(extra.map(|switch| (switch, 1.0)));
            all.filter(|(id, _)| family.has(id)).collect()
        };
        problems.push(problem(family.id, &known(None)));
        for switch in switches.into_iter().filter(|switch| family.has(switch)) {
            problems.push(problem(family.id, &known(Some(switch))));
        }
    }
    problems
}

fn wave(n: usize, shift: usize) -> Vector<f64> {
    Vector::from_fn(n, |i| libm::sin((7 * i + shift) as f64))
}

#[test]
fn derivatives_agree_with_differences() {
    for problem in every() {
        let n = problem.start.len();
        let x = &problem.start + wave(n, 1) * 0.3;
        let v = wave(n, 2);
        let h = 1e-5;
        let at = |t: f64| problem.value_and_gradient(&(&x + &v * t));
        let (value, gradient) = at(0.0);
        let label = format!("{} {:?}", problem.outline.family.id, problem.outline.model);
        assert!((value - problem.value(&x)).abs() <= 1e-12 * value, "{label}");
        let slope = (at(h).0 - at(-h).0) / (2.0 * h);
        let size = 1.0 + slope.abs();
        // Differences are good to h^2 times a third derivative, and to rounding over h.
        assert!((gradient.dot(&v) - slope).abs() < 1e-5 * size, "{label}: {} {slope}", gradient.dot(&v));
        let change = (at(h).1 - at(-h).1) * (0.5 / h);
        let exact = problem.hessian_vector(&x, &v);
        let smooth = !matches!(*problem.loss, Loss::Absolute { .. });
        assert!(!smooth || (&exact - &change).norm() < 1e-4 * (1.0 + exact.norm()), "{label}: {exact:?} {change:?}");
    }
}

#[test]
fn the_truth_has_the_least_loss() {
    for family in FAMILIES {
        let problem = problem(family.id, &[]);
        let Some(truth) = nearest_truth(&problem.outline, &problem.start) else { continue };
        assert!((problem.outline.relative_error(&truth)) < 1e-12, "{}", family.id);
        // Gross errors, and eigenvalues that one vector cannot reach, stay in the loss.
        let rest = ["matrix_robust", "matrix_pca"].contains(&family.id);
        assert!(rest || problem.value(&truth) < 1e-20, "{}: {}", family.id, problem.value(&truth));
        let (spectrum, angles) = problem.outline.spectrum_and_angles(&truth);
        for (found, listed) in spectrum.iter().zip(&problem.outline.spectrum) {
            assert!((found - listed).abs() < 1e-12, "{}", family.id);
        }
        assert!(angles.iter().all(|angle| *angle < 1e-7), "{}: {angles:?}", family.id);
    }
}

#[test]
fn a_slice_is_the_loss_on_its_plane() {
    for problem in every() {
        let n = problem.start.len();
        let plane = Plane::through([&problem.start, &wave(n, 1), &wave(n, 5)]).expect("three points");
        let slice = Slice::new(&problem, &plane);
        for at in [[0.0, 0.0], [0.7, -0.3], [-1.1, 0.4]] {
            let (sliced, direct) = (slice.value(at), problem.value(&plane.point(at)));
            let label = problem.outline.family.id;
            assert!((sliced - direct).abs() <= 1e-12 * (1.0 + direct), "{label}: {sliced} {direct}");
        }
        let ([a, b], distance) = plane.project(&wave(n, 5));
        assert!(distance < 1e-12 * (1.0 + a.abs() + b.abs()));
    }
}

#[test]
fn principal_planes_hold_points_of_a_plane() {
    let plane = Plane::random(&wave(9, 0), 1).expect("random directions");
    let points: Vec<_> = (0..30).map(|k| plane.point([f64::from(k), libm::sin(f64::from(k))])).collect();
    let found = Plane::principal(&points).expect("points of a plane");
    assert!(points.iter().all(|point| found.project(point).1 < 1e-10));
    let line: Vec<_> = (0..5).map(|k| plane.point([f64::from(k), 0.0])).collect();
    assert!(Plane::principal(&line).is_none() && Plane::principal(&line[..1]).is_none());
}

#[test]
fn the_least_squares_problem_of_a_block_is_solved() {
    use crate::optimizers::Oracle as _;
    for problem in every().into_iter().filter(MatrixProblem::is_quadratic_in_blocks) {
        let mut oracle = MatrixOracle::new(std::sync::Arc::new(problem.clone()), 0, 0);
        for (k, block) in problem.outline.model.blocks().iter().enumerate() {
            let x = oracle.block_minimum(&problem.start, k, 1e-12).expect("quadratic");
            let gradient = problem.value_and_gradient(&x).1;
            let rest: f64 = block.range().map(|i| gradient[i].abs()).sum();
            assert!(rest < 1e-9, "{}: {rest}", problem.outline.family.id);
            let moved = (0..x.len()).filter(|i| x[*i] != problem.start[*i]);
            assert!(moved.into_iter().all(|i| block.range().contains(&i)));
        }
        assert_eq!(oracle.calls.least_squares as usize, problem.outline.model.blocks().len());
    }
}

#[test]
fn what_cannot_be_posed_is_said_in_words() {
    let refused = |id: &str, parameters: &[(&str, f64)]| {
        let parameters: Vec<_> = parameters.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        Outline::new(id, &parameters, 0).expect_err("refused").to_string()
    };
    let rank = refused("matrix_sensing", &[("n", 4.0), ("rank", 5.0)]);
    assert!(rank.contains("no rank 5: at most 4"), "{rank}");
    let large = refused("matrix_sensing", &[("n", 300.0), ("measurements", 60_000.0)]);
    assert!(large.contains("n can be") && large.contains("million fit"), "{large}");
    let many = refused("matrix_robust", &[("n", 100.0), ("measurements", 100_000.0)]);
    assert!(many.contains("n can be 19 at most"), "{many}");
    let none = refused("matrix_completion", &[("observed", 0.0)]);
    assert!(none.contains("no entry is observed"), "{none}");
    assert!(refused("matrix_sense", &[]).contains("matrix_sense"));
}

#[test]
fn gaussian_measurements_nearly_keep_the_norm() {
    // (1/m) |A d|^2 has mean |d|^2 and a relative standard deviation of sqrt(2/m) = 0.05.
    let problem = problem("matrix_sensing", &[("n", 20.0)]);
    let squares = 4.0 * problem.value(&Vector::zeros(problem.start.len()));
    let norm = problem.outline.truth.norm_squared();
    assert!((squares / norm - 1.0).abs() < 0.2, "{squares} {norm}");
}

#[test]
fn a_start_that_skips_is_beside_a_critical_point_of_the_rest() {
    for (bures, skip) in [(0.0, 1.0), (0.0, 2.0), (1.0, 1.0), (1.0, 2.0)] {
        let given = [("n", 5.0), ("rank", 4.0), ("width", 2.0), ("kappa", 8.0), ("bures", bures), ("skip", skip)];
        let at = |alpha: f64| problem("matrix_deep_linear", &[&given[..], &[("alpha", alpha)]].concat());
        let exact = at(0.0);
        let (value, gradient) = exact.value_and_gradient(&exact.start);
        // A pseudo-inverse root divides by the smallest eigenvalue kept, 1/8 at least.
        assert!(gradient.norm() < 1e-12, "{bures} {skip}: {gradient:?}");
        let first = skip as usize;
        let lost = exact.outline.spectrum.iter().enumerate().filter(|(k, _)| !(first..first + 2).contains(k));
        let lost: f64 = lost.map(|(_, s)| if bures == 1.0 { *s } else { 0.5 * s * s }).sum();
        assert!((value - lost).abs() < 1e-12, "{bures} {skip}: {value} {lost}");
        // 54 numbers of size 1e-3 / sqrt(rows): their length is within a factor of two of 4e-3.
        let beside = (at(1e-3).start - &exact.start).norm();
        assert!((2e-3..8e-3).contains(&beside), "{beside}");
    }
    let refused = Outline::new("matrix_deep_linear", &[("skip".to_owned(), 3.0)], 0).expect_err("rank 3").to_string();
    assert!(refused.contains("skip can be 2 at most"), "{refused}");
}

#[test]
fn the_spectral_start_of_completion_is_close_to_the_truth() {
    for seed in 0..3 {
        let angle = |spectral: f64| {
            let given = [("n", 40.0), ("observed", 0.7), ("kappa", 1.5), ("alpha", 1.0), ("spectral", spectral)];
            let given: Vec<_> = given.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
            let problem = MatrixProblem::new("matrix_completion", &given, seed).expect("fits");
            *problem.outline.spectrum_and_angles(&problem.start).1.last().expect("angles")
        };
        // What is not seen is a perturbation of norm 2 sqrt((1 - p) / (p n)) |M| = 0.3, against singular values of 0.67 and
        // more: a sine of a half at most (Wedin 1972). A random space is orthogonal to some of the truth.
        assert!(angle(1.0) < 0.8 && angle(0.0) > 1.2, "{} {}", angle(1.0), angle(0.0));
    }
}
