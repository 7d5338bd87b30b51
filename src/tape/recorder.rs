//! Recording: every operation once, constants folded, exact identities applied, the unused left out.

use super::{Binary, Held, Id, Node, Tracer, Unary, evaluate};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Straight-line code from inputs to outputs. See the [module](super).
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    nodes: Vec<Node>,
    inputs: u32,
    outputs: Vec<Id>,
}

impl Tape {
    /// The operations in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many inputs it was recorded with; it need not read them all.
    pub fn inputs(&self) -> u32 {
        self.inputs
    }

    /// The nodes that hold the results.
    pub fn outputs(&self) -> &[Id] {
        &self.outputs
    }

    /// Whether each node holds a truth value.
    pub fn truths(&self) -> Vec<bool> {
        let truth = |node: &Node| match node {
            Node::Truth(_) | Node::Unary(Unary::Not, _) => true,
            Node::Binary(f, ..) => f.is_truth(),
            _ => false,
        };
        self.nodes.iter().map(truth).collect()
    }

    /// Whether each node depends, through any chain of operations, on an input that `varies` names.
    pub fn depends_on(&self, varies: impl Fn(u32) -> bool) -> Vec<bool> {
        let mut depends = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let own = matches!(node, Node::Input(i) if varies(*i));
            let inherited = node.operands().any(|id| depends[id as usize]);
            depends.push(own || inherited);
        }
        depends
    }
}

/// What has been recorded so far.
#[derive(Default)]
struct Recorder {
    nodes: Vec<Node>,
    known: BTreeMap<Node, Id>,
}

thread_local! {
    /// Recordings of this thread that have begun and not ended; the innermost is last.
    static OPEN: RefCell<Vec<Recorder>> = const { RefCell::new(Vec::new()) };
}

/// Records what `compute` does with `inputs` numbers.
pub fn record(inputs: u32, compute: impl FnOnce(&[Tracer]) -> Vec<Tracer>) -> Tape {
    OPEN.with_borrow_mut(|open| open.push(Recorder::default()));
    let places: Vec<Tracer> = (0..inputs).map(|i| Tracer::new(push(Node::Input(i)))).collect();
    let outputs: Vec<Id> = compute(&places).into_iter().map(Tracer::id).collect();
    let recorder = OPEN.with_borrow_mut(Vec::pop).expect("a recording that has begun is open until it ends here");
    without_the_unused(&recorder.nodes, inputs, &outputs)
}

/// The node for an operation in the recording that is open: an earlier one where the result is known to be equal.
pub(super) fn push(node: Node) -> Id {
    OPEN.with_borrow_mut(|open| {
        let recorder = open.last_mut().expect("tracers compute only while a recording is open");
        recorder.push(node)
    })
}

