//! Critical points of a function of the plane: those listed for a landscape, and those found by search.

use super::plane::{Local, PlaneProblem};

/// What a critical point is, by the eigenvalues of the Hessian or by the landscape's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both eigenvalues positive, or listed as a minimum.
    Minimum,
    /// Eigenvalues of both signs.
    Saddle,
    /// Both eigenvalues negative.
    Maximum,
    /// An eigenvalue is zero to rounding: the second derivative does not tell.
    Degenerate,
}

/// A critical point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Critical {
    /// Where.
    pub at: [f64; 2],
    /// The loss there.
    pub value: f64,
    /// What it is.
    pub kind: Kind,
}

/// Eigenvalues, ascending, and the unit eigenvector of the larger one, of the symmetric matrix [[a, b], [b, c]].
pub fn eigen2([a, b, c]: [f64; 3]) -> ([f64; 2], [f64; 2]) {
    let mean = 0.5 * (a + c);
    let half = 0.5 * (a - c);
    let radius = libm::hypot(half, b);
    // The eigenvector of mean + radius has the angle t with tan(2t) = 2b / (a - c).
    let angle = 0.5 * libm::atan2(b, half);
    ([mean - radius, mean + radius], [libm::cos(angle), libm::sin(angle)])
}

/// What a point with these Hessian eigenvalues is. Eigenvalues below 1e-9 of the larger one count as zero: the Hessian
/// is exact to rounding, the point to about 1e-12 of the window.
pub fn classify([low, high]: [f64; 2]) -> Kind {
    let small = 1e-9 * low.abs().max(high.abs());
    if low.abs() <= small || high.abs() <= small {
        Kind::Degenerate
    } else if low > 0.0 {
        Kind::Minimum
    } else if high < 0.0 {
        Kind::Maximum
    } else {
        Kind::Saddle
    }
}

/// Starts of the search along each side of the window.
const STARTS: usize = 18;
/// Newton steps from each start; convergence near a critical point is quadratic.
const NEWTON_STEPS: usize = 40;

/// Searches the window for critical points with Newton's method on the gradient, from a grid of starts.
///
/// Finds saddles and maxima as well as minima. May miss points whose attraction is smaller than a grid cell; at most
/// 64 are returned, minima first, lowest first. Kinks are not found: the gradient does not vanish there.
pub fn search(problem: &PlaneProblem, [x0, x1, y0, y1]: [f64; 4]) -> Vec<Critical> {
    let (width, height) = (x1 - x0, y1 - y0);
    let mut found: Vec<Critical> = Vec::new();
    let mut local = problem.local();
    for i in 0..STARTS * STARTS {
        let fraction = |k: usize| (k as f64 + 0.5) / STARTS as f64;
        let start = [x0 + width * fraction(i % STARTS), y0 + height * fraction(i / STARTS)];
        let Some(at) = newton(&mut local, start, [width, height]) else { continue };
        let inside = at[0] >= x0 && at[0] <= x1 && at[1] >= y0 && at[1] <= y1;
        let known =
            found.iter().any(|c| ((c.at[0] - at[0]) / width).abs() < 1e-6 && ((c.at[1] - at[1]) / height).abs() < 1e-6);
        if inside && !known {
            let (value, _, hessian) = local.second_order(at);
            let kind = classify(eigen2(hessian).0);
            let rank = |c: &Critical| (c.kind != Kind::Minimum, c.value);
            let place = found.partition_point(|c| rank(c) <= (kind != Kind::Minimum, value));
            found.insert(place, Critical { at, value, kind });
        }
        if found.len() >= 64 {
            break;
        }
    }
    found
}

/// The critical point that Newton's method on the gradient reaches from a point, with steps of at most a tenth of the
/// problem's window. `None` when it reaches none.
pub fn critical_from(problem: &PlaneProblem, local: &mut Local, start: [f64; 2]) -> Option<Critical> {
    let [x0, x1, y0, y1] = problem.domain;
    let at = newton(local, start, [x1 - x0, y1 - y0])?;
    let (value, _, hessian) = local.second_order(at);
    Some(Critical { at, value, kind: classify(eigen2(hessian).0) })
}

/// Newton's method for a zero of the gradient, with steps of at most a tenth of the window.
fn newton(local: &mut Local, mut at: [f64; 2], size: [f64; 2]) -> Option<[f64; 2]> {
    for _ in 0..NEWTON_STEPS {
        let (_, [gx, gy], [a, b, c]) = local.second_order(at);
        let determinant = a * c - b * b;
        let step = [(b * gy - c * gx) / determinant, (b * gx - a * gy) / determinant];
        let relative = (step[0] / size[0]).abs().max((step[1] / size[1]).abs());
        if !relative.is_finite() {
            return None;
        }
        let shorten = if relative > 0.1 { 0.1 / relative } else { 1.0 };
        at = [at[0] + shorten * step[0], at[1] + shorten * step[1]];
        if relative < 1e-13 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_and_vector_of_a_rotated_quadratic() {
        // Eigenvalues 3 and 1, the larger along (1, 1).
        let (values, vector) = eigen2([2.0, 1.0, 2.0]);
        assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
        assert!((vector[0] - vector[1]).abs() < 1e-15);
    }

    #[test]
    fn search_finds_the_four_minima_of_himmelblau() {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        let found = search(&problem, [-6.0, 6.0, -6.0, 6.0]);
        let count = |kind| found.iter().filter(|c| c.kind == kind).count();
        assert_eq!((count(Kind::Minimum), count(Kind::Saddle), count(Kind::Maximum)), (4, 4, 1));
    }
}
