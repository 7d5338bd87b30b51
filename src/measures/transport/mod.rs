//! Optimal transport between clouds: exact, entropic, on a line, between normal laws.
//!
//! Two laws give the masses a_i and b_j to points x_i and y_j. A plan P, with as many rows as the first law has points
//! and as many columns as the second, says how much goes from x_i to y_j: its rows sum to a, its columns to b, and it
//! costs <C, P> = sum_ij C_ij P_ij. Where nothing else is said, C_ij is the squared distance |x_i - y_j|^2.
//!
//! [`assignment`] is for two clouds of equally many points, [`exact`] for any masses, [`sinkhorn`] for plans that are
//! smoothed by entropy, [`gaussian`] for normal laws in closed form. Peyré, Cuturi 2019, "Computational optimal
//! transport", has the common theory.

pub mod assignment;
pub mod barycentre;
pub mod divergence;
pub mod exact;
pub mod gaussian;
pub mod grid;
pub mod kernel;
pub mod line;
pub mod mirror_sinkhorn;
pub mod sinkhorn;
#[cfg(test)]
mod testing;
pub mod unbalanced;

use super::{Point, squared_distance};
use nalgebra::DMatrix;

/// C_ij = |x_i - y_j|^2.
pub fn squared_distances(x: &[Point], y: &[Point]) -> DMatrix<f64> {
    DMatrix::from_fn(x.len(), y.len(), |i, j| squared_distance(x[i], y[j]))
}

/// The masses of a cloud: 1/n each.
pub fn uniform(n: usize) -> Vec<f64> {
    vec![1.0 / n.max(1) as f64; n]
}

/// <C, P>. An entry of the plan that is zero costs nothing, even where the cost is infinite.
pub fn transport_cost(cost: &DMatrix<f64>, plan: &DMatrix<f64>) -> f64 {
    cost.iter().zip(plan.iter()).map(|(c, p)| if *p == 0.0 { 0.0 } else { c * p }).sum()
}

/// What the rows and what the columns of a plan sum to.
pub fn marginals(plan: &DMatrix<f64>) -> (Vec<f64>, Vec<f64>) {
    let mut rows = vec![0.0; plan.nrows()];
    for column in plan.column_iter() {
        rows.iter_mut().zip(column.iter()).for_each(|(row, p)| *row += p);
    }
    (rows, plan.column_iter().map(|column| column.iter().sum()).collect())
}

/// How far a plan is from having the marginals a and b: sum_i |(P 1)_i - a_i| + sum_j |(P^T 1)_j - b_j|.
pub fn marginal_violation(plan: &DMatrix<f64>, a: &[f64], b: &[f64]) -> f64 {
    let (rows, columns) = marginals(plan);
    let gap = |have: &[f64], want: &[f64]| have.iter().zip(want).map(|(h, w)| (h - w).abs()).sum::<f64>();
    gap(&rows, a) + gap(&columns, b)
}

/// Where a plan sends each x_i on average: sum_j P_ij y_j over the sum of the row. `None` where the row is empty.
pub fn barycentric_projection(plan: &DMatrix<f64>, y: &[Point]) -> Vec<Option<Point>> {
    let mut sums = vec![[0.0; 3]; plan.nrows()];
    for (column, at) in plan.column_iter().zip(y) {
        for (sum, p) in sums.iter_mut().zip(column.iter()) {
            *sum = [sum[0] + p * at[0], sum[1] + p * at[1], sum[2] + p];
        }
    }
    sums.into_iter().map(|[x, y, mass]| (mass > 0.0).then(|| [x / mass, y / mass])).collect()
}

/// Whether these are masses: finite, none negative, and something in all.
fn are_masses(masses: &[f64]) -> bool {
    masses.iter().all(|mass| mass.is_finite() && *mass >= 0.0) && masses.iter().sum::<f64>() > 0.0
}
