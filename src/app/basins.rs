//! Keeps a map of basins up to date: one run from every pixel, by kernels in workers, coarse first.

use super::dom;
use super::pool::{Answer, Pool, Task};
use super::state::State;
use js_sys::{Uint8Array, WebAssembly};
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use thalweg::engine::{Cell, Job, Lanes, Layout, Verdict};
use thalweg::experiment::{Experiment, Link, Method};
use thalweg::figure::read_number;
use thalweg::formula::Program;
use thalweg::problems::{Noise, PlaneProblem};

/// A map of basins, finished or still sharpening.
#[derive(Clone)]
pub struct Basins {
    /// What was asked; its grid is the map's.
    pub job: Arc<Job>,
    /// What became of each cell, row by row from the top.
    pub cells: Arc<Vec<Cell>>,
}

impl Basins {
    /// What became of the start at a point of the plane.
    pub fn at(&self, [x, y]: [f64; 2]) -> Option<Cell> {
        let [x0, x1, y0, y1] = self.job.window;
        let (u, v) = ((x - x0) / (x1 - x0), (y1 - y) / (y1 - y0));
        if !((0.0..1.0).contains(&u) && (0.0..1.0).contains(&v)) {
            return None;
        }
        let (column, row) = ((u * self.job.columns as f64) as usize, (v * self.job.rows as f64) as usize);
        self.cells.get(row * self.job.columns + column).copied()
    }
}

/// The map of basins of a view.
#[derive(Clone, Copy)]
pub struct BasinMap {
    /// The latest map.
    pub shown: RwSignal<Option<Basins>>,
    /// How far it is, how it was computed, or why it cannot be: what the badge says.
    pub told: RwSignal<String>,
}

/// A printed kernel, for as long as problem and optimizer stay what they are: knobs, starts and steps are its inputs.
struct Kernel {
    recipe: Recipe,
    module: WebAssembly::Module,
}

/// Everything that a kernel depends on.
#[derive(Clone, PartialEq)]
struct Recipe {
    program: Program,
    domain: [f64; 4],
    method: Vec<&'static str>,
    lanes: Lanes,
}

/// Pixels of a cell in the first, coarse picture and in the last.
const SIZES: [f64; 2] = [8.0, 1.0];
/// Cells of a task, about: a worker answers some ten times a second.
const CELLS: usize = 16_384;
/// A window narrower than this fraction of its distance from the origin needs double precision: single precision has
/// about 1e-7, and a map has hundreds of pixels.
const NARROW: f64 = 1e-3;

/// Milliseconds between two pictures of a map that is still sharpening.
const BETWEEN_PICTURES: f64 = 250.0;

impl BasinMap {
    /// Follows the experiment: a change makes the map anew, a moment after the last one.
    pub fn follow(state: State) -> Self {
        let map = Self { shown: RwSignal::new(None), told: RwSignal::new(String::new()) };
        let pool = Pool::default();
        let kernel = Rc::new(RefCell::new(None::<Kernel>));
        // What a map depends on: one method, with neither the start nor what is only looked at.
        let asked = state.part(|e| {
            let mut asked = Experiment { start: None, view: Default::default(), ..e.clone() };
            asked.view.basins = e.view.basins.filter(|place| *place < e.methods.len());
            let kept = asked.view.basins.map(|place| asked.methods.swap_remove(place));
            asked.methods = kept.into_iter().map(|method| Method { visible: true, ..method }).collect();
            asked
        });
        let pending = StoredValue::new(None::<TimeoutHandle>);
        on_cleanup({
            let pool = StoredValue::new_local(pool.clone());
            move || pool.with_value(Pool::end)
        });
        Effect::new(move |_| {
            state.track_land();
            let (asked, frame) = (asked.get(), state.frame.get());
            if let Some(handle) = pending.get_value() {
                handle.clear();
            }
            pool.cancel();
            let (Some(method), Some(frame)) = (asked.methods.first().cloned(), frame) else {
                map.shown.set(None);
                map.told.set(String::new());
                return;
            };
            if asked.noise != Noise::None {
                return map
                    .refuse("with noise every run of a start ends elsewhere: switch it off for the map".to_owned());
            }
            let steps = asked.steps;
            let size = [frame.width, frame.height];
            let run = state.run_untracked();
            let (pool, kernel) = (pool.clone(), kernel.clone());
            let (link, place) = state.with_untracked(|e| (Link::write(e), e.view.basins.unwrap_or(0)));
            // The land is drawn first, and a slider that goes on moving is not waited upon.
            let begin = move || {
                let problem = run.problem.clone();
                let job = Job { problem, method, steps, window: frame.window, columns: 1, rows: 1 };
                map.compute(&pool, &kernel, &job, size, &link, place);
            };
            pending.set_value(set_timeout_with_handle(begin, Duration::from_millis(16)).ok());
        });
        map
    }

