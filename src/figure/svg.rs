//! Pictures as SVG text.

use super::{Anchor, Color, Land, Shape, Stroke, Surface, Text, Theme};
use std::fmt::Write as _;

/// Makes a `data:` address of columns, rows and four bytes a sample: a browser and the command line each have an encoder
/// of their own for that, and the page carries none.
pub type EncodeImage = fn(u32, u32, &[u8]) -> String;

/// A surface that writes SVG. The land becomes an embedded picture, everything else stays lines and text.
pub struct Svg {
    encode: EncodeImage,
    body: String,
    insets: u32,
    width: f64,
    height: f64,
    theme: &'static Theme,
}

impl Svg {
    /// An empty picture.
    pub fn new(width: f64, height: f64, theme: &'static Theme, encode: EncodeImage) -> Self {
        Self { encode, body: String::new(), insets: 0, width, height, theme }
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.write_fmt(element).expect("writing to a string does not fail");
        self.body.push('\n');
    }

    /// The whole document.
    pub fn finish(self) -> String {
        let Self { body, width, height, theme, .. } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="Inter, Inter Variable, sans-serif">
<rect width="100%" height="100%" fill="{}"/>
{body}</svg>
"#,
            theme.paper.css(1.0)
        )
    }
}

fn path(points: &[[f64; 2]]) -> String {
    let mut d = String::with_capacity(points.len() * 12);
    let mut pen_down = false;
    for [x, y] in points {
        if !(x.is_finite() && y.is_finite()) {
            pen_down = false;
            continue;
        }
        let command = if pen_down { 'L' } else { 'M' };
        write!(d, "{command}{x:.2} {y:.2}").expect("writing to a string does not fail");
        pen_down = true;
    }
    d
}

fn stroke_attributes(stroke: Stroke) -> String {
    let dash = stroke.dash.map_or_else(String::new, |[on, off]| format!(r#" stroke-dasharray="{on} {off}""#));
    let Stroke { color, opacity, width, .. } = stroke;
    format!(
        r#"stroke="{}" stroke-opacity="{opacity}" stroke-width="{width}" stroke-linejoin="round" stroke-linecap="round"{dash}"#,
        color.css(1.0)
    )
}

/// Text that cannot end the element it stands in.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Surface for Svg {
    fn land(&mut self, land: &Land, width: f64, height: f64, hatch: Color) {
        if land.has_holes() {
            self.push(format_args!(
                r#"<pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V8" stroke="{}" stroke-opacity="0.35" stroke-width="1.5"/></pattern><rect width="{width}" height="{height}" fill="url(#hatch)"/>"#,
                hatch.css(1.0)
            ));
        }
        let picture = (self.encode)(land.columns as u32, land.rows as u32, &land.pixels(self.theme));
        self.push(format_args!(
            r#"<image width="{width}" height="{height}" preserveAspectRatio="none" href="{}"/>"#,
            escape(&picture)
        ));
    }

    #[cfg(labs)]
    fn image(&mut self, [x, y, width, height]: [f64; 4], columns: u32, rows: u32, pixels: &[u8]) {
        let picture = (self.encode)(columns, rows, pixels);
        self.push(format_args!(
            r#"<image x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" preserveAspectRatio="none" href="{}"/>"#,
            escape(&picture)
        ));
    }

    fn line(&mut self, points: &[[f64; 2]], stroke: Stroke) {
        if points.len() > 1 {
            self.push(format_args!(r#"<path fill="none" d="{}" {}/>"#, path(points), stroke_attributes(stroke)));
        }
    }

    fn marker(&mut self, shape: Shape, at: [f64; 2], size: f64, fill: Color, edge: Stroke) {
        let (fill, edge) = (fill.css(1.0), stroke_attributes(edge));
        match shape {
            Shape::Circle => self
                .push(format_args!(r#"<circle cx="{:.2}" cy="{:.2}" r="{size}" fill="{fill}" {edge}/>"#, at[0], at[1])),
            _ => self.push(format_args!(r#"<path d="{}Z" fill="{fill}" {edge}/>"#, path(&shape.corners(at, size)))),
        }
    }

    fn fill(&mut self, [x, y, width, height]: [f64; 4], color: Color) {
        self.push(format_args!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="{}"/>"#,
            color.css(1.0)
        ));
    }

    fn inset(&mut self, [x, y, width, height]: [f64; 4], draw: &mut dyn FnMut(&mut dyn Surface)) {
        self.insets += 1;
        let id = format!("inset{}", self.insets);
        self.push(format_args!(
            r#"<clipPath id="{id}"><rect width="{width:.2}" height="{height:.2}"/></clipPath><g transform="translate({x:.2} {y:.2})" clip-path="url(#{id})">"#
        ));
        draw(self);
        self.push(format_args!("</g>"));
    }

    fn text(&mut self, text: Text<'_>) {
        let Text { at: [x, y], size, color, angle, .. } = text;
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if text.strong { 600 } else { 400 };
        let halo = text.halo.map_or_else(String::new, |halo| {
            format!(r#" stroke="{}" stroke-width="3" stroke-linejoin="round" paint-order="stroke""#, halo.css(1.0))
        });
        let turn = if angle == 0.0 {
            String::new()
        } else {
            format!(r#" transform="rotate({:.1} {x:.2} {y:.2})""#, angle.to_degrees())
        };
        // `dominant-baseline` is not known to every reader of SVG; letters are about 0.7 of their size high.
        let baseline = y + 0.35 * size;
        self.push(format_args!(
            r#"<text x="{x:.2}" y="{baseline:.2}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{}"{halo}{turn}>{}</text>"#,
            color.css(1.0),
            escape(text.text)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut svg = Svg::new(10.0, 10.0, &Theme::LIGHT, |_, _, _| String::new());
        let color = Theme::LIGHT.ink;
        svg.text(Text {
            text: "<script>&\"",
            at: [0.0, 0.0],
            size: 10.0,
            strong: false,
            color,
            anchor: Anchor::Start,
            angle: 0.0,
            halo: None,
        });
        let svg = svg.finish();
        assert!(!svg.contains("<script"));
        assert!(svg.contains("&lt;script&gt;&amp;&quot;"));
    }
}
