//! The tree as MathML Core: the formula as one would write it by hand.

use super::tree::{Node, NodeId, literal};
use super::{Constant, Formula, Function, Operator};

/// The namespace in which the page must create these elements.
pub const MATHML_NAMESPACE: &str = "http://www.w3.org/1998/Math/MathML";

/// An element of a typeset formula: with text, or with children.
///
/// The page builds its elements from this tree, node by node; text is set as text, never parsed as markup.
#[derive(Clone, Debug, PartialEq)]
pub struct MathNode {
    /// Element name, such as `msup`.
    pub tag: &'static str,
    /// Attributes and their values.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// The text of a leaf; empty otherwise.
    pub text: String,
    /// The elements inside.
    pub children: Vec<MathNode>,
}

impl MathNode {
    fn leaf(tag: &'static str, text: impl Into<String>) -> Self {
        Self { tag, attributes: Vec::new(), text: text.into(), children: Vec::new() }
    }

    fn parent(tag: &'static str, children: Vec<Self>) -> Self {
        Self { tag, attributes: Vec::new(), text: String::new(), children }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// The elements as text, with everything escaped that markup could take for its own.
    pub fn to_markup(&self) -> String {
        let mut markup = String::new();
        self.write(&mut markup);
        markup
    }

    fn write(&self, markup: &mut String) {
        let escape = |text: &str, markup: &mut String| {
            for c in text.chars() {
                match c {
                    '&' => markup.push_str("&amp;"),
                    '<' => markup.push_str("&lt;"),
                    '>' => markup.push_str("&gt;"),
                    '"' => markup.push_str("&quot;"),
                    c => markup.push(c),
                }
            }
        };
        markup.push('<');
        markup.push_str(self.tag);
        for (name, value) in &self.attributes {
            markup.push(' ');
            markup.push_str(name);
            markup.push_str("=\"");
            escape(value, markup);
            markup.push('"');
        }
        markup.push('>');
        escape(&self.text, markup);
        for child in &self.children {
            child.write(markup);
        }
        markup.push_str("</");
        markup.push_str(self.tag);
        markup.push('>');
    }
}

/// The letter a name stands for, if it is the name of a Greek letter.
pub(super) fn greek_letter(name: &str) -> Option<&'static str> {
    Some(match name {
        "alpha" => "α",
        "beta" => "β",
        "gamma" => "γ",
        "delta" => "δ",
        "eps" | "epsilon" => "ε",
        "zeta" => "ζ",
        "eta" => "η",
        "theta" => "θ",
        "kappa" => "κ",
        "lam" | "lambda" => "λ",
        "mu" => "μ",
        "nu" => "ν",
        "xi" => "ξ",
        "rho" => "ρ",
        "sigma" => "σ",
        "tau" => "τ",
        "phi" => "φ",
        "chi" => "χ",
        "psi" => "ψ",
        "omega" => "ω",
        _ => return None,
    })
}

/// How tightly a piece holds together on the page. Fractions and roots need no parentheses wherever a bar shows their
/// extent, so these levels differ from the precedence of the operators.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Sum,
    Product,
    /// A fraction, a call, a power: a factor, but not the base of a power.
    Factor,
    Atom,
}

/// A typeset node: a row of elements.
#[derive(Default)]
struct Piece {
    row: Vec<MathNode>,
    level: Option<Level>,
    /// Whether the row begins with a minus sign, which needs parentheses behind another operator.
    signed: bool,
    /// Where the last minus sign between two terms stands: `cond(p - q, ...)` is written with `p > q`.
    minus: Option<usize>,
    /// The function of a call, so that a power can be written as in sin²(x).
    function: Option<Function>,
}

impl Piece {
    fn new(row: Vec<MathNode>, level: Level) -> Self {
        Self { row, level: Some(level), ..Self::default() }
    }

    /// The row, in parentheses if it holds together less tightly than `least`.
    fn at_least(self, least: Level) -> Vec<MathNode> {
        if self.level < Some(least) { parenthesised(self.row) } else { self.row }
    }

    /// The row as what stands behind an operator.
    fn behind(self, least: Level) -> Vec<MathNode> {
        if self.signed { parenthesised(self.row) } else { self.at_least(least) }
    }

    /// The row as one element.
    fn element(self) -> MathNode {
        group(self.row)
    }
}

fn group(mut row: Vec<MathNode>) -> MathNode {
    match (row.len(), row.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            row.extend(last);
            MathNode::parent("mrow", row)
        }
    }
}

fn operator(text: &str) -> MathNode {
    MathNode::leaf("mo", text)
}

fn parenthesised(row: Vec<MathNode>) -> Vec<MathNode> {
    vec![enclosed("(", row, ")")]
}

