//! Elementary functions as range-reduced polynomials, written over [`Real`] so that they can be recorded on a tape and
//! printed as WebAssembly or WGSL: every engine then computes the same.
//!
//! Only operations that IEEE 754 rounds correctly are used, and exact ones: the four arithmetic operations, negation,
//! square root, absolute value, floor, comparisons, selection and the three of [`Bits`]. Nothing is fused, nothing
//! branches on a value, and a finite argument in range meets no infinity and no NaN on its way to the result. (WGSL
//! lets division err by 2.5 ULP and lets a multiplication and a sum fuse; results there may differ by a few ULP.)
//!
//! Each function takes the [`Precision`] its polynomials are cut for. Constants for single precision are exact in
//! `f32`; those for double precision in `f64`.
//!
//! Common to all functions:
//! - NaN gives NaN.
//! - Numbers below the smallest normal one (2^-126, 2^-1022) may count as zero, as they do on hardware that flushes
//!   them; there, results within a factor of eight of it may be zero, too.
//! - The sign of a zero is not kept: it is read as +0 and given as +0.
//!
//! The reductions follow Cody and Waite 1980 (Software Manual for the Elementary Functions) and Muller 2016 (Elementary
//! Functions, third edition). The polynomials were fitted for this file in 50 digits so as to minimise the error
//! relative to the function, by a Remez exchange (`EXP`, whose interval has zero inside, by weighted least squares at
//! Chebyshev nodes), and rounded coefficient by coefficient, each time fitting the rest again.
//!
//! Errors are in units in the last place (ULP) of the exact result. For single precision they were measured against
//! `libm` in `f64`, at every 97th bit pattern or, for two arguments, 2^25 points; the tests below repeat that with
//! fewer. For double precision they are the distance from `libm`, itself within about one ULP of the exact result, at
//! two million points. Numbers in brackets are for double.

use super::Real;

/// Exact operations on the parts of a floating-point number: with these a range can be reduced.
pub trait Bits: Real {
    /// Two to the power of `self`, a whole number within the range of normal exponents: -126 to 127 for single
    /// precision, -1022 to 1023 for double. One below that range gives zero, as the bits come out.
    fn exp2i(self) -> Self;
    /// The largest whole number not above the binary logarithm of `|self|`, for a normal number.
    /// Finite for every other argument.
    fn exponent(self) -> Self;
    /// `|self|` scaled by a power of two into [1, 2), for a normal number. Within [1, 2) for every other argument.
    fn mantissa(self) -> Self;
}

impl Bits for f64 {
    #[inline]
    fn exp2i(self) -> Self {
        f64::from_bits(((self as i64).wrapping_add(1023) as u64) << 52)
    }
    #[inline]
    fn exponent(self) -> Self {
        ((self.to_bits() >> 52) & 0x7ff) as f64 - 1023.0
    }
    #[inline]
    fn mantissa(self) -> Self {
        f64::from_bits((self.to_bits() & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000)
    }
}

/// The format whose rounding the polynomials and constants are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 24 bits, `f32`.
    Single,
    /// 53 bits, `f64`.
    Double,
}

impl Precision {
    /// The constant for this precision.
    #[inline]
    fn pick<T: Real>(self, single: f32, double: f64) -> T {
        T::from_f64(match self {
            Precision::Single => f64::from(single),
            Precision::Double => double,
        })
    }

    /// The smallest normal number.
    #[inline]
    fn smallest<T: Real>(self) -> T {
        self.pick(f32::MIN_POSITIVE, f64::MIN_POSITIVE)
    }

    /// The largest finite number.
    #[inline]
    fn largest<T: Real>(self) -> T {
        self.pick(f32::MAX, f64::MAX)
    }
}

/// Coefficients for both precisions, highest power first.
struct Polynomial {
    single: &'static [f32],
    double: &'static [f64],
}

impl Polynomial {
    /// The value at `x`, by Horner's rule.
    #[inline]
    fn at<T: Real>(&self, x: T, precision: Precision) -> T {
        match precision {
            Precision::Single => horner(x, self.single),
            Precision::Double => horner(x, self.double),
        }
    }
}

#[inline]
fn horner<T: Real, C: Copy + Into<f64>>(x: T, coefficients: &[C]) -> T {
    let mut constants = coefficients.iter().map(|&c| T::from_f64(c.into()));
    let first = constants.next().unwrap_or_else(T::zero);
    constants.fold(first, |sum, c| sum * x + c)
}

