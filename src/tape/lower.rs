//! Elementary functions replaced by arithmetic.

use super::{Binary, Held, Node, Tape, Tracer, Unary, evaluate, number, record};
use crate::scalar::elementary::{self, Precision};

/// The tape with every elementary function replaced by its range-reduced polynomial: what is left are operations that
/// WebAssembly and WGSL have themselves. In another precision than the inputs' the result is still correct, but less
/// accurate than it could be, or slower.
pub fn lower(tape: &Tape, precision: Precision) -> Tape {
    record(tape.inputs(), |inputs| {
        let mut held: Vec<Held<Tracer>> = Vec::with_capacity(tape.nodes().len());
        for node in tape.nodes() {
            let lowered = replaced(*node, &held, precision).map(Held::Number);
            let value = lowered.unwrap_or_else(|| evaluate(*node, &held, inputs));
            held.push(value);
        }
        tape.outputs().iter().map(|&id| number(&held, id)).collect()
    })
}

/// The arithmetic for an elementary function; `None` for everything else.
fn replaced(node: Node, held: &[Held<Tracer>], precision: Precision) -> Option<Tracer> {
    match node {
        Node::Unary(f, a) => {
            let f = match f {
                Unary::Exp => elementary::exp,
                Unary::Ln => elementary::ln,
                Unary::Sin => elementary::sin,
                Unary::Cos => elementary::cos,
                Unary::Tan => elementary::tan,
                Unary::Sinh => elementary::sinh,
                Unary::Cosh => elementary::cosh,
                Unary::Tanh => elementary::tanh,
                _ => return None,
            };
            Some(f(number(held, a), precision))
        }
        Node::Binary(f, a, b) => {
            let f = match f {
                Binary::Atan2 => elementary::atan2,
                Binary::Hypot => elementary::hypot,
                Binary::Pow => elementary::pow,
                _ => return None,
            };
            Some(f(number(held, a), number(held, b), precision))
        }
        _ => None,
    }
}
