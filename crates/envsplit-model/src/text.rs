//! Text that a stranger controls, made safe to show; names quoted for a shell.

/// `text` without control and bidirectional characters: each becomes U+FFFD, a tab a space. Line ends stay out, too.
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                '\u{fffd}'
            }
            c => c,
        })
        .collect()
}

/// [`shown`] for text of several lines.
pub fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

/// A part of a TOML dotted key, quoted where TOML needs it.
pub fn toml_key(part: &str) -> String {
    if !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        part.to_owned()
    } else {
        let escaped: String = part
            .chars()
            .flat_map(|c| match c {
                '"' => vec!['\\', '"'],
                '\\' => vec!['\\', '\\'],
                '\n' => vec!['\\', 'n'],
                '\r' => vec!['\\', 'r'],
                '\t' => vec!['\\', 't'],
                c if c.is_control() => format!("\\u{:04X}", c as u32).chars().collect(),
                c => vec![c],
            })
            .collect();
        format!("\"{escaped}\"")
    }
}

/// Parts joined to a TOML dotted key.
pub fn dotted_key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts.into_iter().map(toml_key).collect::<Vec<_>>().join(".")
}

/// `word` quoted for a POSIX shell (and fish, and zsh): as it is when it needs no quotes.
pub fn posix_word(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./,:=@%+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// `path` with the home directory written as `~`, for people.
pub fn tilde(path: &str, home: Option<&str>) -> String {
    match home.filter(|h| h.len() > 1).and_then(|h| path.strip_prefix(h.trim_end_matches(['/', '\\']))) {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => format!("~{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_text_cannot_move_a_terminal() {
        assert_eq!(shown("a\u{1b}[31m\tb\u{202e}c"), "a\u{fffd}[31m b\u{fffd}c");
        assert!(!shown_lines("a\r\nb\u{7}").contains(['\r', '\u{7}']));
    }

    #[test]
    fn keys_are_quoted_where_toml_needs_it() {
        assert_eq!(
            dotted_key(["model_providers", "my.azure", "env_key"]),
            r#"model_providers."my.azure".env_key"#
        );
        assert_eq!(toml_key(""), r#""""#);
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(posix_word("/a/b-c.toml"), "/a/b-c.toml");
        assert_eq!(posix_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(posix_word(""), "''");
    }

    #[test]
    fn home_is_written_short_only_as_a_whole_part() {
        assert_eq!(tilde("/home/u/.bashrc", Some("/home/u")), "~/.bashrc");
        assert_eq!(tilde("/home/user2/.bashrc", Some("/home/u")), "/home/user2/.bashrc");
        assert_eq!(tilde(r"C:\Users\Jö Doe\.codex", Some(r"C:\Users\Jö Doe")), r"~\.codex");
    }
}
