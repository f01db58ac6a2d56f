//! Where the program itself is wrong, and what it says is not compared.
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
