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
        let smooth = !matches!(problem.loss, Loss::Absolute { .. });
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
