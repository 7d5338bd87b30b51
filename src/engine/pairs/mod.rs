//! Sums over all pairs of points by kernels: for every target the sum over all sources of a function of the two.
//!
//! The function is a [`Pair`](crate::measures::Pair), written once. [`PairTape`] records it and prints kernels, as
//! WebAssembly and as WGSL; [`PairLayout`] is their memory: targets and sources before a run, sums after it. The same
//! sums in double precision are [`sum_pairs`](crate::measures::sum_pairs)'. [`shares`] are what each of several workers takes.

mod layout;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
mod recorded;
mod share;

pub use layout::PairLayout;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
pub use recorded::PairTape;
pub use share::{Pace, shares};
