//! The module that a worker loads to run problems of the measure lab: `www/lab-worker.js` calls it.

#[cfg(target_arch = "wasm32")]
mod measure_module {
    mod bench;
    mod engine;
    mod pairs;
    mod runs;
}

fn main() {}
