//! Subset norm: AdaGrad and Adam with one step size for a whole subset of coordinates.

use super::knob::count;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::scalar::{Block, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "subset_norm",
    title: "Subset norm",
    family: Family::Matrix,
    paper: PAPER,
    summary: "divides each row of a matrix, or each run of coordinates, by one number, the length of its gradients",
    knobs: &[Knob::lr(0.01), BETA1, BETA2, EPS, SUBSET_SIZE, DECAY],
    scalars: Scalars::F64(|knobs, start, blocks| Box::new(SubsetNorm::new(knobs, start, blocks))),
};

pub(super) const PAPER: Paper = Paper {
    authors: "Nguyen, Nguyen",
    title: "Lean and mean adaptive optimization via subset-norm and subspace-momentum with convergence guarantees",
    year: 2024,
    reference: "arXiv:2411.07120",
};
pub(super) const BETA1: Knob = Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept");
pub(super) const BETA2: Knob =
    Knob::fraction("beta2", "β₂", 0.999, "how much of the averaged squares is kept; 1 adds them up, as AdaGrad does");
pub(super) const EPS: Knob = Knob::eps(1e-6);
pub(super) const SUBSET_SIZE: Knob = Knob::whole(
    "subset_size",
    "|S|",
    0.0,
    (0.0, 4096.0),
    "coordinates with one step size; 0: the lines along the shorter side of a matrix, single ones of a vector",
);
pub(super) const DECAY: Knob = Knob::weight_decay(0.0, "what each step takes off the weights, times the step size");

/// Subset norm:
/// ```text
/// m <- beta1 m + (1 - beta1) g
/// v_S <- beta2 v_S + (1 - beta2) |g_S|^2          for each subset S; v_S + |g_S|^2 if beta2 = 1
/// x_S <- x_S - lr c m_S / (sqrt(v_S) + eps)       c = sqrt(1 - beta2^t) / (1 - beta1^t), without the root if beta2 = 1
/// x <- (1 - lr weight_decay) x
/// ```
/// `g`: gradient at `x`. `v_S`: one number for a subset, units of g squared, the sum and not the mean of its squares:
/// the first step has length `lr` over a subset, where Adam's has it in every coordinate. `m`: units of g; with `beta1
/// = 0` there is none. `eps` is added before the correction. A subset whose gradient was always zero stays (0 / eps);
/// with `eps = 0` it becomes NaN.
///
/// Subsets of `subset_size` coordinates follow each other through each matrix, row by row, and through each vector;
/// where the number of entries has no such divisor, the next smaller one is taken. With 0 a matrix of m rows and n
/// columns has max(m, n) subsets, one for each row if m >= n and otherwise for each column. Size 1 is AdaGrad or Adam,
/// a size of all entries is AdaGrad-Norm.
///
/// Nguyen and Nguyen 2024. Followed is the authors' `GenericOptim` (github.com/timmytonga/sn-sm), with vectors as in
/// their `AdamwSN`. It corrects AdaGrad's sum too, by 1 - 1^t = 0, and then does not move: that is left out.
struct SubsetNorm {
    m: Vector<f64>,
    m_weight: f64,
    subsets: Subsets,
    lr: f64,
    beta1: f64,
    eps: f64,
    weight_decay: f64,
}

impl SubsetNorm {
    fn new(knobs: &Knobs<f64>, start: &Vector<f64>, blocks: &[Block]) -> Self {
        let beta1 = knobs.get("beta1");
        Self {
            m: Vector::zeros(if beta1 > 0.0 { start.len() } else { 0 }),
            m_weight: 0.0,
            subsets: Subsets::new(knobs, blocks),
            lr: knobs.get("lr"),
            beta1,
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
        }
    }
}

impl Optimizer<f64> for SubsetNorm {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        self.m_weight = self.m_weight * self.beta1 + (1.0 - self.beta1);
        self.subsets.learn(&g);
        let m = if self.m.is_empty() {
            g
        } else {
            self.m = &self.m * self.beta1 + g * (1.0 - self.beta1);
            self.m.clone()
        };
        let step = self.lr * self.subsets.correction() / self.m_weight;
        *x -= self.subsets.divided(&m, self.eps) * step;
        *x = &*x * (1.0 - self.lr * self.weight_decay);
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("m", self.m.as_mut_slice());
        visit("m_weight", std::slice::from_mut(&mut self.m_weight));
        self.subsets.state(visit);
    }
}

/// A second moment for every subset.
pub(super) struct Subsets {
    /// For each coordinate, the number of its subset.
    of: Vec<usize>,
    v: Vec<f64>,
    /// 1 - beta2^t, built up; one for a sum.
    weight: f64,
    beta2: f64,
}

