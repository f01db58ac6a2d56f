//! Two versions of Codex on one config: a line that one of them refuses, or reads otherwise.
use super::draft::{Draft, at_ide_setting, at_process, capital, place_of, spoken};
use super::fixes;
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, AtKind, Code, CodexView, ConfigValue, LayerSource, Problem, Severity, Subject};

/// One draft for each line that one version refuses and another takes, else one for each setting that they read
/// otherwise.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let places: Vec<(usize, &CodexView)> =
        w.lineage.codex_places().filter_map(|p| Some((p, &w.codex(p)?.view))).collect();
    let mut drafts = vec![];
    for (place, theirs) in &places {
        let others = || places.iter().filter(|(other, view)| other != place && differ(theirs, view));
        let refused = theirs.problems.iter().filter(|p| p.fatal);
        let lines: Vec<Draft> = refused
            .filter_map(|problem| {
                let (other, ours) = others().find(|(_, ours)| takes(ours, problem))?;
                refuses(w, (*place, theirs), (*other, ours), problem)
            })
            .collect();
        if lines.is_empty() {
            drafts.extend(others().find_map(|(other, ours)| reads(w, (*place, theirs), (*other, ours))));
        }
        drafts.extend(lines);
    }
    drafts
}

/// Takes out what the plain rules say of a line that is explained by two versions.
pub(super) fn replace(drafts: &mut Vec<Draft>) {
    let lines: Vec<At> = drafts
        .iter()
        .filter(|d| d.finding.code == Code::ConfigBinariesDiffer && d.finding.severity == Severity::Error)
        .filter_map(|d| d.finding.at.iter().find(|at| at.kind == AtKind::Read).cloned())
        .collect();
    let explained =
        |at: &At| lines.iter().any(|l| l.path.is_some() && (&l.path, l.line) == (&at.path, at.line));
    drafts.retain(|d| {
        let plain = matches!(
            d.finding.code,
            Code::ConfigInvalid
                | Code::ConfigLegacyProfile
                | Code::ConfigReservedProvider
                | Code::ConfigProviderNotFound
                | Code::RouteWireApi
        );
        !(plain && d.finding.at.iter().any(explained))
    });
}

/// Two known versions, both of them tested on what matters here.
fn differ(a: &CodexView, b: &CodexView) -> bool {
    a.version.is_some() && b.version.is_some() && a.version != b.version && !a.untested && !b.untested
}

/// Whether a config works, and reads the file in which another version refuses a line.
fn takes(view: &CodexView, problem: &Problem) -> bool {
    let file = problem.path.as_ref().filter(|_| problem.line.is_some());
    file.is_some_and(|file| counts(view, file)) && !view.problems.iter().any(|p| p.fatal)
}

fn counts(view: &CodexView, file: &str) -> bool {
    view.layers.iter().any(|l| l.enabled && l.path.as_deref() == Some(file))
}

fn refuses(
    w: &World<'_>,
    (place, theirs): (usize, &CodexView),
    (other, ours): (usize, &CodexView),
    problem: &Problem,
) -> Option<Draft> {
    let (path, line) = (problem.path.clone()?, problem.line?);
    let (version, accepting) = (theirs.version.clone()?, ours.version.clone()?);
    let message = shown(problem.message.lines().next().unwrap_or_default());
    let subject = Subject::config(problem.key.clone().unwrap_or_default());
    let older = number(&version) < number(&accepting);
    let draft = between(w, (place, theirs), (other, ours), subject)
        .severity(Severity::Error)
        .at([At::file(AtKind::Read, &w.snapshot.host, path.clone(), Some(line))])
        .at(at_process(w, place).filter(|_| !w.lineage.is_caller(place)))
        .summary(format!(
            "Two versions of Codex read {}: {} in {} takes line {line}, {} in {} refuses it: {message}",
            w.shown(&path),
            shown(&accepting),
            spoken(w, other),
            shown(&version),
            spoken(w, place)
        ))
        .evidence(format!(
            "{}: Codex {} refuses {}: {message}",
            capital(&spoken(w, place)),
            shown(&version),
            place_of(w, &path, line)
        ))
        .evidence(format!(
            "{}: Codex {} takes the whole file",
            capital(&spoken(w, other)),
            shown(&accepting)
        ));
    let update =
        fixes::update(w, if older { place } else { other }, if older { &accepting } else { &version });
    let change = fixes::config(w, theirs, problem);
    Some(if older { draft.fixes([update]).fixes(change) } else { draft.fixes(change).fixes([update]) })
}

