//! Records of bash, zsh and fish: a kind, a count, and as many fields, each ended by a NUL.
use crate::backend::{RawChange, RawEnd, RawTrace};
use envsplit_model::{ShellKind, TracedAt, TracedEnd, TracedFile, TracedLine};
use std::path::Path;

/// The most slow lines that are kept.
const SLOWEST: usize = 5;

/// What the records say; `None` where the watch never began.
pub(super) fn read(block: &[u8], shell: ShellKind, private: &Path) -> Option<RawTrace> {
    let private = private.to_string_lossy();
    let real = |path: &str| {
        let ours = path.starts_with(&*private);
        let none = matches!(path, "" | "zsh" | "(eval)" | "bash" | "-" | "environment" | "main");
        !ours && !none && !path.starts_with("/dev/fd/") && !path.starts_with("/proc/self/fd/")
    };
    let mut trace = RawTrace::empty();
    let (mut began, mut ended) = (false, false);
    let mut pending: Option<RawEnd> = None;
    let mut clock: Option<(u64, String)> = None;
    for (kind, fields) in split(block)? {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match (kind.as_str(), fields.as_slice()) {
            ("B", _) => began = true,
            ("V", _) => {
                trace.reason = Some("this version of the shell cannot be watched".to_owned());
                trace.complete = false;
            }
            ("C", [name, rest @ ..]) => {
                let Some((set, visible, frames)) = change(shell, rest) else { continue };
                let mut frames: Vec<TracedAt> = frames.into_iter().filter(|f| real(&f.path)).collect();
                let Ok(name) = name.parse() else { continue };
                let at = if frames.is_empty() { None } else { Some(frames.remove(0)) };
                let eval = if shell == ShellKind::Bash { rest.get(1).and_then(|l| number(l)) } else { None };
                trace.changes.push(RawChange { name, set, visible, at, callers: frames, eval });
            }
            ("F", [now, path]) => {
                if let (Ok(now), Some((since, last))) = (now.parse::<u64>(), &clock) {
                    add_time(&mut trace.files, last, now.saturating_sub(*since));
                }
                clock = now.parse().ok().filter(|_| real(path)).map(|now| (now, (*path).to_owned()));
                if let Some((_, path)) = &clock {
                    add_time(&mut trace.files, path, 0);
                }
                let over = |end: &RawEnd| end.command == "exec" && real(path);
                pending = pending.filter(|end| !over(end));
            }
            ("T", [micros, rest @ ..]) => {
                let at = location(rest);
                if let (Ok(micros), Some(TracedAt { path, line: Some(line) })) = (micros.parse(), at)
                    && real(&path)
                {
                    trace.slowest.push(TracedLine { path, line, micros });
                }
            }
            ("R", [word, rest @ ..]) => {
                let at = location(rest).filter(|at| real(&at.path));
                let Some(at) = at else { continue };
                let end = RawEnd { at, command: (*word).to_owned(), whole: *word != "return" };
                match (*word, &pending) {
                    ("return", _) => trace.ended.push(end),
                    // Nothing comes after an `exit` but what a trap does.
                    (_, Some(first)) if first.command == "exit" => {}
                    // `exec 3>file` ends nothing: it counts only when nothing came after it.
                    _ => pending = Some(end),
                }
            }
            ("W", _) => {
                trace.unwatched = true;
                // What comes now is not seen: an `exec` before it need not be the end.
                pending = None;
                clock = None;
            }
            ("X", _) => {
                // The shell ended before its command.
                pending = pending.or_else(|| left(shell, &fields).filter(|end| real(&end.at.path)));
            }
            ("E", [kept, now @ ..]) => {
                ended = true;
                pending = None;
                if let (Some(Ok(now)), Some((since, last))) = (now.first().map(|n| n.parse::<u64>()), &clock)
                {
                    add_time(&mut trace.files, last, now.saturating_sub(*since));
                }
                if *kept != "kept" {
                    trace.complete = false;
                    trace.reason =
                        Some("a start-up file put another trap in the place of the watch".to_owned());
                }
                break;
            }
            _ => {}
        }
        if kind == "C" && pending.as_ref().is_some_and(|end: &RawEnd| end.command == "exec") {
            pending = None;
        }
    }
    if !began && trace.reason.is_none() {
        return None;
    }
    trace.ended.extend(pending);
    if !ended && !trace.ended.iter().any(|e| e.whole) && trace.reason.is_none() {
        trace.complete = false;
        trace.reason = Some("the watched start did not come to its end".to_owned());
    }
    trace.slowest.sort_by_key(|l| std::cmp::Reverse(l.micros));
    trace.slowest.truncate(SLOWEST);
    Some(trace)
}

