//! Text to tokens.

use super::error::shown;
use super::{FormulaError, NumberProblem, Operator, Span};
use crate::scalar::decimal;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    /// A name: a variable, a parameter, a constant or a function. Its text is what the span covers.
    Name,
    Operator(Operator),
    Open,
    Close,
    Comma,
    End,
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// Reads one token after another. A copy looks ahead.
#[derive(Clone, Copy)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    raised: Raised,
}

/// How far a raised exponent such as `⁻²` has been read: it becomes `^`, `-` and `2`.
#[derive(Clone, Copy, PartialEq)]
enum Raised {
    No,
    SignOrDigits,
    Digits,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0, raised: Raised::No }
    }

    /// The next token, without moving on. An error will be reported when its turn comes.
    pub fn peek(&self) -> Option<Token> {
        let mut ahead = *self;
        ahead.next().ok()
    }

    /// The next token; at the end of the text [`Kind::End`], again and again.
    pub fn next(&mut self) -> Result<Token, FormulaError> {
        if self.raised != Raised::No {
            return self.raised_token();
        }
        let rest = self.text[self.position..].trim_start_matches(is_space);
        self.position = self.text.len() - rest.len();
        let start = self.position;
        let Some(first) = rest.chars().next() else {
            return Ok(Token { kind: Kind::End, span: Span::new(start, start) });
        };
        if first.is_ascii_digit() || first == '.' {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            return Ok(self.token(Kind::Name, length));
        }
        if raised_digit(first).is_some() || first == '⁻' {
            self.raised = Raised::SignOrDigits;
            // The token has the place of the first raised character, which is not consumed: it is read again.
            let span = Span::new(start, start + first.len_utf8());
            return Ok(Token { kind: Kind::Operator(Operator::Power), span });
        }
        let kind = match first {
            '+' => Kind::Operator(Operator::Add),
            '-' | '−' | '–' => Kind::Operator(Operator::Subtract),
            '*' if rest.starts_with("**") => return Ok(self.token(Kind::Operator(Operator::Power), 2)),
            '*' | '×' | '·' | '⋅' | '∗' | '\u{2062}' => Kind::Operator(Operator::Multiply),
            '/' | '÷' | '∕' => Kind::Operator(Operator::Divide),
            '^' => Kind::Operator(Operator::Power),
            '(' => Kind::Open,
            ')' => Kind::Close,
            ',' => Kind::Comma,
            character => {
                let (hint, replacement) = hint(character);
                let span = Span::new(start, start + character.len_utf8());
                return Err(FormulaError::UnexpectedCharacter { character, hint, replacement, span });
            }
        };
        Ok(self.token(kind, first.len_utf8()))
    }

    /// A token of the next `length` bytes.
    fn token(&mut self, kind: Kind, length: usize) -> Token {
        let span = Span::new(self.position, self.position + length);
        self.position = span.end;
        Token { kind, span }
    }

    /// A number: digits with at most one point, perhaps an exponent.
    ///
    /// An `e` belongs to the number when digits follow it, perhaps after a sign. When a letter follows, as in
    /// `2exp(x)`, the number ends before it. Otherwise somebody wrote `2e`, which is worth an error of its own.
    fn number(&mut self) -> Result<Token, FormulaError> {
        let bytes = &self.text.as_bytes()[self.position..];
        let run = |from: usize, accept: fn(u8) -> bool| {
            from + bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|&&b| accept(b)).count())
        };
        let mut end = run(0, |b| b.is_ascii_digit() || b == b'.');
        let mut problem = None;
        if bytes.get(end) == Some(&b'_') {
            end = run(end, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
            problem = Some(NumberProblem::Separator);
        } else if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            match bytes.get(end + 1 + sign) {
                Some(b) if b.is_ascii_digit() => end = run(end + 1 + sign, |b| b.is_ascii_digit() || b == b'.'),
                _ if self.text[self.position + end + 1..].starts_with(is_name) => {}
                _ => {
                    end += 1;
                    problem = Some(NumberProblem::Exponent);
                }
            }
        }
        let span = Span::new(self.position, self.position + end);
        let text = span.of(self.text);
        let value = decimal(text);
        let problem = problem.or(match value {
            Some(value) if value.is_infinite() => Some(NumberProblem::TooLarge),
            Some(_) => None,
            None => Some(NumberProblem::Point),
        });
        match (value, problem) {
            (Some(value), None) => Ok(self.token(Kind::Number(value), end)),
            (_, problem) => Err(FormulaError::BadNumber {
                text: shown(text),
                problem: problem.unwrap_or(NumberProblem::Point),
                span,
            }),
        }
    }

    /// The sign or the digits of a raised exponent.
    fn raised_token(&mut self) -> Result<Token, FormulaError> {
        let rest = &self.text[self.position..];
        if self.raised == Raised::SignOrDigits && rest.starts_with('⁻') {
            self.raised = Raised::Digits;
            return Ok(self.token(Kind::Operator(Operator::Subtract), '⁻'.len_utf8()));
        }
        self.raised = Raised::No;
        let length = rest.find(|c| raised_digit(c).is_none()).unwrap_or(rest.len());
        let digits: String = rest[..length].chars().filter_map(raised_digit).collect();
        match decimal(&digits) {
            Some(value) if value.is_finite() => Ok(self.token(Kind::Number(value), length)),
            Some(_) => {
                let span = Span::new(self.position, self.position + length);
                Err(FormulaError::BadNumber { text: shown(span.of(self.text)), problem: NumberProblem::TooLarge, span })
            }
            // Nothing follows the raised minus sign.
            None => {
                let span = Span::new(self.position - '⁻'.len_utf8(), self.position);
                Err(FormulaError::UnexpectedEnd { after: "⁻".to_owned(), span })
            }
        }
    }
}

/// White space, with the invisible characters that come along when text is copied from a page.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{2061}' | '\u{feff}')
}

/// Whether the character can stand inside a name.
fn is_name(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && raised_digit(c).is_none()
}

/// The digit that `c` is raised from.
fn raised_digit(c: char) -> Option<char> {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = digits.iter().position(|&raised| raised == c)?;
    char::from_digit(digit as u32, 10)
}

/// What to write in place of a character that formulas do not use: in words, and literally where that is possible.
fn hint(character: char) -> (Option<&'static str>, Option<&'static str>) {
    match character {
        '[' | '{' => (Some("use round parentheses, `(`"), Some("(")),
        ']' | '}' => (Some("use round parentheses, `)`"), Some(")")),
        '|' => (Some("write `abs(x)` for the absolute value"), None),
        '√' => (Some("write `sqrt(x)`"), Some("sqrt")),
        '%' => (Some("write `mod(a, b)` for the remainder"), None),
        '=' => (Some("write only what stands on the right of the equals sign"), None),
        '<' | '>' | '≤' | '≥' => (Some("write `cond(c, a, b)`: a where c > 0, otherwise b"), None),
        '!' => (Some("there are no factorials"), None),
        ';' => (Some("arguments are separated by commas"), Some(",")),
        '∞' => (Some("use a large number such as 1e6"), None),
        '\'' | '’' | '′' => (Some("derivatives are computed for you"), None),
        _ => (None, None),
    }
}
