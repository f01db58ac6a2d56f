//! A variable that a place lacks: at which hop it was lost, and why.
use super::draft::{Draft, at_process, at_setting, capital, place_of, spoken};
use super::{ancestry, fixes, injected, sandbox, scoped, session_profile, shared_main, shell_hop, stale};
use crate::lineage::Up;
use crate::names;
use crate::world::World;
use envsplit_model::{
    At, AtKind, Code, How, Reach, Role, Rule, Setting, Severity, ShellAsked, Source, Subject,
};

/// Everything that is known about a variable that a place lacks.
pub(super) struct Loss<'a> {
    pub(super) name: &'a str,
    /// The place that lacks it.
    pub(super) place: usize,
    /// The hop that should have brought it in: it leads to `to`.
    pub(super) to: usize,
    pub(super) up: Up,
    /// A place that shows it working.
    pub(super) witness: Option<usize>,
}

impl Loss<'_> {
    pub(super) fn draft(&self, w: &World<'_>, code: Code) -> Draft {
        Draft::new(w, self.place, code, Subject::env(self.name))
            .witness(self.witness.map(|n| w.id(n)))
            .split_at(w, self.to, self.up)
    }

    fn caller_has(&self, w: &World<'_>) -> bool {
        w.lineage.caller.is_some_and(|c| w.sighting(c, self.name).is_present())
    }

    /// "This terminal has `K`; VS Code's Codex (pid 7) has not."
    pub(super) fn opening(&self, w: &World<'_>) -> String {
        let lacks = spoken(w, self.place);
        let verb = if w.node(self.place).predicted { "would not have it" } else { "has not" };
        match self.witness {
            Some(n) if n == w.lineage.typed && self.caller_has(w) => {
                format!("Your terminal has `{}`; {lacks} {verb}.", self.name)
            }
            Some(n) => {
                format!("{} has `{}`; {lacks} {verb}.", capital(&spoken(w, n)), self.name)
            }
            None => format!("{} has no `{}`.", capital(&lacks), self.name),
        }
    }
}

/// Explains why `place` lacks `name`.
pub(super) fn explain(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    if !w.sighting(place, name).is_absent() {
        return None;
    }
    let chain = w.lineage.chain(place);
    let witness = witness(w, place, name);
    // What was exported by hand reaches no IDE, in a sandbox or not.
    if !only_by_hand(w, witness, name)
        && let Some(draft) = sandbox::explain(w, place, name, witness)
    {
        return Some(draft);
    }
    // From the root on: the first place that lacks what the one before it has.
    for pair in chain.windows(2).rev() {
        let (to, from) = (pair[0], pair[1]);
        if let Some(up) = w.node(to).up
            && w.sighting(from, name).is_present()
            && w.sighting(to, name).is_absent()
        {
            let loss = Loss { name, place, to, up, witness: Some(from) };
            return Some(dropped(w, &loss));
        }
    }
    let own = shared_main::explain(w, place, name).or_else(|| scoped::not_inherited(w, place, name));
    if own.is_some() {
        return own;
    }
    let by_hop = chain.iter().rev().find_map(|n| Some((*n, w.node(*n).up.filter(|u| u.via.is_some())?)));
    let first_hop = || {
        let below_root = *chain.get(chain.len().checked_sub(2)?)?;
        Some((below_root, w.node(below_root).up?))
    };
    let (to, up) = by_hop.or_else(first_hop)?;
    let loss = Loss { name, place, to, up, witness };
    if witness.is_none() || only_by_hand(w, witness, name) {
        return nowhere(w, &loss);
    }
    match up.via.or_else(|| typed_for_caller(w, &loss)) {
        Some(via) => {
            let rule = if up.via.is_some() { up.rule } else { Rule::ShellStartup };
            shell_hop::explain(w, &Loss { up: Up { via: Some(via), rule, ..up }, ..loss }, via)
        }
        None => Some(without_shell(w, &loss)),
    }
}

