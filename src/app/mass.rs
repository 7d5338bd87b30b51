//! Mass runs in the page: has kernels printed, keeps them, and runs jobs part by part on the workers.

use super::pool::{Answer, Client, Pool, Task};
use js_sys::{Uint8Array, WebAssembly};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
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
#[derive(Default)]
struct Kept {
    /// Kernels that have been printed, the latest last.
    kernels: RefCell<Vec<(Recipe, WebAssembly::Module)>>,
    /// The same on the graphics processor, by the numbers it knows them by.
    shaders: RefCell<Vec<(Recipe, u32)>>,
    graphics: RefCell<Graphics>,
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
/// Shaders kept: as many as the worker keeps.
const SHADERS: usize = 8;

/// The mass runs of a view.
#[derive(Clone, Default)]
pub struct Mass {
    pool: Pool,
    kept: Rc<Kept>,
}

impl Mass {
    /// Makes the mass runs of a view; they end with it.
    pub fn provide() {
        let mass = StoredValue::new_local(Self::default());
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
        Runs { client: self.pool.client(), opening: self.pool.client(), kept: self.kept.clone() }
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
    /// Asks for the graphics processor, whatever becomes of the requests.
    opening: Client,
    kept: Rc<Kept>,
}

impl Runs {
    /// Gives up what has not been done.
    pub fn cancel(&self) {
        self.client.cancel();
    }

    /// Has the engine's module loaded, so that the first request does not wait for it.
    pub fn prepare(&self) {
        self.client.run(vec![Task::Load], |_| {});
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.client.workers()
    }

    /// Gives up an earlier request and begins this one; `tell` is called as it proceeds.
    pub fn begin(&self, request: Request, tell: impl Fn(Progress) + 'static) {
        self.begin_with(request, Rc::new(tell));
    }

    fn begin_with(&self, request: Request, tell: Rc<dyn Fn(Progress)>) {
        if !request.job.method.entry().recordable() || request.engine == Some(Engine::Direct) {
            return self.fly(request, &tell);
        }
        let graphics = self.kept.graphics.borrow().clone();
        match (request.engine, graphics) {
            (Some(Engine::Gpu), Graphics::Unasked | Graphics::Missing) => {
                let runs = self.clone();
                self.open(move |opened| match opened {
                    Ok(()) => runs.begin_with(request, tell),
                    Err(reason) => runs.by_kernel(request, &format!("; {reason}"), tell),
                });
            }
            (Some(Engine::Gpu), Graphics::Open { name, .. }) => self.by_graphics(request, &name, tell),
            (None, Graphics::Open { name, software: false }) if request.lanes == Lanes::F32x4 => {
                self.by_graphics(request, &name, tell);
            }
            (engine, graphics) => {
                if engine.is_none() && matches!(graphics, Graphics::Unasked) && has_graphics() {
                    // For the next request: this one does not wait.
                    self.open(|_| {});
                }
                let note = if engine == Some(Engine::Gpu) { "; WebGPU is being opened" } else { "" };
                self.by_kernel(request, note, tell);
            }
        }
    }

    fn open(&self, then: impl FnOnce(Result<(), String>) + 'static) {
        *self.kept.graphics.borrow_mut() = Graphics::Opening;
        let (kept, then) = (self.kept.clone(), Cell::new(Some(then)));
        self.opening.run(vec![Task::Open], move |answer| {
            let (now, result) = match (answer.bytes, answer.processor) {
                (Ok(_), Some((name, software))) => (Graphics::Open { name, software }, Ok(())),
                (Ok(_), None) => (Graphics::Missing, Err(String::new())),
                (Err(reason), _) => (Graphics::Missing, Err(reason)),
            };
            *kept.graphics.borrow_mut() = now;
            if let Some(then) = then.take() {
                then(result);
            }
        });
    }

    fn fly(&self, request: Request, tell: &Rc<dyn Fn(Progress)>) {
        tell(Progress::Begun(DIRECT.to_owned()));
        let order: Rc<[f64]> = request.job.order(request.place).into();
        let link = request.link.clone();
        let direct = move |cells: Range<usize>, _: &Layout| Task::Direct {
            link: link.clone(),
            order: order.clone(),
            first: cells.start,
            cells: cells.len(),
        };
        let tell = tell.clone();
        self.carry_out(&Request { lanes: Lanes::F64x2, ..request }, direct, move |progress| tell(progress));
    }

