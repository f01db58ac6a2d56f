//! Traces: which starts may be run again, and what the raw records mean.
use super::{Door, lock};
use crate::backend::{Backend, RawChange, RawTrace, ShellJob, TraceJob, TraceRun};
use crate::secret::Environment;
use envsplit_model::{
    ChangeKind, EnvLookup as _, EnvRef, How, Outcome, ProbeRequest, Setting, ShellAsked, ShellKind,
    StaticRead, TraceAsked, TraceOutcome, TraceSeen, TracedAt, TracedChange, TracedEnd, TracedLine,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most variables that one start is watched for.
const MOST: usize = 30;

/// What a watched start must have left of its time limit to be worth it.
const LEAST: Duration = Duration::from_millis(50);

/// What a watched start may take beyond the plain one, whose time the machine's load changes as well.
const SLACK: Duration = Duration::from_millis(250);

impl<B: Backend> Door<B> {
    /// Runs the asked starts again, all at once.
    pub(super) fn trace_shells(&self, requests: &[ProbeRequest]) -> HashMap<ProbeRequest, Outcome> {
        let mut outcomes = HashMap::new();
        let (mut asked, mut jobs) = (vec![], vec![]);
        for request in requests {
            let ProbeRequest::Trace(trace) = request else { continue };
            match self.trace_job(trace) {
                Ok(job) => {
                    asked.push(trace);
                    jobs.push(job);
                }
                Err(reason) => {
                    outcomes.insert(request.clone(), Outcome::Trace(TraceSeen::failed(reason)));
                }
            }
        }
        let began = Instant::now();
        let runs = self.backend.trace_shells(jobs);
        self.count(0, runs.len(), began.elapsed());
        for (trace, run) in asked.into_iter().zip(runs) {
            let (request, seen) = (ProbeRequest::Trace(trace.clone()), Outcome::Trace(self.seen(trace, run)));
            self.keep_start(&request, &seen, self.looks_of(&trace.start));
            outcomes.insert(request, seen);
        }
        outcomes
    }

    fn trace_job(&self, trace: &TraceAsked) -> Result<TraceJob, String> {
        let env = self.environment(&trace.start.from)?;
        let took = lock(&self.took).get(&trace.start).copied().ok_or("it was not run before")?;
        // What the plain start took counts: a start never costs more than its limit.
        // Nor does watching it cost much more than running it, though what it does may take longer the second time.
        let limit = lock(&self.limit).saturating_sub(took).min(took + took / 5 + SLACK);
        if limit < LEAST {
            return Err("the plain start took all of the time limit".to_owned());
        }
        if trace.names.is_empty() || trace.names.len() > MOST || !trace.names.iter().all(|n| plain_name(n)) {
            return Err("these are no names of variables that a shell can be watched for".to_owned());
        }
        let cwd = self.home_of(&env);
        let shell = ShellJob { asked: trace.start.clone(), env: (*env).clone(), cwd, limit };
        Ok(TraceJob { took, shell, names: trace.names.clone() })
    }

    /// What the records mean, with the lines that they name, masked.
    fn seen(&self, trace: &TraceAsked, run: TraceRun) -> TraceSeen {
        let raw = match run.raw {
            Ok(raw) => raw,
            Err(reason) => return TraceSeen::failed(reason),
        };
        let Ok(env) = self.environment(&trace.start.from) else {
            return TraceSeen::failed("the environment is gone");
        };
        let lines = Lines { door: self, shell: trace.start.start.shell, home: self.home_of(&env) };
        let read = (raw.by_text || raw.unwatched).then(|| self.read_of(&trace.start, &env, &trace.names));
        // What went unwatched may have been done by what reading cannot see through.
        let read = read.filter(|r| raw.by_text || r.opaque.is_empty());
        let settings = read.map_or_else(Vec::new, |r| r.settings);
        let (changes, lineless) = changes(&lines, trace, &env, &raw, &settings);
        let ended = raw.ended.iter().map(|end| {
            let at = lines.absolute(&end.at);
            let text = lines.text(&at);
            TracedEnd { at, command: end.command.clone(), whole: end.whole, text }
        });
        let mut seen = TraceSeen {
            outcome: if lineless || raw.by_text { TraceOutcome::FileOnly } else { TraceOutcome::Exact },
            reason: raw.reason.clone(),
            changes,
            ended: ended.collect(),
            files: raw.files.clone(),
            slowest: raw
                .slowest
                .iter()
                .filter_map(|slow| {
                    let at = lines.absolute(&TracedAt { path: slow.path.clone(), line: Some(slow.line) });
                    Some(TracedLine { path: at.path, line: at.line?, micros: slow.micros })
                })
                .collect(),
        };
        if raw.unwatched {
            seen.outcome = TraceOutcome::Partial;
            seen.reason = Some("it runs too many commands to watch them all".to_owned());
        }
        if !raw.complete {
            seen.outcome = TraceOutcome::Lost;
        }
        if raw.timed_out {
            seen.outcome = TraceOutcome::Lost;
            seen.reason =
                Some("watched, it took too long beside the plain start, or for the time limit".to_owned());
        }
        if seen.holds()
            && let Some(name) = self.otherwise(trace, run.env.as_ref(), &seen)
        {
            seen.outcome = TraceOutcome::Lost;
            seen.reason =
                Some(format!("watched, it ended otherwise for `{name}` than when it was simply run"));
        }
        seen
    }

    /// A variable for which the watched start ended otherwise than the plain one, or than its own records say.
    fn otherwise(&self, trace: &TraceAsked, ended: Option<&Environment>, seen: &TraceSeen) -> Option<String> {
        let plain = self.environment(&EnvRef::Shell { asked: Box::new(trace.start.clone()) }).ok();
        let begun = self.environment(&trace.start.from).ok()?;
        let differs = |name: &&String| {
            let last = seen.changes.iter().rfind(|c| c.name == **name).map(|c| c.visible);
            let said = last.unwrap_or(begun.get(name).is_some());
            let has = |env: &Environment| env.get(name).is_some();
            plain.as_deref().map(has) != ended.map(has) || ended.is_some_and(|e| has(e) != said)
        };
        trace.names.iter().find(differs).cloned()
    }

    fn read_of(&self, start: &ShellAsked, env: &Arc<Environment>, names: &[String]) -> StaticRead {
        let shell_env = self.shell_env(env);
        envsplit_shell::read_start(&start.start, &shell_env, names)
    }
}

/// The changes, and whether one has no line.
fn changes<B: Backend>(
    lines: &Lines<'_, B>,
    trace: &TraceAsked,
    env: &Environment,
    raw: &RawTrace,
    settings: &[Setting],
) -> (Vec<TracedChange>, bool) {
    let begins = |n: &String| env.get(n).is_some();
    let mut state: Vec<(bool, bool)> = trace.names.iter().map(|n| (begins(n), begins(n))).collect();
    let (mut changes, mut lineless) = (vec![], false);
    for change in &raw.changes {
        let Some(name) = trace.names.get(change.name) else { continue };
        let was = std::mem::replace(&mut state[change.name], (change.set, change.visible));
        // fish has no export apart from setting: a line that makes it visible gives it a value as well.
        let sets = lines.shell == ShellKind::Fish && was.0 && change.set;
        let kind = if sets { ChangeKind::Changed } else { kind(was, change) };
        let at = match &change.at {
            Some(at) => lines.sure(lines.absolute(at), name, raw.by_text, kind, change.eval, settings),
            None => only(settings, name, kind),
        };
        lineless |= at.line.is_none();
        let times = lines.door.backend.files().times(&at.path).ok();
        changes.push(TracedChange {
            name: name.clone(),
            kind,
            visible: change.visible,
            text: lines.text(&at),
            at,
            callers: change.callers.iter().map(|c| lines.absolute(c)).collect(),
            times,
        });
    }
    (changes, lineless)
}

fn kind(was: (bool, bool), now: &RawChange) -> ChangeKind {
    match (was, (now.set, now.visible)) {
        ((true, _), (false, _)) => ChangeKind::Unset,
        ((false, _), (true, _)) => ChangeKind::Set,
        ((_, false), (_, true)) => ChangeKind::Exported,
        ((_, true), (_, false)) => ChangeKind::Unexported,
        _ => ChangeKind::Changed,
    }
}

/// Where a change is made of which nothing but the end was seen: at the only line of all files that does such a thing.
fn only(settings: &[Setting], name: &str, kind: ChangeKind) -> TracedAt {
    let mut fitting = settings.iter().filter(|s| does(s, name, kind));
    let alone =
        fitting.next().filter(|first| fitting.all(|s| (&s.path, s.line) == (&first.path, first.line)));
    alone.map_or(TracedAt { path: String::new(), line: None }, |s| TracedAt {
        path: s.path.clone(),
        line: Some(s.line),
    })
}

/// Whether a line, as it reads, takes away or gives, as the change does.
fn does(setting: &Setting, name: &str, kind: ChangeKind) -> bool {
    let takes = matches!(setting.how, How::Unset | How::Unexport);
    setting.name == name && takes == matches!(kind, ChangeKind::Unset | ChangeKind::Unexported)
}

/// A name that is safe to write into a shell's program text.
fn plain_name(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.len() <= 256 && name.bytes().all(word) && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// The lines of the files that a trace names.
struct Lines<'a, B> {
    door: &'a Door<B>,
    shell: ShellKind,
    home: String,
}

impl<B: Backend> Lines<'_, B> {
    /// As shells shorten the home directory and leave relative what was sourced so: starts begin in the home.
    fn absolute(&self, at: &TracedAt) -> TracedAt {
        let path = match at.path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home),
            None if at.path.is_empty() || at.path.starts_with('/') => at.path.clone(),
            None => {
                format!("{}/{}", self.home, at.path.strip_prefix("./").unwrap_or(&at.path))
            }
        };
        TracedAt { path: plain_path(&path), line: at.line }
    }

    fn line(&self, at: &TracedAt) -> Option<String> {
        let n = usize::try_from(at.line?).ok()?.checked_sub(1)?;
        let text = self.door.backend.files().read(&at.path).ok()?;
        text.split(|b| *b == b'\n').nth(n).map(|l| String::from_utf8_lossy(l).into_owned())
    }

    fn text(&self, at: &TracedAt) -> String {
        self.line(at).map(|l| envsplit_shell::mask_line(&l, self.shell)).unwrap_or_default()
    }

    /// The location as far as it can be relied on.
    fn sure(
        &self,
        at: TracedAt,
        name: &str,
        by_text: bool,
        kind: ChangeKind,
        eval: Option<u32>,
        settings: &[Setting],
    ) -> TracedAt {
        if by_text {
            let here = settings.iter().filter(|s| s.path == at.path && does(s, name, kind));
            let mut fitting = here.map(|s| s.line);
            let first = fitting.next();
            return TracedAt { line: first.filter(|f| fitting.all(|l| l == *f)), ..at };
        }
        if let (ShellKind::Bash, Some(line)) = (self.shell, at.line) {
            return TracedAt { line: Some(self.written(&at.path, line, name, eval)), ..at };
        }
        // Inside `eval` fish counts lines from the beginning of the evaluated text.
        if self.shell == ShellKind::Fish {
            let names_it = self.line(&at).is_some_and(|l| l.contains(name));
            let evaluates = || {
                let text = self.door.backend.files().read(&at.path).unwrap_or_default();
                String::from_utf8_lossy(&text).split_whitespace().any(|word| word == "eval")
            };
            if !names_it || (at.line == Some(1) && evaluates()) {
                return TracedAt { line: None, ..at };
            }
        }
        at
    }
}

