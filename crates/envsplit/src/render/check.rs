//! `check` for people: the answer, the offending lines, what to do and what that costs, how we know, what was not seen.
use super::text::{BOLD, CYAN, DIM, of_severity, of_verdict, path, sighting, styled, verdict, wrap};
use crate::ask::Answer;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use envsplit_model::{At, AtKind, Code, CodexView, Finding, Fix, Report, Severity, text};
use std::fmt::Write as _;

/// The whole answer.
pub(crate) fn check(answer: &Answer, quiet: bool) -> String {
    let (home, report) = (answer.home(), &answer.report);
    let mut out = String::new();
    let (style, words) = of_verdict(report.verdict);
    let shown: Vec<&Finding> = report.findings.iter().filter(|f| f.code != Code::ProbeUnreachable).collect();
    for (n, finding) in shown.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str(&one(home, report, finding, quiet));
    }
    if shown.is_empty() {
        out.push_str(&wrap("", "", &consistent(report)));
    }
    if !quiet {
        out.push_str(&known(report));
    }
    out.push_str(&unseen(report));
    let _ = writeln!(out, "\n{}", styled(style, words));
    out
}

/// What can be said when nothing is wrong.
fn consistent(report: &Report) -> String {
    let codex: Vec<&CodexView> = report.places.iter().filter_map(|p| p.codex.as_ref()).collect();
    let keys: std::collections::BTreeSet<&str> = codex.iter().filter_map(|c| c.env_key.as_deref()).collect();
    let list = keys.iter().map(|k| format!("`{}`", text::shown(k))).collect::<Vec<_>>().join(", ");
    let running = report.places.iter().filter(|p| p.role.runs_codex()).count();
    let what = match (keys.is_empty(), running) {
        (true, _) => "The provider in use names no variable for its key, so none can be lost.".to_owned(),
        (false, 0) => format!("{list} is there in this terminal; no Codex is running now."),
        (false, 1) => format!("{list} is there in this terminal and in the Codex that runs."),
        (false, n) => format!("{list} is there in this terminal and in all {n} Codex processes."),
    };
    match report.verdict {
        envsplit_model::Verdict::Undetermined => {
            "Nothing wrong was seen, but not everything could be looked at.".to_owned()
        }
        _ => what,
    }
}

fn one(home: Option<&str>, report: &Report, finding: &Finding, quiet: bool) -> String {
    let mut out = String::new();
    let style = of_severity(finding.severity);
    let head = format!("{}[{}]", finding.severity, finding.code);
    let _ = writeln!(out, "{}", styled(style, &head));
    out.push_str(&wrap("", "", &text::shown(&finding.summary)));
    if quiet {
        return out;
    }
    out.push_str(&snippets(home, finding));
    if !finding.fixes.is_empty() {
        let _ = writeln!(out, "\n{}", styled(BOLD, "What to do"));
        for (n, fix) in finding.fixes.iter().enumerate() {
            out.push_str(&one_fix(home, n + 1, fix));
        }
    }
    let _ = writeln!(out, "\n{}", styled(BOLD, "How we know"));
    let mut lines: Vec<String> = finding.evidence.iter().map(|e| text::shown(e)).collect();
    if let Some(split) = &finding.split {
        let label = |id| report.place(id).map_or_else(|| id.to_string(), |p| p.label.clone());
        lines.insert(0, format!("{} → {} ({})", label(&split.from), label(&split.to), split.rule));
    }
    for (n, line) in lines.iter().enumerate() {
        let last = n + 1 == lines.len();
        let (branch, next) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        out.push_str(&wrap(branch, next, line));
    }
    let more = format!("envsplit explain {}", finding.code);
    let _ = writeln!(out, "{}", styled(DIM, &format!("more: {more}")));
    out
}

