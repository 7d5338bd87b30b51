//! Wrappers: methods that take an optimizer and change what it sees, or what is made of its steps.
//!
//! In a link `~` hands the optimizer on its left to the wrapper on its right: `opt=adam;lr=0.1~lookahead;k=5`. A wrapped
//! optimizer is an [`Optimizer`] again, so that wrappers nest. Three shapes cover what is to come:
//!
//! | a wrapper | by | here, and later |
//! |---|---|---|
//! | changes the point between steps | keeping points of its own | lookahead, average, Mechanic |
//! | changes what the optimizer is told | handing it an [`Oracle`] around the oracle (`Changed`) | l2, clip, sam |
//! | changes how far it goes | scaling `x_new - x` | schedules (as optax's `scale_by_schedule`), Mechanic |
//!
//! Like an optimizer, a wrapper is written over any [`Real`]; its memory comes after that of what it wraps.

mod average;
mod clip;
mod l2;
mod lookahead;
mod sam;

#[cfg(not(target_arch = "wasm32"))]
use super::Hyper;
use super::{Event, Knob, Knobs, Optimizer, Oracle, Paper};
use crate::scalar::{Real, Vector};
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
use crate::tape::Tracer;

/// Builds a wrapper from its knobs, what it wraps, and the point where it starts.
pub type Wrap<R> = fn(&Knobs<R>, Box<dyn Optimizer<R>>, &Vector<R>) -> Box<dyn Optimizer<R>>;

/// What the registry knows of a wrapper.
#[derive(Clone, Copy)]
pub struct Wrapper {
    /// Name in links, as in optax or PyTorch where those have it.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Where it was published.
    pub paper: Paper,
    /// What it does in a line.
    pub summary: &'static str,
    /// Hyperparameters in the order in which they are shown.
    pub knobs: &'static [Knob],
    /// Builds it for every number that is reported.
    pub f64: Wrap<f64>,
    /// Builds it for tapes, from which the fast engines are made.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub tracer: Wrap<Tracer>,
    /// Builds it for derivatives of a whole trajectory.
    #[cfg(not(target_arch = "wasm32"))]
    pub dual: Wrap<Hyper>,
}

impl Wrapper {
    /// The wrapped optimizer in `f64`.
    pub fn build(
        &self,
        knobs: &Knobs<f64>,
        inner: Box<dyn Optimizer<f64>>,
        start: &Vector<f64>,
    ) -> Box<dyn Optimizer<f64>> {
        (self.f64)(knobs, inner, start)
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

/// What a wrapper makes of the answers of an oracle before the optimizer is told them. What it does not change passes.
trait Change<R: Real> {
    /// The gradient that the optimizer is told.
    fn gradient(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vector<R>;

    /// The value that it is told.
    fn value(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> R {
        oracle.value(x)
    }

    /// The Hessian that it is told.
    fn hessian(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>) -> Vec<Vector<R>> {
        oracle.hessian(x)
    }

    /// The product of the Hessian with `v` that it is told.
    fn hessian_vector(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>, v: &Vector<R>) -> Vector<R> {
        oracle.hessian_vector(x, v)
    }

    /// The least point of a block that it is told.
    #[cfg(labs)]
    fn block_minimum(&self, oracle: &mut dyn Oracle<R>, x: &Vector<R>, block: usize, accuracy: R) -> Option<Vector<R>> {
        oracle.block_minimum(x, block, accuracy)
    }
}

/// An oracle with changed answers.
struct Changed<'a, R, C> {
    oracle: &'a mut dyn Oracle<R>,
    change: C,
}

impl<R: Real, C: Change<R>> Oracle<R> for Changed<'_, R, C> {
    fn value(&mut self, x: &Vector<R>) -> R {
        self.change.value(self.oracle, x)
    }
    fn gradient(&mut self, x: &Vector<R>) -> Vector<R> {
        self.change.gradient(self.oracle, x)
    }
    fn hessian(&mut self, x: &Vector<R>) -> Vec<Vector<R>> {
        self.change.hessian(self.oracle, x)
    }
    fn hessian_vector(&mut self, x: &Vector<R>, v: &Vector<R>) -> Vector<R> {
        self.change.hessian_vector(self.oracle, x, v)
    }
    #[cfg(labs)]
    fn block_minimum(&mut self, x: &Vector<R>, block: usize, accuracy: R) -> Option<Vector<R>> {
        self.change.block_minimum(self.oracle, x, block, accuracy)
    }
    fn normal(&mut self, slot: u32) -> Vector<R> {
        self.oracle.normal(slot)
    }
    #[cfg(labs)]
    fn normals(&mut self, count: usize) -> Vector<R> {
        self.oracle.normals(count)
    }
    fn report(&mut self, event: Event) {
        self.oracle.report(event);
    }
    fn report_where(&mut self, happened: R::Mask, event: Event) {
        self.oracle.report_where(happened, event);
    }
}

/// A [`Wrapper`]'s row: what is given, and the two builders of a type with
/// `new(&Knobs<R>, Box<dyn Optimizer<R>>, &Vector<R>) -> Self`.
macro_rules! wrapper {
    ($wrapper:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $crate::optimizers::wrappers::Wrapper {
            $($field: $value,)*
            f64: |knobs, inner, start| Box::new($wrapper::<f64>::new(knobs, inner, start)),
            #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
            tracer: |knobs, inner, start| {
                Box::new($wrapper::<$crate::tape::Tracer>::new(knobs, inner, start))
            },
            #[cfg(not(target_arch = "wasm32"))]
            dual: |knobs, inner, start| Box::new($wrapper::<$crate::optimizers::Hyper>::new(knobs, inner, start)),
        }
    };
}
use wrapper;

/// Every wrapper, by year.
pub static WRAPPERS: &[Wrapper] = &[l2::ENTRY, average::ENTRY, clip::ENTRY, lookahead::ENTRY, sam::ENTRY];

/// The wrapper with this id.
pub fn find(id: &str) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|wrapper| wrapper.id == id)
}
