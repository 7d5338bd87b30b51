//! Running other programs.

use std::ffi::OsStr;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};

/// A program that ended with a status other than 0. `main` passes the status on.
#[derive(Debug)]
pub struct Failed {
    /// The command as one could type it.
    pub shown: String,
    /// Its exit status; 1 where a signal ended it.
    pub status: i32,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ended with status {}", self.shown, self.status)
    }
}

impl std::error::Error for Failed {}

/// `cargo`, the one that runs this program, in the root of the checkout.
pub fn cargo() -> Command {
    in_project(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program in the root of the checkout, as if it had been started by hand.
///
/// Cargo describes the running package to the programs it starts. A build script further down must not take that for
/// its own.
pub fn in_project(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::project::root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints the command, runs it with this program's own input and output, and turns a bad status into [`Failed`].
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("  $ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    check(shown, status)
}

/// Runs the command in silence and returns what it wrote to standard output; `None` where it cannot start or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(std::process::Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// [`Failed`] unless the status is 0.
pub fn check(shown: String, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(Failed { shown, status: status.code().unwrap_or(1) }.into())
}

/// The command as one could type it, the folder of the program left out.
pub fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// `12 s`, `3 min 05 s`: durations for people.
pub fn told(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}
