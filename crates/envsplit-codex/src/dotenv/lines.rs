//! Splits `.env` into logical lines as `dotenvy` 0.15 does: an open quote or a trailing backslash goes on in the next
//! line, a `#` after white space ends the line.
use crate::position::Pos;

/// A logical line.
pub(super) struct Logical {
    /// The text up to a comment, or why it is none.
    pub(super) text: Result<String, &'static str>,
    /// Its first line, from 1.
    pub(super) first: u32,
    /// The name that a line seems to set which is no text.
    pub(super) name: Option<String>,
}

/// The position of a byte offset in a logical line that begins at the line `first`.
pub(super) fn place(first: u32, text: &str, offset: usize) -> Pos {
    let inner = crate::position::LineIndex::new(text.as_bytes()).at(offset);
    Pos { line: first.saturating_add(inner.line - 1), column: inner.column }
}

/// Where the scan of a logical line stands.
#[derive(Clone, Copy, PartialEq)]
enum Scan {
    Plain,
    Space,
    Escape,
    Single,
    SingleEscape,
    Double,
    DoubleEscape,
    Comment,
}

/// The logical lines of a file.
pub(super) fn logical(bytes: &[u8]) -> impl Iterator<Item = Logical> {
    let mut rest = bytes;
    let mut next_line: u32 = 1;
    std::iter::from_fn(move || {
        let first = next_line;
        let mut text = String::new();
        let mut scan = Scan::Plain;
        loop {
            if rest.is_empty() {
                if scan == Scan::Plain {
                    return None;
                }
                let why = match scan {
                    Scan::Single | Scan::SingleEscape | Scan::Double | Scan::DoubleEscape => {
                        "a quotation mark is not closed up to the end of the file"
                    }
                    Scan::Space => "the last line ends with white space and without a line end",
                    _ => "the last line ends with a backslash",
                };
                return Some(Logical { first, name: name_of(&text), text: Err(why) });
            }
            let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            next_line = next_line.saturating_add(1);
            let Ok(line) = std::str::from_utf8(line) else {
                // What was gathered before is lost with the line, as a failed read loses it.
                let valid = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                let name = name_of(if text.is_empty() { valid } else { &text });
                return Some(Logical { first, name, text: Err("it is not UTF-8") });
            };
            let before = text.len();
            text.push_str(line);
            if text.trim_start().starts_with('#') {
                return Some(Logical { first, name: None, text: Ok(String::new()) });
            }
            let (at, state) = advance(scan, &text[before..]);
            scan = state;
            match scan {
                Scan::Plain => {
                    if text.ends_with('\n') {
                        text.pop();
                        if text.ends_with('\r') {
                            text.pop();
                        }
                    }
                    return Some(Logical { first, name: None, text: Ok(text) });
                }
                Scan::Comment => {
                    text.truncate(before + at);
                    return Some(Logical { first, name: None, text: Ok(text) });
                }
                _ => {}
            }
        }
    })
}

fn advance(mut scan: Scan, line: &str) -> (usize, Scan) {
    let mut last = 0;
    for (at, c) in line.char_indices() {
        last = at;
        scan = match (scan, c) {
            (Scan::Space, '#') => return (at, Scan::Comment),
            (Scan::Plain | Scan::Space, _) => opened(scan, c),
            (Scan::Double, '\\') => Scan::DoubleEscape,
            (Scan::Single, '\\') => Scan::SingleEscape,
            (Scan::Double, c) if c != '"' => Scan::Double,
            (Scan::Single, c) if c != '\'' => Scan::Single,
            (Scan::DoubleEscape, _) => Scan::Double,
            (Scan::SingleEscape, _) => Scan::Single,
            // A quotation mark is closed, or an escape is over.
            _ => Scan::Plain,
        };
    }
    (last, scan)
}

/// What a character opens outside of quotation marks.
fn opened(scan: Scan, c: char) -> Scan {
    match c {
        '\\' => Scan::Escape,
        '"' => Scan::Double,
        '\'' => Scan::Single,
        c if scan == Scan::Plain && c.is_whitespace() && c != '\n' && c != '\r' => Scan::Space,
        _ => Scan::Plain,
    }
}

/// The name that a broken line seems to set: what stands before `=`, without `export` and a byte-order mark.
pub(super) fn name_of(text: &str) -> Option<String> {
    let (before, _) = text.split_once('=').or_else(|| text.split_once(':'))?;
    let before = before.trim_start_matches('\u{feff}').trim();
    let name = before.strip_prefix("export ").unwrap_or(before).trim();
    let plain =
        !name.is_empty() && name.len() <= 256 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| name.to_owned())
}
