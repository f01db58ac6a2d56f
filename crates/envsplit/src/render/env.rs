//! `env NAME` for people.
use super::text::{BOLD, DIM, path, sighting, styled, wrap};
use crate::ask::Answer;
use envsplit_model::{EnvSlice, text};
use std::fmt::Write as _;

pub(crate) fn env(answer: &Answer, slice: &EnvSlice) -> String {
    let mut out = String::new();
    let name = text::shown(&slice.name);
    let _ = writeln!(
        out,
        "{}",
        styled(BOLD, &format!("Where `{name}` is set, in the order in which it applies"))
    );
    if slice.sources.is_empty() {
        out.push_str("  in no start-up file, session file, setting or `.env` that is read here\n");
    }
    let label = |id| answer.report.place(id).map_or_else(|| id.to_string(), |p| p.label.clone());
    for source in &slice.sources {
        let how = match &source.owner {
            Some(owner) => format!("{} {}", source.how, text::shown(owner)),
            None => source.how.clone(),
        };
        let _ = writeln!(
            out,
            "  {}:{}  {}  {}",
            path(answer.home(), &source.path),
            source.line,
            text::shown(source.text.trim()),
            styled(DIM, &how)
        );
        let reached = match source.reached_by.as_slice() {
            [] => match (&source.reaches, source.note.is_some()) {
                (Some(reaches), false) => format!("for {reaches}"),
                (Some(reaches), true) => format!("would be for {reaches}"),
                (None, _) => "reached by no start that matters here".to_owned(),
            },
            ids => format!("reached by: {}", ids.iter().map(label).collect::<Vec<_>>().join("; ")),
        };
        out.push_str(&wrap("      ", "      ", &reached));
        if let Some(note) = &source.note {
            out.push_str(&wrap("      ", "      ", &text::shown(note)));
        }
    }
    if !slice.unread.is_empty() {
        let _ = writeln!(out, "\n{}", styled(BOLD, "Not known, since they could not be read"));
        for unread in &slice.unread {
            let line = format!("{}: {}", path(answer.home(), &unread.path), text::shown(&unread.reason));
            out.push_str(&wrap("  ", "      ", &line));
        }
    }
    let _ = writeln!(out, "\n{}", styled(BOLD, "Where it is visible"));
    let labels: Vec<String> = slice.places.iter().map(|p| label(&p.id)).collect();
    let width = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    for (place, label) in slice.places.iter().zip(&labels) {
        let print = place.sighting.fingerprint.as_ref();
        let print =
            print.and_then(|f| serde_json::to_value(f).ok()).and_then(|v| v.as_str().map(str::to_owned));
        let print = print.map(|p| format!("  {}", styled(DIM, &p))).unwrap_or_default();
        let _ = writeln!(out, "  {label:width$}  {}{print}", sighting(&place.sighting));
    }
    changed(answer, &slice.name, &mut out);
    let lost: Vec<_> = answer.report.findings.iter().filter(|f| f.subject.name == slice.name).collect();
    if !lost.is_empty() {
        let _ = writeln!(out, "\n{}", styled(BOLD, "Where it is lost"));
        for finding in lost {
            out.push_str(&wrap("  ", "  ", &format!("{} [{}]", text::shown(&finding.summary), finding.code)));
        }
    }
    out
}

/// The processes that are older than a source of the variable.
fn changed(answer: &Answer, name: &str, out: &mut String) {
    let mut lines = vec![];
    for place in &answer.report.places {
        for source in place.newer_sources.iter().filter(|s| s.names.iter().any(|n| n == name)) {
            let restart = match answer.report.place(&source.restart) {
                Some(above) if above.id != place.id => format!("{} must be started again", above.label),
                Some(_) => "it must be started again".to_owned(),
                None => "log out and in again".to_owned(),
            };
            let file = path(answer.home(), &source.path);
            lines.push(format!("{}: {file}; {restart}", text::shown(&place.label)));
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{}", styled(BOLD, "What changed since it was started"));
    }
    for line in lines {
        out.push_str(&wrap("  ", "      ", &line));
    }
}
