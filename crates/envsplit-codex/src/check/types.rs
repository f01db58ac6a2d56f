//! The types of known keys, and keys that are not known.
use super::Findings;
use crate::document::{Node, Table};
use crate::known::{Expected, Known};
use crate::layers::LayerRead;
use crate::mask;
use crate::merge::{Merged, MergedNode};
use envsplit_model::{Code, Problem};
use serde_json::Value;

impl Findings<'_> {
    /// Values of the wrong type, in Codex's words.
    pub(super) fn types(&mut self, config: &Merged<'_>) {
        self.types_below(config, Known::config(), &mut Vec::new());
    }

    pub(super) fn types_below<'a>(&mut self, at: &Merged<'a>, known: &Known, path: &mut Vec<&'a str>) {
        if known.listed && at.leaf().is_some_and(|node| node.as_array().is_some()) {
            return;
        }
        if let Some(message) = known.expected.and_then(|expected| refusal(at, expected, path)) {
            // `wire_api` has a code of its own.
            let code =
                if path.last() == Some(&"wire_api") { Code::RouteWireApi } else { Code::ConfigInvalid };
            self.add(code, at, path, message);
            return;
        }
        for (key, inner) in at.table().into_iter().flatten() {
            path.push(key);
            match known.get(key) {
                Some(known) => self.types_below(inner, known, path),
                // An unknown feature is ignored, but it must be one.
                None if matches!(path[..], ["features", _] | ["profiles", _, "features", _]) => {
                    let expected = Expected::Type("a boolean");
                    if let Some(message) = refusal(inner, expected, path) {
                        self.add(Code::ConfigInvalid, inner, path, message);
                    }
                }
                None => {}
            }
            path.pop();
        }
    }
}

fn refusal(at: &Merged<'_>, expected: Expected, path: &[&str]) -> Option<String> {
    match (expected, at.leaf()) {
        (Expected::Any, _) => None,
        (Expected::Untagged(name, types), node) => {
            let found = match node {
                None => "table",
                Some(Node::Datetime(_)) => "string",
                Some(node) => kind_of_choice(node),
            };
            let fits = types.split(' ').any(|t| t == found);
            (!fits).then(|| format!("data did not match any variant of untagged enum {name}"))
        }
        (Expected::Texts | Expected::Words(_) | Expected::Variables, None) => {
            Some("invalid type: map, expected a sequence".to_owned())
        }
        (Expected::Texts, Some(Node::Array(items))) => {
            items.iter().find_map(|item| scalar_refusal(&item.node, "a string", path))
        }
        (Expected::Words(words), Some(Node::Array(items))) => {
            items.iter().find_map(|item| word_refusal(&item.node, words, path))
        }
        (Expected::Variables, Some(Node::Array(items))) => {
            let message = "data did not match any variant of untagged enum McpServerEnvVar";
            (!items.iter().all(|item| is_variable(&item.node))).then(|| message.to_owned())
        }
        (Expected::Texts | Expected::Words(_) | Expected::Variables, Some(node)) => {
            scalar_refusal(node, "a sequence", path)
        }
        (Expected::OneOf(_), None) if path.last() == Some(&"wire_api") => {
            Some("invalid type: map, expected a string".to_owned())
        }
        (Expected::OneOf(words), None) => variant_refusal(at, words),
        (Expected::OneOf(_), Some(node)) if path.last() == Some(&"wire_api") => wire_api_refusal(node, path),
        (Expected::OneOf(words), Some(node)) => match node.as_str() {
            Some("granular") if words.contains(&"granular") => Some(GRANULAR.to_owned()),
            Some("otlp-http" | "otlp-grpc") if words.contains(&"otlp-http") => {
                Some("invalid type: unit variant, expected struct variant".to_owned())
            }
            Some(word) if words.contains(&word) => None,
            Some(word) => Some(unknown_variant(word, words, path)),
            // Codex reads trust from the file itself, which words it so.
            None if path.first() == Some(&"projects") && at.at.is_some() => {
                Some("wanted string or table".to_owned())
            }
            None => Some(UNIT_VARIANT.to_owned()),
        },
        (Expected::Type("an effort"), None) => Some("invalid type: map, expected a string".to_owned()),
        (Expected::Type("an effort"), Some(node)) => match node.as_str() {
            Some("") => Some("reasoning_effort must not be empty".to_owned()),
            _ => scalar_refusal(node, "a string", path),
        },
        (Expected::Type("positive f64"), None) => Some("invalid type: map, expected f64".to_owned()),
        (Expected::Type("positive f64"), Some(node)) => scalar_refusal(node, "f64", path).or_else(|| {
            let positive = match node {
                Node::Scalar(value) => value.as_f64().is_some_and(|n| n > 0.0),
                _ => false,
            };
            (!positive).then(|| format!("{} must be a finite positive number", mask::dotted(path)))
        }),
        (Expected::Type(expected), None) => {
            let table = expected == "a map" || expected.starts_with("struct ");
            (!table).then(|| format!("invalid type: map, expected {expected}"))
        }
        (Expected::Type(expected), Some(node)) => scalar_refusal(node, expected, path),
    }
}

