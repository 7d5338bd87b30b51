//! What the pointer and the keys do to the particles of the start, and to the points that are sought.

use super::super::map_pointer::tidy;
use super::super::state::State;
use super::{MeasureLab, choice, choose};
use leptos::prelude::*;
use thalweg::figure::Frame;
use thalweg::measures::Point;
use thalweg::problems::measure::{Kind, MOST_DRAWN};
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

/// What the pointer does on a cloud.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Drags the whole start.
    Look,
    /// Drops particles.
    Draw,
    /// Selects particles by a loop around them, and drags those that are selected.
    Lasso,
    /// Drops points that are sought.
    Target,
}

impl Tool {
    /// Every tool with its name and what it does.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Look, "Move", "drag: moves the start of all particles"),
        (Self::Draw, "Draw", "drag or click: drops particles at the start"),
        (Self::Lasso, "Lasso", "drag a loop around particles of the start, then drag them; Delete removes them"),
        (Self::Target, "Target", "drag or click: draws the points that are sought"),
    ];
}

/// What a pointer that is down is doing.
#[derive(Clone, Default)]
pub enum Held {
    /// Nothing.
    #[default]
    Nothing,
    /// Carrying the start: where it was taken, and where the start was then.
    Start(Point, Point),
    /// Dropping particles or points: the pixel of the last.
    Dropping([f64; 2]),
    /// Drawing a loop.
    Loop(Vec<Point>),
    /// Carrying particles: where it was last.
    Carrying(Point),
}

/// Pixels between two particles that are dropped in one stroke.
const APART: f64 = 9.0;

/// The particles of the start that can be moved one by one: all of them, or a regular part where there are more than a link
/// holds.
fn loose(lab: MeasureLab) -> Vec<Point> {
    let Some(problem) = lab.problem.get_untracked().0 else { return Vec::new() };
    let start = &problem.setting.start;
    let count = start.len().min(MOST_DRAWN);
    (0..count).map(|i| start[i * start.len() / count]).collect()
}

/// Changes the particles of the start one by one.
fn redraw(state: State, lab: MeasureLab, change: impl FnOnce(&mut Vec<Point>)) {
    let drawn = state.with_untracked(|e| choice(e).and_then(|choice| choice.cloud.clone()));
    let mut cloud = drawn.unwrap_or_else(|| loose(lab));
    change(&mut cloud);
    cloud.truncate(MOST_DRAWN);
    // One particle is the least there is.
    if !cloud.is_empty() {
        state.change(|e| choose(e, |choice| choice.cloud = Some(cloud)));
    }
}

/// The pixel of an event on its canvas.
fn pixel(event: &PointerEvent) -> [f64; 2] {
    [f64::from(event.offset_x()), f64::from(event.offset_y())]
}

/// The pointer goes down on a cloud.
pub fn pressed(state: State, lab: MeasureLab, frame: &Frame, event: &PointerEvent) -> Held {
    if event.button() != 0 {
        return Held::Nothing;
    }
    if let Some(host) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
        let _ = host.set_pointer_capture(event.pointer_id());
    }
    let at = tidy(frame, pixel(event));
    let tool = lab.tool.get_untracked();
    // What is changed is the start: it has to be seen.
    if tool != Tool::Look {
        state.show_step(0.0);
    }
    match tool {
        Tool::Look => {
            let family = state.with_untracked(|e| choice(e).map(|choice| choice.family().start));
            let start = state.with_untracked(|e| e.start).or(family).unwrap_or_default();
            Held::Start(frame.to_point(pixel(event)), start)
        }
        Tool::Draw => {
            let fresh = state.with_untracked(|e| choice(e).is_some_and(|choice| choice.cloud.is_none()));
            redraw(state, lab, |cloud| {
                // The first particle that somebody draws begins a cloud of its own.
                if fresh {
                    cloud.clear();
                }
                cloud.push(at);
            });
            Held::Dropping(pixel(event))
        }
        Tool::Target => {
            drop_target(state, at);
            Held::Dropping(pixel(event))
        }
        Tool::Lasso => {
            let cloud = loose(lab);
            let near = lab.selection.with_untracked(|selection| {
                selection.iter().filter_map(|i| cloud.get(*i)).any(|p| {
                    let [px, py] = frame.to_pixel(*p);
                    let [qx, qy] = pixel(event);
                    libm::hypot(px - qx, py - qy) < 14.0
                })
            });
            if near { Held::Carrying(frame.to_point(pixel(event))) } else { Held::Loop(vec![at]) }
        }
    }
}

fn drop_target(state: State, at: Point) {
    state.change(|e| {
        choose(e, |choice| {
            let points = choice.target.get_or_insert_default();
            if points.len() < MOST_DRAWN {
                points.push(at);
            }
        });
    });
}

