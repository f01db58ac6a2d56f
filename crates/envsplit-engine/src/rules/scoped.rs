//! A variable that only a file sets which is no start-up file: an IDE's setting, a directory hook, the script of an
//! IDE's server. Each reaches only its own.
use super::draft::{Draft, at_ide_setting, at_setting, place_of, spoken};
use super::loss::{Loss, lines};
use super::{fixes, stale};
use crate::world::World;
use envsplit_model::{AtKind, Code, How, Role, Scope, ScopedSetting, Severity};

/// What the hooks leave in the environment of a shell that loaded them.
const HOOK_MARKS: &[&str] =
    &["DIRENV_DIR", "DIRENV_FILE", "DIRENV_DIFF", "MISE_SHELL", "__MISE_DIFF", "__MISE_SESSION"];

/// Explains a loss where nothing else sets the variable.
pub(super) fn explain(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    if !lines(w, loss.name).is_empty() {
        return None;
    }
    server_setup(w, loss).or_else(|| ide_setting(w, loss)).or_else(|| hook(w, loss))
}

/// The lines that set the variable here, for some process or other.
fn setting<'a>(w: &World<'a>, loss: &Loss<'_>) -> impl Iterator<Item = &'a ScopedSetting> {
    let product = w.product(loss.place);
    let own =
        move |s: &&ScopedSetting| s.product.is_none() || product.is_none() || s.product.as_deref() == product;
    let sets = |s: &&ScopedSetting| s.idle.is_none() && s.scope.sets() && s.setting.how != How::Unset;
    w.scoped(loss.name).filter(own).filter(sets)
}

/// What such lines are to a place that they do not reach: named, so that nobody looks for them in vain.
pub(super) fn beside(w: &World<'_>, loss: &Loss<'_>, mut draft: Draft) -> Draft {
    for s in w.scoped(loss.name).filter(|s| s.scope.sets() && s.setting.how != How::Unset).take(5) {
        let what = match &s.idle {
            Some(idle) => idle.clone(),
            None => format!("that is for {}", s.scope.reaches()),
        };
        draft = draft
            .at([at_setting(w, AtKind::Edited, &s.setting)])
            .evidence(format!("{} sets it: {what}", place_of(w, &s.setting.path, s.setting.line)));
    }
    draft
}

/// Whether a place is a terminal of an IDE, or runs in one.
fn in_ide_terminal(w: &World<'_>, place: usize) -> bool {
    let caller = w.snapshot.caller.as_ref().filter(|_| w.lineage.is_caller(place));
    let marked = caller.and_then(|c| c.structural.get("TERM_PROGRAM")).is_some_and(|t| t == "vscode");
    marked || w.lineage.chain(place).into_iter().any(|n| w.node(n).role == Role::IntegratedTerminal)
}

/// A place that runs fails because of it; one that does not run yet only would.
fn severity(w: &World<'_>, loss: &Loss<'_>) -> Severity {
    if w.node(loss.place).predicted { Severity::Warning } else { Severity::Error }
}

fn ide_setting(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    let terminal = setting(w, loss).find(|s| s.scope == Scope::IdeTerminal);
    let other = || {
        let others = [Scope::IdeSetting, Scope::IdeTask, Scope::IdeDebug];
        setting(w, loss).find(|s| others.contains(&s.scope))
    };
    let found = match loss.witness {
        Some(n) => terminal.filter(|_| in_ide_terminal(w, n))?,
        None => terminal.or_else(other)?,
    };
    if found.scope == Scope::IdeTerminal && in_ide_terminal(w, loss.place) {
        return older_terminal(w, loss, found);
    }
    let set_at = place_of(w, &found.setting.path, found.setting.line);
    let mut draft = loss
        .draft(w, Code::EnvIdeSettingScope)
        .severity(severity(w, loss))
        .at([at_setting(w, AtKind::Source, &found.setting)])
        .summary(format!(
            "{} It is set at {set_at} (`{}`), which reaches {}.",
            loss.opening(w),
            found.owner,
            found.scope.reaches()
        ))
        .evidence("no start-up file, session file or `.env` that was read sets it")
        .evidence(format!("source of the rule: {}", found.doc));
    draft = match loss.witness {
        Some(n) => draft.evidence(format!("{} is a terminal of the IDE and has it", spoken(w, n))),
        None => draft.evidence("no process that was looked at has it"),
    };
    Some(draft.fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::out_of_setting(w, found)]))
}

