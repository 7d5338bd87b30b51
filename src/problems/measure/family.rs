//! The problems of the measure lab: what each is called, what can be set, and from where it comes.

use crate::optimizers::{Knob, Paper, Scale};

/// What is sought, and what particles do to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A normal law.
    Gaussian,
    /// The law with the density exp(-f/T) of a landscape or a formula.
    Potential,
    /// A mixture of normal laws.
    Mixture,
    /// A cloud of points.
    Clouds,
    /// The balance of particles that attract and repel each other.
    Interaction,
    /// The equilibrium of a game between two laws.
    Game,
    /// The neurons of a network with one hidden layer.
    Network,
}

/// A family of problems whose unknown is a probability law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Family {
    /// What kind of problem it is.
    pub kind: Kind,
    /// Name in links; begins with `measure_`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What is sought, in a line.
    pub summary: &'static str,
    /// The energy in the notation of the texts.
    pub energy: &'static str,
    /// Parameters that are numbers.
    pub knobs: &'static [Knob],
    /// Parameters that are words, with their defaults.
    pub words: &'static [(&'static str, &'static str)],
    /// Mean of the law that particles start from, where a link says nothing.
    pub start: [f64; 2],
    /// The window: xmin, xmax, ymin, ymax. That of a potential is its landscape's.
    pub window: [f64; 4],
    /// Where it was studied.
    pub paper: Paper,
    /// The methods that it opens with, with the knobs that differ from their defaults.
    pub methods: &'static [(&'static str, &'static [(&'static str, f64)])],
    /// The steps that it opens with.
    pub steps: u32,
}

const fn particles(default: f64) -> Knob {
    Knob {
        id: "n",
        symbol: "n",
        default,
        range: (1.0, 100_000.0),
        scale: Scale::Log { from: 1.0 },
        meaning: "particles",
    }
}

const fn spread(default: f64) -> Knob {
    Knob {
        id: "spread",
        symbol: "σ₀",
        default,
        range: (0.0, 100.0),
        scale: Scale::Linear,
        meaning: "standard deviation of the start in every direction; 0: all particles on one point",
    }
}

const fn real(id: &'static str, symbol: &'static str, default: f64, range: (f64, f64), meaning: &'static str) -> Knob {
    Knob { id, symbol, default, range, scale: Scale::Linear, meaning }
}

const fn positive(
    id: &'static str,
    symbol: &'static str,
    default: f64,
    range: (f64, f64),
    meaning: &'static str,
) -> Knob {
    Knob { id, symbol, default, range, scale: Scale::Log { from: range.0 }, meaning }
}

const fn paper(authors: &'static str, title: &'static str, year: u16, reference: &'static str) -> Paper {
    Paper { authors, title, year, reference }
}

