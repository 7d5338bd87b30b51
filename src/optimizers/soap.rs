//! SOAP: Adam in the basis in which Shampoo's matrices are diagonal.

use super::knob::{count, switched_on};
use super::moments::Moments;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars};
use crate::dense::{self, times};
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "soap",
    title: "SOAP",
    family: Family::Matrix,
    paper: Paper {
        authors: "Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson, Kakade",
        title: "SOAP: improving and stabilizing Shampoo using Adam",
        year: 2024,
        reference: "arXiv:2409.11321",
    },
    summary: "runs Adam in the eigenbasis of Shampoo's matrices, which follows them slowly",
    knobs: &[
        Knob::lr(0.003),
        Knob::average("beta1", "β₁", 0.95, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.95, "how much of the averaged squares and products is kept"),
        Knob::eps(1e-8),
        Knob::weight_decay(0.01, "what each step takes off the weights, times the step size"),
        Knob::whole("precondition_frequency", "f", 10.0, (1.0, 1000.0), "steps from one turn of the basis to the next"),
        Knob::switch("precondition_1d", "vectors", false, "turns vectors too, which are Adam's otherwise"),
        Knob::switch("correct_bias", "bias", true, "corrects both averages for starting at zero"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Soap::new(knobs, blocks))),
};

/// SOAP, for each matrix W of m rows and n columns, from the second call on:
/// ```text
/// M <- beta1 M + (1 - beta1) G
/// V <- beta2 V + (1 - beta2) (Q_L^T G Q_R)^2
/// N = Q_L ((Q_L^T M Q_R) / (sqrt(V) + eps)) Q_R^T
/// W <- (1 - lr weight_decay) (W - lr sqrt(1 - beta2^t) / (1 - beta1^t) N)
/// L <- beta2 L + (1 - beta2) G G^T,   R <- beta2 R + (1 - beta2) G^T G
/// every precondition_frequency steps: Q_L <- QR(L Q_L), Q_R <- QR(R Q_R)
/// ```
/// The first call does not move: it begins `L` and `R` with its gradient and takes `Q_L`, `Q_R` from their
/// eigenvectors, so that no gradient meets a basis made of itself. `G`: gradient at `W`. `M`: units of G; `V`: units of
/// G squared, in the turned basis; both start at zero. `lr`: units of W, the length of Adam's first steps along the
/// axes of that basis. In front of each turn the columns of Q are sorted by their entry of the diagonal of Q^T L Q,
/// largest first, and `V` with them; it is not turned otherwise. With `precondition_1d` a vector has `Q_L` alone;
/// without, neither, and is Adam's, with the same idle first call. Where the gradient was always zero in the turned
/// basis, 0 / eps = 0; NaN with `eps = 0`.
///
/// A basis that is not finite is not used, the last one is kept; a gradient that is not finite makes W not finite.
///
/// Vyas et al. 2024, algorithm 3, of which the idle call and the sorting are the authors' program's. Followed is
/// pytorch_optimizer, in double precision where it computes QR in float32: after the first turn its runs are not these.
/// `eps` is added to the root before the correction, and the decay comes after the step, as there.
struct Soap {
    parts: Vec<Part>,
    /// Calls so far.
    t: f64,
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
    every: usize,
    correct_bias: bool,
}

/// What is kept of one matrix. A vector is one column, whatever it was.
struct Part {
    block: Block,
    l: Option<Side>,
    r: Option<Side>,
    /// `m` in the basis of W, `v` in the turned one, both by columns.
    adam: Moments,
}

/// Averaged products and the basis that follows their eigenvectors.
struct Side {
    products: DMatrix<f64>,
    q: DMatrix<f64>,
}

impl Side {
    fn new(n: usize) -> Self {
        Self { products: DMatrix::zeros(n, n), q: DMatrix::identity(n, n) }
    }

    fn learn(&mut self, product: DMatrix<f64>, beta2: f64) {
        self.products = &self.products * beta2 + product * (1.0 - beta2);
    }

    /// The basis of eigenvectors, largest eigenvalue first.
    fn begin(&mut self) {
        if let Some((_, vectors)) = dense::eigen(&self.products) {
            let n = vectors.ncols();
            self.q = DMatrix::from_fn(n, n, |i, j| vectors[(i, n - 1 - j)]);
        }
    }

    /// One round of orthogonal iteration. Returns the order into which it sorted the columns before.
    fn turn(&mut self) -> Option<Vec<usize>> {
        let image = times(&self.products, &self.q);
        if !dense::is_finite(&image) {
            return None;
        }
        let sizes: Vec<f64> = image.column_iter().zip(self.q.column_iter()).map(|(image, q)| q.dot(&image)).collect();
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by(|&i, &j| sizes[j].total_cmp(&sizes[i]));
        self.q = dense::orthonormal(image.select_columns(&order));
        Some(order)
    }
}

