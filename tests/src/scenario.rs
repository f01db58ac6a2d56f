//! The scenario file: one real situation, its premise and what `envsplit` must say. The format is described in
//! `tests/README.md`.
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One scenario file.
#[derive(Debug, Clone, Deserialize)]
pub struct Scenario {
    /// Its name, unique in the suite.
    pub id: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// The public reports that it comes from.
    #[serde(default)]
    pub from: Vec<String>,
    /// Programs that it needs; without one of them it is skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether the kernel announces itself as WSL 2.
    #[serde(default)]
    pub wsl: bool,
    /// Files below the lab's root.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Octal modes of files below the lab's root.
    #[serde(default)]
    pub modes: BTreeMap<String, String>,
    /// Symbolic links below the lab's root, with their targets.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// Files below a private `/etc`.
    #[serde(default)]
    pub etc: BTreeMap<String, String>,
    /// What happens before `envsplit` is asked, in order.
    #[serde(default)]
    pub step: Vec<Step>,
    /// Commands that prove the premise.
    #[serde(default)]
    pub truth: Vec<Command>,
    /// How `envsplit` is asked.
    #[serde(default)]
    pub check: Command,
    /// What it must say.
    #[serde(default)]
    pub expect: Expect,
    /// What `fix --apply` must mend, and `fix --undo` take back.
    pub heal: Option<Heal>,
}

/// A fix that a program can make.
#[derive(Debug, Clone, Deserialize)]
pub struct Heal {
    /// The code that is given to `fix`.
    pub code: String,
    /// Commands that show it: after the fix, and after a new start of everything.
    #[serde(default)]
    pub healed: Vec<Command>,
    /// Variables of the caller then, over those of `check`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The exit status of the check then.
    #[serde(default)]
    pub exit: i32,
}

/// A command, with what its output must be like.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Command {
    /// Program and arguments; for `check` the arguments alone.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Variables over the lab's own; `<unset>` removes one.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Runs as the lab's root.
    #[serde(default)]
    pub root: bool,
    /// Time limit in seconds.
    pub within: Option<f64>,
    /// Exit status that it must have.
    pub exit: Option<i32>,
    /// Texts that its output must have.
    #[serde(default)]
    pub has: Vec<String>,
    /// Texts that its output must not have.
    #[serde(default)]
    pub lacks: Vec<String>,
}

/// One step; exactly one of `start`, `write`, `sleep`, `stop` and `run` says which.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Step {
    /// Name of a process that is started and goes on running.
    pub start: Option<String>,
    /// File to write.
    pub write: Option<String>,
    /// Seconds to wait: lets the clocks of files and processes drift apart.
    pub sleep: Option<f64>,
    /// Name of a started process to end.
    pub stop: Option<String>,
    /// Command to run to its end.
    pub run: Option<Vec<String>>,
    /// Program, variables, directory and limit of `start` and `run`.
    #[serde(flatten)]
    pub command: Command,
    /// File that says that `start` is ready.
    pub ready: Option<String>,
    /// Text of `write`.
    #[serde(default)]
    pub text: String,
    /// Whether `write` appends.
    #[serde(default)]
    pub append: bool,
    /// Whether `run` may fail.
    #[serde(default)]
    pub may_fail: bool,
}

/// What the report must say.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Expect {
    /// Exit status.
    pub exit: Option<i32>,
    /// Verdict, one or several acceptable.
    pub verdict: Option<OneOrMany<String>>,
    /// The first finding.
    pub first: Option<FindingWant>,
    /// Findings that must be there, in any place.
    #[serde(default)]
    pub finding: Vec<FindingWant>,
    /// Patterns of codes that must not be there.
    #[serde(default)]
    pub no: Vec<String>,
    /// Places that must be there.
    #[serde(default)]
    pub place: Vec<PlaceWant>,
}

/// A finding that is looked for.
#[derive(Debug, Clone, Deserialize)]
pub struct FindingWant {
    /// Its code, one or several acceptable.
    pub code: OneOrMany<String>,
    /// Name of its subject.
    pub subject: Option<String>,
    /// Pattern on id, role or kind of the split's upper place.
    pub from: Option<OneOrMany<String>>,
    /// Pattern on id, role or kind of the split's lower place.
    pub to: Option<OneOrMany<String>>,
    /// Locations that it must name.
    #[serde(default)]
    pub at: Vec<AtWant>,
    /// Whether it must offer a fix.
    #[serde(default)]
    pub fix: bool,
}

/// A location that is looked for; what is not given is not compared.
#[derive(Debug, Clone, Deserialize)]
pub struct AtWant {
    /// `source`, `lost`, `process` and so on.
    #[serde(rename = "as")]
    pub role: Option<String>,
    /// Path; `~/` is the lab's home.
    pub path: Option<String>,
    /// Line, one or several acceptable.
    pub line: Option<OneOrMany<u64>>,
    /// Process, as `{{pid:NAME}}`.
    pub pid: Option<String>,
}

/// A place that is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PlaceWant {
    /// Pattern on its id.
    pub id: Option<String>,
    /// Pattern on its role.
    pub role: Option<String>,
    /// Process, as `{{pid:NAME}}`.
    pub pid: Option<String>,
    /// States of variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Fields of its `codex` block.
    #[serde(default)]
    pub codex: BTreeMap<String, toml::Value>,
}

/// One value, or a list of acceptable ones.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// The only one.
    One(T),
    /// Any of them.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// The acceptable values.
    pub fn all(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

impl Scenario {
    /// Reads a scenario file. The error names the file.
    pub fn read(path: &Path) -> Result<Scenario, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Every finding that the scenario describes.
    pub fn wanted(&self) -> impl Iterator<Item = &FindingWant> {
        self.expect.first.iter().chain(&self.expect.finding)
    }

    /// Whether it starts the real Codex.
    pub fn needs_codex(&self) -> bool {
        let healed = self.heal.iter().flat_map(|h| &h.healed);
        let commands = self.truth.iter().chain(self.step.iter().map(|s| &s.command)).chain(healed);
        let words =
            commands.flat_map(|c| &c.argv).chain(self.step.iter().flat_map(|s| s.run.iter().flatten()));
        words
            .chain(self.links.values())
            .chain(self.files.values())
            .any(|w| w.contains("{{CODEX}}") || w.contains("{{TURN}}"))
    }
}
