//! A hop that brings in what a shell start ends with: what that start reads, reaches and leaves out.
use super::draft::{Draft, at_process, at_setting, place_of};
use super::loss::{Loss, lines, unexplained};
use super::slow::{limit, too_slow};
use super::{fixes, stale, traced};
use crate::wants;
use crate::world::World;
use envsplit_model::{
    At, AtKind, Code, EnvRef, Guard, How, Outcome, ProbeRequest, Reach, Rule, Setting, ShellAsked, StartKind,
    TracedEnd, text,
};

/// Explains a loss at a hop with a shell start, run as `via`.
pub(super) fn explain(w: &World<'_>, loss: &Loss<'_>, via: usize) -> Option<Draft> {
    let start = w.node(via).shell.as_ref()?.kind();
    let today = w.sighting(via, loss.name);
    if today.is_present() {
        return Some(present_today(w, loss, via, start));
    }
    let typed = w.node(w.lineage.typed).shell.as_ref().map(ShellAsked::kind);
    let line = typed
        .filter(|_| !w.sighting(w.lineage.typed, loss.name).is_absent())
        .and_then(|t| w.giving(t, loss.name))
        .or_else(|| w.starts().into_iter().find_map(|s| w.giving(s, loss.name)))
        .or_else(|| lines(w, loss.name).into_iter().find(|s| s.how.exports()));
    let shower = traced::shower(w, loss.name);
    let Some(shower) = shower.filter(|n| *n != via && !traced::is_certain(w, *n, line)) else {
        return match line {
            Some(line) => explain_line(w, loss, via, line),
            None => Some(traced::explain(w, loss, via, None, unexplained(w, loss, None))),
        };
    };
    let draft = match (traced::origin(w, shower, loss.name), line) {
        (Some(origin), _) => origin.evidence(w, line, explain_line(w, loss, via, &origin.line)?),
        (None, Some(line)) => explain_line(w, loss, via, line)?,
        (None, None) => traced::explain(w, loss, via, None, unexplained(w, loss, None)),
    };
    let asked = w.trace(shower, loss.name).is_some();
    Some(draft.doubt(traced::question(w, shower, loss.name).filter(|_| !asked)))
}

/// That start has it today, so the process is older than what gives it, or the answer did not arrive then.
fn present_today(w: &World<'_>, loss: &Loss<'_>, via: usize, start: StartKind) -> Draft {
    let giving = w.giving(start, loss.name);
    let old = if w.started(loss.up.from).is_some() { loss.up.from } else { loss.to };
    if let Some(started) = w.started(old) {
        if let Some(setting) = giving.filter(|s| World::younger(s.times, started)) {
            return stale::added(w, loss, setting, old);
        }
        let changed = w
            .read(start)
            .flat_map(|r| &r.files)
            .find(|f| World::younger(f.times, started))
            .map(|f| f.path.clone());
        if let Some(path) = changed {
            return stale::file_changed(w, loss, giving, &path, old);
        }
    }
    if let Some(draft) = too_slow(w, loss, via, giving) {
        return draft;
    }
    unexplained(w, loss, giving)
        .evidence(format!("a new `{}`, started from the same environment, has it", start.label()))
        .evidence("no file that it reads has changed since the process started")
        .fixes([fixes::restart(w, old)])
        .at(at_process(w, via))
}

/// That start lacks it: why, for the line that sets it elsewhere.
pub(super) fn explain_line(w: &World<'_>, loss: &Loss<'_>, via: usize, line: &Setting) -> Option<Draft> {
    let by_reading = by_reading(w, loss, via, line)?;
    Some(traced::explain(w, loss, via, Some(line), by_reading))
}

