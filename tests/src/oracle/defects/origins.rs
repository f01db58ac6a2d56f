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
