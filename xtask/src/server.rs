//! The static server of tests and benchmarks: it serves the built folder under a path below the root, because a page
//! that works there uses relative references only, and so works under any path on any host.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use tiny_http::{Header, Request, Response, Server};

/// The path below which the site stands. Any other address is answered with 404.
pub const PREFIX: &str = "/a/static/host/thalweg/";

/// Requests served at the same time; a browser opens at most six connections to one host.
const THREADS: usize = 6;

/// A running server; it stops when this value is dropped.
pub struct Site {
    server: Arc<Server>,
    /// The address of the page: `http://127.0.0.1:PORT/a/static/host/thalweg/`.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What the answering threads share.
#[derive(Clone)]
struct Folder {
    root: PathBuf,
    extra: Vec<(String, String)>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Serves `folder` on a free port of this machine, with nothing but what is in it.
    pub fn serve(folder: &Path) -> Result<Self> {
        Self::serve_with(folder, &[])
    }

    /// The same, with further files that exist only in memory, as (path below [`PREFIX`], text): hosts into which a test
    /// embeds the module, scripts that stand in the way of a worker.
    pub fn serve_with(folder: &Path, extra: &[(&str, &str)]) -> Result<Self> {
        let server = Server::http("127.0.0.1:0").map_err(|error| anyhow!("cannot open a port: {error}"))?;
        let server = Arc::new(server);
        let port = server.server_addr().to_ip().map_or(0, |address| address.port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Folder {
            root: folder.to_owned(),
            extra: extra.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
            asked: Arc::clone(&asked),
        };
        for _ in 0..THREADS {
            let (server, shared) = (Arc::clone(&server), shared.clone());
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    shared.answer(request);
                }
            });
        }
        Ok(Self { server, address: format!("http://127.0.0.1:{port}{PREFIX}"), asked })
    }

    /// Every path that was asked for and is not there. A page that is in order asks for none.
    pub fn missing(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for _ in 0..THREADS {
            self.server.unblock();
        }
    }
}

impl Folder {
    fn answer(&self, request: Request) {
        let url = request.url().to_owned();
        // A visitor who closes the tab while an answer is under way is no error of ours.
        let _ = match self.find(&url) {
            Some((kind, body)) => request.respond(
                Response::from_data(body)
                    .with_header(header("Content-Type", kind))
                    .with_header(header("X-Content-Type-Options", "nosniff"))
                    .with_header(header("Cache-Control", "no-cache")),
            ),
            None => {
                self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url);
                request.respond(Response::from_string("not here").with_status_code(404))
            }
        };
    }

    fn find(&self, url: &str) -> Option<(&'static str, Vec<u8>)> {
        let path = url.split(['?', '#']).next()?.strip_prefix(PREFIX)?;
        let extra = self.extra.iter().find(|(extra, _)| extra == path);
        let path = Path::new(if path.is_empty() { "index.html" } else { path });
        if let Some((_, text)) = extra {
            return Some((content_type(path), text.clone().into_bytes()));
        }
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let body = std::fs::read(self.root.join(path)).ok()?;
        Some((content_type(path), body))
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("the names and values written in this file are ASCII")
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        // Without this type a browser refuses to compile the module while it loads.
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("md" | "txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn get(site: &Site, path: &str) -> Result<String> {
        let host = site.address.trim_start_matches("http://").split('/').next().unwrap_or_default();
        let mut stream = std::net::TcpStream::connect(host)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn the_folder_is_served_below_the_prefix_and_nowhere_else() -> Result<()> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let site = Site::serve_with(&source, &[("host.html", "<p>host")])?;
        assert!(get(&site, &format!("{PREFIX}server.rs?v=1"))?.starts_with("HTTP/1.1 200"));
        assert!(get(&site, &format!("{PREFIX}host.html"))?.ends_with("<p>host"));
        assert!(site.missing().is_empty());
        for path in ["/server.rs".to_owned(), format!("{PREFIX}../Cargo.toml"), format!("{PREFIX}nothing")] {
            assert!(get(&site, &path)?.starts_with("HTTP/1.1 404"), "{path}");
        }
        assert_eq!(site.missing().len(), 3);
        Ok(())
    }
}
