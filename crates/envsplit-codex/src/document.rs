//! A TOML document as a tree that remembers where each key and value stands.
use crate::position::{LineIndex, Pos};
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table: the order of keys has no meaning in a config.
pub(crate) type Table = BTreeMap<String, Item>;

/// A value with its place; `None` where it stands in no file (`-c`).
#[derive(Clone)]
pub(crate) struct Item {
    /// The key, or the element of an array.
    pub(crate) key_at: Option<Pos>,
    /// The value.
    pub(crate) at: Option<Pos>,
    pub(crate) node: Node,
}

#[derive(Clone)]
pub(crate) enum Node {
    Table(Table),
    Array(Vec<Item>),
    /// A string, integer, float or boolean.
    Scalar(Value),
    /// A date or time in TOML's spelling.
    Datetime(String),
    /// `inf` or `nan`, which JSON cannot hold, in TOML's spelling.
    Number(String),
    /// A number that is too large, with Codex's refusal.
    Oversized(&'static str),
}

impl Node {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Scalar(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn as_table_mut(&mut self) -> Option<&mut Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Item]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// As JSON; a date or time becomes a string.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Table(table) => {
                Value::Object(table.iter().map(|(k, i)| (k.clone(), i.node.json())).collect())
            }
            Self::Array(items) => Value::Array(items.iter().map(|i| i.node.json()).collect()),
            Self::Scalar(value) => value.clone(),
            Self::Datetime(text) | Self::Number(text) => Value::String(text.clone()),
            Self::Oversized(_) => Value::Null,
        }
    }
}

/// What reading a document gave: the tree, and the first error with its place.
pub(crate) struct Document {
    pub(crate) table: Table,
    /// The parser's message, which quotes no source, and where.
    pub(crate) error: Option<(String, Option<Pos>)>,
}

/// Above this size a document with an error is not read a second time for what can be saved of it: a parser that
/// collects every error of a hostile file would fill the memory.
const RECOVER_LIMIT: usize = 256 * 1024;

/// Reads a document; a byte-order mark is accepted, as Codex 0.169 does.
pub(crate) fn parse(text: &str) -> Document {
    let index = LineIndex::new(text.as_bytes());
    match DeTable::parse(text) {
        Ok(table) => {
            let table = table_of(table.into_inner(), &index);
            let error = oversized(&table);
            Document { table, error }
        }
        Err(error) => {
            let place = error.span().map(|span| index.of_error(span.start));
            let table = if text.len() <= RECOVER_LIMIT {
                table_of(DeTable::parse_recoverable(text).0.into_inner(), &index)
            } else {
                Table::new()
            };
            Document { table, error: Some((error.message().to_owned(), place)) }
        }
    }
}

/// Codex's words for an integer of more than 64 bits, without the number.
const OVERSIZED: &str = "invalid type: integer `<hidden>` as i128, expected any valid TOML value";

/// Codex's words for an integer that is larger still, or that has no digits.
const FAR_TOO_LARGE: &str = "integer number overflowed";

fn too_large(digits: &str, radix: u32) -> Node {
    Node::Oversized(if i128::from_str_radix(digits, radix).is_ok() { OVERSIZED } else { FAR_TOO_LARGE })
}

/// Codex's words for a float that is too large.
const OVERFLOWED: &str = "floating-point number overflowed";

/// The first number that is too large.
fn oversized(table: &Table) -> Option<(String, Option<Pos>)> {
    fn first(item: &Item) -> Option<(String, Option<Pos>)> {
        match &item.node {
            Node::Oversized(why) => Some(((*why).to_owned(), item.at)),
            Node::Table(table) => oversized(table),
            Node::Array(items) => items.iter().find_map(first),
            _ => None,
        }
    }
    table.values().filter_map(first).min_by_key(|(_, at)| at.map(|p| (p.line, p.column)))
}

fn is_oversized(node: &Node) -> bool {
    match node {
        Node::Oversized(_) => true,
        Node::Table(table) => table.values().any(|item| is_oversized(&item.node)),
        Node::Array(items) => items.iter().any(|item| is_oversized(&item.node)),
        _ => false,
    }
}

/// Reads the value of `-c key=value`: TOML, or else the text itself.
pub(crate) fn parse_value(text: &str) -> Node {
    // Codex 0.169 parses `_x_ = VALUE` as a document, and leaves what further lines say.
    let document = format!("_x_ = {text}");
    let parsed = DeTable::parse(&document)
        .ok()
        .and_then(|table| table.into_inner().remove("_x_"))
        .map(|value| node_of(value.into_inner(), None));
    let parsed = parsed.filter(|node| !is_oversized(node));
    let bare = || text.trim_matches(['"', '\'']).to_owned();
    parsed.unwrap_or_else(|| Node::Scalar(Value::String(bare())))
}

fn table_of(table: DeTable<'_>, index: &LineIndex<'_>) -> Table {
    table
        .into_iter()
        .map(|(key, value)| {
            let key_at = Some(index.at(key.span().start));
            (key.into_inner().into_owned(), item_of(value, key_at, Some(index)))
        })
        .collect()
}

/// Depth is bounded by the parser, which refuses more than 80 levels.
fn item_of(value: Spanned<DeValue<'_>>, key_at: Option<Pos>, index: Option<&LineIndex<'_>>) -> Item {
    let at = index.map(|i| i.at(value.span().start));
    Item { key_at, at, node: node_of(value.into_inner(), index) }
}

fn node_of(value: DeValue<'_>, index: Option<&LineIndex<'_>>) -> Node {
    match value {
        DeValue::String(text) => Node::Scalar(Value::String(text.into_owned())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| too_large(number.as_str(), number.radix()), |n| Node::Scalar(Value::from(n))),
        DeValue::Float(number) => {
            let parsed = number.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            let special = || {
                if number.as_str().bytes().any(|b| b.is_ascii_digit()) {
                    Node::Oversized(OVERFLOWED)
                } else {
                    Node::Number(number.to_string())
                }
            };
            parsed.map_or_else(special, |n| Node::Scalar(Value::Number(n)))
        }
        DeValue::Boolean(flag) => Node::Scalar(Value::Bool(flag)),
        DeValue::Datetime(time) => Node::Datetime(time.to_string()),
        DeValue::Array(items) => Node::Array(
            items
                .into_iter()
                .map(|item| {
                    let at = index.map(|i| i.at(item.span().start));
                    item_of(item, at, index)
                })
                .collect(),
        ),
        DeValue::Table(table) => Node::Table(match index {
            Some(index) => table_of(table, index),
            None => table
                .into_iter()
                .map(|(key, value)| (key.into_inner().into_owned(), item_of(value, None, None)))
                .collect(),
        }),
    }
}
