//! What a layer becomes when Codex takes its types: paths absolute, numbers and words in one spelling. Codex does so
//! before it merges, so a layer's version depends on it.
use crate::document::{Item, Node, Table};
use crate::known::{Expected, Known};
use crate::merge::{Merged, MergedNode};
use crate::{Surroundings, check};
use envsplit_model::paths::PathStyle;
use serde_json::Value;

/// Gives a layer the form in which Codex holds it. `base` is where its relative paths begin: `~` is the user's home, `.`
/// and `..` are resolved in the text.
///
/// Codex 0.169, `resolve_relative_paths_in_config_toml`: a layer that does not have the expected types by itself
/// stays as it is written. Says whether it has them.
pub(crate) fn normalize(s: &Surroundings<'_>, table: &mut Table, base: &str) -> bool {
    if !check::is_typed(table) {
        return false;
    }
    below(s, table, Known::config(), base);
    for (outer, key) in LISTS_OF_PATHS {
        if let Some(list) = inner(table, outer, key) {
            each(list, |item| absolute(s, item, base));
        }
    }
    if let Some(skills) = inner(table, "skills", "config") {
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
    true
}

const LISTS_OF_PATHS: &[(&str, &str)] = &[("sandbox_workspace_write", "writable_roots")];

fn below(s: &Surroundings<'_>, table: &mut Table, known: &Known, base: &str) {
    for (key, item) in table {
        let Some(known) = known.get(key) else { continue };
        if let (Node::Datetime(text), Some(Expected::Type("a string" | "path string" | "an effort"))) =
            (&item.node, known.expected)
        {
            item.node = Node::Scalar(Value::String(text.clone()));
        }
        match known.expected {
            Some(Expected::Type("path string")) if !known.as_written => absolute(s, item, base),
            Some(Expected::Type("f64" | "positive f64")) => {
                if let Node::Scalar(Value::Number(number)) = &mut item.node
                    && let Some(float) = number.as_f64().and_then(serde_json::Number::from_f64)
                {
                    *number = float;
                }
            }
            Some(Expected::OneOf(_)) => {
                // Codex 0.169 takes two old words for new ones.
                let new = match (key.as_str(), item.node.as_str()) {
                    ("approvals_reviewer", Some("guardian_subagent")) => Some("auto_review"),
                    ("approval_policy", Some("on-failure")) => Some("on-request"),
                    _ => None,
                };
                if let Some(new) = new {
                    item.node = Node::Scalar(Value::from(new));
                }
            }
            _ => {
                if let Node::Table(inner) = &mut item.node {
                    below(s, inner, known, base);
                }
            }
        }
    }
}

/// The paths in a merged config that a layer left relative, since its types are wrong: Codex refuses them.
pub(crate) fn relative<'m, 'a>(
    s: &Surroundings<'_>,
    config: &'m Merged<'a>,
    typed: &[bool],
) -> Vec<(Vec<&'a str>, &'m Merged<'a>)> {
    let mut found = Vec::new();
    relative_below(s, config, Known::config(), typed, &mut Vec::new(), &mut found);
    for (outer, key) in LISTS_OF_PATHS {
        if let Some(list) = config.get(&[outer, key]) {
            let items = list.leaf().and_then(Node::as_array).unwrap_or_default();
            if !typed[list.layer] && items.iter().any(|i| is_relative(s, &i.node)) {
                found.push((vec![outer, key], list));
            }
        }
    }
    for (role, table) in config.get(&["agents"]).and_then(Merged::table).into_iter().flatten() {
        if let Some(file) = table.get(&["config_file"])
            && !typed[file.layer]
            && file.leaf().is_some_and(|node| is_relative(s, node))
        {
            found.push((vec!["agents", role, "config_file"], file));
        }
    }
    let skills = config.get(&["skills", "config"]);
    if let Some((list, items)) = skills.and_then(|l| Some((l, l.leaf()?.as_array()?))) {
        let relative = |item: &Item| {
            item.node.as_table().and_then(|t| t.get("path")).is_some_and(|path| is_relative(s, &path.node))
        };
        if !typed[list.layer] && items.iter().any(relative) {
            found.push((vec!["skills", "config", "path"], list));
        }
    }
    found
}

fn relative_below<'m, 'a>(
    s: &Surroundings<'_>,
    at: &'m Merged<'a>,
    known: &Known,
    typed: &[bool],
    path: &mut Vec<&'a str>,
    found: &mut Vec<(Vec<&'a str>, &'m Merged<'a>)>,
) {
    match &at.node {
        MergedNode::Table(table) => {
            for (key, inner) in table {
                if let Some(known) = known.get(key) {
                    path.push(key);
                    relative_below(s, inner, known, typed, path, found);
                    path.pop();
                }
            }
        }
        MergedNode::Leaf(node) => {
            let path_type = known.expected == Some(Expected::Type("path string")) && !known.as_written;
            if path_type && !typed[at.layer] && is_relative(s, node) {
                found.push((path.clone(), at));
            }
        }
    }
}

fn is_relative(s: &Surroundings<'_>, node: &Node) -> bool {
    let text = match node {
        Node::Datetime(text) => Some(text.as_str()),
        node => node.as_str(),
    };
    text.is_some_and(|t| !s.style.is_absolute(t))
}

fn inner<'t>(table: &'t mut Table, outer: &str, key: &str) -> Option<&'t mut Item> {
    match &mut table.get_mut(outer)?.node {
        Node::Table(inner) => inner.get_mut(key),
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
    let home = s.home_dir.as_deref().filter(|_| path == "~" || path.starts_with("~/"));
    let whole = match home {
        Some(home) => s.style.join(home, path[1..].trim_start_matches('/')),
        None => s.style.join(base, path),
    };
    lexical(s.style, &whole)
}

/// An absolute path without `.`, `..`, doubled and trailing separators; links are not looked at.
pub(crate) fn lexical(style: PathStyle, path: &str) -> String {
    let separator = |c: char| c == '/' || (style == PathStyle::Windows && c == '\\');
    // What a drive or a share is called stays as it is: `..` does not lead out of it.
    let root = style.root(path);
    let rest = &path[root.len()..];
    let root = match style {
        PathStyle::Posix => "/".to_owned(),
        PathStyle::Windows => root.replace('/', "\\"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split(separator) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join(&style.separator().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_in_the_text() {
        use PathStyle::{Posix, Windows};
        for (style, path, clean) in [
            (Posix, "/a/../b/./c//d/", "/b/c/d"),
            (Posix, "/../..", "/"),
            (Windows, r"C:\a\..\b/c\", r"C:\b\c"),
            (Windows, "C:/a/./b/..", r"C:\a"),
            (Windows, r"\\server\share\.\x", r"\\server\share\x"),
            (Windows, r"\\server\share\..\..\x", r"\\server\share\x"),
            (Windows, r"\\?\C:\..\..\x", r"\\?\C:\x"),
        ] {
            assert_eq!(lexical(style, path), clean);
        }
    }
}
