//! The report, and the slices of it that other commands print.
use crate::wire::wire_enum;
use crate::{
    Code, CodexView, ConfigValue, Finding, Hop, Host, HostId, KeyVerdict, Place, PlaceId, Problem, Role,
    Severity, Sighting,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema of the report.
pub const SCHEMA: &str = "envsplit.report/v1";

wire_enum! {
    /// The answer in one word.
    pub enum Verdict {
        /// No error finding; warnings may stand.
        Consistent = "consistent",
        /// An error finding has a split.
        Split = "split",
        /// An error finding without a split: the fault is the same everywhere.
        Broken = "broken",
        /// No error finding, but a place that matters could not be observed.
        Undetermined = "undetermined",
        ;
        /// A verdict that this version does not know.
        Unknown = "unknown",
    }
}

impl Verdict {
    /// The exit code; `strict` makes warnings count.
    pub fn exit_code(self, findings: &[Finding], strict: bool) -> u8 {
        match self {
            Self::Split | Self::Broken => 1,
            _ if strict && findings.iter().any(|f| f.severity == Severity::Warning) => 1,
            Self::Consistent => 0,
            Self::Undetermined | Self::Unknown => 3,
        }
    }
}

/// What `check --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version that made it.
    pub version: String,
    /// When.
    pub generated_at: Timestamp,
    /// The answer.
    pub verdict: Verdict,
    /// Every host in play.
    pub hosts: Vec<Host>,
    /// Every place.
    pub places: Vec<Place>,
    /// Every hop.
    pub hops: Vec<Hop>,
    /// The one that explains the failure first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The place with `id`.
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.iter().find(|p| p.id == *id)
    }

    /// Whether another report says the same, made at another time.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.verdict == other.verdict
            && self.hosts == other.hosts
            && self.places == other.places
            && self.hops == other.hops
            && self.findings == other.findings
    }
}

impl PlacesSlice {
    /// The places of a report.
    pub fn of(report: &Report) -> serde_json::Result<Self> {
        let mut places = vec![];
        for place in &report.places {
            let mut value = serde_json::to_value(place)?;
            if let Some(object) = value.as_object_mut() {
                object.remove("env");
                object.remove("codex");
            }
            places.push(value);
        }
        let (hosts, hops) = (report.hosts.clone(), report.hops.clone());
        Ok(Self { schema: "envsplit.places/v1".to_owned(), hosts, places, hops })
    }
}

impl ConfigSlice {
    /// The configs of a report.
    pub fn of(report: Report) -> Self {
        let places = report.places.into_iter().filter(|p| p.codex.is_some());
        Self {
            schema: "envsplit.config/v1".to_owned(),
            places: places
                .map(|p| ConfigSlicePlace { id: p.id, host: p.host, role: p.role, codex: p.codex })
                .collect(),
        }
    }
}

impl ExplainSlice {
    /// The page of a code.
    pub fn of(code: Code) -> Self {
        Self {
            schema: "envsplit.explain/v1".to_owned(),
            code,
            severity: code.severity(),
            title: code.title().to_owned(),
            page: code.page().to_owned(),
        }
    }
}

/// What `places --json` prints: places without `env` and `codex`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlacesSlice {
    /// `envsplit.places/v1`
    pub schema: String,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The places, without `env` and `codex`.
    pub places: Vec<serde_json::Value>,
    /// The hops.
    pub hops: Vec<Hop>,
}

/// One place of [`ConfigSlice`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigSlicePlace {
    /// The place.
    pub id: PlaceId,
    /// Its host.
    pub host: HostId,
    /// Its role.
    pub role: Role,
    /// Its Codex.
    pub codex: Option<CodexView>,
}

/// What `config --json` prints.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigSlice {
    /// `envsplit.config/v1`
    pub schema: String,
    /// The places where Codex runs or would run.
    pub places: Vec<ConfigSlicePlace>,
}

/// A line that sets the asked variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnvSource {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// How it sets it.
    pub how: String,
    /// Places whose start reads the file.
    pub read_by: Vec<PlaceId>,
    /// Places whose start reaches the line.
    pub reached_by: Vec<PlaceId>,
    /// The line, values masked.
    pub text: String,
    /// Why a start that reads the file does not reach the line, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// For a source that is no start-up file: what it belongs to (a setting's key, a unit, an entry).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// For a source that is no start-up file: what kind of process it reaches, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaches: Option<String>,
    /// Where the rule is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A file that may set the variable and could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnvUnread {
    /// The file or directory.
    pub path: String,
    /// Why it was not read.
    pub reason: String,
}

/// One place of [`EnvSlice`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnvSlicePlace {
    /// The place.
    pub id: PlaceId,
    /// Its host.
    pub host: HostId,
    /// Its role.
    pub role: Role,
    /// The variable there.
    pub sighting: Sighting,
}

