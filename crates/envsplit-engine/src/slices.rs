//! Slices of a diagnosis that other commands print.
use crate::lineage::Lineage;
use crate::world::World;
use envsplit_model::{
    EnvSlice, EnvSlicePlace, EnvSource, EnvUnread, How, Place, PlaceId, Reach, Report, Role, Scope, Snapshot,
    StartKind,
};
use std::collections::HashSet;

/// Where `name` is set (every source, in the order in which it applies), where it is visible, where it is lost.
pub fn env_slice(snapshot: &Snapshot, report: &Report, name: &str) -> EnvSlice {
    let lineage = Lineage::of(snapshot);
    let w = World::new(snapshot, &lineage);
    let mut sources: Vec<EnvSource> = vec![];
    for setting in w.session_settings(name) {
        let session = report.places.iter().filter(|p| p.kind == envsplit_model::PlaceKind::Session);
        let ids: Vec<_> = session.map(|p| p.id.clone()).collect();
        sources.push(EnvSource {
            path: setting.path.clone(),
            line: setting.line,
            how: setting.how.to_string(),
            read_by: ids.clone(),
            reached_by: ids,
            text: setting.text.clone(),
            note: None,
            ..blank()
        });
    }
    sources.extend(scoped(&w, report, name, true));
    for start in w.starts() {
        for setting in w.settings(start, name) {
            let shells = lineage.nodes.iter().filter(|n| n.shell.as_ref().is_some_and(|s| s.kind() == start));
            let ids: Vec<_> = shells.map(|n| n.id.clone()).filter(|id| report.place(id).is_some()).collect();
            let reached = setting.reach == Reach::Reached;
            let at = sources.iter_mut().find(|s| s.path == setting.path && s.line == setting.line);
            match at {
                Some(known) => {
                    known.read_by.extend(ids.iter().filter(|_| setting.reach != Reach::NotRead).cloned());
                    known.reached_by.extend(ids.into_iter().filter(|_| reached));
                    known.note = known.note.take().or_else(|| note(&w, start, &setting.reach));
                }
                None => sources.push(EnvSource {
                    path: setting.path.clone(),
                    line: setting.line,
                    how: setting.how.to_string(),
                    read_by: if setting.reach == Reach::NotRead { vec![] } else { ids.clone() },
                    reached_by: if reached { ids } else { vec![] },
                    text: setting.text.clone(),
                    note: note(&w, start, &setting.reach),
                    ..blank()
                }),
            }
        }
    }
    sources.extend(scoped(&w, report, name, false));
    for place in w.lineage.codex_places() {
        let Some(seen) = w.codex(place) else { continue };
        let Some(line) = seen.dotenv.get(name) else { continue };
        let id = lineage.nodes[place].id.clone();
        match sources.iter_mut().find(|s| s.path == line.path && Some(s.line) == line.line) {
            Some(known) => {
                known.read_by.push(id.clone());
                known.reached_by.push(id);
            }
            None => sources.push(EnvSource {
                path: line.path.clone(),
                line: line.line.unwrap_or(0),
                how: How::EnvFile.to_string(),
                read_by: vec![id.clone()],
                reached_by: vec![id],
                text: format!("{name}=…"),
                note: Some("Codex lays it over its environment".to_owned()),
                ..blank()
            }),
        }
    }
    for source in &mut sources {
        // A loop or a call comes to a line more than once.
        for ids in [&mut source.read_by, &mut source.reached_by] {
            let mut seen = HashSet::new();
            ids.retain(|id| seen.insert(id.clone()));
        }
    }
    let places = report
        .places
        .iter()
        .map(|p| EnvSlicePlace {
            id: p.id.clone(),
            host: p.host.clone(),
            role: p.role,
            sighting: p.sighting(name),
        })
        .collect();
    let unread = w.unread().map(|(path, reason)| EnvUnread { path: path.clone(), reason: reason.clone() });
    let unread = unread.collect();
    EnvSlice { schema: "envsplit.env/v1".to_owned(), name: name.to_owned(), sources, unread, places }
}

/// What every source begins with.
fn blank() -> EnvSource {
    EnvSource {
        path: String::new(),
        line: 0,
        how: String::new(),
        read_by: vec![],
        reached_by: vec![],
        text: String::new(),
        note: None,
        owner: None,
        reaches: None,
        doc: None,
    }
}

/// Whether a source applies before any shell of the user runs.
fn before_shells(scope: Scope) -> bool {
    matches!(
        scope,
        Scope::PamUser
            | Scope::UserManager
            | Scope::UserUnit
            | Scope::DesktopSession
            | Scope::DesktopEntry
            | Scope::Flatpak
            | Scope::SshLogin
            | Scope::IdeServer
    )
}

