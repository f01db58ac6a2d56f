//! What Codex refuses and ignores in `requirements.toml`.
use super::Findings;
use super::types;
use crate::document::Table;
use crate::known::Known;
use crate::merge::Merged;
use envsplit_model::{Code, Problem};

/// What is wrong with the file by itself, in Codex's own words.
pub(crate) fn problems(path: &str, table: &Table) -> Vec<Problem> {
    let mut found = Findings { layers: &[], paths: vec![Some(path)], problems: vec![] };
    let required = crate::merge::merge(&[(0, table)]);
    found.types_below(&required, Known::requirements(), &mut Vec::new());
    found.fields(&required);
    let mut problems = std::mem::take(&mut found.problems);
    for problem in &mut problems {
        problem.message = format!("failed to parse requirements layer {path}: {}", problem.message);
    }
    if let Some(providers) = required.get(&["model_providers"])
        && let Some(known) = Known::config().get("model_providers")
    {
        found.types_below(providers, known, &mut vec!["model_providers"]);
        for (id, provider) in providers.table().into_iter().flatten() {
            found.lacks_command(id, provider);
        }
    }
    problems.extend(
        found
            .problems
            .into_iter()
            .map(|p| Problem { message: format!("failed to parse merged requirements: {}", p.message), ..p }),
    );
    problems
}

/// Codex 0.169: keys that it does not know are ignored, at the top and in the tables whose fields it knows.
pub(crate) fn ignored(path: &str, table: &Table) -> Vec<Problem> {
    let mut found = Vec::new();
    types::unknown_below(table, Known::requirements(), Some(path), &mut Vec::new(), &mut found);
    // Its fields are those of the config.
    found.retain(|p| p.key.as_deref() != Some("model_providers"));
    let providers = table.get("model_providers").and_then(|p| p.node.as_table());
    if let (Some(providers), Some(known)) = (providers, Known::config().get("model_providers")) {
        types::unknown_below(providers, known, Some(path), &mut vec!["model_providers"], &mut found);
    }
    found
}

/// Takes out what is ignored.
pub(crate) fn known_alone(table: &mut Table) {
    let providers = Known::config().get("model_providers");
    let below = table.get_mut("model_providers").and_then(|p| p.node.as_table_mut());
    if let (Some(below), Some(known)) = (below, providers) {
        keep(below, known);
    }
    let providers = table.remove_entry("model_providers");
    keep(table, Known::requirements());
    table.extend(providers);
}

fn keep(table: &mut Table, known: &Known) {
    table.retain(|key, item| match known.get(key) {
        Some(known) => {
            if let Some(inner) = item.node.as_table_mut() {
                keep(inner, known);
            }
            true
        }
        None => !known.closed,
    });
}

/// The fields of `[otel]`, in Codex's order; it takes no other there.
const OTEL: &[&str] = &[
    "tool_result",
    "log_sse_deltas",
    "log_user_prompt",
    "log_agent_responses",
    "log_guardian_assessments",
    "environment",
    "exporter",
    "trace_exporter",
    "metrics_exporter",
    "span_attributes",
    "tracestate",
];

impl Findings<'_> {
    /// Fields that a table must not have, or must have (Codex 0.169).
    fn fields(&mut self, required: &Merged<'_>) {
        let otel = required.get(&["otel"]).and_then(Merged::table);
        if let Some((key, value)) = otel.into_iter().flatten().find(|(key, _)| !OTEL.contains(key)) {
            let field = crate::mask::name(key);
            let message = format!("unknown field `{field}`, expected {}", types::one_of(OTEL));
            let at = Merged::place(value.layer, value.key_at, value.key_at);
            self.add(Code::ConfigInvalid, &at, &["otel"], message);
        }
        let servers = required.get(&["mcp_servers"]).and_then(Merged::table);
        for (name, server) in servers.into_iter().flatten() {
            self.lacks(server, &["mcp_servers", name], "identity");
        }
        for (key, field) in [("config_server", "base_url"), ("rules", "prefix_rules")] {
            if let Some(table) = required.get(&[key]) {
                self.lacks(table, &[key], field);
            }
        }
    }

    fn lacks(&mut self, table: &Merged<'_>, path: &[&str], field: &str) {
        if table.table().is_some_and(|t| !t.contains_key(field)) {
            self.add(Code::ConfigInvalid, table, path, format!("missing field `{field}`"));
        }
    }
}
