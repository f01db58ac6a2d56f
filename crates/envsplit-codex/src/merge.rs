//! Merges the layers, and keeps every loser beside the winner.
use crate::document::{Item, Node, Table};
use crate::layers::LayerRead;
use crate::mask;
use crate::position::Pos;
use envsplit_model::{ConfigValue, Overridden};
use std::collections::BTreeMap;

/// The merged config: what wins at each key, and which layer says it.
pub(crate) struct Merged<'a> {
    pub(crate) layer: usize,
    pub(crate) key_at: Option<Pos>,
    pub(crate) at: Option<Pos>,
    pub(crate) node: MergedNode<'a>,
    /// What the winner overrides, highest precedence first.
    losers: Vec<(usize, &'a Item)>,
}

pub(crate) enum MergedNode<'a> {
    Table(BTreeMap<&'a str, Merged<'a>>),
    Leaf(&'a Node),
}

impl<'a> Merged<'a> {
    pub(crate) fn table(&self) -> Option<&BTreeMap<&'a str, Merged<'a>>> {
        match &self.node {
            MergedNode::Table(table) => Some(table),
            MergedNode::Leaf(_) => None,
        }
    }

    pub(crate) fn leaf(&self) -> Option<&'a Node> {
        match self.node {
            MergedNode::Leaf(node) => Some(node),
            MergedNode::Table(_) => None,
        }
    }

    /// A place without a value.
    pub(crate) fn place(layer: usize, key_at: Option<Pos>, at: Option<Pos>) -> Self {
        Self { layer, key_at, at, node: MergedNode::Table(BTreeMap::new()), losers: vec![] }
    }

    pub(crate) fn get(&self, path: &[&str]) -> Option<&Merged<'a>> {
        path.iter().try_fold(self, |at, key| at.table()?.get(*key))
    }

    pub(crate) fn text(&self, path: &[&str]) -> Option<&'a str> {
        self.get(path)?.leaf()?.as_str()
    }
}

/// Merges layers, given highest precedence first: tables key by key, everything else, arrays too, as a whole
/// (Codex 0.169, `merge_toml_values`).
pub(crate) fn merge<'a>(layers: &[(usize, &'a Table)]) -> Merged<'a> {
    let table = merge_tables(layers);
    let layer = layers.first().map_or(0, |l| l.0);
    Merged { layer, key_at: None, at: None, node: MergedNode::Table(table), losers: vec![] }
}

fn merge_tables<'a>(tables: &[(usize, &'a Table)]) -> BTreeMap<&'a str, Merged<'a>> {
    let mut by_key: BTreeMap<&'a str, Vec<(usize, &'a Item)>> = BTreeMap::new();
    for (layer, table) in tables {
        for (key, item) in *table {
            by_key.entry(key).or_default().push((*layer, item));
        }
    }
    by_key.into_iter().map(|(key, items)| (key, merge_items(&items))).collect()
}

/// `items` is never empty: it was made from at least one.
fn merge_items<'a>(items: &[(usize, &'a Item)]) -> Merged<'a> {
    let (layer, top) = items[0];
    let node = if top.node.as_table().is_some() {
        // A scalar in between hides the tables below it.
        let tables: Vec<(usize, &Table)> =
            items.iter().map_while(|(layer, item)| item.node.as_table().map(|t| (*layer, t))).collect();
        MergedNode::Table(merge_tables(&tables))
    } else {
        MergedNode::Leaf(&top.node)
    };
    let losers = match node {
        MergedNode::Leaf(_) => items[1..].to_vec(),
        MergedNode::Table(_) => vec![],
    };
    Merged { layer, key_at: top.key_at, at: top.at, node, losers }
}

/// Each leaf by its dotted key, masked, with its origin and what it overrides.
pub(crate) fn values(merged: &Merged<'_>, layers: &[LayerRead]) -> BTreeMap<String, ConfigValue> {
    let mut out = BTreeMap::new();
    collect(merged, layers, &mut Vec::new(), &mut out);
    out
}

fn collect<'a>(
    merged: &Merged<'a>,
    layers: &[LayerRead],
    path: &mut Vec<&'a str>,
    out: &mut BTreeMap<String, ConfigValue>,
) {
    match &merged.node {
        MergedNode::Table(table) => {
            for (key, inner) in table {
                path.push(key);
                collect(inner, layers, path, out);
                path.pop();
            }
        }
        MergedNode::Leaf(node) => {
            let overrides = merged.losers.iter().map(|(layer, item)| Overridden {
                value: mask::value(path, &item.node),
                path: layers[*layer].path.clone(),
                line: item.at.map(|p| p.line),
                column: item.at.map(|p| p.column),
                source: layers[*layer].source,
            });
            let value = ConfigValue {
                value: mask::value(path, node),
                path: layers[merged.layer].path.clone(),
                line: merged.at.map(|p| p.line),
                column: merged.at.map(|p| p.column),
                source: layers[merged.layer].source,
                overrides: overrides.collect(),
            };
            out.insert(mask::dotted(path), value);
        }
    }
}
