//! The map: canvases one over the other, from the ground to the trails, and what can be grasped on them.

use super::basin_badge::{BasinBadge, BasinChoice};
use super::basins::{self, BasinMap};
use super::dom;
use super::knob_map::KnobMap;
use super::map_pointer::{self, Grip};
use super::mass::Mass;
use super::particles::{Crowd, ParticleBadge, ParticleChoice};
use super::readout::Readout;
use super::relief::ReliefLayer;
use super::state::{Hover, State};
use super::views::Views;
use super::warm_up::WarmUp;
use crate::canvas::Canvas;
use leptos::html;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Run, probes};
use thalweg::figure::{
    Frame, Land, MapLayers, Theme, draw_critical, draw_ellipse, draw_head, draw_land, draw_lines, draw_probes,
    draw_start, draw_trail_heads, draw_trails,
};

/// Samples of the ground: at most one for each pixel of the page, and at most so many in all, so that a frame of a zoom
/// stays a frame.
const SAMPLES: f64 = 160_000.0;

/// The landscape with everything on it.
#[component]
pub fn Map() -> impl IntoView {
    let state = State::expect();
    let host = NodeRef::<html::Div>::new();
    let ground = NodeRef::<html::Canvas>::new();
    let lines = NodeRef::<html::Canvas>::new();
    let trails = NodeRef::<html::Canvas>::new();
    let grip = StoredValue::new(Grip::default());
    Effect::new(move |_| {
        if let Some(host) = host.get() {
            let size = host.clone();
            dom::on_resize(&host, move || {
                let (width, height) = (f64::from(size.client_width()), f64::from(size.client_height()));
                let known = state.frame.get_untracked().map(|frame| (frame.width, frame.height));
                if known != Some((width, height)) {
                    state.lay_out(width, height);
                }
            });
            map_pointer::listen(state, &host, grip);
        }
    });
    let basins = basins::follow(state);
    provide_context(basins);
    let crowd = Crowd::follow(state);
    provide_context(crowd);
    let knob_runs = StoredValue::new_local(Mass::expect_runs());
    let deep = state.part(|e| e.view.camera.is_some());
    // Whether the block hides the map, which need not be drawn then.
    let covered = RwSignal::new(false);
    draw_ground(state, ground, lines, covered);
    draw_life(state, trails, covered);
    let start_at = move || {
        let frame = state.frame.get()?;
        Some(frame.to_pixel(state.run().problem.start))
    };
    let nudge = move |event: web_sys::KeyboardEvent| {
        let Some(frame) = state.frame.get_untracked() else { return };
        let pixels = if event.shift_key() { 20.0 } else { 4.0 };
        let (dx, dy) = match event.key().as_str() {
            "ArrowLeft" => (-pixels, 0.0),
            "ArrowRight" => (pixels, 0.0),
            "ArrowUp" => (0.0, -pixels),
            "ArrowDown" => (0.0, pixels),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let [px, py] = frame.to_pixel(state.run_untracked().problem.start);
        state.move_start(map_pointer::tidy(&frame, [px + dx, py + dy]));
    };
    let warm_up = WarmUp::when_at_rest(state);
    // A click on one of many runs shows it.
    let pick = move |event: web_sys::MouseEvent| {
        let (Some(host), Some(frame)) = (host.get_untracked(), state.frame.get_untracked()) else { return };
        let rectangle = host.get_bounding_client_rect();
        let at = [f64::from(event.client_x()) - rectangle.left(), f64::from(event.client_y()) - rectangle.top()];
        if grip.with_value(Grip::has_moved) {
            return;
        }
        if let Some((start, run)) = crowd.at(at, &frame) {
            state.change(|e| (e.start, e.run) = (Some(start), run));
        }
    };
    let layer = move |name: &'static str, read: fn(&mut thalweg::figure::MapLayers) -> &mut bool| {
        let on = move || {
            let mut layers = state.layers.get();
            *read(&mut layers)
        };
        view! {
            <label>
                <input
                    type="checkbox"
                    prop:checked=on
                    on:change=move |_| state.layers.update(|layers| {
                        let layer = read(layers);
                        *layer = !*layer;
                    })
                />
                {name}
            </label>
        }
    };
    let sweeping = state.part(|e| e.view.sweep.is_some_and(|sweep| sweep.method < e.methods.len()));
    let cells = Memo::new(move |_| cells_place(state, basins));
    let px = |length: f64| format!("{length}px");
    let zoomed = state.part(|e| e.view.window.is_some());
    view! {
        <div class="map" node_ref=host role="group" aria-label=move || spoken_summary(state) on:click=pick>
            <canvas class="ground" node_ref=ground aria-hidden="true"></canvas>
            <canvas
                class="cells"
                class:hidden=move || basins.shown.with(Option::is_none)
                style:left=move || px(cells.get()[0])
                style:top=move || px(cells.get()[1])
                style:width=move || px(cells.get()[2])
                style:height=move || px(cells.get()[3])
                node_ref=basins.canvas
                aria-hidden="true"
            ></canvas>
            <canvas class="lines" node_ref=lines aria-hidden="true"></canvas>
            <canvas class="particles" node_ref=crowd.canvas aria-hidden="true"></canvas>
            <canvas class="trails" node_ref=trails aria-hidden="true"></canvas>
            <div
                class="start-handle"
                data-handle="start"
                role="slider"
                tabindex="0"
                aria-label="Start of all optimizers; arrow keys move it, with shift faster"
                aria-valuenow=move || state.seen().run.problem.start[0]
                aria-valuetext=move || {
                    let [x, y] = state.seen().run.problem.start.map(thalweg::figure::read_number);
                    format!("x {x}, y {y}")
                }
                style:display=move || deep.get().then_some("none")
                style:transform=move || start_at().map(|[x, y]| format!("translate({x:.1}px, {y:.1}px)"))
                on:keydown=nudge
            ></div>
            <div class="badges">
                <BasinBadge/>
                <ParticleBadge crowd=crowd/>
            </div>
            <Readout/>
            <Show when=move || deep.get()>
                <ReliefLayer there=covered/>
            </Show>
            <Show when=move || sweeping.get()>
                <KnobMap runs=knob_runs/>
            </Show>
            <div class="map-tools" on:pointerenter=move |_| warm_up.now()>
                <Views/>
                <Show when=move || zoomed.get()>
                    <button class="button small" on:click=move |_| {
                        state.change(|e| e.view.window = None);
                        state.reset_view();
                    }>"Whole landscape"</button>
                </Show>
                <details class="menu">
                    <summary class="button small">"Layers"</summary>
                    <div class="menu-list layers">
                        <BasinChoice/>
                        <ParticleChoice/>
                        {layer("Contours", |layers| &mut layers.contours)} {layer("Axes", |layers| &mut layers.axes)}
                        {layer("Critical points", |layers| &mut layers.critical)}
                        {layer("Trial points of searches", |layers| &mut layers.probes)}
                    </div>
                </details>
            </div>
        </div>
    }
}

