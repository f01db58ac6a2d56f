//! JSON as VS Code reads its settings: with `//` and `/* */` comments and trailing commas (VS Code `base/common/json.ts`).
//! Only the members of objects are handed out, with the place of their keys; the reader is bounded in depth.

/// How deep objects and arrays may stand in each other.
const DEPTH: usize = 100;

/// A part of the path that leads to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key(String),
    Index,
}

/// The value of a member, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Text(String),
    /// A number or a boolean, as it is written.
    Word(String),
    /// An object or an array.
    Other,
}

/// A member of an object.
pub(super) struct Member<'a> {
    /// Where it stands, its own key last.
    pub(super) path: &'a [Part],
    pub(super) value: Value,
    /// The place of the key in the text.
    pub(super) at: usize,
}

/// Hands out every member in the order of the text. `Err` is the place at which the text is no JSON; what stood before
/// has been handed out.
pub(super) fn members(text: &str, each: &mut dyn FnMut(&Member<'_>)) -> Result<(), usize> {
    let mut reader = Reader { text, at: 0, path: vec![], each };
    reader.blank()?;
    if reader.at == text.len() {
        return Ok(());
    }
    reader.value(0)?;
    reader.blank()?;
    if reader.at == text.len() { Ok(()) } else { Err(reader.at) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Part>,
    each: &'a mut dyn FnMut(&Member<'_>),
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space and comments. A stray carriage return or byte order mark is white space here.
    fn blank(&mut self) -> Result<(), usize> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed =
                rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == crate::source::STRAY);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let Some(end) = trimmed.find("*/") else { return Err(self.at) };
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, usize> {
        if depth > DEPTH {
            return Err(self.at);
        }
        match self.peek() {
            Some(b'{') => self.object(depth).map(|()| Value::Other),
            Some(b'[') => self.array(depth).map(|()| Value::Other),
            Some(b'"') => self.string().map(Value::Text),
            Some(b) if b == b'-' || b.is_ascii_alphanumeric() => {
                let rest = &self.text[self.at..];
                let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
                let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
                let number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                if !number && !["true", "false", "null"].contains(&word) {
                    return Err(self.at);
                }
                self.at += word.len();
                Ok(if word == "null" { Value::Null } else { Value::Word(word.to_owned()) })
            }
            _ => Err(self.at),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), usize> {
        self.at += 1;
        loop {
            self.blank()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'"') => {}
                _ => return Err(self.at),
            }
            let at = self.at;
            let key = self.string()?;
            self.blank()?;
            if self.peek() != Some(b':') {
                return Err(self.at);
            }
            self.at += 1;
            self.blank()?;
            self.path.push(Part::Key(key));
            // A member is handed out before those inside it.
            if matches!(self.peek(), Some(b'{' | b'[')) {
                (self.each)(&Member { path: &self.path, value: Value::Other, at });
                self.value(depth + 1)?;
            } else {
                let value = self.value(depth + 1)?;
                (self.each)(&Member { path: &self.path, value, at });
            }
            self.path.pop();
            self.separator(b'}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), usize> {
        self.at += 1;
        self.path.push(Part::Index);
        loop {
            self.blank()?;
            if self.peek() == Some(b']') {
                self.at += 1;
                self.path.pop();
                return Ok(());
            }
            self.value(depth + 1)?;
            self.separator(b']')?;
        }
    }

    /// A comma, also before the end; or the end, which is left to be read.
    fn separator(&mut self, end: u8) -> Result<(), usize> {
        self.blank()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(())
            }
            Some(b) if b == end => Ok(()),
            _ => Err(self.at),
        }
    }

    fn string(&mut self) -> Result<String, usize> {
        let from = self.at;
        let mut out = String::new();
        let mut chars = self.text[from + 1..].char_indices();
        while let Some((n, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = from + 1 + n + 1;
                    return Ok(out);
                }
                '\n' => return Err(from),
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, 'u')) => {
                        let code: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                        out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    Some((_, other)) => out.push(other),
                    None => return Err(from),
                },
                other => out.push(other),
            }
        }
        Err(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> (Vec<String>, Result<(), usize>) {
        let mut found = vec![];
        let end = members(text, &mut |m| {
            let part = |p: &Part| match p {
                Part::Key(k) => k.clone(),
                Part::Index => "[]".to_owned(),
            };
            found.push(m.path.iter().map(part).collect::<Vec<_>>().join("/"));
        });
        (found, end)
    }

    #[test]
    fn comments_and_trailing_commas_are_read() {
        let text = "// a\n{ /* b */ \"x\": { \"y\": null, }, \"z\": [ { \"q\\u0041\": \"//no\" }, ], }\n";
        assert_eq!(keys(text), (vec!["x".into(), "x/y".into(), "z".into(), "z/[]/qA".into()], Ok(())));
        assert_eq!(keys(""), (vec![], Ok(())), "an empty file has no settings");
    }

    #[test]
    fn what_is_no_json_ends_there_and_keeps_what_stood_before() {
        assert_eq!(keys("{\"a\": 1, b: 2}"), (vec!["a".into()], Err(9)));
        assert!(keys("{\"a\": \"open\n\"}").1.is_err());
        assert!(keys("{\"a\": yes}").1.is_err());
        assert!(keys("/* open").1.is_err());
        assert!(keys(&"[".repeat(100_000)).1.is_err(), "deep nesting ends the reading");
    }
}
