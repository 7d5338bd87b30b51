//! The optimizers: one file each, one line in [`REGISTRY`].
//!
//! An optimizer is written once over [`Real`] and asks its questions through an [`Oracle`], which counts them. The
//! registry is what the page, the link, the command line and the common tests read: to register is to expose and to test.
//! `adam.rs` is a good file to read first; CONTRIBUTING.md says how to add one.

mod adabelief;
#[cfg(labs)]
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
#[cfg(labs)]
mod alternating;
mod amsgrad;
mod bfgs;
#[cfg(labs)]
mod fixed_rank;
#[cfg(labs)]
pub mod flows;
#[cfg(labs)]
mod frugal;
mod gd_armijo;
mod heavy_ball;
mod knob;
mod lbfgs;
mod line_search;
mod lion;
#[cfg(labs)]
mod moments;
#[cfg(labs)]
mod muon;
mod nelder_mead;
mod nesterov;
mod newton;
#[cfg(labs)]
mod novograd;
#[cfg(labs)]
mod nuclear_prox;
#[cfg(labs)]
mod online_subspace_descent;
#[cfg(labs)]
mod rescaled_gd;
mod rmsprop;
#[cfg(labs)]
mod scaled_gd;
mod sgd;
#[cfg(labs)]
mod shampoo;
#[cfg(labs)]
mod snsm;
#[cfg(labs)]
mod soap;
#[cfg(labs)]
mod subgradient;
#[cfg(labs)]
mod subset_norm;
#[cfg(labs)]
mod subspace;
#[cfg(labs)]
mod subspace_momentum;
#[cfg(test)]
mod testing;
pub mod wrappers;

pub use knob::{Knob, Knobs, Scale};

use crate::scalar::{Block, Real, Vector};
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
use crate::tape::Tracer;

/// What an optimizer may ask of a problem. Every call is counted by kind.
pub trait Oracle<R: Real> {
    /// The loss at `x`.
    fn value(&mut self, x: &Vector<R>) -> R;
    /// The gradient at `x`, with the experiment's noise if it has some. One call, one sample.
    fn gradient(&mut self, x: &Vector<R>) -> Vector<R>;
    /// The Hessian at `x`, row by row.
    fn hessian(&mut self, x: &Vector<R>) -> Vec<Vector<R>>;
    /// The Hessian at `x` times `v`.
    fn hessian_vector(&mut self, x: &Vector<R>, v: &Vector<R>) -> Vector<R>;
    /// `x` with one block changed so that the loss is least while the other blocks stay, to a relative `accuracy` of the
    /// gradient in the block. `None` where the loss is not a least-squares problem in each block.
    #[cfg(labs)]
    fn block_minimum(&mut self, x: &Vector<R>, block: usize, accuracy: R) -> Option<Vector<R>> {
        let _ = (x, block, accuracy);
        None
    }
    /// Two independent standard normal draws of this step; the same `slot` gives the same draws.
    fn normal(&mut self, slot: u32) -> Vector<R>;
    /// `count` independent standard normal draws of this step, one for each coordinate of a point.
    #[cfg(labs)]
    fn normals(&mut self, count: usize) -> Vector<R> {
        let pairs: Vec<Vector<R>> = (0..count.div_ceil(2)).map(|slot| self.normal(slot as u32)).collect();
        Vector::from_fn(count, |i| pairs[i / 2][i % 2])
    }
    /// Tells that something worth showing happened in this step.
    fn report(&mut self, event: Event);
    /// Tells it where `happened` is true: for code over any [`Real`], which cannot branch on a comparison. An oracle
    /// whose masks are truth values hands it to [`Oracle::report`]; one that only records has nobody to tell.
    fn report_where(&mut self, happened: R::Mask, event: Event) {
        let _ = (happened, event);
    }
}

/// Questions an optimizer has asked, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Calls {
    /// Values of the loss.
    pub value: u32,
    /// Gradients.
    pub gradient: u32,
    /// Hessians.
    pub hessian: u32,
    /// Hessian-vector products.
    pub hessian_vector: u32,
    /// Least-squares problems in one block.
    #[serde(skip_serializing_if = "is_zero")]
    pub least_squares: u32,
}

