//! What changed when, and since when what fails does: the words of the journal and of `report/subscribe`.
//!
//! A change says *that* a variable is another one, never what it is: fingerprints, taints, files and lines. The only
//! values are those of the config, masked as the report masks them.
use crate::{
    At, Fingerprint, HostId, KeyVerdict, LayerSource, PlaceId, Role, Severity, Source, Subject, Taint,
    Verdict,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema of [`History`].
pub const SCHEMA: &str = "envsplit.history/v1";

/// The schema of [`Line`].
pub const LINE_SCHEMA: &str = "envsplit.history-line/v1";

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "HistoryChange"))]
#[schemars(rename = "HistoryChange")]
pub struct Change {
    /// Its number in the journal: this, not the clock, gives the order. 0 outside a journal.
    #[serde(default)]
    pub seq: u64,
    /// The look that noticed it: changes of one look have one number. 0 outside a journal.
    #[serde(default)]
    pub look: u64,
    /// When it was noticed.
    pub at: Timestamp,
    /// When it was last seen as it had been; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_at: Option<Timestamp>,
    /// Whether nobody looked between `unchanged_at` and `at`: it happened somewhere in between.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unwatched: bool,
    /// The place's key; `None` for what concerns no place of its own.
    pub place: Option<PlaceId>,
    /// The place's host.
    pub host: Option<HostId>,
    /// The place's role.
    pub role: Option<Role>,
    /// The place, for people.
    pub label: Option<String>,
    /// The process, for process places.
    pub pid: Option<u32>,
    /// What changed.
    #[serde(flatten)]
    pub what: What,
    /// What makes its times doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A process, so that it is not taken for a later one with its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started.
    pub started_at: Option<Timestamp>,
}

/// A layer of the config, as far as it can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LayerState {
    /// Codex's SHA-256 of the layer.
    pub version: String,
    /// Whether it counts.
    pub enabled: bool,
}

/// A value of the config with its origin, masked where it can hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ValueState {
    /// The value, masked.
    pub value: serde_json::Value,
    /// Its file.
    pub path: Option<String>,
    /// Its line, from 1.
    pub line: Option<u32>,
}

/// What changed. `before` and `after` are what was and what is; null where there was or is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A variable is set that was not.
    VariableAppeared {
        /// The variable.
        name: String,
        /// Tells its value apart.
        fingerprint: Option<Fingerprint>,
        /// What is wrong with the value.
        taints: Vec<Taint>,
        /// What sets it.
        set_by: Vec<Source>,
    },
    /// A variable is no longer set.
    VariableVanished {
        /// The variable.
        name: String,
        /// Told its value apart.
        fingerprint: Option<Fingerprint>,
        /// What set it.
        set_by: Vec<Source>,
    },
    /// A variable has another value.
    VariableChanged {
        /// The variable.
        name: String,
        /// The former value's.
        before: Fingerprint,
        /// The present value's.
        after: Fingerprint,
        /// What sets it.
        set_by: Vec<Source>,
    },
    /// Something else is wrong with a variable's value, or no longer.
    TaintsChanged {
        /// The variable.
        name: String,
        /// What was.
        before: Vec<Taint>,
        /// What is.
        after: Vec<Taint>,
    },
    /// A variable has its value from another line or file.
    SourcesChanged {
        /// The variable.
        name: String,
        /// What set it.
        before: Vec<Source>,
        /// What sets it.
        after: Vec<Source>,
    },
    /// Whether a variable is set can no longer be seen. That is not its absence.
    VariableUnknown {
        /// The variable.
        name: String,
        /// Why.
        reason: String,
    },
    /// A place is there that was not.
    PlaceAppeared {
        /// Its process.
        process: Option<Process>,
    },
    /// A place is gone.
    PlaceGone {
        /// Its process.
        process: Option<Process>,
    },
    /// Another process is what the place's was.
    PlaceRestarted {
        /// The former process.
        before: Process,
        /// The present one.
        after: Process,
    },
    /// Codex has another home.
    CodexHomeChanged {
        /// The former.
        before: Option<String>,
        /// The present.
        after: Option<String>,
    },
    /// Another version of Codex is what runs.
    CodexVersionChanged {
        /// The former.
        before: String,
        /// The present.
        after: String,
    },
    /// A layer of the config came, went, or says something else.
    ConfigLayerChanged {
        /// Its kind.
        source: LayerSource,
        /// Its file.
        path: Option<String>,
        /// What was.
        before: Option<LayerState>,
        /// What is.
        after: Option<LayerState>,
    },
    /// A value of the config is another one.
    ConfigValueChanged {
        /// The TOML dotted key.
        key: String,
        /// What was.
        before: Option<ValueState>,
        /// What is.
        after: Option<ValueState>,
    },
    /// Another provider is effective.
    ProviderChanged {
        /// The former.
        before: Option<String>,
        /// The present.
        after: Option<String>,
    },
    /// The provider's key is expected in another variable.
    EnvKeyChanged {
        /// The former.
        before: Option<String>,
        /// The present.
        after: Option<String>,
    },
    /// Codex makes something else of its key.
    KeyVerdictChanged {
        /// The variable.
        env_key: Option<String>,
        /// What was.
        before: KeyVerdict,
        /// What is.
        after: KeyVerdict,
    },
    /// A file was written that a place reads.
    FileChanged {
        /// The file.
        path: String,
    },
    /// A finding was made; the place is the one where it shows.
    FindingAppeared {
        /// Its code: text, so that the code of a newer version is no fault.
        code: String,
        /// What it is about.
        subject: Subject,
        /// How bad it is.
        severity: Severity,
        /// Its locations.
        locations: Vec<At>,
        /// Whether the look before could see that it was not so. If not, it may have been so for longer.
        #[serde(default)]
        seen_before: bool,
    },
    /// A finding is no longer made.
    FindingGone {
        /// Its code: text, so that the code of a newer version is no fault.
        code: String,
        /// What it was about.
        subject: Subject,
        /// How bad it was.
        severity: Severity,
        /// Its locations.
        locations: Vec<At>,
        /// Whether that is so only because the place is gone: nothing was mended.
        #[serde(default)]
        with_place: bool,
    },
    /// The answer in one word is another one.
    VerdictChanged {
        /// What was.
        before: Verdict,
        /// What is.
        after: Verdict,
    },
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A change that may be why something fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Culprit {
    /// One sentence: why it may be.
    pub why: String,
    /// The change.
    pub change: Change,
}

