//! Problems whose unknown is a matrix: low-rank recovery and its kin.
//!
//! ```text
//! Family, parameters, seed  ->  Outline { model, truth }  ->  MatrixProblem { outline, loss, start }  ->  MatrixOracle
//! ```
//! An [`Outline`] is what is known without measuring: cheap, and all that views need. A [`MatrixProblem`] has the loss too,
//! whose measurements may take a hundred megabytes.
//!
//! The truth of a family has singular values that lie evenly, in the logarithm, between 1 and 1/kappa, and random
//! singular vectors. Everything random is a function of the seed.

mod bures;
mod draws;
mod family;
mod lifted;
mod loss;
mod measures;
mod model;
mod oracle;
mod sensing;
mod slice;

pub use bures::distance as bures_distance;
pub use family::{FAMILIES, Family, find, works_on_the_matrix};
pub use measures::{imbalance, left_singular, principal_angles};
pub use model::Model;
pub use oracle::MatrixOracle;
pub use slice::{Plane, Slice, nearest_truth};

use super::ProblemError;
use crate::dense;
use crate::scalar::{Vector, uniform_pair};
use bures::Bures;
use draws::{Normals, Purpose};
use lifted::Lifted;
use loss::Loss;
use nalgebra::{DMatrix, DVector};
use sensing::{Coordinates, Measurements};

/// Numbers that the measurements of a problem may take: 160 MB.
const MOST_NUMBERS: usize = 20_000_000;
/// Random numbers that a problem may draw.
const MOST_DRAWS: usize = 60_000_000;

/// A problem without its measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// What kind of problem it is.
    pub family: &'static Family,
    /// How parameters make up the matrix.
    pub model: Model,
    /// What is to be found: the best approximation of what is measured that the model can make up.
    pub truth: DMatrix<f64>,
    /// The truth's left singular vectors, as columns: as many as its rank.
    pub directions: DMatrix<f64>,
    /// The singular values of what is measured, descending; the truth has the first of them.
    pub spectrum: Vec<f64>,
    /// What is measured; the truth, unless its rank is more than the model's.
    pub target: DMatrix<f64>,
    /// All parameters, in the family's order.
    values: Vec<f64>,
    seed: u64,
}

/// A problem that can be asked.
#[derive(Clone, Debug)]
pub struct MatrixProblem {
    /// What is known without measuring.
    pub outline: Outline,
    /// Where every optimizer starts.
    pub start: Vector<f64>,
    loss: Loss,
    /// What the loss of the matrix is multiplied by: 1/2 for the squares of X X^T, so that the gradient is Z X.
    scale: f64,
}

impl Outline {
    /// The family with some parameters changed. Fails, in words, where they contradict each other or ask for too much.
    pub fn new(id: &str, parameters: &[(String, f64)], seed: u64) -> Result<Self, ProblemError> {
        let family = find(id).ok_or_else(|| ProblemError::UnknownLandscape(id.to_owned()))?;
        let given = |id: &str| parameters.iter().find(|(known, _)| known == id).map(|(_, value)| *value);
        let values = family.knobs.iter().map(|knob| knob.nearest(given(knob.id).unwrap_or(knob.default))).collect();
        let nothing = DMatrix::zeros(0, 0);
        let mut outline = Self {
            family,
            model: Model::Whole { rows: 0, columns: 0, symmetric: false },
            truth: nothing.clone(),
            directions: nothing.clone(),
            target: nothing,
            spectrum: Vec::new(),
            values,
            seed,
        };
        outline.model = outline.chosen_model();
        outline.check()?;
        outline.set_truth();
        Ok(outline)
    }

    /// The value of a parameter; zero where the family has none of this name.
    pub fn value(&self, id: &str) -> f64 {
        let index = self.family.knobs.iter().position(|knob| knob.id == id);
        index.map_or(0.0, |index| self.values[index])
    }