/// Whether a kind of question was never asked that most problems do not know.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Calls {
    /// All questions together.
    pub fn total(self) -> u32 {
        self.value + self.gradient + self.hessian + self.hessian_vector + self.least_squares
    }
}

/// Something worth showing that happened in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Momentum, memory or a simplex was built anew.
    Restart,
    /// A trial step was not taken.
    Rejected,
    /// The gradient or the step was shortened to a bound.
    Clipped,
    /// A modification made the quadratic model convex, or a curvature pair was not used.
    Modified,
    /// A line search ended without an acceptable step.
    SearchFailed,
    /// A matrix that had to be inverted was singular; a little was added to it.
    Regularized,
    /// There was nothing of the kind that the method solves; it took a gradient step.
    Fallback,
}

impl Event {
    /// Every event.
    #[cfg(labs)]
    pub const ALL: [Self; 7] = [
        Self::Restart,
        Self::Rejected,
        Self::Clipped,
        Self::Modified,
        Self::SearchFailed,
        Self::Regularized,
        Self::Fallback,
    ];

    /// The event in words, as a read-out shows it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Restart => "restarted",
            Self::Rejected => "step rejected",
            Self::Clipped => "clipped",
            Self::Modified => "model made convex",
            Self::SearchFailed => "line search failed",
            Self::Regularized => "singular preconditioner, regularised",
            Self::Fallback => "gradient step instead",
        }
    }
}

/// A rule that moves a point, with what it remembers between steps.
pub trait Optimizer<R: Real> {
    /// Moves `x` by one step, asking `oracle` as often as the paper does.
    fn step(&mut self, x: &mut Vector<R>, oracle: &mut dyn Oracle<R>);

    /// Shows all memory between steps, under stable names: kernel slots and inspector rows.
    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [R]));
}

/// How many numbers an optimizer keeps from step to step, counts of steps included.
pub fn state_len<R: Real>(optimizer: &mut dyn Optimizer<R>) -> usize {
    let mut len = 0;
    optimizer.state(&mut |_, values| len += values.len());
    len
}

/// Where a method was published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paper {
    /// Family names, as one cites them.
    pub authors: &'static str,
    /// Title of the paper.
    pub title: &'static str,
    /// Year of publication.
    pub year: u16,
    /// DOI or arXiv number, such as `arXiv:1412.6980`; empty where there is none.
    pub reference: &'static str,
}

/// What kind of method an optimizer is: the sections of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// One gradient a step, one step size for all coordinates.
    Gradient,
    /// A step size for every coordinate.
    Adaptive,
    /// Steps that depend on the sign of a momentum.
    Sign,
    /// Steps found by searching along a line.
    LineSearch,
    /// Curvature, exact or estimated.
    SecondOrder,
    /// Values only.
    DerivativeFree,
    /// What treats a parameter as the matrix that it is.
    Matrix,
    /// What moves a cloud of particles.
    Flow,
}

impl Family {
    /// The heading of the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Gradient => "Gradient and momentum",
            Self::Adaptive => "Adaptive step sizes",
            Self::Sign => "Sign methods",
            Self::LineSearch => "Line search",
            Self::SecondOrder => "Second order",
            Self::DerivativeFree => "Derivative-free",
            Self::Matrix => "Matrix methods",
            Self::Flow => "Flows of particles",
        }
    }
}

/// Builds an optimizer from its knobs, the point where it starts, and which part of the point is which matrix.
pub type Build<R> = fn(&Knobs<R>, &Vector<R>, &[Block]) -> Box<dyn Optimizer<R>>;