/// Where a shell ended that had not come to its command: by `exit`, or by a command that failed under `set -e`.
fn left(shell: ShellKind, fields: &[&str]) -> Option<RawEnd> {
    let (said, at) = match (shell, fields) {
        (ShellKind::Zsh, [said, at, ..]) => (*said, file_and_line(at)?),
        // The trap of the end is a command of its own, and may have been the first one seen in its file.
        (_, [line, _, _, "1", path]) => ("", location(&[*line, *path])?),
        _ => ("", location(fields)?),
    };
    // `-` lists the options that are on; under `set -u` a variable that is not set ends a shell, too.
    let options = fields.get(2).copied().unwrap_or_default();
    let failed = options.contains('e') && !options.contains('u');
    let command = match (said, failed) {
        ("", true) => TracedEnd::FAILED,
        ("", false) => "exit",
        (said, _) => said,
    };
    Some(RawEnd { at, command: command.to_owned(), whole: true })
}

/// The records; what is cut short at the end is left out. `None` where there is nothing.
fn split(block: &[u8]) -> Option<Vec<(String, Vec<String>)>> {
    let end = block.iter().rposition(|b| *b == 0)?;
    let mut words = block[..end].split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned());
    let mut records = vec![];
    while let (Some(kind), Some(count)) = (words.next(), words.next()) {
        let Ok(count) = count.parse::<usize>() else { break };
        let fields: Vec<String> = words.by_ref().take(count.min(1 << 12)).collect();
        if fields.len() < count {
            break;
        }
        records.push((kind, fields));
    }
    Some(records)
}

/// Whether it is set, whether programs are given it, and the places, innermost first.
fn change(shell: ShellKind, fields: &[&str]) -> Option<(bool, bool, Vec<TracedAt>)> {
    match (shell, fields) {
        (ShellKind::Bash, [flags, _, line, rest @ ..]) => {
            let (files, lines) = rest.split_at(rest.len() / 2);
            let lines = std::iter::once(line).chain(lines);
            let at = |(path, line): (&&str, &&str)| TracedAt { path: (*path).to_owned(), line: number(line) };
            let set = flags.starts_with('s');
            Some((set, set && flags[1..].contains('x'), files.iter().zip(lines).map(at).collect()))
        }
        (ShellKind::Zsh, [flags, places @ ..]) => {
            let set = flags.starts_with('s');
            let places = places.iter().filter_map(|p| file_and_line(p)).collect();
            Some((set, set && flags.contains("export"), places))
        }
        (ShellKind::Fish, [event, visible, lines @ ..]) => {
            let set = *event != "ERASE";
            // The first two are of the watch itself, and the third repeats the second.
            let places = lines.iter().filter_map(|l| called_on(l)).skip(2).collect();
            Some((set, *visible == "1", places))
        }
        _ => None,
    }
}

/// `called on line 3 of file ~/x.fish`, as `status stack-trace` prints it (fish 3).
fn called_on(line: &str) -> Option<TracedAt> {
    let (number, path) = line.trim_start().strip_prefix("called on line ")?.split_once(" of file ")?;
    Some(TracedAt { path: path.to_owned(), line: number.parse().ok() })
}

/// Line and file apart, or together as zsh says them.
fn location(fields: &[&str]) -> Option<TracedAt> {
    match fields {
        [both] => file_and_line(both),
        [line, path, ..] => Some(TracedAt { path: (*path).to_owned(), line: number(line) }),
        [] => None,
    }
}

fn file_and_line(text: &str) -> Option<TracedAt> {
    let (path, line) = text.rsplit_once(':')?;
    Some(TracedAt { path: path.to_owned(), line: number(line) })
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|n| *n > 0)
}

fn add_time(files: &mut Vec<TracedFile>, path: &str, micros: u64) {
    match files.iter_mut().find(|f| f.path == path) {
        Some(file) => file.micros = file.micros.saturating_add(micros),
        None => files.push(TracedFile { path: path.to_owned(), micros }),
    }
}
