//! A provider on the loopback that notes what is asked of it. Of a key it keeps a hash.
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What one request showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST /v1/responses`
    pub line: String,
    /// The hash of the `Authorization` header's bytes; `None` when there is none.
    pub authorization: Option<[u8; 32]>,
    /// The hashes of the headers whose names begin with `x-probe-`.
    pub probes: BTreeMap<String, [u8; 32]>,
    /// The model in the body.
    pub model: Option<String>,
}

/// The provider. It lives as long as the process.
#[derive(Debug)]
pub struct Mock {
    /// Its port.
    pub port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

/// How a header's value is remembered.
pub fn hash(value: &[u8]) -> [u8; 32] {
    Sha256::digest(value).into()
}

const EVENTS: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n",
    "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",",
    "\"role\":\"assistant\",\"id\":\"m\",\"content\":[{\"type\":\"output_text\",\"text\":\"ok\"}]}}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{",
    "\"input_tokens\":1,\"input_tokens_details\":null,\"output_tokens\":1,\"output_tokens_details\":null,",
    "\"total_tokens\":2}}}\n\n",
);

impl Mock {
    /// Listens on a free port.
    pub fn listen() -> std::io::Result<Mock> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || serve(&stream, &notes));
            }
        });
        Ok(Mock { port, seen })
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Vec<Request> {
        self.seen.lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default()
    }
}

fn serve(stream: &TcpStream, notes: &Mutex<Vec<Request>>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    loop {
        let first = header(&mut reader)?;
        let mut authorization = None;
        let mut length = 0;
        let mut probes = BTreeMap::new();
        loop {
            let line = header(&mut reader)?;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|b| *b == b':')?;
            let (name, value) = (line[..colon].to_ascii_lowercase(), &line[colon + 1..]);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &name[..] {
                b"authorization" => authorization = Some(hash(value)),
                b"content-length" => length = std::str::from_utf8(value).ok()?.trim().parse().ok()?,
                name if name.starts_with(b"x-probe-") => {
                    probes.insert(String::from_utf8_lossy(name).into_owned(), hash(value));
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let first = String::from_utf8_lossy(&first);
        let line = first.rsplit_once(' ').map_or(&*first, |(line, _)| line).to_owned();
        let body: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let model = body.and_then(|b| b["model"].as_str().map(str::to_owned));
        let (kind, text) = if line.starts_with("POST") {
            ("text/event-stream", EVENTS)
        } else {
            ("application/json", "{\"object\":\"list\",\"data\":[]}")
        };
        let refused = line.starts_with("CONNECT");
        notes.lock().ok()?.push(Request { line, authorization, probes, model });
        if refused {
            out.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .ok()?;
            return None;
        }
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", text.len());
        out.write_all(head.as_bytes()).and_then(|()| out.write_all(text.as_bytes())).ok()?;
    }
}

fn header(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    let line = line.strip_suffix(b"\n")?;
    Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}
