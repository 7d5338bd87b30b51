//! The map: land, contours, axes, critical points, trails, heads.

use super::{
    Anchor, Color, Frame, Land, Shape, Stroke, Surface, Text, Theme, axis_number, contours, levels, ticks, trail_shape,
};
use crate::experiment::{Experiment, Trace};
use crate::problems::{Kind, PlaneProblem, eigen2};

/// Which parts of the ground are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapLayers {
    /// Contour lines with their labels.
    pub contours: bool,
    /// Axis ticks and numbers.
    pub axes: bool,
    /// Known critical points.
    pub critical: bool,
    /// While time stands still: where the next step of a searching method asks.
    pub probes: bool,
}

impl Default for MapLayers {
    fn default() -> Self {
        Self { contours: true, axes: true, critical: true, probes: true }
    }
}

/// Draws the ground: tints, contours, axes. `scale` is 1 for a figure of the page's size.
pub fn draw_land(surface: &mut dyn Surface, land: &Land, frame: &Frame, theme: &Theme, layers: MapLayers) {
    surface.land(land, frame.width, frame.height, theme.contour);
    draw_lines(surface, land, frame, theme, layers);
}

/// Draws what lies on the ground's colours: contours and axes.
pub fn draw_lines(surface: &mut dyn Surface, land: &Land, frame: &Frame, theme: &Theme, layers: MapLayers) {
    if layers.contours {
        draw_contours(surface, land, frame, theme);
    }
    if layers.axes {
        draw_axes(surface, frame, theme);
    }
}

fn draw_contours(surface: &mut dyn Surface, land: &Land, frame: &Frame, theme: &Theme) {
    let levels = levels(land);
    let mut lines: Vec<(usize, Vec<[f64; 2]>)> = contours(land, &levels)
        .into_iter()
        .map(|c| (c.level, c.points.iter().map(|[u, v]| [u * frame.width, v * frame.height]).collect()))
        .collect();
    for index in [false, true] {
        let mut path = Vec::new();
        for (_, points) in lines.iter().filter(|(level, _)| levels[*level].index == index) {
            path.extend(points);
            path.push([f64::NAN; 2]);
        }
        let opacity = if index { theme.contour_opacity.1 } else { theme.contour_opacity.0 };
        surface.line(&path, Stroke { color: theme.contour, opacity, width: 0.9, dash: None });
    }
    lines.retain(|(level, _)| levels[*level].index);
    let mut placed: Vec<[f64; 2]> = Vec::new();
    for (level, points) in &lines {
        if let Some((at, angle)) = label_place(points, frame, &placed) {
            placed.push(at);
            let text = &levels[*level].label;
            let color = theme.contour.mix(theme.ink, 0.4);
            surface.text(Text {
                text,
                at,
                size: 10.5,
                strong: false,
                color,
                anchor: Anchor::Middle,
                angle,
                halo: Some(theme.paper),
            });
        }
    }
}

/// Where along a line a label can stand: at its straightest, away from the edges and from other labels.
fn label_place(points: &[[f64; 2]], frame: &Frame, placed: &[[f64; 2]]) -> Option<([f64; 2], f64)> {
    const REACH: usize = 8;
    if points.len() < 5 * REACH {
        return None;
    }
    let candidates = (REACH..points.len() - REACH).step_by(4).filter_map(|k| {
        let ([ax, ay], at, [bx, by]) = (points[k - REACH], points[k], points[k + REACH]);
        let inside = at[0] > 40.0 && at[0] < frame.width - 40.0 && at[1] > 64.0 && at[1] < frame.height - 40.0;
        let free = placed.iter().all(|p| libm::hypot(p[0] - at[0], p[1] - at[1]) > 70.0);
        if !inside || !free {
            return None;
        }
        let (dx, dy) = (bx - ax, by - ay);
        let bend = libm::hypot(at[0] - 0.5 * (ax + bx), at[1] - 0.5 * (ay + by));
        let mut angle = libm::atan2(dy, dx);
        if angle.abs() > std::f64::consts::FRAC_PI_2 {
            angle -= std::f64::consts::PI.copysign(angle);
        }
        // Level labels read best; a little bend is worth less than an upright angle.
        Some((bend + 3.0 * angle.abs(), at, angle))
    });
    candidates.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, at, angle)| (at, angle))
}