impl Recorder {
    fn push(&mut self, node: Node) -> Id {
        let node = match self.simplified(node) {
            Simple::Node(node) => node,
            Simple::Same(id) => return id,
        };
        let node = match node {
            Node::Binary(f, a, b) if f.commutes() && b < a => Node::Binary(f, b, a),
            node => node,
        };
        *self.known.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            (self.nodes.len() - 1) as Id
        })
    }

    fn constant(&self, id: Id) -> Option<f64> {
        match self.nodes[id as usize] {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// A node that is equal for all finite values, or the node itself. Nothing here changes a bit of a result other
    /// than the sign of a zero.
    fn simplified(&self, node: Node) -> Simple {
        if let Some(folded) = self.folded(node) {
            return Simple::Node(folded);
        }
        let constant = |value: f64| Simple::Node(Node::Constant(value.to_bits()));
        match node {
            Node::Unary(Unary::Negate, a) => match self.nodes[a as usize] {
                Node::Unary(Unary::Negate, inner) => Simple::Same(inner),
                _ => Simple::Node(node),
            },
            Node::Unary(Unary::Not, a) => match self.nodes[a as usize] {
                Node::Unary(Unary::Not, inner) => Simple::Same(inner),
                _ => Simple::Node(node),
            },
            Node::Binary(f, a, b) => match (f, self.constant(a), self.constant(b)) {
                (Binary::Add, Some(0.0), _) => Simple::Same(b),
                (Binary::Add | Binary::Subtract, _, Some(0.0)) => Simple::Same(a),
                (Binary::Subtract, Some(0.0), _) => Simple::Node(Node::Unary(Unary::Negate, b)),
                (Binary::Multiply, Some(0.0), _) | (Binary::Multiply, _, Some(0.0)) => constant(0.0),
                (Binary::Multiply, Some(1.0), _) => Simple::Same(b),
                (Binary::Multiply | Binary::Divide, _, Some(1.0)) => Simple::Same(a),
                (Binary::Multiply, Some(-1.0), _) => Simple::Node(Node::Unary(Unary::Negate, b)),
                (Binary::Multiply | Binary::Divide, _, Some(-1.0)) => Simple::Node(Node::Unary(Unary::Negate, a)),
                _ => Simple::Node(node),
            },
            Node::Select(mask, yes, no) => match self.nodes[mask as usize] {
                Node::Truth(true) => Simple::Same(yes),
                Node::Truth(false) => Simple::Same(no),
                _ if yes == no => Simple::Same(yes),
                _ => Simple::Node(node),
            },
            _ => Simple::Node(node),
        }
    }

    /// The value of a node all of whose operands are known, computed as `f64` computes it.
    fn folded(&self, node: Node) -> Option<Node> {
        let known = |id: Id| matches!(self.nodes[id as usize], Node::Constant(_) | Node::Truth(_));
        if node.operands().next().is_none() || !node.operands().all(known) {
            return None;
        }
        let mut held: Vec<Held<f64>> = Vec::with_capacity(3);
        let compact = node.with_operands(|id| {
            held.push(evaluate(self.nodes[id as usize], &[], &[]));
            (held.len() - 1) as Id
        });
        Some(match evaluate(compact, &held, &[]) {
            Held::Number(value) => Node::Constant(value.to_bits()),
            Held::Truth(value) => Node::Truth(value),
        })
    }
}

enum Simple {
    Node(Node),
    Same(Id),
}

/// The tape of the nodes that outputs need, numbered anew.
fn without_the_unused(nodes: &[Node], inputs: u32, outputs: &[Id]) -> Tape {
    let mut needed = vec![false; nodes.len()];
    for &id in outputs {
        needed[id as usize] = true;
    }
    for (at, node) in nodes.iter().enumerate().rev() {
        if needed[at] {
            for id in node.operands() {
                needed[id as usize] = true;
            }
        }
    }
    let mut place: Vec<Id> = Vec::with_capacity(nodes.len());
    let mut kept: Vec<Node> = Vec::new();
    for (node, needed) in nodes.iter().zip(needed) {
        place.push(kept.len() as Id);
        if needed {
            kept.push(node.with_operands(|id| place[id as usize]));
        }
    }
    Tape { nodes: kept, inputs, outputs: outputs.iter().map(|&id| place[id as usize]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Real;

    #[test]
    fn what_occurs_twice_is_computed_once() {
        let tape = record(2, |inputs| {
            let [x, y] = [inputs[0], inputs[1]];
            vec![(x + y) * (y + x), x + y]
        });
        // Two inputs, a sum, a product.
        assert_eq!(tape.nodes().len(), 4);
        assert_eq!(tape.run(&[2.0, 3.0]), [25.0, 5.0]);
    }

    #[test]
    fn constants_are_folded_and_the_unused_is_left_out() {
        let tape = record(2, |inputs| {
            let unused = inputs[1].exp();
            let _ = unused * inputs[0];
            let three = Tracer::from_f64(1.0) + Tracer::from_f64(2.0);
            vec![inputs[0] * three * Tracer::one() + Tracer::zero() * inputs[1]]
        });
        assert_eq!(tape.nodes().len(), 3, "{:?}", tape.nodes());
        assert_eq!(tape.run(&[2.0, 7.0]), [6.0]);
    }

    #[test]
    fn a_choice_that_is_settled_is_made() {
        let tape = record(1, |inputs| {
            let mask = Tracer::zero().lt(Tracer::one());
            vec![Tracer::select(mask, inputs[0], -inputs[0]), inputs[0].max(Tracer::one())]
        });
        assert_eq!(tape.run(&[-4.0]), [-4.0, 1.0]);
        assert_eq!(tape.run(&[4.0_f64]), [4.0, 4.0]);
    }

    #[test]
    fn recordings_nest() {
        let outer = record(1, |x| {
            let inner = record(1, |y| vec![y[0] * y[0]]);
            assert_eq!(inner.run(&[3.0]), [9.0]);
            vec![x[0] + Tracer::one()]
        });
        assert_eq!(outer.run(&[3.0]), [4.0]);
    }

    #[test]
    fn what_depends_on_an_input_is_known() {
        let tape = record(2, |inputs| vec![inputs[0] * Tracer::from_f64(2.0), inputs[1] + inputs[0]]);
        let depends = tape.depends_on(|i| i == 1);
        let of_outputs: Vec<bool> = tape.outputs().iter().map(|&id| depends[id as usize]).collect();
        assert_eq!(of_outputs, [false, true]);
    }
}
