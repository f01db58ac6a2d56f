//! The report, and the slices of it that other commands print.
use crate::wire::wire_enum;
use crate::{CodexView, Finding, Hop, Host, HostId, Place, PlaceId, Role, Severity, Sighting};
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
}

/// What `places --json` prints: places without `env` and `codex`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConfigSlice {
    /// `envsplit.config/v1`
    pub schema: String,
    /// The places where Codex runs or would run.
    pub places: Vec<ConfigSlicePlace>,
}

/// A line that sets the asked variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
}

/// One place of [`EnvSlice`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EnvSlice {
    /// `envsplit.env/v1`
    pub schema: String,
    /// The variable.
    pub name: String,
    /// Every line that sets it.
    pub sources: Vec<EnvSource>,
    /// The places.
    pub places: Vec<EnvSlicePlace>,
}

/// What `explain CODE --json` prints.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainSlice {
    /// `envsplit.explain/v1`
    pub schema: String,
    /// The code.
    pub code: crate::Code,
    /// Its usual severity.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// Its page, Markdown.
    pub page: String,
}