/// `terminal.integrated.inheritEnv: false`: a terminal of the IDE begins without what the IDE has.
pub(super) fn not_inherited(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    let chain = w.lineage.chain(place);
    let terminal = chain.into_iter().find(|n| w.node(*n).role == Role::IntegratedTerminal)?;
    let up = w.node(terminal).up?;
    let setting = w.ide_setting(terminal, "terminal.integrated.inheritEnv").filter(|s| s.value == "false")?;
    let of_same = |n: usize| n == up.from || w.node(n).up.is_some_and(|u| u.from == up.from);
    let ide = |n: &usize| w.node(*n).role.is_ide() && !w.node(*n).predicted && of_same(*n);
    let witness = (0..w.lineage.nodes.len()).filter(ide).find(|n| w.sighting(*n, name).is_present())?;
    let began_without = w.names_of(terminal).is_some_and(|names| !names.iter().any(|n| n == name));
    if !began_without {
        return None;
    }
    let loss = Loss { name, place, to: terminal, up, witness: Some(witness) };
    let line = lines(w, name).into_iter().find(|s| s.how.exports());
    Some(
        loss.draft(w, Code::EnvIdeSettingScope)
            .severity(Severity::Error)
            .at(line.map(|s| at_setting(w, AtKind::Source, s)))
            .at([at_ide_setting(w, AtKind::Lost, setting)])
            .summary(format!(
                "{} {} (`{}`) lets the IDE's terminals begin without the IDE's environment.",
                loss.opening(w),
                place_of(w, &setting.path, setting.line),
                setting.key
            ))
            .evidence(format!("{} was started without it", w.node(terminal).label))
            .evidence(format!("{} has it", w.node(witness).label))
            .evidence("source of the rule: VS Code: terminal.integrated.inheritEnv")
            .fixes([fixes::inherit(w, setting), fixes::set_in_dotenv(w, place, name)]),
    )
}

/// A terminal of the IDE that was opened before the setting was made.
fn older_terminal(w: &World<'_>, loss: &Loss<'_>, found: &ScopedSetting) -> Option<Draft> {
    let chain = w.lineage.chain(loss.place);
    let terminal = chain.into_iter().find(|n| w.node(*n).role == Role::IntegratedTerminal)?;
    let started = w.started(terminal)?;
    World::younger(found.setting.times, started).then(|| stale::added(w, loss, &found.setting, terminal))
}

/// The script that an IDE's server reads on WSL, written after the server had started.
fn server_setup(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    let chain = w.lineage.chain(loss.place);
    let server = chain.into_iter().find(|n| w.node(*n).role == Role::IdeServer)?;
    let found = setting(w, loss).find(|s| s.scope == Scope::IdeServer && s.setting.how.exports())?;
    let wsl = w.snapshot.host.0.starts_with("wsl:");
    let younger = World::younger(found.setting.times, w.started(server)?);
    (wsl && younger && w.sighting(server, loss.name).is_absent())
        .then(|| stale::added(w, loss, &found.setting, server))
}

/// direnv, mise: only a shell at its prompt in the directory has it.
fn hook(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    let found = setting(w, loss).find(|s| s.scope == Scope::DirectoryHook)?;
    let mark =
        |n: usize| HOOK_MARKS.iter().find(|m| w.names_of(n).is_some_and(|l| l.iter().any(|x| x == *m)));
    let proof = match loss.witness {
        Some(n) => format!("{} carries the hook's mark `{}`", spoken(w, n), mark(n)?),
        None => {
            "no process that was looked at has it: the hook works at a prompt, where it is set up".to_owned()
        }
    };
    let file = &found.setting.path;
    let dir = file.rsplit_once('/').map_or("/", |(dir, _)| dir);
    Some(
        loss.draft(w, Code::EnvDirectoryHook)
            .severity(severity(w, loss))
            .at([at_setting(w, AtKind::Source, &found.setting)])
            .summary(format!(
                "{} It is set at {}, which a directory hook loads: only at a shell's prompt in {}.",
                loss.opening(w),
                place_of(w, file, found.setting.line),
                w.shown(dir)
            ))
            .evidence(proof)
            .evidence("the file was read, not run: what the hook sets is taken from its text")
            .evidence("no start-up file, session file or `.env` that was read sets it")
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::from_directory(w, loss, dir)]),
    )
}