/// The lines that matter, as a compiler shows them. Their text came masked out of the door.
fn snippets(home: Option<&str>, finding: &Finding) -> String {
    let mut out = String::new();
    let mut processes = vec![];
    for at in &finding.at {
        match (&at.path, at.line, &at.text) {
            (Some(file), Some(line), Some(source)) => {
                let file = path(home, file);
                let source = text::shown(source);
                let from = source.len() - source.trim_start().len();
                let end = source.trim_end().len().max(from);
                let annotation = AnnotationKind::Primary.span(from..end).label(meaning(at));
                let snippet = Snippet::source(source.as_str())
                    .line_start(usize::try_from(line).unwrap_or(1))
                    .path(file.as_str())
                    .annotation(annotation);
                let group = Group::with_level(level(finding.severity)).element(snippet);
                let _ = writeln!(out, "{}", Renderer::styled().render(&[group]));
            }
            (Some(file), line, _) => {
                let line = line.map(|l| format!(":{l}")).unwrap_or_default();
                let _ =
                    writeln!(out, "  {} {}{line} ({})", styled(CYAN, "-->"), path(home, file), meaning(at));
            }
            _ => processes.extend(at.pid),
        }
    }
    if !processes.is_empty() {
        let list = processes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "  {} process {list}", styled(CYAN, "-->"));
    }
    out
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        _ => Level::INFO,
    }
}

fn meaning(at: &At) -> &'static str {
    match at.kind {
        AtKind::Source => "set here",
        AtKind::Lost => "lost here",
        AtKind::ShadowedBy => "this one wins",
        AtKind::Edited => "without effect there",
        AtKind::Read => "this is read",
        AtKind::Process => "this process",
        AtKind::Unknown => "see here",
    }
}

fn one_fix(home: Option<&str>, number: usize, fix: &Fix) -> String {
    let mut out = wrap(&format!("{number}. "), "   ", &text::shown(&fix.title));
    for command in &fix.commands {
        let _ = writeln!(out, "     {}", styled(CYAN, &text::shown(command)));
    }
    if fix.commands.is_empty() {
        for edit in &fix.edits {
            let line = edit.line.map(|l| format!(":{l}")).unwrap_or_default();
            let _ = writeln!(out, "     {}{line}", path(home, &edit.path));
            for (sign, text_of) in [("-", &edit.before), ("+", &edit.after)] {
                for part in text_of.lines() {
                    let _ = writeln!(out, "     {sign} {}", text::shown(part));
                }
            }
        }
    }
    if !fix.cost.is_empty() {
        out.push_str(&wrap("   cost: ", "         ", &text::shown(&fix.cost)));
    }
    out
}

/// Every place where Codex runs or would run, and this terminal: one line each.
fn known(report: &Report) -> String {
    let mut out = format!("\n{}\n", styled(BOLD, "Who has what"));
    let rows: Vec<_> = report.places.iter().filter_map(|p| Some((p, p.codex.as_ref()?))).collect();
    let width = rows.iter().map(|(p, _)| p.label.chars().count()).max().unwrap_or(0);
    for (n, (place, codex)) in rows.iter().enumerate() {
        let branch = if n + 1 == rows.len() { "└─" } else { "├─" };
        let key = match (&codex.env_key, &codex.key) {
            (Some(name), Some(key)) => format!("{} {}", text::shown(name), sighting(key)),
            (Some(name), None) => text::shown(name),
            (None, _) => verdict(codex.key_verdict).to_owned(),
        };
        let provider = codex
            .provider
            .as_deref()
            .map_or_else(|| "provider unknown".to_owned(), |p| format!("provider {}", text::shown(p)));
        let predicted = if place.predicted { " (a prediction)" } else { "" };
        let _ = writeln!(out, "{branch} {:width$}  {provider}, {key}{predicted}", place.label);
    }
    out
}

/// What could not be seen, with the reason.
fn unseen(report: &Report) -> String {
    // One line a reason, with everything that it holds for.
    let mut reasons: Vec<(&str, Vec<&str>)> = vec![];
    let mut add = |reason, label| match reasons.iter_mut().find(|(r, _)| *r == reason) {
        Some((_, labels)) if labels.contains(&label) => {}
        Some((_, labels)) => labels.push(label),
        None => reasons.push((reason, vec![label])),
    };
    for host in &report.hosts {
        if let Some(reason) = &host.unobserved_reason {
            add(reason.as_str(), host.name.as_str());
        }
    }
    for place in &report.places {
        if !place.observed && !place.predicted {
            add(place.unobserved_reason.as_deref().unwrap_or("not looked at"), place.label.as_str());
        }
        for unknown in place.codex.iter().flat_map(|c| &c.unknown) {
            add(unknown, place.label.as_str());
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", styled(BOLD, "What could not be seen"));
    for (reason, labels) in reasons {
        out.push_str(&wrap("- ", "  ", &text::shown(&format!("{}: {reason}", labels.join("; ")))));
    }
    out
}