/// `(exp(r) - 1 - r) / r^2` for `|r|` to `ln(2) / 2`.
/// Error relative to `exp(r) - 1`: 2^-26.0 single, 2^-55.5 double.
const EXP: Polynomial = Polynomial {
    single: &[0.0013863314, 0.008366853, 0.041667517, 0.1666654, 0.49999997],
    double: &[
        2.505743339620256e-08,
        2.7626459309033866e-07,
        2.755739617527767e-06,
        2.4801504169700168e-05,
        0.00019841269731735417,
        0.0013888888932551385,
        0.008333333333383543,
        0.041666666666573315,
        0.166666666666666,
        0.5000000000000006,
    ],
};

/// `(2 artanh(s) - 2 s) / s^3` in `s^2`, for `|s|` to `tan(pi / 8)^2`.
/// Error relative to `2 artanh(s)`: 2^-30.2 single, 2^-59.5 double.
const LN: Polynomial = Polynomial {
    single: &[0.2987146, 0.39977568, 0.66666776],
    double: &[
        0.14798247500070613,
        0.15313833215466893,
        0.18183572317274455,
        0.22222198429623302,
        0.2857142874368122,
        0.3999999999940937,
        0.6666666666666735,
    ],
};

/// [`LN`] over `ln(2)`, to more digits: relative error 2^-35.9 single, 2^-66.0 double.
const LOG2: Polynomial = Polynomial {
    single: &[0.33662468, 0.41192147, 0.5770789, 0.9617967],
    double: &[
        0.19093341691111562,
        0.19118894160180358,
        0.22198726382292794,
        0.26230761677564873,
        0.3205989034879686,
        0.4121985830823931,
        0.5770780163556547,
        0.9617966939259756,
    ],
};

/// `(sin(r) - r) / r^3` in `r^2`, for `|r|` to `pi / 4`.
/// Error relative to `sin(r)`: 2^-27.9 single, 2^-57.9 double.
const SIN: Polynomial = Polynomial {
    single: &[-0.00019517897, 0.008332187, -0.16666655],
    double: &[
        1.5895432786978034e-10,
        -2.5050734382539543e-08,
        2.755731353848523e-06,
        -0.00019841269829358487,
        0.00833333333332184,
        -0.1666666666666663,
    ],
};

/// `cos(r)` in `r^2`, for `|r|` to `pi / 4`. Relative error: 2^-33.0 single, 2^-63.9 double.
const COS: Polynomial = Polynomial {
    single: &[2.4432327e-05, -0.001388731, 0.041666646, -0.5, 1.0],
    double: &[
        -1.1358617020758745e-11,
        2.0875703139829983e-09,
        -2.755731420308107e-07,
        2.4801587288965233e-05,
        -0.0013888888888873307,
        0.041666666666666595,
        -0.5,
        1.0,
    ],
};

/// `(atan(u) - u) / u^3` in `u^2`, for `|u|` to `tan(pi / 8)`.
/// Error relative to `atan(u)`: 2^-25.5 single, 2^-59.4 double.
const ATAN: Polynomial = Polynomial {
    single: &[0.08049816, -0.13876553, 0.19977614, -0.33332947],
    double: &[
        -0.017867977975468286,
        0.03802890055481533,
        -0.050379075012605336,
        0.05847580586741929,
        -0.06663061799576557,
        0.07692056512776953,
        -0.09090897550408288,
        0.11111110776280592,
        -0.14285714280053732,
        0.1999999999995218,
        -0.3333333333333319,
    ],
};

/// `x` held within `low` and `high`; NaN stays NaN.
#[inline]
fn clamp<T: Real>(x: T, low: T, high: T) -> T {
    high.min(low.max(x))
}

/// Whether a whole number is odd.
#[inline]
fn is_odd<T: Real>(whole: T) -> T::Mask {
    let half = whole * T::from_f64(0.5);
    half.floor().lt(half)
}

/// `exp(r) - 1` for `|r|` to `ln(2) / 2`.
#[inline]
fn exp_minus_one_near_zero<T: Real>(r: T, precision: Precision) -> T {
    r + r * r * EXP.at(r, precision)
}

