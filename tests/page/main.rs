//! The built page in a real Chromium: what is seen, what is dragged, what a link restores, and that the console stays
//! silent.
//!
//! `cargo xtask test page` builds the page and runs these tests. By hand, after `cargo xtask dist`:
//! `cargo test --features page-tests --test page`. They test what is in `dist/`, so build before you believe them.
//!
//! A test opens a page and asks; every method returns a `Result`, so a test returns one as well:
//! ```ignore
//! #[test]
//! fn dragging_the_start_changes_the_link() -> Result<()> {
//!     let mut page = browser::open(&View::DESKTOP, "problem=rosenbrock&opt=adam")?;
//!     let start = page.centre("[data-handle=start]")?;
//!     page.drag(start, (start.0 + 50.0, start.1))?;
//!     page.wait_for("location.search.includes('start=')")?;
//!     page.assert_console_silent()
//! }
//! ```
//! - [`browser::open`] waits for the first picture; [`browser::open_as_it_comes`] does not. Views: `View::DESKTOP`,
//!   `View::PHONE`, `.dark()`, `.still()`; `browser::open_on(Graphics::WebGpu, ...)` for the browser with WebGPU.
//! - Ask: `eval`, `text`, `rect`, `centre`, `wait_for`; never sleep, wait for what should become true.
//! - Act: `hover click click_on double_click drag grab pull_to let_go wheel key key_with type_text fill`, and with
//!   `View::PHONE` `tap swipe pinch two_finger_drag touch`. All are input of the browser, not scripted events.
//! - Look: `screenshot`, `screenshot_to`. Listen: `heard`, `requests`, `assert_console_silent`.
//! - `reload`, `look` (another size or colour scheme), `allow_clipboard`, `download_into`; anything else with `call`.
//!
//! All tests share one browser; each page has its own storage and cache, so tests may run side by side.

mod bad_links;
mod basins;
mod browser;
mod choosing;
mod dragging;
mod editing;
mod embedding;
mod exports;
mod fallbacks;
mod harness;
mod keyboard;
mod lessons;
mod load;
mod looks;
mod many;
mod matrix;
mod measure;
mod numbers;
mod opening;
mod relief;
mod start;
mod visitor;
