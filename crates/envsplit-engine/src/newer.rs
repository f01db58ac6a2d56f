//! What changed since a process started: every source that touches what was asked and that the process has not read in
//! its present form, with the place that must be started again before it arrives.
use crate::world::World;
use envsplit_model::{NewerSource, Reach, Role, Scope, ShellAsked};

/// The sources that are younger than what a process place has of them; none for a place that does not run, and for the
/// caller, whose start is not known.
pub(crate) fn newer_sources(w: &World<'_>, at: usize) -> Vec<NewerSource> {
    let mut found = vec![];
    if w.node(at).pid.is_none() || w.lineage.is_caller(at) || w.started(at).is_none() {
        return found;
    }
    let names: Vec<&String> = w.sightings(at).keys().collect();
    shell_files(w, at, &names, &mut found);
    session_files(w, at, &names, &mut found);
    settings(w, at, &names, &mut found);
    if let Some(seen) = w.codex(at).filter(|s| s.dotenv_younger)
        && let Some(home) = &seen.view.home
    {
        let sets = seen.dotenv.keys().cloned().collect();
        add(&mut found, NewerSource { path: format!("{home}/.env"), names: sets, restart: w.id(at) });
    }
    found
}

/// What the starts on the way read, those that are sourced included. The answer of a start is kept by the process that
/// asked for it.
fn shell_files(w: &World<'_>, at: usize, names: &[&String], found: &mut Vec<NewerSource>) {
    for n in w.lineage.chain(at) {
        let Some(up) = w.node(n).up else { continue };
        let Some(kind) = up.via.and_then(|via| w.node(via).shell.as_ref()).map(ShellAsked::kind) else {
            continue;
        };
        let keeper = if w.started(up.from).is_some() { up.from } else { n };
        let Some(started) = w.started(keeper) else { continue };
        let sets = |path: &str| -> Vec<String> {
            let here = |name: &&&String| {
                w.settings(kind, name).iter().any(|s| s.path == path && s.reach != Reach::NotRead)
            };
            names.iter().filter(here).map(|n| (**n).clone()).collect()
        };
        for file in w.read(kind).flat_map(|r| &r.files).filter(|f| World::younger(f.times, started)) {
            // A file that takes in the one with the line decides as much.
            let mut touched = sets(&file.path);
            for other in w.read(kind).flat_map(|r| &r.files) {
                if other.sourced_at.as_ref().is_some_and(|(by, _)| *by == file.path) {
                    touched.extend(sets(&other.path));
                }
            }
            touched.sort();
            touched.dedup();
            if !touched.is_empty() {
                let path = file.path.clone();
                add(found, NewerSource { path, names: touched, restart: w.id(keeper) });
            }
        }
    }
}

/// What a session reads once, at its beginning.
fn session_files(w: &World<'_>, at: usize, names: &[&String], found: &mut Vec<NewerSource>) {
    let Some(started) = w.started(at) else { return };
    for name in names {
        for line in w.session_settings(name).into_iter().filter(|s| World::younger(s.times, started)) {
            let source = NewerSource {
                path: line.path.clone(),
                names: vec![(*name).clone()],
                restart: w.id(w.lineage.session),
            };
            add(found, source);
        }
    }
}

/// Settings for the IDE's terminals, and the script that its server reads.
fn settings(w: &World<'_>, at: usize, names: &[&String], found: &mut Vec<NewerSource>) {
    for name in names {
        for line in w.scoped(name).filter(|s| s.idle.is_none()) {
            let role = match line.scope {
                Scope::IdeTerminal => Role::IntegratedTerminal,
                Scope::IdeServer if w.snapshot.host.0.starts_with("wsl:") => Role::IdeServer,
                _ => continue,
            };
            let keeper = w.lineage.chain(at).into_iter().find(|n| w.node(*n).role == role);
            if let Some(keeper) = keeper
                && let Some(started) = w.started(keeper)
                && World::younger(line.setting.times, started)
            {
                let path = line.setting.path.clone();
                add(found, NewerSource { path, names: vec![(*name).clone()], restart: w.id(keeper) });
            }
        }
    }
}

/// One entry a file and restart.
fn add(found: &mut Vec<NewerSource>, source: NewerSource) {
    let known = found.iter_mut().find(|s| s.path == source.path && s.restart == source.restart);
    let Some(known) = known else {
        found.push(source);
        return;
    };
    known.names.extend(source.names);
    known.names.sort();
    known.names.dedup();
}
