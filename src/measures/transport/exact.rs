//! The cheapest plan between two laws of points with any masses.

use super::are_masses;
use crate::dense;
use nalgebra::DMatrix;

/// The cheapest plan, and what proves that it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// P.
    pub plan: DMatrix<f64>,
    /// <C, P>.
    pub value: f64,
    /// u, with u_i + v_j <= C_ij, and equality where P_ij > 0; so sum a_i u_i + sum b_j v_j is the value too.
    pub u: Vec<f64>,
    /// v.
    pub v: Vec<f64>,
}

/// Mass below this fraction of the whole is rounding.
const ROUNDING: f64 = 1e-15;

/// The plan of least cost with the marginals `a` and `b`, which are masses with the same sum (`b` is scaled to it,
/// where the sums differ by less than 1e-9 of them). `None` where sizes do not fit, a mass is negative, or something is
/// not finite.
///
/// Rows enter one after the other. From a row that has mass left, Dijkstra's search finds the shortest path in the
/// reduced costs C_ij - u_i - v_j to a column that has room, forwards over any pair and backwards over pairs that carry
/// mass, and as much flows along it as it bears. With equal masses this is
/// [`assignment`](super::assignment::assignment), which is faster. A path takes O(nm), and about n + m of them are
/// needed; meant for some hundred points.
///
/// Successive shortest paths with potentials: Edmonds, Karp 1972, "Theoretical improvements in algorithmic efficiency
/// for network flow problems"; Tomizawa 1971.
pub fn transport(cost: &DMatrix<f64>, a: &[f64], b: &[f64]) -> Option<Exact> {
    let (n, m) = cost.shape();
    if a.len() != n || b.len() != m || !dense::is_finite(cost) || !are_masses(a) || !are_masses(b) {
        return None;
    }
    let (total, other): (f64, f64) = (a.iter().sum(), b.iter().sum());
    if (total - other).abs() > 1e-9 * total {
        return None;
    }
    let mut network = Network {
        // Stored by columns: what belongs to a row lies together in the transpose.
        cost: cost.transpose(),
        plan: DMatrix::zeros(n, m),
        room: b.iter().map(|mass| mass * (total / other)).collect(),
        u: vec![0.0; n],
        v: vec![0.0; m],
        rounding: ROUNDING * total,
    };
    for (row, mass) in a.iter().enumerate() {
        let mut left = *mass;
        network.enter(row);
        while left > network.rounding {
            let Some(sent) = network.send(row, left) else { break };
            left -= sent;
        }
    }
    // The price of a row without mass is free, but for the inequality.
    let empty = |row: &usize| a[*row] <= ROUNDING * total;
    (0..n).filter(empty).for_each(|row| network.enter(row));
    let Network { plan, u, v, .. } = network;
    Some(Exact { value: super::transport_cost(cost, &plan), plan, u, v })
}

/// What flows, and the prices.
struct Network {
    /// C^T.
    cost: DMatrix<f64>,
    plan: DMatrix<f64>,
    /// What each column can still take.
    room: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    rounding: f64,
}

impl Network {
    /// Gives a row the price at which its cheapest reduced cost is zero.
    fn enter(&mut self, row: usize) {
        let reduced = self.cost.column(row).iter().zip(&self.v).map(|(cost, v)| cost - v).fold(f64::INFINITY, f64::min);
        self.u[row] = reduced;
    }

