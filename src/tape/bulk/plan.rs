//! What is computed when, and in which register it is kept.

use crate::tape::{Id, Node, Tape};

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// In a register, a value for each point.
    Each(usize),
    /// The same for all points: what this node of the tape holds.
    Shared(Id),
}

/// Where an input is, and when it changes.
#[derive(Clone, Copy)]
pub struct Home {
    /// The register of an input that differs from point to point.
    pub register: Option<usize>,
    /// Whether it changes from step to step.
    pub steps: bool,
}

/// One operation for all points.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// The operation; `None` copies a number.
    pub node: Option<Node>,
    /// Its operands.
    pub from: [Place; 3],
    /// The register of its result, among those of its kind.
    pub to: usize,
}

/// Registers that are free, of one kind.
#[derive(Default)]
pub struct Pool {
    free: Vec<usize>,
    count: usize,
}

impl Pool {
    /// A register that nothing else uses.
    pub fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }

    /// How many registers there have been at once.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The registers of numbers and of truth values.
#[derive(Default)]
pub struct Pools {
    /// Those of numbers.
    pub numbers: Pool,
    /// Those of truth values.
    pub truths: Pool,
}

impl Pools {
    fn of(&mut self, truth: bool) -> &mut Pool {
        if truth { &mut self.truths } else { &mut self.numbers }
    }
}

/// A tape made ready. Nodes that are the same for all points are computed as numbers, in the order of the tape.
pub struct Plan {
    /// Nodes that are the same for all points and steps.
    pub shared_once: Vec<Id>,
    /// Nodes that are the same for all points and change from step to step.
    pub shared: Vec<Id>,
    /// What does not change from step to step.
    pub once: Vec<Instruction>,
    /// What does, and the moves into the targets.
    pub each: Vec<Instruction>,
}

impl Plan {
    /// `targets`: for each output the register that it is moved into at the end, if it has one.
    pub fn new(tape: &Tape, pools: &mut Pools, home: impl Fn(u32) -> Home, targets: &[Option<usize>]) -> Self {
        let nodes = tape.nodes();
        let differs = tape.depends_on(|i| home(i).register.is_some());
        let steps = tape.depends_on(|i| home(i).steps);
        let is_input = |id: Id| matches!(nodes[id as usize], Node::Input(_));
        let all = |differ: bool, step: bool| {
            let wanted = |id: &Id| differs[*id as usize] == differ && steps[*id as usize] == step;
            (0..nodes.len() as Id).filter(wanted).collect::<Vec<_>>()
        };
        let computed = |step: bool| all(true, step).into_iter().filter(|id| !is_input(*id)).collect::<Vec<_>>();
        let (once, each) = (computed(false), computed(true));

        let mut builder = Builder {
            nodes,
            truths: tape.truths(),
            places: (0..nodes.len() as Id).map(Place::Shared).collect(),
            kept: (0..nodes.len() as Id).map(is_input).collect(),
            direct: vec![None; nodes.len()],
            pools,
        };
        for (place, node) in builder.places.iter_mut().zip(nodes) {
            if let Node::Input(i) = node
                && let Some(register) = home(*i).register
            {
                *place = Place::Each(register);
            }
        }
        // What is computed once and read in every step stays, and so do results.
        let read = each.iter().flat_map(|&id| nodes[id as usize].operands()).filter(|&id| !steps[id as usize]);
        for id in read.chain(tape.outputs().iter().copied()) {
            builder.kept[id as usize] = true;
        }
        // A result is computed right into its target, once; where it goes elsewhere as well, it is copied.
        let mut moves = Vec::new();
        for (&id, target) in tape.outputs().iter().zip(targets) {
            let Some(target) = *target else { continue };
            let direct = &mut builder.direct[id as usize];
            if direct.is_none() && each.binary_search(&id).is_ok() {
                *direct = Some(target);
            } else {
                moves.push((id, target));
            }
        }
        let once = builder.compile(&once);
        let mut each = builder.compile(&each);
        for (id, to) in moves {
            each.push(Instruction { node: None, from: [builder.places[id as usize]; 3], to });
        }
        Self { shared_once: all(false, false), shared: all(false, true), once, each }
    }
}

struct Builder<'a> {
    nodes: &'a [Node],
    truths: Vec<bool>,
    /// Where each node is, once it is computed.
    places: Vec<Place>,
    /// Whether each node's register is never free again.
    kept: Vec<bool>,
    /// The target that a node is computed into.
    direct: Vec<Option<usize>>,
    pools: &'a mut Pools,
}

impl Builder<'_> {
    fn compile(&mut self, ids: &[Id]) -> Vec<Instruction> {
        // The last of these nodes that reads a node: from then on its register is free, also for that one's result.
        let mut last_reader: Vec<Option<Id>> = vec![None; self.nodes.len()];
        for &id in ids {
            for operand in self.nodes[id as usize].operands() {
                last_reader[operand as usize] = Some(id);
            }
        }
        let mut instruction = |id: Id| {
            let node = self.nodes[id as usize];
            let mut from = [Place::Shared(0); 3];
            for (from, operand) in from.iter_mut().zip(node.operands()) {
                let at = operand as usize;
                *from = self.places[at];
                if let Place::Each(register) = *from
                    && !self.kept[at]
                    && last_reader[at] == Some(id)
                {
                    // An operand that is read twice is given back once.
                    last_reader[at] = None;
                    self.pools.of(self.truths[at]).free.push(register);
                }
            }
            let pool = self.pools.of(self.truths[id as usize]);
            let to = self.direct[id as usize].unwrap_or_else(|| pool.take());
            self.places[id as usize] = Place::Each(to);
            Instruction { node: Some(node), from, to }
        };
        ids.iter().map(|&id| instruction(id)).collect()
    }
}
