//! Words, wrapping and colours that all renderings share.
use crate::output;
use anstyle::{AnsiColor, Style};
use envsplit_model::{KeyVerdict, Severity, Sighting, State, Verdict, text};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();

/// `text` in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a severity.
pub(crate) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        _ => CYAN,
    }
}

/// The style and the words of a verdict.
pub(crate) fn of_verdict(verdict: Verdict) -> (Style, &'static str) {
    match verdict {
        Verdict::Consistent => (GREEN, "consistent: every place that could be looked at agrees"),
        Verdict::Split => (RED, "split: it works in one place and not in another"),
        Verdict::Broken => (RED, "broken: the fault is the same everywhere"),
        Verdict::Undetermined => (YELLOW, "undetermined: a place that matters could not be looked at"),
        Verdict::Unknown => (YELLOW, "unknown"),
    }
}

/// A path for people, `home` written as `~`.
pub(crate) fn path(home: Option<&str>, path: &str) -> String {
    text::tilde(&text::shown(path), home)
}

/// `text` wrapped to the terminal, with a first and a following indent. Words are never broken.
pub(crate) fn wrap(indent: &str, next: &str, text: &str) -> String {
    let width = output::width();
    let mut out = String::new();
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            next.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// One variable at one place, in a word or two.
pub(crate) fn sighting(s: &Sighting) -> String {
    match s.state {
        State::Present if s.taints.is_empty() => "set".to_owned(),
        State::Present => {
            format!("set, {}", s.taints.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", "))
        }
        State::Absent => "not set".to_owned(),
        State::Unknown => {
            format!("unknown ({})", text::shown(s.reason.as_deref().unwrap_or("not looked at")))
        }
    }
}

/// What Codex makes of its key.
pub(crate) fn verdict(v: KeyVerdict) -> &'static str {
    match v {
        KeyVerdict::Ok => "key is sent",
        KeyVerdict::Missing => "key is missing",
        KeyVerdict::HeaderDropped => "key is dropped (no Authorization header)",
        KeyVerdict::Padded => "key is sent with white space",
        KeyVerdict::NotNeeded => "no variable needed",
        KeyVerdict::Unknown => "key unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_words_whole_and_loses_none() {
        let words = "one two three four five six seven eight nine ten ".repeat(9);
        let wrapped = wrap("- ", "  ", &words);
        assert!(wrapped.lines().count() > 1);
        assert_eq!(
            wrapped.split_whitespace().filter(|w| *w != "-").collect::<Vec<_>>(),
            words.split_whitespace().collect::<Vec<_>>()
        );
        assert_eq!(wrap("", "", ""), "\n");
    }
}