fn enclosed(open: &str, row: Vec<MathNode>, close: &str) -> MathNode {
    let mut all = vec![operator(open).with("form", "prefix")];
    all.extend(row);
    all.push(operator(close).with("form", "postfix"));
    MathNode::parent("mrow", all)
}

/// The whole formula inside a `math` element.
pub(super) fn typeset(formula: &Formula) -> MathNode {
    let nodes = formula.expression().nodes();
    let mut pieces: Vec<Piece> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let mut take = |id: NodeId| std::mem::take(&mut pieces[id]);
        let piece = match *node {
            Node::Number(value) => number(value),
            Node::Constant(Constant::Pi) => Piece::new(vec![MathNode::leaf("mi", "π")], Level::Atom),
            Node::Constant(Constant::E) => Piece::new(vec![MathNode::leaf("mi", "e")], Level::Atom),
            Node::Variable(i) => Piece::new(vec![name(&formula.variables[i])], Level::Atom),
            Node::Parameter(i) => Piece::new(vec![name(&formula.parameters[i])], Level::Atom),
            Node::Negate(a) => negated(take(a)),
            Node::Binary(Operator::Power, a, b) => {
                // Only literals such as sin(x)^2: sin⁻¹ would be read as the inverse function.
                let raised_name = matches!(formula.expression().nodes()[b], Node::Number(_));
                power(take(a), take(b), raised_name)
            }
            Node::Binary(operator, a, b) => binary(operator, take(a), take(b)),
            Node::Call(function, ids) => {
                let arguments = ids[..function.arity()].iter().map(|&id| take(id)).collect();
                call(function, arguments)
            }
        };
        pieces.push(piece);
    }
    let row = pieces.pop().map(|piece| piece.row).unwrap_or_default();
    MathNode::parent("math", row)
}