/// The verdicts in a sentence, for those who do not see the map.
fn spoken_summary(state: State) -> String {
    let seen = state.seen();
    let runs = seen.experiment.methods.iter().zip(&seen.run.traces);
    let verdicts: Vec<String> = runs.map(|(m, t)| format!("{}: {}", m.title(), t.outcome.verdict())).collect();
    format!("Map of {}. {}", seen.run.problem.title, verdicts.join("; "))
}

/// Where the map of basins lies: where its window is now, while a new one is not there yet. Left, top, width, height.
fn cells_place(state: State, basins: BasinMap) -> [f64; 4] {
    let Some(frame) = state.frame.get() else { return [0.0; 4] };
    let window = basins.shown.with(|shown| shown.as_ref().map_or(frame.window, |grid| grid.job.window));
    let [x0, x1, y0, y1] = window;
    let ([left, top], [right, bottom]) = (frame.to_pixel([x0, y1]), frame.to_pixel([x1, y0]));
    [left, top, right - left, bottom - top]
}

/// Draws the ground, and the lines over it, when the problem, the window, the colours or the layers change; not when only
/// the start moves.
fn draw_ground(state: State, ground: NodeRef<html::Canvas>, lines: NodeRef<html::Canvas>, covered: RwSignal<bool>) {
    let land = StoredValue::new(None::<Land>);
    let sampled = RwSignal::new(0_u32);
    Effect::new(move |_| {
        state.track_land();
        if let (false, Some(frame)) = (covered.get(), state.frame.get()) {
            let spacing = (frame.width * frame.height / SAMPLES).sqrt().max(1.0);
            land.set_value(Some(Land::sample(&state.run_untracked().problem, &frame, spacing)));
            sampled.update(|count| *count += 1);
        }
    });
    Effect::new(move |_| {
        state.fonts.track();
        sampled.track();
        let Some(frame) = state.frame.get_untracked() else { return };
        let (theme, layers) = (state.theme(), state.layers.get());
        let surface = |canvas: NodeRef<html::Canvas>| {
            Canvas::new(&canvas.get()?, frame.width, frame.height, dom::pixel_ratio(), theme)
        };
        let (Some(mut below), Some(mut above)) = (surface(ground), surface(lines)) else { return };
        land.with_value(|land| {
            let Some(land) = land else { return };
            draw_land(&mut below, land, &frame, theme, MapLayers { contours: false, axes: false, ..layers });
            draw_lines(&mut above, land, &frame, theme, layers);
        });
        if layers.critical {
            draw_critical(&mut above, &state.run_untracked().problem, &frame, theme);
        }
    });
}

