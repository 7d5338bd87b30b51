//! Mass runs in the page: has kernels printed, keeps them, and runs jobs part by part on the workers.

use super::dom;
use super::pool::{Answer, Client, Pool, Task};
use js_sys::{Reflect, Uint8Array, WebAssembly};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;
use thalweg::engine::{Axis, Goal, Job, Lanes, Layout};
use thalweg::experiment::Engine;
use thalweg::formula::Program;
use thalweg::problems::{Noise, OwnNoise};

/// A job for the workers, with what they need to understand it.
#[derive(Clone)]
pub struct Request {
    /// The experiment, of which the job is a part.
    pub link: Rc<str>,
    /// The place of the job's method in the experiment.
    pub place: usize,
    /// What is asked.
    pub job: Rc<Job>,
    /// In which precision kernels compute.
    pub lanes: Lanes,
    /// Cells of a part, about; whole rows.
    pub part: usize,
    /// What shall compute it; `None`: the fastest that gives the precision.
    pub engine: Option<Engine>,
}

/// What has become of a request.
pub enum Progress {
    /// It is computed by what is called so, from the beginning.
    Begun(String),
    /// Some cells are there.
    Part {
        /// Which.
        cells: Range<usize>,
        /// How their outputs lie.
        layout: Layout,
        /// Their outputs.
        outputs: Vec<u8>,
        /// How long a worker was at it.
        milliseconds: f64,
        /// Whether these were the last.
        last: bool,
    },
    /// It cannot be done, for this reason.
    Refused(String),
}

/// Everything that a kernel depends on. Knobs, starts, steps and the level of the noise are its inputs.
#[derive(Clone, PartialEq)]
struct Recipe {
    program: Program,
    own_noise: Option<OwnNoise>,
    domain: [f64; 4],
    method: Vec<&'static str>,
    axes: [Axis; 2],
    goal: std::mem::Discriminant<Goal>,
    noise: std::mem::Discriminant<Noise>,
    lanes: Lanes,
    resumable: bool,
}

impl Recipe {
    fn of(job: &Job, lanes: Lanes, resumable: bool) -> Self {
        let method = &job.method;
        Self {
            program: job.problem.program().clone(),
            own_noise: job.problem.own_noise().cloned(),
            domain: job.problem.domain,
            method: std::iter::once(method.base.id).chain(method.wrappers.iter().map(|stage| stage.id)).collect(),
            axes: job.axes,
            goal: std::mem::discriminant(&job.goal),
            noise: std::mem::discriminant(&job.noise),
            lanes,
            resumable,
        }
    }
}

/// What is kept from one request to the next.
struct Kept {
    /// Kernels that have been printed, the latest last.
    kernels: RefCell<Vec<(Recipe, WebAssembly::Module)>>,
    /// The same on the graphics processor, by the numbers it knows them by.
    shaders: RefCell<Vec<(Recipe, u32)>>,
    /// How many numbers have been given.
    numbers: Cell<u32>,
    graphics: RefCell<Graphics>,
    /// Asks for the graphics processor, whatever becomes of the requests.
    opening: Client,
    /// Whether the page computes something itself.
    occupied: Cell<bool>,
}

/// What is known of the graphics processor.
#[derive(Clone, Default)]
enum Graphics {
    #[default]
    Unasked,
    Opening,
    Open {
        name: String,
        /// A program that stands in for one is no faster than kernels.
        software: bool,
    },
    Missing,
}

/// Kernels kept: maps, strip and particles of the optimizers that one goes back and forth between.
const KEPT: usize = 24;
/// Shaders kept: half as many as the worker keeps, which also has those that were given up while they were compiled.
const SHADERS: usize = 8;

/// What is to compute a request.
pub enum Choice {
    /// Kernels, with what there is to say about it after their name.
    Kernel(String),
    /// The graphics processor of this name.
    Graphics(String),
}

/// Who is told as a request proceeds.
type Tell = Rc<dyn Fn(Progress)>;
/// What goes on with a result. Boxed, so that there is one copy of what comes before.
type Then<T> = Box<dyn FnOnce(T)>;

/// The mass runs of a view.
#[derive(Clone)]
pub struct Mass {
    pool: Pool,
    kept: Rc<Kept>,
}

