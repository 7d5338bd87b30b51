//! The checkout and the machine it stands on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The root of the checkout: the folder above this package.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The static folder that `cargo xtask dist` leaves.
pub fn dist_folder() -> PathBuf {
    root().join("dist")
}

/// The same, if the page has been built.
pub fn built() -> Result<PathBuf> {
    let folder = dist_folder();
    if !folder.join("index.html").is_file() {
        bail!("there is no built page in {}: run `cargo xtask dist` first", folder.display());
    }
    Ok(folder)
}

/// The version of a package as locked in `Cargo.lock`.
///
/// The tool wasm-bindgen must be of exactly the version of the library, to the last digit, so the version is read from
/// the lock and written down nowhere else in code.
pub fn locked_version(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    version_in_lock(&lock, package)
}

/// In a lock file a package is its `name` line followed at once by its `version` line.
fn version_in_lock(lock: &str, package: &str) -> Result<String> {
    let name_line = format!("name = \"{package}\"");
    let mut versions = lock
        .lines()
        .zip(lock.lines().skip(1))
        .filter(|(name, _)| *name == name_line)
        .filter_map(|(_, version)| version.strip_prefix("version = \"")?.strip_suffix('"'));
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version.to_owned()),
        (None, _) => bail!("Cargo.lock has no package `{package}`"),
        (Some(one), Some(other)) => bail!("Cargo.lock has `{package}` twice, as {one} and {other}"),
    }
}

/// Processor, cores and system in one line, to stand above every measured number.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{processor}, {cores} cores, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "wasm"
version = "9.9.9"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "wasm",
]

[[package]]
name = "twice"
version = "1.0.0"

[[package]]
name = "twice"
version = "2.0.0"
"#;

    #[test]
    fn a_version_is_read_from_the_lock() -> Result<()> {
        assert_eq!(version_in_lock(LOCK, "wasm-bindgen")?, "0.2.130");
        Ok(())
    }

    #[test]
    fn a_missing_or_doubled_package_is_an_error() {
        assert!(version_in_lock(LOCK, "bindgen").is_err());
        assert!(version_in_lock(LOCK, "twice").is_err());
    }
}
