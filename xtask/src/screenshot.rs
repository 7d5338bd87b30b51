//! `cargo xtask screenshot`: a picture of the built page, as the README shows it.

use std::path::Path;

use anyhow::{Context, Result};

use crate::chrome::{Browser, Graphics, View, find};
use crate::server::Site;
use crate::{bench, project};

/// Opens the built page with `link` and writes a PNG once its first picture is drawn.
pub fn screenshot(file: &Path, link: &str, view: &View) -> Result<()> {
    let site = Site::serve(&project::built()?)?;
    let browser = Browser::start(&find::chrome_or_install()?, Graphics::WithoutWebGpu)?;
    let mut page = browser.open(view)?;
    page.goto(&format!("{}{}", site.address, query(link)))?;
    page.wait_for(bench::FIRST_PICTURE_IS_THERE).context("the page draws no first picture")?;
    page.wait_for("document.fonts.status === 'loaded'")?;
    page.settle()?;
    page.assert_console_silent()?;
    page.screenshot_to(file)?;
    eprintln!("{} shows {}", file.display(), if link.is_empty() { "the page as it opens" } else { link });
    Ok(())
}

/// A link may come as a whole address, with its `?` or without.
pub fn query(link: &str) -> String {
    let query = link.split_once('?').map_or(link, |(_, query)| query);
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

/// Reads `1280x800`.
pub fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once('x').ok_or("write WIDTHxHEIGHT, for instance 1280x800")?;
    match (width.parse(), height.parse()) {
        (Ok(width @ 1..=10_000), Ok(height @ 1..=10_000)) => Ok((width, height)),
        _ => Err("width and height are whole numbers from 1 to 10000".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_query_however_it_comes() {
        assert_eq!(query(""), "");
        assert_eq!(query("problem=rosenbrock&opt=adam"), "?problem=rosenbrock&opt=adam");
        assert_eq!(query("https://a.b/c?problem=f"), "?problem=f");
    }

    #[test]
    fn a_size_is_two_numbers() {
        assert_eq!(parse_size("1280x800"), Ok((1280, 800)));
        for wrong in ["1280", "0x5", "ax5", "5x99999"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
