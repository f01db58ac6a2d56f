//! The grammar of fish, as far as it decides what is reached: fish-language(1).
use crate::ast::{Arm, Choice, Cmd, Kind, Script, Span};
use std::rc::Rc;

const DEPTH: usize = 100;

struct Broken;

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    depth: usize,
    /// Where the command at the top began.
    top: usize,
}

/// The commands of `text`. fish runs nothing of a file that has a syntax error.
pub(crate) fn script(text: &str) -> Script {
    let mut script = Script::default();
    let mut parser = Parser { text, bytes: text.as_bytes(), pos: 0, depth: 0, top: 0 };
    let mut list = Vec::new();
    let mut error = None;
    while parser.pos < parser.bytes.len() {
        parser.top = parser.pos;
        if parser.list(&mut list).is_err() || parser.pos < parser.bytes.len() {
            // Running out of text is the fault of what was opened: reading goes on in the line after it.
            let at = if parser.pos >= text.len() { parser.top } else { parser.pos };
            if script.errors.len() >= 64 {
                script.lost_from = Some(at);
                break;
            }
            error = error.or(Some(at));
            script.errors.push(at);
            parser.depth = 0;
            parser.pos =
                at + parser.bytes[at..].iter().position(|b| *b == b'\n').map_or(text.len() - at, |p| p + 1);
        }
    }
    script.items = list.into_iter().map(|cmd| (cmd, error)).collect();
    script
}

