//! The cheapest way to pair the points of two equally large clouds.

use super::{Point, squared_distances};
use crate::dense;
use nalgebra::DMatrix;

/// No partner yet.
const FREE: usize = usize::MAX;

/// The permutation s for which sum_i C_{i s(i)} is least; `s[i]` is the column of row i. `None` where the cost is not
/// square or has an entry that is not finite.
///
/// Rows enter one after the other. With u_i + v_j <= C_ij, and equality where i and j are partners, the shortest path
/// in the reduced costs C_ij - u_i - v_j leads from the new row, over partners that it makes change, to a free column
/// (Dijkstra). Afterwards u and v grow along the path, so that they remain a proof of optimality. n paths of at most
/// n^2 comparisons each: O(n^3), and much less in practice.
///
/// Jonker, Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear assignment problems", in
/// the form of Crouse 2016, "On implementing 2D rectangular assignment algorithms", without their first reductions.
pub fn assignment(cost: &DMatrix<f64>) -> Option<Vec<usize>> {
    if cost.nrows() != cost.ncols() || !dense::is_finite(cost) {
        return None;
    }
    let n = cost.nrows();
    // The matrix is stored by columns; so columns are what enters, and rows are what is looked for.
    let (mut entered, mut found) = (vec![0.0; n], vec![0.0; n]);
    let (mut column_of, mut row_of) = (vec![FREE; n], vec![FREE; n]);
    let mut search = Search::new(n);
    for start in 0..n {
        let costs = cost.column(start);
        entered[start] = costs.iter().zip(&found).map(|(c, v)| c - v).fold(f64::INFINITY, f64::min);
        let (end, length) = search.path(cost, start, &entered, &found, &column_of);
        entered[start] += length;
        for &row in &search.reached {
            let slack = length - search.distance[row];
            found[row] -= slack;
            if row != end {
                entered[column_of[row]] += slack;
            }
        }
        // Partners change along the path, from its end.
        let mut row = end;
        loop {
            let column = search.before[row];
            column_of[row] = column;
            std::mem::swap(&mut row_of[column], &mut row);
            if column == start {
                break;
            }
        }
    }
    Some(column_of)
}

/// What Dijkstra's search keeps.
struct Search {
    /// Length of the shortest known path to each row.
    distance: Vec<f64>,
    /// The column before each row on that path.
    before: Vec<usize>,
    /// Rows whose distance is final.
    reached: Vec<usize>,
    /// The other rows.
    open: Vec<usize>,
}

impl Search {
    fn new(n: usize) -> Self {
        Self {
            distance: vec![0.0; n],
            before: vec![FREE; n],
            reached: Vec::with_capacity(n),
            open: Vec::with_capacity(n),
        }
    }

    /// The free row nearest to the column `start`, and how far it is.
    fn path(
        &mut self,
        cost: &DMatrix<f64>,
        start: usize,
        entered: &[f64],
        found: &[f64],
        column_of: &[usize],
    ) -> (usize, f64) {
        self.distance.fill(f64::INFINITY);
        self.reached.clear();
        self.open.clear();
        self.open.extend(0..found.len());
        let (mut column, mut length) = (start, 0.0);
        loop {
            let costs = cost.column(column);
            let price = entered[column];
            let (mut nearest, mut least) = (0, f64::INFINITY);
            for (k, &row) in self.open.iter().enumerate() {
                // A reduced cost that rounding made negative counts as zero: distances do not fall.
                let through = length + (costs[row] - price - found[row]).max(0.0);
                if through < self.distance[row] {
                    self.distance[row] = through;
                    self.before[row] = column;
                }
                let distance = self.distance[row];
                // Of equally near rows a free one ends the search.
                if distance < least || (distance == least && column_of[row] == FREE) {
                    (nearest, least) = (k, distance);
                }
            }
            let row = self.open.swap_remove(nearest);
            self.reached.push(row);
            length = self.distance[row];
            if column_of[row] == FREE {
                return (row, length);
            }
            column = column_of[row];
        }
    }
}

