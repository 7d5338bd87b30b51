//! Workers that print and run kernels, as many as the machine has cores, started when the first task is asked for.
//!
//! Each [`Client`] has a list of tasks. New work of a client replaces what it has waiting; answers to what was replaced
//! are dropped, and a worker is never asked to stop: its tasks are short. Clients take turns. A worker has its next task
//! before it is done with one, so that it does not wait for the page to colour what it has answered. One worker more, started
//! when it is asked for, holds the graphics processor.

use super::dom::{self, object, put};
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

/// A part of the work, for one worker. Everything answers with bytes.
pub enum Task {
    /// The engine's module, loaded: what follows does not wait for it.
    Load,
    /// The kernel of a job, printed.
    Print {
        /// The experiment.
        link: Rc<str>,
        /// What its link does not say: see `Job::order`.
        order: Rc<[f64]>,
        /// In double precision.
        double: bool,
        /// One that goes on from the memory it has left.
        resumable: bool,
    },
    /// The memory of a job's resumable kernel before the first step.
    Stand {
        /// The experiment.
        link: Rc<str>,
        /// What its link does not say: see `Job::order`.
        order: Rc<[f64]>,
        /// The first cell.
        first: usize,
        /// How many cells.
        cells: usize,
    },
    /// A call of a kernel: its outputs.
    Kernel {
        /// The kernel.
        module: js_sys::WebAssembly::Module,
        /// Makes its memory before the call.
        image: Box<dyn FnOnce() -> Uint8Array>,
        /// Groups to run.
        groups: usize,
        /// Steps of each run.
        steps: u32,
        /// Steps that the runs have taken before.
        done: u32,
        /// Where the outputs begin; they end with the memory.
        from: usize,
    },
    /// The graphics processor, opened: its name, in the answer's `processor`.
    Open,
    /// The kernel of a job, compiled for the graphics processor and kept there by a number.
    Compile {
        /// The experiment.
        link: Rc<str>,
        /// What its link does not say: see `Job::order`.
        order: Rc<[f64]>,
        /// The number.
        shader: u32,
        /// One that goes on from the memory it has left.
        resumable: bool,
    },
    /// A call of a kernel on the graphics processor: its outputs.
    Compute {
        /// The kernel's number.
        shader: u32,
        /// Makes the memory before the call.
        image: Box<dyn FnOnce() -> Uint8Array>,
        /// Points to run.
        points: usize,
        /// Steps of each run.
        steps: u32,
        /// Steps that the runs have taken before.
        done: u32,
        /// Where the outputs begin; they end with the memory.
        from: usize,
    },
    /// Runs of the direct code: what a kernel would leave.
    Direct {
        /// The experiment.
        link: Rc<str>,
        /// What its link does not say: see `Job::order`.
        order: Rc<[f64]>,
        /// The first cell.
        first: usize,
        /// How many cells.
        cells: usize,
    },
}

impl Task {
    /// Whether it is for the worker that holds the graphics processor.
    fn is_graphics(&self) -> bool {
        matches!(self, Self::Open | Self::Compile { .. } | Self::Compute { .. })
    }

    /// The message for a worker, and what of it moves there.
    fn message(self, number: &JsValue) -> (Object, Array) {
        let count = |value: usize| JsValue::from_f64(value as f64);
        let numbers = |order: &[f64]| js_sys::Float64Array::from(order).into();
        let (message, moved) = match self {
            Self::Kernel { module, image, groups, steps, done, from } => {
                let image = image();
                let moved = Array::of1(&image.buffer());
                let fields = [
                    ("kind", "run".into()),
                    ("module", module.into()),
                    ("image", image.into()),
                    ("groups", count(groups)),
                    ("steps", steps.into()),
                    ("done", done.into()),
                    ("from", count(from)),
                ];
                (object(&fields), moved)
            }
            Self::Load => (with_addresses(object(&[("kind", "ready".into())])), Array::new()),
            Self::Open => (with_addresses(object(&[("kind", "open".into())])), Array::new()),
            Self::Compile { link, order, shader, resumable } => {
                let fields = [
                    ("kind", "compile".into()),
                    ("link", (&*link).into()),
                    ("order", numbers(&order)),
                    ("shader", shader.into()),
                    ("resumable", resumable.into()),
                ];
                (with_addresses(object(&fields)), Array::new())
            }
            Self::Compute { shader, image, points, steps, done, from } => {
                let image = image();
                let moved = Array::of1(&image.buffer());
                let fields = [
                    ("kind", "compute".into()),
                    ("shader", shader.into()),
                    ("image", image.into()),
                    ("points", count(points)),
                    ("steps", steps.into()),
                    ("done", done.into()),
                    ("from", count(from)),
                ];
                (with_addresses(object(&fields)), moved)
            }
            Self::Print { link, order, double, resumable } => {
                let fields = [
                    ("kind", "print".into()),
                    ("link", (&*link).into()),
                    ("order", numbers(&order)),
                    ("double", double.into()),
                    ("resumable", resumable.into()),
                ];
                (with_addresses(object(&fields)), Array::new())
            }
            Self::Direct { ref link, ref order, first, cells } | Self::Stand { ref link, ref order, first, cells } => {
                let kind = if matches!(self, Self::Direct { .. }) { "fly" } else { "stand" };
                let fields = [
                    ("kind", kind.into()),
                    ("link", (&**link).into()),
                    ("order", numbers(order)),
                    ("first", count(first)),
                    ("cells", count(cells)),
                ];
                (with_addresses(object(&fields)), Array::new())
            }
        };
        // Setting a property of an ordinary object cannot fail.
        put(&message, "task", number);
        (message, moved)
    }
}

