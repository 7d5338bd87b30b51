//! The curve of errors with the rates that are read off it.

use super::super::knob::NumberField;
use super::super::optimizers::Marker;
use super::super::plot::Plot;
use super::super::state::State;
use super::MatrixLab;
use super::plots::{Quantity, chart, draw_now, seek};
use crate::canvas::Canvas;
use leptos::prelude::*;
use thalweg::experiment::matrix::{Fit, MatrixTrace, default_window, fit};
use thalweg::figure::{Axes, Chart, Stroke, Surface, Theme};

/// Pixels around a guide in which it can be taken.
const REACH: f64 = 9.0;

/// The steps between which a trace's rate is read off.
fn window(state: State, lab: MatrixLab, trace: &MatrixTrace) -> [usize; 2] {
    let chosen = lab.dragged.get().or_else(|| state.with(|e| e.view.fit));
    chosen.unwrap_or_else(|| default_window(&trace.errors))
}

/// The plot of errors, the choice of its axis, the rates.
#[component]
pub fn Rates() -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let plot = Plot::new(state, move |theme| chart(Quantity::Error, state, lab, theme));
    let fits = Memo::new(move |_| {
        let shown = lab.shown(state);
        shown.iter().map(|(i, trace)| (*i, fit(&trace.errors, window(state, lab, trace)))).collect::<Vec<_>>()
    });
    Effect::new(move |_| {
        state.time.track();
        let (drawn, fits) = (plot.drawn.read(), fits.get());
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        if !state.with_untracked(|e| e.view.by_calls) {
            draw_fits(&mut surface, (state, lab), &fits, chart, axes);
        }
        draw_now(&mut surface, Quantity::Error, (state, lab), chart, axes);
    });
    // The guide that is held: 0 the first step, 1 the last.
    let held = StoredValue::new(None::<usize>);
    let step_under = move |event: &web_sys::PointerEvent| {
        plot.drawn.with_untracked(|drawn| {
            let (chart, axes) = drawn.as_ref()?;
            Some(axes.abscissa(chart, f64::from(event.offset_x())).round().max(0.0) as usize)
        })
    };
    let guides = move || fits.with_untracked(|fits| fits.iter().find_map(|(_, fit)| *fit).map(|fit| fit.window));
    let take = move |event: web_sys::PointerEvent| {
        let near = plot.drawn.with_untracked(|drawn| {
            let ((chart, axes), window) = (drawn.as_ref()?, guides()?);
            let gap = |end: usize| (axes.place(chart, window[end] as f64, 1.0)[0] - f64::from(event.offset_x())).abs();
            let nearest = if gap(0) < gap(1) { 0 } else { 1 };
            (gap(nearest) < REACH).then_some(nearest)
        });
        let near = near.filter(|_| !state.with_untracked(|e| e.view.by_calls));
        held.set_value(near);
        if near.is_none() {
            seek(state, lab, plot, &event);
        } else if let Some(canvas) = plot.above.get_untracked() {
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
    };
    let drag = move |event: web_sys::PointerEvent| {
        let Some(end) = held.get_value() else {
            seek(state, lab, plot, &event);
            return;
        };
        let (Some(step), Some(mut window)) = (step_under(&event), lab.dragged.get_untracked().or_else(guides)) else {
            return;
        };
        window[end] = if end == 0 { step.min(window[1].saturating_sub(2)) } else { step.max(window[0] + 2) };
        lab.dragged.set(Some(window));
    };
    let release = move |_| {
        held.set_value(None);
        if let Some(window) = lab.dragged.get_untracked() {
            state.change(|e| e.view.fit = Some(window));
            lab.dragged.set(None);
        }
    };
    let axis = move || {
        state.with(|e| match (e.view.by_calls, e.view.log_time) {
            (true, _) => "calls",
            (false, true) => "log",
            (false, false) => "steps",
        })
    };
    let choose = move |event| {
        let chosen = event_target_value(&event);
        state.change(|e| {
            e.view.by_calls = chosen == "calls";
            e.view.log_time = chosen == "log";
        });
    };
    let end = move |which: usize| {
        let value = Memo::new(move |_| {
            fits.with(|fits| fits.iter().find_map(|(_, fit)| *fit)).map_or(0.0, |fit| fit.window[which] as f64)
        });
        let set = Callback::new(move |step: f64| {
            let Some(mut window) = guides() else { return };
            window[which] = step as usize;
            if window[0] < window[1] {
                state.change(|e| e.view.fit = Some(window));
            }
        });
        let spoken = if which == 0 { "first step of the rate" } else { "last step of the rate" };
        view! { <NumberField value range=(0.0, 100_000.0) whole=true spoken on_change=set/> }
    };
    view! {
        <figure class="chart rates">
            <div class="stage-head">
                <figcaption>"relative error ‖M̂ − M‖ / ‖M‖"</figcaption>
                <select aria-label="Error against" on:change=choose prop:value=axis>
                    <option value="steps">"by step"</option>
                    <option value="log">"by step, log–log"</option>
                    <option value="calls">"by oracle call"</option>
                </select>
            </div>
            <div class="plot">
                <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                <canvas
                    class="above"
                    node_ref=plot.above
                    role="img"
                    aria-label="relative error over time"
                    on:pointerdown=take
                    on:pointermove=drag
                    on:pointerup=release
                    on:pointercancel=release
                ></canvas>
            </div>
            <div class="fits" role="status">
                <span class="fit-window" title="drag the two guides in the plot, or type">
                    "rate from step " {end(0)} " to " {end(1)}
                </span>
                {move || {
                    fits.get()
                        .into_iter()
                        .filter_map(|(i, fit)| fit.map(|fit| (i, fit)))
                        .map(|(index, fit)| view! { <span class="fit"><Marker index/> {rate(&fit)}</span> })
                        .collect_view()
                }}
            </div>
        </figure>
    }
}

