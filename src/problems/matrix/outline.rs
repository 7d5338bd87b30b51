//! A problem as it is known without measuring: model, truth, and whether it can be posed.

use super::draws::{Normals, Purpose};
use super::family::{Family, Kind, find};
use super::measures::{left_singular, principal_angles};
use super::sensing::Coordinates;
use super::{Model, lifted};
use crate::dense;
use crate::problems::ProblemError;
use crate::scalar::Vector;
use nalgebra::{DMatrix, DVector};

/// Numbers that the measurements of a problem may take: 160 MB.
const MOST_NUMBERS: usize = 20_000_000;
/// Random numbers that its measurements may be made of.
const MOST_DRAWS: usize = 120_000_000;

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
    pub(super) values: Vec<f64>,
    pub(super) seed: u64,
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

    pub(super) fn is(&self, id: &str) -> bool {
        self.value(id) == 1.0
    }

    /// The matrix that is compared with the truth.
    pub fn estimate(&self, x: &Vector<f64>) -> DMatrix<f64> {
        self.compared(self.model.matrix(x))
    }

    /// How the parameters of a method make up the matrix: of one that works on the matrix itself (`whole`), they are its
    /// entries. `None` where the unknown is no matrix.
    fn model_of(&self, whole: bool) -> Option<Model> {
        if !whole {
            return Some(self.model.clone());
        }
        let [rows, columns] = self.model.shape();
        let symmetric = matches!(self.model, Model::Symmetric { .. });
        let is_matrix = !self.is("bures") && self.family.kind != Kind::Lifted;
        is_matrix.then_some(Model::Whole { rows, columns, symmetric })
    }

    /// The outline as a method sees it, as in [`Outline::estimate_of`].
    pub fn seen_by(&self, whole: bool) -> Option<Self> {
        Some(Self { model: self.model_of(whole)?, ..self.clone() })
    }

    /// The matrix that parameters of a method make up, which works on the matrix itself (`whole`) or on the model's
    /// parameters; `None` where they are of another problem.
    pub fn estimate_of(&self, parameters: &Vector<f64>, whole: bool) -> Option<DMatrix<f64>> {
        let model = self.model_of(whole)?;
        (parameters.len() == model.dimension()).then(|| self.compared(model.matrix(parameters)))
    }

    /// What a matrix of the model is compared by: the covariance that a network makes, or the matrix itself.
    fn compared(&self, matrix: DMatrix<f64>) -> DMatrix<f64> {
        if self.is("bures") { &matrix * matrix.transpose() } else { matrix }
    }

    /// |estimate - truth| / |truth|, Frobenius norms. A tensor of even order is as good with the other sign.
    pub fn relative_error(&self, x: &Vector<f64>) -> f64 {
        let estimate = self.estimate(x);
        let size = self.truth.norm();
        let gap = (&estimate - &self.truth).norm() / size;
        if self.family.kind == Kind::Lifted { gap.min((estimate + &self.truth).norm() / size) } else { gap }
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
        match self.family.kind {
            Kind::Lifted => {
                Model::Whole { rows: 2, columns: 2_usize.pow(self.count("order") as u32 - 1), symmetric: false }
            }
            Kind::DeepLinear => {
                let hidden = std::iter::repeat_n(width, self.count("depth") - 1);
                Model::Layers { widths: std::iter::once(n).chain(hidden).chain([n]).collect() }
            }
            _ if self.is("asymmetric") => Model::Product { rows: n, columns, width },
            _ => Model::Symmetric { n, width },
        }
    }

    /// The rank of the truth.
    pub(super) fn rank(&self) -> usize {
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
        if self.family.has("measurements") && draws > MOST_DRAWS {
            return refuse(format!(
                "{} measurements of {} coordinates each are too many to draw: at most {} measurements at this size",
                self.count("measurements"),
                self.coordinates().count(),
                MOST_DRAWS / self.coordinates().count(),
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
        match self.family.kind {
            Kind::Sensing => {
                let rows = measurements.min(coordinates);
                rows * (2 * coordinates - rows) / 2
            }
            Kind::Robust | Kind::PhaseRetrieval => measurements * coordinates,
            Kind::Identity | Kind::Completion | Kind::Pca | Kind::DeepLinear | Kind::Lifted => 0,
        }
    }

    pub(super) fn coordinates(&self) -> Coordinates {
        let [rows, columns] = self.model.shape();
        match self.model {
            Model::Product { .. } => Coordinates::Rectangular { rows, columns },
            _ => Coordinates::Symmetric { n: rows },
        }
    }

    fn set_truth(&mut self) {
        if self.family.kind == Kind::Lifted {
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