/// Sources that are no start-up file, those before or those after the user's shells.
fn scoped(w: &World<'_>, report: &Report, name: &str, before: bool) -> Vec<EnvSource> {
    let mut found: Vec<EnvSource> = vec![];
    for s in w.scoped(name).filter(|s| before_shells(s.scope) == before) {
        let places = |roles: &[Role]| -> Vec<usize> {
            let product = |n: usize| {
                s.product.is_none() || w.product(n).is_none() || w.product(n) == s.product.as_deref()
            };
            (0..w.lineage.nodes.len())
                .filter(|n| roles.contains(&w.node(*n).role) && !w.node(*n).predicted && product(*n))
                .collect()
        };
        let (reads, reaches) = match s.scope {
            _ if s.idle.is_some() => (vec![], vec![]),
            Scope::IdeTerminal => {
                (places(&[Role::IdeMain, Role::IdeServer]), places(&[Role::IntegratedTerminal]))
            }
            Scope::IdeServer => (places(&[Role::IdeServer]), places(&[Role::IdeServer])),
            _ => (vec![], vec![]),
        };
        let ids = |places: Vec<usize>| -> Vec<PlaceId> {
            places.into_iter().map(|n| w.id(n)).filter(|id| report.place(id).is_some()).collect()
        };
        let there = reaches.into_iter().filter(|n| w.sighting(*n, name).is_present()).collect();
        let source = EnvSource {
            path: s.setting.path.clone(),
            line: s.setting.line,
            how: s.scope.to_string(),
            read_by: ids(reads),
            reached_by: ids(there),
            text: s.setting.text.clone(),
            note: s.idle.clone(),
            owner: Some(s.owner.clone()),
            reaches: Some(s.scope.reaches().to_owned()),
            doc: Some(s.doc.clone()),
        };
        if !found.contains(&source) {
            found.push(source);
        }
    }
    found
}

fn note(w: &World<'_>, start: StartKind, reach: &Reach) -> Option<String> {
    let label = start.label();
    match reach {
        Reach::Reached | Reach::NotRead => None,
        Reach::Ended { guard } => Some(format!(
            "`{label}` leaves {} at line {} (`{}`)",
            w.shown(&guard.path),
            guard.line,
            guard.command
        )),
        Reach::Conditional { path, line } => {
            Some(format!("whether `{label}` comes here depends on {}:{line}", w.shown(path)))
        }
        Reach::Skipped { path, line } => {
            Some(format!("`{label}` skips it: the condition at {}:{line} does not hold", w.shown(path)))
        }
        Reach::Uncalled { function } => Some(format!(
            "in the function `{}`, which no start-up file calls",
            envsplit_model::text::shown(function)
        )),
    }
}

/// Whether `--at PLACE` names this place: its id, its key, its role, or a glob (`*` and `?`) of the id.
pub fn matches_place(place: &Place, wanted: &str) -> bool {
    matches_names(&place.id, &place.key, place.role, wanted)
}

/// The same of a place that is known by its names alone.
pub fn matches_names(id: &PlaceId, key: &PlaceId, role: Role, wanted: &str) -> bool {
    wanted == role.as_str() || wanted == id.0 || wanted == key.0 || glob(wanted, &id.0)
}

/// Keeps the places that `wanted` names, and their hops; `false`, and nothing changed, where there is none.
pub fn keep_places(report: &mut Report, wanted: &str) -> bool {
    if !report.places.iter().any(|p| matches_place(p, wanted)) {
        return false;
    }
    report.places.retain(|p| matches_place(p, wanted));
    let ids: Vec<PlaceId> = report.places.iter().map(|p| p.id.clone()).collect();
    report.hops.retain(|h| ids.contains(&h.from) || ids.contains(&h.to));
    true
}

/// `*` stands for any run of characters, `?` for one. Linear in the text for each star.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j, mut star, mut mark) = (0, 0, None, 0);
    while j < t.len() {
        if i < p.len() && (p[i] == '?' || p[i] == t[j]) && p[i] != '*' {
            (i, j) = (i + 1, j + 1);
        } else if i < p.len() && p[i] == '*' {
            (star, mark) = (Some(i), j);
            i += 1;
        } else if let Some(s) = star {
            mark += 1;
            (i, j) = (s + 1, mark);
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs_match_whole_ids() {
        assert!(glob("*/process/codex-*", "linux/process/codex-cli-7"));
        assert!(glob("linux/shell/bash-?ogin*", "linux/shell/bash-login"));
        assert!(!glob("linux", "linux/shell"));
        assert!(glob("*", ""));
    }
}
