//! Tapes printed as WebAssembly: a SIMD kernel that runs a step many times for many points.
//!
//! The module has one function and its own memory:
//! ```text
//! run(first, groups, steps)        memory
//! ```
//! A *group* is as many points as a register has lanes. For each group from `first` on, `groups` of them, it reads the
//! inputs, computes the slots before the first step, takes `steps` steps, and writes the slots that are asked for.
//! Memory begins with a header of 32-bit words, to be written before a run: for each input its address and the bytes
//! from one group to the next (0: the same for all groups), then for each output its address; its groups follow one
//! another, sixteen bytes each.
//!
//! What does not change from step to step is computed once a group.

use super::{Binary, Id, Node, Tape, Unary};
use crate::scalar::lanes::{Lanes, REGISTER};
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, InstructionSink, MemArg,
    MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// What a kernel runs. Tapes must be lowered: elementary functions have no instruction.
pub struct Kernel<'a> {
    /// From the inputs to the slots before the first step.
    pub begin: &'a Tape,
    /// From the slots, the inputs and the number of the step (1, 2, ...) to the slots after it.
    pub step: &'a Tape,
    /// The slots that are written in the end.
    pub outputs: &'a [usize],
    /// The Philox slot of each draw of a step.
    pub draws: &'a [u32],
}

impl Kernel<'_> {
    fn inputs(&self) -> u32 {
        self.begin.inputs()
    }

    fn slots(&self) -> u32 {
        self.begin.outputs().len() as u32
    }

    /// The module's bytes.
    pub fn print(&self, lanes: Lanes) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32; 3], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut exports = ExportSection::new();
        exports.export("run", ExportKind::Func, 0);
        exports.export("memory", ExportKind::Memory, 0);
        let mut code = CodeSection::new();
        code.function(&self.function(lanes));
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
        module.finish()
    }

    /// Locals: the three parameters, three counters, then registers: the step's number, inputs, slots, and what tapes
    /// keep.
    fn function(&self, lanes: Lanes) -> Function {
        let number = FIRST_REGISTER;
        let inputs = number + 1;
        let slots = inputs + self.inputs();
        let first_kept = slots + self.slots();
        let begin = Plan::new(self.begin, first_kept, |i| Home { local: inputs + i, varies: true });
        let step = Plan::new(self.step, begin.next, |i| {
            let varies = i < self.slots() || i == self.slots() + self.inputs();
            let local = match i.checked_sub(self.slots()) {
                None => slots + i,
                Some(i) if i < self.inputs() => inputs + i,
                Some(_) => number,
            };
            Home { local, varies }
        });
        let registers = step.next - FIRST_REGISTER;
        let mut function = Function::new([(FIRST_REGISTER - PARAMETERS, ValType::I32), (registers, ValType::V128)]);
        let mut printer = Printer { sink: function.instructions(), lanes };
        printer.for_each_group(|printer| {
            for i in 0..self.inputs() {
                printer.load_input(i, inputs + i);
            }
            printer.print(self.begin, &begin, |_| true);
            printer.assign(self.begin, &begin, slots);
            printer.constant(0.0);
            printer.sink.local_set(number);
            printer.print(self.step, &step, |at| !step.varies[at]);
            printer.for_each_step(|printer| {
                printer.sink.local_get(number);
                printer.constant(1.0);
                printer.binary(Binary::Add);
                printer.sink.local_set(number);
                printer.print(self.step, &step, |at| step.varies[at]);
                printer.assign(self.step, &step, slots);
            });
            for (place, slot) in (0..).zip(self.outputs) {
                printer.store_output(8 * self.inputs() + 4 * place, slots + *slot as u32);
            }
        });
        printer.sink.end();
        function
    }
}

const PARAMETERS: u32 = 3;
const FIRST: u32 = 0;
const GROUPS: u32 = 1;
const STEPS: u32 = 2;
const GROUP: u32 = 3;
const LAST: u32 = 4;
const STEPS_LEFT: u32 = 5;
const FIRST_REGISTER: u32 = 6;

/// Where an input lives.
struct Home {
    local: u32,
    /// Whether it changes from step to step.
    varies: bool,
}

/// Which local keeps which node.
struct Plan {
    /// The local of each node; `None` where it is computed at its only use.
    local: Vec<Option<u32>>,
    /// Whether each node changes from step to step.
    varies: Vec<bool>,
    /// Whether each node is an input, which has its local already.
    given: Vec<bool>,
    /// The first local that is free.
    next: u32,
}

/// Nodes nested deeper than this get a local, so that printing does not recurse without bound.
const DEPTH: u32 = 48;

