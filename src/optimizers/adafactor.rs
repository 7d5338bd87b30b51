//! Adafactor: a second moment kept as the sums of its rows and of its columns.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scale, recordable};
use crate::scalar::{Block, Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "adafactor",
    title: "Adafactor",
    family: Family::Matrix,
    paper: Paper {
        authors: "Shazeer, Stern",
        title: "Adafactor: adaptive learning rates with sublinear memory cost",
        year: 2018,
        reference: "arXiv:1804.04235",
    },
    summary: "divides by the root of a second moment kept as row and column means; steps relative to the weights",
    knobs: &[
        Knob::lr(0.01),
        Knob {
            id: "beta2_decay",
            symbol: "τ",
            default: -0.8,
            range: (-1.0, 0.0),
            scale: Scale::Linear,
            meaning: "the newest squared gradient counts t to this power",
        },
        Knob { id: "eps1", symbol: "ε₁", meaning: "keeps the root away from zero", ..Knob::eps(f64::EPSILON) },
        Knob { id: "eps2", symbol: "ε₂", meaning: "weights count as at least this large", ..Knob::eps(1e-3) },
        Knob {
            id: "d",
            symbol: "d",
            default: 1.0,
            range: (1.0, 1e6),
            scale: Scale::Log { from: 1.0 },
            meaning: "root mean square above which a step is shortened",
        },
        Knob::weight_decay(0.0, "what each step takes off the weights, times the step size"),
        Knob::switch("relative_step", "1/√t", true, "bounds the step size by 1/√t"),
        Knob::switch("scale_parameter", "RMS", true, "multiplies the step size by the size of the weights"),
    ],
    scalars: recordable!(Adafactor, blocks),
};

/// Adafactor, for each matrix W of m rows and n columns:
/// ```text
/// r_i <- (1 - t^beta2_decay) r_i + t^beta2_decay mean_j G_ij^2
/// c_j <- (1 - t^beta2_decay) c_j + t^beta2_decay mean_i G_ij^2
/// V_ij = r_i c_j / max(mean(r), eps1)
/// U = G / max(sqrt(V), eps1)
/// W <- (1 - lr weight_decay) W - max(eps2, RMS(W)) min(lr, 1 / sqrt(t)) U / max(1, RMS(U) / d)
/// ```
/// and for vectors with V as a whole in place of its means. `G`: gradient at `W`. `r`, `c`, `V`: units of G squared.
/// RMS: root of the mean square of the entries; W is the one before the decay. `t`: number of the step, from 1. `lr` is
/// a fraction of the size of W, `eps2` has the units of W. The first step counts its own square alone, so U is +-1 in
/// every coordinate of a vector. Where the gradient was always zero, 0 / eps1 = 0; with `eps1 = 0` it becomes NaN.
/// Without `relative_step`, `lr` is not bounded by 1 / sqrt(t); without `scale_parameter`, RMS(W) counts as 1.
///
/// Shazeer and Stern 2018, algorithms 4 and 5. Followed is PyTorch's `Adafactor`: `lr` where the paper has 0.01, `eps1`
/// after the average where the paper adds it to G^2, means for sums. optax's is that without `relative_step`. Left out
/// is the optional momentum of the update, which would cost the memory that the method saves.
struct Adafactor<R> {
    blocks: Vec<Block>,
    /// Row means of all matrices.
    r: Vector<R>,
    /// Column means of all matrices.
    c: Vector<R>,
    /// Second moments of all vectors.
    v: Vector<R>,
    t: R,
    lr: R,
    beta2_decay: R,
    eps1: R,
    eps2: R,
    d: R,
    weight_decay: R,
    relative_step: R,
    scale_parameter: R,
}

impl<R: Real> Adafactor<R> {
    fn new(knobs: &Knobs<R>, _: &Vector<R>, blocks: &[Block]) -> Self {
        let zeros = |len: fn(&Block) -> usize| Vector::zeros(blocks.iter().map(len).sum());
        Self {
            blocks: blocks.to_vec(),
            r: zeros(|block| if block.is_vector() { 0 } else { block.rows }),
            c: zeros(|block| if block.is_vector() { 0 } else { block.columns }),
            v: zeros(|block| if block.is_vector() { block.len() } else { 0 }),
            t: R::zero(),
            lr: knobs.get("lr"),
            beta2_decay: knobs.get("beta2_decay"),
            eps1: knobs.get("eps1"),
            eps2: knobs.get("eps2"),
            d: knobs.get("d"),
            weight_decay: knobs.get("weight_decay"),
            relative_step: knobs.get("relative_step"),
            scale_parameter: knobs.get("scale_parameter"),
        }
    }
}

/// The mean of some numbers.
fn mean<R: Real>(n: usize, numbers: impl Iterator<Item = R>) -> R {
    numbers.fold(R::zero(), |sum, number| sum + number) / R::from_f64(n as f64)
}

fn root_mean_square<R: Real>(entries: &[R]) -> R {
    mean(entries.len(), entries.iter().map(|&entry| entry * entry)).sqrt()
}

/// The first `n` of what is left, which is then no longer left.
fn take<'a, R>(left: &mut &'a mut [R], n: usize) -> &'a mut [R] {
    let (first, rest) = std::mem::take(left).split_at_mut(n);
    *left = rest;
    first
}