/// What became of a task.
pub struct Answer {
    /// Its place in the list.
    pub task: usize,
    /// The outputs' memory, or what went wrong.
    pub bytes: Result<Vec<u8>, String>,
    /// How long the worker was at it.
    pub milliseconds: f64,
    /// The name of the graphics processor that was opened, and whether it is a program that stands in for one.
    pub processor: Option<(String, bool)>,
}

impl Answer {
    fn failure(task: usize, reason: &str) -> Self {
        Self { task, bytes: Err(reason.to_owned()), milliseconds: 0.0, processor: None }
    }
}

type OnAnswer = Rc<dyn Fn(Answer)>;

/// The workers of a view.
#[derive(Clone, Default)]
pub struct Pool(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    workers: Vec<Helper>,
    /// The worker that holds the graphics processor.
    graphics: Option<Helper>,
    lists: Vec<List>,
    /// The client whose turn it is.
    next: usize,
    /// Whether the view has gone: nobody works for it any more.
    ended: bool,
}

/// What a client wants.
#[derive(Default)]
struct List {
    /// Counts the lists of a client: answers to an earlier one are dropped.
    turn: u32,
    waiting: VecDeque<(usize, Task)>,
    /// Whether the tasks are for the worker with the graphics processor.
    graphics: bool,
    on_answer: Option<OnAnswer>,
}

struct Helper {
    worker: Worker,
    /// Tasks that it has.
    load: usize,
    /// Kept as long as the worker.
    _listeners: [Closure<dyn FnMut(JsValue)>; 2],
}

