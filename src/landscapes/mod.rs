//! The two-dimensional landscapes: data rows with everything that is known about them.
//!
//! The rows are in `landscapes.toml`, whose header explains every key; `build.rs` makes the table of constants that is
//! included here, and `tests/landscapes/` measures every number in it. A new landscape is a new row and nothing else.

mod search;
mod traits;

use crate::formula::{Formula, FormulaError, Names};
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/landscapes.rs"));

/// The names of the two coordinates in every formula.
pub const VARIABLES: [&str; 2] = ["x", "y"];

/// One landscape. Points, values and eigenvalues hold for the default parameters. What only the tests read, which
/// measure it, is left out of the page.
#[derive(Debug)]
pub struct Landscape {
    /// Short and stable; links name it.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// What one sees, in at most 45 characters; empty for games.
    pub tagline: &'static str,
    /// The section of the menu.
    pub group: Group,
    /// The loss in x, y and the parameters. Empty where there is a `field` instead.
    pub formula: &'static str,
    /// The two components of F(x, y) in a game without a payoff; one follows z' = -F(z).
    pub field: Option<(&'static str, &'static str)>,
    /// An online loss whose average over t = 1, 2, 3, ... is the formula: in x, y, t and the parameters.
    pub formula_t: Option<&'static str>,
    /// A stochastic loss in words.
    #[cfg(not(target_arch = "wasm32"))]
    pub formula_s: Option<&'static str>,
    /// The stochastic loss in x, y and two independent numbers u and w, uniform on (0, 1), and the parameters. The mean
    /// of its gradient is the gradient of the formula.
    pub sample: Option<&'static str>,
    /// Names and default values of the parameters.
    pub params: &'static [(&'static str, f64)],
    /// xmin, xmax, ymin, ymax of the picture.
    pub domain: [f64; 4],
    /// A start with something to see, inside the domain.
    pub start: [f64; 2],
    /// How colours and contours are spaced.
    pub scale: Scale,
    /// Whether gradient and Hessian exist on the domain.
    pub smooth: bool,
    /// Listed minima, the best first.
    pub minima: &'static [CriticalPoint],
    /// Listed saddles.
    pub saddles: &'static [CriticalPoint],
    /// Listed maxima, at most four.
    pub maxima: &'static [CriticalPoint],
    /// Stationary points of a game.
    #[cfg(not(target_arch = "wasm32"))]
    pub equilibria: &'static [Equilibrium],
    /// How many critical points there are inside the domain, where that was counted.
    pub counts: Option<Counts>,
    /// Whether the lists hold every critical point in the domain.
    pub complete: bool,
    /// In words, where the minimisers are a continuum or at infinity.
    pub minimizer_set: Option<&'static str>,
    /// Whether the formula has no lower bound.
    pub unbounded_below: bool,
    /// Smallest value on the grid of 801 x 801 points of the domain, ends included; NaN without a formula, as below.
    #[cfg(not(target_arch = "wasm32"))]
    pub f_min_grid: f64,
    /// The 2 % quantile of the values on that grid.
    #[cfg(not(target_arch = "wasm32"))]
    pub f_lo: f64,
    /// The 98 % quantile.
    #[cfg(not(target_arch = "wasm32"))]
    pub f_hi: f64,
    /// The value at the start.
    #[cfg(not(target_arch = "wasm32"))]
    pub f_start: f64,
    /// What else is worth knowing.
    pub note: Option<&'static str>,
    /// Where the formula is from.
    pub source: &'static str,
    /// What is computed from the above when somebody first asks.
    facts: OnceLock<traits::Facts>,
}

/// A kind of landscape: the sections of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// One basin and no traps.
    Convex,
    /// Long, narrow and bent.
    Valley,
    /// Passes between basins, and points where the gradient vanishes without a minimum.
    Saddle,
    /// Many basins.
    Multimodal,
    /// Regions with hardly any slope.
    Plateau,
    /// Kinks.
    Nonsmooth,
    /// Made to defeat a method.
    Adversarial,
    /// Minus the logarithm of a density.
    Potential,
    /// One coordinate minimises, the other maximises.
    Game,
}

