//! What Codex makes of the variable that `env_key` names.
use envsplit_model::{KeyVerdict, Taint};

/// Codex's verdict on a key, `.env` already laid over; `None` when the variable is not set.
///
/// Codex 0.169, `ModelProviderInfo::api_key`: not set, not UTF-8, or white space alone is ``Missing environment
/// variable``; anything else is sent as it is, untrimmed, but without an `Authorization` header when the value is
/// none that a header may have.
pub fn key_verdict(value: Option<&[u8]>) -> KeyVerdict {
    let Some(text) = value.and_then(|v| std::str::from_utf8(v).ok()).filter(|t| !t.trim().is_empty()) else {
        return KeyVerdict::Missing;
    };
    if text.bytes().any(breaks_header) {
        KeyVerdict::HeaderDropped
    } else if text.trim() != text {
        KeyVerdict::Padded
    } else {
        KeyVerdict::Ok
    }
}

/// What is wrong with a value, in the order of [`Taint::ALL`].
///
/// `trailing-cr` stands for a value that ends with `\r` or `\r\n` (a line of a CRLF file); such a value has
/// `control-char` too, since that is what makes Codex drop the header.
pub fn taints(value: &[u8]) -> Vec<Taint> {
    let text = std::str::from_utf8(value).ok();
    let blank = text.map_or_else(|| value.trim_ascii().is_empty(), |t| t.trim().is_empty());
    let line = value.strip_suffix(b"\n").unwrap_or(value);
    let trimmed = text.map_or_else(|| value.trim_ascii(), |t| t.trim().as_bytes());
    Taint::ALL
        .iter()
        .copied()
        .filter(|taint| match taint {
            Taint::Blank => blank,
            Taint::TrailingCr => line.ends_with(b"\r"),
            Taint::ControlChar => value.iter().copied().any(breaks_header),
            Taint::LeadingSpace => !blank && begins_with_space(value, text),
            Taint::TrailingSpace => !blank && ends_with_space(value, text),
            Taint::Quoted => is_quoted(trimmed),
            Taint::Bom => value.starts_with(&[0xEF, 0xBB, 0xBF]) || value.starts_with(&[0xFF, 0xFE]),
            Taint::NonUtf8 => text.is_none(),
            Taint::Placeholder => text.is_some_and(is_placeholder),
            Taint::Unknown => false,
        })
        .collect()
}

/// `http` 1, `HeaderValue::from_bytes`: a byte below 32 other than a tab, or 127.
fn breaks_header(byte: u8) -> bool {
    (byte < 32 && byte != b'\t') || byte == 127
}

fn begins_with_space(value: &[u8], text: Option<&str>) -> bool {
    let exotic = text.and_then(|t| t.chars().next()).is_some_and(|c| c.is_whitespace() && !c.is_control());
    matches!(value.first(), Some(b' ' | b'\t')) || exotic
}

fn ends_with_space(value: &[u8], text: Option<&str>) -> bool {
    let exotic =
        text.and_then(|t| t.chars().next_back()).is_some_and(|c| c.is_whitespace() && !c.is_control());
    matches!(value.last(), Some(b' ' | b'\t')) || exotic
}

fn is_quoted(value: &[u8]) -> bool {
    matches!(value, [first @ (b'"' | b'\'' | b'`'), .., last] if first == last)
        || std::str::from_utf8(value)
            .is_ok_and(|t| t.starts_with(['\u{201c}', '\u{2018}']) && t.ends_with(['\u{201d}', '\u{2019}']))
}

/// Stand-ins from guides, in lower case with `-` and spaces as `_`.
const STAND_INS: &[&str] = &[
    "changeme",
    "change_me",
    "change_this",
    "replaceme",
    "replace_me",
    "todo",
    "tbd",
    "fixme",
    "placeholder",
    "redacted",
    "dummy",
    "example",
    "secret",
    "password",
    "api_key",
    "apikey",
    "key",
    "token",
    "null",
    "none",
    "undefined",
    "...",
    "…",
    "***",
    "insert_key_here",
    "key_here",
    "api_key_here",
    "sk_...",
    "sk_xxx",
];

