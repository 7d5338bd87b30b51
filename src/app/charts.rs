//! The plots: what happened over time.

use super::plot::Plot;
use super::state::{Seen, State};
use crate::canvas::Canvas;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Run, Trace};
use thalweg::figure::{Axes, Chart, Series, Stroke, Surface, Theme, draw_head};

/// What a plot shows against time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Excess,
    GradientNorm,
    Distance,
    StepLength,
}

impl Quantity {
    const ALL: [Self; 4] = [Self::Excess, Self::GradientNorm, Self::Distance, Self::StepLength];

    fn title(self) -> &'static str {
        match self {
            Self::Excess => "f − f*",
            Self::GradientNorm => "‖∇f‖",
            Self::Distance => "distance to the nearest minimum",
            Self::StepLength => "step length",
        }
    }

    fn of(self, trace: &Trace, k: usize, run: &Run, lowest: f64) -> f64 {
        match self {
            Self::Excess => trace.values[k] - lowest,
            Self::GradientNorm => trace.gradient_norms[k],
            Self::Distance => nearest_minimum(run, trace.points[k]),
            Self::StepLength => trace.step_length(k),
        }
    }
}

/// Distance to the nearest known minimum; NaN when none is known.
fn nearest_minimum(run: &Run, [x, y]: [f64; 2]) -> f64 {
    run.problem.minima().map(|c| libm::hypot(c.at[0] - x, c.at[1] - y)).min_by(f64::total_cmp).unwrap_or(f64::NAN)
}

/// The four plots and the switch of their abscissa.
#[component]
pub fn Charts() -> impl IntoView {
    let state = State::expect();
    let by_calls = state.part(|e| e.view.by_calls);
    let flip = move |event| {
        let calls = event_target_value(&event) == "calls";
        state.change(|e| e.view.by_calls = calls);
    };
    let known = Memo::new(move |_| state.run().problem.minima().next().is_some());
    view! {
        <section class="section charts" aria-label="Plots">
            <div class="section-head">
                <h2 class="section-title">"What happened"</h2>
                <select aria-label="Plots against" on:change=flip prop:value=move || if by_calls.get() { "calls" } else { "steps" }>
                    <option value="steps">"by step"</option>
                    <option value="calls">"by oracle call"</option>
                </select>
            </div>
            {Quantity::ALL
                .map(|quantity| {
                    view! {
                        <Show when=move || quantity != Quantity::Distance || known.get()>
                            <TimeChart quantity/>
                        </Show>
                    }
                })
                .collect_view()}
        </section>
    }
}

/// The chart of a quantity for an experiment that has been run.
fn chart(quantity: Quantity, experiment: &Experiment, run: &Run, theme: &Theme) -> Chart {
    let lowest = run.lowest();
    let shown = experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible);
    let series = shown.map(|(i, (_, trace))| {
        let first = usize::from(quantity == Quantity::StepLength);
        let points =
            (first..trace.points.len()).map(|k| (abscissa(experiment, trace, k), quantity.of(trace, k, run, lowest)));
        Series { color: theme.trail(i), points: points.collect() }
    });
    let x_range = (!experiment.view.by_calls).then(|| [0.0, f64::from(experiment.steps.max(1))]);
    Chart { series: series.collect(), log_x: false, log_y: true, x_range, mark: None }
}

/// Steps, or the oracle calls up to a step.
fn abscissa(experiment: &Experiment, trace: &Trace, k: usize) -> f64 {
    if experiment.view.by_calls { f64::from(trace.calls[k].total()) } else { k as f64 }
}

/// One plot. Below, the curves, drawn when something was run; above, the present time. Moving along it moves time.
#[component]
fn TimeChart(
    /// What it shows.
    quantity: Quantity,
) -> impl IntoView {
    let state = State::expect();
    let plot = Plot::new(state, move |theme| {
        let seen = state.seen();
        chart(quantity, &seen.experiment, &seen.run, theme)
    });
    // Drawn after the curves, because it waits for their axes.
    Effect::new(move |_| {
        let (time, drawn) = (state.time.get(), plot.drawn.read());
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        let (seen, theme) = (state.seen_untracked(), Theme::of(state.dark.get_untracked()));
        draw_now(&mut surface, quantity, &seen, chart, axes, time, theme);
    });
    let seek = move |event: web_sys::PointerEvent| {
        if event.pointer_type() == "touch" && event.buttons() == 0 {
            return;
        }
        let pixel = f64::from(event.offset_x());
        let step = plot.drawn.with_untracked(|drawn| {
            let (chart, axes) = drawn.as_ref()?;
            let x = axes.abscissa(chart, pixel);
            state.with_untracked(|e| {
                Some(if e.view.by_calls { step_at_calls(e, &state.run_untracked(), x) } else { x.round() })
            })
        });
        if let Some(step) = step {
            state.show_step(step);
        }
    };
    view! {
        <figure class="chart">
            <figcaption>{quantity.title()}</figcaption>
            <div class="plot">
                <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                <canvas class="above" node_ref=plot.above role="img" aria-label=format!("{} over time", quantity.title()) on:pointermove=seek on:pointerdown=seek></canvas>
            </div>
        </figure>
    }
}

/// The step at which the first visible method had asked so many questions.
fn step_at_calls(experiment: &Experiment, run: &Run, calls: f64) -> f64 {
    let first = experiment.methods.iter().zip(&run.traces).find(|(method, _)| method.visible);
    first.map_or(0.0, |(_, trace)| trace.calls.partition_point(|c| f64::from(c.total()) < calls) as f64)
}

/// The line of the present time with a marker on every curve.
fn draw_now(
    surface: &mut Canvas,
    quantity: Quantity,
    seen: &Seen,
    chart: &Chart,
    axes: &Axes,
    time: f64,
    theme: &Theme,
) {
    let Seen { experiment, run } = seen;
    let lowest = run.lowest();
    let shown = experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible);
    if !experiment.view.by_calls {
        let [x, top] = axes.place(chart, time.floor(), f64::INFINITY);
        let line = [[x, top.max(axes.area[2])], [x, axes.area[3]]];
        surface.line(&line, Stroke { color: theme.soft, opacity: 0.9, width: 1.0, dash: Some([2.0, 3.0]) });
    }
    for (i, (_, trace)) in shown {
        let k = trace.at(time as u32);
        if k == 0 && quantity == Quantity::StepLength {
            continue;
        }
        let value = quantity.of(trace, k, run, lowest);
        let [x, y] = axes.place(chart, abscissa(experiment, trace, k), value);
        if x.is_finite() && y.is_finite() {
            draw_head(surface, i, [x, y], 3.6, theme);
        }
    }
}
