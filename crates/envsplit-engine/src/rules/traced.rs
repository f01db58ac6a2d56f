//! What tracing a start adds to what reading its files showed. It is asked for only where reading leaves a doubt; where
//! the two differ, the trace wins and the evidence says so.
use super::draft::{Draft, at_setting, place_of};
use super::fixes;
use super::loss::Loss;
use crate::world::World;
use envsplit_model::{
    At, AtKind, ChangeKind, Code, Guard, How, ProbeRequest, Reach, Setting, StartKind, TraceAsked,
    TraceOutcome, TraceSeen, TracedAt, TracedChange, TracedEnd, TracedLine,
};

/// The line by which the variable comes into the start of a place that has it, where reading does not know for certain.
pub(super) struct Origin<'a> {
    pub(super) line: Setting,
    change: &'a TracedChange,
    label: String,
}

/// The question for the trace of a shell place.
pub(super) fn question(w: &World<'_>, shell: usize, name: &str) -> Option<ProbeRequest> {
    let start = w.node(shell).shell.clone()?;
    // A start that used its whole time has none left to be traced in.
    let seen = w.shell(shell).filter(|s| s.started && !s.timed_out)?;
    (w.shells_allowed() && (seen.answered || seen.failure.is_some()))
        .then(|| ProbeRequest::Trace(TraceAsked { start, names: vec![name.to_owned()] }))
}

/// The line that a start spends most of its time in, and the question that is open.
pub(super) fn slowest<'a>(
    w: &World<'a>,
    shell: usize,
    name: &str,
) -> (Option<&'a TracedLine>, Option<ProbeRequest>) {
    let Some(seen) = w.trace(shell, name) else { return (None, question(w, shell, name)) };
    let took = w.shell(shell).map_or(u64::MAX, |s| s.took_ms);
    (seen.slowest.first().filter(|line| seen.holds() && line.micros / 500 > took), None)
}

/// A shell place that has the variable and did not begin with it: what a person types in before all others.
pub(super) fn shower(w: &World<'_>, name: &str) -> Option<usize> {
    let shows = |n: &usize| {
        let begins = w.node(*n).up.is_some_and(|u| w.sighting(u.from, name).is_present());
        w.node(*n).shell.is_some() && w.sighting(*n, name).is_present() && !begins
    };
    std::iter::once(w.lineage.typed).chain(0..w.lineage.nodes.len()).find(shows)
}

/// Whether reading knows for certain which line gives the variable to the programs of a start.
pub(super) fn is_certain(w: &World<'_>, shell: usize, line: Option<&Setting>) -> bool {
    let kind = w.node(shell).shell.as_ref().map(envsplit_model::ShellAsked::kind);
    let (Some(kind), Some(line)) = (kind, line) else { return false };
    // What reading cannot see through, after the line, may have set it anew.
    let after = |r: &envsplit_model::StaticRead| {
        r.opaque.iter().any(|o| o.path == line.path && o.line > line.line && o.why == "syntax error")
    };
    w.settings(kind, &line.name).iter().any(|s| **s == *line && s.reach == Reach::Reached)
        && !w.read(kind).any(after)
}

/// The line that tracing saw to give the variable to the programs of a start.
pub(super) fn origin<'a>(w: &World<'a>, shell: usize, name: &str) -> Option<Origin<'a>> {
    let seen = w.trace(shell, name).filter(|t| t.holds())?;
    let of_name = || seen.changes.iter().filter(|c| c.name == name);
    let end = of_name().next_back().filter(|c| c.visible)?;
    // `N=…` and `export N`: the line with the value is the one to know, unless it came by the export.
    let change = of_name()
        .rfind(|c| c.visible && matches!(c.kind, ChangeKind::Set | ChangeKind::Changed))
        .or_else(|| of_name().rfind(|c| c.kind == ChangeKind::Set))
        .unwrap_or(end);
    let label = w.node(shell).shell.as_ref()?.label();
    Some(Origin { line: setting(change)?, change, label })
}

