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
        // An array could be read as the fields in order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(MessageError::Invalid { id: None, reason: "an array (batches are not taken)" });
        }
        let raw: Raw = serde_json::from_slice(body).map_err(|e| {
            if e.is_data() {
                let reason = "no object, or a field twice";
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

#[cfg(test)]
mod tests {
    use super::super::methods::{EnvGet, ReportGet};
    use super::*;

    #[test]
    fn each_kind_is_told_from_the_others() {
        let parse = |text: &str| Message::parse(text.as_bytes());
        let request = parse(r#"{"jsonrpc":"2.0","id":"a","method":"status","params":null}"#).unwrap();
        assert!(matches!(request, Message::Request { id: Id::Text(_), params: None, .. }));
        let told = parse(r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#).unwrap();
        assert!(matches!(told, Message::Notification { params: Some(_), .. }));
        let nothing = parse(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap();
        assert!(matches!(nothing, Message::Response { id: Some(Id::Number(1)), result: Ok(_) }));
        let error =
            parse(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":1}}"#).unwrap();
        let Message::Response { id: None, result: Err(e) } = error else { panic!("{error:?}") };
        assert_eq!(e.kind(), Some(ErrorCode::ParseError));
    }

    #[test]
    fn what_is_no_message_is_answered_with_its_id_where_it_has_one() {
        let cases = [
            ("", None, ErrorCode::ParseError),
            ("{", None, ErrorCode::ParseError),
            ("{} {}", None, ErrorCode::ParseError),
            ("3", None, ErrorCode::InvalidRequest),
            (r#"["2.0",1,"status"]"#, None, ErrorCode::InvalidRequest),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"status"}"#, None, ErrorCode::InvalidRequest),
            (r#"{"jsonrpc":"2.0","id":null,"method":"status"}"#, None, ErrorCode::InvalidRequest),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, Some(1), ErrorCode::InvalidRequest),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"status","params":[1]}"#,
                Some(1),
                ErrorCode::InvalidRequest,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#,
                Some(1),
                ErrorCode::InvalidRequest,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"status"}"#, None, ErrorCode::InvalidRequest),
        ];
        for (text, id, code) in cases {
            let (of, error) = Message::parse(text.as_bytes()).expect_err(text).to_response();
            assert_eq!((of, error.kind()), (id.map(Id::Number), Some(code)), "{text}");
        }
        let long = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"status"}}"#, "i".repeat(129));
        assert!(Message::parse(long.as_bytes()).is_err());
    }

    #[test]
    fn parameters_that_do_not_fit_are_not_repeated() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        assert!(Message::params_of::<ReportGet>(None).is_ok(), "all may be left out");
        let newer = raw(r#"{"name":"X","later":{"field":1}}"#);
        assert_eq!(
            Message::params_of::<EnvGet>(Some(&newer)).unwrap().name,
            "X",
            "unknown fields are passed over"
        );
        for text in ["{}", r#"{"name":["sk-canary"]}"#, r#"{"name":"X","self":"sk-canary"}"#] {
            let error = Message::params_of::<EnvGet>(Some(&raw(text))).expect_err(text);
            assert_eq!(error.kind(), Some(ErrorCode::InvalidParams));
            assert!(!error.message.contains("canary") && error.message.contains("env/get"), "{error}");
        }
    }
}
