//! Numbers in `[desktop]`, which Codex holds as tables.
//!
//! Codex 0.169 sends `[desktop]` of a layer that has the expected types through JSON, which makes of each number a table
//! with one private key. Merged with a table of a higher layer, that is neither a number nor a table any more.
use super::Findings;
use crate::document::Node;
use crate::merge::Merged;
use envsplit_model::Code;
use std::collections::BTreeMap;

/// What a key holds after the merge.
enum Shape<'a> {
    Value,
    Table {
        /// Whether a number came first, so that the table is read as one.
        number: bool,
        keys: BTreeMap<&'a str, Shape<'a>>,
    },
}

/// The private key.
const NUMBER: &str = "$serde_json::private::Number";

impl Findings<'_> {
    /// Numbers with a table of a higher layer on top.
    pub(super) fn desktop(&mut self, config: &Merged<'_>) {
        let mut whole = Shape::Value;
        for layer in self.layers.iter().rev().filter(|l| l.enabled()) {
            if let Some(desktop) = layer.table.get("desktop") {
                lay(&mut whole, &desktop.node, layer.typed);
            }
        }
        let mut found = Vec::new();
        mixed(&whole, &mut vec!["desktop"], &mut found);
        for (path, count) in found {
            if let Some(at) = config.get(&path) {
                let message = format!("invalid length {count}, expected fewer elements in map");
                self.add(Code::ConfigInvalid, at, &path, message);
            }
        }
    }
}

/// Lays a higher layer's value on top.
fn lay<'a>(shape: &mut Shape<'a>, node: &'a Node, typed: bool) {
    let number = typed && matches!(node, Node::Scalar(serde_json::Value::Number(_)));
    if !number && node.as_table().is_none() {
        *shape = Shape::Value;
        return;
    }
    if matches!(shape, Shape::Value) {
        *shape = Shape::Table { number: false, keys: BTreeMap::new() };
    }
    let Shape::Table { number: first, keys } = shape else { return };
    if number {
        *first |= keys.is_empty();
        keys.insert(NUMBER, Shape::Value);
    }
    for (key, item) in node.as_table().into_iter().flatten() {
        lay(keys.entry(key).or_insert(Shape::Value), &item.node, typed);
    }
}

fn mixed<'a>(shape: &Shape<'a>, path: &mut Vec<&'a str>, found: &mut Vec<(Vec<&'a str>, usize)>) {
    let Shape::Table { number, keys } = shape else { return };
    if *number && keys.len() > 1 {
        found.push((path.clone(), keys.len()));
        return;
    }
    for (key, inner) in keys {
        path.push(key);
        mixed(inner, path, found);
        path.pop();
    }
}