/// Draws ticks with their numbers along the lower and the left edge.
pub fn draw_axes(surface: &mut dyn Surface, frame: &Frame, theme: &Theme) {
    let [x0, x1, y0, y1] = frame.window;
    let number = |value: f64, at: [f64; 2], anchor: Anchor, text: &str, surface: &mut dyn Surface| {
        let _ = value;
        surface.text(Text {
            text,
            at,
            size: 11.0,
            strong: false,
            color: theme.soft.mix(theme.ink, 0.3),
            anchor,
            angle: 0.0,
            halo: Some(theme.paper),
        });
    };
    let stroke = Stroke { color: theme.ink, opacity: 0.55, width: 1.0, dash: None };
    for x in ticks(x0, x1, (frame.width / 150.0) as usize + 1) {
        let [px, _] = frame.to_pixel([x, y0]);
        // The corners belong to the other axis.
        if px < 34.0 || px > frame.width - 12.0 {
            continue;
        }
        surface.line(&[[px, frame.height], [px, frame.height - 6.0]], stroke);
        number(x, [px, frame.height - 15.0], Anchor::Middle, &axis_number(x), surface);
    }
    for y in ticks(y0, y1, (frame.height / 130.0) as usize + 1) {
        let [_, py] = frame.to_pixel([x0, y]);
        if py < 12.0 || py > frame.height - 24.0 {
            continue;
        }
        surface.line(&[[0.0, py], [6.0, py]], stroke);
        number(y, [10.0, py], Anchor::Start, &axis_number(y), surface);
    }
}

/// Draws known critical points. Up to four minima are named with their value.
pub fn draw_critical(surface: &mut dyn Surface, problem: &PlaneProblem, frame: &Frame, theme: &Theme) {
    let visible = |at: [f64; 2]| at[0] > 0.0 && at[0] < frame.width && at[1] > 0.0 && at[1] < frame.height;
    let few = problem.minima().count() <= 4;
    for critical in &problem.critical {
        let at = frame.to_pixel(critical.at);
        if !visible(at) {
            continue;
        }
        mark_critical(surface, critical.kind, at, theme);
        if few && critical.kind == Kind::Minimum {
            name_minimum(surface, critical.value, at, frame.width, theme);
        }
    }
}

/// Marks a critical point: ring with a dot for a minimum, cross for a saddle, open triangle for a maximum, ring for a
/// degenerate one.
pub(super) fn mark_critical(surface: &mut dyn Surface, kind: Kind, at: [f64; 2], theme: &Theme) {
    let edge = Stroke::solid(theme.ink, 1.4);
    match kind {
        Kind::Minimum => {
            surface.marker(Shape::Circle, at, 5.0, theme.paper, edge);
            surface.marker(Shape::Circle, at, 1.8, theme.ink, Stroke::solid(theme.ink, 0.0));
        }
        Kind::Saddle => {
            let cross = |d: f64| [[at[0] - 4.5, at[1] - d], [at[0] + 4.5, at[1] + d]];
            let halo = Stroke { width: 4.0, ..Stroke::solid(theme.paper, 4.0) };
            for d in [4.5, -4.5] {
                surface.line(&cross(d), halo);
            }
            for d in [4.5, -4.5] {
                surface.line(&cross(d), Stroke::solid(theme.ink, 1.6));
            }
        }
        Kind::Maximum => surface.marker(Shape::Triangle, at, 5.0, theme.paper, edge),
        Kind::Degenerate => surface.marker(Shape::Circle, at, 4.0, theme.paper, edge),
    }
}

