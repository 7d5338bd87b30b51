//! A canvas as a [`Surface`], for the page and for the engine's module.

use thalweg::figure::{Anchor, Color, Land, Shape, Stroke, Surface, Text, Theme};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The typeface of everything on a canvas.
const FONT: &str = "'Inter Variable', Inter, sans-serif";

/// A canvas whose coordinates are pixels of the page, whatever the screen's resolution.
pub struct Canvas {
    context: CanvasRenderingContext2d,
    theme: &'static Theme,
}

impl Canvas {
    /// Makes `canvas` as large as `width` x `height` pixels of the page and clears it. `None` where the browser has no
    /// canvas context to give.
    pub fn new(canvas: &HtmlCanvasElement, width: f64, height: f64, ratio: f64, theme: &'static Theme) -> Option<Self> {
        let context = context(canvas)?;
        let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
        if canvas.width() != w || canvas.height() != h {
            canvas.set_width(w);
            canvas.set_height(h);
        }
        // Setting the transform of a context that exists cannot fail.
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, width, height);
        // On lines this thin joins cannot be told apart, and these are drawn fastest.
        context.set_line_join("bevel");
        context.set_line_cap("round");
        Some(Self { context, theme })
    }

    /// What is on the canvas stays, in its own pixels; `None` where the browser has no canvas context to give.
    pub fn over(canvas: &HtmlCanvasElement, theme: &'static Theme) -> Option<Self> {
        let context = context(canvas)?;
        let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        Some(Self { context, theme })
    }

    fn trace(&self, points: &[[f64; 2]]) {
        self.context.begin_path();
        let mut pen_down = false;
        for [x, y] in points {
            if !(x.is_finite() && y.is_finite()) {
                pen_down = false;
            } else if pen_down {
                self.context.line_to(*x, *y);
            } else {
                self.context.move_to(*x, *y);
                pen_down = true;
            }
        }
    }

    fn apply(&self, stroke: Stroke) {
        self.context.set_stroke_style_str(&stroke.color.css(stroke.opacity));
        self.context.set_line_width(stroke.width);
        let dash = stroke.dash.map_or_else(js_sys::Array::new, |[on, off]| {
            js_sys::Array::of2(&JsValue::from_f64(on), &JsValue::from_f64(off))
        });
        let _ = self.context.set_line_dash(&dash);
    }

    fn hatch(&self, width: f64, height: f64, color: Color) {
        let reach = width.max(height);
        let mut lines = Vec::new();
        let mut offset = -reach;
        while offset < reach {
            lines.extend([[offset, height], [offset + height, 0.0], [f64::NAN; 2]]);
            offset += 9.0;
        }
        self.trace(&lines);
        self.apply(Stroke { color, opacity: 0.35, width: 1.2, dash: None });
        self.context.stroke();
    }
}

fn blank(columns: u32, rows: u32) -> Option<HtmlCanvasElement> {
    let document = web_sys::window()?.document()?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(columns);
    canvas.set_height(rows);
    Some(canvas)
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    Some(canvas.get_context("2d").ok()??.unchecked_into())
}

/// A canvas that is not part of the page, holding the samples of a picture.
pub fn picture(columns: u32, rows: u32, pixels: &[u8]) -> Option<HtmlCanvasElement> {
    let canvas = blank(columns, rows)?;
    put_rows(&canvas, 0, columns, pixels)?;
    Some(canvas)
}

/// Fills a canvas with samples, one for each of its pixels.
pub fn put_pixels(canvas: &HtmlCanvasElement, columns: u32, rows: u32, pixels: &[u8]) -> Option<()> {
    canvas.set_width(columns);
    canvas.set_height(rows);
    put_rows(canvas, 0, columns, pixels)
}

/// Puts samples into a canvas as whole rows, from row `first` on.
pub fn put_rows(canvas: &HtmlCanvasElement, first: u32, columns: u32, pixels: &[u8]) -> Option<()> {
    let rows = (pixels.len() / 4) as u32 / columns.max(1);
    let data =
        web_sys::ImageData::new_with_u8_clamped_array_and_sh(wasm_bindgen::Clamped(pixels), columns, rows).ok()?;
    context(canvas)?.put_image_data(&data, 0.0, f64::from(first)).ok()
}