/// The line that gives a start its value, where what reading cannot see through may have set it anew; with the question
/// that is still open.
pub(super) fn giving<'a>(
    w: &World<'a>,
    shell: usize,
    name: &str,
    read: Option<&Setting>,
) -> (Option<Origin<'a>>, Option<ProbeRequest>) {
    let kind = w.node(shell).shell.as_ref().map(envsplit_model::ShellAsked::kind);
    let sees_all = kind.is_some_and(|k| w.read(k).all(|r| r.opaque.is_empty()));
    if sees_all && is_certain(w, shell, read) {
        return (None, None);
    }
    match w.trace(shell, name) {
        Some(_) => (origin(w, shell, name), None),
        None => (None, question(w, shell, name)),
    }
}

impl Origin<'_> {
    /// How that is known, and what reading had said.
    pub(super) fn evidence(&self, w: &World<'_>, read: Option<&Setting>, mut draft: Draft) -> Draft {
        let callers: Vec<String> = self.change.callers.iter().map(|at| spoken_at(w, at)).collect();
        let from =
            if callers.is_empty() { String::new() } else { format!(", from {}", callers.join(", from ")) };
        draft = draft.evidence(format!(
            "seen by tracing `{}`: {} sets it{from}",
            self.label,
            spoken_at(w, &self.change.at)
        ));
        if let Some(read) = read.filter(|r| (&r.path, r.line) != (&self.line.path, self.line.line)) {
            draft = draft.evidence(format!(
                "read, not run, the files point to {}; what was seen counts",
                place_of(w, &read.path, read.line)
            ));
        }
        draft
    }
}

/// Why the start of a hop ends without the variable, as its trace shows it; `by_reading` is what reading says.
pub(super) fn explain(
    w: &World<'_>,
    loss: &Loss<'_>,
    via: usize,
    line: Option<&Setting>,
    by_reading: Draft,
) -> Draft {
    let Some(kind) = w.node(via).shell.as_ref().map(envsplit_model::ShellAsked::kind) else {
        return by_reading;
    };
    let answered = w.shell(via).is_some_and(|s| s.answered);
    let doubtful = match by_reading.finding.code {
        Code::EnvUnexplained => true,
        // A file that is sourced in a way that reading cannot follow counts as not read.
        Code::EnvWrongStartupFile | Code::EnvOtherShell => w.read(kind).any(|r| !r.opaque.is_empty()),
        // What ended the start is not seen from outside, unless reading found it.
        Code::EnvShellProbeFailed => {
            !answered && by_reading.finding.at.iter().all(|at| at.kind != AtKind::Lost)
        }
        _ => false,
    };
    let Some(question) = question(w, via, loss.name).filter(|_| doubtful) else { return by_reading };
    let Some(seen) = w.trace(via, loss.name) else { return by_reading.doubt([question]) };
    if !seen.holds() {
        let why = seen.reason.clone().unwrap_or_else(|| "it was lost".to_owned());
        return by_reading.evidence(format!("tracing `{}` did not tell: {why}", kind.label()));
    }
    let cause = if answered {
        taken_away(w, loss, kind, line, seen)
            .or_else(|| kept_back(w, loss, kind, seen))
            .or_else(|| passed_over(w, loss, via, kind, line?, seen))
    } else {
        let end = seen.ended.iter().find(|e| e.whole);
        end.and_then(|end| Some(super::shell_hop::replaced(w, loss, kind, line?, &guard(end)?)))
            .map(|d| d.evidence(format!("seen by tracing `{}`", kind.label())))
    };
    let Some(mut draft) = cause else {
        let nothing = seen.changes.iter().all(|c| c.name != loss.name);
        let what = match (nothing, seen.outcome == TraceOutcome::Partial) {
            (true, true) => {
                "no line that was watched touches the variable, and it runs too many to watch them all"
            }
            (true, false) => "no line that it runs touches the variable",
            (false, _) => "no line was named",
        };
        return by_reading.evidence(format!("seen by tracing `{}`: {what}", kind.label()));
    };
    if by_reading.finding.code != Code::EnvUnexplained {
        draft = draft.evidence("reading the files alone did not show it; what was seen counts");
    }
    if seen.outcome == TraceOutcome::FileOnly {
        draft = draft
            .evidence(format!("`{}` names files; the line is the one in the file that fits", kind.label()));
    }
    draft
}

