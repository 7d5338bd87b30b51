//! Forward-mode dual numbers: a value with its derivatives along `N` directions, exact to rounding.

use super::Real;
use std::array::from_fn;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// `value + sum_i derivative[i] * epsilon_i` with `epsilon_i * epsilon_j = 0`.
///
/// Nests: `Dual<Dual<f64, 2>, 2>` carries the Hessian, `Dual<Dual<f64, 1>, 2>` a Hessian-vector product.
///
/// At kinks a subgradient is taken: `abs`, `hypot` and `sqrt` have derivative zero at zero, `max` and `min` take the
/// second argument's at a tie. (PyTorch and optax agree for `abs`; for `sqrt` at zero they give NaN or infinity, which
/// would end every trajectory that starts at the top of a cone.)
#[derive(Clone, Copy, Debug)]
pub struct Dual<R, const N: usize> {
    /// The value itself.
    pub value: R,
    /// The derivative along each direction.
    pub derivative: [R; N],
}

impl<R: Real, const N: usize> Dual<R, N> {
    /// A number that does not depend on any direction.
    #[inline]
    pub fn constant(value: R) -> Self {
        Self { value, derivative: [R::zero(); N] }
    }

    /// The `i`-th variable: derivative one along direction `i`, zero along the others.
    #[inline]
    pub fn variable(value: R, i: usize) -> Self {
        Self { value, derivative: from_fn(|k| if k == i { R::one() } else { R::zero() }) }
    }

    /// The chain rule for a function of one argument: its value here and its derivative here.
    #[inline]
    fn chain(self, value: R, slope: R) -> Self {
        Self { value, derivative: self.derivative.map(|d| slope * d) }
    }

    /// The chain rule for a function of two arguments.
    #[inline]
    fn chain2(self, other: Self, value: R, slope: R, other_slope: R) -> Self {
        Self { value, derivative: from_fn(|i| slope * self.derivative[i] + other_slope * other.derivative[i]) }
    }
}

impl<R: Real, const N: usize> Add for Dual<R, N> {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, derivative: from_fn(|i| self.derivative[i] + other.derivative[i]) }
    }
}

impl<R: Real, const N: usize> Sub for Dual<R, N> {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, derivative: from_fn(|i| self.derivative[i] - other.derivative[i]) }
    }
}

impl<R: Real, const N: usize> Mul for Dual<R, N> {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        self.chain2(other, self.value * other.value, other.value, self.value)
    }
}

impl<R: Real, const N: usize> Div for Dual<R, N> {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        let slope = R::one() / other.value;
        self.chain2(other, quotient, slope, -(quotient * slope))
    }
}

impl<R: Real, const N: usize> Neg for Dual<R, N> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { value: -self.value, derivative: self.derivative.map(|d| -d) }
    }
}

impl<R: Real, const N: usize> AddAssign for Dual<R, N> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<R: Real, const N: usize> SubAssign for Dual<R, N> {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<R: Real, const N: usize> MulAssign for Dual<R, N> {
    #[inline]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl<R: Real, const N: usize> Real for Dual<R, N> {
    type Mask = R::Mask;