/// As far as reading the files and the end of the start show it.
fn by_reading(w: &World<'_>, loss: &Loss<'_>, via: usize, line: &Setting) -> Option<Draft> {
    let start = w.node(via).shell.as_ref()?.kind();
    let seen = w.shell(via);
    if let Some(failed) = seen.filter(|s| !s.answered) {
        let ended = w.read(start).find_map(|r| r.ended.clone()).filter(|_| !failed.timed_out);
        if let Some(guard) = ended {
            return Some(replaced(w, loss, start, line, &guard));
        }
        let reads_it = !failed.started || w.read(start).any(|r| r.files.iter().any(|f| f.path == line.path));
        return Some(if loss.up.rule == Rule::IdeShellResolution && reads_it {
            probe_failed(w, loss, via, line, failed.timed_out)
        } else {
            unexplained(w, loss, Some(line))
        });
    }
    let here = w.settings(start, loss.name).into_iter().find(|s| s.path == line.path && s.line == line.line);
    let Some(here) = here.filter(|s| s.reach != Reach::NotRead) else {
        return Some(not_read(w, loss, start, line));
    };
    match &here.reach {
        Reach::Ended { guard } => Some(ended(w, loss, start, line, guard)),
        Reach::Conditional { path, line: at } => Some(unexplained(w, loss, Some(line)).evidence(format!(
            "whether `{}` comes to the line depends on {}",
            start.label(),
            place_of(w, path, *at)
        ))),
        Reach::Skipped { path, line: at } => Some(skipped(w, loss, start, line, path, *at)),
        Reach::Uncalled { function }
            if let Some(draft) = called_elsewhere(w, loss, start, line, function) =>
        {
            Some(draft)
        }
        Reach::Uncalled { function } => Some(unexplained(w, loss, Some(line)).evidence(format!(
            "the line stands in the function `{}`, which no start-up file calls",
            w.shown(function)
        ))),
        Reach::Reached if let Some(reset) = reset_later(w, loss, start, line) => Some(reset),
        Reach::Reached | Reach::NotRead => {
            let how = if seen.is_some() { "run for real, it ends without" } else { "it was not run" };
            let read = format!("by reading, `{}` comes to the line; {how}", start.label());
            Some(unexplained(w, loss, Some(line)).evidence(read))
        }
    }
}

/// How it is known that the start ends without the variable.
fn ends_without(w: &World<'_>, loss: &Loss<'_>, start: StartKind) -> String {
    let label = start.label();
    match loss.up.via.and_then(|via| w.shell(via)) {
        Some(_) => format!("`{label}`, run from the same environment, ends without it"),
        None => format!("start-up files were read, not run: `{label}` does not come to the line"),
    }
}

/// The start does not read the file.
fn not_read(w: &World<'_>, loss: &Loss<'_>, start: StartKind, line: &Setting) -> Draft {
    // Another shell's file, unless a start of this very shell reads it as well.
    let own = w.starts().into_iter().filter(|s| s.start.shell == start.start.shell);
    let mut by_own = own.flat_map(|s| w.settings(s, loss.name));
    let readable = by_own.any(|s| s.path == line.path && s.line == line.line && s.reach != Reach::NotRead);
    // A line that only a trace knows is in no reading: there the file decides.
    let unread = !w
        .starts()
        .into_iter()
        .flat_map(|s| w.settings(s, loss.name))
        .any(|s| s.line == line.line && s.path == line.path);
    let same_shell = w.starts().into_iter().filter(|s| s.start.shell == start.start.shell);
    let file_read =
        unread && same_shell.flat_map(|s| w.read(s)).any(|r| r.files.iter().any(|f| f.path == line.path));
    let readable = readable || file_read;
    let session_wide = w.session_settings(loss.name).iter().any(|s| s.path == line.path);
    if session_wide {
        return unexplained(w, loss, Some(line)).evidence(format!(
            "{} is read at login, and the process was not started by a login that read it",
            w.shown(&line.path)
        ));
    }
    let hidden = w
        .read(start)
        .flat_map(|r| &r.startup)
        .find(|f| f.path == line.path)
        .and_then(|f| f.hidden_by.clone());
    let file = w.shown(&line.path);
    let label = start.label();
    let why = match (&hidden, readable) {
        (Some(by), _) => format!("`{label}` reads {} instead of {file}", w.shown(by)),
        (None, true) => format!("`{label}` does not read {file}"),
        (None, false) => format!("{file} belongs to another shell than the one that is asked, `{label}`"),
    };
    let who = match loss.up.rule {
        Rule::IdeShellResolution => "the IDE takes over your environment from",
        _ => "it was started by",
    };
    let code = if readable || hidden.is_some() { Code::EnvWrongStartupFile } else { Code::EnvOtherShell };
    let mut draft = loss
        .draft(w, code)
        .at([at_setting(w, AtKind::Source, line)])
        .summary(format!(
            "{} It is set at {}, but {who} `{label}`, and {why}.",
            loss.opening(w),
            place_of(w, &line.path, line.line)
        ))
        .at(hidden.map(|by| At::file(AtKind::Read, &w.snapshot.host, by, None)));
    draft = draft.evidence(ends_without(w, loss, start));
    for read in w.read(start).take(1) {
        let files: Vec<String> = read.startup.iter().filter(|f| f.read).map(|f| w.shown(&f.path)).collect();
        let list = if files.is_empty() { "no file".to_owned() } else { files.join(", ") };
        draft = draft.evidence(format!("`{label}` reads: {list}"));
        for doc in read.startup.iter().take(1) {
            draft = draft.evidence(format!("source of the rule: {}", doc.doc));
        }
    }
    draft.fixes(fixes::wrong_startup_file(w, loss, start.start, line))
}