/// Where the methods that search ask on their way to the next step.
fn draw_searches(surface: &mut Canvas, experiment: &Experiment, run: &Run, time: f64, frame: &Frame, theme: &Theme) {
    for (i, (method, trace)) in experiment.methods.iter().zip(&run.traces).enumerate() {
        let step = time as u32;
        if method.visible && !method.entry().recordable() && (step as usize) < trace.last() {
            draw_probes(surface, &probes(&run.problem, experiment, method, step), frame, theme.trail(i), theme);
        }
    }
}

/// Draws what moves: trails, heads, start, the ellipse at the pointer.
fn draw_life(state: State, canvas: NodeRef<html::Canvas>, covered: RwSignal<bool>) {
    let shown = StoredValue::new(false);
    Effect::new(move |_| {
        state.fonts.track();
        if covered.get() {
            return;
        }
        let (Some(canvas), Some(frame)) = (canvas.get(), state.frame.get()) else { return };
        let (theme, time, run) = (state.theme(), state.time.get(), state.run());
        let Some(mut surface) = Canvas::new(&canvas, frame.width, frame.height, dom::pixel_ratio(), theme) else {
            return;
        };
        state.with(|experiment| {
            // Halos are a third of the drawing; a hand that drags the start does not miss them.
            let halo = !state.in_hand.get();
            draw_trails(&mut surface, experiment, &run.traces, time, &frame, theme, halo);
            draw_start(&mut surface, run.problem.start, &frame, theme);
            if state.layers.get().probes && !state.playing.get() {
                draw_searches(&mut surface, experiment, &run, time, &frame, theme);
            }
            draw_trail_heads(&mut surface, experiment, &run.traces, time, &frame, theme);
        });
        let at = match state.hover.get() {
            Some(Hover::Ground(at)) => Some((at, theme.ink)),
            Some(Hover::Trail { method, step }) => {
                let at = run.traces.get(method).and_then(|trace| trace.points.get(step)).copied();
                at.map(|at| (at, theme.trail(method)))
            }
            None => None,
        };
        if let Some((at, color)) = at {
            let (_, _, hessian) = run.problem.local().second_order(at);
            draw_ellipse(&mut surface, at, hessian, &frame, color, theme);
        }
        if let Some(Hover::Trail { method, step }) = state.hover.get()
            && let Some(at) = run.traces.get(method).and_then(|trace| trace.points.get(step))
        {
            draw_head(&mut surface, method, frame.to_pixel(*at), 4.0, theme);
        }
        if !shown.get_value() {
            shown.set_value(true);
            if let Some(performance) = dom::window().performance() {
                // The page's own measure of how long a visitor waits; a browser may have no room for it.
                let _ = performance.mark("thalweg-first-picture");
            }
        }
    });
}
