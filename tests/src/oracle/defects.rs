//! Where the program itself is wrong, and what it says is not compared.
use envsplit_model::Problem;

/// Whether a key is the new spelling of one that a layer may write in the old one.
pub fn is_renamed(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["features", _, "enabled"]
            | ["memories", "disable_on_external_context"]
            | ["agents", "max_concurrent_threads_per_session"]
    )
}

/// Where a whole file cannot be read in its types, Codex names the first thing that is wrong in the lowest file and
/// places it where its deserializer stood, at the table or at the file's beginning. The rules name the value. Places of
/// what does not parse are compared; they have no key.
pub fn names_another_place(fatal: &[&Problem], text: &str) -> bool {
    fatal.iter().filter(|p| p.key.is_some()).any(|p| {
        let file = p.path.as_deref().and_then(|path| text.strip_prefix(path));
        file.is_some_and(|rest| {
            rest.splitn(4, ':')
                .nth(3)
                .is_some_and(|said| Some(said.trim()) == p.message.lines().next() || said.trim() == p.message)
        })
    })
}

/// A list in place of a table, and anything else in place of a word, is refused in words that depend on how Codex
/// derives the type and on the stage at which it reads it.
pub fn is_worded_otherwise(fatal: &[&Problem], text: &str) -> bool {
    const WORD: &[&str] = &["invalid type: unit variant", "wanted string or table", "expected string or map"];
    fatal.iter().any(|p| {
        let Some(key) = p.key.as_deref().and_then(super::compare::parts) else { return false };
        let named = (1..=key.len()).any(|n| text.ends_with(&format!("in `{}`", key[..n].join("."))));
        let list = p.message.starts_with("invalid type: sequence, expected struct ");
        let word = WORD.iter().any(|w| p.message.contains(w)) && WORD.iter().any(|w| text.contains(w));
        named && (list || word)
    })
}

/// Where the whole cannot be read, Codex looks at each file by itself, and may name what a higher layer repairs, or
/// what is wrong in another file. The rules name what is wrong in the whole. What does not parse is compared.
pub fn names_another_file(fatal: &[&Problem], text: &str) -> bool {
    // Nothing else of a file that does not parse can be judged.
    let silent = |p: &&Problem| p.key.is_none() && p.path.as_deref().is_some_and(|path| !text.contains(path));
    if fatal.iter().any(silent) {
        return true;
    }
    let named = text.split_once(".toml:").filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    named.is_some_and(|(file, _)| {
        let file = format!("{file}.toml");
        let unparsed = |p: &&Problem| p.key.is_none() && p.path.as_deref() == Some(&file);
        file.starts_with('/') && !fatal.is_empty() && !fatal.iter().any(unparsed)
    })
}
