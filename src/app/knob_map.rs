//! The map over two knobs: the loss after the last step, or the steps to the tolerance, for every setting of two
//! hyperparameters of one method.

use super::dom;
use super::grid_map::{GridMap, Kind};
use super::mass::{Request, Runs};
use super::state::State;
use crate::canvas::Canvas;
use leptos::html;
use leptos::prelude::*;
use std::rc::Rc;
use std::time::Duration;
use thalweg::engine::{Axis, Goal, Job, Lanes, Layout, Loss, knob_place, knob_value, knob_window};
use thalweg::experiment::{Experiment, Link, Method, Sweep};
use thalweg::figure::{
    KnobFrame, LossScale, Theme, draw_head, draw_knob_axes, failed_color, loss_pixels, read_number, stability_boundary,
};
use thalweg::optimizers::Knob;
use thalweg::scalar::decimal;

/// What the pixels of a map over knobs mean.
#[derive(Clone)]
pub struct Losses {
    scale: LossScale,
}

impl Kind for Losses {
    type Cell = Loss;

    fn learn(&mut self, _: &Job, _: &[(Layout, Vec<u8>)]) {}

    fn read(&self, job: &Job, layout: &Layout, outputs: &[u8]) -> Vec<Loss> {
        layout.losses(outputs, job.steps)
    }

    fn scale(&mut self, cells: &[Loss]) {
        self.scale = LossScale::of(cells, self.scale.lowest, self.scale.by_steps);
    }

    fn gap(&self, job: &Job, one: &(Layout, Vec<u8>), direct: &(Layout, Vec<u8>)) -> String {
        let (ones, others) = (one.0.losses(&one.1, job.steps), direct.0.losses(&direct.1, job.steps));
        let (mut alike, mut apart) = (0, 0.0_f64);
        for (a, b) in ones.iter().zip(&others) {
            match (a.value, b.value) {
                (Some(a), Some(b)) => {
                    alike += 1;
                    apart = apart.max((a - b).abs() / (1.0 + b.abs()));
                }
                (None, None) => alike += 1,
                _ => {}
            }
        }
        let (all, apart) = (ones.len(), read_number(apart));
        format!("{alike} of {all} settings end alike, losses at most {apart} (1 + f) apart")
    }

    fn pixels(&self, cells: &[Loss], theme: &Theme) -> Vec<u8> {
        loss_pixels(cells, &self.scale, theme)
    }
}

/// Room around the map for its axes, the head and the foot: left, top, right, bottom.
const MARGINS: [f64; 4] = [64.0, 74.0, 24.0, 96.0];
/// The same where the head has a line of its own.
const NARROW: [f64; 4] = [58.0, 112.0, 18.0, 128.0];
/// Below this width the head has a line of its own, as the style sheet says.
const WIDE: f64 = 560.0;