    /// The value of a parameter that is a whole number.
    pub fn count(&self, id: &str) -> usize {
        self.value(id) as usize
    }

    fn is(&self, id: &str) -> bool {
        self.value(id) == 1.0
    }

    /// The matrix that is compared with the truth.
    pub fn estimate(&self, x: &Vector<f64>) -> DMatrix<f64> {
        let matrix = self.model.matrix(x);
        if self.is("bures") { &matrix * matrix.transpose() } else { matrix }
    }

    /// The outline as a method sees it that works on the matrix itself (`whole`), or on the parameters. `None` where the unknown
    /// is no matrix.
    pub fn seen_by(&self, whole: bool) -> Option<Self> {
        if !whole {
            return Some(self.clone());
        }
        if self.is("bures") || self.family.id == "matrix_lifted" {
            return None;
        }
        let [rows, columns] = self.model.shape();
        let symmetric = matches!(self.model, Model::Symmetric { .. });
        Some(Self { model: Model::Whole { rows, columns, symmetric }, ..self.clone() })
    }

    /// The matrix that parameters of a method make up; `None` where they are of another problem.
    pub fn estimate_of(&self, parameters: &[f64], whole: bool) -> Option<DMatrix<f64>> {
        let seen = self.seen_by(whole)?;
        (parameters.len() == seen.model.dimension()).then(|| seen.estimate(&Vector::from_slice(parameters)))
    }

    /// |estimate - truth| / |truth|, Frobenius norms. A tensor of even order is as good with the other sign.
    pub fn relative_error(&self, x: &Vector<f64>) -> f64 {
        let estimate = self.estimate(x);
        let size = self.truth.norm();
        let gap = (&estimate - &self.truth).norm() / size;
        if self.family.id == "matrix_lifted" { gap.min((estimate + &self.truth).norm() / size) } else { gap }
    }

    /// The estimate's singular values, descending, and its principal angles to the truth's column space. Empty where
    /// something is not finite.
    pub fn spectrum_and_angles(&self, x: &Vector<f64>) -> (Vec<f64>, Vec<f64>) {
        let Some((u, values)) = left_singular(&self.model, x) else { return (Vec::new(), Vec::new()) };
        let square = |s: &f64| if self.is("bures") { s * s } else { *s };
        let angles = principal_angles(&u, &self.directions).unwrap_or_default();
        (values.iter().map(square).collect(), angles)
    }

    fn chosen_model(&self) -> Model {
        let (n, width) = (self.count("n"), self.count("width").max(1));
        let columns = if self.count("columns") == 0 { n } else { self.count("columns") };
        match self.family.id {
            "matrix_lifted" => {
                Model::Whole { rows: 2, columns: 2_usize.pow(self.count("order") as u32 - 1), symmetric: false }
            }
            "matrix_deep_linear" => {
                let hidden = std::iter::repeat_n(width, self.count("depth") - 1);
                Model::Layers { widths: std::iter::once(n).chain(hidden).chain([n]).collect() }
            }
            _ if self.is("asymmetric") => Model::Product { rows: n, columns, width },
            _ => Model::Symmetric { n, width },
        }
    }

    /// The rank of the truth.
    fn rank(&self) -> usize {
        if self.family.has("rank") { self.count("rank") } else { 1 }
    }

