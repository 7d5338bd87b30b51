//! What is drawn over the block: its axes, the marks on it, and the trails where no hardware draws them.

use super::super::draw::{mark_critical, mark_start, name_minimum, visible};
use super::super::{
    Anchor, MapLayers, Stroke, Surface, Text, Theme, axis_number, draw_head, levels, position, ticks, trail_shape,
};
use super::block::{BASE, Block, HEIGHT};
use super::{Bead, View};
use crate::experiment::{Experiment, Run};
use crate::problems::Kind;

/// Draws the axes: numbers along the two edges of the base that are nearest, and a scale of the loss at the left.
pub fn draw_legend(surface: &mut dyn Surface, block: &Block, view: &View, theme: &Theme) {
    let [hx, hy] = block.half;
    // Of two opposite sides the one that faces the eye; seen from above, none may.
    let near = |k: usize, half: f64| if view.eye[k] <= 1e-9 { -half } else { half };
    let (x, y) = (near(0, hx), near(1, hy));
    let faces = [view.eye[0].abs() > hx, view.eye[1].abs() > hy];
    // A wall that does not face the eye hides its own foot: there the numbers stand at the edge of the surface.
    let foot = |faces: bool, x: f64, y: f64| {
        let z = if faces { BASE } else { block.z_at([x, y]) };
        [x, y, if z.is_finite() { z } else { BASE }]
    };
    let [x0, x1, y0, y1] = block.window;
    let at_x = |v: f64| foot(faces[1], block.place([v, y0])[0], y);
    let at_y = |v: f64| foot(faces[0], x, block.place([x0, v])[1]);
    draw_axis(surface, view, theme, ([x0, x1], faces[1]), &at_x, [0.0, y.signum(), 0.0]);
    draw_axis(surface, view, theme, ([y0, y1], faces[0]), &at_y, [x.signum(), 0.0, 0.0]);
    draw_scale(surface, block, view, theme);
}

/// Text size of axes.
const SMALL: f64 = 11.0;

fn draw_axis(
    surface: &mut dyn Surface,
    view: &View,
    theme: &Theme,
    ([low, high], line): ([f64; 2], bool),
    place: &dyn Fn(f64) -> [f64; 3],
    outward: [f64; 3],
) {
    let stroke = Stroke { color: theme.ink, opacity: 0.55, width: 1.0, dash: None };
    let (from, to) = (view.project(place(low)).0, view.project(place(high)).0);
    if line {
        surface.line(&[from, to], stroke);
    }
    let length = libm::hypot(to[0] - from[0], to[1] - from[1]);
    for value in ticks(low, high, (length / 80.0) as usize + 1) {
        let p = place(value);
        let out = [0, 1, 2].map(|k| p[k] + 0.2 * outward[k]);
        let (at, towards) = (view.project(p).0, view.project(out).0);
        let way = [towards[0] - at[0], towards[1] - at[1]];
        let norm = libm::hypot(way[0], way[1]).max(1e-9);
        // From above and at a flat angle alike, the number stands clear of the edge.
        let by = |pixels: f64| [at[0] + way[0] / norm * pixels, at[1] + way[1] / norm * pixels];
        surface.line(&[at, by(5.0)], stroke);
        let text = axis_number(value);
        let mut at = by(15.0);
        at[0] += 0.35 * way[0] / norm * 5.5 * text.chars().count() as f64;
        label(surface, &text, at, Anchor::Middle, theme);
    }
}

