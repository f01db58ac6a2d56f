//! Config values as they may be shown.
use crate::document::Node;
use crate::known::Known;
use crate::secret::{holds_secret, looks_like_secret};
use envsplit_model::CodexView;
use envsplit_model::text::toml_key;
use serde_json::Value;

/// Stands for a value that can be a secret.
pub(crate) const HIDDEN: &str = "<hidden>";

/// A value for display, by the keys that lead to it.
pub(crate) fn value(path: &[&str], node: &Node) -> Value {
    let hidden = is_hidden(path);
    match node {
        Node::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, item)| {
                    let inner: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    (key_part(path, key), value(&inner, &item.node))
                })
                .collect(),
        ),
        Node::Scalar(Value::String(text)) => Value::String(string(path, text)),
        Node::Scalar(value) if hidden => hidden_scalar(value),
        Node::Array(_) | Node::Number(_) | Node::Datetime(_) if hidden => Value::String(HIDDEN.to_owned()),
        Node::Array(items) => array(path, items.iter().map(|i| &i.node)),
        other => other.json(),
    }
}

/// The dotted key of a path, with parts hidden that are pasted secrets.
pub(crate) fn dotted(path: &[&str]) -> String {
    let part = |(at, key): (usize, &&str)| {
        let shown = key_part(&path[..at], key);
        if shown == HIDDEN { shown } else { toml_key(&shown) }
    };
    path.iter().enumerate().map(part).collect::<Vec<_>>().join(".")
}

/// A key of a table: a path of a project always, anything else unless it is a secret.
fn key_part(before: &[&str], key: &str) -> String {
    if before == ["projects"] || !looks_like_secret(key) { key.to_owned() } else { HIDDEN.to_owned() }
}

/// A provider's id or another name for a message.
pub(crate) fn name(text: &str) -> String {
    if looks_like_secret(text) { HIDDEN.to_owned() } else { envsplit_model::text::shown(text) }
}

fn hidden_scalar(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Null => value.clone(),
        _ => Value::String(HIDDEN.to_owned()),
    }
}

/// An array, in which an option such as `--token` hides its neighbour, too.
fn array<'a>(path: &[&str], items: impl Iterator<Item = &'a Node>) -> Value {
    let mut after_option = false;
    let shown = items.map(|node| {
        let Some(text) = node.as_str() else {
            after_option = false;
            return value(path, node);
        };
        let hide = std::mem::replace(&mut after_option, is_secret_option(text));
        if hide && !text.starts_with("--") {
            return Value::String(HIDDEN.to_owned());
        }
        match text.split_once('=') {
            Some((option, _)) if names_secret(option) && !option.contains(' ') => {
                Value::String(format!("{option}={HIDDEN}"))
            }
            _ if text.to_ascii_lowercase().contains("authorization") => Value::String(HIDDEN.to_owned()),
            _ => Value::String(string(path, text)),
        }
    });
    Value::Array(shown.collect())
}

fn is_secret_option(text: &str) -> bool {
    text.starts_with('-') && !text.contains('=') && names_secret(text)
}

fn string(path: &[&str], text: &str) -> String {
    let last = path.last().copied().unwrap_or_default();
    if is_hidden(path) || (is_nobodys(path) && !is_variable(text)) {
        return HIDDEN.to_owned();
    }
    if is_name_of_variable(path) {
        return if looks_like_secret(text) { CodexView::SECRET_NAME.to_owned() } else { text.to_owned() };
    }
    if text.contains("://") {
        return url(text);
    }
    // Hashes and paths that Codex itself writes are no secrets; anything else that looks like one is hidden.
    if last.ends_with("_sha256") || last.ends_with("_hash") || !holds_secret(text) {
        text.to_owned()
    } else {
        HIDDEN.to_owned()
    }
}

/// Keys whose value is the name of a variable.
fn is_name_of_variable(path: &[&str]) -> bool {
    let last = path.last().copied().unwrap_or_default();
    last == "env_key"
        || last.ends_with("_env_var")
        || last == "env_vars"
        || path.iter().rev().nth(1).is_some_and(|parent| *parent == "env_http_headers")
}

/// Whether the value at a path can be a secret whatever it looks like.
pub(crate) fn is_hidden(path: &[&str]) -> bool {
    let Some((last, before)) = path.split_last() else { return false };
    if is_name_of_variable(path) {
        return false;
    }
    if before.last() == Some(&"query_params") {
        return *last != "api-version";
    }
    let set = path.len() > 2 && path.starts_with(&["shell_environment_policy", "set"]);
    let tables_of_values = before.iter().any(|p| matches!(*p, "http_headers" | "headers" | "env"));
    // The second key of these tables is a name that the user gave to a thing.
    let named_by_user = matches!(
        path.first(),
        Some(&("model_providers" | "mcp_servers" | "profiles" | "features" | "projects"))
    );
    let secret_key = |(at, key): (usize, &&str)| (at != 1 || !named_by_user) && names_secret(key);
    set || tables_of_values || path.iter().enumerate().any(secret_key)
}