/// The provider or its `env_key`, where both read the same files and come to different answers.
fn reads(
    w: &World<'_>,
    (place, theirs): (usize, &CodexView),
    (other, ours): (usize, &CodexView),
) -> Option<Draft> {
    let works = |v: &CodexView| !v.problems.iter().any(|p| p.fatal) && v.home.is_some();
    if !works(theirs) || !works(ours) || theirs.home != ours.home {
        return None;
    }
    // Said once: of the place whose version is the older.
    let (version, newer) = (theirs.version.as_deref()?, ours.version.as_deref()?);
    if number(version) >= number(newer) {
        return None;
    }
    let (key, a, b) = if theirs.provider == ours.provider {
        let key = theirs.provider_key("env_key")?;
        (theirs.env_key != ours.env_key).then_some((
            key,
            theirs.env_key.as_deref(),
            ours.env_key.as_deref(),
        ))?
    } else {
        ("model_provider".to_owned(), theirs.provider.as_deref(), ours.provider.as_deref())
    };
    let (said, other_said) = (theirs.values.get(&key), ours.values.get(&key));
    let shared = |value: Option<&ConfigValue>, view: &CodexView, of: &CodexView| match value {
        None => true,
        Some(v) => v.path.as_deref().is_some_and(|path| {
            // A version that knows no such layer does not list it.
            let only_here = matches!(v.source, LayerSource::System | LayerSource::Managed);
            let chosen = v.source != LayerSource::Profile || of.values.contains_key("profile");
            (counts(view, path) || only_here) && chosen
        }),
    };
    if !shared(said, ours, theirs) || !shared(other_said, theirs, ours) {
        return None;
    }
    let value = said.or(other_said)?;
    let text = |v: Option<&str>| v.map_or_else(|| "none".to_owned(), |v| format!("`{}`", shown(v)));
    let draft = between(w, (place, theirs), (other, ours), Subject::config(key.clone()))
        .at(super::route::read(w, value))
        .summary(format!(
            "Two versions of Codex come to different answers from the same files: `{}` is {} for {} in {}, and {} for {} in {}.",
            shown(&key),
            text(a),
            shown(version),
            spoken(w, place),
            text(b),
            shown(newer),
            spoken(w, other)
        ));
    Some(draft.fixes([fixes::update(w, place, newer)]))
}

fn between(
    w: &World<'_>,
    (place, theirs): (usize, &CodexView),
    (other, ours): (usize, &CodexView),
    subject: Subject,
) -> Draft {
    let draft = Draft::new(w, place, Code::ConfigBinariesDiffer, subject).witness(Some(w.id(other)));
    let draft = match w.node(place).up {
        Some(up) => draft.split_at(w, place, up),
        None => draft,
    };
    let version = |v: &CodexView| shown(v.version.as_deref().unwrap_or_default());
    let chosen = w.ide_setting(place, "chatgpt.cliExecutable").filter(|_| w.product(place).is_some());
    let draft = match chosen {
        Some(setting) => draft.at([at_ide_setting(w, AtKind::Source, setting)]).evidence(format!(
            "{} chooses the Codex that the extension runs (`{}`: {})",
            place_of(w, &setting.path, setting.line),
            setting.key,
            shown(&setting.value)
        )),
        None => draft,
    };
    draft.evidence(format!(
        "the versions are those of the packages: {} at {}, {} at {}",
        version(theirs),
        w.node(place).label,
        version(ours),
        w.node(other).label
    ))
}

/// A version to compare by.
fn number(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