/// A line gave it to programs, and a later one took it away.
fn taken_away(
    w: &World<'_>,
    loss: &Loss<'_>,
    kind: StartKind,
    line: Option<&Setting>,
    seen: &TraceSeen,
) -> Option<Draft> {
    let changes: Vec<&TracedChange> = seen.changes.iter().filter(|c| c.name == loss.name).collect();
    let last = changes.iter().rposition(|c| c.visible);
    let begins = w.sighting(loss.up.from, loss.name).is_present();
    let reset = setting(match last {
        Some(at) => changes.get(at + 1)?,
        None if begins => changes.first()?,
        // Set without being exported, and removed: as if it had never been.
        None => changes.iter().find(|c| c.kind == ChangeKind::Unset && c.at.line.is_some())?,
    })?;
    let set = last.or_else(|| changes.iter().position(|c| c.kind == ChangeKind::Set));
    let set = set.and_then(|at| setting(changes[at])).or_else(|| line.cloned());
    let source = set.as_ref().map(|s| at_setting(w, AtKind::Source, s));
    let set_at = set
        .as_ref()
        .map_or_else(String::new, |s| format!(" It is set at {}, and", place_of(w, &s.path, s.line)));
    let label = kind.label();
    Some(
        loss.draft(w, Code::EnvLoginShellResets)
            .at(source)
            .at([at_setting(w, AtKind::Lost, &reset)])
            .summary(format!(
                "{}{set_at} {} takes it away again in `{label}`.",
                loss.opening(w),
                place_of(w, &reset.path, reset.line)
            ))
            .evidence(format!(
                "seen by tracing `{label}`: after {} the variable is gone",
                place_of(w, &reset.path, reset.line)
            ))
            .fixes([fixes::drop_line(w, &reset, loss.place)]),
    )
}

/// The start sets it and gives it to no program.
fn kept_back(w: &World<'_>, loss: &Loss<'_>, kind: StartKind, seen: &TraceSeen) -> Option<Draft> {
    let last = seen.changes.iter().rfind(|c| c.name == loss.name)?;
    if last.visible || matches!(last.kind, ChangeKind::Unset | ChangeKind::Unexported) {
        return None;
    }
    let line = Setting { how: How::Assignment, ..setting(last)? };
    let (label, place) = (kind.label(), place_of(w, &line.path, line.line));
    Some(
        loss.draft(w, Code::EnvNotExported)
            .at([at_setting(w, AtKind::Source, &line)])
            .summary(format!(
                "{} `{label}` sets it at {place} and does not export it: no program that it starts has it.",
                loss.opening(w)
            ))
            .evidence(format!("seen by tracing `{label}`: it is set at {place} and stays with the shell"))
            .fixes([fixes::export(w, &line, loss.name)]),
    )
}

