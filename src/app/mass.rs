//! Mass runs in the page: has kernels printed, keeps them, and runs jobs part by part on the workers.

use super::pool::{Answer, Client, Pool, Task};
use js_sys::{Uint8Array, WebAssembly};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use thalweg::engine::{Axis, Goal, Job, Lanes, Layout};
use thalweg::experiment::Engine;
use thalweg::formula::Program;
use thalweg::problems::Noise;

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
}

/// What has become of a request.
pub enum Progress {
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

/// What a badge calls an engine.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Gpu => "WebGPU",
        Engine::Kernel => "SIMD kernel",
        Engine::Direct => "direct code",
    }
}

/// Everything that a kernel depends on. Knobs, starts, steps and the level of the noise are its inputs.
#[derive(Clone, PartialEq)]
struct Recipe {
    program: Program,
    /// Its own noise has a program too.
    title: String,
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
            title: job.problem.title.to_string(),
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

/// Kernels that have been printed, the latest last.
type Kernels = Rc<RefCell<Vec<(Recipe, WebAssembly::Module)>>>;
/// Kernels kept: maps, strip and particles of the optimizers that one goes back and forth between.
const KEPT: usize = 24;

/// The mass runs of a view.
#[derive(Clone, Default)]
pub struct Mass {
    pool: Pool,
    kernels: Kernels,
}

impl Mass {
    /// Somebody with requests, who has one at a time.
    pub fn runs(&self) -> Runs {
        Runs { client: self.pool.client(), kernels: self.kernels.clone() }
    }

    /// Ends all workers, as the view that needed them does.
    pub fn end(&self) {
        self.pool.end();
    }
}

/// One who has requests.
#[derive(Clone)]
pub struct Runs {
    /// Hands tasks to the workers.
    pub client: Client,
    kernels: Kernels,
}

impl Runs {
    /// Gives up what has not been done.
    pub fn cancel(&self) {
        self.client.cancel();
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.client.workers()
    }

    /// Which engine a job is for.
    pub fn engine(&self, job: &Job) -> Engine {
        if job.method.entry().recordable() { Engine::Kernel } else { Engine::Direct }
    }

    /// Gives up an earlier request and begins this one; `tell` is called as it proceeds.
    pub fn begin(&self, request: Request, tell: impl Fn(Progress) + 'static) {
        match self.engine(&request.job) {
            Engine::Direct => {
                let order: Rc<[f64]> = request.job.order(request.place).into();
                let link = request.link.clone();
                let direct = move |cells: Range<usize>, _: &Layout| Task::Direct {
                    link: link.clone(),
                    order: order.clone(),
                    first: cells.start,
                    cells: cells.len(),
                };
                self.carry_out(&Request { lanes: Lanes::F64x2, ..request }, direct, tell);
            }
            Engine::Kernel | Engine::Gpu => {
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
                        runs.carry_out(&request, task, tell);
                    }
                    Err(reason) => tell(Progress::Refused(reason)),
                });
            }
        }
    }

    /// Hands over the kernel of a request, or its resumable kernel, printed unless it is at hand.
    pub fn with_kernel(
        &self,
        request: &Request,
        resumable: bool,
        then: impl FnOnce(Result<WebAssembly::Module, String>) + 'static,
    ) {
        let recipe = Recipe::of(&request.job, request.lanes, resumable);
        let known = self.kernels.borrow().iter().find(|(known, _)| *known == recipe).map(|(_, module)| module.clone());
        if let Some(module) = known {
            return then(Ok(module));
        }
        let print = Task::Print {
            link: request.link.clone(),
            order: request.job.order(request.place).into(),
            double: request.lanes == Lanes::F64x2,
            resumable,
        };
        let (kernels, then) = (self.kernels.clone(), Cell::new(Some(then)));
        self.client.run(vec![print], move |Answer { bytes, .. }| {
            let compiled = bytes.and_then(|bytes| {
                WebAssembly::Module::new(&Uint8Array::from(bytes.as_slice()))
                    .map_err(|_| "this browser's WebAssembly has no SIMD, which kernels need".to_owned())
            });
            if let Ok(module) = &compiled {
                let mut kernels = kernels.borrow_mut();
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
        self.client.run(tasks, move |Answer { task, bytes, milliseconds }| {
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
