//! Mouse, pen and fingers on the map.
//!
//! Near the start: drags it. Elsewhere a mouse or a finger moves the map; the wheel and two fingers zoom at the pointer;
//! a click on a trail goes to that step; a double click shows the whole landscape.

use super::state::{Hover, State};
use leptos::prelude::*;
use thalweg::experiment::Trace;
use thalweg::figure::Frame;
use thalweg::scalar::decimal;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, PointerEvent};

/// What is held at the moment.
#[derive(Clone, Default)]
pub struct Grip {
    /// Pointers that are down, with where they were last.
    pointers: Vec<(i32, [f64; 2])>,
    held: Held,
    /// Whether anything has moved since the pointer went down: a click moves nothing.
    moved: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Held {
    #[default]
    Nothing,
    /// The start, held so far from its middle.
    Start([f64; 2]),
    /// A trail: time follows the finger.
    Trail(usize),
    /// The map itself.
    Ground,
}

impl Grip {
    /// Whether the last gesture moved anything: otherwise it was a click.
    pub fn has_moved(&self) -> bool {
        self.moved
    }
}

/// How near counts as on it, in pixels, for a mouse and for a finger.
const REACH: (f64, f64) = (12.0, 34.0);

/// Attaches all pointer handling to the map.
pub fn listen(state: State, host: &HtmlElement, grip: StoredValue<Grip>) {
    let on = |name: &str, passive: bool, f: Box<dyn FnMut(JsValue)>| {
        let callback = Closure::<dyn FnMut(JsValue)>::wrap(f).into_js_value();
        let options = web_sys::AddEventListenerOptions::new();
        options.set_passive(passive);
        // Adding a listener to an element of the page cannot fail.
        let _ = host.add_event_listener_with_callback_and_add_event_listener_options(
            name,
            callback.unchecked_ref(),
            &options,
        );
    };
    let place = {
        let host = host.clone();
        move |event: &web_sys::MouseEvent| {
            let rectangle = host.get_bounding_client_rect();
            [f64::from(event.client_x()) - rectangle.left(), f64::from(event.client_y()) - rectangle.top()]
        }
    };
    let pointer = |name: &str, f: fn(State, StoredValue<Grip>, &HtmlElement, &PointerEvent, [f64; 2])| {
        let (host, place) = (host.clone(), place.clone());
        on(
            name,
            true,
            Box::new(move |event| {
                let event: PointerEvent = event.unchecked_into();
                if !on_controls(&event) || name_is_end(&event) {
                    let at = place(&event);
                    f(state, grip, &host, &event, at);
                }
            }),
        );
    };
    pointer("pointerdown", down);
    pointer("pointermove", moved);
    pointer("pointerup", up);
    pointer("pointercancel", up);
    pointer("pointerleave", |state, _, _, _, _| state.hover.set(None));
    on(
        "wheel",
        false,
        Box::new({
            let place = place.clone();
            move |event| {
                let event: web_sys::WheelEvent = event.unchecked_into();
                event.prevent_default();
                // Lines are about 16 pixels; a notch of a wheel is about 100.
                let pixels = if event.delta_mode() == 1 { event.delta_y() * 16.0 } else { event.delta_y() };
                zoom(state, libm::exp(pixels.clamp(-200.0, 200.0) * 0.0022), place(&event));
            }
        }),
    );
    on(
        "dblclick",
        true,
        Box::new(move |event| {
            if !on_controls(event.unchecked_ref()) {
                state.change(|e| e.view.window = None);
                state.reset_view();
            }
        }),
    );
}

/// Whether the event is for a button or a layer on the map and not for the map.
fn on_controls(event: &web_sys::Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| element.closest(".map-tools, .relief").ok().flatten().is_some())
}

fn name_is_end(event: &PointerEvent) -> bool {
    matches!(event.type_().as_str(), "pointerup" | "pointercancel" | "pointerleave")
}

fn zoom(state: State, factor: f64, at: [f64; 2]) {
    if let Some(frame) = state.frame.get_untracked() {
        state.look_at(frame.zoomed(factor, at));
    }
}

fn down(state: State, grip: StoredValue<Grip>, host: &HtmlElement, event: &PointerEvent, at: [f64; 2]) {
    let Some(frame) = state.frame.get_untracked() else { return };
    // Moves go on arriving when the pointer leaves the map.
    let _ = host.set_pointer_capture(event.pointer_id());
    let reach = reach(event);
    let start = frame.to_pixel(state.run_untracked().problem.start);
    let offset = [start[0] - at[0], start[1] - at[1]];
    grip.update_value(|grip| {
        grip.pointers.push((event.pointer_id(), at));
        grip.moved = grip.pointers.len() > 1;
        grip.held = if grip.pointers.len() > 1 {
            Held::Ground
        } else if libm::hypot(offset[0], offset[1]) <= reach + 4.0 {
            Held::Start(offset)
        } else {
            match nearest_on_trails(state, &frame, at, reach) {
                Some((method, _)) => Held::Trail(method),
                None => Held::Ground,
            }
        };
    });
}

fn reach(event: &PointerEvent) -> f64 {
    if event.pointer_type() == "touch" { REACH.1 } else { REACH.0 }
}

