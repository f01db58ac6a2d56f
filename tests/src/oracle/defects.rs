//! Where the program itself is wrong, and what it says is not compared.
use envsplit_model::Problem;
use serde_json::Value;

/// Whether a layer holds what Codex cannot hash the same way twice.
pub fn version_is_unstable(_config: &Value) -> bool {
    false
}

/// Whether a key is the new spelling of one that a layer may write in the old one.
pub fn is_renamed(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["memories", "disable_on_external_context"] | ["agents", "max_concurrent_threads_per_session"]
    )
}

/// Whether an origin belongs to what was replaced.
pub fn origin_of_replaced<'k>(_key: &str, _ours: impl Iterator<Item = &'k str>) -> bool {
    false
}

/// Where trust or the root's markers are wrong, Codex blames the first thing that is wrong in the lowest file, which
/// may be something else, and places it where the deserializer stood.
pub fn names_another_error(fatal: &[&Problem], text: &str) -> bool {
    let early = |p: &&Problem| {
        p.key
            .as_deref()
            .is_some_and(|key| key.starts_with("projects") || key.starts_with("project_root_markers"))
    };
    fatal.iter().any(early)
        && fatal.iter().any(|p| {
            let file = p.path.as_deref().and_then(|path| text.strip_prefix(path));
            file.is_some_and(|rest| rest.splitn(4, ':').nth(3).is_some_and(|said| said.trim() == p.message))
        })
}
