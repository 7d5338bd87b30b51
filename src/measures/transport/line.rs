//! Transport on a line, by sorting, and in the plane along many lines.

use super::{Point, are_masses};

/// W_p^p of two laws on the line, without the root: the integral over t in (0, 1) of |F^-1(t) - G^-1(t)|^p for their
/// quantile functions. `p` >= 1. Masses are scaled to sum to one. `None` where sizes do not fit, a place is not finite,
/// or the masses are none.
///
/// Santambrogio 2015, "Optimal transport for applied mathematicians", proposition 2.17.
pub fn wasserstein_1d(x: &[f64], a: &[f64], y: &[f64], b: &[f64], p: f64) -> Option<f64> {
    let finite = |places: &[f64]| places.iter().all(|place| place.is_finite());
    if x.len() != a.len() || y.len() != b.len() || !finite(x) || !finite(y) || !are_masses(a) || !are_masses(b) {
        return None;
    }
    let sorted = |places: &[f64], masses: &[f64]| {
        let total: f64 = masses.iter().sum();
        order(places).into_iter().map(|i| (places[i], masses[i] / total)).collect::<Vec<_>>()
    };
    let (x, y) = (sorted(x, a), sorted(y, b));
    let (mut i, mut j, mut value) = (0, 0, 0.0);
    let (mut from, mut to) = (x[0].1, y[0].1);
    loop {
        let moved = from.min(to);
        value += moved * libm::pow((x[i].0 - y[j].0).abs(), p);
        (from, to) = (from - moved, to - moved);
        // Where rounding leaves some mass at the very end, it is not moved.
        if from <= 0.0 {
            i += 1;
            let Some(next) = x.get(i) else { return Some(value) };
            from = next.1;
        }
        if to <= 0.0 {
            j += 1;
            let Some(next) = y.get(j) else { return Some(value) };
            to = next.1;
        }
    }
}

/// The order that sorts places; of equal ones the first comes first.
fn order(places: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&i, &j| places[i].total_cmp(&places[j]));
    order
}

