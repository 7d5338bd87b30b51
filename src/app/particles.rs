//! Many runs at once on the map, at the time that is shown: a swarm from everywhere, or an ensemble of noise from one
//! start.

use super::dom;
use super::mass::{Choice, Mass, Progress, Request, Runs};
use super::pool::Task;
use super::state::State;
use crate::canvas::Canvas;
use js_sys::WebAssembly;
use leptos::html;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use thalweg::engine::{Axis, Goal, Job, Lanes, Layout, Minima, Verdict};
use thalweg::experiment::{Experiment, Link, Method, ParticleKind, Particles};
use thalweg::figure::{Cloud, Frame, basin_color, draw_cloud, read_number, swarm_pixels};
use thalweg::problems::Noise;

/// Runs of a swarm by kernels.
const SWARM: usize = 100_000;
/// Runs of a swarm on a graphics processor that is one.
const LARGE_SWARM: usize = 1_000_000;
/// Runs of an ensemble.
const ENSEMBLE: usize = 10_000;
/// Runs in one memory.
const PART: usize = 12_500;

/// What is known of the particles of a view. A handle.
#[derive(Clone, Copy)]
pub struct Crowd {
    /// What the badge says.
    pub told: RwSignal<String>,
    /// Where they are drawn.
    pub canvas: NodeRef<html::Canvas>,
    flock: StoredValue<Option<Rc<Flock>>, LocalStorage>,
    /// Counts the pictures.
    frames: RwSignal<u32>,
}

/// What is asked for, and who does it.
#[derive(Clone)]
struct Asked {
    kind: ParticleKind,
    /// With as many runs as kernels can move.
    request: Request,
    /// Moves them.
    runs: Runs,
    /// Finds out where they end.
    ends: Runs,
}

/// The memory of a part of the particles.
type Memory = Rc<Vec<u8>>;

/// Particles on their way.
struct Flock {
    asked: Asked,
    job: Rc<Job>,
    kernel: Kernel,
    /// The memories before the first step, to go back to.
    first: Vec<Memory>,
    /// The memories at the step at which all are.
    now: RefCell<Vec<Memory>>,
    /// That step.
    step: Cell<u32>,
    /// Parts that workers have.
    away: Cell<usize>,
    /// Where each ends, once known.
    ends: Rc<RefCell<Vec<Verdict>>>,
    began: Cell<f64>,
}

/// What moves particles.
#[derive(Clone)]
enum Kernel {
    /// With what there is to say about it.
    Wasm(WebAssembly::Module, String),
    /// On the graphics processor of this name.
    Shader(u32, String),
}

impl Flock {
    /// The places of all particles, x and y by turns.
    fn places(&self) -> Vec<[f32; 2]> {
        let mut places = Vec::with_capacity(self.job.cells());
        for (part, image) in self.now.borrow().iter().enumerate() {
            let word = |at: usize| image.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let (xs, ys) = (word(0) as usize, word(8) as usize);
            let cells = PART.min(self.job.cells() - part * PART);
            places.extend((0..cells).map(|i| [f32::from_bits(word(xs + 4 * i)), f32::from_bits(word(ys + 4 * i))]));
        }
        places
    }
}

impl Crowd {
    /// Follows the experiment and its time.
    pub fn follow(state: State) -> Self {
        let crowd = Self {
            told: RwSignal::new(String::new()),
            canvas: NodeRef::new(),
            flock: StoredValue::new_local(None),
            frames: RwSignal::new(0),
        };
        let (runs, ends) = (Mass::expect_runs(), Mass::expect_runs());
        let asked = state.part(|e| {
            let particles = e.view.particles.filter(|particles| particles.method < e.methods.len())?;
            let mut asked = Experiment { view: Default::default(), ..e.clone() };
            // A click on one of many changes its run, and in a swarm its start: the others stay what they were.
            asked.run = 0;
            if particles.kind == ParticleKind::Swarm {
                asked.start = None;
            }
            asked.view.engine = e.view.engine;
            let method = asked.methods.swap_remove(particles.method);
            asked.methods = vec![Method { visible: true, ..method }];
            Some((asked, particles))
        });
        let pending = StoredValue::new(None::<TimeoutHandle>);
        Effect::new(move |_| {
            let asked = asked.get();
            if let Some(handle) = pending.get_value() {
                handle.clear();
            }
            runs.cancel();
            ends.cancel();
            crowd.flock.set_value(None);
            crowd.frames.update(|frames| *frames += 1);
            crowd.told.set(String::new());
            let Some((asked, particles)) = asked else { return };
            let (runs, ends) = (runs.clone(), ends.clone());
            // A slider that goes on moving is not waited upon.
            let begin = move || crowd.begin(state, runs, ends, &asked, particles);
            pending.set_value(set_timeout_with_handle(begin, Duration::from_millis(60)).ok());
        });
        Effect::new(move |_| {
            crowd.frames.track();
            let time = state.time.get();
            crowd.advance(time as u32);
        });
        Effect::new(move |_| {
            crowd.frames.track();
            crowd.draw(state);
        });
        crowd
    }

