//! What can be wrong with a formula: one variant a mistake, each with the place and, where there is one, a repair.

use super::{Function, MAX_BYTES, MAX_DEPTH, MAX_OPERATIONS};
use crate::scalar::decimal;

/// A stretch of the text in bytes, from `start` up to but not including `end`. Both lie on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of this one to the end of the other.
    pub(super) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }

    /// What the span covers; the whole text should the span not fit it.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or(text)
    }
}

/// A repair: write `replacement` in place of what `span` covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The stretch to replace; empty where something is to be inserted.
    pub span: Span,
    /// What to write there.
    pub replacement: String,
}

impl Suggestion {
    /// The text with the repair made; unchanged should the span not fit it.
    pub fn apply(&self, text: &str) -> String {
        match (text.get(..self.span.start), text.get(self.span.end..)) {
            (Some(before), Some(after)) => format!("{before}{}{after}", self.replacement),
            _ => text.to_owned(),
        }
    }
}

/// Why a number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberProblem {
    /// More than one decimal point, or a point without digits.
    Point,
    /// `1e` without digits behind it.
    Exponent,
    /// Beyond the largest double, about 1.8e308.
    TooLarge,
    /// `1_000`.
    Separator,
}

/// Why a text is not a formula.
///
/// The message is written for the person who typed it, and does not repeat the place: show it next to
/// [`span`](Self::span), and offer [`suggestion`](Self::suggestion) as a click.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FormulaError {
    /// Nothing but white space.
    #[error("there is no formula yet: type one, such as x^2 + y^2")]
    Empty {
        /// The whole text.
        span: Span,
    },
    /// More bytes than are read.
    #[error("the formula has {length} bytes; at most {MAX_BYTES} are read")]
    TooLong {
        /// Bytes of the text.
        length: usize,
        /// What lies beyond the limit.
        span: Span,
    },
    /// Too many parentheses, signs or powers inside each other.
    #[error("this is nested more than {MAX_DEPTH} levels deep")]
    TooDeep {
        /// Where the limit was passed.
        span: Span,
    },
    /// More operations than a picture can be drawn with.
    #[error("the formula has more than {MAX_OPERATIONS} operations")]
    TooManyOperations {
        /// Where the limit was passed.
        span: Span,
    },
    /// A character that formulas do not use.
    #[error("{}", unexpected(*character, *hint))]
    UnexpectedCharacter {
        /// The character.
        character: char,
        /// What to write in its place, in words.
        hint: Option<&'static str>,
        /// What to write in its place, where one character has one replacement.
        replacement: Option<&'static str>,
        /// The character's place.
        span: Span,
    },
    /// Something that begins like a number and is none.
    #[error("{}", bad_number(text, *problem))]
    BadNumber {
        /// What was read, shortened when long.
        text: String,
        /// What is wrong with it.
        problem: NumberProblem,
        /// All of it.
        span: Span,
    },
    /// A name that is no variable, parameter or constant.
    #[error("{}", unknown("name", name, replacement.as_deref(), known))]
    UnknownName {
        /// The name, shortened when long.
        name: String,
        /// What was probably meant.
        replacement: Option<String>,
        /// The names that can be used here, with commas.
        known: String,
        /// The name's place.
        span: Span,
    },
    /// A name in front of a parenthesis that is no function.
    #[error("{}", unknown_function(name, *instead, replacement.as_deref(), known))]
    UnknownFunction {
        /// The name, shortened when long.
        name: String,
        /// How to say it with the functions there are, for some that are missing.
        instead: Option<&'static str>,
        /// What was probably meant.
        replacement: Option<String>,
        /// The functions that can be used, with commas.
        known: String,
        /// The name's place.
        span: Span,
    },
    /// Two factors without a sign between them.
    #[error("`{found}`: write `{left}*{right}` to multiply")]
    ImplicitMultiplication {
        /// Both pieces as they stand there, shortened when long.
        found: String,
        /// The last piece of the first factor, shortened when long.
        left: String,
        /// The first piece of the second factor, shortened when long.
        right: String,
        /// Both pieces.
        span: Span,
        /// What lies between them: nothing, or white space.
        gap: Span,
    },
    /// `sin x` in place of `sin(x)`.
    #[error("{}", bare_function(*function, replacement.as_deref()))]
    FunctionWithoutParentheses {
        /// The function.
        function: Function,
        /// What to write in place of the span, where that is clear.
        replacement: Option<String>,
        /// The function's name, with its argument where that is clear.
        span: Span,
    },
    /// Too few or too many arguments.
    #[error("{}", argument_count(*function, *found))]
    WrongArgumentCount {
        /// The function.
        function: Function,
        /// How many arguments there are.
        found: usize,
        /// The whole call.
        span: Span,
    },
    /// A parenthesis that is never closed.
    #[error("this parenthesis is never closed")]
    UnclosedParenthesis {
        /// The innermost one.
        span: Span,
        /// How many are open in all.
        open: usize,
        /// Where the text ends.
        end: usize,
    },
    /// A closing parenthesis too many.
    #[error("this parenthesis closes nothing: there is no `(` for it")]
    UnmatchedParenthesis {
        /// Its place.
        span: Span,
    },
    /// A comma outside the arguments of a function.
    #[error("a comma only separates the arguments of a function, as in max(x, y){}",
        if *decimal { "; decimals are written with a point: 0.5" } else { "" })]
    MisplacedComma {
        /// Whether it stands between two digits.
        decimal: bool,
        /// Its place.
        span: Span,
    },
    /// Nothing where a number, a name or a parenthesis should be.
    #[error("something is missing before `{found}`: a number, a name or an expression in parentheses")]
    MissingOperand {
        /// What stands there.
        found: &'static str,
        /// Its place.
        span: Span,
    },
    /// The text ends in the middle.
    #[error("the formula ends too early: something must follow `{after}`")]
    UnexpectedEnd {
        /// The last piece of the text, shortened when long.
        after: String,
        /// The place of that piece.
        span: Span,
    },
}

