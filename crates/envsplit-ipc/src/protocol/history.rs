//! What changed when.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Parameters of `history/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct HistoryListParams {
    /// At most so many, the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only what came after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only at these places: a key, a role, or a glob of keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Only this variable, or this TOML dotted key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
