//! A kernel that runs in this worker.

use super::layout;
use js_sys::WebAssembly::{Instance, Memory, Module};
use js_sys::{Function, Object, Reflect, Uint8Array};
use thalweg::measures::{PairSums, Point, Source};
use thalweg::scalar::pair_memory::GROUPS_AT_ONCE;
use wasm_bindgen::prelude::*;

/// Groups of a call: a browser runs a new kernel slowly at first and swaps a faster one in between two calls.
pub const GROUPS_A_CALL: usize = 16 * GROUPS_AT_ONCE;
/// Bytes of a page of a kernel's memory.
const PAGE: usize = 65536;

/// A function of a pair, compiled.
pub struct PairKernel {
    /// By which helpers know it.
    pub number: u32,
    /// The module.
    pub bytes: Vec<u8>,
    run: Function,
    memory: Memory,
}

impl PairKernel {
    /// Compiles a module.
    pub fn new(number: u32, bytes: Vec<u8>) -> Result<Self, String> {
        let start = || {
            let module = Module::new(&Uint8Array::from(bytes.as_slice()))?;
            let exports = Instance::new(&module, &Object::new())?.exports();
            let run = Reflect::get(&exports, &"run".into())?.dyn_into::<Function>()?;
            let memory = Reflect::get(&exports, &"memory".into())?.dyn_into::<Memory>()?;
            Ok((run, memory))
        };
        let (run, memory) = start().map_err(|error: JsValue| said(&error))?;
        Ok(Self { number, bytes, run, memory })
    }

    /// The sums of these targets.
    pub fn sums(&self, parameter: f64, targets: &[Point], sources: &[Source]) -> Result<Vec<PairSums>, String> {
        let layout = layout(targets, sources);
        let place = self.room(layout.bytes()).ok_or("there is no memory for the sums over all pairs")?;
        let image = layout.image(parameter, targets, sources);
        place.subarray(0, image.len() as u32).copy_from(&image);
        for first in (0..layout.groups()).step_by(GROUPS_A_CALL) {
            let groups = GROUPS_A_CALL.min(layout.groups() - first);
            let [first, groups, count] = [first, groups, layout.sources].map(|count| JsValue::from(count as u32));
            self.run.call3(&JsValue::UNDEFINED, &first, &groups, &count).map_err(|error| said(&error))?;
        }
        let sums = layout.sums();
        Ok(layout.read(&place.subarray(sums.start as u32, sums.end as u32).to_vec()))
    }

    /// The memory, grown to so many bytes.
    fn room(&self, bytes: usize) -> Option<Uint8Array> {
        let there = || Uint8Array::new(&self.memory.buffer());
        let missing = bytes.saturating_sub(there().length() as usize).div_ceil(PAGE);
        if missing > 0 {
            // It throws where there is no more, which js-sys's own declaration of it does not allow for.
            let grow = Reflect::get(&self.memory, &"grow".into()).ok()?.dyn_into::<Function>().ok()?;
            grow.call1(&self.memory, &JsValue::from(missing as u32)).ok()?;
        }
        Some(there())
    }
}

/// What was thrown, in words.
pub fn said(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "the browser does not say why".to_owned())
}
