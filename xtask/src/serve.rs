//! `cargo xtask serve`: build, serve on this machine, build again whenever a file changes.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{command, dist, tools};

/// The first port that is tried when none is asked for.
const USUAL_PORT: u16 = 8080;

/// Builds and serves until it is stopped. A port that is asked for must be free; otherwise the next free one is taken.
pub fn serve(port: Option<u16>, open: bool) -> Result<()> {
    let port = choose_port(port)?;
    let path = tools::ready()?;
    dist::fetch()?;
    eprintln!("Building optimised; the address follows when the page is there.");
    std::thread::spawn(move || announce(port, open));
    let mut trunk = dist::trunk(&path, "serve")?;
    command::run(trunk.args(["--address", "127.0.0.1", "--port", &port.to_string()]))
}

fn choose_port(asked: Option<u16>) -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    if let Some(port) = asked {
        if !is_free(port) {
            bail!("port {port} is in use; name another with --port, or none to take the next free one");
        }
        return Ok(port);
    }
    let found = (USUAL_PORT..USUAL_PORT + 100).find(|port| is_free(*port));
    let port = found.context("no free port from 8080 on; name one with --port")?;
    if port != USUAL_PORT {
        eprintln!("Port {USUAL_PORT} is in use, taking {port}.");
    }
    Ok(port)
}

/// Waits until the server answers, and only then says where: an address that is printed works.
fn announce(port: u16, open: bool) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        std::thread::sleep(Duration::from_millis(200));
    }
    let address = format!("http://127.0.0.1:{port}/");
    println!("\n  Thalweg is at {address}   (Ctrl+C stops it)\n");
    if open && opener(&address).spawn().is_err() {
        eprintln!("No program here opens a browser; open {address} by hand.");
    }
}

fn opener(address: &str) -> Command {
    let (program, arguments): (_, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_refused_when_asked_for() -> Result<()> {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = busy.local_addr()?.port();
        assert!(choose_port(Some(port)).is_err());
        drop(busy);
        assert_eq!(choose_port(Some(port))?, port);
        Ok(())
    }
}
