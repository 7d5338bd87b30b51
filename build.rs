//! Turns `src/landscapes/landscapes.toml` and the lessons in `www/lessons` into tables of constants.
//!
//! Reading TOML in the page would cost some fifty kilobytes and the first milliseconds, Markdown and TeX more, and a
//! mistake would show up only when somebody opens it. Here it stops the build, with the row and the key or the line.

#[path = "src/experiment/lab.rs"]
mod lab;
#[path = "build/lessons.rs"]
mod lessons;

use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::exit;

const SOURCE: &str = "src/landscapes/landscapes.toml";
const LESSONS: &str = "www/lessons";

/// Before a field that the page does without: what only tests and the command line read would weigh on the first load.
const NATIVE: &str = "#[cfg(not(target_arch = \"wasm32\"))]";

/// One row, as written. `src/landscapes/landscapes.toml` says what the keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    tagline: Option<String>,
    group: Group,
    formula: Option<String>,
    field_x: Option<String>,
    field_y: Option<String>,
    formula_t: Option<String>,
    formula_s: Option<String>,
    sample: Option<String>,
    params: toml::Table,
    domain: [f64; 4],
    start: [f64; 2],
    scale: Scale,
    smooth: bool,
    n_min: Option<u32>,
    n_saddle: Option<u32>,
    n_max: Option<u32>,
    minima: Vec<Point>,
    #[serde(default)]
    saddles: Vec<Point>,
    #[serde(default)]
    maxima: Vec<Point>,
    #[serde(default)]
    equilibria: Vec<Equilibrium>,
    #[serde(default)]
    complete: bool,
    minimizer_set: Option<String>,
    #[serde(default)]
    unbounded_below: bool,
    f_min_grid: Option<f64>,
    f_lo: Option<f64>,
    f_hi: Option<f64>,
    f_start: Option<f64>,
    note: Option<String>,
    source: String,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Group {
    Convex,
    Valley,
    Saddle,
    Multimodal,
    Plateau,
    Nonsmooth,
    Adversarial,
    Potential,
    Game,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Scale {
    Linear,
    Log,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Global,
    Local,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    x: f64,
    y: f64,
    f: f64,
    kind: Option<Kind>,
    eig: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Equilibrium {
    x: f64,
    y: f64,
    f: Option<f64>,
    gda: Stability,
    growth: f64,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Stability {
    Attracts,
    Repels,
    Centre,
}

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/lessons.rs");
    println!("cargo::rerun-if-changed=src/experiment/lab.rs");
    println!("cargo::rerun-if-changed={LESSONS}");
    println!("cargo::rustc-check-cfg=cfg(labs)");
    let wasm = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    if !wasm || std::env::var_os("CARGO_FEATURE_LABS").is_some() {
        println!("cargo::rustc-cfg=labs");
    }
    write("landscapes.rs", table());
    write("lessons.rs", lessons::read(Path::new(LESSONS)).map(lesson_table));
}

/// Writes a table for the library to include, or says why there is none.
fn write(name: &str, table: Result<String, String>) {
    let folder = std::env::var_os("OUT_DIR").unwrap_or_default();
    let written = table.and_then(|table| {
        std::fs::write(Path::new(&folder).join(name), table)
            .map_err(|error| format!("{name} cannot be written: {error}"))
    });
    if let Err(message) = written {
        stop(&message);
    }
}

fn stop(message: &str) -> ! {
    println!("cargo::error={}", message.replace('\n', " "));
    exit(1)
}

/// The lessons as a Rust expression. Their texts are left out of the page, which fetches them when a lesson is opened.
fn lesson_table(lessons: Vec<lessons::Lesson>) -> String {
    let mut table = String::from("&[\n");
    for lessons::Lesson { id, title, summary, pages } in lessons {
        // The page of the plane cannot show it; start.js knows its name.
        if pages.first().is_some_and(|page| lab::Lab::of_link(&page.setup) != lab::Lab::Plane) {
            table.push_str("    #[cfg(labs)]\n");
        }
        // `{:?}` writes text so that Rust reads back the same. Writing to a string cannot fail.
        let _ = writeln!(table, "    Lesson {{ id: {id:?}, title: {title:?}, summary: {summary:?}, pages: &[");
        for lessons::Page { title, html, setup } in pages {
            let _ = writeln!(table, "        Page {{ title: {title:?}, {NATIVE} html: {html:?}, setup: {setup:?} }},");
        }
        table.push_str("    ] },\n");
    }
    table.push(']');
    table
}

/// The whole table as Rust text.
fn table() -> Result<String, String> {
    let text = std::fs::read_to_string(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    let file: toml::Table = text.parse().map_err(|error| format!("{SOURCE}: {error}"))?;
    let rows = file.get("landscape").and_then(toml::Value::as_array).ok_or(format!("{SOURCE}: no [[landscape]]"))?;
    let mut ids = BTreeSet::new();
    // The rows hold twelve digits on purpose, also where the number is pi.
    let is_game = |row: &&toml::Value| row.get("group").and_then(toml::Value::as_str) == Some("game");
    let (all, games) = (rows.len(), rows.iter().filter(is_game).count());
    let mut table = format!(
        "#[allow(clippy::approx_constant)]\n\
         static ROWS: [Landscape; if cfg!(target_arch = \"wasm32\") {{ {} }} else {{ {all} }}] = [\n",
        all - games
    );
    for (number, row) in rows.iter().enumerate() {
        let id = row.get("id").and_then(toml::Value::as_str).unwrap_or("without id").to_owned();
        let place = |message: String| format!("{SOURCE}, row {} ({id}): {message}", number + 1);
        let row = Row::deserialize(row.clone()).map_err(|error| place(error.to_string()))?;
        check(&row, &mut ids).map_err(place)?;
        // A game has no one loss: the page offers none yet, and need not carry them.
        if row.group == Group::Game {
            let _ = writeln!(table, "{NATIVE}");
        }
        emit(&row, &mut table).map_err(place)?;
    }
    table.push_str("];\n");
    Ok(table)
}

/// What must hold of a row before anything can be computed from it.
fn check(row: &Row, ids: &mut BTreeSet<String>) -> Result<(), String> {
    let fail = |key: &str, message: &str| Err(format!("{key}: {message}"));
    if !ids.insert(row.id.clone()) {
        return fail("id", "another row has it");
    }
    if row.id.is_empty() || !row.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return fail("id", "use lower-case letters, digits and underscores");
    }
    match (&row.formula, &row.field_x, &row.field_y) {
        (Some(_), None, None) | (None, Some(_), Some(_)) => {}
        _ => return fail("formula", "give a formula, or field_x and field_y"),
    }
    let [x0, x1, y0, y1] = row.domain;
    if !(x0 < x1 && y0 < y1 && row.domain.iter().all(|v| v.is_finite())) {
        return fail("domain", "must be [xmin, xmax, ymin, ymax]");
    }
    let [x, y] = row.start;
    if !(x0 <= x && x <= x1 && y0 <= y && y <= y1) {
        return fail("start", "lies outside the domain");
    }
    match &row.tagline {
        None if row.group != Group::Game => return fail("tagline", "is missing"),
        Some(text) if text.chars().count() > 45 => return fail("tagline", "has more than 45 characters"),
        _ => {}
    }
    let grid = [row.f_min_grid, row.f_lo, row.f_hi, row.f_start];
    if row.formula.is_some() && grid.iter().any(|v| v.is_none_or(|v| !v.is_finite())) {
        return fail("f_min_grid, f_lo, f_hi, f_start", "must all be given, and finite");
    }
    let points = row.minima.iter().chain(&row.saddles).chain(&row.maxima);
    if points.flat_map(|p| [p.x, p.y, p.f]).any(|v| !v.is_finite()) {
        return fail("minima, saddles, maxima", "must be finite");
    }
    if row.minima.iter().any(|p| p.kind.is_none()) {
        return fail("minima", "every minimum has a kind, \"global\" or \"local\"");
    }
    if row.saddles.iter().chain(&row.maxima).any(|p| p.kind.is_some()) {
        return fail("saddles, maxima", "only minima have a kind");
    }
    let counted = [row.n_min, row.n_saddle, row.n_max].iter().filter(|n| n.is_some()).count();
    if counted % 3 != 0 {
        return fail("n_min, n_saddle, n_max", "give all three or none");
    }
    Ok(())
}

/// Fields that only the tests read, which measure them.
const MEASURED: [&str; 6] = ["equilibria", "formula_s", "f_min_grid", "f_lo", "f_hi", "f_start"];

/// One row as a Rust expression. `{:?}` writes text and numbers so that Rust reads back the same.
fn emit(row: &Row, table: &mut String) -> Result<(), String> {
    let mut params = Vec::new();
    for (name, value) in &row.params {
        let number = value.as_float().or(value.as_integer().map(|n| n as f64));
        params.push((name, number.ok_or(format!("params: {name} is not a number"))?));
    }
    let counts = match (row.n_min, row.n_saddle, row.n_max) {
        (Some(minima), Some(saddles), Some(maxima)) => {
            format!("Some(Counts {{ minima: {minima}, saddles: {saddles}, maxima: {maxima} }})")
        }
        _ => "None".to_owned(),
    };
    let minima = points(&row.minima, |p| match p.kind {
        Some(Kind::Local) => "LocalMinimum",
        _ => "GlobalMinimum",
    });
    let equilibria: String = row
        .equilibria
        .iter()
        .map(|e| {
            let Equilibrium { x, y, f, gda, growth } = e;
            format!("Equilibrium {{ x: {x:?}, y: {y:?}, f: {f:?}, gda: Stability::{gda:?}, growth: {growth:?} }}, ")
        })
        .collect();
    let number = |value: Option<f64>| value.map_or("f64::NAN".to_owned(), |v| format!("{v:?}"));
    let fields: [(&str, String); 29] = [
        ("id", format!("{:?}", row.id)),
        ("name", format!("{:?}", row.name)),
        ("tagline", format!("{:?}", row.tagline.as_deref().unwrap_or_default())),
        ("group", format!("Group::{:?}", row.group)),
        ("formula", format!("{:?}", row.formula.as_deref().unwrap_or_default())),
        ("field", format!("{:?}", row.field_x.as_ref().zip(row.field_y.as_ref()))),
        ("formula_t", format!("{:?}", row.formula_t)),
        ("formula_s", format!("{:?}", row.formula_s)),
        ("sample", format!("{:?}", row.sample)),
        ("params", format!("&{params:?}")),
        ("domain", format!("{:?}", row.domain)),
        ("start", format!("{:?}", row.start)),
        ("scale", format!("Scale::{:?}", row.scale)),
        ("smooth", row.smooth.to_string()),
        ("minima", minima),
        ("saddles", points(&row.saddles, |_| "Saddle")),
        ("maxima", points(&row.maxima, |_| "Maximum")),
        ("equilibria", format!("&[{equilibria}]")),
        ("counts", counts),
        ("complete", row.complete.to_string()),
        ("minimizer_set", format!("{:?}", row.minimizer_set)),
        ("unbounded_below", row.unbounded_below.to_string()),
        ("f_min_grid", number(row.f_min_grid)),
        ("f_lo", number(row.f_lo)),
        ("f_hi", number(row.f_hi)),
        ("f_start", number(row.f_start)),
        ("note", format!("{:?}", row.note)),
        ("source", format!("{:?}", row.source)),
        ("facts", "OnceLock::new()".to_owned()),
    ];
    table.push_str("    Landscape {\n");
    for (name, value) in fields {
        let native = if MEASURED.contains(&name) { NATIVE } else { "" };
        writeln!(table, "        {native} {name}: {value},").map_err(|error| error.to_string())?;
    }
    table.push_str("    },\n");
    Ok(())
}

/// A list of critical points as a Rust expression.
fn points(list: &[Point], kind: impl Fn(&Point) -> &'static str) -> String {
    let items: String = list
        .iter()
        .map(|p| {
            let Point { x, y, f, eig, .. } = p;
            let kind = kind(p);
            format!(
                "CriticalPoint {{ x: {x:?}, y: {y:?}, f: {f:?}, kind: CriticalKind::{kind}, {NATIVE} eig: {eig:?} }}, "
            )
        })
        .collect();
    format!("&[{items}]")
}
