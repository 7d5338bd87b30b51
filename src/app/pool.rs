//! Workers that print and run kernels, as many as the machine has cores, started when the first kernel is asked for.
//!
//! Work is a list of tasks for one kernel. New work replaces what is waiting; answers to what was replaced are dropped,
//! and a worker is never asked to stop: its tasks are short.

use super::dom;
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

/// A part of the work, for one worker.
pub enum Task {
    /// One call of a kernel.
    Kernel {
        /// The kernel.
        module: js_sys::WebAssembly::Module,
        /// Its memory before the call.
        image: Vec<u8>,
        /// Groups to run.
        groups: usize,
        /// Steps of each run.
        steps: u32,
        /// Where the outputs begin; they end with the memory.
        outputs: usize,
    },
    /// Runs of the direct code.
    Direct {
        /// The experiment.
        link: Rc<str>,
        /// Which of its methods.
        place: usize,
        /// xmin, xmax, ymin, ymax of the starts.
        window: [f64; 4],
        /// Starts in a row.
        columns: usize,
        /// Rows of starts.
        rows: usize,
    },
}

impl Task {
    /// The message for a worker, and what of it moves there.
    fn message(self, number: &JsValue) -> (Object, Array) {
        let count = |value: usize| JsValue::from_f64(value as f64);
        match self {
            Self::Kernel { module, image, groups, steps, outputs } => {
                let image = Uint8Array::from(image.as_slice());
                let fields = [
                    ("task", number.clone()),
                    ("module", module.into()),
                    ("image", image.clone().into()),
                    ("groups", count(groups)),
                    ("steps", count(steps as usize)),
                    ("from", count(outputs)),
                ];
                (object(&fields), Array::of1(&image.buffer()))
            }
            Self::Direct { link, place, window, columns, rows } => {
                let fields = [
                    ("task", number.clone()),
                    ("link", (&*link).into()),
                    ("place", count(place)),
                    ("window", js_sys::Float64Array::from(&window[..]).into()),
                    ("columns", count(columns)),
                    ("rows", count(rows)),
                ];
                let message = object(&fields);
                add_addresses(&message);
                (message, Array::new())
            }
        }
    }
}

/// What became of a task.
pub struct Answer {
    /// Its place in the list.
    pub task: usize,
    /// The outputs' memory, or what went wrong.
    pub outputs: Result<Vec<u8>, String>,
    /// How long the kernel ran.
    pub milliseconds: f64,
}

type OnAnswer = Rc<dyn Fn(Answer)>;
type OnPrint = Box<dyn FnOnce(Result<Vec<u8>, String>)>;

/// The workers of a view.
#[derive(Clone, Default)]
pub struct Pool(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    workers: Vec<Helper>,
    /// Counts the lists of tasks: answers to an earlier one are dropped.
    turn: u32,
    /// The next task is last.
    waiting: Vec<(usize, Task)>,
    on_answer: Option<OnAnswer>,
    on_print: Option<OnPrint>,
}

struct Helper {
    worker: Worker,
    busy: bool,
    /// Kept as long as the worker.
    _listeners: [Closure<dyn FnMut(JsValue)>; 2],
}

/// More workers than this would mostly wait for memory.
const MOST: f64 = 16.0;

impl Pool {
    /// Gives up what is waiting and runs these tasks; `on_answer` is called for each, in the order in which they end.
    pub fn run(&self, tasks: Vec<Task>, on_answer: impl Fn(Answer) + 'static) {
        self.start_workers();
        {
            let mut inner = self.0.borrow_mut();
            inner.turn += 1;
            inner.waiting = tasks.into_iter().enumerate().collect();
            inner.waiting.reverse();
            inner.on_answer = Some(Rc::new(on_answer));
        }
        (0..self.count()).for_each(|helper| self.hand_out(helper));
    }

    /// How many workers there are.
    pub fn count(&self) -> usize {
        self.0.borrow().workers.len()
    }

    /// Has a kernel printed: for the method at `place` of a link. Gives up what is waiting.
    pub fn print(&self, link: &str, place: usize, double: bool, then: impl FnOnce(Result<Vec<u8>, String>) + 'static) {
        self.start_workers();
        self.cancel();
        let mut inner = self.0.borrow_mut();
        let message = object(&[
            ("task", Array::of2(&inner.turn.into(), &JsValue::from_f64(-1.0)).into()),
            ("link", link.into()),
            ("place", JsValue::from_f64(place as f64)),
            ("double", double.into()),
        ]);
        add_addresses(&message);
        let sent = inner.workers.first().is_some_and(|helper| helper.worker.post_message(&message).is_ok());
        if sent {
            inner.on_print = Some(Box::new(then));
        } else {
            drop(inner);
            then(Err(NO_WORKERS.to_owned()));
        }
    }

