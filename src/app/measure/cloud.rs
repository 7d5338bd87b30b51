//! One method's cloud: the potential or the points that are sought, the density of the particles, the particles.

use super::super::dom;
use super::super::optimizers::Marker;
use super::super::state::State;
use super::tools::{self, Held, Tool};
use super::{MeasureLab, cloud_at};
use crate::canvas::{Canvas, put_pixels};
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::Stage;
use thalweg::experiment::measure::MeasureTrace;
use thalweg::figure::{
    DensityGrid, Frame, Land, MapLayers, Shape, Stroke, Surface, Theme, draw_axes, draw_land, draw_landmark, draw_law,
    draw_links, draw_marginals, draw_particles, draw_pool, draw_samples,
};
use thalweg::measures::Point;
use thalweg::optimizers::{self, Knobs, Scalars};
use thalweg::problems::measure::{MeasureProblem, Potential};

/// Cells of the ground and of densities along the longer side.
const CELLS: usize = 96;
/// Particles whose ways are drawn, at most.
const MOST_TRAILS: usize = 48;
/// Particles drawn one by one, at most; more are a density alone.
const MOST_DOTS: usize = 6000;

/// The place that a place of the picture stands for, by the settings of a method, where that is another.
fn mapping(method: &Stage) -> Option<fn(&Knobs<f64>, Point) -> Point> {
    match optimizers::find(method.id)?.scalars {
        Scalars::Flow(flow) => flow.seen,
        _ => None,
    }
}

/// The potential over a frame as land; `None` where there is none. With a method that maps the picture, the potential is that
/// of the place which a place of the picture stands for.
fn land(problem: &MeasureProblem, method: Option<&Stage>, frame: &Frame, [columns, rows]: [usize; 2]) -> Option<Land> {
    let seen = |place| match method.and_then(|method| Some((mapping(method)?, &method.knobs))) {
        Some((seen, knobs)) => seen(knobs, place),
        None => place,
    };
    let mut potential: Potential = problem.potential.clone()?;
    let [x0, x1, y0, y1] = frame.window;
    let place = |k: usize| {
        let (i, j) = ((k % columns) as f64 + 0.5, (k / columns) as f64 + 0.5);
        [x0 + i / columns as f64 * (x1 - x0), y1 - j / rows as f64 * (y1 - y0)]
    };
    let values = (0..columns * rows).map(|k| potential.value(seen(place(k)))).collect();
    Land::of_grid(frame.window, columns, rows, values)
}

/// Cells that fit a frame.
fn cells(frame: &Frame) -> [usize; 2] {
    let longer = frame.width.max(frame.height);
    [frame.width, frame.height].map(|side| ((CELLS as f64 * side / longer).round() as usize).max(8))
}

