//! Origins that Codex keeps of what is no longer there.
use super::super::compare::{HIDDEN, Leaves, name_in, name_of};
use serde_json::Value;

/// An origin of a key that the rules do not have.
pub struct Stray<'a> {
    /// The key, its parts joined with dots.
    pub key: &'a str,
    /// What Codex says of it.
    pub origin: &'a Value,
    /// The rules' values by their keys.
    pub whole: &'a Leaves<'a>,
    /// Codex's whole answer.
    pub result: &'a Value,
}

/// A layer's kind and its file.
pub type Name = (String, String);

/// Below a value that another layer has: elements of a longer array, keys of a table.
pub(super) fn below_a_value(stray: &Stray<'_>) -> bool {
    let from = name_in(&stray.origin["name"]);
    let ends = stray.key.match_indices('.').map(|(at, _)| at).chain([stray.key.len()]);
    ends.into_iter().any(|at| {
        let mut values = stray.whole.get(&stray.key[..at]).into_iter().flatten();
        // What the rules hide has no elements to compare.
        values.any(|(_, v)| v.value == HIDDEN || from != name_of(v.source, v.path.as_deref()))
    })
}

/// A value where the rules have a table.
pub(super) fn above_values(stray: &Stray<'_>) -> bool {
    stray.whole.keys().any(|leaf| leaf.strip_prefix(stray.key).is_some_and(|rest| rest.starts_with('.')))
}

/// Whether a layer above the origin's has a table or something shorter in the place of a value.
pub(super) fn replaced(stray: &Stray<'_>) -> bool {
    let from = name_in(&stray.origin["name"]);
    let layers = stray.result["layers"].as_array().into_iter().flatten();
    let enabled = layers.filter(|l| l["disabledReason"].is_null());
    enabled.take_while(|l| name_in(&l["name"]) != from).any(|layer| {
        let mut node = &layer["config"];
        for part in stray.key.split('.') {
            let inner = match node {
                Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)),
                _ => node.get(part),
            };
            match inner {
                Some(inner) => node = inner,
                None => return !node.is_object() || part.bytes().all(|b| b.is_ascii_digit()),
            }
        }
        node.is_object() || node.is_array()
    })
}

fn enabled(result: &Value) -> impl Iterator<Item = &Value> {
    result["layers"].as_array().into_iter().flatten().filter(|l| l["disabledReason"].is_null())
}

/// Whether variables are filtered in both ways in the origin's layer and those above it.
pub(super) fn other_filters(stray: &Stray<'_>) -> bool {
    const FILTERS: &str = "shell_environment_policy.";
    let way = stray.key.strip_prefix(FILTERS).and_then(|rest| rest.split('.').next());
    if !way.is_some_and(|way| ["filters", "exclude", "include_only"].contains(&way)) {
        return false;
    }
    let from = name_in(&stray.origin["name"]);
    let (mut table, mut lists) = (false, false);
    for layer in enabled(stray.result) {
        let policy = &layer["config"]["shell_environment_policy"];
        table |= !policy["filters"].is_null();
        lists |= !policy["exclude"].is_null() || !policy["include_only"].is_null();
        if name_in(&layer["name"]) == from {
            break;
        }
    }
    table && lists
}

/// The form in which layers share a name of a variable or a host: the table, the key in it, the form.
fn shared(path: &[String]) -> Option<(&[String], String)> {
    let (last, table) = path.split_last()?;
    let parts: Vec<&str> = table.iter().map(String::as_str).collect();
    let form = match parts[..] {
        ["shell_environment_policy", "filters"] => last.to_ascii_lowercase(),
        ["permissions", _, "network", "domains"] => {
            let host = last.trim();
            host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
        }
        _ => return None,
    };
    Some((table, form))
}

/// The tables at a path in the enabled layers, the highest first, each with its layer's name.
fn tables<'r>(path: &[String], result: &'r Value) -> Vec<(Name, &'r serde_json::Map<String, Value>)> {
    let table =
        |layer: &'r Value| path.iter().try_fold(&layer["config"], |at, part| at.get(part))?.as_object();
    enabled(result).filter_map(|l| Some((name_in(&l["name"]), table(l)?))).collect()
}

