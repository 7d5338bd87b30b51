//! Where a kernel finds its inputs and leaves its outputs: the memory of a WebAssembly kernel.

use super::job::knob_values;
use super::landing::{OUTPUTS, settings};
use super::{Job, Landing};
use crate::experiment::Method;
pub use crate::scalar::lanes::Lanes;
use crate::scalar::lanes::REGISTER;

/// The memory of a kernel for a number of cells. See [`crate::tape::wasm`] for the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    lanes: Lanes,
    cells: usize,
    /// For each input: where it begins, and the bytes from a group to the next.
    inputs: Vec<(u32, u32)>,
    /// For each output: where it begins.
    outputs: Vec<u32>,
    bytes: u32,
}

impl Layout {
    /// Room for `cells` cells: the coordinates of the start vary from cell to cell, all other inputs are the same.
    pub fn new(method: &Method, lanes: Lanes, cells: usize) -> Self {
        let groups = cells.div_ceil(lanes.count()) as u32;
        // x, y, the knobs, and the two bounds of `settings`.
        let inputs = 2 + knob_values(method).len() + 2;
        let mut next = (8 * inputs as u32 + 4 * OUTPUTS as u32).next_multiple_of(REGISTER);
        let mut take = |registers: u32| {
            let place = next;
            next += registers * REGISTER;
            place
        };
        let inputs = (0..inputs).map(|i| if i < 2 { (take(groups), REGISTER) } else { (take(1), 0) }).collect();
        let outputs = (0..OUTPUTS).map(|_| take(groups)).collect();
        Self { lanes, cells, inputs, outputs, bytes: next }
    }

    /// How many groups the cells fill.
    pub fn groups(&self) -> usize {
        self.cells.div_ceil(self.lanes.count())
    }

    /// How many bytes the memory has.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(crate) fn image_bytes(&self) -> usize {
        self.bytes as usize
    }

    /// The memory before a run of all cells of a job, row by row from the top.
    pub fn image(&self, job: &Job) -> Vec<u8> {
        let mut image = vec![0; self.bytes as usize];
        let words =
            self.inputs.iter().flat_map(|(place, stride)| [*place, *stride]).chain(self.outputs.iter().copied());
        for (slot, word) in image.chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let padded = self.groups() * self.lanes.count();
        // The last group's empty lanes repeat its last cell.
        let start = |cell: usize| {
            let cell = cell.min(self.cells - 1);
            job.start(cell % job.columns, cell / job.columns)
        };
        for i in 0..2 {
            let mut place = self.inputs[i].0 as usize;
            for cell in 0..padded {
                place += self.write(&mut image, place, start(cell)[i]);
            }
        }
        let settings = settings(&job.problem, &job.method);
        for (value, (place, _)) in settings.into_iter().zip(&self.inputs[2..]) {
            let mut place = *place as usize;
            for _ in 0..self.lanes.count() {
                place += self.write(&mut image, place, value);
            }
        }
        image
    }

    fn write(&self, image: &mut [u8], place: usize, value: f64) -> usize {
        match self.lanes {
            Lanes::F32x4 => {
                image[place..place + 4].copy_from_slice(&(value as f32).to_le_bytes());
                4
            }
            Lanes::F64x2 => {
                image[place..place + 8].copy_from_slice(&value.to_le_bytes());
                8
            }
        }
    }

    /// The part of the memory that holds the outputs.
    pub fn outputs(&self) -> std::ops::Range<usize> {
        let first = self.outputs.first().map_or(self.bytes, |place| *place);
        first as usize..self.bytes as usize
    }

    /// The bits of each output of each cell after a run, from [`Self::outputs`] of the memory.
    pub fn read(&self, outputs: &[u8]) -> Vec<Vec<u64>> {
        let begin = self.outputs().start;
        let size = REGISTER as usize / self.lanes.count();
        let bits = |place: u32, cell: usize| {
            let bytes = &outputs[place as usize - begin + cell * size..][..size];
            bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
        };
        (0..self.cells).map(|cell| self.outputs.iter().map(|place| bits(*place, cell)).collect()).collect()
    }

    /// The outputs of these runs, as [`Self::landings`] reads them; for engines that are no kernel.
    #[cfg(any(not(target_arch = "wasm32"), feature = "recording"))]
    pub(super) fn written(&self, landings: &[Landing]) -> Vec<u8> {
        let begin = self.outputs().start;
        let mut outputs = vec![0; self.outputs().len()];
        let size = REGISTER as usize / self.lanes.count();
        for (cell, Landing { at: [x, y], left, moved }) in landings.iter().enumerate() {
            let numbers = [*x, *y, f64::from(*left), f64::from(*moved)];
            for (place, number) in self.outputs.iter().zip(numbers) {
                self.write(&mut outputs, *place as usize - begin + cell * size, number);
            }
        }
        outputs
    }

    /// How each cell's run ended, from [`Self::outputs`] of the memory.
    pub fn landings(&self, outputs: &[u8]) -> Vec<Landing> {
        let number = |bits: u64| match self.lanes {
            Lanes::F32x4 => f64::from(f32::from_bits(bits as u32)),
            Lanes::F64x2 => f64::from_bits(bits),
        };
        let landing = |bits: Vec<u64>| match bits[..] {
            [x, y, left, moved] => Landing::from_outputs([x, y, left, moved].map(number)),
            _ => unreachable!("a flight has four outputs"),
        };
        self.read(outputs).into_iter().map(landing).collect()
    }
}
