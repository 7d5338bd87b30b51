//! Whole figures: what `thalweg plot` writes and the page exports.

use super::{
    Anchor, EncodeImage, Frame, Land, MapLayers, Surface, Svg, Text, Theme, draw_critical, draw_head, draw_land,
    draw_start, draw_trail_heads, draw_trails,
};
use crate::experiment::{Experiment, Run};
use crate::problems::PlaneProblem;

/// Height of the line with the title and of each line of the legend, in pixels.
const LINE: f64 = 24.0;

/// The figure of a run as an SVG document: see [`draw_figure`].
pub fn figure_svg(
    experiment: &Experiment,
    run: &Run,
    time: f64,
    size: [f64; 2],
    theme: &'static Theme,
    encode: EncodeImage,
) -> String {
    let mut svg = Svg::new(size[0], size[1], theme, encode);
    draw_figure(&mut svg, experiment, run, time, size, theme);
    svg.finish()
}

/// Draws a figure over a whole surface: a title, the land with the trails up to `time`, and a legend with hyperparameters
/// and verdicts.
pub fn draw_figure(
    surface: &mut dyn Surface,
    experiment: &Experiment,
    run: &Run,
    time: f64,
    [width, height]: [f64; 2],
    theme: &'static Theme,
) {
    let shown: Vec<_> =
        experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible).collect();
    let legend = LINE * shown.len() as f64 + 12.0;
    let top = LINE + 12.0;
    let map = (height - top - legend).max(height * 0.4);
    let frame = match experiment.view.window {
        Some(window) => Frame { window, width, height: map },
        None => Frame::fit(run.problem.domain, width, map),
    };
    surface.fill([0.0, 0.0, width, height], theme.paper);
    surface.inset([0.0, top, width, map], &mut |surface| {
        let land = Land::sample(&run.problem, &frame, 1.5);
        draw_land(surface, &land, &frame, theme, MapLayers::default());
        draw_critical(surface, &run.problem, &frame, theme);
        draw_trails(surface, experiment, &run.traces, time, &frame, theme, true);
        draw_start(surface, run.problem.start, &frame, theme);
        draw_trail_heads(surface, experiment, &run.traces, time, &frame, theme);
    });
    let plain = Text {
        text: &run.problem.title,
        at: [16.0, 0.5 * top],
        size: 15.0,
        strong: true,
        color: theme.ink,
        anchor: Anchor::Start,
        angle: 0.0,
        halo: None,
    };
    surface.text(plain);
    for (row, (i, (method, trace))) in shown.into_iter().enumerate() {
        let y = top + map + 6.0 + LINE * (row as f64 + 0.5);
        let quiet = Text { size: 12.5, strong: false, color: theme.soft, ..plain };
        draw_head(surface, i, [22.0, y], 5.0, theme);
        surface.text(Text { text: &method.title(), at: [36.0, y], size: 12.5, ..plain });
        let knobs = method.base.knobs.iter().filter(|(knob, value)| *value != knob.default || knob.id == "lr");
        let settings = knobs.map(|(knob, value)| format!("{} {}", knob.symbol, super::axis_number(value)));
        let settings = settings.collect::<Vec<_>>().join(", ");
        surface.text(Text { text: &settings, at: [0.42 * width, y], ..quiet });
        let verdict = trace.outcome.verdict();
        surface.text(Text { text: &verdict, at: [width - 16.0, y], anchor: Anchor::End, ..quiet });
    }
}

/// A small picture of a landscape for the picker: tints and relief, four bytes a pixel.
pub fn thumbnail(problem: &PlaneProblem, width: u32, height: u32, theme: &Theme) -> Vec<u8> {
    let [x0, x1, y0, y1] = problem.domain;
    let frame = Frame { window: [x0, x1, y0, y1], width: f64::from(width), height: f64::from(height) };
    let mut pixels = Land::sample(problem, &frame, 1.0).pixels(theme);
    for pixel in pixels.chunks_exact_mut(4).filter(|pixel| pixel[3] == 0) {
        pixel.copy_from_slice(&[theme.line.0, theme.line.1, theme.line.2, 255]);
    }
    pixels
}
