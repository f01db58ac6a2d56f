//! The provider and the variable that holds its key.
use crate::document::Node;
use crate::merge::Merged;
use crate::version::{Rule, Rules};

/// The effective provider.
pub(crate) struct Provider {
    /// Its id; `None` where the config says something that is no text.
    pub(crate) id: Option<String>,
    /// Whether a table or Codex itself defines it.
    pub(crate) found: bool,
    /// The variable's name, as it stands in the config.
    pub(crate) env_key: Option<String>,
    /// Whether it is the user's own.
    pub(crate) is_own: bool,
    /// Variables that the provider sends in headers.
    pub(crate) reads: Vec<String>,
}

/// Codex 0.169: `model_provider`, else `openai`; ids are case-sensitive.
pub(crate) fn effective(config: &Merged<'_>, rules: &mut Rules) -> Provider {
    let id = match config.get(&["model_provider"]) {
        None => Some("openai".to_owned()),
        Some(chosen) => chosen.leaf().and_then(Node::as_str).map(str::to_owned),
    };
    let built_in = id.as_deref().is_some_and(|id| is_built_in(id, rules));
    let table = id.as_deref().and_then(|id| config.get(&["model_providers", id]));
    // Before, a table for such an id was allowed and without effect.
    let hidden = built_in && table.is_some() && !rules.hold(Rule::ReservedProviders, true);
    let table = table.filter(|_| !hidden);
    let env_key = table.and_then(|t| t.text(&["env_key"])).map(str::to_owned);
    let headers = table.and_then(|t| t.get(&["env_http_headers"])).and_then(Merged::table);
    let reads =
        headers.into_iter().flatten().filter_map(|(_, name)| name.leaf()?.as_str()).map(str::to_owned);
    let found = built_in || table.is_some();
    Provider { found, is_own: !built_in, env_key, reads: reads.collect(), id }
}

fn is_built_in(id: &str, rules: &mut Rules) -> bool {
    match id {
        "openai" => true,
        "ollama" | "lmstudio" => rules.hold(Rule::LocalProviders, true),
        "amazon-bedrock" => rules.hold(Rule::Bedrock, true),
        "amazon-bedrock-runtime" => rules.hold(Rule::BedrockRuntime, true),
        "oss" => !rules.hold(Rule::LocalProviders, true),
        _ => false,
    }
}
