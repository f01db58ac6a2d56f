//! Errors that travel: a code, a message for people, and for machines the same code as a word.
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Declares the codes: number, word, meaning.
macro_rules! codes {
    ($($variant:ident = $number:literal, $word:literal, $doc:literal;)*) => {
        /// Why a request has no result.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode { $(#[doc = $doc] $variant,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [ErrorCode] = &[$(Self::$variant,)*];
            /// The number on the wire.
            pub const fn number(self) -> i32 { match self { $(Self::$variant => $number,)* } }
            /// The word for people and tests.
            pub const fn word(self) -> &'static str { match self { $(Self::$variant => $word,)* } }
            /// What it means and what to do.
            pub const fn doc(self) -> &'static str { match self { $(Self::$variant => $doc,)* } }
        }
    };
}

codes! {
    ParseError = -32700, "parse-error", "The body is no JSON, or is nested too deeply. The connection ends.";
    InvalidRequest = -32600, "invalid-request", "The body is JSON and no JSON-RPC 2.0 message (batches are not taken), or its framing is broken, which ends the connection.";
    MethodNotFound = -32601, "method-not-found", "There is no such method.";
    InvalidParams = -32602, "invalid-params", "The parameters are not those of the method; the message says which.";
    Internal = -32603, "internal", "The daemon failed at it; the log says more.";
    NotInitialized = -32002, "not-initialized", "`initialize` must be the first request of a connection.";
    Cancelled = -32800, "cancelled", "The client cancelled the request, or went away.";
    TooLarge = -32010, "too-large", "The message is larger than the other end takes. The connection ends.";
    Overloaded = -32011, "overloaded", "Too many requests of this client wait for their answer, or too many clients are connected: ask again later.";
    Refused = -32012, "refused", "Not allowed: another user, or a process that is neither the peer nor one of its ancestors.";
    NeedsRestart = -32013, "needs-restart", "The daemon is of another version and answers nothing but `status` and `shutdown` on this connection.";
    Unavailable = -32014, "unavailable", "The daemon went away before it answered, and could not be reached again: ask again.";
}

impl ErrorCode {
    /// The code with this number.
    pub fn of(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.number() == number)
    }
}

/// The `error` of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[error("{message}")]
pub struct RpcError {
    /// The number of an [`ErrorCode`], or one that a newer daemon has.
    pub code: i32,
    /// What is, why, what to do. It never repeats what a client sent.
    pub message: String,
}

impl RpcError {
    /// An error.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code.number(), message: message.into() }
    }
    /// The parameters do not fit.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }
    /// The code, where this version knows it.
    pub fn kind(&self) -> Option<ErrorCode> {
        ErrorCode::of(self.code)
    }
}

/// Reads parameters; what does not fit is told by place and expectation, never by what was sent.
pub(crate) fn params<P: serde::de::DeserializeOwned>(
    method: &str,
    raw: Option<&RawValue>,
) -> Result<P, RpcError> {
    let text = raw.map_or("{}", RawValue::get);
    serde_json::from_str(text).map_err(|e| {
        let what = if e.is_data() { "a field is missing or has the wrong type" } else { "no object" };
        let at = e.column();
        RpcError::invalid_params(format!(
            "`{method}`: {what} (column {at} of `params`); see docs/protocol.md"
        ))
    })
}