    fn begin(self, state: State, runs: Runs, ends: Runs, asked: &Experiment, particles: Particles) {
        let problem = state.run_untracked().problem.clone();
        let Some(mut job) = Job::of(asked, &problem, 0, problem.domain) else { return };
        if particles.kind == ParticleKind::Swarm
            && let Ok(own) = asked.pose()
        {
            job.problem.start = own.start;
        }
        if !job.method.entry().recordable() {
            return self.told.set("steps of a method that searches differ from run to run: it has no swarm".to_owned());
        }
        if particles.kind == ParticleKind::Ensemble && job.noise == Noise::None {
            return self
                .told
                .set("without noise all runs from one start are the same: choose some under Noise".to_owned());
        }
        let (axis, columns) = match particles.kind {
            ParticleKind::Swarm => (Axis::Trial, SWARM),
            ParticleKind::Ensemble => (Axis::Run, ENSEMBLE),
        };
        let job = Job { axes: [axis, Axis::Nothing], goal: Goal::Landing, columns, rows: 1, ..job };
        let link: Rc<str> = Link::write(asked).into();
        let engine = asked.view.engine;
        let request = Request { link, place: 0, job: Rc::new(job), lanes: Lanes::F32x4, part: PART, engine };
        self.told.set("gathering".to_owned());
        let again = Asked { kind: particles.kind, request, runs: runs.clone(), ends };
        let begin = move |choice| match choice {
            Choice::Graphics(name) => self.begin_on_graphics(again, name),
            Choice::Kernel(note) => self.begin_by_kernel(again, note),
        };
        runs.choose(engine, Lanes::F32x4, Box::new(begin));
    }

    /// `note` follows the engine's name.
    fn begin_by_kernel(self, asked: Asked, note: String) {
        let again = asked.clone();
        let begin = move |kernel: Result<WebAssembly::Module, String>| match kernel {
            Ok(module) => self.gather(again.clone(), again.request.job, Kernel::Wasm(module, note)),
            Err(reason) => {
                let _ = self.told.try_set(reason);
            }
        };
        asked.runs.with_kernel(&asked.request, true, Box::new(begin));
    }

    fn begin_on_graphics(self, asked: Asked, name: String) {
        // A program that stands in for a processor is asked for by name only, and has no time for a million.
        let columns = match asked.kind {
            ParticleKind::Swarm if asked.request.engine.is_none() => LARGE_SWARM,
            _ => asked.request.job.columns,
        };
        let job = Rc::new(Job { columns, ..(*asked.request.job).clone() });
        let again = asked.clone();
        let begin = move |shader: Result<u32, String>| match shader {
            Ok(shader) => self.gather(again, job, Kernel::Shader(shader, name)),
            Err(reason) => self.fall_back(again, &reason),
        };
        asked.runs.with_shader(&asked.request, true, Box::new(begin));
    }

    /// Begins anew by kernels, after the graphics processor has failed for this reason.
    fn fall_back(self, asked: Asked, reason: &str) {
        let note = asked.runs.give_up_graphics(reason);
        self.begin_by_kernel(asked, note);
    }

    /// Has the memories made, and asks where every run ends, for its colour.
    fn gather(self, asked: Asked, job: Rc<Job>, kernel: Kernel) {
        let parts = job.cells().div_ceil(PART);
        let order: Rc<[f64]> = job.order(asked.request.place).into();
        let task = |part: usize| {
            let (link, order) = (asked.request.link.clone(), order.clone());
            Task::Stand { link, order, first: part * PART, cells: PART.min(job.cells() - part * PART) }
        };
        let tasks = (0..parts).map(task).collect();
        let ends = Rc::new(RefCell::new(Vec::new()));
        if asked.kind == ParticleKind::Swarm {
            self.ask_for_ends(&asked, &job, ends.clone());
        }
        let runs = asked.runs.clone();
        let flock = Cell::new(Some((asked, job, kernel, ends)));
        let arriving = Arriving::new(parts);
        runs.client.run(tasks, move |answer| match answer.bytes {
            Ok(image) => {
                let Some(first) = arriving.take_in(answer.task, image) else { return };
                let Some((asked, job, kernel, ends)) = flock.take() else { return };
                let flock = Flock {
                    asked,
                    job,
                    kernel,
                    now: RefCell::new(first.clone()),
                    first,
                    step: Cell::new(0),
                    away: Cell::new(0),
                    ends,
                    began: Cell::new(dom::now()),
                };
                self.flock.try_set_value(Some(Rc::new(flock)));
                let _ = self.frames.try_update(|frames| *frames += 1);
            }
            Err(reason) => {
                let _ = self.told.try_set(reason);
            }
        });
    }

