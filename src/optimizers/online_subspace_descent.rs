//! Online subspace descent: Adam in a subspace that follows the gradient by steps of its own. GaLore's jumps, if asked.

use super::knob::{count, switched_on};
use super::moments::Moments;
use super::subspace::{GAP, RANK, Subspace};
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::dense::times;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "online_subspace_descent",
    title: "Online subspace descent",
    family: Family::Matrix,
    paper: Paper {
        authors: "Liang, Liu, Chen, Liu",
        title: "Memory-efficient LLM training with online subspace descent",
        year: 2024,
        reference: "arXiv:2408.12857",
    },
    summary: "runs Adam on the gradient in a few directions, which learn by Adam to hold as much of it as they can",
    knobs: &[
        Knob::lr(0.01),
        BETA1,
        BETA2,
        EPS,
        RANK,
        Knob { meaning: "the directions learn with step size 1/T; GaLore renews them every T steps", ..GAP },
        SCALE,
        Knob::switch("online", "online", true, "whether the directions learn; otherwise this is GaLore"),
        DECAY,
    ],
    scalars: Scalars::F64(|knobs, _, blocks| {
        let online = switched_on(knobs, "online");
        Box::new(SubspaceDescent::new(knobs, blocks, online))
    }),
};

/// The registry's line of GaLore.
pub const GALORE: Entry = Entry {
    id: "galore",
    title: "GaLore",
    family: Family::Matrix,
    paper: Paper {
        authors: "Zhao, Zhang, Chen, Wang, Anandkumar, Tian",
        title: "GaLore: memory-efficient LLM training by gradient low-rank projection",
        year: 2024,
        reference: "arXiv:2403.03507",
    },
    summary: "runs Adam on the gradient in its leading directions, which are taken anew every few hundred steps",
    knobs: &[Knob::lr(0.01), BETA1, BETA2, EPS, RANK, GAP, SCALE, DECAY],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(SubspaceDescent::new(knobs, blocks, false))),
};

const BETA1: Knob = Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept");
const BETA2: Knob = Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared gradient is kept");
const EPS: Knob = Knob::eps(1e-6);
const SCALE: Knob = Knob::fraction("scale", "α", 0.25, "multiplies the steps of matrices");
const DECAY: Knob = Knob::weight_decay(0.0, "what each step takes off the weights, times the step size");

/// Online subspace descent, for each matrix W of m rows and n columns, m >= n; another one is transposed first:
/// ```text
/// step 1: P <- the leading `rank` right singular vectors of G
/// A = G P;   M <- beta1 M + (1 - beta1) A;   V <- beta2 V + (1 - beta2) A^2
/// W <- W - lr scale sqrt(1 - beta2^t) / (1 - beta1^t) (M / (sqrt(V) + eps)) P^T
/// W <- (1 - lr weight_decay) W
/// from step 2 on: P <- AdamW(P, gradient of |G P P^T - G|^2 / |G|^2), step size 1 / update_proj_gap
/// ```
/// and Adam for vectors, without `scale`. `G`: gradient at `W`. `P`: n rows, `rank` columns, no units; orthonormal at
/// first, and held near it by its loss. `M`: units of G; `V`: units of G squared; m rows, `rank` columns, both start at
/// zero. `lr`: units of W. `eps` is added to the root before the correction. Adam's numbers for P are PyTorch's
/// defaults: 0.9, 0.999, eps 1e-8, decay 0.01. A gradient that is zero or not finite teaches P nothing.
///
/// Without `online`, and as `galore`: P <- the leading right singular vectors of G in steps 1, 1 + T, 1 + 2 T, ... with
/// T = update_proj_gap; M and V are kept, in the coordinates of the P before. Where G has no decomposition P stays.
///
/// Liang et al. 2024, and Zhao et al. 2024, algorithm 2. Followed is the authors' program
/// (github.com/kyleliang919/Online-Subspace-Descent), which is GaLore's with more projections: the loss of P has no
/// penalty on P^T P - I there, and W moves along the P from before its step. Online, P has moments of its own, 2 n
/// `rank` numbers more than GaLore.
struct SubspaceDescent {
    parts: Vec<Part>,
    /// Steps so far.
    t: f64,
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    scale: f64,
    gap: usize,
    online: bool,
    weight_decay: f64,
}

enum Part {
    /// With the moments of the projected gradient, and, online, of the subspace.
    Matrix {
        subspace: Subspace,
        adam: Moments,
        learner: Option<Moments>,
    },
    Vector {
        block: Block,
        adam: Moments,
    },
}

impl SubspaceDescent {
    fn new(knobs: &Knobs<f64>, blocks: &[Block], online: bool) -> Self {
        let part = |&block: &Block| {
            if block.is_vector() {
                return Part::Vector { block, adam: Moments::new(block.len()) };
            }
            let subspace = Subspace::new(block, count(knobs, "rank"));
            let (rows, columns) = subspace.shape();
            let learner = online.then(|| Moments::new(subspace.p.len()));
            Part::Matrix { adam: Moments::new(rows * columns), learner, subspace }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            t: 0.0,
            lr: knobs.get("lr"),
            betas: [knobs.get("beta1"), knobs.get("beta2")],
            eps: knobs.get("eps"),
            scale: knobs.get("scale"),
            gap: count(knobs, "update_proj_gap").max(1),
            online,
            weight_decay: knobs.get("weight_decay"),
        }
    }
}

