//! The module that a worker loads to run flows of particles: sums over pairs by kernels, in several workers or on the
//! graphics processor.

#[cfg(target_arch = "wasm32")]
mod measure_module {
    mod bench;
    mod pairs;
}

fn main() {}
