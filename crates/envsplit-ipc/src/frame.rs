//! Framing: `Content-Length: N`, an empty line, N bytes of JSON, as `vscode-jsonrpc` speaks it.
//!
//! Whatever the other end sends, no more is allocated than bytes have arrived, and a fault is told once, by its type;
//! after it the stream has no meaning any more and the connection ends.

mod decode;
mod stream;

pub use decode::Decoder;
pub use stream::{AsyncFrames, Frames, write, write_async};

use crate::protocol::{ErrorCode, RpcError};

/// What one end takes from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest header block, in bytes.
    pub header: usize,
    /// The longest body, in bytes.
    pub body: usize,
    /// The deepest nesting of a body; `None` leaves it to the reader of the JSON.
    pub depth: Option<usize>,
}

impl Limits {
    /// What a daemon takes before `initialize` has succeeded.
    pub const STRANGER: Self = Self { header: 4 << 10, body: 64 << 10, depth: Some(64) };
    /// What a daemon takes from a client.
    pub const CLIENT: Self = Self { header: 4 << 10, body: 1 << 20, depth: Some(64) };
    /// What a client takes from the daemon.
    pub const DAEMON: Self = Self { header: 4 << 10, body: 256 << 20, depth: None };
}

/// Why a stream is no longer one of frames.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended within a header block or a body.
    #[error("the connection ended in the middle of a message")]
    Truncated,
    /// The header block does not end.
    #[error("the header is longer than {0} bytes")]
    HeaderTooLong(usize),
    /// A header line is none.
    #[error("a header line is not `Name: value` in printable ASCII")]
    Garbage,
    /// No `Content-Length`.
    #[error("the header has no `Content-Length`")]
    NoLength,
    /// A header twice.
    #[error("the header has `{0}` twice")]
    Duplicate(&'static str),
    /// `Content-Length` is no positive decimal number.
    #[error("`Content-Length` is no positive decimal number")]
    BadLength,
    /// `Content-Type` names something else than UTF-8.
    #[error("`Content-Type` names a character set other than UTF-8")]
    Charset,
    /// The body would be longer than this end takes.
    #[error("a message of {announced} bytes was announced; at most {limit} are taken")]
    TooLarge {
        /// As announced.
        announced: u64,
        /// What is taken.
        limit: usize,
    },
    /// The body is nested too deeply.
    #[error("the message is nested more than {0} levels deep")]
    TooDeep(usize),
    /// The operating system's fault.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
}

impl FrameError {
    /// What to tell the other end before the connection is closed; `None` where nobody listens.
    pub fn to_response(&self) -> Option<RpcError> {
        let code = match self {
            Self::Truncated | Self::Io(_) => return None,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::TooDeep(_) => ErrorCode::ParseError,
            _ => ErrorCode::InvalidRequest,
        };
        Some(RpcError::new(code, format!("{self}; the connection ends")))
    }
}
