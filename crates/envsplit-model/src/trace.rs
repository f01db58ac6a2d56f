//! What tracing a shell start shows: where lines, not values, changed what its programs are given.
use crate::wire::wire_enum;
use crate::{FileTimes, ShellAsked};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A shell start to run once more, watched line by line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TraceAsked {
    /// The start, as it was run before.
    pub start: ShellAsked,
    /// The variables to watch.
    pub names: Vec<String>,
}

wire_enum! {
    /// How far a trace can be relied on.
    pub enum TraceOutcome {
        /// Every change was seen, with file and line.
        Exact = "exact",
        /// The file of every change was seen; a line is given only where the file leaves no choice.
        FileOnly = "file-only",
        /// It runs so many commands that some went unwatched: what is said holds, but the lines of changes among those
        /// are not known, nor whether the start came by there.
        Partial = "partial",
        /// A start-up file put the watch out of action, or the traced start ended otherwise than the plain one.
        Lost = "lost",
        /// It could not be run; the reason says why.
        Failed = "failed",
        ;
        /// An outcome that this version does not know.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What happened to a variable.
    pub enum ChangeKind {
        /// It was not set and is now.
        Set = "set",
        /// It has another value.
        Changed = "changed",
        /// It was removed.
        Unset = "unset",
        /// Programs are given it from here on.
        Exported = "exported",
        /// Programs are no longer given it.
        Unexported = "unexported",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

/// A file and line that a shell was at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TracedAt {
    /// The file.
    pub path: String,
    /// The line, from 1; `None` where only the file is known.
    pub line: Option<u32>,
}

/// A change of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedChange {
    /// The variable.
    pub name: String,
    /// What happened.
    pub kind: ChangeKind,
    /// Whether programs are given it afterwards.
    pub visible: bool,
    /// Where.
    pub at: TracedAt,
    /// Who called or sourced that, innermost first.
    pub callers: Vec<TracedAt>,
    /// The line, every value masked; empty where it is not known.
    pub text: String,
    /// When the file last changed.
    pub times: Option<FileTimes>,
}

/// A file that was left before its last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedEnd {
    /// Where.
    pub at: TracedAt,
    /// `return`, `exit`, `exec`, or [`TracedEnd::FAILED`].
    pub command: String,
    /// Whether it ended the whole start, and not this file alone.
    pub whole: bool,
    /// The line, every value masked.
    pub text: String,
}

impl TracedEnd {
    /// Under `set -e` a command failed.
    pub const FAILED: &'static str = "set -e";
}

/// How long a file took, without what it sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedFile {
    /// The file.
    pub path: String,
    /// Microseconds, under the watch.
    pub micros: u64,
}

/// How long one line took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedLine {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// Microseconds, under the watch.
    pub micros: u64,
}

/// What a trace showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceSeen {
    /// How far it can be relied on.
    pub outcome: TraceOutcome,
    /// Why it is lost or failed.
    pub reason: Option<String>,
    /// The changes of the watched variables, in order.
    pub changes: Vec<TracedChange>,
    /// Files that were left early, in order.
    pub ended: Vec<TracedEnd>,
    /// The files that were read, in order; empty where the shell does not say.
    pub files: Vec<TracedFile>,
    /// The lines that took longest, the longest first.
    pub slowest: Vec<TracedLine>,
}

impl TraceSeen {
    /// A trace that could not be had.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self {
            outcome: TraceOutcome::Failed,
            reason: Some(reason.into()),
            changes: vec![],
            ended: vec![],
            files: vec![],
            slowest: vec![],
        }
    }

    /// Whether what it says of the files and the changes holds.
    pub fn holds(&self) -> bool {
        matches!(self.outcome, TraceOutcome::Exact | TraceOutcome::FileOnly | TraceOutcome::Partial)
    }
}
