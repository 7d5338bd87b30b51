//! Densities on a grid in the plane: the Gaussian kernel, in the logarithm, and functions between cells.

use crate::measures::Point;

/// Square-sided many cells over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Cells in each direction, at least one.
    pub side: usize,
    /// The window: xmin, xmax, ymin, ymax.
    pub window: [f64; 4],
}

impl Grid {
    /// Width and height of a cell.
    pub fn spacing(&self) -> Point {
        let [x0, x1, y0, y1] = self.window;
        [(x1 - x0) / self.side as f64, (y1 - y0) / self.side as f64]
    }

    /// The centres of all cells, row by row from the bottom.
    pub fn centres(&self) -> Vec<Point> {
        let ([x0, _, y0, _], [dx, dy]) = (self.window, self.spacing());
        let cell = |k: usize| [x0 + dx * ((k % self.side) as f64 + 0.5), y0 + dy * ((k / self.side) as f64 + 0.5)];
        (0..self.side * self.side).map(cell).collect()
    }

    /// The four cells around a point, with weights that sum to one: bilinear between centres, constant beyond the
    /// outermost. What is no number counts as the lower left corner.
    pub fn around(&self, point: Point) -> [(usize, f64); 4] {
        let ([x0, _, y0, _], spacing) = (self.window, self.spacing());
        let last = (self.side - 1) as f64;
        let place = |at: f64, from: f64, step: f64| {
            // max before min: NaN becomes zero.
            let at = ((at - from) / step - 0.5).max(0.0).min(last);
            let low = at.floor();
            (low as usize, ((low + 1.0).min(last)) as usize, at - low)
        };
        let (i0, i1, s) = place(point[0], x0, spacing[0]);
        let (j0, j1, t) = place(point[1], y0, spacing[1]);
        let cell = |i: usize, j: usize| j * self.side + i;
        [
            (cell(i0, j0), (1.0 - s) * (1.0 - t)),
            (cell(i1, j0), s * (1.0 - t)),
            (cell(i0, j1), (1.0 - s) * t),
            (cell(i1, j1), s * t),
        ]
    }

    /// The shares of a cloud's mass in the cells; each particle is spread over the four around it.
    pub fn shares(&self, cloud: &[Point]) -> Vec<f64> {
        let mut shares = vec![0.0; self.side * self.side];
        for (cell, weight) in cloud.iter().flat_map(|x| self.around(*x)) {
            shares[cell] += weight / cloud.len() as f64;
        }
        shares
    }
}

/// The kernel exp(-|x - y|^2 / (2 eps)) between the centres of cells: applied to exp of a field, in the logarithm,
/// along rows and then along columns.
#[derive(Clone, Debug)]
pub struct LogBlur {
    side: usize,
    centres: Vec<Point>,
    /// The lower left corner of the window.
    corner: Point,
    /// log of the kernel between cells that are so many columns, or rows, apart.
    logs: [Vec<f64>; 2],
    /// The kernel, likewise.
    values: [Vec<f64>; 2],
}

/// Scalings of a density with itself, which settle fast: each halves what is left.
const SELF: usize = 20;
/// A sum above this lost nothing that counts to terms that underflowed.
const SAFE: f64 = 1e-200;

impl LogBlur {
    /// The kernel of a grid. `epsilon`: a squared length, the variance of the kernel in each direction.
    pub fn new(grid: &Grid, epsilon: f64) -> Self {
        let log =
            |step: f64| (0..grid.side).map(|k| -(k as f64 * step).powi(2) / (2.0 * epsilon)).collect::<Vec<f64>>();
        let logs = grid.spacing().map(log);
        let values = [0, 1].map(|axis: usize| logs[axis].iter().map(|log| libm::exp(*log)).collect());
        let [x0, _, y0, _] = grid.window;
        Self { side: grid.side, centres: grid.centres(), corner: [x0, y0], logs, values }
    }

    /// log sum_y K(x, y) exp(field(y)) for every cell x. -infinity is an empty cell.
    pub fn apply(&self, field: &[f64]) -> Vec<f64> {
        let mut rows = vec![0.0; field.len()];
        let mut weights = vec![0.0; self.side];
        for (line, out) in field.chunks_exact(self.side).zip(rows.chunks_exact_mut(self.side)) {
            self.line(0, line, out, &mut weights);
        }
        let (mut blurred, mut column, mut out) = (vec![0.0; field.len()], vec![0.0; self.side], vec![0.0; self.side]);
        for i in 0..self.side {
            (0..self.side).for_each(|j| column[j] = rows[j * self.side + i]);
            self.line(1, &column, &mut out, &mut weights);
            (0..self.side).for_each(|j| blurred[j * self.side + i] = out[j]);
        }
        blurred
    }

