//! What is said about mistakes, and where.

use super::{NAMES, parsed, value};
use crate::formula::*;

fn error(text: &str) -> FormulaError {
    match Formula::parse(text, &NAMES) {
        Err(error) => error,
        Ok(formula) => panic!("{text} was read as {formula}"),
    }
}

/// Text, marked stretch, message, and the text after the suggested repair.
#[test]
fn every_mistake_is_pointed_at_explained_and_repaired_where_possible() {
    for (text, marked, message, repaired) in [
        ("", "", "there is no formula yet: type one, such as x^2 + y^2", None),
        ("  ", "  ", "there is no formula yet: type one, such as x^2 + y^2", None),
        ("2x", "2x", "`2x`: write `2*x` to multiply", Some("2*x")),
        ("3 + 2(x+1)", "2(", "`2(`: write `2*(` to multiply", Some("3 + 2*(x+1)")),
        ("x(y+1)", "x(", "`x(`: write `x*(` to multiply", Some("x*(y+1)")),
        ("(x)(y)", ")(", "`)(`: write `)*(` to multiply", Some("(x)*(y)")),
        ("x y", "x y", "`x y`: write `x*y` to multiply", Some("x*y")),
        ("2exp(x)", "2exp", "`2exp`: write `2*exp` to multiply", Some("2*exp(x)")),
        ("x²y", "²y", "`²y`: write `²*y` to multiply", Some("x²*y")),
        ("xy", "xy", "there is no name `xy`: did you mean `x*y`?", Some("x*y")),
        ("1 + sinx", "sinx", "there is no name `sinx`: did you mean `sin(x)`?", Some("1 + sin(x)")),
        ("ax(y)", "ax", "there is no function `ax`: did you mean `a*x`?", Some("a*x(y)")),
        ("sni(x)", "sni", "there is no function `sni`: did you mean `sin`?", Some("sin(x)")),
        ("atan(x)", "atan", "there is no function `atan`: write `atan2(x, 1)`", None),
        ("pow(x, 2)", "pow", "there is no function `pow`: write `x^2`", None),
        (
            "logarithm(x)",
            "logarithm",
            "there is no function `logarithm`; known here: sin, cos, tan, exp, ln, sqrt, abs, floor, sinh, cosh, tanh, max, min, atan2, hypot, mod, cond",
            None,
        ),
        ("log(x)", "log", "there is no `log`: did you mean `ln`, the natural logarithm?", Some("ln(x)")),
        ("X + 1", "X", "there is no name `X`: did you mean `x`?", Some("x + 1")),
        ("thet*x", "thet", "there is no name `thet`: did you mean `theta`?", Some("theta*x")),
        ("x + z", "z", "there is no name `z`; known here: x, y, a, b, theta, pi, e", None),
        ("sin x", "sin x", "`sin` needs parentheses: write `sin(x)`", Some("sin(x)")),
        ("sin", "sin", "`sin` needs parentheses: write `sin(x)`", None),
        ("sin^2(x)", "sin", "`sin` needs parentheses: write `sin(x)`", None),
        ("max(x)", "max(x)", "`max` takes two arguments, `max(a, b)`; here there is one", None),
        ("sin()", "sin()", "`sin` takes one argument, `sin(x)`; here there is none", None),
        ("cond(x, y)", "cond(x, y)", "`cond` takes three arguments, `cond(c, a, b)`; here there are 2", None),
        ("2*((x+1)", "(", "this parenthesis is never closed", Some("2*((x+1))")),
        ("sin(x + (y", "(", "this parenthesis is never closed", Some("sin(x + (y))")),
        ("(x+1))", ")", "this parenthesis closes nothing: there is no `(` for it", Some("(x+1)")),
        (")", ")", "this parenthesis closes nothing: there is no `(` for it", Some("")),
        (
            "0,5*x",
            ",",
            "a comma only separates the arguments of a function, as in max(x, y); decimals are written with a point: 0.5",
            Some("0.5*x"),
        ),
        ("(x, y)", ",", "a comma only separates the arguments of a function, as in max(x, y)", None),
        ("x + * y", "*", "something is missing before `*`: a number, a name or an expression in parentheses", None),
        ("max(, x)", ",", "something is missing before `,`: a number, a name or an expression in parentheses", None),
        ("()", ")", "something is missing before `)`: a number, a name or an expression in parentheses", None),
        ("x +", "+", "the formula ends too early: something must follow `+`", None),
        ("2*(", "(", "the formula ends too early: something must follow `(`", None),
        ("x⁻", "⁻", "the formula ends too early: something must follow `⁻`", None),
        ("x $ y", "$", "`$` cannot be used in a formula", None),
        ("[x]", "[", "`[` cannot be used in a formula: use round parentheses, `(`", Some("(x]")),
        ("|x|", "|", "`|` cannot be used in a formula: write `abs(x)` for the absolute value", None),
        ("√(x)", "√", "`√` cannot be used in a formula: write `sqrt(x)`", Some("sqrt(x)")),
        (
            "x + 2e",
            "2e",
            "`2e` is not a number: digits must follow the `e`, as in 1e-6; to multiply by the constant write `2*e`",
            Some("x + 2*e"),
        ),
        (
            "2e+x",
            "2e",
            "`2e` is not a number: digits must follow the `e`, as in 1e-6; to multiply by the constant write `2*e`",
            Some("2*e+x"),
        ),
        ("1.2.3", "1.2.3", "`1.2.3` is not a number: it needs digits and at most one decimal point", None),
        (".", ".", "`.` is not a number: it needs digits and at most one decimal point", None),
        ("1e999", "1e999", "`1e999` is too large a number: the largest is about 1.8e308", None),
        ("1_000*x", "1_000", "`1_000` is not a number: write the digits without `_`", Some("1000*x")),
    ] {
        let error = error(text);
        assert_eq!(error.span().of(text), marked, "{text}");
        assert_eq!(error.to_string(), message, "{text}");
        let repair = error.suggestion().map(|suggestion| suggestion.apply(text));
        assert_eq!(repair.as_deref(), repaired, "{text}");
    }
}

