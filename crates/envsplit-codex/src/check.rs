//! What Codex refuses in a merged config that parses.
mod desktop;
mod filters;
pub(crate) mod required;
mod types;

use crate::document::{Node, Table};
use crate::known::Known;
use crate::layers::LayerRead;
use crate::mask;
use crate::merge::Merged;
use crate::provider::Provider;
use crate::{Surroundings, paths};
use envsplit_model::{Code, FileKind, LayerSource, Problem};

/// Ids that a table may not take (Codex 0.169). The two of Amazon may be changed in part.
const RESERVED: &[&str] = &["openai", "ollama", "lmstudio"];
const AMAZON: &[&str] = &["amazon-bedrock", "amazon-bedrock-runtime"];

pub(crate) use types::one_of;

/// Everything that Codex refuses in the config as it is `written`, and as it is once what an organisation demands is in
/// the place of what is written; and the keys of each layer that it ignores. `above` is laid over the layers without
/// being one. `stopped` when a file could not be read or parsed: then Codex comes to no check, and only what is wrong by
/// itself is said.
pub(crate) fn run(
    s: &Surroundings<'_>,
    (written, config): (&Merged<'_>, &Merged<'_>),
    (layers, above): (&[LayerRead], &[LayerRead]),
    provider: &Provider,
    stopped: bool,
) -> Vec<Problem> {
    let paths = layers.iter().chain(above).map(|l| l.path.as_deref()).collect();
    let mut found = Findings { layers, paths, problems: vec![] };
    let stopped = found.not_written_back() || stopped;
    found.pasted_keys(config);
    found.managed();
    if !stopped {
        for layer in layers.iter().filter(|l| l.enabled()) {
            types::unknown_keys(layer, &mut found.problems);
        }
        found.not_replaced(above);
        found.filters();
        let typed: Vec<bool> = layers.iter().chain(above).map(|l| l.typed).collect();
        for (path, at) in paths::relative(s, written, &typed) {
            let message = "AbsolutePathBuf deserialized without a base path".to_owned();
            found.add(Code::ConfigInvalid, at, &path, message);
        }
        found.types(written);
        found.desktop(written);
        found.legacy_profile(config);
        found.tables(config);
        found.permissions(config);
        found.files(s, config);
        found.no_longer(config);
        found.choice(config, provider);
    }
    found.problems
}

/// What Codex reads before it looks for project layers, and refuses: trust and the markers of a project's root, of which
/// a project itself says nothing. `paths` are the files of the layers.
pub(crate) fn early(below: &Merged<'_>, paths: &[Option<&str>]) -> Vec<Problem> {
    let mut found = Findings { layers: &[], paths: paths.to_vec(), problems: vec![] };
    found.types(below);
    found.problems.retain(is_early);
    for problem in found.problems.iter_mut().filter(|p| p.path.is_none() && p.key.as_deref() == Some(MARKERS))
    {
        "project_root_markers must be an array of strings".clone_into(&mut problem.message);
    }
    found.problems
}

/// Whether a problem is one of [`early`].
pub(crate) fn is_early(p: &Problem) -> bool {
    p.key.as_deref().is_some_and(|k| k == "projects" || k.starts_with("projects.") || k == MARKERS)
}

const MARKERS: &str = "project_root_markers";

/// Whether a layer has the types that Codex expects, by itself.
pub(crate) fn is_typed(table: &Table) -> bool {
    let alone = crate::merge::merge(&[(0, table)]);
    let mut found = Findings { layers: &[], paths: vec![], problems: vec![] };
    found.types(&alone);
    found.tables(&alone);
    found.problems.is_empty() && filters::refusal(table).is_none() && !crate::layers::is_said_twice(table)
}

