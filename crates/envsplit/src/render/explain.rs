//! `explain TEXT` for people: what the text proves, what this machine shows, the next step.
use super::text::{BOLD, DIM, of_severity, of_verdict, styled, wrap};
use crate::ask::Answer;
use envsplit_model::{RequestLayer, SymptomSlice, text};
use std::fmt::Write as _;

pub(crate) fn explain(answer: &Answer, slice: &SymptomSlice) -> String {
    let mut out = styled(BOLD, &text::shown(&slice.title)) + "\n";
    out = wrap("", "", out.trim_end());
    if slice.layer != RequestLayer::Unknown {
        let _ = writeln!(out, "\n{}", styled(BOLD, "What the text proves"));
        let mut lines = vec![format!("broken: {}", words(slice.layer))];
        lines.extend(list("works", &slice.fine));
        lines.extend(list("not known from this text", &slice.untested));
        tree(&mut out, &lines);
    }
    let _ = writeln!(out, "\n{}", styled(BOLD, "What this machine shows"));
    tree(&mut out, &slice.seen);
    if let Some(finding) = &slice.finding {
        let head = format!("{}[{}]", finding.severity, finding.code);
        let _ = writeln!(out, "\n{}", styled(of_severity(finding.severity), &head));
        out.push_str(&wrap("", "", &text::shown(&finding.summary)));
    }
    let _ = writeln!(out, "\n{}", styled(BOLD, "Next step"));
    out.push_str(&wrap("", "", &text::shown(&slice.next)));
    if slice.finding.is_some() {
        for command in slice.finding.iter().filter_map(|f| f.fixes.first()).flat_map(|f| &f.commands) {
            let _ = writeln!(out, "  {}", text::shown(command));
        }
        let _ = writeln!(out, "{}", styled(DIM, "the evidence: envsplit check"));
    } else if !slice.codes.is_empty() {
        let codes = slice.codes.iter().map(|c| c.slug()).collect::<Vec<_>>().join(", ");
        out.push_str(&wrap("", "  ", &format!("what else it can be: {codes} (envsplit explain CODE)")));
    }
    let (style, verdict) = of_verdict(answer.report.verdict);
    let _ = writeln!(out, "\n{}", styled(style, verdict));
    out
}

fn list(what: &str, layers: &[RequestLayer]) -> Option<String> {
    let all = layers.iter().map(|l| words(*l)).collect::<Vec<_>>().join("; ");
    (!all.is_empty()).then(|| format!("{what}: {all}"))
}

fn words(layer: RequestLayer) -> &'static str {
    match layer {
        RequestLayer::Surface => "the start of Codex there",
        RequestLayer::Provider => "the provider that its config selects",
        RequestLayer::Environment => "the key's variable in its environment",
        RequestLayer::Network => "the way to the endpoint",
        RequestLayer::Credential => "the key, as the endpoint sees it",
        RequestLayer::Route => "the path of the address",
        RequestLayer::Deployment => "the deployment that `model` names",
        RequestLayer::Unknown => "unknown",
    }
}

fn tree(out: &mut String, lines: &[String]) {
    for (n, line) in lines.iter().enumerate() {
        let (branch, next) = if n + 1 == lines.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        out.push_str(&wrap(branch, next, &text::shown(line)));
    }
}
