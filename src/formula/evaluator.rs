//! Running a program over any scalar.

use super::Function;
use super::program::{Operation, Program, Register, Step};
use crate::scalar::Real;

/// [`Operation`] without payload: one jump a step, where the nested one takes two.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Code {
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    /// The second power, so that the compiler knows the exponent and drops the loop in `powi`.
    Square,
    /// Two steps in one, the inner one being used nowhere else: `(a + b)^2` and so on.
    AddSquare,
    SubtractSquare,
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

/// A [`Step`] in eight bytes.
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

    /// The two steps in one, `inner` being an operand of `outer` alone and living in the register `result`. None for
    /// pairs that are too rare to be worth a code of their own.
    fn fused(outer: &Step, inner: &Step, result: Register) -> Option<Self> {
        let [first, second, _] = outer.operands;
        let [a, b, _] = inner.operands;
        let (code, c) = match (outer.operation, inner.operation) {
            (Operation::PowerWhole(2), Operation::Add) => (Code::AddSquare, a),
            (Operation::PowerWhole(2), Operation::Subtract) => (Code::SubtractSquare, a),
            (Operation::Add, Operation::Multiply) if first == result => (Code::MultiplyAdd, second),
            (Operation::Add, Operation::Multiply) => (Code::AddMultiply, first),
            (Operation::Subtract, Operation::Multiply) if first == result => (Code::MultiplySubtract, second),
            (Operation::Subtract, Operation::Multiply) => (Code::SubtractMultiply, first),
            _ => return None,
        };
        Some(Self { code, operands: [a, b, c] })
    }

    /// Computes the step from the registers into one of them. With [`Self::function`] the one place where operations
    /// have a meaning.
    ///
    /// Every arm writes by itself: results that meet behind the match would go through the stack first.
    #[inline(always)]
    fn run<R: Real>(&self, registers: &mut [R], target: usize) {
        let operand = |k: usize| registers[usize::from(self.operands[k])];
        match self.code {
            Code::Add => registers[target] = operand(0) + operand(1),
            Code::Subtract => registers[target] = operand(0) - operand(1),
            Code::Multiply => registers[target] = operand(0) * operand(1),
            Code::Divide => registers[target] = operand(0) / operand(1),
            Code::Negate => registers[target] = -operand(0),
            Code::Square => registers[target] = operand(0).powi(2),
            Code::AddSquare => registers[target] = (operand(0) + operand(1)).powi(2),
            Code::SubtractSquare => registers[target] = (operand(0) - operand(1)).powi(2),
            Code::MultiplyAdd => registers[target] = operand(0) * operand(1) + operand(2),
            Code::MultiplySubtract => registers[target] = operand(0) * operand(1) - operand(2),
            Code::AddMultiply => registers[target] = operand(2) + operand(0) * operand(1),
            Code::SubtractMultiply => registers[target] = operand(2) - operand(0) * operand(1),
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
/// A gradient of Rosenbrock's function takes four instructions in place of seven steps, and half the time: what costs
/// is not the arithmetic but the jump of each step, and the way of its result through memory.
fn instructions(program: &Program, first_step: usize) -> (Vec<Instruction>, usize) {
    let steps = program.steps();
    let step_of = |register: Register| usize::from(register).checked_sub(first_step);
    let mut uses = vec![0; steps.len()];
    let operands = steps.iter().flat_map(|step| &step.operands[..step.operation.arity()]);
    for step in operands.chain([&program.output()]).filter_map(|&register| step_of(register)) {
        uses[step] += 1;
    }
    let mut absorbed = vec![false; steps.len()];
    let mut chosen: Vec<Option<Instruction>> = vec![None; steps.len()];
    // From the end, so that a step already absorbed by a later one does not absorb another itself.
    for (i, outer) in steps.iter().enumerate().rev() {
        if absorbed[i] {
            continue;
        }
        let pair = outer.operands[..outer.operation.arity().min(2)].iter().find_map(|&register| {
            let j = step_of(register).filter(|&j| uses[j] == 1)?;
            Some((j, Instruction::fused(outer, &steps[j], register)?))
        });
        chosen[i] = Some(match pair {
            Some((j, instruction)) => {
                absorbed[j] = true;
                instruction
            }
            None => Instruction::new(outer),
        });
    }
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