/// Gives a canvas more pixels and keeps its picture, each pixel as a block.
pub fn enlarge(canvas: &HtmlCanvasElement, columns: u32, rows: u32) -> Option<()> {
    let before = blank(canvas.width(), canvas.height())?;
    context(&before)?.draw_image_with_html_canvas_element(canvas, 0.0, 0.0).ok()?;
    canvas.set_width(columns);
    canvas.set_height(rows);
    let context = context(canvas)?;
    context.set_image_smoothing_enabled(false);
    let (width, height) = (f64::from(columns), f64::from(rows));
    context.draw_image_with_html_canvas_element_and_dw_and_dh(&before, 0.0, 0.0, width, height).ok()
}

impl Surface for Canvas {
    fn land(&mut self, land: &Land, width: f64, height: f64, hatch: Color) {
        if land.has_holes() {
            self.hatch(width, height, hatch);
        }
        if let Some(picture) = picture(land.columns as u32, land.rows as u32, &land.pixels(self.theme)) {
            self.context.set_image_smoothing_enabled(true);
            let _ = self.context.draw_image_with_html_canvas_element_and_dw_and_dh(&picture, 0.0, 0.0, width, height);
        }
    }

    #[cfg(labs)]
    fn image(&mut self, [x, y, width, height]: [f64; 4], columns: u32, rows: u32, pixels: &[u8]) {
        if let Some(picture) = picture(columns, rows, pixels) {
            self.context.set_image_smoothing_enabled(true);
            let _ = self.context.draw_image_with_html_canvas_element_and_dw_and_dh(&picture, x, y, width, height);
        }
    }

    fn line(&mut self, points: &[[f64; 2]], stroke: Stroke) {
        self.lines(points, &[stroke]);
    }

    fn lines(&mut self, points: &[[f64; 2]], strokes: &[Stroke]) {
        if points.len() < 2 {
            return;
        }
        self.trace(points);
        for stroke in strokes {
            self.apply(*stroke);
            self.context.stroke();
        }
    }

    fn marker(&mut self, shape: Shape, at: [f64; 2], size: f64, fill: Color, edge: Stroke) {
        if shape == Shape::Circle {
            self.context.begin_path();
            let _ = self.context.arc(at[0], at[1], size, 0.0, std::f64::consts::TAU);
        } else {
            self.trace(&shape.corners(at, size));
            self.context.close_path();
        }
        self.context.set_fill_style_str(&fill.css(1.0));
        self.context.fill();
        if edge.width > 0.0 {
            self.apply(edge);
            self.context.stroke();
        }
    }

    fn fill(&mut self, [x, y, width, height]: [f64; 4], color: Color) {
        self.context.set_fill_style_str(&color.css(1.0));
        self.context.fill_rect(x, y, width, height);
    }

    fn inset(&mut self, [x, y, width, height]: [f64; 4], draw: &mut dyn FnMut(&mut dyn Surface)) {
        self.context.save();
        self.context.begin_path();
        self.context.rect(x, y, width, height);
        self.context.clip();
        let _ = self.context.translate(x, y);
        draw(self);
        self.context.restore();
    }

    fn text(&mut self, text: Text<'_>) {
        let context = &self.context;
        context.save();
        let _ = context.translate(text.at[0], text.at[1]);
        let _ = context.rotate(text.angle);
        context.set_font(&format!("{} {}px {FONT}", if text.strong { 600 } else { 400 }, text.size));
        context.set_text_baseline("middle");
        context.set_text_align(match text.anchor {
            Anchor::Start => "left",
            Anchor::Middle => "center",
            Anchor::End => "right",
        });
        if let Some(halo) = text.halo {
            self.apply(Stroke { color: halo, opacity: 0.85, width: 3.0, dash: None });
            let _ = context.stroke_text(text.text, 0.0, 0.0);
        }
        context.set_fill_style_str(&text.color.css(1.0));
        let _ = context.fill_text(text.text, 0.0, 0.0);
        context.restore();
    }
}
