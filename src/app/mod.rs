//! The page: Leptos components, one file each, over the library.
//!
//! [`state::State`] holds the one experiment and what running it gave; [`address`] alone reads and writes the address;
//! components show parts of the state and change the experiment through [`state::State::edit`]. What is drawn on a canvas
//! is drawn by effects through [`crate::canvas::Canvas`].

mod address;
mod basin_badge;
mod basins;
mod charts;
mod dialog;
mod dom;
mod export;
mod formula_editor;
mod grid_map;
mod header;
mod help;
mod keys;
mod knob;
mod knob_map;
#[cfg(labs)]
mod lab_panel;
#[cfg(labs)]
mod lab_table;
#[cfg(labs)]
mod lab_worker;
mod lesson;
mod map;
mod map_pointer;
mod mass;
#[cfg(labs)]
mod matrix;
#[cfg(labs)]
mod measure;
mod module;
mod notes;
mod optimizers;
mod panic;
mod particles;
mod playback;
mod plot;
mod pool;
mod problem;
mod readout;
mod relief;
mod settings;
mod shell;
mod state;
mod strip;
mod table;
mod transport;
mod views;
mod warm_up;

use leptos::prelude::*;

/// Starts the page where the document has a place for it. A document without that place has loaded the module for its
/// functions.
pub fn start() {
    panic::show_in_page();
    if let Some(root) = dom::document().get_element_by_id("thalweg") {
        let root: web_sys::HtmlElement = wasm_bindgen::JsCast::unchecked_into(root);
        let link = address::current();
        mount_to(root, move || shell::shell(&link, true)).forget();
    }
}
