//! Listed critical points: value, gradient, eigenvalues, kind.

use super::{Local, edges, eigenvalues, listed, norm, with_formula};
use thalweg::landscapes::{CriticalKind, CriticalPoint};

/// The corners of the box of points that round to the listed coordinates: twelve digits leave half a unit of the
/// twelfth, at most 5e-12 of the coordinate.
fn rounded(point: &CriticalPoint) -> [[f64; 2]; 4] {
    let half = |v: f64| 5e-12 * v.abs();
    let (dx, dy) = (half(point.x), half(point.y));
    [(dx, dy), (dx, -dy), (-dx, dy), (-dx, -dy)].map(|(dx, dy)| [point.x + dx, point.y + dy])
}

#[test]
fn values_are_as_listed() {
    for row in with_formula() {
        let mut local = Local::new(row);
        for point in listed(row) {
            let f = local.value([point.x, point.y]);
            // Twelve digits of the value; what the rounding of the point does to it (nothing where the gradient
            // vanishes, but some minima are kinks); cancellation between terms as large as the range of values.
            let moved = rounded(point).map(|at| (local.value(at) - f).abs()).into_iter().fold(0.0, f64::max);
            let tolerance = 5e-12 * f.abs() + 2.0 * moved + 1e-15 * (row.f_hi - row.f_lo);
            assert!((f - point.f).abs() <= tolerance, "{}: {f} against {point:?}, tolerance {tolerance}", row.id);
        }
    }
}

#[test]
fn gradients_vanish_at_listed_points_of_smooth_rows() {
    for row in with_formula().filter(|row| row.smooth) {
        let mut local = Local::new(row);
        for point in listed(row) {
            let at = [point.x, point.y];
            let (mut gradient, hessian) = local.second_order(at);
            // At an edge only the part along it vanishes, and the part across leads out of the domain when descending.
            let [left, right, bottom, top] = edges(row, point);
            if left || right {
                assert!(if left { gradient[0] >= 0.0 } else { gradient[0] <= 0.0 }, "{}: {point:?}", row.id);
                gradient[0] = 0.0;
            }
            if bottom || top {
                assert!(if bottom { gradient[1] >= 0.0 } else { gradient[1] <= 0.0 }, "{}: {point:?}", row.id);
                gradient[1] = 0.0;
            }
            let full = local.gradient(at);
            let change = |local: &mut Local, to: [f64; 2]| {
                let there = local.gradient(to);
                norm([there[0] - full[0], there[1] - full[1]])
            };
            let moved = rounded(point).map(|to| change(&mut local, to)).into_iter().fold(0.0, f64::max);
            // Rounding of the terms of the gradient: some units in the sixteenth digit of what the gradient reaches in
            // the domain, for which the curvature here times the size of the domain stands.
            let [low, high] = eigenvalues(hessian);
            let noise = 1e-15 * low.abs().max(high.abs()) * norm(local.size());
            let tolerance = 2.0 * moved + noise;
            assert!(norm(gradient) <= tolerance, "{}: {gradient:?} at {point:?}, tolerance {tolerance}", row.id);
        }
    }
}

#[test]
fn eigenvalues_are_as_listed() {
    for row in with_formula() {
        let mut local = Local::new(row);
        for point in listed(row) {
            let Some(expected) = point.eig else { continue };
            let hessian = |local: &mut Local, at: [f64; 2]| eigenvalues(local.second_order(at).1);
            let computed = hessian(&mut local, [point.x, point.y]);
            let size = computed[0].abs().max(computed[1].abs());
            for k in 0..2 {
                let changes = rounded(point).map(|at| (hessian(&mut local, at)[k] - computed[k]).abs());
                let moved = changes.into_iter().fold(0.0, f64::max);
                // Twelve digits, the rounding of the point, and rounding in the entries of the Hessian.
                let tolerance = 5e-12 * computed[k].abs() + 2.0 * moved + 4e-16 * size;
                let off = (computed[k] - expected[k]).abs();
                assert!(off <= tolerance, "{}: {computed:?} at {point:?}, tolerance {tolerance}", row.id);
            }
        }
    }
}

#[test]
fn eigenvalues_have_the_signs_of_the_kind() {
    for row in with_formula() {
        for point in listed(row) {
            let Some([low, high]) = point.eig else { continue };
            let fits = match point.kind {
                CriticalKind::GlobalMinimum | CriticalKind::LocalMinimum => low > 0.0,
                CriticalKind::Saddle => low < 0.0 && high > 0.0,
                CriticalKind::Maximum => high < 0.0,
            };
            assert!(low <= high && fits, "{}: {point:?}", row.id);
        }
    }
}

#[test]
fn eigenvalues_are_listed_wherever_the_hessian_is_regular() {
    for row in with_formula().filter(|row| row.smooth) {
        let mut local = Local::new(row);
        for point in listed(row).filter(|point| edges(row, point) == [false; 4]) {
            let (_, [a, b, c]) = local.second_order([point.x, point.y]);
            // Singular: the determinant is the rounding of its two terms.
            let singular = (a * c - b * b).abs() <= 1e-13 * (a * c).abs().max(b * b);
            assert_eq!(point.eig.is_none(), singular, "{}: {point:?}", row.id);
        }
    }
}

#[test]
fn around_a_saddle_it_goes_up_and_down() {
    // Also the degenerate ones, of which the Hessian tells nothing. A radius of a thousandth of the domain is small
    // enough for the nearest pair (a minimum and a saddle of levy13) and large enough for third powers to be seen.
    for row in with_formula() {
        let mut local = Local::new(row);
        for saddle in row.saddles {
            let [width, height] = local.size();
            let around: Vec<f64> = (0..72)
                .map(|k| {
                    let (sin, cos) = (f64::from(k) * 5f64.to_radians()).sin_cos();
                    local.value([saddle.x + 1e-3 * width * cos, saddle.y + 1e-3 * height * sin])
                })
                .collect();
            let above = around.iter().any(|&f| f > saddle.f);
            let below = around.iter().any(|&f| f < saddle.f);
            assert!(above && below, "{}: {saddle:?}", row.id);
        }
    }
}

#[test]
fn unbounded_rows_fall_without_end() {
    for row in with_formula().filter(|row| row.unbounded_below) {
        let mut local = Local::new(row);
        let lowest = |local: &mut Local, radius: f64| {
            let circle = (0..360).map(|k| f64::from(k).to_radians().sin_cos());
            circle.map(|(sin, cos)| local.value([radius * cos, radius * sin])).fold(f64::INFINITY, f64::min)
        };
        let (near, far) = (lowest(&mut local, 1e2), lowest(&mut local, 1e4));
        assert!(near < -1e3 && far < 1e3 * near, "{}: {near}, {far}", row.id);
    }
}
