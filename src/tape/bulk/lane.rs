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
    /// What [`Bits::exp2i`] is, bit for bit, in operations that have vectors: a conversion to whole numbers as Rust defines
    /// it has none.
    fn exp2i_in_bulk(self) -> Self;
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
    ($number:ty, $word:ty, fraction $fraction:literal, bias $bias:literal, $lanes:expr, $uniforms:expr) => {
        impl Lane for $number {
            type Word = $word;
            const LANES: Lanes = $lanes;

            #[inline(always)]
            fn word(truth: bool) -> $word {
                <$word>::from(truth).wrapping_neg()
            }
            #[inline(always)]
            fn exp2i_in_bulk(self) -> Self {
                // Only the lowest bits of the whole number come out at the other end: those of the exponent and the sign.
                const BITS: u32 = <$word>::BITS - $fraction;
                const PERIOD: $number = (1_u32 << BITS) as $number;
                // The numbers from here to its double have the whole numbers from 0 on in their last bits.
                const UNIT: $number = (1_u64 << $fraction) as $number;
                const END: $number = (1_u64 << (<$word>::BITS - 1)) as $number;
                let whole = self.trunc();
                let rest = whole - PERIOD * (whole / PERIOD).floor();
                let rest = if whole < END { rest } else { PERIOD - 1.0 };
                // False for NaN as well.
                let rest = if whole > -END { rest } else { 0.0 };
                let bits = (rest + UNIT).to_bits().wrapping_add(<$word>::from($bias));
                Self::from_bits(bits << $fraction)
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

lane!(f32, u32, fraction 23, bias 127_u32, Lanes::F32x4, uniform_pair_single);
lane!(f64, u64, fraction 52, bias 1023_u32, Lanes::F64x2, uniform_pair);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp2i_in_bulk_has_the_bits_of_exp2i() {
        let near = |x: f64| [x, x + 0.5, x - 0.5, x.next_up(), x.next_down()];
        let powers = (0..80).flat_map(|k| near(libm::exp2(f64::from(k)))).chain((-1100..1100).map(f64::from));
        let odd = [0.0, 0.3, 1e300, f64::MAX, f64::INFINITY, f64::NAN, 4.9e-324, f64::from(f32::MAX)];
        for x in powers.chain(odd).flat_map(|x| [x, -x]) {
            assert_eq!(x.exp2i_in_bulk().to_bits(), x.exp2i().to_bits(), "{x:e}");
            let single = x as f32;
            assert_eq!(single.exp2i_in_bulk().to_bits(), single.exp2i().to_bits(), "{single:e}");
        }
    }
}
