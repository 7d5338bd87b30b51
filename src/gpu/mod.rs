//! The graphics processor, through WebGPU or what the system has natively: mass runs as compute shaders.
//!
//! [`Gpu::open`] finds an adapter; [`Gpu::compile`] makes a [`Compiled`] kernel of what
//! [`print_wgsl`](crate::tape::wasm::Kernel::print_wgsl) prints; [`Gpu::run`] takes the memory of a WebAssembly kernel
//! ([`Layout`](crate::engine::Layout)) and returns its outputs. No adapter is no mistake: other engines do the same.
//!
//! Everything that waits is a future that also a browser can wait for, where nothing may block.

mod kernel;
pub mod later;
mod map;
mod open;
#[cfg(labs)]
mod pairs;
pub mod relief;
pub mod trouble;

pub use kernel::{Compiled, Run};
pub use open::Gpu;
#[cfg(labs)]
pub use pairs::PairRunner;

/// Why the graphics processor did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// There is none, or it may not be used; with the system's reason.
    #[error("there is no graphics processor to compute with: {0}")]
    NoAdapter(String),
    /// It was taken away; with the reason, which may be empty. Open it anew, or use another engine.
    #[error("the graphics processor was lost. {0}")]
    Lost(String),
    /// The compiler refuses the shader; with its text.
    #[error("the shader does not compile: {0}")]
    Shader(String),
    /// Its memory is used up.
    #[error("the graphics processor has no memory left for {0} bytes")]
    OutOfMemory(u64),
    /// More bytes than a shader can be given.
    #[error("{bytes} bytes of memory are more than the {most} that the graphics processor can bind")]
    TooLarge {
        /// Bytes asked for.
        bytes: u64,
        /// Bytes there may be.
        most: u64,
    },
    /// Anything else; with the system's text.
    #[error("the graphics processor failed: {0}")]
    Failed(String),
}
