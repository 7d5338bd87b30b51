//! Transport between normal laws of the plane, in closed form, and between mixtures of them.

use super::exact;
use crate::measures::{Component, Gaussian, Mixture};
use nalgebra::{DMatrix, Matrix2, Vector2};

/// The determinant of a covariance; rounding may make it a little negative, where it counts as zero.
fn determinant(covariance: &Matrix2<f64>) -> f64 {
    covariance.determinant().max(0.0)
}

/// The trace of (S^1/2 T S^1/2)^1/2 for covariances S and T: the sum of the roots of the eigenvalues of S T. Two
/// numbers p and q with the sum of squares tr(S T) and the product s = sqrt(det S det T) have p + q = sqrt(tr(S T) + 2
/// s).
fn trace_of_root(s: &Matrix2<f64>, t: &Matrix2<f64>) -> f64 {
    let product = (determinant(s) * determinant(t)).sqrt();
    ((s * t).trace() + 2.0 * product).max(0.0).sqrt()
}

/// The symmetric root of a covariance, (S + s I) / sqrt(tr S + 2 s) with s = sqrt(det S), by the theorem of Cayley and
/// Hamilton.
pub fn root(covariance: &Matrix2<f64>) -> Matrix2<f64> {
    let s = determinant(covariance).sqrt();
    let trace = (covariance.trace() + 2.0 * s).max(0.0).sqrt();
    if trace > 0.0 { (covariance + Matrix2::identity() * s) / trace } else { Matrix2::zeros() }
}

/// The squared 2-Wasserstein distance of two normal laws,
/// ```text
/// W2^2 = |m - n|^2 + tr S + tr T - 2 tr (S^1/2 T S^1/2)^1/2
/// ```
/// Singular covariances are allowed. Dowson, Landau 1982, "The Fréchet distance between multivariate normal
/// distributions".
pub fn w2_squared(from: &Gaussian, to: &Gaussian) -> f64 {
    let (s, t) = (&from.covariance, &to.covariance);
    let bures = s.trace() + t.trace() - 2.0 * trace_of_root(s, t);
    (from.mean - to.mean).norm_squared() + bures.max(0.0)
}

/// The matrix A of the optimal map x -> n + A (x - m) from one normal law to another, symmetric:
/// ```text
/// A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2 = (T + sqrt(det T / det S) adj S) / tr (S^1/2 T S^1/2)^1/2
/// ```
/// (the second for two dimensions, with the adjugate adj S = det S S^-1). Where S is singular there may be no map that
/// carries one to the other; then A sends x to the mean of where the optimal plan sends it. Where S and T have nothing
/// in common, such as two segments at right angles, A = 0.
///
/// Peyré, Cuturi 2019, remark 2.31 (Gaussians).
pub fn optimal_map(from: &Gaussian, to: &Gaussian) -> Matrix2<f64> {
    let (s, t) = (&from.covariance, &to.covariance);
    let trace = trace_of_root(s, t);
    if trace <= 0.0 {
        return Matrix2::zeros();
    }
    let determinant_of_s = determinant(s);
    let adjugate = Matrix2::new(s.m22, -s.m12, -s.m21, s.m11);
    let ratio = if determinant_of_s > 0.0 { (determinant(t) / determinant_of_s).sqrt() } else { 0.0 };
    (t + adjugate * ratio) / trace
}

/// The law at `time` in [0, 1] on the geodesic from one law to another: that of (1 - time) X + time Y for the optimal
/// plan of X and Y,
/// ```text
/// (1 - t)^2 S + t^2 T + t (1 - t) (M + M^T),    M = (S T)^1/2 = (S T + sqrt(det S det T) I) / tr (S T)^1/2
/// ```
/// M is the covariance of X and Y, and needs no inverse. McCann 1997, "A convexity principle for interacting gases",
/// example 1.7.
pub fn geodesic(from: &Gaussian, to: &Gaussian, time: f64) -> Gaussian {
    let (s, t) = (&from.covariance, &to.covariance);
    let trace = trace_of_root(s, t);
    let product = (determinant(s) * determinant(t)).sqrt();
    let cross = if trace > 0.0 { (s * t + Matrix2::identity() * product) / trace } else { Matrix2::zeros() };
    let rest = 1.0 - time;
    Gaussian {
        mean: from.mean * rest + to.mean * time,
        covariance: s * (rest * rest) + t * (time * time) + (cross + cross.transpose()) * (rest * time),
    }
}

