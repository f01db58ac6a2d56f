//! `requirements.toml`: what an organisation demands. It is no layer, and it wins over all of them.
use crate::Surroundings;
use crate::check;
use crate::document::{Item, Node, Table};
use crate::layers::{self, LayerRead};
use crate::merge::{Merged, MergedNode};
use envsplit_model::{Code, LayerSource, Problem};

/// Settings of which a requirement is the value, whatever a layer or a flag says (Codex 0.169).
const EXACT: &[&str] = &[
    "allow_login_shell",
    "chatgpt_base_url",
    "check_for_update_on_startup",
    "cli_auth_credentials_store",
    "log_dir",
    "model_catalog_json",
    "model_provider",
    "sqlite_home",
];

/// Tables that are laid over the config's key by key (Codex 0.169).
const LAID_OVER: &[&str] = &["feedback", "otel"];

/// The requirements of a machine.
pub(crate) struct Requirements {
    /// What of them becomes part of the config.
    pub(crate) layer: LayerRead,
    /// What is wrong with the file.
    pub(crate) problems: Vec<Problem>,
    /// Why it could not be read.
    pub(crate) unknown: Option<String>,
}

/// Reads `path`; a missing file demands nothing.
pub(crate) fn read(s: &Surroundings<'_>, path: &str) -> Requirements {
    let read = layers::read(s.files, path);
    let mut problems = Vec::new();
    let mut table = Table::new();
    if let Some(mut problem) = read.problem {
        problem.message = match problem.message.strip_prefix("Failed to read config file ") {
            Some(rest) => format!("Failed to read requirements file {rest}"),
            None => format!("failed to parse requirements layer {path}: {}", problem.message),
        };
        problems.push(problem);
    } else {
        problems.extend(check::required::ignored(path, &read.table));
        problems.extend(check::required::problems(path, &read.table));
        if !problems.iter().any(|p| p.fatal) {
            problems.extend(refusal(path, &read.table));
        }
        table = read.table;
        check::required::known_alone(&mut table);
        table.retain(|key, _| {
            EXACT.contains(&key.as_str()) || LAID_OVER.contains(&key.as_str()) || key == "model_providers"
        });
    }
    let base = s.style.parent(path).unwrap_or_default().to_owned();
    let file = (Some(path.to_owned()), Some(base.as_str()));
    let layer = LayerRead::new(s, LayerSource::Requirements, file, table, read.exists);
    Requirements { layer, problems, unknown: read.unknown }
}

/// What has the right types and cannot be met (Codex 0.169).
fn refusal(path: &str, table: &Table) -> Option<Problem> {
    let list = |key: &str| table.get(key).and_then(|item| Some((item, item.node.as_array()?)));
    let problem = |key: &str, item: &Item, message: String| {
        let mut problem = layers::problem(Code::ConfigInvalid, path, item.at, message, true);
        problem.key = Some(key.to_owned());
        problem
    };
    for key in ["allowed_approval_policies", "allowed_approvals_reviewers"] {
        if let Some((item, [])) = list(key) {
            return Some(problem(key, item, format!("field `{key}` cannot be empty")));
        }
    }
    if let Some((item, modes)) = list("allowed_sandbox_modes")
        && !modes.iter().any(|mode| mode.node.as_str() == Some("read-only"))
    {
        let modes: Vec<String> = modes.iter().filter_map(|mode| mode.node.as_str()).map(variant).collect();
        let message = format!(
            "invalid value for `allowed_sandbox_modes`: `[{}]` is not in the allowed set must include 'read-only' to \
             allow any PermissionProfile (set by {path})",
            modes.join(", ")
        );
        return Some(problem("allowed_sandbox_modes", item, message));
    }
    if let Some((item, [])) = list("allowed_login_methods") {
        let message = "authentication requirements do not permit any usable login method";
        return Some(problem("allowed_login_methods", item, message.to_owned()));
    }
    let chosen = table.get("default_permissions")?;
    (!table.contains_key("allowed_permission_profiles")).then(|| {
        let message = "requirements.toml default_permissions requires allowed_permission_profiles";
        problem("default_permissions", chosen, message.to_owned())
    })
}

/// Whether a problem is one that Codex 0.169 comes to after, or beside, what is wrong with the config itself.
pub(crate) fn is_late(p: &Problem) -> bool {
    let of_file = p.path.as_deref().is_some_and(|path| path.ends_with("requirements.toml"));
    let key = p.key.as_deref().unwrap_or_default();
    of_file
        && (key == "default_permissions" || key.starts_with("allowed_"))
        && !p.message.starts_with("failed ")
}

/// A word as Codex's own name of it: `workspace-write` as `WorkspaceWrite`.
fn variant(word: &str) -> String {
    let upper = |part: &str| {
        part.get(..1).map(str::to_ascii_uppercase).unwrap_or_default() + part.get(1..).unwrap_or_default()
    };
    word.split('-').map(upper).collect()
}

/// Puts required providers in the place of those that the config defines, each as a whole. Codex 0.169 does so before
/// it looks at the types of the config. `layer` is the requirements' place among the layers.
pub(crate) fn providers<'a>(config: &mut Merged<'a>, layer: usize, requirements: &'a Table) {
    let Some(required) = requirements.get("model_providers") else { return };
    let Some(table) = required.node.as_table() else { return };
    let MergedNode::Table(top) = &mut config.node else { return };
    let below = top.entry("model_providers").or_insert_with(|| empty(layer, required));
    if below.table().is_none() {
        *below = empty(layer, required);
    }
    let MergedNode::Table(defined) = &mut below.node else { return };
    for (id, provider) in table {
        let old = defined.remove(id.as_str());
        defined.insert(id, laid_over(old, layer, provider, false));
    }
}

/// Whether anything but providers is required.
pub(crate) fn has_values(requirements: &Table) -> bool {
    requirements.keys().any(|key| key != "model_providers")
}

/// Puts required values in the place of the config's.
pub(crate) fn values<'a>(config: &mut Merged<'a>, layer: usize, requirements: &'a Table) {
    let MergedNode::Table(top) = &mut config.node else { return };
    for (key, item) in requirements.iter().filter(|(key, _)| *key != "model_providers") {
        let old = top.remove(key.as_str());
        let keep = LAID_OVER.contains(&key.as_str());
        top.insert(key, laid_over(old, layer, item, keep));
    }
}

fn empty<'a>(layer: usize, item: &Item) -> Merged<'a> {
    Merged::place(layer, item.key_at, item.at)
}

/// A required value over what the config says there; `keep` leaves the other keys of a table.
fn laid_over<'a>(old: Option<Merged<'a>>, layer: usize, item: &'a Item, keep: bool) -> Merged<'a> {
    let Node::Table(table) = &item.node else {
        return Merged::over(layer, item, old);
    };
    let mut below = match old.map(|old| old.node) {
        Some(MergedNode::Table(below)) => below,
        _ => std::collections::BTreeMap::new(),
    };
    let new: Vec<_> = table
        .iter()
        .map(|(key, inner)| (key.as_str(), laid_over(below.remove(key.as_str()), layer, inner, keep)))
        .collect();
    if !keep {
        below.clear();
    }
    below.extend(new);
    let mut laid = empty(layer, item);
    laid.node = MergedNode::Table(below);
    laid
}
