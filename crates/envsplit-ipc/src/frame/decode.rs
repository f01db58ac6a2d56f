//! From bytes to bodies, without input or output.
use super::{FrameError, Limits};

/// Takes bytes as they arrive and gives bodies as they are whole.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    /// What has arrived and belongs to no body yet: of a body alone once its header was read.
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no end of a header.
    searched: usize,
    /// The length of the body whose bytes are arriving.
    body: Option<usize>,
}

impl Decoder {
    /// With limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: vec![], searched: 0, body: None }
    }

    /// Other limits from the next message on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Where bytes are to be appended as they arrive.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Takes bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole body, when its last byte has arrived.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let length = match self.body {
            Some(length) => length,
            None => match self.header()? {
                Some(length) => *self.body.insert(length),
                None => return Ok(None),
            },
        };
        if self.buffer.len() < length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length);
        let body = std::mem::replace(&mut self.buffer, rest);
        self.body = None;
        match self.limits.depth {
            Some(most) if deeper(&body, most) => Err(FrameError::TooDeep(most)),
            _ => Ok(Some(body)),
        }
    }

    /// Whether the stream may end here: between two messages.
    pub fn at_rest(&self) -> bool {
        self.buffer.is_empty() && self.body.is_none()
    }

    /// Reads the header block off the buffer, when it is whole.
    fn header(&mut self) -> Result<Option<usize>, FrameError> {
        const END: &[u8] = b"\r\n\r\n";
        let within = &self.buffer[..self.buffer.len().min(self.limits.header)];
        let from = self.searched.saturating_sub(END.len() - 1);
        let Some(at) = within[from..].windows(END.len()).position(|w| w == END) else {
            let garbage = |b: &u8| !matches!(b, b' '..=b'~' | b'\t' | b'\r' | b'\n');
            if within[self.searched..].iter().any(garbage) {
                return Err(FrameError::Garbage);
            }
            if self.buffer.len() >= self.limits.header {
                return Err(FrameError::HeaderTooLong(self.limits.header));
            }
            self.searched = within.len();
            return Ok(None);
        };
        let length = length_of(&self.buffer[..from + at], self.limits.body)?;
        self.buffer.drain(..from + at + END.len());
        self.searched = 0;
        Ok(Some(length))
    }
}

/// What a whole header block announces.
fn length_of(block: &[u8], limit: usize) -> Result<usize, FrameError> {
    let text = std::str::from_utf8(block).map_err(|_| FrameError::Garbage)?;
    let (mut length, mut kind) = (None, false);
    for line in text.split("\r\n") {
        let (name, value) = line.split_once(':').ok_or(FrameError::Garbage)?;
        let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty()
            || !name.bytes().all(token)
            || value.bytes().any(|b| !matches!(b, b' '..=b'~' | b'\t'))
        {
            return Err(FrameError::Garbage);
        }
        let value = value.trim();
        if name.eq_ignore_ascii_case("Content-Length") {
            if length.is_some() {
                return Err(FrameError::Duplicate("Content-Length"));
            }
            if value.is_empty() || value.len() > 19 || !value.bytes().all(|b| b.is_ascii_digit()) {
                return Err(FrameError::BadLength);
            }
            length = value.parse::<u64>().ok();
        } else if name.eq_ignore_ascii_case("Content-Type") {
            if std::mem::replace(&mut kind, true) {
                return Err(FrameError::Duplicate("Content-Type"));
            }
            let charset = value
                .split(';')
                .filter_map(|p| p.trim().split_once('='))
                .find(|(k, _)| k.trim().eq_ignore_ascii_case("charset"));
            let named = charset.map(|(_, v)| v.trim().trim_matches('"').to_ascii_lowercase());
            if named.is_some_and(|c| c != "utf-8" && c != "utf8") {
                return Err(FrameError::Charset);
            }
        }
    }
    match length.ok_or(FrameError::NoLength)? {
        0 => Err(FrameError::BadLength),
        announced => match usize::try_from(announced) {
            Ok(length) if length <= limit => Ok(length),
            _ => Err(FrameError::TooLarge { announced, limit }),
        },
    }
}