/// Codex's words for a policy that takes settings, without them.
const GRANULAR: &str = "invalid type: unit variant, expected newtype variant";

/// Codex's words for a value that is no text where a word is expected.
const UNIT_VARIANT: &str = "invalid type: unit variant, expected string only";

fn unknown_variant(word: &str, words: &[&str], path: &[&str]) -> String {
    let word = if mask::is_hidden(path) { mask::HIDDEN.to_owned() } else { mask::name(word) };
    format!("unknown variant `{word}`, expected {}", one_of(words))
}

/// An element of a list of words, none of which takes settings.
fn word_refusal(node: &Node, words: &[&str], path: &[&str]) -> Option<String> {
    match node {
        Node::Scalar(Value::String(word)) if word == "granular" && words.contains(&"granular") => {
            Some(GRANULAR.to_owned())
        }
        Node::Scalar(Value::String(word)) if words.contains(&word.as_str()) => None,
        Node::Scalar(Value::String(word)) => Some(unknown_variant(word, words, path)),
        Node::Table(table) => match table.keys().collect::<Vec<_>>()[..] {
            [] => Some("wanted exactly 1 element, found 0 elements".to_owned()),
            // It takes settings, which Codex alone judges.
            [word] if word == "granular" && words.contains(&"granular") => None,
            [word] => Some(unknown_variant(word, words, path)),
            _ => Some("wanted exactly 1 element, more than 1 element".to_owned()),
        },
        _ => Some(UNIT_VARIANT.to_owned()),
    }
}

/// A variable that a server is given: its name, or a table with the name and whence it is taken (Codex 0.169).
fn is_variable(node: &Node) -> bool {
    let text = |node: &Node| matches!(node, Node::Scalar(Value::String(_)) | Node::Datetime(_));
    match node {
        Node::Table(table) => {
            table.contains_key("name")
                && table.iter().all(|(key, item)| matches!(&key[..], "name" | "source") && text(&item.node))
        }
        node => text(node),
    }
}

/// Where a server's variables cannot be taken from, in Codex's words.
pub(super) fn source_refusal(server: &Merged<'_>) -> Option<String> {
    let items = server.get(&["env_vars"])?.leaf()?.as_array()?;
    let sources = items.iter().filter_map(|item| item.node.as_table()?.get("source")?.node.as_str());
    let source = sources.into_iter().find(|source| !matches!(*source, "local" | "remote"))?;
    Some(format!("unsupported env_vars source `{}`; expected `local` or `remote`", mask::name(source)))
}