/// The whole number `k` nearest to `x / ln(2)`, and `exp(r) - 1` with `r = x - k ln(2)`.
///
/// `ln(2)` is the sum of 15 bits and 24 (40 and 53), so that `k` times the first part is exact.
#[inline]
fn split_exp<T: Bits>(x: T, precision: Precision) -> (T, T) {
    let inverse = precision.pick(std::f32::consts::LOG2_E, std::f64::consts::LOG2_E);
    let k = (x * inverse + T::from_f64(0.5)).floor();
    let r = x - k * precision.pick(0.693_145_75, 0.6931471805592082);
    let r = r - k * precision.pick(1.428_606_8e-6, 7.371002565167799e-13);
    (k, exp_minus_one_near_zero(r, precision))
}

/// `2^k (1 + p)` for `k` from one above the smallest normal exponent to one above the largest.
///
/// Half of the result is computed first, for `2^k` may be too large where the result is not. With the smallest normal
/// exponent as `k` the result is zero.
#[inline]
fn scale<T: Bits>(k: T, p: T) -> T {
    let half_scale = (k - T::one()).exp2i();
    let half = p * half_scale + half_scale;
    half + half
}

/// Exponential.
///
/// `x = k ln(2) + r` with `|r|` at most `ln(2) / 2`; `exp(r) = 1 + r + r^2 q(r)` with a polynomial `q` of degree 4 (9).
/// Cody and Waite 1980, chapter 6, with a polynomial in place of their quotient.
///
/// Largest error: 1.3 ULP single, 2 ULP double. Infinity where the result is too large. Zero where it is less
/// than 2^-125.5 (2^-1021.5), that is for `x` less than -86.99 (-708.05).
#[inline]
pub fn exp<T: Bits>(x: T, precision: Precision) -> T {
    let x = clamp(x, precision.pick(-87.3, -708.5), precision.pick(89.0, 710.0));
    let (k, p) = split_exp(x, precision);
    scale(k, p)
}

/// `e` and `m` with `|x| = 2^e m` and `m` between the square roots of one half and two, for a normal number.
#[inline]
fn split_binary<T: Bits>(x: T, precision: Precision) -> (T, T) {
    let (e, m) = (x.exponent(), x.mantissa());
    let large = precision.pick::<T>(std::f32::consts::SQRT_2, std::f64::consts::SQRT_2).lt(m);
    (T::select(large, e + T::one(), e), T::select(large, m * T::from_f64(0.5), m))
}

/// Natural logarithm.
///
/// `x = 2^e (1 + f)` with `1 + f` between the square roots of one half and two, and `s = f / (2 + f)`. Then
/// `ln(1 + f) = 2 artanh(s) = f - f^2 / 2 + s (f^2 / 2 + s^2 L(s^2))`, where only the last, small term feels the
/// rounding of `s`; `L` has degree 2 (6). Cody and Waite 1980, chapter 5; the arrangement is known from the FreeBSD
/// library.
///
/// Largest error: 0.8 ULP single, 1 ULP double, over all positive normal numbers. Minus infinity at zero and below
/// the smallest normal number, NaN below zero, infinity at infinity.
#[inline]
pub fn ln<T: Bits>(x: T, precision: Precision) -> T {
    let (e, m) = split_binary(x, precision);
    let f = m - T::one();
    let s = f / (T::from_f64(2.0) + f);
    let z = s * s;
    let half_square = f * f * T::from_f64(0.5);
    let small = s * (half_square + z * LN.at(z, precision)) + e * precision.pick(1.428_606_8e-6, 7.371002565167799e-13);
    let result = e * precision.pick(0.693_145_75, 0.6931471805592082) - ((half_square - small) - f);
    let above = T::select(x.le(precision.largest()), result, x);
    let below = T::select(T::zero().le(x), T::from_f64(f64::NEG_INFINITY), T::from_f64(f64::NAN));
    T::select(x.lt(precision.smallest()), below, above)
}

/// The whole number `k` nearest to `x / (pi / 2)`, and `r = x - k pi / 2`.
///
/// `pi / 2` is the sum of 8, 11 and 24 bits (33, 33 and 53). `k` times the first two parts is exact for `k` of up to 13
/// bits (20), that is `|x|` to 12867 (1.6e6). Farther out the error of `r` grows to about `|x|` units of rounding; it
/// is held within 0.8, so that sine and cosine stay within -1 and 1.
#[inline]
fn quarter_turns<T: Bits>(x: T, precision: Precision) -> (T, T) {
    let inverse = precision.pick(std::f32::consts::FRAC_2_PI, std::f64::consts::FRAC_2_PI);
    let k = (x * inverse + T::from_f64(0.5)).floor();
    let r = x - k * precision.pick(1.5703125, 1.5707963267341256);
    let r = r - k * precision.pick(0.000_483_751_3, 6.077100506303966e-11);
    let r = r - k * precision.pick(7.549_79e-8, 2.0222662487959506e-21);
    let limit: T = T::from_f64(0.8);
    (k, clamp(r, -limit, limit))
}

