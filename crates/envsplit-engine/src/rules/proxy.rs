//! Proxy and certificate variables that differ between a terminal and a Codex that runs elsewhere: the key may be right
//! in both, and the connection fails in one. A difference alone proves no fault.
use super::draft::{Draft, at_ide_setting, at_process, at_setting, capital, place_of, spoken};
use super::{fixes, value};
use crate::world::World;
use envsplit_model::{AtKind, Code, Role, Subject, structural};

/// One draft for each running Codex of an IDE or of the background server.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let runs = |n: &usize| matches!(w.node(*n).role, Role::CodexAppServer | Role::CodexDaemon);
    w.lineage.codex_places().filter(runs).filter_map(|place| differs(w, place)).collect()
}

fn differs(w: &World<'_>, place: usize) -> Option<Draft> {
    let typed = w.lineage.typed;
    if !w.shell(typed).is_some_and(|s| s.answered) {
        return None;
    }
    let seen = w.codex(place)?;
    let names = structural::CODEX_READS.iter().filter(|n| !n.starts_with("CODEX_") || n.contains("CERT"));
    // What the caller itself has differently from a new terminal was set by hand: no side to compare with.
    let by_hand = |n: &str| {
        w.lineage.caller.is_some_and(|c| w.sighting(c, n).agrees(&w.sighting(typed, n)) == Some(false))
    };
    let different: Vec<&str> = names
        .copied()
        .filter(|n| !seen.dotenv.contains_key(*n) && !by_hand(n))
        .filter(|n| w.sighting(place, n).agrees(&w.sighting(typed, n)) == Some(false))
        .collect();
    let name = *different.first()?;
    let up = w.node(place).up?;
    let (here, there) = (w.sighting(place, name), w.sighting(typed, name));
    let how = match (here.is_present(), there.is_present()) {
        (true, true) => "have different values of",
        (true, false) => "differ: only the latter has",
        _ => "differ: only the former has",
    };
    let holder = if there.is_present() { typed } else { place };
    let source = value::giving(w, holder, name, &w.sighting(holder, name));
    let mut draft = Draft::new(w, place, Code::EnvProxyContext, Subject::env(name))
        .witness(Some(w.id(typed)))
        .split_at(w, place, up)
        .at(source.map(|s| at_setting(w, AtKind::Source, s)))
        .at(at_process(w, place))
        .summary(format!(
            "{} and {} {how} `{name}`: a connection that works in one can fail in the other.",
            capital(&spoken(w, typed)),
            spoken(w, place)
        ));
    for name in different {
        let word = |n: usize| if w.sighting(n, name).is_present() { "set" } else { "not set" };
        draft = draft.evidence(format!(
            "`{name}`: {} in {}, {} in {}",
            word(typed),
            spoken(w, typed),
            word(place),
            spoken(w, place)
        ));
    }
    // The extension of an IDE hands `http.proxy` to its Codex, and `http.noProxy` not (openai/codex#6764).
    if here.is_present()
        && !there.is_present()
        && name.to_ascii_lowercase().ends_with("_proxy")
        && let Some(setting) = w.ide_setting(place, "http.proxy")
    {
        draft = draft.at([at_ide_setting(w, AtKind::Source, setting)]).evidence(format!(
            "{} sets `http.proxy`, which an IDE's extensions hand on as variables",
            place_of(w, &setting.path, setting.line)
        ));
        if let Some(without) = w.ide_setting(place, "http.noProxy").filter(|_| !has_no_proxy(w, place)) {
            draft = draft.at([at_ide_setting(w, AtKind::Edited, without)]).evidence(format!(
                "{} sets `http.noProxy`, and that Codex has no `NO_PROXY`",
                place_of(w, &without.path, without.line)
            ));
        }
    }
    Some(draft.fixes([fixes::same_proxy(w, place)]))
}

fn has_no_proxy(w: &World<'_>, place: usize) -> bool {
    ["NO_PROXY", "no_proxy"].iter().any(|n| !w.sighting(place, n).is_absent())
}