impl Parser<'_> {
    fn byte(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        loop {
            match self.byte() {
                b' ' | b'\t' => self.pos += 1,
                b'\\' if self.bytes.get(self.pos + 1) == Some(&b'\n') => self.pos += 2,
                b'#' => {
                    let rest = &self.bytes[self.pos..];
                    self.pos += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn separators(&mut self) {
        loop {
            self.blanks();
            if !matches!(self.byte(), b'\n' | b';') || self.pos >= self.bytes.len() {
                return;
            }
            self.pos += 1;
        }
    }

    fn peek(&self) -> &str {
        let rest = &self.bytes[self.pos..];
        let end = rest.iter().position(|b| b" \t\n;&|()<>".contains(b)).unwrap_or(rest.len());
        &self.text[self.pos..self.pos + end]
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.pos += word.len();
        }
        found
    }

    /// Commands up to `end`, `else` or `case`, which are left standing.
    fn list(&mut self, list: &mut Vec<Cmd>) -> Result<(), Broken> {
        loop {
            self.separators();
            if self.pos >= self.bytes.len() || matches!(self.peek(), "end" | "else" | "case") {
                return Ok(());
            }
            if self.depth == 0 {
                self.top = self.pos;
            }
            let joins = matches!(self.peek(), "and" | "or").then(|| self.peek() == "and");
            if joins.is_some() {
                let length = self.peek().len();
                self.pos += length;
            }
            let right = self.chain()?;
            match (joins, joins.and_then(|_| list.pop())) {
                (Some(and), Some(left)) => list.push(left.joined(and, right)),
                _ => list.push(right),
            }
            self.blanks();
            if !matches!(self.byte(), b'\n' | b';') && self.pos < self.bytes.len() {
                return Err(Broken);
            }
        }
    }

    /// Pipelines joined by `&&` and `||`.
    fn chain(&mut self) -> Result<Cmd, Broken> {
        if self.depth >= DEPTH {
            return Err(Broken);
        }
        self.depth += 1;
        let mut left = self.pipeline()?;
        loop {
            self.blanks();
            let and = self.bytes[self.pos..].starts_with(b"&&");
            if !and && !self.bytes[self.pos..].starts_with(b"||") {
                break;
            }
            self.pos += 2;
            while self.byte() == b'\n' {
                self.pos += 1;
                self.blanks();
            }
            let right = self.pipeline()?;
            left = left.joined(and, right);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn pipeline(&mut self) -> Result<Cmd, Broken> {
        self.blanks();
        let at = self.pos;
        let mut negated = false;
        loop {
            self.blanks();
            if self.take("not") || self.take("!") {
                negated = !negated;
            } else if !self.take("time") {
                break;
            }
        }
        let mut cmd = self.command()?;
        loop {
            self.blanks();
            let rest = &self.bytes[self.pos..];
            if rest.starts_with(b"||") || ![&b"|"[..], b"&|", b">|"].iter().any(|o| rest.starts_with(o)) {
                break;
            }
            self.pos += if rest[0] == b'|' { 1 } else { 2 };
            self.blanks();
            while self.byte() == b'\n' {
                self.pos += 1;
                self.blanks();
            }
            let at = cmd.at;
            cmd = Cmd { at, kind: Kind::Pipe(Box::new(self.command()?)) };
        }
        self.blanks();
        if self.byte() == b'&' && self.bytes.get(self.pos + 1) != Some(&b'&') {
            self.pos += 1;
            cmd.kind = Kind::Apart;
        }
        Ok(if negated { Cmd { at, kind: Kind::Not(Box::new(cmd)) } } else { cmd })
    }

    fn block(&mut self) -> Result<Vec<Cmd>, Broken> {
        let mut list = Vec::new();
        self.list(&mut list)?;
        Ok(list)
    }

    fn end(&mut self) -> Result<(), Broken> {
        if !self.take("end") {
            return Err(Broken);
        }
        self.words().map(|_| ())
    }

    fn command(&mut self) -> Result<Cmd, Broken> {
        self.blanks();
        let at = self.pos;
        let kind = match self.peek() {
            "begin" => {
                self.take("begin");
                let list = self.block()?;
                self.end()?;
                Kind::Group(list)
            }
            "if" => self.conditional()?,
            "while" => {
                self.take("while");
                let condition = self.condition()?;
                let body = self.block()?;
                self.end()?;
                Kind::While { until: false, condition, body }
            }
            "for" => {
                self.take("for");
                let mut words = self.words()?;
                if words.len() < 2 {
                    return Err(Broken);
                }
                let name = words.remove(0);
                words.remove(0);
                let body = self.block()?;
                self.end()?;
                Kind::For { name: Some(name), words: Some(words), body }
            }
            "switch" => self.switch()?,
            "function" => {
                self.take("function");
                let words = self.words()?;
                let name = words.first().map(|w| self.text[w.clone()].to_owned()).ok_or(Broken)?;
                let body = self.block()?;
                self.end()?;
                Kind::Function { name, body: Rc::new(body) }
            }
            _ => {
                let words = self.words()?;
                if words.is_empty() {
                    return Err(Broken);
                }
                Kind::Simple(words)
            }
        };
        Ok(Cmd { at, kind })
    }

    /// The condition of `if` or `while`: one chain, and what `and` and `or` on further lines add.
    fn condition(&mut self) -> Result<Vec<Cmd>, Broken> {
        let mut left = self.chain()?;
        loop {
            let from = self.pos;
            self.separators();
            let and = self.peek() == "and";
            if !and && self.peek() != "or" {
                self.pos = from;
                return Ok(vec![left]);
            }
            let length = self.peek().len();
            self.pos += length;
            let right = self.chain()?;
            left = left.joined(and, right);
        }
    }

    fn conditional(&mut self) -> Result<Kind, Broken> {
        let mut arms = Vec::new();
        loop {
            let at = self.pos;
            if !self.take("if") {
                return Err(Broken);
            }
            let condition = self.condition()?;
            let body = self.block()?;
            arms.push(Arm { at, condition, body });
            if !self.take("else") {
                self.end()?;
                return Ok(Kind::If { arms, otherwise: Vec::new() });
            }
            self.blanks();
            if self.peek() != "if" {
                let otherwise = self.block()?;
                self.end()?;
                return Ok(Kind::If { arms, otherwise });
            }
        }
    }

    fn switch(&mut self) -> Result<Kind, Broken> {
        self.take("switch");
        let word = self.words()?.into_iter().next().ok_or(Broken)?;
        let mut choices = Vec::new();
        loop {
            self.separators();
            if !self.take("case") {
                self.end()?;
                return Ok(Kind::Case { word, choices });
            }
            let patterns = self.words()?;
            choices.push(Choice { patterns, body: self.block()?, falls: false });
        }
    }

    /// The words up to the end of the command, redirections left out.
    fn words(&mut self) -> Result<Vec<Span>, Broken> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            let from = self.pos;
            while self.byte().is_ascii_digit() {
                self.pos += 1;
            }
            let rest = &self.bytes[self.pos..];
            if rest.starts_with(b">|") {
                return Ok(words);
            }
            let operators: &[&[u8]] = &[b"&>>", b"&>", b">>", b">?", b">&", b"<&", b">", b"<"];
            if let Some(operator) = operators.iter().find(|o| rest.starts_with(o)) {
                self.pos += operator.len();
                self.blanks();
                if self.word()?.is_none() {
                    return Err(Broken);
                }
                continue;
            }
            self.pos = from;
            match self.word()? {
                Some(word) => words.push(word),
                None if self.byte() == b')' => return Err(Broken),
                None => return Ok(words),
            }
        }
    }

    fn word(&mut self) -> Result<Option<Span>, Broken> {
        let from = self.pos;
        while self.pos < self.bytes.len() {
            match self.byte() {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b')' => break,
                b'\\' => self.pos += 2,
                quote @ (b'\'' | b'"') => self.quoted(quote)?,
                b'(' => self.substitution()?,
                _ => self.pos += 1,
            }
            while !self.text.is_char_boundary(self.pos.min(self.text.len())) {
                self.pos += 1;
            }
        }
        self.pos = self.pos.min(self.bytes.len());
        Ok((self.pos > from).then_some(from..self.pos))
    }

    fn quoted(&mut self, quote: u8) -> Result<(), Broken> {
        self.pos += 1;
        while self.pos < self.bytes.len() {
            match self.byte() {
                b if b == quote => {
                    self.pos += 1;
                    return Ok(());
                }
                b'\\' => self.pos += 2,
                _ => self.pos += 1,
            }
        }
        Err(Broken)
    }

    fn substitution(&mut self) -> Result<(), Broken> {
        let mut depth = 0_usize;
        while self.pos < self.bytes.len() {
            match self.byte() {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        self.pos += 1;
                        return Ok(());
                    }
                }
                b'\\' => self.pos += 1,
                quote @ (b'\'' | b'"') => {
                    self.quoted(quote)?;
                    continue;
                }
                _ => {}
            }
            self.pos += 1;
        }
        Err(Broken)
    }
}
