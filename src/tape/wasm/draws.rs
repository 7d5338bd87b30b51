//! Random numbers inside a kernel: Philox4x32-10, a lane a point.

use super::operators::{Operators, splat32};
use super::{Lanes, Local};
use crate::scalar::philox::{MULTIPLIERS, ROUNDS, WEYL};
use wasm_encoder::InstructionSink;

/// The locals with which draws are made; `words` and what follows are overwritten by each draw.
pub(super) struct Draws {
    /// Scalars: the number of the step, and the two words of the seed.
    pub number: u32,
    pub seed: [u32; 2],
    /// Scalars: the key of a round.
    pub key: [u32; 2],
    /// The run of each point.
    pub run: Local,
    /// The counter, which becomes the random words.
    pub words: [u32; 4],
    /// The high and low halves of the two products of a round.
    pub high: [u32; 2],
    pub low: [u32; 2],
}

impl Draws {
    /// The two uniform numbers of draw `slot` for the group `copy` into two locals, as
    /// [`uniform_pair`](crate::scalar::uniform_pair) makes them; in single precision from the upper 23 bits.
    pub fn print(&self, to: &mut Operators<'_>, slot: u32, copy: u32, into: [u32; 2]) {
        let sink = &mut to.sink;
        sink.local_get(self.number).i32x4_splat().local_set(self.words[0]);
        sink.v128_const(splat32(slot)).local_set(self.words[1]);
        sink.local_get(self.run.of(copy)).local_set(self.words[2]);
        sink.v128_const(0).local_set(self.words[3]);
        for (seed, key) in self.seed.into_iter().zip(self.key) {
            sink.local_get(seed).local_set(key);
        }
        for _ in 0..ROUNDS {
            self.round(sink);
        }
        for (pair, local) in [[0, 1], [2, 3]].into_iter().zip(into) {
            self.uniform(to, pair.map(|word: usize| self.words[word]));
            to.sink.local_set(local);
        }
    }

    fn round(&self, sink: &mut InstructionSink<'_>) {
        for (i, word) in [self.words[0], self.words[2]].into_iter().enumerate() {
            let multiplier = splat32(MULTIPLIERS[i]);
            sink.local_get(word).v128_const(multiplier).i64x2_extmul_low_i32x4_u();
            sink.local_get(word).v128_const(multiplier).i64x2_extmul_high_i32x4_u();
            // The upper words of the four products.
            sink.i8x16_shuffle([4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31]).local_set(self.high[i]);
            sink.local_get(word).v128_const(multiplier).i32x4_mul().local_set(self.low[i]);
        }
        // From the other product each: the two halves of the counter change places.
        for (word, product, key) in [(0, 1, 0), (2, 0, 1)] {
            sink.local_get(self.high[product]).local_get(self.words[word + 1]).v128_xor();
            sink.local_get(self.key[key]).i32x4_splat().v128_xor().local_set(self.words[word]);
            sink.local_get(self.low[product]).local_set(self.words[word + 1]);
        }
        for (key, step) in self.key.into_iter().zip(WEYL) {
            sink.local_get(key).i32_const(step.cast_signed()).i32_add().local_set(key);
        }
    }

    fn uniform(&self, to: &mut Operators<'_>, [high, low]: [u32; 2]) {
        let bits = match to.lanes {
            Lanes::F32x4 => {
                to.sink.local_get(high).i32_const(9).i32x4_shr_u().f32x4_convert_i32x4_u();
                23
            }
            Lanes::F64x2 => {
                // There is no conversion from 64-bit integers; both parts and their sum are exact.
                to.sink.local_get(high).f64x2_convert_low_i32x4_u();
                to.constant(f64::from(1 << 21));
                to.sink.f64x2_mul();
                to.sink.local_get(low).i32_const(11).i32x4_shr_u().f64x2_convert_low_i32x4_u();
                to.sink.f64x2_add();
                53
            }
        };
        to.constant(0.5);
        to.binary(super::Binary::Add);
        to.constant(1.0 / (1_u64 << bits) as f64);
        to.binary(super::Binary::Multiply);
    }
}
