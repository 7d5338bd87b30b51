//! Plots of the measure lab over time, beside the stage.

use super::super::plot::Plot;
use super::super::state::State;
use super::MeasureLab;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::Experiment;
use thalweg::experiment::measure::{MeasureTrace, Row};
use thalweg::figure::{Chart, Series, Stroke, Surface, Theme, draw_head};
use thalweg::measures::transport;

/// What a plot shows against time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Distance,
    W2,
    Divergence,
    Energy,
    Gauge,
}

impl Quantity {
    const ALL: [Self; 5] = [Self::Distance, Self::W2, Self::Divergence, Self::Energy, Self::Gauge];

    fn of(self, row: &Row) -> f64 {
        match self {
            Self::Distance => row.distance,
            Self::W2 => row.w2,
            Self::Divergence => row.divergence,
            Self::Energy => row.energy,
            Self::Gauge => row.gauge,
        }
    }

    fn title(self, game: bool) -> &'static str {
        match self {
            Self::Distance => "energy distance",
            Self::W2 => "W₂ to the target",
            Self::Divergence => "KL to the target",
            Self::Energy if game => "Nash gap",
            Self::Energy => "energy that is lowered",
            Self::Gauge => "what the method tells of itself",
        }
    }

    /// What a quiet curve is, where there is one.
    fn quiet(self, exact: bool, level: bool) -> &'static str {
        match self {
            Self::Distance | Self::W2 if level => "grey: independent points",
            Self::Divergence if exact => "grey: closed form",
            _ => "",
        }
    }
}

/// Steps, or the questions asked up to a row.
fn abscissa(experiment: &Experiment, row: &Row) -> f64 {
    if experiment.view.by_calls {
        (row.calls.value + row.calls.gradient + row.calls.pairs) as f64
    } else {
        f64::from(row.step)
    }
}

