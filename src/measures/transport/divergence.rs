//! Entropic transport without its bias: the Sinkhorn divergence.

use super::kernel::{kernel, soft_minimum, times};
use super::sinkhorn::{Outcome, Sinkhorn, Stop};
use super::{Point, barycentric_projection, squared_distances, uniform};
use nalgebra::{DMatrix, DVector};

/// The potentials of the three problems in a divergence, to start the next one from.
#[derive(Clone, Debug, PartialEq)]
pub struct Potentials {
    /// f of the problem between the two clouds.
    pub across: DVector<f64>,
    /// f = g of the first cloud with itself.
    pub first: DVector<f64>,
    /// f = g of the second cloud with itself.
    pub second: DVector<f64>,
}

/// A Sinkhorn divergence.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// S(x, y).
    pub value: f64,
    /// Its gradient by the points of the first cloud.
    pub gradient: Vec<Point>,
    /// The potentials at the end.
    pub potentials: Potentials,
    /// How the iterations across, of the first cloud and of the second with itself ended.
    pub outcomes: [Outcome; 3],
}

/// The Sinkhorn divergence of two clouds, all points of a cloud with the same mass, for the cost |x - y|^2:
/// ```text
/// S(x, y) = OT_eps(x, y) - OT_eps(x, x) / 2 - OT_eps(y, y) / 2 = <a, f - p> + <b, g - q>
/// dS/dx_i = 2 a_i (T_xx(x_i) - T_xy(x_i)),       T_xy(x_i) = sum_j P_ij y_j / a_i
/// ```
/// f, g: potentials of the problem across, p of x with itself, q of y with itself. `epsilon`: a squared length. S is
/// not negative and zero for equal clouds only; it goes to W2^2 for eps -> 0, and to |mean x - mean y|^2 for eps ->
/// infinity. Value and gradient are those of the dual after the last iteration, so they are off by about the violation
/// where that did not converge; the projections T are of scaled rows. `start`: potentials from a problem nearby, used
/// where their sizes fit. `None` where a cloud is empty, a place is not finite or `epsilon` not positive.
///
/// Feydy, Séjourné, Vialard, Amari, Trouvé, Peyré 2019, "Interpolating between optimal transport and MMD using Sinkhorn
/// divergences", equation 3; the gradient is that of the dual potentials, by the envelope theorem.
pub fn divergence(
    x: &[Point],
    y: &[Point],
    epsilon: f64,
    start: Option<&Potentials>,
    stop: Stop,
) -> Option<Divergence> {
    let (a, b) = (uniform(x.len()), uniform(y.len()));
    let mut across = Sinkhorn::new(squared_distances(x, y), &a, &b, epsilon)?;
    if let Some(start) = start {
        across = across.warm(&start.across);
    }
    let of_across = across.run(stop);
    let (xx, yy) = (squared_distances(x, x), squared_distances(y, y));
    let (first, of_first) = self_potential(&xx, &a, epsilon, start.map(|start| &start.first), stop)?;
    let (second, of_second) = self_potential(&yy, &b, epsilon, start.map(|start| &start.second), stop)?;
    // With equal masses a plan's rows are those of the kernel.
    let own = barycentric_projection(&kernel(&xx, &first, &first, epsilon), x);
    let other = barycentric_projection(&kernel(across.cost(), &across.f, &across.g, epsilon), y);
    let slope = |((own, other), x): ((Option<Point>, Option<Point>), &Point)| {
        // After an iteration no row is empty.
        let (own, other) = (own.unwrap_or(*x), other.unwrap_or(*x));
        [0, 1].map(|k| 2.0 * (own[k] - other[k]) / a.len() as f64)
    };
    let mean = |potential: &DVector<f64>| potential.sum() / potential.len() as f64;
    Some(Divergence {
        value: across.dual() - mean(&first) - mean(&second),
        gradient: own.into_iter().zip(other).zip(x).map(slope).collect(),
        potentials: Potentials { across: across.f, first, second },
        outcomes: [of_across, of_first, of_second],
    })
}

/// The divergence of POT's `empirical_sinkhorn_divergence`: costs <C, P> of the three entropic plans, without the
/// entropy, and never below zero. Genevay, Peyré, Cuturi 2018, "Learning generative models with Sinkhorn divergences",
/// the Sinkhorn loss.
pub fn transport_cost_divergence(
    x: &[Point],
    y: &[Point],
    a: &[f64],
    b: &[f64],
    epsilon: f64,
    stop: Stop,
) -> Option<f64> {
    let cost = |x: &[Point], y: &[Point], a: &[f64], b: &[f64]| {
        let mut problem = Sinkhorn::new(squared_distances(x, y), a, b, epsilon)?;
        problem.run(stop);
        Some(problem.transport_cost())
    };
    Some((cost(x, y, a, b)? - 0.5 * cost(x, x, a, a)? - 0.5 * cost(y, y, b, b)?).max(0.0))
}

