//! Formulas at random: nothing that can be typed makes the parser panic, hang, or point outside the text, and whatever
//! is read computes, prints and reads back as it should.

use std::time::{Duration, Instant};
use thalweg::formula::{Expr, Formula, Function, MAX_DEPTH, Names, Node, Operator};
use thalweg::landscapes;
use thalweg::scalar::{Dual, Real};

const NAMES: Names<'static> = Names { variables: &["x", "y"], parameters: &["a", "theta", "k1"] };
const VALUES: [f64; 3] = [1.25, -0.75, 3.0];

/// SplitMix64 (Steele, Lea, Flood 2014): a few lines, and the same sequence everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What must hold of any text whatsoever.
fn check(text: &str) {
    match Formula::parse(text, &NAMES) {
        Ok(formula) => {
            let shown = formula.to_string();
            assert_eq!(Formula::parse(&shown, &NAMES).as_ref(), Ok(&formula), "{text:?} printed as {shown:?}");
            let _ = formula.program(&VALUES).evaluator::<f64>().evaluate(&[0.5, -2.0]);
            let markup = formula.mathml().to_markup();
            assert!(markup.starts_with("<math>") && markup.ends_with("</math>"), "{text:?}: {markup}");
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && span.end <= text.len(), "{text:?}: {error:?}");
            assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{text:?}: {error:?}");
            let message = error.to_string();
            assert!(!message.is_empty() && message.chars().count() < 300, "{text:?}: {message}");
            if let Some(suggestion) = error.suggestion() {
                let (start, end) = (suggestion.span.start, suggestion.span.end);
                assert!(text.get(start..end).is_some(), "{text:?}: {suggestion:?}");
                assert_ne!(suggestion.apply(text), text, "{text:?}: {suggestion:?} changes nothing");
            }
        }
    }
}

#[test]
fn random_bytes_are_read_or_refused() {
    let mut random = Random(1);
    for _ in 0..20_000 {
        let length = random.below(60);
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        check(&String::from_utf8_lossy(&bytes));
        // The same again from the characters that formulas are made of.
        let few: Vec<u8> = bytes.iter().map(|b| b"xya1.e+-*/^(), sincomaxp_"[usize::from(*b) % 25]).collect();
        check(&String::from_utf8_lossy(&few));
    }
}

/// Pieces that are close to each other in the lexer.
const PIECES: [&str; 58] = [
    "x", "y", "a", "theta", "k1", "θ", "π", "pi", "e", "2", "0.5", ".5", "1.", "1e", "1e-3", "1e400", "1.2.3", "e5",
    "+", "-", "−", "*", "**", "×", "·", "/", "÷", "^", "²", "⁻¹", "⁻", "(", ")", "((", "))", ",", " ", "\t", "\u{a0}",
    "sin", "sin(", "sin ", "max(", "cond(", "atan2(", "log(", "xy", "sinx", "q", "[", "|", "=", "'", "\u{2061}", "é",
    "∞", "_", "\u{0}",
];

#[test]
fn token_soup_is_read_or_refused() {
    let mut random = Random(2);
    for _ in 0..40_000 {
        let length = 1 + random.below(14);
        let text: String = (0..length).map(|_| *random.pick(&PIECES)).collect();
        check(&text);
    }
}

#[test]
fn mutated_landscapes_are_read_or_refused() {
    let mut random = Random(3);
    let formulas: Vec<&str> = landscapes::all().iter().map(|row| row.formula).filter(|text| text.len() > 3).collect();
    for _ in 0..15_000 {
        let mut text: Vec<char> = random.pick(&formulas).chars().collect();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len());
            let middle = text.len() / 2;
            match random.below(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, random.pick(&PIECES).chars().next().unwrap_or('x')),
                2 => text.swap(at, middle),
                _ => text.truncate(at.max(2)),
            }
        }
        check(&text.into_iter().collect::<String>());
    }
}

