//! The land as a block diagram: the surface in three dimensions, seen by a camera that goes round it.
//!
//! Lengths are those of the block: the longer side of its base reaches from -1 to 1, x to the right of the map, y up the
//! map, z from the base upwards. Heights follow the tints of the map, so that what the map tells apart by colour the block
//! tells apart by height.

mod block;
mod camera;
mod legend;
mod mesh;
mod painter;
mod trails;

pub use block::{BASE, Block, HEIGHT};
pub use camera::{Camera, View};
pub use legend::{draw_legend, draw_marks, draw_paths};
pub use mesh::{Mesh, Vertex, shade};
pub use painter::Painter;
pub use trails::{Bead, lift};

use super::{Color, Theme};

/// Strength of the relief: a slope that is seen from its side needs less light than one on a map to be told apart.
pub fn relief_strength(theme: &Theme) -> f64 {
    if theme.dark { 0.6 } else { 0.36 }
}

/// The colour of the block's walls.
pub fn wall_color(theme: &Theme) -> Color {
    theme.line.mix(theme.soft, if theme.dark { 0.06 } else { 0.2 })
}
