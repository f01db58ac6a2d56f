//! Somebody else's file or flag in the place of what the user wrote: an organisation's, or the IDE's.
use super::draft::{Draft, spoken};
use super::fixes;
use super::route::{about, origin};
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, AtKind, Code, ConfigValue, LayerSource, Overridden, Role, Subject};

/// One draft for each value of the selected provider that the user wrote in vain.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let mut drafts = vec![];
    for place in w.lineage.codex_places() {
        let Some(seen) = w.codex(place) else { continue };
        let view = &seen.view;
        if view.problems.iter().any(|p| p.fatal) {
            continue;
        }
        let prefix = view.provider_key("");
        for (key, value) in &view.values {
            let of_provider = prefix.as_deref().is_some_and(|p| key.starts_with(p));
            if matches!(key.as_str(), "model" | "model_provider") || of_provider {
                drafts.extend(overridden(w, place, key, value));
            }
        }
    }
    drafts
}

fn overridden(w: &World<'_>, place: usize, key: &str, value: &ConfigValue) -> Option<Draft> {
    let code = match value.source {
        LayerSource::Managed | LayerSource::Mdm | LayerSource::Requirements => Code::ConfigManagedOverride,
        LayerSource::SessionFlags if in_ide(w, place) => Code::ConfigIdeOverrides,
        _ => return None,
    };
    let mine = value.overrides.iter().find(|o| is_users(o.source))?;
    // What is masked may be the same.
    if mine.value == value.value {
        return None;
    }
    let whose = match value.source {
        LayerSource::SessionFlags => format!("{} was started with `-c`", spoken(w, place)),
        LayerSource::Requirements => "your organisation requires it".to_owned(),
        _ => "your organisation's file wins over every other, `-c` too".to_owned(),
    };
    let draft = about(w, place, code, Subject::config(key), value)
        .at(edited(w, mine))
        .summary(format!(
            "{}`{}` is {}, whatever {} says ({}): {whose}.",
            origin(w, value),
            shown(key),
            words(value.value.as_str(), &value.value),
            mine.path.as_deref().map_or_else(|| "`-c`".to_owned(), |p| w.shown(p)),
            words(mine.value.as_str(), &mine.value)
        ))
        .evidence(format!("read by {}", w.node(place).label))
        .evidence(
            "Codex 0.169: requirements, then managed files, then `-c`, then projects, profile and user",
        );
    Some(match code {
        Code::ConfigIdeOverrides => draft.at(super::draft::at_process(w, place)),
        _ => draft.fixes([fixes::ask_the_organisation(w, value)]),
    })
}

fn words(text: Option<&str>, json: &impl std::fmt::Display) -> String {
    text.map_or_else(|| shown(&json.to_string()), |text| format!("`{}`", shown(text)))
}

fn in_ide(w: &World<'_>, place: usize) -> bool {
    w.node(place).role == Role::CodexAppServer
        && w.lineage.chain(place).iter().any(|n| w.node(*n).role == Role::ExtensionHost)
}

fn is_users(source: LayerSource) -> bool {
    matches!(
        source,
        LayerSource::User | LayerSource::Profile | LayerSource::Project | LayerSource::SessionFlags
    )
}

fn edited(w: &World<'_>, mine: &Overridden) -> Option<At> {
    Some(At::file(AtKind::Edited, &w.snapshot.host, mine.path.clone()?, mine.line))
}