    /// The basins of the map that this component is part of.
    pub fn expect() -> Self {
        use_context::<Self>().expect("the map provides its basins")
    }

    fn refuse(self, reason: String) {
        // The view may have gone while a worker was at work.
        let _ = self.shown.try_set(None);
        let _ = self.told.try_set(reason);
    }

    /// Has the kernel printed unless it is at hand, and runs it.
    fn compute(
        self,
        pool: &Pool,
        kernel: &Rc<RefCell<Option<Kernel>>>,
        job: &Job,
        size: [f64; 2],
        link: &str,
        place: usize,
    ) {
        if !job.method.entry().recordable() {
            pool.start_workers();
            let link: Rc<str> = link.into();
            let direct = move |_: &Part, job: Job| {
                let Job { window, columns, rows, .. } = job;
                Task::Direct { link: link.clone(), place, window, columns, rows }
            };
            return self.run(pool, job, "direct code", Plan::new(job, Lanes::F64x2, size), direct, dom::now());
        }
        let lanes = lanes_for(&job.window);
        let recipe = Recipe::of(&job.problem, &job.method, lanes);
        let began = dom::now();
        self.told.set(KERNEL.to_owned());
        let module =
            kernel.borrow().as_ref().filter(|kernel| kernel.recipe == recipe).map(|kernel| kernel.module.clone());
        if let Some(module) = module {
            return self.run(pool, job, KERNEL, Plan::new(job, lanes, size), kernel_task(module), began);
        }
        let (job, kernel, again) = (job.clone(), kernel.clone(), pool.clone());
        pool.print(link, place, lanes == Lanes::F64x2, move |printed| {
            let compiled = printed.and_then(|bytes| {
                WebAssembly::Module::new(&Uint8Array::from(bytes.as_slice()))
                    .map_err(|_| "this browser's WebAssembly has no SIMD, which kernels need".to_owned())
            });
            match compiled {
                Ok(module) => {
                    *kernel.borrow_mut() = Some(Kernel { recipe, module: module.clone() });
                    self.run(&again, &job, KERNEL, Plan::new(&job, lanes, size), kernel_task(module), began);
                }
                Err(reason) => self.refuse(reason),
            }
        });
    }

    /// Carries out a plan and shows what becomes of it. `engine` is its name, `task` makes the task of a part.
    fn run(
        self,
        pool: &Pool,
        job: &Job,
        engine: &'static str,
        plan: Plan,
        task: impl Fn(&Part, Job) -> Task,
        began: f64,
    ) {
        let total: usize = plan.parts.iter().map(|part| part.rows.len() * plan.grids[part.grid].columns).sum();
        let total_steps = total as f64 * f64::from(job.steps);
        let tasks = plan.tasks(task);
        let count = tasks.len();
        let grids: Vec<Vec<Option<Cell>>> =
            plan.grids.iter().map(|grid| vec![None; grid.columns * grid.rows]).collect();
        let done = RefCell::new((0_usize, grids));
        let kernel_time = std::cell::Cell::new(0.0);
        let shown_at = std::cell::Cell::new(began);
        let workers = pool.count();
        let on_answer = move |answer: Answer| {
            let outputs = match answer.outputs {
                Ok(outputs) => outputs,
                Err(reason) => return self.refuse(reason),
            };
            kernel_time.set(kernel_time.get() + answer.milliseconds);
            let mut done = done.borrow_mut();
            done.0 += 1;
            let part = &plan.parts[answer.task];
            let grid = &plan.grids[part.grid];
            let landings = part.layout.landings(&outputs);
            let first = part.rows.start * grid.columns;
            for (slot, landing) in done.1[part.grid][first..].iter_mut().zip(landings) {
                *slot = Some(grid.judge(landing));
            }
            // A picture costs as much as a task: the coarse one at once, then some a second, and the last.
            let coarse = done.0 == plan.coarse_parts();
            if coarse || done.0 == count || dom::now() - shown_at.get() > BETWEEN_PICTURES {
                self.show(&plan, &done.1);
                shown_at.set(dom::now());
            }
            let _ = self.told.try_set(if done.0 == count {
                let seconds = read_number(((dom::now() - began) / 10.0).round() / 100.0);
                let rate = read_number((total_steps / kernel_time.get() / 1e3).round());
                let plural = if workers == 1 { "" } else { "s" };
                format!("{engine}, {workers} worker{plural}, {seconds} s, {rate} M steps/s each")
            } else {
                format!("{engine}, {} %", 100 * done.0 / count)
            });
        };
        pool.run(tasks, on_answer);
    }

