//! The singular values of the estimate, as rivers that run to their true level.

use super::super::plot::Plot;
use super::super::state::State;
use super::MatrixLab;
use super::plots::{draw_time, seek};
use leptos::prelude::*;
use thalweg::figure::{Chart, Series, Stroke, Surface, Theme};

/// Singular values that are drawn: below lie the superfluous ones, which look alike.
const MOST: usize = 24;

/// Singular values of the chosen method over time, with the truth's.
#[component]
pub fn Spectrum() -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let log = RwSignal::new(false);
    let plot = Plot::new(state, move |theme| {
        let color = theme.trail(lab.chosen.get());
        let mut series = Vec::new();
        let log_time = state.with(|e| e.view.log_time);
        if let Some(trace) = lab.chosen_trace() {
            let count = trace.frames.iter().map(|frame| frame.spectrum.len()).max().unwrap_or(0).min(MOST);
            let rank = lab.outline.get().map_or(0, |outline| outline.spectrum.len());
            for k in (0..count).rev() {
                let value =
                    |frame: &thalweg::experiment::matrix::Frame| frame.spectrum.get(k).copied().unwrap_or(f64::NAN);
                let points = trace.frames.iter().map(|frame| (f64::from(frame.step), value(frame)));
                let points = points.filter(|(x, _)| !log_time || *x > 0.0);
                // What the truth does not have is quiet.
                let color = if k < rank { color } else { color.mix(theme.paper, 0.55) };
                series.push(Series { color, points: points.collect() });
            }
        }
        let x_range = Some([if log_time { 1.0 } else { 0.0 }, state.with(|e| f64::from(e.steps.max(2)))]);
        if let Some(outline) = lab.outline.get() {
            // The truth's levels are always in sight.
            let levels = outline.spectrum.iter().map(|s| (f64::NAN, *s));
            let start = x_range.map_or(0.0, |[start, _]| start);
            series.insert(0, Series { color: theme.paper, points: levels.map(|(_, s)| (start, s)).collect() });
        }
        Chart { series, log_x: log_time, log_y: log.get(), x_range, mark: None }
    });
    Effect::new(move |_| {
        let (time, drawn) = (state.time.get(), plot.drawn.read());
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        let theme = Theme::of(state.dark.get_untracked());
        if let Some(outline) = lab.outline.get_untracked() {
            for level in &outline.spectrum {
                let [_, y] = axes.place(chart, 1.0, *level);
                let line = [[axes.area[0], y], [axes.area[1], y]];
                surface.line(&line, Stroke { color: theme.accent, opacity: 0.7, width: 1.0, dash: Some([3.0, 3.0]) });
            }
        }
        draw_time(&mut surface, chart, axes, time, theme);
    });
    view! {
        <figure class="chart spectrum">
            <div class="stage-head">
                <figcaption>"singular values"</figcaption>
                <label class="inline">
                    <input type="checkbox" prop:checked=move || log.get() on:change=move |event| log.set(event_target_checked(&event))/>
                    "log"
                </label>
            </div>
            <div class="plot">
                <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                <canvas
                    class="above"
                    node_ref=plot.above
                    role="img"
                    aria-label="singular values of the estimate over time; dashed: those of the truth"
                    on:pointermove=move |event| seek(state, lab, plot, &event)
                    on:pointerdown=move |event| seek(state, lab, plot, &event)
                ></canvas>
            </div>
        </figure>
    }
}
