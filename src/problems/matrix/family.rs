//! The problems of the matrix lab: what each is called, what can be set, and from where it comes.

use crate::optimizers::{Knob, Paper, Scale};

/// What a family measures, and how its unknown is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Gaussian measurements.
    Sensing,
    /// All entries.
    Identity,
    /// A random part of the entries.
    Completion,
    /// Gaussian measurements, some grossly wrong.
    Robust,
    /// Squares of inner products.
    PhaseRetrieval,
    /// All entries, of a matrix of higher rank than is searched.
    Pca,
    /// All entries of a product of layers, or its covariance.
    DeepLinear,
    /// Products of measurements of a tensor.
    Lifted,
}

/// A family of problems whose unknown is a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Family {
    /// What kind of problem it is.
    pub kind: Kind,
    /// Name in links; begins with `matrix_`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What is minimised, in a line.
    pub summary: &'static str,
    /// The loss in the notation of the texts.
    pub loss: &'static str,
    /// Parameters.
    pub knobs: &'static [Knob],
    /// Where it was studied.
    pub paper: Paper,
    /// The optimizers that it opens with, with the knobs that differ from their defaults.
    pub methods: &'static [(&'static str, &'static [(&'static str, f64)])],
    /// The steps that it opens with.
    pub steps: u32,
}

const fn size(default: f64) -> Knob {
    Knob::whole("n", "n", default, (2.0, 400.0), "rows of the matrix")
}

const fn rank(default: f64) -> Knob {
    Knob::whole("rank", "r", default, (1.0, 50.0), "rank of the truth")
}

const fn width(default: f64) -> Knob {
    Knob::whole("width", "k", default, (1.0, 100.0), "columns of the factors: the rank that is searched")
}

const fn measurements(default: f64) -> Knob {
    Knob::whole("measurements", "m", default, (1.0, 100_000.0), "how many numbers are measured")
}

const fn kappa(default: f64) -> Knob {
    Knob {
        id: "kappa",
        symbol: "κ",
        default,
        range: (1.0, 1e6),
        scale: Scale::Log { from: 1.0 },
        meaning: "largest over smallest singular value of the truth; the others lie evenly between, in the logarithm",
    }
}

const fn alpha(default: f64) -> Knob {
    Knob {
        id: "alpha",
        symbol: "α",
        default,
        range: (0.0, 100.0),
        scale: Scale::Log { from: 1e-12 },
        meaning: "size of the start: its columns have about this length",
    }
}

const SIGMA: Knob = Knob {
    id: "sigma",
    symbol: "σ",
    default: 0.0,
    range: (0.0, 100.0),
    scale: Scale::Log { from: 1e-8 },
    meaning: "standard deviation of the noise on every measurement",
};

const fn asymmetric(default: bool) -> Knob {
    Knob::switch("asymmetric", "F Gᵀ", default, "two factors F and G in place of one: F Gᵀ, not X Xᵀ")
}

const COLUMNS: Knob =
    Knob::whole("columns", "n₂", 0.0, (0.0, 400.0), "columns of an asymmetric matrix; 0: as many as rows");

const RATIO: Knob = Knob {
    id: "ratio",
    symbol: "G/F",
    default: 1.0,
    range: (1e-3, 1e3),
    scale: Scale::Log { from: 1e-3 },
    meaning: "size of G at the start, in units of F's",
};

const SPECTRAL: Knob = Knob::switch(
    "spectral",
    "spectral start",
    false,
    "starts along the leading eigenvectors of what the signs of the measurements add up to",
);

const fn paper(authors: &'static str, title: &'static str, year: u16, reference: &'static str) -> Paper {
    Paper { authors, title, year, reference }
}

