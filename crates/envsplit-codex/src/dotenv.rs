//! `CODEX_HOME/.env`: which lines Codex takes over into its environment.
//!
//! Codex 0.169 reads it once at its start with `dotenvy` 0.15 and sets each pair, whatever the environment says;
//! names that begin with `CODEX_` are dropped, a line that does not parse is skipped.
mod lines;
mod value;

use crate::position::Pos;
use envsplit_model::paths::PathStyle;
use envsplit_model::{Code, EnvLookup, FileError, FileKind, FileTimes, Files, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Directories that are looked at on the way up: more than any path has.
const MAX_DEPTH: usize = 256;

/// What `CODEX_HOME/.env` says, without values.
#[derive(Clone)]
pub struct Dotenv {
    /// The file; `None` when the home of Codex is not known.
    pub path: Option<String>,
    /// Whether it exists.
    pub exists: bool,
    /// When it last changed; `None` when it does not exist or could not be looked at.
    pub times: Option<FileTimes>,
    /// The lines that set a variable which the config reads, or which the caller asked for, in the file's order; the
    /// last of a name wins.
    pub entries: Vec<DotenvEntry>,
    /// What is wrong with the file, and with lines that name such a variable.
    pub problems: Vec<Problem>,
    /// Whether Codex may have read a file that could not be read here: then it is not known what it sets.
    pub(crate) unread: bool,
    /// Whether the file is read as before [`Rule::DotenvOverrides`](crate::version::Rule::DotenvOverrides).
    older: bool,
    style: PathStyle,
    values: BTreeMap<String, Taken>,
    lines: Vec<DotenvEntry>,
    broken: Vec<Broken>,
}

/// A line of `.env` that sets a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotenvEntry {
    /// The variable.
    pub name: String,
    /// The line, from 1; of a quoted value of several lines the first.
    pub line: u32,
    /// Whether Codex drops the line, because the name begins with `CODEX_`.
    pub dropped: bool,
}

#[derive(Clone)]
struct Taken {
    value: String,
    line: u32,
}

/// A line that does not parse, with the name that it seems to set.
#[derive(Clone)]
struct Broken {
    name: Option<String>,
    at: Pos,
    why: &'static str,
    /// Whether Codex does not survive the line.
    fatal: bool,
}

