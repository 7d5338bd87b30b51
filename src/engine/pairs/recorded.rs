//! A function of a pair, recorded and printed.

use crate::measures::Pair;
use crate::scalar::elementary::Precision;
use crate::scalar::pair_memory::INPUTS;
use crate::tape::{Tape, lower, record, wasm, wgsl};

/// A [`Pair`] as a tape: x and y of the target, x and y of the source, its two extras and the parameter are the inputs,
/// what the source adds to each sum the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct PairTape {
    recorded: Tape,
    lowered: Tape,
}

impl PairTape {
    /// Records a function.
    pub fn record(pair: &Pair) -> Self {
        let recorded = record(INPUTS as u32, |inputs| {
            let [x0, x1, y0, y1, extra0, extra1, parameter] = [0, 1, 2, 3, 4, 5, 6].map(|i| inputs[i]);
            pair.evaluator().evaluate([x0, x1], [y0, y1], [extra0, extra1], parameter).to_vec()
        });
        let lowered = lower(&recorded, Precision::Single);
        Self { recorded, lowered }
    }

    /// As it was recorded, with elementary functions.
    pub fn recorded(&self) -> &Tape {
        &self.recorded
    }

    /// What kernels are printed from: arithmetic for single precision.
    pub fn lowered(&self) -> &Tape {
        &self.lowered
    }

    /// The bytes of a WebAssembly module: [`wasm::print_pairs`].
    pub fn print(&self) -> Vec<u8> {
        wasm::print_pairs(&self.lowered)
    }

    /// The text of a shader: [`wgsl::print_pairs`].
    pub fn print_wgsl(&self) -> String {
        wgsl::print_pairs(&self.lowered)
    }

    /// Operations of a pair, roughly.
    pub fn operations(&self) -> usize {
        self.lowered.nodes().len()
    }
}
