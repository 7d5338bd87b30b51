//! How parameters make up a matrix: M = X X^T, F G^T, M itself, or a product of layers.

use crate::dense;
use crate::scalar::{Block, Vector};
use nalgebra::DMatrix;

/// How parameters make up a matrix. Derivatives are exact: the product rule, written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// X X^T with X of n rows and `width` columns.
    Symmetric {
        /// Rows of X.
        n: usize,
        /// Columns of X.
        width: usize,
    },
    /// F G^T.
    Product {
        /// Rows of F.
        rows: usize,
        /// Rows of G.
        columns: usize,
        /// Columns of both.
        width: usize,
    },
    /// The matrix itself.
    Whole {
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Whether it is symmetric and stays so.
        symmetric: bool,
    },
    /// W_N ... W_1: a linear network. Layer `l` has `widths[l + 1]` rows and `widths[l]` columns.
    Layers {
        /// Width of the input, of every layer, and of the output.
        widths: Vec<usize>,
    },
}

impl Model {
    /// The matrices that the parameters are.
    pub fn blocks(&self) -> Vec<Block> {
        match self {
            Self::Symmetric { n, width } => Block::sequence(&[[*n, *width]]),
            Self::Product { rows, columns, width } => Block::sequence(&[[*rows, *width], [*columns, *width]]),
            Self::Whole { rows, columns, .. } => Block::sequence(&[[*rows, *columns]]),
            Self::Layers { widths } => {
                Block::sequence(&widths.windows(2).map(|pair| [pair[1], pair[0]]).collect::<Vec<_>>())
            }
        }
    }

    /// Rows and columns of the matrix that they make up.
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::Symmetric { n, .. } => [*n, *n],
            Self::Product { rows, columns, .. } | Self::Whole { rows, columns, .. } => [*rows, *columns],
            Self::Layers { widths } => [widths[widths.len() - 1], widths[0]],
        }
    }

    /// The largest rank that the matrix can have.
    pub fn rank(&self) -> usize {
        match self {
            Self::Symmetric { n, width } => *n.min(width),
            Self::Product { rows, columns, width } => *rows.min(columns).min(width),
            Self::Whole { rows, columns, .. } => *rows.min(columns),
            Self::Layers { widths } => widths.iter().copied().min().unwrap_or(0),
        }
    }

    /// How many parameters there are.
    pub fn dimension(&self) -> usize {
        self.blocks().iter().map(Block::len).sum()
    }

    /// The blocks of `x` as matrices.
    pub fn parts(&self, x: &Vector<f64>) -> Vec<DMatrix<f64>> {
        self.blocks().iter().map(|block| dense::read(x, *block)).collect()
    }

    /// The vector whose blocks are these matrices.
    pub fn join(&self, parts: &[DMatrix<f64>]) -> Vector<f64> {
        let mut x = Vector::zeros(self.dimension());
        self.blocks().iter().zip(parts).for_each(|(block, part)| dense::write(&mut x, *block, part));
        x
    }

    /// The matrix.
    pub fn matrix(&self, x: &Vector<f64>) -> DMatrix<f64> {
        let parts = self.parts(x);
        match self {
            Self::Symmetric { .. } => &parts[0] * parts[0].transpose(),
            Self::Product { .. } => &parts[0] * parts[1].transpose(),
            Self::Whole { .. } => parts.into_iter().next().expect("one block"),
            Self::Layers { .. } => product(&parts),
        }
    }

    /// How the matrix changes when `x` moves along `v`.
    pub fn change(&self, x: &Vector<f64>, v: &Vector<f64>) -> DMatrix<f64> {
        let (x, v) = (self.parts(x), self.parts(v));
        match self {
            Self::Symmetric { .. } => {
                let half = &v[0] * x[0].transpose();
                &half + half.transpose()
            }
            Self::Product { .. } => &v[0] * x[1].transpose() + &x[0] * v[1].transpose(),
            Self::Whole { .. } => v.into_iter().next().expect("one block"),
            Self::Layers { .. } => {
                let with = |l: usize| {
                    let mut layers = x.clone();
                    layers[l] = v[l].clone();
                    product(&layers)
                };
                (1..x.len()).map(with).fold(with(0), |sum, term| sum + term)
            }
        }
    }

    /// The gradient by the parameters, from the derivative `z` of a loss by the matrix: z is symmetric where the matrix is.
    pub fn pull_back(&self, x: &Vector<f64>, z: &DMatrix<f64>) -> Vector<f64> {
        let parts = self.parts(x);
        match self {
            Self::Symmetric { .. } => self.join(&[z * &parts[0] * 2.0]),
            Self::Product { .. } => self.join(&[z * &parts[1], z.tr_mul(&parts[0])]),
            Self::Whole { .. } => self.join(std::slice::from_ref(z)),
            Self::Layers { .. } => self.join(&layer_gradients(&parts, z)),
        }
    }

    /// How [`Model::pull_back`] with the same `z` changes when `x` moves along `v`.
    pub fn pull_back_change(&self, x: &Vector<f64>, v: &Vector<f64>, z: &DMatrix<f64>) -> Vector<f64> {
        match self {
            // Linear in x.
            Self::Symmetric { .. } | Self::Product { .. } => self.pull_back(v, z),
            Self::Whole { .. } => Vector::zeros(self.dimension()),
            Self::Layers { .. } => {
                let (x, v) = (self.parts(x), self.parts(v));
                let mut sum: Vec<DMatrix<f64>> = x.iter().map(|part| part * 0.0).collect();
                for moved in 0..x.len() {
                    let mut layers = x.clone();
                    layers[moved] = v[moved].clone();
                    // The gradient by the layer that moves does not contain that layer.
                    let changes = layer_gradients(&layers, z).into_iter().enumerate();
                    changes.filter(|(l, _)| *l != moved).for_each(|(l, change)| sum[l] += change);
                }
                self.join(&sum)
            }
        }
    }
}

