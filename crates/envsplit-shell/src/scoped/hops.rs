//! Settings of an IDE that set no variable, and change what its processes get or which Codex its extension runs.
use super::jsonc::{Member, Part, Value};
use super::table::{Form, Row};
use crate::source::Source;
use envsplit_model::IdeSetting;

/// The keys (VS Code: terminal, shellEnv.ts, proxy support; the Codex extension's own).
const KEYS: &[&str] = &[
    "terminal.integrated.inheritEnv",
    "application.shellEnvironmentResolutionTimeout",
    "http.proxy",
    "http.noProxy",
    "http.proxySupport",
];
/// What the keys of the Codex extension begin with.
const EXTENSION: &str = "chatgpt.";

/// The setting, where a member is one.
pub(super) fn setting(m: &Member<'_>, source: &Source, row: &Row) -> Option<IdeSetting> {
    let key = match (row.form, m.path) {
        (Form::Settings, [Part::Key(key)]) => key,
        (Form::Workspace, [Part::Key(first), Part::Key(key)]) if first == "settings" => key,
        _ => return None,
    };
    let named = KEYS.contains(&key.as_str()) || key.strip_prefix(EXTENSION).is_some_and(is_plain);
    named.then(|| IdeSetting {
        key: key.clone(),
        value: shown(key, &m.value),
        path: source.path.clone(),
        line: source.line(m.at),
        product: row.product.map(str::to_owned),
    })
}

fn is_plain(key: &str) -> bool {
    key.len() <= 60 && key.chars().all(|c| c.is_ascii_alphabetic() || c == '.')
}

/// A word or a number as it stands, the program that is named, the host and port of a proxy; nothing else.
fn shown(key: &str, value: &Value) -> String {
    const HIDDEN: &str = "…";
    match (key, value) {
        (_, Value::Word(word)) => word.clone(),
        (_, Value::Null) => "null".to_owned(),
        ("http.proxy", Value::Text(url)) => host(url).unwrap_or(HIDDEN).to_owned(),
        ("http.proxySupport", Value::Text(word)) if is_plain(word) => word.clone(),
        ("chatgpt.cliExecutable", Value::Text(path)) if path.starts_with('/') => path.clone(),
        _ => HIDDEN.to_owned(),
    }
}

/// `host:port` of a URL, without what may stand before `@`.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(form)).then_some(host)
}