/// The cloud of the `index`-th method.
#[component]
pub fn CloudView(
    /// Place of the method.
    index: usize,
) -> impl IntoView {
    let (state, lab) = (State::expect(), MeasureLab::expect());
    let [ground, density, above] = [(); 3].map(|()| NodeRef::<html::Canvas>::new());
    let size = RwSignal::new(None::<[f64; 2]>);
    let held = StoredValue::new_local(Held::default());
    let title = state.part(move |e| e.methods.get(index).map_or_else(String::new, |m| m.title()));
    Effect::new(move |_| {
        if let Some(parent) = ground.get().and_then(|canvas| canvas.parent_element()) {
            let measured = parent.clone();
            dom::on_resize(&parent, move || {
                let now = [f64::from(measured.client_width()), f64::from(measured.client_height())];
                if now[0] > 40.0 && now[1] > 40.0 && size.get_untracked() != Some(now) {
                    size.set(Some(now));
                }
            });
        }
    });
    let frame = Memo::new(move |_| {
        let [width, height] = size.get()?;
        let window = lab.law.with(|posed| posed.0.as_ref().map(|law| law.setting.window))?;
        Some(Frame::fit(window, width, height))
    });
    // What the ground depends on: of most methods nothing.
    let mapped = state.part(move |e| {
        let method = &e.methods.get(index)?.base;
        mapping(method).map(|_| method.clone())
    });
    let trace = Memo::new(move |_| lab.traces.with(|traces| Same(traces.get(index).cloned().flatten())));
    let target = Memo::new(move |_| {
        let (frame, law) = (frame.get()?, lab.law.get().0?);
        let samples = law.setting.samples.as_ref()?;
        let [columns, rows] = cells(&frame);
        Some(DensityGrid::of_particles(samples, &frame, columns, rows))
    });
    Effect::new(move |_| {
        state.fonts.track();
        let (theme, layers) = (state.theme(), state.with(|e| e.view.clouds));
        let (Some(canvas), Some(frame), Some(law)) = (ground.get(), frame.get(), lab.law.get().0) else {
            return;
        };
        let Some(mut surface) = Canvas::new(&canvas, frame.width, frame.height, dom::pixel_ratio(), theme) else {
            return;
        };
        surface.fill([0.0, 0.0, frame.width, frame.height], theme.paper);
        let land = mapped.with(|method| land(&law, method.as_ref(), &frame, cells(&frame)));
        match land.filter(|_| layers.target) {
            Some(land) => {
                let layers = MapLayers { critical: false, probes: false, ..MapLayers::default() };
                draw_land(&mut surface, &land, &frame, theme, layers);
            }
            None => draw_axes(&mut surface, &frame, theme),
        }
        if let Some(samples) = law.setting.samples.as_ref().filter(|_| layers.target && law.potential.is_none()) {
            draw_samples(&mut surface, samples, &frame, theme);
        }
    });
    Effect::new(move |_| {
        let (theme, layers, time) = (state.theme(), state.with(|e| e.view.clouds), state.time.get());
        let (Some(above), Some(density)) = (above.get(), density.get()) else { return };
        let (Some(frame), Some(problem)) = (frame.get(), lab.problem.get().0) else { return };
        let Some(mut surface) = Canvas::new(&above, frame.width, frame.height, dom::pixel_ratio(), theme) else {
            return;
        };
        let trace = trace.get().0;
        let window = problem.setting.window;
        let cloud = match &trace {
            Some(trace) => cloud_at(trace, time, window),
            None => problem.setting.start.to_vec(),
        };
        let [columns, rows] = cells(&frame);
        let own = trace.as_ref().and_then(|trace| trace.row_at(time)).filter(|row| row.density.0 > 0);
        let marginals = DensityGrid::of_particles(&cloud, &frame, columns, rows);
        let on_grid = own.map(|row| DensityGrid::of_shares(row.density.0, &row.density.1));
        let grid = on_grid.as_ref().unwrap_or(&marginals);
        let pixels = if layers.density { grid.pixels(theme.trail(index), grid.largest()) } else { Vec::new() };
        let (columns, rows) = if layers.density { (grid.columns as u32, grid.rows as u32) } else { (1, 1) };
        let _ = put_pixels(&density, columns, rows, if pixels.is_empty() { &[0; 4] } else { &pixels });
        if own.is_some() {
            place_over(&density, &frame, window);
        }
        let scene = Scene { index, frame: &frame, theme, problem: &problem, cloud: &cloud };
        if let Some(trace) = trace.as_ref().filter(|_| layers.trails) {
            scene.trails(&mut surface, trace, time);
        }
        let start = &problem.setting.start;
        if cloud.len() < start.len() {
            draw_pool(&mut surface, start, &frame, theme);
        }
        if layers.lines {
            let links: Vec<[Point; 2]> =
                lab.plan.with(|plan| plan.iter().filter_map(|(i, to)| Some([*cloud.get(*i)?, *to])).collect());
            draw_links(&mut surface, &links, index, &frame, theme);
        }
        if cloud.len() <= MOST_DOTS {
            draw_particles(&mut surface, &cloud, index, &frame, theme);
        }
        target.with(|target| draw_marginals(&mut surface, &marginals, target.as_ref(), index, &frame, theme));
        scene.laws(&mut surface, trace.as_deref(), time);
        lab.selection.with(|selection| scene.selected(&mut surface, selection, lab.tool.get() == Tool::Lasso));
        held.with_value(|held| {
            if let Held::Loop(points) = held {
                let line: Vec<[f64; 2]> = points.iter().map(|p| frame.to_pixel(*p)).collect();
                surface.line(&line, Stroke { color: theme.ink, opacity: 0.8, width: 1.4, dash: Some([4.0, 3.0]) });
            }
        });
        if let Some(at) = trace.as_ref().and_then(|trace| trace.row_at(time)?.landmark) {
            draw_landmark(&mut surface, at, &frame, theme);
        }
    });
    let with_frame = move |act: &mut dyn FnMut(&Frame)| frame.with_untracked(|frame| frame.as_ref().map(act));
    let press = move |event: web_sys::PointerEvent| {
        with_frame(&mut |frame| held.set_value(tools::pressed(state, lab, frame, &event)));
    };
    let moved = move |event: web_sys::PointerEvent| {
        with_frame(&mut |frame| {
            let mut now = held.get_value();
            tools::moved(state, lab, frame, &mut now, &event);
            held.set_value(now);
        });
    };
    let release = move |_: web_sys::PointerEvent| {
        held.set_value(Held::Nothing);
        // The loop goes.
        lab.selection.update(|_| {});
    };
    let refused =
        move || lab.failures.with(|all| all.iter().find(|(who, _)| *who == Some(index)).map(|(_, why)| why.clone()));
    view! {
        <figure class="cloud" class:lasso=move || lab.tool.get() == Tool::Lasso>
            <figcaption>
                <Marker index/>
                {title}
            </figcaption>
            <div class="plot">
                <canvas node_ref=ground aria-hidden="true"></canvas>
                <canvas class="cloud-density" node_ref=density aria-hidden="true"></canvas>
                <canvas
                    class="cloud-above"
                    node_ref=above
                    role="img"
                    tabindex="0"
                    aria-label=move || format!("the particles of {}; arrow keys move the start", title.get())
                    on:pointerdown=press
                    on:pointermove=moved
                    on:pointerup=release
                    on:pointercancel=release
                    on:pointerleave=move |_| lab.hover.set(None)
                    on:keydown=move |event| {
                        with_frame(&mut |frame| tools::key(state, lab, frame, &event));
                    }
                ></canvas>
                <Show when=move || refused().is_some()>
                    <p class="mistake cloud-refused" role="alert">{refused}</p>
                </Show>
            </div>
        </figure>
    }
}