    fn ask_for_ends(self, asked: &Asked, job: &Rc<Job>, ends: Rc<RefCell<Vec<Verdict>>>) {
        let job = job.clone();
        let landings = RefCell::new(vec![None; job.cells()]);
        asked.ends.begin(Request { job: job.clone(), ..asked.request.clone() }, move |progress| {
            let Progress::Part { cells, layout, outputs, last, .. } = progress else { return };
            for (slot, landing) in landings.borrow_mut()[cells].iter_mut().zip(layout.landings(&outputs)) {
                *slot = Some(landing);
            }
            if last {
                let landings: Vec<_> = landings.borrow_mut().drain(..).flatten().collect();
                let mut minima = Minima::known(&job.problem);
                minima.learn(&job, &landings);
                *ends.borrow_mut() = landings.into_iter().map(|l| minima.judge(&job, l).verdict).collect();
                let _ = self.frames.try_update(|frames| *frames += 1);
            }
        });
    }

    /// Brings all particles to a step, unless they are on their way: then the next picture asks again. They arrive together
    /// or stay where they are.
    fn advance(self, step: u32) {
        let Some(flock) = self.flock.get_value() else { return };
        let step = step.min(flock.job.steps);
        if flock.away.get() > 0 || flock.step.get() == step {
            return;
        }
        if step < flock.step.get() {
            flock.now.borrow_mut().clone_from(&flock.first);
            flock.step.set(0);
        }
        let done = flock.step.get();
        flock.began.set(dom::now());
        let steps = step - done;
        let tasks: Vec<Task> = flock
            .now
            .borrow()
            .iter()
            .enumerate()
            .map(|(part, memory)| {
                let memory = memory.clone();
                let image = Box::new(move || memory.as_slice().into());
                let points = PART.min(flock.job.cells() - part * PART);
                match &flock.kernel {
                    Kernel::Wasm(module, _) => {
                        let groups = Layout::groups_of(Lanes::F32x4, points);
                        Task::Kernel { module: module.clone(), image, groups, steps, done, from: 0 }
                    }
                    Kernel::Shader(shader, _) => Task::Compute { shader: *shader, image, points, steps, done, from: 0 },
                }
            })
            .collect();
        flock.away.set(tasks.len());
        let arriving = Arriving::new(tasks.len());
        let runs = flock.asked.runs.clone();
        runs.client.run(tasks, move |answer| match answer.bytes {
            Ok(image) => {
                let Some(now) = arriving.take_in(answer.task, image) else { return };
                *flock.now.borrow_mut() = now;
                flock.away.set(0);
                flock.step.set(step);
                let _ = self.told.try_set(flock.summary());
                let _ = self.frames.try_update(|frames| *frames += 1);
            }
            Err(reason) => {
                flock.asked.runs.cancel();
                flock.away.set(0);
                if matches!(flock.kernel, Kernel::Shader(..)) {
                    self.fall_back(flock.asked.clone(), &reason);
                } else {
                    let _ = self.told.try_set(reason);
                }
            }
        });
    }

    fn draw(self, state: State) {
        let (Some(canvas), Some(frame)) = (self.canvas.get(), state.frame.get()) else { return };
        let theme = state.theme();
        let flock = self.flock.get_value();
        let method = state.with_untracked(|e| e.view.particles.map_or(0, |particles| particles.method));
        let Some(flock) = flock else {
            let _ = Canvas::new(&canvas, frame.width, frame.height, 1.0, theme);
            return;
        };
        let places = flock.places();
        let (columns, rows) = (frame.width.ceil() as usize, frame.height.ceil() as usize);
        let pixels = match flock.asked.kind {
            ParticleKind::Swarm => {
                let ends = flock.ends.borrow();
                let color = |i: usize| match ends.get(i) {
                    Some(verdict) => basin_color(*verdict, 0.0, theme),
                    None => theme.trail(method),
                };
                swarm_pixels(&places, color, &frame, [columns, rows])
            }
            ParticleKind::Ensemble => Cloud::density(&places, &frame, [columns, rows], theme.trail(method)),
        };
        let _ = crate::canvas::put_pixels(&canvas, columns as u32, rows as u32, &pixels);
        if flock.asked.kind == ParticleKind::Ensemble
            && let Some(mut surface) = Canvas::over(&canvas, theme)
        {
            draw_cloud(&mut surface, &Cloud::of(&places), &frame, theme.trail(method), theme);
        }
    }

