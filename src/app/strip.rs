//! The step-size strip: the final loss against the step size, for every method at once.

use super::dom;
use super::mass::{Mass, Progress, Request, Runs};
use super::plot::Plot;
use super::state::State;
use leptos::html;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use thalweg::engine::{Axis, Goal, Job, Lanes};
use thalweg::experiment::{Experiment, Link, Method, Run, Strip, StripCurve, default_step_sizes};
use thalweg::figure::{Axes, Chart, Series, Theme, draw_head};
use thalweg::optimizers::Knob;
use thalweg::problems::{PlaneProblem, eigen2};
use thalweg::scalar::decimal;

/// Milliseconds of computing between two looks at the pointer and the clock.
const SLICE: f64 = 7.0;

/// The strip with the present step sizes marked. A click goes to the step size under the pointer.
#[component]
pub fn StepSizeStrip() -> impl IntoView {
    let state = State::expect();
    let curves = RwSignal::new(Vec::<StripCurve>::new());
    let computing = RwSignal::new(false);
    compute(state, curves, computing);
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
    let share = NodeRef::<html::Canvas>::new();
    let successes = Memo::new(move |_| {
        let many = curves.with(|curves| curves.iter().any(|curve| curve.spread.is_some()));
        let drawn = plot.drawn.read();
        let (_, axes) = drawn.as_ref().filter(|_| many)?;
        Some([axes.area[0], axes.area[1] - axes.area[0]])
    });
    Effect::new(move |_| {
        let (Some(canvas), theme) = (share.get(), state.theme()) else { return };
        curves.with(|curves| draw_successes(&canvas, curves, theme));
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
                        <StartsChoice/>
                        <Show when=move || computing.get()>
                            <span class="busy" role="status">" computing…"</span>
                        </Show>
                    </figcaption>
                    <div class="plot tall" title="Click to try a step size">
                        <canvas node_ref=plot.mesh aria-hidden="true"></canvas>
                        <canvas node_ref=plot.curves aria-hidden="true"></canvas>
                        <canvas
                            class="successes"
                            class:hidden=move || successes.get().is_none()
                            style:left=move || successes.get().map(|place| format!("{}px", place[0]))
                            style:width=move || successes.get().map(|place| format!("{}px", place[1]))
                            title="Share of starts within the tolerance"
                            node_ref=share
                            aria-hidden="true"
                        ></canvas>
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

/// A row of pixels for each method, a pixel for each step size: the more of its colour, the more starts succeeded.
fn draw_successes(canvas: &web_sys::HtmlCanvasElement, curves: &[StripCurve], theme: &Theme) {
    let rows = curves.iter().filter_map(|curve| curve.spread.as_ref().map(|spread| (curve.method, &spread.success)));
    let pixels: Vec<u8> = rows
        .filter(|(_, success)| success.len() == Strip::SAMPLES)
        .flat_map(|(method, success)| {
            let thalweg::figure::Color(r, g, b) = theme.trail(method);
            success.iter().flat_map(move |share| [r, g, b, (share * 255.0).round() as u8])
        })
        .collect();
    let rows = pixels.len() / 4 / Strip::SAMPLES;
    let _ = crate::canvas::put_pixels(canvas, Strip::SAMPLES as u32, rows.max(1) as u32, &pixels);
}

/// How many starts the strip tries.
#[component]
fn StartsChoice() -> impl IntoView {
    let state = State::expect();
    let starts = state.part(|e| e.view.starts);
    let choose = move |event: web_sys::Event| {
        let starts = event_target_value(&event).parse().unwrap_or(1);
        state.change(|e| e.view.starts = starts);
    };
    let choices = move || {
        let mut choices = vec![1, 16, 64, 256];
        if !choices.contains(&starts.get()) {
            choices.push(starts.get());
        }
        let name = |starts: u32| if starts == 1 { "this start".to_owned() } else { format!("{starts} starts") };
        choices
            .into_iter()
            .map(|count| view! { <option value=count.to_string() selected=move || starts.get() == count>{name(count)}</option> })
            .collect_view()
    };
    view! {
        <select class="starts" aria-label="Starts of the strip" title="Medians, tenths and nine tenths of many starts, and the share that succeeds" on:change=choose>
            {choices}
        </select>
    }
}

fn chart(experiment: &Experiment, run: &Run, curves: &[StripCurve], theme: &Theme) -> Chart {
    let lowest = run.lowest();
    let shown = curves.iter().filter(|c| experiment.methods.get(c.method).is_some_and(|m| m.visible));
    let finite = |c: &StripCurve| c.samples.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
    // A run that failed is drawn at the top: above all that ended somewhere.
    let top = 10.0 * shown.clone().map(finite).fold(1e-3, |top, value| f64::max(top, value - lowest)).min(1e12);
    let height = |value: Option<f64>| value.map_or(top, |value| (value - lowest).min(top));
    let series = shown.flat_map(|curve| {
        let color = theme.trail(curve.method);
        let line = |color, heights: Vec<f64>| {
            let points = curve.samples.iter().zip(heights).map(|((lr, _), height)| (*lr, height)).collect();
            Series { color, points }
        };
        // A tenth and nine tenths of the runs, paler; the median over them.
        let pale = color.mix(theme.paper, 0.55);
        let bands = curve.spread.iter().flat_map(|spread| [&spread.low, &spread.high]);
        let mut lines: Vec<Series> = bands.map(|band| line(pale, band.iter().map(|f| height(*f)).collect())).collect();
        lines.push(line(color, curve.samples.iter().map(|(_, value)| height(*value)).collect()));
        lines
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

/// Begins anew a moment after the experiment has changed: with one start in slices of the main thread, so that the page
/// answers in between, with many on the workers.
fn compute(state: State, curves: RwSignal<Vec<StripCurve>>, computing: RwSignal<bool>) {
    // What the strip depends on: everything that changes a run, except the step sizes themselves.
    let basis = state.part(|e| {
        let mut basis = Experiment { view: Default::default(), ..e.clone() };
        (basis.view.starts, basis.view.engine) = (e.view.starts, e.view.engine);
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
    let runs = Mass::expect_runs();
    let occupied = runs.clone();
    Effect::new(move |_| occupied.occupy(computing.get()));
    Effect::new(move |_| {
        let experiment = basis.get();
        runs.cancel();
        let runs = runs.clone();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        computing.set(true);
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    let problem = state.run_untracked().problem.clone();
                    if experiment.view.starts > 1 {
                        let many = ManyStarts { runs, experiment, problem, curves, computing };
                        return many.next(Vec::new(), 0);
                    }
                    let strip = StoredValue::new_local(Strip::new(problem, experiment.clone()));
                    slice(strip, turn, mine, curves, computing);
                }
            },
            Duration::from_millis(180),
        );
    });
}

/// The strip of many starts, on its way.
struct ManyStarts {
    runs: Runs,
    experiment: Experiment,
    problem: PlaneProblem,
    curves: RwSignal<Vec<StripCurve>>,
    computing: RwSignal<bool>,
}

impl ManyStarts {
    /// Goes on with the first method from `place` on that has a step size.
    fn next(self, done: Vec<StripCurve>, place: usize) {
        let methods = &self.experiment.methods;
        let lr = |method: &Method| method.knobs().position(|(knob, _)| knob.id == "lr");
        let next = methods.iter().enumerate().skip(place).find_map(|(place, method)| Some((place, lr(method)?)));
        let Some((place, lr)) = next else {
            // The view may have gone while a worker was at work.
            let _ = self.curves.try_set(done);
            let _ = self.computing.try_set(false);
            return;
        };
        let samples: Vec<f64> = default_step_sizes(Strip::SAMPLES).map(libm::log10).collect();
        let half = 0.5 * (samples[1] - samples[0]);
        let window = [samples[0] - half, samples[samples.len() - 1] + half, 0.0, 1.0];
        let Some(job) = Job::of(&self.experiment, &self.problem, place, window) else { return };
        let target = self.problem.solved_at(self.experiment.tolerance);
        let job = Rc::new(Job {
            axes: [Axis::Knob(lr), Axis::Trial],
            goal: Goal::Loss { target },
            columns: Strip::SAMPLES,
            rows: self.experiment.view.starts as usize,
            ..job
        });
        let (link, engine) = (Link::write(&self.experiment).into(), self.experiment.view.engine);
        let request = Request { link, place, job: job.clone(), lanes: Lanes::F64x2, part: 16 * Strip::SAMPLES, engine };
        let runs = self.runs.clone();
        let losses = RefCell::new(vec![None; job.cells()]);
        let rest = RefCell::new(Some((self, done)));
        runs.begin(request, move |progress| match progress {
            Progress::Begun(_) => {}
            Progress::Part { cells, layout, outputs, last, .. } => {
                for (slot, loss) in losses.borrow_mut()[cells].iter_mut().zip(layout.losses(&outputs, job.steps)) {
                    *slot = Some(loss);
                }
                if let Some((many, mut done)) = last.then(|| rest.borrow_mut().take()).flatten() {
                    let losses = losses.borrow();
                    let column = |i: usize| {
                        let runs = losses.iter().skip(i).step_by(job.columns).flatten();
                        (job.launch(i).knobs[lr], runs.map(|loss| (loss.value, loss.reached.is_some())).collect())
                    };
                    done.push(StripCurve::of_runs(place, (0..job.columns).map(column)));
                    many.next(done, place + 1);
                }
            }
            Progress::Refused(_) => {
                if let Some((many, done)) = rest.borrow_mut().take() {
                    many.next(done, place + 1);
                }
            }
        });
    }
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
