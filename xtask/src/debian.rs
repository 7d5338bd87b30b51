//! Debian packages: installed when that is allowed, named when it is not.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command;

/// Installs `packages` when this is a Debian-like system and we are root or may become root without a password.
/// Otherwise fails with the command to type. `why` completes the sentence "... is needed".
pub fn install(packages: &[&str], why: &str) -> Result<()> {
    let list = packages.join(" ");
    let Some(prefix) = root_prefix() else {
        bail!("{why} is needed. Type:\n\n    {}\n\nand run this again.", advice(&list));
    };
    eprintln!("{why} is needed: installing Debian's {list}");
    if command::run(&mut apt_get(prefix, &["install", "--yes", "--no-install-recommends"], packages)).is_err() {
        // On a fresh machine the list of packages may be missing or old.
        command::run(&mut apt_get(prefix, &["update"], &[]))?;
        command::run(&mut apt_get(prefix, &["install", "--yes", "--no-install-recommends"], packages))?;
    }
    Ok(())
}

/// The command that a person types, as far as it can be known from here.
fn advice(packages: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("xcode-select --install   (for a compiler)   or   brew install {packages}")
    } else if cfg!(windows) {
        format!("winget install {packages}")
    } else {
        format!("sudo apt-get install {packages}")
    }
}

/// What must stand before `apt-get` for it to work without asking anything: nothing for root, `sudo -n` where that
/// passes, `None` where it cannot work.
fn root_prefix() -> Option<&'static [&'static str]> {
    if !Path::new("/usr/bin/apt-get").exists() {
        return None;
    }
    if command::answer(Command::new("id").arg("-u"))?.trim() == "0" {
        return Some(&[]);
    }
    command::answer(Command::new("sudo").args(["-n", "true"])).map(|_| ["sudo", "-n"].as_slice())
}

fn apt_get(prefix: &[&str], action: &[&str], packages: &[&str]) -> Command {
    let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"], action, packages].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(std::process::Stdio::null());
    command
}