/// Where the optimal plan sends each of `own` on average, when all of `own` have the same mass and so have all of
/// `samples`: the mean of the samples' quantile function over ((r - 1)/n, r/n] for the one of rank r. With equally
/// many, the sample of the same rank. Empty samples leave everything where it is.
pub fn matched(own: &[f64], samples: &[f64]) -> Vec<f64> {
    let (n, m) = (own.len(), samples.len());
    let mut matched = own.to_vec();
    if m == 0 {
        return matched;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    for (rank, i) in order(own).into_iter().enumerate() {
        // In units of 1/(nm), so that shares are whole numbers: the particle has [rank m, (rank + 1) m].
        let (low, high) = (rank * m, (rank + 1) * m);
        let parts = (low / n..high.div_ceil(n)).map(|k| {
            let share = high.min((k + 1) * n) - low.max(k * n);
            share as f64 * sorted[k]
        });
        matched[i] = parts.sum::<f64>() / m as f64;
    }
    matched
}

/// `count` unit vectors with angles (k + offset) pi / count: evenly over half a turn, which is all, since a line has no
/// sense.
pub fn directions(count: usize, offset: f64) -> Vec<Point> {
    let angle = |k| (k as f64 + offset) * std::f64::consts::PI / count.max(1) as f64;
    (0..count).map(angle).map(|angle| [libm::cos(angle), libm::sin(angle)]).collect()
}

/// The coordinates of points along a direction.
fn project(points: &[Point], [c, s]: Point) -> Vec<f64> {
    points.iter().map(|[x, y]| c * x + s * y).collect()
}

/// The squared sliced Wasserstein distance of two clouds: the mean over the unit vectors `directions` of W2^2 of their
/// projections. `None` where a cloud or the directions are empty or a place is not finite.
///
/// Bonneel, Rabin, Peyré, Pfister 2015, "Sliced and Radon Wasserstein barycenters of measures", definition 2.
pub fn sliced_w2_squared(x: &[Point], y: &[Point], directions: &[Point]) -> Option<f64> {
    let (a, b) = (super::uniform(x.len()), super::uniform(y.len()));
    let along = |theta: &Point| wasserstein_1d(&project(x, *theta), &a, &project(y, *theta), &b, 2.0);
    let total: Option<f64> = directions.iter().map(along).sum();
    if directions.is_empty() { None } else { total.map(|total| total / directions.len() as f64) }
}

/// The direction in which the squared sliced distance to the samples falls, n times its negative gradient by the
/// points:
/// ```text
/// pull_i = mean over theta of  2 (matched_theta(x_i) - <theta, x_i>) theta
/// ```
/// In the plane the mean of theta theta^T is half the identity (exactly, for two or more even directions), so the
/// factor 2 makes the whole pull carry a cloud onto its own translate. Bonneel et al. 2015, the gradient of
/// the sliced distance.
pub fn sliced_pull(x: &[Point], samples: &[Point], directions: &[Point]) -> Vec<Point> {
    let mut pull = vec![[0.0; 2]; x.len()];
    for theta in directions {
        let own = project(x, *theta);
        let goals = matched(&own, &project(samples, *theta));
        for (pull, (own, goal)) in pull.iter_mut().zip(own.iter().zip(goals)) {
            let step = 2.0 * (goal - own) / directions.len() as f64;
            *pull = [pull[0] + step * theta[0], pull[1] + step * theta[1]];
        }
    }
    pull
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cloud, masses};
    use super::super::{exact, squared_distances, uniform};
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn sorting_finds_the_exact_plan() {
        for seed in 0..30 {
            let (n, m) = (1 + seed as usize % 6, 1 + (seed as usize * 3) % 7);
            let line = |seed, n| cloud(seed, n).iter().map(|p| p[0]).collect::<Vec<f64>>();
            let (x, y, a, b) = (line(seed, n), line(seed + 99, m), masses(seed, n), masses(seed + 99, m));
            for p in [1.0, 2.0, 3.0] {
                let cost = DMatrix::from_fn(n, m, |i, j| (x[i] - y[j]).abs().powf(p));
                let exact = exact::transport(&cost, &a, &b).expect("masses").value;
                let sorted = wasserstein_1d(&x, &a, &y, &b, p).expect("masses");
                assert!((exact - sorted).abs() < 1e-13 * (1.0 + exact), "{seed} {p}: {exact} {sorted}");
            }
        }
    }

    #[test]
    fn matching_is_the_mean_of_the_exact_plan() {
        for (n, m) in [(3, 3), (3, 5), (6, 4), (5, 1), (1, 4)] {
            let (x, y) = (cloud(3, n), cloud(4, m));
            let line = |cloud: &[Point]| cloud.iter().map(|p| [p[0], 0.0]).collect::<Vec<Point>>();
            let (x, y) = (line(&x), line(&y));
            let plan = exact::transport(&squared_distances(&x, &y), &uniform(n), &uniform(m)).expect("masses").plan;
            let goals = super::super::barycentric_projection(&plan, &y);
            let matched = matched(&project(&x, [1.0, 0.0]), &project(&y, [1.0, 0.0]));
            for (goal, matched) in goals.iter().zip(matched) {
                assert!((goal.expect("no row is empty")[0] - matched).abs() < 1e-13);
            }
        }
        assert_eq!(matched(&[1.0, 2.0], &[]), [1.0, 2.0]);
    }

    #[test]
    fn the_pull_is_the_gradient() {
        let (x, y, theta) = (cloud(5, 7), cloud(6, 4), directions(6, 0.3));
        let pull = sliced_pull(&x, &y, &theta);
        let value = |x: &[Point]| sliced_w2_squared(x, &y, &theta).expect("not empty");
        for i in 0..7 {
            for k in 0..2 {
                let h = 1e-6;
                let at = |by: f64| {
                    let mut moved = x.clone();
                    moved[i][k] += by;
                    value(&moved)
                };
                let slope = (at(h) - at(-h)) / (2.0 * h);
                // The value is a quadratic while no order changes: only rounding, 1e-16 / 1e-6, remains.
                assert!((pull[i][k] + 7.0 * slope).abs() < 1e-8, "{i} {k}");
            }
        }
    }

    #[test]
    fn the_whole_pull_carries_a_cloud_onto_its_translate() {
        let x = cloud(7, 20);
        let y: Vec<Point> = x.iter().map(|[x, y]| [x + 2.0, y - 1.0]).collect();
        for (pull, theta) in
            [(sliced_pull(&x, &y, &directions(2, 0.4)), 2), (sliced_pull(&x, &y, &directions(16, 0.9)), 16)]
        {
            assert!(pull.iter().all(|[dx, dy]| (dx - 2.0).abs() < 1e-14 && (dy + 1.0).abs() < 1e-14), "{theta}");
        }
        // The mean of theta theta^T is half the identity: the sliced distance is half the squared shift.
        let value = sliced_w2_squared(&x, &y, &directions(8, 0.1)).expect("not empty");
        assert!((value - 2.5).abs() < 1e-14);
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        assert_eq!(wasserstein_1d(&[], &[], &[1.0], &[1.0], 2.0), None);
        assert_eq!(wasserstein_1d(&[f64::NAN], &[1.0], &[1.0], &[1.0], 2.0), None);
        assert_eq!(sliced_w2_squared(&[[0.0; 2]], &[[0.0; 2]], &[]), None);
    }
}
