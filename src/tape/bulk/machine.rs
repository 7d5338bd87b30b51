//! Registers of many numbers, and the loops over them.

use super::plan::{Instruction, Place, Pools};
use super::{Lane, WIDTH};
use crate::tape::{Binary, Held, Node, Unary, binary, number, truth, unary};

/// A value for each point, on the boundaries of cache lines.
#[repr(align(64))]
pub struct Register<T>(pub [T; WIDTH]);

impl<T: Copy + Default> Register<T> {
    fn new() -> Box<Self> {
        Box::new(Self([T::default(); WIDTH]))
    }
}

/// The registers of a program.
///
/// A result is computed into a spare register, which then changes places with the one it is meant for: so it may go where
/// one of its operands was, and the compiler knows that they do not overlap.
pub struct Machine<R: Lane> {
    numbers: Vec<Box<Register<R>>>,
    truths: Vec<Box<Register<R::Word>>>,
    number: Box<Register<R>>,
    truth: Box<Register<R::Word>>,
    /// Finds the widest vectors that this processor has.
    arch: pulp::Arch,
}

/// Instructions to run, compiled once for every width of vectors.
struct Run<'a, R: Lane> {
    machine: &'a mut Machine<R>,
    instructions: &'a [Instruction],
    shared: &'a [Held<R>],
}

impl<R: Lane> pulp::WithSimd for Run<'_, R> {
    type Output = ();

    // All that is called from here is compiled into here: what is not has the narrow vectors of every processor.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for instruction in self.instructions {
            self.machine.execute(instruction, self.shared);
        }
    }
}

/// An operand.
#[derive(Clone, Copy)]
enum Read<'a, T> {
    Each(&'a [T; WIDTH]),
    Shared(T),
}

impl<R: Lane> Machine<R> {
    /// As many registers as have been taken.
    pub fn new(pools: &Pools) -> Self {
        Self {
            numbers: (0..pools.numbers.count()).map(|_| Register::new()).collect(),
            truths: (0..pools.truths.count()).map(|_| Register::new()).collect(),
            number: Register::new(),
            truth: Register::new(),
            arch: pulp::Arch::new(),
        }
    }

    /// The numbers in a register.
    pub fn numbers(&mut self, register: usize) -> &mut [R; WIDTH] {
        &mut self.numbers[register].0
    }

