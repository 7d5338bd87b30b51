//! The step-size strip: the final loss against the step size, for every method at once.

use super::dom;
use super::plot::Plot;
use super::state::State;
use leptos::prelude::*;
use std::time::Duration;
use thalweg::experiment::{Experiment, Run, Strip, StripCurve};
use thalweg::figure::{Axes, Chart, Series, Theme, draw_head};
use thalweg::optimizers::Knob;
use thalweg::problems::eigen2;
use thalweg::scalar::decimal;

/// Milliseconds of computing between two looks at the pointer and the clock.
const SLICE: f64 = 7.0;

/// The strip with the present step sizes marked. A click goes to the step size under the pointer.
#[component]
pub fn StepSizeStrip() -> impl IntoView {
    let state = State::expect();
    let curves = RwSignal::new(Vec::<StripCurve>::new());
    let computing = RwSignal::new(false);
    compute_in_slices(state, curves, computing);
    let plot = Plot::new(state, move |theme| {
        let seen = state.seen();
        curves.with(|curves| chart(&seen.experiment, &seen.run, curves, theme))
    });
    // Drawn after the curves, because it waits for their axes.
    Effect::new(move |_| {
        let drawn = plot.drawn.read();
        let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.above, state), &*drawn) else { return };
        let (seen, theme) = (state.seen_untracked(), Theme::of(state.dark.get_untracked()));
        let lowest = seen.run.lowest();
        let shown = seen.experiment.methods.iter().zip(&seen.run.traces).enumerate();
        for (i, (method, trace)) in shown.filter(|(_, (m, _))| m.visible && m.has_step_size()) {
            let lr = method.base.knobs.get("lr");
            let value = if trace.failed() { f64::INFINITY } else { trace.values[trace.last()] - lowest };
            let [x, y] = axes.place(chart, lr, value);
            if x >= axes.area[0] - 1.0 && x <= axes.area[1] + 1.0 && y.is_finite() {
                draw_head(&mut surface, i, [x, y], 4.2, theme);
            }
        }
    });
    let choose = move |event: web_sys::PointerEvent| {
        if event.buttons() == 0 {
            return;
        }
        let at = [f64::from(event.offset_x()), f64::from(event.offset_y())];
        plot.drawn.with_untracked(|drawn| {
            let Some((chart, axes)) = drawn else { return };
            let lr = tidy_step_size(axes.abscissa(chart, at[0]));
            let nearest = nearest_curve(state, &curves.get_untracked(), chart, axes, lr, at);
            if let Some(method) = nearest {
                state.change(|e| {
                    if let Some(method) = e.methods.get_mut(method) {
                        method.base.knobs.set("lr", lr);
                    }
                });
            }
        });
    };
    let steps = state.part(|e| e.steps);
    let any = state.part(|e| e.methods.iter().any(|m| m.visible && m.has_step_size()));
    view! {
        <Show when=move || any.get()>
            <section class="section strip" aria-label="Step sizes">
                <figure class="chart">
                    <figcaption>
                        {move || format!("f − f* after {} steps, by step size", steps.get())}
                        <Show when=move || computing.get()>
                            <span class="busy" role="status">" computing…"</span>
                        </Show>
                    </figcaption>
                    <div class="plot tall" title="Click to try a step size">
                        <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                        <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                        <canvas class="above" node_ref=plot.above role="img" aria-label="Final loss against step size" on:pointerdown=choose on:pointermove=choose></canvas>
                    </div>
                </figure>
            </section>
        </Show>
    }
}

/// Two digits, as one would type.
fn tidy_step_size(lr: f64) -> f64 {
    decimal(&format!("{lr:.1e}")).unwrap_or(lr)
}