impl Plan {
    fn new(tape: &Tape, first: u32, home: impl Fn(u32) -> Home) -> Self {
        let nodes = tape.nodes();
        let varies = tape.depends_on(|i| home(i).varies);
        let mut uses = vec![0_u32; nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            for id in node.operands() {
                // What is computed once a group and used in every step is kept as well.
                uses[id as usize] += if varies[id as usize] == varies[at] { 1 } else { 2 };
            }
        }
        for &id in tape.outputs() {
            uses[id as usize] += 2;
        }
        let mut plan = Self { local: Vec::new(), varies, given: Vec::new(), next: first };
        let mut depth: Vec<u32> = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let below = node.operands().filter(|id| plan.local[*id as usize].is_none()).map(|id| depth[id as usize]);
            let deep = below.max().map_or(0, |d| d + 1);
            let local = match node {
                Node::Input(i) => Some(home(*i).local),
                // A constant at hand is cheaper than one in a local, which the machine would have to load as well.
                Node::Constant(_) | Node::Truth(_) => None,
                _ if uses[at] > 1 || deep > DEPTH => {
                    plan.next += 1;
                    Some(plan.next - 1)
                }
                _ => None,
            };
            plan.local.push(local);
            plan.given.push(matches!(node, Node::Input(_)));
            depth.push(if local.is_some() { 0 } else { deep });
        }
        plan
    }
}

struct Printer<'a> {
    sink: InstructionSink<'a>,
    lanes: Lanes,
}

