//! The way to a worker that runs problems of a lab, `www/lab-worker.js` with the lab's module.

use super::dom::{self, object};
use js_sys::{Float64Array, Object, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

type Listener = Box<dyn FnMut(u32, &JsValue)>;

/// The files of a lab's module: the ids of the page's link elements with their addresses, and the names beside it.
pub struct LabModule {
    /// Its JavaScript.
    pub script: [&'static str; 2],
    /// Its WebAssembly.
    pub wasm: [&'static str; 2],
}

/// A worker, started when it is first asked; closed, it is started anew by the next question.
pub struct LabWorker {
    module: &'static LabModule,
    worker: Option<Worker>,
    number: u32,
    /// What to do with answers, and the closure that the browser calls.
    listener: Rc<RefCell<Option<Listener>>>,
    callback: Option<Closure<dyn FnMut(MessageEvent)>>,
}

impl LabWorker {
    /// A worker that will load this module.
    pub fn new(module: &'static LabModule) -> Self {
        Self { module, worker: None, number: 0, listener: Rc::default(), callback: None }
    }

    /// Ends the worker.
    pub fn close(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.terminate();
        }
        self.listener.take();
    }

    /// Sends a message; answers to what was asked before are dropped.
    pub fn ask(&mut self, message: &Object, mut answer: impl FnMut(&JsValue) + 'static) {
        self.number += 1;
        let asked = self.number;
        self.listener.replace(Some(Box::new(move |number, data| {
            if number == asked {
                answer(data);
            }
        })));
        let [script, wasm] = [self.module.script, self.module.wasm].map(|[id, file]| dom::address(id, file).into());
        let fields = [("number", JsValue::from(asked)), ("script", script), ("wasm", wasm)];
        fields.iter().for_each(|(key, value)| dom::put(message, key, value));
        let sent = self.started().is_some_and(|worker| worker.post_message(message).is_ok());
        if !sent {
            let failed = object(&[("error", "this browser starts no worker for the runs".into())]);
            tell(&self.listener, asked, &failed);
        }
    }

    fn started(&mut self) -> Option<&Worker> {
        if self.worker.is_none() {
            let options = WorkerOptions::new();
            options.set_type(WorkerType::Module);
            let script = dom::address("thalweg-lab-worker", "lab-worker.js");
            let worker = Worker::new_with_options(&script, &options).ok()?;
            let listener = self.listener.clone();
            let callback = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let data = event.data();
                if let Some(asked) = number(&data, "number") {
                    tell(&listener, asked as u32, &data);
                }
            });
            worker.set_onmessage(Some(callback.as_ref().unchecked_ref()));
            self.callback = Some(callback);
            self.worker = Some(worker);
        }
        self.worker.as_ref()
    }
}

impl Drop for LabWorker {
    fn drop(&mut self) {
        self.close();
    }
}

/// Calls the listener, which may put another in its place.
fn tell(listener: &RefCell<Option<Listener>>, number: u32, data: &JsValue) {
    let Some(mut told) = listener.take() else { return };
    told(number, data);
    listener.borrow_mut().get_or_insert(told);
}

/// A field of a message that is a number.
pub fn number(data: &JsValue, key: &str) -> Option<f64> {
    field(data, key).as_f64()
}

/// A field of a message that is a text.
pub fn text(data: &JsValue, key: &str) -> Option<String> {
    field(data, key).as_string()
}

/// A field of a message that is a list of numbers.
pub fn numbers(data: &JsValue, key: &str) -> Option<Vec<f64>> {
    field(data, key).dyn_into::<Float64Array>().ok().map(|numbers| numbers.to_vec())
}

fn field(data: &JsValue, key: &str) -> JsValue {
    Reflect::get(data, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