/// The file is read and ends before the line.
fn ended(w: &World<'_>, loss: &Loss<'_>, start: StartKind, line: &Setting, guard: &Guard) -> Draft {
    let code = if guard.command == "exec" { Code::EnvRcReplacesShell } else { Code::EnvRcEarlyReturn };
    let lost = At::file(AtKind::Lost, &w.snapshot.host, guard.path.clone(), Some(guard.line))
        .with_text(guard.text.clone());
    loss.draft(w, code)
        .at([at_setting(w, AtKind::Source, line), lost])
        .summary(format!(
            "{} It is set at {}, but `{}` leaves that file at line {} (`{}`).",
            loss.opening(w),
            place_of(w, &line.path, line.line),
            start.label(),
            guard.line,
            guard.command
        ))
        .evidence(format!(
            "the condition at {} leads `{}` to `{}` at line {}",
            place_of(w, &guard.path, guard.line),
            start.label(),
            guard.command,
            guard.end_line
        ))
        .fixes(fixes::above_guard(w, loss, line, guard))
}

/// A start-up file ends the whole start, or replaces the shell, before it could answer.
pub(super) fn replaced(
    w: &World<'_>,
    loss: &Loss<'_>,
    start: StartKind,
    line: &Setting,
    guard: &Guard,
) -> Draft {
    let code = if guard.command == "exec" { Code::EnvRcReplacesShell } else { Code::EnvShellProbeFailed };
    let failed = guard.command == TracedEnd::FAILED;
    let what = match guard.command.as_str() {
        "exec" => "replaces the shell by another program",
        TracedEnd::FAILED => "fails, and `set -e` ends the shell there,",
        _ => "ends the shell",
    };
    let fix = if failed { fixes::may_fail(w, loss, guard) } else { fixes::guard_for_ide(w, loss, guard) };
    let text = At::file(AtKind::Lost, &w.snapshot.host, guard.path.clone(), Some(guard.end_line));
    loss.draft(w, code)
        .at([at_setting(w, AtKind::Source, line)])
        .at([if guard.line == guard.end_line { text.with_text(guard.text.clone()) } else { text }])
        .summary(format!(
            "{} `{}` gives no answer: {} {what} before it comes to its end.",
            loss.opening(w),
            start.label(),
            place_of(w, &guard.path, guard.end_line)
        ))
        .evidence(format!("`{}`, run from the same environment, ended without an answer", start.label()))
        .evidence(format!("the variable is set at {}", place_of(w, &line.path, line.line)))
        .fixes([fix, fixes::set_in_dotenv(w, loss.place, loss.name)])
}

