//! Definitions, recorded: the straight-line arithmetic of a step, from which every fast engine is made.
//!
//! An optimizer and a formula are written once over [`Real`](crate::scalar::Real). Run with a [`Tracer`] in place of a
//! number they leave a [`Tape`]: every operation once, in order, constants folded, nothing that no output needs. The
//! interpreter ([`Tape::run`]) runs a tape over any scalar and is what other engines are tested against; [`lower()`]
//! replaces elementary functions by arithmetic; [`wasm`] prints a tape as a WebAssembly module, [`wgsl`] as a compute
//! shader; natively `bulk` runs one for many points at once.
//!
//! A tape has no jumps: it is what a step does for every point, whatever the values.

#[cfg(not(target_arch = "wasm32"))]
pub mod bulk;
mod lower;
mod recorder;
mod tracer;
pub mod wasm;
pub mod wgsl;

pub use lower::lower;
pub use recorder::{Tape, record};

pub use tracer::{TraceMask, Tracer};

use crate::scalar::Bits;

/// Index of a node. Nodes refer to earlier ones only.
pub type Id = u32;

/// One operation on numbers, or on the truth values of comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// The number with these bits.
    Constant(u64),
    /// A truth value that does not depend on anything.
    Truth(bool),
    /// The input with this index.
    Input(u32),
    /// A function of one earlier node.
    Unary(Unary, Id),
    /// A function of two earlier nodes.
    Binary(Binary, Id, Id),
    /// The second where the first is true, otherwise the third.
    Select(Id, Id, Id),
}

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the method of `Real` or `Bits` of the same name, `Not` that of `Mask`")]
pub enum Unary {
    Negate,
    Sqrt,
    Abs,
    Floor,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Sinh,
    Cosh,
    Tanh,
    Exp2i,
    Exponent,
    Mantissa,
    Not,
}

/// Functions of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the operator, or the method of `Real` or `Mask`, of the same name")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Atan2,
    Hypot,
    Pow,
    Less,
    LessOrEqual,
    And,
    Or,
}

impl Binary {
    /// Whether the result is a truth value.
    pub fn is_truth(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::And | Self::Or)
    }

    /// Whether exchanging the arguments never changes the result.
    fn commutes(self) -> bool {
        matches!(self, Self::Add | Self::Multiply | Self::And | Self::Or)
    }
}

impl Node {
    /// The nodes it reads.
    pub fn operands(self) -> impl Iterator<Item = Id> {
        let operands = match self {
            Self::Constant(_) | Self::Truth(_) | Self::Input(_) => [None; 3],
            Self::Unary(_, a) => [Some(a), None, None],
            Self::Binary(_, a, b) => [Some(a), Some(b), None],
            Self::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        operands.into_iter().flatten()
    }

    /// The same operation on other nodes.
    #[must_use]
    pub fn with_operands(self, mut place: impl FnMut(Id) -> Id) -> Self {
        match self {
            Self::Constant(_) | Self::Truth(_) | Self::Input(_) => self,
            Self::Unary(f, a) => Self::Unary(f, place(a)),
            Self::Binary(f, a, b) => Self::Binary(f, place(a), place(b)),
            Self::Select(a, b, c) => Self::Select(place(a), place(b), place(c)),
        }
    }
}

/// What a node holds while a tape runs.
#[derive(Clone, Copy)]
enum Held<R: Bits> {
    Number(R),
    Truth(R::Mask),
}

impl Tape {
    /// The outputs for these inputs, over any scalar.
    ///
    /// # Panics
    /// When there are fewer inputs than the tape reads.
    pub fn run<R: Bits>(&self, inputs: &[R]) -> Vec<R> {
        let mut held: Vec<Held<R>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let value = evaluate(*node, &held, inputs);
            held.push(value);
        }
        self.outputs().iter().map(|&id| number(&held, id)).collect()
    }
}

fn number<R: Bits>(held: &[Held<R>], id: Id) -> R {
    match held[id as usize] {
        Held::Number(number) => number,
        Held::Truth(_) => unreachable!("the tracer's types keep numbers and truth values apart"),
    }
}

fn truth<R: Bits>(held: &[Held<R>], id: Id) -> R::Mask {
    match held[id as usize] {
        Held::Truth(truth) => truth,
        Held::Number(_) => unreachable!("the tracer's types keep numbers and truth values apart"),
    }
}

/// The one place where nodes have a meaning; folding and lowering use it too.
fn evaluate<R: Bits>(node: Node, held: &[Held<R>], inputs: &[R]) -> Held<R> {
    match node {
        Node::Constant(bits) => Held::Number(R::from_f64(f64::from_bits(bits))),
        Node::Truth(true) => Held::Truth(R::zero().lt(R::one())),
        Node::Truth(false) => Held::Truth(R::one().lt(R::zero())),
        Node::Input(i) => Held::Number(inputs[i as usize]),
        Node::Unary(Unary::Not, a) => Held::Truth(!truth(held, a)),
        Node::Unary(f, a) => Held::Number(unary(f, number(held, a))),
        Node::Binary(Binary::And, a, b) => Held::Truth(truth(held, a) & truth(held, b)),
        Node::Binary(Binary::Or, a, b) => Held::Truth(truth(held, a) | truth(held, b)),
        Node::Binary(Binary::Less, a, b) => Held::Truth(number(held, a).lt(number(held, b))),
        Node::Binary(Binary::LessOrEqual, a, b) => Held::Truth(number(held, a).le(number(held, b))),
        Node::Binary(f, a, b) => Held::Number(binary(f, number(held, a), number(held, b))),
        Node::Select(a, b, c) => Held::Number(R::select(truth(held, a), number(held, b), number(held, c))),
    }
}

fn unary<R: Bits>(f: Unary, a: R) -> R {
    match f {
        Unary::Negate => -a,
        Unary::Sqrt => a.sqrt(),
        Unary::Abs => a.abs(),
        Unary::Floor => a.floor(),
        Unary::Exp => a.exp(),
        Unary::Ln => a.ln(),
        Unary::Sin => a.sin(),
        Unary::Cos => a.cos(),
        Unary::Tan => a.tan(),
        Unary::Sinh => a.sinh(),
        Unary::Cosh => a.cosh(),
        Unary::Tanh => a.tanh(),
        Unary::Exp2i => a.exp2i(),
        Unary::Exponent => a.exponent(),
        Unary::Mantissa => a.mantissa(),
        Unary::Not => unreachable!("`not` of a number cannot be recorded"),
    }
}

fn binary<R: Bits>(f: Binary, a: R, b: R) -> R {
    match f {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::Atan2 => a.atan2(b),
        Binary::Hypot => a.hypot(b),
        Binary::Pow => a.pow(b),
        Binary::Less | Binary::LessOrEqual | Binary::And | Binary::Or => {
            unreachable!("comparisons give truth values, which are made elsewhere")
        }
    }
}
