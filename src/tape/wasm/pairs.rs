//! Sums over all pairs of points as a WebAssembly module.
//!
//! The module has one function and its own memory, which [`pair_memory`](crate::scalar::pair_memory) describes:
//! ```text
//! run(first, groups, sources)        memory
//! ```
//! For `groups` groups of four targets from `first` on it adds up the terms of the first `sources` sources and writes the
//! three sums of each target. `groups` is a multiple of [`GROUPS_AT_ONCE`]: so many go through the sources side by side,
//! since a term is mostly a chain of operations that wait for each other, and so that a source is loaded once for all of
//! them.
//!
//! What depends on the parameter alone is computed once, what depends on a target before its sources, what depends on a
//! source once for all groups that run side by side.

use super::nodes::Nodes;
use super::operators::Operators;
use super::plan::{Home, Local, Locals, Plan, Rate};
use super::{at, register, word};
use crate::scalar::lanes::{Lanes, REGISTER};
use crate::scalar::pair_memory::{
    BLOCK, GROUPS_AT_ONCE, INPUTS, PARAMETER, SOURCE, SOURCE_INPUTS, SOURCES, SUMS, TARGETS,
};
use crate::tape::{Node, Tape};
use wasm_encoder::{BlockType, Function};

const FIRST: u32 = 0;
const GROUPS: u32 = 1;
/// How many sources at first, then the address where they end.
const END: u32 = 2;
const PARAMETERS: u32 = 3;
const GROUP: u32 = 3;
const LAST: u32 = 4;
/// Address of the sources, of the next one, and of the end of its block.
const BEGIN: u32 = 5;
const AT: u32 = 6;
const BLOCK_END: u32 = 7;
const FIRST_REGISTER: u32 = 8;

/// The groups that run side by side.
const COPIES: std::ops::Range<u32> = 0..GROUPS_AT_ONCE as u32;

/// Prints the module for a function of a pair: a lowered tape with the inputs of
/// [`pair_memory`](crate::scalar::pair_memory::INPUTS) and an output for each sum.
pub fn print_pairs(tape: &Tape) -> Vec<u8> {
    let mut locals = Locals::new(FIRST_REGISTER, COPIES.end);
    let inputs: Vec<Home> = (0..INPUTS as u32)
        .map(|input| Home { local: locals.take(input >= SOURCE_INPUTS.start), steps: SOURCE_INPUTS.contains(&input) })
        .collect();
    let blocks = SUMS.map(|_| locals.take(false));
    let totals = SUMS.map(|_| locals.take(false));
    let plan = Plan::new(tape, &mut locals, |i| inputs[i as usize]);
    let scalars = (FIRST_REGISTER - PARAMETERS, wasm_encoder::ValType::I32);
    let registers = (locals.next() - FIRST_REGISTER, wasm_encoder::ValType::V128);
    let mut function = Function::new([scalars, registers]);
    let to = Operators { sink: function.instructions(), lanes: Lanes::F32x4 };
    let inputs = inputs.into_iter().map(|home| home.local).collect();
    Printer { to, nodes: Nodes { tape, plan }, inputs, blocks, totals }.print();
    super::module(PARAMETERS, &function)
}

struct Printer<'a> {
    to: Operators<'a>,
    nodes: Nodes<'a>,
    inputs: Vec<Local>,
    /// Sums of the block, and of all blocks before.
    blocks: [Local; SUMS.len()],
    totals: [Local; SUMS.len()],
}

