//! Trunk, wasm-bindgen and wasm-opt, each of exactly one version.
//!
//! A tool is taken from the first of these places that has it:
//! 1. `PATH`, but only in the pinned version;
//! 2. the user's cache folder, `thalweg/tools/<tool>-<version>/bin/`, so that a second clone builds nothing twice;
//! 3. crates.io, built by `cargo install` into that folder.
//!
//! A program counts as there only when it runs and names the pinned version itself. Cargo puts a program in its place
//! in one move once it is built, so an installation that was interrupted leaves nothing that could pass this test, and
//! Cargo's own lock on the folder makes two installations at the same time wait for each other.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{command, debian, project};

/// A pinned program.
pub struct Tool {
    /// Name of the program.
    pub program: &'static str,
    /// Name of the package on crates.io.
    package: &'static str,
    /// Version of the package on crates.io.
    package_version: String,
    /// The version as `--version` prints it, a word of its own.
    version: String,
    /// Whether to build with the lock file that the package brings.
    locked: bool,
    /// Whether building it needs a C++ compiler.
    cplusplus: bool,
    /// How long the build takes on two cores, for the patience of who waits.
    usual_time: &'static str,
}

/// The three tools. Trunk first, since it is what one waits for the longest.
pub fn pinned() -> Result<[Tool; 3]> {
    let wasm_bindgen = project::locked_version("wasm-bindgen")?;
    Ok([
        Tool {
            program: "trunk",
            package: "trunk",
            package_version: "0.21.14".into(),
            version: "0.21.14".into(),
            locked: true,
            cplusplus: false,
            usual_time: "8 minutes",
        },
        Tool {
            program: "wasm-bindgen",
            package: "wasm-bindgen-cli",
            package_version: wasm_bindgen.clone(),
            version: wasm_bindgen,
            // Its lock file names crate versions that have been withdrawn.
            locked: false,
            cplusplus: false,
            usual_time: "3 minutes",
        },
        Tool {
            // The crate's 0.116 is Binaryen's 116; Binaryen itself counts in whole numbers.
            program: "wasm-opt",
            package: "wasm-opt",
            package_version: "0.116.1".into(),
            version: "116".into(),
            locked: true,
            cplusplus: true,
            usual_time: "10 minutes",
        },
    ])
}

/// Finds or installs every tool, and the compiler's wasm target.
///
/// Returns a value for `PATH` on which each tool is found in the pinned version.
pub fn ready() -> Result<OsString> {
    ensure_wasm_target()?;
    let mut folders = Vec::new();
    for tool in pinned()? {
        let program = tool.find_or_install()?;
        if let Some(folder) = program.parent() {
            folders.push(folder.to_owned());
        }
    }
    folders.extend(path_folders());
    std::env::join_paths(folders).context("a folder on PATH cannot be written into PATH")
}

/// Adds wasm32-unknown-unknown to the compiler where it is missing.
pub fn ensure_wasm_target() -> Result<()> {
    let sysroot = command::answer(Command::new("rustc").args(["--print", "sysroot"]))
        .context("no rustc on PATH: install Rust from https://rustup.rs")?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib");
    if library.is_dir() {
        return Ok(());
    }
    command::run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        .context("the compiler has no wasm32-unknown-unknown, and rustup could not add it")
}

impl Tool {
    /// The path of a program that runs and is of the pinned version.
    fn find_or_install(&self) -> Result<PathBuf> {
        if let Some(found) = path_folders().iter().map(|folder| self.in_folder(folder)).find(|path| path.is_file())
            && self.is_pinned(&found)
        {
            return Ok(found);
        }
        let home = self.home()?;
        let cached = self.in_folder(&home.join("bin"));
        if !self.is_pinned(&cached) {
            self.install(&home)?;
        }
        if !self.is_pinned(&cached) {
            bail!(
                "{} was installed into {} but does not answer `--version` with {}",
                self.program,
                home.display(),
                self.version
            );
        }
        Ok(cached)
    }