/// The gradient by P of |G P P^T - G|^2 / |G|^2; none for a G that is zero or not finite.
fn slope_of_what_is_lost(p: &DMatrix<f64>, g: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let norm = g.norm();
    if !(norm > 0.0 && norm.is_finite()) {
        return None;
    }
    let g = g / norm;
    let gp = times(&g, p);
    let error = times(&gp, &p.transpose()) - &g;
    Some((times(&error.transpose(), &gp) + times(&g.transpose(), &times(&error, p))) * 2.0)
}

/// One step of AdamW with PyTorch's defaults.
fn learn_subspace(p: &mut DMatrix<f64>, slope: &DMatrix<f64>, adam: &mut Moments, lr: f64) {
    adam.learn(slope.as_slice(), [0.9, 0.999]);
    p.iter_mut().zip(adam.direction(1e-8)).for_each(|(p, d)| *p = *p * (1.0 - lr * 0.01) - lr * d);
}

impl Optimizer<f64> for SubspaceDescent {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        let renew = self.t == 0.0 || !self.online && (self.t as usize).is_multiple_of(self.gap);
        for part in &mut self.parts {
            match part {
                Part::Matrix { subspace, adam, learner } => {
                    let g = subspace.read(&g);
                    if renew {
                        subspace.refresh(&g);
                    }
                    adam.learn(subspace.down(&g).as_slice(), self.betas);
                    let (rows, columns) = subspace.shape();
                    let direction = DMatrix::from_iterator(rows, columns, adam.direction_eps_first(self.eps));
                    let w = subspace.read(x) - subspace.up(&direction) * (self.lr * self.scale);
                    subspace.write(x, &w);
                    if let (Some(learner), false) = (learner, renew)
                        && let Some(slope) = slope_of_what_is_lost(&subspace.p, &g)
                    {
                        learn_subspace(&mut subspace.p, &slope, learner, 1.0 / self.gap as f64);
                    }
                }
                Part::Vector { block, adam } => {
                    adam.learn(&g.as_slice()[block.range()], self.betas);
                    let entries = &mut x.as_mut_slice()[block.range()];
                    entries.iter_mut().zip(adam.direction_eps_first(self.eps)).for_each(|(x, d)| *x -= self.lr * d);
                }
            }
        }
        *x = &*x * (1.0 - self.lr * self.weight_decay);
        self.t += 1.0;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            match part {
                Part::Matrix { subspace, adam, learner } => {
                    visit("p", subspace.p.as_mut_slice());
                    adam.state(visit);
                    if let Some(learner) = learner {
                        visit("p_m", &mut learner.m);
                        visit("p_v", &mut learner.v);
                        visit("p_weights", &mut learner.weights);
                    }
                }
                Part::Vector { adam, .. } => adam.state(visit),
            }
        }
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::adam;
    use crate::optimizers::testing::{Field, distance, gradients, scattered, sizes, walk_matrices};

    #[test]
    fn a_step_of_galore_by_hand() {
        // G = diag(4, 1), rank 1: P is the first axis, A = (4, 0)^T, Adam's step (1, 0)^T: only one entry moves.
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 1.0]];
        let knobs = [("lr", 2.0), ("scale", 0.25), ("rank", 1.0), ("eps", 1e-12)];
        let (path, _) = walk_matrices(&GALORE, &knobs, &[[2, 2]], &[0.0; 4], 1, &mut gradients(g));
        // Rounding apart, eps over the uncorrected root, 1e-12 / 0.13, is what is missing.
        assert!(distance(&path[1], &[-0.5, 0.0, 0.0, 0.0]) < 1e-11, "{path:?}");
    }

    #[test]
    fn a_step_of_the_subspace_by_hand() {
        // G = diag(4, 3) / 5 and P = (1, 0)^T: E = diag(0, -3 / 5), both terms are zero: the leading direction is at
        // rest. Off it, P = (1, 1)^T: G P = (4, 3)^T / 5, E = (0 4; 3 0) / 5, E^T G P = (9, 16)^T / 25, E P = (4, 3)^T
        // / 5, G^T E P = (16, 9)^T / 25: together 2 (1, 1)^T, which Adam's first step takes off by lr.
        let g = DMatrix::from_row_slice(2, 2, &[8.0, 0.0, 0.0, 6.0]);
        let at_rest = slope_of_what_is_lost(&DMatrix::from_column_slice(2, 1, &[1.0, 0.0]), &g).expect("a slope");
        assert!(at_rest.norm() < 1e-15);
        let mut p = DMatrix::from_element(2, 1, 1.0);
        let slope = slope_of_what_is_lost(&p, &g).expect("a slope");
        assert!((&slope - DMatrix::from_element(2, 1, 2.0)).norm() < 1e-15, "{slope}");
        learn_subspace(&mut p, &slope, &mut Moments::new(2), 0.1);
        // eps 1e-8 beside a slope of 2 is what is missing of the step.
        assert!((p - DMatrix::from_element(2, 1, 0.899)).norm() < 1e-8);
        assert!(slope_of_what_is_lost(&DMatrix::zeros(2, 1), &DMatrix::zeros(2, 2)).is_none());
    }

    #[test]
    fn the_slope_of_what_is_lost_is_its_derivative() {
        let g = DMatrix::from_column_slice(4, 3, &scattered(12, 1));
        let p = DMatrix::from_column_slice(3, 2, &scattered(6, 2));
        let lost = |p: &DMatrix<f64>| (&g * p * p.transpose() - &g).norm_squared() / g.norm_squared();
        let slope = slope_of_what_is_lost(&p, &g).expect("a slope");
        for i in 0..6 {
            let moved = |h: f64| {
                let mut p = p.clone();
                p[i] += h;
                lost(&p)
            };
            // A central difference of a function of size one at 1e-5 is good to 1e-10.
            assert!(((moved(1e-5) - moved(-1e-5)) / 2e-5 - slope[i]).abs() < 1e-9);
        }
    }

    #[test]
    fn without_learning_it_is_galore() {
        let list: Vec<Vec<f64>> = (0..7).map(|seed| scattered(12, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let walk = |entry, knobs: &[(&str, f64)]| {
            let knobs = [knobs, &[("rank", 2.0), ("update_proj_gap", 3.0)]].concat();
            walk_matrices(entry, &knobs, &[[4, 3]], &[0.0; 12], 7, &mut gradients(&list)).0
        };
        assert_eq!(walk(&GALORE, &[]), walk(&ENTRY, &[("online", 0.0)]));
        assert_ne!(walk(&GALORE, &[]), walk(&ENTRY, &[]));
    }

    #[test]
    fn every_matrix_is_reached_only_in_its_subspace() {
        // The steps of GaLore have the rank of its subspace until that is renewed.
        let list: Vec<Vec<f64>> = (0..5).map(|seed| scattered(12, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let (path, _) = walk_matrices(&GALORE, &[("rank", 2.0)], &[[4, 3]], &[0.0; 12], 5, &mut gradients(&list));
        let values = crate::dense::svd(&DMatrix::from_row_slice(4, 3, &path[5])).expect("finite").singular_values;
        assert!(values[1] > 1e-3 && values[2] < 1e-16, "{values}");
    }

    #[test]
    fn the_subspace_follows_a_gradient_that_turns() {
        // Row vectors that turn by 0.01 a step, sixty times: a direction kept from the first misses sin 0.59 of the
        // last, a learnt one about its own step, 1 / 50.
        let turned = |t: f64| [3.0, 1.0, 2.0].map(|u| [u * libm::cos(0.01 * t), u * libm::sin(0.01 * t)]).concat();
        let missed = |online: f64| {
            let mut t = -1.0;
            let mut field = Field(|_: &[f64]| {
                t += 1.0;
                turned(t)
            });
            let gap = if online > 0.0 { 50.0 } else { 9999.0 };
            let knobs = [("rank", 1.0), ("online", online), ("update_proj_gap", gap)];
            let (_, mut optimizer) = walk_matrices(&ENTRY, &knobs, &[[3, 2]], &[0.0; 6], 60, &mut field);
            let mut p = Vec::new();
            optimizer.state(&mut |name, values| {
                if name == "p" {
                    p = values.to_vec();
                }
            });
            let (g, p) = (DMatrix::from_row_slice(3, 2, &turned(59.0)), DMatrix::from_column_slice(2, 1, &p));
            (&g - &g * &p * p.transpose()).norm() / g.norm()
        };
        assert!((missed(0.0) - libm::sin(0.59)).abs() < 1e-12, "{}", missed(0.0));
        assert!(missed(1.0) < 0.03, "{}", missed(1.0));
    }

    #[test]
    fn vectors_are_adams() {
        let g: &[&[f64]] = &[&[0.5, -3.0, 2.0]];
        let walk =
            |entry| walk_matrices(entry, &[("lr", 0.1), ("eps", 0.0)], &[[3, 1]], &[1.0; 3], 4, &mut gradients(g)).0;
        assert!(distance(&walk(&ENTRY)[4], &walk(&adam::ENTRY)[4]) < 1e-15);
    }

    #[test]
    fn it_keeps_adams_moments_of_the_projected_gradient() {
        for shape in [[9, 5], [5, 9]] {
            let galore = sizes(&GALORE, &[("rank", 2.0)], &[shape]);
            assert_eq!([galore["m"], galore["v"], galore["p"]], [18, 18, 10]);
            let online = sizes(&ENTRY, &[("rank", 2.0)], &[shape]);
            assert_eq!([online["m"], online["v"], online["p"], online["p_m"], online["p_v"]], [18, 18, 10, 10, 10]);
        }
    }
}
