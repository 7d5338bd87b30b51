//! The tree as straight-line code.

use super::evaluator::{Evaluator, Instruction};
use super::tree::{Expr, Node};
use super::{Function, Operator};
use crate::scalar::Real;
use std::collections::BTreeMap;

/// Index of a register: constants come first, then inputs, then one register for each step.
pub type Register = u16;

/// What a step computes from up to three registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `-a`.
    Negate,
    /// `a + b`.
    Add,
    /// `a - b`.
    Subtract,
    /// `a * b`.
    Multiply,
    /// `a / b`.
    Divide,
    /// `a` to a whole power, as products.
    PowerWhole(i32),
    /// `a` to a power `b` that depends on no input.
    PowerConstant,
    /// `a` to the power `b`.
    Power,
    /// A function of the grammar.
    Call(Function),
}

impl Operation {
    /// How many registers it reads.
    pub fn arity(self) -> usize {
        match self {
            Self::Negate | Self::PowerWhole(_) => 1,
            Self::Call(function) => function.arity(),
            _ => 2,
        }
    }
}

/// One operation and the registers it reads; its result goes to the register of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is computed.
    pub operation: Operation,
    /// From which registers; entries beyond the arity repeat the first.
    pub operands: [Register; 3],
}

/// A formula as straight-line code: every register is written once, in order.
///
/// Parameters have become constants, what is constant has been computed, and what occurs twice is computed once. None
/// of this changes a bit of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    constants: Vec<f64>,
    inputs: usize,
    steps: Vec<Step>,
    output: Register,
}

impl Program {
    /// The values of the first registers.
    pub fn constants(&self) -> &[f64] {
        &self.constants
    }

    /// How many inputs there are; they live in the registers behind the constants.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The operations in order; the result of step i lives in register `constants + inputs + i`.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The register that holds the result in the end.
    pub fn output(&self) -> Register {
        self.output
    }

    /// The value when no input can change it.
    pub fn constant(&self) -> Option<f64> {
        self.constants.get(usize::from(self.output)).copied()
    }

    /// Registers for evaluating over `R`, with the constants in place.
    pub fn evaluator<R: Real>(&self) -> Evaluator<R> {
        Evaluator::new(self)
    }
}

/// Where a value is while the registers are not yet numbered. Constants by their bits, so that they can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Constant(u64),
    Input(usize),
    Step(usize),
}

/// Straight-line code for a tree over `inputs` variables.
pub(super) fn compile(expression: &Expr, inputs: usize, parameters: &[f64]) -> Program {
    let varies = expression.varies();
    let mut known: BTreeMap<(Operation, [Place; 3]), usize> = BTreeMap::new();
    let mut steps: Vec<(Operation, [Place; 3])> = Vec::new();
    let mut places: Vec<Place> = Vec::with_capacity(expression.nodes().len());
    let constant = |value: f64| Place::Constant(value.to_bits());
    for node in expression.nodes() {
        let mut compute = |operation: Operation, operands: [Place; 3]| {
            if let Some(value) = fold(operation, operands) {
                return constant(value);
            }
            let step = *known.entry((operation, operands)).or_insert_with(|| {
                steps.push((operation, operands));
                steps.len() - 1
            });
            Place::Step(step)
        };
        let place = match *node {
            Node::Number(value) => constant(value),
            Node::Constant(named) => constant(named.value()),
            Node::Variable(i) => Place::Input(i),
            Node::Parameter(i) => constant(parameters[i]),
            Node::Negate(a) => compute(Operation::Negate, [places[a]; 3]),
            Node::Binary(Operator::Power, a, b) => match expression.whole_exponent(b) {
                Some(n) => compute(Operation::PowerWhole(n), [places[a]; 3]),
                None if varies[b] => compute(Operation::Power, [places[a], places[b], places[a]]),
                None => compute(Operation::PowerConstant, [places[a], places[b], places[a]]),
            },
            Node::Binary(operator, a, b) => {
                let operation = match operator {
                    Operator::Add => Operation::Add,
                    Operator::Subtract => Operation::Subtract,
                    Operator::Multiply => Operation::Multiply,
                    Operator::Divide | Operator::Power => Operation::Divide,
                };
                compute(operation, [places[a], places[b], places[a]])
            }
            Node::Call(function, arguments) => compute(Operation::Call(function), arguments.map(|a| places[a])),
        };
        places.push(place);
    }
    let output = *places.last().expect("a tree has at least its root");
    number(&steps, inputs, output)
}

/// The value of an operation on constants, computed as an evaluator does it: folding changes no bit.
fn fold(operation: Operation, operands: [Place; 3]) -> Option<f64> {
    let mut values = [0.0; 3];
    for (value, operand) in values.iter_mut().zip(operands) {
        let Place::Constant(bits) = operand else { return None };
        *value = f64::from_bits(bits);
    }
    Some(Instruction::new(&Step { operation, operands: [0, 1, 2] }).fold(values))
}

/// Gives every place its register.
fn number(steps: &[(Operation, [Place; 3])], inputs: usize, output: Place) -> Program {
    let mut constants: Vec<u64> = Vec::new();
    let used = steps.iter().flat_map(|(_, operands)| operands.iter().copied()).chain([output]);
    for place in used {
        if let Place::Constant(bits) = place
            && !constants.contains(&bits)
        {
            constants.push(bits);
        }
    }
    let register = |place: Place| {
        let index = match place {
            Place::Constant(bits) => constants.iter().position(|&known| known == bits).unwrap_or_default(),
            Place::Input(i) => constants.len() + i,
            Place::Step(i) => constants.len() + inputs + i,
        };
        Register::try_from(index).expect("the limits on formulas keep registers below 65,536")
    };
    Program {
        steps: steps
            .iter()
            .map(|&(operation, operands)| Step { operation, operands: operands.map(register) })
            .collect(),
        output: register(output),
        constants: constants.iter().map(|&bits| f64::from_bits(bits)).collect(),
        inputs,
    }
}
