<<<<<<< HEAD
//! The module that a worker loads to run problems of the measure lab: `www/lab-worker.js` calls it.

#[cfg(target_arch = "wasm32")]
mod measure_module {
    mod engine;
    mod runs;
=======
//! The module that a worker loads to run flows of particles: sums over pairs by kernels, in several workers or on the
//! graphics processor.

#[cfg(target_arch = "wasm32")]
mod measure_module {
    mod bench;
    mod pairs;
>>>>>>> pairs
}

fn main() {}