/// Sine and cosine of `r`, for `|r|` to `pi / 4`.
#[inline]
fn sin_cos_near_zero<T: Bits>(r: T, precision: Precision) -> (T, T) {
    let z = r * r;
    (r + r * z * SIN.at(z, precision), COS.at(z, precision))
}

/// Sine of an angle in radians.
///
/// `x = k pi / 2 + r` with `|r|` at most `pi / 4`, by three parts of `pi / 2`; then a polynomial for the sine or the
/// cosine of `r`, with 3 (6) coefficients to be fitted. Cody and Waite 1980, chapter 8. [`cos`] and [`tan`] compute the
/// same reduction and polynomials, which a tape that shares common terms computes once.
///
/// Largest error for `|x|` to 8192 (1e5): 1.5 ULP single where the result is at least 2^-10, an absolute error of
/// 1e-10 where it is smaller; 2 ULP double. Farther out accuracy fades, see `quarter_turns`: beyond 1e7 (1e16) the
/// result is only known to lie within -1 and 1. NaN at infinity.
#[inline]
pub fn sin<T: Bits>(x: T, precision: Precision) -> T {
    let (k, r) = quarter_turns(x, precision);
    let (sine, cosine) = sin_cos_near_zero(r, precision);
    let value = T::select(is_odd(k), cosine, sine);
    T::select(is_odd((k * T::from_f64(0.5)).floor()), -value, value)
}

/// Cosine of an angle in radians: see [`sin`] for the method and the range. Exactly one at zero.
///
/// Largest error for `|x|` to 8192 (1e5): 1.5 ULP single where the result is at least 2^-10, an absolute error of
/// 1e-10 where it is smaller; 2 ULP double.
#[inline]
pub fn cos<T: Bits>(x: T, precision: Precision) -> T {
    let (k, r) = quarter_turns(x, precision);
    let (sine, cosine) = sin_cos_near_zero(r, precision);
    let value = T::select(is_odd(k), sine, cosine);
    T::select(is_odd(((k + T::one()) * T::from_f64(0.5)).floor()), -value, value)
}

/// Tangent of an angle in radians, as sine over cosine: see [`sin`] for the method and the range.
///
/// Largest error for `|x|` to 8192 (1e5): 3.4 ULP single where the result is between 2^-10 and 2^10 in size; 4 ULP
/// double. Nearer to a zero its absolute error, nearer to a pole that of its reciprocal, is at most 2e-10.
#[inline]
pub fn tan<T: Bits>(x: T, precision: Precision) -> T {
    let (k, r) = quarter_turns(x, precision);
    let (sine, cosine) = sin_cos_near_zero(r, precision);
    let odd = is_odd(k);
    T::select(odd, cosine, sine) / T::select(odd, -sine, cosine)
}

/// A quarter of `exp(a) - 1`, for `a` from zero to where a quarter of it is too large.
///
/// A quarter, because the hyperbolic functions are half of an exponential that may itself be too large.
#[inline]
fn quarter_exp_minus_one<T: Bits>(a: T, precision: Precision) -> T {
    let (k, p) = split_exp(precision.pick::<T>(89.7, 710.7).min(a), precision);
    let quarter_scale = (k - T::from_f64(2.0)).exp2i();
    p * quarter_scale + (quarter_scale - T::from_f64(0.25))
}

/// `y` with the sign of `x`, for `y` not below zero.
#[inline]
fn with_sign_of<T: Real>(y: T, x: T) -> T {
    T::select(x.lt(T::zero()), -y, y)
}

/// Hyperbolic sine.
///
/// With `E = exp(|x|) - 1`, which keeps its digits near zero, `sinh(|x|) = (E + E / (E + 1)) / 2`, computed from a
/// quarter of `E`. The polynomial is that of [`exp`].
///
/// Largest error: 2.3 ULP single, 3 ULP double. Infinity where the result is too large. Exactly odd.
#[inline]
pub fn sinh<T: Bits>(x: T, precision: Precision) -> T {
    let quarter = quarter_exp_minus_one(x.abs(), precision);
    let inverse = quarter / (quarter + T::from_f64(0.25));
    with_sign_of((quarter + quarter) + T::from_f64(0.5) * inverse, x)
}