#[test]
fn repairs_lead_to_a_formula_for_small_slips() {
    for (slip, meant) in [
        ("2x(y+1) + sinx", "2*x*(y+1) + sin(x)"),
        ("3a x^2(y", "3*a*x^2*(y)"),
        ("loG(2y)", "ln(2*y)"),
        ("X² + 0,5Y", "x^2 + 0.5*y"),
        ("[x + 1]2", "(x + 1)*2"),
    ] {
        let mut text = slip.to_owned();
        for _ in 0..8 {
            match Formula::parse(&text, &NAMES) {
                Ok(_) => break,
                Err(error) => {
                    let repair = error.suggestion().unwrap_or_else(|| panic!("{text}: {error} has no repair"));
                    text = repair.apply(&text);
                }
            }
        }
        assert_eq!(Formula::parse(&text, &NAMES), Formula::parse(meant, &NAMES), "{slip} became {text}");
    }
}

/// A random expression: fully parenthesised text, and beside it the value that it must have over any scalar.
struct Sample<R> {
    text: String,
    value: R,
    /// The value over f64 when no variable occurs: such parts are computed once, without derivatives.
    fixed: Option<f64>,
    /// The exponent that this is when it is written behind `^`.
    whole: Option<i32>,
}

fn sample<R: Real>(random: &mut Random, depth: usize, at: [R; 2]) -> Sample<R> {
    let constant = |text: String, value: f64, whole: Option<i32>| Sample {
        text,
        value: R::from_f64(value),
        fixed: Some(value),
        whole,
    };
    if depth == 0 || random.below(6) == 0 {
        return match random.below(7) {
            0 | 1 => Sample { text: "x".to_owned(), value: at[0], fixed: None, whole: None },
            2 | 3 => Sample { text: "y".to_owned(), value: at[1], fixed: None, whole: None },
            4 => {
                let i = random.below(3);
                constant(NAMES.parameters[i].to_owned(), VALUES[i], None)
            }
            5 => {
                let n = random.below(7);
                constant(n.to_string(), n as f64, Some(n as i32))
            }
            _ => {
                let value = random.below(1000) as f64 * 0.037 + 0.011;
                constant(format!("{value:?}"), value, None)
            }
        };
    }
    let mut part = || sample::<R>(random, depth - 1, at);
    let (a, b, c) = (part(), part(), part());
    // What holds for scalars holds for constants, whose value is that of f64.
    let unary = |text: String, f: fn(R) -> R, g: fn(f64) -> f64| {
        let fixed = a.fixed.map(g);
        Sample { text, value: fixed.map_or_else(|| f(a.value), R::from_f64), fixed, whole: None }
    };
    let binary = |text: String, f: fn(R, R) -> R, g: fn(f64, f64) -> f64| {
        let fixed = a.fixed.zip(b.fixed).map(|(p, q)| g(p, q));
        Sample { text, value: fixed.map_or_else(|| f(a.value, b.value), R::from_f64), fixed, whole: None }
    };
    let infix = |symbol: &str| format!("({}){symbol}({})", a.text, b.text);
    let call = |name: &str| format!("{name}({}, {})", a.text, b.text);
    match random.below(22) {
        0 | 1 => binary(infix(" + "), |p, q| p + q, |p, q| p + q),
        2 | 3 => binary(infix("-"), |p, q| p - q, |p, q| p - q),
        4..=6 => binary(infix("*"), |p, q| p * q, |p, q| p * q),
        7 => binary(infix("/"), |p, q| p / q, |p, q| p / q),
        8 => {
            let whole = a.whole.map(|n| -n);
            Sample { whole, ..unary(format!("-({})", a.text), |p| -p, |p| -p) }
        }
        9 => unary(format!("(({}))^2", a.text), |p| p.powi(2), |p| Real::powi(p, 2)),
        10 | 11 => {
            let text = infix("^");
            let fixed = a.fixed.zip(b.fixed);
            let power = |p: f64, q: f64| match b.whole {
                Some(n) => Real::powi(p, n),
                None => Real::pow_constant(p, q),
            };
            let fixed = fixed.map(|(p, q)| power(p, q));
            let value = match (fixed, b.whole, b.fixed) {
                (Some(value), ..) => R::from_f64(value),
                (_, Some(n), _) => a.value.powi(n),
                (_, _, Some(_)) => a.value.pow_constant(b.value),
                _ => a.value.pow(b.value),
            };
            Sample { text, value, fixed, whole: None }
        }
        12 => unary(format!("sin({})", a.text), R::sin, Real::sin),
        13 => unary(format!("exp({})", a.text), R::exp, Real::exp),
        14 => unary(format!("ln({})", a.text), R::ln, Real::ln),
        15 => unary(format!("sqrt({})", a.text), R::sqrt, Real::sqrt),
        16 => unary(format!("abs({})", a.text), R::abs, Real::abs),
        17 => unary(format!("tanh({})", a.text), R::tanh, Real::tanh),
        18 => binary(call("max"), R::max, Real::max),
        19 => binary(call("mod"), R::modulo, Real::modulo),
        20 => binary(call("atan2"), R::atan2, Real::atan2),
        _ => {
            let text = format!("cond({}, {}, {})", a.text, b.text, c.text);
            let choose = |p: f64, q: f64, r: f64| if p > 0.0 { q } else { r };
            let fixed = a.fixed.zip(b.fixed).zip(c.fixed).map(|((p, q), r)| choose(p, q, r));
            let value = R::select(R::zero().lt(a.value), b.value, c.value);
            Sample { text, value: fixed.map_or(value, R::from_f64), fixed, whole: None }
        }
    }
}