impl Group {
    /// All groups in the order of the menu.
    pub const ALL: [Self; 9] = [
        Self::Convex,
        Self::Valley,
        Self::Saddle,
        Self::Multimodal,
        Self::Plateau,
        Self::Nonsmooth,
        Self::Adversarial,
        Self::Potential,
        Self::Game,
    ];

    /// The word used in data and search.
    pub fn id(self) -> &'static str {
        match self {
            Self::Convex => "convex",
            Self::Valley => "valley",
            Self::Saddle => "saddle",
            Self::Multimodal => "multimodal",
            Self::Plateau => "plateau",
            Self::Nonsmooth => "nonsmooth",
            Self::Adversarial => "adversarial",
            Self::Potential => "potential",
            Self::Game => "game",
        }
    }

    /// The heading of the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Convex => "Convex",
            Self::Valley => "Valleys",
            Self::Saddle => "Saddles",
            Self::Multimodal => "Many minima",
            Self::Plateau => "Plateaus",
            Self::Nonsmooth => "Kinks",
            Self::Adversarial => "Made to defeat a method",
            Self::Potential => "Potentials of densities",
            Self::Game => "Games",
        }
    }
}

/// How colours and contours are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly in the value.
    Linear,
    /// Evenly in the logarithm of the value above the minimum.
    Log,
}

/// What a listed critical point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CriticalKind {
    /// As low as anything in the domain.
    GlobalMinimum,
    /// A minimum that is not the lowest.
    LocalMinimum,
    /// Up one way and down another.
    Saddle,
    /// A top.
    Maximum,
}

/// A point where the gradient vanishes, or a minimum at a kink or on the edge of the domain.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct CriticalPoint {
    /// First coordinate, to twelve digits.
    pub x: f64,
    /// Second coordinate, to twelve digits.
    pub y: f64,
    /// The value there, to twelve digits.
    pub f: f64,
    /// What it is.
    pub kind: CriticalKind,
    /// Eigenvalues of the Hessian, smaller first, where they are listed.
    #[cfg(not(target_arch = "wasm32"))]
    pub eig: Option<[f64; 2]>,
}

/// How many critical points there are inside the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Minima, without those on the edge.
    pub minima: u32,
    /// Saddles.
    pub saddles: u32,
    /// Maxima.
    pub maxima: u32,
}

/// A stationary point of a game.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Equilibrium {
    /// The minimising player's coordinate.
    pub x: f64,
    /// The maximising player's coordinate.
    pub y: f64,
    /// The payoff there, where there is one.
    pub f: Option<f64>,
    /// What simultaneous gradient descent-ascent flow does near it.
    pub gda: Stability,
    /// Largest real part of that flow's Jacobian.
    pub growth: f64,
}

/// What a flow does near a stationary point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stability {
    /// It approaches.
    Attracts,
    /// It leaves.
    Repels,
    /// It circles.
    Centre,
}

/// All rows, in the order of the file.
pub fn all() -> &'static [Landscape] {
    &ROWS
}

/// The row with this id.
pub fn find(id: &str) -> Option<&'static Landscape> {
    ROWS.iter().find(|row| row.id == id)
}

/// The rows a visitor can choose: all but the games, which wait for a lab of their own.
pub fn offered() -> impl Iterator<Item = &'static Landscape> {
    ROWS.iter().filter(|row| row.is_offered())
}

/// The id a visitor probably meant by one that does not exist.
pub fn closest(id: &str) -> Option<&'static str> {
    crate::suggest::closest(id, offered().map(|row| row.id))
}

impl Landscape {
    /// Whether visitors can choose it.
    pub fn is_offered(&self) -> bool {
        self.group != Group::Game && self.field.is_none()
    }

    /// The default values of the parameters, in the order of `params`.
    pub fn defaults(&self) -> Vec<f64> {
        self.params.iter().map(|(_, value)| *value).collect()
    }

    /// Reads one of the row's texts, such as `formula` or `sample`, over the given variables and the row's parameters.
    pub fn read(&self, text: &str, variables: &[&str]) -> Result<Formula, FormulaError> {
        let parameters: Vec<&str> = self.params.iter().map(|(name, _)| *name).collect();
        Formula::parse(text, &Names { variables, parameters: &parameters })
    }
}
