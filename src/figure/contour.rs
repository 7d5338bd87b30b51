//! Contours by marching squares (Lorensen and Cline 1987, in two dimensions), joined into long lines.

use super::{Land, axis_number, ticks};
use std::collections::HashMap;

/// A line of equal loss.
#[derive(Clone, Debug)]
pub struct Contour {
    /// Which of the levels.
    pub level: usize,
    /// Points in fractions of the picture, from the upper left.
    pub points: Vec<[f64; 2]>,
}

/// A height at which contours are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The height, in the land's own measure.
    pub height: f64,
    /// Whether it is an index line, drawn stronger and labelled.
    pub index: bool,
    /// The loss, in words.
    pub label: String,
}

/// Where contours lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// At quarter decades of the distance to the lowest value: the `k`-th at 10^(k/4). Every fourth is an index line.
    Quarters {
        /// The lowest.
        first: i32,
        /// The highest.
        last: i32,
    },
    /// At the multiples of `step` between two losses. Every fifth is an index line.
    Steps {
        /// From one to the next.
        step: f64,
        /// The lowest loss.
        bottom: f64,
        /// The highest loss.
        top: f64,
    },
}

/// Where the contours of a land lie: every quarter decade of the distance to the lowest value, or a round step; `None`
/// for level ground.
pub fn spacing(land: &Land) -> Option<Spacing> {
    let [low, high] = [0.004, 1.0].map(|q| land.distance(land.height_quantile(q)));
    if high <= low || low.is_nan() {
        return None;
    }
    if land.logarithmic && high > 8.0 * low.max(f64::MIN_POSITIVE) {
        let quarter = |d: f64| 4.0 * libm::log10(d);
        let first = libm::ceil(quarter(low.max(high * 1e-7))) as i32;
        let last = libm::floor(quarter(high)) as i32;
        return Some(Spacing::Quarters { first, last });
    }
    let (bottom, top) = (land.low + low, land.low + land.distance(land.height_quantile(0.99)));
    let values = ticks(bottom, top, 16);
    Some(Spacing::Steps { step: if values.len() > 1 { values[1] - values[0] } else { 1.0 }, bottom, top })
}

/// The contours of a land, from the lowest up.
pub fn levels(land: &Land) -> Vec<Level> {
    match spacing(land) {
        None => Vec::new(),
        Some(Spacing::Quarters { first, last }) => (first..=last).map(|k| decade_level(land, k)).collect(),
        Some(Spacing::Steps { step, bottom, top }) => {
            let level = |loss: f64| Level {
                height: land.height(loss),
                index: (loss / step).round() as i64 % 5 == 0,
                label: axis_number(loss),
            };
            ticks(bottom, top, 16).into_iter().map(level).collect()
        }
    }
}

fn decade_level(land: &Land, k: i32) -> Level {
    let distance = libm::pow(10.0, f64::from(k) / 4.0);
    let plain = axis_number(distance);
    // A loss is labelled by its value; where the lowest value is not zero, by how far it lies above it.
    let label = if land.low.abs() < 1e-9 { plain } else { format!("f*+{plain}") };
    Level { height: land.height(land.low + distance), index: k.rem_euclid(4) == 0, label }
}

/// The contours of a land at all the levels, whose heights ascend.
pub fn contours(land: &Land, levels: &[Level]) -> Vec<Contour> {
    let mut segments: Vec<Vec<[Crossing; 2]>> = vec![Vec::new(); levels.len()];
    for j in 0..land.rows - 1 {
        for i in 0..land.columns - 1 {
            let at = j * land.columns + i;
            let corners = [
                land.heights[at],
                land.heights[at + 1],
                land.heights[at + land.columns + 1],
                land.heights[at + land.columns],
            ];
            let lowest = corners.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if !(highest - lowest).is_finite() || corners.iter().any(|h| h.is_nan()) {
                continue;
            }
            let first = levels.partition_point(|level| level.height <= lowest);
            for (level, into) in levels.iter().zip(&mut segments).skip(first) {
                if level.height > highest {
                    break;
                }
                cross_cell(land, i, j, corners, level.height, into);
            }
        }
    }
    segments.into_iter().enumerate().flat_map(|(level, segments)| join(level, &segments)).collect()
}

/// Where a contour crosses an edge of the grid: the edge's number and the place.
type Crossing = (u32, [f64; 2]);

