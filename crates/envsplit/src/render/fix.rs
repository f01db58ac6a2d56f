//! `fix` for people: each fix as a diff and as commands; what was made, and what a new start shows after it.
use super::text::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, of_severity, of_verdict, path, styled, wrap};
use crate::ask::Answer;
use envsplit_model::{Applied, Code, Edit, Finding, Fix, FixSlice, text};
use std::fmt::Write as _;

pub(crate) fn fix(answer: &Answer, slice: &FixSlice, code: Option<Code>) -> String {
    let home = answer.home();
    let mut out = String::new();
    if slice.findings.is_empty() {
        let what = code.map_or_else(|| "Nothing to fix".to_owned(), |c| format!("Nothing to fix for {c}"));
        let _ = writeln!(out, "{what} on this machine.");
        return out;
    }
    if slice.applied.is_empty() {
        for finding in &slice.findings {
            out.push_str(&one(home, finding));
        }
        return out;
    }
    for applied in &slice.applied {
        out.push_str(&made(home, applied));
    }
    let by_hand = slice.findings.iter().filter(|f| !slice.applied.iter().any(|a| a.code == f.code));
    for finding in by_hand {
        let _ =
            writeln!(out, "{} {}: by hand, see `envsplit fix {0}`", finding.code, styled(YELLOW, "not made"));
    }
    out.push_str(&after(home, slice));
    out
}

fn one(home: Option<&str>, finding: &Finding) -> String {
    let head = format!("{}[{}]", finding.severity, finding.code);
    let mut out = format!("{}\n", styled(of_severity(finding.severity), &head));
    out.push_str(&wrap("", "", &text::shown(&finding.summary)));
    let first = finding.fixes.iter().position(|f| f.safe);
    for (n, fix) in finding.fixes.iter().enumerate() {
        out.push('\n');
        out.push_str(&wrap(&format!("{}. ", n + 1), "   ", &text::shown(&fix.title)));
        out.push_str(&steps(home, fix));
        if !fix.cost.is_empty() {
            out.push_str(&wrap("   cost: ", "         ", &text::shown(&fix.cost)));
        }
        if first == Some(n) {
            let _ = writeln!(
                out,
                "   {}",
                styled(DIM, &format!("envsplit fix {} --apply does it", finding.code))
            );
        }
    }
    out.push('\n');
    out
}

fn steps(home: Option<&str>, fix: &Fix) -> String {
    let mut out = String::new();
    for edit in &fix.edits {
        out.push_str(&diff(home, edit));
    }
    for command in &fix.commands {
        let _ = writeln!(out, "   {}", styled(CYAN, &text::shown(command)));
    }
    out
}

/// An edit as a diff. Values are masked, so it is for reading.
fn diff(home: Option<&str>, edit: &Edit) -> String {
    let file = path(home, &edit.path);
    let place = edit.line.map_or_else(|| "at the end".to_owned(), |line| format!("line {line}"));
    let mut out =
        format!("   {} {file}\n   {} {file}\n   @@ {place} @@\n", styled(RED, "---"), styled(GREEN, "+++"));
    for (style, sign, text_of) in [(RED, "-", &edit.before), (GREEN, "+", &edit.after)] {
        for line in text_of.lines() {
            let _ = writeln!(out, "   {}", styled(style, &format!("{sign}{}", text::shown(line))));
        }
    }
    out
}

fn made(home: Option<&str>, applied: &Applied) -> String {
    let mut out = String::new();
    if let Some(why) = &applied.refused {
        out.push_str(&wrap(
            &format!("{} ", applied.code),
            "  ",
            &format!("was not changed: {}", text::shown(why)),
        ));
        return out;
    }
    if applied.files.is_empty() {
        let _ = writeln!(out, "{} {}: it stands there already", applied.code, applied.fix);
    }
    for file in &applied.files {
        let _ = writeln!(out, "{} {}: {} written", applied.code, applied.fix, path(home, file));
    }
    if let Some(backup) = &applied.backup {
        let _ = writeln!(out, "  {}", styled(DIM, &format!("envsplit fix --undo {backup} takes it back")));
    }
    out
}

/// What a check says after the change.
fn after(home: Option<&str>, slice: &FixSlice) -> String {
    let Some(verdict) = slice.after else { return String::new() };
    let mut out = format!("\n{}\n", styled(BOLD, "After it"));
    for finding in &slice.remaining {
        out.push_str(&wrap("- ", "  ", &text::shown(&finding.summary)));
        if let Some(fix) = finding.fixes.first() {
            out.push_str(&wrap("  ", "  ", &text::shown(&fix.title)));
            out.push_str(&steps(home, fix));
            if !fix.cost.is_empty() {
                out.push_str(&wrap("  cost: ", "        ", &text::shown(&fix.cost)));
            }
        }
    }
    let (style, words) = of_verdict(verdict);
    let _ = writeln!(out, "{}", styled(style, words));
    out
}
