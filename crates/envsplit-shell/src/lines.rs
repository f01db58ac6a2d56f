//! Files read line by line: tcsh, nushell and PowerShell, and what is left of a file that no grammar takes.
use crate::condition::Tri;
use crate::source::{Source, decode};
use crate::walk::{FrameKind, Walk};
use crate::word::name_length;
use envsplit_model::{Files, How, ShellKind};
use std::rc::Rc;

/// Whether files of this shell are read line by line.
pub(crate) fn only(shell: ShellKind) -> bool {
    matches!(shell, ShellKind::Tcsh | ShellKind::Nu | ShellKind::Pwsh | ShellKind::Unknown)
}

/// The lines of `text`, each with the place of its first byte.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split('\n').map(move |line| {
        let from = at;
        at += line.len() + 1;
        (from, line)
    })
}

/// A text file of modest size.
pub(crate) fn text_file(path: &str, files: &dyn Files) -> Option<Rc<Source>> {
    let bytes = files.read(path).ok().filter(|b| b.len() <= crate::follow::SIZE)?;
    Some(Rc::new(Source::new(path, decode(&bytes)?, files.times(path).ok())))
}

/// The name that a line touches, where it stands in the line, and how.
pub(crate) fn touched(line: &str, shell: ShellKind) -> Option<(&str, usize, How)> {
    let start = line.len() - line.trim_start().len();
    let text = &line[start..];
    let named = |at: usize, how: How| {
        let length = name_length(&line[at..]);
        (length > 0).then(|| (&line[at..at + length], at, how))
    };
    let after = |prefix: &str| {
        let head = text.get(..prefix.len()).filter(|h| h.eq_ignore_ascii_case(prefix))?;
        let rest = &text[head.len()..];
        Some(start + head.len() + rest.len() - rest.trim_start().len())
    };
    let sets = |at: usize| {
        let tail = line[at + name_length(&line[at..])..].trim_start_matches(['}', ' ', '\t']);
        tail.starts_with('=') && !tail.starts_with("==") || tail.starts_with("+=") || tail.starts_with("++=")
    };
    match shell {
        ShellKind::Tcsh => after("setenv ")
            .and_then(|at| named(at, How::Export))
            .or_else(|| after("unsetenv ").and_then(|at| named(at, How::Unset)))
            .or_else(|| after("set ").and_then(|at| named(at, How::Assignment))),
        ShellKind::Nu => after("$env.")
            .filter(|at| sets(*at))
            .and_then(|at| named(at, How::Export))
            .or_else(|| after("hide-env ").and_then(|at| named(at, How::Unset)))
            .or_else(|| {
                let at = after("load-env ")?;
                let brace = line[at..].strip_prefix('{')?;
                let at = at + 1 + brace.len() - brace.trim_start_matches([' ', '"', '\'']).len();
                named(at, How::Export)
            }),
        ShellKind::Pwsh => after("$env:")
            .or_else(|| after("${env:"))
            .filter(|at| sets(*at))
            .and_then(|at| named(at, How::Export))
            .or_else(|| {
                let at = after("[Environment]::SetEnvironmentVariable(")
                    .or_else(|| after("[System.Environment]::SetEnvironmentVariable("))?;
                let quote = usize::from(line[at..].starts_with(['"', '\'']));
                named(at + quote, How::Export)
            })
            .or_else(|| {
                let at = after("Remove-Item Env:").or_else(|| after("Remove-Item -Path Env:"))?;
                named(at + usize::from(line[at..].starts_with(['\\', '/'])), How::Unset)
            }),
        ShellKind::Fish => {
            let at = after("set ")?;
            let mut exports = false;
            let mut erases = false;
            let mut place = at;
            for word in line[at..].split(' ') {
                if !word.starts_with('-') && !word.is_empty() {
                    let how = if erases {
                        How::Unset
                    } else if exports {
                        How::Export
                    } else {
                        How::Assignment
                    };
                    return named(place, how);
                }
                let long = word.starts_with("--");
                exports |= word == "--export" || !long && word.contains('x');
                erases |= word == "--erase" || !long && word.contains('e');
                place += word.len() + 1;
            }
            None
        }
        _ => {
            let exports = ["export ", "declare -x ", "typeset -x ", "typeset -gx ", "declare -gx "];
            let hit = exports.iter().find_map(|p| after(p));
            if let Some(at) = hit {
                let how = if sets(at) { How::Export } else { How::ExportOnly };
                return named(at, how);
            }
            if let Some(at) = after("unset ") {
                return named(at, How::Unset);
            }
            let tail = &text[name_length(text)..];
            (tail.starts_with('=') || tail.starts_with("+=")).then(|| named(start, How::Assignment)).flatten()
        }
    }
}

