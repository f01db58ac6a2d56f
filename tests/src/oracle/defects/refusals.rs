//! Refusals in which Codex names another thing than what is wrong.
use super::super::compare::{parts, says};
use super::super::world::Look;
use super::message;
use envsplit_model::Problem;

/// A refusal that is none of those that the rules give.
pub struct Refused<'a> {
    /// What the rules call fatal.
    pub fatal: &'a [&'a Problem],
    /// Codex's words.
    pub text: &'a str,
    /// What the rules call fatal when they see a part of the files alone.
    pub look: &'a dyn Fn(Look<'_>) -> Vec<Problem>,
}

/// `FILE:LINE:COLUMN: WORDS` as file and words.
fn placed(text: &str) -> Option<(&str, &str)> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (file, rest) = text.split_at(text.find(".toml:")? + ".toml".len());
    let mut rest = rest[1..].splitn(3, ':');
    let (line, column, words) = (rest.next()?, rest.next()?, rest.next()?);
    (file.starts_with('/') && digits(line) && digits(column)).then_some((file, words.trim()))
}

/// Whether a problem is told in these words, wherever it is placed.
fn is_told(p: &Problem, words: &str) -> bool {
    let bare = Problem { path: None, line: None, column: None, key: None, ..p.clone() };
    let first = Problem { message: p.message.lines().next().unwrap_or_default().to_owned(), ..bare.clone() };
    says(&bare, words) || says(&first, words) || is_list(p, words) || is_no_word(p, words)
}

/// A list in place of a table, and what Codex says of its length or of a field.
fn is_list(p: &Problem, words: &str) -> bool {
    p.message.starts_with("invalid type: sequence, expected struct ")
        && ["invalid ", "wanted exactly 1 element", "unknown variant "]
            .iter()
            .any(|start| words.starts_with(start))
}

/// Something else in place of a word.
fn is_no_word(p: &Problem, words: &str) -> bool {
    const WORDS: &[&str] =
        &["invalid type: unit variant", "wanted string or table", "expected string or map"];
    [p.message.as_str(), words].iter().all(|text| WORDS.iter().any(|w| text.contains(w)))
}

pub(super) fn loop_of_links(refused: &Refused<'_>) -> bool {
    let text = refused.text.replace("Symbolic link loop", "Too many levels of symbolic links");
    text != refused.text && refused.fatal.iter().any(|p| says(p, &text))
}

pub(super) fn table_above(refused: &Refused<'_>) -> bool {
    refused.fatal.iter().any(|p| {
        let Some(key) = p.key.as_deref().and_then(parts) else { return false };
        (1..key.len()).any(|count| {
            let words = refused.text.strip_suffix(&format!("\nin `{}`", key[..count].join(".")));
            words.is_some_and(|words| is_told(p, words) && !p.message.is_empty())
        })
    })
}

pub(super) fn another_place(refused: &Refused<'_>) -> bool {
    let Some((file, words)) = placed(refused.text) else { return false };
    // What does not parse has no key, and its place is compared.
    let mut typed = refused.fatal.iter().filter(|p| p.key.is_some());
    typed.any(|p| p.path.as_deref() == Some(file) && is_told(p, words))
}

pub(super) fn another_file(refused: &Refused<'_>) -> bool {
    let Some((file, words)) = placed(refused.text) else { return false };
    let unparsed = |p: &Problem| p.key.is_none() && p.path.as_deref() == Some(file);
    !refused.fatal.is_empty()
        && !refused.fatal.iter().any(|p| unparsed(p))
        && (refused.look)(Look::File(file)).iter().any(|p| p.fatal && is_told(p, words))
}

pub(super) fn number_passed_over(refused: &Refused<'_>) -> bool {
    const NUMBERS: &[&str] =
        &["floating-point number overflowed", "integer number overflowed", "invalid type: integer `"];
    let Some((file, _)) = placed(refused.text) else { return false };
    let number = |p: &Problem| {
        p.key.is_none()
            && p.path.as_deref() == Some(file)
            && NUMBERS.iter().any(|n| message(p).starts_with(n))
    };
    let flag = |p: &Problem| p.key.is_some() && p.path.is_none();
    refused.fatal.iter().any(|p| number(p)) && refused.fatal.iter().any(|p| flag(p))
}

pub(super) fn second_refusal(refused: &Refused<'_>) -> bool {
    let mut looks = [Look::System, Look::Required].into_iter();
    let told = |look| (refused.look)(look).iter().any(|p| p.fatal && says(p, refused.text));
    !refused.fatal.is_empty() && looks.any(told)
}

pub(super) fn both_names(refused: &Refused<'_>) -> bool {
    const NEW: &[&str] = &["disable_on_external_context", "max_concurrent_threads_per_session"];
    let field = placed(refused.text)
        .and_then(|(_, words)| words.strip_prefix("duplicate field `")?.strip_suffix('`'));
    !refused.fatal.is_empty() && field.is_some_and(|field| NEW.contains(&field))
}

/// Whether Codex names a problem's key, or a table above it.
fn names(p: &Problem, text: &str) -> bool {
    let Some(key) = p.key.as_deref().and_then(parts) else { return false };
    (1..=key.len()).any(|n| text.ends_with(&format!("\nin `{}`", key[..n].join("."))))
}

pub(super) fn list_for_table(refused: &Refused<'_>) -> bool {
    refused.fatal.iter().any(|p| is_list(p, refused.text) && names(p, refused.text))
}

pub(super) fn no_word(refused: &Refused<'_>) -> bool {
    refused.fatal.iter().any(|p| is_no_word(p, refused.text) && names(p, refused.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use envsplit_model::Code;

    fn problem(path: Option<&str>, key: Option<&str>, message: &str) -> Problem {
        Problem {
            code: Code::ConfigInvalid,
            path: path.map(str::to_owned),
            line: Some(3),
            column: Some(7),
            message: message.to_owned(),
            key: key.map(str::to_owned),
            nearest: None,
            fatal: true,
        }
    }

    fn excused(test: fn(&Refused<'_>) -> bool, p: &Problem, text: &str) -> bool {
        let alone = |_: Look<'_>| vec![problem(Some("/b.toml"), Some("tui"), "bad tui")];
        test(&Refused { fatal: &[p], text, look: &alone })
    }

    #[test]
    fn another_place_is_one_of_the_same_file_and_words() {
        let p = problem(Some("/a.toml"), Some("x"), "bad x");
        assert!(excused(another_place, &p, "/a.toml:1:1: bad x"));
        assert!(!excused(another_place, &p, "/a.toml:1:1: bad y"));
        assert!(!excused(another_place, &p, "/b.toml:1:1: bad x"));
        assert!(!excused(another_place, &problem(Some("/a.toml"), None, "bad x"), "/a.toml:1:1: bad x"));
    }

    #[test]
    fn another_file_is_wrong_by_itself() {
        let p = problem(Some("/a.toml"), Some("x"), "bad x");
        assert!(excused(another_file, &p, "/b.toml:1:1: bad tui"));
        assert!(!excused(another_file, &p, "/b.toml:1:1: bad x"));
        assert!(!excused(another_file, &problem(Some("/b.toml"), None, "bad"), "/b.toml:1:1: bad tui"));
    }

    #[test]
    fn a_table_above_is_named_in_the_values_words() {
        let p = problem(None, Some("a.b.c"), "bad c");
        assert!(excused(table_above, &p, "bad c\nin `a.b`"));
        assert!(!excused(table_above, &p, "bad c\nin `a.x`") && !excused(table_above, &p, "bad d\nin `a.b`"));
    }
}