impl Mass {
    /// Makes the mass runs of a view; they end with it.
    pub fn provide() {
        let pool = Pool::default();
        let kept = Kept {
            kernels: RefCell::default(),
            shaders: RefCell::default(),
            numbers: Cell::default(),
            graphics: RefCell::default(),
            opening: pool.client(),
            occupied: Cell::default(),
        };
        let mass = StoredValue::new_local(Self { pool, kept: Rc::new(kept) });
        provide_context(mass);
        on_cleanup(move || mass.with_value(Self::end));
    }

    /// Somebody with requests to the view that this component is part of.
    pub fn expect_runs() -> Runs {
        let mass: StoredValue<Self, LocalStorage> = use_context().expect("the view provides its mass runs");
        mass.with_value(Self::runs)
    }

    /// Somebody with requests, who has one at a time.
    fn runs(&self) -> Runs {
        Runs { client: self.pool.client(), kept: self.kept.clone() }
    }

    /// Ends all workers, as the view that needed them does.
    fn end(&self) {
        self.pool.end();
    }
}

/// One who has requests.
#[derive(Clone)]
pub struct Runs {
    /// Hands tasks to the workers.
    pub client: Client,
    kept: Rc<Kept>,
}

impl Runs {
    /// Gives up what has not been done.
    pub fn cancel(&self) {
        self.client.cancel();
    }

    /// Has the engine's module loaded, so that the first request does not wait for it; with a request, its kernel too.
    pub fn prepare(&self, request: Option<&Request>) {
        // Marks are for tests and measurements; a browser may have no room for them.
        let ready = || dom::window().performance().map(|performance| performance.mark("thalweg-engine"));
        match request {
            Some(request) => self.with_kernel(request, false, Box::new(move |_| drop(ready()))),
            None => self.client.run(vec![Task::Load], move |_| drop(ready())),
        }
    }

    /// Tells whether the page computes something itself, which nobody shall disturb.
    pub fn occupy(&self, occupied: bool) {
        self.kept.occupied.set(occupied);
    }

    /// Whether it does.
    pub fn is_occupied(&self) -> bool {
        self.kept.occupied.get()
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.client.workers()
    }

    /// Gives up an earlier request and begins this one; `tell` is called as it proceeds.
    pub fn begin(&self, request: Request, tell: impl Fn(Progress) + 'static) {
        self.begin_for(request, Rc::new(tell));
    }

    fn begin_for(&self, request: Request, tell: Tell) {
        if !request.job.method.entry().recordable() || request.engine == Some(Engine::Direct) {
            return self.fly(request, tell);
        }
        let runs = self.clone();
        let (engine, lanes) = (request.engine, request.lanes);
        let begin = move |choice| match choice {
            Choice::Kernel(note) => runs.by_kernel(request, &note, tell),
            Choice::Graphics(name) => runs.by_graphics(request, &name, tell),
        };
        self.choose(engine, lanes, Box::new(begin));
    }

    /// Chooses between kernels and the graphics processor: what is asked for, or a processor that is real and gives the
    /// precision.
    pub fn choose(&self, engine: Option<Engine>, lanes: Lanes, then: Then<Choice>) {
        let asked = engine == Some(Engine::Gpu);
        let graphics = self.kept.graphics.borrow().clone();
        let mut note = String::new();
        match graphics {
            Graphics::Open { name, software } if asked || engine.is_none() && !software && lanes == Lanes::F32x4 => {
                return then(Choice::Graphics(name));
            }
            Graphics::Unasked | Graphics::Missing if asked => {
                return self.open(Box::new(|opened| {
                    then(match opened {
                        Ok(name) => Choice::Graphics(name),
                        Err(reason) => Choice::Kernel(format!("; {reason}")),
                    });
                }));
            }
            Graphics::Unasked if engine.is_none() && has_graphics() => {
                // For later requests: this one does not wait, and has the machine to itself.
                *self.kept.graphics.borrow_mut() = Graphics::Opening;
                let runs = self.clone();
                set_timeout(move || runs.open(Box::new(|_| {})), LATER);
            }
            Graphics::Opening if asked => note.push_str("; WebGPU is being opened"),
            _ => {}
        }
        then(Choice::Kernel(note));
    }

