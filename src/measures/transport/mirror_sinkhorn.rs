//! Mirror Sinkhorn: mirror descent on plans, with one scaling a step.

use super::are_masses;
use super::kernel::soft_minimum;
use crate::dense;
use nalgebra::{DMatrix, DVector};

/// Minimises a convex function of a plan, linear or not, over the plans with the marginals a and b:
/// ```text
/// P_1 = a b^T,  A_1 = P_1
/// P' = P_t exp(-eta_t G_t),  entry by entry         G_t: gradient at P_t;  eta_t = sqrt(delta / t) / B
/// P_{t+1} = P' with its rows scaled to a (t even) or its columns to b (t odd)
/// A_{t+1} = (t A_t + P_{t+1}) / (t + 1)
/// ```
/// `B`: a bound on every |G_ij|, in its units; delta = max |log a_i| + max |log b_j|. For <C, P> the value and the
/// violation of the marginals of the average A fall like 1/sqrt(t), toward transport without entropy. Kept in the
/// logarithm, so that nothing underflows; rows and columns without mass stay empty and do not count in delta.
///
/// Ballu, Berthet 2023, "Mirror Sinkhorn: fast online optimization on transport polytopes", algorithm 1 and theorem
/// 3.1. Whether rows or columns are scaled first makes no difference to the rates.
#[derive(Clone, Debug)]
pub struct MirrorSinkhorn {
    a: DVector<f64>,
    b: DVector<f64>,
    /// log P_t.
    log_plan: DMatrix<f64>,
    average: DMatrix<f64>,
    bound: f64,
    delta: f64,
    /// t.
    steps: usize,
}

impl MirrorSinkhorn {
    /// Starts at the product of the marginals. `bound`: B. `None` where masses are no masses or `bound` is not
    /// positive.
    pub fn new(a: &[f64], b: &[f64], bound: f64) -> Option<Self> {
        let is_bound = bound > 0.0 && bound.is_finite();
        if !are_masses(a) || !are_masses(b) || !is_bound {
            return None;
        }
        let log_plan = DMatrix::from_fn(a.len(), b.len(), |i, j| libm::log(a[i]) + libm::log(b[j]));
        let spread = |masses: &[f64]| {
            masses.iter().filter(|mass| **mass > 0.0).map(|mass| libm::log(*mass).abs()).fold(0.0, f64::max)
        };
        Some(Self {
            average: log_plan.map(libm::exp),
            log_plan,
            bound,
            // Of single points there is one plan; any step size keeps it.
            delta: spread(a) + spread(b),
            a: DVector::from_column_slice(a),
            b: DVector::from_column_slice(b),
            steps: 1,
        })
    }

    /// One step with the gradient at [`MirrorSinkhorn::plan`], which may be noisy. A gradient that is not finite, or of
    /// another size, changes nothing; returns whether the step was taken.
    pub fn step(&mut self, gradient: &DMatrix<f64>) -> bool {
        if gradient.shape() != self.log_plan.shape() || !dense::is_finite(gradient) {
            return false;
        }
        let t = self.steps as f64;
        let eta = (self.delta / t).sqrt() / self.bound;
        self.log_plan.zip_apply(gradient, |entry, g| *entry -= eta * g);
        let ones = |n| DVector::from_element(n, 1.0);
        let zeros = |n| DVector::zeros(n);
        let (n, m) = self.log_plan.shape();
        if self.steps.is_multiple_of(2) {
            // log of the sum over a row: a soft minimum of -log P with eps = 1.
            let sums = -soft_minimum(&(-self.log_plan.transpose()), &ones(m), &zeros(m), 1.0);
            for mut column in self.log_plan.column_iter_mut() {
                (0..n).filter(|&i| self.a[i] > 0.0).for_each(|i| column[i] += libm::log(self.a[i]) - sums[i]);
            }
        } else {
            let sums = -soft_minimum(&(-&self.log_plan), &ones(n), &zeros(n), 1.0);
            for (j, mut column) in self.log_plan.column_iter_mut().enumerate().filter(|(j, _)| self.b[*j] > 0.0) {
                column.add_scalar_mut(libm::log(self.b[j]) - sums[j]);
            }
        }
        self.average.zip_apply(&self.log_plan, |mean, log| *mean += (libm::exp(log) - *mean) / (t + 1.0));
        self.steps += 1;
        true
    }

    /// P_t.
    pub fn plan(&self) -> DMatrix<f64> {
        self.log_plan.map(libm::exp)
    }

    /// A_t, the mean of all plans so far.
    pub fn average(&self) -> &DMatrix<f64> {
        &self.average
    }

    /// How far the average is from having the marginals: the sum of the absolute gaps.
    pub fn violation(&self) -> f64 {
        super::marginal_violation(&self.average, self.a.as_slice(), self.b.as_slice())
    }

    /// The average, rounded to a plan: see [`round_to_marginals`].
    pub fn rounded(&self) -> DMatrix<f64> {
        round_to_marginals(&self.average, self.a.as_slice(), self.b.as_slice())
    }
}

