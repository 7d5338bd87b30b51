//! A scalar that leaves a record of what is done with it.

use super::recorder::push;
use super::{Binary, Id, Node, Unary};
use crate::scalar::{Bits, Mask, Real};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, MulAssign, Neg, Not, Sub, SubAssign};

/// A number that is not known yet: a node of the tape that is being recorded.
///
/// Computing with one outside of [`record`](super::record) is a mistake of the program and panics.
#[derive(Clone, Copy, Debug)]
pub struct Tracer(Id);

/// The outcome of a comparison that is not known yet.
#[derive(Clone, Copy, Debug)]
pub struct TraceMask(Id);

impl Tracer {
    pub(super) fn new(id: Id) -> Self {
        Self(id)
    }

    pub(super) fn id(self) -> Id {
        self.0
    }

    fn unary(self, f: Unary) -> Self {
        Self(push(Node::Unary(f, self.0)))
    }

    fn binary(self, f: Binary, other: Self) -> Self {
        Self(push(Node::Binary(f, self.0, other.0)))
    }
}

impl BitAnd for TraceMask {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(push(Node::Binary(Binary::And, self.0, other.0)))
    }
}

impl BitOr for TraceMask {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(push(Node::Binary(Binary::Or, self.0, other.0)))
    }
}

impl Not for TraceMask {
    type Output = Self;
    fn not(self) -> Self {
        Self(push(Node::Unary(Unary::Not, self.0)))
    }
}

impl Mask for TraceMask {}

impl Add for Tracer {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.binary(Binary::Add, other)
    }
}

impl Sub for Tracer {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.binary(Binary::Subtract, other)
    }
}

impl Mul for Tracer {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.binary(Binary::Multiply, other)
    }
}

impl Div for Tracer {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.binary(Binary::Divide, other)
    }
}

impl Neg for Tracer {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Negate)
    }
}

impl AddAssign for Tracer {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Tracer {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for Tracer {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl Real for Tracer {
    type Mask = TraceMask;

    fn from_f64(x: f64) -> Self {
        Self(push(Node::Constant(x.to_bits())))
    }
    fn sqrt(self) -> Self {
        self.unary(Unary::Sqrt)
    }
    fn exp(self) -> Self {
        self.unary(Unary::Exp)
    }
    fn ln(self) -> Self {
        self.unary(Unary::Ln)
    }
    fn sin(self) -> Self {
        self.unary(Unary::Sin)
    }
    fn cos(self) -> Self {
        self.unary(Unary::Cos)
    }
    fn tan(self) -> Self {
        self.unary(Unary::Tan)
    }
    fn sinh(self) -> Self {
        self.unary(Unary::Sinh)
    }
    fn cosh(self) -> Self {
        self.unary(Unary::Cosh)
    }
    fn tanh(self) -> Self {
        self.unary(Unary::Tanh)
    }
    fn abs(self) -> Self {
        self.unary(Unary::Abs)
    }
    fn floor(self) -> Self {
        self.unary(Unary::Floor)
    }
    fn atan2(self, x: Self) -> Self {
        self.binary(Binary::Atan2, x)
    }
    fn hypot(self, other: Self) -> Self {
        self.binary(Binary::Hypot, other)
    }
    fn pow(self, power: Self) -> Self {
        self.binary(Binary::Pow, power)
    }
    fn pow_constant(self, power: Self) -> Self {
        self.binary(Binary::Pow, power)
    }
    fn lt(self, other: Self) -> TraceMask {
        TraceMask(push(Node::Binary(Binary::Less, self.0, other.0)))
    }
    fn le(self, other: Self) -> TraceMask {
        TraceMask(push(Node::Binary(Binary::LessOrEqual, self.0, other.0)))
    }
    fn select(mask: TraceMask, yes: Self, no: Self) -> Self {
        Self(push(Node::Select(mask.0, yes.0, no.0)))
    }
}

impl Bits for Tracer {
    fn exp2i(self) -> Self {
        self.unary(Unary::Exp2i)
    }
    fn exponent(self) -> Self {
        self.unary(Unary::Exponent)
    }
    fn mantissa(self) -> Self {
        self.unary(Unary::Mantissa)
    }
}