/// The map over two knobs, over the landscape's; a click or a drag takes the setting under the pointer.
#[component]
pub fn KnobMap(runs: StoredValue<Runs, LocalStorage>) -> impl IntoView {
    let state = State::expect();
    let map = GridMap::<Losses>::new();
    let above = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new(None::<[f64; 2]>);
    let under = RwSignal::new(None::<[f64; 2]>);
    let host = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(host) = host.get() {
            let own = host.clone();
            dom::on_resize(&host, move || {
                size.set(Some([f64::from(own.client_width()), f64::from(own.client_height())]));
            });
        }
    });
    let sweep = state.part(|e| e.view.sweep.filter(|sweep| sweep.method < e.methods.len()));
    // The two knobs with the window of their axes.
    let axes = state.part(Axes::of);
    let frame = Memo::new(move |_| {
        let ([width, height], axes) = (size.get()?, axes.get()?);
        let [left, top, right, bottom] = if width < WIDE { NARROW } else { MARGINS };
        let area = [left, top, (width - left - right).max(40.0), (height - top - bottom).max(40.0)];
        Some(Placed(KnobFrame { area, window: axes.window }))
    });
    follow(state, runs, map, frame);
    Effect::new(move |_| {
        let by_steps = sweep.get().is_some_and(|sweep| sweep.by_steps);
        map.shown.update_untracked(|shown| {
            if let Some(grid) = shown {
                grid.kind.scale.by_steps = by_steps;
                grid.kind.scale(&grid.cells);
            }
        });
        map.repaint(state.theme());
    });
    draw_axes(state, above, size, frame, axes);
    let choose = move |event: web_sys::PointerEvent| {
        event.stop_propagation();
        let (Some(Placed(frame)), Some(axes)) = (frame.get_untracked(), axes.get_untracked()) else { return };
        let place = frame.to_place([f64::from(event.offset_x()), f64::from(event.offset_y())]);
        under.set(Some(place));
        if event.buttons() == 0 {
            return;
        }
        state.change(|e| {
            if let Some(method) = e.methods.get_mut(axes.method) {
                for ((index, knob), place) in axes.places.into_iter().zip(axes.knobs).zip(place) {
                    method.set_knob(index, tidy(knob, place));
                }
            }
        });
    };
    let box_of = move |i: usize| frame.get().map(|Placed(frame)| format!("{}px", frame.area[i]));
    let told_here = move || told_here(map, axes.get()?, under.get()?);
    let ends = Memo::new(move |_| map.shown.with(|grid| grid.as_ref().map(|grid| grid.kind.scale.ends())));
    view! {
        <div class="knob-map" node_ref=host role="group" aria-label="Map over two hyperparameters">
            <canvas
                class="cells"
                class:hidden=move || map.shown.with(Option::is_none)
                style:left=move || box_of(0)
                style:top=move || box_of(1)
                style:width=move || box_of(2)
                style:height=move || box_of(3)
                node_ref=map.canvas
                aria-hidden="true"
            ></canvas>
            <canvas
                class="above"
                node_ref=above
                role="img"
                aria-label=move || format!("{} over two hyperparameters", if sweep.get().is_some_and(|s| s.by_steps) { "Steps" } else { "Loss" })
                title="Click or drag to take the setting under the pointer"
                on:pointerdown=choose
                on:pointermove=choose
                on:pointerleave=move |_| under.set(None)
            ></canvas>
            <Choices/>
            <div class="knob-map-foot" role="status">
                <span class="scale">
                    {move || ends.get().map(|[low, _]| read_number(low))}
                    <span class="ramp" style:background=move || ramp(state)></span>
                    {move || ends.get().map(|[_, high]| read_number(high))}
                    <span class="swatch" style:background=move || failed_color(state.theme()).css(1.0)></span>
                    "diverged"
                </span>
                <small>{move || told_here().unwrap_or_else(|| map.told.get())}</small>
            </div>
        </div>
    }
}