impl Soap {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let turns_vectors = switched_on(knobs, "precondition_1d");
        let part = |&block: &Block| {
            let block = block.upright();
            let matrix = !block.is_vector();
            Part {
                block,
                l: (matrix || turns_vectors).then(|| Side::new(block.rows)),
                r: matrix.then(|| Side::new(block.columns)),
                adam: Moments::new(block.len()),
            }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            t: 0.0,
            lr: knobs.get("lr"),
            beta1: knobs.get("beta1"),
            beta2: knobs.get("beta2"),
            eps: knobs.get("eps"),
            weight_decay: knobs.get("weight_decay"),
            every: count(knobs, "precondition_frequency").max(1),
            correct_bias: switched_on(knobs, "correct_bias"),
        }
    }
}

impl Part {
    /// Q_L^T A Q_R.
    fn turned(&self, a: &DMatrix<f64>) -> DMatrix<f64> {
        let a = self.l.as_ref().map_or_else(|| a.clone(), |l| times(&l.q.transpose(), a));
        self.r.as_ref().map_or_else(|| a.clone(), |r| times(&a, &r.q))
    }

    /// Q_L A Q_R^T.
    fn turned_back(&self, a: DMatrix<f64>) -> DMatrix<f64> {
        let a = self.l.as_ref().map_or_else(|| a.clone(), |l| times(&l.q, &a));
        self.r.as_ref().map_or_else(|| a.clone(), |r| times(&a, &r.q.transpose()))
    }

    fn learn_products(&mut self, g: &DMatrix<f64>, beta2: f64) {
        if let Some(l) = &mut self.l {
            l.learn(times(g, &g.transpose()), beta2);
        }
        if let Some(r) = &mut self.r {
            r.learn(times(&g.transpose(), g), beta2);
        }
    }

    /// Turns both bases, and sorts `v` as their columns.
    fn turn(&mut self) {
        let (rows, columns) = (self.block.rows, self.block.columns);
        let mut v = DMatrix::from_column_slice(rows, columns, &self.adam.v);
        if let Some(order) = self.l.as_mut().and_then(Side::turn) {
            v = v.select_rows(&order);
        }
        if let Some(order) = self.r.as_mut().and_then(Side::turn) {
            v = v.select_columns(&order);
        }
        self.adam.v.copy_from_slice(v.as_slice());
    }
}

