//! What formulas mean and how they are written.

use super::*;

mod errors;
mod mathml;

const NAMES: Names<'static> = Names { variables: &["x", "y"], parameters: &["a", "b", "theta"] };
const VALUES: [f64; 3] = [1.5, 100.0, 0.25];

fn parsed(text: &str) -> Formula {
    Formula::parse(text, &NAMES).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The value at x = 2, y = 3, a = 1.5, b = 100, theta = 0.25.
fn value(text: &str) -> f64 {
    parsed(text).program(&VALUES).evaluator::<f64>().evaluate(&[2.0, 3.0])
}

#[test]
fn operators_bind_as_in_school() {
    for (text, expected) in [
        ("1 + 2*3", 7.0),
        ("8 - 3 - 2", 3.0),
        ("8/4/2", 1.0),
        ("8/4*2", 4.0),
        ("2^3^2", 512.0),
        ("(2^3)^2", 64.0),
        ("-x^2", -4.0),
        ("(-x)^2", 4.0),
        ("2^-3", 0.125),
        ("2^-x^2", 0.0625),
        ("2^-x*y", 0.75),
        ("x*-y", -6.0),
        ("x - -y", 5.0),
        ("--x", 2.0),
        ("+x", 2.0),
        ("-x*y + 1", -5.0),
        ("6/x^2", 1.5),
        ("a*b", 150.0),
        ("1e2 + .5 + 2. + 1E-1", 102.6),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn functions_compute_what_their_names_say() {
    for (text, expected) in [
        ("sin(x)", libm::sin(2.0)),
        ("cos(x)", libm::cos(2.0)),
        ("tan(x)", libm::tan(2.0)),
        ("exp(x)", libm::exp(2.0)),
        ("ln(x)", libm::log(2.0)),
        ("sqrt(x)", 2f64.sqrt()),
        ("abs(-x)", 2.0),
        ("floor(-1.5)", -2.0),
        ("sinh(x)", libm::sinh(2.0)),
        ("cosh(x)", libm::cosh(2.0)),
        ("tanh(x)", libm::tanh(2.0)),
        ("max(x, y)", 3.0),
        ("min(x, y)", 2.0),
        ("atan2(y, x)", libm::atan2(3.0, 2.0)),
        ("hypot(x, y)", libm::hypot(2.0, 3.0)),
        ("mod(-x, y)", 1.0),
        ("cond(x - y, 10, 20)", 20.0),
        ("cond(y - x, 10, 20)", 10.0),
        ("cond(0, 10, 20)", 20.0),
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn what_people_paste_means_the_same() {
    for (pasted, plain) in [
        ("x² + y³", "x^2 + y^3"),
        ("x⁻²·y¹⁰", "x^-2*y^10"),
        ("2 × x − y ÷ 4", "2*x - y/4"),
        ("x**2", "x^2"),
        ("π*x + θ", "pi*x + theta"),
        ("x\u{a0}+\u{2009}y\u{200b}", "x + y"),
        ("(((x)) + (y))", "x + y"),
        ("2\u{2062}x", "2*x"),
        ("sin\u{2061}(x)", "sin(x)"),
    ] {
        assert_eq!(parsed(pasted), parsed(plain), "{pasted}");
    }
}

#[test]
fn declared_names_hide_constants_but_not_functions() {
    let names = Names { variables: &["x"], parameters: &["e", "max"] };
    let formula = Formula::parse("e + max + max(x, 1)", &names).expect("e and max are parameters here");
    assert_eq!(formula.program(&[10.0, 20.0]).evaluator::<f64>().evaluate(&[5.0]), 35.0);
}

#[test]
fn exponents_are_told_apart_by_how_they_are_written() {
    let operation = |text: &str| {
        let program = parsed(text).program(&VALUES);
        program.steps().last().map(|step| step.operation)
    };
    assert_eq!(operation("x^2"), Some(Operation::PowerWhole(2)));
    assert_eq!(operation("x^2.0"), Some(Operation::PowerWhole(2)));
    assert_eq!(operation("x^(-3)"), Some(Operation::PowerWhole(-3)));
    assert_eq!(operation("x^64"), Some(Operation::PowerWhole(64)));
    assert_eq!(operation("x^65"), Some(Operation::PowerConstant));
    assert_eq!(operation("x^0.5"), Some(Operation::PowerConstant));
    assert_eq!(operation("x^(4/2)"), Some(Operation::PowerConstant));
    assert_eq!(operation("x^(2*a)"), Some(Operation::PowerConstant));
    assert_eq!(operation("x^y"), Some(Operation::Power));
    assert_eq!(operation("2^x"), Some(Operation::Power));
}

#[test]
fn what_is_constant_is_computed_beforehand_and_what_is_repeated_once() {
    let program = parsed("(a - x)^2 + b*(y - x^2)^2").program(&VALUES);
    assert_eq!(program.steps().len(), 7);
    assert_eq!(program.constants(), [1.5, 100.0]);
    let program = parsed("x*(2*pi/4 + a) + sin(x^2) + x^2").program(&VALUES);
    // The factor is one constant and x^2 one step: product, square, sine, two sums.
    assert_eq!(program.steps().len(), 5);
    assert_eq!(
        parsed("2^0.5 - a*sin(theta)").program(&VALUES).constant(),
        Some(libm::pow(2.0, 0.5) - 1.5 * libm::sin(0.25))
    );
    assert_eq!(parsed("x").program(&VALUES).evaluator::<f64>().evaluate(&[4.0, 0.0]), 4.0);
}

#[test]
fn display_uses_few_parentheses_and_reads_back_equal() {
    for (text, shown) in [
        ("((a)-x)^2+b*(y-x^2)^2", "(a - x)^2 + b*(y - x^2)^2"),
        ("x-(y-a)", "x - (y - a)"),
        ("(x-y)-a", "x - y - a"),
        ("x/(y*a)", "x/(y*a)"),
        ("(2^3)^x", "(2^3)^x"),
        ("2^(3^x)", "2^3^x"),
        ("-(x*y)", "-(x*y)"),
        ("(-x)*y", "-x*y"),
        ("(-x)^2", "(-x)^2"),
        ("x^(-y)", "x^-y"),
        ("1e-12 + 1000000", "1e-12 + 1000000"),
        ("max( x,y )", "max(x, y)"),
    ] {
        assert_eq!(parsed(text).to_string(), shown);
        assert_eq!(parsed(shown), parsed(text), "{shown}");
    }
}

#[test]
fn separable_means_a_sum_of_functions_of_one_variable_each() {
    for text in ["x^2 + b*y^2", "sin(x)*cos(2*x) - (y + 1)^2/a", "-(x + 3*(exp(y) - x))", "a"] {
        assert!(parsed(text).expression().is_separable(), "{text}");
    }
    for text in ["x*y", "(x + y)^2", "x^2/y", "sqrt(x^2 + y^2)"] {
        assert!(!parsed(text).expression().is_separable(), "{text}");
    }
}