impl<R: Real> Optimizer<R> for Adafactor<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let (one, half) = (R::one(), R::from_f64(0.5));
        let g = oracle.gradient(x);
        self.t += one;
        let newest = self.t.pow_constant(self.beta2_decay);
        let learn = |average: &mut R, square: R| *average = *average * (one - newest) + square * newest;
        let bound = self.lr.min(one / self.t.sqrt());
        let rho = R::select(half.lt(self.relative_step), bound, self.lr);
        let (mut r, mut c, mut v) = (self.r.as_mut_slice(), self.c.as_mut_slice(), self.v.as_mut_slice());
        for block in self.blocks.iter().filter(|block| !block.is_empty()) {
            let (w, g) = (&mut x.as_mut_slice()[block.range()], &g.as_slice()[block.range()]);
            let columns = block.columns;
            let moments: Vec<R> = if block.is_vector() {
                let v = take(&mut v, block.len());
                v.iter_mut().zip(g).for_each(|(v, &g)| learn(v, g * g));
                v.to_vec()
            } else {
                let (r, c) = (take(&mut r, block.rows), take(&mut c, columns));
                for (i, r) in r.iter_mut().enumerate() {
                    learn(r, mean(columns, g[i * columns..][..columns].iter().map(|&g| g * g)));
                }
                for (j, c) in c.iter_mut().enumerate() {
                    learn(c, mean(block.rows, g[j..].iter().step_by(columns).map(|&g| g * g)));
                }
                let scale = one / mean(r.len(), r.iter().copied()).max(self.eps1);
                r.iter().flat_map(|&r| c.iter().map(move |&c| r * c * scale)).collect()
            };
            let floor = self.eps1 * self.eps1;
            let u: Vec<R> = g.iter().zip(&moments).map(|(&g, v)| g / v.max(floor).sqrt()).collect();
            let size = R::select(half.lt(self.scale_parameter), root_mean_square(w).max(self.eps2), one);
            let alpha = size * rho / (root_mean_square(&u) / self.d).max(one);
            let kept = one - self.lr * self.weight_decay;
            w.iter_mut().zip(u).for_each(|(w, u)| *w = *w * kept - alpha * u);
        }
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("r", self.r.as_mut_slice());
        visit("c", self.c.as_mut_slice());
        visit("v", self.v.as_mut_slice());
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, sizes, walk_matrices};

    #[test]
    fn a_step_on_a_matrix_by_hand() {
        // G = (3 1; 4 2): G^2 has row means 5, 10 and column means 12.5, 2.5; the mean of the rows is 7.5, so
        // V = (25/3 5/3; 50/3 10/3) and U^2 = (1.08 0.6; 0.96 1.2), of mean 0.96: nothing is shortened. RMS(W) = 2.
        let g: &[&[f64]] = &[&[3.0, 1.0, 4.0, 2.0]];
        let start = [2.0, -2.0, 2.0, 2.0];
        let (path, _) = walk_matrices(&ENTRY, &[("lr", 0.1)], &[[2, 2]], &start, 1, &mut gradients(g));
        let u = [1.08, 0.6, 0.96, 1.2].map(f64::sqrt);
        let by_hand: Vec<f64> = start.iter().zip(u).map(|(w, u)| w - 0.2 * u).collect();
        assert!(distance(&path[1], &by_hand) < 1e-15, "{:?}", path[1]);
    }

    #[test]
    fn two_steps_on_a_vector_by_hand() {
        // beta2_decay = -1: plain means. Slopes 3 and 4: V = 9, then 12.5, so U = 1 and 4 / sqrt(12.5) = 1.1314, which
        // is shortened to 1. Weights of 2 with lr = 1/2, then of 1 with min(1/2, 1/sqrt(2)).
        let g: &[&[f64]] = &[&[3.0], &[4.0]];
        let knobs = [("lr", 0.5), ("beta2_decay", -1.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[1, 1]], &[2.0], 2, &mut gradients(g));
        assert!(distance(&path[1], &[1.0]) < 1e-15 && distance(&path[2], &[0.5]) < 1e-15, "{path:?}");
        let free = [("lr", 0.5), ("beta2_decay", -1.0), ("d", 2.0), ("scale_parameter", 0.0), ("weight_decay", 0.5)];
        let (path, _) = walk_matrices(&ENTRY, &free, &[[1, 1]], &[2.0], 2, &mut gradients(g));
        assert!(distance(&path[2], &[0.75 - 0.5 * 4.0 / 12.5_f64.sqrt()]) < 1e-15, "{path:?}");
    }

    #[test]
    fn the_factored_moment_is_the_full_one_where_squares_have_rank_one() {
        // G = a b^T with signs: every entry moves by the same length, as in a vector, where V is kept as a whole.
        let (a, b) = ([1.0, -2.0, 0.5], [3.0, 0.1]);
        let g: Vec<f64> = a.iter().flat_map(|a| b.map(|b| a * b)).collect();
        let other: Vec<f64> = g.iter().map(|g| -0.3 * g).collect();
        let walk = |shape| walk_matrices(&ENTRY, &[], &[shape], &[1.0; 6], 2, &mut gradients(&[&g, &other])).0;
        let (factored, full) = (walk([3, 2]), walk([6, 1]));
        assert!(distance(&factored[2], &full[2]) < 1e-15, "{factored:?} against {full:?}");
    }

    #[test]
    fn a_coordinate_without_gradient_stays() {
        let g: &[&[f64]] = &[&[1.0, 0.0, 2.0, 0.0]];
        let (path, _) = walk_matrices(&ENTRY, &[], &[[2, 2]], &[1.0; 4], 5, &mut gradients(g));
        assert_eq!((path[5][1], path[5][3]), (1.0, 1.0));
        assert!(path[5][0] < 1.0);
    }

    #[test]
    fn it_keeps_rows_and_columns_of_a_matrix() {
        let sizes = sizes(&ENTRY, &[], &[[7, 5], [5, 1]]);
        assert_eq!((sizes["r"], sizes["c"], sizes["v"]), (7, 5, 5));
    }
}
