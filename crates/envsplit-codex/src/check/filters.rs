//! What is wrong with the filters of variables of one layer.
use crate::document::Table;
use crate::mask;
use crate::position::Pos;
use std::collections::BTreeSet;

/// The two ways to filter variables do not go together in one layer, and names are compared without case.
pub(super) fn refusal(table: &Table) -> Option<(String, Option<Pos>)> {
    let item = table.get("shell_environment_policy")?;
    let policy = item.node.as_table()?;
    let filters = policy.get("filters")?;
    if policy.contains_key("exclude") || policy.contains_key("include_only") {
        let message = "cannot mix `filters` with legacy `exclude` or `include_only`".to_owned();
        return Some((message, item.key_at));
    }
    let mut seen = BTreeSet::new();
    let twice = filters.node.as_table()?.keys().find(|name| !seen.insert(name.to_ascii_lowercase()))?;
    let name = mask::name(&twice.to_ascii_lowercase());
    Some((format!("duplicate shell environment filter `{name}` ignoring case"), item.key_at))
}
