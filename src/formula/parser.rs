//! Tokens to a tree, with an explicit stack of what is still open: time and memory grow with the length of the text,
//! and no nesting can exhaust the program's own stack. (Dijkstra 1961, the shunting yard.)

use super::error::{in_other_words, shown};
use super::lexer::{Kind, Lexer, Token};
use super::mathml::greek_letter;
use super::tree::{Expr, Node, NodeId};
use super::{Constant, FormulaError, Function, MAX_BYTES, MAX_DEPTH, MAX_OPERATIONS, Names, Operator, Span};
use crate::suggest::closest;

/// Something read whose right end has not come yet.
enum Pending {
    /// A parenthesis that groups.
    Group(Span),
    /// A call: the function, its name, its parenthesis, and how many arguments have begun.
    Call(Function, Span, Span, usize),
    /// A minus sign in front. Binds tighter than products, looser than powers.
    Negate(Span),
    /// An operator that waits for its right operand.
    Binary(Operator, Span),
}

/// Precedence of a minus sign in front: between `*` and `^`.
const SIGN: u8 = 3;

struct Parser<'a> {
    text: &'a str,
    names: &'a Names<'a>,
    lexer: Lexer<'a>,
    /// The token read last.
    last: Span,
    nodes: Vec<Node>,
    /// For every node how many levels lie below it.
    depths: Vec<usize>,
    operations: usize,
    pending: Vec<Pending>,
    /// How many parentheses are pending.
    open: usize,
    operands: Vec<NodeId>,
}

/// Reads `text` as an expression over `names`.
pub(super) fn parse(text: &str, names: &Names) -> Result<Expr, FormulaError> {
    if text.len() > MAX_BYTES {
        let start = (0..=MAX_BYTES).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        return Err(FormulaError::TooLong { length: text.len(), span: Span::new(start, text.len()) });
    }
    let mut parser = Parser {
        text,
        names,
        lexer: Lexer::new(text),
        last: Span::new(0, 0),
        nodes: Vec::new(),
        depths: Vec::new(),
        operations: 0,
        pending: Vec::new(),
        open: 0,
        operands: Vec::new(),
    };
    loop {
        parser.operand()?;
        if parser.after_operand()? {
            return Ok(Expr { nodes: parser.nodes });
        }
    }
}