    /// Sends at most `most` from row `start` along the shortest path to a column with room; how much went. `None` where
    /// rounding has left no room.
    fn send(&mut self, start: usize, most: f64) -> Option<f64> {
        let (n, m) = self.plan.shape();
        let (mut to_row, mut to_column) = (vec![f64::INFINITY; n], vec![f64::INFINITY; m]);
        // The row before each column and the column before each row.
        let (mut row_before, mut column_before) = (vec![start; m], vec![0; n]);
        let mut open: Vec<usize> = (0..m).collect();
        let mut reached: Vec<usize> = Vec::with_capacity(m);
        let mut fresh = vec![start];
        to_row[start] = 0.0;
        let (end, length) = loop {
            for row in fresh.drain(..) {
                let (costs, passed, u) = (self.cost.column(row), to_row[row], self.u[row]);
                for &column in &open {
                    // A reduced cost that rounding made negative would lead back to what is done with, and the error
                    // would double from search to search.
                    let through = passed + (costs[column] - u - self.v[column]).max(0.0);
                    if through < to_column[column] {
                        (to_column[column], row_before[column]) = (through, row);
                    }
                }
            }
            let nearest = (0..open.len()).min_by(|&k, &l| to_column[open[k]].total_cmp(&to_column[open[l]]))?;
            let column = open.swap_remove(nearest);
            reached.push(column);
            let length = to_column[column];
            if self.room[column] > self.rounding {
                break (column, length);
            }
            // Backwards over pairs that carry mass: there the reduced cost is zero.
            for (row, carried) in self.plan.column(column).iter().enumerate() {
                if *carried > 0.0 && to_row[row] == f64::INFINITY {
                    (to_row[row], column_before[row]) = (length, column);
                    fresh.push(row);
                }
            }
        };
        for (u, distance) in self.u.iter_mut().zip(&to_row).filter(|(_, distance)| **distance < length) {
            *u += length - distance;
        }
        for column in reached {
            self.v[column] -= length - to_column[column];
        }
        let path = |visit: &mut dyn FnMut(usize, usize, bool)| {
            let mut column = end;
            loop {
                let row = row_before[column];
                visit(row, column, true);
                if row == start {
                    break;
                }
                column = column_before[row];
                visit(row, column, false);
            }
        };
        let mut sent = most.min(self.room[end]);
        path(&mut |row, column, forwards| {
            if !forwards {
                sent = sent.min(self.plan[(row, column)]);
            }
        });
        path(&mut |row, column, forwards| self.plan[(row, column)] += if forwards { sent } else { -sent });
        self.room[end] -= sent;
        Some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assignment::assignment;
    use super::super::testing::{cloud, masses, problem, w2};
    use super::super::{marginal_violation, squared_distances, uniform};
    use super::*;

    #[test]
    fn the_plan_has_the_marginals_and_the_prices_prove_it() {
        for seed in 0..60 {
            let (n, m) = (1 + seed as usize % 7, 1 + (seed as usize * 5) % 9);
            let (cost, mut a, b) = problem(seed, n, m);
            if n > 2 && seed % 3 == 0 {
                // A point without mass.
                a[1] += a[0];
                a[0] = 0.0;
            }
            let Exact { plan, value, u, v } = transport(&cost, &a, &b).expect("masses");
            assert!(plan.iter().all(|p| *p >= 0.0));
            assert!(marginal_violation(&plan, &a, &b) < 1e-13, "{seed}");
            for (i, j) in (0..n).flat_map(|i| (0..m).map(move |j| (i, j))) {
                // Prices are sums of a few costs of size ten.
                let slack = cost[(i, j)] - u[i] - v[j];
                assert!(slack > -1e-12 && (plan[(i, j)] < 1e-14 || slack < 1e-12), "{seed}: {slack}");
            }
            let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
            assert!((value - dot(&a, &u) - dot(&b, &v)).abs() < 1e-12, "{seed}");
        }
    }

    #[test]
    fn equal_masses_are_an_assignment() {
        for seed in 0..20 {
            let n = 3 + seed as usize;
            let (cost, _, _) = problem(seed, n, n);
            let partners = assignment(&cost).expect("finite");
            let best: f64 = partners.iter().enumerate().map(|(i, &j)| cost[(i, j)]).sum::<f64>() / n as f64;
            let found = transport(&cost, &uniform(n), &uniform(n)).expect("masses");
            assert!((found.value - best).abs() < 1e-13, "{seed}");
        }
    }

    #[test]
    fn the_distance_is_one() {
        let clouds: Vec<_> =
            (0..9).map(|seed| (cloud(seed, 4 + seed as usize), masses(seed, 4 + seed as usize))).collect();
        let distance = |i: usize, j: usize| {
            let ((x, a), (y, b)) = (&clouds[i], &clouds[j]);
            w2((x, a), (y, b))
        };
        for (i, j, k) in (0..9).flat_map(|i| (0..9).flat_map(move |j| (0..9).map(move |k| (i, j, k)))) {
            assert!((distance(i, j) - distance(j, i)).abs() < 1e-12);
            assert!(distance(i, k) <= distance(i, j) + distance(j, k) + 1e-12);
        }
        assert_eq!(distance(3, 3), 0.0);
    }

    #[test]
    fn three_hundred_points_have_a_plan() {
        let (cost, a, b) = problem(5, 300, 250);
        let found = transport(&cost, &a, &b).expect("masses");
        assert!(marginal_violation(&found.plan, &a, &b) < 1e-12);
        // A plan that is a vertex has at most n + m - 1 entries.
        assert!(found.plan.iter().filter(|p| **p > 1e-14).count() < 550);
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        let cost = squared_distances(&cloud(1, 2), &cloud(2, 2));
        assert!(transport(&cost, &[0.5, 0.5], &[0.5, 0.6]).is_none());
        assert!(transport(&cost, &[1.5, -0.5], &[0.5, 0.5]).is_none());
        assert!(transport(&cost, &[0.5, 0.5], &[1.0]).is_none());
        assert!(transport(&cost, &[f64::NAN, 0.5], &[0.5, 0.5]).is_none());
        assert!(transport(&(cost * f64::INFINITY), &[0.5, 0.5], &[0.5, 0.5]).is_none());
    }
}
