//! Which home of Codex a place uses: two homes, and homes that do not exist.
use super::draft::{Draft, at_process, at_setting, place_of, spoken};
use super::fixes;
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{At, AtKind, Code, CodexView, HomeFrom, LayerSource, Role, Setting, Severity, Subject};

const NAME: &str = "CODEX_HOME";

pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let places: Vec<usize> = w.lineage.codex_places().collect();
    let mut drafts: Vec<Draft> = places.iter().filter_map(|p| invalid(w, *p)).collect();
    // Against what the user sees: this terminal, and a new one.
    if let Some(caller) = w.lineage.caller
        && let Some(seen) = w.codex(caller)
    {
        let others = || places.iter().filter(|p| **p != caller);
        drafts.extend(others().filter_map(|p| two(w, (caller, &seen.view), *p)));
        if let Some(view) = w.typed_codex() {
            drafts.extend(places.iter().filter_map(|p| two(w, (w.lineage.typed, view), *p)));
        }
    }
    drafts
}

/// The line that sets the variable where it is set.
fn source<'a>(w: &World<'a>, place: usize) -> Option<&'a Setting> {
    super::value::giving(w, place, NAME, &w.sighting(place, NAME))
        .or_else(|| w.starts().into_iter().find_map(|s| w.giving(s, NAME)))
}

fn invalid(w: &World<'_>, place: usize) -> Option<Draft> {
    let problem = w.codex(place)?.view.problem(Code::ConfigHomeInvalid)?;
    let running = w.lineage.codex_places().filter(|n| !w.node(*n).predicted);
    let valid = [w.lineage.caller, Some(w.lineage.typed)].into_iter().flatten().chain(running).find(|n| {
        *n != place && w.codex(*n).is_some_and(|s| s.view.problem(Code::ConfigHomeInvalid).is_none())
    });
    let setting = source(w, place);
    let message = envsplit_model::text::shown(problem.message.lines().next().unwrap_or_default());
    let mut draft = Draft::new(w, place, Code::ConfigHomeInvalid, Subject::env(NAME))
        .at(setting.map(|s| at_setting(w, AtKind::Source, s)))
        .at(at_process(w, place))
        .summary(format!("Codex cannot start from {}: {message}.", spoken(w, place)))
        .evidence("Codex 0.169 wants an existing directory in `CODEX_HOME` and takes it as it stands: no `~`, no trimming")
        .fixes(fixes::home_invalid(w, setting, place));
    if let (Some(valid), Some(up)) = (valid, w.node(place).up) {
        draft = draft
            .witness(Some(w.id(valid)))
            .split_at(w, place, up)
            .evidence(format!("{} uses another home", spoken(w, valid)));
    }
    Some(draft)
}

/// Two places that read two config files with different content.
fn two(w: &World<'_>, (witness, ours): (usize, &CodexView), place: usize) -> Option<Draft> {
    let theirs = &w.codex(place)?.view;
    let (our_file, their_file) = (ours.config_path.as_ref()?, theirs.config_path.as_ref()?);
    if our_file == their_file || same_content(ours, theirs) {
        return None;
    }
    // The chain of the place whose home is not the one of the variable: there the variable was lost, or came in.
    let up = hop(w, place)?;
    let setting = source(w, if ours.home_from == HomeFrom::Env { witness } else { place });
    // A background server of another home serves the terminals of that home; this one has its own.
    let daemon = w.node(place).role == Role::CodexDaemon;
    let severity = if daemon { Severity::Warning } else { Severity::Error };
    let reader = spoken(w, witness);
    let file = |kind, path: &String| At::file(kind, &w.snapshot.host, path.clone(), None);
    let set_at = setting.map(|s| format!(" `CODEX_HOME` is set at {}.", place_of(w, &s.path, s.line)));
    let mut draft = Draft::new(w, place, Code::ConfigTwoHomes, Subject::env(NAME))
        .severity(severity)
        .witness(Some(w.id(witness)))
        .split_at(w, up.0, up.1)
        .at(setting.map(|s| at_setting(w, AtKind::Source, s)))
        .at([file(AtKind::Edited, our_file), file(AtKind::Read, their_file)])
        .at(at_process(w, place))
        .summary(format!(
            "In {reader} Codex reads {}; {} reads {}.{}",
            w.shown(our_file),
            spoken(w, place),
            w.shown(their_file),
            set_at.unwrap_or_default()
        ));
    for (who, view) in [(w.node(witness).label.as_str(), ours), (w.node(place).label.as_str(), theirs)] {
        let provider = view.provider.clone().unwrap_or_else(|| "none".to_owned());
        let provider = envsplit_model::text::shown(&provider);
        draft = draft.evidence(format!("{who}: `model_provider` is `{provider}`"));
    }
    Some(draft.fixes(fixes::two_homes(w, setting, ours, place)))
}

/// The hop at which the place's home was decided: the one that brings in a shell's environment, else the nearest.
fn hop(w: &World<'_>, place: usize) -> Option<(usize, Up)> {
    let chain = w.lineage.chain(place);
    let here = w.sighting(place, NAME);
    if here.is_present() {
        // It came in somewhere: the first place that has it.
        let first = chain.iter().rev().find(|n| w.sighting(**n, NAME).agrees(&here) == Some(true))?;
        return Some((*first, w.node(*first).up?));
    }
    let by_shell = chain.iter().rev().find_map(|n| Some((*n, w.node(*n).up.filter(|u| u.via.is_some())?)));
    by_shell.or_else(|| Some((place, w.node(place).up?)))
}

/// Whether the user's own layers are the same: two files with one content are one config.
fn same_content(a: &CodexView, b: &CodexView) -> bool {
    let version =
        |v: &CodexView| v.layers.iter().find(|l| l.source == LayerSource::User).map(|l| l.version.clone());
    a.config_exists == b.config_exists && version(a).is_some() && version(a) == version(b)
}
