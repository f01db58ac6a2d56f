//! Codex's own background server: it keeps the environment that it was started with and serves every later terminal
//! (Codex 0.169: feature `daemon_auto_start`), which `codex doctor` cannot see.
use super::draft::{Draft, at_process, at_setting, capital, spoken};
use super::{fixes, value};
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{AtKind, Code, CodexSeen, Rule, Subject};

/// The daemon lacks the key, or has another one, while the terminals that talk to it have it.
pub(super) fn explain(w: &World<'_>, place: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    let here = w.sighting(place, name);
    let key = seen.view.env_key.as_deref() == Some(name);
    let missing = if key { seen.view.misses_key() } else { here.is_absent() };
    // A terminal with another home talks to another server: that one may well have another key.
    let home = &seen.view.home;
    let same_home = |n: &usize| {
        let typed = (*n == w.lineage.typed).then(|| w.typed_codex()).flatten();
        let view = typed.or_else(|| Some(&w.codex(w.lineage.caller?)?.view));
        view.is_none_or(|v| v.home == *home)
    };
    let differs = |n: &usize| {
        let there = w.sighting(*n, name);
        there.is_present() && there.agrees(&here) == Some(false)
    };
    // What hands its requests to the daemon: this terminal before a new one.
    let witness = w.lineage.caller.into_iter().chain([w.lineage.typed]).filter(same_home).find(differs)?;
    let source = value::giving(w, witness, name, &w.sighting(witness, name));
    let what = if missing { "was started without it" } else { "was started with another value" };
    let up = Up { from: witness, rule: Rule::Handoff, via: None };
    Some(
        Draft::new(w, place, Code::EnvAgentDaemon, Subject::env(name))
            .witness(Some(w.id(witness)))
            .split_at(w, place, up)
            .at(source.map(|s| at_setting(w, AtKind::Source, s)))
            .at(at_process(w, place))
            .summary(format!(
                "{} has `{name}`, but `codex` hands its requests to {}, which {what} and keeps the environment of its start.",
                capital(&spoken(w, witness)),
                w.node(place).label
            ))
            .evidence(format!("{}: {}", w.node(place).label, if missing { "not set" } else { "another value" }))
            .evidence("`codex doctor` looks at its own environment, not at the server's")
            .fixes(fixes::restart_daemon(w, place)),
    )
}