/// A literal; very large and very small ones with a power of ten.
fn number(value: f64) -> Piece {
    let text = literal(value);
    let scientific = value != 0.0 && !(1e-4..1e7).contains(&value);
    if !scientific {
        return Piece::new(vec![MathNode::leaf("mn", text)], Level::Atom);
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = match exponent.strip_prefix('-') {
        Some(size) => group(vec![operator("−"), MathNode::leaf("mn", size)]),
        None => MathNode::leaf("mn", exponent),
    };
    let power = MathNode::parent("msup", vec![MathNode::leaf("mn", "10"), exponent]);
    match digits {
        "1" => Piece::new(vec![power], Level::Factor),
        _ => Piece::new(vec![MathNode::leaf("mn", digits), operator("×"), power], Level::Product),
    }
}

/// A name: a Greek letter where it is one, trailing digits as an index.
fn name(text: &str) -> MathNode {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let digits = text[letters.len()..].trim_start_matches('_');
    let base = MathNode::leaf("mi", greek_letter(letters).unwrap_or(letters));
    if digits.is_empty() || letters.is_empty() {
        return MathNode::leaf("mi", greek_letter(text).unwrap_or(text));
    }
    MathNode::parent("msub", vec![base, MathNode::leaf("mn", digits)])
}

fn negated(inner: Piece) -> Piece {
    let mut row = vec![operator("−").with("form", "prefix")];
    row.extend(inner.behind(Level::Product));
    Piece { signed: true, ..Piece::new(row, Level::Product) }
}

fn binary(kind: Operator, left: Piece, right: Piece) -> Piece {
    match kind {
        Operator::Divide => {
            let fraction = MathNode::parent("mfrac", vec![left.element(), right.element()]);
            Piece::new(vec![fraction], Level::Factor)
        }
        Operator::Multiply => {
            let signed = left.signed;
            let mut row = left.at_least(Level::Product);
            let right = right.behind(Level::Factor);
            row.extend(times(&row, &right));
            row.extend(right);
            Piece { signed, ..Piece::new(row, Level::Product) }
        }
        _ => {
            let minus = kind == Operator::Subtract;
            let signed = left.signed;
            let mut row = left.row;
            let at = row.len();
            row.push(operator(if minus { "−" } else { "+" }).with("form", "infix"));
            row.extend(right.behind(Level::Product));
            Piece { signed, minus: minus.then_some(at), ..Piece::new(row, Level::Sum) }
        }
    }
}

/// The sign between two factors: none is seen where they cannot be misread side by side.
fn times(left: &[MathNode], right: &[MathNode]) -> Vec<MathNode> {
    let (Some(last), Some(first)) = (left.last(), right.first()) else { return Vec::new() };
    // 2 x², but 2 · 3², and 2 · ⅓ lest it be read as a mixed number.
    let digits_follow = match first.tag {
        "mn" => true,
        "mfrac" => last.tag == "mn",
        "msup" => first.children.first().is_some_and(|base| base.tag == "mn"),
        _ => false,
    };
    let word = |node: &MathNode| {
        let leaf = if node.tag == "msub" || node.tag == "msup" { node.children.first() } else { Some(node) };
        leaf.is_some_and(|leaf| leaf.tag == "mi" && leaf.text.chars().count() > 1)
    };
    let call = right.get(1).is_some_and(|next| next.text == "\u{2061}");
    if digits_follow || word(last) || word(first) && !call {
        vec![operator("⋅")]
    } else if call {
        // Function names are set apart from the factor before them by a thin space, as TeX does.
        vec![operator("\u{2062}"), MathNode::leaf("mspace", "").with("width", "0.1667em")]
    } else {
        vec![operator("\u{2062}")]
    }
}

fn power(base: Piece, exponent: Piece, raised_name: bool) -> Piece {
    match base.function {
        Some(function) if raised_name && has_raised_name(function) => {
            let mut row = base.row;
            let name = std::mem::replace(&mut row[0], operator(""));
            row[0] = MathNode::parent("msup", vec![name, exponent.element()]);
            Piece::new(row, Level::Factor)
        }
        _ => {
            let power = MathNode::parent("msup", vec![group(base.at_least(Level::Atom)), exponent.element()]);
            Piece::new(vec![power], Level::Factor)
        }
    }
}

/// Functions whose powers are written at the name, as in sin² x.
fn has_raised_name(function: Function) -> bool {
    use Function::{Cos, Cosh, Sin, Sinh, Tan, Tanh};
    matches!(function, Sin | Cos | Tan | Sinh | Cosh | Tanh)
}

fn call(function: Function, arguments: Vec<Piece>) -> Piece {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().unwrap_or_default();
    match function {
        Function::Sqrt => Piece::new(vec![MathNode::parent("msqrt", next().row)], Level::Atom),
        Function::Abs => Piece::new(vec![enclosed("|", next().row, "|")], Level::Atom),
        Function::Floor => Piece::new(vec![enclosed("⌊", next().row, "⌋")], Level::Atom),
        Function::Cond => cases(next(), next(), next()),
        Function::Exp => {
            let argument = next();
            // A long exponent would be set too small to read, and a fraction inside it even smaller.
            if leaves(&argument.row).is_some_and(|count| count <= 8) {
                let power = MathNode::parent("msup", vec![MathNode::leaf("mi", "e"), argument.element()]);
                return Piece::new(vec![power], Level::Factor);
            }
            named(function, vec![argument])
        }
        _ => named(function, (0..function.arity()).map(|_| next()).collect()),
    }
}

/// The number of leaves, or none if there is a fraction or a table among them.
fn leaves(row: &[MathNode]) -> Option<usize> {
    // Rows are looked at from the outside in and no deeper than needed to know that they are long.
    let mut open: Vec<&MathNode> = row.iter().collect();
    let mut count = 0;
    while let Some(node) = open.pop() {
        if matches!(node.tag, "mfrac" | "mtable") || count > 8 {
            return None;
        }
        count += usize::from(node.children.is_empty());
        open.extend(&node.children);
    }
    Some(count)
}

fn named(function: Function, arguments: Vec<Piece>) -> Piece {
    let mut row = Vec::new();
    for argument in arguments {
        if !row.is_empty() {
            row.push(operator(",").with("separator", "true"));
        }
        row.extend(argument.row);
    }
    let row = vec![MathNode::leaf("mi", function.name()), operator("\u{2061}"), enclosed("(", row, ")")];
    Piece { function: Some(function), ..Piece::new(row, Level::Factor) }
}

/// `cond(c, a, b)` as two cases behind a brace.
fn cases(condition: Piece, yes: Piece, no: Piece) -> Piece {
    let mut condition_row = condition.row;
    match condition.minus {
        Some(at) => condition_row[at] = operator(">"),
        None => condition_row.extend([operator(">"), MathNode::leaf("mn", "0")]),
    }
    let mut when = vec![MathNode::leaf("mtext", "if\u{a0}")];
    when.append(&mut condition_row);
    let line = |value: Vec<MathNode>, when: Vec<MathNode>| {
        MathNode::parent("mtr", vec![MathNode::parent("mtd", value), MathNode::parent("mtd", when)])
    };
    let lines = vec![line(yes.row, when), line(no.row, vec![MathNode::leaf("mtext", "otherwise")])];
    // MathML Core aligns tables by style sheet: the page's says that cells of this class begin at the left.
    let table = MathNode::parent("mtable", lines).with("class", "cases");
    let row = MathNode::parent("mrow", vec![operator("{").with("form", "prefix"), table]);
    Piece::new(vec![row], Level::Sum)
}
