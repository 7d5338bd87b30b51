//! Which local of a kernel keeps what.

use crate::tape::{Node, Tape};

/// Locals that hold a value: one for all groups that run side by side, or one for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Local {
    pub first: u32,
    pub shared: bool,
}

impl Local {
    /// The local of the group with this place among those that run side by side.
    pub fn of(self, copy: u32) -> u32 {
        if self.shared { self.first } else { self.first + copy }
    }
}

/// Hands out locals.
pub(super) struct Locals {
    next: u32,
    copies: u32,
}

impl Locals {
    pub fn new(first: u32, copies: u32) -> Self {
        Self { next: first, copies }
    }

    pub fn take(&mut self, shared: bool) -> Local {
        let first = self.next;
        self.next += if shared { 1 } else { self.copies };
        Local { first, shared }
    }

    /// The first local that is free.
    pub fn next(&self) -> u32 {
        self.next
    }
}

/// How often a value has to be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Whether it changes from step to step.
    pub steps: bool,
    /// Whether it differs from point to point.
    pub points: bool,
}

/// Where an input lives, and how often it changes.
#[derive(Clone, Copy)]
pub(super) struct Home {
    pub local: Local,
    pub steps: bool,
}

/// Which local keeps which node.
pub(super) struct Plan {
    /// The local of each node; `None` where it is computed at its only use.
    pub local: Vec<Option<Local>>,
    /// How often each node is computed.
    pub rate: Vec<Rate>,
}

/// Nodes nested deeper than this get a local, so that printing does not recurse without bound.
const DEPTH: u32 = 48;

impl Plan {
    pub fn new(tape: &Tape, locals: &mut Locals, home: impl Fn(u32) -> Home) -> Self {
        let nodes = tape.nodes();
        let steps = tape.depends_on(|i| home(i).steps);
        let points = tape.depends_on(|i| !home(i).local.shared);
        let rate: Vec<Rate> = steps.into_iter().zip(points).map(|(steps, points)| Rate { steps, points }).collect();
        let mut uses = vec![0_u32; nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            for id in node.operands() {
                // What is computed more rarely than it is used is kept as well.
                uses[id as usize] += if rate[id as usize] == rate[at] { 1 } else { 2 };
            }
        }
        for &id in tape.outputs() {
            uses[id as usize] += 2;
        }
        let mut local: Vec<Option<Local>> = Vec::with_capacity(nodes.len());
        let mut depth: Vec<u32> = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let below = node.operands().filter(|id| local[*id as usize].is_none()).map(|id| depth[id as usize]);
            let deep = below.max().map_or(0, |d| d + 1);
            let own = match node {
                Node::Input(i) => Some(home(*i).local),
                // A constant at hand is cheaper than one in a local, which the machine would have to load as well.
                Node::Constant(_) | Node::Truth(_) => None,
                _ if uses[at] > 1 || deep > DEPTH => Some(locals.take(!rate[at].points)),
                _ => None,
            };
            local.push(own);
            depth.push(if own.is_some() { 0 } else { deep });
        }
        Self { local, rate }
    }

    /// The local of a node that has to be computed into it.
    pub fn target(&self, tape: &Tape, at: usize) -> Option<Local> {
        self.local[at].filter(|_| !matches!(tape.nodes()[at], Node::Input(_)))
    }
}
