//! Tapes printed as WGSL: a compute shader that runs a step many times for many points, in single precision.
//!
//! It reads and writes the same memory as a WebAssembly kernel in single precision ([`wasm`](super::wasm) has its
//! header), bound as an array of words at group 0, binding 0. At binding 1 is a uniform of four words: the first point,
//! how many points, how many steps, and how many steps have been taken before. One invocation takes one point;
//! workgroups have 64.
//!
//! The frame is written by hand (`wgsl/kernel.wgsl`); the printer fills in the tapes, a `let` for each node.
//!
//! WGSL lets a division err by 2.5 ULP, a square root by as much again, and a multiplication and a sum fuse, so that
//! results are those of the other engines up to rounding. Infinities and NaNs need not exist: nothing here depends on
//! them, except for points that have left the formula's domain and are to be noticed, which works where comparisons
//! with NaN are false.

mod pairs;

pub use pairs::print_pairs;

use super::wasm::Kernel;
use super::{Binary, Node, Tape, Unary};
use std::fmt::Write as _;

const FRAME: &str = include_str!("wgsl/kernel.wgsl");
/// The function `philox4x32` of WGSL, for a `vec4<u32>` and a `vec2<u32>`.
pub const PHILOX: &str = include_str!("wgsl/philox.wgsl");
/// What the three operations on bits are in WGSL.
const BITS: &str = include_str!("wgsl/bits.wgsl");
const DRAWS: &str = include_str!("wgsl/draws.wgsl");

/// The entry point of the shader.
pub const ENTRY: &str = "run";
/// Points in a workgroup.
pub const WORKGROUP: u32 = 64;

impl Kernel<'_> {
    /// The shader's text.
    pub fn print_wgsl(&self) -> String {
        let functions = if self.draws.is_empty() { String::new() } else { [PHILOX, DRAWS].join("\n") };
        let varies = self.varies_in_a_step();
        let in_a_step =
            |indent, wanted: &dyn Fn(usize) -> bool| nodes(self.step, "n", indent, wanted, |i| self.step_input(i));
        let begin = self.begin_text() + &in_a_step(4, &|at| !varies[at]);
        let step = self.draw_text() + &in_a_step(8, &|at| varies[at]) + &assignments(self.step, "n", "", 8);
        filled(FRAME, &[("functions", functions), ("begin", begin), ("step", step), ("end", self.end_text())])
    }

    /// What becomes of each input of the step, in its order.
    fn step_input(&self, i: usize) -> String {
        let (slots, inputs) = (self.begin.outputs().len(), self.begin.inputs() as usize);
        match i.checked_sub(slots) {
            None => format!("s{i}"),
            Some(i) if i < inputs => format!("i{i}"),
            Some(i) if i == inputs => "f32(count)".to_owned(),
            Some(i) => {
                let draw = i - inputs - 1;
                format!("d{}.{}", draw / 2, if draw % 2 == 0 { "x" } else { "y" })
            }
        }
    }

    /// Whether each node of the step changes from step to step.
    fn varies_in_a_step(&self) -> Vec<bool> {
        let (slots, inputs) = (self.begin.outputs().len(), self.begin.inputs() as usize);
        self.step.depends_on(|i| !(slots..slots + inputs).contains(&(i as usize)))
    }

    /// Inputs, the slots before the first step, and what draws need.
    fn begin_text(&self) -> String {
        let mut text = String::new();
        for i in 0..self.begin.inputs() {
            line(&mut text, 4, format_args!("let i{i} = input({i}u, point);"));
        }
        text += &nodes(self.begin, "b", 4, |_| true, |i| format!("i{i}"));
        text += &assignments(self.begin, "b", "var ", 4);
        if !self.draws.is_empty() {
            let header = 2 * self.begin.inputs() as usize + self.outputs.len();
            let [at, stride, low, high] = [0, 1, 2, 3].map(|word| format!("memory[{}u]", header + word));
            line(&mut text, 4, format_args!("let number_of_run = memory[place({at}, {stride}, point)];"));
            line(&mut text, 4, format_args!("let seed = vec2<u32>({low}, {high});"));
        }
        text
    }

    fn draw_text(&self) -> String {
        let mut text = String::new();
        for (i, slot) in self.draws.iter().enumerate() {
            line(&mut text, 8, format_args!("let d{i} = uniform_pair(count, {slot}u, number_of_run, seed);"));
        }
        text
    }

    fn end_text(&self) -> String {
        let mut text = String::new();
        for (place, slot) in self.outputs.iter().enumerate() {
            let header = 2 * self.begin.inputs() as usize + place;
            line(&mut text, 4, format_args!("memory[place(memory[{header}u], 16u, point)] = bitcast<u32>(s{slot});"));
        }
        text
    }
}

/// A frame with the text for each of its marks, and the operations on bits.
fn filled(frame: &str, parts: &[(&str, String)]) -> String {
    let bits = [("bits", BITS.to_owned())];
    bits.iter().chain(parts).fold(frame.to_owned(), |text, (mark, part)| {
        let mut lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.trim() == format!("//: {mark}"));
        lines[at.expect("the frame has all marks")] = part.trim_end();
        lines.join("\n") + "\n"
    })
}