/// The last matrix times the ones before.
fn product(layers: &[DMatrix<f64>]) -> DMatrix<f64> {
    let (first, others) = layers.split_first().expect("a network has layers");
    others.iter().fold(first.clone(), |product, layer| layer * product)
}

/// W_{N:l+1}^T z W_{l-1:1}^T for every layer l.
fn layer_gradients(layers: &[DMatrix<f64>], z: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
    let mut below = vec![None];
    for layer in &layers[..layers.len() - 1] {
        let next = match below.last().and_then(Option::as_ref) {
            Some(product) => layer * product,
            None => layer.clone(),
        };
        below.push(Some(next));
    }
    let mut carried = z.clone();
    let mut gradients: Vec<DMatrix<f64>> = Vec::with_capacity(layers.len());
    for (layer, below) in layers.iter().zip(below).rev() {
        gradients.push(match below {
            Some(below) => &carried * below.transpose(),
            None => carried.clone(),
        });
        carried = layer.tr_mul(&carried);
    }
    gradients.reverse();
    gradients
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> [Model; 4] {
        [
            Model::Symmetric { n: 4, width: 2 },
            Model::Product { rows: 3, columns: 4, width: 2 },
            Model::Whole { rows: 3, columns: 2, symmetric: false },
            Model::Layers { widths: vec![3, 4, 2, 3] },
        ]
    }

    fn wave(n: usize, shift: usize) -> Vector<f64> {
        Vector::from_fn(n, |i| libm::sin((3 * i + shift) as f64))
    }

    /// A derivative of the loss by the matrix, symmetric where the matrix is.
    fn slope(model: &Model) -> DMatrix<f64> {
        let [rows, columns] = model.shape();
        let z = DMatrix::from_fn(rows, columns, |i, j| libm::cos((5 * i + 2 * j) as f64));
        if matches!(model, Model::Symmetric { .. }) { &z + z.transpose() } else { z }
    }

    /// (f(h) - f(-h)) / 2h, extrapolated from two widths: exact for cubics, which these are in one direction.
    fn derivative(f: impl Fn(f64) -> f64) -> f64 {
        let at = |h: f64| (f(h) - f(-h)) / (2.0 * h);
        (4.0 * at(0.5) - at(1.0)) / 3.0
    }

    #[test]
    fn derivatives_are_those_of_the_matrix() {
        for model in models() {
            let n = model.dimension();
            let (x, v, w, z) = (wave(n, 1), wave(n, 2), wave(n, 5), slope(&model));
            let along = |h: f64, v: &Vector<f64>| &x + v * h;
            let by_matrix = derivative(|h| model.matrix(&along(h, &v)).dot(&z));
            assert!((model.change(&x, &v).dot(&z) - by_matrix).abs() < 1e-11, "{model:?}");
            assert!((model.pull_back(&x, &z).dot(&v) - by_matrix).abs() < 1e-11, "{model:?}");
            let second = derivative(|h| model.pull_back(&along(h, &v), &z).dot(&w));
            assert!((model.pull_back_change(&x, &v, &z).dot(&w) - second).abs() < 1e-11, "{model:?}");
        }
    }

    #[test]
    fn blocks_cover_the_parameters() {
        for model in models() {
            let x = wave(model.dimension(), 0);
            assert_eq!(model.join(&model.parts(&x)).as_slice(), x.as_slice());
        }
    }
}
