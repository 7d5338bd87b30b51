//! Kernels run natively, for many points at once, without a browser.
//!
//! [`run`] does what the function of a printed kernel does (see [`super::wasm`]): on the same memory, and equal to the
//! last bit. [`WIDTH`] points advance together. Each operation of a tape is one loop over as many numbers, which the
//! compiler turns into vector instructions, so that choosing the operation is paid for once for all of them; what is the
//! same for all points is computed once. Registers are used again as soon as nothing needs their numbers any more, so
//! that all of them stay in the fastest cache.

mod lane;
mod machine;
mod plan;
#[cfg(test)]
mod tests;

pub use lane::Lane;

use super::wasm::Kernel;
use super::{Held, Id, Tape, evaluate, number};
use crate::scalar::lanes::REGISTER;
use machine::Machine;
use plan::{Home, Plan, Pools};
use std::ops::Range;

/// How many points advance together: enough to hide the price of choosing an operation, few enough for the cache.
pub const WIDTH: usize = 64;

/// Takes `steps` steps, of which the first has the number `done + 1`, for each point of some groups, and leaves the
/// outputs in the memory. The tapes may hold elementary functions, though a kernel's are lowered.
///
/// `image`: the memory, whose header says where inputs are and outputs go. One thread; the points of one call do not
/// depend on those of another.
///
/// # Panics
/// When the header points beyond the memory.
pub fn run<R: Lane>(kernel: &Kernel<'_>, image: &mut [u8], groups: Range<usize>, steps: u32, done: u32) {
    let lanes = R::LANES.count();
    let (first, end) = (groups.start * lanes, groups.end * lanes);
    let mut flock = Flock::<R>::new(kernel, image);
    for first in (first..end).step_by(WIDTH) {
        flock.begin(image, first, end);
        for step in 0..steps {
            flock.step(done.wrapping_add(step).wrapping_add(1));
        }
        flock.write(image, first, end);
    }
}

/// The words at the beginning of the memory.
struct Header {
    /// Address of each input, and bytes from one group to the next.
    inputs: Vec<(usize, usize)>,
    /// Address of each output.
    outputs: Vec<usize>,
    /// Address of the runs' numbers, bytes from one group to the next, and the seed; for a kernel that draws.
    runs: (usize, usize),
    seed: u64,
}

impl Header {
    fn read(kernel: &Kernel<'_>, image: &[u8]) -> Self {
        let mut words = image.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let mut word = || words.next().expect("the memory begins with its header");
        let inputs = kernel.varies.iter().map(|_| (word() as usize, word() as usize)).collect();
        let outputs = kernel.outputs.iter().map(|_| word() as usize).collect();
        let [address, stride, low, high] =
            if kernel.draws.is_empty() { [0; 4] } else { [word(), word(), word(), word()] };
        let seed = u64::from(high) << 32 | u64::from(low);
        Self { inputs, outputs, runs: (address as usize, stride as usize), seed }
    }
}

/// Where a point's number is: groups are `stride` bytes apart, numbers of a group side by side.
fn place<R: Lane>((address, stride): (usize, usize), point: usize, size: usize) -> usize {
    let lanes = R::LANES.count();
    address + point / lanes * stride + point % lanes * size
}

/// Bytes of a number.
fn size<R: Lane>() -> usize {
    REGISTER as usize / R::LANES.count()
}

/// A tape with what it holds that is the same for all points.
struct Part<'a, R: Lane> {
    tape: &'a Tape,
    plan: Plan,
    held: Vec<Held<R>>,
    /// The inputs that are the same for all points; the others are in registers.
    inputs: Vec<R>,
}

impl<'a, R: Lane> Part<'a, R> {
    fn new(tape: &'a Tape, plan: Plan) -> Self {
        let held = vec![Held::Number(R::zero()); tape.nodes().len()];
        Self { tape, plan, held, inputs: vec![R::zero(); tape.inputs() as usize] }
    }

    /// Computes what is the same for all points: what never changes, or what changes from step to step.
    fn share(&mut self, steps: bool) {
        let ids: &[Id] = if steps { &self.plan.shared } else { &self.plan.shared_once };
        for &id in ids {
            self.held[id as usize] = evaluate(self.tape.nodes()[id as usize], &self.held, &self.inputs);
        }
    }

    /// The number of an output that is the same for all points.
    fn shared_output(&self, output: usize) -> R {
        number(&self.held, self.tape.outputs()[output])
    }
}

/// Points that advance together, and how.
struct Flock<'a, R: Lane> {
    kernel: &'a Kernel<'a>,
    header: Header,
    begin: Part<'a, R>,
    step: Part<'a, R>,
    machine: Machine<R>,
    /// The register of each input that differs from point to point.
    inputs: Vec<Option<usize>>,
    /// The registers of each slot that differs from point to point, before a step and after it.
    slots: Vec<Option<(usize, usize)>>,
    /// The registers of the two numbers of each draw.
    uniforms: Vec<(usize, usize)>,
    runs: [u32; WIDTH],
}

