//! Running a program over any scalar.

use super::Function;
use super::program::{Operation, Program, Register, Step};
use crate::scalar::Real;

/// [`Operation`] without payload: one jump a step, where the nested one takes two.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Code {
    Negate,
    // Sums and differences of squares are everywhere in these formulas. The letters tell what is squared: F the first
    // term, S the second, R the result. `SubtractSR` is `(a - b^2)^2`.
    Add,
    AddF,
    AddS,
    AddFS,
    AddR,
    AddFR,
    AddSR,
    AddFSR,
    Subtract,
    SubtractF,
    SubtractS,
    SubtractFS,
    SubtractR,
    SubtractFR,
    SubtractSR,
    SubtractFSR,
    Multiply,
    Divide,
    /// The second power, so that the compiler knows the exponent and drops the loop in `powi`.
    Square,
    /// `a*b + c`, rounded twice like the two steps it stands for.
    MultiplyAdd,
    /// `a*b - c`.
    MultiplySubtract,
    /// `c + a*b`.
    AddMultiply,
    /// `c - a*b`.
    SubtractMultiply,
    /// A whole power; the place of the second operand holds the exponent.
    PowerWhole,
    PowerConstant,
    Power,
    Sin,
    Cos,
    Tan,
    Exp,
    Ln,
    Sqrt,
    Abs,
    Floor,
    Sinh,
    Cosh,
    Tanh,
    Max,
    Min,
    Atan2,
    Hypot,
    Mod,
    Cond,
}

/// Bits that tell what is squared in a sum or difference: the place of its code in [`ADD`] and [`SUBTRACT`].
const FIRST: usize = 1;
const SECOND: usize = 2;
const RESULT: usize = 4;
const ADD: [Code; 8] =
    [Code::Add, Code::AddF, Code::AddS, Code::AddFS, Code::AddR, Code::AddFR, Code::AddSR, Code::AddFSR];
const SUBTRACT: [Code; 8] = [
    Code::Subtract,
    Code::SubtractF,
    Code::SubtractS,
    Code::SubtractFS,
    Code::SubtractR,
    Code::SubtractFR,
    Code::SubtractSR,
    Code::SubtractFSR,
];

/// A [`Step`] in eight bytes, or several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    code: Code,
    operands: [Register; 3],
}

impl Instruction {
    pub fn new(step: &Step) -> Self {
        let mut operands = step.operands;
        let code = match step.operation {
            Operation::Negate => Code::Negate,
            Operation::Add => Code::Add,
            Operation::Subtract => Code::Subtract,
            Operation::Multiply => Code::Multiply,
            Operation::Divide => Code::Divide,
            Operation::PowerWhole(2) => Code::Square,
            Operation::PowerWhole(n) => {
                // At most 64 in size, so the sixteen bits of a register's index hold it.
                operands[1] = n as u16;
                Code::PowerWhole
            }
            Operation::PowerConstant => Code::PowerConstant,
            Operation::Power => Code::Power,
            Operation::Call(function) => match function {
                Function::Sin => Code::Sin,
                Function::Cos => Code::Cos,
                Function::Tan => Code::Tan,
                Function::Exp => Code::Exp,
                Function::Ln => Code::Ln,
                Function::Sqrt => Code::Sqrt,
                Function::Abs => Code::Abs,
                Function::Floor => Code::Floor,
                Function::Sinh => Code::Sinh,
                Function::Cosh => Code::Cosh,
                Function::Tanh => Code::Tanh,
                Function::Max => Code::Max,
                Function::Min => Code::Min,
                Function::Atan2 => Code::Atan2,
                Function::Hypot => Code::Hypot,
                Function::Mod => Code::Mod,
                Function::Cond => Code::Cond,
            },
        };
        Self { code, operands }
    }

