//! Many style sheets, one request: the files of `www/styles`, in the order of their names, without comments and without
//! needless white space.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Joins every `*.css` of a folder, in the order of the file names. A folder without any gives an empty style sheet.
pub fn joined(folder: &Path) -> Result<String> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "css") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut sheet = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        sheet.push_str(&squeezed(&text).with_context(|| format!("{} is not well formed", file.display()))?);
    }
    Ok(sheet)
}

/// The same style sheet, smaller: comments gone, white space gone where it means nothing, one space where it may mean
/// something (`a :hover` is not `a:hover`, `1px + 2px` in `calc` is not `1px+2px`). Strings stay as they are.
///
/// Fails on a comment, string or block that is never closed: that would silently swallow the files after it.
pub fn squeezed(css: &str) -> Result<String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut depth = 0_u32;
    while let Some(character) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").context("a comment is never closed")?;
            rest = &comment[end + 2..];
            space(&mut out);
            continue;
        }
        let length = match character {
            '"' | '\'' => string_length(rest, character)?,
            _ => character.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        match character {
            _ if character.is_whitespace() => space(&mut out),
            '{' | '}' | ';' | ',' => {
                if out.ends_with(' ') {
                    out.pop();
                }
                if character == '}' && out.ends_with(';') {
                    out.pop();
                }
                depth = match character {
                    '{' => depth + 1,
                    '}' => depth.checked_sub(1).context("a `}` closes nothing")?,
                    _ => depth,
                };
                out.push(character);
            }
            _ => out.push_str(piece),
        }
    }
    if depth > 0 {
        bail!("a `{{` is never closed");
    }
    Ok(out.trim_end().to_owned())
}

/// One space, unless what is before it makes it meaningless.
fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ',', ':']) {
        out.push(' ');
    }
}

/// The length of the string that `text` begins with, both quotes included.
fn string_length(text: &str, quote: char) -> Result<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => break,
            _ if character == quote => return Ok(at + 1),
            _ => {}
        }
    }
    bail!("a string is never closed: {}", text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(css: &str, expected: &str) {
        assert_eq!(squeezed(css).unwrap_or_else(|error| format!("error: {error}")), expected);
    }

    #[test]
    fn needless_space_goes() {
        becomes("a , b {\n  color : red ;\n  margin: 0 auto;\n}\n\nc { }\n", "a,b{color :red;margin:0 auto}c{}");
    }

    #[test]
    fn space_that_means_something_stays() {
        becomes("nav :hover{width:calc(1px + 2px)}", "nav :hover{width:calc(1px + 2px)}");
        becomes("@media (width > 3px) and (hover) {}", "@media (width > 3px) and (hover){}");
        becomes("a/* between */b{}", "a b{}");
    }

    #[test]
    fn strings_stay_as_they_are() {
        becomes(r#"a::after { content: "  /* { \" ;  "; }"#, r#"a::after{content:"  /* { \" ;  "}"#);
    }

    #[test]
    fn what_is_never_closed_is_an_error() {
        for css in ["a { color: red", "a { } }", "/* a", "a { content: 'x }\n' }"] {
            assert!(squeezed(css).is_err(), "{css}");
        }
    }
}
