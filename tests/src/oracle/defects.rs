//! Where the program itself is wrong, and what it says is not compared.
use envsplit_model::Problem;
use serde_json::Value;

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
        file.is_some_and(|rest| rest.splitn(4, ':').nth(3).is_some_and(|said| said.trim() == p.message))
    })
}

/// A list in place of a table is a table with too few fields, or no table: that depends on how Codex derives the type.
pub fn is_list_for_table(fatal: &[&Problem], text: &str) -> bool {
    let expected = text.split_once("expected struct ").and_then(|(_, rest)| rest.split([' ', '\n']).next());
    let of_list = text.starts_with("invalid length 0") || text.starts_with("missing field");
    of_list
        && fatal.iter().any(|p| {
            p.message
                .strip_prefix("invalid type: sequence, expected struct ")
                .is_some_and(|n| Some(n) == expected)
        })
}

/// Where a file does not parse, Codex still may name what is wrong in another, lower one. The rules name the file that
/// does not parse.
pub fn names_another_file(fatal: &[&Problem], text: &str) -> bool {
    let named = text.split_once(".toml:").filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    let unparsed = fatal.iter().any(|p| p.key.is_none() && p.path.is_some());
    named.is_some_and(|(file, _)| {
        unparsed && file.starts_with('/') && !fatal.iter().any(|p| p.path.as_deref() == Some(&format!("{file}.toml")))
    })
}
