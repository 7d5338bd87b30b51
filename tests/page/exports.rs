//! What is taken away from the page is what the command line writes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use thalweg::experiment::{Link, Run, csv, json, run};
use thalweg::figure::{Theme, figure_svg};
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

const LINK: &str = "problem=himmelblau&steps=80&opt=adam;lr=0.1&opt=bfgs&opt=sgd;lr=0.01~lookahead;k=3";

/// Width and height of the figure; a PNG has twice as many pixels.
const FIGURE: [f64; 2] = [1000.0, 900.0];

/// The experiment that is on the page, run here.
fn done() -> Result<(Link, Run)> {
    let link = Link::parse(LINK);
    let done = run(&link.experiment)?;
    Ok((link, done))
}

/// Clicks an item of the menu and waits for its file.
fn export(page: &mut Page<'_>, item: &str, file: &str) -> Result<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("downloads-{}-{item}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    page.download_into(&folder)?;
    visitor::click_words(page, ".header", "Export")?;
    visitor::click_words(page, ".header .menu-list.right", item)?;
    let path = folder.join(file);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        // The browser writes under another name until the file is whole.
        if let Ok(bytes) = std::fs::read(&path) {
            std::fs::remove_dir_all(&folder)?;
            return Ok(bytes);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let found: Vec<_> = std::fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    bail!("no {file} arrived, but {found:?}")
}

fn at_the_end(view: &View) -> Result<Page<'static>> {
    let mut page = browser::open(view, LINK)?;
    visitor::go_to_the_end(&mut page)?;
    Ok(page)
}

#[test]
fn the_json_is_the_command_lines_to_the_last_character() -> Result<()> {
    let mut page = at_the_end(&View::DESKTOP)?;
    let bytes = export(&mut page, "JSON", "thalweg-himmelblau.json")?;
    let value: Value = serde_json::from_slice(&bytes)?;
    ensure!(value["runs"].as_array().map(Vec::len) == Some(3));
    let (link, done) = done()?;
    ensure!(String::from_utf8(bytes)?.trim() == json(&link.experiment, &done, None).trim(), "the two differ");
    page.assert_console_silent()
}

#[test]
fn the_csv_is_the_command_lines_to_the_last_character() -> Result<()> {
    let mut page = at_the_end(&View::DESKTOP)?;
    let bytes = export(&mut page, "CSV", "thalweg-himmelblau.csv")?;
    let (link, done) = done()?;
    let text = String::from_utf8(bytes)?;
    ensure!(text.lines().count() == 1 + 3 * 81, "{} lines", text.lines().count());
    ensure!(text == csv(&link.experiment, &done, None), "the two differ");
    page.assert_console_silent()
}

/// Stands for the picture of the land in a figure.
const LAND: &str = "data:image/png;base64,";

/// A figure without the pixels of its land: they are encoded by the browser, and elsewhere by a library, so the same
/// picture has other bytes.
fn without_pixels(svg: &str) -> Result<String> {
    let (before, after) = svg.split_once(LAND).context("the land is a picture")?;
    let (pixels, after) = after.split_once('"').context("the picture ends")?;
    ensure!(pixels.len() > 10_000, "a picture of {} characters", pixels.len());
    Ok(format!("{before}{LAND}\"{after}"))
}

#[test]
fn the_svg_is_the_command_lines_and_holds_nothing_that_runs() -> Result<()> {
    for view in [View::DESKTOP, View::DESKTOP.dark()] {
        let mut page = at_the_end(&view)?;
        let svg = String::from_utf8(export(&mut page, "SVG", "thalweg-himmelblau.svg")?)?;
        for word in ["<script", "javascript:", "onload", "foreignObject"] {
            ensure!(!svg.contains(word), "the figure has {word}");
        }
        let (link, done) = done()?;
        let expected =
            figure_svg(&link.experiment, &done, 80.0, FIGURE, Theme::of(view.dark), |_, _, _| LAND.to_owned());
        ensure!(without_pixels(&svg)? == expected, "the page's figure is not the command line's");
        // The browser reads it as a picture of that size.
        let shown: [f64; 3] = page.eval(&format!(
            "(() => {{ const root = new DOMParser().parseFromString({}, 'image/svg+xml').documentElement;
                return [+(root.localName === 'svg'), parseFloat(root.getAttribute('width')), parseFloat(root.getAttribute('height'))]; }})()",
            serde_json::json!(svg)
        ))?;
        ensure!(shown == [1.0, FIGURE[0], FIGURE[1]], "{shown:?}");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// A formula that somebody typed is in the figure as text.
#[test]
fn a_formula_in_the_figure_cannot_break_it() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=formula;f=x^2%2By^2&opt=adam&steps=20")?;
    visitor::go_to_the_end(&mut page)?;
    let svg = String::from_utf8(export(&mut page, "SVG", "thalweg-formula.svg")?)?;
    ensure!(svg.starts_with('<') && svg.trim_end().ends_with("</svg>"));
    page.assert_console_silent()
}

#[test]
fn the_png_is_the_figure_at_twice_its_size() -> Result<()> {
    let mut page = at_the_end(&View::DESKTOP)?;
    let bytes = export(&mut page, "PNG", "thalweg-himmelblau.png")?;
    ensure!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let mut reader = png::Decoder::new(&bytes[..]).read_info()?;
    let size = [f64::from(reader.info().width), f64::from(reader.info().height)];
    ensure!(size == FIGURE.map(|x| 2.0 * x), "{size:?}");
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels)?;
    let colours: std::collections::BTreeSet<&[u8]> =
        pixels[..info.buffer_size()].chunks(info.color_type.samples()).collect();
    // The land alone has thousands of tints.
    ensure!(colours.len() > 1000, "{} colours", colours.len());
    page.assert_console_silent()
}

/// The menu closes behind the click, and without one when the visitor turns to something else.
#[test]
fn the_menu_goes_away_after_a_choice() -> Result<()> {
    let mut page = at_the_end(&View::DESKTOP)?;
    export(&mut page, "CSV", "thalweg-himmelblau.csv").context("the first export")?;
    ensure!(page.eval::<bool>("!document.querySelector('.header .actions details').open")?);
    page.assert_console_silent()
}