    /// Computes the step from the registers into one of them. With [`Self::function`] the one place where operations
    /// have a meaning.
    ///
    /// Every arm writes by itself: results that meet behind the match would go through the stack first.
    #[inline(always)]
    fn run<R: Real>(&self, registers: &mut [R], target: usize) {
        let operand = |k: usize| registers[usize::from(self.operands[k])];
        let (a, b, c) = (|| operand(0), || operand(1), || operand(2));
        let (aa, bb) = (|| operand(0).powi(2), || operand(1).powi(2));
        match self.code {
            Code::Add => registers[target] = a() + b(),
            Code::AddF => registers[target] = aa() + b(),
            Code::AddS => registers[target] = a() + bb(),
            Code::AddFS => registers[target] = aa() + bb(),
            Code::AddR => registers[target] = (a() + b()).powi(2),
            Code::AddFR => registers[target] = (aa() + b()).powi(2),
            Code::AddSR => registers[target] = (a() + bb()).powi(2),
            Code::AddFSR => registers[target] = (aa() + bb()).powi(2),
            Code::Subtract => registers[target] = a() - b(),
            Code::SubtractF => registers[target] = aa() - b(),
            Code::SubtractS => registers[target] = a() - bb(),
            Code::SubtractFS => registers[target] = aa() - bb(),
            Code::SubtractR => registers[target] = (a() - b()).powi(2),
            Code::SubtractFR => registers[target] = (aa() - b()).powi(2),
            Code::SubtractSR => registers[target] = (a() - bb()).powi(2),
            Code::SubtractFSR => registers[target] = (aa() - bb()).powi(2),
            Code::Multiply => registers[target] = a() * b(),
            Code::MultiplyAdd => registers[target] = a() * b() + c(),
            Code::MultiplySubtract => registers[target] = a() * b() - c(),
            Code::AddMultiply => registers[target] = c() + a() * b(),
            Code::SubtractMultiply => registers[target] = c() - a() * b(),
            Code::Square => registers[target] = aa(),
            Code::Divide => registers[target] = a() / b(),
            Code::Negate => registers[target] = -a(),
            _ => registers[target] = self.function(registers),
        }
    }

    /// The value for these operands: what [`Self::run`] computes.
    pub fn fold(&self, operands: [f64; 3]) -> f64 {
        let [a, b, c] = operands;
        let mut registers = [a, b, c, 0.0];
        self.run(&mut registers, 3);
        registers[3]
    }

    /// The steps that cost more than a call. Kept out of the loop, which is then small enough to stay in registers.
    #[inline(never)]
    fn function<R: Real>(&self, registers: &[R]) -> R {
        let operand = |k: usize| registers[usize::from(self.operands[k])];
        let a = operand(0);
        match self.code {
            Code::PowerWhole => a.powi(i32::from(self.operands[1] as i16)),
            Code::PowerConstant => a.pow_constant(operand(1)),
            Code::Power => a.pow(operand(1)),
            Code::Sin => a.sin(),
            Code::Cos => a.cos(),
            Code::Tan => a.tan(),
            Code::Exp => a.exp(),
            Code::Ln => a.ln(),
            Code::Sqrt => a.sqrt(),
            Code::Abs => a.abs(),
            Code::Floor => a.floor(),
            Code::Sinh => a.sinh(),
            Code::Cosh => a.cosh(),
            Code::Tanh => a.tanh(),
            Code::Max => a.max(operand(1)),
            Code::Min => a.min(operand(1)),
            Code::Atan2 => a.atan2(operand(1)),
            Code::Hypot => a.hypot(operand(1)),
            Code::Mod => a.modulo(operand(1)),
            Code::Cond => R::select(R::zero().lt(a), operand(1), operand(2)),
            // All others are computed above.
            _ => a,
        }
    }
}

/// A program with the registers to run it over `R`. Evaluation allocates nothing.
#[derive(Clone, Debug)]
pub struct Evaluator<R> {
    registers: Vec<R>,
    first_input: usize,
    first_step: usize,
    instructions: Vec<Instruction>,
    output: usize,
}

impl<R: Real> Evaluator<R> {
    pub(super) fn new(program: &Program) -> Self {
        let first_input = program.constants().len();
        let first_step = first_input + program.inputs();
        let (instructions, output) = instructions(program, first_step);
        let mut registers = vec![R::zero(); first_step + instructions.len()];
        for (register, &constant) in registers.iter_mut().zip(program.constants()) {
            *register = R::from_f64(constant);
        }
        Self { registers, first_input, first_step, instructions, output }
    }

    /// The value for these inputs, one for every declared variable and in that order.
    ///
    /// # Panics
    /// When the number of inputs is another one.
    #[inline]
    pub fn evaluate(&mut self, inputs: &[R]) -> R {
        let registers = self.registers.as_mut_slice();
        let places = &mut registers[self.first_input..self.first_step];
        assert_eq!(places.len(), inputs.len(), "one value for every declared variable");
        for (place, &input) in places.iter_mut().zip(inputs) {
            *place = input;
        }
        for (target, instruction) in (self.first_step..).zip(&self.instructions) {
            instruction.run(registers, target);
        }
        registers[self.output]
    }
}

