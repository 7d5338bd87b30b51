//! What surrounds the page: how it is built, served, tested, measured and photographed.
//!
//! The program `cargo xtask` is a thin list of commands over these modules, and the page tests in `tests/page` use
//! the same [`server`] and the same [`chrome`]: what a test drives is what a benchmark measures and what the
//! README shows.
//!
//! | module | what it knows |
//! |---|---|
//! | [`project`] | where the checkout is, what `Cargo.lock` says, the machine |
//! | [`command`] | run a program, say which, fail with its status |
//! | [`debian`] | install a Debian package when that is allowed, else say the command |
//! | [`tools`] | Trunk, wasm-bindgen and wasm-opt of the pinned versions |
//! | [`dist`] | build the static folder and print its weight |
//! | [`finish`] | what is done to Trunk's output: style sheet, versioned references |
//! | [`styles`] | many style sheets into one |
//! | [`serve`] | build, serve, watch |
//! | [`server`] | the small static server of tests and benchmarks |
//! | [`chrome`] | find, install, start and drive a Chromium |
//! | [`test`](mod@test) | every check of the project, in order |
//! | [`bench`](mod@bench) | what is measured and printed, never asserted |
//! | [`screenshot`] | a picture of the real page |

pub mod bench;
pub mod chrome;
pub mod command;
pub mod debian;
pub mod dist;
pub mod finish;
pub mod project;
pub mod screenshot;
pub mod serve;
pub mod server;
pub mod styles;
pub mod test;
pub mod tools;
