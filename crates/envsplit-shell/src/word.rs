//! What a word of the POSIX family stands for, as far as it can be known: bash(1) EXPANSION.
use crate::glob;
pub(crate) use crate::value::{Expanded, Scope, Trust, Var};

fn is_name(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// The length of the variable name that `text` begins with.
pub(crate) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    bytes.iter().position(|b| !is_name(*b)).unwrap_or(bytes.len())
}

/// The name that the word assigns and where its value begins: `N=`, `N+=`, `N[…]=`.
pub(crate) fn assignment(word: &str) -> Option<(&str, usize)> {
    let length = name_length(word);
    let mut at = length;
    if length == 0 {
        return None;
    }
    if word.as_bytes().get(at) == Some(&b'[') {
        at += word[at..].find(']')? + 1;
    }
    if word.as_bytes().get(at) == Some(&b'+') {
        at += 1;
    }
    (word.as_bytes().get(at) == Some(&b'=')).then_some((&word[..length], at + 1))
}

/// The word without its quotes, nothing expanded.
pub(crate) fn unquoted(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None | Some('"'), '\\') => out.extend(chars.next().filter(|c| *c != '\n')),
            _ => out.push(c),
        }
    }
    out
}

/// How deep expansions in expansions are followed.
const DEPTH: usize = 16;
/// Longer words are not looked into.
const LENGTH: usize = 1 << 16;