impl Optimizer<f64> for Soap {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        self.t += 1.0;
        for part in &mut self.parts {
            let g = dense::read(&g, part.block);
            if self.t == 1.0 {
                part.learn_products(&g, self.beta2);
                part.l.iter_mut().chain(&mut part.r).for_each(Side::begin);
                continue;
            }
            let turned = part.turned(&g);
            part.adam.learn_both(g.as_slice(), turned.as_slice(), [self.beta1, self.beta2]);
            let m = part.turned(&DMatrix::from_column_slice(g.nrows(), g.ncols(), &part.adam.m));
            let v = DMatrix::from_column_slice(g.nrows(), g.ncols(), &part.adam.v);
            let direction = part.turned_back(m.zip_map(&v, |m, v| m / (v.sqrt() + self.eps)));
            let [m_weight, v_weight] = part.adam.weights;
            let step = if self.correct_bias { self.lr * v_weight.sqrt() / m_weight } else { self.lr };
            let w = dense::read(x, part.block) - direction * step;
            dense::write(x, part.block, &(w * (1.0 - self.lr * self.weight_decay)));
            part.learn_products(&g, self.beta2);
            if (self.t as usize - 1).is_multiple_of(self.every) {
                part.turn();
            }
        }
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            if let Some(l) = &mut part.l {
                visit("l", l.products.as_mut_slice());
                visit("q_l", l.q.as_mut_slice());
            }
            if let Some(r) = &mut part.r {
                visit("r", r.products.as_mut_slice());
                visit("q_r", r.q.as_mut_slice());
            }
            part.adam.state(visit);
        }
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{Field, distance, gradients, scattered, sizes, walk_matrices};

    const STEEP: [(&str, f64); 4] = [("lr", 1.0), ("beta1", 0.0), ("weight_decay", 0.0), ("eps", 0.0)];

    #[test]
    fn the_first_call_only_looks() {
        let g = scattered(6, 1);
        let (path, _) = walk_matrices(&ENTRY, &[], &[[2, 3]], &[1.0; 6], 2, &mut gradients(&[&g]));
        assert_eq!(path[0], path[1]);
        assert!(distance(&path[1], &path[2]) > 1e-3);
    }

    #[test]
    fn the_second_step_is_of_length_lr_along_the_axes_of_the_basis() {
        // G = 3 a b^T + d c^T with a, d = (0.6, 0.8), (-0.8, 0.6) and b, c = (0.8, 0.6), (-0.6, 0.8): the basis of both
        // calls, in which the gradient is diag(3, 1). Adam's step there is diag(1, 1), which back is a b^T + d c^T. The
        // entries off the diagonal are rounding over its own size, so an eps has to be above that: 1e-9 of the step.
        let g: &[&[f64]] = &[&[1.92, 0.44, 1.56, 1.92]];
        let knobs = [&STEEP[..3], &[("eps", 1e-9)]].concat();
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        assert!(distance(&path[2], &[-0.96, 0.28, -0.28, -0.96]) < 1e-6, "{path:?}");
    }

    #[test]
    fn a_vector_is_turned_only_if_asked() {
        // Along (3, 4): Adam's first step is (1, 1); turned, it has length 1.
        let g: &[&[f64]] = &[&[3.0, 4.0]];
        let walk = |knobs: &[(&str, f64)]| walk_matrices(&ENTRY, knobs, &[[2, 1]], &[0.0; 2], 2, &mut gradients(g)).0;
        assert!(distance(&walk(&STEEP)[2], &[-1.0, -1.0]) < 1e-15);
        let turned = [&STEEP[..3], &[("precondition_1d", 1.0), ("eps", 1e-9)]].concat();
        assert!(distance(&walk(&turned)[2], &[-0.6, -0.8]) < 1e-6);
    }

    #[test]
    fn a_turn_sorts_and_ends_at_eigenvectors() {
        let a = DMatrix::from_row_slice(3, 3, &scattered(9, 2));
        let mut side = Side { products: times(&a, &a.transpose()), q: DMatrix::identity(3, 3) };
        for _ in 0..200 {
            side.turn();
        }
        let diagonal = times(&times(&side.q.transpose(), &side.products), &side.q);
        assert!(diagonal[(0, 0)] > diagonal[(1, 1)] && diagonal[(1, 1)] > diagonal[(2, 2)]);
        assert!((diagonal[(0, 1)].abs() + diagonal[(0, 2)].abs() + diagonal[(1, 2)].abs()) < 1e-12, "{diagonal}");
    }

    #[test]
    fn turns_agree_with_numpy() {
        // The run soap_matrix of tests/data, turned every second step, done again in NumPy 2.4.6 with QR in double
        // precision. Directions without a gradient are rounding over eps = 1e-8: 1e-9 leaves room for that.
        let mut field = Field(|w: &[f64]| {
            let residual = |j: usize| {
                let [first, second] = [2.0 * w[j] + 0.3 * w[2 + j], -0.4 * w[j] + w[2 + j]];
                [first - [1.0, -2.0][j], second - [0.5, 1.5][j]]
            };
            let [left, right] = [residual(0), residual(1)];
            let row = |a: f64, b: f64| [a * left[0] + b * left[1], a * right[0] + b * right[1]];
            [row(2.0, -0.4), row(0.3, 1.0)].concat()
        });
        let start = [1.5, -1.0, 0.5, 2.0];
        let knobs = [("lr", 0.001), ("precondition_frequency", 2.0)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &start, 200, &mut field);
        let numpy = [1.450713109420422, -1.006593195747018, 0.5082332302348486, 1.950825334442469];
        assert!(distance(&path[50], &numpy) < 1e-9, "{:?}", path[50]);
        let numpy = [1.299982192047664, -1.02673819948753, 0.5337831291747802, 1.800545049076445];
        assert!(distance(&path[200], &numpy) < 1e-9, "{:?}", path[200]);
    }

    #[test]
    fn decay_comes_after_the_step() {
        let g: &[&[f64]] = &[&[0.0, 0.0]];
        let knobs = [("lr", 0.5), ("weight_decay", 0.5)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 1]], &[4.0, 8.0], 2, &mut gradients(g));
        assert_eq!(path[2], [3.0, 6.0]);
    }

    #[test]
    fn it_keeps_two_squares_their_bases_and_adams_moments() {
        let sizes = sizes(&ENTRY, &[], &[[5, 3], [2, 1]]);
        assert_eq!([sizes["l"], sizes["q_l"], sizes["r"], sizes["q_r"]], [25, 25, 9, 9]);
        assert_eq!([sizes["m"], sizes["v"]], [17, 17]);
    }
}
