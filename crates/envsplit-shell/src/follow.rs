//! Files that a start reads: the start-up files, and what they source.
use crate::ast::Script;
use crate::condition::{Tri, World};
use crate::source::{Source, decode};
use crate::walk::{FrameKind, Walk};
use crate::word::{Scope, Trust, Var};
use crate::{fish_parse, glob, lines, parse};
use envsplit_model::{FileError, FileKind, FileRead, ShellKind};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// How deep files may source each other.
const DEPTH: usize = 32;
/// How many files are read in one start.
const FILES: usize = 500;
/// The largest file that is read, in bytes.
pub(crate) const SIZE: usize = 4 << 20;

/// A file's text and its commands.
pub(crate) type Parsed = Rc<(Rc<Source>, Script)>;

impl Walk<'_> {
    /// Reads `path` as a start-up file (`at` is `None`) or as the command at `at` sources it.
    pub(crate) fn file(&mut self, path: &str, at: Option<usize>) -> Tri {
        let sourced_at = at.map(|at| (self.source.path.clone(), self.line(at)));
        let from = at.unwrap_or(0);
        let files = self.env.files;
        let live = self.live();
        self.visits += 1;
        if self.visits > FILES {
            self.opaque(from, "too many files");
            return Tri::Maybe;
        }
        let real = files.canonical(path).unwrap_or_else(|_| path.to_owned());
        if self.open.contains(&real) {
            self.opaque(from, "sourced in a circle");
            return Tri::Maybe;
        }
        if self.open.len() >= DEPTH {
            self.opaque(from, "sourced too deep");
            return Tri::Maybe;
        }
        let content = match files.kind(path) {
            Ok(FileKind::Other) => Err(FileError::NotRegular),
            Ok(FileKind::Directory) => Err(FileError::IsDirectory),
            Ok(FileKind::File) => Ok(()),
            Err(error) => Err(error),
        };
        let parsed = content.and_then(|()| self.parsed(path));
        if live != Tri::No {
            let error = parsed.as_ref().err().cloned();
            self.out.files.push(FileRead {
                path: path.to_owned(),
                times: files.times(path).ok(),
                sourced_at,
                error,
            });
        }
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let why = match error {
                    FileError::NotRegular => "not a regular file",
                    FileError::TooLarge { .. } => "too large",
                    _ => return Tri::No,
                };
                self.opaque_in(path, at, why);
                return Tri::Maybe;
            }
        };
        let Some(parsed) = parsed else {
            self.opaque_in(path, at, "binary file");
            return Tri::No;
        };
        let before = std::mem::replace(&mut self.source, Rc::clone(&parsed.0));
        self.open.push(real);
        self.enter(FrameKind::File);
        let status = if lines::only(self.start.shell) {
            self.by_lines();
            Tri::Maybe
        } else {
            self.script(&parsed.1)
        };
        let status = if self.finishes() { status } else { Tri::Maybe };
        self.leave();
        self.open.pop();
        self.source = before;
        status
    }

    /// Notes a file that cannot be seen through: at the line that sources it, or in itself.
    fn opaque_in(&mut self, path: &str, at: Option<usize>, why: &str) {
        if let Some(at) = at {
            self.opaque(at, why);
        } else {
            let before = std::mem::replace(&mut self.source, Rc::new(Source::new(path, String::new(), None)));
            self.opaque(0, why);
            self.source = before;
        }
    }

    /// The commands of a file; `None` inside when it is binary.
    fn parsed(&mut self, path: &str) -> Result<Option<Parsed>, FileError> {
        if let Some(parsed) = self.parsed.get(path) {
            return Ok(Some(Rc::clone(parsed)));
        }
        let bytes = self.env.files.read(path)?;
        if bytes.len() > SIZE {
            return Err(FileError::TooLarge { limit: SIZE as u64 });
        }
        let Some(text) = decode(&bytes) else { return Ok(None) };
        let source = Source::new(path, text, self.env.files.times(path).ok());
        let parsed = parse_once(self.start.shell, source);
        self.parsed.insert(path.to_owned(), Rc::clone(&parsed));
        Ok(Some(parsed))
    }

    /// `source WORD`: follows it where the path can be known.
    pub(crate) fn sourced(&mut self, raw: &str, at: usize) -> Tri {
        if self.alone {
            return Tri::Maybe;
        }
        let expanded = self.expand(raw);
        if !expanded.whole {
            let why = match () {
                () if raw.starts_with(['<', '=']) => "process substitution",
                () if expanded.command => "command substitution",
                () => "unknown path",
            };
            self.opaque(at, why);
            return Tri::Maybe;
        }
        let fields = self.fields(raw).unwrap_or_default();
        let Some((path, trust)) = fields.into_iter().next() else {
            self.opaque(at, "unknown path");
            return Tri::Maybe;
        };
        if path.starts_with("/dev/") || path == "-" {
            self.opaque(at, "standard input");
            return Tri::Maybe;
        }
        let Some(path) = self.searched(&path) else {
            self.opaque(at, "relative path");
            return Tri::Maybe;
        };
        if self.env.files.kind(&path).is_err() && trust != Trust::Open {
            // The path is put together from a value: it is named only when a file stands there.
            self.opaque(at, "no such file");
            return Tri::No;
        }
        let absent = self.env.files.kind(&path) == Err(FileError::NotFound);
        let verdict = self.file(&path, Some(at));
        if absent && self.start.shell == ShellKind::Sh {
            self.end("error", at);
        }
        verdict
    }

    /// Where a sourced name is found: by PATH first for a name without a slash (bash(1) `source`), else from the
    /// current directory.
    fn searched(&self, path: &str) -> Option<String> {
        if !path.contains('/')
            && self.start.shell != ShellKind::Fish
            && let Var::Known(list, _) = self.var("PATH")
        {
            let hit = list.split(':').filter(|d| d.starts_with('/')).take(64).find_map(|directory| {
                let path = format!("{}/{path}", directory.trim_end_matches('/'));
                (self.env.files.kind(&path) == Ok(FileKind::File)).then_some(path)
            });
            if hit.is_some() {
                return hit;
            }
        }
        self.absolute(path)
    }

    /// The files that a pattern of the rules names.
    pub(crate) fn listed(&self, pattern: &str) -> Vec<String> {
        let word: Vec<(char, bool)> = pattern.chars().map(|c| (c, c != '*')).collect();
        glob::paths(&word, self.env.files, FILES)
    }
}

