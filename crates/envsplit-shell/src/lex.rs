//! Words, blanks and here-documents of the POSIX family, as bash(1) QUOTING and EXPANSION cut them.
use crate::ast::Span;
use crate::parse::Parser;

/// The text cannot be read on from here.
#[derive(Debug)]
pub(crate) struct Broken;

/// A here-document whose body begins after the next line end.
#[derive(Debug)]
pub(crate) struct Pending {
    delimiter: String,
    strip_tabs: bool,
}

impl Parser<'_> {
    pub(crate) fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    pub(crate) fn byte_at(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(crate) fn ended(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    /// Over blanks, line continuations and a comment, up to the line end.
    pub(crate) fn blanks(&mut self) {
        loop {
            match self.byte() {
                b' ' | b'\t' => self.pos += 1,
                b'\\' if self.byte_at(1) == b'\n' => self.pos += 2,
                b'#' if !self.ended() => {
                    let rest = &self.bytes[self.pos..];
                    self.pos += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Over one line end and the here-documents that begin there.
    pub(crate) fn line_end(&mut self) -> bool {
        if self.ended() || self.byte() != b'\n' {
            return false;
        }
        self.pos += 1;
        for pending in std::mem::take(&mut self.pending) {
            loop {
                if self.ended() {
                    break;
                }
                let rest = &self.bytes[self.pos..];
                let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                let line = &rest[..length];
                let line = if pending.strip_tabs {
                    &line[line.iter().position(|b| *b != b'\t').unwrap_or(line.len())..]
                } else {
                    line
                };
                let done = line == pending.delimiter.as_bytes();
                self.pos = (self.pos + length + 1).min(self.bytes.len());
                if done {
                    break;
                }
            }
        }
        true
    }

    pub(crate) fn lines(&mut self) {
        loop {
            self.blanks();
            if !self.line_end() {
                return;
            }
        }
    }

    /// Over a redirection, if one stands here.
    pub(crate) fn redirection(&mut self) -> Result<bool, Broken> {
        let from = self.pos;
        while self.byte().is_ascii_digit() {
            self.pos += 1;
        }
        if self.range() > 0 {
            self.pos = from;
            return Ok(false);
        }
        let rest = &self.bytes[self.pos..];
        let operators: &[&[u8]] =
            &[b"&>>", b"&>", b"<<<", b"<<-", b"<<", b"<>", b"<&", b">>", b">&", b">|", b"<", b">"];
        let Some(operator) = operators.iter().find(|o| rest.starts_with(o)) else {
            self.pos = from;
            return Ok(false);
        };
        let plain = *operator == b"<" || *operator == b">";
        if plain && rest.get(1) == Some(&b'(') {
            self.pos = from;
            return Ok(false);
        }
        self.pos += operator.len();
        if self.zsh && matches!(*operator, b">" | b">>" | b"&>") && matches!(self.byte(), b'!' | b'|') {
            self.pos += 1;
        }
        self.blanks();
        let target = self.word()?.ok_or(Broken)?;
        if matches!(*operator, b"<<" | b"<<-") {
            let delimiter = crate::word::unquoted(&self.text[target]);
            self.pending.push(Pending { delimiter, strip_tabs: *operator == b"<<-" });
        }
        Ok(true)
    }

    /// The length of zsh's number pattern `<1-9>` that stands here.
    fn range(&self) -> usize {
        let rest = &self.bytes[self.pos..];
        let digits = |from: usize| rest[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        if !self.zsh || rest.first() != Some(&b'<') {
            return 0;
        }
        let dash = 1 + digits(1);
        let end = dash + 1 + rest.get(dash + 1..).map_or(0, |_| digits(dash + 1));
        if rest.get(dash) == Some(&b'-') && rest.get(end) == Some(&b'>') { end + 1 } else { 0 }
    }

    /// A word; `None` where none begins.
    pub(crate) fn word(&mut self) -> Result<Option<Span>, Broken> {
        let from = self.pos;
        loop {
            if self.ended() {
                break;
            }
            match self.byte() {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'<' if self.range() > 0 => self.pos += self.range(),
                b'<' | b'>' => {
                    if self.byte_at(1) != b'(' {
                        break;
                    }
                    self.pos += 2;
                    self.substitution()?;
                }
                b'(' => {
                    let before = &self.text[from..self.pos];
                    if is_assignment_start(before) {
                        self.pos += 1;
                        self.array()?;
                    } else if before.ends_with(['?', '*', '+', '@', '!'])
                        || (self.zsh
                            && (before.ends_with('=') || self.byte_at(1) != b')')
                            && !before.is_empty())
                    {
                        self.pos += 1;
                        self.parentheses()?;
                    } else {
                        break;
                    }
                }
                _ => self.piece()?,
            }
        }
        Ok((self.pos > from).then_some(from..self.pos))
    }

    /// The right side of `=`, `==`, `!=`, `=~` between `[[` and `]]`: parentheses belong to it.
    pub(crate) fn pattern(&mut self) -> Result<Option<Span>, Broken> {
        let from = self.pos;
        loop {
            match self.byte() {
                _ if self.ended() => break,
                b' ' | b'\t' | b'\n' | b')' => break,
                b'&' if self.byte_at(1) == b'&' => break,
                b'(' => {
                    self.pos += 1;
                    self.parentheses()?;
                }
                _ => self.piece()?,
            }
        }
        Ok((self.pos > from).then_some(from..self.pos))
    }

    /// One character of a word, or one quotation or expansion.
    fn piece(&mut self) -> Result<(), Broken> {
        match self.byte() {
            _ if self.ended() => return Err(Broken),
            b'\\' => self.pos = (self.pos + 2).min(self.bytes.len()),
            b'\'' => {
                self.pos += 1;
                self.until(b'\'')?;
            }
            b'"' => {
                self.pos += 1;
                self.double_quoted()?;
            }
            b'`' => {
                self.pos += 1;
                self.backquoted()?;
            }
            b'$' => self.dollar(false)?,
            _ => self.pos += 1,
        }
        // A backslash before a character of several bytes leaves the place inside of it.
        while !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
        Ok(())
    }

    fn until(&mut self, end: u8) -> Result<(), Broken> {
        let rest = &self.bytes[self.pos..];
        self.pos += rest.iter().position(|b| *b == end).ok_or(Broken)? + 1;
        Ok(())
    }

    fn backquoted(&mut self) -> Result<(), Broken> {
        while !self.ended() {
            match self.byte() {
                b'`' => {
                    self.pos += 1;
                    return Ok(());
                }
                b'\\' => self.pos += 2,
                _ => self.pos += 1,
            }
        }
        Err(Broken)
    }

    fn double_quoted(&mut self) -> Result<(), Broken> {
        while !self.ended() {
            match self.byte() {
                b'"' => {
                    self.pos += 1;
                    return Ok(());
                }
                b'\\' => self.pos += 2,
                b'`' => {
                    self.pos += 1;
                    self.backquoted()?;
                }
                b'$' => self.dollar(true)?,
                _ => self.pos += 1,
            }
        }
        Err(Broken)
    }

    fn dollar(&mut self, quoted: bool) -> Result<(), Broken> {
        match self.byte_at(1) {
            b'(' if self.byte_at(2) == b'(' => {
                let from = self.pos;
                self.pos += 3;
                if !self.arithmetic() {
                    self.pos = from + 2;
                    self.substitution()?;
                }
            }
            b'(' => {
                self.pos += 2;
                self.substitution()?;
            }
            b'{' => {
                self.pos += 2;
                self.braces(quoted)?;
            }
            b'\'' if !quoted => {
                self.pos += 2;
                while !self.ended() && self.byte() != b'\'' {
                    self.pos += if self.byte() == b'\\' { 2 } else { 1 };
                }
                if self.ended() {
                    return Err(Broken);
                }
                self.pos += 1;
            }
            _ => self.pos += 1,
        }
        Ok(())
    }

    /// Over `…))`; the place is not to be used when it answers `false`.
    pub(crate) fn arithmetic(&mut self) -> bool {
        let mut depth = 0_usize;
        while !self.ended() && self.fuel > 0 {
            self.fuel -= 1;
            match self.byte() {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => {
                    let closes = self.byte_at(1) == b')';
                    self.pos += 2;
                    return closes;
                }
                b'\\' => self.pos += 1,
                _ => {}
            }
            self.pos += 1;
        }
        false
    }

    /// Over `…}` of a `${`.
    fn braces(&mut self, quoted: bool) -> Result<(), Broken> {
        self.deeper(|p| {
            while !p.ended() {
                match p.byte() {
                    b'}' => {
                        p.pos += 1;
                        return Ok(());
                    }
                    b'\'' if quoted => p.pos += 1,
                    b'"' if quoted => {
                        p.pos += 1;
                        p.double_quoted()?;
                    }
                    b'$' => p.dollar(quoted)?,
                    _ => p.piece()?,
                }
            }
            Err(Broken)
        })
    }

    /// Over `…)` of a `$(`, `<(` or `>(`: commands, so that a `case` pattern's parenthesis does not end it.
    fn substitution(&mut self) -> Result<(), Broken> {
        self.deeper(|p| {
            let pending = std::mem::take(&mut p.pending);
            p.list()?;
            p.lines();
            p.pending.extend(pending);
            if p.byte() != b')' {
                return Err(Broken);
            }
            p.pos += 1;
            Ok(())
        })
    }

    /// Over `…)` of an array's values.
    fn array(&mut self) -> Result<(), Broken> {
        self.deeper(|p| {
            loop {
                p.lines();
                if p.byte() == b')' {
                    p.pos += 1;
                    return Ok(());
                }
                if p.byte() == b'(' {
                    p.pos += 1;
                    p.parentheses()?;
                } else if p.word()?.is_none() {
                    return Err(Broken);
                }
            }
        })
    }

    /// Over `…)` of an extended glob, a glob qualifier or a group of a regular expression.
    fn parentheses(&mut self) -> Result<(), Broken> {
        self.deeper(|p| {
            while !p.ended() {
                match p.byte() {
                    b')' => {
                        p.pos += 1;
                        return Ok(());
                    }
                    b'(' => {
                        p.pos += 1;
                        p.parentheses()?;
                    }
                    _ => p.piece()?,
                }
            }
            Err(Broken)
        })
    }
}

/// Whether the text is `NAME=`, `NAME+=` or `NAME[…]=`, as before an array's parenthesis.
fn is_assignment_start(text: &str) -> bool {
    text.ends_with('=') && crate::word::assignment(text).is_some_and(|(_, rest)| rest == text.len())
}