/// The start never comes to the line: the file ends before it, or a condition passes over it.
fn passed_over(
    w: &World<'_>,
    loss: &Loss<'_>,
    via: usize,
    kind: StartKind,
    line: &Setting,
    seen: &TraceSeen,
) -> Option<Draft> {
    if seen.changes.iter().any(|c| c.name == loss.name) {
        return None;
    }
    // Where not all was watched, it may have been set and taken away again, by what reading does not show.
    let partial = seen.outcome == TraceOutcome::Partial;
    let takes = |s: &&Setting| matches!(s.how, How::Unset | How::Unexport);
    if partial
        && (w.read(kind).any(|r| !r.opaque.is_empty()) || w.settings(kind, loss.name).iter().any(takes))
    {
        return None;
    }
    let own = TracedAt { path: line.path.clone(), line: Some(line.line) };
    let callers = shower(w, loss.name)
        .filter(|n| *n != via)
        .and_then(|n| origin(w, n, loss.name))
        .filter(|o| (&o.line.path, o.line.line) == (&line.path, line.line))
        .map_or_else(Vec::new, |o| o.change.callers.clone());
    // The spot that this start has before it and does not come to: the innermost place in a file that it reads, and of
    // the calls within that file the outermost.
    let chain: Vec<&TracedAt> = std::iter::once(&own).chain(&callers).collect();
    // fish does not say which files it reads.
    let reads = |at: &&TracedAt| {
        if seen.files.is_empty() {
            w.read(kind).any(|r| r.files.iter().any(|f| f.path == at.path))
        } else {
            seen.files.iter().any(|f| f.path == at.path)
        }
    };
    let first = chain.iter().position(reads)?;
    let spot = chain[first..].iter().take_while(|at| at.path == chain[first].path).last()?;
    let at = spot.line?;
    let label = kind.label();
    let source = at_setting(w, AtKind::Source, line);
    let behind = match (spot.path == line.path, spot.line == Some(line.line)) {
        (true, true) => String::new(),
        _ => format!(", which {} brings in", spoken_at(w, spot)),
    };
    let set = format!("{} It is set at {}{behind}", loss.opening(w), place_of(w, &line.path, line.line));
    if let Some(end) =
        seen.ended.iter().find(|e| e.at.path == spot.path && e.at.line.is_some_and(|l| l <= at))
        && let Some(guard) = guard(end)
    {
        return Some(
            loss.draft(w, Code::EnvRcEarlyReturn)
                .at([source, lost(w, &end.at, &end.text)?])
                .summary(format!(
                    "{set}, but `{label}` leaves {} at line {} (`{}`).",
                    w.shown(&guard.path),
                    guard.end_line,
                    guard.command
                ))
                .evidence(format!(
                    "seen by tracing `{label}`: it leaves the file at {}",
                    spoken_at(w, &end.at)
                ))
                .fixes(fixes::above_guard(w, loss, line, &guard)),
        );
    }
    let here = w.settings(kind, loss.name).into_iter().find(|s| s.path == line.path && s.line == line.line);
    let condition = match here.map(|s| &s.reach) {
        Some(Reach::Conditional { path, line } | Reach::Skipped { path, line }) => {
            TracedAt { path: path.clone(), line: Some(*line) }
        }
        _ => (*spot).clone(),
    };
    Some(
        loss.draft(w, Code::EnvRcEarlyReturn)
            .at([source])
            .at(lost(w, &condition, ""))
            .summary(format!(
                "{set}, but `{label}` does not come to it: it passes over {}.",
                spoken_at(w, &condition)
            ))
            .evidence(if partial {
                format!(
                    "`{label}` runs too many lines to watch them all; it ends without the variable, and no line that \
                     it reads takes it away"
                )
            } else {
                format!(
                    "seen by tracing `{label}`: it reads {} and never runs line {at}",
                    w.shown(&spot.path)
                )
            })
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name)]),
    )
}

fn lost(w: &World<'_>, at: &TracedAt, text: &str) -> Option<At> {
    let lost = At::file(AtKind::Lost, &w.snapshot.host, at.path.clone(), Some(at.line?));
    Some(if text.is_empty() { lost } else { lost.with_text(text) })
}

fn guard(end: &TracedEnd) -> Option<Guard> {
    let line = end.at.line?;
    Some(Guard {
        path: end.at.path.clone(),
        line,
        end_line: line,
        command: end.command.clone(),
        text: end.text.clone(),
    })
}

/// A change as the line that makes it; `None` where no line is known.
fn setting(change: &TracedChange) -> Option<Setting> {
    Some(Setting {
        name: change.name.clone(),
        path: change.at.path.clone(),
        line: change.at.line?,
        column: 1,
        how: match change.kind {
            ChangeKind::Unset => How::Unset,
            ChangeKind::Unexported => How::Unexport,
            _ if change.visible => How::Export,
            _ => How::Assignment,
        },
        text: change.text.clone(),
        times: change.times,
        reach: Reach::Reached,
    })
}

fn spoken_at(w: &World<'_>, at: &TracedAt) -> String {
    at.line.map_or_else(|| w.shown(&at.path), |line| place_of(w, &at.path, line))
}
