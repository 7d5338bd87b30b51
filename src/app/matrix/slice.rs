//! The loss on a plane through the space of parameters, the path on it, and how far the path really is from it.

use super::super::dom;
use super::super::state::State;
use super::MatrixLab;
use super::worker::{MatrixWorker, SliceOrder};
use crate::canvas::Canvas;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::matrix::MatrixTrace;
use thalweg::experiment::{Cut, Link};
use thalweg::figure::{Frame, Land, MapLayers, PathPoint, draw_land, draw_path_over_plane, read_number};
use thalweg::problems::matrix::{Outline, Plane, nearest_truth, works_on_the_matrix};
use thalweg::scalar::Vector;

/// Columns and rows of the coarse grid and of the fine one.
const GRIDS: [[usize; 2]; 2] = [[24, 18], [144, 108]];
/// Empty space around the path, as a part of its width.
const MARGIN: f64 = 0.25;

/// A plane that is shown, with where the path comes to lie on it.
#[derive(Clone)]
struct Cutting {
    plane: Arc<Plane>,
    window: [f64; 4],
    path: Arc<Vec<PathPoint>>,
    truth: Option<PathPoint>,
    /// Whether it leads through the end of the path in place of the truth.
    to_the_end: bool,
}

/// The map of a plane.
#[component]
pub fn SliceMap() -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let (ground, above) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Canvas>::new());
    let size = RwSignal::new(None::<[f64; 2]>);
    let cutting = RwSignal::new(None::<Cutting>);
    let land = RwSignal::new(None::<Arc<Land>>);
    let worker = StoredValue::new_local(MatrixWorker::default());
    on_cleanup(move || {
        worker.try_update_value(MatrixWorker::close);
    });
    let cut = state.part(|e| e.view.cut);
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
    // The step through which a plane leads that follows time: while time runs, twelve in all.
    let present = Memo::new(move |_| {
        if cut.get() == Cut::Path {
            return 0;
        }
        let (time, steps) = (state.time.get(), f64::from(state.with(|e| e.steps).max(1)));
        if state.playing.get() { ((12.0 * time / steps).floor() / 12.0 * steps) as u32 } else { time as u32 }
    });
    // A plane through half a run would be another one a moment later.
    let finished = Memo::new(move |_| lab.progress.get().is_none());
    Effect::new(move |_| {
        let (Some([width, height]), true) = (size.get(), finished.get()) else { return };
        let (Some(trace), Some(outline)) = (lab.chosen_trace(), lab.outline.get()) else {
            cutting.set(None);
            land.set(None);
            return;
        };
        let (cut, present, method) = (cut.get(), present.get(), lab.chosen.get_untracked());
        let posed = state.with_untracked(|e| {
            let whole = e.methods.get(method).is_some_and(|method| works_on_the_matrix(method.base.id));
            (outline.seen_by(whole), e.seed, Link::write(e))
        });
        let (Some(outline), seed, link) = posed else { return };
        let Some(made) = cut_through(&outline, &trace, cut, present, seed, width / height) else {
            cutting.set(None);
            land.set(None);
            return;
        };
        let window = made.window;
        let plane = made.plane.clone();
        cutting.set(Some(made));
        let answer = move |grid: Result<super::worker::Grid, String>| {
            let shown = grid.ok().and_then(|grid| Land::of_grid(window, grid.columns, grid.rows, grid.values));
            let _ = land.try_set(shown.map(Arc::new));
        };
        let [u, v] = &plane.axes;
        let order = SliceOrder {
            link: &link,
            method,
            plane: [plane.origin.as_slice(), u.as_slice(), v.as_slice()],
            window,
            grids: &GRIDS,
        };
        worker.update_value(|worker| worker.slice(&order, answer));
    });
    Effect::new(move |_| {
        state.fonts.track();
        let (theme, Some(canvas), Some([width, height])) = (state.theme(), ground.get(), size.get()) else { return };
        let Some(mut surface) = Canvas::new(&canvas, width, height, dom::pixel_ratio(), theme) else { return };
        if let Some(land) = land.get() {
            let frame = Frame { window: land.window, width, height };
            let layers = MapLayers { critical: false, probes: false, ..MapLayers::default() };
            draw_land(&mut surface, &land, &frame, theme, layers);
        }
    });
    Effect::new(move |_| {
        let (theme, Some(canvas), Some([width, height])) = (state.theme(), above.get(), size.get()) else { return };
        let Some(mut surface) = Canvas::new(&canvas, width, height, dom::pixel_ratio(), theme) else { return };
        let Some(cutting) = cutting.get() else { return };
        let frame = Frame { window: cutting.window, width, height };
        let index = lab.chosen.get();
        draw_path_over_plane(&mut surface, &cutting.path, cutting.truth, state.time.get(), index, &frame, theme);
    });
    let told = move || {
        let cutting = cutting.get()?;
        let now = state.time.get();
        let here = cutting.path.iter().rev().find(|point| f64::from(point.step) <= now)?;
        let most = cutting.path.iter().map(|point| point.distance).fold(0.0, f64::max);
        let wide = cutting.window[1] - cutting.window[0];
        let through =
            if cutting.to_the_end { "through the end, for want of simple factors of the truth; " } else { "" };
        Some(format!(
            "{through}the path is {} away from this plane now, {} at most; the picture is {} wide",
            read_number(here.distance),
            read_number(most),
            read_number(wide),
        ))
    };
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some((cut, _)) = Cut::ALL.iter().find(|(_, name)| *name == chosen) {
            state.change(|e| e.view.cut = *cut);
        }
    };
    let name = move || Cut::ALL.iter().find(|(known, _)| *known == cut.get()).map_or("", |(_, name)| name);
    view! {
        <figure class="chart slice">
            <div class="stage-head">
                <figcaption>"loss on a plane"</figcaption>
                <select aria-label="Which plane" on:change=choose prop:value=name>
                    <option value="path">"along the path"</option>
                    <option value="truth">"start, now, truth"</option>
                    <option value="random">"random"</option>
                </select>
            </div>
            <div class="plot">
                <canvas node_ref=ground aria-hidden="true"></canvas>
                <canvas node_ref=above role="img" aria-label="the loss on a plane through the parameters, with the path; stems show how far the path is from the plane"></canvas>
            </div>
            <p class="hint slice-told" role="status">{told}</p>
        </figure>
    }
}