/// Writes the value of a minimum beside its mark, on the side where a picture of this width has room.
pub(super) fn name_minimum(surface: &mut dyn Surface, value: f64, at: [f64; 2], width: f64, theme: &Theme) {
    let text = format!("f = {}", super::read_number(value));
    let (anchor, dx) = if at[0] < width - 90.0 { (Anchor::Start, 11.0) } else { (Anchor::End, -11.0) };
    surface.text(Text {
        text: &text,
        at: [at[0] + dx, at[1]],
        size: 11.5,
        strong: false,
        color: theme.ink,
        anchor,
        angle: 0.0,
        halo: Some(theme.paper),
    });
}

/// Draws the start: a ring that can be dragged, with its name.
pub fn draw_start(surface: &mut dyn Surface, start: [f64; 2], frame: &Frame, theme: &Theme) {
    mark_start(surface, frame.to_pixel(start), theme);
}

/// Marks the start at a pixel.
pub(super) fn mark_start(surface: &mut dyn Surface, at: [f64; 2], theme: &Theme) {
    surface.marker(Shape::Circle, at, 7.5, theme.paper, Stroke::solid(theme.ink, 2.2));
    surface.text(Text {
        text: "start",
        at: [at[0] + 14.0, at[1]],
        size: 11.5,
        strong: true,
        color: theme.ink,
        anchor: Anchor::Start,
        angle: 0.0,
        halo: Some(theme.paper),
    });
}

/// Draws the trails of all visible methods up to `time`, counted in steps, and their future dotted. `halo` sets them off
/// from the ground with an edge of paper.
pub fn draw_trails(
    surface: &mut dyn Surface,
    experiment: &Experiment,
    traces: &[Trace],
    time: f64,
    frame: &Frame,
    theme: &Theme,
    halo: bool,
) {
    for (i, trace) in visible(experiment, traces) {
        let color = theme.trail(i);
        let (past, future) = split(trace, time, frame);
        surface.line(&future, Stroke { color, opacity: 0.65, width: 1.6, dash: Some([1.5, 4.0]) });
        let strokes = [Stroke { color: theme.paper, opacity: 0.85, width: 5.0, dash: None }, Stroke::solid(color, 2.3)];
        surface.lines(&past, if halo { &strokes } else { &strokes[1..] });
    }
}

/// Draws the points that a method asks about in a step as small rings in its colour.
pub fn draw_probes(surface: &mut dyn Surface, points: &[[f64; 2]], frame: &Frame, color: Color, theme: &Theme) {
    for point in points {
        let at = frame.to_pixel(*point);
        if at.iter().all(|x| x.abs() < 1e4) {
            surface.marker(Shape::Circle, at, 2.6, theme.paper, Stroke::solid(color, 1.2));
        }
    }
}

/// Draws where each visible method is at `time`.
pub fn draw_trail_heads(
    surface: &mut dyn Surface,
    experiment: &Experiment,
    traces: &[Trace],
    time: f64,
    frame: &Frame,
    theme: &Theme,
) {
    for (i, trace) in visible(experiment, traces) {
        let at = frame.to_pixel(position(trace, time));
        if at.iter().all(|x| x.is_finite()) {
            draw_head(surface, i, at, 6.0, theme);
        }
    }
}

/// Draws the marker of the `i`-th method.
pub fn draw_head(surface: &mut dyn Surface, i: usize, at: [f64; 2], size: f64, theme: &Theme) {
    let color = theme.trail(i);
    let (shape, hollow) = trail_shape(i);
    if hollow {
        surface.marker(shape, at, size + 1.5, theme.paper, Stroke::solid(theme.paper, 1.0));
        surface.marker(shape, at, size - 0.5, theme.paper, Stroke::solid(color, 2.2));
    } else {
        surface.marker(shape, at, size, color, Stroke::solid(theme.paper, 1.6));
    }
}

pub(super) fn visible<'a>(experiment: &'a Experiment, traces: &'a [Trace]) -> impl Iterator<Item = (usize, &'a Trace)> {
    experiment
        .methods
        .iter()
        .zip(traces)
        .enumerate()
        .filter(|(_, (method, _))| method.visible)
        .map(|(i, (_, trace))| (i, trace))
}