impl FormulaError {
    /// Where in the text the mistake is. Always inside the text and on character boundaries; may be empty.
    pub fn span(&self) -> Span {
        match *self {
            Self::Empty { span }
            | Self::TooLong { span, .. }
            | Self::TooDeep { span }
            | Self::TooManyOperations { span }
            | Self::UnexpectedCharacter { span, .. }
            | Self::BadNumber { span, .. }
            | Self::UnknownName { span, .. }
            | Self::UnknownFunction { span, .. }
            | Self::ImplicitMultiplication { span, .. }
            | Self::FunctionWithoutParentheses { span, .. }
            | Self::WrongArgumentCount { span, .. }
            | Self::UnclosedParenthesis { span, .. }
            | Self::UnmatchedParenthesis { span }
            | Self::MisplacedComma { span, .. }
            | Self::MissingOperand { span, .. }
            | Self::UnexpectedEnd { span, .. } => span,
        }
    }

    /// What to change so that this mistake is gone, where that can be told. Others may remain behind it.
    pub fn suggestion(&self) -> Option<Suggestion> {
        let replace = |span: Span, replacement: &str| Some(Suggestion { span, replacement: replacement.to_owned() });
        match self {
            Self::UnexpectedCharacter { replacement: Some(replacement), span, .. } => replace(*span, replacement),
            // A shortened text ends in an ellipsis and is no use in a repair.
            Self::BadNumber { text, problem: NumberProblem::Exponent, span } if !text.ends_with('…') => {
                replace(*span, &format!("{}*e", text.trim_end_matches(['e', 'E'])))
            }
            Self::BadNumber { text, problem: NumberProblem::Separator, span } => {
                let digits = text.replace('_', "");
                if decimal(&digits).is_some() { replace(*span, &digits) } else { None }
            }
            Self::UnknownName { replacement: Some(replacement), span, .. }
            | Self::UnknownFunction { replacement: Some(replacement), span, .. }
            | Self::FunctionWithoutParentheses { replacement: Some(replacement), span, .. } => {
                replace(*span, replacement)
            }
            Self::ImplicitMultiplication { gap, .. } => replace(*gap, "*"),
            Self::UnclosedParenthesis { open, end, .. } => replace(Span::new(*end, *end), &")".repeat(*open)),
            Self::UnmatchedParenthesis { span } => replace(*span, ""),
            Self::MisplacedComma { decimal: true, span } => replace(*span, "."),
            _ => None,
        }
    }
}

