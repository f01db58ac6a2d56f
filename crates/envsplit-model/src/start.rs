//! Shell starts, the files that each kind reads, and what reading those files shows.
use crate::wire::wire_enum;
use crate::{FileError, FileTimes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// The shells that are known by their start-up rules.
    pub enum ShellKind {
        /// GNU bash.
        Bash = "bash",
        /// A POSIX shell: dash, or bash under the name `sh`.
        Sh = "sh",
        /// zsh.
        Zsh = "zsh",
        /// fish.
        Fish = "fish",
        /// ksh and mksh.
        Ksh = "ksh",
        /// tcsh and csh.
        Tcsh = "tcsh",
        /// nushell.
        Nu = "nu",
        /// PowerShell 7.
        Pwsh = "pwsh",
        ;
        /// A shell whose rules are not known.
        Unknown = "unknown",
    }
}

impl ShellKind {
    /// The kind of the program at `path`, by its file name (a leading `-` of a login shell is ignored).
    pub fn of_program(path: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).trim_start_matches('-');
        // Windows' names have no case.
        let stem = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
        let windows =
            stem.filter(|(_, end)| end.eq_ignore_ascii_case(".exe")).map(|(n, _)| n.to_ascii_lowercase());
        match windows.as_deref().unwrap_or(name) {
            "bash" | "rbash" => Self::Bash,
            "sh" | "dash" | "ash" => Self::Sh,
            "zsh" => Self::Zsh,
            "fish" => Self::Fish,
            "ksh" | "mksh" | "ksh93" => Self::Ksh,
            "tcsh" | "csh" => Self::Tcsh,
            "nu" => Self::Nu,
            "pwsh" | "pwsh-preview" => Self::Pwsh,
            _ => Self::Unknown,
        }
    }
}

/// One kind of shell start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Start {
    /// The shell.
    pub shell: ShellKind,
    /// Whether it is a login shell.
    pub login: bool,
    /// Whether it is interactive.
    pub interactive: bool,
}

impl Start {
    /// As one would type it: `bash -ilc`.
    pub fn label(&self) -> String {
        let flags = match (self.interactive, self.login) {
            (true, true) => "-ilc",
            (true, false) => "-ic",
            (false, true) => "-lc",
            (false, false) => "-c",
        };
        format!("{} {flags}", self.shell)
    }

    /// As it stands in a place's id: `bash-login-interactive`.
    pub fn slug(&self) -> String {
        let kind = match (self.login, self.interactive) {
            (true, true) => "login-interactive",
            (true, false) => "login",
            (false, true) => "interactive",
            (false, false) => "plain",
        };
        format!("{}-{kind}", self.shell)
    }
}

/// A file that a kind of start looks for, in the order in which it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartupFile {
    /// The file.
    pub path: String,
    /// Whether this start reads it: it exists and no other file hides it.
    pub read: bool,
    /// The file that hides it, such as `.bash_profile` before `.profile`.
    pub hidden_by: Option<String>,
    /// Why it could not be read, though it would be.
    pub error: Option<FileError>,
    /// The manual's section that says so.
    pub doc: String,
}

wire_enum! {
    /// How a line touches a variable.
    pub enum How {
        /// Set and exported in one: `export N=…`, `declare -x N=…`, `set -gx N …`, `setenv N …`.
        Export = "export",
        /// Set, not exported.
        Assignment = "assignment",
        /// Set while `set -a` is on.
        AutoExport = "auto-export",
        /// Exported without a value: `export N`.
        ExportOnly = "export-only",
        /// Removed: `unset N`, `set -e N`.
        Unset = "unset",
        /// Taken from the environment of children: `export -n N`.
        Unexport = "unexport",
        /// A line of an environment file: `/etc/environment`, `environment.d`, `CODEX_HOME/.env`.
        EnvFile = "env-file",
        /// A setting of a program that hands it to some of its children.
        Setting = "setting",
        ;
        /// A way that this version does not know.
        Unknown = "unknown",
    }
}

impl How {
    /// Whether the line makes the variable visible to children.
    pub fn exports(self) -> bool {
        matches!(self, Self::Export | Self::AutoExport | Self::EnvFile)
    }
}

/// A guard or an end: the line at which a start leaves a file, and the line that decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guard {
    /// The file.
    pub path: String,
    /// The line of the condition (`case $- in`, `[ -z "$PS1" ]`), or of the command when there is none.
    pub line: u32,
    /// The line of the `return`, `exit` or `exec` that the condition leads to.
    pub end_line: u32,
    /// `return`, `exit` or `exec`.
    pub command: String,
    /// The condition's line, values masked.
    pub text: String,
}

/// Whether a kind of start reaches a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Reach {
    /// It does, as far as reading shows.
    Reached,
    /// A guard ends the file before.
    Ended {
        /// The guard.
        guard: Guard,
    },
    /// It depends on a condition that reading cannot decide.
    Conditional {
        /// The file of the condition.
        path: String,
        /// The line of the condition.
        line: u32,
    },
    /// A condition that is false for this start, such as `[ -n "$ZSH_VERSION" ]` in bash, passes it over.
    Skipped {
        /// The file of the condition.
        path: String,
        /// The line of the condition.
        line: u32,
    },
    /// It stands in a function that nothing calls as far as reading shows.
    Uncalled {
        /// The function.
        function: String,
    },
    /// The start does not read the file at all.
    NotRead,
}

/// A line that touches a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// How.
    pub how: How,
    /// The source line with every value masked.
    pub text: String,
    /// When the file last changed.
    pub times: Option<FileTimes>,
    /// Whether the start reaches the line.
    pub reach: Reach,
}

/// A file that a start reads, the start-up files and what they source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRead {
    /// The file.
    pub path: String,
    /// When it last changed; `None` when it could not be looked at.
    pub times: Option<FileTimes>,
    /// The file and line that source it; `None` for a start-up file.
    pub sourced_at: Option<(String, u32)>,
    /// Why it could not be read.
    pub error: Option<FileError>,
}

/// A line whose effect reading cannot know: `eval "$(…)"`, `source "$X"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opaque {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// Why: `command substitution`, `unknown path`, `syntax error`, …
    pub why: String,
}

/// What reading the files of one kind of start shows, in the order in which the start would come to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaticRead {
    /// The files that the start looks for.
    pub startup: Vec<StartupFile>,
    /// The files that it reads, sourced ones included.
    pub files: Vec<FileRead>,
    /// The lines that touch an asked variable.
    pub settings: Vec<Setting>,
    /// What reading could not see through.
    pub opaque: Vec<Opaque>,
    /// The `exit` or `exec` that ends the whole start before it could run its command, surely or by a condition that
    /// reading cannot decide: where a start gave no answer, this is why.
    #[serde(default)]
    pub ended: Option<Guard>,
}
