//! Experiments: what a diagnosis asks the door to look at. A closed enumeration, never a command line.
use crate::{
    CodexView, HostId, IdeSetting, ScopedSetting, Setting, Sighting, Source, Start, StaticRead, TraceAsked,
    TraceSeen,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An environment that the door holds or can make; only the door ever sees its values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "env", rename_all = "kebab-case")]
pub enum EnvRef {
    /// The calling process.
    Caller,
    /// The login session.
    Session,
    /// A process, as it was started: pid and start time (milliseconds since the epoch) name it.
    Process {
        /// Process id.
        pid: u32,
        /// Start time in milliseconds since the epoch.
        started_ms: i64,
    },
    /// What a shell start ends with.
    Shell {
        /// The start.
        asked: Box<ShellAsked>,
    },
    /// One environment laid over another, as an IDE lays the shell's over its own.
    Overlay {
        /// What lies below.
        base: Box<EnvRef>,
        /// What wins.
        over: Box<EnvRef>,
    },
    /// The environment of a peer on another host.
    Peer {
        /// The host.
        host: HostId,
        /// The place's id there.
        place: String,
    },
}

/// The circumstances of a shell start that start-up files can notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Marks {
    /// An IDE resolves the user's environment: `VSCODE_RESOLVING_ENVIRONMENT=1`, no terminal.
    IdeResolution,
    /// A person types: a pseudo-terminal.
    Terminal,
    /// A program starts the shell with a command: no terminal, no mark.
    Program,
}

/// A kind of start in its circumstances: what decides which files are read and which lines are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct StartKind {
    /// The kind of start.
    pub start: Start,
    /// The circumstances.
    pub marks: Marks,
}

impl StartKind {
    /// As one would type it: `bash -ilc`.
    pub fn label(&self) -> String {
        self.start.label()
    }
}

/// One shell start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ShellAsked {
    /// The environment that it starts from: the upstream place's, never the caller's by default.
    pub from: EnvRef,
    /// The shell's program file.
    pub program: String,
    /// The kind of start.
    pub start: Start,
    /// The circumstances.
    pub marks: Marks,
}

impl ShellAsked {
    /// The kind of start in its circumstances.
    pub fn kind(&self) -> StartKind {
        StartKind { start: self.start, marks: self.marks }
    }

    /// As one would type it; an unknown shell by its program's name.
    pub fn label(&self) -> String {
        let label = self.start.label();
        match label.strip_prefix("unknown ") {
            Some(flags) => format!("{} {flags}", self.program.rsplit('/').next().unwrap_or(&self.program)),
            None => label,
        }
    }
}

/// On whose behalf a config is resolved: the callers differ in what they honour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodexCaller {
    /// `codex exec`.
    Exec,
    /// The interactive `codex`, which may hand its requests to the daemon.
    Tui,
    /// An IDE's `codex app-server`.
    AppServer,
    /// Codex's own background app-server.
    Daemon,
}

/// Which config to resolve.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CodexAsked {
    /// With which environment.
    pub env: EnvRef,
    /// For which caller.
    pub caller: CodexCaller,
    /// In which directory; `None` where the workspace is not known, so that project layers stay unknown.
    pub cwd: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `-c key=value`, as given.
    pub overrides: Vec<String>,
    /// Take profile and overrides from this process's own arguments instead.
    pub flags_of: Option<u32>,
    /// The program, for its version.
    pub exe: Option<String>,
    /// When the process started: a younger `.env` was not read by it.
    pub started_at: Option<Timestamp>,
}

/// A question to the door.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "probe", rename_all = "kebab-case")]
pub enum ProbeRequest {
    /// The asked variables in an environment.
    Sight {
        /// Which environment.
        env: EnvRef,
        /// Which names.
        names: Vec<String>,
    },
    /// A shell start, run for real.
    Shell(ShellAsked),
    /// A shell start that was run before, run again and watched line by line.
    Trace(TraceAsked),
    /// The Codex config of a place.
    Codex(CodexAsked),
    /// Where start-up files and environment files touch the names.
    Sources {
        /// Whose HOME, ZDOTDIR, XDG folders.
        env: EnvRef,
        /// Which kinds of start to read for.
        starts: Vec<StartKind>,
        /// Which names.
        names: Vec<String>,
    },
    /// Where files that are no start-up files set the names: settings, units, launchers, hooks.
    Scoped {
        /// Whose HOME and XDG folders.
        env: EnvRef,
        /// The directory whose project files count, with those above it; empty for none.
        cwd: String,
        /// Which names.
        names: Vec<String>,
    },
    /// Which files an environment's PATH finds.
    Programs {
        /// Whose PATH.
        env: EnvRef,
        /// Which programs, by file name.
        names: Vec<String>,
    },
    /// Everything that a peer on another host sees.
    Peer {
        /// The host.
        host: HostId,
    },
}