/// The 2-Wasserstein distance of two clouds of equally many points, and the partner of each point of the first. `None`
/// where they are not equally many or a coordinate is not finite. Of empty clouds it is zero.
pub fn w2_of_clouds(x: &[Point], y: &[Point]) -> Option<(f64, Vec<usize>)> {
    let cost = squared_distances(x, y);
    let partners = assignment(&cost)?;
    let total: f64 = partners.iter().enumerate().map(|(i, &j)| cost[(i, j)]).sum();
    Some(((total / x.len().max(1) as f64).sqrt(), partners))
}

#[cfg(test)]
mod tests {
    use super::super::testing::cloud;
    use super::*;
    use crate::scalar::uniform_pair;

    fn total(cost: &DMatrix<f64>, partners: &[usize]) -> f64 {
        partners.iter().enumerate().map(|(i, &j)| cost[(i, j)]).sum()
    }

    /// The least total over every permutation.
    fn brute_force(cost: &DMatrix<f64>, row: usize, taken: &mut Vec<usize>) -> f64 {
        if row == cost.nrows() {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        for j in 0..cost.ncols() {
            if !taken.contains(&j) {
                taken.push(j);
                least = least.min(cost[(row, j)] + brute_force(cost, row + 1, taken));
                taken.pop();
            }
        }
        least
    }

    #[test]
    fn it_is_the_best_of_all_permutations() {
        for seed in 0..300 {
            let n = 1 + seed as usize % 6;
            // Every other problem has many ties and negative costs.
            let entry = |i: usize, j: usize| {
                let [u, _] = uniform_pair(seed, i as u32, j as u32, 0);
                if seed % 2 == 0 { u } else { (4.0 * u).floor() - 2.0 }
            };
            let cost = DMatrix::from_fn(n, n, entry);
            let partners = assignment(&cost).expect("finite");
            let mut sorted = partners.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..n).collect::<Vec<_>>());
            // Sums of six numbers in another order.
            assert!((total(&cost, &partners) - brute_force(&cost, 0, &mut Vec::new())).abs() < 1e-14);
        }
    }

    #[test]
    fn a_cloud_finds_itself_again() {
        let x = cloud(1, 200);
        let shifted: Vec<Point> = x.iter().rev().map(|[x, y]| [x + 3.0, y - 4.0]).collect();
        let (distance, partners) = w2_of_clouds(&x, &shifted).expect("finite");
        // A translation is the optimal map; each square is 25.
        assert!((distance - 5.0).abs() < 1e-13);
        assert!(partners.iter().enumerate().all(|(i, &j)| j == 199 - i));
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        assert_eq!(assignment(&DMatrix::from_element(2, 2, f64::NAN)), None);
        assert_eq!(assignment(&DMatrix::from_element(2, 2, f64::INFINITY)), None);
        assert_eq!(assignment(&DMatrix::zeros(2, 3)), None);
        assert_eq!(assignment(&DMatrix::zeros(0, 0)), Some(Vec::new()));
        assert!(w2_of_clouds(&[[0.0, 0.0]], &[]).is_none());
    }

    #[test]
    fn a_thousand_points_find_their_shifted_copies() {
        let x = cloud(1, 1000);
        // The optimal map between a cloud and itself moved is the move, whatever the order: 7 is prime to 1000.
        let y: Vec<Point> = (0..1000).map(|i| x[(7 * i + 3) % 1000]).map(|[u, v]| [u + 3.0, v - 4.0]).collect();
        let (distance, partners) = w2_of_clouds(&x, &y).expect("finite");
        assert!((distance - 5.0).abs() < 1e-12, "{distance}");
        assert!(partners.iter().enumerate().all(|(i, j)| (7 * j + 3) % 1000 == i));
    }
}
