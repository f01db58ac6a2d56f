//! What Codex would use at a place: home, layers, values with their origins, provider, key verdict.
use crate::wire::wire_enum;
use crate::{Code, Sighting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

wire_enum! {
    /// Where the home of Codex comes from.
    pub enum HomeFrom {
        /// `~/.codex`.
        Default = "default",
        /// The variable `CODEX_HOME`.
        Env = "env",
        ;
        /// Not known.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What Codex would make of the variable that `env_key` names.
    pub enum KeyVerdict {
        /// The key is sent.
        Ok = "ok",
        /// Codex says ``Missing environment variable``.
        Missing = "missing",
        /// The value is no valid header: the request goes out without one.
        HeaderDropped = "header-dropped",
        /// The value is sent with white space around it.
        Padded = "padded",
        /// The provider names no variable.
        NotNeeded = "not-needed",
        ;
        /// The environment or the config could not be read.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// The kinds of layers, highest precedence first.
    pub enum LayerSource {
        /// `managed_config.toml`.
        Managed = "managed",
        /// macOS device management.
        Mdm = "mdm",
        /// `-c key=value`.
        SessionFlags = "session-flags",
        /// A trusted project's `.codex/config.toml`.
        Project = "project",
        /// `$CODEX_HOME/NAME.config.toml`.
        Profile = "profile",
        /// `$CODEX_HOME/config.toml`.
        User = "user",
        /// The organisation's cloud bundle.
        Cloud = "cloud",
        /// `/etc/codex/config.toml`.
        System = "system",
        /// `requirements.toml`: no layer, but the source of values that win over every layer.
        Requirements = "requirements",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

/// One layer of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Layer {
    /// Its kind.
    pub source: LayerSource,
    /// Its file; `None` for `-c`.
    pub path: Option<String>,
    /// Whether it counts.
    pub enabled: bool,
    /// Why it does not, in Codex's words.
    pub disabled_reason: Option<String>,
    /// Codex's SHA-256 of the layer: `sha256:` and 64 hexadecimal digits.
    pub version: String,
}

/// A value that lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Overridden {
    /// The value, masked where it can hold a secret.
    pub value: serde_json::Value,
    /// Its file; `None` for `-c`.
    pub path: Option<String>,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// Its column, from 1, in characters.
    pub column: Option<u32>,
    /// The kind of layer.
    pub source: LayerSource,
}

/// An effective value with its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigValue {
    /// The value, masked where it can hold a secret.
    pub value: serde_json::Value,
    /// Its file; `None` for `-c`.
    pub path: Option<String>,
    /// The line of the value, from 1.
    pub line: Option<u32>,
    /// The column of the value, from 1, in characters.
    pub column: Option<u32>,
    /// The kind of layer.
    pub source: LayerSource,
    /// What it overrides, highest precedence first.
    pub overrides: Vec<Overridden>,
}

/// Something that is wrong with the config at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// The cause code.
    pub code: Code,
    /// The file.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1, in characters.
    pub column: Option<u32>,
    /// In Codex's own words where Codex says something, quoted source masked.
    pub message: String,
    /// The TOML dotted key, where the problem has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The nearest key that Codex knows, for a key that it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// Whether Codex refuses to work because of it.
    #[serde(default)]
    pub fatal: bool,
}

/// The Codex that runs, or would run, at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CodexView {
    /// The home, canonical when `CODEX_HOME` says it; `None` when it is invalid or unknown.
    pub home: Option<String>,
    /// Where that comes from.
    pub home_from: HomeFrom,
    /// `home` with `config.toml`.
    pub config_path: Option<String>,
    /// Whether that file exists.
    pub config_exists: bool,
    /// Highest precedence first.
    pub layers: Vec<Layer>,
    /// One entry a leaf, by TOML dotted key.
    pub values: BTreeMap<String, ConfigValue>,
    /// The effective provider's id.
    pub provider: Option<String>,
    /// The variable that holds the key; `<looks like a secret>` where the name looks like one.
    pub env_key: Option<String>,
    /// What Codex would make of that variable.
    pub key_verdict: KeyVerdict,
    /// The variable as this Codex sees it, `.env` laid over.
    pub key: Option<Sighting>,
    /// From package metadata, never by running the program.
    pub version: Option<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What could not be known about this config.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Whether rules that matter here were not tested on this version of Codex: `unknown` says which. Then the rest is
    /// by the newest rules that are known, and nothing follows from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untested: bool,
}

impl CodexView {
    /// Stands for a `env_key` whose "name" looks like a secret.
    pub const SECRET_NAME: &'static str = "<looks like a secret>";

    /// A view of which nothing is known, for a reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            home: None,
            home_from: HomeFrom::Unknown,
            config_path: None,
            config_exists: false,
            layers: vec![],
            values: BTreeMap::new(),
            provider: None,
            env_key: None,
            key_verdict: KeyVerdict::Unknown,
            key: None,
            version: None,
            problems: vec![],
            unknown: vec![reason.into()],
            untested: false,
        }
    }

    /// Whether this Codex does not have its key. That a variable is nowhere is so in every version.
    pub fn misses_key(&self) -> bool {
        self.key_verdict == KeyVerdict::Missing
            || self.untested && self.key.as_ref().is_some_and(Sighting::is_absent)
    }

    /// The first problem with `code`.
    pub fn problem(&self, code: Code) -> Option<&Problem> {
        self.problems.iter().find(|p| p.code == code)
    }

    /// The dotted key of a field of the effective provider: `model_providers.azure.env_key`.
    pub fn provider_key(&self, field: &str) -> Option<String> {
        let id = self.provider.as_deref()?;
        Some(format!("model_providers.{}.{field}", crate::text::toml_key(id)))
    }
}
