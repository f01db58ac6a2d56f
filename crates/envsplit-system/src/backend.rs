//! What an operating system must offer to the door.
use crate::secret::Environment;
use envsplit_model::{EnvAccess, Files, Host, HostId, ShellAsked, ShellSeen};
use jiff::Timestamp;
use std::time::Duration;

/// The calling process.
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
    /// The Codex system directory.
    fn codex_system_dir(&self) -> String;
}
