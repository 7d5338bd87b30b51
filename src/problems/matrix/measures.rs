//! What is measured along a run: singular values, principal angles, imbalance.

use super::model::Model;
use crate::dense;
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector};

/// Left singular vectors and singular values of a matrix that parameters make up, without making it up where it is a
/// product of two thin factors. Descending. `None` where something is not finite.
pub fn left_singular(model: &Model, x: &Vector<f64>) -> Option<(DMatrix<f64>, DVector<f64>)> {
    let parts = model.parts(x);
    match model {
        // X X^T = U S^2 U^T where X = U S V^T.
        Model::Symmetric { .. } => {
            let svd = dense::svd(&parts[0])?;
            Some((svd.u, svd.singular_values.map(|s| s * s)))
        }
        // F = Q R: the singular values of F G^T are those of R G^T, which has few rows.
        Model::Product { .. } => {
            if !parts.iter().all(dense::is_finite) {
                return None;
            }
            let qr = parts[0].clone().qr();
            let svd = dense::svd(&(qr.r() * parts[1].transpose()))?;
            Some((qr.q() * svd.u, svd.singular_values))
        }
        Model::Whole { .. } | Model::Layers { .. } => {
            let svd = dense::svd(&model.matrix(x))?;
            Some((svd.u, svd.singular_values))
        }
    }
}

/// The principal angles, in radians and ascending, between the spaces that the first columns of `u` and all columns of
/// `truth` span; both have orthonormal columns. As many as the smaller space has dimensions.
///
/// By sines where the angle is small, since a cosine near one has lost its digits (Björck, Golub 1973).
pub fn principal_angles(u: &DMatrix<f64>, truth: &DMatrix<f64>) -> Option<Vec<f64>> {
    let u = u.columns(0, u.ncols().min(truth.ncols())).into_owned();
    let cosines = truth.tr_mul(&u);
    let outside = &u - truth * &cosines;
    let count = u.ncols();
    let mut sines: Vec<f64> = dense::svd(&outside)?.singular_values.iter().map(|s| s.clamp(0.0, 1.0)).collect();
    sines.sort_by(f64::total_cmp);
    let cosines = dense::svd(&cosines)?.singular_values;
    let angle = |i: usize| {
        let (sine, cosine) = (sines[i], cosines[i].clamp(0.0, 1.0));
        if sine < cosine { libm::asin(sine) } else { libm::acos(cosine) }
    };
    Some((0..count).map(angle).collect())
}

/// How far the factors are from balance: |F^T F - G^T G| of a product, the largest |W_{l+1}^T W_{l+1} - W_l W_l^T| of a
/// network (Frobenius norms). `None` where there is one factor only. Gradient flow keeps these differences (Arora,
/// Cohen, Hazan 2018).
pub fn imbalance(model: &Model, x: &Vector<f64>) -> Option<f64> {
    let parts = model.parts(x);
    match model {
        Model::Symmetric { .. } | Model::Whole { .. } => None,
        Model::Product { .. } => Some((parts[0].tr_mul(&parts[0]) - parts[1].tr_mul(&parts[1])).norm()),
        Model::Layers { .. } => parts
            .windows(2)
            .map(|pair| (pair[1].tr_mul(&pair[1]) - &pair[0] * pair[0].transpose()).norm())
            .max_by(f64::total_cmp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rows: usize, columns: usize, shift: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |i, j| libm::sin((3 * i + 7 * j + shift) as f64))
    }

    #[test]
    fn thin_factors_have_the_singular_values_of_their_product() {
        let symmetric = Model::Symmetric { n: 6, width: 2 };
        let product = Model::Product { rows: 6, columns: 5, width: 2 };
        for (model, parts) in [(symmetric, vec![wave(6, 2, 0)]), (product, vec![wave(6, 2, 0), wave(5, 2, 4)])] {
            let x = model.join(&parts);
            let (u, values) = left_singular(&model, &x).expect("finite");
            let whole = dense::svd(&model.matrix(&x)).expect("finite");
            for k in 0..2 {
                assert!((values[k] - whole.singular_values[k]).abs() < 1e-12);
                assert!((u.column(k).dot(&whole.u.column(k)).abs() - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn angles_are_those_of_a_rotation() {
        for angle in [1e-10, 0.3, 1.5] {
            let truth = DMatrix::from_fn(4, 2, |i, j| f64::from(u8::from(i == j)));
            let mut u = truth.clone();
            u[(0, 0)] = libm::cos(angle);
            u[(2, 0)] = libm::sin(angle);
            let angles = principal_angles(&u, &truth).expect("finite");
            assert!(angles[0].abs() < 1e-15 && (angles[1] / angle - 1.0).abs() < 1e-12, "{angles:?}");
        }
    }

    #[test]
    fn equal_factors_are_balanced() {
        let model = Model::Product { rows: 4, columns: 4, width: 2 };
        assert_eq!(imbalance(&model, &model.join(&[wave(4, 2, 0), wave(4, 2, 0)])), Some(0.0));
        assert_eq!(imbalance(&Model::Symmetric { n: 4, width: 2 }, &Vector::zeros(8)), None);
    }
}
