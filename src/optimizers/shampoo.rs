//! Shampoo: AdaGrad with a full matrix for the rows and one for the columns.

use super::knob::{count, switched_on};
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::dense::{self, times};
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "shampoo",
    title: "Shampoo",
    family: Family::Matrix,
    paper: Paper {
        authors: "Gupta, Koren, Singer",
        title: "Shampoo: preconditioned stochastic tensor optimization",
        year: 2018,
        reference: "arXiv:1802.09568",
    },
    summary: "divides by fourth roots of the summed products of gradients, one matrix for rows and one for columns",
    knobs: &[
        Knob::lr(1.0),
        Knob::average("beta1", "β₁", 0.0, "how much of the last step is repeated"),
        Knob::switch("nesterov", "Nesterov", false, "takes the momentum as it will be after one more such step"),
        Knob::fraction("beta2", "β₂", 1.0, "how much of the summed products is kept; below 1 they are averaged"),
        Knob {
            id: "matrix_eps",
            meaning: "multiple of the identity with which both matrices begin",
            ..Knob::eps(1e-4)
        },
        Knob::whole(
            "inverse_exponent_override",
            "p",
            0.0,
            (0.0, 16.0),
            "divides by p-th roots; 0: fourth roots for a matrix, square roots for a vector",
        ),
        Knob::whole(
            "preconditioning_compute_steps",
            "Tₚ",
            1.0,
            (1.0, 1000.0),
            "steps from one computation of the roots to the next",
        ),
        Knob::whole(
            "start_preconditioning_step",
            "T₀",
            1.0,
            (1.0, 1000.0),
            "first step that uses the roots; before it the graft's step is taken",
        ),
        Knob::whole(
            "graft_type",
            "graft",
            0.0,
            (0.0, 3.0),
            "whose length a step has: 0 its own, 1 the gradient's, 2 AdaGrad's, 3 RMSprop's",
        ),
        Knob { id: "diagonal_eps", meaning: "keeps the graft's division away from zero", ..Knob::eps(1e-10) },
        Knob::weight_decay(0.0, "weights added to the step before the momentum"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Shampoo::new(knobs, blocks))),
};

/// Shampoo, for each matrix W of m rows and n columns:
/// ```text
/// L <- beta2 L + w G G^T      R <- beta2 R + w G^T G      w = 1 if beta2 = 1, else 1 - beta2
/// U = L^(-1/p) G R^(-1/p)     p = 4
/// U <- U |D| / |U|            with a graft, D being its step
/// M <- beta1 M + U + weight_decay W
/// W <- W - lr M               nesterov: lr (beta1 M + U + weight_decay W)
/// ```
/// and for a vector with `L` alone and p = 2: AdaGrad with its full matrix. `G`: gradient at `W`. `L`, `R`: units of G
/// squared, start at `matrix_eps` times the identity, which has those units too. `lr`: units of W without a graft, as U
/// has none. A zero gradient gives U = 0. Grafts: D = G, G / (sqrt(sum of G^2) + diagonal_eps), or the same with an
/// average by beta2.
///
/// The roots are computed in step 1 and every `preconditioning_compute_steps` after it, from eigenvalues. Those below
/// `matrix_eps`, which only rounding and an average can make, count as that. Roots that are not finite are not used:
/// the last ones are kept, from the identity on. A gradient that is not finite makes W not finite.
///
/// Gupta, Koren and Singer 2018, algorithm 1. Grafting, intervals and the late start are Anil, Gupta, Koren, Regan and
/// Singer 2020 (arXiv:2002.09018), with the names of pytorch_optimizer's `ScalableShampoo`: it keeps a momentum of the
/// graft besides, where here the one momentum begins with the graft's steps, and its first roots are those of step
/// `preconditioning_compute_steps`. Large matrices are not cut into blocks.
struct Shampoo {
    parts: Vec<Part>,
    t: f64,
    lr: f64,
    beta1: f64,
    nesterov: bool,
    beta2: f64,
    matrix_eps: f64,
    root: usize,
    every: usize,
    start: f64,
    graft: Graft,
    diagonal_eps: f64,
    weight_decay: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Graft {
    None,
    Sgd,
    AdaGrad,
    RmsProp,
}

/// What is kept of one matrix. A vector is one column, whatever it was.
struct Part {
    block: Block,
    l: Side,
    /// None for a vector.
    r: Option<Side>,
    /// Momentum, if there is some.
    m: Option<DMatrix<f64>>,
    /// Squared gradients, if the graft needs them.
    s: Option<DMatrix<f64>>,
}

/// One of the two matrices with its root.
struct Side {
    sum: DMatrix<f64>,
    root: DMatrix<f64>,
}

impl Side {
    fn new(n: usize, eps: f64) -> Self {
        Self { sum: DMatrix::from_diagonal_element(n, n, eps), root: DMatrix::identity(n, n) }
    }