    #[inline]
    fn from_f64(x: f64) -> Self {
        Self::constant(R::from_f64(x))
    }
    #[inline]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        let at_zero = root.le(R::zero());
        // The slope's input is guarded, so that neither branch of the select divides by zero.
        let slope = R::from_f64(0.5) / R::select(at_zero, R::one(), root);
        self.chain(root, R::select(at_zero, R::zero(), slope))
    }
    #[inline]
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.chain(e, e)
    }
    #[inline]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), R::one() / self.value)
    }
    #[inline]
    fn sin(self) -> Self {
        self.chain(self.value.sin(), self.value.cos())
    }
    #[inline]
    fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }
    #[inline]
    fn tan(self) -> Self {
        let t = self.value.tan();
        self.chain(t, R::one() + t * t)
    }
    #[inline]
    fn sinh(self) -> Self {
        self.chain(self.value.sinh(), self.value.cosh())
    }
    #[inline]
    fn cosh(self) -> Self {
        self.chain(self.value.cosh(), self.value.sinh())
    }
    #[inline]
    fn tanh(self) -> Self {
        let t = self.value.tanh();
        self.chain(t, R::one() - t * t)
    }
    #[inline]
    fn abs(self) -> Self {
        self.chain(self.value.abs(), self.value.sign())
    }
    #[inline]
    fn floor(self) -> Self {
        Self::constant(self.value.floor())
    }
    #[inline]
    fn atan2(self, x: Self) -> Self {
        let square = self.value * self.value + x.value * x.value;
        self.chain2(x, self.value.atan2(x.value), x.value / square, -self.value / square)
    }
    #[inline]
    fn hypot(self, other: Self) -> Self {
        let h = self.value.hypot(other.value);
        let at_zero = h.le(R::zero());
        let safe = R::select(at_zero, R::one(), h);
        self.chain2(other, h, self.value / safe, other.value / safe)
    }
    #[inline]
    fn pow(self, power: Self) -> Self {
        let p = self.value.pow(power.value);
        let base_slope = power.value * self.value.pow(power.value - R::one());
        self.chain2(power, p, base_slope, p * self.value.ln())
    }
    #[inline]
    fn pow_constant(self, power: Self) -> Self {
        let slope = power.value * self.value.pow_constant(power.value - R::one());
        self.chain(self.value.pow_constant(power.value), slope)
    }
    #[inline]
    fn powi(self, n: i32) -> Self {
        if n == 0 {
            return Self::one();
        }
        self.chain(self.value.powi(n), R::from_f64(f64::from(n)) * self.value.powi(n - 1))
    }
    #[inline]
    fn lt(self, other: Self) -> R::Mask {
        self.value.lt(other.value)
    }
    #[inline]
    fn le(self, other: Self) -> R::Mask {
        self.value.le(other.value)
    }
    #[inline]
    fn select(mask: R::Mask, yes: Self, no: Self) -> Self {
        Self {
            value: R::select(mask, yes.value, no.value),
            derivative: from_fn(|i| R::select(mask, yes.derivative[i], no.derivative[i])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type D1 = Dual<f64, 1>;

    /// Central differences are good to about h^2; with h = 1e-5 and values of order one, 1e-8 leaves room for rounding.
    fn agrees_with_differences(f: fn(D1) -> D1, at: &[f64]) {
        for &x in at {
            let h = 1e-5;
            let slope = f(D1::variable(x, 0)).derivative[0];
            let difference = (f(D1::constant(x + h)).value - f(D1::constant(x - h)).value) / (2.0 * h);
            assert!((slope - difference).abs() <= 1e-8 * (1.0 + slope.abs()), "at {x}: {slope} against {difference}");
        }
    }

    #[test]
    fn derivatives_agree_with_central_differences() {
        let everywhere = [-1.7, -0.3, 0.4, 1.9];
        let positive = [0.2, 0.9, 2.4];
        agrees_with_differences(D1::exp, &everywhere);
        agrees_with_differences(D1::ln, &positive);
        agrees_with_differences(D1::sqrt, &positive);
        agrees_with_differences(D1::sin, &everywhere);
        agrees_with_differences(D1::cos, &everywhere);
        agrees_with_differences(D1::tan, &[-0.9, 0.1, 0.8]);
        agrees_with_differences(D1::sinh, &everywhere);
        agrees_with_differences(D1::cosh, &everywhere);
        agrees_with_differences(D1::tanh, &everywhere);
        agrees_with_differences(D1::abs, &everywhere);
        agrees_with_differences(|x| x.powi(5), &everywhere);
        agrees_with_differences(|x| x.powi(-2), &everywhere);
        agrees_with_differences(|x| x.pow(x), &positive);
        agrees_with_differences(|x| x.pow_constant(D1::from_f64(3.0)), &everywhere);
        agrees_with_differences(|x| x.atan2(D1::from_f64(0.7)), &everywhere);
        agrees_with_differences(|x| D1::from_f64(0.7).atan2(x), &everywhere);
        agrees_with_differences(|x| x.hypot(D1::from_f64(0.7)), &everywhere);
        agrees_with_differences(|x| x / (x * x + D1::one()), &everywhere);
        agrees_with_differences(|x| x.modulo(D1::from_f64(0.75)), &everywhere);
        agrees_with_differences(|x| x.max(x * x) - x.min(D1::zero()), &everywhere);
    }

    #[test]
    fn nested_duals_give_the_hessian() {
        // f = x^3 y + exp(x y): f_xx = 6xy + y^2 e, f_xy = 3x^2 + (1 + xy) e, f_yy = x^2 e.
        type D2 = Dual<Dual<f64, 2>, 2>;
        let (x, y) = (0.7, -0.4);
        let seed = |v: f64, i: usize| D2::variable(Dual::variable(v, i), i);
        let (a, b) = (seed(x, 0), seed(y, 1));
        let f = a.powi(3) * b + (a * b).exp();
        let e = libm::exp(x * y);
        let close = |p: f64, q: f64| assert!((p - q).abs() < 1e-14, "{p} against {q}");
        close(f.derivative[0].derivative[0], 6.0 * x * y + y * y * e);
        close(f.derivative[0].derivative[1], 3.0 * x * x + (1.0 + x * y) * e);
        close(f.derivative[1].derivative[0], 3.0 * x * x + (1.0 + x * y) * e);
        close(f.derivative[1].derivative[1], x * x * e);
    }

    #[test]
    fn kinks_have_a_zero_subgradient() {
        let zero = D1::variable(0.0, 0);
        assert_eq!(zero.abs().derivative[0], 0.0);
        assert_eq!(zero.hypot(zero).derivative[0], 0.0);
        assert_eq!((zero * zero).sqrt().derivative[0], 0.0);
    }
}
