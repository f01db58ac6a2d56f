//! A client of the agent's socket that knows the protocol from its document alone.
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an answer may take where nothing else is said.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// A connection.
pub(crate) struct Client {
    pub(crate) stream: UnixStream,
    seen: Vec<u8>,
    /// Everything that was ever received.
    pub(crate) record: Option<Vec<u8>>,
    next: u64,
    notices: Vec<Value>,
}

impl Client {
    /// Connects, without a word.
    pub(crate) fn silent(socket: &Path) -> std::io::Result<Client> {
        let stream = UnixStream::connect(socket)?;
        Ok(Client { stream, seen: vec![], record: None, next: 1, notices: vec![] })
    }

    /// Connects and shakes hands.
    pub(crate) fn connect(socket: &Path) -> Result<Client, String> {
        let mut client = Client::silent(socket).map_err(|e| e.to_string())?;
        let hello = client.hello(env!("CARGO_PKG_VERSION"), 1)?;
        if hello["ready"] == "ready" { Ok(client) } else { Err(hello.to_string()) }
    }

    /// `initialize` as a client of this version.
    pub(crate) fn hello(&mut self, version: &str, protocol: u64) -> Result<Value, String> {
        let client = json!({"name": "tests", "version": "1"});
        self.call("initialize", &json!({"protocol": protocol, "version": version, "client": client}))
    }

    /// Sends a request; returns its id.
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> Result<u64, String> {
        let id = self.next;
        self.next += 1;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        Ok(id)
    }

    /// Sends a message.
    pub(crate) fn write(&mut self, message: &Value) -> Result<(), String> {
        let body = message.to_string();
        let whole = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.write_all(whole.as_bytes()).map_err(|e| e.to_string())
    }

    /// The next message within the limit; `None` at the end of the connection.
    pub(crate) fn read(&mut self, limit: Duration) -> Result<Option<Value>, String> {
        let end = Instant::now() + limit;
        loop {
            if let Some(message) = self.whole()? {
                return Ok(Some(message));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("no message within {} s", limit.as_secs_f64()));
            }
            self.stream.set_read_timeout(Some(left)).map_err(|e| e.to_string())?;
            let mut more = vec![0; 65536];
            match self.stream.read(&mut more) {
                Ok(0) => return Ok(None),
                Ok(n) => {
                    self.seen.extend_from_slice(&more[..n]);
                    if let Some(record) = &mut self.record {
                        record.extend_from_slice(&more[..n]);
                    }
                }
                Err(e)
                    if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
                Err(e) => return Err(e.to_string()),
            }
        }
    }

    fn whole(&mut self) -> Result<Option<Value>, String> {
        let Some(head) = self.seen.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(&self.seen[..head]).into_owned();
        let length = text.lines().find_map(|l| l.strip_prefix("Content-Length: "));
        let length: usize = length.and_then(|l| l.parse().ok()).ok_or_else(|| format!("header: {text}"))?;
        let end = head + 4 + length;
        if self.seen.len() < end {
            return Ok(None);
        }
        let message = serde_json::from_slice(&self.seen[head + 4..end]).map_err(|e| e.to_string())?;
        self.seen.drain(..end);
        Ok(Some(message))
    }

    /// The response to a request; notifications that come first are kept.
    pub(crate) fn response(&mut self, id: u64, limit: Duration) -> Result<Value, String> {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.read(left)?.ok_or("the connection ended")?;
            if message["id"] == id {
                return Ok(message);
            }
            self.notices.push(message);
        }
    }

    /// Asks, and waits for the result; an error of the protocol is the error.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        let id = self.send(method, params)?;
        let mut said = self.response(id, LIMIT)?;
        if said["error"].is_null() { Ok(said["result"].take()) } else { Err(said["error"].to_string()) }
    }

    /// The first notification of which `wanted` is true.
    pub(crate) fn told(&mut self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        if let Some(at) = self.notices.iter().position(&wanted) {
            return Ok(self.notices.drain(..=at).next_back().unwrap_or_default());
        }
        self.notices.clear();
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.read(left)?.ok_or("the connection ended")?;
            if wanted(&message) {
                return Ok(message);
            }
        }
    }

    /// Whether the other end ends the connection within the limit; what it says before is passed over.
    pub(crate) fn ends(&mut self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut bytes = vec![0; 65536];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return false;
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e)
                    if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => return true,
            }
        }
    }
}
