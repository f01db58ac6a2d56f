//! Paths in the config: Codex makes them absolute before it merges, so a layer's version depends on it.
use crate::Surroundings;
use crate::document::{Item, Node, Table};
use crate::known::{Expected, Known};
use envsplit_model::paths::PathStyle;
use serde_json::Value;

/// Makes the paths of a layer absolute: `~` is the user's home, anything relative begins at `base`, `.` and `..` are
/// resolved in the text (Codex 0.169, `AbsolutePathBuf`; observed for every key of the type `path string`).
pub(crate) fn resolve(s: &Surroundings<'_>, table: &mut Table, base: &str) {
    below(s, table, Known::config(), base);
    if let Some(roots) = inner(table, &["sandbox_workspace_write", "writable_roots"]) {
        each(roots, |item| absolute(s, item, base));
    }
    if let Some(skills) = inner(table, &["skills", "config"]) {
        each(skills, |item| {
            if let Node::Table(skill) = &mut item.node
                && let Some(path) = skill.get_mut("path")
            {
                absolute(s, path, base);
            }
        });
    }
    if let Some(agents) = table.get_mut("agents")
        && let Node::Table(roles) = &mut agents.node
    {
        for role in roles.values_mut() {
            if let Node::Table(role) = &mut role.node
                && let Some(path) = role.get_mut("config_file")
            {
                absolute(s, path, base);
            }
        }
    }
}

fn below(s: &Surroundings<'_>, table: &mut Table, known: &Known, base: &str) {
    for (key, item) in table {
        let Some(known) = known.get(key) else { continue };
        if known.expected == Some(Expected::Type("path string")) {
            absolute(s, item, base);
        } else if let Node::Table(inner) = &mut item.node {
            below(s, inner, known, base);
        }
    }
}

fn inner<'t>(table: &'t mut Table, path: &[&str; 2]) -> Option<&'t mut Item> {
    match &mut table.get_mut(path[0])?.node {
        Node::Table(inner) => inner.get_mut(path[1]),
        _ => None,
    }
}

fn each(item: &mut Item, act: impl FnMut(&mut Item)) {
    if let Node::Array(items) = &mut item.node {
        items.iter_mut().for_each(act);
    }
}

fn absolute(s: &Surroundings<'_>, item: &mut Item, base: &str) {
    if let Node::Scalar(Value::String(text)) = &mut item.node {
        *text = normal(s, text, base);
    }
}

fn normal(s: &Surroundings<'_>, path: &str, base: &str) -> String {
    let separator = |c: char| c == '/' || (s.style == PathStyle::Windows && c == '\\');
    let home = s.home_dir.as_deref().filter(|_| path == "~" || path.starts_with("~/"));
    let whole = match home {
        Some(home) => s.style.join(home, path[1..].trim_start_matches(separator)),
        None => s.style.join(base, path),
    };
    if s.style == PathStyle::Windows {
        return whole;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split(separator) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
