//! The numbers that colours are scaled by.

use super::{Local, with_formula};
use std::sync::atomic::{AtomicUsize, Ordering};
use thalweg::landscapes::Landscape;

/// Points along each side of the grid that the listed numbers come from.
const SIDE: usize = 801;

/// Values on the grid; NaN and infinities left out.
fn values(local: &mut Local) -> Vec<f64> {
    let [x0, x1, y0, y1] = local.row.domain;
    let along = |from: f64, to: f64, i: usize| from + (to - from) * i as f64 / (SIDE - 1) as f64;
    let mut values = Vec::with_capacity(SIDE * SIDE);
    for j in 0..SIDE {
        for i in 0..SIDE {
            values.push(local.value([along(x0, x1, i), along(y0, y1, j)]));
        }
    }
    values.retain(|f| f.is_finite());
    values
}

/// The part `p` of the values lies below; linear between neighbours, as NumPy does it. Reorders the values.
fn quantile(values: &mut [f64], p: f64) -> f64 {
    let position = p * (values.len() - 1) as f64;
    let (_, below, rest) = values.select_nth_unstable_by(position.floor() as usize, f64::total_cmp);
    let above = rest.iter().copied().fold(f64::INFINITY, f64::min);
    *below + position.fract() * (above - *below)
}

#[test]
fn minima_and_quantiles_of_the_grid_are_as_listed() {
    // 87 million values: the rows are shared among all cores.
    let rows: Vec<_> = with_formula().collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    compare(row);
                }
            });
        }
    });
}

fn compare(row: &'static Landscape) {
    let mut values = values(&mut Local::new(row));
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let low = quantile(&mut values, 0.02);
    let high = quantile(&mut values, 0.98);
    for (listed, computed) in [(row.f_min_grid, lowest), (row.f_lo, low), (row.f_hi, high)] {
        // Twelve digits, and the rounding of grid points, which moves values by some units in the sixteenth digit.
        let tolerance = 5e-12 * listed.abs() + 1e-14 * (row.f_hi - row.f_lo);
        assert!((listed - computed).abs() <= tolerance, "{}: {computed} against {listed}", row.id);
    }
    assert!(row.f_min_grid <= row.f_lo && row.f_lo < row.f_hi, "{}", row.id);
    if let Some(best) = row.minima.first() {
        let slack = 5e-12 * best.f.abs() + 1e-15 * (row.f_hi - row.f_lo);
        assert!(lowest >= best.f - slack, "{}: the grid has {lowest}, below {best:?}", row.id);
    }
}