impl Printer<'_> {
    fn for_each_group(&mut self, body: impl FnOnce(&mut Self)) {
        self.sink.local_get(FIRST).local_set(GROUP);
        self.sink.local_get(FIRST).local_get(GROUPS).i32_add().local_set(LAST);
        self.sink.block(BlockType::Empty).loop_(BlockType::Empty);
        self.sink.local_get(GROUP).local_get(LAST).i32_ge_u().br_if(1);
        body(self);
        self.sink.local_get(GROUP).i32_const(1).i32_add().local_set(GROUP);
        self.sink.br(0).end().end();
    }

    fn for_each_step(&mut self, body: impl FnOnce(&mut Self)) {
        self.sink.local_get(STEPS).local_set(STEPS_LEFT);
        self.sink.block(BlockType::Empty).loop_(BlockType::Empty);
        self.sink.local_get(STEPS_LEFT).i32_eqz().br_if(1);
        body(self);
        self.sink.local_get(STEPS_LEFT).i32_const(1).i32_sub().local_set(STEPS_LEFT);
        self.sink.br(0).end().end();
    }

    /// Input `i` of the present group: `header[2i] + group * header[2i + 1]`.
    fn load_input(&mut self, i: u32, local: u32) {
        self.sink.i32_const(0).i32_load(word(8 * i));
        self.sink.local_get(GROUP).i32_const(0).i32_load(word(8 * i + 4)).i32_mul().i32_add();
        self.sink.v128_load(register()).local_set(local);
    }

    fn store_output(&mut self, header: u32, local: u32) {
        self.sink.i32_const(0).i32_load(word(header));
        self.sink.local_get(GROUP).i32_const(REGISTER as i32).i32_mul().i32_add();
        self.sink.local_get(local).v128_store(register());
    }

    /// Computes the kept nodes that `wanted` names, in order.
    fn print(&mut self, tape: &Tape, plan: &Plan, wanted: impl Fn(usize) -> bool) {
        for at in 0..tape.nodes().len() {
            if let Some(local) = plan.local[at].filter(|_| wanted(at) && !plan.given[at]) {
                self.compute(tape, plan, at as Id);
                self.sink.local_set(local);
            }
        }
    }

    /// Moves all outputs into their slots at once.
    fn assign(&mut self, tape: &Tape, plan: &Plan, slots: u32) {
        for &id in tape.outputs() {
            self.push(tape, plan, id);
        }
        for slot in (0..tape.outputs().len() as u32).rev() {
            self.sink.local_set(slots + slot);
        }
    }

    /// Leaves the value of a node on the stack.
    fn push(&mut self, tape: &Tape, plan: &Plan, id: Id) {
        match plan.local[id as usize] {
            Some(local) => {
                self.sink.local_get(local);
            }
            None => self.compute(tape, plan, id),
        }
    }

    fn compute(&mut self, tape: &Tape, plan: &Plan, id: Id) {
        match tape.nodes()[id as usize] {
            Node::Constant(bits) => self.constant(f64::from_bits(bits)),
            Node::Truth(truth) => {
                self.sink.v128_const(if truth { -1 } else { 0 });
            }
            Node::Input(_) => unreachable!("inputs have locals"),
            Node::Unary(f, a) => {
                self.push(tape, plan, a);
                self.unary(f);
            }
            Node::Binary(f, a, b) => {
                self.push(tape, plan, a);
                self.push(tape, plan, b);
                self.binary(f);
            }
            Node::Select(mask, yes, no) => {
                self.push(tape, plan, yes);
                self.push(tape, plan, no);
                self.push(tape, plan, mask);
                self.sink.v128_bitselect();
            }
        }
    }

    fn constant(&mut self, value: f64) {
        self.sink.v128_const(match self.lanes {
            Lanes::F32x4 => splat32((value as f32).to_bits()),
            Lanes::F64x2 => splat64(value.to_bits()),
        });
    }

    fn unary(&mut self, f: Unary) {
        let sink = &mut self.sink;
        match (f, self.lanes) {
            (Unary::Negate, Lanes::F32x4) => sink.f32x4_neg(),
            (Unary::Negate, Lanes::F64x2) => sink.f64x2_neg(),
            (Unary::Sqrt, Lanes::F32x4) => sink.f32x4_sqrt(),
            (Unary::Sqrt, Lanes::F64x2) => sink.f64x2_sqrt(),
            (Unary::Abs, Lanes::F32x4) => sink.f32x4_abs(),
            (Unary::Abs, Lanes::F64x2) => sink.f64x2_abs(),
            (Unary::Floor, Lanes::F32x4) => sink.f32x4_floor(),
            (Unary::Floor, Lanes::F64x2) => sink.f64x2_floor(),
            (Unary::Not, _) => sink.v128_not(),
            (Unary::Exp2i, Lanes::F32x4) => {
                sink.i32x4_trunc_sat_f32x4_s().v128_const(splat32(127)).i32x4_add().i32_const(23).i32x4_shl()
            }
            (Unary::Exp2i, Lanes::F64x2) => {
                sink.i32x4_trunc_sat_f64x2_s_zero().i64x2_extend_low_i32x4_s();
                sink.v128_const(splat64(1023)).i64x2_add().i32_const(52).i64x2_shl()
            }
            (Unary::Exponent, Lanes::F32x4) => {
                sink.i32_const(23).i32x4_shr_u().v128_const(splat32(255)).v128_and();
                sink.v128_const(splat32(127)).i32x4_sub().f32x4_convert_i32x4_s()
            }
            (Unary::Exponent, Lanes::F64x2) => {
                sink.i32_const(52).i64x2_shr_u().v128_const(splat64(2047)).v128_and();
                sink.v128_const(splat64(1023)).i64x2_sub();
                // The low halves of both integers, side by side; the other two lanes are not read.
                sink.v128_const(0).i8x16_shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]);
                sink.f64x2_convert_low_i32x4_s()
            }
            (Unary::Mantissa, Lanes::F32x4) => {
                sink.v128_const(splat32(0x007f_ffff)).v128_and().v128_const(splat32(0x3f80_0000)).v128_or()
            }
            (Unary::Mantissa, Lanes::F64x2) => {
                sink.v128_const(splat64((1 << 52) - 1)).v128_and().v128_const(splat64(1023 << 52)).v128_or()
            }
            (
                Unary::Exp | Unary::Ln | Unary::Sin | Unary::Cos | Unary::Tan | Unary::Sinh | Unary::Cosh | Unary::Tanh,
                _,
            ) => unreachable!("kernels are printed from lowered tapes"),
        };
    }

    fn binary(&mut self, f: Binary) {
        let sink = &mut self.sink;
        match (f, self.lanes) {
            (Binary::Add, Lanes::F32x4) => sink.f32x4_add(),
            (Binary::Add, Lanes::F64x2) => sink.f64x2_add(),
            (Binary::Subtract, Lanes::F32x4) => sink.f32x4_sub(),
            (Binary::Subtract, Lanes::F64x2) => sink.f64x2_sub(),
            (Binary::Multiply, Lanes::F32x4) => sink.f32x4_mul(),
            (Binary::Multiply, Lanes::F64x2) => sink.f64x2_mul(),
            (Binary::Divide, Lanes::F32x4) => sink.f32x4_div(),
            (Binary::Divide, Lanes::F64x2) => sink.f64x2_div(),
            (Binary::Less, Lanes::F32x4) => sink.f32x4_lt(),
            (Binary::Less, Lanes::F64x2) => sink.f64x2_lt(),
            (Binary::LessOrEqual, Lanes::F32x4) => sink.f32x4_le(),
            (Binary::LessOrEqual, Lanes::F64x2) => sink.f64x2_le(),
            (Binary::And, _) => sink.v128_and(),
            (Binary::Or, _) => sink.v128_or(),
            (Binary::Atan2 | Binary::Hypot | Binary::Pow, _) => {
                unreachable!("kernels are printed from lowered tapes")
            }
        };
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

fn splat32(bits: u32) -> i128 {
    let bits = u128::from(bits);
    (bits | bits << 32 | bits << 64 | bits << 96).cast_signed()
}

fn splat64(bits: u64) -> i128 {
    (u128::from(bits) | u128::from(bits) << 64).cast_signed()
}
