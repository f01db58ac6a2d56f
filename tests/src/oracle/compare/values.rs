//! The values of a config, and where they come from.
use super::super::defects::{self, NUMBER, Stray};
use super::{Difference, HIDDEN, name_in, name_of, parts};
use envsplit_model::{CodexView, ConfigValue, LayerSource};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Our leaves by the key that Codex would give them; several where dots make them one.
pub type Leaves<'v> = BTreeMap<String, Vec<(Vec<String>, &'v ConfigValue)>>;

pub(super) fn values(view: &CodexView, result: &Value) -> Vec<Difference> {
    let mut ours: Leaves<'_> = BTreeMap::new();
    let mut whole: Leaves<'_> = BTreeMap::new();
    for (key, value) in &view.values {
        let Some(path) = parts(key) else { continue };
        whole.entry(path.join(".")).or_default().push((path.clone(), value));
        flatten(path.join("."), &value.value, &mut |leaf| {
            ours.entry(leaf).or_default().push((path.clone(), value));
        });
    }
    let mut origins: BTreeMap<String, &Value> = BTreeMap::new();
    let given = result["origins"].as_object().into_iter().flatten();
    // A number that is replaced by something else leaves its table behind.
    let (numbers, plain): (Vec<_>, Vec<_>) = given.partition(|(key, _)| key.ends_with(NUMBER));
    for (key, origin) in numbers {
        let key = key.strip_suffix(NUMBER).and_then(|k| k.strip_suffix('.')).unwrap_or(key);
        origins.insert(key.to_owned(), origin);
    }
    let mut both = BTreeSet::new();
    for (key, origin) in plain {
        if origins.insert(key.clone(), origin).is_some() {
            both.insert(key.clone());
        }
    }
    let mut found = Vec::new();
    for (key, leaves) in &ours {
        if defects::key(leaves.len(), both.contains(key)) {
            continue;
        }
        let (path, value) = &leaves[0];
        let expected = name_of(value.source, value.path.as_deref());
        let masked = value.value == HIDDEN || key.ends_with(HIDDEN);
        // What is required has no layer, and no origin.
        let required = value.source == LayerSource::Requirements;
        let spelled = defects::spelled(path, &expected, result);
        let theirs = origins.get(&spelled.as_ref().map_or_else(|| key.clone(), |path| path.join(".")));
        match theirs {
            Some(origin) if !required && name_in(&origin["name"]) == expected => {}
            Some(origin) => found.push(Difference::new(
                format!("origin: {key}"),
                format!("{key}: Codex {} rules {expected:?}", origin["name"]),
            )),
            None if masked || required => {}
            None => found.push(Difference::new(
                format!("no origin: {key}"),
                format!("{key}: the rules have it from {expected:?}, Codex does not have it"),
            )),
        }
        if path.join(".") == *key && !required {
            found.extend(value_of_layer(path, spelled.as_deref().unwrap_or(path), value, result));
        }
    }
    for (path, value) in whole.values().flatten() {
        found.extend(effective(path, value, result));
    }
    found.extend(only_theirs(&whole, result));
    for (key, origin) in &origins {
        if ours.contains_key(key)
            || both.contains(key)
            || defects::origin(&Stray { key, origin, whole: &whole, result })
        {
            continue;
        }
        found.push(Difference::new(
            format!("only Codex: {key}"),
            format!("{key}: Codex has it from {}, the rules do not have it", origin["name"]),
        ));
    }
    let config = &result["config"];
    if let Some(id) = config["model_provider"].as_str().filter(|id| Some(*id) != view.provider.as_deref()) {
        found.push(Difference::new("provider", format!("Codex {id}, rules {:?}", view.provider)));
    }
    if let Some(id) = &view.provider {
        let key = config["model_providers"][id]["env_key"].as_str();
        if key != view.env_key.as_deref() {
            found.push(Difference::new("env_key", format!("Codex {key:?}, rules {:?}", view.env_key)));
        }
    }
    found
}

