//! Where optimizers start: at random, along what was measured, or beside a critical point.

use super::draws::{Normals, Purpose};
use super::loss::Loss;
use super::{Model, Outline, lifted};
use crate::dense;
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector};

/// Where optimizers start: factors whose columns have a length of about alpha.
pub(super) fn start(outline: &Outline, loss: &Loss) -> Vector<f64> {
    let model = &outline.model;
    let alpha = outline.value("alpha");
    let mut draws = Normals::new(outline.seed, Purpose::Start);
    let mut columns = |rows: usize, width: usize| draws.matrix(rows, width) / (rows as f64).sqrt();
    match model {
        Model::Symmetric { n, width } => {
            let direction = match (outline.is("spectral"), loss) {
                (true, Loss::Absolute { .. } | Loss::Squares { .. } | Loss::Entries { .. }) => {
                    spectral(loss, *n, *width)
                }
                _ => None,
            };
            model.join(&[direction.unwrap_or_else(|| columns(*n, *width)) * alpha])
        }
        Model::Product { rows, columns: right, width } => {
            let found = if outline.is("spectral") { leading(loss, *rows, *right, *width) } else { None };
            let (f, g) = found.unwrap_or_else(|| (columns(*rows, *width), columns(*right, *width)));
            model.join(&[f * alpha, g * (alpha * outline.value("ratio"))])
        }
        Model::Layers { widths } if outline.count("skip") > 0 => {
            let critical = critical(outline, widths, &mut columns);
            let layers = critical.iter().map(|layer| layer + columns(layer.nrows(), layer.ncols()) * alpha);
            model.join(&layers.collect::<Vec<_>>())
        }
        Model::Layers { widths } if outline.is("balanced") => {
            // W_l = alpha U_l I U_{l-1}^T with orthonormal U: all layers share their singular values and vectors.
            let thin = widths.iter().copied().min().unwrap_or(1);
            let sides: Vec<_> = widths.iter().map(|&w| dense::orthonormal(columns(w, thin))).collect();
            let layer = |pair: &[DMatrix<f64>]| &pair[1] * pair[0].transpose() * alpha;
            model.join(&sides.windows(2).map(layer).collect::<Vec<_>>())
        }
        Model::Layers { widths } => {
            let layers: Vec<_> = widths.windows(2).map(|pair| columns(pair[1], pair[0]) * alpha).collect();
            model.join(&layers)
        }
        Model::Whole { rows, columns: right, .. } => {
            let (_, _, spurious) = lifted::instance(outline.value("s"));
            let tensor = lifted::power(&spurious, outline.count("order"));
            let noise = Normals::new(outline.seed, Purpose::Start).matrix(*rows, *right);
            model.join(&[DMatrix::from_row_slice(*rows, *right, tensor.as_slice()) + noise * outline.value("radius")])
        }
    }
}

/// V max(Lambda, 0)^1/2 of the leading eigenvectors of C = (1/m) sum of sign(y_i) A_i (for squares: of y_i A_i), scaled so
/// that its first column has length one. Ma, Fattahi 2022, section 3.
fn spectral(loss: &Loss, n: usize, width: usize) -> Option<DMatrix<f64>> {
    // At M = 0 the residuals are -y.
    let (_, slope) = loss.value_and_slope(&DMatrix::zeros(n, n));
    let (values, vectors) = dense::eigen(&-slope)?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let column = |k: usize| match (n - 1).checked_sub(k) {
        Some(from_top) => vectors.column(from_top) * (values[from_top].max(0.0) / largest).sqrt(),
        None => DVector::zeros(n),
    };
    Some(DMatrix::from_columns(&(0..width).map(column).collect::<Vec<_>>()))
}

/// The same for two factors: U S^1/2 and V S^1/2 of the leading singular values, scaled so that the first columns have length
/// one. Of observed entries: Gu, Song, Yin, Zhang 2023, algorithm 1, without its clipping of long rows.
fn leading(loss: &Loss, rows: usize, columns: usize, width: usize) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    // At M = 0 the residuals are -y.
    let (_, slope) = loss.value_and_slope(&DMatrix::zeros(rows, columns));
    let dense::Svd { u, singular_values, v_t } = dense::svd(&-slope)?;
    let largest = singular_values.max();
    if largest <= 0.0 {
        return None;
    }
    let factor = |vectors: &DMatrix<f64>| {
        DMatrix::from_fn(vectors.nrows(), width, |i, k| match singular_values.get(k) {
            Some(s) => vectors[(i, k)] * (s / largest).sqrt(),
            None => 0.0,
        })
    };
    Some((factor(&u), factor(&v_t.transpose())))
}

/// The layers of a critical point: the network is made of the target's singular values after the first `skip`, as many as it
/// has room for, and all layers share them evenly (Baldi, Hornik 1989; for the Bures-Wasserstein loss Bréchet et al. 2023,
/// theorem 1).
fn critical(
    outline: &Outline,
    widths: &[usize],
    columns: &mut impl FnMut(usize, usize) -> DMatrix<f64>,
) -> Vec<DMatrix<f64>> {
    let bures = outline.is("bures");
    let svd = dense::svd(&outline.target).expect("a target has finite entries");
    let room = widths.iter().copied().min().unwrap_or(1);
    let kept: Vec<usize> = (outline.count("skip")..outline.rank()).take(room).collect();
    let pick = |vectors: &DMatrix<f64>| vectors.select_columns(&kept);
    let layers = widths.len() - 1;
    // The covariance is the square of the network.
    let share = 1.0 / if bures { 2.0 * layers as f64 } else { layers as f64 };
    let values = kept.iter().map(|k| libm::pow(outline.spectrum[*k], share));
    let values = DMatrix::from_diagonal(&DVector::from_iterator(kept.len(), values));
    let mut sides: Vec<DMatrix<f64>> = widths.iter().map(|&w| dense::orthonormal(columns(w, kept.len()))).collect();
    sides[layers] = pick(&svd.u);
    if !bures {
        sides[0] = pick(&svd.v_t.transpose());
    }
    sides.windows(2).map(|pair| &pair[1] * &values * pair[0].transpose()).collect()
}
