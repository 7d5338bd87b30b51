//! `thalweg bench`: steps a second of every engine, beside a loop in JavaScript. `docs/performance.md` says how to read it.

mod browser;
mod cases;
mod graphics;
mod native;

use super::{Message, print};
use cases::{CASES, Case, Prepared};
use graphics::Graphics;
use lexopt::prelude::*;
use std::fmt::Write as _;

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Measurements of which the median counts.
    samples: usize,
    /// Milliseconds that code runs before it is measured: browsers compile hot code a second, better time.
    warm_up: u32,
}

impl Effort {
    const FULL: Self = Self { samples: 15, warm_up: 500 };
    const QUICK: Self = Self { samples: 5, warm_up: 150 };
}

/// The engines, in the order of the columns. JavaScript is what the others are compared with.
const ENGINES: [&str; 6] = ["direct f64", "tape f64", "bulk f32", "Wasm f32x4", "WGSL", "JavaScript"];

/// Million steps a second of each engine for a case; `None` where it was not measured.
type Row = [Option<f64>; ENGINES.len()];

/// Prints the table.
pub fn command(mut parser: lexopt::Parser) -> Result<(), Message> {
    let mut effort = Effort::FULL;
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("quick") => effort = Effort::QUICK,
            other => return Err(other.unexpected().to_string()),
        }
    }
    let prepared: Vec<Prepared> = CASES.iter().map(Case::prepare).collect::<Result<_, _>>()?;
    let browsed = browser::measure(&prepared, effort);
    let graphics = Graphics::open();
    let mut notes = vec![match &graphics {
        Ok(graphics) => graphics.note(),
        Err(reason) => format!("WGSL: not measured, {reason}."),
    }];
    let browser = match &browsed {
        Ok(browsed) => browsed.browser.clone(),
        Err(reason) => {
            notes.push(format!("Wasm and JavaScript: not measured, {reason}."));
            "none".to_owned()
        }
    };
    let mut text = format!(
        "million steps a second on one thread, and the ratio to the loop in JavaScript beside it\n\
         machine   {}\nbrowser   {browser}\nruns      {} starts, {} steps each; the median of {} measurements\n\n",
        machine(),
        cases::POINTS,
        cases::STEPS,
        effort.samples
    );
    text += &heading();
    for (place, case) in prepared.iter().enumerate() {
        let in_browser = browsed.as_ref().ok().map(|browsed| &browsed.rates[place]);
        if let Some(mismatch) = in_browser.and_then(|rates| rates.mismatch()) {
            notes.push(format!("error: {} on {}: {mismatch}", case.method, case.landscape));
        }
        let [direct, tape, bulk] = native::measure(case, effort);
        let shader = graphics.as_ref().ok().map(|graphics| graphics.measure(case, effort)).transpose();
        if let Err(error) = &shader {
            notes.push(format!("error: {} on {}: {error}", case.method, case.landscape));
        }
        let row = [
            Some(direct),
            Some(tape),
            Some(bulk),
            in_browser.map(|rates| rates.kernel),
            shader.ok().flatten(),
            in_browser.map(|rates| rates.javascript),
        ];
        text += &line(case, &row);
    }
    for note in &notes {
        let _ = write!(text, "\n{note}");
    }
    print(&(text + "\n"))?;
    if notes.iter().any(|note| note.starts_with("error")) {
        return Err("something is wrong with an engine; the lines that begin with error say what".to_owned());
    }
    Ok(())
}

fn heading() -> String {
    let columns = ENGINES.map(|engine| format!("{engine:>15}"));
    format!("{:<18} {:<11}{}\n", "method", "landscape", columns.concat())
}

fn line(case: &Prepared, row: &Row) -> String {
    let [.., javascript] = row;
    let cells = row.map(|rate| match (rate, javascript) {
        (Some(rate), Some(base)) => format!("{rate:>8.1} {:>6}", ratio(rate / base)),
        (Some(rate), None) => format!("{rate:>8.1}       "),
        (None, _) => format!("{:>15}", "-"),
    });
    format!("{:<18} {:<11}{}\n", case.method, case.landscape, cells.concat())
}

/// Two digits, or all before the point.
fn ratio(x: f64) -> String {
    if x < 10.0 { format!("{x:.2}") } else { format!("{x:.1}") }
}

/// The processor, as well as it can be told.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    format!("{}, {cores} cores", name.unwrap_or(std::env::consts::ARCH))
}

/// The median of some measurements.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_compares_with_javascript_where_there_is_one() {
        let case = CASES[0].prepare().expect("the cases are in order");
        let text = line(&case, &[Some(30.0), Some(2.0), Some(400.0), None, None, Some(40.0)]);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(text.starts_with("gradient descent"), "{text}");
        assert_eq!(words[3..], ["30.0", "0.75", "2.0", "0.05", "400.0", "10.0", "-", "-", "40.0", "1.00"]);
        let alone = line(&case, &[Some(30.0), None, None, None, None, None]);
        assert_eq!(alone.split_whitespace().skip(3).collect::<Vec<_>>(), ["30.0", "-", "-", "-", "-", "-"]);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