/// A table stands for a word with settings: it has one key, the word.
fn variant_refusal(at: &Merged<'_>, words: &[&str]) -> Option<String> {
    let table = at.table()?;
    let mut entries = table.iter();
    let (word, settings) = match (entries.next(), entries.next()) {
        (None, _) => return Some("wanted exactly 1 element, found 0 elements".to_owned()),
        (Some(_), Some(_)) => return Some("wanted exactly 1 element, more than 1 element".to_owned()),
        (Some(one), None) => one,
    };
    if !words.contains(word) {
        return Some(unknown_variant(word, words, &[]));
    }
    // Words that take settings are judged by Codex alone.
    let plain = !matches!(*word, "granular" | "otlp-http" | "otlp-grpc");
    let node = settings.leaf().filter(|_| plain)?;
    Some(format!("expected table, found {}", kind(node)))
}

fn kind_of_choice(node: &Node) -> &'static str {
    match node {
        Node::Array(_) => "sequence",
        node => kind(node),
    }
}

fn kind(node: &Node) -> &'static str {
    match node {
        Node::Table(_) => "table",
        Node::Array(_) => "array",
        Node::Scalar(Value::String(_)) => "string",
        Node::Scalar(Value::Bool(_)) => "boolean",
        Node::Scalar(Value::Number(n)) if n.is_i64() => "integer",
        Node::Datetime(_) => "datetime",
        _ => "float",
    }
}

/// Codex reads this one as text before it looks at the word.
fn wire_api_refusal(node: &Node, path: &[&str]) -> Option<String> {
    match node {
        Node::Scalar(Value::String(word)) if word == "responses" => None,
        Node::Scalar(Value::String(word)) if word == "chat" => Some(
            "`wire_api = \"chat\"` is no longer supported.\nHow to fix: set `wire_api = \"responses\"` in your \
             provider config.\nMore info: https://github.com/openai/codex/discussions/7782"
                .to_owned(),
        ),
        Node::Scalar(Value::String(word)) | Node::Datetime(word) => {
            Some(unknown_variant(word, &["responses"], path))
        }
        node => scalar_refusal(node, "a string", path),
    }
}

fn scalar_refusal(node: &Node, expected: &str, path: &[&str]) -> Option<String> {
    let judged =
        matches!(expected, "a string" | "path string" | "a boolean" | "f64" | "a sequence" | "a map");
    if !judged && !expected.starts_with("struct ") && integer_range(expected).is_none() {
        return None;
    }
    let fits = match (node, expected) {
        // A date is handed on as a string.
        (Node::Datetime(_) | Node::Scalar(Value::String(_)), "a string" | "path string")
        | (Node::Scalar(Value::Bool(_)), "a boolean")
        | (Node::Scalar(Value::Number(_)) | Node::Number(_), "f64")
        | (Node::Array(_), "a sequence") => true,
        (Node::Scalar(Value::Number(number)), expected) if number.is_i64() => match integer_range(expected) {
            Some(range) if number.as_i64().is_some_and(|n| range.contains(&n)) => true,
            Some(_) => return Some(format!("invalid value: integer `{number}`, expected {expected}")),
            None => false,
        },
        _ => false,
    };
    let found = match node {
        Node::Scalar(Value::String(_)) | Node::Datetime(_) => format!("string \"{}\"", mask::HIDDEN),
        Node::Scalar(Value::Bool(flag)) => format!("boolean `{flag}`"),
        Node::Scalar(number @ Value::Number(_)) => {
            let kind = if number.is_i64() { "integer" } else { "floating point" };
            let secret = mask::is_hidden(path) || number.to_string().len() > 6;
            format!("{kind} `{}`", if secret { mask::HIDDEN.to_owned() } else { number.to_string() })
        }
        Node::Array(_) => "sequence".to_owned(),
        Node::Number(text) => format!("floating point `{text}`"),
        Node::Table(_) | Node::Oversized(_) | Node::Scalar(_) => "map".to_owned(),
    };
    (!fits).then(|| format!("invalid type: {found}, expected {expected}"))
}

fn integer_range(expected: &str) -> Option<std::ops::RangeInclusive<i64>> {
    Some(match expected {
        "i64" => i64::MIN..=i64::MAX,
        "i32" => i64::from(i32::MIN)..=i64::from(i32::MAX),
        "u8" => 0..=i64::from(u8::MAX),
        "u16" => 0..=i64::from(u16::MAX),
        "u32" => 0..=i64::from(u32::MAX),
        "u64" | "usize" => 0..=i64::MAX,
        "a nonzero u64" | "a nonzero usize" => 1..=i64::MAX,
        _ => return None,
    })
}

