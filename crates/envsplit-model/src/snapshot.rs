//! What an observation leaves behind: the input of a diagnosis, without any secret. A wire type.
use crate::{Host, HostId, Outcome, ProbeRequest};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a process's environment could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum EnvAccess {
    /// It was read.
    Read,
    /// It may not be read by this user.
    Denied,
    /// The process ended before it was read, or another fault.
    Failed {
        /// In the system's words.
        reason: String,
    },
    /// Nobody needed it.
    NotAsked,
}

/// A process of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessRecord {
    /// Process id.
    pub pid: u32,
    /// Parent process id.
    pub ppid: u32,
    /// Start time.
    pub started_at: Timestamp,
    /// The owner's user id (Unix).
    pub uid: Option<u32>,
    /// The program file, links followed.
    pub exe: Option<String>,
    /// The arguments; the values of options are masked but for the words by which roles are recognised.
    pub argv: Vec<String>,
    /// The working directory.
    pub cwd: Option<String>,
    /// Whether the environment could be read.
    pub env: EnvAccess,
    /// Structural variables, as the process was started with them.
    pub structural: BTreeMap<String, String>,
    /// The names (never the values) of all its variables.
    pub names: Vec<String>,
}

/// The login session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Where it was learnt: `systemd --user` or the files that a login reads.
    pub learnt_from: String,
    /// Whether it is what a session would have, not one that was asked.
    pub predicted: bool,
    /// Structural variables.
    pub structural: BTreeMap<String, String>,
    /// Names of all its variables.
    pub names: Vec<String>,
}

/// The calling process and what it was asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caller {
    /// Process id.
    pub pid: u32,
    /// Parent process id.
    pub ppid: u32,
    /// The directory of the question (`--cwd`, else its own).
    pub cwd: String,
    /// Whether `--cwd` said so.
    pub cwd_asked: bool,
    /// `--profile`.
    pub profile: Option<String>,
    /// `-c`.
    pub overrides: Vec<String>,
    /// `--key`.
    pub keys: Vec<String>,
    /// `--pid`.
    pub pid_asked: Option<u32>,
    /// Whether shells may be started.
    pub shells_allowed: bool,
    /// Structural variables.
    pub structural: BTreeMap<String, String>,
    /// Names of all its variables.
    pub names: Vec<String>,
    /// The Codex that its PATH finds.
    pub codex_exe: Option<String>,
}

/// What was observed on one host, and the answers to the experiments that a diagnosis asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// `envsplit.snapshot/v1`.
    pub schema: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The host that was observed.
    pub host: HostId,
    /// Every host in play, with the reason where one could not be observed.
    pub hosts: Vec<Host>,
    /// The user's id (Unix).
    pub uid: Option<u32>,
    /// The shell of the user database.
    pub passwd_shell: Option<String>,
    /// The home of the user database.
    pub passwd_home: Option<String>,
    /// The login session.
    pub session: Session,
    /// The calling process; `None` in a caller-free base.
    pub caller: Option<Caller>,
    /// The process table.
    pub processes: Vec<ProcessRecord>,
    /// Which shells are installed, by program path.
    pub shells: Vec<String>,
    /// IDEs that are installed, by product name.
    pub ides: Vec<String>,
    /// Answers so far.
    pub outcomes: Vec<(ProbeRequest, Outcome)>,
}

impl Snapshot {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "envsplit.snapshot/v1";

    /// The answer to a question, when it was asked.
    pub fn outcome(&self, request: &ProbeRequest) -> Option<&Outcome> {
        self.outcomes.iter().find(|(r, _)| r == request).map(|(_, o)| o)
    }
}