/// A scale of losses up from the corner of the base that is leftmost in the picture.
fn draw_scale(surface: &mut dyn Surface, block: &Block, view: &View, theme: &Theme) {
    let [hx, hy] = block.half;
    let corners = [[-hx, -hy], [hx, -hy], [hx, hy], [-hx, hy]];
    let x = |c: &[f64; 2]| view.project([c[0], c[1], 0.0]).0[0];
    let Some([cx, cy]) = corners.into_iter().min_by(|a, b| x(a).total_cmp(&x(b))) else { return };
    let at = |z: f64| view.project([cx, cy, z]).0;
    let (foot, top) = (at(BASE), at(HEIGHT));
    if libm::hypot(foot[0] - top[0], foot[1] - top[1]) < 60.0 {
        return;
    }
    let stroke = Stroke { color: theme.ink, opacity: 0.55, width: 1.0, dash: None };
    surface.line(&[foot, top], stroke);
    let mut last = f64::INFINITY;
    for level in levels(&block.land).iter().filter(|level| level.index) {
        let z = block.z_of(level.height);
        let here = at(z);
        if z <= HEIGHT && (last - here[1]).abs() > 15.0 {
            last = here[1];
            surface.line(&[here, [here[0] - 5.0, here[1]]], stroke);
            label(surface, &level.label, [here[0] - 9.0, here[1]], Anchor::End, theme);
        }
    }
}

fn label(surface: &mut dyn Surface, text: &str, at: [f64; 2], anchor: Anchor, theme: &Theme) {
    surface.text(Text {
        text,
        at,
        size: SMALL,
        strong: false,
        color: theme.soft.mix(theme.ink, 0.3),
        anchor,
        angle: 0.0,
        halo: Some(theme.paper),
    });
}

/// Draws what stands on the surface: critical points, the start, and where each visible method is at `time`. What a
/// ridge hides is left out; heads show through it, small and pale.
pub fn draw_marks(
    surface: &mut dyn Surface,
    block: &Block,
    view: &View,
    (experiment, run): (&Experiment, &Run),
    time: f64,
    layers: MapLayers,
    theme: &Theme,
) {
    let seen = |point: [f64; 2]| {
        let p = block.on_surface(point)?;
        Some((view.project(p), !block.hides(p, view.eye)))
    };
    let mut heads: Vec<_> = visible(experiment, &run.traces)
        .filter_map(|(i, trace)| seen(position(trace, time)).map(|((at, depth), open)| (depth, i, at, open)))
        .collect();
    heads.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, i, at, _) in heads.iter().filter(|head| !head.3) {
        let color = theme.trail(*i).mix(theme.paper, 0.5);
        surface.marker(trail_shape(*i).0, *at, 4.0, color, Stroke::solid(theme.paper, 1.0));
    }
    if layers.critical {
        let few = run.problem.minima().count() <= 4;
        for critical in &run.problem.critical {
            let Some(((at, _), true)) = seen(critical.at) else { continue };
            mark_critical(surface, critical.kind, at, theme);
            if few && critical.kind == Kind::Minimum {
                name_minimum(surface, critical.value, at, view.size[0], theme);
            }
        }
    }
    if let Some(((at, _), true)) = seen(run.problem.start) {
        mark_start(surface, at, theme);
    }
    for (_, i, at, _) in heads.iter().filter(|head| head.3) {
        draw_head(surface, *i, *at, 6.0, theme);
    }
}

/// Draws trails that were laid on the surface, one entry a method with its place in the list: up to `time` with a halo,
/// the future dotted. What a ridge hides is left out.
pub fn draw_paths(
    surface: &mut dyn Surface,
    block: &Block,
    view: &View,
    trails: &[(usize, Vec<Vec<Bead>>)],
    time: f64,
    theme: &Theme,
) {
    for (i, pieces) in trails {
        let color = theme.trail(*i);
        let (mut past, mut future) = (Vec::new(), Vec::new());
        for piece in pieces {
            let now = piece.partition_point(|bead| bead.step <= time);
            seen(&mut past, block, view, &piece[..now]);
            // The future begins where the past ends.
            seen(&mut future, block, view, &piece[now.saturating_sub(1)..]);
        }
        surface.line(&future, Stroke { color, opacity: 0.65, width: 1.6, dash: Some([1.5, 4.0]) });
        let halo = Stroke { color: theme.paper, opacity: 0.85, width: 5.0, dash: None };
        surface.lines(&past, &[halo, Stroke::solid(color, 2.3)]);
    }
}

