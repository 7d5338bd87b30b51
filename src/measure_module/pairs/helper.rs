//! A worker that helps this one: `www/pair-worker.js`.

use super::kernel::{GROUPS_A_CALL, PairKernel};
use super::layout;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thalweg::engine::pairs::Pace;
use thalweg::gpu::later::{Sender, later};
use thalweg::measures::{PairSums, Point, Source};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

/// The bytes of the sums and the milliseconds that they took, or what went wrong.
type Answer = Result<(Vec<u8>, f64), String>;

/// Who waits for which answer. Nobody can be added once the worker has failed.
#[derive(Default)]
struct Waiting {
    failed: bool,
    senders: BTreeMap<u32, Sender<Answer>>,
}

/// A worker with kernels, ended when this is dropped.
pub struct Helper {
    worker: Worker,
    waiting: Rc<RefCell<Waiting>>,
    /// Kernels that it has.
    known: RefCell<BTreeSet<u32>>,
    /// Counts questions.
    number: Cell<u32>,
    /// As whoever asks has seen it.
    pub pace: Cell<Pace>,
    /// Kept as long as the worker.
    _listeners: [Closure<dyn FnMut(JsValue)>; 2],
}

impl Helper {
    /// Starts one, if the browser lets a worker do so.
    pub fn start(script: &str) -> Option<Self> {
        let worker = Worker::new(script).ok()?;
        let waiting = Rc::<RefCell<Waiting>>::default();
        let (answered, failed) = (waiting.clone(), waiting.clone());
        let answered = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let data = event.unchecked_into::<MessageEvent>().data();
            let number = field(&data, "number").as_f64().map(|number| number as u32);
            let sender = number.and_then(|number| answered.borrow_mut().senders.remove(&number));
            if let Some(sender) = sender {
                sender.send(read(&data));
            }
        });
        // Its script did not arrive or did not run: whoever waits hears of it as senders are dropped.
        let failed = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            let senders = {
                let mut waiting = failed.borrow_mut();
                waiting.failed = true;
                std::mem::take(&mut waiting.senders)
            };
            drop(senders);
        });
        worker.set_onmessage(Some(answered.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        let _listeners = [answered, failed];
        Some(Self {
            worker,
            waiting,
            known: RefCell::default(),
            number: Cell::new(0),
            pace: Cell::default(),
            _listeners,
        })
    }

    /// Asks for the sums of these targets, at once; the answer can be waited for, and tells the milliseconds that it took.
    /// `None`: the helper is of no use.
    pub fn ask(
        &self,
        kernel: &PairKernel,
        parameter: f64,
        targets: &[Point],
        sources: &[Source],
    ) -> impl Future<Output = Option<Result<(Vec<PairSums>, f64), String>>> + use<> {
        let layout = layout(targets, sources);
        let number = self.number.replace(self.number.get().wrapping_add(1));
        let (sender, receiver) = later();
        if !self.waiting.borrow().failed {
            let image = Uint8Array::from(layout.image(parameter, targets, sources).as_slice()).buffer();
            let fields: [(&str, JsValue); 8] = [
                ("kind", "sum".into()),
                ("id", kernel.number.into()),
                ("number", number.into()),
                ("image", image.clone().into()),
                ("size", (layout.bytes() as u32).into()),
                ("atOnce", (GROUPS_A_CALL as u32).into()),
                ("groups", (layout.groups() as u32).into()),
                ("sources", (layout.sources as u32).into()),
            ];
            if self.teach(kernel) && self.post(&fields, &Array::of1(&image)) {
                self.waiting.borrow_mut().senders.insert(number, sender);
            }
        }
        // A sender that nobody has kept is dropped by now, and its receiver hears of it.
        async move { receiver.await.map(|answer| answer.map(|(bytes, took)| (layout.read(&bytes), took))) }
    }

    /// A kernel that this worker has dropped.
    pub fn forget(&self, kernel: &PairKernel) {
        self.known.borrow_mut().remove(&kernel.number);
        self.post(&[("kind", "forget".into()), ("id", kernel.number.into())], &Array::new());
    }

    /// Sends the kernel unless it has it.
    fn teach(&self, kernel: &PairKernel) -> bool {
        if !self.known.borrow_mut().insert(kernel.number) {
            return true;
        }
        let bytes = Uint8Array::from(kernel.bytes.as_slice()).into();
        self.post(&[("kind", "kernel".into()), ("id", kernel.number.into()), ("bytes", bytes)], &Array::new())
    }

    fn post(&self, fields: &[(&str, JsValue)], moved: &Array) -> bool {
        let message = Object::new();
        for (key, value) in fields {
            // An object made a moment ago takes every property.
            let _ = Reflect::set(&message, &(*key).into(), value);
        }
        self.worker.post_message_with_transfer(&message, moved).is_ok()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // What it has said may still be on its way.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn read(data: &JsValue) -> Answer {
    match field(data, "sums").dyn_into::<ArrayBuffer>() {
        Ok(sums) => Ok((Uint8Array::new(&sums).to_vec(), field(data, "took").as_f64().unwrap_or(f64::NAN))),
        Err(_) => Err(field(data, "error").as_string().unwrap_or_else(|| "a helper answers something else".to_owned())),
    }
}

fn field(data: &JsValue, key: &str) -> JsValue {
    Reflect::get(data, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
