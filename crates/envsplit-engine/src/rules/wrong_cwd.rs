//! Codex stands in a directory below a trusted project and does not read that project's config: a repository of its own
//! lies between, or none is there at all, so that the project's root is the directory itself.
use super::draft::{Draft, at_process, place_of, spoken};
use super::fixes;
use crate::wants::other_cwd::project_above;
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, AtKind, Code, CodexView, ConfigValue, LayerSource, Outcome, Subject};

/// One draft for each place in which the project's file would choose another provider, key or model.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    w.lineage.codex_places().filter_map(|place| explain(w, place)).collect()
}

fn explain(w: &World<'_>, place: usize) -> Option<Draft> {
    let (project, question) = project_above(w.snapshot, w.lineage, place)?;
    let Some(Outcome::Codex(there)) = w.snapshot.outcome(&question) else { return None };
    let here = &w.codex(place)?.view;
    let (key, value) = decides(here, &there.view)?;
    let path = value.path.clone()?;
    let cwd = w.node(place).codex.as_ref()?.cwd.clone()?;
    let draft = Draft::new(w, place, Code::ConfigWrongCwd, Subject::config(key.clone()));
    let draft = match w.node(place).up {
        Some(up) => draft.split_at(w, place, up),
        None => draft,
    };
    let line = value.line.map_or_else(|| w.shown(&path), |line| place_of(w, &path, line));
    Some(
        draft
            .at([At::file(AtKind::Edited, &w.snapshot.host, path, value.line)])
            .at(at_process(w, place).filter(|_| !w.lineage.is_caller(place)))
            .summary(format!(
                "{line} sets `{}` for the project {}, and does not count for {}: in {} Codex takes another directory for the project's root.",
                shown(&key),
                w.shown(&project),
                spoken(w, place),
                w.shown(&cwd)
            ))
            .evidence(format!("{} reads no project file; in {} it would read this one", spoken(w, place), w.shown(&project)))
            .evidence("Codex 0.169 reads project files from the first directory upwards with `.git`, without one from the working directory alone")
            .fixes([fixes::in_project(w, place, &project)]),
    )
}

/// The value of the project's file that would make a difference to what Codex talks to.
fn decides<'a>(here: &CodexView, there: &'a CodexView) -> Option<(String, &'a ConfigValue)> {
    if there.untested || there.problems.iter().any(|p| p.fatal) {
        return None;
    }
    let of_project = |key: String| {
        let value = there.values.get(&key).filter(|v| v.source == LayerSource::Project)?;
        (here.values.get(&key).map(|v| &v.value) != Some(&value.value)).then_some((key, value))
    };
    let fields = ["env_key", "base_url"].iter().filter_map(|field| there.provider_key(field));
    ["model_provider".to_owned(), "model".to_owned()].into_iter().chain(fields).find_map(of_project)
}