    /// For every cell x the mean of y by the weights K(x, y) exp(field(y)), of which not all are zero.
    pub fn means(&self, field: &[f64]) -> Vec<Point> {
        let total = self.apply(field);
        // From the corner on coordinates are positive, so that they have a logarithm.
        let along = |axis: usize| {
            let from = self.corner[axis];
            let weighted = field.iter().zip(&self.centres).map(|(log, y)| log + libm::log(y[axis] - from));
            let sums = self.apply(&weighted.collect::<Vec<f64>>());
            sums.iter().zip(&total).map(|(sum, total)| from + libm::exp(sum - total)).collect::<Vec<f64>>()
        };
        along(0).into_iter().zip(along(1)).map(|(x, y)| [x, y]).collect()
    }

    /// log c with c K c = exp(field), by c <- sqrt(c exp(field) / K c), 20 times.
    pub fn self_scaling(&self, field: &[f64]) -> Vec<f64> {
        let mut log_c: Vec<f64> = field.iter().map(|log| 0.5 * log).collect();
        for _ in 0..SELF {
            let sums = self.apply(&log_c);
            log_c.iter_mut().zip(field.iter().zip(&sums)).for_each(|(c, (log, sum))| *c = 0.5 * (*c + log - sum));
        }
        log_c
    }

    /// [`LogBlur::apply`] along one line.
    fn line(&self, axis: usize, field: &[f64], out: &mut [f64], weights: &mut [f64]) {
        let largest = field.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            out.fill(largest);
            return;
        }
        weights.iter_mut().zip(field).for_each(|(weight, field)| *weight = libm::exp(field - largest));
        let (logs, values) = (&self.logs[axis], &self.values[axis]);
        for (i, out) in out.iter_mut().enumerate() {
            let sum: f64 = weights.iter().enumerate().map(|(k, weight)| weight * values[i.abs_diff(k)]).sum();
            *out = if sum > SAFE {
                largest + libm::log(sum)
            } else {
                // Far from everything: term by term.
                let term = |k: usize| field[k] + logs[i.abs_diff(k)];
                let top = (0..self.side).map(term).fold(f64::NEG_INFINITY, f64::max);
                top + libm::log((0..self.side).map(|k| libm::exp(term(k) - top)).sum())
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::squared_distance;
    use crate::scalar::normal_pair;

    const GRID: Grid = Grid { side: 7, window: [-2.0, 2.0, 0.0, 3.0] };

    #[test]
    fn the_blur_is_the_sum_over_all_cells() {
        // Fields that span hundreds in the logarithm, and a kernel that underflows between far cells; some cells are
        // empty.
        for (scale, epsilon) in [(1.0, 1.0), (300.0, 0.01), (1000.0, 1e-3)] {
            let entry =
                |k: u32| if k.is_multiple_of(5) { f64::NEG_INFINITY } else { scale * normal_pair(1, k, 0, 0)[0] };
            let field: Vec<f64> = (0..49).map(entry).collect();
            let blurred = LogBlur::new(&GRID, epsilon).apply(&field);
            let centres = GRID.centres();
            for (x, found) in centres.iter().zip(blurred) {
                let term = |k: usize| field[k] - squared_distance(*x, centres[k]) / (2.0 * epsilon);
                let top = (0..49).map(term).fold(f64::NEG_INFINITY, f64::max);
                let direct = top + (0..49).map(|k| (term(k) - top).exp()).sum::<f64>().ln();
                assert!((found - direct).abs() < 1e-13 * (1.0 + direct.abs()), "{found} {direct}");
            }
        }
        assert!(LogBlur::new(&GRID, 1.0).apply(&[f64::NEG_INFINITY; 49]).iter().all(|log| *log == f64::NEG_INFINITY));
    }

    #[test]
    fn a_density_goes_to_itself_on_average() {
        let blur = LogBlur::new(&GRID, 0.3);
        let centres = GRID.centres();
        let field: Vec<f64> = centres.iter().map(|x| -squared_distance(*x, [0.0, 1.5])).collect();
        let log_c = blur.self_scaling(&field);
        let sums = blur.apply(&log_c);
        // 2^-20 of where it began.
        assert!((0..49).all(|i| (log_c[i] + sums[i] - field[i]).abs() < 1e-5));
        // The plan has this density on both sides, so its means have the same mean.
        let mean = |points: &[Point], k: usize| field.iter().zip(points).map(|(log, x)| log.exp() * x[k]).sum::<f64>();
        let means = blur.means(&log_c);
        assert!((0..2).all(|k| (mean(&means, k) - mean(&centres, k)).abs() < 1e-4));
    }

    #[test]
    fn between_cells_functions_are_bilinear() {
        let function = |[x, y]: Point| 1.0 + 2.0 * x - y;
        let centres = GRID.centres();
        for point in [[0.1, 1.2], [-1.3, 2.5], [0.0, 0.5]] {
            let around = GRID.around(point);
            let value: f64 = around.iter().map(|(cell, weight)| weight * function(centres[*cell])).sum();
            assert!((value - function(point)).abs() < 1e-14);
        }
        for outside in [[9.0, 9.0], [f64::NAN, -1.0], [f64::INFINITY, f64::NEG_INFINITY]] {
            let around = GRID.around(outside);
            assert!((around.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-15);
        }
        assert_eq!(GRID.shares(&[centres[10]])[10], 1.0);
    }
}
