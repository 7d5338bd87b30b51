//! How formulas look when typeset.

use crate::formula::*;

const NAMES: Names<'static> = Names {
    variables: &["x", "y"],
    parameters: &["a", "b", "kappa", "lam", "theta", "k1", "x0", "s_12", "tilt", "<i>"],
};

fn typeset(text: &str) -> MathNode {
    Formula::parse(text, &NAMES).unwrap_or_else(|error| panic!("{text}: {error}")).mathml()
}

/// The elements in a line of text: what is seen, with braces around what is raised, lowered or part of a fraction.
/// Invisible multiplication is a full stop, function application is left out.
fn line(node: &MathNode) -> String {
    let child = |i: usize| line(&node.children[i]);
    match node.tag {
        "msup" => format!("{}^{{{}}}", child(0), child(1)),
        "msub" => format!("{}_{{{}}}", child(0), child(1)),
        "mfrac" => format!("{{{}}}/{{{}}}", child(0), child(1)),
        "msqrt" => format!("sqrt{{{}}}", node.children.iter().map(line).collect::<String>()),
        "mtr" => format!("[{}; {}]", child(0), child(1)),
        "mspace" => String::new(),
        _ if node.children.is_empty() => node.text.replace('\u{2062}', ".").replace('\u{2061}', ""),
        _ => node.children.iter().map(line).collect(),
    }
}

#[test]
fn formulas_look_as_one_would_write_them() {
    for (text, expected) in [
        ("(a - x)^2 + b*(y - x^2)^2", "(a−x)^{2}+b.(y−x^{2})^{2}"),
        ("0.5*(x^2 + kappa*y^2)", "0.5.(x^{2}+κ.y^{2})"),
        ("lam*abs(x)", "λ.|x|"),
        ("k1*x0 + s_12 + theta", "k_{1}.x_{0}+s_{12}+θ"),
        ("tilt*x + x*tilt", "tilt⋅x+x⋅tilt"),
        ("sin(x)^2 + cos(2*pi*x)", "sin^{2}(x)+cos(2.π.x)"),
        ("sin(x)^-1", "(sin(x))^{−1}"),
        ("ln(x)^2 + max(x, y)^2", "(ln(x))^{2}+(max(x,y))^{2}"),
        ("x*sin(y)", "x.sin(y)"),
        ("exp(-x^2)", "e^{−x^{2}}"),
        ("exp(-x^2/2)", "exp(−x^{2}/{2})".replace("−x^{2}/{2}", "{−x^{2}}/{2}").as_str()),
        ("exp(x)^2", "(e^{x})^{2}"),
        ("sqrt(x^2 + y^2)", "sqrt{x^{2}+y^{2}}"),
        ("floor(x + 0.5)^2", "⌊x+0.5⌋^{2}"),
        ("(x^2 + y^2)/4000", "{x^{2}+y^{2}}/{4000}"),
        ("x/2*y", "{x}/{2}.y"),
        ("2*(1/3)", "2⋅{1}/{3}"),
        ("2*3*x", "2⋅3.x"),
        ("x*2^y", "x⋅2^{y}"),
        ("x - (y - a)", "x−(y−a)"),
        ("(x - y) - a", "x−y−a"),
        ("x*(y*a)", "x.(y.a)"),
        ("x*(y/a)", "x.{y}/{a}"),
        ("(x/y)^2", "({x}/{y})^{2}"),
        ("-x^2", "−x^{2}"),
        ("(-x)^2", "(−x)^{2}"),
        ("-x*y", "−x.y"),
        ("x*-y", "x.(−y)"),
        ("x - -y", "x−(−y)"),
        ("-(x + y)", "−(x+y)"),
        ("-(-x)", "−(−x)"),
        ("2^3^x", "2^{3^{x}}"),
        ("(2^3)^x", "(2^{3})^{x}"),
        ("x^(y + 1)", "x^{y+1}"),
        ("((x)) + (((2)))", "x+2"),
        ("1e-12*x + 2.5e9", "10^{−12}.x+2.5×10^{9}"),
        ("1000000", "1000000"),
        ("e + pi", "e+π"),
        ("atan2(y, x) - mod(x, 2)", "atan2(y,x)−mod(x,2)"),
        ("cond(x, 1, y^2)", "{[1; if\u{a0}x>0][y^{2}; otherwise]"),
        ("cond(1 - x, a, b)", "{[a; if\u{a0}1>x][b; otherwise]"),
        ("cond(x, 1, 2) + y", "{[1; if\u{a0}x>0][2; otherwise]+y"),
        ("2*cond(x, 1, 2)", "2.({[1; if\u{a0}x>0][2; otherwise])"),
    ] {
        assert_eq!(line(&typeset(text)), expected, "{text}");
    }
}

#[test]
fn powers_of_a_base_with_digits_keep_their_base() {
    // A power of ten in front of a power would otherwise be read as one number.
    assert_eq!(line(&typeset("(1e-12)^x")), "(10^{−12})^{x}");
    assert_eq!(line(&typeset("x0^2")), "x_{0}^{2}");
}

#[test]
fn markup_is_escaped_and_nested() {
    let markup = typeset("x^2 + 1").to_markup();
    let expected = "<math><msup><mi>x</mi><mn>2</mn></msup><mo form=\"infix\">+</mo><mn>1</mn></math>";
    assert_eq!(markup, expected);
    let node = MathNode { tag: "mi", attributes: vec![("class", "\"&\"")], text: "<b>&".to_owned(), children: vec![] };
    assert_eq!(node.to_markup(), "<mi class=\"&quot;&amp;&quot;\">&lt;b&gt;&amp;</mi>");
}

#[test]
fn every_landscape_is_typeset_from_known_elements_only() {
    let known =
        ["math", "mrow", "mi", "mn", "mo", "msup", "msub", "mfrac", "msqrt", "mspace", "mtext", "mtable", "mtr", "mtd"];
    for row in crate::landscapes::offered() {
        let formula = row.read(row.formula, &crate::landscapes::VARIABLES).unwrap_or_else(|error| panic!("{error}"));
        let math = formula.mathml();
        let mut open = vec![&math];
        while let Some(node) = open.pop() {
            assert!(known.contains(&node.tag), "{}: {}", row.id, node.tag);
            assert!(node.text.is_empty() || node.children.is_empty(), "{}: {node:?}", row.id);
            let children = match node.tag {
                "msup" | "msub" | "mfrac" | "mtr" => Some(2),
                _ => None,
            };
            assert!(children.is_none_or(|count| node.children.len() == count), "{}: {node:?}", row.id);
            open.extend(&node.children);
        }
    }
}