/// The rate in words, with its power of time as a power.
fn rate(fit: &Fit) -> impl IntoView + use<> {
    let words = fit.words();
    match words.split_once('^') {
        Some((base, power)) => view! { {base.to_owned()} <sup>{power.to_owned()}</sup> }.into_any(),
        None => words.into_any(),
    }
}

/// Draws the guides, and each line through its curve.
fn draw_fits(
    surface: &mut Canvas,
    (state, lab): (State, MatrixLab),
    fits: &[(usize, Option<Fit>)],
    chart: &Chart,
    axes: &Axes,
) {
    let theme = Theme::of(state.dark.get_untracked());
    let shown = untrack(|| lab.shown(state));
    let mut guides: Vec<usize> = Vec::new();
    for (i, fit) in fits.iter().filter_map(|(i, fit)| fit.map(|fit| (*i, fit))) {
        let Some((_, trace)) = shown.iter().find(|(place, _)| *place == i) else { continue };
        // One pair of guides: those of the others are where their lines end.
        if guides.is_empty() {
            guides.extend(fit.window);
        }
        // The lines are drawn over steps only.
        let line = fitted(&fit, trace).map(|(step, error)| {
            let [x, y] = axes.place(chart, step as f64, error);
            if x >= axes.area[0] { [x, y] } else { [f64::NAN; 2] }
        });
        let stroke = Stroke { color: theme.ink, opacity: 0.75, width: 1.2, dash: Some([5.0, 4.0]) };
        surface.line(&line.collect::<Vec<_>>(), stroke);
    }
    for step in guides {
        let [x, _] = axes.place(chart, step as f64, 1.0);
        if x >= axes.area[0] - 0.5 && x <= axes.area[1] + 0.5 {
            let line = [[x, axes.area[2]], [x, axes.area[3]]];
            surface.line(&line, Stroke { color: theme.accent, opacity: 0.55, width: 1.0, dash: None });
            surface.fill([x - 3.0, axes.area[2], 6.0, 9.0], theme.accent);
        }
    }
}

/// Points of the fitted law, through the middle of the curve in its window.
fn fitted(fit: &Fit, trace: &MatrixTrace) -> impl Iterator<Item = (usize, f64)> {
    let [from, to] = fit.window;
    let law = |step: usize| {
        let t = step as f64;
        if fit.is_geometric() { t * libm::log(fit.factor) } else { fit.power * libm::log(t.max(1.0)) }
    };
    let known = (from..=to).filter(|step| trace.errors.get(*step).is_some_and(|error| *error > 0.0));
    let (count, sum) =
        known.fold((0.0, 0.0), |(count, sum), step| (count + 1.0, sum + libm::log(trace.errors[step]) - law(step)));
    let offset = sum / f64::max(count, 1.0);
    let stride = ((to - from) / 60).max(1);
    let points: Vec<_> = (from..=to).step_by(stride).map(|step| (step, libm::exp(law(step) + offset))).collect();
    points.into_iter()
}
