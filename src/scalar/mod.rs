//! Scalars and what is built from them alone: [`Real`], dual numbers, vectors, random bits.
//!
//! Optimizers and formulas are written once over [`Real`] and run with whatever implements it: `f64` for every number
//! that is reported, [`Dual`] for exact derivatives. There is no way from a `Real` to a `bool` or to an `f64`; choices
//! are made with [`Real::select`], so that the same code can be recorded instead of run.

mod block;
mod decimal;
mod dual;
pub mod elementary;
pub mod lanes;
pub mod pair_memory;
pub mod philox;
mod real;
mod single;
mod vector;

pub use block::Block;
pub use decimal::decimal;
pub use dual::Dual;
pub use elementary::Bits;
pub use philox::{box_muller, normal_pair, philox4x32, uniform_pair, uniform_pair_single};
pub use real::{Mask, Real};
pub use vector::Vector;