/// Whether a value is a stand-in: `YOUR_…`, `<key>`, `changeme`, `xxxx`, `your-api-key-here`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'', '`']);
    let lower = text.to_lowercase().replace(['-', ' '], "_");
    if lower.is_empty() || lower.len() > 80 {
        return false;
    }
    let wrapped = |open: char, close: char| text.len() > 2 && text.starts_with(open) && text.ends_with(close);
    let repeated = |c: char| lower.len() >= 3 && lower.chars().all(|x| x == c);
    let words_only = lower.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    STAND_INS.contains(&lower.as_str())
        || wrapped('<', '>')
        || wrapped('[', ']')
        || (wrapped('{', '}') && !lower.contains(':'))
        || (text.starts_with("${") && text.ends_with('}'))
        || ['x', '*', '.', '•', '?', '0'].into_iter().any(repeated)
        || lower.starts_with("sk_xxxx")
        || lower.ends_with("xxxxxx")
        || (words_only
            && ["your_", "my_api_", "put_", "insert_", "enter_", "paste_", "add_your_"]
                .iter()
                .any(|p| lower.starts_with(p)))
        || (words_only && ["_here", "_goes_here"].iter().any(|s| lower.ends_with(s)))
        || lower.starts_with("your_api_key")
        || lower.starts_with("your_azure")
        || lower.starts_with("your_openai")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_codexs() {
        let rows: &[(Option<&[u8]>, KeyVerdict)] = &[
            (None, KeyVerdict::Missing),
            (Some(b""), KeyVerdict::Missing),
            (Some(b"   "), KeyVerdict::Missing),
            (Some(b"\xff\xfe"), KeyVerdict::Missing),
            (Some(b"secret123"), KeyVerdict::Ok),
            (Some(b" pad "), KeyVerdict::Padded),
            (Some(b"tab\t"), KeyVerdict::Padded),
            (Some(b"secret\r"), KeyVerdict::HeaderDropped),
            (Some(b"secret\n"), KeyVerdict::HeaderDropped),
            (Some(b"mid\rdle"), KeyVerdict::HeaderDropped),
            (Some(b"del\x7f"), KeyVerdict::HeaderDropped),
            (Some(b"\"quoted\""), KeyVerdict::Ok),
            (Some("s\u{e9}cret".as_bytes()), KeyVerdict::Ok),
        ];
        for (value, verdict) in rows {
            assert_eq!(key_verdict(*value), *verdict, "{value:?}");
        }
    }

    #[test]
    fn taints_say_what_kind_and_nothing_else() {
        use Taint::*;
        let rows: &[(&[u8], &[Taint])] = &[
            (b"good-key-1234", &[]),
            (b"", &[Blank]),
            (b" \t", &[Blank]),
            (b"\r", &[Blank, TrailingCr, ControlChar]),
            (b"key1\r", &[TrailingCr, ControlChar]),
            (b"key1\r\n", &[TrailingCr, ControlChar]),
            (b"key1\n", &[ControlChar]),
            (b" key1", &[LeadingSpace]),
            (b"key1\t", &[TrailingSpace]),
            ("key1\u{a0}".as_bytes(), &[TrailingSpace]),
            (b"\"key1\"", &[Quoted]),
            (b"'key1'", &[Quoted]),
            (b"\xef\xbb\xbfkey1", &[Bom]),
            (b"k\xff", &[NonUtf8]),
            (b"YOUR_API_KEY", &[Placeholder]),
            (b"your-api-key-here", &[Placeholder]),
            (b"<key>", &[Placeholder]),
            (b"changeme", &[Placeholder]),
            (b"xxxxxxxx", &[Placeholder]),
            (b"sk-xxxxxxxxxxxx", &[Placeholder]),
            (b"\"<your key>\"", &[Quoted, Placeholder]),
        ];
        for (value, expected) in rows {
            assert_eq!(taints(value), *expected, "{:?}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn real_keys_are_no_placeholders() {
        for key in ["0123456789abcdef0123456789abcdef", "sk-proj-Xk29xxQ", "abcXYZ123", "yourself-k3y-91"] {
            assert_eq!(taints(key.as_bytes()), [], "{key}");
        }
    }
}
