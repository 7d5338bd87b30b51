//! Entropic transport that may create and destroy mass, at a price.

use super::kernel::soft_minimum;
use super::sinkhorn::{Outcome, Sinkhorn, Stop};
use nalgebra::{DMatrix, DVector};

/// The plan of
/// ```text
/// min over P >= 0 of  <C, P> + eps KL(P | a b^T) + rho KL(P 1 | a) + rho KL(P^T 1 | b)
/// ```
/// with KL(p | q) = sum p log(p / q) - p + q, and how the iteration ended:
/// ```text
/// g <- -r eps log sum_i a_i exp((f_i - C_ij) / eps),  then f likewise,     r = rho / (rho + eps)
/// ```
/// `rho`: in units of the cost; large keeps the mass (infinite: [`Sinkhorn`]), small lets it go. The sums of a and b
/// may differ. Here [`Outcome::violation`] is the largest change of f / eps in the last iteration, since there are no
/// marginals to meet. `None` as for [`Sinkhorn::new`], and for a `rho` that is not positive.
///
/// Chizat, Peyré, Schmitzer, Vialard 2018, "Scaling algorithms for unbalanced optimal transport problems", the
/// operator of KL. With the entropy relative to a b^T, as in POT with `reg_type='kl'`.
pub fn unbalanced(
    cost: DMatrix<f64>,
    a: &[f64],
    b: &[f64],
    epsilon: f64,
    rho: f64,
    stop: Stop,
) -> Option<(DMatrix<f64>, Outcome)> {
    let mut problem = Sinkhorn::new(cost, a, b, epsilon)?;
    if rho.is_nan() || rho <= 0.0 {
        return None;
    }
    let damping = if rho.is_infinite() { 1.0 } else { rho / (rho + epsilon) };
    let (a, b) = (DVector::from_column_slice(a), DVector::from_column_slice(b));
    let transposed = problem.cost().transpose();
    let mut iterations = 0;
    loop {
        problem.g = soft_minimum(problem.cost(), &a, &problem.f, epsilon) * damping;
        let next = soft_minimum(&transposed, &b, &problem.g, epsilon) * damping;
        let violation = (&next - &problem.f).amax() / epsilon;
        problem.f = next;
        iterations += 1;
        let converged = violation <= stop.tolerance;
        if converged || iterations >= stop.most || violation.is_nan() {
            return Some((problem.plan(), Outcome { iterations, violation, converged }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::problem;
    use super::*;

    const TIGHT: Stop = Stop { tolerance: 1e-13, most: 100_000 };

    #[test]
    fn one_point_each_has_a_closed_form() {
        // Minimise c p + eps (p log p - p) + 2 rho (p log p - p): p = exp(-c / (eps + 2 rho)).
        let (plan, outcome) =
            unbalanced(DMatrix::from_element(1, 1, 2.0), &[1.0], &[1.0], 0.5, 1.5, TIGHT).expect("masses");
        assert!(outcome.converged && (plan[(0, 0)] - (-2.0_f64 / 3.5).exp()).abs() < 1e-12);
    }

    #[test]
    fn a_high_price_keeps_the_mass() {
        let (cost, a, b) = problem(1, 5, 6);
        let mass = |rho| unbalanced(cost.clone(), &a, &b, 0.5, rho, TIGHT).expect("masses").0.sum();
        let masses = [0.1, 1.0, 10.0, 1e4].map(mass);
        assert!(masses.is_sorted() && masses[0] < 0.5 && (masses[3] - 1.0).abs() < 1e-3, "{masses:?}");
        let mut balanced = Sinkhorn::new(cost.clone(), &a, &b, 0.5).expect("masses");
        balanced.run(TIGHT);
        let (plan, _) = unbalanced(cost, &a, &b, 0.5, f64::INFINITY, TIGHT).expect("masses");
        assert!((plan - balanced.plan()).norm() < 1e-11);
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        let cost = || DMatrix::from_element(1, 1, 1.0);
        assert!(unbalanced(cost(), &[1.0], &[1.0], 1.0, 0.0, TIGHT).is_none());
        assert!(unbalanced(cost(), &[1.0], &[1.0], 1.0, f64::NAN, TIGHT).is_none());
        assert!(unbalanced(cost(), &[1.0], &[], 1.0, 1.0, TIGHT).is_none());
    }
}
