//! Thalweg: see, compare and understand optimization algorithms.
//!
//! One value goes one way:
//! ```text
//! link  <->  Experiment  ->  run  ->  Trace  ->  views
//! ```
//! A [`experiment::Experiment`] is plain data and is what a link says. Running it is a pure function: it poses a problem
//! ([`problems`]: a formula from [`landscapes`] or one that a visitor typed, read by [`formula`]), lets [`optimizers`]
//! step on it, and returns [`experiment::Trace`]s. [`engine`] does the same for a million starts at once, from
//! recordings of the same definitions (`tape`), also on the graphics processor (`gpu`). [`figure`] draws traces on any
//! surface.
//!
//! Everything that computes is written over [`scalar::Real`]. Knowledge points one way: scalar, then formula and
//! optimizers, then problems, then experiment, then engine, then figure; the page and the command line, which are the
//! program and not the library, know all of it and nothing here knows them.

#[cfg(labs)]
pub mod dense;
pub mod engine;
pub mod experiment;
pub mod figure;
pub mod formula;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
pub mod gpu;
pub mod landscapes;
pub mod lessons;
#[cfg(labs)]
pub mod measures;
pub mod optimizers;
pub mod problems;
pub mod scalar;
pub mod suggest;
#[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
pub mod tape;