/// The pieces of a contour within a cell. Corners run clockwise from the upper left.
fn cross_cell(land: &Land, i: usize, j: usize, h: [f64; 4], level: f64, into: &mut Vec<[Crossing; 2]>) {
    let places = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
    let crossing = |a: usize, b: usize| -> Option<Crossing> {
        if (h[a] > level) == (h[b] > level) {
            return None;
        }
        let t = (level - h[a]) / (h[b] - h[a]);
        let ((ai, aj), (bi, bj)) = (places[a], places[b]);
        let along = |a: usize, b: usize, n: usize| (a as f64 + t * (b as f64 - a as f64) + 0.5) / n as f64;
        let corner = aj.min(bj) * land.columns + ai.min(bi);
        let edge = 2 * corner as u32 + u32::from(ai == bi);
        Some((edge, [along(ai, bi, land.columns), along(aj, bj, land.rows)]))
    };
    let edges = [crossing(0, 1), crossing(1, 2), crossing(2, 3), crossing(3, 0)];
    if let [Some(top), Some(right), Some(bottom), Some(left)] = edges {
        // A saddle: the mean height decides which corners belong together.
        let centre_above = h.iter().sum::<f64>() * 0.25 > level;
        if centre_above == (h[0] > level) {
            into.extend([[top, right], [bottom, left]]);
        } else {
            into.extend([[left, top], [right, bottom]]);
        }
        return;
    }
    let mut found = edges.into_iter().flatten();
    if let (Some(a), Some(b)) = (found.next(), found.next()) {
        into.push([a, b]);
    }
}

/// Joins pieces that share an edge of the grid.
fn join(level: usize, segments: &[[Crossing; 2]]) -> Vec<Contour> {
    let mut at_edge: HashMap<u32, [usize; 2]> = HashMap::with_capacity(segments.len() + 1);
    const NONE: usize = usize::MAX;
    for (index, [a, b]) in segments.iter().enumerate() {
        for edge in [a.0, b.0] {
            let slot = at_edge.entry(edge).or_insert([NONE; 2]);
            slot[usize::from(slot[0] != NONE)] = index;
        }
    }
    let mut used = vec![false; segments.len()];
    let mut contours = Vec::new();
    for start in 0..segments.len() {
        if used[start] {
            continue;
        }
        used[start] = true;
        let [a, b] = segments[start];
        let mut follow = |from: Crossing| {
            let mut points = Vec::new();
            let mut edge = from.0;
            while let Some(next) = at_edge.get(&edge).and_then(|ends| ends.iter().find(|s| **s != NONE && !used[**s])) {
                used[*next] = true;
                let [c, d] = segments[*next];
                let other = if c.0 == edge { d } else { c };
                points.push(other.1);
                edge = other.0;
            }
            points
        };
        let ahead = follow(b);
        let mut points = follow(a);
        points.reverse();
        points.extend([a.1, b.1]);
        points.extend(ahead);
        contours.push(Contour { level, points });
    }
    contours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Frame;
    use crate::problems::PlaneProblem;

    #[test]
    fn a_contour_of_the_sphere_is_one_closed_circle() {
        let problem = PlaneProblem::landscape("sphere", &[]).expect("a listed landscape");
        let frame = Frame { window: [-2.0, 2.0, -2.0, 2.0], width: 200.0, height: 200.0 };
        let land = Land::sample(&problem, &frame, 1.0);
        let level = Level { height: 1.0, index: true, label: String::new() };
        let found = contours(&land, &[level]);
        assert_eq!(found.len(), 1);
        let points = &found[0].points;
        assert_eq!(points.first(), points.last());
        for point in points {
            let [x, y] = frame.to_point([point[0] * 200.0, point[1] * 200.0]);
            // Linear interpolation across cells of 0.02 of a function with curvature 2 is off by at most 0.02^2 / 4.
            assert!((libm::hypot(x, y) - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn index_lines_are_decades() {
        let problem = PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape");
        let frame = Frame::fit(problem.domain, 390.0, 360.0);
        let labels: Vec<String> =
            levels(&Land::sample(&problem, &frame, 2.0)).into_iter().filter(|l| l.index).map(|l| l.label).collect();
        assert!(labels.iter().any(|l| l == "1") && labels.iter().any(|l| l == "100"), "{labels:?}");
    }
}
