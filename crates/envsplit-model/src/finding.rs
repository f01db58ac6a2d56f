//! Findings: a cause code, where it was lost, the evidence and what to do.
use crate::wire::wire_enum;
use crate::{Code, HostId, PlaceId, Rule, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What a finding is about.
    pub enum SubjectKind {
        /// A variable.
        Env = "env",
        /// A key of the config.
        Config = "config",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

/// What a finding is about: a variable's name, or a TOML dotted key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Subject {
    /// The kind.
    pub kind: SubjectKind,
    /// The name.
    pub name: String,
}

impl Subject {
    /// A variable.
    pub fn env(name: impl Into<String>) -> Self {
        Self { kind: SubjectKind::Env, name: name.into() }
    }
    /// A key of the config.
    pub fn config(key: impl Into<String>) -> Self {
        Self { kind: SubjectKind::Config, name: key.into() }
    }
}

/// The first hop that should have brought it in and did not; both ends are neighbours on the failing place's chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Split {
    /// The last place that had it, or that the hop starts from.
    pub from: PlaceId,
    /// The first place that lacks it.
    pub to: PlaceId,
    /// The rule between them.
    pub rule: Rule,
}

wire_enum! {
    /// What a location is to a finding.
    pub enum AtKind {
        /// The line that sets the variable.
        Source = "source",
        /// The line at which it is lost.
        Lost = "lost",
        /// The line that wins.
        ShadowedBy = "shadowed-by",
        /// A file or line that has no effect where it is.
        Edited = "edited",
        /// The config file or line that is effective.
        Read = "read",
        /// The process to restart or to look at.
        Process = "process",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

/// A location.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct At {
    /// What it is to the finding.
    #[serde(rename = "as")]
    pub kind: AtKind,
    /// The host.
    pub host: HostId,
    /// The file.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The process.
    pub pid: Option<u32>,
    /// The source line, every value masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl At {
    /// A file, with a line where there is one.
    pub fn file(kind: AtKind, host: &HostId, path: impl Into<String>, line: Option<u32>) -> Self {
        Self { kind, host: host.clone(), path: Some(path.into()), line, pid: None, text: None }
    }

    /// A process.
    pub fn process(host: &HostId, pid: u32) -> Self {
        Self { kind: AtKind::Process, host: host.clone(), path: None, line: None, pid: Some(pid), text: None }
    }

    /// With the source line, values masked.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }
}

/// An edit of a file, values masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Edit {
    /// The file.
    pub path: String,
    /// The line as it is, masked; empty for a new line.
    pub before: String,
    /// The line as it should be, masked; empty for a line to remove.
    pub after: String,
    /// The line, from 1; `None` for the end of the file.
    pub line: Option<u32>,
}

/// A change of a file that `fix --apply` can make by itself. None of them holds a value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// A line at the end of the file, which is made if it is missing.
    Append {
        /// The file.
        path: String,
        /// The line.
        text: String,
    },
    /// A word of a line, which must stand there exactly once.
    Replace {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u32,
        /// What stands there.
        old: String,
        /// What shall stand there.
        new: String,
    },
    /// A line that exports a name becomes the first of the file. It must be whole by itself, need nothing before it, and
    /// be the only one with that name.
    MoveToTop {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u32,
        /// The name.
        name: String,
    },
    /// Unix line ends throughout.
    UnixLineEnds {
        /// The file.
        path: String,
    },
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Fix {
    /// Stable name of this kind of fix.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The host on which to do it.
    pub host: HostId,
    /// The shell that the commands are quoted for.
    pub shell: Option<String>,
    /// Commands to paste; none holds a secret.
    pub commands: Vec<String>,
    /// Edits to make.
    pub edits: Vec<Edit>,
    /// What the user must close or lose.
    pub cost: String,
    /// Whether `fix --apply` does it.
    pub safe: bool,
    /// What it does then, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A cause, proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    /// The cause code.
    pub code: Code,
    /// The severity here; each code has a usual one.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// The place that shows it working.
    pub witness: Option<PlaceId>,
    /// Where it is lost; `None` when the fault is the same everywhere.
    pub split: Option<Split>,
    /// The locations.
    pub at: Vec<At>,
    /// One sentence.
    pub summary: String,
    /// How that is known.
    pub evidence: Vec<String>,
    /// What to do, the best first.
    pub fixes: Vec<Fix>,
}