/// A key that one layer spells otherwise than the rules, which have it in the form that two layers share.
pub(super) fn other_spelling(stray: &Stray<'_>) -> bool {
    let from = name_in(&stray.origin["name"]);
    stray.whole.values().flatten().any(|(path, _)| {
        let Some((table, form)) = shared(path) else { return false };
        let tables = tables(table, stray.result);
        let before = table.join(".");
        let spelled = stray.key.strip_prefix(&before).and_then(|rest| rest.strip_prefix('.'));
        tables.len() > 1
            && path.last() == Some(&form)
            && spelled.is_some_and(|key| {
                let mut other = table.to_vec();
                other.push(key.to_owned());
                let same = shared(&other).is_some_and(|(_, other)| other == form);
                same && tables.iter().any(|(name, keys)| *name == from && keys.contains_key(key))
            })
    })
}

/// How the layer of a value spells its key, where two layers share a form of it.
pub(super) fn spelled(path: &[String], layer: &Name, result: &Value) -> Option<Vec<String>> {
    let (table, form) = shared(path)?;
    let tables = tables(table, result);
    let (_, keys) = tables.iter().find(|(name, _)| name == layer)?;
    if tables.len() < 2 || path.last() != Some(&form) {
        return None;
    }
    let of_form = keys.iter().filter_map(|(key, value)| {
        let mut other = table.to_vec();
        other.push(key.clone());
        (shared(&other)?.1 == form).then_some((other, value))
    });
    // Of several in one file the one further down wins, which their order here does not tell; the config does.
    let wins = path.iter().try_fold(&result["config"], |at, part| at.get(part));
    let (found, _) = of_form.min_by_key(|(_, value)| Some(*value) != wins)?;
    (found != path).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn layer(file: &str, config: Value) -> Value {
        json!({"name": {"type": "user", "file": file}, "disabledReason": null, "config": config})
    }

    fn policy(policy: Value) -> Value {
        json!({ "shell_environment_policy": policy })
    }

    fn stray(key: &str, file: &str, result: &Value) -> bool {
        let origin = json!({"name": {"type": "user", "file": file}});
        other_filters(&Stray { key, origin: &origin, whole: &Leaves::new(), result })
    }

    #[test]
    fn filters_are_excused_where_the_other_way_is_above_them() {
        let lists = || layer("/low", policy(json!({"exclude": ["A"]})));
        let table = || layer("/high", policy(json!({"filters": {"A": "include"}})));
        let both = json!({"layers": [table(), lists()]});
        assert!(stray("shell_environment_policy.exclude.0", "/low", &both));
        assert!(!stray("shell_environment_policy.filters.A", "/high", &both), "it counts");
        assert!(!stray("shell_environment_policy.set.A", "/low", &both));
        assert!(!stray("shell_environment_policy.exclude.0", "/low", &json!({"layers": [lists()]})));
    }

    #[test]
    fn a_spelling_is_that_of_the_values_own_layer() {
        let names = |name: &str| policy(json!({"filters": {name: "include"}}));
        let path = ["shell_environment_policy", "filters", "ab"].map(str::to_owned);
        let spelling = |file: &str, result: &Value| {
            let found = spelled(&path, &("user".to_owned(), file.to_owned()), result)?;
            found.last().cloned()
        };
        let two = json!({"layers": [layer("/high", names("aB")), layer("/low", names("Ab"))]});
        assert_eq!(spelling("/high", &two).as_deref(), Some("aB"));
        assert_eq!(spelling("/low", &two).as_deref(), Some("Ab"));
        assert_eq!(spelling("/high", &json!({"layers": [layer("/high", names("aB"))]})), None, "alone");
        let other = json!({"layers": [layer("/high", names("c")), layer("/low", names("ab"))]});
        assert_eq!((spelling("/high", &other), spelling("/low", &other)), (None, None));
    }
}