/// Hyperbolic cosine.
///
/// With `F = exp(|x|)`, `cosh(x) = (F + 1 / F) / 2`, computed from a quarter of `F`, which it shares with [`sinh`].
///
/// Largest error: 1.5 ULP single, 2 ULP double. Infinity where the result is too large. Exactly even, and one at
/// zero.
#[inline]
pub fn cosh<T: Bits>(x: T, precision: Precision) -> T {
    let quarter = quarter_exp_minus_one(x.abs(), precision) + T::from_f64(0.25);
    (quarter + quarter) + T::from_f64(0.125) / quarter
}

/// Hyperbolic tangent.
///
/// With `d = 1 - exp(-2 |x|)`, which keeps its digits near zero, `tanh(|x|) = d / (1 + exp(-2 |x|))`. The argument is
/// held within 10 (20), where the result has reached one. The polynomial is that of [`exp`]. (Tried instead:
/// `d / (2 - d)`, and the same with `exp(2 |x|) - 1`. One operation fewer, but errors of 2.5 ULP in single precision.)
///
/// Largest error: 2.3 ULP single, 3 ULP double. Exactly odd.
#[inline]
pub fn tanh<T: Bits>(x: T, precision: Precision) -> T {
    let a = precision.pick::<T>(10.0, 20.0).min(x.abs());
    let (k, p) = split_exp(a * T::from_f64(-2.0), precision);
    let scale = k.exp2i();
    let scaled = p * scale;
    let d = (T::one() - scale) - scaled;
    with_sign_of(d / (T::one() + (scale + scaled)), x)
}

/// Angle of the point (`x`, `y`), in (-pi, pi].
///
/// The smaller over the larger coordinate is the tangent `t` of an angle to `pi / 4`. Where `t` is above `tan(pi / 8)`,
/// the angle is `pi / 4 + atan((t - 1) / (t + 1))`, with the fraction formed from the coordinates, so that one division
/// serves both cases. A polynomial in the square, with 4 (11) coefficients, does the rest. Cody and Waite 1980,
/// chapter 11.
///
/// Largest error: 2.9 ULP single, 3 ULP double, where the sum of the coordinates' sizes is finite and both the
/// larger and the result are normal. Zero at the origin, which takes in all points nearer than the smallest normal
/// number. NaN when both coordinates are infinite. As zeros have no sign here, the angle of (-1, -0) is pi.
#[inline]
pub fn atan2<T: Bits>(y: T, x: T, precision: Precision) -> T {
    let (a, b) = (x.abs(), y.abs());
    let steep = a.lt(b);
    let (larger, smaller) = (T::select(steep, b, a), T::select(steep, a, b));
    let diagonal = (larger * precision.pick(0.414_213_57, 0.41421356237309503)).lt(smaller);
    let numerator = T::select(diagonal, smaller - larger, smaller);
    let denominator = T::select(diagonal, smaller + larger, larger);
    let u = numerator / T::select(larger.lt(precision.smallest()), T::one(), denominator);
    let z = u * u;
    let eighth_turn = precision.pick(std::f32::consts::FRAC_PI_4, std::f64::consts::FRAC_PI_4);
    let angle = T::select(diagonal, eighth_turn, T::zero()) + (u + u * z * ATAN.at(z, precision));
    let quarter_turn: T = precision.pick(std::f32::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2);
    let angle = T::select(steep, quarter_turn - angle, angle);
    let half_turn: T = precision.pick(std::f32::consts::PI, std::f64::consts::PI);
    with_sign_of(T::select(x.lt(T::zero()), half_turn - angle, angle), y)
}

/// Square root of `a^2 + b^2` without overflow.
///
/// The larger in size times the square root of one plus the square of their ratio.
///
/// Largest error: 2.1 ULP single, 2 ULP double, where the result is normal. Below that the larger size. Infinity
/// where the result is too large or one argument is infinite; NaN where both are.
#[inline]
pub fn hypot<T: Bits>(a: T, b: T, precision: Precision) -> T {
    let (a, b) = (a.abs(), b.abs());
    let swap = a.lt(b);
    let (larger, smaller) = (T::select(swap, b, a), T::select(swap, a, b));
    let ratio = smaller / T::select(larger.lt(precision.smallest()), T::one(), larger);
    larger * (T::one() + ratio * ratio).sqrt()
}