impl<'a, R: Lane> Flock<'a, R> {
    fn new(kernel: &'a Kernel<'a>, image: &[u8]) -> Self {
        let header = Header::read(kernel, image);
        let mut pools = Pools::default();
        let mut take = || pools.numbers.take();
        let inputs: Vec<Option<usize>> = kernel.varies.iter().map(|varies| varies.then(&mut take)).collect();
        let slots: Vec<_> = kernel.shared_slots().iter().map(|shared| (!shared).then(|| (take(), take()))).collect();
        let uniforms: Vec<(usize, usize)> = kernel.draws.iter().map(|_| (take(), take())).collect();
        let befores: Vec<_> = slots.iter().map(|slot| slot.map(|(before, _)| before)).collect();
        let afters: Vec<_> = slots.iter().map(|slot| slot.map(|(_, after)| after)).collect();
        // The one tape runs once, as if it were a step.
        let home = |i: u32| Home { register: inputs[i as usize], steps: true };
        let begin = Plan::new(kernel.begin, &mut pools, home, &befores);
        let step = Plan::new(
            kernel.step,
            &mut pools,
            |i| {
                let i = i as usize;
                if let Some(register) = befores.get(i) {
                    return Home { register: *register, steps: true };
                }
                let i = i - befores.len();
                if let Some(register) = inputs.get(i) {
                    return Home { register: *register, steps: false };
                }
                // The number of the step, and then the draws.
                let drawn = (i - inputs.len()).checked_sub(1);
                let register = drawn.map(|i| if i % 2 == 0 { uniforms[i / 2].0 } else { uniforms[i / 2].1 });
                Home { register, steps: true }
            },
            &afters,
        );
        let machine = Machine::new(&pools);
        let (begin, step) = (Part::new(kernel.begin, begin), Part::new(kernel.step, step));
        Self { kernel, header, begin, step, machine, inputs, slots, uniforms, runs: [0; WIDTH] }
    }

    /// Reads the inputs of the points from `first` on and computes the slots before the first step. Where there are no
    /// more points before `end`, the last one is repeated.
    fn begin(&mut self, image: &[u8], first: usize, end: usize) {
        for (i, register) in self.inputs.iter().enumerate() {
            let read = |point| R::read(&image[place::<R>(self.header.inputs[i], point, size::<R>())..]);
            match register {
                Some(register) => {
                    let numbers = self.machine.numbers(*register);
                    (0..WIDTH).for_each(|k| numbers[k] = read((first + k).min(end - 1)));
                }
                None => self.begin.inputs[i] = read(0),
            }
        }
        if !self.kernel.draws.is_empty() {
            for (k, run) in self.runs.iter_mut().enumerate() {
                let at = place::<R>(self.header.runs, (first + k).min(end - 1), 4);
                *run = u32::from_le_bytes([image[at], image[at + 1], image[at + 2], image[at + 3]]);
            }
        }
        self.begin.share(false);
        self.begin.share(true);
        self.machine.run(&self.begin.plan.once, &self.begin.held);
        self.machine.run(&self.begin.plan.each, &self.begin.held);
        for slot in 0..self.slots.len() {
            if self.slots[slot].is_none() {
                self.step.inputs[slot] = self.begin.shared_output(slot);
            }
        }
        self.step.inputs[self.slots.len()..][..self.inputs.len()].copy_from_slice(&self.begin.inputs);
        self.step.share(false);
        self.machine.run(&self.step.plan.once, &self.step.held);
    }

    /// Takes the step with this number.
    fn step(&mut self, step: u32) {
        self.step.inputs[self.slots.len() + self.inputs.len()] = R::from_f64(f64::from(step));
        for (slot, (first, second)) in self.kernel.draws.iter().zip(&self.uniforms) {
            for k in 0..WIDTH {
                let [u, v] = R::uniforms(self.header.seed, self.runs[k], step, *slot);
                self.machine.numbers(*first)[k] = u;
                self.machine.numbers(*second)[k] = v;
            }
        }
        self.step.share(true);
        self.machine.run(&self.step.plan.each, &self.step.held);
        for slot in 0..self.slots.len() {
            match self.slots[slot] {
                Some((before, after)) => self.machine.swap(before, after),
                None => self.step.inputs[slot] = self.step.shared_output(slot),
            }
        }
    }

    /// Writes the outputs of the points from `first` on, up to `end`.
    fn write(&mut self, image: &mut [u8], first: usize, end: usize) {
        for (&slot, &address) in self.kernel.outputs.iter().zip(&self.header.outputs) {
            for k in 0..WIDTH.min(end - first) {
                let number = match self.slots[slot] {
                    Some((before, _)) => self.machine.numbers(before)[k],
                    None => self.step.inputs[slot],
                };
                number.write(&mut image[place::<R>((address, REGISTER as usize), first + k, size::<R>())..]);
            }
        }
    }
}
