//! A canvas that plotters paints on, where there is no WebGPU.

use super::relief::{Look, now};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};
use plotters_canvas::CanvasBackend;
use thalweg::figure::Theme;
use thalweg::figure::space::{Block, Painter, View};
use thalweg::problems::PlaneProblem;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// A canvas that plotters paints on: coarse cells while something moves, fine ones at rest, nothing anew as long as only
/// time runs.
#[derive(Default)]
pub struct Plain {
    painted: Option<Painted>,
    coarse: Option<(Block, Painter)>,
    fine: Option<Painter>,
    sharp: bool,
    /// When it was last painted, in milliseconds.
    since: f64,
}

/// What the canvas shows.
#[derive(PartialEq)]
struct Painted {
    view: View,
    ratio: f64,
    theme: &'static Theme,
    contours: bool,
    sharp: bool,
}

/// Units of plotters in a pixel: it counts in whole ones, and lines that begin and end at whole pixels would be ragged.
const UNITS: f64 = 8.0;

impl Plain {
    /// Cells along the longer side of the block at rest.
    pub const FINE: usize = 110;
    /// And while it turns.
    const COARSE: usize = 48;

    /// Whether it shows coarse cells.
    pub fn is_coarse(&self) -> bool {
        !self.sharp
    }

    /// When it was last painted, in milliseconds.
    pub fn since(&self) -> f64 {
        self.since
    }

    /// The next drawing is fine.
    pub fn sharpen(&mut self) {
        self.sharp = true;
    }

    /// The block has changed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Paints what has changed. `block` has fine cells.
    pub fn draw(
        &mut self,
        canvas: &HtmlCanvasElement,
        problem: &PlaneProblem,
        block: &Block,
        view: &View,
        look: &Look,
    ) {
        let Look { ratio, theme, .. } = *look;
        let contours = look.layers.contours;
        let wanted = |sharp| Painted { view: *view, ratio, theme, contours, sharp };
        let Some(painted) = &self.painted else {
            self.repaint(canvas, problem, block, wanted(self.sharp));
            return;
        };
        if *painted == wanted(painted.sharp) && painted.sharp == self.sharp {
            return;
        }
        if painted.theme != theme || painted.contours != contours {
            self.forget();
        } else if painted.view != *view {
            self.sharp = false;
        }
        self.repaint(canvas, problem, block, wanted(self.sharp));
    }

    fn repaint(&mut self, canvas: &HtmlCanvasElement, problem: &PlaneProblem, block: &Block, picture: Painted) {
        self.since = now();
        let Painted { view, ratio, theme, contours, sharp } = picture;
        let Some(area) = area(canvas, &view, ratio, theme) else { return };
        // A canvas refuses nothing that is painted here.
        let _ = if sharp {
            let painter = self.fine.get_or_insert_with(|| Painter::new(block, theme, contours));
            painter.paint(&area, (block, &view), theme, UNITS)
        } else {
            let (block, painter) = self.coarse.get_or_insert_with(|| {
                let coarse = Block::new(problem, block.window, block.half[0] / block.half[1], Self::COARSE);
                let painter = Painter::new(&coarse, theme, contours);
                (coarse, painter)
            });
            painter.paint(&area, (block, &view), theme, UNITS)
        };
        self.painted = Some(picture);
    }
}

/// A clear canvas for plotters.
fn area(
    canvas: &HtmlCanvasElement,
    view: &View,
    ratio: f64,
    theme: &Theme,
) -> Option<DrawingArea<Eighths, plotters::coord::Shift>> {
    let [width, height] = view.size;
    let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    // Setting the size clears the canvas, and its transform.
    canvas.set_width(w);
    canvas.set_height(h);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.set_fill_style_str(&theme.paper.css(1.0));
    context.fill_rect(0.0, 0.0, f64::from(w), f64::from(h));
    let unit = ratio / UNITS;
    // Setting the transform of a context that exists cannot fail.
    let _ = context.set_transform(unit, 0.0, 0.0, unit, 0.0, 0.0);
    let backend = CanvasBackend::with_canvas_object(canvas.clone())?;
    let size = view.size.map(|side| (side * UNITS) as u32);
    Some(Eighths { backend, size: (size[0], size[1]) }.into_drawing_area())
}

/// A canvas whose units are an eighth of a pixel.
struct Eighths {
    backend: CanvasBackend,
    size: (u32, u32),
}

type CanvasError = <CanvasBackend as DrawingBackend>::ErrorType;
type Outcome = Result<(), DrawingErrorKind<CanvasError>>;

impl DrawingBackend for Eighths {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        self.backend.ensure_prepared()
    }

    fn present(&mut self) -> Outcome {
        self.backend.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.backend.draw_pixel(point, color)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.backend.draw_path(path, style)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.backend.fill_polygon(path, style)
    }
}