    /// Lets two registers change places.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.numbers.swap(a, b);
    }

    /// Runs instructions; `shared`: what is the same for all points, by node.
    #[inline(never)]
    pub fn run(&mut self, instructions: &[Instruction], shared: &[Held<R>]) {
        self.arch.dispatch(Run { machine: self, instructions, shared });
    }

    #[inline(always)]
    fn execute(&mut self, instruction: &Instruction, shared: &[Held<R>]) {
        let Self { numbers, truths, number: spare, truth: spare_truth, .. } = self;
        let [a, b, c] = instruction.from;
        let read = |place: Place| match place {
            Place::Each(register) => Read::Each(&numbers[register].0),
            Place::Shared(id) => Read::Shared(number(shared, id)),
        };
        let read_truth = |place: Place| match place {
            Place::Each(register) => Read::Each(&truths[register].0),
            Place::Shared(id) => Read::Shared(R::word(truth(shared, id))),
        };
        let (to, to_truth) = (&mut spare.0, &mut spare_truth.0);
        match instruction.node {
            None => map(to, read(a), |a| a),
            Some(Node::Unary(Unary::Not, _)) => map(to_truth, read_truth(a), |a| !a),
            Some(Node::Unary(f, _)) => match f {
                Unary::Negate => map(to, read(a), |a: R| -a),
                Unary::Sqrt => map(to, read(a), R::sqrt),
                Unary::Abs => map(to, read(a), R::abs),
                Unary::Floor => map(to, read(a), R::floor),
                Unary::Exp2i => map(to, read(a), R::exp2i),
                Unary::Exponent => map(to, read(a), R::exponent),
                Unary::Mantissa => map(to, read(a), R::mantissa),
                _ => map(to, read(a), |a| unary(f, a)),
            },
            Some(Node::Binary(f, ..)) => match f {
                Binary::Add => zip(to, read(a), read(b), |a, b| a + b),
                Binary::Subtract => zip(to, read(a), read(b), |a, b| a - b),
                Binary::Multiply => zip(to, read(a), read(b), |a, b| a * b),
                Binary::Divide => zip(to, read(a), read(b), |a, b| a / b),
                Binary::Less => zip(to_truth, read(a), read(b), |a, b| R::word(a.lt(b))),
                Binary::LessOrEqual => zip(to_truth, read(a), read(b), |a, b| R::word(a.le(b))),
                Binary::And => zip(to_truth, read_truth(a), read_truth(b), |a, b| a & b),
                Binary::Or => zip(to_truth, read_truth(a), read_truth(b), |a, b| a | b),
                Binary::Atan2 | Binary::Hypot | Binary::Pow => zip(to, read(a), read(b), |a, b| binary(f, a, b)),
            },
            Some(Node::Select(..)) => choose(to, read_truth(a), read(b), read(c)),
            Some(Node::Constant(_) | Node::Truth(_) | Node::Input(_)) => {
                unreachable!("constants are the same for all points, and inputs are in their registers")
            }
        }
        let truth = match instruction.node {
            Some(Node::Unary(Unary::Not, _)) => true,
            Some(Node::Binary(f, ..)) => f.is_truth(),
            _ => false,
        };
        if truth {
            std::mem::swap(spare_truth, &mut truths[instruction.to]);
        } else {
            std::mem::swap(spare, &mut numbers[instruction.to]);
        }
    }
}

#[inline(always)]
fn map<A: Copy, B: Copy>(to: &mut [B; WIDTH], a: Read<'_, A>, f: impl Fn(A) -> B) {
    match a {
        Read::Each(a) => (0..WIDTH).for_each(|i| to[i] = f(a[i])),
        Read::Shared(a) => *to = [f(a); WIDTH],
    }
}

#[inline(always)]
fn zip<A: Copy, B: Copy>(to: &mut [B; WIDTH], a: Read<'_, A>, b: Read<'_, A>, f: impl Fn(A, A) -> B) {
    match (a, b) {
        (Read::Each(a), Read::Each(b)) => (0..WIDTH).for_each(|i| to[i] = f(a[i], b[i])),
        (Read::Each(a), Read::Shared(b)) => (0..WIDTH).for_each(|i| to[i] = f(a[i], b)),
        (Read::Shared(a), Read::Each(b)) => (0..WIDTH).for_each(|i| to[i] = f(a, b[i])),
        (Read::Shared(a), Read::Shared(b)) => *to = [f(a, b); WIDTH],
    }
}

#[inline(always)]
fn choose<R: Lane>(to: &mut [R; WIDTH], mask: Read<'_, R::Word>, yes: Read<'_, R>, no: Read<'_, R>) {
    match (mask, yes, no) {
        (Read::Each(m), Read::Each(y), Read::Each(n)) => (0..WIDTH).for_each(|i| to[i] = R::choose(m[i], y[i], n[i])),
        (Read::Each(m), Read::Each(y), Read::Shared(n)) => (0..WIDTH).for_each(|i| to[i] = R::choose(m[i], y[i], n)),
        (Read::Each(m), Read::Shared(y), Read::Each(n)) => (0..WIDTH).for_each(|i| to[i] = R::choose(m[i], y, n[i])),
        (Read::Each(m), Read::Shared(y), Read::Shared(n)) => (0..WIDTH).for_each(|i| to[i] = R::choose(m[i], y, n)),
        (Read::Shared(m), y, n) => zip(to, y, n, |y, n| R::choose(m, y, n)),
    }
}
