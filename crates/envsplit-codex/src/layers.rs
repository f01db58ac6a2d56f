//! The layers of the config: files and flags, each with Codex's version.
use crate::document::{self, Item, Node, Table};
use crate::position::Pos;
use crate::{Surroundings, paths};
use envsplit_model::{Code, FileError, Files, Layer, LayerSource, Problem};
use sha2::{Digest, Sha256};

/// A layer as it was read.
pub(crate) struct LayerRead {
    pub(crate) source: LayerSource,
    pub(crate) path: Option<String>,
    pub(crate) table: Table,
    pub(crate) exists: bool,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) version: String,
    /// Whether it has the types that Codex expects, by itself.
    pub(crate) typed: bool,
}

impl LayerRead {
    /// A layer whose relative paths begin at `base`; `None` leaves it as it is.
    pub(crate) fn new(
        s: &Surroundings<'_>,
        source: LayerSource,
        (path, base): (Option<String>, Option<&str>),
        mut table: Table,
        exists: bool,
    ) -> Self {
        let typed = base.is_some_and(|base| paths::normalize(s, &mut table, base));
        let version = version(&table, typed);
        rename_old_keys(&mut table);
        Self { source, path, table, exists, disabled_reason: None, version, typed }
    }

    /// A layer that there is not.
    pub(crate) fn absent(source: LayerSource) -> Self {
        let (table, version) = (Table::new(), String::new());
        Self { source, path: None, table, exists: false, disabled_reason: None, version, typed: true }
    }

    pub(crate) fn enabled(&self) -> bool {
        self.disabled_reason.is_none()
    }

    pub(crate) fn view(&self) -> Layer {
        Layer {
            source: self.source,
            path: self.path.clone(),
            enabled: self.enabled(),
            disabled_reason: self.disabled_reason.clone(),
            version: self.version.clone(),
        }
    }
}

/// Old spellings that Codex 0.169 takes for the new ones when it merges; the version is that of the file as it is.
const RENAMED: &[(&str, &str, &str)] = &[
    ("memories", "no_memories_if_mcp_or_web_search", "disable_on_external_context"),
    ("agents", "max_threads", "max_concurrent_threads_per_session"),
];

/// Whether a layer has a key in its old and in its new spelling, which is no config by itself.
pub(crate) fn is_said_twice(table: &Table) -> bool {
    RENAMED.iter().any(|(outer, old, new)| {
        let inner = table.get(*outer).and_then(|i| i.node.as_table());
        inner.is_some_and(|t| t.contains_key(*old) && t.contains_key(*new))
    })
}

/// Features that become a table, `true` as `enabled = true` (Codex 0.169; other features with settings do not).
const FEATURES_WITH_SETTINGS: &[&str] =
    &["code_mode", "multi_agent_v2", "network_proxy", "runtime_agent_instances", "sleep_tool"];

fn rename_old_keys(table: &mut Table) {
    for (outer, old, new) in RENAMED {
        if let Some(Node::Table(inner)) = table.get_mut(*outer).map(|i| &mut i.node)
            && let Some(item) = inner.remove(*old)
        {
            inner.entry((*new).to_owned()).or_insert(item);
        }
    }
    if let Some(Node::Table(features)) = table.get_mut("features").map(|i| &mut i.node) {
        for (name, item) in features {
            if item.node.as_bool().is_some() && FEATURES_WITH_SETTINGS.contains(&name.as_str()) {
                let enabled = item.clone();
                item.node = Node::Table(Table::from([("enabled".to_owned(), enabled)]));
            }
        }
    }
}

/// A config file as far as it can be read.
pub(crate) struct FileLayer {
    pub(crate) table: Table,
    pub(crate) exists: bool,
    pub(crate) problem: Option<Problem>,
    pub(crate) unknown: Option<String>,
}