/// Where a run is at a time between steps.
pub fn position(trace: &Trace, time: f64) -> [f64; 2] {
    let before = trace.at(time.max(0.0) as u32);
    let after = (before + 1).min(trace.last());
    let t = (time - before as f64).clamp(0.0, 1.0);
    let (a, b) = (trace.points[before], trace.points[after]);
    if b.iter().any(|x| !x.is_finite()) {
        return a;
    }
    [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
}

/// The path before and after `time` in pixels, without points that fall on the one before.
fn split(trace: &Trace, time: f64, frame: &Frame) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
    let now = trace.at(time.max(0.0) as u32);
    // Far outside the picture a coordinate only has to point in the right direction.
    let pixel = |at: [f64; 2]| frame.to_pixel(at).map(|x| x.clamp(-2e4, 2e4));
    // Steps shorter than a trail is wide are steps within its ink.
    let thin = |points: &mut Vec<[f64; 2]>, at: [f64; 2]| {
        let moved = points.last().is_none_or(|last| (last[0] - at[0]).abs() + (last[1] - at[1]).abs() > 2.0);
        if moved && at.iter().all(|x| x.is_finite()) {
            points.push(at);
        }
    };
    let here = pixel(position(trace, time));
    let mut past = Vec::with_capacity(now + 2);
    for point in &trace.points[..=now] {
        thin(&mut past, pixel(*point));
    }
    thin(&mut past, here);
    let mut future = vec![here];
    for point in &trace.points[(now + 1).min(trace.points.len())..] {
        thin(&mut future, pixel(*point));
    }
    (past, future)
}

/// Draws the Hessian at a point as an ellipse: half-axes along the eigenvectors, as long as a step that changes the
/// loss by an equal amount along each, that is in proportion to one over the root of the eigenvalue's size. The axis of
/// a negative eigenvalue is drawn dashed.
pub fn draw_ellipse(
    surface: &mut dyn Surface,
    at: [f64; 2],
    hessian: [f64; 3],
    frame: &Frame,
    color: Color,
    theme: &Theme,
) {
    let (values, [vx, vy]) = eigen2(hessian);
    if values.iter().any(|v| !v.is_finite()) {
        return;
    }
    let [px, py] = frame.to_pixel(at);
    let [x0, x1, y0, y1] = frame.window;
    let (per_x, per_y) = (frame.width / (x1 - x0), frame.height / (y1 - y0));
    // Along the eigenvector of the larger eigenvalue, and across it, in pixels for a unit of length.
    let (major, minor) = ([vx * per_x, -vy * per_y], [-vy * per_x, -vx * per_y]);
    let reach = |v: f64| 1.0 / v.abs().max(1e-300).sqrt();
    let lengths =
        [reach(values[1]) * libm::hypot(major[0], major[1]), reach(values[0]) * libm::hypot(minor[0], minor[1])];
    let longest = lengths[0].max(lengths[1]);
    let size = 54.0;
    let unit = |d: [f64; 2], length: f64| {
        let norm = libm::hypot(d[0], d[1]);
        let pixels = (size * length / longest).max(1.5);
        [d[0] / norm * pixels, d[1] / norm * pixels]
    };
    let axes = [(unit(major, lengths[0]), values[1]), (unit(minor, lengths[1]), values[0])];
    let turn = |k: usize| {
        let t = k as f64 / 48.0 * std::f64::consts::TAU;
        let ([a, b], [c, d]) = (axes[0].0, axes[1].0);
        [px + libm::cos(t) * a + libm::sin(t) * c, py + libm::cos(t) * b + libm::sin(t) * d]
    };
    let ring: Vec<[f64; 2]> = (0..=48).map(turn).collect();
    let dash = (values[0] < 0.0).then_some([4.0, 3.0]);
    surface.lines(
        &ring,
        &[
            Stroke { color: theme.paper, opacity: 0.7, width: 3.5, dash: None },
            Stroke { color, opacity: 1.0, width: 1.3, dash },
        ],
    );
    for ([dx, dy], value) in axes {
        let dash = (value < 0.0).then_some([3.0, 3.0]);
        surface.line(&[[px - dx, py - dy], [px + dx, py + dy]], Stroke { color, opacity: 0.8, width: 1.0, dash });
    }
}
