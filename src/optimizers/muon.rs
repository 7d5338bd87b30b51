//! Muon: momentum whose singular values are all made about one.

use super::knob::{count, switched_on};
use super::moments::Moments;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::dense::{self, times};
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "muon",
    title: "Muon",
    family: Family::Matrix,
    paper: Paper {
        authors: "Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein",
        title: "Muon: an optimizer for hidden layers in neural networks (kellerjordan.github.io/posts/muon)",
        year: 2024,
        reference: "",
    },
    summary: "averages gradients, and makes all singular values of the average about one by five matrix polynomials",
    knobs: &[
        Knob::lr(0.02),
        Knob::average("momentum", "μ", 0.95, "how much of the averaged gradient is kept"),
        Knob::switch("nesterov", "Nesterov", true, "takes the average as it will be after one more such gradient"),
        Knob::weight_decay(0.0, "what each step takes off the weights, times the step size"),
        Knob::whole("ns_steps", "NS", 5.0, (0.0, 20.0), "how many Newton–Schulz steps"),
        Knob::eps(1e-7),
        Knob::switch("match_rms_adamw", "RMS", false, "scales steps to the size of AdamW's, 0.2 √(longer side)"),
        Knob::switch("correct_bias", "bias", false, "corrects the average for starting at zero, as optax does"),
        Knob::average("adam_b1", "β₁", 0.9, "for vectors: how much of the averaged gradient is kept"),
        Knob::average("adam_b2", "β₂", 0.999, "for vectors: how much of the averaged squared gradient is kept"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Muon::new(knobs, blocks))),
};

/// Coefficients of the quintic, chosen by Jordan for the steepest slope at zero. Five steps take every singular value
/// from 0.002 of the norm up to between 0.68 and 1.21.
const QUINTIC: [f64; 3] = [3.4445, -4.775, 2.0315];

/// Muon, for each matrix W of m rows and n columns:
/// ```text
/// M <- momentum M + (1 - momentum) G
/// O <- NS(nesterov ? momentum M + (1 - momentum) G : M)
/// W <- (1 - lr weight_decay) W - lr sqrt(max(1, m / n)) O
///
/// NS(X): X <- X / max(|X|_F, eps), transposed if m > n; ns_steps times X <- a X + (b A + c A A) X, A = X X^T
/// ```
/// `G`: gradient at `W`. `M`: units of G, starts at zero. `lr`: units of W: the step's singular values are about `lr`,
/// however large the gradient is. A zero gradient gives a zero step. With `match_rms_adamw` the factor is
/// 0.2 sqrt(max(m, n)) (Liu et al. 2025, arXiv:2502.16982). Entries so large that the norm overflows give a zero step.
/// Vectors are Adam's (`adam.rs`, with `adam_b1`, `adam_b2` and the same `lr` and `eps`), as in optax; Jordan leaves
/// them to AdamW, and PyTorch refuses them. Decay is for matrices.
///
/// Jordan et al. 2024. Followed is PyTorch's `Muon`, in double precision where it computes NS in bfloat16. `M` is an
/// average there and a sum in the post: the same, since NS divides by the norm. `correct_bias` is optax's form: in it
/// Nesterov's momentum M / (1 - momentum^(t+1)) + (1 - momentum) G / (1 - momentum^t), and `eps` is added to the norm.
struct Muon {
    parts: Vec<Part>,
    /// 1 - momentum^t, built up.
    weight: f64,
    lr: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    ns_steps: usize,
    eps: f64,
    match_rms_adamw: bool,
    correct_bias: bool,
    adam_betas: [f64; 2],
}

enum Part {
    Matrix { block: Block, m: DMatrix<f64> },
    Vector { block: Block, adam: Moments },
}

impl Muon {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let part = |&block: &Block| {
            if block.is_vector() {
                Part::Vector { block, adam: Moments::new(block.len()) }
            } else {
                Part::Matrix { block, m: DMatrix::zeros(block.rows, block.columns) }
            }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            weight: 0.0,
            lr: knobs.get("lr"),
            momentum: knobs.get("momentum"),
            nesterov: switched_on(knobs, "nesterov"),
            weight_decay: knobs.get("weight_decay"),
            ns_steps: count(knobs, "ns_steps"),
            eps: knobs.get("eps"),
            match_rms_adamw: switched_on(knobs, "match_rms_adamw"),
            correct_bias: switched_on(knobs, "correct_bias"),
            adam_betas: [knobs.get("adam_b1"), knobs.get("adam_b2")],
        }
    }

    /// What becomes of momentum and gradient before NS. `weight` is of this step.
    fn ahead(&self, m: &DMatrix<f64>, g: &DMatrix<f64>, weight: f64) -> DMatrix<f64> {
        let mu = self.momentum;
        match (self.nesterov, self.correct_bias) {
            (true, true) => m * (mu / (mu * weight + (1.0 - mu))) + g * ((1.0 - mu) / weight),
            (true, false) => m * mu + g * (1.0 - mu),
            (false, true) => m / weight,
            (false, false) => m.clone(),
        }
    }

    fn orthogonalised(&self, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let [a, b, c] = QUINTIC;
        let tall = matrix.nrows() > matrix.ncols();
        let norm = matrix.norm();
        let norm = if self.correct_bias { norm + self.eps } else { norm.max(self.eps) };
        let mut x = if tall { matrix.transpose() } else { matrix.clone() } / norm;
        for _ in 0..self.ns_steps {
            let gram = times(&x, &x.transpose());
            let polynomial = &gram * b + times(&gram, &gram) * c;
            x = &x * a + times(&polynomial, &x);
        }
        if tall { x.transpose() } else { x }
    }

    fn factor(&self, block: Block) -> f64 {
        let (m, n) = (block.rows as f64, block.columns as f64);
        if self.match_rms_adamw { 0.2 * m.max(n).sqrt() } else { (m / n).max(1.0).sqrt() }
    }
}