/// A condition that does not hold for this start passes over the line.
fn skipped(w: &World<'_>, loss: &Loss<'_>, start: StartKind, line: &Setting, path: &str, at: u32) -> Draft {
    let condition = place_of(w, path, at);
    loss.draft(w, Code::EnvRcEarlyReturn)
        .at([at_setting(w, AtKind::Source, line), At::file(AtKind::Lost, &w.snapshot.host, path, Some(at))])
        .summary(format!(
            "{} It is set at {}, but the condition at {condition} does not hold for `{}`, which passes over the line.",
            loss.opening(w),
            place_of(w, &line.path, line.line),
            start.label()
        ))
        .evidence(ends_without(w, loss, start))
        .fixes([fixes::set_in_dotenv(w, loss.place, loss.name)])
}

/// The line stands in a function that another kind of start calls, from a file that this one does not read.
fn called_elsewhere(
    w: &World<'_>,
    loss: &Loss<'_>,
    start: StartKind,
    line: &Setting,
    function: &str,
) -> Option<Draft> {
    let reaches = |kind: &StartKind| {
        let mut settings = w.settings(*kind, loss.name).into_iter();
        settings.any(|s| s.path == line.path && s.line == line.line && s.reach == Reach::Reached)
    };
    let own = w.starts().into_iter().filter(|k| k.start.shell == start.start.shell);
    let other = own.filter(reaches).max_by_key(|k| k.start.interactive)?;
    let files = |kind: StartKind| -> Vec<&String> {
        w.read(kind).flat_map(|r| &r.files).filter(|f| f.error.is_none()).map(|f| &f.path).collect()
    };
    let (read, home) = (files(start), fixes::home(w));
    let mut unread = files(other);
    unread.retain(|f| !read.contains(f) && f.starts_with(&home));
    let unread: Vec<String> = unread.into_iter().map(|f| w.shown(f)).collect();
    if unread.is_empty() {
        return None;
    }
    let (label, calls) = (start.label(), other.label());
    Some(
        loss.draft(w, Code::EnvWrongStartupFile)
            .at([at_setting(w, AtKind::Source, line)])
            .summary(format!(
                "{} It is set at {}, in the function `{}`, which `{calls}` calls and `{label}` does not: it does not read {}.",
                loss.opening(w),
                place_of(w, &line.path, line.line),
                w.shown(function),
                unread.join(", ")
            ))
            .evidence(ends_without(w, loss, start))
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name)]),
    )
}

/// A later line of the same start takes it away again.
fn reset_later(w: &World<'_>, loss: &Loss<'_>, start: StartKind, line: &Setting) -> Option<Draft> {
    let settings = w.settings(start, loss.name);
    let set = settings.iter().position(|s| s.path == line.path && s.line == line.line)?;
    let taken = |s: &&&Setting| matches!(s.how, How::Unset | How::Unexport) && s.reach == Reach::Reached;
    let reset = settings[set..].iter().rfind(taken)?;
    Some(
        loss.draft(w, Code::EnvLoginShellResets)
            .at([at_setting(w, AtKind::Source, line), at_setting(w, AtKind::Lost, reset)])
            .summary(format!(
                "{} It is set at {}, and {} takes it away again in `{}`.",
                loss.opening(w),
                place_of(w, &line.path, line.line),
                place_of(w, &reset.path, reset.line),
                start.label()
            ))
            .evidence(ends_without(w, loss, start))
            .fixes([fixes::drop_line(w, reset, loss.place)]),
    )
}