/// The value in the whole config. Codex leaves out what it does not know; what it merges in a way of its own must be
/// there, since an origin alone may be of what is no longer there.
fn effective(path: &[String], ours: &ConfigValue, result: &Value) -> Option<Difference> {
    let theirs = path.iter().try_fold(&result["config"], |at, part| at.get(part));
    let must = path[0] == "desktop" || is_own_way(path) || ours.source == LayerSource::Requirements;
    let hidden = path.iter().any(|part| part.contains(HIDDEN));
    let same = match theirs {
        Some(Value::Null) | None => !must || hidden || same(&ours.value, &Value::Null),
        // It shows which features are on, whatever is written.
        Some(_) if path[0] == "features" => true,
        Some(theirs) => same(&ours.value, theirs),
    };
    (!same).then(|| {
        Difference::new(
            format!("effective: {}", path.join(".")),
            format!("{path:?}: Codex {theirs:?} rules {}", ours.value),
        )
    })
}

/// Whether a key is one of those that Codex merges in a way of their own.
fn is_own_way(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["shell_environment_policy", "exclude" | "include_only" | "filters", ..]
            | ["permissions", _, "network", "domains", ..]
    )
}

/// What the whole config has and the rules do not, among providers and what is merged in a way of its own.
fn only_theirs(whole: &Leaves<'_>, result: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let config = &result["config"];
    // Codex says nothing of them unless something sets them.
    for key in ["log_dir", "sqlite_home"].into_iter().filter(|key| !config[key].is_null()) {
        if !whole.contains_key(key) {
            let detail = format!("{key}: {}", config[key]);
            found.push(Difference::new(format!("effective, only Codex: {key}"), detail));
        }
    }
    for first in ["shell_environment_policy", "permissions", "model_providers"] {
        leaves(&mut vec![first.to_owned()], &config[first], &mut |path, value| {
            let provider = first == "model_providers";
            // Codex fills in what a provider does not say.
            let default = *value == Value::Bool(false)
                || value == ""
                || path.last().is_some_and(|key| key == "wire_api");
            let key = path.join(".");
            let ours = whole.keys().any(|ours| {
                *ours == key
                    || key.strip_prefix(ours.as_str()).is_some_and(|rest| rest.starts_with('.'))
                    || ours.contains(HIDDEN)
            });
            if !ours && if provider { path.len() == 3 && !default } else { is_own_way(path) } {
                found.push(Difference::new(
                    format!("effective, only Codex: {key}"),
                    format!("{key}: {value}"),
                ));
            }
        });
    }
    found
}

/// Every value in a table of tables that is none itself, but for null.
fn leaves(path: &mut Vec<String>, value: &Value, add: &mut dyn FnMut(&[String], &Value)) {
    match value {
        Value::Object(table) => {
            for (key, inner) in table {
                path.push(key.clone());
                leaves(path, inner, add);
                path.pop();
            }
        }
        Value::Null => {}
        _ => add(path, value),
    }
}

/// The value as the layer has it, in Codex's words, and in the layer's spelling of the key.
fn value_of_layer(
    path: &[String],
    spelled: &[String],
    ours: &ConfigValue,
    result: &Value,
) -> Option<Difference> {
    let expected = name_of(ours.source, ours.path.as_deref());
    let layer = result["layers"].as_array()?.iter().find(|l| name_in(&l["name"]) == expected)?;
    let theirs = spelled.iter().try_fold(&layer["config"], |at, part| at.get(part));
    let Some(theirs) = theirs else {
        return (!defects::spelling(path)).then(|| {
            Difference::new(format!("not in layer: {}", path.join(".")), format!("{path:?} {}", ours.value))
        });
    };
    (!same(&ours.value, theirs)).then(|| {
        Difference::new(
            format!("value: {}", path.join(".")),
            format!("{path:?}: Codex {theirs} rules {}", ours.value),
        )
    })
}

/// Equal but for what is hidden, and for what JSON cannot write.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::String(text), _) if text.contains(HIDDEN) => true,
        _ if defects::form(ours, theirs) => true,
        // In the whole config a whole number is a float where one is expected.
        (Value::Number(ours), Value::Number(theirs)) => ours == theirs || ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len() && ours.iter().all(|(k, v)| theirs.get(k).is_some_and(|t| same(v, t)))
        }
        _ => ours == theirs,
    }
}

/// The leaves of a value; an array has one for each element.
fn flatten(key: String, value: &Value, add: &mut dyn FnMut(String)) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                flatten(format!("{key}.{at}"), item, add);
            }
        }
        Value::Object(table) => {
            for (name, item) in table {
                flatten(format!("{key}.{name}"), item, add);
            }
        }
        _ => add(key),
    }
}
