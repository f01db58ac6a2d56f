//! What an editor says about its own process: a claim, laid beside what the system says and never over it.
use crate::Sighting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An editor's claim about the process of a place. It goes with the process that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EditorSays {
    /// The product's name.
    pub app: String,
    /// Its version.
    pub version: String,
    /// The kind of remote that the window is connected to.
    pub remote_name: Option<String>,
    /// The process that made the claim: a child that was given the environment as it is now.
    pub said_by: u32,
    /// The variables of the place as the process would hand them on now, which may differ from those it started with.
    pub env: BTreeMap<String, Sighting>,
    /// Settings by dotted name, with values of those alone that can hold no secret.
    pub settings: BTreeMap<String, EditorSetting>,
    /// The Codex extension's version.
    pub extension_version: Option<String>,
    /// The Codex program that the extension brings.
    pub extension_codex: Option<String>,
}

/// A setting of an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EditorSetting {
    /// Its value, where it may be shown.
    pub value: Option<serde_json::Value>,
    /// Where it is made: `default`, `user`, `remote`, `workspace`, `workspace-folder`.
    pub scope: String,
}
