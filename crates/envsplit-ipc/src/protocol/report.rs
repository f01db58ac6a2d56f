//! Questions about the machine. What answers them are the report and its slices, as `envsplit-model` defines them.
use super::{Caller, ProgressToken};
use envsplit_model::Report;
use envsplit_model::history::Change;
use serde::{Deserialize, Serialize};

/// Parameters of `report/get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct ReportGetParams {
    /// Who asks; without it the answer is what every caller has in common.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// Look at the processes and the files now, instead of answering from what was last seen.
    #[cfg_attr(feature = "export", ts(as = "Option<bool>", optional))]
    pub fresh: bool,
}

/// Parameters of `report/subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct ReportSubscribeParams {
    /// Who asks.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Result of `report/subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReportSubscribed {
    /// By which its changes are told apart from others'.
    pub subscription: u64,
    /// The report as it is now.
    pub report: Report,
}

/// Parameters of `report/unsubscribe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReportUnsubscribeParams {
    /// Which.
    pub subscription: u64,
}

/// Parameters of `report/changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ReportChanged {
    /// Whose.
    pub subscription: u64,
    /// What changed since the last one.
    pub changes: Vec<Change>,
    /// The report as it is now.
    pub report: Report,
}

/// Parameters of `env/get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct EnvGetParams {
    /// The variable.
    pub name: String,
    /// Who asks.
    #[serde(rename = "self", default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Parameters of `config/get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct ConfigGetParams {
    /// Only these places: an id, a role, or a glob of ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Who asks.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Parameters of `places/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct PlacesListParams {
    /// Who asks.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Parameters of `explain`: exactly one of `code` and `text`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct ExplainParams {
    /// A cause code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A pasted error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who asks.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Without the pasted text, which can hold anything.
impl std::fmt::Debug for ExplainParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExplainParams").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// What to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProbeWhat {
    /// Every shell start that is remembered.
    Shells,
}

/// Parameters of `probe/run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct ProbeRunParams {
    /// What to forget and run again.
    pub what: ProbeWhat,
    /// By which its `$/progress` is told apart; none is sent without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<ProgressToken>,
    /// Who asks.
    #[serde(rename = "self", default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}