fn moved(state: State, grip: StoredValue<Grip>, host: &HtmlElement, event: &PointerEvent, at: [f64; 2]) {
    let Some(frame) = state.frame.get_untracked() else { return };
    let Some((_, before)) = grip.with_value(|g| g.pointers.iter().find(|(id, _)| *id == event.pointer_id()).copied())
    else {
        hover(state, &frame, host, event, at);
        return;
    };
    let (held, others) = grip.with_value(|grip| {
        let others: Vec<[f64; 2]> =
            grip.pointers.iter().filter(|(id, _)| *id != event.pointer_id()).map(|(_, at)| *at).collect();
        (grip.held, others)
    });
    grip.update_value(|grip| {
        if let Some(pointer) = grip.pointers.iter_mut().find(|(id, _)| *id == event.pointer_id()) {
            pointer.1 = at;
        }
        grip.moved |= libm::hypot(at[0] - before[0], at[1] - before[1]) > 0.5;
    });
    if let Some(other) = others.first() {
        pinch(state, &frame, before, at, *other);
        return;
    }
    match held {
        Held::Start([dx, dy]) => {
            state.hover.set(None);
            state.in_hand.set(true);
            state.move_start(tidy(&frame, [at[0] + dx, at[1] + dy]));
        }
        Held::Trail(method) => {
            let run = state.run_untracked();
            if let Some((step, _)) = run.traces.get(method).and_then(|trace| nearest(trace, &frame, at)) {
                state.show_step(step as f64);
                state.hover.set(Some(Hover::Trail { method, step }));
            }
        }
        Held::Ground => {
            state.hover.set(None);
            state.look_at(frame.panned(at[0] - before[0], at[1] - before[1]));
        }
        Held::Nothing => {}
    }
}

/// Two fingers: what was under each of them stays under it as far as a zoom and a shift allow.
fn pinch(state: State, frame: &Frame, before: [f64; 2], at: [f64; 2], other: [f64; 2]) {
    let distance = |p: [f64; 2]| libm::hypot(p[0] - other[0], p[1] - other[1]).max(20.0);
    let middle = |p: [f64; 2]| [0.5 * (p[0] + other[0]), 0.5 * (p[1] + other[1])];
    let (from, to) = (middle(before), middle(at));
    let panned = frame.panned(to[0] - from[0], to[1] - from[1]);
    state.look_at(panned.zoomed(distance(before) / distance(at), to));
}

fn up(state: State, grip: StoredValue<Grip>, _: &HtmlElement, event: &PointerEvent, at: [f64; 2]) {
    let (held, moved) = grip.with_value(|grip| (grip.held, grip.moved));
    if state.in_hand.get_untracked() {
        state.in_hand.set(false);
    }
    grip.update_value(|grip| {
        grip.pointers.retain(|(id, _)| *id != event.pointer_id());
        grip.held = if grip.pointers.is_empty() { Held::Nothing } else { Held::Ground };
    });
    if let (Held::Trail(method), false, Some(frame)) = (held, moved, state.frame.get_untracked()) {
        let run = state.run_untracked();
        if let Some((step, _)) = run.traces.get(method).and_then(|trace| nearest(trace, &frame, at)) {
            state.show_step(step as f64);
        }
    }
    // On a map of basins every pixel stands for a run: a click shows it.
    if let (Held::Ground, false, Some(frame)) = (held, moved, state.frame.get_untracked())
        && state.with_untracked(|e| e.view.basins.is_some())
    {
        state.move_start(tidy(&frame, at));
    }
}

fn hover(state: State, frame: &Frame, host: &HtmlElement, event: &PointerEvent, at: [f64; 2]) {
    let start = frame.to_pixel(state.run_untracked().problem.start);
    let on_start = libm::hypot(start[0] - at[0], start[1] - at[1]) <= reach(event) + 4.0;
    let trail = nearest_on_trails(state, frame, at, reach(event));
    let cursor = if on_start {
        "grab"
    } else if trail.is_some() {
        "pointer"
    } else {
        "crosshair"
    };
    let _ = host.style().set_property("cursor", cursor);
    state.hover.set(match trail {
        _ if on_start => None,
        Some((method, step)) => Some(Hover::Trail { method, step }),
        None => Some(Hover::Ground(frame.to_point(at))),
    });
}

/// The visible method and step whose point is nearest to a pixel, within `reach`.
fn nearest_on_trails(state: State, frame: &Frame, at: [f64; 2], reach: f64) -> Option<(usize, usize)> {
    let run = state.run_untracked();
    let visible = state.with_untracked(|e| e.methods.iter().map(|m| m.visible).collect::<Vec<_>>());
    let candidates = run.traces.iter().enumerate().filter(|(i, _)| visible.get(*i) == Some(&true));
    let nearest =
        candidates.filter_map(|(i, trace)| nearest(trace, frame, at).map(|(step, distance)| (i, step, distance)));
    let (method, step, distance) = nearest.min_by(|a, b| a.2.total_cmp(&b.2))?;
    (distance <= reach).then_some((method, step))
}

/// The step whose point is nearest to a pixel, and how far it is.
fn nearest(trace: &Trace, frame: &Frame, at: [f64; 2]) -> Option<(usize, f64)> {
    let distances = trace.points.iter().enumerate().map(|(step, point)| {
        let [px, py] = frame.to_pixel(*point);
        (step, libm::hypot(px - at[0], py - at[1]))
    });
    distances.filter(|(_, d)| d.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The point under a pixel, rounded to what a pixel can mean: links stay short and what is dragged can be repeated.
pub fn tidy(frame: &Frame, pixel: [f64; 2]) -> [f64; 2] {
    let [x, y] = frame.to_point(pixel);
    let [x0, x1, y0, y1] = frame.window;
    let round = |v: f64, size: f64, pixels: f64| {
        let decimals = (-libm::floor(libm::log10(size / pixels))).clamp(0.0, 17.0) as usize;
        decimal(&format!("{v:.decimals$}")).unwrap_or(v)
    };
    [round(x, x1 - x0, frame.width), round(y, y1 - y0, frame.height)]
}
