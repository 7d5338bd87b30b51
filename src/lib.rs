//! Thalweg: see, compare and understand optimization algorithms.
pub mod optimizers;
pub mod scalar;