    /// `note` follows the engine's name.
    fn by_kernel(&self, request: Request, note: &str, tell: Rc<dyn Fn(Progress)>) {
        let double = if request.lanes == Lanes::F64x2 { ", double precision" } else { "" };
        tell(Progress::Begun(format!("SIMD kernel{double}{note}")));
        let runs = self.clone();
        self.with_kernel(&request.clone(), false, move |kernel| match kernel {
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
                        image: Box::new(move || layout.image(&job, first)),
                    }
                };
                runs.carry_out(&request, task, move |progress| tell(progress));
            }
            Err(reason) => tell(Progress::Refused(reason)),
        });
    }

    /// On the graphics processor, and by kernels as soon as anything goes wrong there.
    fn by_graphics(&self, request: Request, name: &str, tell: Rc<dyn Fn(Progress)>) {
        tell(Progress::Begun(format!("WebGPU ({name})")));
        let request = Request { lanes: Lanes::F32x4, part: request.part.max(GRAPHICS_PART), ..request };
        let (runs, again) = (self.clone(), request.clone());
        let failed = Rc::new(move |reason: String, tell: Rc<dyn Fn(Progress)>| {
            runs.give_up_graphics();
            runs.by_kernel(again.clone(), &format!("; WebGPU failed: {reason}"), tell);
        });
        let runs = self.clone();
        self.with_shader(&request.clone(), false, move |shader| match shader {
            Ok(shader) => runs.compute(&request, shader, failed, tell),
            Err(reason) => failed(reason, tell),
        });
    }

    /// Hands over the number by which the graphics processor knows the kernel of a request, or its resumable kernel,
    /// compiled unless it is at hand. The processor is open.
    pub fn with_shader(&self, request: &Request, resumable: bool, then: impl FnOnce(Result<u32, String>) + 'static) {
        let recipe = Recipe::of(&request.job, Lanes::F32x4, resumable);
        let known = self.kept.shaders.borrow().iter().find(|(known, _)| *known == recipe).map(|(_, shader)| *shader);
        if let Some(shader) = known {
            return then(Ok(shader));
        }
        let mut shaders = self.kept.shaders.borrow_mut();
        let shader = shaders.last().map_or(0, |(_, last)| last + 1);
        shaders.push((recipe, shader));
        if shaders.len() > SHADERS {
            shaders.remove(0);
        }
        drop(shaders);
        let order = request.job.order(request.place).into();
        let compile = Task::Compile { link: request.link.clone(), order, shader, resumable };
        let then = Cell::new(Some(then));
        self.client.run(vec![compile], move |answer| {
            if let Some(then) = then.take() {
                then(answer.bytes.map(|_| shader));
            }
        });
    }

    /// The name of the graphics processor where it is to be used: when it is asked for and there is one, or when it is real.
    pub fn with_graphics(&self, engine: Option<Engine>, then: impl FnOnce(Option<String>) + 'static) {
        self.with_graphics_boxed(engine, Box::new(then));
    }

    fn with_graphics_boxed(&self, engine: Option<Engine>, then: Box<dyn FnOnce(Option<String>)>) {
        let graphics = self.kept.graphics.borrow().clone();
        match (engine, graphics) {
            (Some(Engine::Gpu), Graphics::Open { name, .. }) | (None, Graphics::Open { name, software: false }) => {
                then(Some(name));
            }
            (Some(Engine::Gpu), Graphics::Unasked) => {
                let runs = self.clone();
                self.open(move |opened| match opened {
                    Ok(()) => runs.with_graphics_boxed(engine, then),
                    Err(_) => then(None),
                });
            }
            (None, Graphics::Unasked) if has_graphics() => {
                // For the next time: this one does not wait.
                self.open(|_| {});
                then(None);
            }
            _ => then(None),
        }
    }

    /// Forgets what the graphics processor knew, after it has failed.
    pub fn give_up_graphics(&self) {
        self.kept.shaders.borrow_mut().clear();
        *self.kept.graphics.borrow_mut() = Graphics::Missing;
    }

    fn compute(
        &self,
        request: &Request,
        shader: u32,
        failed: Rc<impl Fn(String, Rc<dyn Fn(Progress)>) + 'static>,
        tell: Rc<dyn Fn(Progress)>,
    ) {
        let job = request.job.clone();
        let task = move |cells: Range<usize>, layout: &Layout| {
            let (job, layout, first) = (job.clone(), layout.clone(), cells.start);
            Task::Compute {
                shader,
                points: cells.len(),
                steps: job.kernel_steps(),
                done: 0,
                from: layout.outputs().start,
                image: Box::new(move || layout.image(&job, first)),
            }
        };
        self.carry_out(request, task, move |progress| match progress {
            Progress::Refused(reason) => failed(reason, tell.clone()),
            progress => tell(progress),
        });
    }

    /// Hands over the kernel of a request, or its resumable kernel, printed unless it is at hand.
    pub fn with_kernel(
        &self,
        request: &Request,
        resumable: bool,
        then: impl FnOnce(Result<WebAssembly::Module, String>) + 'static,
    ) {
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
        let (kept, then) = (self.kept.clone(), Cell::new(Some(then)));
        self.client.run(vec![print], move |Answer { bytes, .. }| {
            let compiled = bytes.and_then(|bytes| {
                WebAssembly::Module::new(&Uint8Array::from(bytes.as_slice()))
                    .map_err(|_| "this browser's WebAssembly has no SIMD, which kernels need".to_owned())
            });
            if let Ok(module) = &compiled {
                let mut kernels = kept.kernels.borrow_mut();
                kernels.push((recipe.clone(), module.clone()));
                if kernels.len() > KEPT {
                    kernels.remove(0);
                }
            }
            if let Some(then) = then.take() {
                then(compiled);
            }
        });
    }

    fn carry_out(
        &self,
        request: &Request,
        task: impl Fn(Range<usize>, &Layout) -> Task,
        tell: impl Fn(Progress) + 'static,
    ) {
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

/// Cells that the graphics processor gets at once: it has more lanes than a worker, and a way to go.
const GRAPHICS_PART: usize = 65_536;

/// Whether the browser offers a graphics processor.
fn has_graphics() -> bool {
    let navigator = super::dom::window().navigator();
    js_sys::Reflect::has(&navigator, &"gpu".into()).unwrap_or(false)
}