/// What `env NAME --json` prints.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnvSlice {
    /// `envsplit.env/v1`
    pub schema: String,
    /// The variable.
    pub name: String,
    /// Every line that sets it.
    pub sources: Vec<EnvSource>,
    /// Files that may set it and could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<EnvUnread>,
    /// The places.
    pub places: Vec<EnvSlicePlace>,
}

/// What `explain CODE --json` prints.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExplainSlice {
    /// `envsplit.explain/v1`
    pub schema: String,
    /// The code.
    pub code: Code,
    /// Its usual severity.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// Its page, Markdown.
    pub page: String,
}

wire_enum! {
    /// What one request of Codex depends on, in the order in which it can fail.
    pub enum RequestLayer {
        /// Codex starts there and finds its home.
        Surface = "surface",
        /// Its config is accepted and selects the provider that is meant.
        Provider = "provider",
        /// The variable that `env_key` names is in the environment of that process.
        Environment = "environment",
        /// The endpoint's host is found and reached.
        Network = "network",
        /// The endpoint takes the key.
        Credential = "credential",
        /// The address's path is one that the endpoint serves.
        Route = "route",
        /// The endpoint has what `model` names, and capacity for it.
        Deployment = "deployment",
        ;
        /// The text says nothing about any.
        Unknown = "unknown",
    }
}

/// What `explain TEXT --json` prints: what a pasted error proves, checked against this machine. The text itself is
/// not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SymptomSlice {
    /// `envsplit.explain/v1`
    pub schema: String,
    /// The layer that the text proves broken.
    pub layer: RequestLayer,
    /// Stable name of the recognised error; null when it is not recognised.
    pub symptom: Option<String>,
    /// What the text says, in one sentence.
    pub title: String,
    /// The variable that the text names, where it is shaped as one.
    pub variable: Option<String>,
    /// The layers that the text proves to work.
    pub fine: Vec<RequestLayer>,
    /// The layers about which it says nothing.
    pub untested: Vec<RequestLayer>,
    /// Cause codes that end in such a text.
    pub codes: Vec<Code>,
    /// The check of this machine, in one word.
    pub verdict: Verdict,
    /// The finding of the check that explains the text.
    pub finding: Option<Finding>,
    /// What the check saw, a line each.
    pub seen: Vec<String>,
    /// The one next step.
    pub next: String,
}

/// What `explain` prints: the page of a code, or what a pasted text proves.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Explained {
    /// Of a code.
    Code(ExplainSlice),
    /// Of a text.
    Text(Box<SymptomSlice>),
}

/// One side of a [`ConfigDiffSlice`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigDiffPlace {
    /// The place.
    pub id: PlaceId,
    /// Its host.
    pub host: HostId,
    /// Its role.
    pub role: Role,
    /// As people call it.
    pub label: String,
    /// The home of its Codex.
    pub home: Option<String>,
    /// The effective provider.
    pub provider: Option<String>,
    /// The variable that holds the key.
    pub env_key: Option<String>,
    /// What its Codex makes of that variable.
    pub key_verdict: KeyVerdict,
    /// What is wrong with its config: what a refused file says does not stand among the differences.
    pub problems: Vec<Problem>,
    /// What could not be known about its config.
    pub unknown: Vec<String>,
}

/// A key in which two configs differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigDifference {
    /// The TOML dotted key.
    pub key: String,
    /// On the left, with its origin; null where it is not set.
    pub left: Option<ConfigValue>,
    /// On the right.
    pub right: Option<ConfigValue>,
    /// Whether both values are hidden and come from different lines: whether they differ is not known then.
    pub hidden: bool,
}

/// What `config --diff PLACE PLACE --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfigDiffSlice {
    /// `envsplit.config-diff/v1`
    pub schema: String,
    /// The first place.
    pub left: ConfigDiffPlace,
    /// The second place.
    pub right: ConfigDiffPlace,
    /// Whether both configs are known; without, there are no differences to speak of.
    pub comparable: bool,
    /// The keys in which they differ, in the order of the keys.
    pub differences: Vec<ConfigDifference>,
}

/// A fix that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Applied {
    /// The finding's code.
    pub code: Code,
    /// The fix.
    pub fix: String,
    /// The files that were written; none where the change was there already.
    pub files: Vec<String>,
    /// What `fix --undo` takes it back by.
    pub backup: Option<String>,
    /// Why it was not made; null where it was.
    pub refused: Option<String>,
}

/// What `fix --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FixSlice {
    /// `envsplit.fix/v1`
    pub schema: String,
    /// What was found, each with what to do about it.
    pub findings: Vec<Finding>,
    /// With `--apply`: what was made.
    pub applied: Vec<Applied>,
    /// With `--apply`: what a check says after it; null where nothing was changed.
    pub after: Option<Verdict>,
    /// With `--apply`: what it still finds.
    pub remaining: Vec<Finding>,
}

/// What `fix --undo --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct UndoSlice {
    /// `envsplit.undo/v1`
    pub schema: String,
    /// The backup that was used up.
    pub backup: String,
    /// The files that are as they were.
    pub files: Vec<String>,
}