/// The pointer moves over a cloud, up or down.
pub fn moved(state: State, lab: MeasureLab, frame: &Frame, held: &mut Held, event: &PointerEvent) {
    let here = pixel(event);
    lab.hover.set(Some(frame.to_point(here)));
    match held {
        Held::Nothing => {}
        Held::Start(taken, start) => {
            let now = frame.to_point(here);
            let place = frame.to_pixel([start[0] + now[0] - taken[0], start[1] + now[1] - taken[1]]);
            let to = tidy(frame, place);
            let drawn = state.with_untracked(|e| choice(e).is_some_and(|choice| choice.cloud.is_some()));
            if drawn {
                let last = *taken;
                *taken = now;
                redraw(state, lab, |cloud| shift(cloud, None, [now[0] - last[0], now[1] - last[1]], frame));
            } else {
                state.change(|e| e.start = Some(to));
            }
        }
        Held::Dropping(last) => {
            if libm::hypot(here[0] - last[0], here[1] - last[1]) >= APART {
                *last = here;
                let at = tidy(frame, here);
                match lab.tool.get_untracked() {
                    Tool::Target => drop_target(state, at),
                    _ => redraw(state, lab, |cloud| cloud.push(at)),
                }
            }
        }
        Held::Loop(points) => {
            points.push(frame.to_point(here));
            lab.selection.set(inside(&loose(lab), points));
        }
        Held::Carrying(last) => {
            let now = frame.to_point(here);
            let by = [now[0] - last[0], now[1] - last[1]];
            *last = now;
            let selection = lab.selection.get_untracked();
            redraw(state, lab, |cloud| shift(cloud, Some(&selection), by, frame));
        }
    }
}

/// Moves some points, or all, and rounds them to what a pixel can mean.
fn shift(cloud: &mut [Point], only: Option<&[usize]>, [dx, dy]: [f64; 2], frame: &Frame) {
    for (i, point) in cloud.iter_mut().enumerate() {
        if only.is_none_or(|only| only.contains(&i)) {
            *point = tidy(frame, frame.to_pixel([point[0] + dx, point[1] + dy]));
        }
    }
}

/// The points inside a loop, by their numbers: those from which a ray crosses it an odd number of times.
fn inside(cloud: &[Point], around: &[Point]) -> Vec<usize> {
    let within = |[x, y]: Point| {
        let ends = around.iter().zip(around.iter().cycle().skip(1));
        let crosses = |([ax, ay], [bx, by]): (&Point, &Point)| {
            (*ay > y) != (*by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
        };
        ends.filter(|edge| crosses(*edge)).count() % 2 == 1
    };
    (0..cloud.len()).filter(|i| within(cloud[*i])).collect()
}

/// Keys on a cloud: arrows move what is selected, or all; a selects all; Delete removes what is selected.
pub fn key(state: State, lab: MeasureLab, frame: &Frame, event: &KeyboardEvent) {
    let step = if event.shift_key() { 20.0 } else { 4.0 };
    let [dx, dy] = match event.key().as_str() {
        "ArrowLeft" => [-step, 0.0],
        "ArrowRight" => [step, 0.0],
        "ArrowUp" => [0.0, step],
        "ArrowDown" => [0.0, -step],
        "a" if lab.tool.get_untracked() == Tool::Lasso => {
            lab.selection.set((0..loose(lab).len()).collect());
            return event.prevent_default();
        }
        "Delete" | "Backspace" if lab.tool.get_untracked() == Tool::Lasso => {
            let selection = lab.selection.get_untracked();
            redraw(state, lab, |cloud| {
                let mut number = 0;
                cloud.retain(|_| {
                    number += 1;
                    !selection.contains(&(number - 1))
                });
            });
            lab.selection.set(Vec::new());
            return event.prevent_default();
        }
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    let [x0, x1, y0, y1] = frame.window;
    let by = [dx / frame.width * (x1 - x0), dy / frame.height * (y1 - y0)];
    let selection = lab.selection.get_untracked();
    if lab.tool.get_untracked() == Tool::Lasso && !selection.is_empty() {
        state.show_step(0.0);
        redraw(state, lab, |cloud| shift(cloud, Some(&selection), by, frame));
    } else if state.with_untracked(|e| choice(e).is_some_and(|choice| choice.cloud.is_some())) {
        redraw(state, lab, |cloud| shift(cloud, None, by, frame));
    } else {
        state.change(|e| {
            let start = e.start.or(choice(e).map(|choice| choice.family().start)).unwrap_or_default();
            e.start = Some(tidy(frame, frame.to_pixel([start[0] + by[0], start[1] + by[1]])));
        });
    }
}

/// Whether points that are sought can be drawn: where methods are given points and nothing else.
pub fn takes_target(kind: Kind) -> bool {
    kind == Kind::Clouds
}
