//! The way to the worker that runs problems of the matrix lab, `www/matrix-worker.js`.

use super::super::dom;
use js_sys::{Array, Float64Array, Object, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use thalweg::experiment::matrix::MatrixTrace;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// What a worker says of a run.
pub enum Answer {
    /// The trace of a method so far.
    Trace(usize, MatrixTrace),
    /// Why a method, or everything, cannot be run.
    Refused(Option<usize>, String),
    /// The share of all steps that have been taken.
    Share(f64),
}

/// The loss on a grid, row by row from the top.
pub struct Grid {
    /// Cells along the first axis.
    pub columns: usize,
    /// Cells along the second.
    pub rows: usize,
    /// The values.
    pub values: Vec<f64>,
}

/// What is asked about a plane.
pub struct SliceOrder<'a> {
    /// The experiment.
    pub link: &'a str,
    /// The method whose parameters span the space.
    pub method: usize,
    /// Origin and unit vectors.
    pub plane: [&'a [f64]; 3],
    /// amin, amax, bmin, bmax.
    pub window: [f64; 4],
    /// Columns and rows of the grids, coarse first.
    pub grids: &'a [[usize; 2]],
}

type Listener = Box<dyn FnMut(u32, &JsValue)>;

/// A worker, started when it is first asked; closed, it is started anew by the next question.
#[derive(Default)]
pub struct MatrixWorker {
    worker: Option<Worker>,
    number: u32,
    /// What to do with answers, and the closure that the browser calls.
    listener: Rc<RefCell<Option<Listener>>>,
    callback: Option<Closure<dyn FnMut(MessageEvent)>>,
}

impl MatrixWorker {
    /// Runs the experiment of a link; answers to what was asked before are dropped.
    pub fn run(&mut self, link: &str, mut answer: impl FnMut(Answer) + 'static) {
        let message = object(&[("kind", "run".into()), ("link", link.into())]);
        self.ask(&message, &Array::new(), move |data| {
            let method = number(data, "method").map(|method| method as usize);
            if let Some(error) = text(data, "error").or_else(|| text(data, "refusal")) {
                answer(Answer::Refused(method, error));
            } else if let (Some(method), Some(numbers)) = (method, numbers(data, "numbers")) {
                // What is no trace is from another version of the module; there is nothing to show then.
                match MatrixTrace::from_numbers(&numbers) {
                    Some(trace) => answer(Answer::Trace(method, trace)),
                    None => answer(Answer::Refused(Some(method), "a trace arrived damaged".to_owned())),
                }
            } else if let Some(share) = number(data, "share") {
                answer(Answer::Share(share));
            }
        });
    }

    /// Computes the loss on a plane; answers with each grid, or with why there is none.
    pub fn slice(&mut self, order: &SliceOrder, mut answer: impl FnMut(Result<Grid, String>) + 'static) {
        let [origin, u, v] = order.plane.map(Float64Array::from);
        let grid = |[columns, rows]: &[usize; 2]| Array::of2(&(*columns as f64).into(), &(*rows as f64).into());
        let message = object(&[
            ("kind", "slice".into()),
            ("link", order.link.into()),
            ("method", (order.method as f64).into()),
            ("origin", origin.into()),
            ("u", u.into()),
            ("v", v.into()),
            ("window", Float64Array::from(order.window.as_slice()).into()),
            ("grids", order.grids.iter().map(grid).collect::<Array>().into()),
        ]);
        self.ask(&message, &Array::new(), move |data| {
            let size = |key: &str| number(data, key).map(|size| size as usize);
            if let Some(error) = text(data, "error") {
                answer(Err(error));
            } else if let (Some(columns), Some(rows), Some(values)) =
                (size("columns"), size("rows"), numbers(data, "values"))
            {
                answer(Ok(Grid { columns, rows, values }));
            }
        });
    }

    /// Ends the worker.
    pub fn close(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.terminate();
        }
        self.listener.take();
    }

    fn ask(&mut self, message: &Object, moved: &Array, mut answer: impl FnMut(&JsValue) + 'static) {
        self.number += 1;
        let asked = self.number;
        let told = self.listener.clone();
        told.replace(Some(Box::new(move |number, data| {
            if number == asked {
                answer(data);
            }
        })));
        let fields = [
            ("number", JsValue::from(asked)),
            ("script", dom::address("thalweg-matrix", "matrix.js").into()),
            ("wasm", dom::address("thalweg-matrix-wasm", "matrix_bg.wasm").into()),
        ];
        fields.iter().for_each(|(key, value)| put(message, key, value));
        let sent = self.started().is_some_and(|worker| worker.post_message_with_transfer(message, moved).is_ok());
        if !sent {
            let failed = object(&[("error", "this browser starts no worker for the runs".into())]);
            tell(&self.listener, asked, &failed);
        }
    }

    fn started(&mut self) -> Option<&Worker> {
        if self.worker.is_none() {
            let options = WorkerOptions::new();
            options.set_type(WorkerType::Module);
            let script = dom::address("thalweg-matrix-worker", "matrix-worker.js");
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

impl Drop for MatrixWorker {
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

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    fields.iter().for_each(|(key, value)| put(&object, key, value));
    object
}

fn put(object: &Object, key: &str, value: &JsValue) {
    // An object made a moment ago takes every property.
    let _ = Reflect::set(object, &key.into(), value);
}

fn field(data: &JsValue, key: &str) -> JsValue {
    Reflect::get(data, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn number(data: &JsValue, key: &str) -> Option<f64> {
    field(data, key).as_f64()
}

fn text(data: &JsValue, key: &str) -> Option<String> {
    field(data, key).as_string()
}

fn numbers(data: &JsValue, key: &str) -> Option<Vec<f64>> {
    field(data, key).dyn_into::<Float64Array>().ok().map(|numbers| numbers.to_vec())
}