/// Every family, in the order of the menu.
pub static FAMILIES: &[Family] = &[
    Family {
        kind: Kind::Sensing,
        id: "matrix_sensing",
        title: "Matrix sensing",
        summary: "a low-rank matrix from Gaussian measurements",
        loss: "(1/4m) Σ (⟨Aᵢ, X Xᵀ⟩ − yᵢ)²",
        knobs: &[
            size(40.0),
            rank(3.0),
            width(6.0),
            kappa(10.0),
            measurements(800.0),
            alpha(1e-6),
            SIGMA,
            asymmetric(false),
            COLUMNS,
            RATIO,
        ],
        paper: paper(
            "Xu, Shen, Chi, Ma",
            "The power of preconditioning in overparameterized low-rank matrix sensing",
            2023,
            "arXiv:2302.01186",
        ),
        methods: &[("scaled_gd", &[("lr", 0.3), ("lambda", 0.01)]), ("sgd", &[("lr", 0.3)])],
        steps: 400,
    },
    Family {
        kind: Kind::Identity,
        id: "matrix_identity",
        title: "Matrix factorization",
        summary: "a low-rank matrix that is seen entirely",
        loss: "¼ |X Xᵀ − M|²",
        knobs: &[size(30.0), rank(3.0), width(3.0), kappa(4.0), alpha(1e-3), asymmetric(false), COLUMNS, RATIO],
        paper: paper(
            "Xiong, Ding, Du",
            "How over-parameterization slows down gradient descent in matrix sensing",
            2023,
            "arXiv:2310.01769",
        ),
        methods: &[("sgd", &[("lr", 0.1)]), ("scaled_gd", &[("lr", 0.1), ("lambda", 0.01)])],
        steps: 400,
    },
    Family {
        kind: Kind::Completion,
        id: "matrix_completion",
        title: "Matrix completion",
        summary: "a low-rank matrix from a random part of its entries",
        loss: "(1/2p) Σ over observed (i, j) of ((F Gᵀ)ᵢⱼ − Mᵢⱼ)²",
        knobs: &[
            size(60.0),
            rank(3.0),
            width(3.0),
            kappa(3.0),
            Knob::fraction("observed", "p", 0.3, "share of the entries that are observed"),
            alpha(0.1),
            SIGMA,
            asymmetric(true),
            COLUMNS,
            RATIO,
            Knob { meaning: "starts along the leading singular vectors of the observed entries", ..SPECTRAL },
        ],
        paper: paper(
            "Gu, Song, Yin, Zhang",
            "Low rank matrix completion via robust alternating minimization in nearly linear time",
            2023,
            "arXiv:2302.11068",
        ),
        methods: &[("alternating", &[]), ("scaled_gd", &[("lr", 0.5), ("lambda", 0.001)]), ("sgd", &[("lr", 0.5)])],
        steps: 200,
    },
    Family {
        kind: Kind::Robust,
        id: "matrix_robust",
        title: "Robust recovery",
        summary: "a low-rank matrix from measurements of which some are grossly wrong",
        loss: "(1/m) Σ |⟨Aᵢ, X Xᵀ⟩ − yᵢ|",
        knobs: &[
            size(20.0),
            rank(3.0),
            width(10.0),
            kappa(2.0),
            measurements(800.0),
            Knob::fraction("outliers", "q", 0.1, "share of the measurements that are grossly wrong"),
            Knob {
                id: "outlier_size",
                symbol: "size",
                default: 10.0,
                range: (0.0, 1e6),
                scale: Scale::Log { from: 0.01 },
                meaning: "standard deviation of a gross error",
            },
            alpha(1e-3),
            SIGMA,
            Knob { default: 1.0, ..SPECTRAL },
            Knob::switch("squared", "squared loss", false, "squares in place of absolute values, for comparison"),
        ],
        paper: paper(
            "Ma, Fattahi",
            "Global convergence of sub-gradient method for robust matrix recovery",
            2022,
            "arXiv:2202.08788",
        ),
        methods: &[("subgradient", &[("lr", 0.1), ("by_loss", 0.0), ("decay", 0.99)]), ("sgd", &[("lr", 0.001)])],
        steps: 1200,
    },
    Family {
        kind: Kind::PhaseRetrieval,
        id: "matrix_phase_retrieval",
        title: "Phase retrieval",
        summary: "a vector, up to its sign, from the squares of its inner products",
        loss: "(1/4m) Σ ((aᵢᵀx)² − yᵢ)²",
        knobs: &[size(20.0), measurements(160.0), alpha(0.1), SIGMA, SPECTRAL],
        paper: paper(
            "Candès, Li, Soltanolkotabi",
            "Phase retrieval via Wirtinger flow: theory and algorithms",
            2015,
            "arXiv:1407.1065",
        ),
        methods: &[("sgd", &[("lr", 0.1)]), ("adam", &[("lr", 0.01)])],
        steps: 500,
    },
    Family {
        kind: Kind::Pca,
        id: "matrix_pca",
        title: "Leading component",
        summary: "the eigenvector of the largest eigenvalue; the others are saddles",
        loss: "¼ |x xᵀ − M|²",
        knobs: &[size(20.0), rank(5.0), kappa(4.0), alpha(0.01)],
        paper: paper(
            "Baldi, Hornik",
            "Neural networks and principal component analysis: learning from examples without local minima",
            1989,
            "doi:10.1016/0893-6080(89)90014-2",
        ),
        methods: &[("sgd", &[("lr", 0.2)]), ("heavy_ball", &[("lr", 0.05), ("momentum", 0.8)])],
        steps: 300,
    },
    Family {
        kind: Kind::DeepLinear,
        id: "matrix_deep_linear",
        title: "Deep linear network",
        summary: "a product of matrices, fitted to one or to a covariance",
        loss: "½ |W_N ⋯ W₁ − M|²",
        knobs: &[
            size(8.0),
            rank(3.0),
            width(8.0),
            kappa(4.0),
            Knob::whole("depth", "N", 3.0, (1.0, 8.0), "number of layers"),
            alpha(0.2),
            Knob::switch("balanced", "balanced start", true, "every layer starts with the same singular values"),
            Knob::whole(
                "skip",
                "skip",
                0.0,
                (0.0, 49.0),
                "starts α beside the critical point that lacks so many of the leading singular values; 0: at random",
            ),
            Knob::switch(
                "bures",
                "Bures–Wasserstein",
                false,
                "the distance between N(0, W Wᵀ) and N(0, S), squared, in place of the squared error",
            ),
            Knob {
                id: "smoothing",
                symbol: "τ",
                default: 0.0,
                range: (0.0, 10.0),
                scale: Scale::Log { from: 1e-6 },
                meaning: "added to the covariance, so that the curvature stays bounded",
            },
        ],
        paper: paper(
            "Bréchet, Papagiannouli, An, Montúfar",
            "Critical points and convergence analysis of generative deep linear networks trained with Bures-Wasserstein loss",
            2023,
            "arXiv:2303.03027",
        ),
        methods: &[("sgd", &[("lr", 0.05)]), ("adam", &[("lr", 0.01)])],
        steps: 600,
    },
    Family {
        kind: Kind::Lifted,
        id: "matrix_lifted",
        title: "Lifted sensing",
        summary: "a tensor in place of a vector, so that a spurious minimum becomes a saddle",
        loss: "Σ (wᵀ(Aᵢ₁ ⊗ ⋯ ⊗ Aᵢₗ)w − bᵢ₁⋯bᵢₗ)²",
        knobs: &[
            Knob::whole("order", "l", 3.0, (1.0, 5.0), "how many times the vector is multiplied; 1: not lifted"),
            Knob {
                id: "s",
                symbol: "s",
                default: 1.0,
                range: (0.0, 10.0),
                scale: Scale::Linear,
                meaning: "weight of the mixed measurement; above 0.866 the spurious point is a strict minimum",
            },
            Knob {
                id: "radius",
                symbol: "ρ",
                default: 0.01,
                range: (0.0, 10.0),
                scale: Scale::Log { from: 1e-8 },
                meaning: "standard deviation of the start around the spurious point",
            },
        ],
        paper: paper(
            "Ma, Molybog, Lavaei, Sojoudi",
            "Over-parametrization via lifting for low-rank matrix sensing: conversion of spurious solutions to strict saddle points",
            2023,
            "arXiv:2302.07828",
        ),
        methods: &[("sgd", &[("lr", 0.02)])],
        steps: 1500,
    },
];

/// The family with this id.
pub fn find(id: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.id == id)
}

/// Whether an optimizer works on the matrix itself, not on factors of it: it is handed the whole matrix.
pub fn works_on_the_matrix(optimizer: &str) -> bool {
    matches!(optimizer, "nuclear_prox" | "fixed_rank")
}

impl Family {
    /// Whether it has a parameter of this name.
    pub fn has(&self, id: &str) -> bool {
        self.knobs.iter().any(|knob| knob.id == id)
    }
}