/// Reads a config file. A missing one is an empty layer (Codex 0.169); every other failure is Codex's own, and fatal.
pub(crate) fn read(files: &dyn Files, path: &str) -> FileLayer {
    let empty = FileLayer { table: Table::new(), exists: true, problem: None, unknown: None };
    let failed =
        |message: String, place: Option<Pos>| problem(Code::ConfigInvalid, path, place, message, true);
    let bytes = match files.read(path) {
        Ok(bytes) => bytes,
        Err(FileError::NotFound) => return FileLayer { exists: false, ..empty },
        Err(error @ FileError::TooLarge { .. }) => {
            let message = format!("`{path}` was not read: {error}");
            let note = Some(problem(Code::ConfigInvalid, path, None, message.clone(), false));
            return FileLayer { problem: note, unknown: Some(message), ..empty };
        }
        Err(error) => {
            let why = match error {
                FileError::IsDirectory | FileError::NotRegular => format!("path `{path}` is not a file"),
                _ => error.to_string(),
            };
            let message = format!("Failed to read config file {path}: {why}");
            let unknown =
                matches!(error, FileError::Denied | FileError::Other { .. }).then(|| message.clone());
            return FileLayer { problem: Some(failed(message, None)), unknown, ..empty };
        }
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let document = document::parse(text);
            let problem = document.error.map(|(message, place)| failed(message, place));
            FileLayer { table: document.table, problem, ..empty }
        }
        Err(error) => {
            let place = crate::position::LineIndex::new(&bytes).at(error.valid_up_to());
            let message = format!("Failed to read config file {path}: {error}");
            let text = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            FileLayer {
                table: document::parse(&text).table,
                problem: Some(failed(message, Some(place))),
                ..empty
            }
        }
    }
}

/// A problem of a file.
pub(crate) fn problem(code: Code, path: &str, place: Option<Pos>, message: String, fatal: bool) -> Problem {
    Problem {
        code,
        path: Some(path.to_owned()),
        line: place.map(|p| p.line),
        column: place.map(|p| p.column),
        message,
        key: None,
        nearest: None,
        fatal,
    }
}

/// Codex's version of a layer: SHA-256 of its canonical JSON, keys sorted, without spaces (Codex 0.169).
pub(crate) fn version(table: &Table, typed: bool) -> String {
    let mut json = String::new();
    write_table(table, Writing { typed, json: false }, &mut json);
    let digest = Sha256::digest(json.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    "sha256:".chars().chain(digits).collect()
}

/// How a value is written.
#[derive(Clone, Copy)]
struct Writing {
    /// Whether the layer has the expected types.
    typed: bool,
    /// Whether the value went through JSON, as everything in `[desktop]` does.
    json: bool,
}

fn write_table(table: &Table, how: Writing, out: &mut String) {
    out.push('{');
    for (at, (key, item)) in table.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        write_node(item, Writing { json: how.json || (how.typed && key == "desktop"), typed: false }, out);
    }
    out.push('}');
}

fn write_node(item: &Item, how: Writing, out: &mut String) {
    match &item.node {
        Node::Table(table) => write_table(table, how, out),
        Node::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_node(item, how, out);
            }
            out.push(']');
        }
        // A number that went through JSON comes out as a table with serde_json's private key.
        Node::Scalar(value @ serde_json::Value::Number(_)) if how.json => {
            out.push_str("{\"$serde_json::private::Number\":");
            write_string(&value.to_string(), out);
            out.push('}');
        }
        Node::Datetime(text) if how.json => write_string(text, out),
        Node::Scalar(serde_json::Value::String(text)) => write_string(text, out),
        Node::Scalar(value) => out.push_str(&value.to_string()),
        // The toml crate hands a date to serde as a table with one private key.
        Node::Datetime(text) => {
            out.push_str("{\"$__toml_private_datetime\":");
            write_string(text, out);
            out.push('}');
        }
        // JSON has no infinity.
        Node::Number(_) | Node::Oversized(_) => out.push_str("null"),
    }
}

fn write_string(text: &str, out: &mut String) {
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        out.push_str(&serde_json::Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_layer_has_codexs_version() {
        let expected = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(version(&Table::new(), true), expected);
    }

    #[test]
    fn order_and_spelling_have_no_part_in_the_version() {
        let one = document::parse("b = 1\n[a]\nx = \"q\"").table;
        let two = document::parse("a.x = 'q'\n\n# note\nb = 0x1").table;
        assert_eq!(version(&one, true), version(&two, true));
    }
}
