//! Lines of start-up files made safe to show: what is kept is known by its form, everything else is `…`.
//!
//! A line can stand inside a string, a here-document or an array, so no word is kept only because of where a whole
//! file would put it. Kept are words of the shells' own vocabulary, options, names of variables in the form of
//! names, plain expansions of variables, and paths where only a path makes sense. Comments are dropped: an old key may
//! stand there.
use crate::form::{HIDDEN, Token, expansion, is_option, path, plain_name, tokens};
use crate::word::{assignment, name_length};
use envsplit_model::{ShellKind, text};
use std::collections::HashSet;

/// What is looked at of a line, in bytes.
const LENGTH: usize = 2000;

/// What may follow the command that was read last.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Command,
    /// Names of variables and assignments.
    Names,
    /// One name, then hidden.
    Name,
    /// Options alone.
    Options,
    Path,
    Test,
    /// A path, as operand of a test.
    TestPath,
    Subject,
    Number,
    Program,
    /// Lower-case words: options of a shell.
    Switches,
    Hidden,
}

const WORDS: &[(&str, Next)] = &[
    ("if", Next::Command),
    ("then", Next::Command),
    ("else", Next::Command),
    ("elif", Next::Command),
    ("fi", Next::Command),
    ("while", Next::Command),
    ("until", Next::Command),
    ("do", Next::Command),
    ("done", Next::Command),
    ("esac", Next::Command),
    ("!", Next::Command),
    ("{", Next::Command),
    ("}", Next::Command),
    ("and", Next::Command),
    ("or", Next::Command),
    ("not", Next::Command),
    ("begin", Next::Command),
    ("end", Next::Command),
    ("endif", Next::Command),
    ("command", Next::Command),
    ("builtin", Next::Command),
    ("case", Next::Subject),
    ("switch", Next::Subject),
    ("for", Next::Name),
    ("function", Next::Name),
    ("export", Next::Names),
    ("declare", Next::Names),
    ("typeset", Next::Names),
    ("readonly", Next::Names),
    ("local", Next::Names),
    ("unset", Next::Names),
    ("unsetenv", Next::Names),
    ("read", Next::Names),
    ("setenv", Next::Name),
    ("set", Next::Options),
    ("source", Next::Path),
    (".", Next::Path),
    ("[", Next::Test),
    ("[[", Next::Test),
    ("test", Next::Test),
    ("return", Next::Number),
    ("exit", Next::Number),
    ("exec", Next::Program),
    ("setopt", Next::Switches),
    ("unsetopt", Next::Switches),
    ("shopt", Next::Switches),
    ("status", Next::Switches),
    ("eval", Next::Hidden),
    ("echo", Next::Hidden),
    ("printf", Next::Hidden),
    ("print", Next::Hidden),
    ("alias", Next::Hidden),
    ("cd", Next::Hidden),
    ("trap", Next::Hidden),
    (":", Next::Hidden),
    ("true", Next::Hidden),
    ("false", Next::Hidden),
    ("break", Next::Number),
    ("continue", Next::Number),
    ("fish_add_path", Next::Hidden),
    ("SETUVAR", Next::Name),
    ("load-env", Next::Hidden),
    ("hide-env", Next::Name),
    ("emulate", Next::Switches),
];

const PROGRAMS: &[&str] = &[
    "bash",
    "zsh",
    "fish",
    "sh",
    "dash",
    "ksh",
    "tcsh",
    "csh",
    "nu",
    "pwsh",
    "tmux",
    "screen",
    "zellij",
    "env",
    "startx",
    "sway",
    "sudo",
    "su",
    "login",
    "ssh-agent",
    "dbus-run-session",
    "i3",
    "xinit",
];

const TESTS: &[&str] = &[
    "!",
    "=",
    "==",
    "!=",
    "=~",
    "-eq",
    "-ne",
    "-lt",
    "-le",
    "-gt",
    "-ge",
    "-o",
    "-a",
    "]",
    "]]",
    "*i*",
    "\"*i*\"",
    "'*i*'",
    "-n",
    "-z",
    "-t",
    "-v",
    "-w",
    "0",
    "1",
    "2",
    "interactive",
    "login",
];

/// The line with every value hidden: `export KEY=abc "x y"` becomes `export KEY=…`. Control characters are replaced.
pub fn mask_line(line: &str, shell: ShellKind) -> String {
    self::line(line, shell, &HashSet::new())
}

/// [`mask_line`]; `names` are kept where a variable's name stands, whatever their form.
pub(crate) fn line(line: &str, shell: ShellKind, names: &HashSet<String>) -> String {
    let mut end = line.len().min(LENGTH);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let line = line[..end].trim();
    let mut masker = Masker { out: String::new(), next: Next::Command, shell, names };
    if matches!(shell, ShellKind::Nu | ShellKind::Pwsh) {
        masker.member(line);
    } else {
        for token in tokens(line) {
            masker.token(&token);
        }
    }
    text::shown(&masker.out)
}

struct Masker<'a> {
    out: String,
    next: Next,
    shell: ShellKind,
    names: &'a HashSet<String>,
}