    /// Opens the graphics processor, and hands over its name or why there is none.
    fn open(&self, then: Then<Result<String, String>>) {
        *self.kept.graphics.borrow_mut() = Graphics::Opening;
        let (kept, then) = (self.kept.clone(), Cell::new(Some(then)));
        self.kept.opening.run(vec![Task::Open], move |answer| {
            let named = answer.bytes.and_then(|_| answer.processor.ok_or_else(String::new));
            *kept.graphics.borrow_mut() = match named.clone() {
                Ok((name, software)) => Graphics::Open { name, software },
                Err(_) => Graphics::Missing,
            };
            if let Some(then) = then.take() {
                then(named.map(|(name, _)| name));
            }
        });
    }

    fn fly(&self, request: Request, tell: Tell) {
        tell(Progress::Begun(DIRECT.to_owned()));
        let order: Rc<[f64]> = request.job.order(request.place).into();
        let link = request.link.clone();
        let direct = move |cells: Range<usize>, _: &Layout| Task::Direct {
            link: link.clone(),
            order: order.clone(),
            first: cells.start,
            cells: cells.len(),
        };
        self.carry_out(&Request { lanes: Lanes::F64x2, ..request }, &direct, tell);
    }

    /// `note` follows the engine's name.
    fn by_kernel(&self, request: Request, note: &str, tell: Tell) {
        let double = if request.lanes == Lanes::F64x2 { ", double precision" } else { "" };
        tell(Progress::Begun(format!("SIMD kernel{double}{note}")));
        let (runs, asked) = (self.clone(), request.clone());
        let begin = move |kernel: Result<WebAssembly::Module, String>| match kernel {
            Ok(module) => {
                let job = request.job.clone();
                let steps = job.kernel_steps();
                let task = move |cells: Range<usize>, layout: &Layout| {
                    let (job, layout, first) = (job.clone(), layout.clone(), cells.start);
                    Task::Kernel {
                        module: module.clone(),
                        groups: layout.groups(),
                        steps,
                        done: 0,
                        from: layout.outputs().start,
                        image: Box::new(move || layout.image(&job, first).as_slice().into()),
                    }
                };
                runs.carry_out(&request, &task, tell);
            }
            Err(reason) => tell(Progress::Refused(reason)),
        };
        self.with_kernel(&asked, false, Box::new(begin));
    }

    /// On the graphics processor, and by kernels as soon as anything goes wrong there.
    fn by_graphics(&self, request: Request, name: &str, tell: Tell) {
        tell(Progress::Begun(format!("WebGPU ({name})")));
        let request = Request { lanes: Lanes::F32x4, part: request.part.max(GRAPHICS_PART), ..request };
        let (runs, again, told) = (self.clone(), request.clone(), tell.clone());
        let failed = move |reason: String| {
            let note = runs.give_up_graphics(&reason);
            runs.by_kernel(again.clone(), &note, told.clone());
        };
        let (runs, asked) = (self.clone(), request.clone());
        let begin = move |shader| match shader {
            Ok(shader) => runs.compute(&request, shader, failed, tell),
            Err(reason) => failed(reason),
        };
        self.with_shader(&asked, false, Box::new(begin));
    }

    /// Hands over the number by which the graphics processor knows the kernel of a request, or its resumable kernel,
    /// compiled unless it is at hand. The processor is open.
    pub fn with_shader(&self, request: &Request, resumable: bool, then: Then<Result<u32, String>>) {
        let recipe = Recipe::of(&request.job, Lanes::F32x4, resumable);
        let known = self.kept.shaders.borrow().iter().find(|(known, _)| *known == recipe).map(|(_, shader)| *shader);
        if let Some(shader) = known {
            return then(Ok(shader));
        }
        let shader = self.kept.numbers.get();
        self.kept.numbers.set(shader + 1);
        let order = request.job.order(request.place).into();
        let compile = Task::Compile { link: request.link.clone(), order, shader, resumable };
        let (kept, then) = (self.kept.clone(), Cell::new(Some((recipe, then))));
        self.client.run(vec![compile], move |answer| {
            let Some((recipe, then)) = then.take() else { return };
            let compiled = answer.bytes.map(|_| shader);
            if compiled.is_ok() {
                keep(&kept.shaders, SHADERS, (recipe, shader));
            }
            then(compiled);
        });
    }

