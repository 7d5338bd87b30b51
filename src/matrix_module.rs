//! The module that a worker loads to run problems of the matrix lab: `www/matrix-worker.js` calls it.

#[cfg(target_arch = "wasm32")]
mod matrix_module {
    mod runs;
    mod slices;
}

fn main() {}
