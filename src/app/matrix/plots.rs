//! Plots of the matrix lab over time, beside the stage.

use super::super::plot::Plot;
use super::super::state::State;
use super::MatrixLab;
use crate::canvas::Canvas;
use leptos::prelude::*;
use thalweg::experiment::Experiment;
use thalweg::experiment::matrix::{Frame, MatrixTrace};
use thalweg::figure::{Axes, Chart, Series, Stroke, Surface, Theme, draw_head};

/// What a plot shows against time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// |estimate - truth| / |truth|.
    Error,
    /// The loss.
    Loss,
    /// The norm of the gradient.
    GradientNorm,
    /// The largest principal angle between the column spaces.
    Angle,
    /// How far the factors are from balance.
    Imbalance,
}

impl Quantity {
    const BESIDE: [Self; 4] = [Self::Loss, Self::GradientNorm, Self::Angle, Self::Imbalance];

    /// What stands above the plot.
    pub fn title(self) -> &'static str {
        match self {
            Self::Error => "relative error",
            Self::Loss => "loss",
            Self::GradientNorm => "‖∇f‖",
            Self::Angle => "largest angle to the truth’s column space, rad",
            Self::Imbalance => "imbalance ‖FᵀF − GᵀG‖",
        }
    }

    /// Step and value at every step where it is known.
    pub fn points(self, trace: &MatrixTrace) -> Vec<(usize, f64)> {
        let framed = |of: fn(&Frame) -> Option<f64>| {
            let known = trace.frames.iter().map(|frame| (frame.step as usize, of(frame).unwrap_or(f64::NAN)));
            known.collect()
        };
        match self {
            Self::Error => trace.errors.iter().copied().enumerate().collect(),
            Self::Loss => trace.values.iter().copied().enumerate().collect(),
            Self::GradientNorm => trace.gradient_norms.iter().copied().enumerate().collect(),
            Self::Angle => framed(|frame| frame.angles.last().copied()),
            Self::Imbalance => framed(|frame| frame.imbalance),
        }
    }

    /// Its value at a step, or at the last step before it at which it is known.
    pub fn at(self, trace: &MatrixTrace, step: usize) -> f64 {
        let step = step.min(trace.last());
        let frame = trace.frame_at(step as f64);
        let value = match self {
            Self::Error => trace.errors.get(step).copied(),
            Self::Loss => trace.values.get(step).copied(),
            Self::GradientNorm => trace.gradient_norms.get(step).copied(),
            Self::Angle => frame.and_then(|frame| frame.angles.last().copied()),
            Self::Imbalance => frame.and_then(|frame| frame.imbalance),
        };
        value.unwrap_or(f64::NAN)
    }
}

/// Steps, or the oracle calls up to a step.
pub fn abscissa(experiment: &Experiment, trace: &MatrixTrace, step: usize) -> f64 {
    if experiment.view.by_calls {
        trace.calls.get(step.min(trace.last())).map_or(f64::NAN, |calls| f64::from(calls.total()))
    } else {
        step as f64
    }
}

/// The chart of a quantity for the methods that are shown.
pub fn chart(quantity: Quantity, state: State, lab: MatrixLab, theme: &Theme) -> Chart {
    let shown = lab.shown(state);
    state.with(|e| {
        let series = shown.iter().map(|(i, trace)| {
            let points = quantity.points(trace).into_iter().map(|(step, value)| (abscissa(e, trace, step), value));
            // On a logarithmic axis of time there is no zero.
            let points = points.filter(|(x, _)| !e.view.log_time || *x > 0.0);
            Series { color: theme.trail(*i), points: points.collect() }
        });
        let first = if e.view.log_time { 1.0 } else { 0.0 };
        let x_range = (!e.view.by_calls).then(|| [first, f64::from(e.steps.max(2))]);
        Chart { series: series.collect(), log_x: e.view.log_time, log_y: true, x_range, mark: None }
    })
}