impl fmt::Debug for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dotenv")
            .field("path", &self.path)
            .field("exists", &self.exists)
            .field("times", &self.times)
            .field("entries", &self.entries)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl Dotenv {
    /// The file of a home that is not known.
    pub(crate) fn unknown(style: PathStyle) -> Self {
        Self {
            path: None,
            exists: false,
            times: None,
            entries: vec![],
            problems: vec![],
            unread: false,
            older: false,
            style,
            values: BTreeMap::new(),
            lines: vec![],
            broken: vec![],
        }
    }

    /// Reads the file in a directory, expanding `$NAME` from `env`; `older` as Codex did before the
    /// file won over the environment.
    pub(crate) fn read(
        home: &str,
        files: &dyn Files,
        env: &dyn EnvLookup,
        style: PathStyle,
        older: bool,
    ) -> Self {
        let path = style.join(home, ".env");
        let mut this = Self { path: Some(path.clone()), older, ..Self::unknown(style) };
        match files.read(&path) {
            Ok(bytes) => {
                this.exists = true;
                this.times = files.times(&path).ok();
                this.take(&bytes, env);
            }
            Err(FileError::NotFound) => {}
            Err(error) => {
                this.exists = true;
                this.times = files.times(&path).ok();
                // Codex 0.169 takes neither a directory nor a pipe for a file.
                this.unread = !matches!(error, FileError::IsDirectory | FileError::NotRegular);
                this.problems.push(unreadable(path, &error));
            }
        }
        this
    }

    fn take(&mut self, bytes: &[u8], env: &dyn EnvLookup) {
        let mut named: BTreeMap<String, String> = BTreeMap::new();
        for line in lines::logical(bytes) {
            let text = match line.text {
                Ok(text) => text,
                Err(why) => {
                    self.broken.push(Broken {
                        name: line.name,
                        at: Pos { line: line.first, column: 1 },
                        why,
                        fatal: false,
                    });
                    if self.older {
                        return;
                    }
                    continue;
                }
            };
            let lookup = |name: &str| {
                let taken = self.values.get(&self.fold(name)).map(|t| t.value.as_str());
                taken
                    .or_else(|| env.text(name))
                    .or_else(|| named.get(name).map(String::as_str))
                    .map(str::to_owned)
            };
            match value::pair(&text, &lookup) {
                Ok(None) => {}
                Ok(Some((name, value))) => {
                    let dropped = !self.older && name.to_ascii_uppercase().starts_with("CODEX_");
                    named.insert(name.clone(), value.clone());
                    self.lines.push(DotenvEntry { name: name.clone(), line: line.first, dropped });
                    // Before, what is set already stays: the first of a name, too.
                    let stays = self.older && self.values.contains_key(&self.fold(&name));
                    if !dropped && !stays {
                        self.values.insert(self.fold(&name), Taken { value, line: line.first });
                    }
                }
                Err(bad) => {
                    let name = lines::name_of(&text);
                    let at = lines::place(line.first, &text, bad.offset);
                    self.broken.push(Broken { name, at, why: bad.why, fatal: bad.fatal });
                    if self.older {
                        return;
                    }
                }
            }
        }
    }

    /// The nearest `.env` of a directory and its parents, which older versions read, too.
    pub(crate) fn above(
        cwd: &str,
        files: &dyn Files,
        env: &dyn EnvLookup,
        style: PathStyle,
        older: bool,
    ) -> Option<Self> {
        let mut dir = cwd.to_owned();
        for _ in 0..MAX_DEPTH {
            if files.kind(&style.join(&dir, ".env")) == Ok(FileKind::File) {
                return Some(Self::read(&dir, files, env, style, older));
            }
            dir = style.parent(&dir)?.to_owned();
        }
        None
    }

    /// Whether a line sets a variable.
    pub(crate) fn sets(&self, name: &str) -> bool {
        self.lines.iter().any(|l| self.fold(&l.name) == self.fold(name))
    }

    /// Names as the host compares them: Windows does not tell upper from lower case.
    fn fold(&self, name: &str) -> String {
        match self.style {
            PathStyle::Posix => name.to_owned(),
            PathStyle::Windows => name.to_uppercase(),
        }
    }

    /// The value that Codex takes from the file, and its line.
    pub(crate) fn value(&self, name: &str) -> Option<(&[u8], u32)> {
        self.values.get(&self.fold(name)).map(|t| (t.value.as_bytes(), t.line))
    }

    /// Fills `entries` and `problems` for the names that matter.
    pub(crate) fn keep(&mut self, names: &BTreeSet<String>) {
        let wanted: BTreeSet<String> = names.iter().map(|n| self.fold(n)).collect();
        // A name that is none may be a pasted secret: it stays inside. The others tell a misspelt one.
        let plain = |e: &&DotenvEntry| {
            e.name.len() <= 80
                && e.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !crate::looks_like_secret(&e.name)
        };
        let listed = |e: &&DotenvEntry| wanted.contains(&self.fold(&e.name)) || plain(e);
        self.entries = self.lines.iter().filter(listed).cloned().collect();
        for broken in &self.broken {
            let asked = broken.name.as_ref().filter(|n| wanted.contains(&self.fold(n)));
            let message = match asked {
                _ if broken.fatal => {
                    format!("Codex ends at its start because of this line of `.env`: {}", broken.why)
                }
                Some(name) => {
                    format!("Codex skips this line of `.env`, so `{name}` is not set by it: {}", broken.why)
                }
                None => continue,
            };
            self.problems.push(problem(self.path.clone(), Some(broken.at), message, broken.fatal));
        }
    }
}

/// Codex 0.169 goes on without a `.env` that it cannot read, a directory or a pipe included.
fn unreadable(path: String, error: &FileError) -> Problem {
    let message = format!("Codex goes on without `.env`, which could not be read: {error}");
    problem(Some(path), None, message, false)
}

fn problem(path: Option<String>, at: Option<Pos>, message: String, fatal: bool) -> Problem {
    Problem {
        code: Code::ConfigInvalid,
        path,
        line: at.map(|p| p.line),
        column: at.map(|p| p.column),
        message,
        key: None,
        nearest: None,
        fatal,
    }
}
