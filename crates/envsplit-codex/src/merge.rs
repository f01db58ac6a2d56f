//! Merges the layers, and keeps every loser beside the winner.
use crate::document::{Item, Node, Table};
use crate::layers::LayerRead;
use crate::mask;
use crate::position::Pos;
use envsplit_model::{ConfigValue, Overridden};
use std::collections::{BTreeMap, BTreeSet};

/// The merged config: what wins at each key, and which layer says it.
pub(crate) struct Merged<'a> {
    pub(crate) layer: usize,
    pub(crate) key_at: Option<Pos>,
    pub(crate) at: Option<Pos>,
    pub(crate) node: MergedNode<'a>,
    /// What the winner overrides, highest precedence first.
    losers: Vec<Loser<'a>>,
}

/// What a higher layer overrides.
struct Loser<'a> {
    layer: usize,
    at: Option<Pos>,
    node: &'a Node,
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

    /// A value over everything that was there.
    pub(crate) fn over(layer: usize, item: &'a Item, old: Option<Self>) -> Self {
        let losers = old.map_or_else(Vec::new, |old| {
            let winner = old.leaf().map(|node| Loser { layer: old.layer, at: old.at, node });
            winner.into_iter().chain(old.losers).collect()
        });
        Self { layer, key_at: item.key_at, at: item.at, node: MergedNode::Leaf(&item.node), losers }
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
    if let [(layer, table)] = tables {
        return table.iter().map(|(key, item)| (key.as_str(), merge_items(&[(*layer, item)]))).collect();
    }
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
        MergedNode::Leaf(_) => {
            let loser =
                |(layer, item): &(usize, &'a Item)| Loser { layer: *layer, at: item.at, node: &item.node };
            items[1..].iter().map(loser).collect()
        }
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
            let overrides = merged.losers.iter().map(|loser| Overridden {
                value: mask::value(path, loser.node),
                path: layers[loser.layer].path.clone(),
                line: loser.at.map(|p| p.line),
                column: loser.at.map(|p| p.column),
                source: layers[loser.layer].source,
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

/// Two settings are brought into one form before layers are merged, and only if more than one layer has them (Codex
/// 0.169): names of variables and of hosts are compared without case, and a layer that filters variables in one of the two
/// ways takes the place of those below it that do it in the other.
pub(crate) fn fold(layers: &mut [LayerRead]) {
    one_way_of_filtering(layers);
    let filters = ["shell_environment_policy", "filters"];
    // A layer in which two names become one is refused by itself.
    let twice = |layer: &mut LayerRead| {
        inner(&mut layer.table, &filters).is_some_and(|table| {
            let names: BTreeSet<String> = table.keys().map(|name| name.to_ascii_lowercase()).collect();
            names.len() < table.len()
        })
    };
    if !layers.iter_mut().filter(|l| l.enabled()).any(twice) {
        fold_keys(layers, &filters, str::to_ascii_lowercase);
    }
    let profiles = layers.iter().filter_map(|l| l.table.get("permissions")?.node.as_table());
    let names: BTreeSet<String> = profiles.flat_map(|p| p.keys().cloned()).collect();
    for name in names {
        fold_keys(layers, &["permissions", &name, "network", "domains"], |host| {
            let host = host.trim();
            host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
        });
    }
}

fn one_way_of_filtering(layers: &mut [LayerRead]) {
    const LISTS: &[&str] = &["exclude", "include_only"];
    let mut above: Option<bool> = None;
    let mut replaced = false;
    for layer in layers.iter_mut().filter(|l| l.enabled()) {
        let Some(policy) = inner(&mut layer.table, &["shell_environment_policy"]) else { continue };
        let (table, lists) = (policy.contains_key("filters"), LISTS.iter().any(|k| policy.contains_key(*k)));
        // A layer that has both is refused by itself.
        if table == lists {
            continue;
        }
        replaced |= *above.get_or_insert(table) != table;
        if replaced {
            policy.retain(|key, _| key != "filters" && !LISTS.contains(&key.as_str()));
        }
    }
}

fn fold_keys(layers: &mut [LayerRead], path: &[&str], form: impl Fn(&str) -> String) {
    let mut tables: Vec<&mut Table> =
        layers.iter_mut().filter(|l| l.enabled()).filter_map(|l| inner(&mut l.table, path)).collect();
    if tables.len() > 1 {
        for table in &mut tables {
            // Of two that become one, the one further down counts.
            let mut old: Vec<_> = std::mem::take(*table).into_iter().collect();
            old.sort_by_key(|(_, item)| item.key_at.map(|at| (at.line, at.column)));
            table.extend(old.into_iter().map(|(key, item)| (form(&key), item)));
        }
    }
}

fn inner<'t>(table: &'t mut Table, path: &[&str]) -> Option<&'t mut Table> {
    path.iter().try_fold(table, |table, key| table.get_mut(*key)?.node.as_table_mut())
}
