//! `CODEX_HOME/.env`: Codex lays it over its environment at start, unconditionally (Codex 0.169: arg0 `load_dotenv`).
use super::draft::{Draft, at_process, at_setting, place_of, spoken};
use super::{fixes, value};
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{At, AtKind, Code, CodexSeen, Role, Rule, Severity, Subject};

/// The `.env` wins over a value that the environment has, and is another one; or it is younger than the process.
pub(super) fn explain(w: &World<'_>, place: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    let line = seen.key_from_dotenv.as_ref()?;
    let in_env = seen.key_in_env.as_ref()?;
    let key = seen.view.key.as_ref()?;
    let wins = At::file(AtKind::ShadowedBy, &line.host, line.path.clone(), line.line);
    let where_it_wins = place_of(w, &line.path, line.line.unwrap_or(0));
    if seen.dotenv_younger {
        let severity = if in_env.is_present() { Severity::Warning } else { Severity::Error };
        return Some(
            Draft::new(w, place, Code::EnvStaleProcess, Subject::env(name))
                .severity(severity)
                .witness(None)
                .split_at(w, place, dotenv_hop(w, place))
                .at([At { kind: AtKind::Source, ..wins }])
                .at(at_process(w, place))
                .summary(format!(
                    "{} was started before {where_it_wins} was written: Codex reads `.env` once, at its start.",
                    spoken(w, place)
                ))
                .evidence(format!("`{}` is younger than the process", w.shown(&line.path)))
                .fixes([fixes::restart(w, place)]),
        );
    }
    if !in_env.is_present() || in_env.agrees(key) != Some(false) {
        return None;
    }
    let source = value::giving(w, place, name, in_env);
    let blank = seen.view.misses_key();
    let effect = if blank { "blanks it out" } else { "replaces it by another value" };
    Some(
        Draft::new(w, place, Code::EnvDotenvShadows, Subject::env(name))
            .witness(witness(w, place))
            .split_at(w, place, dotenv_hop(w, place))
            .at(source.map(|s| at_setting(w, AtKind::Source, s)))
            .at([wins])
            .summary(format!(
                "{} gets `{name}` from its environment, but {where_it_wins} {effect} in every Codex process.",
                spoken(w, place)
            ))
            .evidence("Codex lays `.env` over its environment at its start, whatever the environment has")
            .evidence("the fingerprints of the two values differ")
            .fixes(fixes::dotenv_line(w, line, place)),
    )
}

/// The place whose environment was right before `.env` was laid over it.
fn witness(w: &World<'_>, place: usize) -> Option<envsplit_model::PlaceId> {
    Some(w.id(w.node(place).up?.from))
}

fn dotenv_hop(w: &World<'_>, place: usize) -> Up {
    let from = w.node(place).up.map_or(w.lineage.session, |u| u.from);
    let rule = if w.node(place).role == Role::LoginSession { Rule::Inherits } else { Rule::Dotenv };
    Up { from, rule, via: None }
}
