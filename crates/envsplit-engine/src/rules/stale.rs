//! Processes that are older than the change: a variable that was added, changed or removed since they started.
use super::draft::{Draft, at_process, at_setting, capital, place_of, spoken};
use super::fixes;
use super::loss::{Loss, lines};
use crate::world::World;
use envsplit_model::{At, AtKind, Code, Setting, Subject};
use jiff::Timestamp;

/// For people: to the second, in UTC.
fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The line was added (or its file changed) after the process `old` started.
pub(super) fn added(w: &World<'_>, loss: &Loss<'_>, setting: &Setting, old: usize) -> Draft {
    let mut draft = loss
        .draft(w, Code::EnvStaleProcess)
        .at([at_setting(w, AtKind::Source, setting)])
        .at(at_process(w, old))
        .summary(format!(
            "{} {} was started before {} was changed, and keeps the environment of that time.",
            loss.opening(w),
            capital(&w.node(old).label),
            w.shown(&setting.path)
        ));
    draft = times(w, draft, setting, old);
    if w.session_settings(loss.name).iter().any(|s| s.path == setting.path) {
        // The session reads it once; what it starts before it is left has the old environment.
        return draft
            .evidence("a session that begins now has it")
            .fixes([fixes::login_again(w, &setting.path)]);
    }
    draft.evidence("what is started new from there has it").fixes([fixes::restart(w, old)])
}

/// A file that the start reads changed after the process `old` started, though not the one with the line.
pub(super) fn file_changed(
    w: &World<'_>,
    loss: &Loss<'_>,
    setting: Option<&Setting>,
    path: &str,
    old: usize,
) -> Draft {
    let edited = At::file(AtKind::Edited, &w.snapshot.host, path, None);
    loss.draft(w, Code::EnvStaleProcess)
        .at(setting.map(|s| at_setting(w, AtKind::Source, s)))
        .at([edited])
        .at(at_process(w, old))
        .summary(format!(
            "{} {} was started before {} was changed, and keeps the environment of that time.",
            loss.opening(w),
            capital(&w.node(old).label),
            w.shown(path)
        ))
        .evidence("what is started new from there has it")
        .fixes([fixes::restart(w, old)])
}

fn times(w: &World<'_>, draft: Draft, setting: &Setting, old: usize) -> Draft {
    match (setting.times, w.started(old)) {
        (Some(times), Some(started)) => draft
            .evidence(format!("{} was changed {}", w.shown(&setting.path), clock(times.latest())))
            .evidence(format!("{} runs since {}", w.node(old).label, clock(started))),
        _ => draft,
    }
}

/// Whether a process has a variable that nothing gives to a new one, and a start-up file changed since it started:
/// the proof that it was taken out.
pub(super) fn removed_from(w: &World<'_>, place: usize, name: &str) -> bool {
    w.node(place).pid.is_some()
        && w.sighting(place, name).is_present()
        && lines(w, name).iter().all(|s| !s.how.exports())
        && younger_file(w, place).is_some()
        && w.lineage
            .nodes
            .iter()
            .enumerate()
            .all(|(n, node)| node.shell.is_none() || w.shell(n).is_none() || w.sighting(n, name).is_absent())
        && w.shell(w.lineage.typed).is_some_and(|s| s.answered)
}

/// The oldest process on a chain from which a place has its environment by a shell start, and a file of that start
/// that changed since.
fn younger_file(w: &World<'_>, place: usize) -> Option<(usize, String)> {
    w.lineage.chain(place).into_iter().find_map(|n| {
        let up = w.node(n).up?;
        let start = w.node(up.via?).shell.as_ref()?.kind();
        let started = w.started(up.from)?;
        let file = w.read(start).flat_map(|r| &r.files).find(|f| World::younger(f.times, started))?;
        Some((up.from, file.path.clone()))
    })
}

/// A place still has what no file sets any more.
pub(super) fn removed(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    if !removed_from(w, place, name) {
        return None;
    }
    let (old, path) = younger_file(w, place)?;
    let chain = w.lineage.chain(place);
    // The first place on the chain that has it, and the hop by which it came.
    let first = chain.into_iter().rev().find(|n| w.sighting(*n, name).is_present())?;
    let up = w.node(first).up?;
    let edited = At::file(AtKind::Edited, &w.snapshot.host, path.clone(), None);
    Some(
        Draft::new(w, place, Code::EnvStaleProcess, Subject::env(name))
            .split_at(w, first, up)
            .at(at_process(w, old))
            .at(at_process(w, first))
            .at([edited])
            .summary(format!(
                "{} still has `{name}`, which no file sets any more: {} was changed after {} had started.",
                spoken(w, place),
                w.shown(&path),
                w.node(old).label
            ))
            .evidence(format!("{} was started new and has not", w.node(w.lineage.typed).label))
            .evidence(match w.started(old) {
                Some(started) => format!("{} runs since {}", w.node(old).label, clock(started)),
                None => format!("{} is older than the change", w.node(old).label),
            })
            .fixes([fixes::restart(w, old)]),
    )
}

/// A place has another value than a new start has today, and the line that gives it is younger than the process.
pub(super) fn changed(w: &World<'_>, place: usize, name: &str, witness: usize) -> Option<Draft> {
    let chain = w.lineage.chain(place);
    let (to, up, via) = chain.iter().find_map(|n| {
        let up = w.node(*n).up?;
        Some((*n, up, up.via?))
    })?;
    let start = w.node(via).shell.as_ref()?.kind();
    if w.sighting(via, name).agrees(&w.sighting(witness, name)) != Some(true) {
        return None;
    }
    let old = if w.started(up.from).is_some() { up.from } else { to };
    let setting = w.giving(start, name)?;
    if !World::younger(setting.times, w.started(old)?) {
        return None;
    }
    let draft = Draft::new(w, place, Code::EnvStaleProcess, Subject::env(name))
        .witness(Some(w.id(witness)))
        .split_at(w, to, up)
        .at([at_setting(w, AtKind::Source, setting)])
        .at(at_process(w, old))
        .summary(format!(
            "{} has another value of `{name}` than {} gives today: {} was started before that file was changed.",
            spoken(w, place),
            place_of(w, &setting.path, setting.line),
            w.node(old).label
        ));
    Some(times(w, draft, setting, old).fixes([fixes::restart(w, old)]))
}