/// The caller stands for the terminal in which it was started: where what a person types in lacks the variable as
/// well, its start-up files say why.
fn typed_for_caller(w: &World<'_>, loss: &Loss<'_>) -> Option<usize> {
    let typed = w.lineage.typed;
    (w.lineage.is_caller(loss.place) && w.sighting(typed, loss.name).is_absent()).then_some(typed)
}

/// A place that has the variable: what a person types in before all others, then the caller, then any.
fn witness(w: &World<'_>, place: usize, name: &str) -> Option<usize> {
    let has = |n: &usize| *n != place && !w.node(*n).predicted && w.sighting(*n, name).is_present();
    let typed = [w.lineage.typed];
    let rest = 0..w.lineage.nodes.len();
    typed.into_iter().chain(w.lineage.caller).chain(rest).find(|n| has(n))
}

/// Whether the witness has it without anything lasting that sets it.
fn only_by_hand(w: &World<'_>, witness: Option<usize>, name: &str) -> bool {
    let process = witness.is_some_and(|n| w.node(n).shell.is_none() && w.node(n).role != Role::LoginSession);
    // A start that begins with it proves no file: only one that adds it does.
    let adds = |n: usize| {
        let begins = w.node(n).up.is_some_and(|u| w.sighting(u.from, name).is_present());
        w.node(n).shell.is_some() && w.sighting(n, name).is_present() && !begins
    };
    let no_shell_has = !(0..w.lineage.nodes.len()).any(adds);
    process && no_shell_has && lines(w, name).is_empty()
}

/// Every line that sets the variable in some kind of start, or session-wide.
pub(super) fn lines<'a>(w: &World<'a>, name: &str) -> Vec<&'a Setting> {
    let mut all: Vec<&Setting> = vec![];
    let starts = w.starts();
    let settings = starts.iter().flat_map(|s| w.settings(*s, name)).chain(w.session_settings(name));
    for s in settings.filter(|s| !matches!(s.how, How::Unset | How::Unexport)) {
        if !all.iter().any(|t| t.path == s.path && t.line == s.line) {
            all.push(s);
        }
    }
    all
}

/// The place before has it and this one has not, though it should simply have inherited it.
fn dropped(w: &World<'_>, loss: &Loss<'_>) -> Draft {
    let from = loss.up.from;
    if w.node(from).role == Role::LoginSession
        && let Some(setting) = w.session_settings(loss.name).last()
        && let Some(started) = w.started(loss.to)
        && World::younger(setting.times, started)
    {
        return stale::added(w, loss, setting, loss.to);
    }
    loss.draft(w, Code::EnvUnexplained)
        .at(at_process(w, loss.to))
        .at(w.session_settings(loss.name).last().map(|s| at_setting(w, AtKind::Source, s)))
        .summary(format!(
            "{} It is lost between {} and {}.",
            loss.opening(w),
            w.node(from).label,
            w.node(loss.to).label
        ))
        .evidence(format!("{} has it", w.node(from).label))
        .evidence(format!("{} has not", w.node(loss.to).label))
        .fixes([fixes::restart(w, loss.to)])
}

