//! Where a kernel finds its inputs and leaves its outputs: the memory of a kernel, on whatever machine.

use super::{Axis, Job, Landing, Loss};
use crate::scalar::lanes::AT_ONCE;
pub use crate::scalar::lanes::Lanes;
use crate::scalar::lanes::REGISTER;
use std::ops::Range;

/// The memory of a kernel for a number of cells. See [`crate::tape::wasm`] for the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    lanes: Lanes,
    cells: usize,
    /// For each input: where it begins, and the bytes from a group to the next.
    inputs: Vec<(u32, u32)>,
    /// For each output: where it begins.
    outputs: Vec<u32>,
    /// Where the numbers of the runs begin, and the bytes from a group to the next: for noise, and for methods that draw.
    runs: (u32, u32),
    bytes: u32,
}

impl Layout {
    /// Room for `cells` cells of a job.
    pub fn new(job: &Job, lanes: Lanes, cells: usize) -> Self {
        let groups = Self::groups_of(lanes, cells) as u32;
        let varies = job.varies();
        let header = 8 * varies.len() + 4 * job.goal.outputs() + 16;
        let mut next = (header as u32).next_multiple_of(REGISTER);
        let mut take = |registers: u32| {
            let place = next;
            next += registers * REGISTER;
            place
        };
        let mut input = |varies: bool| if varies { (take(groups), REGISTER) } else { (take(1), 0) };
        let inputs = varies.into_iter().map(&mut input).collect();
        let numbered = job.axes.iter().any(|axis| matches!(axis, Axis::Trial | Axis::Run));
        let runs = input(numbered);
        let outputs = (0..job.goal.outputs()).map(|_| take(groups)).collect();
        Self { lanes, cells, inputs, outputs, runs, bytes: next }
    }

    /// How many groups so many cells fill.
    pub fn groups_of(lanes: Lanes, cells: usize) -> usize {
        cells.div_ceil(lanes.count()).next_multiple_of(AT_ONCE)
    }

    /// How many groups the cells fill.
    pub fn groups(&self) -> usize {
        Self::groups_of(self.lanes, self.cells)
    }

    /// How many bytes the memory has.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The memory before a run of the cells of a job from `first` on.
    pub fn image(&self, job: &Job, first: usize) -> Vec<u8> {
        let mut image = vec![0; self.bytes as usize];
        let seed = [job.seed as u32, (job.seed >> 32) as u32];
        let pairs = self.inputs.iter().flat_map(|(place, stride)| [*place, *stride]);
        let (runs, stride) = self.runs;
        let words = pairs.chain(self.outputs.iter().copied()).chain([runs, stride, seed[0], seed[1]]);
        for (slot, word) in image.chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let mut launch = job.launch(first);
        let constants = job.inputs(&launch);
        for (input, value) in self.inputs.iter().zip(&constants).filter(|(input, _)| input.1 == 0) {
            (0..self.lanes.count())
                .for_each(|lane| self.write(&mut image, input.0 as usize + lane * self.size(), *value));
        }
        let varying: Vec<(usize, usize)> = self
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, (_, stride))| *stride > 0)
            .map(|(i, (at, _))| (i, *at as usize))
            .collect();
        for place in 0..self.groups() * self.lanes.count() {
            // The lanes that no cell fills repeat the last cell.
            let cell = first + place.min(self.cells.saturating_sub(1));
            job.set(cell, &mut launch.start, &mut launch.knobs, &mut launch.run);
            for &(input, begin) in &varying {
                let value = if input < 2 { launch.start[input] } else { launch.knobs[input - 2] };
                // Registers of an input that varies follow each other.
                self.write(&mut image, begin + place * self.size(), value);
            }
            let (group, lane) = (place / self.lanes.count(), place % self.lanes.count());
            let at = runs as usize + group * stride as usize + 4 * lane;
            image[at..at + 4].copy_from_slice(&launch.run.to_le_bytes());
        }
        image
    }

    /// Bytes of a number.
    fn size(&self) -> usize {
        REGISTER as usize / self.lanes.count()
    }

    fn write(&self, image: &mut [u8], place: usize, value: f64) {
        match self.lanes {
            Lanes::F32x4 => image[place..place + 4].copy_from_slice(&(value as f32).to_le_bytes()),
            Lanes::F64x2 => image[place..place + 8].copy_from_slice(&value.to_le_bytes()),
        }
    }

    /// The part of the memory that holds the outputs.
    pub fn outputs(&self) -> Range<usize> {
        let first = self.outputs.first().map_or(self.bytes, |place| *place);
        first as usize..self.bytes as usize
    }

    /// The bits of each output of each cell after a run, from [`Self::outputs`] of the memory.
    pub fn read(&self, outputs: &[u8]) -> Vec<Vec<u64>> {
        let bits = |place: u32, cell: usize| {
            let bytes = &outputs[self.place(place, cell)..][..self.size()];
            bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
        };
        (0..self.cells).map(|cell| self.outputs.iter().map(|place| bits(*place, cell)).collect()).collect()
    }

    /// Where in the outputs a cell's number of an output is.
    fn place(&self, output: u32, cell: usize) -> usize {
        output as usize - self.outputs().start + cell * self.size()
    }

    /// Numbers as a kernel would leave them, for engines that are none: the outputs of each cell.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(super) fn written(&self, numbers: &[Vec<f64>]) -> Vec<u8> {
        let mut outputs = vec![0; self.outputs().len()];
        for (cell, numbers) in numbers.iter().enumerate() {
            for (place, number) in self.outputs.iter().zip(numbers) {
                self.write(&mut outputs, self.place(*place, cell), *number);
            }
        }
        outputs
    }

    /// The numbers of each cell's outputs; NaN where the outputs are cut short.
    fn numbers<const N: usize>(&self, outputs: &[u8]) -> Vec<[f64; N]> {
        let mut numbers = vec![[f64::NAN; N]; self.cells];
        for (i, output) in self.outputs.iter().enumerate().take(N) {
            let column = outputs.get(self.place(*output, 0)..).unwrap_or_default();
            match self.lanes {
                Lanes::F32x4 => {
                    for (slots, bytes) in numbers.iter_mut().zip(column.as_chunks().0) {
                        slots[i] = f64::from(f32::from_le_bytes(*bytes));
                    }
                }
                Lanes::F64x2 => {
                    for (slots, bytes) in numbers.iter_mut().zip(column.as_chunks().0) {
                        slots[i] = f64::from_le_bytes(*bytes);
                    }
                }
            }
        }
        numbers
    }

    /// How each cell's run ended, from [`Self::outputs`] of the memory.
    pub fn landings(&self, outputs: &[u8]) -> Vec<Landing> {
        self.numbers(outputs).into_iter().map(Landing::from_outputs).collect()
    }

    /// How low each cell's run of `steps` steps came, from [`Self::outputs`] of the memory.
    pub fn losses(&self, outputs: &[u8], steps: u32) -> Vec<Loss> {
        self.numbers(outputs).into_iter().map(|numbers| Loss::from_outputs(numbers, steps)).collect()
    }
}
