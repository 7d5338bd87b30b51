//! `thalweg plot`: the page's figure as a file.

use super::{Message, experiment, value};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use lexopt::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thalweg::experiment::measure::run_measure;
use thalweg::experiment::{Lab, run};
use thalweg::figure::{Theme, clouds_svg, figure_svg};

/// Pixels of a PNG for each pixel of the figure.
const SCALE: f32 = 2.0;

/// `thalweg plot`.
pub fn command(mut parser: lexopt::Parser) -> Result<(), Message> {
    let (mut link, mut file, mut dark, mut step, mut size) = (None, None, false, None, [1000.0, 900.0]);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Short('o') | Long("output") => file = Some(PathBuf::from(value(&mut parser)?)),
            Long("dark") => dark = true,
            Long("step") => {
                let text = value(&mut parser)?;
                step = Some(text.parse::<u32>().map_err(|_| format!("--step: “{text}” is not a whole number"))?);
            }
            Long("size") => size = dimensions(&value(&mut parser)?)?,
            Value(text) if link.is_none() => link = Some(text.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let file = file.ok_or("where to? -o FILE.svg or -o FILE.png")?;
    let experiment = experiment(link)?;
    let time = f64::from(step.or(experiment.view.step).unwrap_or(experiment.steps));
    let posed = |error| format!("problem: {error}");
    let svg = if experiment.lab() == Lab::Measure {
        let done = run_measure(&experiment).map_err(posed)?;
        clouds_svg(&experiment, &done, time, size, Theme::of(dark), embedded_png)
    } else {
        let done = run(&experiment).map_err(posed)?;
        figure_svg(&experiment, &done, time, size, Theme::of(dark), embedded_png)
    };
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => write(&file, svg.as_bytes()),
        Some("png") => write(&file, &png(&svg)?),
        _ => Err(format!("-o: {} ends neither in .svg nor in .png", file.display())),
    }
}

fn dimensions(text: &str) -> Result<[f64; 2], Message> {
    let parts: Vec<f64> = text.split('x').filter_map(|part| part.parse().ok()).collect();
    match parts[..] {
        [width, height] if (200.0..=4000.0).contains(&width) && (200.0..=4000.0).contains(&height) => {
            Ok([width, height])
        }
        _ => Err(format!("--size: “{text}” is not WIDTHxHEIGHT with numbers from 200 to 4000")),
    }
}

/// A picture as an address that contains it.
fn embedded_png(columns: u32, rows: u32, pixels: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(encoded_png(columns, rows, pixels)))
}

/// A PNG of red, green, blue and opacity of each pixel.
pub fn encoded_png(columns: u32, rows: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns, rows);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("as many samples as pixels, written to memory");
    bytes
}

/// The figure as pixels, set in the typeface of the page.
fn png(svg: &str) -> Result<Vec<u8>, Message> {
    let mut options = resvg::usvg::Options { font_family: "Inter".to_owned(), ..Default::default() };
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(include_bytes!("../../www/fonts/inter-400.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../www/fonts/inter-600.ttf").to_vec());
    fonts.set_sans_serif_family("Inter");
    let tree = resvg::usvg::Tree::from_str(svg, &options).map_err(|error| format!("the figure: {error}"))?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE).round() as u32, (size.height() * SCALE).round() as u32);
    let mut pixels = resvg::tiny_skia::Pixmap::new(width, height).ok_or("the figure has no size")?;
    resvg::render(&tree, resvg::tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| format!("the PNG: {error}"))
}

/// Writes a file; the message names it.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Message> {
    std::fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))
}
