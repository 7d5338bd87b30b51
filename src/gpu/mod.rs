//! What runs on a graphics processor, through `wgpu`: natively, and in the browser over WebGPU.

pub mod relief;
pub mod trouble;