impl Masker<'_> {
    fn keep(&mut self, word: &str) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(word);
    }

    fn hide(&mut self) {
        if !self.out.ends_with(HIDDEN) {
            self.keep(HIDDEN);
        }
    }

    /// Keeps the word in the form that `kept` gives it, or hides it.
    fn either(&mut self, kept: Option<String>) {
        match kept {
            Some(word) => self.keep(&word),
            None => self.hide(),
        }
    }

    fn is_name(&self, name: &str) -> bool {
        self.names.contains(name) || plain_name(name)
    }

    /// `NAME=…` with what stands before the `=`.
    fn assigned(&self, word: &str) -> Option<String> {
        let (name, value) = assignment(word)?;
        let plus = if word[..value].ends_with("+=") { "+=" } else { "=" };
        self.is_name(name).then(|| format!("{name}{plus}{HIDDEN}"))
    }

    /// nushell and PowerShell: `$env.NAME = …`, `$env:NAME = …`.
    fn member(&mut self, line: &str) {
        let lower = line.to_ascii_lowercase();
        let hit = ["$env.", "$env:", "${env:", "hide-env ", "load-env ", "remove-item env:"]
            .iter()
            .find(|p| lower.starts_with(**p));
        let Some(prefix) = hit else {
            let word = line.split_whitespace().next().unwrap_or_default();
            match word {
                "if" | "return" | "exit" | "exec" | "source" | "." => {
                    self.keep(word);
                    if line.len() > word.len() {
                        self.hide();
                    }
                }
                _ => self.hide(),
            }
            return;
        };
        let rest = line[prefix.len()..].trim_start();
        let name = &rest[..name_length(rest)];
        if name.is_empty() || !self.is_name(name) {
            self.hide();
            return;
        }
        self.keep(&format!("{}{name}", &line[..prefix.len()]));
        let tail = rest[name.len()..].trim_start_matches('}').trim_start();
        if tail.starts_with('=') {
            self.keep("=");
        }
        if !tail.is_empty() {
            self.hide();
        }
    }

    fn token(&mut self, token: &Token) {
        match token {
            Token::Operator(operator) => {
                match *operator {
                    ";" | ";;" | ")" => self.out.push_str(operator),
                    _ => self.keep(operator),
                }
                let redirects = operator.contains(['<', '>']);
                match self.next {
                    Next::Test | Next::TestPath if !matches!(*operator, ";" | ";;") => {}
                    _ if redirects => self.next = Next::Hidden,
                    _ => self.next = Next::Command,
                }
            }
            Token::Word(word) => self.word(word),
        }
    }

    fn word(&mut self, word: &str) {
        let option = |w: &str| is_option(w).then(|| w.to_owned());
        match self.next {
            Next::Command => self.command(word),
            Next::Names | Next::Name if is_option(word) => self.keep(word),
            Next::Names => {
                let kept = self.assigned(word).or_else(|| self.is_name(word).then(|| word.to_owned()));
                if kept.is_none() || self.out.ends_with(HIDDEN) && !word.contains('=') {
                    self.next = Next::Hidden;
                    self.hide();
                } else {
                    self.either(kept);
                }
            }
            Next::Name => {
                let name = word.split([':', '[']).next().unwrap_or_default();
                let kept = self.is_name(name).then(|| name.to_owned());
                self.either(kept);
                self.next = Next::Hidden;
            }
            Next::Options => match word {
                _ if is_option(word) => {
                    self.keep(word);
                    if word.ends_with('o') && self.shell != ShellKind::Fish {
                        self.next = Next::Switches;
                    }
                }
                _ if matches!(self.shell, ShellKind::Fish | ShellKind::Tcsh) => {
                    self.next = Next::Name;
                    self.word(word);
                }
                _ => {
                    self.next = Next::Hidden;
                    self.hide();
                }
            },
            Next::Path => {
                self.either(path(word));
                self.next = Next::Hidden;
            }
            Next::Test | Next::TestPath => {
                let file = matches!(word, "-e" | "-f" | "-r" | "-d" | "-s" | "-x" | "-h" | "-L");
                let kept = if file || TESTS.contains(&word) {
                    Some(word.to_owned())
                } else if let Some(kept) = expansion(word) {
                    Some(kept)
                } else if self.next == Next::TestPath {
                    path(word)
                } else {
                    None
                };
                self.either(kept);
                self.next = match word {
                    "]" | "]]" => Next::Command,
                    _ if file => Next::TestPath,
                    _ => Next::Test,
                };
            }
            Next::Subject => {
                if word == "in" {
                    self.keep(word);
                    self.next = Next::Command;
                } else {
                    self.either(expansion(word));
                }
            }
            Next::Number => {
                let plain = word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit());
                self.either(plain.then(|| word.to_owned()));
            }
            Next::Program => {
                let kept = PROGRAMS.contains(&word).then(|| word.to_owned());
                self.either(kept.or_else(|| path(word)).or_else(|| expansion(word)).or_else(|| option(word)));
                self.next = if is_option(word) { Next::Program } else { Next::Options };
            }
            Next::Switches => {
                let word_ok = word.len() <= 24
                    && word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-'));
                self.either(word_ok.then(|| word.to_owned()));
            }
            Next::Hidden => self.hide(),
        }
    }

    fn command(&mut self, word: &str) {
        if let Some((_, next)) = WORDS.iter().find(|(w, _)| *w == word) {
            self.keep(word);
            self.next = *next;
        } else if let Some(kept) = self.assigned(word) {
            self.keep(&kept);
        } else if matches!(word, "*" | "*i*" | "in" | "$-") {
            self.keep(word);
        } else {
            self.hide();
            self.next = Next::Hidden;
        }
    }
}