struct Findings<'a> {
    layers: &'a [LayerRead],
    /// The file of each layer.
    paths: Vec<Option<&'a str>>,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn add(&mut self, code: Code, at: &Merged<'_>, key: &[&str], message: String) -> &mut Problem {
        self.problems.push(Problem {
            code,
            path: self.paths.get(at.layer).copied().flatten().map(str::to_owned),
            line: at.at.map(|p| p.line),
            column: at.at.map(|p| p.column),
            message,
            key: Some(mask::dotted(key)),
            nearest: None,
            fatal: true,
        });
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// Codex 0.169 does not see what a required provider stands in the place of, and does not tell of its fields.
    fn not_replaced(&mut self, above: &[LayerRead]) {
        let required = above.iter().find(|l| l.source == LayerSource::Requirements);
        let providers = required.and_then(|l| l.table.get("model_providers")?.node.as_table());
        let below: Vec<String> = providers
            .into_iter()
            .flatten()
            .map(|(id, _)| mask::dotted(&["model_providers", id]) + ".")
            .collect();
        self.problems.retain(|p| {
            let key = p.key.as_deref().unwrap_or_default();
            p.code != Code::ConfigUnknownKey || !below.iter().any(|b| key.starts_with(b.as_str()))
        });
    }

    /// Codex 0.169 writes each layer back, and `[desktop]` went through JSON, which has no infinity.
    fn not_written_back(&mut self) -> bool {
        let unwritable = |layer: &&LayerRead| {
            layer.typed && layer.table.get("desktop").is_some_and(|desktop| holds_infinity(&desktop.node))
        };
        let found = self.layers.iter().find(unwritable);
        if let Some(layer) = found {
            let desktop = layer.table.get("desktop");
            self.problems.push(Problem {
                code: Code::ConfigInvalid,
                path: layer.path.clone(),
                line: desktop.and_then(|d| d.key_at).map(|p| p.line),
                column: desktop.and_then(|d| d.key_at).map(|p| p.column),
                message: "Failed to serialize resolved config: unsupported unit type".to_owned(),
                key: Some("desktop".to_owned()),
                nearest: None,
                fatal: true,
            });
        }
        found.is_some()
    }

    /// Three settings of a managed file are requirements, too, and are read as such.
    fn managed(&mut self) {
        for layer in self.layers.iter().filter(|l| l.source == LayerSource::Managed) {
            let alone = crate::merge::merge(&[(0, &layer.table)]);
            let mut found = Findings { layers: &[], paths: vec![], problems: vec![] };
            found.types(&alone);
            for mut problem in found.problems {
                let key = problem.key.as_deref().unwrap_or_default();
                if matches!(key, "approval_policy" | "approvals_reviewer" | "sandbox_mode") {
                    problem.message =
                        format!("Failed to parse config requirements as TOML: {}", problem.message);
                    problem.path.clone_from(&layer.path);
                    self.problems.push(problem);
                }
            }
        }
    }

    /// What is wrong with the filters of variables, which each layer has for itself.
    fn filters(&mut self) {
        for layer in self.layers.iter().filter(|l| l.enabled()) {
            if let Some((message, place)) = filters::refusal(&layer.table) {
                let path = layer.path.as_deref().unwrap_or_default();
                let mut problem = crate::layers::problem(Code::ConfigInvalid, path, place, message, true);
                problem.path.clone_from(&layer.path);
                problem.key = Some("shell_environment_policy".to_owned());
                self.problems.push(problem);
            }
        }
    }

    fn permissions(&mut self, config: &Merged<'_>) {
        let Some(permissions) = config.get(&["permissions"]) else {
            // The names of Codex's own profiles begin with a colon.
            let chosen = config.get(&["default_permissions"]);
            let own = |c: &&Merged<'_>| c.leaf().and_then(Node::as_str).is_some_and(|n| n.starts_with(':'));
            if let Some(chosen) = chosen.filter(|c| !own(c)) {
                let message = "default_permissions requires a `[permissions]` table".to_owned();
                self.add(Code::ConfigInvalid, chosen, &["default_permissions"], message);
            }
            return;
        };
        if let Some(chosen) = config.get(&["default_permissions"])
            && let Some(name) = chosen.leaf().and_then(Node::as_str)
            && !name.starts_with(':')
            && permissions.table().is_some_and(|t| !t.contains_key(name))
        {
            let message = format!("default_permissions refers to undefined profile `{}`", mask::name(name));
            self.add(Code::ConfigInvalid, chosen, &["default_permissions"], message);
        }
        let chosen = ["default_permissions", "sandbox_mode"].iter().any(|key| config.get(&[key]).is_some());
        if permissions.table().is_some_and(|t| !t.is_empty()) && !chosen {
            let message = "config defines `[permissions]` profiles but does not set `default_permissions`";
            self.add(Code::ConfigInvalid, permissions, &["permissions"], message.to_owned());
        }
    }

    /// Files that the config names and that Codex reads at once.
    fn files(&mut self, s: &Surroundings<'_>, config: &Merged<'_>) {
        for (key, what) in [
            ("model_catalog_json", ""),
            ("model_instructions_file", "model instructions file"),
            ("experimental_compact_prompt_file", "experimental compact prompt file"),
        ] {
            let Some(named) = config.get(&[key]) else { continue };
            let Some(path) = named.leaf().and_then(Node::as_str) else { continue };
            let why = match s.files.kind(path) {
                Ok(FileKind::File) => continue,
                Ok(FileKind::Directory) if what.is_empty() => "Is a directory (os error 21)".to_owned(),
                Ok(_) if what.is_empty() => continue,
                Ok(_) => format!("path `{path}` is not a file"),
                Err(error) => error.to_string(),
            };
            let message = if what.is_empty() { why } else { format!("failed to read {what} {path}: {why}") };
            self.add(Code::ConfigInvalid, named, &[key], message);
        }
    }

    /// Values that Codex 0.169 reads and then refuses.
    fn no_longer(&mut self, config: &Merged<'_>) {
        if let Some(policy) = config.get(&["approval_policy"])
            && policy.leaf().and_then(Node::as_str) == Some("untrusted")
        {
            let message = "approval_policy = \"untrusted\" is no longer supported; remove this setting";
            self.add(Code::ConfigInvalid, policy, &["approval_policy"], message.to_owned());
        }
        let key = ["agents", "max_concurrent_threads_per_session"];
        if let Some(count) = config.get(&key)
            && matches!(count.leaf(), Some(Node::Scalar(n)) if n.as_i64() == Some(0))
        {
            let message = "agents.max_concurrent_threads_per_session must be at least 1";
            self.add(Code::ConfigInvalid, count, &key, message.to_owned());
        }
        let key = "experimental_thread_store_endpoint";
        if let Some(endpoint) = config.get(&[key]) {
            let message = format!("`{key}` is no longer supported; remove it from config.toml");
            self.add(Code::ConfigInvalid, endpoint, &[key], message);
        }
    }

    fn legacy_profile(&mut self, config: &Merged<'_>) {
        let Some(profile) = config.get(&["profile"]) else { return };
        if let Some(name) = profile.leaf().and_then(Node::as_str) {
            let name = mask::name(name);
            let message = format!(
                "legacy `profile = \"{name}\"` config is no longer supported; use `--profile {name}` with \
                 `{name}.config.toml` instead"
            );
            self.add(Code::ConfigLegacyProfile, profile, &["profile"], message);
        }
    }

    fn choice(&mut self, config: &Merged<'_>, provider: &Provider) {
        let Some(chosen) = config.get(&["model_provider"]) else { return };
        if let Some(id) = provider.id.as_ref().filter(|_| !provider.found) {
            let message = format!("Model provider `{}` not found", mask::name(id));
            self.add(Code::ConfigProviderNotFound, chosen, &["model_provider"], message);
        }
    }

    /// A key in the place of a variable's name is printed by Codex's own errors, in whichever provider it stands.
    fn pasted_keys(&mut self, config: &Merged<'_>) {
        for (id, table) in config.get(&["model_providers"]).and_then(Merged::table).into_iter().flatten() {
            if let Some(env_key) = table.get(&["env_key"])
                && env_key.leaf().and_then(Node::as_str).is_some_and(crate::looks_like_secret)
            {
                let message =
                    "`env_key` holds what looks like a key; it must be the name of the variable that holds \
                               the key"
                        .to_owned();
                let key = ["model_providers", id, "env_key"];
                self.add(Code::AuthEnvKeyHoldsSecret, env_key, &key, message).fatal = false;
            }
        }
    }

    fn tables(&mut self, config: &Merged<'_>) {
        for (id, table) in config.get(&["model_providers"]).and_then(Merged::table).into_iter().flatten() {
            self.provider(id, table);
        }
        self.reserved(config);
        for (name, server) in config.get(&["mcp_servers"]).and_then(Merged::table).into_iter().flatten() {
            for key in ["startup_timeout_sec", "tool_timeout_sec"] {
                if let Some(seconds) = server.get(&[key])
                    && let Some(why) = types::duration_refusal(seconds)
                {
                    let message = format!("cannot convert float seconds to Duration: {why}");
                    self.add(Code::ConfigInvalid, seconds, &["mcp_servers", name, key], message);
                }
            }
            for message in types::transport_refusals(server).into_iter().chain(types::source_refusal(server))
            {
                self.add(Code::ConfigInvalid, server, &["mcp_servers", name], message);
            }
        }
    }

    /// Codex names all of them in one error.
    fn reserved(&mut self, config: &Merged<'_>) {
        let providers = config.get(&["model_providers"]).and_then(Merged::table).into_iter().flatten();
        // A table for `openai` that says nothing but what is so anyway is let through.
        let says = |table: &Merged<'_>| match table.table() {
            Some(t) if !t.is_empty() => t.iter().any(|(key, value)| !is_default(key, value)),
            _ => true,
        };
        let mut taken: Vec<_> =
            providers.filter(|(id, t)| RESERVED.contains(id) && (**id != "openai" || says(t))).collect();
        // Requirements are judged by themselves, and first.
        let required = |table: &Merged<'_>| self.layers.get(table.layer).is_none();
        if taken.iter().any(|(_, table)| required(table)) {
            taken.retain(|(_, table)| required(table));
        }
        let Some((first, table)) = taken.first() else { return };
        let ids = taken.iter().map(|(id, _)| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "model_providers contains reserved built-in provider IDs: {ids}. Built-in providers cannot be \
             overridden. Rename your custom provider (for example, `openai-custom`)."
        );
        let at = Merged::place(table.layer, table.key_at, table.key_at);
        self.add(Code::ConfigReservedProvider, &at, &["model_providers", first], message);
    }

    fn provider(&mut self, id: &str, table: &Merged<'_>) {
        let shown = mask::name(id);
        if RESERVED.contains(&id) {
            self.lacks_command(id, table);
            return;
        }
        if AMAZON.contains(&id) {
            self.amazon(id, table);
            return;
        }
        self.custom(id, &shown, table);
    }

    fn amazon(&mut self, id: &str, table: &Merged<'_>) {
        const OPEN: &[&str] = &["base_url", "auth", "http_headers", "aws"];
        self.auth(id, id, table);
        let mut entries = table.table().into_iter().flatten();
        let other = entries.find(|(key, value)| !OPEN.contains(key) && !is_default(key, value));
        if let Some((key, value)) = other {
            let message = format!(
                "model_providers.{id} only supports changing `base_url`, `auth`, `http_headers`, `aws.profile`, \
                 `aws.region`, `aws.credential_export`, and `aws.auth_refresh`; other non-default provider fields \
                 are not supported"
            );
            self.add(Code::ConfigReservedProvider, value, &["model_providers", id, key], message);
        }
    }

    fn custom(&mut self, id: &str, shown: &str, table: &Merged<'_>) {
        let name = table.text(&["name"]);
        if name.is_none_or(|n| n.trim().is_empty()) && table.table().is_some() {
            let at = table.get(&["name"]).map_or_else(|| merged_place(table), merged_place);
            let message = format!("model_providers.{shown}: provider name must not be empty");
            self.add(Code::ConfigInvalid, &at, &["model_providers", id, "name"], message);
        }
        if let Some(aws) = table.get(&["aws"]) {
            let message = format!(
                "model_providers.{shown}: provider aws is only supported for `amazon-bedrock` or \
                 `amazon-bedrock-runtime`"
            );
            self.add(Code::ConfigInvalid, aws, &["model_providers", id, "aws"], message);
        }
        self.auth(id, shown, table);
    }

    fn lacks_command(&mut self, id: &str, table: &Merged<'_>) {
        if let Some(auth) = table.get(&["auth"])
            && auth.table().is_some_and(|t| !t.contains_key("command"))
        {
            let message = "missing field `command`".to_owned();
            self.add(Code::ConfigInvalid, auth, &["model_providers", id, "auth"], message);
        }
    }

    fn auth(&mut self, id: &str, shown: &str, table: &Merged<'_>) {
        let Some(auth) = table.get(&["auth"]) else { return };
        self.lacks_command(id, table);
        if auth.text(&["command"]).is_some_and(|c| c.trim().is_empty()) {
            let message = format!("model_providers.{shown}: provider auth.command must not be empty");
            self.add(Code::ConfigInvalid, auth, &["model_providers", id, "auth"], message);
        }
        let with = |key: &&&str| {
            let leaf = table.get(&[key]).and_then(Merged::leaf);
            leaf.is_some_and(|node| **key != "requires_openai_auth" || node.as_bool() == Some(true))
        };
        let conflicts: Vec<&str> = ["env_key", "experimental_bearer_token", "requires_openai_auth"]
            .iter()
            .filter(with)
            .copied()
            .collect();
        if !conflicts.is_empty() {
            let message = format!(
                "model_providers.{shown}: provider auth cannot be combined with {}",
                conflicts.join(", ")
            );
            self.add(Code::ConfigInvalid, auth, &["model_providers", id, "auth"], message);
        }
    }
}

/// Whether a provider's field says what is so anyway, or nothing at all since Codex does not know it.
fn is_default(key: &str, value: &Merged<'_>) -> bool {
    let known =
        Known::config().get("model_providers").and_then(|p| p.get("")).is_some_and(|p| p.get(key).is_some());
    let said = value.leaf().is_some_and(|node| {
        node.as_bool() == Some(false)
            || matches!((key, node.as_str()), ("name", Some("")) | ("wire_api", Some("responses")))
    });
    said || !known
}

fn holds_infinity(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Table(table) => table.values().any(|item| holds_infinity(&item.node)),
        Node::Array(items) => items.iter().any(|item| holds_infinity(&item.node)),
        _ => false,
    }
}

/// The place of a value without the value.
fn merged_place<'a>(of: &Merged<'_>) -> Merged<'a> {
    Merged::place(of.layer, of.key_at, of.at)
}