#[test]
fn the_parenthesis_that_is_pointed_at_is_the_unmatched_one() {
    assert_eq!(error("2*((x+1)").span(), Span { start: 2, end: 3 });
    assert_eq!(error("(x+1)) + (y").span(), Span { start: 5, end: 6 });
    assert_eq!(error("sin(x + (y").span(), Span { start: 8, end: 9 });
}

#[test]
fn limits_are_errors_and_what_is_below_them_is_read() {
    let nested = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(parsed(&nested(MAX_DEPTH)), parsed("x"));
    assert!(matches!(error(&nested(MAX_DEPTH + 1)), FormulaError::TooDeep { .. }));
    let signs = |n: usize| format!("{}x", "-".repeat(n));
    assert_eq!(value(&signs(MAX_DEPTH)), 2.0);
    assert!(matches!(error(&signs(MAX_DEPTH + 1)), FormulaError::TooDeep { .. }));
    assert!(matches!(error(&"x^".repeat(300).add_x()), FormulaError::TooDeep { .. }));
    assert!(matches!(error(&"x/".repeat(300).add_x()), FormulaError::TooDeep { .. }));
    assert!(matches!(error(&"sin(".repeat(300)), FormulaError::TooDeep { .. }));
    // Sums and products are wide, not deep.
    assert_eq!(value(&"x+".repeat(999).add_x()), 2000.0);
    assert!(matches!(error(&"x+".repeat(MAX_OPERATIONS + 1).add_x()), FormulaError::TooManyOperations { .. }));
    let long = format!("x{}", "é".repeat(MAX_BYTES));
    assert!(matches!(error(&long), FormulaError::TooLong { .. }));
    assert!(long.is_char_boundary(error(&long).span().start));
}

trait AddX {
    fn add_x(self) -> String;
}

impl AddX for String {
    fn add_x(mut self) -> String {
        self.push('x');
        self
    }
}

#[test]
fn messages_stay_short_whatever_was_typed() {
    for text in ["q".repeat(3000), "1".repeat(3000), format!("{}e", "1".repeat(300)), "x".repeat(3000) + "(1)"] {
        let error = error(&text);
        assert!(error.to_string().chars().count() < 250, "{error}");
    }
}
