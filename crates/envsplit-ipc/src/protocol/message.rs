//! Messages of JSON-RPC 2.0.
use super::error::params;
use super::{ErrorCode, Method, Notification, RpcError};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The longest text that may be an id, in bytes.
const LONGEST_ID: usize = 128;

/// The id of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// A text, of at most 128 bytes.
    Text(String),
}

/// A message. Parameters and results are as they came: whoever knows the method reads them.
#[derive(Debug)]
pub enum Message {
    /// Wants an answer.
    Request {
        /// By which the answer is told apart.
        id: Id,
        /// What is asked.
        method: String,
        /// With what.
        params: Option<Box<RawValue>>,
    },
    /// Wants none.
    Notification {
        /// What it is about.
        method: String,
        /// With what.
        params: Option<Box<RawValue>>,
    },
    /// Answers a request; without an id where the request's own could not be read.
    Response {
        /// Of the request.
        id: Option<Id>,
        /// Result or error.
        result: Result<Box<RawValue>, RpcError>,
    },
}

/// Why a body is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No JSON.
    #[error("the message is no JSON (byte {0})")]
    NoJson(usize),
    /// JSON, and no message.
    #[error("the message is JSON and no JSON-RPC 2.0 message: {reason}")]
    Invalid {
        /// The id, where it could be read.
        id: Option<Id>,
        /// What is wrong.
        reason: &'static str,
    },
}

impl MessageError {
    /// The error to answer with, and the id to answer to.
    pub fn to_response(&self) -> (Option<Id>, RpcError) {
        match self {
            Self::NoJson(_) => (None, RpcError::new(ErrorCode::ParseError, self.to_string())),
            Self::Invalid { id, .. } => {
                (id.clone(), RpcError::new(ErrorCode::InvalidRequest, self.to_string()))
            }
        }
    }
}

/// The fields as they came; a field that is `null` is there.
#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "there")]
    jsonrpc: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    id: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    method: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    params: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    result: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    error: Option<Box<RawValue>>,
}

fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

impl Message {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, MessageError> {
        let raw: Raw = serde_json::from_slice(body).map_err(|e| {
            if e.is_data() {
                let reason = "not an object, or a field twice (batches are not taken)";
                return MessageError::Invalid { id: None, reason };
            }
            MessageError::NoJson(e.column())
        })?;
        let null_id = raw.id.as_ref().is_some_and(|id| id.get() == "null");
        let id = match &raw.id {
            Some(text) if !null_id => Some(read_id(text)?),
            _ => None,
        };
        let invalid = |reason| MessageError::Invalid { id: id.clone(), reason };
        if raw.jsonrpc.as_ref().map(|v| v.get()) != Some("\"2.0\"") {
            return Err(invalid("`jsonrpc` is not \"2.0\""));
        }
        // `vscode-jsonrpc` writes `null` for no parameters.
        let params = raw.params.filter(|p| p.get() != "null");
        if params.as_ref().is_some_and(|p| !p.get().starts_with('{')) {
            return Err(invalid("`params` is no object"));
        }
        if let Some(method) = raw.method {
            let Ok(method) = serde_json::from_str::<String>(method.get()) else {
                return Err(invalid("`method` is no text"));
            };
            if null_id {
                return Err(invalid("`id` is null"));
            }
            return Ok(match id {
                Some(id) => Self::Request { id, method, params },
                None => Self::Notification { method, params },
            });
        }
        match (raw.result, raw.error) {
            (Some(result), None) => Ok(Self::Response { id, result: Ok(result) }),
            (None, Some(error)) => match serde_json::from_str(error.get()) {
                Ok(error) => Ok(Self::Response { id, result: Err(error) }),
                Err(_) => Err(invalid("`error` has no `code` and `message`")),
            },
            _ => Err(invalid("neither `method` nor one of `result` and `error`")),
        }
    }

    /// The parameters of a request or notification by a method's type.
    pub fn params_of<M: Method>(raw: Option<&RawValue>) -> Result<M::Params, RpcError> {
        params(M::NAME, raw)
    }

    /// The parameters of a notification by its type.
    pub fn notified<N: Notification>(raw: Option<&RawValue>) -> Result<N::Params, RpcError> {
        params(N::NAME, raw)
    }
}

fn read_id(text: &RawValue) -> Result<Id, MessageError> {
    match serde_json::from_str::<Id>(text.get()) {
        Ok(Id::Text(t)) if t.len() > LONGEST_ID => {
            Err(MessageError::Invalid { id: None, reason: "`id` is longer than 128 bytes" })
        }
        Ok(id) => Ok(id),
        Err(_) => Err(MessageError::Invalid { id: None, reason: "`id` is no whole number and no text" }),
    }
}
