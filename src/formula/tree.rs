//! The syntax tree of a formula, kept flat.

use super::{Constant, Function, Operator};

/// Index of a node in [`Expr::nodes`].
pub type NodeId = usize;

/// One node of the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    /// A literal; never negative, never NaN, never infinite: a sign in front is a [`Node::Negate`].
    Number(f64),
    /// `pi` or `e`.
    Constant(Constant),
    /// The variable of this index.
    Variable(usize),
    /// The parameter of this index.
    Parameter(usize),
    /// A minus sign in front.
    Negate(NodeId),
    /// Left operand, operator, right operand.
    Binary(Operator, NodeId, NodeId),
    /// A function with its arguments; entries beyond its arity repeat the first.
    Call(Function, [NodeId; 3]),
}

impl Node {
    /// The nodes right below, from left to right.
    pub fn children(&self) -> ([NodeId; 3], usize) {
        match *self {
            Self::Negate(a) => ([a; 3], 1),
            Self::Binary(_, a, b) => ([a, b, b], 2),
            Self::Call(function, arguments) => (arguments, function.arity()),
            _ => ([0; 3], 0),
        }
    }
}

/// A syntax tree: its nodes in the order in which they would be computed, children before parents, the root last.
///
/// Flat because every use of it, from computing to typesetting, is then one loop over the nodes: nothing recurses,
/// not even dropping it, so no input can exhaust the stack. The order is unique, so equal trees are equal lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub(super) nodes: Vec<Node>,
}

impl Expr {
    /// All nodes; the root is the last one. There is at least one.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// For every node whether its value can change with a variable (parameters count as fixed).
    pub fn varies(&self) -> Vec<bool> {
        let mut varies: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let (children, count) = node.children();
            let below = children[..count].iter().any(|&child| varies[child]);
            varies.push(below || matches!(node, Node::Variable(_)));
        }
        varies
    }

    /// The exponent when it is a whole number literal, perhaps with a sign, of size at most 64.
    ///
    /// Decided by what is written and not by values, so that every engine makes the same choice: `x^2` and `x^-2` are
    /// products, `x^p` and `x^(4/2)` go through the logarithm.
    pub fn whole_exponent(&self, exponent: NodeId) -> Option<i32> {
        let whole = |value: f64| (value <= 64.0 && value.fract() == 0.0).then_some(value as i32);
        match self.nodes[exponent] {
            Node::Number(value) => whole(value),
            Node::Negate(inner) => match self.nodes[inner] {
                Node::Number(value) => whole(value).map(|n| -n),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the formula is written as a sum of terms with at most one variable in each, up to constant factors.
    ///
    /// Syntactic: true means separable, false means that it is not seen to be.
    pub fn is_separable(&self) -> bool {
        let mut variables: Vec<u64> = Vec::with_capacity(self.nodes.len());
        let mut separable: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let (children, count) = node.children();
            let below = children[..count].iter().fold(0, |all, &child| all | variables[child]);
            let own = if let Node::Variable(i) = node { 1u64.checked_shl(*i as u32).unwrap_or(u64::MAX) } else { 0 };
            variables.push(below | own);
            let parts = match *node {
                Node::Negate(a) => separable[a],
                Node::Binary(Operator::Add | Operator::Subtract, a, b) => separable[a] && separable[b],
                Node::Binary(Operator::Multiply, a, b) => {
                    variables[a] == 0 && separable[b] || variables[b] == 0 && separable[a]
                }
                Node::Binary(Operator::Divide, a, b) => variables[b] == 0 && separable[a],
                _ => false,
            };
            separable.push(parts || (below | own).count_ones() <= 1);
        }
        separable.last().copied().unwrap_or(true)
    }
}

/// A literal as one writes it: the shortest decimal that reads back as the same double.
pub(super) fn literal(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