/// Equal to the bit, but for the payload and sign of NaN, which no standard fixes.
fn same(p: f64, q: f64) -> bool {
    p.to_bits() == q.to_bits() || p.is_nan() && q.is_nan()
}

#[test]
fn random_expressions_have_the_value_of_their_tree_to_the_last_bit() {
    let mut random = Random(4);
    let at = [0.7, -1.3];
    for _ in 0..6_000 {
        let Sample { text, value, .. } = sample::<f64>(&mut random, 5, at);
        if text.len() > 4000 {
            continue;
        }
        let formula = Formula::parse(&text, &NAMES).unwrap_or_else(|error| panic!("{text}: {error}"));
        let computed = formula.program(&VALUES).evaluator::<f64>().evaluate(&at);
        assert!(same(computed, value), "{text}: {computed:e} against {value:e}");
        let shown = formula.to_string();
        assert_eq!(Formula::parse(&shown, &NAMES).as_ref(), Ok(&formula), "{text} printed as {shown}");
        assert!(shown.len() <= text.len() + 8, "{text} printed longer, as {shown}");
    }
}

#[test]
fn random_expressions_have_the_derivatives_of_their_tree_to_the_last_bit() {
    type Second = Dual<Dual<f64, 2>, 2>;
    let seed = |value: f64, i: usize| Second::variable(Dual::variable(value, i), i);
    let at = [seed(0.7, 0), seed(-1.3, 1)];
    let mut random = Random(5);
    let flat = |f: Second| {
        let [p, q] = f.derivative;
        [f.value, p, q].map(|part| [part.value, part.derivative[0], part.derivative[1]])
    };
    for _ in 0..3_000 {
        let Sample { text, value, .. } = sample::<Second>(&mut random, 4, at);
        let formula = Formula::parse(&text, &NAMES).unwrap_or_else(|error| panic!("{text}: {error}"));
        let computed = flat(formula.program(&VALUES).evaluator::<Second>().evaluate(&at));
        let expected = flat(value);
        let all = computed.as_flattened().iter().zip(expected.as_flattened());
        assert!(all.clone().all(|(p, q)| same(*p, *q)), "{text}: {computed:?} against {expected:?}");
    }
}