    /// Gives up what is waiting.
    pub fn cancel(&self) {
        let mut inner = self.0.borrow_mut();
        inner.turn += 1;
        inner.waiting.clear();
        inner.on_answer = None;
        inner.on_print = None;
    }

    /// Ends all workers, as the view that needed them does.
    pub fn end(&self) {
        self.cancel();
        for helper in self.0.borrow_mut().workers.drain(..) {
            helper.worker.terminate();
        }
    }

    /// Starts the workers unless they are there.
    pub fn start_workers(&self) {
        if !self.0.borrow().workers.is_empty() {
            return;
        }
        let cores = dom::window().navigator().hardware_concurrency().clamp(1.0, MOST) as usize;
        let address = address("thalweg-kernels", "kernels.js");
        for index in 0..cores {
            let Ok(worker) = Worker::new(&address) else { return };
            let (pool, failing) = (self.clone(), self.clone());
            let answered = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
                pool.answered(index, &event.unchecked_into::<MessageEvent>().data());
            });
            let failed = Closure::<dyn FnMut(JsValue)>::new(move |_| failing.failed());
            worker.set_onmessage(Some(answered.as_ref().unchecked_ref()));
            worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
            let helper = Helper { worker, busy: false, _listeners: [answered, failed] };
            self.0.borrow_mut().workers.push(helper);
        }
    }

    /// Gives an idle worker the next task.
    fn hand_out(&self, index: usize) {
        let mut inner = self.0.borrow_mut();
        let turn = inner.turn;
        if inner.workers.get(index).is_none_or(|helper| helper.busy) {
            return;
        }
        let Some((place, task)) = inner.waiting.pop() else { return };
        let (message, moved) = task.message(&Array::of2(&turn.into(), &JsValue::from_f64(place as f64)).into());
        let helper = &mut inner.workers[index];
        helper.busy = helper.worker.post_message_with_transfer(&message, &moved).is_ok();
    }

    fn answered(&self, index: usize, data: &JsValue) {
        let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let task: Array = field("task").unchecked_into();
        let (turn, place) = (task.get(0).as_f64().unwrap_or(-1.0), task.get(1).as_f64().unwrap_or(0.0));
        let error = field("error").as_string();
        if place < 0.0 {
            let then = {
                let mut inner = self.0.borrow_mut();
                if f64::from(inner.turn) == turn { inner.on_print.take() } else { None }
            };
            if let Some(then) = then {
                then(error.map_or_else(|| Ok(field("bytes").unchecked_into::<Uint8Array>().to_vec()), Err));
            }
            return;
        }
        let on_answer = {
            let mut inner = self.0.borrow_mut();
            if let Some(helper) = inner.workers.get_mut(index) {
                helper.busy = false;
            }
            inner.on_answer.clone().filter(|_| f64::from(inner.turn) == turn)
        };
        self.hand_out(index);
        if let Some(on_answer) = on_answer {
            let outputs = error.map_or_else(|| Ok(field("outputs").unchecked_into::<Uint8Array>().to_vec()), Err);
            let milliseconds = field("milliseconds").as_f64().unwrap_or(0.0);
            on_answer(Answer { task: place as usize, outputs, milliseconds });
        }
    }

    /// A worker whose script did not arrive or did not run.
    fn failed(&self) {
        let (on_answer, on_print) = {
            let mut inner = self.0.borrow_mut();
            (inner.on_answer.clone(), inner.on_print.take())
        };
        if let Some(then) = on_print {
            then(Err(NO_WORKERS.to_owned()));
        }
        if let Some(on_answer) = on_answer {
            on_answer(Answer { task: 0, outputs: Err(NO_WORKERS.to_owned()), milliseconds: 0.0 });
        }
    }
}

/// Why there is no map.
pub const NO_WORKERS: &str = "the browser did not start the workers that compute it";

/// Where the engine's module is.
fn add_addresses(message: &Object) {
    for (name, id, file) in
        [("script", "thalweg-engine", "engine.js"), ("wasm", "thalweg-engine-wasm", "engine_bg.wasm")]
    {
        let _ = Reflect::set(message, &name.into(), &address(id, file).into());
    }
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of an ordinary object cannot fail.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

/// The whole address of a file: the page names it with its version, another page finds it beside itself.
pub fn address(id: &str, file: &str) -> String {
    let link = dom::document().get_element_by_id(id).and_then(|link| link.dyn_into::<web_sys::HtmlLinkElement>().ok());
    if let Some(link) = link {
        return link.href();
    }
    let base = dom::document().base_uri().ok().flatten().unwrap_or_default();
    web_sys::Url::new_with_base(file, &base).map_or_else(|_| file.to_owned(), |url| url.href())
}