impl<B: Backend> Lines<'_, B> {
    /// The line that a reader of the file finds. bash names the last line of a command, and inside `eval` it counts on
    /// from the line of the `eval`.
    fn written(&self, path: &str, line: u32, name: &str, eval: Option<u32>) -> u32 {
        let Ok(text) = self.door.backend.files().read(path) else { return line };
        let text = String::from_utf8_lossy(&text);
        let holds = |n: &u32| {
            let text = usize::try_from(*n).ok().and_then(|n| text.split('\n').nth(n.checked_sub(1)?));
            text.is_some_and(|l| l.contains(name))
        };
        let eval = eval.filter(|e| *e <= line).map(|e| (e, envsplit_shell::command_lines(&text, e)));
        if let Some((e, Some((first, last)))) = eval {
            let own = first + (line - e);
            if first < last && own <= last && holds(&own) {
                return own;
            }
        }
        if holds(&line) {
            return line;
        }
        let here = envsplit_shell::command_lines(&text, line);
        let named = here.and_then(|(first, _)| (first..line).find(&holds));
        match (named, eval, here) {
            (Some(line), ..) => line,
            (None, Some((e, of)), _) => of.map_or(e, |(first, last)| if e <= last { first } else { e }),
            (None, None, Some((first, last))) if line <= last => first,
            _ => line,
        }
    }
}

/// The path without `//` and `/./`.
fn plain_path(path: &str) -> String {
    let mut plain = path.to_owned();
    while let Some(at) = plain.find("/./") {
        plain.replace_range(at..at + 2, "");
    }
    while let Some(at) = plain.find("//") {
        plain.replace_range(at..=at, "");
    }
    plain
}