/// The normal law with the least mean of squared distances to others, weighted; weights are scaled to sum to one. Its
/// mean is the mean of means. Its covariance is the fixed point of
/// ```text
/// S <- A S A,    A = sum_i w_i A_i,    A_i: the optimal map from N(0, S) to N(0, S_i)
/// ```
/// begun at the mean of covariances, until it moves by less than 1e-14 of itself, at most 1,000 times. `None` where
/// there is no law, a weight is negative or all are zero.
///
/// Álvarez-Esteban, del Barrio, Cuesta-Albertos, Matrán 2016, "A fixed-point approach to barycenters in Wasserstein
/// space", theorem 4.2; Agueh, Carlier 2011.
pub fn barycentre(laws: &[Gaussian], weights: &[f64]) -> Option<Gaussian> {
    if laws.len() != weights.len() || !super::are_masses(weights) {
        return None;
    }
    let total: f64 = weights.iter().sum();
    let weighted = || laws.iter().zip(weights.iter().map(|weight| weight / total));
    let mean = weighted().map(|(law, weight)| law.mean * weight).sum::<Vector2<f64>>();
    let covariance = weighted().map(|(law, weight)| law.covariance * weight).sum::<Matrix2<f64>>();
    let mut found = Gaussian { mean, covariance };
    for _ in 0..1000 {
        let map = weighted().map(|(law, weight)| optimal_map(&found, law) * weight).sum::<Matrix2<f64>>();
        let next = map * found.covariance * map;
        let moved = (next - found.covariance).norm();
        // Rounding makes the product a little unsymmetric.
        found.covariance = (next + next.transpose()) / 2.0;
        // What is not a number ends it as well.
        if moved <= 1e-14 * next.norm() || moved.is_nan() {
            break;
        }
    }
    Some(found)
}

/// The component without its weight.
fn law(component: &Component) -> Gaussian {
    let [xx, xy, yy] = component.covariance;
    Gaussian { mean: Vector2::from(component.mean), covariance: Matrix2::new(xx, xy, xy, yy) }
}