/// How deep a tree is when a sum or product of many terms counts once.
fn nesting(expression: &Expr) -> usize {
    let nodes = expression.nodes();
    let mut depths: Vec<usize> = Vec::new();
    for node in nodes {
        let (children, count) = node.children();
        let row = |node: &Node| match node {
            Node::Binary(Operator::Add | Operator::Subtract, ..) => 1,
            Node::Binary(Operator::Multiply, ..) => 2,
            _ => 0,
        };
        let below = children[..count].iter().enumerate().map(|(place, &child)| {
            let continues = place == 0 && row(node) > 0 && row(node) == row(&nodes[child]);
            depths[child] + usize::from(!continues)
        });
        depths.push(below.max().unwrap_or(0));
    }
    depths.last().copied().unwrap_or(0)
}

/// Everything that walks a tree, on a stack of 384 KiB: a page has a megabyte for all it does. Reading and computing
/// need next to nothing, since trees are flat; copying and dropping what is typeset goes as deep as its elements nest.
#[test]
fn nesting_bombs_do_not_exhaust_a_small_stack() {
    let walk = || {
        let n = 3_900;
        let mut bombs: Vec<String> = Vec::new();
        for piece in ["(", "-", "sin(", "x^", "x^-", "x/", "x-", "x*", "2*(x+", "cond(x,y,", "max(x,", "-(-", "abs(1/"]
        {
            for count in [10, 80, 120, 250, 256, 257, 300, n / piece.len()] {
                let open = piece.repeat(count);
                let close = ")".repeat(open.matches('(').count());
                bombs.extend([format!("{open}x"), format!("{open}x{close}"), format!("{open}x{close})"), open]);
            }
        }
        bombs.extend([")".repeat(n), "x".repeat(n), "²".repeat(n / 2), "x ".repeat(n / 2), ",".repeat(n)]);
        let mut read = 0;
        for bomb in bombs {
            check(&bomb);
            if let Ok(formula) = Formula::parse(&bomb, &NAMES) {
                read += 1;
                assert!(nesting(formula.expression()) <= MAX_DEPTH, "{bomb}");
                drop(formula.mathml().clone());
                drop(formula.clone());
            }
        }
        // Most with up to 120 pieces and all parentheses closed are formulas.
        assert!(read > 40, "only {read} of the bombs were formulas");
    };
    let thread = std::thread::Builder::new().stack_size(384 * 1024).spawn(walk);
    thread.expect("a thread can be started").join().expect("no bomb goes off");
}

#[test]
fn a_megabyte_is_refused_at_once_and_the_longest_formulas_are_read_quickly() {
    let clock = Instant::now();
    for piece in ["x", "(", "x+", "é", "1", "sin(", " "] {
        assert!(Formula::parse(&piece.repeat(1_000_000), &NAMES).is_err());
    }
    for piece in ["x+", "x*y-", "1", " ", "q", "(", "-", "sin(x)*", "x²", "1e"] {
        let text = piece.repeat(4_000 / piece.len());
        let text = text.trim_end_matches(['+', '*', '-']);
        check(text);
    }
    // All of this takes some ten milliseconds; a parser with quadratic time would take minutes for the first part.
    assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
}

#[test]
fn every_landscape_prints_and_reads_back() {
    for row in landscapes::all().iter().filter(|row| !row.formula.is_empty()) {
        let formula =
            row.read(row.formula, &landscapes::VARIABLES).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let shown = formula.to_string();
        assert_eq!(row.read(&shown, &landscapes::VARIABLES).as_ref(), Ok(&formula), "{}: {shown}", row.id);
        let values = row.defaults();
        let mut f = formula.program(&values).evaluator::<f64>();
        assert!(f.evaluate(&row.start).is_finite(), "{}", row.id);
    }
}

#[test]
fn every_function_can_be_called_by_its_signature() {
    let names = Names { variables: &["x", "y"], parameters: &["a", "b", "c"] };
    for function in Function::ALL {
        let formula = Formula::parse(&function.signature(), &names);
        assert!(formula.is_ok(), "{}: {formula:?}", function.signature());
    }
}