    /// How the run under the pointer began: its start and its number.
    pub fn at(self, pixel: [f64; 2], frame: &Frame) -> Option<([f64; 2], u32)> {
        let flock = self.flock.get_value()?;
        let distance = |place: &[f32; 2]| {
            let [x, y] = frame.to_pixel(place.map(f64::from));
            (x - pixel[0]) * (x - pixel[0]) + (y - pixel[1]) * (y - pixel[1])
        };
        let places = flock.places();
        let distances = places.iter().map(distance).enumerate().filter(|(_, d)| d.is_finite());
        let (nearest, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
        let launch = flock.job.launch(nearest);
        (distance <= NEAR * NEAR).then_some((launch.start, launch.run))
    }
}

/// Memories of all parts, coming one by one.
struct Arriving(RefCell<Vec<Option<Memory>>>);

impl Arriving {
    fn new(parts: usize) -> Self {
        Self(RefCell::new(vec![None; parts]))
    }

    /// Takes in that of a part; returns all once they are there.
    fn take_in(&self, part: usize, memory: Vec<u8>) -> Option<Vec<Memory>> {
        let mut known = self.0.borrow_mut();
        *known.get_mut(part)? = Some(Rc::new(memory));
        known.iter().cloned().collect()
    }
}

/// How near a click has to be to a particle, in pixels.
const NEAR: f64 = 8.0;

impl Flock {
    fn summary(&self) -> String {
        let milliseconds = read_number((dom::now() - self.began.get()).round());
        let engine = match &self.kernel {
            Kernel::Wasm(_, note) => format!("SIMD kernel{note}"),
            Kernel::Shader(_, name) => format!("WebGPU ({name})"),
        };
        format!("{engine}, {} runs, the last picture in {milliseconds} ms", grouped(self.job.cells()))
    }
}

/// A count with its thousands apart.
fn grouped(count: usize) -> String {
    if count >= 1000 { format!("{},{:03}", grouped(count / 1000), count % 1000) } else { count.to_string() }
}

/// The choice of many runs in the menu of layers.
#[component]
pub fn ParticleChoice() -> impl IntoView {
    let state = State::expect();
    let titles = state.part(|e| e.methods.iter().map(Method::title).collect::<Vec<_>>());
    let chosen = state.part(|e| e.view.particles);
    let value =
        |kind: ParticleKind, method: usize| format!("{}{method}", if kind == ParticleKind::Swarm { 's' } else { 'e' });
    let choose = move |event: web_sys::Event| {
        let text = event_target_value(&event);
        let particles = text.get(1..).and_then(|place| place.parse().ok()).map(|method| {
            let kind = if text.starts_with('s') { ParticleKind::Swarm } else { ParticleKind::Ensemble };
            Particles { method, kind }
        });
        state.change(|e| e.view.particles = particles);
    };
    let options = move |kind: ParticleKind, before: &'static str| {
        let titles = titles.get().into_iter().enumerate();
        titles
            .map(|(method, title)| {
                let own = Particles { method, kind };
                view! {
                    <option value=value(kind, method) selected=move || chosen.get() == Some(own)>{before} {title}</option>
                }
            })
            .collect_view()
    };
    view! {
        <label class="row">
            <span>"Many runs"</span>
            <select on:change=choose>
                <option value="" selected=move || chosen.get().is_none()>"none"</option>
                {move || options(ParticleKind::Swarm, "starts of ")}
                {move || options(ParticleKind::Ensemble, "noises of ")}
            </select>
        </label>
    }
}

/// What is flowing, and how it is computed; nothing while nothing flows.
#[component]
pub fn ParticleBadge(crowd: Crowd) -> impl IntoView {
    let state = State::expect();
    let title = state.part(|e| {
        let particles = e.view.particles?;
        let method = e.methods.get(particles.method)?.title();
        Some(match particles.kind {
            ParticleKind::Swarm => format!("Many starts of {method}"),
            ParticleKind::Ensemble => format!("Runs of {method} with other noise"),
        })
    });
    view! {
        <Show when=move || title.get().is_some()>
            <div class="basin-badge particle-badge" role="status">
                <strong>{move || title.get()}</strong>
                <small>{move || crowd.told.get()}</small>
            </div>
        </Show>
    }
}
