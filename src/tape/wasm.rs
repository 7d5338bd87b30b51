//! Tapes printed as WebAssembly: a SIMD kernel that runs a step many times for many points.
//!
//! The module has one function and its own memory:
//! ```text
//! run(first, groups, steps, done)        memory
//! ```
//! A *group* is as many points as a register has lanes. For each group from `first` on, `groups` of them, it reads the
//! inputs, computes the slots before the first step, takes `steps` steps, of which the first has the number `done + 1`,
//! and writes the slots that are asked for. `groups` is a multiple of [`AT_ONCE`]: so many groups go through the steps
//! side by side, since a step is mostly a chain of operations that wait for each other.
//!
//! Memory begins with a header of 32-bit words, to be written before a run: for each input its address and the bytes
//! from one group to the next (0: the same for all groups), then for each output its address; its groups follow one
//! another, sixteen bytes each. Where a step draws random numbers, there follow the address of each point's run, a 32-bit
//! word a lane, the bytes to the next group's, and the two words of the seed.
//!
//! What is the same for all points is computed once for all groups, and what does not change from step to step once
//! before the steps.

mod draws;
mod nodes;
mod operators;
mod pairs;
mod plan;

use super::{Binary, Tape, Unary};
use crate::scalar::lanes::{AT_ONCE, Lanes, REGISTER};
use draws::Draws;
use nodes::Nodes;
use operators::Operators;
pub use pairs::print_pairs;
use plan::{Home, Local, Locals, Plan, Rate};
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemArg, MemArgTarget, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};

/// What a kernel runs. Tapes must be lowered: elementary functions have no instruction.
pub struct Kernel<'a> {
    /// From the inputs to the slots before the first step.
    pub begin: &'a Tape,
    /// From the slots, the inputs, the number of the step (1, 2, ...) and two uniform numbers for each draw to the slots
    /// after it.
    pub step: &'a Tape,
    /// The slots that are written in the end.
    pub outputs: &'a [usize],
    /// The Philox slot of each draw of a step.
    pub draws: &'a [u32],
    /// Which inputs may differ from point to point; of the others the first group's are read.
    pub varies: &'a [bool],
}

impl Kernel<'_> {
    fn inputs(&self) -> u32 {
        self.begin.inputs()
    }

    fn slots(&self) -> u32 {
        self.begin.outputs().len() as u32
    }

    /// The slots that are the same for all points at every step: running powers of the averaging factors, for instance.
    pub fn shared_slots(&self) -> Vec<bool> {
        let (slots, inputs) = (self.slots() as usize, self.inputs() as usize);
        let begin = self.begin.depends_on(|i| self.varies[i as usize]);
        let mut shared: Vec<bool> = self.begin.outputs().iter().map(|&id| !begin[id as usize]).collect();
        loop {
            let differs = self.step.depends_on(|i| match i as usize {
                i if i < slots => !shared[i],
                i if i < slots + inputs => self.varies[i - slots],
                i => i > slots + inputs,
            });
            let next: Vec<bool> =
                self.step.outputs().iter().zip(&shared).map(|(&id, shared)| *shared && !differs[id as usize]).collect();
            if next == shared {
                return shared;
            }
            shared = next;
        }
    }

    /// The module's bytes.
    pub fn print(&self, lanes: Lanes) -> Vec<u8> {
        module(PARAMETERS, &self.function(lanes))
    }

    fn function(&self, lanes: Lanes) -> Function {
        let places = Places::new(self);
        let scalars = (FIRST_REGISTER - PARAMETERS, ValType::I32);
        let mut function = Function::new([scalars, (places.end - FIRST_REGISTER, ValType::V128)]);
        let to = Operators { sink: function.instructions(), lanes };
        Printer { to, kernel: self, places }.print();
        function
    }
}

