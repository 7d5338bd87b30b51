//! Subspace momentum: gradient descent with momentum in a few directions of each matrix.

use super::knob::count;
use super::subset_norm::{BETA1, DECAY, PAPER};
use super::subspace::{GAP, RANK, Subspace};
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Scalars};
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "subspace_momentum",
    title: "Subspace momentum",
    family: Family::Matrix,
    paper: PAPER,
    summary: "averages what a gradient has in its leading directions, and steps along the rest as it comes",
    knobs: &[Knob::lr(0.01), BETA1, RANK, GAP, DECAY],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(SubspaceMomentum::new(knobs, blocks))),
};

/// Subspace momentum, for each matrix W of m rows and n columns, m >= n; another one is transposed first:
/// ```text
/// every update_proj_gap steps: P <- the leading `rank` right singular vectors of G;  M <- 0
/// M <- beta1 M + (1 - beta1) G P
/// W <- W - lr (M P^T + G - G P P^T)
/// W <- (1 - lr weight_decay) W
/// ```
/// and for a vector g with all of it in the average: m <- beta1 m + (1 - beta1) g. `G`: gradient at `W`. `P`: n rows,
/// `rank` columns, orthonormal. `M`: m rows, `rank` columns, units of G, starts at zero, not corrected for it. `lr`:
/// units of W over those of G. With `rank` = n the momentum is SGD's with equal dampening, started anew with every P.
/// Of a gradient without finite entries no P is taken, the last one stays; W becomes not finite.
///
/// Nguyen and Nguyen 2024, with the projection by singular vectors. P is taken in step 1 and in every step whose number
/// `update_proj_gap` divides, as in the authors' program (github.com/timmytonga/sn-sm); there that step still uses the
/// old average with the new P and starts from zero one step later.
struct SubspaceMomentum {
    momentum: Momentum,
    lr: f64,
    weight_decay: f64,
}

impl SubspaceMomentum {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self { momentum: Momentum::new(knobs, blocks), lr: knobs.get("lr"), weight_decay: knobs.get("weight_decay") }
    }
}

impl Optimizer<f64> for SubspaceMomentum {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        *x -= self.momentum.of(&g) * self.lr;
        *x = &*x * (1.0 - self.lr * self.weight_decay);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        self.momentum.state(visit);
    }
}

/// The momentum of every matrix and vector.
pub(super) struct Momentum {
    parts: Vec<Part>,
    t: f64,
    beta1: f64,
    gap: usize,
}

enum Part {
    Matrix { subspace: Subspace, m: DMatrix<f64> },
    Vector { block: Block, m: Vec<f64> },
}

impl Momentum {
    /// From the knobs `beta1`, `rank` and `update_proj_gap`.
    pub fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let part = |&block: &Block| {
            if block.is_vector() {
                return Part::Vector { block, m: vec![0.0; block.len()] };
            }
            let subspace = Subspace::new(block, count(knobs, "rank"));
            let (rows, columns) = subspace.shape();
            Part::Matrix { subspace, m: DMatrix::zeros(rows, columns) }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            t: 0.0,
            beta1: knobs.get("beta1"),
            gap: count(knobs, "update_proj_gap").max(1),
        }
    }

    /// Takes a gradient into the averages. Returns them, with what they leave out.
    pub fn of(&mut self, g: &Vector<f64>) -> Vector<f64> {
        self.t += 1.0;
        let renewed = self.t == 1.0 || (self.t as usize).is_multiple_of(self.gap);
        let beta1 = self.beta1;
        let mut direction = g.clone();
        for part in &mut self.parts {
            match part {
                Part::Matrix { subspace, m } => {
                    let g = subspace.read(g);
                    if renewed {
                        subspace.refresh(&g);
                        m.fill(0.0);
                    }
                    let inside = subspace.down(&g);
                    *m = &*m * beta1 + &inside * (1.0 - beta1);
                    subspace.write(&mut direction, &(subspace.up(&(&*m - inside)) + g));
                }
                Part::Vector { block, m } => {
                    for (m, d) in m.iter_mut().zip(&mut direction.as_mut_slice()[block.range()]) {
                        *m = *m * beta1 + *d * (1.0 - beta1);
                        *d = *m;
                    }
                }
            }
        }
        direction
    }

    pub fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            match part {
                Part::Matrix { subspace, m } => {
                    visit("p", subspace.p.as_mut_slice());
                    visit("m", m.as_mut_slice());
                }
                Part::Vector { m, .. } => visit("m", m),
            }
        }
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};

    #[test]
    fn two_steps_by_hand() {
        // G = diag(4, 1), rank 1: P is the first axis. Momentum 1/2 there, none across: steps (2, 1), then, with
        // diag(8, 1), M = 1 + 4 = 5.
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 1.0], &[8.0, 0.0, 0.0, 1.0]];
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("rank", 1.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        assert!(distance(&path[1], &[-2.0, 0.0, 0.0, -1.0]) < 1e-15, "{path:?}");
        assert!(distance(&path[2], &[-7.0, 0.0, 0.0, -2.0]) < 1e-15, "{path:?}");
        // Renewed in the second step: M = 4.
        let knobs = [&knobs[..], &[("update_proj_gap", 2.0), ("weight_decay", 0.0)]].concat();
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        assert!(distance(&path[2], &[-6.0, 0.0, 0.0, -2.0]) < 1e-15, "{path:?}");
    }

    #[test]
    fn at_full_rank_it_is_momentum_of_the_whole() {
        let list: Vec<Vec<f64>> = (0..4).map(|seed| scattered(6, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let walk = |shape| walk_matrices(&ENTRY, &[("rank", 2.0)], &[shape], &[0.0; 6], 4, &mut gradients(&list)).0;
        for shape in [[3, 2], [2, 3]] {
            assert!(distance(&walk(shape)[4], &walk([6, 1])[4]) < 1e-15);
        }
    }

    #[test]
    fn without_momentum_it_is_gradient_descent() {
        let g = scattered(12, 8);
        let knobs = [("lr", 1.0), ("beta1", 0.0), ("rank", 1.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[4, 3]], &[0.0; 12], 1, &mut gradients(&[&g]));
        let down: Vec<f64> = g.iter().map(|g| -g).collect();
        assert!(distance(&path[1], &down) < 1e-15);
    }

    #[test]
    fn it_keeps_rank_numbers_for_a_line_of_both_sides() {
        for shape in [[9, 5], [5, 9]] {
            let sizes = sizes(&ENTRY, &[("rank", 2.0)], &[shape, [3, 1]]);
            assert_eq!((sizes["m"], sizes["p"]), (9 * 2 + 3, 5 * 2));
        }
    }
}