/// Every family, in the order of the menu.
pub static FAMILIES: &[Family] = &[
    Family {
        kind: Kind::Gaussian,
        id: "measure_gaussian",
        title: "Gaussian target",
        summary: "a normal law, on the way to which mean and covariance are known in closed form",
        energy: "KL(μ | N(0, A⁻¹)) = ∫ ½ xᵀA x dμ + ∫ log μ dμ + const",
        knobs: &[
            particles(256.0),
            positive("kappa", "κ", 4.0, (1.0, 1e4), "the larger curvature of the potential; the smaller is one"),
            real("angle", "φ", 30.0, (-180.0, 180.0), "direction of the smaller curvature, in degrees"),
            spread(0.3),
        ],
        words: &[],
        start: [-2.0, 1.5],
        window: [-3.5, 3.5, -2.8, 2.8],
        paper: paper(
            "Jordan, Kinderlehrer, Otto",
            "The variational formulation of the Fokker-Planck equation",
            1998,
            "10.1137/S0036141096303359",
        ),
        methods: &[
            ("langevin", &[("lr", 0.02)]),
            ("blob", &[("lr", 0.02)]),
            ("svgd", &[("lr", 0.1)]),
            ("sgd", &[("lr", 0.02)]),
        ],
        steps: 200,
    },
    Family {
        kind: Kind::Potential,
        id: "measure_potential",
        title: "Landscape as potential",
        summary: "the law with the density exp(−f/T) for a landscape or a formula f",
        energy: "∫ f/T dμ + ∫ log μ dμ",
        knobs: &[
            particles(256.0),
            positive(
                "temperature",
                "T",
                20.0,
                (1e-3, 1e6),
                "the law is exp(−f/T): the lower, the more it keeps to the minima",
            ),
            spread(0.5),
        ],
        words: &[("on", "himmelblau"), ("f", "")],
        start: [0.0, 0.0],
        window: [-5.0, 5.0, -5.0, 5.0],
        paper: paper(
            "Roberts, Tweedie",
            "Exponential convergence of Langevin distributions and their discrete approximations",
            1996,
            "10.2307/3318418",
        ),
        methods: &[
            ("langevin", &[("lr", 0.02)]),
            ("svgd", &[("lr", 0.2)]),
            ("blob", &[("lr", 0.02)]),
            ("cbo", &[("lr", 0.02)]),
        ],
        steps: 300,
    },
    Family {
        kind: Kind::Mixture,
        id: "measure_mixture",
        title: "Gaussian mixture",
        summary: "several normal laws on a ring: exact density, score and samples",
        energy: "KL(μ | Σ wₖ N(mₖ, σ² I))",
        knobs: &[
            particles(256.0),
            Knob::whole("modes", "k", 4.0, (1.0, 12.0), "how many normal laws"),
            real("radius", "r", 2.0, (0.0, 100.0), "distance of their means from the middle"),
            positive("width", "σ", 0.4, (1e-3, 100.0), "standard deviation of each"),
            positive("skew", "s", 1.0, (1.0, 100.0), "each weighs so many times less than the one before"),
            spread(0.5),
        ],
        words: &[],
        start: [0.0, 0.0],
        window: [-3.5, 3.5, -3.5, 3.5],
        paper: paper(
            "Pearson",
            "Contributions to the mathematical theory of evolution",
            1894,
            "10.1098/rsta.1894.0003",
        ),
        methods: &[
            ("langevin", &[("lr", 0.02)]),
            ("svgd", &[("lr", 0.1)]),
            ("blob", &[("lr", 0.02)]),
            ("reverse_diffusion", &[]),
        ],
        steps: 300,
    },
    Family {
        kind: Kind::Clouds,
        id: "measure_clouds",
        title: "From cloud to cloud",
        summary: "particles of one shape find the points of another",
        energy: "D(μ, ν) for a divergence D of the method",
        knobs: &[
            particles(256.0),
            real("size", "s", 1.0, (0.01, 100.0), "size of the shapes"),
            real("apart", "d", 0.0, (-100.0, 100.0), "how far right of the start the target lies"),
        ],
        words: &[("from", "ring"), ("to", "spiral")],
        start: [0.0, 0.0],
        window: [-2.6, 2.6, -2.2, 2.2],
        paper: paper("Villani", "Topics in optimal transportation", 2003, "10.1090/gsm/058"),
        methods: &[
            ("sliced_flow", &[("lr", 0.05)]),
            ("sinkhorn_flow", &[("lr", 0.05)]),
            ("mmd_flow", &[]),
            ("energy_distance_flow", &[]),
        ],
        steps: 150,
    },
    Family {
        kind: Kind::Interaction,
        id: "measure_interaction",
        title: "Attraction and repulsion",
        summary: "particles that act on each other by a function of their distance",
        energy: "½ ∬ W(|x − y|) dμ dμ + ∫ f + ½ c |x|² dμ",
        knobs: &[
            particles(256.0),
            real("confine", "c", 0.0, (0.0, 100.0), "strength of a spring to the middle"),
            positive("softening", "δ", 0.05, (1e-6, 10.0), "r stands for √(|x − y|² + δ²), so that no pole is met"),
            spread(0.8),
        ],
        words: &[("w", "r^4/4-r^2/2"), ("on", ""), ("f", "")],
        start: [0.0, 0.0],
        window: [-2.2, 2.2, -1.8, 1.8],
        paper: paper(
            "Balagué, Carrillo, Laurent, Raoul",
            "Dimensionality of local minimizers of the interaction energy",
            2013,
            "10.1007/s00205-013-0644-6",
        ),
        methods: &[("sgd", &[("lr", 0.05)]), ("adam", &[("lr", 0.02)])],
        steps: 300,
    },
    Family {
        kind: Kind::Game,
        id: "measure_game",
        title: "Game of two laws",
        summary: "x wants the payoff low and y wants it high; each plays a law. A particle is a pair (x, y) on the torus",
        energy: "min over μ, max over ν of ∬ K dμ dν − T (H(μ) − H(ν))",
        knobs: &[
            particles(256.0),
            Knob::whole("game", "game", 0.0, (0.0, 1.0), "0: cos 2π(x − y) + ½ cos 4πx sin 2πy; 1: cos 2π(x − y)"),
            spread(0.15),
        ],
        words: &[],
        start: [0.3, 0.6],
        window: [0.0, 1.0, 0.0, 1.0],
        paper: paper(
            "Lu",
            "Two-scale gradient descent ascent dynamics finds mixed Nash equilibria of continuous games",
            2022,
            "arXiv:2212.08791",
        ),
        methods: &[("mean_field_gda", &[("eta", 10.0)]), ("mean_field_gda", &[("eta", 0.1)])],
        steps: 400,
    },
    Family {
        kind: Kind::Network,
        id: "measure_network",
        title: "Two-layer network",
        summary: "each particle is a neuron a·max(0, z − b); together they fit a function of z",
        energy: "½ mean over z of (mean over (a, b) of 8 a max(0, z − b) − f*(z))²",
        knobs: &[
            particles(128.0),
            Knob::whole("data", "m", 64.0, (2.0, 512.0), "points z, evenly from −1 to 1"),
            spread(0.5),
        ],
        words: &[],
        start: [0.0, 0.0],
        window: [-2.4, 2.4, -1.8, 1.8],
        paper: paper(
            "Chizat, Bach",
            "On the global convergence of gradient descent for over-parameterized models using optimal transport",
            2018,
            "arXiv:1805.09545",
        ),
        methods: &[("sgd", &[("lr", 0.1)]), ("adam", &[("lr", 0.01)])],
        steps: 500,
    },
];

/// The family with this id.
pub fn find(id: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.id == id)
}