    fn check(&self) -> Result<(), ProblemError> {
        let refuse = |message: String| Err(ProblemError::Matrix(message));
        let [rows, columns] = self.model.shape();
        let (rank, smaller) = (self.rank(), rows.min(columns));
        if rank > smaller {
            return refuse(format!(
                "a matrix of {rows} rows and {columns} columns has no rank {rank}: at most {smaller}"
            ));
        }
        if self.count("skip") >= rank {
            return refuse(format!(
                "a truth of rank {rank} has no singular value beside the first {}: skip can be {} at most",
                self.count("skip"),
                rank - 1
            ));
        }
        if self.family.has("observed") && self.value("observed") == 0.0 {
            return refuse("no entry is observed, so every matrix fits: a share p above 0 is needed".to_owned());
        }
        let fits = |n: usize| self.numbers_with(n) <= MOST_NUMBERS;
        if !fits(rows) {
            let most = (2..rows).rev().find(|&n| fits(n)).unwrap_or(1);
            return refuse(format!(
                "n = {rows} with {} measurements would keep {} million numbers, and {} million fit: with as many \
                 measurements n can be {most} at most",
                self.count("measurements"),
                self.numbers_with(rows) / 1_000_000,
                MOST_NUMBERS / 1_000_000,
            ));
        }
        let draws = self.count("measurements").saturating_mul(self.coordinates().count());
        if self.family.has("measurements") && draws > 2 * MOST_DRAWS {
            return refuse(format!(
                "{} measurements of {} coordinates each are too many to draw: at most {} measurements at this size",
                self.count("measurements"),
                self.coordinates().count(),
                2 * MOST_DRAWS / self.coordinates().count(),
            ));
        }
        Ok(())
    }

    /// Numbers that the measurements would take if the matrix had `n` rows.
    fn numbers_with(&self, n: usize) -> usize {
        let [_, columns] = self.model.shape();
        let coordinates = match self.model {
            Model::Product { .. } => n * columns,
            _ => n * (n + 1) / 2,
        };
        let measurements = self.count("measurements");
        match self.family.id {
            "matrix_sensing" => {
                let rows = measurements.min(coordinates);
                rows * (2 * coordinates - rows) / 2
            }
            "matrix_robust" | "matrix_phase_retrieval" => measurements * coordinates,
            _ => 0,
        }
    }

    fn coordinates(&self) -> Coordinates {
        let [rows, columns] = self.model.shape();
        match self.model {
            Model::Product { .. } => Coordinates::Rectangular { rows, columns },
            _ => Coordinates::Symmetric { n: rows },
        }
    }

    fn set_truth(&mut self) {
        if self.family.id == "matrix_lifted" {
            let [rows, columns] = self.model.shape();
            let (_, z, _) = lifted::instance(self.value("s"));
            let tensor = lifted::power(&z, self.count("order"));
            self.truth = DMatrix::from_row_slice(rows, columns, tensor.as_slice());
            self.target = self.truth.clone();
            self.directions = DMatrix::from_column_slice(rows, 1, z.as_slice());
            self.spectrum = vec![1.0];
            return;
        }
        let [rows, columns] = self.model.shape();
        let rank = self.rank();
        let kappa = if self.family.has("kappa") { self.value("kappa") } else { 1.0 };
        let place = |i: usize| if rank > 1 { i as f64 / (rank - 1) as f64 } else { 0.0 };
        self.spectrum = (0..rank).map(|i| libm::pow(kappa, -place(i))).collect();
        let mut draws = Normals::new(self.seed, Purpose::Truth);
        let left = dense::orthonormal(draws.matrix(rows, rank));
        let symmetric = matches!(self.model, Model::Symmetric { .. }) || self.is("bures");
        let right = if symmetric { left.clone() } else { dense::orthonormal(draws.matrix(columns, rank)) };
        // The best approximation of rank k has the first k singular values (Eckart, Young 1936).
        let first = |k: usize| {
            let values = DMatrix::from_diagonal(&DVector::from_column_slice(&self.spectrum[..k]));
            left.columns(0, k) * values * right.columns(0, k).transpose()
        };
        let reached = rank.min(self.model.rank());
        (self.target, self.truth) = (first(rank), first(reached));
        self.directions = left.columns(0, reached).into_owned();
    }
}

impl MatrixProblem {
    /// The problem with its measurements.
    pub fn new(id: &str, parameters: &[(String, f64)], seed: u64) -> Result<Self, ProblemError> {
        Ok(Self::measured(Outline::new(id, parameters, seed)?))
    }