/// A `let` for each node that `wanted` names; constants stand where they are used.
fn nodes(
    tape: &Tape,
    prefix: &str,
    indent: usize,
    wanted: impl Fn(usize) -> bool,
    input: impl Fn(usize) -> String,
) -> String {
    let mut text = String::new();
    for (at, node) in tape.nodes().iter().enumerate().filter(|(at, _)| wanted(*at)) {
        let of = |id| operand(tape, prefix, id);
        let expression = match *node {
            Node::Constant(_) | Node::Truth(_) => continue,
            Node::Input(i) => input(i as usize),
            Node::Unary(f, a) => unary(f, &of(a)),
            Node::Binary(f, a, b) => format!("{} {} {}", of(a), binary(f), of(b)),
            Node::Select(mask, yes, no) => format!("select({}, {}, {})", of(no), of(yes), of(mask)),
        };
        line(&mut text, indent, format_args!("let {prefix}{at} = {expression};"));
    }
    text
}

/// Moves all outputs into their slots. Nodes are snapshots, so that the order is free.
fn assignments(tape: &Tape, prefix: &str, keyword: &str, indent: usize) -> String {
    let mut text = String::new();
    for (slot, &id) in tape.outputs().iter().enumerate() {
        line(&mut text, indent, format_args!("{keyword}s{slot} = {};", operand(tape, prefix, id)));
    }
    text
}

fn line(text: &mut String, indent: usize, content: std::fmt::Arguments) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{content}", "");
}

/// A node by its name, a constant as it is.
fn operand(tape: &Tape, prefix: &str, id: super::Id) -> String {
    match tape.nodes()[id as usize] {
        Node::Constant(bits) => constant(f64::from_bits(bits)),
        Node::Truth(truth) => truth.to_string(),
        _ => format!("{prefix}{id}"),
    }
}

/// The number in single precision. Its digits are those of the nearest double, so that reading them in double precision
/// first, as compilers may, changes nothing.
fn constant(value: f64) -> String {
    let single = value as f32;
    if !single.is_finite() || single.is_subnormal() {
        return format!("number(0x{:08x}u)", single.to_bits());
    }
    let digits = format!("{:?}f", f64::from(single));
    if single.is_sign_negative() { format!("({digits})") } else { digits }
}

fn unary(f: Unary, a: &str) -> String {
    let name = match f {
        Unary::Negate => return format!("-{a}"),
        Unary::Not => return format!("!{a}"),
        Unary::Sqrt => "sqrt",
        Unary::Abs => "abs",
        Unary::Floor => "floor",
        Unary::Exp2i => "exp2i",
        Unary::Exponent => "exponent",
        Unary::Mantissa => "mantissa",
        Unary::Exp | Unary::Ln | Unary::Sin | Unary::Cos | Unary::Tan | Unary::Sinh | Unary::Cosh | Unary::Tanh => {
            unreachable!("kernels are printed from lowered tapes")
        }
    };
    format!("{name}({a})")
}

fn binary(f: Binary) -> &'static str {
    match f {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Less => "<",
        Binary::LessOrEqual => "<=",
        Binary::And => "&",
        Binary::Or => "|",
        Binary::Atan2 | Binary::Hypot | Binary::Pow => unreachable!("kernels are printed from lowered tapes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::{Bits, Real};
    use crate::tape::{Tracer, record};

    #[test]
    fn what_is_the_same_in_every_step_is_computed_before_the_steps() {
        // One slot and one input; the step's inputs are the slot, the input, and the number of the step.
        let begin = record(1, |inputs| vec![inputs[0]]);
        let step = record(3, |all| vec![all[0] * all[1].sqrt() + all[2]]);
        let text = Kernel { begin: &begin, step: &step, outputs: &[0], draws: &[], varies: &[true] }.print_wgsl();
        let (before, after) = text.split_once("for (").expect("a loop over steps");
        assert!(before.contains("= sqrt(") && !after.contains("= sqrt("), "{text}");
        assert!(after.contains("f32(count)") && !before.contains("f32(count)"), "{text}");
        assert!(!text.contains("//:") && !text.contains("philox"), "{text}");
    }

    #[test]
    fn constants_are_the_nearest_doubles_digits_or_bits() {
        assert_eq!(constant(0.5), "0.5f");
        assert_eq!(constant(0.1), "0.10000000149011612f");
        assert_eq!(constant(-(100.0_f64.exp2())), "(-1.2676506002282294e30f)");
        assert_eq!(constant(f64::INFINITY), "number(0x7f800000u)");
        assert_eq!(constant(1e300), "number(0x7f800000u)");
        assert_eq!(constant(1e-40), "number(0x000116c2u)");
    }

    #[test]
    fn a_draw_brings_its_generator() {
        let begin = record(1, |inputs| vec![inputs[0].floor().exp2i()]);
        let step = record(5, |all| vec![all[0] + all[3] * all[4] + Tracer::one()]);
        let text = Kernel { begin: &begin, step: &step, outputs: &[0], draws: &[7], varies: &[true] }.print_wgsl();
        assert!(text.contains("fn philox4x32") && text.contains("uniform_pair(count, 7u,"), "{text}");
        assert!(text.contains("= d0.x;") && text.contains("= d0.y;"), "{text}");
    }
}