/// Whether the line opens or closes a block, by how much, outside quotes and comments.
fn depth(line: &str, shell: ShellKind) -> i32 {
    let text = line.trim();
    if shell == ShellKind::Tcsh {
        let first = text.split([' ', '\t', '(']).next().unwrap_or_default();
        return match first {
            "if" if text.ends_with("then") => 1,
            "foreach" | "while" | "switch" => 1,
            "endif" | "end" | "endsw" => -1,
            _ => 0,
        };
    }
    let mut quote = None;
    let mut depth = 0;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '#') => break,
            (None, '{' | '(' | '[') => depth += 1,
            (None, '}' | ')' | ']') => depth -= 1,
            _ => {}
        }
    }
    depth
}

impl Walk<'_> {
    /// The current file, line by line.
    pub(crate) fn by_lines(&mut self) {
        let source = Rc::clone(&self.source);
        let shell = self.start.shell;
        let mut open: Option<(i32, usize)> = None;
        for (at, line) in numbered(&source.text) {
            let text = line.trim_start();
            if text.starts_with('#') || text.is_empty() {
                continue;
            }
            let change = depth(line, shell);
            let conditional = open.map(|(_, from)| from).or_else(|| text.starts_with("if").then_some(at));
            if let Some(from) = conditional {
                let (path, line) = (source.path.clone(), source.line(from));
                self.enter(FrameKind::Branch { path, line, taken: Tri::Maybe });
            }
            self.one_line(at, line, text, shell);
            if conditional.is_some() {
                self.leave();
            }
            open = match open {
                Some((level, from)) if level + change > 0 => Some((level + change, from)),
                None if change > 0 => Some((change, at)),
                _ => None,
            };
        }
    }

    fn one_line(&mut self, at: usize, line: &str, text: &str, shell: ShellKind) {
        // `if (…) setenv N v` in one line.
        let inner =
            if shell == ShellKind::Tcsh && text.starts_with("if") && !text.trim_end().ends_with("then") {
                line.rfind(") ").map_or(0, |p| p + 2)
            } else {
                0
            };
        let rest = &line[inner..];
        if let Some((name, place, how)) = touched(rest, shell) {
            self.set(name, if how == How::Unset { crate::word::Var::Unset } else { crate::word::Var::Set });
            self.touch(name, how, at + inner + place);
        }
        let mut words = rest.split_whitespace();
        match words.next().unwrap_or_default() {
            "source" | "." | "source-env" | "use" | "overlay" => {
                let target = words.next().unwrap_or_default();
                if matches!(shell, ShellKind::Tcsh | ShellKind::Nu) && target.starts_with(['/', '~']) {
                    self.sourced(target, at);
                } else {
                    self.opaque(at, "unknown path");
                }
            }
            "eval" | "iex" | "Invoke-Expression" => self.opaque(at, "eval"),
            command @ ("exit" | "exec" | "return") => self.end(command, at),
            _ => {}
        }
    }

    /// The rest of the current file from the byte `from` on, by the names alone.
    pub(crate) fn scan(&mut self, from: usize) {
        let source = Rc::clone(&self.source);
        for (at, line) in numbered(&source.text).filter(|(at, _)| *at >= from) {
            if let Some((name, place, how)) = touched(line, self.start.shell)
                && self.names.contains(name)
            {
                self.touch(name, how, at + place);
            }
        }
    }
}