    /// Forgets what the graphics processor knew, after it has failed for this reason; returns what there is to say about
    /// kernels that take its place.
    pub fn give_up_graphics(&self, reason: &str) -> String {
        self.kept.shaders.borrow_mut().clear();
        *self.kept.graphics.borrow_mut() = Graphics::Missing;
        format!("; WebGPU failed: {reason}")
    }

    fn compute(&self, request: &Request, shader: u32, failed: impl Fn(String) + 'static, tell: Tell) {
        let job = request.job.clone();
        let task = move |cells: Range<usize>, layout: &Layout| {
            let (job, layout, first) = (job.clone(), layout.clone(), cells.start);
            Task::Compute {
                shader,
                points: cells.len(),
                steps: job.kernel_steps(),
                done: 0,
                from: layout.outputs().start,
                image: Box::new(move || layout.image(&job, first).as_slice().into()),
            }
        };
        let told = move |progress| match progress {
            Progress::Refused(reason) => failed(reason),
            progress => tell(progress),
        };
        self.carry_out(request, &task, Rc::new(told));
    }

    /// Hands over the kernel of a request, or its resumable kernel, printed unless it is at hand.
    pub fn with_kernel(&self, request: &Request, resumable: bool, then: Then<Result<WebAssembly::Module, String>>) {
        let recipe = Recipe::of(&request.job, request.lanes, resumable);
        let kernels = self.kept.kernels.borrow();
        let known = kernels.iter().find(|(known, _)| *known == recipe).map(|(_, module)| module.clone());
        drop(kernels);
        if let Some(module) = known {
            return then(Ok(module));
        }
        let print = Task::Print {
            link: request.link.clone(),
            order: request.job.order(request.place).into(),
            double: request.lanes == Lanes::F64x2,
            resumable,
        };
        let (kept, then) = (self.kept.clone(), Cell::new(Some((recipe, then))));
        self.client.run(vec![print], move |Answer { bytes, .. }| {
            let Some((recipe, then)) = then.take() else { return };
            let compiled = bytes.and_then(|bytes| {
                WebAssembly::Module::new(&Uint8Array::from(bytes.as_slice()))
                    .map_err(|_| "this browser's WebAssembly has no SIMD, which kernels need".to_owned())
            });
            if let Ok(module) = &compiled {
                keep(&kept.kernels, KEPT, (recipe, module.clone()));
            }
            then(compiled);
        });
    }

    fn carry_out(&self, request: &Request, task: &dyn Fn(Range<usize>, &Layout) -> Task, tell: Tell) {
        let (job, lanes) = (&request.job, request.lanes);
        let step = (request.part / job.columns).max(1) * job.columns;
        let cells = job.cells();
        let parts: Vec<(Range<usize>, Layout)> = (0..cells)
            .step_by(step)
            .map(|first| first..(first + step).min(cells))
            .map(|cells| (cells.clone(), Layout::new(job, lanes, cells.len())))
            .collect();
        let tasks = parts.iter().map(|(cells, layout)| task(cells.clone(), layout)).collect();
        let left = Cell::new(parts.len());
        self.client.run(tasks, move |Answer { task, bytes, milliseconds, .. }| {
            let part = parts.get(task).cloned();
            tell(match bytes.and_then(|outputs| part.ok_or_else(String::new).map(|part| (outputs, part))) {
                Ok((outputs, (cells, layout))) => {
                    left.set(left.get().saturating_sub(1));
                    Progress::Part { cells, layout, outputs, milliseconds, last: left.get() == 0 }
                }
                Err(reason) => Progress::Refused(reason),
            });
        });
    }
}

/// What a badge calls the direct code.
pub const DIRECT: &str = "direct code";

/// How long after the first request the graphics processor is opened for the next.
const LATER: Duration = Duration::from_millis(1500);

/// Cells that the graphics processor gets at once: it has more lanes than a worker, and a way to go.
const GRAPHICS_PART: usize = 65_536;

/// Keeps so many, the latest.
fn keep<T>(kept: &RefCell<Vec<T>>, most: usize, latest: T) {
    let mut kept = kept.borrow_mut();
    kept.push(latest);
    if kept.len() > most {
        kept.remove(0);
    }
}

/// Whether the browser offers a graphics processor.
fn has_graphics() -> bool {
    Reflect::has(&dom::window().navigator(), &"gpu".into()).unwrap_or(false)
}
