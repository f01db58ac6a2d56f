//! Sources that are no start-up file: what kind of process each reaches.
use crate::Setting;
use crate::wire::wire_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What a source that is no start-up file reaches. The slug stands in `sources[].how`.
    pub enum Scope {
        /// `~/.pam_environment`: a login, where `pam_env` has `user_readenv=1`.
        PamUser = "pam-user",
        /// `DefaultEnvironment=` of the systemd user manager: every unit that it starts.
        UserManager = "systemd-user-manager",
        /// `Environment=` and `EnvironmentFile=` of a systemd user unit: that unit's processes.
        UserUnit = "systemd-user-unit",
        /// Scripts that a graphical session reads before it starts anything: `~/.xprofile`, Plasma's `env`.
        DesktopSession = "desktop-session",
        /// `Exec=env NAME=…` of a launcher or autostart entry: what that entry starts.
        DesktopEntry = "desktop-entry",
        /// A Flatpak override: what runs in that sandbox.
        Flatpak = "flatpak-override",
        /// A crontab: the commands of that table.
        Cron = "crontab",
        /// `SetEnv` of the ssh client: the other side of a connection, where its server accepts the name.
        SshSet = "ssh-set-env",
        /// `SendEnv` of the ssh client: hands the caller's own variable on, and sets none.
        SshSend = "ssh-send-env",
        /// `SetEnv` of the ssh server, `~/.ssh/environment`: logins by ssh.
        SshLogin = "ssh-login",
        /// `AcceptEnv` of the ssh server: takes the client's variable, and sets none.
        SshAccept = "ssh-accept-env",
        /// `server-env-setup`: an IDE's server on WSL, and all below it.
        IdeServer = "ide-server-setup",
        /// `terminal.integrated.env.*`, a terminal profile's `env`: the IDE's terminals alone.
        IdeTerminal = "ide-terminal-setting",
        /// `tasks.json`: the commands of that task.
        IdeTask = "ide-task",
        /// `launch.json`: the program that is debugged.
        IdeDebug = "ide-debug",
        /// Any other setting that holds variables: what the program that owns the setting starts.
        IdeSetting = "ide-setting",
        /// `containerEnv` of a dev container: every process in the container.
        Container = "dev-container",
        /// `remoteEnv` of a dev container: the IDE's server in the container, and all below it.
        ContainerRemote = "dev-container-remote",
        /// direnv, mise: a shell at its prompt in that directory.
        DirectoryHook = "directory-hook",
        /// The line of a start-up file that sets up a version manager (nvm, fnm, asdf), or the file by which it chooses a
        /// version: PATH of the shells that come to it.
        PathManager = "path-manager",
        /// A project's `.env`, which a program reads that looks for it; Codex does not.
        ProjectDotenv = "project-dotenv",
        ;
        /// A scope that this version does not know.
        Unknown = "unknown",
    }
}

impl Scope {
    /// Whom it reaches, for people.
    pub fn reaches(self) -> &'static str {
        match self {
            Self::PamUser => "a login, where pam_env is told to read it (`user_readenv=1`)",
            Self::UserManager => "what the systemd user manager starts",
            Self::UserUnit => "the processes of this systemd unit",
            Self::DesktopSession => "a graphical session that runs this script, and what is started from it",
            Self::DesktopEntry => "what is started by this entry",
            Self::Flatpak => "what runs in this Flatpak sandbox",
            Self::Cron => "the commands of this table",
            Self::SshSet => "the other side of an ssh connection, where its server accepts the name",
            Self::SshSend => "an ssh server, which gets the caller's own value: the line sets none",
            Self::SshLogin => "logins by ssh",
            Self::SshAccept => "logins by ssh, which may bring their own value: the line sets none",
            Self::IdeServer => "the IDE's server on WSL, and what it starts",
            Self::IdeTerminal => "the IDE's own terminals, not its extensions",
            Self::IdeTask => "the commands of this task",
            Self::IdeDebug => "the program that is debugged",
            Self::IdeSetting => "what the owner of this setting starts",
            Self::Container => "the processes in this container",
            Self::ContainerRemote => "the IDE's server in this container, and what it starts",
            Self::DirectoryHook => "a shell at its prompt in this directory, where the hook is set up",
            Self::PathManager => "the PATH of shells that come to the manager's set-up",
            Self::ProjectDotenv => "programs that look for this file; Codex does not",
            Self::Unknown => "not known",
        }
    }

    /// Whether the line gives the variable a value; the others only let one pass.
    pub fn sets(self) -> bool {
        !matches!(self, Self::SshSend | Self::SshAccept | Self::Unknown)
    }
}

/// A line of a source that is no start-up file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopedSetting {
    /// Whom it reaches.
    pub scope: Scope,
    /// What the line belongs to: the setting's dotted key, the unit, the sandbox, the entry.
    pub owner: String,
    /// The IDE's name, for what belongs to one.
    pub product: Option<String>,
    /// Where the rule is written down.
    pub doc: String,
    /// Why the line does not count here, where that is known.
    pub idle: Option<String>,
    /// The line; [`Setting::reach`] says nothing here.
    pub setting: Setting,
}

/// A setting of an IDE that changes what its processes get, or which Codex its extension runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdeSetting {
    /// The dotted key.
    pub key: String,
    /// What it says, as far as that may be shown: a word, a number, a path; of a proxy the host and port.
    pub value: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The IDE's name, where the file belongs to one.
    pub product: Option<String>,
}