/// `x` rounded to half of its bits, so that the product of two such is exact. Dekker 1971.
///
/// A target that reorders sums may return `x` itself, which costs [`pow`] its last digits but no more.
#[inline]
fn upper_half<T: Real>(x: T, precision: Precision) -> T {
    let t = x * precision.pick(4097.0, 134217729.0);
    t - (t - x)
}

/// The binary logarithm of `|x|` as the sum of a number of half the bits and a small one, for a normal number.
/// Relative error about 2^-28 (2^-57).
///
/// As in [`ln`], but `s` is divided out twice, the second time from what the first left over, and multiplied by
/// `2 / ln(2)` in two parts.
#[inline]
fn log2_in_two_parts<T: Bits>(x: T, precision: Precision) -> (T, T) {
    let (e, m) = split_binary(x, precision);
    let f = m - T::one();
    let inverse = T::one() / (T::from_f64(2.0) + f);
    let s = f * inverse;
    let s_upper = upper_half(s, precision);
    let m_upper = upper_half(m, precision);
    let left_over = ((f - s_upper) - s_upper * m_upper) - s_upper * (m - m_upper);
    let s_lower = left_over * inverse;
    let z = s * s;
    let exact = s_upper * precision.pick(2.884_765_6, 2.885390043258667);
    let small = s_upper * precision.pick(0.000_624_456_8, 3.851925982253235e-08)
        + (s_lower * precision.pick(2.885_39, 2.8853900817779268) + s * z * LOG2.at(z, precision));
    let upper = upper_half(e + (exact + small), precision);
    (upper, ((e - upper) + exact) + small)
}

/// `base` to a power: `2^(power log2(base))`, with the logarithm and the product in two parts.
///
/// The logarithm is accurate to about 2^-28 (2^-57), so that the result keeps its digits where the exponent is
/// large. Cody and Waite 1980, chapter 7, has the idea; the polynomial for the power of two is that of [`exp`].
///
/// Largest error: 1.8 ULP single where `|power log2(base)| < 24` and 7 ULP beyond; 2 and 60 ULP double, for powers up
/// to 2^31. Infinity where the result is too large, zero where it is less than 2^-125.5 (2^-1021.5).
///
/// One to any power, and a finite number to the power zero, is one. Zero to a positive power is zero, to a negative one
/// infinity; for infinity the other way round. A negative base to a whole power has the sign of the power's parity; to
/// a fractional one it is NaN. NaN, unlike in the C library, when either argument is NaN, and for infinity to the power
/// zero.
#[inline]
pub fn pow<T: Bits>(base: T, power: T, precision: Precision) -> T {
    let size = power_of_size(base, power, precision);
    let signed = T::select(is_odd(power), -size, size);
    let whole = power.le(power.floor());
    T::select(base.lt(T::zero()), T::select(whole, signed, T::from_f64(f64::NAN)), size)
}

/// `|base|` to a power.
#[inline]
fn power_of_size<T: Bits>(base: T, power: T, precision: Precision) -> T {
    let a = base.abs();
    let (upper, lower) = log2_in_two_parts(a, precision);
    // Any power above 1e-24 (1e-266) in size leads to zero or infinity, and the product with the largest is finite.
    let far_down = precision.pick(-1e27, -1e270);
    let upper = T::select(a.lt(precision.smallest()), far_down, upper);
    let upper = T::select(a.le(precision.largest()), upper, a);
    // A power beyond 2^32 or 2^64 gives zero or infinity even for the neighbours of one.
    let limit = precision.pick::<T>(4294967296.0, 18446744073709551616.0);
    let power = clamp(power, -limit, limit);
    let power_upper = upper_half(power, precision);
    exp2_of_sum(power_upper * upper, (power - power_upper) * upper + power * lower, precision)
}

/// Two to the power `y + rest`, with `rest` small against `y`: infinity or zero where that is not a normal number.
#[inline]
fn exp2_of_sum<T: Bits>(y: T, rest: T, precision: Precision) -> T {
    let lowest: T = precision.pick(-126.0, -1022.0);
    let highest: T = precision.pick(128.25, 1024.25);
    let (below, above) = (y.lt(lowest), highest.lt(y));
    let y = T::select(below, lowest, T::select(above, highest, y));
    let rest = T::select(below | above, T::zero(), rest);
    let k = (y + rest + T::from_f64(0.5)).floor();
    let r = ((y - k) + rest) * precision.pick(std::f32::consts::LN_2, std::f64::consts::LN_2);
    scale(k, exp_minus_one_near_zero(r, precision))
}

#[cfg(test)]
mod tests;
