//! The experiment: the one value that is worth saving, and what running it gives.
//!
//! ```text
//! link  <->  Experiment  ->  run  ->  Trace  ->  views
//! ```
//! [`Experiment`] is plain data. [`link`] reads and writes it as the query of an address, [`run()`] turns it into
//! [`Trace`]s: the same experiment gives the same traces on every machine, to the last bit.

mod lab;
pub mod link;
#[cfg(labs)]
pub mod matrix;
#[cfg(labs)]
pub mod measure;
#[cfg(labs)]
mod numbers;
mod outcome;
mod report;
mod run;
mod spec;
mod sweep;
mod trace;
mod view;

pub use lab::Lab;
pub use link::{Link, Note, Severity};
pub use outcome::Outcome;
pub use report::{Report, csv, json, number17};
pub use run::{Run, Runner, probes, run, run_one};
pub use spec::{Experiment, Method, ProblemChoice, Stage, limits};
pub use sweep::{Spread, Strip, StripCurve, default_step_sizes, tuned_step_size};
pub use trace::Trace;
#[cfg(labs)]
pub use view::CloudLayers;
pub use view::{Cut, Engine, MOST_STARTS, Panel, ParticleKind, Particles, Sweep, View};
