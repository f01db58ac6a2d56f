//! The Codex of a place as last known, and what of it is another.
//!
//! A view often knows only a part (the workspace of an app-server, for one). Something that is missing from a part is
//! a change only where both views know the same part.
use envsplit_model::history::{LayerState, ValueState, What};
use envsplit_model::{CodexView, ConfigValue, HomeFrom, KeyVerdict, LayerSource};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A Codex as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCodex {
    home: Option<String>,
    /// Highest precedence first.
    pub layers: Vec<KeptLayer>,
    values: BTreeMap<String, ValueState>,
    provider: Option<String>,
    env_key: Option<String>,
    /// What it made of its key.
    pub key_verdict: KeyVerdict,
    version: Option<String>,
    unknown: BTreeSet<String>,
}

/// A layer as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLayer {
    source: LayerSource,
    /// Its file.
    pub path: Option<String>,
    state: LayerState,
}

impl KeptCodex {
    /// The view as it is, with what `was` knew where the view does not.
    pub(super) fn of(was: Option<&Self>, view: Option<&CodexView>) -> Option<Self> {
        let Some(view) = view.filter(|v| resolved(v)) else { return was.cloned() };
        let mut now = Self {
            home: view.home.clone(),
            layers: layers(view),
            values: view.values.iter().map(|(k, v)| (k.clone(), value(v))).collect(),
            provider: view.provider.clone(),
            env_key: view.env_key.clone(),
            key_verdict: view.key_verdict,
            version: view.version.clone(),
            unknown: view.unknown.iter().cloned().collect(),
        };
        let Some(was) = was else { return Some(now) };
        if now.key_verdict == KeyVerdict::Unknown {
            now.key_verdict = was.key_verdict;
        }
        now.version = now.version.or_else(|| was.version.clone());
        if !now.unknown.is_subset(&was.unknown) {
            for layer in &was.layers {
                if now.layer(layer.source, layer.path.as_deref()).is_none() {
                    now.layers.push(layer.clone());
                }
            }
            for (key, value) in &was.values {
                now.values.entry(key.clone()).or_insert_with(|| value.clone());
            }
            now.provider = now.provider.or_else(|| was.provider.clone());
            now.env_key = now.env_key.or_else(|| was.env_key.clone());
            now.unknown.clone_from(&was.unknown);
        }
        Some(now)
    }

    fn layer(&self, source: LayerSource, path: Option<&str>) -> Option<&KeptLayer> {
        self.layers.iter().find(|l| l.source == source && l.path.as_deref() == path)
    }

    /// What of `view` is another than it was.
    pub(super) fn compare(&self, view: &CodexView, mut push: impl FnMut(What)) {
        if !resolved(view) {
            return;
        }
        if self.home != view.home {
            push(What::CodexHomeChanged { before: self.home.clone(), after: view.home.clone() });
        }
        let whole = self.unknown == view.unknown.iter().cloned().collect();
        if let (Some(before), Some(after)) = (&self.version, &view.version)
            && before != after
        {
            push(What::CodexVersionChanged { before: before.clone(), after: after.clone() });
        }
        let now = layers(view);
        for layer in &self.layers {
            let after = now.iter().find(|l| l.source == layer.source && l.path == layer.path);
            if after.map_or(whole, |a| a.state != layer.state) {
                push(What::ConfigLayerChanged {
                    source: layer.source,
                    path: layer.path.clone(),
                    before: Some(layer.state.clone()),
                    after: after.map(|a| a.state.clone()),
                });
            }
        }
        for layer in now.iter().filter(|l| whole && self.layer(l.source, l.path.as_deref()).is_none()) {
            push(What::ConfigLayerChanged {
                source: layer.source,
                path: layer.path.clone(),
                before: None,
                after: Some(layer.state.clone()),
            });
        }
        self.compare_values(view, whole, &mut push);
        let told = |a: &Option<String>, b: &Option<String>| a != b && (whole || a.is_some() && b.is_some());
        if told(&self.provider, &view.provider) {
            push(What::ProviderChanged { before: self.provider.clone(), after: view.provider.clone() });
        }
        if told(&self.env_key, &view.env_key) {
            push(What::EnvKeyChanged { before: self.env_key.clone(), after: view.env_key.clone() });
        }
        let unknown = [self.key_verdict, view.key_verdict].contains(&KeyVerdict::Unknown);
        if self.key_verdict != view.key_verdict && !unknown {
            push(What::KeyVerdictChanged {
                env_key: view.env_key.clone(),
                before: self.key_verdict,
                after: view.key_verdict,
            });
        }
    }

    fn compare_values(&self, view: &CodexView, whole: bool, push: &mut impl FnMut(What)) {
        for (key, before) in &self.values {
            let after = view.values.get(key);
            let told = match after {
                // Another file's value may be that of a layer which only one of the two could read.
                Some(a) => a.value != before.value && (whole || a.path == before.path),
                None => whole,
            };
            if told {
                push(What::ConfigValueChanged {
                    key: key.clone(),
                    before: Some(before.clone()),
                    after: after.map(value),
                });
            }
        }
        for (key, after) in view.values.iter().filter(|(k, _)| whole && !self.values.contains_key(*k)) {
            push(What::ConfigValueChanged { key: key.clone(), before: None, after: Some(value(after)) });
        }
    }
}

/// Whether the view says anything at all.
fn resolved(view: &CodexView) -> bool {
    view.home_from != HomeFrom::Unknown
}

fn layers(view: &CodexView) -> Vec<KeptLayer> {
    let layers = view.layers.iter().map(|l| KeptLayer {
        source: l.source,
        path: l.path.clone(),
        state: LayerState { version: l.version.clone(), enabled: l.enabled },
    });
    layers.collect()
}

fn value(v: &ConfigValue) -> ValueState {
    ValueState { value: v.value.clone(), path: v.path.clone(), line: v.line }
}