    /// An outline with its measurements, and where optimizers start.
    pub fn measured(outline: Outline) -> Self {
        let loss = measure(&outline);
        let symmetric = matches!(outline.model, Model::Symmetric { .. });
        let squares = !matches!(loss, Loss::Absolute { .. });
        let scale = if symmetric && squares { 0.5 } else { 1.0 };
        let start = start(&outline, &loss);
        Self { outline, start, loss, scale }
    }

    /// Matrix sensing with given measurements of X X^T: each A_i symmetric, row by row. For records of other programs.
    pub fn symmetric_sensing(
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: &DMatrix<f64>,
        truth: DMatrix<f64>,
    ) -> Self {
        let (n, width) = start.shape();
        let model = Model::Symmetric { n, width };
        Self::sensing(model, Coordinates::Symmetric { n }, matrices, values, std::slice::from_ref(start), truth, 0.5)
    }

    /// Matrix sensing with given measurements of F G^T.
    pub fn product_sensing(
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: [DMatrix<f64>; 2],
        truth: DMatrix<f64>,
    ) -> Self {
        let (rows, columns, width) = (start[0].nrows(), start[1].nrows(), start[0].ncols());
        let model = Model::Product { rows, columns, width };
        Self::sensing(model, Coordinates::Rectangular { rows, columns }, matrices, values, &start, truth, 1.0)
    }

    fn sensing(
        model: Model,
        coordinates: Coordinates,
        matrices: &[DMatrix<f64>],
        values: &[f64],
        start: &[DMatrix<f64>],
        truth: DMatrix<f64>,
        scale: f64,
    ) -> Self {
        let family = find("matrix_sensing").expect("a family of the list");
        let rows: Vec<Vec<f64>> = matrices.iter().map(|matrix| coordinates.of(matrix)).collect();
        let loss = Loss::Squares {
            target: &truth * 0.0,
            measurements: Measurements::rows(coordinates.count(), &rows),
            coordinates,
            noise: values.to_vec(),
            rest: 0.0,
            count: values.len() as f64,
        };
        let start = model.join(start);
        let values = family.knobs.iter().map(|knob| knob.default).collect();
        let (directions, target, spectrum) = (truth.clone(), truth.clone(), Vec::new());
        let outline = Outline { family, model, truth, directions, spectrum, target, values, seed: 0 };
        Self { outline, start, loss, scale }
    }

    /// The same problem with the matrix itself as the unknown, for methods that work on it; it starts at the same matrix.
    /// `None` where the unknown is no matrix.
    pub fn whole(&self) -> Option<Self> {
        let mut whole = self.clone();
        whole.outline = self.outline.seen_by(true)?;
        whole.start = whole.outline.model.join(&[self.outline.model.matrix(&self.start)]);
        Some(whole)
    }

    /// The loss at `x`.
    pub fn value(&self, x: &Vector<f64>) -> f64 {
        self.scale * self.loss.value(&self.outline.model.matrix(x))
    }

    /// Loss and gradient at `x`.
    pub fn value_and_gradient(&self, x: &Vector<f64>) -> (f64, Vector<f64>) {
        let model = &self.outline.model;
        let (value, slope) = self.loss.value_and_slope(&model.matrix(x));
        (self.scale * value, model.pull_back(x, &(slope * self.scale)))
    }

    /// The Hessian at `x` times `v`.
    pub fn hessian_vector(&self, x: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        let model = &self.outline.model;
        let matrix = model.matrix(x);
        let slope = self.loss.value_and_slope(&matrix).1 * self.scale;
        let change = self.loss.slope_change(&matrix, &model.change(x, v)) * self.scale;
        model.pull_back_change(x, v, &slope) + model.pull_back(x, &change)
    }

    /// Whether the loss is quadratic in each block while the others stay.
    pub fn is_quadratic_in_blocks(&self) -> bool {
        self.loss.is_quadratic() && !matches!(self.outline.model, Model::Symmetric { .. })
    }
}

