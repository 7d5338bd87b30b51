//! The last step of every build: what Trunk has put together becomes the folder that is served.
//!
//! Trunk calls this as its `post_build` hook (`cargo xtask finish`), so `cargo xtask serve`, `cargo xtask dist` and a
//! plain `trunk build` all leave the same thing.
//!
//! File names are stable: the page is also a JavaScript module, and `thalweg.js` is its address. So that no cache ever
//! joins an old file with a new one, every reference in `index.html` and in the style sheet carries the hash of what it
//! refers to: `thalweg.js?v=0f3a...`. `start.js` takes its addresses from the page and from `labs.json`, the list of the files
//! of the page with every lab, and so has none to rewrite.

#[path = "../../build/lessons.rs"]
#[expect(dead_code, reason = "titles are for the table that build.rs makes")]
mod lessons;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Error, Result};

use crate::{project, styles};

/// The one style sheet, in the folder that is served.
pub const STYLE_SHEET: &str = "thalweg.css";

/// The texts of all lessons, in the folder that is served: the page fetches them when a lesson is opened.
pub const LESSON_TEXTS: &str = "lessons.json";

/// The addresses of what the page with every lab is made of.
pub const LAB_FILES: &str = "labs.json";

/// What wasm-bindgen writes for the pages.
const GLUE: [&str; 2] = ["thalweg.js", "labs.js"];

/// Finishes the folder in which Trunk has gathered the build.
pub fn finish(staging: &Path) -> Result<()> {
    let sheet = styles::joined(&project::root().join("www/styles"))?;
    let sheet = versioned(&sheet, &["url(\"", "url('", "url("], staging)?;
    write(&staging.join(STYLE_SHEET), &sheet)?;

    write(&staging.join(LESSON_TEXTS), &lesson_texts(&project::root().join("www/lessons"))?)?;

    for glue in GLUE.map(|name| staging.join(name)) {
        let script = std::fs::read_to_string(&glue).with_context(|| format!("cannot read {}", glue.display()))?;
        write(&glue, &lean(&script))?;
    }

    let files = project::root().join("www/labs/files.json");
    let list = std::fs::read_to_string(&files).with_context(|| format!("cannot read {}", files.display()))?;
    write(&staging.join(LAB_FILES), &versioned(&list, &[": \""], staging)?)?;

    let page = staging.join("index.html");
    let html = std::fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    write(&page, &versioned(&served(&html)?, &["href=\"", "src=\""], staging)?)
}

/// From the id of each lesson to the HTML of its pages.
fn lesson_texts(folder: &Path) -> Result<String> {
    let lessons = lessons::read(folder).map_err(Error::msg)?;
    let pages = |lesson: lessons::Lesson| lesson.pages.into_iter().map(|page| page.html).collect();
    let texts: BTreeMap<String, Vec<String>> = lessons.into_iter().map(|l| (l.id.clone(), pages(l))).collect();
    Ok(serde_json::to_string(&texts)?)
}

/// The page without what is meant for its readers and for Trunk: comments, and the `<link data-trunk rel="rust">` that
/// Trunk leaves in place when it may not put a script there.
fn served(html: &str) -> Result<String> {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = comment.split_once("-->").context("a comment in index.html is never closed")?.1;
    }
    out.push_str(rest);
    let lines = out.lines().filter(|line| !line.trim().is_empty() && !line.contains("data-trunk"));
    Ok(lines.fold(String::new(), |kept, line| kept + line + "\n"))
}

/// A generated script without its documentation and indentation: text that every first load would carry. A script in which
/// a template literal may run over lines keeps its indentation.
fn lean(script: &str) -> String {
    let spans_lines = script.lines().any(|line| line.matches('`').count() % 2 == 1);
    let mut out = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines() {
        let bare = line.trim();
        in_comment |= bare.starts_with("/**");
        if !in_comment && !bare.is_empty() {
            out.push_str(if spans_lines { line } else { bare });
            out.push('\n');
        }
        in_comment &= !bare.ends_with("*/");
    }
    out
}

/// Appends `?v=HASH` to every reference to a file of `folder`; a reference is what follows one of `openers`.
/// Anything else (another page, `#fragment`, `data:`) stays as it is.
fn versioned(text: &str, openers: &[&str], folder: &Path) -> Result<String> {
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some((at, opener)) = next_opener(rest, openers) {
        let (before, after) = rest.split_at(at + opener.len());
        out.push_str(before);
        let end = after.find(['"', '\'', ')']).unwrap_or(after.len());
        let (reference, after) = after.split_at(end);
        out.push_str(reference);
        let file = folder.join(reference.trim_start_matches("./"));
        if !reference.is_empty() && !reference.contains(['?', '#', ':']) && file.is_file() {
            let content = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            out.push_str(&format!("?v={:016x}", fingerprint(&content)));
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn next_opener<'o>(text: &str, openers: &[&'o str]) -> Option<(usize, &'o str)> {
    // Of two that begin at the same place the first listed wins: `url("` before `url(`.
    openers.iter().filter_map(|opener| Some((text.find(opener)?, *opener))).min_by_key(|(at, _)| *at)
}

/// FNV-1a over 64 bits: tells builds apart, protects against nobody.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the FNV authors' own test program.
    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn only_references_to_files_get_a_version() -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let version = format!("{:016x}", fingerprint(&std::fs::read(folder.join("Cargo.toml"))?));
        let html = r##"<a href="./Cargo.toml"><a href="#top"><a href="nowhere.js"><a href="https://a.b/Cargo.toml">"##;
        let expected = html.replacen("Cargo.toml", &format!("Cargo.toml?v={version}"), 1);
        assert_eq!(versioned(html, &["href=\""], folder)?, expected);
        let openers = ["url(\"", "url("];
        for (css, expected) in [
            ("a{b:url(Cargo.toml)}", format!("a{{b:url(Cargo.toml?v={version})}}")),
            ("a{b:url(\"Cargo.toml\")}", format!("a{{b:url(\"Cargo.toml?v={version}\")}}")),
        ] {
            assert_eq!(versioned(css, &openers, folder)?, expected);
        }
        Ok(())
    }

    #[test]
    fn texts_of_lessons_are_found_by_id_and_page() -> Result<()> {
        let texts: serde_json::Value = serde_json::from_str(&lesson_texts(&project::root().join("www/lessons"))?)?;
        let page = texts["step_size"][1].as_str().context("the lesson on step sizes has two pages")?;
        assert!(page.starts_with("<p>") && page.contains("<a href=\"?"), "{page}");
        assert!(lesson_texts(Path::new("no/such/folder")).is_err());
        Ok(())
    }

    #[test]
    fn generated_scripts_lose_documentation_and_indentation() {
        let script = "/** one */\nfunction f() {\n    /**\n     * two\n     */\n    return `a`;\n\n}\n";
        assert_eq!(lean(script), "function f() {\nreturn `a`;\n}\n");
        let spanning = "  const a = `b\n  c`;\n";
        assert_eq!(lean(spanning), spanning);
    }

    #[test]
    fn comments_and_lines_for_trunk_go() -> Result<()> {
        let html = "<head>\n<!-- why\n  so -->\n  <link data-trunk rel=\"rust\">\n  <link rel=\"icon\">\n</head>\n";
        assert_eq!(served(html)?, "<head>\n  <link rel=\"icon\">\n</head>\n");
        assert!(served("<!-- open").is_err());
        Ok(())
    }
}
