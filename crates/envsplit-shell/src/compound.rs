//! Compound commands: bash(1) Compound Commands, zshmisc(1) COMPLEX COMMANDS and ALTERNATE FORMS FOR COMPLEX
//! COMMANDS.
use crate::ast::{Arm, Choice, Cmd, Kind, Span};
use crate::lex::Broken;
use crate::parse::Parser;
use std::rc::Rc;

impl Parser<'_> {
    /// The compound command that stands here, if one does.
    pub(crate) fn compound(&mut self) -> Result<Option<Kind>, Broken> {
        if self.byte() == b'(' {
            let from = self.pos;
            if self.byte_at(1) == b'(' {
                self.pos += 2;
                if self.arithmetic() {
                    return Ok(Some(Kind::Apart));
                }
                self.pos = from;
            }
            self.pos += 1;
            self.lines();
            if self.zsh && self.byte() == b')' {
                // `() { … }`: a function that is called at once.
                self.pos += 1;
                self.lines();
                return Ok(Some(Kind::Group(vec![self.anonymous()?])));
            }
            self.some()?;
            self.expect_byte(b')')?;
            return Ok(Some(Kind::Apart));
        }
        let kind = match self.peek() {
            "{" => self.group()?,
            "if" => self.conditional()?,
            "while" | "until" => self.repeated()?,
            "for" | "select" | "foreach" => self.each()?,
            "case" => self.cases()?,
            "[[" => self.test()?,
            "function" => self.function()?,
            "repeat" if self.zsh => {
                self.take("repeat");
                self.blanks();
                self.word()?.ok_or(Broken)?;
                Kind::For { name: None, words: None, body: self.body()? }
            }
            "coproc" => {
                self.take("coproc");
                self.command()?;
                Kind::Apart
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    pub(crate) fn expect_byte(&mut self, byte: u8) -> Result<(), Broken> {
        self.lines();
        if self.ended() || self.byte() != byte {
            return Err(Broken);
        }
        self.pos += 1;
        Ok(())
    }

    fn group(&mut self) -> Result<Kind, Broken> {
        self.take("{");
        let mut list = self.some()?;
        self.expect("}")?;
        self.blanks();
        if self.zsh && self.take("always") {
            self.lines();
            list.push(self.command()?);
        }
        Ok(Kind::Group(list))
    }

    /// `then …` or, in zsh, `{ … }`.
    fn branch(&mut self, keyword: &str) -> Result<(Vec<Cmd>, bool), Broken> {
        self.lines();
        if self.zsh && self.peek() == "{" {
            self.take("{");
            let list = self.list()?;
            self.expect("}")?;
            return Ok((list, true));
        }
        self.expect(keyword)?;
        Ok((self.some()?, false))
    }

    fn conditional(&mut self) -> Result<Kind, Broken> {
        let mut arms = Vec::new();
        let mut braced = false;
        loop {
            let at = self.pos;
            if !self.take("if") && !self.take("elif") {
                break;
            }
            let condition = self.some()?;
            let (body, brace) = self.branch("then")?;
            braced = brace;
            arms.push(Arm { at, condition, body });
            if brace {
                self.blanks();
            } else {
                self.lines();
            }
            if self.peek() != "elif" {
                break;
            }
        }
        let otherwise = if self.take("else") {
            if braced { self.branch("else")?.0 } else { self.some()? }
        } else {
            Vec::new()
        };
        if !braced {
            self.expect("fi")?;
        }
        Ok(Kind::If { arms, otherwise })
    }

    fn repeated(&mut self) -> Result<Kind, Broken> {
        let until = self.take("until");
        if !until {
            self.take("while");
        }
        let condition = self.some()?;
        Ok(Kind::While { until, condition, body: self.body()? })
    }

    /// `do … done` or `{ … }`; in zsh also one command.
    fn body(&mut self) -> Result<Vec<Cmd>, Broken> {
        self.blanks();
        if self.byte() == b';' {
            self.pos += 1;
        }
        self.lines();
        if self.take("do") {
            let list = self.some()?;
            self.expect("done")?;
            return Ok(list);
        }
        if self.take("{") {
            let list = self.some()?;
            self.expect("}")?;
            return Ok(list);
        }
        if self.zsh { Ok(vec![self.and_or()?]) } else { Err(Broken) }
    }

    fn each(&mut self) -> Result<Kind, Broken> {
        let known = !self.take("select");
        if !self.take("for") {
            self.take("foreach");
        }
        self.blanks();
        if self.bytes[self.pos..].starts_with(b"((") {
            self.pos += 2;
            if !self.arithmetic() {
                return Err(Broken);
            }
            return Ok(Kind::For { name: None, words: None, body: self.body()? });
        }
        let name = self.word()?.ok_or(Broken)?;
        self.lines();
        // zsh: `for key value in …`.
        while self.zsh
            && self.byte() != b'('
            && !matches!(self.peek(), "in" | "do" | "{")
            && self.byte() != b';'
        {
            self.word()?.ok_or(Broken)?;
            self.lines();
        }
        let mut words = None;
        if self.take("in") {
            let mut list = Vec::new();
            loop {
                self.blanks();
                match self.word()? {
                    Some(word) => list.push(word),
                    None => break,
                }
            }
            words = known.then_some(list);
        } else if self.zsh && self.byte() == b'(' {
            self.pos += 1;
            let mut list = Vec::new();
            loop {
                self.lines();
                match self.word()? {
                    Some(word) => list.push(word),
                    None => break,
                }
            }
            self.expect_byte(b')')?;
            words = known.then_some(list);
        }
        Ok(Kind::For { name: Some(name), words, body: self.body()? })
    }

    fn cases(&mut self) -> Result<Kind, Broken> {
        self.take("case");
        self.blanks();
        let word = self.word()?.ok_or(Broken)?;
        self.blanks();
        // zsh takes `case word; in`.
        if self.zsh && self.byte() == b';' {
            self.pos += 1;
        }
        self.expect("in")?;
        let mut choices = Vec::new();
        loop {
            self.lines();
            if self.take("esac") {
                return Ok(Kind::Case { word, choices });
            }
            if self.byte() == b'(' && !(self.zsh && self.group_leads()) {
                self.pos += 1;
            }
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                // zsh: a pattern may begin with a group, `(a|b)*)`.
                let word = if self.byte() == b'(' { self.pattern()? } else { self.word()? };
                patterns.push(word.ok_or(Broken)?);
                self.blanks();
                if self.byte() != b'|' {
                    break;
                }
                self.pos += 1;
            }
            self.expect_byte(b')')?;
            let body = self.list()?;
            self.lines();
            let rest = &self.bytes[self.pos..];
            let ends: &[&[u8]] = &[b";;&", b";&", b";|", b";;"];
            let end = ends.iter().find(|e| rest.starts_with(e));
            self.pos += end.map_or(0, |e| e.len());
            choices.push(Choice { patterns, body, falls: end.is_some_and(|e| *e != b";;") });
            if end.is_none() {
                self.expect("esac")?;
                return Ok(Kind::Case { word, choices });
            }
        }
    }

    /// Whether the group that stands here is the beginning of a longer pattern.
    fn group_leads(&mut self) -> bool {
        let from = self.pos;
        let leads = self.pattern().is_ok_and(|p| p.is_some()) && {
            self.blanks();
            self.byte() == b')' || self.byte() == b'|'
        };
        self.pos = from;
        leads
    }

    fn test(&mut self) -> Result<Kind, Broken> {
        self.take("[[");
        let mut words: Vec<Span> = Vec::new();
        loop {
            self.lines();
            if self.take("]]") {
                return Ok(Kind::Test(words));
            }
            let compares =
                words.last().is_some_and(|w| ["=", "==", "!=", "=~"].contains(&&self.text[w.clone()]));
            let rest = &self.bytes[self.pos..];
            let operators: &[&[u8]] = &[b"&&", b"||", b"(", b")", b"<", b">"];
            let operator = operators.iter().find(|o| rest.starts_with(o) && rest.get(1) != Some(&b'<'));
            let joins = |w: &Span| matches!(&self.text[w.clone()], "&&" | "||" | "!" | "(");
            let group = self.zsh && self.byte() == b'(' && words.last().is_some_and(|w| !joins(w));
            if compares && words.len() > 1 || group {
                words.push(self.pattern()?.ok_or(Broken)?);
            } else if let Some(operator) = operator {
                words.push(self.pos..self.pos + operator.len());
                self.pos += operator.len();
            } else {
                words.push(self.word()?.ok_or(Broken)?);
            }
        }
    }

    fn function(&mut self) -> Result<Kind, Broken> {
        self.take("function");
        self.blanks();
        let name = if self.zsh && self.peek() == "{" { None } else { self.word()? };
        self.blanks();
        if self.byte() == b'(' {
            self.pos += 1;
            self.expect_byte(b')')?;
        }
        self.lines();
        let body = if name.is_none() { self.anonymous()? } else { self.command()? };
        Ok(match name {
            Some(name) => Kind::Function { name: self.text[name].to_owned(), body: Rc::new(vec![body]) },
            None => Kind::Group(vec![body]),
        })
    }

    /// The body of a function without a name, and the arguments that it is called with.
    fn anonymous(&mut self) -> Result<Cmd, Broken> {
        let body = self.command()?;
        self.blanks();
        while self.redirection()? || self.word()?.is_some() {
            self.blanks();
        }
        Ok(body)
    }
}
