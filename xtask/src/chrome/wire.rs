//! One WebSocket to the browser: a call and its answer, events kept for whoever asks.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// How long the browser may take over one call. Starting WebGPU on a machine without a GPU takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to the browser or to one of its pages.
pub struct Wire {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    /// Events that came while an answer was awaited, oldest first.
    pub events: VecDeque<Event>,
}

/// Something the browser said unasked.
pub struct Event {
    /// For instance `Runtime.consoleAPICalled`.
    pub method: String,
    /// The event's own fields.
    pub params: Value,
    /// The worker it comes from; empty for the page itself.
    pub session: String,
}

impl Wire {
    /// Connects to `ws://127.0.0.1:PORT/path`.
    pub fn connect(port: u16, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("cannot reach the browser")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) =
            tungstenite::client(&url, stream).map_err(|error| anyhow!("the browser refused {url}: {error}"))?;
        Ok(Self { socket, last_id: 0, events: VecDeque::new() })
    }

    /// Calls a method and returns its result.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        let id = self.send("", method, params)?;
        loop {
            let mut answer = self.read().with_context(|| format!("no answer to {method}"))?;
            if answer["id"] == id {
                if let Some(message) = answer["error"]["message"].as_str() {
                    bail!("{method}: {message}");
                }
                return Ok(answer["result"].take());
            }
            self.keep(answer);
        }
    }

    /// Sends a call to a worker without waiting for its answer.
    pub fn send(&mut self, session: &str, method: &str, params: &Value) -> Result<u64> {
        self.last_id += 1;
        let mut call = json!({ "id": self.last_id, "method": method, "params": params });
        if !session.is_empty() {
            call["sessionId"] = session.into();
        }
        self.socket.send(Message::text(call.to_string())).with_context(|| format!("cannot send {method}"))?;
        Ok(self.last_id)
    }

    fn read(&mut self) -> Result<Value> {
        loop {
            if let Message::Text(text) = self.socket.read()? {
                return Ok(serde_json::from_str(text.as_str())?);
            }
        }
    }

    fn keep(&mut self, mut message: Value) {
        // Anything without a method is the answer to a `send` that nobody waits for.
        if let Some(method) = message["method"].as_str().map(str::to_owned) {
            let session = message["sessionId"].as_str().unwrap_or_default().to_owned();
            self.events.push_back(Event { method, params: message["params"].take(), session });
        }
    }
}