    fn in_folder(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX))
    }

    /// The folder of this tool in this version, in the user's cache.
    fn home(&self) -> Result<PathBuf> {
        let cache = dirs::cache_dir().context("this user has no cache folder: set XDG_CACHE_HOME")?;
        Ok(cache.join("thalweg").join("tools").join(format!("{}-{}", self.program, self.version)))
    }

    fn is_pinned(&self, program: &Path) -> bool {
        command::answer(Command::new(program).arg("--version")).is_some_and(|text| names_version(&text, &self.version))
    }

    fn install(&self, home: &Path) -> Result<()> {
        if self.cplusplus && !has_cplusplus() {
            debian::install(&["g++"], &format!("a C++ compiler, to build {},", self.program))?;
        }
        eprintln!(
            "{} {} is neither on PATH nor in the cache: building it once, into {} (usually about {} on two cores)",
            self.program,
            self.version,
            home.display(),
            self.usual_time
        );
        let started = Instant::now();
        let mut install = command::cargo();
        install.args(["install", "--force", self.package, "--version", &self.package_version]);
        if self.locked {
            install.arg("--locked");
        }
        if std::env::var_os("CI").is_some() {
            // Hundreds of crates by name say nothing in a log; errors are printed all the same.
            install.arg("--quiet");
        }
        install.arg("--root").arg(home);
        // The project's own build folder and flags are none of this tool's business.
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            install.env_remove(name);
        }
        command::run(&mut install)
            .with_context(|| format!("cannot install {} {}", self.package, self.package_version))?;
        eprintln!("{} is ready after {}", self.program, command::told(started.elapsed()));
        Ok(())
    }
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Whether `--version` printed this version as one of its words: `116` is in `wasm-opt version 116 (version_116)`, and
/// not in `wasm-opt version 1160`.
fn names_version(text: &str, version: &str) -> bool {
    text.split_whitespace().any(|word| word.trim_matches(['(', ')', ',']) == version)
}

fn has_cplusplus() -> bool {
    let chosen = std::env::var("CXX").ok();
    chosen
        .as_deref()
        .into_iter()
        .chain(["c++", "g++", "clang++", "cl"])
        .any(|compiler| Command::new(compiler).arg("--version").output().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_the_version() {
        assert!(names_version("wasm-opt version 116 (version_116)\n", "116"));
        assert!(names_version("trunk 0.21.14\n", "0.21.14"));
        assert!(!names_version("wasm-opt version 1160", "116"));
        assert!(!names_version("trunk 0.21.14-beta.1", "0.21.14"));
        assert!(!names_version("", "116"));
    }

    /// Somebody who calls `trunk` by hand gets the versions of `Trunk.toml`; they must be the ones used here.
    #[test]
    fn trunk_toml_pins_the_same_versions() -> Result<()> {
        let trunk_toml = std::fs::read_to_string(project::root().join("Trunk.toml"))?;
        let [_, wasm_bindgen, wasm_opt] = pinned()?;
        for line in [
            format!("wasm_bindgen = \"{}\"", wasm_bindgen.version),
            format!("wasm_opt = \"version_{}\"", wasm_opt.version),
        ] {
            assert!(trunk_toml.lines().any(|found| found == line), "Trunk.toml lacks the line\n{line}");
        }
        Ok(())
    }

    #[test]
    fn a_program_that_is_not_there_is_not_the_pinned_one() -> Result<()> {
        let [trunk, ..] = pinned()?;
        assert!(!trunk.is_pinned(Path::new("/nowhere/trunk")));
        Ok(())
    }

    /// What an interrupted copy could leave: a file of the right name that is no program.
    #[test]
    #[cfg(unix)]
    fn a_broken_program_is_not_the_pinned_one() -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("thalweg-broken-tool-{}", std::process::id()));
        std::fs::write(&path, "#!/bin/sh\nexit 1\n")?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        let [trunk, ..] = pinned()?;
        let accepted = trunk.is_pinned(&path);
        std::fs::remove_file(&path)?;
        assert!(!accepted);
        Ok(())
    }
}
