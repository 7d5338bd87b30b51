//! Lists that claim to hold every critical point, and counts, against a search from many starts.

use super::{Local, eigenvalues, listed, with_formula};
use thalweg::landscapes::{Group, Landscape};

/// Every regular critical point inside the domain that Newton's method finds from `n` x `n` starts.
fn search(local: &mut Local, n: usize) -> Vec<([f64; 2], [f64; 2])> {
    let [x0, x1, y0, y1] = local.row.domain;
    let [width, height] = local.size();
    let mut found: Vec<([f64; 2], [f64; 2])> = Vec::new();
    for k in 0..n * n {
        let fraction = |i: usize| (i as f64 + 0.5) / n as f64;
        let mut at = [x0 + width * fraction(k % n), y0 + height * fraction(k / n)];
        // From any of so many starts a simple zero is near; sixty shortened steps are plenty.
        for _ in 0..60 {
            let ([gx, gy], [a, b, c]) = local.second_order(at);
            let determinant = a * c - b * b;
            let step = [(b * gy - c * gx) / determinant, (b * gx - a * gy) / determinant];
            let length = (step[0] / width).abs().max((step[1] / height).abs());
            let far = at[0] < x0 - width || at[0] > x1 + width || at[1] < y0 - height || at[1] > y1 + height;
            if !length.is_finite() || far {
                break;
            }
            let shorten = if length > 0.05 { 0.05 / length } else { 1.0 };
            at = [at[0] + shorten * step[0], at[1] + shorten * step[1]];
            if length < 1e-11 {
                // Singular points may be members of a continuum; what is listed of those is checked elsewhere. Newton's
                // method stops a little off them, where the Hessian is not yet singular.
                let mut degenerate = local.row.saddles.iter().filter(|saddle| saddle.eig.is_none());
                let regular = determinant.abs() > 1e-7 * (a * a + 2.0 * b * b + c * c)
                    && !degenerate.any(|saddle| near(local, [saddle.x, saddle.y], at, 1e-6));
                // By a margin: the whole lower edge of hosaki is critical, and the search ends a little beside it.
                let (dx, dy) = (1e-9 * width, 1e-9 * height);
                let inside = at[0] > x0 + dx && at[0] < x1 - dx && at[1] > y0 + dy && at[1] < y1 - dy;
                let known = found.iter().any(|(other, _)| near(local, *other, at, 1e-7));
                if regular && inside && !known {
                    found.push((at, eigenvalues([a, b, c])));
                }
                break;
            }
        }
    }
    found
}

/// Whether two points are the same up to a part of the domain.
fn near(local: &Local, p: [f64; 2], q: [f64; 2], part: f64) -> bool {
    let [width, height] = local.size();
    (p[0] - q[0]).abs() < part * width && (p[1] - q[1]).abs() < part * height
}

/// Rows whose formula is a smooth loss.
fn smooth() -> impl Iterator<Item = &'static Landscape> {
    with_formula().filter(|row| row.smooth && row.group != Group::Game)
}

#[test]
fn complete_lists_hold_every_critical_point_that_a_search_finds() {
    for row in smooth().filter(|row| row.complete) {
        let mut local = Local::new(row);
        for (at, [_, high]) in search(&mut local, 24) {
            // Maxima are listed only where there are at most four.
            if high < 0.0 && row.counts.is_some_and(|counts| counts.maxima > 4) {
                continue;
            }
            // The search stops within 1e-11 of the domain, the list has twelve digits.
            let known = listed(row).any(|point| near(&local, [point.x, point.y], at, 1e-9));
            assert!(known, "{}: {at:?} is not listed", row.id);
        }
    }
}

#[test]
fn counts_are_what_a_search_finds() {
    for row in smooth() {
        let Some(counts) = row.counts else { continue };
        let total = counts.minima + counts.saddles + counts.maxima;
        if total > 500 {
            // Shubert, Levy N.13 and Langermann take seconds each; they were counted in the same way once, from
            // 190 x 190, 392 x 392 and 359 x 359 starts.
            continue;
        }
        // Six starts along each side of a critical point's share of the domain, and thirty for the sake of narrow
        // wells.
        let n = 30 + (6.0 * f64::from(total).sqrt()) as usize;
        let found = search(&mut Local::new(row), n);
        let minima = found.iter().filter(|(_, [low, _])| *low > 0.0).count();
        let maxima = found.iter().filter(|(_, [_, high])| *high < 0.0).count();
        let saddles = found.len() - minima - maxima;
        let degenerate = row.saddles.iter().filter(|saddle| saddle.eig.is_none()).count();
        let expected = (counts.minima as usize, counts.saddles as usize - degenerate, counts.maxima as usize);
        assert_eq!((minima, saddles, maxima), expected, "{}", row.id);
    }
}
