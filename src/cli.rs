//! The command line: the same experiments, the same numbers.

mod bench;
mod list;
mod map;
mod plot;

use lexopt::prelude::*;
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use thalweg::experiment::matrix::{matrix_csv, matrix_json, run_matrix};
use thalweg::experiment::measure::{measure_csv, measure_json, run_measure};
use thalweg::experiment::{Experiment, Lab, Link, Severity, csv, json, limits, run};

const HELP: &str = "\
Thalweg: optimization algorithms on loss landscapes.

  thalweg run LINK [--json | --csv] [--record 0,1,2,5]   print the traces, 17 significant digits
  thalweg plot LINK -o FILE.svg|FILE.png [--dark] [--step K] [--size 1000x900]
  thalweg map LINK -o FILE.png|FILE.npy|FILE.csv [--dark] [--size 512x512]
              [--engine direct|kernel|gpu]               where the optimizer of basins=, or the first, ends from each start
  thalweg list optimizers|wrappers|landscapes|problems [--json]
  thalweg bench [--quick]                                steps a second of every engine, beside JavaScript

LINK is a whole address, its query such as 'problem=rosenbrock&opt=adam;lr=0.02', or - for standard input.
Without --json or --csv, run prints a table of outcomes.
Status 0, or 2 with a message that says what is wrong and where.
";

/// Runs the command; the first argument names it.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    match dispatch(arguments.map(OsString::from).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("thalweg: {message}");
            ExitCode::from(2)
        }
    }
}

/// What went wrong, in words for the person at the terminal.
type Message = String;

fn dispatch(arguments: Vec<OsString>) -> Result<(), Message> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let command = match parser.next().map_err(|error| error.to_string())? {
        Some(Value(command)) => command.to_string_lossy().into_owned(),
        Some(Short('h') | Long("help")) | None => return print(HELP),
        Some(Short('V') | Long("version")) => return print(concat!("thalweg ", env!("CARGO_PKG_VERSION"), "\n")),
        Some(other) => return Err(other.unexpected().to_string()),
    };
    match command.as_str() {
        "run" => run_command(parser),
        "plot" => plot::command(parser),
        "map" => map::command(parser),
        "list" => list::command(parser),
        "bench" => bench::command(parser),
        "help" => print(HELP),
        other => {
            let close = thalweg::suggest::closest(other, ["run", "plot", "map", "list", "bench", "help"]);
            let hint = close.map_or_else(String::new, |close| format!(", did you mean {close}?"));
            Err(format!("there is no command {other}{hint} (thalweg help lists them)"))
        }
    }
}

fn run_command(mut parser: lexopt::Parser) -> Result<(), Message> {
    let (mut link, mut as_json, mut as_csv, mut record) = (None, false, false, None);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("json") => as_json = true,
            Long("csv") => as_csv = true,
            Long("record") => record = Some(steps(&value(&mut parser)?)?),
            Value(text) if link.is_none() => link = Some(text.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    if as_json && as_csv {
        return Err("--json and --csv exclude each other".to_owned());
    }
    let experiment = experiment(link)?;
    let record = record.as_deref();
    let failed = |error| format!("problem: {error}");
    let format = match (as_json, as_csv) {
        (true, _) => Format::Json,
        (_, true) => Format::Csv,
        _ => Format::Words,
    };
    match experiment.lab() {
        Lab::Plane => {
            let done = run(&experiment).map_err(failed)?;
            match format {
                Format::Json => print(&(json(&experiment, &done, record) + "\n")),
                Format::Csv => print(&csv(&experiment, &done, record)),
                Format::Words => print(&list::outcomes(&experiment, &done)),
            }
        }
        Lab::Matrix => {
            let done = run_matrix(&experiment).map_err(failed)?;
            match format {
                Format::Json => print(&(matrix_json(&experiment, &done, record) + "\n")),
                Format::Csv => print(&matrix_csv(&experiment, &done, record)),
                Format::Words => print(&list::matrix_outcomes(&experiment, &done)),
            }
        }
        Lab::Measure => {
            let done = run_measure(&experiment).map_err(failed)?;
            match format {
                Format::Json => print(&(measure_json(&experiment, &done, record) + "\n")),
                Format::Csv => print(&measure_csv(&experiment, &done, record)),
                Format::Words => print(&list::measure_outcomes(&experiment, &done)),
            }
        }
    }
}

/// How a run is printed.
enum Format {
    Words,
    Json,
    Csv,
}

/// The experiment of a link. Whatever could not be used as written ends the command; remarks go to standard error.
fn experiment(link: Option<String>) -> Result<Experiment, Message> {
    let link = match link.as_deref() {
        None => return Err("a LINK is needed, such as 'problem=rosenbrock&opt=adam;lr=0.02'".to_owned()),
        Some("-") => {
            let mut text = String::new();
            let most = limits::LINK_BYTES as u64 + 1024;
            let read = std::io::stdin().take(most).read_to_string(&mut text);
            read.map_err(|error| format!("standard input: {error}"))?;
            text
        }
        Some(link) => link.to_owned(),
    };
    let Link { experiment, notes } = Link::parse(&link);
    let (wrong, remarks): (Vec<_>, Vec<_>) = notes.into_iter().partition(|note| note.severity == Severity::Replaced);
    for note in remarks {
        eprintln!("thalweg: {note}");
    }
    if wrong.is_empty() {
        return Ok(experiment);
    }
    let lines: Vec<String> = wrong.iter().map(|note| format!("{}: {}", note.key, note.problem)).collect();
    Err(lines.join("\nthalweg: "))
}

fn value(parser: &mut lexopt::Parser) -> Result<String, Message> {
    let value = parser.value().map_err(|error| error.to_string())?;
    Ok(value.to_string_lossy().into_owned())
}

fn steps(text: &str) -> Result<Vec<u32>, Message> {
    let steps: Result<Vec<u32>, _> = text.split(',').map(str::trim).map(str::parse).collect();
    steps.map_err(|_| format!("--record: “{text}” is not a list of steps such as 0,1,2,5"))
}

/// Writes to standard output. A reader that has gone away, as in `thalweg list | head`, is no mistake.
fn print(text: &str) -> Result<(), Message> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
