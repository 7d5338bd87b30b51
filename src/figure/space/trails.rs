//! Trails on the surface.

use super::Block;
use crate::experiment::Trace;

/// A place of a trail on the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bead {
    /// Where it is.
    pub at: [f64; 3],
    /// The step at which the run is there; fractions lie between two steps.
    pub step: f64,
    /// Length of the trail up to here.
    pub along: f64,
}

/// Steps shorter than this are within the trail's own ink.
const THIN: f64 = 0.004;
/// At most about so many beads of one trail: a run may cross the block at every step.
const MOST: f64 = 40_000.0;

/// A run's path laid on the surface, in pieces: it is cut where it leaves the window or enters a hole.
pub fn lift(block: &Block, trace: &Trace) -> Vec<Vec<Bead>> {
    let mut points: Vec<([f64; 2], f64)> = Vec::new();
    let mut length = 0.0;
    for (step, point) in trace.points.iter().enumerate() {
        let at = block.place(*point);
        // A run that ends far outside is cut at the edge; only its direction has to be right.
        let at = at.map(|x| if x.is_nan() { x } else { x.clamp(-1e6, 1e6) });
        let moved = points.last().map_or(f64::INFINITY, |(last, _)| libm::hypot(at[0] - last[0], at[1] - last[1]));
        let last_point = step == trace.last();
        if at.iter().all(|x| x.is_finite()) && (moved > THIN || (last_point && moved > 0.0)) {
            length += if points.is_empty() { 0.0 } else { moved.min(4.0) };
            points.push((at, step as f64));
        }
    }
    let cell = 2.0 / block.land.columns.max(block.land.rows) as f64;
    let spacing = cell.max(length / MOST);
    let mut pieces = Vec::new();
    let mut piece: Vec<Bead> = Vec::new();
    let mut along = 0.0;
    for pair in points.windows(2) {
        let ((a, from), (b, to)) = (pair[0], pair[1]);
        let Some([enter, leave]) = clip(a, b, block.half) else {
            end(&mut piece, &mut pieces);
            continue;
        };
        if enter > 0.0 {
            end(&mut piece, &mut pieces);
        }
        let long = libm::hypot(b[0] - a[0], b[1] - a[1]) * (leave - enter);
        let count = libm::ceil(long / spacing).max(1.0);
        for k in 0..=count as usize {
            // The first bead of a step is the last of the step before.
            if k == 0 && !piece.is_empty() {
                continue;
            }
            let t = enter + (leave - enter) * k as f64 / count;
            let at = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
            let z = block.z_at(at);
            if !z.is_finite() {
                end(&mut piece, &mut pieces);
                continue;
            }
            let at = [at[0], at[1], z];
            along += piece.last().map_or(0.0, |last| distance(last.at, at));
            piece.push(Bead { at, step: from + t * (to - from), along });
        }
        if leave < 1.0 {
            end(&mut piece, &mut pieces);
        }
    }
    end(&mut piece, &mut pieces);
    pieces
}

fn end(piece: &mut Vec<Bead>, pieces: &mut Vec<Vec<Bead>>) {
    let whole = std::mem::take(piece);
    if whole.len() > 1 {
        pieces.push(whole);
    }
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    libm::sqrt((0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum())
}

/// The part of a way that lies over the base, as fractions of it (Liang and Barsky 1984); `None` if none does.
fn clip(a: [f64; 2], b: [f64; 2], half: [f64; 2]) -> Option<[f64; 2]> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for k in 0..2 {
        let way = b[k] - a[k];
        for (slope, room) in [(-way, a[k] + half[k]), (way, half[k] - a[k])] {
            if slope == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if slope < 0.0 {
                enter = enter.max(room / slope);
            } else {
                leave = leave.min(room / slope);
            }
        }
    }
    (enter < leave).then_some([enter, leave])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::PlaneProblem;

    fn lifted(formula: &str, points: &[[f64; 2]]) -> (Block, Vec<Vec<Bead>>) {
        let problem = PlaneProblem::typed(formula, &[]).expect("a formula");
        let block = Block::new(&problem, [-1.0, 1.0, -1.0, 1.0], 1.0, 40);
        let trace = Trace { points: points.to_vec(), ..Trace::default() };
        let pieces = lift(&block, &trace);
        (block, pieces)
    }

    #[test]
    fn a_trail_lies_on_the_surface_and_knows_its_steps() {
        let (block, pieces) = lifted("x^2+3*y^2", &[[-0.8, 0.5], [0.0, 0.1], [0.4, -0.4]]);
        assert_eq!(pieces.len(), 1);
        let beads = &pieces[0];
        assert!(beads.len() > 30, "long steps follow the ground: {}", beads.len());
        for bead in beads {
            assert_eq!(bead.at[2], block.z_at([bead.at[0], bead.at[1]]));
        }
        assert!(beads.windows(2).all(|pair| pair[1].step > pair[0].step && pair[1].along > pair[0].along));
        assert_eq!(beads.iter().filter(|bead| bead.step == 1.0).count(), 1);
        assert_eq!((beads[0].step, beads[beads.len() - 1].step), (0.0, 2.0));
    }

    #[test]
    fn a_trail_is_cut_at_the_edges_of_the_window() {
        let (_, pieces) = lifted("x^2+y^2", &[[0.0, 0.0], [3.0, 0.0], [3.0, 0.5], [0.5, 0.5], [0.5, f64::NAN]]);
        assert_eq!(pieces.len(), 2);
        let last = pieces[0].last().expect("beads");
        assert!((last.at[0] - 1.0).abs() < 1e-12 && (last.step - 1.0 / 3.0).abs() < 1e-12);
        assert!((pieces[1][0].at[0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_trail_is_cut_at_holes() {
        let (_, pieces) = lifted("ln(x^2-0.25)+y^2", &[[-0.9, 0.0], [0.9, 0.0]]);
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().flatten().all(|bead| bead.at[2].is_finite()));
    }

    #[test]
    fn a_run_at_rest_has_no_trail_and_a_wild_one_a_bounded_one() {
        assert!(lifted("x^2+y^2", &[[0.1, 0.1]; 9]).1.is_empty());
        let wild: Vec<[f64; 2]> = (0..20_000).map(|i| if i % 2 == 0 { [-0.9, 0.3] } else { [0.9, -0.3] }).collect();
        let beads: usize = lifted("x^2+y^2", &wild).1.iter().map(Vec::len).sum();
        // Every step needs at least one bead besides the spacing.
        assert!(beads < 80_000, "{beads}");
    }
}
