//! NovoGrad: gradients of unit length, layer by layer, with momentum.

use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, recordable};
use crate::scalar::{Block, Real, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "novograd",
    title: "NovoGrad",
    family: Family::Matrix,
    paper: Paper {
        authors: "Ginsburg, Castonguay, Hrinchuk, Kuchaiev, Lavrukhin, Leary, Li, Nguyen, Zhang, Cohen",
        title: "Stochastic gradient methods with layer-wise adaptive moments for training of deep networks",
        year: 2019,
        reference: "arXiv:1905.11286",
    },
    summary: "divides each matrix's gradient by the averaged length of that matrix's gradients, and adds momentum",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.95, "how much of the last step is repeated"),
        Knob::average("beta2", "β₂", 0.98, "how much of the averaged squared length is kept"),
        Knob::eps(1e-8),
        Knob::weight_decay(0.0, "weights added to the gradient after the division"),
        Knob::switch("grad_averaging", "average", false, "averages in the momentum, where it otherwise adds up"),
    ],
    scalars: recordable!(NovoGrad, blocks),
};

/// NovoGrad, for each matrix w by itself:
/// ```text
/// v <- |g|^2 at the first step, beta2 v + (1 - beta2) |g|^2 from then on
/// m <- beta1 m + c (g / (sqrt(v) + eps) + weight_decay w),   c = grad_averaging ? 1 - beta1 : 1
/// w <- w - lr m
/// ```
/// `g`: gradient at `w`; |g|: its Euclidean length over all entries of the matrix, a vector being one too. `v`: one
/// number for a matrix, units of g squared. `m`: no units, starts at zero. `lr`: units of w: a constant gradient moves
/// the matrix by `lr / (1 - beta1)` in a step after a while, however long that gradient is. A matrix whose gradient was
/// always zero stays (0 / eps), without decay; with `eps = 0` it becomes NaN.
///
/// Ginsburg et al. 2019, algorithm 1. `eps` and `grad_averaging` are the authors' program's, as in torch_optimizer and
/// optax; pytorch_optimizer does not scale the first step where it averages.
struct NovoGrad<R> {
    blocks: Vec<Block>,
    m: Vector<R>,
    v: Vec<R>,
    /// Zero before the first step, then one.
    begun: R,
    lr: R,
    beta1: R,
    beta2: R,
    eps: R,
    weight_decay: R,
    grad_averaging: R,
}

impl<R: Real> NovoGrad<R> {
    fn new(knobs: &Knobs<R>, start: &Vector<R>, blocks: &[Block]) -> Self {
        Self {
            blocks: blocks.to_vec(),
            m: Vector::zeros(start.len()),
            v: vec![R::zero(); blocks.len()],
            begun: R::zero(),
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
            grad_averaging: knobs.get("grad_averaging"),
        }
    }
}

impl<R: Real> Optimizer<R> for NovoGrad<R> {
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>) {
        let one = R::one();
        let g = oracle.gradient(x);
        let kept = self.beta2 * self.begun;
        let scale = one - self.beta1 * self.grad_averaging;
        for (block, v) in self.blocks.iter().zip(&mut self.v) {
            let g = &g.as_slice()[block.range()];
            let square = g.iter().fold(R::zero(), |sum, &g| sum + g * g);
            *v = *v * kept + square * (one - kept);
            let length = v.sqrt() + self.eps;
            let (w, m) = (&mut x.as_mut_slice()[block.range()], &mut self.m.as_mut_slice()[block.range()]);
            for ((w, m), &g) in w.iter_mut().zip(m).zip(g) {
                *m = *m * self.beta1 + (g / length + self.weight_decay * *w) * scale;
                *w -= self.lr * *m;
            }
        }
        self.begun = one;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R])) {
        visit("m", self.m.as_mut_slice());
        visit("v", &mut self.v);
        visit("begun", std::slice::from_mut(&mut self.begun));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, sizes, walk_matrices};

    #[test]
    fn two_steps_by_hand() {
        // A column (3, 4) of length 5, then (0, 13): v = 25, then (25 + 169) / 2 = 97. m = (0.6, 0.8), then half of it
        // plus (0, 13 / sqrt(97)).
        let g: &[&[f64]] = &[&[3.0, 4.0], &[0.0, 13.0]];
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.5), ("eps", 0.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 1]], &[0.0; 2], 2, &mut gradients(g));
        assert!(distance(&path[1], &[-0.6, -0.8]) < 1e-15);
        assert!(distance(&path[2], &[-0.9, -1.2 - 13.0 / 97.0_f64.sqrt()]) < 1e-15, "{path:?}");
        // Averaged, with decay: m = ((0.6, 0.8) + (2, 2) / 10) / 2.
        let knobs = [("lr", 1.0), ("beta1", 0.5), ("grad_averaging", 1.0), ("weight_decay", 0.1), ("eps", 0.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 1]], &[2.0; 2], 1, &mut gradients(g));
        assert!(distance(&path[1], &[1.6, 1.5]) < 1e-15, "{path:?}");
    }

    #[test]
    fn the_scale_of_one_matrix_changes_nothing() {
        let g = [0.3, -1.0, 2.0, 0.5, 0.25, 4.0];
        let loud: Vec<f64> = g.iter().enumerate().map(|(i, g)| if i < 4 { *g } else { 1024.0 * g }).collect();
        let walk =
            |g: &[f64]| walk_matrices(&ENTRY, &[("eps", 0.0)], &[[2, 2], [2, 1]], &[1.0; 6], 5, &mut gradients(&[g]));
        assert_eq!(walk(&g).0, walk(&loud).0);
    }

    #[test]
    fn a_matrix_without_gradient_stays() {
        let g: &[&[f64]] = &[&[1.0, 1.0, 0.0, 0.0]];
        let (path, _) = walk_matrices(&ENTRY, &[], &[[2, 1], [1, 2]], &[1.0; 4], 5, &mut gradients(g));
        assert_eq!(path[5][2..], [1.0, 1.0]);
    }

    #[test]
    fn it_keeps_one_second_moment_for_a_matrix() {
        let sizes = sizes(&ENTRY, &[], &[[4, 3], [3, 1]]);
        assert_eq!((sizes["m"], sizes["v"]), (15, 2));
    }
}