/// What a shell start was waiting for when its time limit came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The file name of the program that it was waiting for.
    pub program: String,
    /// The file and line that start that program, where one line alone does.
    pub at: Option<(String, u32)>,
}

/// What a shell start showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShellSeen {
    /// Whether the shell's program could be started at all.
    pub started: bool,
    /// Whether the start came to its end and answered.
    pub answered: bool,
    /// Why not: timed out, ended, replaced by another program, …
    pub failure: Option<String>,
    /// Whether the time limit ended it.
    pub timed_out: bool,
    /// What it was waiting for then.
    pub waiting: Option<Waiting>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Exit status, where it ended by itself.
    pub status: Option<i32>,
    /// How many bytes it printed beside the answer.
    pub noise: u64,
    /// Names that it exports and the environment it started from did not have.
    pub added: Vec<String>,
    /// How many processes it left behind, ended by the door.
    pub left_behind: u32,
    /// Structural variables at its end.
    pub structural: BTreeMap<String, String>,
}

/// What resolving a config showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodexSeen {
    /// The view.
    pub view: CodexView,
    /// Variables that this config reads beside its key (`env_http_headers`).
    pub reads: Vec<String>,
    /// The variables that `CODEX_HOME/.env` sets, each with the line that counts.
    pub dotenv: BTreeMap<String, Source>,
    /// The line in `.env` that the effective key comes from, and what the environment has instead.
    pub key_from_dotenv: Option<Source>,
    /// The key's variable in the environment, before `.env`.
    pub key_in_env: Option<Sighting>,
    /// Whether `.env` is younger than the process, so that what it read is not known.
    pub dotenv_younger: bool,
    /// `CODEX_HOME/auth.json`, where it exists: a login. What is in it is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_file: Option<String>,
}

/// What one kind of start reads, and what that shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartReads {
    /// The kind of start.
    pub kind: StartKind,
    /// What reading showed.
    pub read: StaticRead,
}

/// Where files touch the names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourcesSeen {
    /// Per kind of start.
    pub starts: Vec<StartReads>,
    /// Session-wide sources: `/etc/environment`, `environment.d`, `pam_env`.
    pub session: Vec<Setting>,
    /// Lines of well-known start-up files, whether any start reads them or not.
    pub well_known: Vec<Setting>,
}

/// Where files that are no start-up files set the names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopedSeen {
    /// In the order in which they apply, those of the session first, those of the project last.
    pub settings: Vec<ScopedSetting>,
    /// Files that may not be read or are no such files, with the reason: what they set is not known.
    pub unread: Vec<(String, String)>,
    /// Settings of IDEs that change a hop.
    #[serde(default)]
    pub ide: Vec<IdeSetting>,
}

/// A program that a PATH finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramSeen {
    /// The file.
    pub path: String,
    /// The program that `#!/usr/bin/env NAME` in its first line asks PATH for.
    pub needs: Option<String>,
}

/// An answer of the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// To [`ProbeRequest::Sight`].
    Sighted {
        /// By name.
        sightings: BTreeMap<String, Sighting>,
    },
    /// To [`ProbeRequest::Shell`].
    Shell(ShellSeen),
    /// To [`ProbeRequest::Trace`].
    Trace(TraceSeen),
    /// To [`ProbeRequest::Codex`].
    Codex(Box<CodexSeen>),
    /// To [`ProbeRequest::Sources`].
    Sources(SourcesSeen),
    /// To [`ProbeRequest::Scoped`].
    Scoped(ScopedSeen),
    /// To [`ProbeRequest::Programs`].
    Programs {
        /// What was found, by name; what is not there was not found.
        found: BTreeMap<String, ProgramSeen>,
    },
    /// The door could not, for a reason.
    Unknown {
        /// The reason.
        reason: String,
    },
}
