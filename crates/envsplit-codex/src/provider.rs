//! The provider and the variable that holds its key.
use crate::document::Node;
use crate::merge::Merged;

/// Providers that need no table (Codex 0.169); `openai` is the default.
pub(crate) const BUILT_IN: &[&str] =
    &["openai", "ollama", "lmstudio", "amazon-bedrock", "amazon-bedrock-runtime"];

/// The effective provider.
pub(crate) struct Provider {
    /// Its id; `None` where the config says something that is no text.
    pub(crate) id: Option<String>,
    /// Whether a table or Codex itself defines it.
    pub(crate) found: bool,
    /// The variable's name, as it stands in the config.
    pub(crate) env_key: Option<String>,
    /// Variables that the provider sends in headers.
    pub(crate) reads: Vec<String>,
}

/// Codex 0.169: `model_provider`, else `openai`; ids are case-sensitive.
pub(crate) fn effective(config: &Merged<'_>) -> Provider {
    let id = match config.get(&["model_provider"]) {
        None => Some("openai".to_owned()),
        Some(chosen) => chosen.leaf().and_then(Node::as_str).map(str::to_owned),
    };
    let table = id.as_deref().and_then(|id| config.get(&["model_providers", id]));
    let built_in = id.as_deref().is_some_and(|id| BUILT_IN.contains(&id));
    let env_key = table.and_then(|t| t.text(&["env_key"])).map(str::to_owned);
    let headers = table.and_then(|t| t.get(&["env_http_headers"])).and_then(Merged::table);
    let reads =
        headers.into_iter().flatten().filter_map(|(_, name)| name.leaf()?.as_str()).map(str::to_owned);
    Provider { found: built_in || table.is_some(), env_key, reads: reads.collect(), id }
}