/// The method whose curve at this step size is nearest to the pointer.
fn nearest_curve(
    state: State,
    curves: &[StripCurve],
    chart: &Chart,
    axes: &Axes,
    lr: f64,
    at: [f64; 2],
) -> Option<usize> {
    let run = state.run_untracked();
    let lowest = run.lowest();
    let visible = state.with_untracked(|e| e.methods.iter().map(|m| m.visible).collect::<Vec<_>>());
    let shown = curves.iter().filter(|curve| visible.get(curve.method) == Some(&true));
    let distance = |curve: &StripCurve| {
        let (_, value) =
            curve.samples.iter().min_by(|a, b| libm::log(a.0 / lr).abs().total_cmp(&libm::log(b.0 / lr).abs()))?;
        let [_, y] = axes.place(chart, lr, value.map_or(f64::INFINITY, |value| value - lowest));
        Some((y - at[1]).abs())
    };
    let distances = shown.filter_map(|curve| distance(curve).map(|d| (curve.method, d)));
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(method, _)| method)
}

fn chart(experiment: &Experiment, run: &Run, curves: &[StripCurve], theme: &Theme) -> Chart {
    let lowest = run.lowest();
    let shown = curves.iter().filter(|c| experiment.methods.get(c.method).is_some_and(|m| m.visible));
    let finite = |c: &StripCurve| c.samples.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
    // A run that failed is drawn at the top: above all that ended somewhere.
    let top = 10.0 * shown.clone().map(finite).fold(1e-3, |top, value| f64::max(top, value - lowest)).min(1e12);
    let series = shown.map(|curve| Series {
        color: theme.trail(curve.method),
        points: curve
            .samples
            .iter()
            .map(|(lr, value)| (*lr, value.map_or(top, |value| (value - lowest).min(top))))
            .collect(),
    });
    Chart {
        series: series.collect(),
        log_x: true,
        log_y: true,
        x_range: Some([1e-5, 10.0]),
        mark: stability(run).map(|lr| (lr, "2/λ")),
    }
}

/// The step size up to which gradient descent is stable at the lowest known minimum: two over the largest eigenvalue
/// of the Hessian there.
fn stability(run: &Run) -> Option<f64> {
    let lowest = run.problem.minima().min_by(|a, b| a.value.total_cmp(&b.value))?;
    let (_, _, hessian) = run.problem.local().second_order(lowest.at);
    let [_, largest] = eigen2(hessian).0;
    (largest.is_finite() && largest > 0.0).then(|| 2.0 / largest)
}

/// Begins anew a moment after the experiment has changed, and computes in slices: the page answers in between.
fn compute_in_slices(state: State, curves: RwSignal<Vec<StripCurve>>, computing: RwSignal<bool>) {
    // What the strip depends on: everything that changes a run, except the step sizes themselves.
    let basis = state.part(|e| {
        let mut basis = e.clone();
        basis.view = Default::default();
        for method in &mut basis.methods {
            method.visible = true;
            let lr: Option<&Knob> = method.entry().knob("lr");
            if let Some(knob) = lr {
                method.base.knobs.set("lr", knob.default);
            }
        }
        basis
    });
    let turn = StoredValue::new(0_u64);
    Effect::new(move |_| {
        let experiment = basis.get();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        computing.set(true);
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    let problem = state.run_untracked().problem.clone();
                    let strip = StoredValue::new_local(Strip::new(problem, experiment.clone()));
                    slice(strip, turn, mine, curves, computing);
                }
            },
            Duration::from_millis(180),
        );
    });
}

fn slice(
    strip: StoredValue<Strip, LocalStorage>,
    turn: StoredValue<u64>,
    mine: u64,
    curves: RwSignal<Vec<StripCurve>>,
    computing: RwSignal<bool>,
) {
    // A later experiment, or the end of the page, ends this one's strip.
    if turn.try_get_value() != Some(mine) {
        strip.dispose();
        return;
    }
    let began = dom::now();
    let mut more = true;
    strip.update_value(|strip| {
        while more && dom::now() - began < SLICE {
            more = strip.advance();
        }
    });
    if more {
        set_timeout(move || slice(strip, turn, mine, curves, computing), Duration::ZERO);
    } else {
        curves.set(strip.with_value(|strip| strip.curves.clone()));
        computing.set(false);
        strip.dispose();
    }
}