/// At most forty characters of `text`, so that a message never repeats a page of input.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn unexpected(character: char, hint: Option<&str>) -> String {
    let shown = character.escape_debug();
    match hint {
        Some(hint) => format!("`{shown}` cannot be used in a formula: {hint}"),
        None => format!("`{shown}` cannot be used in a formula"),
    }
}

fn bare_function(function: Function, replacement: Option<&str>) -> String {
    let call = replacement.map_or_else(|| function.signature(), str::to_owned);
    format!("`{}` needs parentheses: write `{call}`", function.name())
}

fn bad_number(text: &str, problem: NumberProblem) -> String {
    match problem {
        NumberProblem::Point => format!("`{text}` is not a number: it needs digits and at most one decimal point"),
        NumberProblem::Exponent => format!(
            "`{text}` is not a number: digits must follow the `e`, as in 1e-6; to multiply by the constant write `{}*e`",
            text.trim_end_matches(['e', 'E'])
        ),
        NumberProblem::TooLarge => format!("`{text}` is too large a number: the largest is about 1.8e308"),
        NumberProblem::Separator => format!("`{text}` is not a number: write the digits without `_`"),
    }
}

fn unknown(what: &str, name: &str, replacement: Option<&str>, known: &str) -> String {
    match replacement {
        Some(replacement) => format!("there is no {what} `{name}`: did you mean `{replacement}`?"),
        None => format!("there is no {what} `{name}`; known here: {known}"),
    }
}

fn unknown_function(name: &str, instead: Option<&str>, replacement: Option<&str>, known: &str) -> String {
    match (instead, replacement) {
        (Some(instead), _) => format!("there is no function `{name}`: write `{instead}`"),
        (_, Some("ln")) if name.eq_ignore_ascii_case("log") => {
            format!("there is no `{name}`: did you mean `ln`, the natural logarithm?")
        }
        _ => unknown("function", name, replacement, known),
    }
}

/// Functions that other programs have, in words of this grammar. The name is in lower case.
pub(super) fn in_other_words(name: &str) -> Option<&'static str> {
    Some(match name {
        "atan" | "arctan" => "atan2(x, 1)",
        "asin" | "arcsin" => "atan2(x, sqrt(1 - x^2))",
        "acos" | "arccos" => "atan2(sqrt(1 - x^2), x)",
        "pow" | "power" => "x^2",
        "log10" => "ln(x)/ln(10)",
        "log2" => "ln(x)/ln(2)",
        "log1p" => "ln(1 + x)",
        "expm1" => "exp(x) - 1",
        "cbrt" => "cond(x, 1, -1)*abs(x)^(1/3)",
        "sign" | "sgn" => "cond(x, 1, -1)",
        "ceil" => "-floor(-x)",
        "round" => "floor(x + 0.5)",
        "if" | "where" | "step" => "cond(c, a, b)",
        "sigmoid" => "1/(1 + exp(-x))",
        "relu" => "max(0, x)",
        "norm" => "hypot(x, y)",
        "cot" => "1/tan(x)",
        _ => return None,
    })
}

fn argument_count(function: Function, found: usize) -> String {
    let takes = match function.arity() {
        1 => "one argument",
        2 => "two arguments",
        _ => "three arguments",
    };
    let has = match found {
        0 => "there is none".to_owned(),
        1 => "there is one".to_owned(),
        n => format!("there are {n}"),
    };
    format!("`{}` takes {takes}, `{}`; here {has}", function.name(), function.signature())
}