    fn compute_root(&mut self, p: usize, eps: f64) {
        let inverse_root = |value: f64| libm::pow(value.max(eps), -1.0 / p as f64);
        if let Some(root) = dense::spectral(&self.sum, inverse_root).filter(dense::is_finite) {
            self.root = root;
        }
    }
}

impl Shampoo {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let graft = match count(knobs, "graft_type") {
            0 => Graft::None,
            1 => Graft::Sgd,
            2 => Graft::AdaGrad,
            _ => Graft::RmsProp,
        };
        let (beta1, eps) = (knobs.get("beta1"), knobs.get("matrix_eps"));
        let part = |&block: &Block| {
            let block = block.upright();
            let zeros = || DMatrix::zeros(block.rows, block.columns);
            Part {
                block,
                l: Side::new(block.rows, eps),
                r: (!block.is_vector()).then(|| Side::new(block.columns, eps)),
                m: (beta1 > 0.0).then(zeros),
                s: matches!(graft, Graft::AdaGrad | Graft::RmsProp).then(zeros),
            }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            t: 0.0,
            lr: knobs.get("lr"),
            beta1,
            nesterov: switched_on(knobs, "nesterov"),
            beta2: knobs.get("beta2"),
            matrix_eps: eps,
            root: count(knobs, "inverse_exponent_override"),
            every: count(knobs, "preconditioning_compute_steps").max(1),
            start: knobs.get("start_preconditioning_step"),
            graft,
            diagonal_eps: knobs.get("diagonal_eps"),
            weight_decay: knobs.get("weight_decay"),
        }
    }

    /// The graft's step, with the squared gradients brought up to date.
    fn graft_step(&self, s: Option<&mut DMatrix<f64>>, g: &DMatrix<f64>) -> DMatrix<f64> {
        let Some(s) = s else { return g.clone() };
        let [kept, new] = if self.graft == Graft::AdaGrad { [1.0, 1.0] } else { [self.beta2, 1.0 - self.beta2] };
        s.zip_apply(g, |s, g| *s = *s * kept + g * g * new);
        g.zip_map(s, |g, s| g / (s.sqrt() + self.diagonal_eps))
    }

    /// U for the part's gradient.
    fn direction(&self, part: &mut Part, g: &DMatrix<f64>) -> DMatrix<f64> {
        let new = if self.beta2 == 1.0 { 1.0 } else { 1.0 - self.beta2 };
        let learn = |side: &mut Side, product: DMatrix<f64>| side.sum = &side.sum * self.beta2 + product * new;
        learn(&mut part.l, times(g, &g.transpose()));
        if let Some(r) = &mut part.r {
            learn(r, times(&g.transpose(), g));
        }
        if (self.t as usize - 1).is_multiple_of(self.every) {
            let natural = if part.r.is_some() { 4 } else { 2 };
            let p = if self.root > 0 { self.root } else { natural };
            part.l.compute_root(p, self.matrix_eps);
            if let Some(r) = &mut part.r {
                r.compute_root(p, self.matrix_eps);
            }
        }
        let u = times(&part.l.root, g);
        part.r.as_ref().map_or_else(|| u.clone(), |r| times(&u, &r.root))
    }
}

