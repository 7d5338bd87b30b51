//! What a scalar needs besides arithmetic to stand in the memory of a kernel.

use crate::scalar::lanes::Lanes;
use crate::scalar::{Bits, uniform_pair, uniform_pair_single};
use std::ops::{BitAnd, BitOr, Not};

/// A scalar of which kernels exist.
pub trait Lane: Bits<Mask = bool> + Default {
    /// As many bits as a number has: all of them set for true, none for false, so that choosing is arithmetic on bits.
    type Word: Copy + Default + BitAnd<Output = Self::Word> + BitOr<Output = Self::Word> + Not<Output = Self::Word>;

    /// The kernels of this scalar.
    const LANES: Lanes;

    /// A truth value.
    fn word(truth: bool) -> Self::Word;
    /// `yes` where the word has bits set, `no` where it has none.
    fn choose(word: Self::Word, yes: Self, no: Self) -> Self;
    /// The number at the beginning of `bytes`, little-endian.
    fn read(bytes: &[u8]) -> Self;
    /// Writes it to the beginning of `bytes`.
    fn write(self, bytes: &mut [u8]);
    /// Two uniform numbers for a seed, a run, a step and a slot.
    fn uniforms(seed: u64, run: u32, step: u32, slot: u32) -> [Self; 2];
}

macro_rules! lane {
    ($number:ty, $word:ty, $lanes:expr, $uniforms:expr) => {
        impl Lane for $number {
            type Word = $word;
            const LANES: Lanes = $lanes;

            #[inline(always)]
            fn word(truth: bool) -> $word {
                <$word>::from(truth).wrapping_neg()
            }
            #[inline(always)]
            fn choose(word: $word, yes: Self, no: Self) -> Self {
                Self::from_bits(word & yes.to_bits() | !word & no.to_bits())
            }
            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                let (number, _) = bytes.split_first_chunk().expect("the header points into the memory");
                Self::from_le_bytes(*number)
            }
            #[inline(always)]
            fn write(self, bytes: &mut [u8]) {
                let (number, _) = bytes.split_first_chunk_mut().expect("the header points into the memory");
                *number = self.to_le_bytes();
            }
            #[inline(always)]
            fn uniforms(seed: u64, run: u32, step: u32, slot: u32) -> [Self; 2] {
                $uniforms(seed, run, step, slot)
            }
        }
    };
}

lane!(f32, u32, Lanes::F32x4, uniform_pair_single);
lane!(f64, u64, Lanes::F64x2, uniform_pair);
