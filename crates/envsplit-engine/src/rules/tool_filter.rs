//! `shell_environment_policy`: what Codex takes from the environment of the commands that it runs. The provider's key is
//! read before any command runs and is not touched by it.
use super::draft::{Draft, capital, place_of, spoken};
use super::fixes;
use crate::slices::glob;
use crate::world::World;
use envsplit_model::{At, AtKind, Code, CodexView, ConfigValue, Subject};

const POLICY: &str = "shell_environment_policy";

/// What `inherit = "core"` lets through (Codex 0.169: `shell_environment.rs`).
const CORE: &[&str] =
    &["PATH", "SHELL", "TMPDIR", "TEMP", "TMP", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "USER"];

/// The policy takes an asked variable, which Codex has, from its commands.
pub(super) fn explain(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    let seen = w.codex(place)?;
    let has = w.sighting(place, name).is_present() || seen.dotenv.contains_key(name);
    if !has || w.node(place).predicted {
        return None;
    }
    let (key, value, why) = filter(&seen.view, name)?;
    let (path, line) = (value.path.clone()?, value.line?);
    let provider = seen.view.env_key.as_deref() == Some(name);
    let own = if provider { " As the provider's key it is not affected: Codex reads it itself." } else { "" };
    let at = At::file(AtKind::Read, &w.snapshot.host, path.clone(), Some(line));
    let where_it_is = place_of(w, &path, line);
    let mut draft = Draft::new(w, place, Code::EnvToolFilter, Subject::env(name))
        .at([at])
        .summary(format!(
            "{} has `{name}`, and the commands that it runs have not: `{key}` at {where_it_is} {why}.{own}",
            capital(&spoken(w, place))
        ))
        .evidence("source of the rule: Codex 0.169, shell_environment.rs")
        .fixes([fixes::let_through(w, name, key, &where_it_is)]);
    if provider {
        draft = draft.evidence("a `Missing environment variable` has another cause than this filter");
    }
    Some(draft)
}

/// The key of the policy that takes the name away, in the order in which Codex applies them.
fn filter<'a>(view: &'a CodexView, name: &str) -> Option<(&'static str, &'a ConfigValue, String)> {
    let get = |field: &str| view.values.get(&format!("{POLICY}.{field}"));
    let list = |value: &ConfigValue| -> Vec<String> {
        let items = value.value.as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let matches = |pattern: &str| glob(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase());
    let set = view.values.keys().any(|k| *k == format!("{POLICY}.set.{name}"));
    let only = get("include_only").filter(|v| {
        let patterns = list(v);
        !patterns.is_empty() && !patterns.iter().any(|p| matches(p))
    });
    if let Some(value) = only {
        return Some(("shell_environment_policy.include_only", value, "does not list it".to_owned()));
    }
    if set {
        return None;
    }
    if let Some(value) = get("inherit") {
        let why = match value.value.as_str() {
            Some("none") => Some("lets nothing through"),
            Some("core") if !CORE.iter().any(|c| c.eq_ignore_ascii_case(name)) => {
                Some("lets only the most common ones through")
            }
            _ => None,
        };
        if let Some(why) = why {
            return Some(("shell_environment_policy.inherit", value, why.to_owned()));
        }
    }
    if let Some(value) = get("ignore_default_excludes").filter(|v| v.value == false)
        && let Some(pattern) = ["*KEY*", "*SECRET*", "*TOKEN*"].into_iter().find(|p| matches(p))
    {
        let why = format!("takes out every name like `{pattern}`");
        return Some(("shell_environment_policy.ignore_default_excludes", value, why));
    }
    filters(view, &matches).or_else(|| {
        let value = get("exclude")?;
        let pattern = list(value).into_iter().find(|p| matches(p))?;
        let why = format!("takes it out by the pattern `{}`", envsplit_model::text::shown(&pattern));
        Some(("shell_environment_policy.exclude", value, why))
    })
}

/// `filters`, where all of its patterns say the same: `include` lets only those through.
fn filters<'a>(
    view: &'a CodexView,
    matches: &dyn Fn(&str) -> bool,
) -> Option<(&'static str, &'a ConfigValue, String)> {
    let prefix = format!("{POLICY}.filters.");
    let all: Vec<(&str, &ConfigValue)> = view
        .values
        .iter()
        .filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?.trim_matches('"'), v)))
        .collect();
    let all_are = |word: &str| all.iter().all(|(_, v)| v.value == word);
    let key = "shell_environment_policy.filters";
    if all_are("exclude") {
        let (pattern, value) = all.iter().find(|(p, _)| matches(p))?;
        let why = format!("takes it out by the pattern `{}`", envsplit_model::text::shown(pattern));
        return Some((key, value, why));
    }
    let none = all_are("include") && !all.iter().any(|(p, _)| matches(p));
    all.first().filter(|_| none).map(|(_, value)| (key, *value, "does not list it".to_owned()))
}