impl Parser<'_> {
    /// Reads up to the end of a number or a name: what comes before it are signs, parentheses and calls.
    fn operand(&mut self) -> Result<(), FormulaError> {
        loop {
            let before = self.last;
            let Token { kind, span } = self.lexer.next()?;
            self.last = span;
            let leaf = match kind {
                Kind::Number(value) => Node::Number(value),
                Kind::Name if self.lexer.peek().is_some_and(|next| next.kind == Kind::Open) => {
                    match self.call_or_name(span)? {
                        Some(node) => node,
                        None => continue,
                    }
                }
                Kind::Name => self.name(span)?,
                Kind::Open => {
                    self.pending.push(Pending::Group(span));
                    self.opened(span)?;
                    continue;
                }
                Kind::Operator(Operator::Subtract) => {
                    self.pending.push(Pending::Negate(span));
                    continue;
                }
                // A plus sign in front changes nothing.
                Kind::Operator(Operator::Add) => continue,
                Kind::Operator(operator) => {
                    return Err(FormulaError::MissingOperand { found: operator.symbol(), span });
                }
                Kind::Comma if self.in_call() => return Err(FormulaError::MissingOperand { found: ",", span }),
                Kind::Comma => return Err(FormulaError::MisplacedComma { decimal: false, span }),
                Kind::Close if self.open == 0 => return Err(FormulaError::UnmatchedParenthesis { span }),
                Kind::Close => return Err(FormulaError::MissingOperand { found: ")", span }),
                Kind::End => return Err(self.ends_early(before)),
            };
            return self.node(leaf, span);
        }
    }

    /// Reads what may follow an operand. True at the end of a complete formula, false when another operand must come.
    fn after_operand(&mut self) -> Result<bool, FormulaError> {
        loop {
            let left = self.last;
            let Token { kind, span } = self.lexer.next()?;
            self.last = span;
            match kind {
                Kind::Operator(operator) => {
                    // Equal precedence closes on the left, except for powers: a^b^c is a^(b^c).
                    let least = operator.precedence() + u8::from(operator == Operator::Power);
                    self.reduce(least)?;
                    self.pending.push(Pending::Binary(operator, span));
                    return Ok(false);
                }
                Kind::Close => {
                    self.reduce(0)?;
                    match self.pending.pop() {
                        Some(Pending::Group(_)) => {}
                        Some(Pending::Call(function, name, _, found)) => self.finish_call(function, name, found)?,
                        _ => return Err(FormulaError::UnmatchedParenthesis { span }),
                    }
                    self.open -= 1;
                }
                Kind::Comma => {
                    self.reduce(0)?;
                    let Some(Pending::Call(.., arguments)) = self.pending.last_mut() else {
                        let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
                        let bytes = self.text.as_bytes();
                        let decimal = is_digit(span.start.checked_sub(1).and_then(|i| bytes.get(i)))
                            && is_digit(bytes.get(span.end));
                        return Err(FormulaError::MisplacedComma { decimal, span });
                    };
                    *arguments += 1;
                    return Ok(false);
                }
                Kind::End => {
                    self.reduce(0)?;
                    return match self.pending.last() {
                        None => Ok(true),
                        Some(_) => Err(self.unclosed()),
                    };
                }
                Kind::Number(_) | Kind::Name | Kind::Open => {
                    return Err(FormulaError::ImplicitMultiplication {
                        found: shown(left.to(span).of(self.text)),
                        left: shown(left.of(self.text)),
                        right: shown(span.of(self.text)),
                        span: left.to(span),
                        gap: Span::new(left.end, span.start),
                    });
                }
            }
        }
    }

    /// Builds every pending sign and operator, from the last, that binds at least as tightly as `least`.
    fn reduce(&mut self, least: u8) -> Result<(), FormulaError> {
        loop {
            let binds = match self.pending.last() {
                Some(Pending::Negate(_)) => SIGN,
                Some(Pending::Binary(operator, _)) => operator.precedence(),
                _ => return Ok(()),
            };
            if binds < least {
                return Ok(());
            }
            match self.pending.pop() {
                Some(Pending::Negate(span)) => {
                    let a = self.pop_operand();
                    self.node(Node::Negate(a), span)?;
                }
                Some(Pending::Binary(operator, span)) => {
                    let b = self.pop_operand();
                    let a = self.pop_operand();
                    self.node(Node::Binary(operator, a, b), span)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn pop_operand(&mut self) -> NodeId {
        self.operands.pop().expect("every sign and operator is pushed before its operand and reduced after it")
    }

    /// A complete call whose closing parenthesis was the last token.
    fn finish_call(&mut self, function: Function, name: Span, found: usize) -> Result<(), FormulaError> {
        if found != function.arity() {
            return Err(FormulaError::WrongArgumentCount { function, found, span: name.to(self.last) });
        }
        let first = self.operands.len() - found;
        let mut arguments = [self.operands[first]; 3];
        for (argument, id) in arguments.iter_mut().zip(self.operands.drain(first..)) {
            *argument = id;
        }
        self.node(Node::Call(function, arguments), name)
    }

    /// Appends a node and makes it an operand; `span` is blamed when a limit is passed.
    fn node(&mut self, node: Node, span: Span) -> Result<(), FormulaError> {
        let (children, count) = node.children();
        let mut depth = 0;
        for (place, &child) in children[..count].iter().enumerate() {
            // A sum or a product of many terms leans to the left but is not nested: it is read, and set, as one row.
            let chain = place == 0
                && match (node, self.nodes[child]) {
                    (Node::Binary(operator, ..), Node::Binary(below, ..)) => {
                        let one_row = |o: Operator| !matches!(o, Operator::Divide | Operator::Power);
                        one_row(operator) && one_row(below) && operator.precedence() == below.precedence()
                    }
                    _ => false,
                };
            depth = depth.max(self.depths[child] + usize::from(!chain));
        }
        if depth > MAX_DEPTH {
            return Err(FormulaError::TooDeep { span });
        }
        self.operations += usize::from(count > 0);
        if self.operations > MAX_OPERATIONS {
            return Err(FormulaError::TooManyOperations { span });
        }
        self.operands.push(self.nodes.len());
        self.nodes.push(node);
        self.depths.push(depth);
        Ok(())
    }

    /// Counts a parenthesis that was just pushed.
    fn opened(&mut self, span: Span) -> Result<(), FormulaError> {
        self.open += 1;
        if self.open > MAX_DEPTH { Err(FormulaError::TooDeep { span }) } else { Ok(()) }
    }

    /// Whether the innermost open parenthesis belongs to a call.
    fn in_call(&self) -> bool {
        let innermost = self.pending.iter().rev().find(|p| matches!(p, Pending::Group(_) | Pending::Call(..)));
        matches!(innermost, Some(Pending::Call(..)))
    }

    /// A name in front of a parenthesis. Functions come first here: a parameter called `max` does not hide `max(a, b)`.
    /// None when a call has begun.
    fn call_or_name(&mut self, name: Span) -> Result<Option<Node>, FormulaError> {
        let text = name.of(self.text);
        if let Some(function) = Function::named(text) {
            let open = self.lexer.next()?.span;
            self.last = open;
            if let Some(Token { kind: Kind::Close, span }) = self.lexer.peek() {
                return Err(FormulaError::WrongArgumentCount { function, found: 0, span: name.to(span) });
            }
            self.pending.push(Pending::Call(function, name, open, 1));
            self.opened(open)?;
            return Ok(None);
        }
        if let Some(node) = self.declared(text) {
            return Ok(Some(node));
        }
        let functions = || Function::ALL.into_iter().map(Function::name);
        let folded = text.to_ascii_lowercase();
        let instead = in_other_words(&folded);
        let replacement = match folded.as_str() {
            _ if instead.is_some() => None,
            "log" => Some("ln".to_owned()),
            "fabs" => Some("abs".to_owned()),
            "arctan2" => Some("atan2".to_owned()),
            "fmod" => Some("mod".to_owned()),
            _ => self.split(text).or_else(|| closest(text, functions()).map(str::to_owned)),
        };
        let known = functions().collect::<Vec<_>>().join(", ");
        Err(FormulaError::UnknownFunction { name: shown(text), instead, replacement, known, span: name })
    }

    /// A name that stands alone.
    fn name(&mut self, span: Span) -> Result<Node, FormulaError> {
        let text = span.of(self.text);
        if let Some(node) = self.declared(text) {
            return Ok(node);
        }
        if let Some(function) = Function::named(text) {
            return Err(self.bare_function(function, span));
        }
        let names = || self.names.variables.iter().chain(self.names.parameters).copied().chain(["pi", "e"]);
        let replacement = self.split(text).or_else(|| closest(text, names()).map(str::to_owned));
        let known = names().collect::<Vec<_>>().join(", ");
        Err(FormulaError::UnknownName { name: shown(text), replacement, known, span })
    }

    /// What is declared under this name, by its own spelling or by its Greek letter; after that the constants, which
    /// a parameter called `e` therefore hides.
    fn declared(&self, text: &str) -> Option<Node> {
        let position = |names: &[&str]| {
            let exact = names.iter().position(|name| *name == text);
            exact.or_else(|| names.iter().position(|name| greek_letter(name) == Some(text)))
        };
        position(self.names.variables)
            .map(Node::Variable)
            .or_else(|| position(self.names.parameters).map(Node::Parameter))
            .or_else(|| Constant::named(text).map(Node::Constant))
    }

    /// `xy` as `x*y`, `sinx` as `sin(x)`: the first split of the text into two known names.
    fn split(&self, text: &str) -> Option<String> {
        if text.len() > 40 {
            return None;
        }
        text.char_indices().skip(1).find_map(|(at, _)| {
            let (left, right) = text.split_at(at);
            self.declared(right)?;
            match Function::named(left) {
                Some(function) if function.arity() == 1 => Some(format!("{left}({right})")),
                _ => self.declared(left).map(|_| format!("{left}*{right}")),
            }
        })
    }

    /// A function without parentheses: `sin x` means `sin(x)`; anything longer is left to the writer.
    fn bare_function(&mut self, function: Function, span: Span) -> FormulaError {
        match self.lexer.peek() {
            Some(Token { kind: Kind::Number(_) | Kind::Name, span: next }) if function.arity() == 1 => {
                let argument = next.of(self.text);
                let known = self.declared(argument).is_some() || !argument.starts_with(char::is_alphabetic);
                let replacement = known.then(|| shown(&format!("{}({argument})", function.name())));
                FormulaError::FunctionWithoutParentheses { function, replacement, span: span.to(next) }
            }
            _ => FormulaError::FunctionWithoutParentheses { function, replacement: None, span },
        }
    }

    /// The text ended where an operand had to come; `before` is the last token.
    fn ends_early(&self, before: Span) -> FormulaError {
        if self.nodes.is_empty() && self.pending.is_empty() && before.start == before.end {
            return FormulaError::Empty { span: Span::new(0, self.text.len()) };
        }
        FormulaError::UnexpectedEnd { after: shown(before.of(self.text)), span: before }
    }

    /// The text ended inside a parenthesis.
    fn unclosed(&self) -> FormulaError {
        let innermost = self.pending.iter().rev().find_map(|pending| match *pending {
            Pending::Group(span) | Pending::Call(_, _, span, _) => Some(span),
            _ => None,
        });
        let span = innermost.unwrap_or(self.last);
        FormulaError::UnclosedParenthesis { span, open: self.open, end: self.text.len() }
    }
}
