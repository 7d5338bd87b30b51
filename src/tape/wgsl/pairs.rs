//! Sums over all pairs of points as WGSL.
//!
//! The shader reads and writes the same memory as the WebAssembly kernel of pairs
//! ([`pair_memory`](crate::scalar::pair_memory)), bound as an array of words at group 0, binding 0. At binding 1 is a
//! uniform of four words: the first target, the one after the last, the first source, the one after the last. One
//! invocation takes one target; a workgroup of 64 loads 64 sources at a time, which are a block of the sums. A run over a
//! part of the sources goes on from the sums of those before.
//!
//! The frame is written by hand (`pairs.wgsl`); the printer fills in the tape, what depends on the source within the loop.

use super::{filled, line, nodes, operand};
use crate::scalar::pair_memory::SOURCE_INPUTS;
use crate::tape::Tape;

const FRAME: &str = include_str!("pairs.wgsl");

/// What the frame calls the inputs.
const INPUTS: [&str; crate::scalar::pair_memory::INPUTS] =
    ["x0", "x1", "source.x", "source.y", "source.z", "source.w", "parameter"];

/// Prints the shader for a function of a pair: a lowered tape with the inputs of
/// [`pair_memory`](crate::scalar::pair_memory::INPUTS) and an output for each sum.
pub fn print_pairs(tape: &Tape) -> String {
    let varies = tape.depends_on(|i| SOURCE_INPUTS.contains(&i));
    let text = |indent, varying| nodes(tape, "n", indent, |at| varies[at] == varying, |input| INPUTS[input].to_owned());
    let mut source = text(12, true);
    for (sum, &id) in tape.outputs().iter().enumerate() {
        line(&mut source, 12, format_args!("t{sum} += {};", operand(tape, "n", id)));
    }
    filled(FRAME, &[("target", text(4, false)), ("source", source)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Real;
    use crate::tape::record;

    #[test]
    fn what_no_source_changes_is_computed_before_the_sources() {
        let tape = record(7, |all| vec![all[0].sqrt() * all[2], all[6].floor() * all[5], all[4]]);
        let text = print_pairs(&tape);
        let (before, after) = text.split_once("for (").expect("a loop over tiles");
        assert!(before.contains("= sqrt(") && before.contains("= floor("), "{text}");
        assert!(!after.contains("sqrt(") && !after.contains("floor("), "{text}");
        assert!(after.contains("= source.x;") && !before.contains("source.x"), "{text}");
        assert!(!text.contains("//:"), "{text}");
    }

    #[test]
    fn a_tile_is_a_block_of_the_sums_and_a_workgroup() {
        let block = crate::scalar::pair_memory::BLOCK;
        assert!(FRAME.contains(&format!("const TILE: u32 = {block}u;")));
        assert_eq!(block as u32, super::super::WORKGROUP);
    }
}
