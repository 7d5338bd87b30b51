//! A real Chromium: found or installed ([`find`]), started ([`browser`]), and driven over its DevTools protocol
//! ([`page`], [`input`]).
//!
//! The protocol is JSON over a WebSocket, and a page is driven by one thread that asks and waits; a client for that is
//! a few screens of code. The existing crates bring several megabytes of generated types, threads and timeouts of their
//! own, and hide the calls that a benchmark needs.

pub mod browser;
pub mod find;
pub mod input;
pub mod page;
mod wire;

pub use browser::{Browser, Graphics};
pub use page::{Heard, Page, View};