/// A choice in Codex's words, which are those of serde.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [one] => format!("`{one}`"),
        [one, two] => format!("`{one}` or `{two}`"),
        _ => format!("one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// At most so many unknown keys are reported of one layer: a file of another program has thousands.
const UNKNOWN_LIMIT: usize = 100;

/// The keys of a layer that Codex ignores, each with the nearest that it knows.
pub(super) fn unknown_keys(layer: &LayerRead, problems: &mut Vec<Problem>) {
    let mut found = Vec::new();
    unknown_below(&layer.table, Known::config(), layer.path.as_deref(), &mut Vec::new(), &mut found);
    problems.extend(found);
}

/// Keys of a table that are not known there, each a problem of `file`; `path` leads to the table.
pub(super) fn unknown_below<'a>(
    table: &'a Table,
    known: &Known,
    file: Option<&str>,
    path: &mut Vec<&'a str>,
    found: &mut Vec<Problem>,
) {
    for (key, item) in table {
        if found.len() >= UNKNOWN_LIMIT {
            return;
        }
        path.push(key);
        match known.get(key) {
            Some(known) => {
                if let Some(inner) = item.node.as_table() {
                    unknown_below(inner, known, file, path, found);
                }
            }
            None if known.closed => {
                let before = &path[..path.len() - 1];
                let nearest = known.nearest(key).map(|near| {
                    let parts: Vec<&str> = before.iter().copied().chain([near]).collect();
                    mask::dotted(&parts)
                });
                let shown = mask::dotted(path);
                found.push(Problem {
                    code: Code::ConfigUnknownKey,
                    path: file.map(str::to_owned),
                    line: item.key_at.map(|p| p.line),
                    column: item.key_at.map(|p| p.column),
                    message: format!("`{shown}` is ignored."),
                    key: Some(shown),
                    nearest,
                    fatal: false,
                });
            }
            None => {}
        }
        path.pop();
    }
}

/// What a server that is started may not have, in the order in which Codex looks.
const NOT_FOR_STDIO: &[&str] = &[
    "url",
    "bearer_token_env_var",
    "bearer_token",
    "http_headers",
    "env_http_headers",
    "http_headers_helper",
    "auth",
    "oauth",
    "oauth_resource",
];

/// What a server at a URL may not have.
const NOT_FOR_HTTP: &[&str] = &["args", "env", "env_vars", "cwd", "bearer_token"];

/// What is wrong with a server's transport, in Codex's words; each key that does not go with it.
pub(super) fn transport_refusals(server: &Merged<'_>) -> Vec<String> {
    let MergedNode::Table(table) = &server.node else { return vec![] };
    let (transport, excluded) = match () {
        () if table.contains_key("command") => ("stdio", NOT_FOR_STDIO),
        () if table.contains_key("url") => ("streamable_http", NOT_FOR_HTTP),
        () => return vec!["invalid transport".to_owned()],
    };
    let found = excluded.iter().filter(|key| table.contains_key(**key));
    found.map(|key| format!("{key} is not supported for {transport}")).collect()
}

/// Why a number of seconds is no duration, in the words of Rust's library.
pub(super) fn duration_refusal(seconds: &Merged<'_>) -> Option<&'static str> {
    const BIG: &str = "value is either too big or NaN";
    const NEGATIVE: &str = "value is negative";
    match seconds.leaf()? {
        Node::Number(text) if text == "-inf" => Some(NEGATIVE),
        Node::Number(_) => Some(BIG),
        Node::Scalar(value) => match value.as_f64()? {
            n if n < 0.0 => Some(NEGATIVE),
            n if n >= 18_446_744_073_709_551_616.0 => Some(BIG),
            _ => None,
        },
        _ => None,
    }
}