/// For which scalars an optimizer exists.
#[derive(Clone, Copy)]
pub enum Scalars {
    /// Written over any [`Real`]: its steps can be recorded. Instantiated for `f64`, for tracers and, as the proof
    /// that nothing in it depends on a value, for dual numbers.
    Recordable {
        /// For every number that is reported.
        f64: Build<f64>,
        /// For tapes, from which the fast engines are made.
        #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
        tracer: Build<Tracer>,
        /// For derivatives of a whole trajectory, such as the hypergradient by the step size. The page shows none, and
        /// does without its weight.
        #[cfg(not(target_arch = "wasm32"))]
        dual: Build<Hyper>,
    },
    /// Control flow depends on values without a bound: `f64` alone.
    F64(Build<f64>),
    /// It moves a cloud of particles, and has nothing to do with a single point.
    #[cfg(labs)]
    Flow(flows::FlowBuild),
}

/// A scalar that carries one derivative.
pub type Hyper = crate::scalar::Dual<f64, 1>;

/// What the registry knows of an optimizer.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Name in links, as in `torch.optim` or optax where those have it.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Section of the menu.
    pub family: Family,
    /// Where it was published.
    pub paper: Paper,
    /// The update in a line, for the menu and the inspector.
    pub summary: &'static str,
    /// Hyperparameters in the order in which they are shown.
    pub knobs: &'static [Knob],
    /// Whether and how it is built.
    pub scalars: Scalars,
}

impl Entry {
    /// The optimizer in `f64`, for a point that is the matrices `blocks` one after the other.
    ///
    /// # Panics
    /// For a flow: experiments of the plane and of the matrix lab have none ([`Entry::is_flow`]).
    pub fn build(&self, knobs: &Knobs<f64>, start: &Vector<f64>, blocks: &[Block]) -> Box<dyn Optimizer<f64>> {
        match self.scalars {
            Scalars::Recordable { f64, .. } | Scalars::F64(f64) => f64(knobs, start, blocks),
            #[cfg(labs)]
            Scalars::Flow(_) => unreachable!("an experiment of points has no flow"),
        }
    }

    /// Whether it moves clouds of particles, and nothing else.
    pub fn is_flow(&self) -> bool {
        #[cfg(labs)]
        let flow = matches!(self.scalars, Scalars::Flow(_));
        #[cfg(not(labs))]
        let flow = false;
        flow
    }

    /// Whether its steps can be recorded once and run by every engine.
    pub fn recordable(&self) -> bool {
        matches!(self.scalars, Scalars::Recordable { .. })
    }

    /// Builds it for a recording; `None` when it cannot be recorded.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub fn tracer(&self) -> Option<Build<Tracer>> {
        match self.scalars {
            Scalars::Recordable { tracer, .. } => Some(tracer),
            Scalars::F64(_) => None,
            #[cfg(labs)]
            Scalars::Flow(_) => None,
        }
    }

    /// The knob with this id.
    pub fn knob(&self, id: &str) -> Option<&'static Knob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }

    /// Every knob at its default.
    pub fn defaults(&self) -> Knobs<f64> {
        Knobs::new(self.knobs, self.knobs.iter().map(|knob| knob.default).collect())
    }
}

/// `Scalars::Recordable` of a type with `new(&Knobs<R>, &Vector<R>) -> Self`; with `blocks`, of one with
/// `new(&Knobs<R>, &Vector<R>, &[Block]) -> Self`.
macro_rules! recordable {
    ($optimizer:ident) => {
        $crate::optimizers::recordable!($optimizer: (knobs, start, _) => (knobs, start))
    };
    ($optimizer:ident, blocks) => {
        $crate::optimizers::recordable!($optimizer: (knobs, start, blocks) => (knobs, start, blocks))
    };
    ($optimizer:ident: ($knobs:pat, $start:pat, $blocks:pat) => $arguments:tt) => {
        $crate::optimizers::Scalars::Recordable {
            f64: |$knobs, $start, $blocks| Box::new($optimizer::<f64>::new $arguments),
            #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
            tracer: |$knobs, $start, $blocks| Box::new($optimizer::<$crate::tape::Tracer>::new $arguments),
            #[cfg(not(target_arch = "wasm32"))]
            dual: |$knobs, $start, $blocks| Box::new($optimizer::<$crate::optimizers::Hyper>::new $arguments),
        }
    };
}
use recordable;

