//! A program that Codex needs is on the PATH of a terminal and not on the PATH of the place that needs it: a version
//! manager put its directory there in a file that only one of them reads.
use super::draft::{Draft, at_process, at_setting, capital, spoken};
use super::fixes;
use crate::wants::scoped::programs_of;
use crate::world::{OnPath, World};
use envsplit_model::{AtKind, Code, ProgramSeen, Reach, Scope, ScopedSetting, Setting, ShellAsked, Subject};

/// One draft for each program that a place misses and a new terminal has.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let typed = w.lineage.typed;
    let mut drafts = vec![];
    for place in w.lineage.codex_places().filter(|n| !w.node(*n).predicted) {
        for program in programs_of(w.snapshot, w.lineage, place) {
            let needed = match w.program(place, &program) {
                // `codex` is there, and the program that runs it may be missing.
                OnPath::Found(ProgramSeen { needs: Some(needs), .. }) => needs.clone(),
                OnPath::Missing => program,
                _ => continue,
            };
            if let OnPath::Missing = w.program(place, &needed)
                && let OnPath::Found(found) = w.program(typed, &needed)
                && let Some(draft) = missing(w, place, &needed, found)
            {
                drafts.push(draft);
            }
        }
    }
    drafts
}

fn missing(w: &World<'_>, place: usize, program: &str, found: &ProgramSeen) -> Option<Draft> {
    let typed = w.lineage.typed;
    let up = w.node(place).up?;
    let manager = manager_line(w, &found.path);
    let source = manager.map(|m| &m.setting).or_else(|| path_line(w, place));
    let what = if program == "codex" { String::new() } else { ", which its Codex needs".to_owned() };
    let mut draft = Draft::new(w, place, Code::EnvPathManager, Subject::env("PATH"))
        .witness(Some(w.id(typed)))
        .split_at(w, place, up)
        .at(source.map(|s| at_setting(w, AtKind::Source, s)))
        .at(at_process(w, place))
        .summary(format!(
            "{} finds `{program}` at {}; the PATH of {} does not lead to it{what}.",
            capital(&spoken(w, typed)),
            w.shown(&found.path),
            spoken(w, place)
        ))
        .evidence(format!("{}: no `{program}` in any directory of its PATH", w.node(place).label))
        .fixes(fixes::reachable_program(w, place, program, &found.path, source));
    if let Some(m) = manager {
        let line = super::draft::place_of(w, &m.setting.path, m.setting.line);
        draft = draft
            .evidence(format!("{line} sets up {}, which puts it on PATH", m.owner))
            .evidences(chosen(w, m));
    } else if let Some(source) = source {
        let line = super::draft::place_of(w, &source.path, source.line);
        draft =
            draft.evidence(format!("{line} changes PATH, and the start of that place does not come to it"));
    }
    Some(draft)
}

/// The folders in which version managers keep what they put on PATH: a part of the path begins with one of these.
const FOLDERS: &[(&str, &[&str])] = &[
    ("nvm", &[".nvm", "nvm"]),
    ("fnm", &["fnm", ".fnm"]),
    ("asdf", &[".asdf", "asdf"]),
    ("mise", &["mise"]),
    ("volta", &[".volta"]),
    ("nodenv", &[".nodenv"]),
];

/// The line that sets up the version manager in whose folders a program was found, in a file that a new terminal reads.
fn manager_line<'a>(w: &World<'a>, program: &str) -> Option<&'a ScopedSetting> {
    let part = |folders: &[&str]| program.split('/').any(|p| folders.iter().any(|f| p.starts_with(f)));
    let (manager, _) = FOLDERS.iter().find(|(_, folders)| part(folders))?;
    let typed = w.node(w.lineage.typed).shell.as_ref().map(ShellAsked::kind)?;
    let read = |path: &str| w.read(typed).flat_map(|r| &r.files).any(|f| f.path == path);
    let mut lines = w.scoped("PATH").filter(|s| s.scope == Scope::PathManager && s.owner == *manager);
    lines.find(|s| read(&s.setting.path))
}

/// The file by which that manager chooses a version here.
fn chosen(w: &World<'_>, manager: &ScopedSetting) -> Option<String> {
    const FILES: &[&str] = &["/.nvmrc", "/.node-version", "/.tool-versions"];
    let mut lines = w.scoped("PATH").filter(|s| s.scope == Scope::PathManager);
    let file = lines.find(|s| FILES.iter().any(|f| s.setting.path.ends_with(f)))?;
    let place = super::draft::place_of(w, &file.setting.path, file.setting.line);
    Some(format!("{place} chooses the version here, where {} looks for such a file", manager.owner))
}

/// The one line of the user's own files that changes PATH in a terminal and is not come to by the start of a place.
fn path_line<'a>(w: &World<'a>, place: usize) -> Option<&'a Setting> {
    let home = fixes::home(w);
    let typed = w.node(w.lineage.typed).shell.as_ref().map(ShellAsked::kind)?;
    let via = w.lineage.chain(place).into_iter().find_map(|n| w.node(n).up?.via);
    let theirs = via.and_then(|v| w.node(v).shell.as_ref()).map(ShellAsked::kind);
    let reached = |kind, s: &Setting| {
        w.settings(kind, "PATH")
            .into_iter()
            .any(|t| t.path == s.path && t.line == s.line && t.reach != Reach::NotRead)
    };
    let mut own = w.settings(typed, "PATH").into_iter().filter(|s| {
        s.reach == Reach::Reached && s.path.starts_with(&home) && theirs.is_none_or(|k| !reached(k, s))
    });
    let line = own.next()?;
    own.next().is_none().then_some(line)
}