/// The IDE's own shell start does not come to its end in time.
fn probe_failed(w: &World<'_>, loss: &Loss<'_>, via: usize, line: &Setting, timed_out: bool) -> Draft {
    let label = w.node(via).shell.as_ref().map(ShellAsked::label).unwrap_or_default();
    let seen = w.shell(via);
    let what = seen.and_then(|s| s.failure.clone()).unwrap_or_default();
    let (seconds, setting) = limit(w, loss);
    let limit = if timed_out {
        let place = setting.map(|s| format!(" ({})", place_of(w, &s.path, s.line))).unwrap_or_default();
        format!(" VS Code gives it {seconds} s{place} and goes on without.")
    } else {
        String::new()
    };
    let waiting = seen.and_then(|s| s.waiting.as_ref());
    let held_up = waiting
        .and_then(|held| held.at.clone())
        .map(|(path, line)| At::file(AtKind::Lost, &w.snapshot.host, path, Some(line)));
    let waited_for = waiting.map(|held| match &held.at {
        Some((path, line)) => format!(
            "when the limit came it waited for `{}`, started at {}",
            held.program,
            place_of(w, path, *line)
        ),
        None => format!("when the limit came it waited for `{}`", held.program),
    });
    let mut draft = loss
        .draft(w, Code::EnvShellProbeFailed)
        .at([at_setting(w, AtKind::Source, line)])
        .at(at_process(w, loss.to))
        .summary(format!(
            "{} It is set at {}, but the IDE's `{label}` gives no answer: {what}.{limit}",
            loss.opening(w),
            place_of(w, &line.path, line.line)
        ))
        .at(held_up)
        .evidence(format!("`{label}`, run from the same environment: {what}"))
        .fixes([fixes::set_in_dotenv(w, loss.place, loss.name)]);
    if let Some(line) = waited_for {
        draft = draft.evidence(line);
    }
    draft
}

/// The proof that no shell ran between the root and the place: what every shell leaves (`SHLVL`) is missing, and so is
/// all else that a start would have exported.
pub(super) fn no_shell_ran(w: &World<'_>, loss: &Loss<'_>) -> Option<String> {
    let names = w.names_of(loss.to)?;
    let has = |n: &str| names.iter().any(|m| m == n);
    if has("SHLVL") {
        return None;
    }
    let exported: Vec<&String> = w.shell(w.lineage.typed)?.added.iter().filter(|n| *n != loss.name).collect();
    let there: Vec<_> = exported
        .iter()
        .filter(|n| has(n) && !["PWD", "OLDPWD", "LANG", "TERM"].contains(&n.as_str()))
        .collect();
    there.is_empty().then(|| {
        format!(
            "{} has no `SHLVL`, which every shell exports, nor anything else that a shell start adds",
            w.node(loss.to).label
        )
    })
}

/// A shell ran, put itself out of the way by `exec`, and is found again by what it left: the process has all that a
/// `-lc` start of the user's shell adds, and lacks what only an interactive one reaches.
pub(super) fn inferred_start(w: &World<'_>, loss: &Loss<'_>, line: &Setting) -> Option<Draft> {
    let names = w.names_of(loss.to)?;
    let asked = wants::inferred_start(w.lineage);
    let start = asked.kind();
    let env = EnvRef::Shell { asked: Box::new(asked.clone()) };
    let Some(Outcome::Shell(seen)) = w.snapshot.outcome(&ProbeRequest::Shell(asked)) else { return None };
    let lacks = w.snapshot.outcomes.iter().any(|(r, o)| {
        matches!((r, o), (ProbeRequest::Sight { env: e, .. }, Outcome::Sighted { sightings })
            if *e == env && sightings.get(loss.name).is_some_and(envsplit_model::Sighting::is_absent))
    });
    // What every start of every shell leaves proves no particular one.
    let added: Vec<&String> =
        seen.added.iter().filter(|n| !["SHLVL", "PWD", "OLDPWD", "_"].contains(&n.as_str())).collect();
    let all_there = added.iter().all(|n| names.contains(n));
    if !seen.answered || !lacks || added.is_empty() || !all_there {
        return None;
    }
    let here = w.settings(start, loss.name).into_iter().find(|s| s.path == line.path && s.line == line.line);
    let names = added.iter().map(|n| format!("`{}`", text::shown(n))).collect::<Vec<_>>().join(", ");
    let proof = format!(
        "{} has what `{}` exports ({names}) and no shell above it: that start ran and put itself out of the way",
        w.node(loss.to).label,
        start.label(),
    );
    let draft = match here.map(|s| &s.reach) {
        Some(Reach::Ended { guard }) => ended(w, loss, start, line, guard),
        None | Some(Reach::NotRead) => not_read(w, loss, start, line),
        Some(_) => return None,
    };
    Some(draft.evidence(proof))
}
