//! Mass runs: the same definition for a million starts at once.
//!
//! A [`Job`] says what is asked: where runs start, by which method, how many steps. A method on a problem is recorded
//! on tapes ([`Rule`]), surrounded with the bookkeeping of a mass run ([`Flight`]: who has left, who has come to rest),
//! and printed as a kernel. [`Layout`] is the kernel's memory: inputs before a run, [`Landing`]s after it.
//!
//! Recording and printing are left out of the page, which has them done by a module of their own.

#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
mod direct;
mod job;
mod landing;
mod layout;
mod order;
#[cfg(labs)]
pub mod pairs;
mod verdict;

pub use job::{Axis, Goal, Job, Launch, knob_place, knob_value, knob_window};
pub use landing::{Landing, Loss};
pub use layout::{Lanes, Layout};
pub use verdict::{Cell, Minima, Verdict};

#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
mod flight;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
mod particles;
#[cfg(not(target_arch = "wasm32"))]
mod recorded;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
mod rule;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
pub use flight::{DOUBLE_DRAWS, Draw, Flight, SINGLE_DRAWS};
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
pub use rule::{Rule, RuleError};
