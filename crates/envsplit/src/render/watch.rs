//! `watch` for people: a line a change.
use super::history::said;
use super::text::{of_verdict, styled};
use envsplit_model::Report;
use envsplit_model::history::{Change, What};
use std::fmt::Write as _;

/// How it is at the beginning.
pub(crate) fn watch_begins(report: &Report) -> String {
    let (style, words) = of_verdict(report.verdict);
    format!("{}\n", styled(style, words))
}

/// What changed, and the verdict where that is another one.
pub(crate) fn watch(changes: &[Change], report: &Report) -> String {
    let mut out = String::new();
    let home = std::env::home_dir();
    let home = home.as_ref().and_then(|h| h.to_str());
    for change in changes {
        let _ = writeln!(out, "{}  {}", change.at.strftime("%H:%M:%SZ"), said(change, home));
    }
    if changes.iter().any(|c| matches!(c.what, What::VerdictChanged { .. })) {
        out.push_str(&watch_begins(report));
    }
    out
}
