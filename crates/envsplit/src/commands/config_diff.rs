//! `config --diff PLACE PLACE`: the keys in which the effective configs of two places differ.
use super::json;
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::{
    CodexView, ConfigDiffPlace, ConfigDiffSlice, ConfigDifference, ConfigValue, Place, Report, text,
};
use std::collections::BTreeSet;

pub(crate) fn run(common: &Common, wanted: &[String]) -> Result<u8, Error> {
    let [left, right] = wanted else { return Err(Error::usage("`--diff` takes two places")) };
    let answer = ask(common, &[])?;
    let slice = diff(find(&answer.report, left)?, find(&answer.report, right)?);
    if common.wants_json() {
        json(&slice)?;
    } else {
        output::data(&render::config_diff(&answer, &slice));
    }
    Ok(0)
}

/// The one place that is called so and has a config. Several with one and the same config are as good as one.
fn find<'a>(report: &'a Report, wanted: &str) -> Result<(&'a Place, &'a CodexView), Error> {
    let shown = text::shown(wanted);
    let called: Vec<&Place> =
        report.places.iter().filter(|p| envsplit_engine::matches_place(p, wanted)).collect();
    if called.is_empty() {
        return Err(Error::usage(format!("`--diff`: no place is called `{shown}`"))
            .hint("`envsplit places` lists them"));
    }
    let with: Vec<_> = called.iter().filter_map(|p| Some((*p, p.codex.as_ref()?))).collect();
    let Some(first) = with.first().copied() else {
        return Err(Error::usage(format!("`--diff`: no Codex runs, or would run, at `{shown}`"))
            .hint("`envsplit config` lists the places that have a config"));
    };
    if with.iter().any(|(_, c)| c.home != first.1.home || c.values != first.1.values) {
        let ids = with.iter().map(|(p, _)| text::shown(&p.id.0)).collect::<Vec<_>>().join(", ");
        return Err(Error::usage(format!("`--diff`: `{shown}` names several places with different configs"))
            .hint(format!("name one of: {ids}")));
    }
    Ok(first)
}

fn diff((left, ours): (&Place, &CodexView), (right, theirs): (&Place, &CodexView)) -> ConfigDiffSlice {
    let keys: BTreeSet<&String> = ours.values.keys().chain(theirs.values.keys()).collect();
    let differences = keys.into_iter().filter_map(|key| {
        let (a, b) = (ours.values.get(key), theirs.values.get(key));
        let same = a.map(|v| &v.value) == b.map(|v| &v.value);
        let hidden = same && a.is_some_and(is_hidden) && origin(a) != origin(b);
        (!same || hidden).then(|| ConfigDifference {
            key: key.clone(),
            left: a.cloned(),
            right: b.cloned(),
            hidden,
        })
    });
    ConfigDiffSlice {
        schema: "envsplit.config-diff/v1".to_owned(),
        differences: differences.collect(),
        left: side(left, ours),
        right: side(right, theirs),
    }
}

/// Whether a part of a value is masked, so that two that look alike need not be the same.
fn is_hidden(value: &ConfigValue) -> bool {
    let text = value.value.to_string();
    text.contains("<hidden>") || text.contains(CodexView::SECRET_NAME)
}

fn origin(value: Option<&ConfigValue>) -> Option<(Option<&str>, Option<u32>)> {
    value.map(|v| (v.path.as_deref(), v.line))
}

fn side(place: &Place, codex: &CodexView) -> ConfigDiffPlace {
    ConfigDiffPlace {
        id: place.id.clone(),
        host: place.host.clone(),
        role: place.role,
        label: place.label.clone(),
        home: codex.home.clone(),
        provider: codex.provider.clone(),
        env_key: codex.env_key.clone(),
        key_verdict: codex.key_verdict,
        unknown: codex.unknown.clone(),
    }
}