/// Plots of how far the clouds are.
#[component]
pub fn MeasureCharts() -> impl IntoView {
    let (state, lab) = (State::expect(), MeasureLab::expect());
    let by_calls = state.part(|e| e.view.by_calls);
    let known = move |quantity: Quantity| {
        Memo::new(move |_| {
            let any = |trace: &Arc<MeasureTrace>| trace.rows.iter().any(|row| quantity.of(row).is_finite());
            lab.traces.with(|traces| traces.iter().flatten().any(any))
        })
    };
    view! {
        <section class="section charts" aria-label="Plots">
            <div class="section-head">
                <h2 class="section-title">"What happened"</h2>
                <select
                    aria-label="What runs along the plots"
                    prop:value=move || if by_calls.get() { "calls" } else { "steps" }
                    on:change=move |event| {
                        let calls = event_target_value(&event) == "calls";
                        state.change(|e| e.view.by_calls = calls);
                    }
                >
                    <option value="steps">"by step"</option>
                    <option value="calls">"by gradients and pairs"</option>
                </select>
            </div>
            {Quantity::ALL
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

/// The curves of a quantity: first the quiet ones that it is compared with.
fn chart(quantity: Quantity, state: State, lab: MeasureLab, level: Option<f64>, theme: &Theme) -> Chart {
    let shown = lab.shown(state);
    // What is known to be above zero falls by factors.
    let positive = |trace: &Arc<MeasureTrace>| trace.rows.iter().all(|row| quantity.of(row) > 0.0);
    // A gauge may be anything: where it is positive and runs through two decades, it is a size like the others.
    let told =
        || shown.iter().flat_map(|(_, trace)| &trace.rows).map(|row| row.gauge).filter(|gauge| gauge.is_finite());
    let (least, most) =
        told().fold((f64::INFINITY, 0.0_f64), |(least, most), gauge| (least.min(gauge), most.max(gauge)));
    let log_y = match quantity {
        Quantity::Energy => !shown.is_empty() && shown.iter().all(|(_, trace)| positive(trace)),
        Quantity::Gauge => least > 0.0 && most > 100.0 * least,
        _ => true,
    };
    let exact = lab.problem.with(|posed| posed.0.as_ref().and_then(|problem| problem.exact.clone()));
    state.with(|e| {
        let mut series = Vec::new();
        let quiet = theme.soft.mix(theme.paper, 0.35);
        let last =
            shown.iter().filter_map(|(_, trace)| trace.rows.last()).map(|row| abscissa(e, row)).fold(1.0, f64::max);
        if let Some(level) = level {
            series.push(Series { color: quiet, points: vec![(0.0, level), (last, level)] });
        }
        if let Some(exact) = &exact {
            let target = exact.target();
            let value = |row: &Row| {
                let law = exact.at(row.time);
                match quantity {
                    Quantity::Divergence => law.divergence(&target),
                    Quantity::W2 => transport::gaussian::w2_squared(&law, &target).sqrt(),
                    _ => f64::NAN,
                }
            };
            for (_, trace) in &shown {
                let points: Vec<(f64, f64)> = trace.rows.iter().map(|row| (abscissa(e, row), value(row))).collect();
                series.push(Series { color: quiet, points });
            }
        }
        series.extend(shown.iter().map(|(i, trace)| {
            let points = trace.rows.iter().map(|row| (abscissa(e, row), quantity.of(row)));
            // A logarithmic axis has no zero.
            let points =
                points.filter(|(_, y)| !log_y || *y > 0.0).filter(|(_, y)| quantity != Quantity::W2 || y.is_finite());
            Series { color: theme.trail(*i), points: points.collect() }
        }));
        let x_range = (!e.view.by_calls).then(|| [0.0, f64::from(e.steps.max(2))]);
        Chart { series, log_x: false, log_y, x_range, mark: None }
    })
}

/// One plot. Moving along it moves time.
#[component]
fn TimeChart(
    /// What it shows.
    quantity: Quantity,
) -> impl IntoView {
    let (state, lab) = (State::expect(), MeasureLab::expect());
    let own_level = move || match quantity {
        Quantity::Distance => lab.level.get().map(|level| level.distance),
        Quantity::W2 => lab.level.get().map(|level| level.w2),
        _ => None,
    };
    let plot = Plot::new(state, move |theme| chart(quantity, state, lab, own_level(), theme));
    Effect::new(move |_| {
        let (time, drawn) = (state.time.get(), plot.drawn.read());
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        let theme = Theme::of(state.dark.get_untracked());
        let traces = untrack(|| lab.shown(state));
        state.with_untracked(|e| {
            for (k, (i, trace)) in traces.iter().enumerate() {
                let Some(row) = trace.row_at(time) else { continue };
                let value = if quantity == Quantity::W2 { trace.w2_at(time) } else { quantity.of(row) };
                let [x, y] = axes.place(chart, abscissa(e, row), value);
                if k == 0 && !e.view.by_calls && x.is_finite() {
                    let line = [[x, axes.area[2]], [x, axes.area[3]]];
                    surface.line(&line, Stroke { color: theme.soft, opacity: 0.9, width: 1.0, dash: Some([2.0, 3.0]) });
                }
                if x.is_finite() && y.is_finite() {
                    draw_head(&mut surface, *i, [x, y], 3.6, theme);
                }
            }
        });
    });
    let seek = move |event: web_sys::PointerEvent| {
        if event.pointer_type() == "touch" && event.buttons() == 0 {
            return;
        }
        let x = plot.drawn.with_untracked(|drawn| {
            let (chart, axes) = drawn.as_ref()?;
            Some(axes.abscissa(chart, f64::from(event.offset_x())))
        });
        let Some(x) = x else { return };
        let step = state.with_untracked(|e| {
            let traces = untrack(|| lab.shown(state));
            let (_, trace) = traces.first()?;
            let after = trace.rows.partition_point(|row| abscissa(e, row) < x);
            trace.rows.get(after.min(trace.rows.len().saturating_sub(1))).map(|row| f64::from(row.step))
        });
        state.show_step(if state.with_untracked(|e| e.view.by_calls) { step.unwrap_or(x) } else { x.round() });
    };
    let exact = move || lab.problem.with(|posed| posed.0.as_ref().is_some_and(|problem| problem.exact.is_some()));
    view! {
        <figure class="chart">
            <figcaption>
                {move || if quantity == Quantity::Gauge { lab.gauge_names(state) } else { quantity.title(lab.is_game()).to_owned() }}
                <small class="quiet">{move || quantity.quiet(exact(), own_level().is_some())}</small>
            </figcaption>
            <div class="plot">
                <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                <canvas
                    class="above"
                    node_ref=plot.above
                    role="img"
                    aria-label=move || format!("{} over time", quantity.title(lab.is_game()))
                    on:pointermove=seek
                    on:pointerdown=seek
                ></canvas>
            </div>
        </figure>
    }
}