    /// The finest picture there is: what the last grid does not have yet is taken from the one before.
    fn show(self, plan: &Plan, grids: &[Vec<Option<Cell>>]) {
        let missing = Cell { verdict: Verdict::Moving, steps: 0 };
        let (fine, coarse) = (&plan.grids[1], &plan.grids[0]);
        let job = if grids[1].iter().any(Option::is_some) { fine } else { coarse };
        let cell = |column: usize, row: usize| {
            let own = std::ptr::eq(job, fine).then(|| grids[1][row * fine.columns + column]).flatten();
            own.or_else(|| {
                let (c, r) = (column * coarse.columns / job.columns, row * coarse.rows / job.rows);
                grids[0][r * coarse.columns + c]
            })
        };
        let cells = (0..job.rows).flat_map(|row| (0..job.columns).map(move |column| (column, row)));
        let cells: Vec<Cell> = cells.map(|(column, row)| cell(column, row).unwrap_or(missing)).collect();
        let _ = self.shown.try_set(Some(Basins { job: Arc::new(job.clone()), cells: Arc::new(cells) }));
    }
}

impl Recipe {
    fn of(problem: &PlaneProblem, method: &Method, lanes: Lanes) -> Self {
        Self {
            program: problem.program().clone(),
            domain: problem.domain,
            method: std::iter::once(method.base.id).chain(method.wrappers.iter().map(|stage| stage.id)).collect(),
            lanes,
        }
    }
}

/// Single precision where it tells neighbouring pixels apart.
fn lanes_for(window: &[f64; 4]) -> Lanes {
    let [x0, x1, y0, y1] = *window;
    let narrow = |low: f64, high: f64| (high - low) < NARROW * low.abs().max(high.abs());
    if narrow(x0, x1) || narrow(y0, y1) { Lanes::F64x2 } else { Lanes::F32x4 }
}

/// The grids of a map and the parts in which they are computed.
struct Plan {
    grids: Vec<Job>,
    parts: Vec<Part>,
}

/// Some rows of a grid.
struct Part {
    grid: usize,
    rows: std::ops::Range<usize>,
    layout: Layout,
}

impl Plan {
    fn new(job: &Job, lanes: Lanes, [width, height]: [f64; 2]) -> Self {
        let grids: Vec<Job> = SIZES
            .iter()
            .map(|size| {
                let (columns, rows) =
                    ((width / size).ceil().max(1.0) as usize, (height / size).ceil().max(1.0) as usize);
                Job { columns, rows, ..job.clone() }
            })
            .collect();
        let mut parts = Vec::new();
        for (grid, job) in grids.iter().enumerate() {
            let height = (CELLS / job.columns).max(1);
            for first in (0..job.rows).step_by(height) {
                let rows = first..(first + height).min(job.rows);
                parts.push(Part { grid, layout: Layout::new(&job.method, lanes, rows.len() * job.columns), rows });
            }
        }
        Self { grids, parts }
    }

    fn coarse_parts(&self) -> usize {
        self.parts.iter().filter(|part| part.grid == 0).count()
    }

    fn tasks(&self, task: impl Fn(&Part, Job) -> Task) -> Vec<Task> {
        self.parts.iter().map(|part| task(part, self.grids[part.grid].rows(part.rows.clone()))).collect()
    }
}

/// What the badge calls the engine of printed kernels.
const KERNEL: &str = "SIMD kernel";

/// Makes the tasks of a kernel.
fn kernel_task(module: WebAssembly::Module) -> impl Fn(&Part, Job) -> Task {
    move |part, job| Task::Kernel {
        module: module.clone(),
        image: part.layout.image(&job),
        groups: part.layout.groups(),
        steps: job.steps,
        outputs: part.layout.outputs().start,
    }
}
