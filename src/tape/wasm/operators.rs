//! One node of a tape as instructions on registers.

use super::{Binary, Lanes, Unary};
use wasm_encoder::InstructionSink;

/// Writes operations on registers of `lanes`, one after another.
pub(super) struct Operators<'a> {
    pub sink: InstructionSink<'a>,
    pub lanes: Lanes,
}

impl Operators<'_> {
    /// The number in every lane.
    pub fn constant(&mut self, value: f64) {
        self.sink.v128_const(match self.lanes {
            Lanes::F32x4 => splat32((value as f32).to_bits()),
            Lanes::F64x2 => splat64(value.to_bits()),
        });
    }

    /// A function of the register on the stack.
    pub fn unary(&mut self, f: Unary) {
        let sink = &mut self.sink;
        match (f, self.lanes) {
            (Unary::Negate, Lanes::F32x4) => sink.f32x4_neg(),
            (Unary::Negate, Lanes::F64x2) => sink.f64x2_neg(),
            (Unary::Sqrt, Lanes::F32x4) => sink.f32x4_sqrt(),
            (Unary::Sqrt, Lanes::F64x2) => sink.f64x2_sqrt(),
            (Unary::Abs, Lanes::F32x4) => sink.f32x4_abs(),
            (Unary::Abs, Lanes::F64x2) => sink.f64x2_abs(),
            (Unary::Floor, Lanes::F32x4) => sink.f32x4_floor(),
            (Unary::Floor, Lanes::F64x2) => sink.f64x2_floor(),
            (Unary::Not, _) => sink.v128_not(),
            (Unary::Exp2i, Lanes::F32x4) => {
                // Added to 3 * 2^22, a whole number stands in the low bits of the sum. The conversion that there is an
                // instruction for saturates, for which a processor takes ten.
                let biased = 12_582_912.0 + 127.0_f32;
                sink.v128_const(splat32(biased.to_bits())).f32x4_add().i32_const(23).i32x4_shl()
            }
            (Unary::Exp2i, Lanes::F64x2) => {
                sink.i32x4_trunc_sat_f64x2_s_zero().i64x2_extend_low_i32x4_s();
                sink.v128_const(splat64(1023)).i64x2_add().i32_const(52).i64x2_shl()
            }
            (Unary::Exponent, Lanes::F32x4) => {
                sink.i32_const(23).i32x4_shr_u().v128_const(splat32(255)).v128_and();
                sink.v128_const(splat32(127)).i32x4_sub().f32x4_convert_i32x4_s()
            }
            (Unary::Exponent, Lanes::F64x2) => {
                sink.i32_const(52).i64x2_shr_u().v128_const(splat64(2047)).v128_and();
                sink.v128_const(splat64(1023)).i64x2_sub();
                // The low halves of both integers, side by side; the other two lanes are not read.
                sink.v128_const(0).i8x16_shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]);
                sink.f64x2_convert_low_i32x4_s()
            }
            (Unary::Mantissa, Lanes::F32x4) => {
                sink.v128_const(splat32(0x007f_ffff)).v128_and().v128_const(splat32(0x3f80_0000)).v128_or()
            }
            (Unary::Mantissa, Lanes::F64x2) => {
                sink.v128_const(splat64((1 << 52) - 1)).v128_and().v128_const(splat64(1023 << 52)).v128_or()
            }
            (
                Unary::Exp | Unary::Ln | Unary::Sin | Unary::Cos | Unary::Tan | Unary::Sinh | Unary::Cosh | Unary::Tanh,
                _,
            ) => unreachable!("kernels are printed from lowered tapes"),
        };
    }

    /// A function of the two registers on the stack.
    pub fn binary(&mut self, f: Binary) {
        let sink = &mut self.sink;
        match (f, self.lanes) {
            (Binary::Add, Lanes::F32x4) => sink.f32x4_add(),
            (Binary::Add, Lanes::F64x2) => sink.f64x2_add(),
            (Binary::Subtract, Lanes::F32x4) => sink.f32x4_sub(),
            (Binary::Subtract, Lanes::F64x2) => sink.f64x2_sub(),
            (Binary::Multiply, Lanes::F32x4) => sink.f32x4_mul(),
            (Binary::Multiply, Lanes::F64x2) => sink.f64x2_mul(),
            (Binary::Divide, Lanes::F32x4) => sink.f32x4_div(),
            (Binary::Divide, Lanes::F64x2) => sink.f64x2_div(),
            (Binary::Less, Lanes::F32x4) => sink.f32x4_lt(),
            (Binary::Less, Lanes::F64x2) => sink.f64x2_lt(),
            (Binary::LessOrEqual, Lanes::F32x4) => sink.f32x4_le(),
            (Binary::LessOrEqual, Lanes::F64x2) => sink.f64x2_le(),
            (Binary::And, _) => sink.v128_and(),
            (Binary::Or, _) => sink.v128_or(),
            (Binary::Atan2 | Binary::Hypot | Binary::Pow, _) => {
                unreachable!("kernels are printed from lowered tapes")
            }
        };
    }

    /// Of the two registers on the stack the second where it is less than the first, otherwise the first.
    pub fn second_if_less(&mut self) {
        match self.lanes {
            Lanes::F32x4 => self.sink.f32x4_pmin(),
            Lanes::F64x2 => self.sink.f64x2_pmin(),
        };
    }

    /// Of the two registers on the stack the second where it is greater than the first, otherwise the first.
    pub fn second_if_greater(&mut self) {
        match self.lanes {
            Lanes::F32x4 => self.sink.f32x4_pmax(),
            Lanes::F64x2 => self.sink.f64x2_pmax(),
        };
    }
}

/// The same 32 bits in every lane.
pub(super) fn splat32(bits: u32) -> i128 {
    let bits = u128::from(bits);
    (bits | bits << 32 | bits << 64 | bits << 96).cast_signed()
}

/// The same 64 bits in every lane.
pub(super) fn splat64(bits: u64) -> i128 {
    (u128::from(bits) | u128::from(bits) << 64).cast_signed()
}