/// Draws the line of the present time with a marker on every curve.
pub fn draw_now(
    surface: &mut Canvas,
    quantity: Quantity,
    (state, lab): (State, MatrixLab),
    chart: &Chart,
    axes: &Axes,
) {
    let (time, theme) = (state.time.get(), Theme::of(state.dark.get_untracked()));
    let traces = untrack(|| lab.shown(state));
    state.with_untracked(|e| {
        if !e.view.by_calls {
            draw_time(surface, chart, axes, time, theme);
        }
        for (i, trace) in &traces {
            let step = (time as usize).min(trace.last());
            let [x, y] = axes.place(chart, abscissa(e, trace, step), quantity.at(trace, step));
            if x.is_finite() && y.is_finite() && x >= axes.area[0] {
                draw_head(surface, *i, [x, y], 3.6, theme);
            }
        }
    });
}

/// Draws the line of the present time.
pub fn draw_time(surface: &mut Canvas, chart: &Chart, axes: &Axes, time: f64, theme: &Theme) {
    let [x, _] = axes.place(chart, time.floor(), f64::INFINITY);
    if x >= axes.area[0] && x <= axes.area[1] + 1.0 {
        let line = [[x, axes.area[2]], [x, axes.area[3]]];
        surface.line(&line, Stroke { color: theme.soft, opacity: 0.9, width: 1.0, dash: Some([2.0, 3.0]) });
    }
}

/// Moves time to the place of the pointer.
pub fn seek(state: State, lab: MatrixLab, plot: Plot, event: &web_sys::PointerEvent) {
    if event.pointer_type() == "touch" && event.buttons() == 0 {
        return;
    }
    let x = plot.drawn.with_untracked(|drawn| {
        let (chart, axes) = drawn.as_ref()?;
        Some(axes.abscissa(chart, f64::from(event.offset_x())))
    });
    let Some(x) = x else { return };
    if state.with_untracked(|e| e.view.by_calls) {
        let shown = untrack(|| lab.shown(state));
        let step = |(_, trace): &(usize, std::sync::Arc<MatrixTrace>)| {
            trace.calls.partition_point(|calls| f64::from(calls.total()) < x)
        };
        state.show_step(shown.first().map_or(0.0, |first| step(first) as f64));
    } else {
        state.show_step(x.round());
    }
}

/// Loss, gradient, angles and imbalance.
#[component]
pub fn MatrixCharts() -> impl IntoView {
    let lab = MatrixLab::expect();
    let known = move |quantity: Quantity| {
        Memo::new(move |_| match quantity {
            Quantity::Imbalance => lab.traces.with(|traces| {
                traces.iter().flatten().any(|trace| trace.frames.first().is_some_and(|frame| frame.imbalance.is_some()))
            }),
            _ => true,
        })
    };
    view! {
        <section class="section charts" aria-label="Plots">
            <div class="section-head">
                <h2 class="section-title">"What happened"</h2>
            </div>
            {Quantity::BESIDE
                .map(|quantity| {
                    let known = known(quantity);
                    view! {
                        <Show when=move || known.get()>
                            <TimeChart quantity/>
                        </Show>
                    }
                })
                .collect_view()}
        </section>
    }
}

/// One plot. Moving along it moves time.
#[component]
fn TimeChart(
    /// What it shows.
    quantity: Quantity,
) -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let plot = Plot::new(state, move |theme| chart(quantity, state, lab, theme));
    Effect::new(move |_| {
        state.time.track();
        let drawn = plot.drawn.read();
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        draw_now(&mut surface, quantity, (state, lab), chart, axes);
    });
    view! {
        <figure class="chart">
            <figcaption>{quantity.title()}</figcaption>
            <div class="plot">
                <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                <canvas
                    class="above"
                    node_ref=plot.above
                    role="img"
                    aria-label=format!("{} over time", quantity.title())
                    on:pointermove=move |event| seek(state, lab, plot, &event)
                    on:pointerdown=move |event| seek(state, lab, plot, &event)
                ></canvas>
            </div>
        </figure>
    }
}