/// Adds the pixels of a piece; not finite where it is hidden, and after its end.
fn seen(path: &mut Vec<[f64; 2]>, block: &Block, view: &View, beads: &[Bead]) {
    const GAP: [f64; 2] = [f64::NAN; 2];
    let mut hidden = false;
    for (k, bead) in beads.iter().enumerate() {
        // Beads lie closer than a ridge is wide: every third is asked about.
        if k % 3 == 0 {
            hidden = block.hides(bead.at, view.eye);
        }
        let at = view.project(bead.at).0;
        let near = |last: &[f64; 2]| (last[0] - at[0]).abs() + (last[1] - at[1]).abs() < 1.5;
        match path.last() {
            Some(last) if hidden && last[0].is_finite() => path.push(GAP),
            Some(last) if near(last) && k + 1 < beads.len() => {}
            _ if hidden => {}
            _ => path.push(at),
        }
    }
    path.push(GAP);
}

#[cfg(test)]
mod tests {
    use super::super::{Camera, lift};
    use super::*;
    use crate::experiment::{Link, run};
    use crate::figure::{Color, Land, Shape};

    /// Counts what is drawn.
    #[derive(Default)]
    struct Count {
        texts: Vec<String>,
        markers: Vec<[f64; 2]>,
        ink: f64,
    }

    impl Surface for Count {
        #[cfg(labs)]
        fn image(&mut self, _: [f64; 4], _: u32, _: u32, _: &[u8]) {}
        fn land(&mut self, _: &Land, _: f64, _: f64, _: Color) {}
        fn line(&mut self, points: &[[f64; 2]], stroke: Stroke) {
            let lengths = points.windows(2).map(|p| libm::hypot(p[1][0] - p[0][0], p[1][1] - p[0][1]));
            if stroke.dash.is_none() {
                self.ink += lengths.filter(|length| length.is_finite()).sum::<f64>();
            }
        }
        fn marker(&mut self, _: Shape, at: [f64; 2], _: f64, _: Color, _: Stroke) {
            self.markers.push(at);
        }
        fn fill(&mut self, _: [f64; 4], _: Color) {}
        fn inset(&mut self, _: [f64; 4], draw: &mut dyn FnMut(&mut dyn Surface)) {
            draw(self);
        }
        fn text(&mut self, text: Text<'_>) {
            self.texts.push(text.text.to_owned());
        }
    }

    #[test]
    fn the_picture_has_axes_start_minimum_heads_and_growing_trails() {
        let experiment = Link::parse("").experiment;
        let run = run(&experiment).expect("the default experiment can be posed");
        let block = Block::new(&run.problem, [-2.0, 2.0, -1.0, 3.0], 1.0, 48);
        let view = View::new(Camera::START, block.half, [660.0, 700.0]);
        let mut count = Count::default();
        draw_legend(&mut count, &block, &view, &Theme::LIGHT);
        for number in ["−1", "0", "1", "2", "100"] {
            assert!(count.texts.iter().any(|text| text == number), "{number} in {:?}", count.texts);
        }
        let trails: Vec<_> = run.traces.iter().enumerate().map(|(i, trace)| (i, lift(&block, trace))).collect();
        let mut before = 0.0;
        for time in [0.0, 20.0, 400.0] {
            let mut count = Count::default();
            let both = (&experiment, &run);
            draw_marks(&mut count, &block, &view, both, time, MapLayers::default(), &Theme::LIGHT);
            assert!(count.texts.iter().any(|text| text == "start") && count.texts.iter().any(|text| text == "f = 0"));
            // Start, two for the minimum, four heads.
            assert!(count.markers.len() >= 7, "{:?}", count.markers);
            draw_paths(&mut count, &block, &view, &trails, time, &Theme::LIGHT);
            assert!(count.ink >= before, "at {time}: {} after {before}", count.ink);
            before = count.ink + 50.0;
        }
    }
}
