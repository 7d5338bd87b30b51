//! `cargo xtask dist`: the static folder, and what it weighs.

use std::path::Path;

use anyhow::{Context, Result};

use crate::{command, finish, project, tools};

/// Builds `dist/`.
pub fn build() -> Result<()> {
    let path = tools::ready()?;
    fetch()?;
    let mut trunk = trunk(&path, "build")?;
    command::run(&mut trunk)?;
    let folder = project::dist_folder();
    print_weights(&folder)?;
    eprintln!("\nThe page is in {}: copy it to any static host, under any path.", folder.display());
    Ok(())
}

/// Brings every crate of `Cargo.lock` onto this machine, so that Trunk can be forbidden the network.
pub fn fetch() -> Result<()> {
    let mut fetch = command::cargo();
    command::run(fetch.args(["fetch", "--quiet"]))
}

/// Trunk with the pinned tools and without the network: it uses what is on `path` or fails, and downloads nothing.
pub fn trunk(path: &std::ffi::OsStr, action: &str) -> Result<std::process::Command> {
    // The search of a program on a changed PATH differs between systems; so it is looked up here.
    let program = std::env::split_paths(path)
        .map(|folder| folder.join(format!("trunk{}", std::env::consts::EXE_SUFFIX)))
        .find(|program| program.is_file())
        .context("trunk is not where it was a moment ago")?;
    let mut trunk = command::in_project(&program);
    trunk
        .env("PATH", path)
        .env("TRUNK_TOOLS_WASM_BINDGEN", project::locked_version("wasm-bindgen")?)
        // Trunk reads NO_COLOR as a setting of its own, with the values true and false only.
        .env_remove("NO_COLOR")
        .args([action, "--release", "--offline", "--skip-version-check"]);
    Ok(trunk)
}

/// One line of the table of weights.
struct Weight {
    name: String,
    raw: u64,
    brotli: u64,
}

/// What is not part of the first load of the plane's page: what it is for, and its files.
const LATER: [(&str, &[&str]); 4] = [
    ("engine, loaded at rest", &["engine.js", "engine_bg.wasm", "kernels.js"]),
    ("page with every lab, in place", &["labs.js", "labs_bg.wasm", "labs.css"]),
    ("matrix lab's worker", &["matrix.js", "matrix_bg.wasm", "lab-worker.js"]),
    ("measure lab's worker", &["measure.js", "measure_bg.wasm", "lab-worker.js", "pair-worker.js"]),
];

/// Prints what the first load costs: each file as it is, and with brotli at its highest setting, as hosts keep it.
pub fn print_weights(folder: &Path) -> Result<()> {
    let mut first_load = Vec::new();
    let mut later = LATER.map(|(name, _)| Weight { name: name.into(), raw: 0, brotli: 0 });
    let mut lessons = Weight { name: "lessons, loaded with the first one".into(), raw: 0, brotli: 0 };
    let mut fonts = Weight { name: "fonts, loaded as text needs them".into(), raw: 0, brotli: 0 };
    for file in files(folder)? {
        let content = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let raw = content.len() as u64;
        match file.extension().and_then(|extension| extension.to_str()) {
            // WOFF2 is brotli inside.
            Some("woff2") => {
                fonts.raw += raw;
                fonts.brotli += raw;
            }
            Some("json") if name == finish::LESSON_TEXTS => {
                lessons.raw += raw;
                lessons.brotli += brotli_size(&content)?;
            }
            Some("wasm" | "js" | "css" | "html" | "svg") => {
                let brotli = brotli_size(&content)?;
                match LATER.iter().position(|(_, files)| files.contains(&name.as_str())) {
                    Some(group) => {
                        later[group].raw += raw;
                        later[group].brotli += brotli;
                    }
                    None => first_load.push(Weight { name, raw, brotli }),
                }
            }
            _ => {}
        }
    }
    first_load.sort_by_key(|weight| std::cmp::Reverse(weight.raw));
    let total = Weight {
        name: "first load".into(),
        raw: first_load.iter().map(|weight| weight.raw).sum(),
        brotli: first_load.iter().map(|weight| weight.brotli).sum(),
    };
    println!("\n{:<36} {:>12} {:>12}", "bytes", "raw", "brotli 11");
    for Weight { name, raw, brotli } in first_load.iter().chain([&total]).chain(&later).chain([&lessons, &fonts]) {
        println!("{name:<36} {raw:>12} {brotli:>12}");
    }
    Ok(())
}

/// The size after brotli at quality 11 with a window of 4 MB.
fn brotli_size(content: &[u8]) -> Result<u64> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut packed, &settings)?;
    Ok(packed.len() as u64)
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