impl Helper {
    fn end(self) {
        // What it has said may still be on its way.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// Tasks that a worker has at a time.
const AHEAD: usize = 2;
/// More workers than this would mostly wait for memory.
const MOST: f64 = 16.0;

/// Somebody who has tasks for a pool.
#[derive(Clone)]
pub struct Client {
    pool: Pool,
    place: usize,
}

impl Client {
    /// Gives up what is waiting and has these tasks done; `on_answer` is called for each, in the order in which they end.
    pub fn run(&self, tasks: Vec<Task>, on_answer: impl Fn(Answer) + 'static) {
        self.run_for(tasks, Rc::new(on_answer));
    }

    fn run_for(&self, tasks: Vec<Task>, on_answer: OnAnswer) {
        let graphics = tasks.first().is_some_and(Task::is_graphics);
        if graphics {
            self.pool.start_graphics();
        } else {
            self.pool.start_workers();
        }
        let nobody = {
            let mut inner = self.pool.0.borrow_mut();
            let list = &mut inner.lists[self.place];
            list.turn += 1;
            list.waiting = tasks.into_iter().enumerate().collect();
            list.graphics = graphics;
            list.on_answer = Some(on_answer);
            if graphics { inner.graphics.is_none() } else { inner.workers.is_empty() }
        };
        if nobody {
            self.pool.failed(if graphics { GRAPHICS } else { 0 });
        }
        // One for everybody before anybody gets a second.
        for load in 1..=AHEAD {
            (0..self.workers()).chain([GRAPHICS]).for_each(|helper| self.pool.hand_out(helper, load));
        }
    }

    /// Gives up what is waiting.
    pub fn cancel(&self) {
        let mut inner = self.pool.0.borrow_mut();
        let list = &mut inner.lists[self.place];
        list.turn += 1;
        list.waiting.clear();
        list.on_answer = None;
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.pool.0.borrow().workers.len()
    }
}

impl Pool {
    /// Somebody new who has tasks.
    pub fn client(&self) -> Client {
        let mut inner = self.0.borrow_mut();
        inner.lists.push(List::default());
        Client { pool: self.clone(), place: inner.lists.len() - 1 }
    }

    /// Ends all workers, as the view that needed them does.
    pub fn end(&self) {
        let mut inner = self.0.borrow_mut();
        inner.ended = true;
        for list in &mut inner.lists {
            *list = List { turn: list.turn + 1, ..List::default() };
        }
        let graphics = inner.graphics.take();
        for helper in inner.workers.drain(..).chain(graphics) {
            helper.end();
        }
    }

    /// Starts the workers unless they are there.
    fn start_workers(&self) {
        if !self.0.borrow().workers.is_empty() {
            return;
        }
        let cores = dom::window().navigator().hardware_concurrency().clamp(1.0, MOST) as usize;
        let address = dom::address("thalweg-kernels", "kernels.js");
        for index in 0..cores {
            let Some(helper) = self.helper(&address, index) else { return };
            self.0.borrow_mut().workers.push(helper);
        }
    }

    fn start_graphics(&self) {
        if self.0.borrow().graphics.is_none() {
            let helper = self.helper(&dom::address("thalweg-kernels", "kernels.js"), GRAPHICS);
            self.0.borrow_mut().graphics = helper;
        }
    }

    fn helper(&self, address: &str, index: usize) -> Option<Helper> {
        if self.0.borrow().ended {
            return None;
        }
        let worker = Worker::new(address).ok()?;
        let (pool, failing) = (self.clone(), self.clone());
        let answered = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            pool.answered(index, &event.unchecked_into::<MessageEvent>().data());
        });
        let failed = Closure::<dyn FnMut(JsValue)>::new(move |_| failing.failed(index));
        worker.set_onmessage(Some(answered.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Some(Helper { worker, load: 0, _listeners: [answered, failed] })
    }

    /// Gives a worker the next task, up to so many; the graphics processor has one at a time.
    fn hand_out(&self, index: usize, most: usize) {
        let mut inner = self.0.borrow_mut();
        let most = if index == GRAPHICS { 1 } else { most };
        if inner.helper(index).is_none_or(|helper| helper.load >= most) {
            return;
        }
        let clients = inner.lists.len();
        // A client's tasks are all for one kind of worker.
        let suits =
            |list: &List| list.waiting.front().is_some_and(|(_, task)| task.is_graphics() == (index == GRAPHICS));
        let Some(client) = (0..clients).map(|i| (inner.next + i) % clients).find(|i| suits(&inner.lists[*i])) else {
            return;
        };
        inner.next = (client + 1) % clients;
        let list = &mut inner.lists[client];
        let (turn, on_answer) = (list.turn, list.on_answer.clone());
        let Some((place, task)) = list.waiting.pop_front() else { return };
        let number = Array::of3(&(client as u32).into(), &turn.into(), &(place as u32).into());
        let (message, moved) = task.message(&number.into());
        let Some(helper) = inner.helper(index) else { return };
        if helper.worker.post_message_with_transfer(&message, &moved).is_ok() {
            helper.load += 1;
        } else if let Some(on_answer) = on_answer {
            drop(inner);
            on_answer(Answer::failure(place, NO_ROOM));
        }
    }

    fn answered(&self, index: usize, data: &JsValue) {
        let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let number: Array = field("task").unchecked_into();
        let [client, turn, place] = [0, 1, 2].map(|i| number.get(i).as_f64().unwrap_or(-1.0) as usize);
        let on_answer = {
            let mut inner = self.0.borrow_mut();
            if let Some(helper) = inner.helper(index) {
                helper.load = helper.load.saturating_sub(1);
            }
            let list = inner.lists.get(client).filter(|list| list.turn as usize == turn);
            list.and_then(|list| list.on_answer.clone())
        };
        self.hand_out(index, AHEAD);
        if let Some(on_answer) = on_answer {
            let bytes = match field("error").as_string() {
                Some(error) => Err(error),
                None => Ok(field("bytes").unchecked_into::<Uint8Array>().to_vec()),
            };
            let milliseconds = field("milliseconds").as_f64().unwrap_or(0.0);
            let processor = field("name").as_string().map(|name| (name, field("software").is_truthy()));
            on_answer(Answer { task: place, bytes, milliseconds, processor });
        }
    }

    /// A worker's script did not arrive or did not run. The one with the graphics processor may also fail at work; who asks
    /// for the processor again gets another.
    fn failed(&self, index: usize) {
        let told: Vec<OnAnswer> = {
            let mut inner = self.0.borrow_mut();
            if let Some(failed) = inner.graphics.take_if(|_| index == GRAPHICS) {
                failed.end();
            }
            let concerned = inner.lists.iter_mut().filter(|list| list.graphics == (index == GRAPHICS));
            let told = concerned.filter_map(|list| {
                list.waiting.clear();
                list.on_answer.clone()
            });
            told.collect()
        };
        let reason = if index == GRAPHICS { NO_GRAPHICS } else { NO_WORKERS };
        for on_answer in told {
            on_answer(Answer::failure(0, reason));
        }
    }
}

impl Inner {
    fn helper(&mut self, index: usize) -> Option<&mut Helper> {
        if index == GRAPHICS { self.graphics.as_mut() } else { self.workers.get_mut(index) }
    }
}

/// The place of the worker that holds the graphics processor.
const GRAPHICS: usize = usize::MAX;
/// Why nothing comes from it.
const NO_GRAPHICS: &str = "the graphics processor failed";
/// Why nothing comes of a task that a worker did not get.
const NO_ROOM: &str = "the browser has no memory left for it";
/// Why nothing comes.
const NO_WORKERS: &str = "the browser did not start the workers that compute it";

/// Adds where the engine's module is.
fn with_addresses(message: Object) -> Object {
    for (name, id, file) in
        [("script", "thalweg-engine", "engine.js"), ("wasm", "thalweg-engine-wasm", "engine_bg.wasm")]
    {
        put(&message, name, &dom::address(id, file).into());
    }
    message
}
