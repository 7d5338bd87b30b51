//! Formulas: what a visitor types, and what every landscape is written in.
//!
//! [`Formula::parse`] turns text into a tree, or into a [`FormulaError`] with the place and, where possible, a repair.
//! From the tree come the [`Program`] that computes it over any [`Real`](crate::scalar::Real), and its typeset form.
//!
//! ```
//! use thalweg::formula::{Formula, Names};
//! let names = Names { variables: &["x", "y"], parameters: &["a", "b"] };
//! let rosenbrock = Formula::parse("(a - x)^2 + b*(y - x^2)^2", &names)?;
//! let mut f = rosenbrock.program(&[1.0, 100.0]).evaluator::<f64>();
//! assert_eq!(f.evaluate(&[-1.2, 1.0]), 24.199999999999996);
//!
//! let error = Formula::parse("(a - x)^2 + 2y", &names).unwrap_err();
//! assert_eq!(error.to_string(), "`2y`: write `2*y` to multiply");
//! # Ok::<(), thalweg::formula::FormulaError>(())
//! ```
//!
//! # Grammar
//!
//! Numbers (`2`, `.5`, `1e-12`), declared names, the constants `pi` and `e`, parentheses, `+ - * / ^` and the
//! [functions](Function). Powers bind tightest and group to the right; a sign in front comes next, so that `-x^2` is
//! `-(x^2)`, and may follow an operator (`2^-3`); then products and quotients, then sums, both grouping to the left.
//! `cond(c, a, b)` is a where c > 0 and b elsewhere, also where c is not a number. `mod(a, b)` has the sign of b.
//!
//! A declared name hides the constant of the same name; a function is only ever meant in front of a parenthesis.
//! A name of a Greek letter may also be written as that letter (`θ` for `theta`). What people paste is understood:
//! `− – × · ÷ π ²` and `**` for `^`.
//!
//! Exponents that are whole literals of size up to 64 become products ([`Real::powi`](crate::scalar::Real::powi)),
//! exponents without variables go to [`Real::pow_constant`](crate::scalar::Real::pow_constant), all others to
//! [`Real::pow`](crate::scalar::Real::pow). This is decided by what is written, so every engine does the same.

mod error;
mod evaluator;
mod function;
mod lexer;
mod mathml;
mod parser;
mod program;
mod tree;

pub use error::{FormulaError, NumberProblem, Span, Suggestion};
pub use evaluator::Evaluator;
pub use function::{Constant, Function, Operator};
pub use mathml::{MATHML_NAMESPACE, MathNode};
pub use program::{Operation, Program, Register, Step};
pub use tree::{Expr, Node, NodeId};

use std::fmt;

/// Longest text that is read, in bytes. The longest landscape has about 1,100.
pub const MAX_BYTES: usize = 4_000;
/// Deepest nesting. A sum or a product counts as one level, however many terms it has.
pub const MAX_DEPTH: usize = 256;
/// Most signs, operators and calls. With as many, one evaluation still takes only some microseconds.
pub const MAX_OPERATIONS: usize = 1_000;

/// The names a formula may use, in the order in which their values are handed over later.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// What one differentiates by.
    pub variables: &'a [&'a str],
    /// What stays fixed during a run.
    pub parameters: &'a [&'a str],
}

/// A formula that could be read.
///
/// Equal when trees and names are equal; spacing, superfluous parentheses and spelling (`×` for `*`) are forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    expression: Expr,
    variables: Vec<String>,
    parameters: Vec<String>,
}

impl Formula {
    /// Reads `text`. Takes time proportional to its length, however it is nested.
    ///
    /// # Errors
    /// The first mistake from the left. [`FormulaError::span`] and [`FormulaError::suggestion`] refer to `text`.
    pub fn parse(text: &str, names: &Names) -> Result<Self, FormulaError> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Ok(Self {
            expression: parser::parse(text, names)?,
            variables: owned(names.variables),
            parameters: owned(names.parameters),
        })
    }

    /// The syntax tree.
    pub fn expression(&self) -> &Expr {
        &self.expression
    }

    /// The names of the variables, as they were declared.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The names of the parameters, as they were declared.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The formula as straight-line code for these parameter values, with everything constant computed beforehand.
    ///
    /// # Panics
    /// When there are not as many values as declared parameters.
    pub fn program(&self, parameters: &[f64]) -> Program {
        assert_eq!(parameters.len(), self.parameters.len(), "one value for every declared parameter");
        program::compile(&self.expression, self.variables.len(), parameters)
    }

    /// The formula as MathML Core, for the page to build elements from.
    pub fn mathml(&self) -> MathNode {
        mathml::typeset(self)
    }
}

/// Writes the formula in its own grammar, with the fewest parentheses; reading that gives an equal formula.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For every node its text and how tightly it binds; 5 for what needs no parentheses anywhere.
        let mut done: Vec<(String, u8)> = Vec::with_capacity(self.expression.nodes.len());
        for node in &self.expression.nodes {
            let mut take = |id: NodeId, least: u8| {
                let (text, binds) = std::mem::take(&mut done[id]);
                if binds < least { format!("({text})") } else { text }
            };
            let item = match *node {
                Node::Number(value) => (tree::literal(value), 5),
                Node::Constant(constant) => (constant.name().to_owned(), 5),
                Node::Variable(i) => (self.variables[i].clone(), 5),
                Node::Parameter(i) => (self.parameters[i].clone(), 5),
                Node::Negate(a) => (format!("-{}", take(a, 3)), 3),
                Node::Binary(operator, a, b) => {
                    let binds = operator.precedence();
                    // A power may have a sign or a power in its exponent, but not in its base.
                    let (left, right) = if operator == Operator::Power { (5, 3) } else { (binds, binds + 1) };
                    let mut text = take(a, left);
                    let spaced = if binds == 1 { " " } else { "" };
                    text.push_str(spaced);
                    text.push_str(operator.symbol());
                    text.push_str(spaced);
                    text.push_str(&take(b, right));
                    (text, binds)
                }
                Node::Call(function, arguments) => {
                    let arguments: Vec<String> =
                        arguments[..function.arity()].iter().map(|&argument| take(argument, 0)).collect();
                    (format!("{}({})", function.name(), arguments.join(", ")), 5)
                }
            };
            done.push(item);
        }
        f.write_str(done.last().map_or("", |(text, _)| text))
    }
}

#[cfg(test)]
mod tests;