/// The potential f = g of the problem between a law and itself, for a symmetric cost:
/// ```text
/// f <- (f + F) / 2,     F_j = -eps log sum_i a_i exp((f_i - C_ij) / eps)
/// ```
/// which settles where F = f, in far fewer iterations than those that alternate. The violation is sum_j a_j |exp((f_j -
/// F_j)/eps) - 1|. As in [`Sinkhorn::run`], scalings of a kept kernel take the place of logarithms while they are
/// moderate. `None` as for [`Sinkhorn::new`].
///
/// Feydy et al. 2019, the averaged update of symmetric problems.
pub fn self_potential(
    cost: &DMatrix<f64>,
    a: &[f64],
    epsilon: f64,
    start: Option<&DVector<f64>>,
    stop: Stop,
) -> Option<(DVector<f64>, Outcome)> {
    let mut problem = Sinkhorn::new(cost.clone(), a, a, epsilon)?;
    if let Some(start) = start {
        problem = problem.warm(start);
    }
    let (mut f, masses) = (problem.f, DVector::from_column_slice(a));
    let mut iterations = 0;
    loop {
        let next = soft_minimum(cost, &masses, &f, epsilon);
        let violation: f64 = (0..a.len()).map(|j| a[j] * libm::expm1((f[j] - next[j]) / epsilon).abs()).sum();
        let converged = violation <= stop.tolerance;
        if iterations > 0 && (converged || iterations >= stop.most || violation.is_nan()) {
            return Some((f, Outcome { iterations, violation, converged }));
        }
        f = (f + next) / 2.0;
        iterations += 1;
        // The same by scalings: u <- sqrt(u / K (a u)).
        let kernel = kernel(cost, &f, &f, epsilon);
        let mut u = DVector::from_element(a.len(), 1.0);
        while iterations < stop.most {
            let sums = times(&kernel, &u.component_mul(&masses));
            let gap: f64 = (0..a.len()).map(|j| a[j] * (u[j] * sums[j] - 1.0).abs()).sum();
            let next = u.zip_map(&sums, |u, sum| (u / sum).sqrt());
            if gap <= stop.tolerance || !next.iter().all(|u| (1e-50..=1e50).contains(u)) {
                break;
            }
            u = next;
            iterations += 1;
        }
        f.zip_apply(&u, |f, u| *f += epsilon * libm::log(u));
    }
}

#[cfg(test)]
mod tests {
    use super::super::assignment::w2_of_clouds;
    use super::super::testing::cloud;
    use super::*;
    use crate::measures::mean;

    const TIGHT: Stop = Stop { tolerance: 1e-11, most: 20_000 };

    fn at(x: &[Point], y: &[Point], epsilon: f64) -> Divergence {
        let found = divergence(x, y, epsilon, None, TIGHT).expect("clouds");
        assert!(found.outcomes.iter().all(|outcome| outcome.converged), "{:?}", found.outcomes);
        found
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_value() {
        let (x, y) = (cloud(1, 5), cloud(2, 7));
        let found = at(&x, &y, 0.5);
        for i in 0..5 {
            for k in 0..2 {
                let moved = |h: f64| {
                    let mut x = x.clone();
                    x[i][k] += h;
                    at(&x, &y, 0.5).value
                };
                let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
                // Third derivatives of size one times h^2, and the tolerance over h.
                assert!((found.gradient[i][k] - slope).abs() < 1e-6, "{i} {k}: {slope} {:?}", found.gradient[i]);
            }
        }
    }

    #[test]
    fn it_is_zero_for_equal_clouds_only_and_symmetric() {
        let (x, y) = (cloud(3, 8), cloud(4, 6));
        for epsilon in [0.05, 1.0, 20.0] {
            let same = at(&x, &x, epsilon);
            // The alternating and the averaged iteration end within the tolerance of each other.
            assert!(same.value.abs() < 1e-9 && same.gradient.iter().flatten().all(|g| g.abs() < 1e-8));
            let (there, back) = (at(&x, &y, epsilon).value, at(&y, &x, epsilon).value);
            assert!(there > 0.0 && (there - back).abs() < 1e-9);
        }
    }

    #[test]
    fn it_goes_from_transport_to_the_distance_of_means() {
        let (x, y) = (cloud(5, 9), cloud(6, 9));
        let exact = w2_of_clouds(&x, &y).expect("clouds").0.powi(2);
        // Small eps takes many iterations; marginals off by 1e-5 change the value by about as much.
        let loose = Stop { tolerance: 1e-5, most: 200_000 };
        let value = |epsilon| divergence(&x, &y, epsilon, None, loose).expect("clouds").value;
        let gaps = [1.0, 0.1, 0.01].map(|epsilon| (value(epsilon) - exact).abs());
        assert!(gaps.is_sorted_by(|p, q| p > q) && gaps[2] < 0.01, "{gaps:?}");
        let apart = crate::measures::squared_distance(mean(&x), mean(&y));
        // The next term is of order 1/eps.
        assert!((at(&x, &y, 1e4).value - apart).abs() < 1e-2);
    }

    #[test]
    fn a_point_is_drawn_to_a_point() {
        // OT of two points is their squared distance, and both have none to themselves.
        let found = at(&[[1.0, 2.0]], &[[0.0, 0.0]], 0.3);
        assert!((found.value - 5.0).abs() < 1e-14);
        assert!((found.gradient[0][0] - 2.0).abs() < 1e-14 && (found.gradient[0][1] - 4.0).abs() < 1e-14);
    }

    #[test]
    fn a_warm_start_is_short() {
        let (x, y) = (cloud(7, 30), cloud(8, 30));
        let cold = at(&x, &y, 0.3);
        let again = divergence(&x, &y, 0.3, Some(&cold.potentials), TIGHT).expect("clouds");
        assert!(again.outcomes.iter().all(|outcome| outcome.iterations <= 2), "{:?}", again.outcomes);
        assert!(divergence(&x, &[], 0.3, None, TIGHT).is_none());
    }
}