/// What the map's axes are.
#[derive(Clone, Copy, PartialEq)]
struct Axes {
    method: usize,
    places: [usize; 2],
    knobs: [&'static Knob; 2],
    window: [f64; 4],
}

impl Axes {
    fn of(experiment: &Experiment) -> Option<Self> {
        let Sweep { method, knobs: places, .. } = experiment.view.sweep?;
        let all: Vec<&'static Knob> = experiment.methods.get(method)?.knobs().map(|(knob, _)| knob).collect();
        let knobs = [*all.get(places[0])?, *all.get(places[1])?];
        let ([x0, x1], [y0, y1]) = (knob_window(knobs[0]), knob_window(knobs[1]));
        Some(Self { method, places, knobs, window: [x0, x1, y0, y1] })
    }
}

/// A frame that can be compared, for a memo.
#[derive(Clone, Copy, PartialEq)]
struct Placed(KnobFrame);

/// Two digits, as one would type; for a factor near one, two digits of what it lacks.
fn tidy(knob: &Knob, place: f64) -> f64 {
    let two = |x: f64| decimal(&format!("{x:.1e}")).unwrap_or(x);
    match knob.scale {
        thalweg::optimizers::Scale::NearOne => knob.nearest(1.0 - two(1.0 - knob_value(knob, place))),
        _ => knob.nearest(two(knob_value(knob, place))),
    }
}

/// What became of the run under the pointer.
fn told_here(map: GridMap<Losses>, axes: Axes, place: [f64; 2]) -> Option<String> {
    let cell = map.shown.with(|grid| grid.as_ref().and_then(|grid| grid.at(place)))?;
    let value = |i: usize| format!("{} {}", axes.knobs[i].symbol, read_number(tidy(axes.knobs[i], place[i])));
    let end = match (cell.value, cell.reached) {
        (None, _) => "diverges".to_owned(),
        (Some(loss), None) => format!("f = {} at the end", read_number(loss)),
        (Some(loss), Some(steps)) => {
            format!("within the tolerance after {steps} steps, f = {} at the end", read_number(loss))
        }
    };
    Some(format!("{}, {}: {end}", value(0), value(1)))
}

/// The colours from the least to the greatest.
fn ramp(state: State) -> String {
    let scale = LossScale::of(&[], 0.0, false);
    let stops: Vec<String> = (0..=8).map(|i| scale.tint(f64::from(i) / 8.0, state.theme()).css(1.0)).collect();
    format!("linear-gradient(to right, {})", stops.join(","))
}

/// Computes the map anew when anything but its own two knobs changes.
fn follow(state: State, runs: StoredValue<Runs, LocalStorage>, map: GridMap<Losses>, frame: Memo<Option<Placed>>) {
    let runs = runs.get_value();
    let asked = state.part(|e| {
        let mut asked = Experiment { view: Default::default(), ..e.clone() };
        let axes = Axes::of(e)?;
        let method = Method { visible: true, ..asked.methods.swap_remove(axes.method) };
        asked.methods = vec![method];
        for i in 0..2 {
            asked.methods[0].set_knob(axes.places[i], axes.knobs[i].default);
        }
        asked.view.engine = e.view.engine;
        Some((asked, axes))
    });
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let closing = StoredValue::new_local(runs.clone());
    on_cleanup(move || closing.with_value(Runs::cancel));
    Effect::new(move |_| {
        let (asked, frame) = (asked.get(), frame.get());
        if let Some(handle) = pending.get_value() {
            handle.clear();
        }
        runs.cancel();
        let (Some((asked, axes)), Some(Placed(frame))) = (asked, frame) else { return };
        let problem = state.run_untracked().problem.clone();
        let lowest = problem.lowest_known();
        let target = problem.solved_at(asked.tolerance);
        let Some(job) = Job::of(&asked, &problem, 0, frame.window) else { return };
        let job = Job { axes: axes.places.map(Axis::Knob), goal: Goal::Loss { target }, ..job };
        let link = state.with_untracked(Link::write).into();
        // Losses are told apart over twelve decades: single precision has seven.
        let request = Request {
            link,
            place: axes.method,
            lanes: Lanes::F64x2,
            job: Rc::new(job),
            part: 1,
            engine: asked.view.engine,
        };
        let by_steps = state.with_untracked(|e| e.view.sweep.is_some_and(|sweep| sweep.by_steps));
        let kind = Losses { scale: LossScale::of(&[], lowest.unwrap_or(0.0), by_steps) };
        let runs = runs.clone();
        let begin = move || map.compute(state, &runs, kind, request, [frame.area[2], frame.area[3]]);
        pending.set_value(set_timeout_with_handle(begin, Duration::from_millis(16)).ok());
    });
}

/// Axes, the boundary of theory, and where the method is now.
fn draw_axes(
    state: State,
    canvas: NodeRef<html::Canvas>,
    size: RwSignal<Option<[f64; 2]>>,
    frame: Memo<Option<Placed>>,
    axes: Memo<Option<Axes>>,
) {
    Effect::new(move |_| {
        state.fonts.track();
        let (Some(canvas), Some([width, height])) = (canvas.get(), size.get()) else { return };
        let (Some(Placed(frame)), Some(axes), theme) = (frame.get(), axes.get(), state.theme()) else { return };
        let Some(mut surface) = Canvas::new(&canvas, width, height, dom::pixel_ratio(), theme) else { return };
        let run = state.run();
        let Some(method) = state.with(|e| e.methods.get(axes.method).cloned()) else { return };
        let boundary = stability_boundary(&run.problem, &method, axes.places, frame.window);
        draw_knob_axes(&mut surface, axes.knobs, &frame, &boundary, theme);
        let values: Vec<f64> = method.knobs().map(|(_, value)| value).collect();
        let place = |i: usize| knob_place(axes.knobs[i], values[axes.places[i]]);
        let [x, y] = frame.to_pixel([place(0), place(1)]);
        let [left, top, width, height] = frame.area;
        draw_head(&mut surface, axes.method, [x.clamp(left, left + width), y.clamp(top, top + height)], 5.5, theme);
    });
}

/// Whose map it is, over what, and what its colours tell.
#[component]
fn Choices() -> impl IntoView {
    let state = State::expect();
    let change = move |edit: &dyn Fn(&mut Sweep, &[Method])| {
        state.change(|e| {
            let methods = e.methods.clone();
            if let Some(sweep) = &mut e.view.sweep {
                edit(sweep, &methods);
            }
        });
    };
    let number = |event: &web_sys::Event| event_target_value(event).parse::<usize>().unwrap_or(0);
    let choose_method = move |event: web_sys::Event| {
        let place = number(&event);
        change(&move |sweep, methods| {
            if let Some(new) = methods.get(place).and_then(|method| Sweep::of(place, method)) {
                *sweep = Sweep { by_steps: sweep.by_steps, ..new };
            }
        });
    };
    let choose_knob = move |axis: usize| {
        move |event: web_sys::Event| {
            let knob = number(&event);
            change(&move |sweep, _| sweep.put(axis, knob));
        }
    };
    let choose_colours = move |event: web_sys::Event| {
        let by_steps = event_target_value(&event) == "steps";
        change(&move |sweep, _| sweep.by_steps = by_steps);
    };
    let sweep = state.part(|e| e.view.sweep);
    let methods = state.part(|e| {
        let able = e.methods.iter().enumerate().filter(|(place, method)| Sweep::of(*place, method).is_some());
        able.map(|(place, method)| (place, method.title())).collect::<Vec<_>>()
    });
    let knobs = state.part(|e| {
        let method = e.view.sweep.and_then(|sweep| e.methods.get(sweep.method));
        method
            .map_or_else(Vec::new, |method| method.knobs().map(|(knob, _)| knob.symbol).enumerate().collect::<Vec<_>>())
    });
    let option = |value: usize, name: String, chosen: bool| view! { <option value=value.to_string() selected=chosen>{name}</option> };
    let knob_select = move |axis: usize, label: &'static str| {
        view! {
            <select aria-label=label on:change=choose_knob(axis)>
                {move || {
                    let chosen = sweep.get().map(|sweep| sweep.knobs[axis]);
                    knobs.get().into_iter().map(|(i, symbol)| option(i, symbol.to_owned(), chosen == Some(i))).collect_view()
                }}
            </select>
        }
    };
    view! {
        <div class="knob-map-head">
            <select aria-label="Method" on:change=choose_method>
                {move || {
                    let chosen = sweep.get().map(|sweep| sweep.method);
                    methods.get().into_iter().map(|(i, title)| option(i, title, chosen == Some(i))).collect_view()
                }}
            </select>
            {knob_select(0, "Across")} "×" {knob_select(1, "Upwards")}
            <select aria-label="Colours show" on:change=choose_colours>
                <option value="loss" selected=move || sweep.get().is_some_and(|s| !s.by_steps)>"f − f* at the end"</option>
                <option value="steps" selected=move || sweep.get().is_some_and(|s| s.by_steps)>"steps to the tolerance"</option>
            </select>
        </div>
    }
}