/// Whether Codex has no such key: what people put there can be anything.
fn is_nobodys(path: &[&str]) -> bool {
    let mut known = Known::config();
    for key in path {
        match known.get(key) {
            Some(next) => known = next,
            None => return known.closed,
        }
    }
    false
}

/// Whether a text has the form of a variable's name, as the value of a misspelt `env_key` has.
fn is_variable(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && !looks_like_secret(text)
}

/// Whether a key or an option is named as secrets are. A limit of tokens is none.
fn names_secret(name: &str) -> bool {
    const COUNTS: &[&str] = &["token_limit", "tokens", "token_budget", "token_env_var", "env_key"];
    const WORDS: &[&str] =
        &["token", "secret", "password", "passwd", "api_key", "apikey", "access_key", "private_key"];
    WORDS.iter().any(|word| contains(name, word)) && !COUNTS.iter().any(|count| contains(name, count))
}

/// Whether a name contains a word, without case, `-` for `_`.
fn contains(name: &str, word: &str) -> bool {
    let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || (*a == b'-' && *b == b'_');
    name.as_bytes().windows(word.len()).any(|part| part.iter().zip(word.as_bytes()).all(same))
}

/// A URL without user, password, and without the values of its query but `api-version`.
fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or_else(|| authority.to_owned(), |(_, host)| format!("{HIDDEN}@{host}"));
    let (tail, fragment) = tail.split_once('#').map_or((tail, None), |(t, f)| (t, Some(f)));
    let (path, query) = tail.split_once('?').map_or((tail, None), |(p, q)| (p, Some(q)));
    let path: Vec<&str> =
        path.split('/').map(|part| if looks_like_secret(part) { HIDDEN } else { part }).collect();
    let mut shown = format!("{scheme}://{host}{}", path.join("/"));
    if let Some(query) = query {
        let pairs: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some(("api-version", _)) => pair.to_owned(),
                Some((name, _)) if !looks_like_secret(name) => format!("{name}={HIDDEN}"),
                _ => HIDDEN.to_owned(),
            })
            .collect();
        shown = format!("{shown}?{}", pairs.join("&"));
    }
    if fragment.is_some() {
        shown = format!("{shown}#{HIDDEN}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &[&str], toml: &str) -> String {
        let node = crate::document::parse_value(toml);
        value(path, &node).to_string()
    }

    #[test]
    fn secrets_are_hidden_by_their_key() {
        for path in [
            &["model_providers", "a", "experimental_bearer_token"][..],
            &["model_providers", "a", "http_headers", "X-Any"],
            &["mcp_servers", "m", "env", "ANY"],
            &["mcp_servers", "m", "bearer_token"],
            &["mcp_servers", "m", "http_headers", "Authorization"],
            &["shell_environment_policy", "set", "ANY"],
            &["otel", "exporter", "otlp-http", "headers", "x"],
            &["model_providers", "a", "query_params", "sig"],
            &["whatever", "client_secret"],
            &["api_key"],
            &["db-password"],
        ] {
            assert_eq!(shown(path, "'CANARY'"), "\"<hidden>\"", "{path:?}");
            assert!(!shown(path, "12345678").contains('5'), "{path:?}");
            assert!(!shown(path, "['CANARY', 7777, {a = 'CANARY'}]").contains("CANARY"), "{path:?}");
        }
    }

    #[test]
    fn what_explains_stays() {
        for (path, toml) in [
            (&["model_providers", "a", "env_key"][..], "'AZURE_OPENAI_API_KEY'"),
            (&["mcp_servers", "m", "bearer_token_env_var"], "'MY_TOKEN'"),
            (&["model_providers", "a", "env_http_headers", "api-key"], "'AZURE_OPENAI_API_KEY'"),
            (&["model_providers", "a", "query_params", "api-version"], "'preview'"),
            (&["model_providers", "a", "base_url"], "'https://r.openai.azure.com/openai/v1'"),
            (&["model_auto_compact_token_limit"], "200000"),
            (&["model"], "'gpt-5-codex'"),
            (&["cli_auth_credentials_store"], "'file'"),
        ] {
            assert_eq!(shown(path, toml).trim_matches('"'), toml.trim_matches('\''), "{path:?}");
        }
    }

    #[test]
    fn urls_and_arguments_are_hidden_in_part() {
        let base = &["model_providers", "a", "base_url"];
        assert_eq!(
            shown(base, "'https://u:CANARY@h:1/v1?api-version=1&sig=CANARY#CANARY'"),
            "\"https://<hidden>@h:1/v1?api-version=1&sig=<hidden>#<hidden>\""
        );
        assert_eq!(
            shown(
                &["mcp_servers", "m", "args"],
                "['-y', 'pkg', '--token', 'CANARY', '--api-key=CANARY', 'ok']"
            ),
            r#"["-y","pkg","--token","<hidden>","--api-key=<hidden>","ok"]"#
        );
        assert_eq!(
            shown(&["model_providers", "a", "env_key"], "'sk-proj-abcdEFGH1234ijkl'"),
            "\"<looks like a secret>\""
        );
        assert_eq!(dotted(&["a", "sk-proj-abcdEFGH1234ijkl", "b.c"]), "a.<hidden>.\"b.c\"");
    }
}
