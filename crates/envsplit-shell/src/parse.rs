//! The grammar of bash, dash, ksh and zsh, by recursive descent over the text: bash(1) SHELL GRAMMAR, zshmisc(1)
//! COMPLEX COMMANDS.
//!
//! A shell reads a file line by line as far as commands are complete, and runs each before it reads the next: what
//! stands before a syntax error has run, what stands after it has not. A general parser with error recovery does not
//! keep that line, and it must not take `A=1 B=2`, line end, `cmd` for one command; so the grammar is written out.
use crate::ast::{Cmd, Kind, Script};
use crate::lex::{Broken, Pending};
use std::rc::Rc;

/// How deep commands and expansions may nest.
const DEPTH: usize = 200;
/// How often reading goes on after a syntax error.
const RECOVERIES: usize = 64;
/// Words that end a list where a command could begin.
const CLOSERS: &[&str] = &["then", "do", "done", "fi", "elif", "else", "esac", "}"];

/// The place in a text, and what is owed to it.
pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) pos: usize,
    pub(crate) zsh: bool,
    pub(crate) pending: Vec<Pending>,
    /// How many bytes may still be looked at in vain.
    pub(crate) fuel: usize,
    depth: usize,
}

/// The commands of `text`.
pub(crate) fn script(text: &str, zsh: bool) -> Script {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        pos: 0,
        zsh,
        pending: Vec::new(),
        fuel: text.len() * 16 + 4096,
        depth: 0,
    };
    let mut script = Script::default();
    let mut error = None;
    while !parser.ended() {
        let from = parser.pos;
        let mut line = Vec::new();
        let outcome = parser.line(&mut line);
        if outcome.is_err() {
            // Running out of text is the fault of what was opened, so the error is where the line begins.
            let at = if parser.ended() { first_command(&line, from, text) } else { parser.pos };
            script.errors.push(at);
            error = error.or(Some(at));
        }
        script.items.extend(line.into_iter().map(|cmd| (cmd, error)));
        if outcome.is_err() {
            // What is read again after an error was read in vain.
            let vain = parser.pos - from;
            if script.errors.len() > RECOVERIES || parser.fuel < vain {
                script.lost_from = Some(from);
                break;
            }
            parser.fuel -= vain;
            parser.recover(from);
        }
    }
    script
}

fn first_command(line: &[Cmd], from: usize, text: &str) -> usize {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n');
    line.first()
        .map_or_else(|| from + text.as_bytes()[from..].iter().take_while(|b| blank(b)).count(), |c| c.at)
}

