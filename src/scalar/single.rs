//! `f32` as a [`Real`]: the reference of what the single-precision kernels compute.

use super::Real;
use super::elementary::{self, Bits, Precision};

/// Elementary functions come from [`elementary`], which the kernels inline too, so that they agree to the last bit
/// where the target neither fuses nor reorders operations. Square root, absolute value and floor are exact by IEEE 754
/// and come from the hardware.
impl Real for f32 {
    type Mask = bool;

    #[inline]
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    #[inline]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline]
    fn exp(self) -> Self {
        elementary::exp(self, Precision::Single)
    }
    #[inline]
    fn ln(self) -> Self {
        elementary::ln(self, Precision::Single)
    }
    #[inline]
    fn sin(self) -> Self {
        elementary::sin(self, Precision::Single)
    }
    #[inline]
    fn cos(self) -> Self {
        elementary::cos(self, Precision::Single)
    }
    #[inline]
    fn tan(self) -> Self {
        elementary::tan(self, Precision::Single)
    }
    #[inline]
    fn sinh(self) -> Self {
        elementary::sinh(self, Precision::Single)
    }
    #[inline]
    fn cosh(self) -> Self {
        elementary::cosh(self, Precision::Single)
    }
    #[inline]
    fn tanh(self) -> Self {
        elementary::tanh(self, Precision::Single)
    }
    #[inline]
    fn abs(self) -> Self {
        f32::abs(self)
    }
    #[inline]
    fn floor(self) -> Self {
        f32::floor(self)
    }
    #[inline]
    fn atan2(self, x: Self) -> Self {
        elementary::atan2(self, x, Precision::Single)
    }
    #[inline]
    fn hypot(self, other: Self) -> Self {
        elementary::hypot(self, other, Precision::Single)
    }
    #[inline]
    fn pow(self, power: Self) -> Self {
        elementary::pow(self, power, Precision::Single)
    }
    #[inline]
    fn pow_constant(self, power: Self) -> Self {
        elementary::pow(self, power, Precision::Single)
    }
    #[inline]
    fn lt(self, other: Self) -> bool {
        self < other
    }
    #[inline]
    fn le(self, other: Self) -> bool {
        self <= other
    }
    #[inline]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
}

impl Bits for f32 {
    #[inline]
    fn exp2i(self) -> Self {
        f32::from_bits(((self as i32).wrapping_add(127) as u32) << 23)
    }
    #[inline]
    fn exponent(self) -> Self {
        ((self.to_bits() >> 23) & 0xff) as f32 - 127.0
    }
    #[inline]
    fn mantissa(self) -> Self {
        f32::from_bits((self.to_bits() & 0x007f_ffff) | 0x3f80_0000)
    }
}
