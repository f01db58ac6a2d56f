//! Places and the hops between them.
use crate::EditorSays;
use crate::wire::wire_enum;
use crate::{CodexView, HostId, Sighting};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The id of a place: `HOST/KIND/NAME`, for processes `HOST/process/ROLE-PID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct PlaceId(pub String);

impl std::fmt::Display for PlaceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

wire_enum! {
    /// What kind of point a place is.
    pub enum PlaceKind {
        /// A kind of shell start, run for real.
        Shell = "shell",
        /// The login session.
        Session = "session",
        /// The Windows user and machine environment.
        Registry = "registry",
        /// A running (or predicted) process with a role.
        Process = "process",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What a place is for.
    pub enum Role {
        /// A shell start: what a person types in, or what an IDE resolves.
        Shell = "shell",
        /// The login session that everything a user starts inherits from.
        LoginSession = "login-session",
        /// The main process of a desktop IDE.
        IdeMain = "ide-main",
        /// The server of an IDE (remote, WSL, code-server).
        IdeServer = "ide-server",
        /// The process in which an IDE's extensions run.
        ExtensionHost = "extension-host",
        /// A shell in an IDE's terminal.
        IntegratedTerminal = "integrated-terminal",
        /// A shell that a terminal program or a login started.
        Terminal = "terminal",
        /// A program that started Codex: a shell with a command, a wrapper.
        Launcher = "launcher",
        /// A `codex` that a person runs.
        CodexCli = "codex-cli",
        /// A `codex app-server` that an IDE or another program runs.
        CodexAppServer = "codex-app-server",
        /// Codex's own background app-server.
        CodexDaemon = "codex-daemon",
        /// The process that `--pid` names, where it has no other role.
        Process = "process",
        /// The Windows user and machine environment in the registry.
        WindowsEnvironment = "windows-environment",
        /// The calling process.
        Caller = "self",
        ;
        /// A role that this version does not know.
        Unknown = "unknown",
    }
}

impl Role {
    /// Whether Codex runs here, so that a missing key breaks it.
    pub fn runs_codex(self) -> bool {
        matches!(self, Self::CodexCli | Self::CodexAppServer | Self::CodexDaemon)
    }

    /// Whether the place belongs to an IDE.
    pub fn is_ide(self) -> bool {
        matches!(self, Self::IdeMain | Self::IdeServer | Self::ExtensionHost | Self::IntegratedTerminal)
    }
}

wire_enum! {
    /// The rule by which one place's environment comes from another's.
    pub enum Rule {
        /// A child starts with its parent's environment.
        Inherits = "inherits",
        /// A shell start reads its files.
        ShellStartup = "shell-startup",
        /// The IDE runs the user's shell once and lays its environment over its own.
        IdeShellResolution = "ide-shell-resolution",
        /// A Windows process gets the registry's environment.
        Registry = "registry",
        /// A process crosses between Windows and WSL.
        WslInterop = "wsl-interop",
        /// Codex lays `CODEX_HOME/.env` over its environment.
        Dotenv = "dotenv",
        /// A request is handed to a process that runs already.
        Handoff = "handoff",
        ;
        /// A rule that this version does not know.
        Unknown = "unknown",
    }
}

/// The process behind a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlaceProcess {
    /// Process id.
    pub pid: u32,
    /// Parent process id, as it is now.
    pub ppid: u32,
    /// The program file; `None` where it may not be read.
    pub exe: Option<String>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// Parent, grandparent, … up to the first process.
    pub ancestry: Vec<u32>,
}

/// A point on a host where an environment exists and can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Place {
    /// Unique in the report.
    pub id: PlaceId,
    /// The id without the pid: stable over time.
    pub key: PlaceId,
    /// The host.
    pub host: HostId,
    /// The kind.
    pub kind: PlaceKind,
    /// The role.
    pub role: Role,
    /// For people: `bash -lic`, `VS Code server (pid 4121)`.
    pub label: String,
    /// The process, for process places that run.
    pub process: Option<PlaceProcess>,
    /// Whether it could be looked at.
    pub observed: bool,
    /// Why not.
    pub unobserved_reason: Option<String>,
    /// Whether the place does not run now and is what it would be.
    pub predicted: bool,
    /// The asked variables.
    pub env: BTreeMap<String, Sighting>,
    /// The Codex that runs, or would run, here.
    pub codex: Option<CodexView>,
    /// What an editor says about this process, through the background agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editor: Option<EditorSays>,
    /// Sources of the asked variables that changed since this process took them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newer_sources: Vec<NewerSource>,
}

/// A source that is younger than what a process has of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewerSource {
    /// The file.
    pub path: String,
    /// The asked variables that it touches.
    pub names: Vec<String>,
    /// The place that must be started again before the change arrives: this one, one above it, or the session.
    pub restart: PlaceId,
}

impl Place {
    /// The sighting of `name`; unknown where nobody looked.
    pub fn sighting(&self, name: &str) -> Sighting {
        self.env.get(name).cloned().unwrap_or_else(|| {
            Sighting::unknown(self.unobserved_reason.clone().unwrap_or_else(|| "not looked at".to_owned()))
        })
    }
}

/// A step by which an environment travels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Hop {
    /// Where it comes from.
    pub from: PlaceId,
    /// Where it goes.
    pub to: PlaceId,
    /// By which rule.
    pub rule: Rule,
}