/// The program's steps, some of them fused, with registers numbered anew; and the register of the result.
///
/// A gradient of Rosenbrock's function takes three instructions in place of seven steps, and half the time: what costs
/// is not the arithmetic but the jump of each step, and the way of its result through memory.
fn instructions(program: &Program, first_step: usize) -> (Vec<Instruction>, usize) {
    let steps = program.steps();
    let mut fusion = Fusion { steps, first_step, uses: vec![0; steps.len()], absorbed: vec![false; steps.len()] };
    let operands = steps.iter().flat_map(|step| &step.operands[..step.operation.arity()]);
    for &register in operands.chain([&program.output()]) {
        if let Some(step) = usize::from(register).checked_sub(first_step) {
            fusion.uses[step] += 1;
        }
    }
    // From the end, so that a step that is absorbed by a later one does not absorb another itself.
    let mut chosen: Vec<Option<Instruction>> = (0..steps.len()).rev().map(|i| fusion.instruction(i)).collect();
    chosen.reverse();
    let mut place: Vec<Register> = (0..first_step).map(|register| register as Register).collect();
    let mut list = Vec::with_capacity(steps.len());
    for instruction in chosen {
        place.push((first_step + list.len()) as Register);
        if let Some(mut instruction) = instruction {
            let registers = if matches!(instruction.code, Code::PowerWhole) { 1 } else { 3 };
            for operand in &mut instruction.operands[..registers] {
                *operand = place[usize::from(*operand)];
            }
            list.push(instruction);
        }
    }
    (list, usize::from(place[usize::from(program.output())]))
}

/// The search for steps that can be computed inside the one step that uses them.
struct Fusion<'a> {
    steps: &'a [Step],
    first_step: usize,
    /// How often each step's result is read.
    uses: Vec<u32>,
    /// Whether a step is computed inside another.
    absorbed: Vec<bool>,
}

impl Fusion<'_> {
    /// The instruction for step i, or none if a later one computes it.
    fn instruction(&mut self, i: usize) -> Option<Instruction> {
        if self.absorbed[i] {
            return None;
        }
        let step = self.steps[i];
        Some(match step.operation {
            Operation::Add | Operation::Subtract => match self.with_product(&step) {
                Some(instruction) => instruction,
                None => self.sum(&step, 0),
            },
            Operation::PowerWhole(2) => {
                let sum = |operation| matches!(operation, Operation::Add | Operation::Subtract);
                match self.absorb(step.operands[0], sum) {
                    Some(inner) => self.sum(&inner, RESULT),
                    None => Instruction::new(&step),
                }
            }
            _ => Instruction::new(&step),
        })
    }

    /// The step in this register, if nothing else reads it and its operation fits; it is then absorbed.
    fn absorb(&mut self, register: Register, fits: impl Fn(Operation) -> bool) -> Option<Step> {
        let j = usize::from(register).checked_sub(self.first_step)?;
        let step = self.steps[j];
        if self.uses[j] != 1 || !fits(step.operation) {
            return None;
        }
        self.absorbed[j] = true;
        Some(step)
    }

    /// A sum or difference one of whose terms is a product.
    fn with_product(&mut self, step: &Step) -> Option<Instruction> {
        let [first, second, _] = step.operands;
        let product = |operation| operation == Operation::Multiply;
        let add = step.operation == Operation::Add;
        let (code, inner, other) = if let Some(inner) = self.absorb(second, product) {
            (if add { Code::AddMultiply } else { Code::SubtractMultiply }, inner, first)
        } else {
            let inner = self.absorb(first, product)?;
            (if add { Code::MultiplyAdd } else { Code::MultiplySubtract }, inner, second)
        };
        let [a, b, _] = inner.operands;
        Some(Instruction { code, operands: [a, b, other] })
    }

    /// A sum or difference, its terms perhaps squares, its result squared if `squares` says so.
    fn sum(&mut self, step: &Step, mut squares: usize) -> Instruction {
        let mut operands = step.operands;
        for (operand, bit) in operands.iter_mut().zip([FIRST, SECOND]) {
            if let Some(square) = self.absorb(*operand, |operation| operation == Operation::PowerWhole(2)) {
                *operand = square.operands[0];
                squares |= bit;
            }
        }
        operands[2] = operands[0];
        let code = if step.operation == Operation::Add { ADD[squares] } else { SUBTRACT[squares] };
        Instruction { code, operands }
    }
}