/// A plan with the marginals a and b near a matrix without negative entries: rows that are too heavy are scaled down,
/// then columns, and what is missing is added as a product,
/// ```text
/// X = diag(min(1, a / F 1)) F,   Y = X diag(min(1, b / X^T 1)),   Y + e_a e_b^T / |e_a|_1
/// ```
/// with e_a = a - Y 1, e_b = b - Y^T 1. It is off by at most twice the violation of F, in the sum of absolute values. a
/// and b have the same sum.
///
/// Altschuler, Weed, Rigollet 2017, "Near-linear time approximation algorithms for optimal transport via Sinkhorn
/// iteration", algorithm 2 and lemma 7.
pub fn round_to_marginals(matrix: &DMatrix<f64>, a: &[f64], b: &[f64]) -> DMatrix<f64> {
    let shrink = |want: f64, have: f64| if have > want { want / have } else { 1.0 };
    let mut plan = matrix.clone();
    let (rows, _) = super::marginals(&plan);
    for mut column in plan.column_iter_mut() {
        (0..rows.len()).for_each(|i| column[i] *= shrink(a[i], rows[i]));
    }
    for (mut column, b) in plan.column_iter_mut().zip(b) {
        let sum = column.iter().sum();
        column *= shrink(*b, sum);
    }
    let (rows, columns) = super::marginals(&plan);
    // Rounding may leave -1e-17, which must not become an entry.
    let missing = |want: &[f64], have: &[f64]| want.iter().zip(have).map(|(w, h)| (w - h).max(0.0)).collect::<Vec<_>>();
    let (missing_rows, missing_columns) = (missing(a, &rows), missing(b, &columns));
    let total: f64 = missing_rows.iter().sum();
    if total > 0.0 {
        for (mut column, of_column) in plan.column_iter_mut().zip(missing_columns) {
            column.iter_mut().zip(&missing_rows).for_each(|(p, of_row)| *p += of_row * of_column / total);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::super::testing::problem;
    use super::super::{exact, marginal_violation, transport_cost};
    use super::*;
    use crate::scalar::uniform_pair;

    #[test]
    fn two_steps_by_hand() {
        // Masses 1/2, cost 1 off the diagonal: B = 1, delta = 2 log 2.
        let cost = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 1.0, 0.0]);
        let mut mirror = MirrorSinkhorn::new(&[0.5, 0.5], &[0.5, 0.5], 1.0).expect("masses");
        assert!((mirror.plan() - DMatrix::from_element(2, 2, 0.25)).norm() < 1e-15);
        assert!(mirror.step(&cost));
        let k = (-(2.0 * 2.0_f64.ln()).sqrt()).exp();
        let off = 0.5 * k / (1.0 + k);
        assert!((mirror.plan()[(0, 1)] - off).abs() < 1e-15 && (mirror.plan()[(0, 0)] - (0.5 - off)).abs() < 1e-15);
        assert!((mirror.average()[(0, 1)] - (0.25 + off) / 2.0).abs() < 1e-15);
        assert!(mirror.step(&cost));
        let k = k * (-(2.0_f64.ln()).sqrt()).exp();
        let last = 0.5 * k / (1.0 + k);
        assert!((mirror.average()[(0, 1)] - (0.25 + off + last) / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_step_leaves_rows_or_columns_exact() {
        let (cost, a, b) = problem(1, 4, 6);
        let mut mirror = MirrorSinkhorn::new(&a, &b, cost.max()).expect("masses");
        for t in 1..20 {
            assert!(mirror.step(&cost));
            let (rows, columns) = super::super::marginals(&mirror.plan());
            let (have, want) = if t % 2 == 0 { (rows, &a) } else { (columns, &b) };
            assert!(have.iter().zip(want).all(|(h, w)| (h - w).abs() < 1e-15));
        }
    }

    #[test]
    fn the_average_comes_down_to_exact_transport() {
        let (cost, a, b) = problem(2, 8, 8);
        let exact = exact::transport(&cost, &a, &b).expect("masses").value;
        let mut mirror = MirrorSinkhorn::new(&a, &b, cost.max()).expect("masses");
        let mut seen = Vec::new();
        for t in 1..=6400 {
            mirror.step(&cost);
            if [100, 1600, 6400].contains(&t) {
                let rounded = mirror.rounded();
                assert!(marginal_violation(&rounded, &a, &b) < 1e-14 && rounded.min() >= 0.0);
                seen.push((transport_cost(&cost, &rounded) - exact, mirror.violation()));
            }
        }
        // At least like 1/sqrt(t): from 100 to 6400 steps an eighth.
        assert!(seen.iter().all(|(gap, _)| *gap > 0.0));
        assert!(seen[2].0 < seen[0].0 / 6.0 && seen[2].1 < seen[0].1 / 6.0, "{seen:?}");
    }

    #[test]
    fn rounding_moves_at_most_twice_the_violation() {
        for seed in 0..50 {
            let (_, a, b) = problem(seed, 5, 4);
            let entry = |i: usize, j: usize| uniform_pair(seed, i as u32, j as u32, 0)[0] / 10.0;
            let matrix = DMatrix::from_fn(5, 4, entry);
            let rounded = round_to_marginals(&matrix, &a, &b);
            assert!(marginal_violation(&rounded, &a, &b) < 1e-15 && rounded.min() >= 0.0);
            let moved: f64 = (&rounded - &matrix).iter().map(|entry| entry.abs()).sum();
            assert!(moved <= 2.0 * marginal_violation(&matrix, &a, &b) + 1e-14);
            // A plan is left alone.
            assert!((round_to_marginals(&rounded, &a, &b) - rounded).norm() < 1e-15);
        }
    }

    #[test]
    fn edges_have_answers() {
        assert!(MirrorSinkhorn::new(&[0.5, 0.5], &[1.0], 0.0).is_none());
        let mut mirror = MirrorSinkhorn::new(&[0.5, 0.0, 0.5], &[0.0, 1.0], 1.0).expect("masses");
        let before = mirror.plan();
        assert!(!mirror.step(&DMatrix::from_element(3, 2, f64::NAN)) && !mirror.step(&DMatrix::zeros(2, 2)));
        assert_eq!(mirror.plan(), before);
        (0..5).for_each(|_| assert!(mirror.step(&DMatrix::from_element(3, 2, 1.0))));
        assert!(mirror.violation() < 1e-14);
    }
}
