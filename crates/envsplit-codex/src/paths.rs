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
    // A drive's letter, or the two separators of a share, stay as they are.
    let (root, rest) = match style {
        PathStyle::Posix => ("/", path),
        PathStyle::Windows if path.starts_with(r"\\") => (r"\\", path),
        PathStyle::Windows => path.split_at(path.find(separator).map_or(path.len(), |at| at + 1)),
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
            (Windows, r"\\server\share\.\x", r"\\server\share\x"),
        ] {
            assert_eq!(lexical(style, path), clean);
        }
    }
}
