//! What an operating system must offer to the door.
use crate::secret::Environment;
use envsplit_model::{
    EnvAccess, Files, Host, HostId, ShellAsked, ShellSeen, TracedAt, TracedFile, TracedLine,
};
use jiff::Timestamp;
use std::time::Duration;

/// The calling process.
#[derive(Clone)]
pub(crate) struct CallerFacts {
    pub(crate) pid: u32,
    pub(crate) ppid: u32,
    pub(crate) cwd: String,
    pub(crate) env: Environment,
}

/// The login session.
pub(crate) struct SessionFacts {
    pub(crate) learnt_from: String,
    pub(crate) predicted: bool,
    pub(crate) env: Environment,
}

/// The user database's entry.
#[derive(Clone, Default)]
pub(crate) struct UserFacts {
    pub(crate) uid: Option<u32>,
    pub(crate) name: Option<String>,
    pub(crate) home: Option<String>,
    pub(crate) shell: Option<String>,
}

/// One row of the process table, arguments as they are.
#[derive(Clone)]
pub(crate) struct RawProcess {
    pub(crate) pid: u32,
    pub(crate) ppid: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) exe: Option<String>,
    pub(crate) argv: Vec<String>,
}

/// A shell start to run.
pub(crate) struct ShellJob {
    pub(crate) asked: ShellAsked,
    pub(crate) env: Environment,
    pub(crate) cwd: String,
    pub(crate) limit: Duration,
}

/// What running a job gave.
pub(crate) struct ShellRun {
    pub(crate) seen: ShellSeen,
    pub(crate) env: Option<Environment>,
    /// The command line that it was waiting for at its limit: it may hold secrets.
    pub(crate) waits_for: Option<Vec<String>>,
}

impl From<ShellSeen> for ShellRun {
    fn from(seen: ShellSeen) -> Self {
        Self { seen, env: None, waits_for: None }
    }
}

/// A shell start to run again under a watch; the limit is what the plain one left of its own.
pub(crate) struct TraceJob {
    /// How long the plain start took.
    pub(crate) took: std::time::Duration,
    pub(crate) shell: ShellJob,
    /// Names in the form of a shell's variables.
    pub(crate) names: Vec<String>,
}

/// What a watched start gave: what was seen, or why nothing was, and its end.
pub(crate) struct TraceRun {
    pub(crate) raw: Result<RawTrace, String>,
    pub(crate) env: Option<Environment>,
}

/// A change of a watched variable.
pub(crate) struct RawChange {
    /// Which of the names.
    pub(crate) name: usize,
    pub(crate) set: bool,
    /// Whether programs are given it afterwards.
    pub(crate) visible: bool,
    /// Where; `None` where the shell does not say.
    pub(crate) at: Option<TracedAt>,
    pub(crate) callers: Vec<TracedAt>,
    /// The line of the `eval` before it in this file, whose text the line may be counted in.
    pub(crate) eval: Option<u32>,
}

/// A file that was left early, or the start.
pub(crate) struct RawEnd {
    pub(crate) at: TracedAt,
    pub(crate) command: String,
    pub(crate) whole: bool,
}

/// What was seen.
pub(crate) struct RawTrace {
    pub(crate) changes: Vec<RawChange>,
    pub(crate) ended: Vec<RawEnd>,
    pub(crate) files: Vec<TracedFile>,
    pub(crate) slowest: Vec<TracedLine>,
    /// Whether the watch lasted to the end.
    pub(crate) complete: bool,
    pub(crate) timed_out: bool,
    /// Whether lines are to be found by reading the file.
    pub(crate) by_text: bool,
    /// Whether stretches of it ran without the watch, which would have taken too long.
    pub(crate) unwatched: bool,
    /// Why it did not last.
    pub(crate) reason: Option<String>,
}

/// One operating system (or the memory that stands for one in tests).
pub(crate) trait Backend: Sync {
    fn now(&self) -> Timestamp;
    fn host(&self) -> HostId;
    /// Every host in play; the first is [`Backend::host`].
    fn hosts(&self) -> Vec<Host>;
    fn files(&self) -> &(dyn Files + Sync);
    fn user(&self) -> UserFacts;
    fn caller(&self) -> CallerFacts;
    fn session(&self) -> SessionFacts;
    fn table(&self) -> Vec<RawProcess>;
    /// The user id of a process's owner.
    fn owner(&self, pid: u32) -> Option<u32>;
    /// The exact start time of a process, where the table's is rounded.
    fn started_at(&self, process: &RawProcess) -> Timestamp;
    /// Whether the process still runs (a zombie does not).
    fn runs(&self, process: &RawProcess) -> bool;
    fn environment(&self, pid: u32) -> Result<Environment, EnvAccess>;
    fn cwd(&self, pid: u32) -> Option<String>;
    /// Runs all of them at once; the answers stand in the order of the jobs.
    fn run_shells(&self, jobs: Vec<ShellJob>) -> Vec<ShellRun>;
    /// Runs all of them at once, watched line by line; the answers stand in the order of the jobs.
    fn trace_shells(&self, jobs: Vec<TraceJob>) -> Vec<TraceRun>;
    /// The Codex system directory.
    fn codex_system_dir(&self) -> String;
}