thread_local! {
    /// The files that were parsed last on this thread: many kinds of start read the same ones.
    static LAST: RefCell<VecDeque<(Language, Parsed)>> = const { RefCell::new(VecDeque::new()) };
}

/// How many files are kept, and how large one may be, in bytes.
const KEPT: usize = 16;
const WORTH_KEEPING: usize = 1 << 20;

/// In which language a file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Lines,
    Fish,
    Zsh,
    Posix,
}

/// Parses a file, unless the same one was parsed just before.
fn parse_once(shell: ShellKind, source: Source) -> Parsed {
    let language = match shell {
        shell if lines::only(shell) => Language::Lines,
        ShellKind::Fish => Language::Fish,
        ShellKind::Zsh => Language::Zsh,
        _ => Language::Posix,
    };
    let same = |(known, parsed): &&(Language, Parsed)| {
        let file = &parsed.0;
        *known == language
            && file.path == source.path
            && file.times == source.times
            && file.text == source.text
    };
    let known = LAST.with_borrow(|last| last.iter().find(same).map(|(_, parsed)| Rc::clone(parsed)));
    known.unwrap_or_else(|| {
        let script = match language {
            Language::Lines => Script::default(),
            Language::Fish => fish_parse::script(&source.text),
            Language::Zsh | Language::Posix => parse::script(&source.text, language == Language::Zsh),
        };
        let size = source.text.len();
        let parsed = Rc::new((Rc::new(source), script));
        if size <= WORTH_KEEPING {
            LAST.with_borrow_mut(|last| {
                last.truncate(KEPT - 1);
                last.push_front((language, Rc::clone(&parsed)));
            });
        }
        parsed
    })
}