impl Parser<'_> {
    /// The commands up to the line end that completes them.
    fn line(&mut self, into: &mut Vec<Cmd>) -> Result<(), Broken> {
        self.lines();
        while !self.ended() {
            if self.closer() {
                return Err(Broken);
            }
            into.push(self.and_or()?);
            self.blanks();
            match self.byte() {
                _ if self.ended() => return Ok(()),
                b'\n' => {
                    self.line_end();
                    return Ok(());
                }
                b';' if self.byte_at(1) != b';' => self.pos += 1,
                b'&' => self.background(into),
                _ => return Err(Broken),
            }
            self.blanks();
            if self.line_end() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// To the line after the one in which `from` stands.
    fn recover(&mut self, from: usize) {
        self.depth = 0;
        self.pending.clear();
        let start = first_command(&[], from, self.text);
        let rest = &self.bytes[start..];
        self.pos = start + rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |p| p + 1);
    }

    pub(crate) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Broken>) -> Result<T, Broken> {
        if self.depth >= DEPTH {
            return Err(Broken);
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Commands up to what closes them, which is left standing.
    pub(crate) fn list(&mut self) -> Result<Vec<Cmd>, Broken> {
        let mut list = Vec::new();
        loop {
            self.lines();
            // zsh takes an empty command.
            while self.zsh && self.byte() == b';' && !matches!(self.byte_at(1), b';' | b'&' | b'|') {
                self.pos += 1;
                self.lines();
            }
            if self.ended() || self.closer() {
                return Ok(list);
            }
            list.push(self.and_or()?);
            self.blanks();
            match self.byte() {
                b'\n' => {}
                b';' if !matches!(self.byte_at(1), b';' | b'&' | b'|') => self.pos += 1,
                b'&' => self.background(&mut list),
                _ => return Ok(list),
            }
        }
    }

    pub(crate) fn some(&mut self) -> Result<Vec<Cmd>, Broken> {
        let list = self.list()?;
        if list.is_empty() && !self.zsh { Err(Broken) } else { Ok(list) }
    }

    fn background(&mut self, list: &mut [Cmd]) {
        self.pos += 1;
        if self.zsh && matches!(self.byte(), b'!' | b'|') {
            self.pos += 1;
        }
        if let Some(last) = list.last_mut() {
            last.kind = Kind::Apart;
        }
    }

    /// The plain word that stands here, without moving.
    pub(crate) fn peek(&self) -> &str {
        let rest = &self.bytes[self.pos..];
        let delimiter = |b: &u8| b" \t\n;&|()<>".contains(b);
        &self.text[self.pos..self.pos + rest.iter().position(delimiter).unwrap_or(rest.len())]
    }

    fn closer(&self) -> bool {
        self.byte() == b')' || self.bytes[self.pos..].starts_with(b";") || CLOSERS.contains(&self.peek())
    }

    pub(crate) fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.pos += word.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, word: &str) -> Result<(), Broken> {
        self.lines();
        if self.take(word) { Ok(()) } else { Err(Broken) }
    }

    pub(crate) fn and_or(&mut self) -> Result<Cmd, Broken> {
        self.deeper(|p| {
            let mut left = p.pipeline()?;
            loop {
                p.blanks();
                let and = p.bytes[p.pos..].starts_with(b"&&");
                if !and && !p.bytes[p.pos..].starts_with(b"||") {
                    return Ok(left);
                }
                p.pos += 2;
                p.lines();
                left = left.joined(and, p.pipeline()?);
            }
        })
    }

    fn pipeline(&mut self) -> Result<Cmd, Broken> {
        self.blanks();
        let at = self.pos;
        let mut negated = false;
        loop {
            self.blanks();
            if self.take("!") {
                negated = !negated;
            } else if self.take("time") {
                self.blanks();
                if !self.take("-p") && self.command_ends() {
                    return Ok(Cmd { at, kind: Kind::Apart });
                }
            } else {
                break;
            }
        }
        let mut cmd = self.command()?;
        loop {
            self.blanks();
            if self.byte() != b'|' || self.byte_at(1) == b'|' {
                break;
            }
            self.pos += if self.byte_at(1) == b'&' { 2 } else { 1 };
            self.lines();
            let at = cmd.at;
            cmd = Cmd { at, kind: Kind::Pipe(Box::new(self.command()?)) };
        }
        Ok(if negated { Cmd { at, kind: Kind::Not(Box::new(cmd)) } } else { cmd })
    }

    fn command_ends(&self) -> bool {
        self.ended() || matches!(self.byte(), b'\n' | b';' | b'&' | b'|' | b')')
    }

    pub(crate) fn command(&mut self) -> Result<Cmd, Broken> {
        self.blanks();
        let at = self.pos;
        let kind = self.deeper(|p| match p.compound()? {
            Some(kind) => {
                loop {
                    p.blanks();
                    if !p.redirection()? {
                        break;
                    }
                }
                Ok(kind)
            }
            None => p.simple(),
        })?;
        Ok(Cmd { at, kind })
    }

    fn simple(&mut self) -> Result<Kind, Broken> {
        let mut words = Vec::new();
        let from = self.pos;
        loop {
            self.blanks();
            if self.zsh && self.peek() == "}" {
                break;
            }
            if self.redirection()? {
                continue;
            }
            // zsh: an argument may begin with a group of a pattern, `print -l (a|b)*`.
            let group = self.zsh && !words.is_empty() && self.byte() == b'(' && self.byte_at(1) != b')';
            match if group { self.pattern()? } else { self.word()? } {
                Some(word) => words.push(word),
                None => break,
            }
            if words.len() == 1 {
                self.blanks();
                let group = self.zsh && self.byte_at(1) != b')';
                if self.byte() == b'(' && !self.ended() && !group {
                    self.pos += 1;
                    self.expect_byte(b')')?;
                    self.lines();
                    let name = words.pop().map_or_else(String::new, |w| self.text[w].to_owned());
                    return Ok(Kind::Function { name, body: Rc::new(vec![self.command()?]) });
                }
            }
        }
        if self.pos == from || self.byte() == b'(' && !self.ended() {
            Err(Broken)
        } else {
            Ok(Kind::Simple(words))
        }
    }
}