/// Whether a body has more open brackets at once than `most`, those in texts not counted.
fn deeper(body: &[u8], most: usize) -> bool {
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    for byte in body {
        if text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => text = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
    }

    /// Everything that comes out when `bytes` arrive in pieces of at most `step`.
    fn decode(bytes: &[u8], step: usize, limits: Limits) -> (Vec<Vec<u8>>, Option<FrameError>) {
        let (mut decoder, mut bodies) = (Decoder::new(limits), vec![]);
        for piece in bytes.chunks(step.max(1)) {
            decoder.push(piece);
            loop {
                match decoder.take() {
                    Ok(Some(body)) => bodies.push(body),
                    Ok(None) => break,
                    Err(e) => return (bodies, Some(e)),
                }
            }
            assert!(decoder.buffer.capacity() <= 2 * bytes.len().max(64), "no more than what arrived");
        }
        (bodies, (!decoder.at_rest()).then_some(FrameError::Truncated))
    }

    #[test]
    fn each_fault_has_its_name() {
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        let flat = format!("\"{}\"", "[".repeat(1000));
        let long = format!("X: {}\r\n", "a".repeat(5000));
        let cases: &[(&str, Vec<u8>, &str)] = &[
            ("huge", b"Content-Length: 1073741824\r\n\r\n".to_vec(), "TooLarge"),
            ("beyond u64", b"Content-Length: 99999999999999999999999\r\n\r\n".to_vec(), "BadLength"),
            ("most of 19 digits", b"Content-Length: 9999999999999999999\r\n\r\n".to_vec(), "TooLarge"),
            ("negative", b"Content-Length: -1\r\n\r\n".to_vec(), "BadLength"),
            ("plus", b"Content-Length: +1\r\n\r\n{".to_vec(), "BadLength"),
            ("hexadecimal", b"Content-Length: 0x10\r\n\r\n".to_vec(), "BadLength"),
            ("empty", b"Content-Length:\r\n\r\n".to_vec(), "BadLength"),
            ("zero", b"Content-Length: 0\r\n\r\n".to_vec(), "BadLength"),
            ("two numbers", b"Content-Length: 1, 2\r\n\r\n".to_vec(), "BadLength"),
            ("twice", b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}".to_vec(), "Duplicate"),
            (
                "two types",
                b"Content-Type: a\r\nContent-Type: a\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
                "Duplicate",
            ),
            ("none", b"Content-Type: application/json\r\n\r\n{}".to_vec(), "NoLength"),
            (
                "charset",
                b"Content-Length: 2\r\nContent-Type: a; charset=utf-16\r\n\r\n{}".to_vec(),
                "Charset",
            ),
            ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "Garbage"),
            ("no header", b"\r\n\r\n".to_vec(), "Garbage"),
            ("binary", vec![0x16, 0x03, 0x01, 0x02, 0x00], "Garbage"),
            ("bare JSON", b"{\"jsonrpc\":\"2.0\"}\r\n\r\n".to_vec(), "Garbage"),
            ("line ends", b"Content-Length: 2\n\n{}\r\n\r\n".to_vec(), "Garbage"),
            ("endless", [long.as_bytes(), b"Content-Length: 2\r\n\r\n{}"].concat(), "HeaderTooLong"),
            ("half a header", b"Content-Len".to_vec(), "Truncated"),
            ("half a body", b"Content-Length: 9\r\n\r\n{".to_vec(), "Truncated"),
            ("deep", frame(deep.as_bytes()), "TooDeep"),
        ];
        for (name, bytes, expected) in cases {
            for step in [1, 7, bytes.len()] {
                let (bodies, fault) = decode(bytes, step, Limits::STRANGER);
                let fault = fault.unwrap_or_else(|| panic!("{name}: taken as {bodies:?}"));
                let word = format!("{fault:?}");
                assert!(word.starts_with(expected), "{name}: {word}");
                assert!(bodies.is_empty(), "{name}");
            }
        }
        let (bodies, fault) = decode(&frame(flat.as_bytes()), 16, Limits::STRANGER);
        assert!(fault.is_none() && bodies.len() == 1, "brackets in a text are no depth");
    }

    #[test]
    fn what_vscode_jsonrpc_writes_is_taken() {
        let bytes = b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}";
        let twice = [&bytes[..], b"content-length:3 \r\nX-Other: 1\r\n\r\n{ }"].concat();
        for step in 1..twice.len() {
            let (bodies, fault) = decode(&twice, step, Limits::CLIENT);
            assert!(fault.is_none(), "{fault:?}");
            assert_eq!(bodies, [b"{}".to_vec(), b"{ }".to_vec()]);
        }
    }

    #[test]
    fn the_limit_itself_is_taken() {
        let limits = Limits { body: 8, ..Limits::STRANGER };
        assert!(decode(&frame(b"12345678"), 3, limits).1.is_none());
        assert!(matches!(decode(&frame(b"123456789"), 3, limits).1, Some(FrameError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn bodies_come_out_as_they_went_in(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..8),
            step in 1_usize..64,
        ) {
            let limits = Limits { depth: None, ..Limits::STRANGER };
            let bytes: Vec<u8> = bodies.iter().flat_map(|b| frame(b)).collect();
            let (out, fault) = decode(&bytes, step, limits);
            prop_assert!(fault.is_none());
            prop_assert_eq!(out, bodies);
        }

        #[test]
        fn noise_ends_in_a_fault_or_waits(bytes in prop::collection::vec(any::<u8>(), 0..600), step in 1_usize..64) {
            let (bodies, fault) = decode(&bytes, step, Limits::STRANGER);
            prop_assert!(bytes.is_empty() || fault.is_some() || !bodies.is_empty());
        }

        #[test]
        fn the_pieces_do_not_matter(
            head in "(Content-(Length|Type)|X)?:? ?[-+0-9a-z;=]{0,6}(\r\n|\n|\r\n\r\n)",
            body in "[\\[\\]{}\"\\\\a]{0,40}",
            step in 1_usize..9,
        ) {
            let bytes = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
            let (one, a) = decode(&bytes, bytes.len(), Limits::STRANGER);
            let (many, b) = decode(&bytes, step, Limits::STRANGER);
            prop_assert_eq!(one, many);
            prop_assert_eq!(a.is_some(), b.is_some());
        }
    }
}