/// A trace; equal only to itself.
#[derive(Clone)]
struct Same(Option<Arc<MeasureTrace>>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Lays a density on a grid of the problem's window over that part of the frame.
fn place_over(canvas: &web_sys::HtmlCanvasElement, frame: &Frame, [x0, x1, y0, y1]: [f64; 4]) {
    let ([left, top], [right, bottom]) = (frame.to_pixel([x0, y1]), frame.to_pixel([x1, y0]));
    let style = web_sys::HtmlElement::style(canvas);
    for (name, value) in [("left", left), ("top", top), ("width", right - left), ("height", bottom - top)] {
        let _ = style.set_property(name, &format!("{value}px"));
    }
}

struct Scene<'a> {
    index: usize,
    frame: &'a Frame,
    theme: &'a Theme,
    problem: &'a MeasureProblem,
    cloud: &'a [Point],
}

impl Scene<'_> {
    /// The ways that some particles have gone.
    fn trails(&self, surface: &mut Canvas, trace: &MeasureTrace, time: f64) {
        let rows: Vec<_> = trace.rows.iter().filter(|row| f64::from(row.step) <= time).collect();
        let every = self.cloud.len().div_ceil(MOST_TRAILS).max(1);
        let [x0, x1, ..] = self.problem.setting.window;
        for i in (0..self.cloud.len()).step_by(every) {
            let mut line: Vec<[f64; 2]> = Vec::new();
            let mut last: Option<Point> = None;
            for point in rows.iter().filter_map(|row| row.cloud.get(i)).chain(self.cloud.get(i)) {
                // A jump across the torus is no way.
                if last.is_some_and(|last| (last[0] - point[0]).abs() > 0.5 * (x1 - x0)) {
                    line.push([f64::NAN; 2]);
                }
                line.push(self.frame.to_pixel(*point));
                last = Some(*point);
            }
            let stroke = Stroke { color: self.theme.trail(self.index), opacity: 0.5, width: 1.1, dash: None };
            surface.line(&line, stroke);
        }
    }

    /// The cloud's mean and covariance against those known in closed form.
    fn laws(&self, surface: &mut Canvas, trace: Option<&MeasureTrace>, time: f64) {
        let (Some(exact), Some(trace)) = (&self.problem.exact, trace) else { return };
        let Some(row) = trace.row_at(time) else { return };
        let law = exact.at(row.time);
        let covariance = [law.covariance.m11, law.covariance.m12, law.covariance.m22];
        let dashed = Stroke { color: self.theme.ink, opacity: 0.9, width: 1.5, dash: Some([5.0, 4.0]) };
        draw_law(surface, law.mean.into(), covariance, self.frame, dashed);
        draw_law(surface, row.mean, row.covariance, self.frame, Stroke::solid(self.theme.trail(self.index), 1.6));
    }

    /// Rings around what is selected.
    fn selected(&self, surface: &mut Canvas, selection: &[usize], lasso: bool) {
        if !lasso {
            return;
        }
        let every = self.cloud.len() as f64 / self.cloud.len().clamp(1, thalweg::problems::measure::MOST_DRAWN) as f64;
        let edge = Stroke { color: self.theme.ink, opacity: 1.0, width: 1.6, dash: None };
        for at in selection.iter().filter_map(|i| self.cloud.get((*i as f64 * every) as usize)) {
            surface.marker(Shape::Circle, self.frame.to_pixel(*at), 4.0, self.theme.trail(self.index), edge);
        }
    }
}