impl Optimizer<f64> for Muon {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        let mu = self.momentum;
        self.weight = self.weight * mu + (1.0 - mu);
        let mut parts = std::mem::take(&mut self.parts);
        for part in &mut parts {
            match part {
                Part::Matrix { block, m } => {
                    let g = dense::read(&g, *block);
                    *m = &*m * mu + &g * (1.0 - mu);
                    let o = self.orthogonalised(&self.ahead(m, &g, self.weight));
                    let w = dense::read(x, *block) * (1.0 - self.lr * self.weight_decay);
                    dense::write(x, *block, &(w - o * (self.lr * self.factor(*block))));
                }
                Part::Vector { block, adam } => {
                    adam.learn(&g.as_slice()[block.range()], self.adam_betas);
                    let entries = &mut x.as_mut_slice()[block.range()];
                    entries.iter_mut().zip(adam.direction(self.eps)).for_each(|(x, d)| *x -= self.lr * d);
                }
            }
        }
        self.parts = parts;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            match part {
                Part::Matrix { m, .. } => visit("m", m.as_mut_slice()),
                Part::Vector { adam, .. } => adam.state(visit),
            }
        }
        visit("weight", std::slice::from_mut(&mut self.weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};

    #[test]
    fn one_newton_schulz_step_by_hand() {
        // G = diag(3, 4) is diag(0.6, 0.8) over its norm. p(s) = a s + b s^3 + c s^5: p(0.6) = 1.19326944 and
        // p(0.8) = 0.97648192. Decay takes a tenth of a half off.
        let knobs = [("lr", 0.5), ("momentum", 0.0), ("ns_steps", 1.0), ("weight_decay", 0.1)];
        let g: &[&[f64]] = &[&[3.0, 0.0, 0.0, 4.0]];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[1.0, 2.0, 3.0, 4.0], 1, &mut gradients(g));
        let by_hand = [0.95 - 0.59663472, 1.9, 2.85, 3.8 - 0.48824096];
        assert!(distance(&path[1], &by_hand) < 1e-15, "{:?}", path[1]);
    }

    #[test]
    fn momentum_by_hand() {
        // Two gradients with momentum 1/2: M = G1 / 2, then G1 / 4 + G2 / 2, and ahead of it M / 2 + G2 / 2. With
        // ns_steps = 0 the step is that over its norm: G1 = diag(8, 0), G2 = diag(2, 4): M = (4, 0), (3, 2); ahead
        // (6, 0), (2.5, 3).
        let g: &[&[f64]] = &[&[8.0, 0.0, 0.0, 0.0], &[2.0, 0.0, 0.0, 4.0]];
        for (nesterov, [first, second]) in [(0.0, [3.0, 2.0]), (1.0, [2.5, 3.0])] {
            let knobs = [("lr", 1.0), ("momentum", 0.5), ("nesterov", nesterov), ("ns_steps", 0.0)];
            let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
            let norm = f64::hypot(first, second);
            assert!(distance(&path[1], &[-1.0, 0.0, 0.0, 0.0]) < 1e-15);
            assert!(distance(&path[2], &[-1.0 - first / norm, 0.0, 0.0, -second / norm]) < 1e-15, "{nesterov}");
        }
    }

    #[test]
    fn five_steps_take_singular_values_to_about_one() {
        let [a, b, c] = QUINTIC;
        let quintic = |s: f64| s * (a + s * s * (b + c * s * s));
        for i in 2..=1000 {
            let s = (0..5).fold(f64::from(i) / 1000.0, |s, _| quintic(s));
            assert!((0.68..1.21).contains(&s), "{i}: {s}");
        }
    }

    #[test]
    fn all_singular_values_of_a_step_are_about_lr() {
        for [m, n] in [[6, 6], [3, 9], [9, 3]] {
            let g = scattered(m * n, 5);
            let knobs = [("lr", 1.0)];
            let (path, _) = walk_matrices(&ENTRY, &knobs, &[[m, n]], &vec![0.0; m * n], 1, &mut gradients(&[&g]));
            let step = DMatrix::from_row_slice(m, n, &path[1]);
            let factor = (m as f64 / n as f64).max(1.0).sqrt();
            for value in dense::svd(&step).expect("finite").singular_values.iter() {
                assert!((0.68..1.21).contains(&(value / factor)), "{value} of {m} x {n}");
            }
        }
    }

    #[test]
    fn vectors_are_adams() {
        let g = [0.5, -3.0, 2.0];
        let adam = super::super::adam::ENTRY;
        for shape in [[3, 1], [1, 3]] {
            let walk = |entry| walk_matrices(entry, &[("eps", 1e-8)], &[shape], &[1.0; 3], 4, &mut gradients(&[&g])).0;
            let (ours, theirs) = (walk(&ENTRY), walk(&adam));
            // The default step sizes are 0.02 and 0.001.
            let moved = |path: &[Vec<f64>], i: usize| path[4][i] - 1.0;
            assert!((0..3).all(|i| (moved(&ours, i) - 20.0 * moved(&theirs, i)).abs() < 1e-14));
        }
    }

    #[test]
    fn it_keeps_one_number_for_an_entry_of_a_matrix() {
        let sizes = sizes(&ENTRY, &[], &[[4, 3], [3, 1]]);
        assert_eq!((sizes["m"], sizes["v"]), (4 * 3 + 3, 3));
    }
}
