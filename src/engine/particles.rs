//! Many runs that stop and go on: all that a run remembers is input and output of one kernel.

use super::flight::Draw;
use super::{Flight, Job, Lanes, Layout};
use crate::scalar::lanes::REGISTER;
use crate::scalar::{Bits, Real};
use crate::tape::record;
use std::ops::Range;

impl Flight {
    /// The same runs from where they stand: the inputs are the slots, then those of before; every slot is an output.
    #[must_use]
    pub fn resumable(&self) -> Self {
        let (slots, inputs) = (self.slots(), self.begin.inputs() as usize);
        let begin = record((slots + inputs) as u32, |all| all[..slots].to_vec());
        let step = record(self.step.inputs() + slots as u32, |all| {
            let (now, rest) = all.split_at(slots);
            // Of the inputs, the slots at the beginning have been used up.
            self.step.run(&[now, &rest[slots..]].concat())
        });
        let shared = self.kernel().shared_slots();
        // Where a run stands says no longer where it began.
        let varies =
            shared.iter().map(|shared| !shared).chain(self.varies.iter().enumerate().map(|(i, v)| *v && i >= 2));
        Self { begin, step, outputs: (0..slots).collect(), draws: self.draws.clone(), varies: varies.collect() }
    }

    /// How many numbers a run remembers.
    pub fn slots(&self) -> usize {
        self.begin.outputs().len()
    }

    /// The memory of the resumable kernel of this flight for some cells of a job, before their first step. Outputs are
    /// where inputs are: a run goes on from the memory that the last one left. Single precision.
    ///
    /// Word 0 of the header is the address of all x, word 2 that of all y.
    pub fn standing(&self, job: &Job, cells: Range<usize>) -> Vec<u8> {
        let lanes = Lanes::F32x4.count();
        let groups = Layout::groups_of(Lanes::F32x4, cells.len());
        let (slots, inputs) = (self.slots(), self.begin.inputs() as usize);
        let header = 8 * (slots + inputs) + 4 * slots + 16;
        let mut next = (header as u32).next_multiple_of(REGISTER);
        let mut take = |registers: usize| {
            let place = next;
            next += registers as u32 * REGISTER;
            place
        };
        let places: Vec<u32> = (0..slots).map(|_| take(groups)).collect();
        let constants: Vec<u32> = (0..inputs).map(|_| take(1)).collect();
        let runs = take(groups);
        let mut image = vec![0; next as usize];
        let mut put = |at: u32, bits: u32| image[at as usize..at as usize + 4].copy_from_slice(&bits.to_le_bytes());
        let seed = [job.seed as u32, (job.seed >> 32) as u32];
        let words =
            places.iter().flat_map(|place| [*place, REGISTER]).chain(constants.iter().flat_map(|place| [*place, 0]));
        for (i, word) in (0..).zip(words.chain(places.iter().copied()).chain([runs, REGISTER, seed[0], seed[1]])) {
            put(4 * i, word);
        }
        for place in 0..groups * lanes {
            // The lanes that no cell fills repeat the last cell.
            let launch = job.launch(cells.start + place.min(cells.len().saturating_sub(1)));
            let inputs: Vec<f32> = job.inputs(&launch).into_iter().map(f32::from_f64).collect();
            let at = 4 * place as u32;
            for (slot, value) in places.iter().zip(self.begin.run(&inputs)) {
                put(slot + at, value.to_bits());
            }
            if place < lanes {
                for (input, value) in constants.iter().zip(&inputs) {
                    put(input + at, value.to_bits());
                }
            }
            put(runs + at, launch.run);
        }
        image
    }

    /// What a cell's run remembers after some steps, by the tapes' interpreter: the oracle for resumed kernels.
    pub fn remember<R: Bits>(&self, job: &Job, cell: usize, steps: u32, uniforms: Draw<R>) -> Vec<R> {
        let all = Self { outputs: (0..self.slots()).collect(), ..self.clone() };
        all.interpret(&Job { steps, ..job.clone() }, cell, uniforms)
    }
}
