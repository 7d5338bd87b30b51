//! `cargo xtask`: builds, serves, tests and measures Thalweg. Each command is a module of the library beside this file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use xtask::chrome::View;
use xtask::command::Failed;
use xtask::{bench, dist, finish, screenshot, serve, test};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, serves, tests and measures Thalweg")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page, serve it on this machine, and build it again whenever a file changes.
    Serve {
        /// Open the page in the browser.
        #[arg(long)]
        open: bool,
        /// The port; without it, the first free one from 8080 on.
        #[arg(long)]
        port: Option<u16>,
    },
    /// Build the static folder `dist/`, which works under any path on any host, and print what it weighs.
    Dist,
    /// Run every check; or only `lint`, `native` or `page`.
    Test {
        /// The checks to run.
        part: Option<test::Part>,
    },
    /// Measure and print. `page`: weight, time to the first picture, time for one pointer event.
    Bench {
        /// What to measure.
        what: Measured,
        /// The experiment on the page while pointer events are measured; ten optimizers on Rosenbrock without it.
        #[arg(long)]
        link: Option<String>,
    },
    /// Photograph the built page.
    Screenshot {
        /// The PNG file to write.
        #[arg(short, long)]
        output: PathBuf,
        /// The experiment that the page shows.
        #[arg(long, default_value = "")]
        link: String,
        /// Window in CSS pixels.
        #[arg(long, default_value = "1280x800", value_parser = |text: &str| screenshot::parse_size(text))]
        size: (u32, u32),
        /// Device pixels per CSS pixel.
        #[arg(long, default_value_t = 2.0)]
        scale: f64,
        /// The dark colours.
        #[arg(long)]
        dark: bool,
    },
    /// The last step of every build; Trunk calls it.
    #[command(hide = true)]
    Finish,
}

#[derive(Clone, Copy, ValueEnum)]
enum Measured {
    /// The built page in Chromium.
    Page,
    /// The measure lab in Chromium.
    Measure,
}

fn main() -> ExitCode {
    let Err(error) = run(Arguments::parse().command) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("\nerror: {error:#}");
    let status = error.downcast_ref::<Failed>().map_or(1, |failed| failed.status);
    // A status that does not fit in a byte must not turn into 0.
    u8::try_from(status).ok().filter(|status| *status != 0).unwrap_or(1).into()
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve { open, port } => serve::serve(port, open),
        Command::Dist => dist::build(),
        Command::Test { part } => test::test(part),
        Command::Bench { what: Measured::Page, link } => bench::page(link.as_deref()),
        Command::Bench { what: Measured::Measure, .. } => bench::measure(),
        Command::Screenshot { output, link, size: (width, height), scale, dark } => {
            let view = View { width, height, scale, dark, ..View::DESKTOP.still() };
            screenshot::screenshot(&output, &link, &view)
        }
        Command::Finish => {
            let staging = std::env::var_os("TRUNK_STAGING_DIR").context("only Trunk calls this, as its hook")?;
            finish::finish(staging.as_ref())
        }
    }
}
