//! Pictures of traces: the land with its contours, the trails, the charts.
//!
//! Everything is drawn through a [`Surface`], which the page implements over a canvas and [`Svg`] as text, so that the
//! command line draws the same figure as the page. Nothing here computes a step of an optimizer.

mod basins;
mod chart;
#[cfg(labs)]
mod clouds;
mod contour;
mod draw;
mod frame;
mod knobs;
mod land;
#[cfg(labs)]
mod matrix;
mod particles;
mod plot;
pub mod space;
mod surface;
mod svg;
mod text;
mod theme;

pub use basins::{BasinScale, basin_color, basin_pixels};
pub use chart::{Axes, Chart, Series, draw_curves, draw_mesh};
#[cfg(labs)]
pub use clouds::{CloudScene, DensityGrid, clouds_svg, draw_clouds, draw_ground, mapping, target_density};
pub use contour::{Contour, Level, Spacing, contours, levels, spacing};
#[cfg(labs)]
pub use draw::draw_axes;
pub use draw::{
    MapLayers, draw_critical, draw_ellipse, draw_head, draw_land, draw_lines, draw_probes, draw_start,
    draw_trail_heads, draw_trails, position,
};
pub use frame::{Frame, ticks};
pub use knobs::{KnobFrame, LossScale, draw_knob_axes, failed_color, loss_pixels, stability_boundary, stable_step};
pub use land::Land;
#[cfg(labs)]
pub use matrix::{PathPoint, draw_path_over_plane, matrix_pixels};
pub use particles::{Cloud, draw_cloud, swarm_pixels};
pub use plot::{draw_figure, figure_svg, thumbnail};
pub use surface::{Anchor, Shape, Stroke, Surface, Text};
pub use svg::{EncodeImage, Svg};
pub use text::{axis_number, exponent_number, read_number, superscript};
pub use theme::{Color, Theme, trail_shape};