/// The plane of a cut, and the path on it.
fn cut_through(
    outline: &Outline,
    trace: &MatrixTrace,
    cut: Cut,
    present: u32,
    seed: u64,
    aspect: f64,
) -> Option<Cutting> {
    let size = outline.model.dimension();
    // A trace of the problem before has other parameters until the new one comes.
    let points: Vec<(u32, &Vector<f64>)> = trace
        .frames
        .iter()
        .filter(|frame| frame.parameters.len() == size && frame.parameters.as_slice().iter().all(|x| x.is_finite()))
        .map(|frame| (frame.step, &frame.parameters))
        .collect();
    let (start, end) = (points.first()?.1, points.last()?.1);
    let now = points.iter().rev().find(|(step, _)| *step <= present).map_or(start, |(_, point)| *point);
    let truth = nearest_truth(outline, end);
    let to_the_end = cut == Cut::Truth && truth.is_none();
    let plane = match cut {
        Cut::Path => Plane::principal(&points.iter().map(|(_, point)| (*point).clone()).collect::<Vec<_>>())?,
        Cut::Truth => {
            // Where the truth has no simple factors the end of the path stands in for it, and at the start, where there
            // is no third point yet, its middle.
            let middle = points[points.len() / 2].1;
            let truth = truth.as_ref().unwrap_or(end);
            Plane::through([start, now, truth]).or_else(|| Plane::through([start, middle, truth]))?
        }
        Cut::Random => Plane::random(now, seed)?,
    };
    let on_plane = |step: u32, point: &Vector<f64>| {
        let (at, distance) = plane.project(point);
        PathPoint { step, at, distance }
    };
    let path: Vec<PathPoint> = points.iter().map(|(step, point)| on_plane(*step, point)).collect();
    let truth = truth.as_ref().map(|truth| on_plane(u32::MAX, truth)).filter(|_| cut != Cut::Random);
    let window = window(path.iter().chain(&truth), aspect)?;
    Some(Cutting { plane: Arc::new(plane), window, path: Arc::new(path), truth, to_the_end })
}

/// A window of this aspect around points, with a margin.
fn window<'a>(points: impl Iterator<Item = &'a PathPoint>, aspect: f64) -> Option<[f64; 4]> {
    let mut bounds = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
    for PathPoint { at: [a, b], .. } in points {
        bounds = [bounds[0].min(*a), bounds[1].max(*a), bounds[2].min(*b), bounds[3].max(*b)];
    }
    let [a0, a1, b0, b1] = bounds;
    let width = (a1 - a0).max((b1 - b0) * aspect) * (1.0 + 2.0 * MARGIN);
    let height = width / aspect;
    let (a, b) = (0.5 * (a0 + a1), 0.5 * (b0 + b1));
    (width.is_finite() && width > 0.0).then_some([a - 0.5 * width, a + 0.5 * width, b - 0.5 * height, b + 0.5 * height])
}