/// A module with one function of as many 32-bit integers, exported as `run`, and a memory, exported as `memory`.
fn module(parameters: u32, function: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function((0..parameters).map(|_| ValType::I32), []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    exports.export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

const FIRST: u32 = 0;
const GROUPS: u32 = 1;
const STEPS: u32 = 2;
const DONE: u32 = 3;
const PARAMETERS: u32 = 4;
const GROUP: u32 = 4;
const LAST: u32 = 5;
const STEPS_LEFT: u32 = 6;
const NUMBER: u32 = 7;
const SEED: [u32; 2] = [8, 9];
const KEY: [u32; 2] = [10, 11];
const FIRST_REGISTER: u32 = 12;

/// The locals of everything that a kernel keeps.
struct Places<'a> {
    inputs: Vec<Local>,
    slots: Vec<Local>,
    /// The number of the step in every lane.
    number: Local,
    /// Two uniform numbers for each draw.
    uniforms: Vec<Local>,
    draws: Draws,
    begin: Nodes<'a>,
    step: Nodes<'a>,
    /// The first local that is not used.
    end: u32,
}

impl<'a> Places<'a> {
    fn new(kernel: &Kernel<'a>) -> Self {
        let mut locals = Locals::new(FIRST_REGISTER, AT_ONCE as u32);
        let inputs: Vec<Local> = kernel.varies.iter().map(|varies| locals.take(!varies)).collect();
        let slots: Vec<Local> = kernel.shared_slots().into_iter().map(|shared| locals.take(shared)).collect();
        let number = locals.take(true);
        let uniforms: Vec<Local> = (0..2 * kernel.draws.len()).map(|_| locals.take(false)).collect();
        let run = locals.take(false);
        let mut register = || locals.take(true).first;
        let words = [register(), register(), register(), register()];
        let (high, low) = ([register(), register()], [register(), register()]);
        let draws = Draws { number: NUMBER, seed: SEED, key: KEY, run, words, high, low };
        let begin = Plan::new(kernel.begin, &mut locals, |i| Home { local: inputs[i as usize], steps: false });
        let step = Plan::new(kernel.step, &mut locals, |i| {
            let i = i as usize;
            if let Some(slot) = slots.get(i) {
                return Home { local: *slot, steps: true };
            }
            let i = i - slots.len();
            match inputs.get(i) {
                Some(input) => Home { local: *input, steps: false },
                None if i == inputs.len() => Home { local: number, steps: true },
                None => Home { local: uniforms[i - inputs.len() - 1], steps: true },
            }
        });
        let end = locals.next();
        let begin = Nodes { tape: kernel.begin, plan: begin };
        let step = Nodes { tape: kernel.step, plan: step };
        Self { inputs, slots, number, uniforms, draws, begin, step, end }
    }
}

struct Printer<'a> {
    to: Operators<'a>,
    kernel: &'a Kernel<'a>,
    places: Places<'a>,
}

/// The groups that run side by side.
const COPIES: std::ops::Range<u32> = 0..AT_ONCE as u32;