/// The squared distance of two mixtures of normal laws among plans that are such mixtures themselves, and how much goes
/// from which component to which: discrete transport between components with the cost [`w2_squared`]. At least W2^2 of
/// the mixtures. `None` where a component is not finite.
///
/// Delon, Desolneux 2020, "A Wasserstein-type distance in the space of Gaussian mixture models", proposition 4.
pub fn mixture_w2_squared(from: &Mixture, to: &Mixture) -> Option<(f64, DMatrix<f64>)> {
    let (x, y) = (from.components(), to.components());
    let cost = DMatrix::from_fn(x.len(), y.len(), |i, j| w2_squared(&law(&x[i]), &law(&y[j])));
    let weights = |components: &[Component]| components.iter().map(|component| component.weight).collect::<Vec<_>>();
    let found = exact::transport(&cost, &weights(x), &weights(y))?;
    Some((found.value, found.plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::normal_pair;

    fn gaussian(mean: [f64; 2], [xx, xy, yy]: [f64; 3]) -> Gaussian {
        Gaussian { mean: Vector2::from(mean), covariance: Matrix2::new(xx, xy, xy, yy) }
    }

    /// A law with a random covariance.
    fn random(seed: u64) -> Gaussian {
        let [[a, b], [c, d]] = [normal_pair(seed, 0, 0, 0), normal_pair(seed, 1, 0, 0)];
        let factor = Matrix2::new(a, b, c, d);
        Gaussian { mean: Vector2::from(normal_pair(seed, 2, 0, 0)), covariance: factor * factor.transpose() }
    }

    #[test]
    fn the_root_is_a_root() {
        for seed in 0..50 {
            let covariance = random(seed).covariance;
            let root = root(&covariance);
            assert!((root * root - covariance).norm() < 1e-14 * covariance.norm());
            // And the symmetric one with eigenvalues that are not negative.
            assert!((root - root.transpose()).norm() < 1e-15 && root.symmetric_eigenvalues().min() > 0.0);
        }
        assert_eq!(root(&Matrix2::zeros()), Matrix2::zeros());
        assert_eq!(root(&Matrix2::new(4.0, 0.0, 0.0, 0.0)), Matrix2::new(2.0, 0.0, 0.0, 0.0));
    }

    #[test]
    fn laws_that_commute_have_simple_distances() {
        // Diagonal: the distance of means and of standard deviations.
        let (p, q) = (gaussian([0.0, 0.0], [4.0, 0.0, 1.0]), gaussian([3.0, 4.0], [1.0, 0.0, 9.0]));
        assert!((w2_squared(&p, &q) - (25.0 + 1.0 + 4.0)).abs() < 1e-14);
        assert!((optimal_map(&p, &q) - Matrix2::new(0.5, 0.0, 0.0, 3.0)).norm() < 1e-15);
    }

    #[test]
    fn the_map_carries_one_law_to_the_other_at_the_cost_of_the_distance() {
        for seed in 0..50 {
            let (p, q) = (random(seed), random(seed + 100));
            let map = optimal_map(&p, &q);
            // A random covariance may be nearly singular: the map then divides by a small number.
            let condition = p.covariance.norm() / p.covariance.symmetric_eigenvalues().min();
            let rounding = 1e-14 * condition * q.covariance.norm();
            assert!((map * p.covariance * map - q.covariance).norm() < rounding, "{seed}");
            let off = map - Matrix2::identity();
            let cost = (p.mean - q.mean).norm_squared() + (off * p.covariance * off.transpose()).trace();
            assert!((cost - w2_squared(&p, &q)).abs() < rounding + 1e-13, "{seed}");
            assert!((w2_squared(&q, &p) - w2_squared(&p, &q)).abs() < 1e-13);
            assert!(w2_squared(&p, &p) < 1e-14);
        }
    }

    #[test]
    fn a_geodesic_is_run_through_evenly() {
        for seed in 0..20 {
            let (p, q) = (random(seed), random(seed + 100));
            assert!((geodesic(&p, &q, 1.0).covariance - q.covariance).norm() < 1e-14);
            let whole = w2_squared(&p, &q).sqrt();
            for time in [0.2, 0.5, 0.9] {
                let between = geodesic(&p, &q, time);
                // Roots of what is exact to 1e-14.
                assert!((w2_squared(&p, &between).sqrt() - time * whole).abs() < 1e-7, "{seed}");
                assert!((w2_squared(&between, &q).sqrt() - (1.0 - time) * whole).abs() < 1e-7, "{seed}");
            }
        }
    }

    #[test]
    fn the_barycentre_of_two_is_on_the_geodesic() {
        for seed in 0..20 {
            let (p, q) = (random(seed), random(seed + 100));
            let found = barycentre(&[p.clone(), q.clone()], &[3.0, 1.0]).expect("weights");
            let expected = geodesic(&p, &q, 0.25);
            assert!((found.mean - expected.mean).norm() < 1e-15);
            assert!((found.covariance - expected.covariance).norm() < 1e-9 * expected.covariance.norm(), "{seed}");
        }
        assert_eq!(barycentre(&[], &[]), None);
    }

    #[test]
    fn singular_laws_have_distances_too() {
        let point = gaussian([1.0, 1.0], [0.0; 3]);
        let round = gaussian([1.0, 1.0], [1.0, 0.0, 1.0]);
        assert!((w2_squared(&point, &round) - 2.0).abs() < 1e-15);
        let (across, up) = (gaussian([0.0; 2], [1.0, 0.0, 0.0]), gaussian([0.0; 2], [0.0, 0.0, 4.0]));
        assert!((w2_squared(&across, &up) - 5.0).abs() < 1e-15);
        assert_eq!(optimal_map(&across, &up), Matrix2::zeros());
        let half = geodesic(&across, &up, 0.5).covariance;
        assert!((half - Matrix2::new(0.25, 0.0, 0.0, 1.0)).norm() < 1e-15);
        let found = barycentre(&[point, round], &[1.0, 1.0]).expect("weights");
        assert!((found.covariance - Matrix2::identity() * 0.25).norm() < 1e-13, "{found:?}");
    }

    #[test]
    fn mixtures_are_matched_component_by_component() {
        let near = |shift: f64| {
            Mixture::new(vec![
                Component::round(1.0, [-3.0 + shift, 0.0], 1.0),
                Component::round(1.0, [3.0 + shift, 0.0], 0.5),
            ])
        };
        let (value, plan) = mixture_w2_squared(&near(0.0), &near(1.0)).expect("finite");
        assert!((value - 1.0).abs() < 1e-14 && plan[(0, 1)] == 0.0 && (plan[(0, 0)] - 0.5).abs() < 1e-15);
        let one = Mixture::new(vec![Component::round(1.0, [0.0, 0.0], 1.0)]);
        // Each half goes 3 away; one keeps its width, the other halves it: 9 + 2 * 0.25 / 2.
        assert!((mixture_w2_squared(&one, &near(0.0)).expect("finite").0 - 9.25).abs() < 1e-14);
    }
}
