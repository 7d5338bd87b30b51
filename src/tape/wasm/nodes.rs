//! The nodes of a tape as instructions, each computed where its plan says.

use super::operators::Operators;
use super::plan::{Local, Plan, Rate};
use crate::tape::{Binary, Id, Node, Tape};
use std::ops::Range;

/// A tape, and which local of a kernel keeps what.
pub(super) struct Nodes<'a> {
    pub tape: &'a Tape,
    pub plan: Plan,
}

impl Nodes<'_> {
    /// Computes the kept nodes of a rate, in order; what differs from point to point for one of `copies` groups after the
    /// other, so that neither waits for the other's results.
    pub fn compute_all(&self, to: &mut Operators, rate: Rate, copies: Range<u32>) {
        let targets = (0..self.tape.nodes().len()).filter(|&at| self.plan.rate[at] == rate);
        let targets = targets.filter_map(|at| self.plan.target(self.tape, at).map(|local| (at as Id, local)));
        for (id, local) in targets {
            for copy in copies.clone().filter(|copy| rate.points || *copy == 0) {
                self.compute(to, id, copy);
                to.sink.local_set(local.of(copy));
            }
        }
    }

    /// Moves all outputs into the slots at once.
    pub fn assign(&self, to: &mut Operators, slots: &[Local], copies: Range<u32>) {
        let mut moves: Vec<(Id, Local, u32)> = Vec::new();
        for (&id, &slot) in self.tape.outputs().iter().zip(slots) {
            moves.extend(copies.clone().filter(|copy| !slot.shared || *copy == 0).map(|copy| (id, slot, copy)));
        }
        for &(id, _, copy) in &moves {
            self.push(to, id, copy);
        }
        for (_, slot, copy) in moves.into_iter().rev() {
            to.sink.local_set(slot.of(copy));
        }
    }

    /// Leaves the value of a node on the stack.
    pub fn push(&self, to: &mut Operators, id: Id, copy: u32) {
        match self.plan.local[id as usize] {
            Some(local) => {
                to.sink.local_get(local.of(copy));
            }
            None => self.compute(to, id, copy),
        }
    }

    fn compute(&self, to: &mut Operators, id: Id, copy: u32) {
        match self.tape.nodes()[id as usize] {
            Node::Constant(bits) => to.constant(f64::from_bits(bits)),
            Node::Truth(truth) => {
                to.sink.v128_const(if truth { -1 } else { 0 });
            }
            Node::Input(_) => unreachable!("inputs have locals"),
            Node::Unary(f, a) => {
                self.push(to, a, copy);
                to.unary(f);
            }
            Node::Binary(f, a, b) => {
                self.push(to, a, copy);
                self.push(to, b, copy);
                to.binary(f);
            }
            Node::Select(mask, yes, no) => match self.tape.nodes()[mask as usize] {
                // Equal also at ties and where one is NaN.
                Node::Binary(Binary::Less, a, b) if [a, b] == [yes, no] || [a, b] == [no, yes] => {
                    self.push(to, no, copy);
                    self.push(to, yes, copy);
                    if a == yes {
                        to.second_if_less()
                    } else {
                        to.second_if_greater()
                    };
                }
                _ => {
                    self.push(to, yes, copy);
                    self.push(to, no, copy);
                    self.push(to, mask, copy);
                    to.sink.v128_bitselect();
                }
            },
        }
    }
}