/// Nobody has it, or only a process into which it was put by hand.
fn nowhere(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    let name = loss.name;
    if lines(w, name).is_empty()
        && let Some(line) = w.well_known(name).first()
        && !w.sighting(w.lineage.typed, name).is_present()
    {
        return Some(read_by_none(w, loss, line));
    }
    if let Some(path) = unreadable(w) {
        let hidden = format!("{} may not be read, so what it sets is not known", w.shown(&path));
        return Some(unexplained(w, loss, None).evidence(hidden));
    }
    if !dotenv_line_is_broken(w, loss)
        && let Some(draft) = scoped::explain(w, loss)
    {
        return Some(draft);
    }
    if let Some(n) = loss.witness {
        return injected::lost(w, loss, n).or_else(|| by_hand(w, loss, n));
    }
    if dotenv_line_is_broken(w, loss) {
        return None;
    }
    if let Some(draft) = mismatch(w, loss) {
        return Some(draft);
    }
    let lines = lines(w, name);
    if let Some(setting) = lines.iter().find(|s| s.how == How::Assignment && s.reach == Reach::Reached)
        && w.sighting(w.lineage.typed, name).is_absent()
    {
        return Some(not_exported(w, loss, setting));
    }
    if let Some(exported) = lines.iter().find(|s| s.how.exports()) {
        // A line sets it and nobody has it: younger than the process, in a file that no start here reads, or behind
        // a condition. The hop knows more.
        return match loss.up.via {
            Some(via) => shell_hop::explain_line(w, loss, via, exported),
            None => Some(unexplained(w, loss, Some(exported))),
        };
    }
    let unseen = w.node(loss.place).predicted
        || w.unobserved(w.lineage.typed).is_some() && w.shell(w.lineage.typed).is_none();
    // Without a caller, what a person types in speaks for the terminals.
    let elsewhere = w.lineage.caller.unwrap_or(w.lineage.typed);
    if unseen && !w.sighting(elsewhere, name).is_absent() {
        return Some(unexplained(w, loss, None));
    }
    let key = config_line(w, loss.place);
    let mut draft = Draft::new(w, loss.place, Code::EnvMissingEverywhere, Subject::env(name))
        .at(key)
        .summary(format!(
            "No place has `{name}`: no terminal, no IDE process, no start-up file that was read sets it."
        ))
        .fixes([fixes::set_in_dotenv(w, loss.place, name)]);
    for n in 0..w.lineage.nodes.len() {
        if w.sighting(n, name).is_absent() && !w.node(n).predicted {
            draft = draft.evidence(format!("{}: not set", w.node(n).label));
        }
    }
    if !w.shells_allowed() {
        draft = draft.evidence("no shell was run (`--no-shells`): start-up files were only read");
    }
    Some(scoped::beside(w, loss, draft))
}

/// A start-up file that this user may not read. Denied is not absent.
fn unreadable(w: &World<'_>) -> Option<String> {
    let denied = |e: &Option<envsplit_model::FileError>| *e == Some(envsplit_model::FileError::Denied);
    w.starts().into_iter().find_map(|kind| {
        let file = w.read(kind).flat_map(|r| &r.startup).find(|f| denied(&f.error))?;
        Some(file.path.clone())
    })
}

/// Whether `.env` would set it by a line that Codex skips: that line is the finding.
fn dotenv_line_is_broken(w: &World<'_>, loss: &Loss<'_>) -> bool {
    let quoted = format!("`{}`", loss.name);
    w.codex(loss.place).is_some_and(|seen| {
        seen.view.problems.iter().any(|p| {
            p.code == Code::ConfigInvalid
                && p.path.as_deref().is_some_and(|f| f.ends_with("/.env"))
                && p.message.contains(&quoted)
        })
    })
}

/// A start-up file sets it, and no kind of start reads that file here.
fn read_by_none(w: &World<'_>, loss: &Loss<'_>, line: &Setting) -> Draft {
    let zdotdir = |n: usize| w.shell(n).and_then(|s| s.structural.get("ZDOTDIR"));
    let moved = (0..w.lineage.nodes.len()).find_map(zdotdir).filter(|_| line.path.contains("/.z"));
    let why = match moved {
        Some(dir) => format!("zsh reads its files in {} (`ZDOTDIR`)", w.shown(dir)),
        None => "another file stands before it, or its shell is not the one that is asked".to_owned(),
    };
    loss.draft(w, Code::EnvWrongStartupFile)
        .at([at_setting(w, AtKind::Source, line)])
        .summary(format!(
            "{} It is set at {}, which no shell start reads here: {why}.",
            loss.opening(w),
            place_of(w, &line.path, line.line)
        ))
        .evidence("every kind of start was read for, and none comes to the file")
        .fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::set_in_login_file(w, loss)])
}

