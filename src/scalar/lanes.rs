//! How many numbers a register of a kernel holds.

use super::elementary::Precision;

/// What a register of sixteen bytes holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Four numbers in single precision.
    F32x4,
    /// Two numbers in double precision.
    F64x2,
}

impl Lanes {
    /// How many numbers a register holds.
    pub fn count(self) -> usize {
        match self {
            Self::F32x4 => 4,
            Self::F64x2 => 2,
        }
    }

    /// Their precision.
    pub fn precision(self) -> Precision {
        match self {
            Self::F32x4 => Precision::Single,
            Self::F64x2 => Precision::Double,
        }
    }
}

/// Bytes of a register.
pub const REGISTER: u32 = 16;

/// Groups that a kernel takes through the steps side by side.
pub const AT_ONCE: usize = 2;