/// Every optimizer, in the order of the menu: by family, then by year.
pub static REGISTRY: &[Entry] = &[
    sgd::ENTRY,
    heavy_ball::ENTRY,
    nesterov::ENTRY,
    adagrad::ENTRY,
    rmsprop::ENTRY,
    adam::ENTRY,
    adamax::ENTRY,
    adamw::ENTRY,
    amsgrad::ENTRY,
    adabelief::ENTRY,
    lion::ENTRY,
    gd_armijo::ENTRY,
    newton::ENTRY,
    bfgs::ENTRY,
    lbfgs::ENTRY,
    nelder_mead::ENTRY,
    #[cfg(labs)]
    nuclear_prox::ENTRY,
    #[cfg(labs)]
    fixed_rank::ENTRY,
    #[cfg(labs)]
    adafactor::ENTRY,
    #[cfg(labs)]
    shampoo::ENTRY,
    #[cfg(labs)]
    novograd::ENTRY,
    #[cfg(labs)]
    subgradient::ENTRY,
    #[cfg(labs)]
    scaled_gd::ENTRY,
    #[cfg(labs)]
    alternating::ENTRY,
    #[cfg(labs)]
    rescaled_gd::ENTRY,
    #[cfg(labs)]
    muon::ENTRY,
    #[cfg(labs)]
    soap::ENTRY,
    #[cfg(labs)]
    subset_norm::ENTRY,
    #[cfg(labs)]
    subspace_momentum::ENTRY,
    #[cfg(labs)]
    snsm::ENTRY,
    #[cfg(labs)]
    online_subspace_descent::GALORE,
    #[cfg(labs)]
    online_subspace_descent::ENTRY,
    #[cfg(labs)]
    frugal::ENTRY,
    #[cfg(labs)]
    flows::langevin::ENTRY,
    #[cfg(labs)]
    flows::sinkhorn::ENTRY,
    #[cfg(labs)]
    flows::vi::sgvb::ENTRY,
    #[cfg(labs)]
    flows::vi::score_function::ENTRY,
    #[cfg(labs)]
    flows::sliced_flow::ENTRY,
    #[cfg(labs)]
    flows::jko::ENTRY,
    #[cfg(labs)]
    flows::vi::iwae::ENTRY,
    #[cfg(labs)]
    flows::svgd::ENTRY,
    #[cfg(labs)]
    flows::cbo::ENTRY,
    #[cfg(labs)]
    flows::blob::ENTRY,
    #[cfg(labs)]
    flows::mmd_flow::ENTRY,
    #[cfg(labs)]
    flows::sinkhorn_flow::ENTRY,
    #[cfg(labs)]
    flows::vi::measure_valued::ENTRY,
    #[cfg(labs)]
    flows::reverse_diffusion::ENTRY,
    #[cfg(labs)]
    flows::tweedie::ENTRY,
    #[cfg(labs)]
    flows::variational_wgf::ENTRY,
    #[cfg(labs)]
    flows::mmd_flow::ENERGY_DISTANCE,
    #[cfg(labs)]
    flows::mean_field_gda::ENTRY,
    #[cfg(labs)]
    flows::mirror_sinkhorn::ENTRY,
    #[cfg(labs)]
    flows::consensus_hopping::ENTRY,
    #[cfg(labs)]
    flows::dps::ENTRY,
    #[cfg(labs)]
    flows::score::denoiser::ENTRY,
    #[cfg(labs)]
    flows::displacement_gd::ENTRY,
    #[cfg(labs)]
    flows::gio::ENTRY,
    #[cfg(labs)]
    flows::dreamguider::ENTRY,
    #[cfg(labs)]
    flows::reno::ENTRY,
    #[cfg(labs)]
    flows::score::score_network::ENTRY,
    #[cfg(labs)]
    flows::vi::path_gradient::ENTRY,
];

/// The optimizers that move a single point: all but the flows.
pub fn of_points() -> impl Iterator<Item = &'static Entry> {
    REGISTRY.iter().filter(|entry| !entry.is_flow())
}

/// The optimizer with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.id == id)
}