/// Present in one process, set by nothing that lasts.
fn by_hand(w: &World<'_>, loss: &Loss<'_>, witness: usize) -> Option<Draft> {
    let is_ide = w.lineage.chain(witness).iter().any(|n| w.node(*n).role.is_ide());
    if is_ide && stale::removed_from(w, witness, loss.name) {
        // The old process is the finding; that new ones lack it is its consequence.
        return None;
    }
    // A process that lacks it fails because of it; one that does not run yet only would.
    let severity = if w.node(loss.place).predicted { Severity::Warning } else { Severity::Error };
    let has = spoken(w, witness);
    Some(scoped::beside(
        w,
        loss,
        loss.draft(w, Code::EnvOnlyInThisProcess)
            .severity(severity)
            .at(at_process(w, witness))
            .summary(format!(
                "{} Nothing lasting sets it: only {has}, and what is started from there, has it.",
                loss.opening(w)
            ))
            .evidence(format!("{has} has it"))
            .evidence("no start-up file, session file or `.env` that was read sets it")
            .evidence(format!("a new {} has not", w.node(w.lineage.typed).label))
            .evidences(ancestry::came_in(w, witness, loss.name))
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::set_in_login_file(w, loss)])
            .fixes(fixes::server_setup(w, loss)),
    ))
}

/// Another name is set where `env_key` expects its own.
fn mismatch(w: &World<'_>, loss: &Loss<'_>) -> Option<Draft> {
    let name = loss.name;
    // Another variable that was asked about is not what `env_key` expects.
    w.codex(loss.place).filter(|seen| seen.view.env_key.as_deref() == Some(name))?;
    if let Some((other, how, line)) = in_dotenv(w, loss) {
        let at = At::file(AtKind::Source, &line.host, line.path.clone(), line.line);
        return Some(
            Draft::new(w, loss.place, Code::EnvNameMismatch, Subject::env(name))
                .at([at])
                .at(config_line(w, loss.place))
                .summary(format!(
                    "`env_key` names `{name}`, which is set nowhere; {} sets `{other}`, which {how}.",
                    place_of(w, &line.path, line.line.unwrap_or(1))
                ))
                .evidence("Codex looks for the name in `env_key` and for no other")
                .fixes(fixes::name_mismatch(w, loss.place, name, &other, None)),
        );
    }
    let order =
        [loss.place, w.lineage.typed].into_iter().chain(w.lineage.caller).chain(0..w.lineage.nodes.len());
    let (other, how, holder) = order.into_iter().find_map(|n| {
        let mut sightings = w.sightings(n).iter().filter(|(_, s)| s.is_present());
        let found = sightings.find_map(|(other, _)| Some((other.clone(), names::likeness(name, other)?)));
        found.map(|(other, how)| (other, how, n))
    })?;
    let source = w.starts().into_iter().find_map(|s| w.giving(s, &other));
    let draft = Draft::new(w, loss.place, Code::EnvNameMismatch, Subject::env(name))
        .at(source.map(|s| at_setting(w, AtKind::Source, s)))
        .at(config_line(w, loss.place))
        .summary(format!("`env_key` names `{name}`, which is set nowhere; `{other}` is set, and {how}."))
        .evidence(format!("{} has `{other}` and no `{name}`", spoken(w, holder)))
        .evidence("Codex looks for the name in `env_key` and for no other".to_owned())
        .fixes(fixes::name_mismatch(w, loss.place, name, &other, source));
    Some(draft)
}

/// A line of `.env` that sets a name easily taken for the wanted one.
fn in_dotenv<'a>(w: &World<'a>, loss: &Loss<'_>) -> Option<(String, &'static str, &'a Source)> {
    let seen = w.codex(loss.place)?;
    seen.dotenv
        .iter()
        .find_map(|(other, line)| Some((other.clone(), names::likeness(loss.name, other)?, line)))
}

