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
    // What could not be read is not absent.
    let comparable = ours.home.is_some() && theirs.home.is_some();
    let keys: BTreeSet<&String> = ours.values.keys().chain(theirs.values.keys()).collect();
    let differences = keys.into_iter().filter_map(|key| {
        let (a, b) = (ours.values.get(key), theirs.values.get(key));
        let same = a.map(|v| &v.value) == b.map(|v| &v.value);
        let hidden = same && a.is_some_and(is_hidden) && origin(a) != origin(b);
        (comparable && (!same || hidden)).then(|| ConfigDifference {
            key: key.clone(),
            left: a.cloned(),
            right: b.cloned(),
            hidden,
        })
    });
    ConfigDiffSlice {
        schema: "envsplit.config-diff/v1".to_owned(),
        comparable,
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
        problems: codex.problems.clone(),
        unknown: codex.unknown.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
    use super::*;
    use envsplit_system::{Asked, MemoryProcess, MemorySystem};

    const CONFIG: &str = "model = \"m\"\nmodel_provider = \"a\"\n[model_providers.a]\nname = \"A\"\n\
        base_url = \"http://127.0.0.1:9/v1\"\nexperimental_bearer_token = \"canary\"\n";

    /// A terminal, and a Codex with another home; with `third`, a Codex with a third one.
    fn report(other: &str, third: Option<&str>) -> Report {
        let mut m = MemorySystem::new();
        for (pid, dir, text) in [(20, "other", Some(other)), (21, "third", third)]
            .iter()
            .filter_map(|(p, d, t)| Some((*p, *d, (*t)?)))
        {
            m.files.files.insert(format!("/home/u/{dir}/config.toml"), Ok(text.as_bytes().to_vec()));
            let home = format!("/home/u/{dir}");
            let env = [("HOME", "/home/u"), ("CODEX_HOME", home.as_str())];
            m.processes.push(MemoryProcess {
                pid,
                ppid: 1,
                exe: "/usr/bin/codex".into(),
                argv: vec!["/usr/bin/codex".into(), "app-server".into()],
                env: Some(env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
                started_at: jiff::Timestamp::UNIX_EPOCH,
            });
        }
        m.files.files.insert("/home/u/.codex/config.toml".into(), Ok(CONFIG.as_bytes().to_vec()));
        envsplit_daemon::ask::observe(&m.open(), &Asked::default(), &mut ()).report
    }

    fn between(report: &Report, left: &str, right: &str) -> ConfigDiffSlice {
        diff(find(report, left).unwrap(), find(report, right).unwrap())
    }

    #[test]
    fn only_what_differs_is_listed_with_both_origins() {
        let other = "# a line\nmodel = \"n\"\nmodel_provider = \"a\"\n[model_providers.a]\nname = \"A\"\n\
            env_key = \"K\"\nbase_url = \"http://127.0.0.1:9/v1\"\nexperimental_bearer_token = \"CANARY\"\n";
        let slice = between(&report(other, None), "self", "codex-app-server");
        let keys: Vec<(&str, bool)> = slice.differences.iter().map(|d| (d.key.as_str(), d.hidden)).collect();
        let hidden = "model_providers.a.experimental_bearer_token";
        assert_eq!(keys, [("model", false), ("model_providers.a.env_key", false), (hidden, true)]);
        let model = &slice.differences[0];
        let line = |v: &Option<ConfigValue>| v.as_ref().and_then(|v| Some((v.path.clone()?, v.line?)));
        assert_eq!(line(&model.left), Some(("/home/u/.codex/config.toml".to_owned(), 1)));
        assert_eq!(line(&model.right), Some(("/home/u/other/config.toml".to_owned(), 2)));
        assert!(slice.differences[1].left.is_none(), "a key of one side alone");
        let text = serde_json::to_string(&slice).unwrap();
        assert!(!text.to_lowercase().contains("canary"), "a secret is shown");
    }

    #[test]
    fn one_config_is_not_different_from_itself() {
        let slice = between(&report(CONFIG, None), "self", "self");
        assert!(slice.comparable && slice.differences.is_empty());
    }

    #[test]
    fn what_could_not_be_read_is_not_called_different() {
        let report = report(CONFIG, None);
        let (place, view) = find(&report, "self").unwrap();
        let slice = diff((place, view), (place, &CodexView::unknown("denied")));
        assert!(!slice.comparable && slice.differences.is_empty());
        assert_eq!(slice.right.unknown, ["denied"]);
    }

    #[test]
    fn names_of_no_place_and_of_several_are_wrong_usage() {
        let report = report(CONFIG, Some("model = \"other\"\n"));
        for (wanted, why) in [
            ("nowhere", "no place is called"),
            ("codex-app-server", "several places"),
            ("shell", "no Codex runs"),
        ] {
            let error = format!("{:?}", find(&report, wanted).err().unwrap());
            assert!(error.contains(why) && error.contains("Usage"), "{wanted}: {error}");
        }
        assert!(find(&report, "linux/process/codex-app-server-21").is_ok());
    }
}
