//! What pictures are drawn on.

use super::{Color, Land};

/// A line's look.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    /// Colour.
    pub color: Color,
    /// Opacity from 0 to 1.
    pub opacity: f64,
    /// Width in pixels.
    pub width: f64,
    /// Lengths of dash and gap in pixels.
    pub dash: Option<[f64; 2]>,
}

impl Stroke {
    /// A solid line.
    pub fn solid(color: Color, width: f64) -> Self {
        Self { color, opacity: 1.0, width, dash: None }
    }
}

/// Which point of a text stands at the given place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// A line of text.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// What it says.
    pub text: &'a str,
    /// Where its anchor is; vertically the middle of the letters.
    pub at: [f64; 2],
    /// Size in pixels.
    pub size: f64,
    /// Whether it is set in semibold.
    pub strong: bool,
    /// Colour.
    pub color: Color,
    /// Which point of the text is at `at`.
    pub anchor: Anchor,
    /// Rotation, clockwise, in radians.
    pub angle: f64,
    /// Colour of the halo that keeps it legible on any ground.
    pub halo: Option<Color>,
}

/// Markers, so that an optimizer is known by shape as well as by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A triangle on its base.
    Triangle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// Two crossing strokes.
    Cross,
}

impl Shape {
    /// Corners on a circle of radius `size` about `at`; empty for the disc. Sizes are balanced so that all shapes look
    /// equally large.
    pub fn corners(self, [x, y]: [f64; 2], size: f64) -> Vec<[f64; 2]> {
        let polygon = |count: usize, turn: f64, scale: f64| {
            let corner = |i: usize| {
                let angle = turn + i as f64 * std::f64::consts::TAU / count as f64;
                [x + scale * size * libm::sin(angle), y - scale * size * libm::cos(angle)]
            };
            (0..count).map(corner).collect()
        };
        match self {
            Self::Circle => Vec::new(),
            Self::Triangle => polygon(3, 0.0, 1.25),
            Self::Square => polygon(4, std::f64::consts::FRAC_PI_4, 1.25),
            Self::Diamond => polygon(4, 0.0, 1.2),
            Self::Cross => polygon(4, std::f64::consts::FRAC_PI_4, 1.0),
        }
    }
}

/// Something to draw on, measured in pixels from the upper left.
pub trait Surface {
    /// The land's picture over the whole rectangle, undefined regions hatched.
    fn land(&mut self, land: &Land, width: f64, height: f64, hatch: Color);
    /// A picture, four bytes a pixel, over a rectangle: left, top, width, height.
    #[cfg(labs)]
    fn image(&mut self, rectangle: [f64; 4], columns: u32, rows: u32, pixels: &[u8]);
    /// A path through the points. A point with a coordinate that is not finite ends one piece and begins another.
    fn line(&mut self, points: &[[f64; 2]], stroke: Stroke);
    /// The same path with several strokes, the first undermost: a halo and its line.
    fn lines(&mut self, points: &[[f64; 2]], strokes: &[Stroke]) {
        for stroke in strokes {
            self.line(points, *stroke);
        }
    }
    /// A marker with an edge. A hollow one is filled with the edge's colour.
    fn marker(&mut self, shape: Shape, at: [f64; 2], size: f64, fill: Color, edge: Stroke);
    /// A filled rectangle: left, top, width, height.
    fn fill(&mut self, rectangle: [f64; 4], color: Color);
    /// Draws into a rectangle: moved to its upper left corner, and cut off at its edges.
    fn inset(&mut self, rectangle: [f64; 4], draw: &mut dyn FnMut(&mut dyn Surface));
    /// A line of text.
    fn text(&mut self, text: Text<'_>);
}
