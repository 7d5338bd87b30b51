//! The scalar trait and its `f64` implementation.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, MulAssign, Neg, Not, Sub, SubAssign};

/// The outcome of a comparison of two [`Real`]s: one truth value, or one per lane.
///
/// Deliberately without a way to `bool`: use [`Real::select`].
pub trait Mask: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {}

impl Mask for bool {}

/// A real number an optimizer or a formula can compute with.
///
/// Elementary functions of `f64` come from the `libm` crate on every target, so that one experiment has one
/// trajectory, to the last bit, natively and in every browser. Square root, absolute value and floor are exact by
/// IEEE 754 and come from the hardware.
pub trait Real:
    Copy
    + Debug
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// What comparing two of these gives.
    type Mask: Mask;

    /// The constant `x`.
    fn from_f64(x: f64) -> Self;
    /// Square root; NaN below zero.
    fn sqrt(self) -> Self;
    /// Exponential.
    fn exp(self) -> Self;
    /// Natural logarithm; NaN below zero, minus infinity at zero.
    fn ln(self) -> Self;
    /// Sine of an angle in radians.
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    fn cos(self) -> Self;
    /// Tangent of an angle in radians.
    fn tan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Absolute value. The derivative at zero is taken as zero.
    fn abs(self) -> Self;
    /// Largest integer not above. The derivative is zero everywhere.
    fn floor(self) -> Self;
    /// Angle of the point (`x`, `self`), in (-pi, pi].
    fn atan2(self, x: Self) -> Self;
    /// Square root of `self^2 + other^2` without overflow. The derivative at the origin is taken as zero.
    fn hypot(self, other: Self) -> Self;
    /// `self` to a power that varies. NaN for a negative base and a fractional power.
    fn pow(self, power: Self) -> Self;
    /// `self` to a power that does not depend on what one differentiates by, such as a parameter.
    /// Equal to [`Real::pow`] in value; derivatives stay finite for negative bases and whole powers.
    fn pow_constant(self, power: Self) -> Self;
    /// `self` less than `other`; false when either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self` at most `other`; false when either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// `yes` where the mask is true, otherwise `no`. Both are computed: guard the inputs of the one not taken.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The constant 0.
    #[inline]
    fn zero() -> Self {
        Self::from_f64(0.0)
    }

    /// The constant 1.
    #[inline]
    fn one() -> Self {
        Self::from_f64(1.0)
    }

    /// `self` to a whole power, by repeated squaring: the same products in the same order on every engine.
    #[inline]
    fn powi(self, n: i32) -> Self {
        match n {
            0 => return Self::one(),
            1 => return self,
            2 => return self * self,
            _ => {}
        }
        let mut rest = n.unsigned_abs();
        let mut square = self;
        let mut product: Option<Self> = None;
        while rest > 0 {
            if rest & 1 == 1 {
                product = Some(product.map_or(square, |p| p * square));
            }
            rest >>= 1;
            if rest > 0 {
                square = square * square;
            }
        }
        let product = product.unwrap_or_else(Self::one);
        if n < 0 { Self::one() / product } else { product }
    }

    /// The larger of the two; `other` at a tie and when `self` is NaN.
    #[inline]
    fn max(self, other: Self) -> Self {
        Self::select(other.lt(self), self, other)
    }

    /// The smaller of the two; `other` at a tie and when `self` is NaN.
    #[inline]
    fn min(self, other: Self) -> Self {
        Self::select(self.lt(other), self, other)
    }

    /// -1, 0 or 1; zero at zero, unlike `f64::signum`.
    #[inline]
    fn sign(self) -> Self {
        let zero = Self::zero();
        let one = Self::one();
        Self::select(zero.lt(self), one, Self::select(self.lt(zero), -one, zero))
    }

    /// `self - b * floor(self / b)`: has the sign of `b`.
    #[inline]
    fn modulo(self, b: Self) -> Self {
        self - b * (self / b).floor()
    }
}

// The elementary functions are long; copies of them at every place of use made the page a third larger.
impl Real for f64 {
    type Mask = bool;

    #[inline]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline(never)]
    fn exp(self) -> Self {
        libm::exp(self)
    }
    #[inline(never)]
    fn ln(self) -> Self {
        libm::log(self)
    }
    #[inline(never)]
    fn sin(self) -> Self {
        libm::sin(self)
    }
    #[inline(never)]
    fn cos(self) -> Self {
        libm::cos(self)
    }
    #[inline(never)]
    fn tan(self) -> Self {
        libm::tan(self)
    }
    #[inline(never)]
    fn sinh(self) -> Self {
        libm::sinh(self)
    }
    #[inline(never)]
    fn cosh(self) -> Self {
        libm::cosh(self)
    }
    #[inline(never)]
    fn tanh(self) -> Self {
        libm::tanh(self)
    }
    #[inline]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline]
    fn floor(self) -> Self {
        f64::floor(self)
    }
    #[inline(never)]
    fn atan2(self, x: Self) -> Self {
        libm::atan2(self, x)
    }
    #[inline(never)]
    fn hypot(self, other: Self) -> Self {
        libm::hypot(self, other)
    }
    #[inline(never)]
    fn pow(self, power: Self) -> Self {
        libm::pow(self, power)
    }
    #[inline(never)]
    fn pow_constant(self, power: Self) -> Self {
        libm::pow(self, power)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powi_is_the_product() {
        for n in 0..12 {
            let product: f64 = (0..n).map(|_| 3.0).product();
            assert_eq!(Real::powi(3.0, n), product);
        }
        assert_eq!(Real::powi(2.0, -3), 0.125);
        assert_eq!(Real::powi(0.0, 0), 1.0);
    }

    #[test]
    fn sign_is_zero_at_zero() {
        assert_eq!(Real::sign(-2.5), -1.0);
        assert_eq!(Real::sign(0.0), 0.0);
        assert_eq!(Real::sign(1e-300), 1.0);
    }

    #[test]
    fn modulo_has_the_sign_of_the_divisor() {
        assert_eq!(Real::modulo(-1.0, 3.0), 2.0);
        assert_eq!(Real::modulo(7.0, 3.0), 1.0);
    }
}