/// The loss of an outline: draws the measurements.
fn measure(outline: &Outline) -> Loss {
    let (target, seed, sigma) = (outline.target.clone(), outline.seed, outline.value("sigma"));
    let coordinates = outline.coordinates();
    let width = coordinates.count();
    let count = outline.count("measurements");
    let mut noise = Normals::new(seed, Purpose::Noise);
    match outline.family.id {
        "matrix_sensing" => {
            let measurements = Measurements::gaussian_factor(width, count, seed);
            let seen = (0..measurements.count()).map(|_| sigma * noise.draw()).collect();
            let hidden = if sigma > 0.0 { sigma * noise.chi(count - measurements.count()) } else { 0.0 };
            let (rest, count) = (hidden * hidden, count as f64);
            Loss::Squares { target, coordinates, measurements, noise: seen, rest, count }
        }
        "matrix_completion" => {
            let share = outline.value("observed");
            let [rows, columns] = outline.model.shape();
            let symmetric = matches!(outline.model, Model::Symmetric { .. });
            let mut choice = (0..).map(|k| uniform_pair(seed, u32::MAX - Purpose::Choice as u32, 0, k)[0]);
            let mut observed = DMatrix::zeros(rows, columns);
            let mut noisy = target;
            for i in 0..rows {
                for j in if symmetric { i } else { 0 }..columns {
                    let seen = f64::from(u8::from(choice.next().is_some_and(|u| u < share)));
                    let error = sigma * noise.draw();
                    observed[(i, j)] = seen;
                    noisy[(i, j)] += error;
                    if symmetric && i != j {
                        observed[(j, i)] = seen;
                        noisy[(j, i)] += error;
                    }
                }
            }
            Loss::Entries { target: noisy, observed, share }
        }
        "matrix_robust" => {
            let measurements = Measurements::gaussian(width, count, seed);
            let (share, size) = (outline.value("outliers"), outline.value("outlier_size"));
            let mut gross = Normals::new(seed, Purpose::Outliers);
            let choice = |k: usize| uniform_pair(seed, u32::MAX - Purpose::Choice as u32, 0, k as u32)[0];
            let error = |k: usize| {
                let (small, large) = (sigma * noise.draw(), size * gross.draw());
                if choice(k) < share { large } else { small }
            };
            let noise: Vec<f64> = (0..count).map(error).collect();
            if outline.is("squared") {
                Loss::Squares { target, coordinates, measurements, noise, rest: 0.0, count: count as f64 }
            } else {
                Loss::Absolute { target, coordinates, measurements, noise }
            }
        }
        "matrix_phase_retrieval" => {
            let mut draws = Normals::new(seed, Purpose::Measurements);
            let [n, _] = outline.model.shape();
            let row = |_| {
                let a = draws.matrix(n, 1);
                coordinates.of(&(&a * a.transpose()))
            };
            let rows: Vec<Vec<f64>> = (0..count).map(row).collect();
            let noise = (0..count).map(|_| sigma * noise.draw()).collect();
            let measurements = Measurements::rows(width, &rows);
            Loss::Squares { target, coordinates, measurements, noise, rest: 0.0, count: count as f64 }
        }
        "matrix_lifted" => {
            let (matrices, z, _) = lifted::instance(outline.value("s"));
            Loss::Lifted(Lifted::new(&matrices, &z, outline.count("order")))
        }
        "matrix_deep_linear" if outline.is("bures") => {
            let bures = Bures::new(&target, outline.value("smoothing"));
            Loss::Bures(bures.expect("a truth has finite entries"))
        }
        _ => Loss::Full { target },
    }
}

/// Where optimizers start: factors whose columns have a length of about alpha.
fn start(outline: &Outline, loss: &Loss) -> Vector<f64> {
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

#[cfg(test)]
mod tests;