/// Something that fails now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Failing {
    /// The place's key; `None` when the fault is the same everywhere.
    pub place: Option<PlaceId>,
    /// The place's host.
    pub host: Option<HostId>,
    /// The place's role.
    pub role: Option<Role>,
    /// Where it fails, for people: the Codex concerned where there is one.
    pub label: Option<String>,
    /// The process, for process places.
    pub pid: Option<u32>,
    /// The cause code: text, so that the code of a newer version is no fault.
    pub code: String,
    /// What is lost or wrong.
    pub subject: Subject,
    /// When it was first seen to fail.
    pub since: Timestamp,
    /// When it was last seen to be in order; `None` when it never was as long as the journal goes back.
    pub last_consistent_at: Option<Timestamp>,
    /// What makes these times doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What changed since, the most likely culprit first.
    pub culprits: Vec<Culprit>,
}

/// What the journal knows: `history/list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct History {
    /// [`SCHEMA`].
    pub schema: String,
    /// Since when there is a journal.
    pub begun_at: Option<Timestamp>,
    /// When it last noted that it was looking.
    pub seen_at: Option<Timestamp>,
    /// The changes, newest first.
    pub entries: Vec<Change>,
    /// What fails now.
    pub failing: Vec<Failing>,
    /// What is wrong with the journal itself.
    pub trouble: Option<String>,
}

impl History {
    /// A history of nothing.
    pub fn empty(trouble: Option<String>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            begun_at: None,
            seen_at: None,
            entries: vec![],
            failing: vec![],
            trouble,
        }
    }
}

/// One line of `history --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "HistoryLine"))]
#[schemars(rename = "HistoryLine")]
pub struct Line {
    /// [`LINE_SCHEMA`].
    pub schema: String,
    /// What it says.
    #[serde(flatten)]
    pub says: Says,
}

/// What a [`Line`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// Something that fails now.
    Failing(Failing),
    /// Something changed.
    Change(Change),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(what: What) -> Change {
        Change {
            seq: 7,
            look: 3,
            at: Timestamp::UNIX_EPOCH,
            unchanged_at: Some(Timestamp::UNIX_EPOCH),
            unwatched: false,
            place: Some(PlaceId("linux/process/codex-cli".into())),
            host: Some(HostId("linux".into())),
            role: Some(Role::CodexCli),
            label: Some("Codex (pid 7)".into()),
            pid: Some(7),
            what,
            note: None,
        }
    }

    #[test]
    fn a_change_comes_back_as_it_was() {
        let value = |v: &str| Some(ValueState { value: v.into(), path: Some("/c".into()), line: Some(2) });
        for what in [
            What::ConfigValueChanged { key: "model".into(), before: value("a"), after: None },
            What::VariableUnknown { name: "N".into(), reason: "denied".into() },
            What::ProviderChanged { before: None, after: Some("azure".into()) },
            What::PlaceGone { process: Some(Process { pid: 7, started_at: Some(Timestamp::UNIX_EPOCH) }) },
        ] {
            let there = change(what);
            let text = serde_json::to_string(&there).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), there, "{text}");
        }
    }

    #[test]
    fn a_kind_of_a_newer_version_is_tolerated() {
        let mut newer = serde_json::to_value(change(What::Unknown)).unwrap();
        newer["kind"] = "moon-phase-changed".into();
        newer["phase"] = "full".into();
        newer["role"] = "moon".into();
        let read: Change = serde_json::from_value(newer).unwrap();
        assert_eq!((read.what, read.role), (What::Unknown, Some(Role::Unknown)));
    }

    #[test]
    fn a_line_says_what_it_is() {
        let line = Line { schema: LINE_SCHEMA.into(), says: Says::Change(change(What::Unknown)) };
        let value = serde_json::to_value(&line).unwrap();
        assert_eq!(value["change"]["seq"], 7);
        assert_eq!(serde_json::from_value::<Line>(value).unwrap(), line);
    }
}