impl Printer<'_> {
    fn print(&mut self) {
        let sink = &mut self.to.sink;
        sink.local_get(FIRST).local_tee(GROUP).local_get(GROUPS).i32_add().local_set(LAST);
        sink.i32_const(0).i32_load(word(SOURCES)).local_tee(BEGIN);
        sink.local_get(END).i32_const(SOURCE.cast_signed()).i32_mul().i32_add().local_set(END);
        let parameter = self.inputs[INPUTS - 1].first;
        sink.i32_const(0).v128_load32_splat(word(PARAMETER)).local_set(parameter);
        self.compute(Rate { steps: false, points: false });
        self.to.sink.block(BlockType::Empty).loop_(BlockType::Empty);
        self.to.sink.local_get(GROUP).local_get(LAST).i32_ge_u().br_if(1);
        self.groups();
        self.to.sink.local_get(GROUP).i32_const(GROUPS_AT_ONCE as i32).i32_add().local_set(GROUP);
        self.to.sink.br(0).end().end().end();
    }

    fn compute(&mut self, rate: Rate) {
        self.nodes.compute_all(&mut self.to, rate, COPIES);
    }

    /// The sums of the groups that run side by side.
    fn groups(&mut self) {
        for (axis, header) in TARGETS.into_iter().enumerate() {
            for copy in COPIES {
                self.push_place(header, copy);
                self.to.sink.v128_load(register()).local_set(self.inputs[axis].of(copy));
            }
        }
        self.compute(Rate { steps: false, points: true });
        self.clear(self.totals);
        self.to.sink.local_get(BEGIN).local_set(AT);
        self.to.sink.block(BlockType::Empty).loop_(BlockType::Empty);
        self.to.sink.local_get(AT).local_get(END).i32_ge_u().br_if(1);
        self.block();
        self.to.sink.br(0).end().end();
        for (sum, header) in SUMS.into_iter().enumerate() {
            for copy in COPIES {
                self.push_place(header, copy);
                self.to.sink.local_get(self.totals[sum].of(copy)).v128_store(register());
            }
        }
    }

    /// The terms of a block of sources, which has at least one.
    fn block(&mut self) {
        let bytes = BLOCK as u32 * SOURCE;
        self.clear(self.blocks);
        // The lesser of what is left and a block, compared so that no address overflows.
        self.to.sink.local_get(AT).i32_const(bytes.cast_signed()).i32_add().local_get(END);
        self.to.sink.local_get(END).local_get(AT).i32_sub().i32_const(bytes.cast_signed()).i32_ge_u();
        self.to.sink.select().local_set(BLOCK_END);
        self.to.sink.loop_(BlockType::Empty);
        self.source();
        self.to.sink.local_get(AT).i32_const(SOURCE.cast_signed()).i32_add().local_tee(AT);
        self.to.sink.local_get(BLOCK_END).i32_lt_u().br_if(0).end();
        for (total, block) in self.totals.into_iter().zip(self.blocks) {
            for copy in COPIES {
                self.to.sink.local_get(total.of(copy)).local_get(block.of(copy)).f32x4_add().local_set(total.of(copy));
            }
        }
    }

    /// The terms of a source for every target at hand.
    fn source(&mut self) {
        for input in SOURCE_INPUTS.filter(|input| self.nodes.tape.nodes().contains(&Node::Input(*input))) {
            let offset = 4 * u64::from(input - SOURCE_INPUTS.start);
            self.to.sink.local_get(AT).v128_load32_splat(at(offset, 2)).local_set(self.inputs[input as usize].first);
        }
        self.compute(Rate { steps: true, points: false });
        self.compute(Rate { steps: true, points: true });
        for (block, &output) in self.blocks.into_iter().zip(self.nodes.tape.outputs()) {
            for copy in COPIES {
                self.to.sink.local_get(block.of(copy));
                self.nodes.push(&mut self.to, output, copy);
                self.to.sink.f32x4_add().local_set(block.of(copy));
            }
        }
    }

    fn clear(&mut self, sums: [Local; SUMS.len()]) {
        for sum in sums {
            for copy in COPIES {
                self.to.sink.v128_const(0).local_set(sum.of(copy));
            }
        }
    }

    /// Pushes the place of group `copy` of those side by side in the array that a word of the header has the address of.
    fn push_place(&mut self, header: u32, copy: u32) {
        let sink = &mut self.to.sink;
        sink.i32_const(0).i32_load(word(header)).local_get(GROUP).i32_const(copy.cast_signed()).i32_add();
        sink.i32_const(REGISTER.cast_signed()).i32_mul().i32_add();
    }
}