impl Printer<'_> {
    /// The body of the function.
    fn print(&mut self) {
        let once = Rate { steps: false, points: false };
        let each_group = Rate { steps: false, points: true };
        self.to.sink.local_get(FIRST).local_set(GROUP);
        self.to.sink.local_get(FIRST).local_get(GROUPS).i32_add().local_set(LAST);
        self.load_inputs(false);
        self.load_seed();
        self.places.begin.compute_all(&mut self.to, once, COPIES);
        self.places.step.compute_all(&mut self.to, once, COPIES);
        self.repeat(|printer| {
            printer.to.sink.local_get(GROUP).local_get(LAST).i32_ge_u().br_if(1);
            printer.load_inputs(true);
            printer.load_runs();
            printer.places.begin.compute_all(&mut printer.to, each_group, COPIES);
            printer.places.step.compute_all(&mut printer.to, each_group, COPIES);
            printer.places.begin.assign(&mut printer.to, &printer.places.slots, COPIES);
            printer.to.sink.local_get(DONE).local_set(NUMBER);
            printer.to.sink.local_get(STEPS).local_set(STEPS_LEFT);
            printer.repeat(Self::step);
            printer.store_outputs();
            printer.to.sink.local_get(GROUP).i32_const(AT_ONCE as i32).i32_add().local_set(GROUP);
        });
        self.to.sink.end();
    }

    fn step(&mut self) {
        self.to.sink.local_get(STEPS_LEFT).i32_eqz().br_if(1);
        self.to.sink.local_get(NUMBER).i32_const(1).i32_add().local_tee(NUMBER);
        match self.to.lanes {
            Lanes::F32x4 => self.to.sink.f32_convert_i32_u().f32x4_splat(),
            Lanes::F64x2 => self.to.sink.f64_convert_i32_u().f64x2_splat(),
        };
        self.to.sink.local_set(self.places.number.first);
        for copy in COPIES {
            for (pair, slot) in self.places.uniforms.chunks_exact(2).zip(self.kernel.draws) {
                self.places.draws.print(&mut self.to, *slot, copy, [pair[0].of(copy), pair[1].of(copy)]);
            }
        }
        self.places.step.compute_all(&mut self.to, Rate { steps: true, points: false }, COPIES);
        self.places.step.compute_all(&mut self.to, Rate { steps: true, points: true }, COPIES);
        self.places.step.assign(&mut self.to, &self.places.slots, COPIES);
        self.to.sink.local_get(STEPS_LEFT).i32_const(1).i32_sub().local_set(STEPS_LEFT);
    }

    /// A loop that `body` leaves by a branch to label 1.
    fn repeat(&mut self, body: impl FnOnce(&mut Self)) {
        self.to.sink.block(BlockType::Empty).loop_(BlockType::Empty);
        body(self);
        self.to.sink.br(0).end().end();
    }

    /// Pushes the address in a word of the header, moved on by the groups before group `copy` of those side by side,
    /// where the next word tells how far it is from one to the next.
    fn push_address(&mut self, header: u32, copy: u32) {
        self.to.sink.i32_const(0).i32_load(word(header));
        self.push_group(copy);
        self.to.sink.i32_const(0).i32_load(word(header + 4)).i32_mul().i32_add();
    }

    fn push_group(&mut self, copy: u32) {
        self.to.sink.local_get(GROUP);
        if copy > 0 {
            self.to.sink.i32_const(copy.cast_signed()).i32_add();
        }
    }

    /// Loads the inputs that differ from point to point, or those that do not.
    fn load_inputs(&mut self, varying: bool) {
        for i in 0..self.places.inputs.len() {
            let local = self.places.inputs[i];
            for copy in COPIES.filter(|copy| local.shared != varying && (varying || *copy == 0)) {
                self.push_address(8 * i as u32, copy);
                self.to.sink.v128_load(register()).local_set(local.of(copy));
            }
        }
    }

    /// Where the header's words about draws begin.
    fn draws_header(&self) -> u32 {
        8 * self.kernel.inputs() + 4 * self.kernel.outputs.len() as u32
    }

    fn load_seed(&mut self) {
        if self.kernel.draws.is_empty() {
            return;
        }
        for (place, local) in (2..).zip(SEED) {
            let header = self.draws_header() + 4 * place;
            self.to.sink.i32_const(0).i32_load(word(header)).local_set(local);
        }
    }

    fn load_runs(&mut self) {
        if self.kernel.draws.is_empty() {
            return;
        }
        for copy in COPIES {
            self.push_address(self.draws_header(), copy);
            self.to.sink.v128_load(register()).local_set(self.places.draws.run.of(copy));
        }
    }

    fn store_outputs(&mut self) {
        for (place, slot) in (0..).zip(self.kernel.outputs) {
            for copy in COPIES {
                self.to.sink.i32_const(0).i32_load(word(8 * self.kernel.inputs() + 4 * place));
                self.push_group(copy);
                self.to.sink.i32_const(REGISTER as i32).i32_mul().i32_add();
                self.to.sink.local_get(self.places.slots[*slot].of(copy)).v128_store(register());
            }
        }
    }
}

/// A 32-bit word of the header.
fn word(offset: u32) -> MemArg {
    at(u64::from(offset), 2)
}

/// A register at the address on the stack.
fn register() -> MemArg {
    at(0, 4)
}

fn at(offset: u64, align: u32) -> MemArg {
    MemArg { offset, align, target: MemArgTarget::default(), ordering: None }
}
