//! SNSM: subspace momentum over a subset norm.

use super::subset_norm::{BETA1, BETA2, DECAY, EPS, PAPER, SUBSET_SIZE, Subsets};
use super::subspace::{GAP, RANK};
use super::subspace_momentum::Momentum;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Scalars};
use crate::scalar::{Block, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "snsm",
    title: "SNSM",
    family: Family::Matrix,
    paper: PAPER,
    summary: "momentum in the leading directions of each matrix, divided by one number for each of its rows",
    knobs: &[Knob::lr(0.01), BETA1, BETA2, EPS, RANK, GAP, SUBSET_SIZE, DECAY],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Snsm::new(knobs, blocks))),
};

/// SNSM:
/// ```text
/// d = the momentum of `subspace_momentum.rs`, M P^T + G - G P P^T
/// v_S as in `subset_norm.rs`
/// x_S <- x_S - lr c d_S / (sqrt(v_S) + eps)       c = sqrt(1 - beta2^t) / (1 - beta1^t), without the root if beta2 = 1
/// x <- (1 - lr weight_decay) x
/// ```
/// Units and edges are those of the two files. A matrix of m rows and n columns, m >= n, keeps k (m + n) + m numbers,
/// where Adam keeps 2 m n. 1 / (1 - beta1^t) also lengthens what the average leaves out, tenfold in the first step with
/// beta1 = 0.9; a new subspace starts the average anew and not `t`.
///
/// Nguyen and Nguyen 2024, AdamSNSM; AdaGradSNSM with beta2 = 1. Followed is the authors' `GenericOptim`
/// (github.com/timmytonga/sn-sm), but for what the two files say.
struct Snsm {
    momentum: Momentum,
    m_weight: f64,
    subsets: Subsets,
    lr: f64,
    beta1: f64,
    eps: f64,
    weight_decay: f64,
}

impl Snsm {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        Self {
            momentum: Momentum::new(knobs, blocks),
            m_weight: 0.0,
            subsets: Subsets::new(knobs, blocks),
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
        }
    }
}

impl Optimizer<f64> for Snsm {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        self.m_weight = self.m_weight * self.beta1 + (1.0 - self.beta1);
        self.subsets.learn(&g);
        let step = self.lr * self.subsets.correction() / self.m_weight;
        *x -= self.subsets.divided(&self.momentum.of(&g), self.eps) * step;
        *x = &*x * (1.0 - self.lr * self.weight_decay);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        self.momentum.state(visit);
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
        self.subsets.state(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};
    use crate::optimizers::{adam, subset_norm};

    #[test]
    fn a_step_by_hand() {
        // G = diag(4, 1), rank 1, beta1 = beta2 = 1/2: d = diag(2, 1), v = (8, 1/2), c = sqrt(2). Along P the
        // corrections cancel and the step is 1; across it is lengthened to 2.
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 1.0]];
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.5), ("rank", 1.0), ("eps", 0.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 1, &mut gradients(g));
        assert!(distance(&path[1], &[-1.0, 0.0, 0.0, -2.0]) < 1e-15, "{path:?}");
    }

    #[test]
    fn at_full_rank_it_is_the_subset_norm_and_with_single_coordinates_adam() {
        let list: Vec<Vec<f64>> = (0..5).map(|seed| scattered(6, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let walk = |entry, knobs: &[(&str, f64)]| {
            let knobs = [knobs, &[("lr", 0.1), ("eps", 0.0)]].concat();
            walk_matrices(entry, &knobs, &[[3, 2]], &[0.0; 6], 5, &mut gradients(&list)).0
        };
        // Down to the subspace and up again costs a few roundings, of numbers below one.
        assert!(distance(&walk(&ENTRY, &[])[5], &walk(&subset_norm::ENTRY, &[])[5]) < 1e-14);
        assert!(distance(&walk(&ENTRY, &[("subset_size", 1.0)])[5], &walk(&adam::ENTRY, &[])[5]) < 1e-14);
    }

    #[test]
    fn it_keeps_the_subspace_and_one_number_for_a_line_of_the_longer_side() {
        let sizes = sizes(&ENTRY, &[("rank", 2.0)], &[[5, 9]]);
        assert_eq!([sizes["m"], sizes["p"], sizes["v"]], [18, 10, 9]);
    }
}