fn not_exported(w: &World<'_>, loss: &Loss<'_>, setting: &Setting) -> Draft {
    Draft::new(w, loss.place, Code::EnvNotExported, Subject::env(loss.name))
        .at([at_setting(w, AtKind::Source, setting)])
        .summary(format!(
            "`{}` is set at {} and not exported: the shell itself has it, no program that it starts has.",
            loss.name,
            place_of(w, &setting.path, setting.line)
        ))
        .evidence(format!(
            "a new {} was run and gives its programs no `{}`",
            w.node(w.lineage.typed).label,
            loss.name
        ))
        .fixes([fixes::export(w, setting, loss.name)])
}

/// The process was started without any shell, and the line stands in a file that only shells read.
fn without_shell(w: &World<'_>, loss: &Loss<'_>) -> Draft {
    let typed = w.node(w.lineage.typed);
    let start = typed.shell.as_ref().map(ShellAsked::kind);
    let setting = start.and_then(|s| w.giving(s, loss.name)).or_else(|| lines(w, loss.name).first().copied());
    let Some(setting) = setting else { return unexplained(w, loss, None) };
    if let Some(started) = w.started(loss.to)
        && World::younger(setting.times, started)
        && w.names_of(loss.to).is_some_and(|names| names.iter().any(|n| n == "SHLVL"))
    {
        return stale::added(w, loss, setting, loss.to);
    }
    if let Some(proof) = shell_hop::no_shell_ran(w, loss) {
        if let Some(draft) = session_profile::explain(w, loss, setting, &proof) {
            return draft;
        }
        let file = w.shown(&setting.path);
        return loss
            .draft(w, Code::EnvLauncherSkipsShellFiles)
            .at([at_setting(w, AtKind::Source, setting)])
            .at(at_process(w, loss.to))
            .summary(format!(
                "{} {file} sets it, which only a shell reads, and no shell stood between the login and {}.",
                loss.opening(w),
                w.node(loss.to).label
            ))
            .evidence(proof)
            .fixes([
                fixes::set_in_dotenv(w, loss.place, loss.name),
                fixes::environment_d(w, loss.name),
                fixes::restart(w, loss.to),
            ]);
    }
    shell_hop::inferred_start(w, loss, setting).unwrap_or_else(|| unexplained(w, loss, Some(setting)))
}

/// A split that no rule explains, with its evidence.
pub(super) fn unexplained(w: &World<'_>, loss: &Loss<'_>, setting: Option<&Setting>) -> Draft {
    let rule = match loss.up.rule {
        Rule::IdeShellResolution => "the shell start by which the IDE takes over your environment",
        Rule::ShellStartup => "the start-up files of the shell that started it",
        _ => "what it was started from",
    };
    let mut draft = loss
        .draft(w, Code::EnvUnexplained)
        .at(setting.map(|s| at_setting(w, AtKind::Source, s)))
        .at(at_process(w, loss.place))
        .summary(format!("{} It did not come through {rule}; why is not proved.", loss.opening(w)))
        .evidence(format!("{}: not set", w.node(loss.place).label));
    if let Some(n) = loss.witness {
        draft = draft.evidence(format!("{}: set", w.node(n).label));
    }
    if let Some(reason) = loss.up.via.and_then(|via| w.unobserved(via)) {
        draft = draft.evidence(format!("not seen: {reason}"));
    }
    draft.fixes([fixes::set_in_dotenv(w, loss.place, loss.name)])
}

/// The line of `env_key` in the effective config.
pub(super) fn config_line(w: &World<'_>, place: usize) -> Option<At> {
    let view = &w.codex(place)?.view;
    let value = view.values.get(&view.provider_key("env_key")?)?;
    let text = format!("env_key = \"{}\"", view.env_key.clone()?);
    Some(At::file(AtKind::Read, &w.snapshot.host, value.path.clone()?, value.line).with_text(text))
}
