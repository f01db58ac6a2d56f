//! A provider that only a profile defines: an IDE's Codex loads no profile.
use super::draft::{Draft, spoken};
use super::route::{about, origin};
use crate::world::World;
use envsplit_model::{Code, CodexView, LayerSource, Role, Subject};

/// One draft for each IDE place that has another provider than this terminal with its `--profile`.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let Some(caller) = w.lineage.caller.filter(|_| profile(w).is_some()) else { return vec![] };
    let Some(ours) = w.codex(caller).map(|s| &s.view) else { return vec![] };
    let ide = |n: &usize| matches!(w.node(*n).role, Role::CodexAppServer | Role::ExtensionHost);
    w.lineage.codex_places().filter(ide).filter_map(|place| other(w, caller, ours, place)).collect()
}

fn profile<'a>(w: &World<'a>) -> Option<&'a str> {
    w.snapshot.caller.as_ref()?.profile.as_deref()
}

fn other(w: &World<'_>, caller: usize, ours: &CodexView, place: usize) -> Option<Draft> {
    let theirs = &w.codex(place)?.view;
    let (our, their) = (ours.provider.as_deref()?, theirs.provider.as_deref()?);
    let chosen = ours.values.get("model_provider").filter(|v| v.source == LayerSource::Profile)?;
    if our == their || ours.home != theirs.home || ours.home.is_none() {
        return None;
    }
    let named = envsplit_model::text::shown;
    Some(
        about(w, place, Code::ConfigProfileNotInIde, Subject::config("model_provider"), chosen)
            .witness(Some(w.id(caller)))
            .summary(format!(
                "{}the provider `{}` is chosen in the profile `{}`, which {} does not load: it uses `{}`.",
                origin(w, chosen),
                named(our),
                named(profile(w)?),
                spoken(w, place),
                named(their)
            ))
            .evidence("Codex 0.169 takes `--profile` in the CLI alone; its app-server refuses it")
            .fixes([super::fixes::from_profile(w, ours)]),
    )
}