/// What `word` stands for.
pub(crate) fn expand(word: &str, scope: &dyn Scope) -> Expanded {
    let mut out = Expanded::empty();
    if word.len() > LENGTH {
        out.unknown();
        return out;
    }
    let mut reader = Reader { bytes: word.as_bytes(), text: word, pos: 0, scope, depth: DEPTH };
    reader.tilde(&mut out);
    reader.word(&mut out, false);
    out
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    pos: usize,
    scope: &'a dyn Scope,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    fn tilde(&mut self, out: &mut Expanded) {
        if self.byte() != b'~' {
            return;
        }
        self.pos += 1;
        if matches!(self.byte(), b'/' | 0) {
            out.value(self.scope.var("HOME"), true);
        } else {
            out.unknown();
        }
    }

    fn word(&mut self, out: &mut Expanded, quoted: bool) {
        while self.pos < self.bytes.len() {
            match self.byte() {
                b'\\' => {
                    self.pos += 1;
                    let Some(c) = self.text.get(self.pos..).and_then(|t| t.chars().next()) else { return };
                    if quoted && !matches!(c, '$' | '`' | '"' | '\\' | '\n') {
                        out.chars.push(('\\', true));
                    }
                    if c != '\n' {
                        out.chars.push((c, true));
                    }
                    self.pos += c.len_utf8();
                }
                b'\'' if !quoted => {
                    out.quoted = true;
                    let rest = &self.text[self.pos + 1..];
                    let end = rest.find('\'').unwrap_or(rest.len());
                    out.push(&rest[..end], true);
                    self.pos = (self.pos + end + 2).min(self.bytes.len());
                }
                b'"' if !quoted => {
                    out.quoted = true;
                    let end = self.closing(self.pos + 1, b'"');
                    self.nested(self.pos + 1, end).word(out, true);
                    self.pos = (end + 1).min(self.bytes.len());
                }
                b'`' => {
                    self.pos = (self.closing(self.pos + 1, b'`') + 1).min(self.bytes.len());
                    out.command = true;
                    out.splits |= !quoted;
                    out.unknown();
                }
                b'<' | b'>' if !quoted => {
                    out.command = true;
                    out.unknown();
                    return;
                }
                b'$' => self.dollar(out, quoted),
                _ => {
                    let Some(c) = self.text.get(self.pos..).and_then(|t| t.chars().next()) else { return };
                    out.chars.push((c, quoted));
                    self.pos += c.len_utf8();
                }
            }
        }
    }

    fn nested(&self, from: usize, to: usize) -> Reader<'a> {
        let text = self.text.get(from..to.max(from)).unwrap_or_default();
        Reader {
            bytes: text.as_bytes(),
            text,
            pos: 0,
            scope: self.scope,
            depth: self.depth.saturating_sub(1),
        }
    }

    /// Where the quotation or bracket that began before `from` closes.
    fn closing(&self, from: usize, end: u8) -> usize {
        let mut at = from;
        let mut open: Vec<u8> = Vec::new();
        while at < self.bytes.len() {
            let b = self.bytes[at];
            match b {
                b'\\' => at += 1,
                _ if open.is_empty() && b == end => return at,
                _ if open.last() == Some(&b) => {
                    open.pop();
                }
                b'{' if self.bytes[at - 1] == b'$' => open.push(b'}'),
                b'(' if self.bytes[at - 1] == b'$' || open.last() == Some(&b')') || end == b')' => {
                    open.push(b')');
                }
                b'"' if end != b'"' || !open.is_empty() => open.push(b'"'),
                b'\'' if end == b')' && open.is_empty() => open.push(b'\''),
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    fn dollar(&mut self, out: &mut Expanded, quoted: bool) {
        let next = self.bytes.get(self.pos + 1).copied().unwrap_or(0);
        if next == b'\'' && !quoted {
            // $'…': escapes are left aside.
            let end = self.closing(self.pos + 2, b'\'');
            let inner = self.text.get(self.pos + 2..end).unwrap_or_default();
            if inner.contains('\\') {
                out.unknown();
            } else {
                out.push(inner, true);
            }
            out.quoted = true;
            self.pos = (end + 1).min(self.bytes.len());
            return;
        }
        match next {
            b'(' => {
                let end = self.closing(self.pos + 2, b')');
                let inner = self.text.get(self.pos + 2..end).unwrap_or_default();
                self.pos = (end + 1).min(self.bytes.len());
                self.command(inner, out, quoted);
            }
            b'{' => {
                let end = self.closing(self.pos + 2, b'}');
                let inner = self.text.get(self.pos + 2..end).unwrap_or_default();
                self.pos = (end + 1).min(self.bytes.len());
                out.splits |= !quoted;
                let value = self.braces(inner, quoted);
                out.append(value, quoted);
            }
            _ => {
                let rest = self.text.get(self.pos + 1..).unwrap_or_default();
                let length = match name_length(rest) {
                    0 if rest.starts_with(|c: char| c.is_ascii_digit() || "-#?$!@*".contains(c)) => 1,
                    length => length,
                };
                if length == 0 {
                    out.chars.push(('$', true));
                    self.pos += 1;
                    return;
                }
                let mut value = self.scope.var(&rest[..length]);
                self.pos += 1 + length;
                if self.scope.zsh() && matches!(self.byte(), b'[' | b':') && length > 0 {
                    if self.byte() == b'[' {
                        value = Var::Unknown;
                    } else {
                        let tail = &self.text[self.pos..];
                        let end =
                            tail.find(|c: char| c != ':' && !c.is_ascii_alphabetic()).unwrap_or(tail.len());
                        value = modified(value, &tail[..end]);
                        self.pos += end;
                    }
                }
                out.splits |= !quoted;
                out.value(value, quoted);
            }
        }
    }

    /// `$(…)`: only what names a directory is followed.
    fn command(&mut self, inner: &str, out: &mut Expanded, quoted: bool) {
        out.splits |= !quoted;
        let inner = inner.trim();
        let dirname = inner.strip_prefix("dirname ").map(|w| w.trim().trim_start_matches("-- ").trim());
        if let Some(word) = dirname.filter(|_| self.depth > 0) {
            let mut part = Expanded::empty();
            Reader { bytes: word.as_bytes(), text: word, pos: 0, scope: self.scope, depth: self.depth - 1 }
                .word(&mut part, false);
            if let Some(path) = part.text().filter(|t| !t.contains([' ', ';', '|', '&'])) {
                let head =
                    path.rsplit_once('/').map_or(".", |(head, _)| if head.is_empty() { "/" } else { head });
                out.trust = out.trust.max(part.trust);
                out.push(head, quoted);
                return;
            }
        } else if matches!(inner, "pwd" | "pwd -P")
            && let Some(directory) = self.scope.directory()
        {
            out.push(&directory, quoted);
            return;
        }
        out.command = true;
        out.unknown();
    }

    /// The inside of `${…}`.
    fn braces(&mut self, inner: &str, quoted: bool) -> Expanded {
        let mut out = Expanded::empty();
        let bytes = inner.as_bytes();
        let mut length = match name_length(inner) {
            0 if inner.starts_with(|c: char| c.is_ascii_digit() || "-?$!@*".contains(c)) => 1,
            length => length,
        };
        if length == 0 || self.depth == 0 {
            out.unknown();
            return out;
        }
        let name = &inner[..length];
        let mut value = self.scope.var(name);
        if bytes.get(length) == Some(&b'[') {
            let end = inner[length..].find(']').map_or(inner.len(), |e| length + e + 1);
            if !(name == "BASH_SOURCE" && matches!(&inner[length..end], "[0]" | "[-1]")) {
                value = Var::Unknown;
            }
            length = end;
        }
        let rest = &inner[length..];
        let colon = rest.starts_with(':');
        let operator = rest.as_bytes().get(usize::from(colon)).copied().unwrap_or(0);
        let operand = rest.get(usize::from(colon) + 1..).unwrap_or_default();
        let present = match &value {
            Var::Unset => Some(false),
            Var::Known(text, _) => Some(!(colon && text.is_empty())),
            Var::Filled => Some(true),
            Var::Set => (!colon).then_some(true),
            Var::Unknown => None,
        };
        match operator {
            b'-' | b'=' => match present {
                Some(true) => out.value(value, quoted),
                Some(false) => out = self.operand(operand, quoted),
                None => {
                    out.unknown();
                    // Whichever it is, it is not empty: `${X:-word}`.
                    out.filled = colon && self.operand(operand, quoted).is_empty() == Some(false);
                }
            },
            b'+' => match present {
                Some(true) => out = self.operand(operand, quoted),
                Some(false) => {}
                None => out.unknown(),
            },
            0 | b'?' => out.value(value, quoted),
            b'#' | b'%' if !colon => {
                let greedy = operand.as_bytes().first() == Some(&operator);
                let pattern = self.operand(&operand[usize::from(greedy)..], quoted);
                match (&value, pattern.whole) {
                    (Var::Known(text, trust), true) if text.len() < 512 && pattern.chars.len() < 64 => {
                        let cut = glob::strip(text, &pattern.chars, operator == b'#', greedy);
                        out.push(cut, quoted);
                        out.trust = (*trust).max(pattern.trust);
                    }
                    (Var::Unset, _) => {}
                    _ => out.unknown(),
                }
            }
            _ if colon && self.scope.zsh() => out.value(modified(value, rest), quoted),
            _ => out.unknown(),
        }
        out
    }

    fn operand(&self, text: &str, quoted: bool) -> Expanded {
        let mut out = Expanded::empty();
        let mut reader = Reader {
            bytes: text.as_bytes(),
            text,
            pos: 0,
            scope: self.scope,
            depth: self.depth.saturating_sub(1),
        };
        if !quoted {
            reader.tilde(&mut out);
        }
        // Inside double quotes an operand may have double quotes of its own.
        reader.word(&mut out, quoted && !text.contains('"'));
        out
    }
}

/// zshexpn(1) MODIFIERS, those that name directories and files.
fn modified(value: Var, modifiers: &str) -> Var {
    let Var::Known(mut text, trust) = value else { return value };
    for modifier in modifiers.split(':').filter(|m| !m.is_empty()) {
        match modifier {
            "a" | "A" | "P" => {}
            "h" => text = text.rsplit_once('/').map_or_else(|| ".".to_owned(), |(head, _)| head.to_owned()),
            "t" => text = text.rsplit('/').next().unwrap_or_default().to_owned(),
            "r" => text = text.rsplit_once('.').map_or_else(|| text.clone(), |(head, _)| head.to_owned()),
            _ => return Var::Unknown,
        }
    }
    Var::Known(text, trust)
}
