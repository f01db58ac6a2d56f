//! What the JSON files of a VS Code-like IDE give to which of its processes.
use super::jsonc::{self, Member, Part, Value};
use super::table::{Form, Row};
use super::{Belongs, Find, hops};
use crate::source::Source;
use envsplit_model::{How, Scope};

/// A member that names an asked variable.
struct Hit {
    at: usize,
    name: String,
    text: String,
    how: How,
    scope: Scope,
    owner: String,
    idle: Option<&'static str>,
}

/// Reads one of the JSON files.
pub(super) fn json(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let mut hits = vec![];
    let mut env_files = vec![];
    let mut ide = vec![];
    let end = jsonc::members(&source.text, &mut |m| {
        let keys = keys(m.path);
        ide.extend(hops::setting(m, &source, row));
        if let Some(name) = named(m, &find.asked)
            && let Some(hit) = hit(m, &keys, name, row.form)
        {
            hits.push(hit);
        }
        if row.form == Form::Launch
            && keys.last() == Some(&"envFile")
            && let Value::Text(file) = &m.value
        {
            env_files.push(file.clone());
        }
    });
    find.out.ide.extend(ide);
    for hit in hits {
        let belongs = Belongs { row, scope: hit.scope, owner: &hit.owner, idle: hit.idle };
        find.hit(&source, hit.at, &hit.name, hit.text, hit.how, belongs);
    }
    if let Err(at) = end {
        let line = source.line(at);
        find.unread(path, &format!("it is no JSON from line {line} on"));
    }
    for file in env_files {
        if let Some(file) = in_workspace(&source, &file) {
            find.lines(&file, row, "envFile of launch.json");
        }
    }
}

/// The file that an `envFile` names, where that can be known.
fn in_workspace(source: &Source, file: &str) -> Option<String> {
    let folder = source.path.strip_suffix("/.vscode/launch.json")?;
    let below = file.strip_prefix("${workspaceFolder}/").unwrap_or(file);
    let plain = !below.contains("${") && !below.split('/').any(|p| p == "..");
    plain.then(|| if below.starts_with('/') { below.to_owned() } else { format!("{folder}/{below}") })
}

/// The keys of a path; what stands in an array is `[]`.
fn keys(path: &[Part]) -> Vec<&str> {
    path.iter()
        .map(|p| match p {
            Part::Key(k) => k.as_str(),
            Part::Index => "[]",
        })
        .collect()
}

/// The asked variable that a member names: by its key, or as `{"name": NAME, "value": …}` in an array.
fn named(m: &Member<'_>, asked: &std::collections::HashSet<String>) -> Option<String> {
    let Some(Part::Key(key)) = m.path.last() else { return None };
    if asked.contains(key) {
        return Some(key.clone());
    }
    let in_array = m.path.len() > 1 && m.path[m.path.len() - 2] == Part::Index;
    match &m.value {
        Value::Text(text) if key == "name" && in_array && asked.contains(text) => Some(text.clone()),
        _ => None,
    }
}

fn hit(m: &Member<'_>, keys: &[&str], name: String, form: Form) -> Option<Hit> {
    let keys = match (form, keys) {
        (Form::Workspace, ["settings" | "launch" | "tasks", rest @ ..]) => rest,
        (Form::Workspace, _) => return None,
        _ => keys,
    };
    let (last, before) = keys.split_last()?;
    let is_name = *last == "name";
    let text = format!("\"{last}\": {}", shown(&m.value, is_name.then_some(name.as_str())));
    let how = if m.value == Value::Null { How::Unset } else { How::Setting };
    let owner = before.iter().map(|k| plain(k)).collect::<Vec<_>>().join(".");
    let (scope, idle) = match (form, before) {
        (Form::DevContainer, ["remoteEnv"]) => (Scope::ContainerRemote, None),
        (Form::DevContainer, ["containerEnv"]) => (Scope::Container, None),
        (Form::Tasks, [.., "env"]) => (Scope::IdeTask, None),
        (Form::Launch, [.., "env"]) => (Scope::IdeDebug, None),
        (Form::DevContainer | Form::Tasks | Form::Launch, _) => return None,
        (_, ["terminal.integrated.env.linux"] | ["terminal.integrated.profiles.linux", _, "env"]) => {
            (Scope::IdeTerminal, None)
        }
        (_, ["terminal.integrated.env.osx"]) => (Scope::IdeTerminal, Some("it counts on macOS")),
        (_, ["terminal.integrated.env.windows"]) => (Scope::IdeTerminal, Some("it counts on Windows")),
        (_, ["configurations", .., "env"]) => (Scope::IdeDebug, None),
        (_, ["tasks", .., "env"]) => (Scope::IdeTask, None),
        (_, []) => (Scope::IdeSetting, Some("no program looks for it among the settings")),
        _ => (Scope::IdeSetting, None),
    };
    Some(Hit { at: m.at, name, text, how, scope, owner, idle })
}

/// A value as it may be shown: a reference to a variable, `null`, and nothing else.
fn shown(value: &Value, name: Option<&str>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => match (name, reference(text)) {
            (Some(name), _) => format!("\"{name}\""),
            (None, Some(reference)) => format!("\"{reference}\""),
            (None, None) => "\"…\"".to_owned(),
        },
        Value::Word(_) | Value::Other => "…".to_owned(),
    }
}

/// `${localEnv:NAME}`, `${env:NAME}`, `${containerEnv:NAME}` alone.
fn reference(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (kind, name) = inner.split_once(':')?;
    let known = ["localEnv", "env", "containerEnv"].contains(&kind);
    let is_name = !name.is_empty() && crate::word::name_length(name) == name.len();
    (known && is_name).then_some(text)
}

/// A key of somebody's settings: what does not have the form of one is hidden.
fn plain(key: &str) -> &str {
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ' ');
    let digits = key.chars().filter(char::is_ascii_digit).count();
    if key.len() <= 60 && digits < 4 && key.chars().all(form) { key } else { "…" }
}
