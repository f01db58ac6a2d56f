//! `config` for people: one place after another, each value with its origin.
use super::text::{BOLD, DIM, YELLOW, path, styled, verdict, wrap};
use crate::ask::Answer;
use envsplit_model::{CodexView, text};
use std::fmt::Write as _;

pub(crate) fn config(answer: &Answer, all: bool) -> String {
    let mut out = String::new();
    let mut shown: Vec<(&CodexView, Vec<String>)> = vec![];
    for place in &answer.report.places {
        let Some(codex) = &place.codex else { continue };
        // Places with one and the same config are shown together.
        let same = |a: &CodexView| {
            a.home == codex.home
                && a.values == codex.values
                && a.layers == codex.layers
                && a.problems == codex.problems
                && a.key_verdict == codex.key_verdict
        };
        match shown.iter_mut().find(|(c, _)| same(c)) {
            Some((_, labels)) => labels.push(place.label.clone()),
            None => shown.push((codex, vec![place.label.clone()])),
        }
    }
    for (n, (codex, labels)) in shown.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str(&one(answer, codex, labels, all));
    }
    out
}

fn one(answer: &Answer, codex: &CodexView, labels: &[String], all: bool) -> String {
    let home = answer.home();
    let mut out = wrap("", "  ", &labels.join("; "));
    out = styled(BOLD, out.trim_end()) + "\n";
    let codex_home = codex.home.as_deref().map_or_else(|| "unknown".to_owned(), |h| path(home, h));
    let version = codex.version.as_deref().map(|v| format!(", codex {v}")).unwrap_or_default();
    let _ =
        writeln!(out, "  home {codex_home} ({}){version}; {}", codex.home_from, verdict(codex.key_verdict));
    for layer in &codex.layers {
        let file = layer.path.as_deref().map_or_else(|| "-c".to_owned(), |p| path(home, p));
        let off = match &layer.disabled_reason {
            Some(reason) if !layer.enabled => format!("  {}", styled(YELLOW, &text::shown(reason))),
            _ => String::new(),
        };
        let _ = writeln!(out, "  {:<13} {file}{off}", layer.source.as_str());
    }
    let origin = |file: &Option<String>, line: Option<u32>| match (file, line) {
        (Some(f), Some(l)) => format!("{}:{l}", path(home, f)),
        (Some(f), None) => path(home, f),
        _ => "-c".to_owned(),
    };
    for (key, value) in &codex.values {
        let shown = text::shown(&value.value.to_string());
        let from = styled(DIM, &format!("# {}", origin(&value.path, value.line)));
        let _ = writeln!(out, "  {} = {shown}  {from}", text::shown(key));
        if all {
            for lost in &value.overrides {
                let shown = text::shown(&lost.value.to_string());
                let _ = writeln!(out, "      overrides {shown}  # {}", origin(&lost.path, lost.line));
            }
        }
    }
    for problem in &codex.problems {
        let line = format!(
            "{}: {} [{}]",
            origin(&problem.path, problem.line),
            text::shown(problem.message.lines().next().unwrap_or_default()),
            problem.code
        );
        out.push_str(&wrap("  ! ", "    ", &line));
    }
    for unknown in &codex.unknown {
        out.push_str(&wrap("  ? ", "    ", &text::shown(unknown)));
    }
    out
}
