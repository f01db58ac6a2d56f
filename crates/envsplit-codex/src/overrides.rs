//! `-c key=value`: the layer of the session flags.
use crate::document::{Item, Node, Table, parse_value};
use envsplit_model::{Code, Problem};

/// More overrides than an argument list can reasonably hold are not looked at.
pub(crate) const MAX_OVERRIDES: usize = 4096;

/// A key with more parts is refused: Codex's own tables of such depth end its process.
const MAX_DEPTH: usize = 64;

/// Reads the overrides in order; the first that Codex refuses ends them.
///
/// Codex 0.169: split at the first `=`, the key trimmed and split at every `.` (quotes have no meaning there), the
/// value trimmed and read as TOML, or taken as text, without quotation marks around it, where it is none.
pub(crate) fn parse(overrides: &[String]) -> (Table, Option<Problem>) {
    let mut table = Table::new();
    for text in overrides.iter().take(MAX_OVERRIDES) {
        let Some((key, value)) = text.split_once('=') else {
            // What stands in place of a key could be anything that was pasted.
            let shown = if is_plain(text) { text.as_str() } else { "<hidden>" };
            return (table, Some(refused(&format!("Invalid override (missing '='): {shown}"))));
        };
        let key = key.trim();
        if key.is_empty() {
            return (table, Some(refused("Empty key in override: <hidden>")));
        }
        // Codex 0.169 keeps one old spelling.
        let key = if key == "use_legacy_landlock" { "features.use_legacy_landlock" } else { key };
        let parts: Vec<&str> = key.split('.').collect();
        if parts.len() > MAX_DEPTH {
            return (table, Some(refused("an override's key has too many parts")));
        }
        insert(&mut table, &parts, parse_value(value.trim()));
    }
    (table, None)
}

/// Sets a value; whatever stands in the way is replaced.
fn insert(table: &mut Table, parts: &[&str], node: Node) {
    let Some((first, rest)) = parts.split_first() else { return };
    let entry = table.entry((*first).to_owned()).or_insert_with(|| Item {
        key_at: None,
        at: None,
        node: Node::Table(Table::new()),
    });
    if rest.is_empty() {
        entry.node = node;
        return;
    }
    if entry.node.as_table().is_none() {
        entry.node = Node::Table(Table::new());
    }
    if let Node::Table(inner) = &mut entry.node {
        insert(inner, rest, node);
    }
}

fn is_plain(text: &str) -> bool {
    text.len() <= 64
        && !crate::looks_like_secret(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

fn refused(message: &str) -> Problem {
    Problem {
        code: Code::ConfigInvalid,
        path: None,
        line: None,
        column: None,
        message: format!("error parsing -c overrides: {message}"),
        key: None,
        nearest: None,
        fatal: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(overrides: &[&str]) -> (serde_json::Value, Option<String>) {
        let owned: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
        let (table, problem) = parse(&owned);
        (Node::Table(table).json(), problem.map(|p| p.message))
    }

    #[test]
    fn values_are_toml_or_text() {
        for (text, expected) in [
            ("model=x y", json!({"model": "x y"})),
            ("x=[1,2", json!({"x": "[1,2"})),
            ("model=a=b", json!({"model": "a=b"})),
            ("model=", json!({"model": ""})),
            ("model=\"a\"b", json!({"model": "a\"b"})),
            ("model='open", json!({"model": "open"})),
            ("model=3", json!({"model": 3})),
            (" a . b = 'c' ", json!({"a ": {" b": "c"}})),
            (
                r#"projects."/p".trust_level="trusted""#,
                json!({"projects": {"\"/p\"": {"trust_level": "trusted"}}}),
            ),
            (
                r#"projects={"/p"={trust_level="trusted"}}"#,
                json!({"projects": {"/p": {"trust_level": "trusted"}}}),
            ),
            ("use_legacy_landlock=true", json!({"features": {"use_legacy_landlock": true}})),
        ] {
            assert_eq!(read(&[text]), (expected, None), "{text}");
        }
    }

    #[test]
    fn later_overrides_win_and_make_room() {
        assert_eq!(read(&["a=1", "a.b=2", "a.c=3", "a.b=4"]).0, json!({"a": {"b": 4, "c": 3}}));
    }

    #[test]
    fn refusals_use_codexs_words_and_hide_what_was_pasted() {
        assert_eq!(
            read(&["model"]).1.unwrap(),
            "error parsing -c overrides: Invalid override (missing '='): model"
        );
        assert!(
            read(&["=CANARY"]).1.unwrap().starts_with("error parsing -c overrides: Empty key in override: ")
        );
        assert!(!read(&["=CANARY"]).1.unwrap().contains("CANARY"));
        assert!(!read(&["sk-proj-abcdEFGH1234ijklMNOP"]).1.unwrap().contains("abcd"));
        assert!(read(&[&format!("{}=1", "a.".repeat(100_000))]).1.is_some());
    }
}
