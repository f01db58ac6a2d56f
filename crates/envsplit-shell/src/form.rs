//! The forms by which a word of a line is known to be no value.
use crate::word::name_length;

/// What stands for whatever is hidden.
pub(crate) const HIDDEN: &str = "…";

/// A part of a line.
pub(crate) enum Token<'a> {
    Word(&'a str),
    Operator(&'a str),
}

/// The words and operators of a line; a comment ends it. What is quoted or substituted stays in its word.
pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let bytes = line.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' => at += 1,
            b'#' => break,
            b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => {
                let from = at;
                while at < bytes.len() && bytes[at] == bytes[from] && !matches!(bytes[at], b'(' | b')') {
                    at += 1;
                }
                at = at.max(from + 1);
                tokens.push(Token::Operator(&line[from..at]));
            }
            _ => {
                let from = at;
                at = word_end(bytes, at);
                tokens.push(Token::Word(&line[from..at]));
            }
        }
    }
    tokens
}

fn word_end(bytes: &[u8], mut at: usize) -> usize {
    let mut open: Vec<u8> = Vec::new();
    while at < bytes.len() {
        let b = bytes[at];
        match (open.last(), b) {
            (Some(b'\''), b'\'') => {
                open.pop();
            }
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(closer), b) if *closer == b => {
                open.pop();
            }
            (closer, b'\'') if closer != Some(&b'"') => open.push(b'\''),
            (_, b'"') => open.push(b'"'),
            (_, b'`') => open.push(b'`'),
            (_, b'{') if at > 0 && bytes[at - 1] == b'$' => open.push(b'}'),
            (_, b'(') if at > 0 && matches!(bytes[at - 1], b'$' | b'=' | b'<' | b'>') => open.push(b')'),
            (Some(b')'), b'(') => open.push(b')'),
            (None, b' ' | b'\t' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// A name as people give variables: one case, not a long run without an underscore, as keys are.
pub(crate) fn plain_name(name: &str) -> bool {
    let upper = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let lower = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let length = name.len();
    name_length(name) == length
        && length > 0
        && length <= 64
        && (upper || lower)
        && (length < 16 || name.contains('_'))
}

/// Long options that are kept.
const LONG: &[&str] = &[
    "--export",
    "--global",
    "--universal",
    "--local",
    "--erase",
    "--query",
    "--unexport",
    "--login",
    "--append",
    "--prepend",
    "--path",
    "--function",
    "--is-interactive",
    "--is-login",
];

/// Whether the word is an option by its form.
pub(crate) fn is_option(word: &str) -> bool {
    let letters =
        |w: &str, most: usize| !w.is_empty() && w.len() <= most && w.bytes().all(|b| b.is_ascii_alphabetic());
    LONG.contains(&word) || word.strip_prefix(['-', '+']).is_some_and(|w| letters(w, 3))
}

/// `$NAME`, `${NAME}`, `"$NAME"`, `$-`; an operand inside of the braces is hidden.
pub(crate) fn expansion(word: &str) -> Option<String> {
    let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    let (quote, text) = inner.map_or(("", word), |inner| ("\"", inner));
    let rest = text.strip_prefix('$')?;
    let special = |t: &str| t.len() == 1 && t.starts_with(|c: char| "-#?0123456789@*!$".contains(c));
    if let Some(inner) = rest.strip_prefix('{').and_then(|r| r.strip_suffix('}')) {
        let length = match name_length(inner) {
            0 if inner.starts_with('-') => 1,
            length => length,
        };
        let (name, operand) = inner.split_at(length);
        if !(plain_name(name) || name == "-") {
            return None;
        }
        let operator: String = operand.chars().take_while(|c| ":-+=?#%".contains(*c)).take(2).collect();
        let hidden = if operator.len() < operand.len() { HIDDEN } else { "" };
        return Some(format!("{quote}${{{name}{operator}{hidden}}}{quote}"));
    }
    (plain_name(rest) || special(rest)).then(|| format!("{quote}${rest}{quote}"))
}

/// A path that is made of plain parts: `~/.bashrc`, `"$HOME/.env"`, `/etc/profile.d/*.sh`.
pub(crate) fn path(word: &str) -> Option<String> {
    let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    let text = inner.unwrap_or(word);
    let mut parts = text.split('/');
    let first = parts.next()?;
    let based = matches!(first, "" | "~" | "." | "..") || expansion(first).is_some_and(|e| e == first);
    let plain = |part: &str| {
        let long = part.len() >= 20 && part.bytes().any(|b| b.is_ascii_digit());
        !long && part.len() <= 40 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-*".contains(&b))
    };
    if (expansion(text).is_some_and(|e| e == text) && !text.contains('/'))
        || (based && text.contains('/') && parts.all(plain))
    {
        Some(word.to_owned())
    } else {
        None
    }
}
