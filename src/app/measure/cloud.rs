//! One method's cloud: the potential or the points that are sought, the density of the particles, the particles.

use super::super::dom;
use super::super::optimizers::Marker;
use super::super::state::State;
use super::MeasureLab;
use super::tools::{self, Held, Tool};
use crate::canvas::{Canvas, put_pixels};
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::measure::MeasureTrace;
use thalweg::figure::{CloudScene, Frame, Stroke, Surface, draw_ground, mapping, target_density};

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
        target_density(&law, &frame)
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
        mapped.with(|method| draw_ground(&mut surface, &law, method.as_ref(), layers, &frame, theme));
    });
    Effect::new(move |_| {
        let (theme, layers, time) = (state.theme(), state.with(|e| e.view.clouds), state.time.get());
        let (Some(above), Some(density)) = (above.get(), density.get()) else { return };
        let (Some(frame), Some(problem)) = (frame.get(), lab.problem.get().0) else { return };
        let Some(mut surface) = Canvas::new(&above, frame.width, frame.height, dom::pixel_ratio(), theme) else {
            return;
        };
        let trace = trace.get().0;
        let scene = CloudScene::new(index, &problem, trace.as_deref(), time, layers, &frame, theme);
        match scene.density_pixels() {
            Some(([columns, rows], pixels, place)) => {
                let _ = put_pixels(&density, columns as u32, rows as u32, &pixels);
                place_over(&density, place);
            }
            None => {
                let _ = put_pixels(&density, 1, 1, &[0; 4]);
            }
        }
        let plan = if layers.lines { lab.plan.get() } else { Vec::new() };
        target.with(|target| scene.draw(&mut surface, target.as_ref(), &plan));
        if lab.tool.get() == Tool::Lasso {
            lab.selection.with(|selection| scene.draw_selected(&mut surface, selection));
        }
        held.with_value(|held| {
            if let Held::Loop(points) = held {
                let line: Vec<[f64; 2]> = points.iter().map(|p| frame.to_pixel(*p)).collect();
                surface.line(&line, Stroke { color: theme.ink, opacity: 0.8, width: 1.4, dash: Some([4.0, 3.0]) });
            }
        });
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
                <span class="cloud-title">{title}</span>
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

/// Lays the picture of a density over a part of the frame.
fn place_over(canvas: &web_sys::HtmlCanvasElement, [left, top, width, height]: [f64; 4]) {
    let style = web_sys::HtmlElement::style(canvas);
    for (name, value) in [("left", left), ("top", top), ("width", width), ("height", height)] {
        let _ = style.set_property(name, &format!("{value}px"));
    }
}
