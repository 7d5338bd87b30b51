//! Which Chrome or Chromium to drive.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::debian;

/// The browser to use: `$CHROME`, else one on `PATH`, else one in the usual places of macOS and Windows.
pub fn chrome() -> Result<Option<PathBuf>> {
    if let Some(chosen) = std::env::var_os("CHROME").map(PathBuf::from) {
        if !chosen.is_file() {
            bail!("CHROME names {}, and there is no such file", chosen.display());
        }
        return Ok(Some(chosen));
    }
    Ok(on_path().into_iter().chain(usual_places()).find(|path| path.is_file()))
}

/// The same; where there is none, Debian's is installed if that is allowed, and the error says what to type if not.
pub fn chrome_or_install() -> Result<PathBuf> {
    if let Some(found) = chrome()? {
        return Ok(found);
    }
    // Without any font at all a browser draws no text outside the page's own fonts.
    debian::install(&["chromium", "fonts-liberation"], "a Chrome or Chromium (or CHROME=/path/to/one)")?;
    match chrome()? {
        Some(found) => Ok(found),
        None => bail!("chromium was installed and is still not on PATH; set CHROME=/path/to/chromium"),
    }
}

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .map(|program| program.with_extension(std::env::consts::EXE_EXTENSION))
        .collect()
}

fn usual_places() -> Vec<PathBuf> {
    if cfg!(target_os = "macos") {
        let applications = ["Google Chrome", "Chromium"];
        return applications
            .iter()
            .map(|name| PathBuf::from(format!("/Applications/{name}.app/Contents/MacOS/{name}")))
            .collect();
    }
    if cfg!(windows) {
        return ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"]
            .iter()
            .filter_map(std::env::var_os)
            .map(|folder| PathBuf::from(folder).join("Google/Chrome/Application/chrome.exe"))
            .collect();
    }
    Vec::new()
}
