//! `thalweg map`: where an optimizer ends from every start, as a picture or as numbers.

use super::{Message, experiment, value};
use lexopt::prelude::*;
use std::fmt::Write as _;
use std::path::PathBuf;
use thalweg::engine::{Cell, Flight, Job, Verdict};
use thalweg::figure::{BasinScale, Theme, basin_pixels};
use thalweg::gpu::Gpu;
use thalweg::problems::Noise;
use thalweg::scalar::elementary::Precision;

/// Cells along each side at most.
const MOST: usize = 4096;

/// What computes a map.
#[derive(Clone, Copy)]
enum Engine {
    /// The definitions themselves, in double precision.
    Direct,
    /// Their recording, in single precision: the numbers of the kernel in a browser.
    Kernel,
    /// Their recording on the graphics processor, in single precision.
    Gpu,
}

/// `thalweg map`.
pub fn command(mut parser: lexopt::Parser) -> Result<(), Message> {
    let (mut link, mut file, mut dark, mut size, mut engine) = (None, None, false, [512, 512], Engine::Direct);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Short('o') | Long("output") => file = Some(PathBuf::from(value(&mut parser)?)),
            Long("dark") => dark = true,
            Long("engine") => engine = Engine::named(&value(&mut parser)?)?,
            Long("size") => size = grid(&value(&mut parser)?)?,
            Value(text) if link.is_none() => link = Some(text.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let file = file.ok_or("where to? -o FILE.png, FILE.npy or FILE.csv")?;
    let kind = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_owned();
    if !["png", "npy", "csv"].contains(&kind.as_str()) {
        return Err(format!("-o: {} ends neither in .png nor in .npy nor in .csv", file.display()));
    }
    let job = job(link, size)?;
    let cells = engine.run(&job)?;
    let bytes = match kind.as_str() {
        "png" => super::plot::encoded_png(
            size[0] as u32,
            size[1] as u32,
            &basin_pixels(&cells, &BasinScale::of(&cells), Theme::of(dark)),
        ),
        "npy" => npy(&job, &cells),
        _ => csv(&job, &cells).into_bytes(),
    };
    super::plot::write(&file, &bytes)
}

impl Engine {
    fn named(text: &str) -> Result<Self, Message> {
        match text {
            "direct" => Ok(Self::Direct),
            "kernel" => Ok(Self::Kernel),
            "gpu" => Ok(Self::Gpu),
            _ => Err(format!("--engine: “{text}” is none of direct, kernel and gpu")),
        }
    }

    /// What became of every cell, row by row from the top.
    fn run(self, job: &Job) -> Result<Vec<Cell>, Message> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        if let Self::Direct = self {
            return Ok(job.run(threads).0);
        }
        let flight = Flight::record(job).map_err(|error| format!("--engine: {error}"))?;
        let flight = flight.lowered(Precision::Single);
        let landings = match self {
            Self::Gpu => pollster::block_on(async {
                let gpu = Gpu::open().await?;
                eprintln!("thalweg: on {}", gpu.name());
                let kernel = gpu.compile_flight(&flight).await?;
                gpu.landings(&kernel, job).await
            })
            .map_err(|error| format!("--engine: {error}"))?,
            Self::Kernel | Self::Direct => flight.landings(job, threads),
        };
        Ok(job.told(&landings).0)
    }
}

/// The map of the link's `basins=`, or of its first optimizer.
fn job(link: Option<String>, [columns, rows]: [usize; 2]) -> Result<Job, Message> {
    let experiment = experiment(link)?;
    if experiment.noise != Noise::None {
        return Err("noise: with noise every run of a start ends elsewhere; a map has none".to_owned());
    }
    let problem = experiment.pose().map_err(|error| format!("problem: {error}"))?;
    let window = experiment.view.window.unwrap_or(problem.domain);
    let place = experiment.view.basins.unwrap_or(0);
    let job = Job::of(&experiment, &problem, place, window);
    let job = job.ok_or_else(|| format!("basins: there is no optimizer at place {}", place + 1))?;
    Ok(Job { columns, rows, ..job })
}

fn grid(text: &str) -> Result<[usize; 2], Message> {
    let parts: Vec<usize> = text.split('x').filter_map(|part| part.parse().ok()).collect();
    match parts[..] {
        [columns, rows] if (1..=MOST).contains(&columns) && (1..=MOST).contains(&rows) => Ok([columns, rows]),
        _ => Err(format!("--size: “{text}” is not COLUMNSxROWS with whole numbers from 1 to {MOST}")),
    }
}

/// A verdict as a number: the index of the minimum, -1 at rest elsewhere, -2 still moving, -3 diverged, -4 cycling.
fn code(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Minimum(index) => i32::from(index),
        Verdict::Elsewhere => -1,
        Verdict::Cycling => -4,
        Verdict::Moving => -2,
        Verdict::Left => -3,
    }
}

/// NumPy's format, version 1.0: an array of 32-bit integers, rows x columns x 2, the verdict's code and the steps.
fn npy(job: &Job, cells: &[Cell]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({}, {}, 2), }}", job.rows, job.columns);
    // Magic, version and length take ten bytes; the data begins at a multiple of 64, after a line break.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for cell in cells {
        bytes.extend(code(cell.verdict).to_le_bytes());
        bytes.extend((cell.steps as i32).to_le_bytes());
    }
    bytes
}

/// A row a cell: its start, the verdict's code, the steps.
fn csv(job: &Job, cells: &[Cell]) -> String {
    let mut text = "x,y,verdict,steps\n".to_owned();
    for (place, cell) in cells.iter().enumerate() {
        let [x, y] = job.launch(place).start;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{x:.16e},{y:.16e},{},{}", code(cell.verdict), cell.steps);
    }
    text
}