impl Subsets {
    pub fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let size = count(knobs, "subset_size");
        let mut of = Vec::new();
        let mut subsets = 0;
        for block in blocks {
            let size = divisor(block.len(), size);
            let in_block: Vec<usize> = (0..block.len()).map(|i| subset_of(i, *block, size)).collect();
            let number = in_block.iter().max().map_or(0, |last| last + 1);
            of.extend(in_block.iter().map(|subset| subsets + subset));
            subsets += number;
        }
        Self { of, v: vec![0.0; subsets], weight: 0.0, beta2: knobs.get("beta2") }
    }

    /// Takes a gradient into the second moments.
    pub fn learn(&mut self, g: &Vector<f64>) {
        let [kept, new] = if self.beta2 == 1.0 { [1.0, 1.0] } else { [self.beta2, 1.0 - self.beta2] };
        self.v.iter_mut().for_each(|v| *v *= kept);
        for (&subset, g) in self.of.iter().zip(g.as_slice()) {
            self.v[subset] += g * g * new;
        }
        self.weight = if self.beta2 == 1.0 { 1.0 } else { self.weight * kept + new };
    }

    /// What corrects the root for the average's start at zero.
    pub fn correction(&self) -> f64 {
        self.weight.sqrt()
    }

    /// The vector over the roots of its subsets.
    pub fn divided(&self, m: &Vector<f64>, eps: f64) -> Vector<f64> {
        Vector::from_fn(m.len(), |i| m[i] / (self.v[self.of[i]].sqrt() + eps))
    }

    pub fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("v", &mut self.v);
        visit("v_weight", std::slice::from_mut(&mut self.weight));
    }
}

/// The largest size of equal subsets of `n` entries that is not above `size`; none for 0.
fn divisor(n: usize, size: usize) -> Option<usize> {
    (1..=size.min(n)).rev().find(|&size| n.is_multiple_of(size))
}

/// The subset of a block's `i`-th entry.
fn subset_of(i: usize, block: Block, size: Option<usize>) -> usize {
    match size {
        Some(size) => i / size,
        None if block.is_vector() => i,
        None if block.rows >= block.columns => i / block.columns,
        None => i % block.columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::adagrad;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};

    const ADAGRAD: [(&str, f64); 4] = [("lr", 0.5), ("beta1", 0.0), ("beta2", 1.0), ("eps", 0.0)];

    #[test]
    fn two_steps_by_hand() {
        // Rows (3, 4) and (5, 12) of a square matrix: lengths 5 and 13. Then (0, 12) and (0, 0): length 13 over both.
        let g: &[&[f64]] = &[&[3.0, 4.0, 5.0, 12.0], &[0.0, 12.0, 0.0, 0.0]];
        let knobs = [&ADAGRAD[1..], &[("lr", 1.0)]].concat();
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        let first = [-0.6, -0.8, -5.0 / 13.0, -12.0 / 13.0];
        assert!(distance(&path[1], &first) < 1e-15, "{path:?}");
        assert!(distance(&path[2], &[first[0], first[1] - 12.0 / 13.0, first[2], first[3]]) < 1e-15, "{path:?}");
    }

    #[test]
    fn adams_form_by_hand() {
        // beta1 = beta2 = 1/2: m = g / 2, v = |g|^2 / 2, corrected both by 1/2: the first step is g / |g|. Then decay.
        let g: &[&[f64]] = &[&[3.0, 4.0]];
        let knobs =
            [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.5), ("eps", 0.0), ("subset_size", 2.0), ("weight_decay", 0.5)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 1]], &[1.0; 2], 1, &mut gradients(g));
        assert!(distance(&path[1], &[0.2, 0.1]) < 1e-15, "{path:?}");
    }

    #[test]
    fn size_one_is_adagrad_and_the_whole_is_adagrad_norm() {
        let list: Vec<Vec<f64>> = (0..5).map(|seed| scattered(6, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let walk = |size| {
            let knobs = [&ADAGRAD[..], &[("subset_size", size)]].concat();
            walk_matrices(&ENTRY, &knobs, &[[2, 3]], &[0.0; 6], 5, &mut gradients(&list)).0
        };
        let knobs = [("lr", 0.5), ("eps", 0.0)];
        let (adagrad, _) = walk_matrices(&adagrad::ENTRY, &knobs, &[[2, 3]], &[0.0; 6], 5, &mut gradients(&list));
        // A few roundings of numbers about one.
        assert!(distance(&walk(1.0)[5], &adagrad[5]) < 1e-15);
        let (mut x, mut sum) = (vec![0.0; 6], 0.0);
        for g in &list {
            sum += g.iter().map(|g| g * g).sum::<f64>();
            x.iter_mut().zip(*g).for_each(|(x, g)| *x -= 0.5 * g / sum.sqrt());
        }
        assert!(distance(&walk(6.0)[5], &x) < 1e-15);
        assert_eq!(walk(6.0), walk(4096.0));
        assert_eq!(walk(5.0), walk(3.0));
    }

    #[test]
    fn it_keeps_one_number_for_a_line_of_the_longer_side() {
        let knobs = [("beta1", 0.0)];
        for shape in [[7, 3], [3, 7]] {
            assert_eq!(sizes(&ENTRY, &knobs, &[shape])["v"], 7);
            assert_eq!(sizes(&ENTRY, &knobs, &[shape])["m"], 0);
        }
        assert_eq!(sizes(&ENTRY, &[], &[[3, 7], [4, 1]])["m"], 25);
        assert_eq!(sizes(&ENTRY, &[], &[[3, 7], [4, 1]])["v"], 11);
        assert_eq!(sizes(&ENTRY, &[("subset_size", 4.0)], &[[4, 3], [4, 1]])["v"], 4);
    }

    #[test]
    fn a_subset_without_gradient_stays() {
        let g: &[&[f64]] = &[&[0.0, 0.0, 1.0, 0.0]];
        let (path, _) = walk_matrices(&ENTRY, &[], &[[2, 2]], &[1.0; 4], 5, &mut gradients(g));
        assert_eq!(path[5][..2], [1.0, 1.0]);
    }
}