impl Optimizer<f64> for Shampoo {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        self.t += 1.0;
        let mut parts = std::mem::take(&mut self.parts);
        for part in &mut parts {
            let (w, g) = (dense::read(x, part.block), dense::read(&g, part.block));
            let graft = self.graft_step(part.s.as_mut(), &g);
            let u = self.direction(part, &g);
            let u = if self.t < self.start {
                graft
            } else if self.graft == Graft::None {
                u
            } else {
                // A zero step stays zero.
                let scale = graft.norm() / (u.norm() + 1e-16);
                u * scale
            };
            let u = u + &w * self.weight_decay;
            let step = match &mut part.m {
                None => u,
                Some(m) => {
                    *m = &*m * self.beta1 + &u;
                    if self.nesterov { &*m * self.beta1 + u } else { m.clone() }
                }
            };
            dense::write(x, part.block, &(w - step * self.lr));
        }
        self.parts = parts;
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            let mut show = |name, matrix: Option<&mut DMatrix<f64>>| {
                if let Some(matrix) = matrix {
                    visit(name, matrix.as_mut_slice());
                }
            };
            show("l", Some(&mut part.l.sum));
            show("l_root", Some(&mut part.l.root));
            if let Some(r) = &mut part.r {
                show("r", Some(&mut r.sum));
                show("r_root", Some(&mut r.root));
            }
            show("m", part.m.as_mut());
            show("s", part.s.as_mut());
        }
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};

    const EXACT: (&str, f64) = ("matrix_eps", 1e-300);

    #[test]
    fn a_step_by_hand() {
        // G = diag(4, 9) twice: L = R = diag(16, 81), then twice that. U = G / sqrt(L) = I, then I / sqrt(2).
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 9.0]];
        let (path, _) = walk_matrices(&ENTRY, &[EXACT], &[[2, 2]], &[3.0, 1.0, 1.0, 3.0], 2, &mut gradients(g));
        let rest = 2.0 - 0.5_f64.sqrt();
        assert!(distance(&path[1], &[2.0, 1.0, 1.0, 2.0]) < 1e-15, "{path:?}");
        assert!(distance(&path[2], &[rest, 1.0, 1.0, rest]) < 1e-15, "{path:?}");
    }

    #[test]
    fn one_gradient_is_made_orthogonal() {
        // L^(-1/4) G R^(-1/4) takes the singular values from G = U S V^T: after a single gradient the step is U V^T.
        // The identity's 1e-12 shortens it by 1e-12 / s^2, and no s here is below a tenth.
        let g = scattered(12, 3);
        let (path, _) =
            walk_matrices(&ENTRY, &[("matrix_eps", 1e-12)], &[[3, 4]], &[0.0; 12], 1, &mut gradients(&[&g]));
        let step = DMatrix::from_row_slice(3, 4, &path[1]);
        for value in dense::svd(&step).expect("finite").singular_values.iter() {
            assert!((value - 1.0).abs() < 1e-10, "{value}");
        }
    }

    #[test]
    fn a_vector_has_full_matrix_adagrad() {
        // (3, 4) first: L = g g^T has the eigenvalue 25 along g, so the step is g / 5. Then (-4, 3), across: the same.
        // The identity's 1e-6 beside 25 shortens both by 2e-8 of their length.
        let g: &[&[f64]] = &[&[3.0, 4.0], &[-4.0, 3.0]];
        for shape in [[2, 1], [1, 2]] {
            let knobs = [("matrix_eps", 1e-6)];
            let (path, _) = walk_matrices(&ENTRY, &knobs, &[shape], &[0.0; 2], 2, &mut gradients(g));
            assert!(distance(&path[1], &[-0.6, -0.8]) < 1e-7, "{path:?}");
            assert!(distance(&path[2], &[0.2, -1.4]) < 1e-7, "{path:?}");
        }
    }

    #[test]
    fn the_kronecker_product_bounds_full_matrix_adagrad() {
        // Gupta et al. 2018, lemma 8: eps I + sum g g^T / rank <= L^(1/2) (x) R^(1/2), the gradients being of rank at
        // most 2: no eigenvalue of the difference is negative.
        let list: Vec<Vec<f64>> = (0..7).map(|seed| scattered(4, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let eps = 0.01;
        let (_, mut optimizer) =
            walk_matrices(&ENTRY, &[("matrix_eps", eps)], &[[2, 2]], &[0.0; 4], list.len(), &mut gradients(&list));
        let mut memory = std::collections::BTreeMap::new();
        optimizer.state(&mut |name, values| drop(memory.insert(name, values.to_vec())));
        let root = |name| dense::spectral(&DMatrix::from_column_slice(2, 2, &memory[name]), f64::sqrt).expect("finite");
        let mut full = DMatrix::from_diagonal_element(4, 4, eps);
        for g in &list {
            let g = DMatrix::from_column_slice(4, 1, g);
            full += &g * g.transpose() / 2.0;
        }
        let (values, _) = dense::eigen(&(root("l").kronecker(&root("r")) - full)).expect("finite");
        assert!(values[0] > -1e-14, "{values}");
    }

    #[test]
    fn a_graft_gives_the_length_and_shampoo_the_direction() {
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 9.0]];
        let step = |knobs: &[(&str, f64)]| {
            let knobs = [&[EXACT, ("diagonal_eps", 0.0)], knobs].concat();
            walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g)).0
        };
        let along_identity = |length: f64| [-length / 2.0_f64.sqrt(), 0.0, 0.0, -length / 2.0_f64.sqrt()];
        let gradient = f64::hypot(4.0, 9.0);
        assert!(distance(&step(&[("graft_type", 1.0)])[1], &along_identity(gradient)) < 1e-14);
        // AdaGrad's first step has length one in both coordinates; RMSprop's is longer by 1 / sqrt(1 - 0.75).
        assert!(distance(&step(&[("graft_type", 2.0)])[1], &along_identity(2.0_f64.sqrt())) < 1e-14);
        let rmsprop = step(&[("graft_type", 3.0), ("beta2", 0.75)]);
        assert!(distance(&rmsprop[1], &along_identity(2.0 * 2.0_f64.sqrt())) < 1e-14);
        // Before the start the graft's own step.
        let late = step(&[("graft_type", 1.0), ("start_preconditioning_step", 2.0)]);
        assert!(distance(&late[1], &[-4.0, 0.0, 0.0, -9.0]) < 1e-14);
        assert!(
            distance(&late[2], &[-4.0 - gradient / 2.0_f64.sqrt(), 0.0, 0.0, -9.0 - gradient / 2.0_f64.sqrt()]) < 1e-14
        );
    }

    #[test]
    fn momentum_decay_and_late_roots_by_hand() {
        // U = I, then, with the root of step 1 kept, I again. M = I, then 3/2 I.
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 9.0]];
        let knobs = [EXACT, ("beta1", 0.5), ("preconditioning_compute_steps", 10.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        assert!(distance(&path[2], &[-2.5, 0.0, 0.0, -2.5]) < 1e-14, "{path:?}");
        // Nesterov: M / 2 + U. Decay of a half on weights of 1: U = 1.5, M = 1.5, step 2.25.
        let knobs = [EXACT, ("beta1", 0.5), ("nesterov", 1.0), ("weight_decay", 0.5)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[1.0; 4], 1, &mut gradients(g));
        assert!(distance(&path[1], &[-1.25, 0.25, 0.25, -1.25]) < 1e-14, "{path:?}");
    }

    #[test]
    fn it_keeps_two_squares_and_their_roots() {
        let plain = sizes(&ENTRY, &[], &[[5, 3], [2, 1]]);
        assert_eq!([plain["l"], plain["l_root"], plain["r"], plain["r_root"]], [29, 29, 9, 9]);
        assert!(!plain.contains_key("m") && !plain.contains_key("s"));
        let all = sizes(&ENTRY, &[("beta1", 0.9), ("graft_type", 2.0)], &[[5, 3], [2, 1]]);
        assert_eq!([all["m"], all["s"]], [17, 17]);
    }

    #[test]
    fn without_a_finite_root_the_last_one_is_kept() {
        // The second gradient's products overflow: L stays without a root from then on, and the root of step 1 stays.
        let g: &[&[f64]] = &[&[4.0, 0.0, 0.0, 9.0], &[1e200, 0.0, 0.0, 0.0], &[8.0, 0.0, 0.0, 9.0]];
        let (path, _) = walk_matrices(&ENTRY, &[EXACT], &[[2, 2]], &[0.0; 4], 3, &mut gradients(g));
        assert!(path[2].iter().all(|x| x.is_finite()));
        assert!((path[3][3] - path[2][3] + 1.0).abs() < 1e-14);
    }
}
