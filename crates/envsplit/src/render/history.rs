//! `history` for people: what fails since when and most likely why, then what changed.
use super::text::{BOLD, DIM, RED, styled, wrap};
use envsplit_daemon::Query;
use envsplit_model::history::{Change, Failing, History, LayerState, ValueState, What};
use envsplit_model::{Code, KeyVerdict, Source, Taint, text};
use jiff::{Timestamp, Zoned};
use std::fmt::Write as _;

/// So many possible culprits are named.
const NAMED: usize = 4;

pub(crate) fn history(history: &History, query: &Query, home: Option<&str>, now: &Zoned) -> String {
    let words = Words { home, now };
    let mut out = String::new();
    for failing in &history.failing {
        words.failing(failing, &mut out);
    }
    let begun = history.begun_at.map(|t| words.time(t)).unwrap_or_default();
    if history.entries.is_empty() {
        let narrowed = if query.since.is_some() || query.at.is_some() { " that is asked for" } else { "" };
        let _ = writeln!(out, "Nothing{narrowed} has changed since the journal began ({begun}).");
        return out;
    }
    let _ = writeln!(out, "{}", styled(BOLD, "What changed, newest first"));
    for change in &history.entries {
        words.entry(change, &mut out);
    }
    let _ = writeln!(out, "{}", styled(DIM, &format!("the journal goes back to {begun}")));
    out
}

/// One change, in words.
pub(crate) fn said(change: &Change, home: Option<&str>) -> String {
    Words { home, now: &Zoned::now() }.said(change)
}

struct Words<'a> {
    home: Option<&'a str>,
    now: &'a Zoned,
}

impl Words<'_> {
    fn failing(&self, failing: &Failing, out: &mut String) {
        let code = failing.code.parse::<Code>().map_or("", Code::title);
        let who = failing.label.as_deref().map_or_else(|| "every Codex here".to_owned(), text::shown);
        let until = match failing.last_consistent_at {
            Some(until) => format!("It did until {}.", self.time(until)),
            None => "When it last did is not in the journal.".to_owned(),
        };
        let _ = writeln!(out, "{}", styled(RED, &format!("error[{}]", text::shown(&failing.code))));
        let title = if code.is_empty() { String::new() } else { format!(" ({})", lower(code)) };
        let answer = format!(
            "Since {} `{}` does not work for {who}{title}. {until}",
            self.time(failing.since),
            text::shown(&failing.subject.name)
        );
        out.push_str(&wrap("", "", &answer));
        if let Some(note) = &failing.note {
            out.push_str(&wrap("  ", "  ", &text::shown(note)));
        }
        for (n, culprit) in failing.culprits.iter().take(NAMED).enumerate() {
            let first = if n == 0 { "Most likely:" } else { "Less likely:" };
            let line = format!(
                "{first} {}, {}; {}",
                self.when(&culprit.change),
                self.said(&culprit.change),
                text::shown(&culprit.why)
            );
            out.push_str(&wrap("  ", "    ", &line));
        }
        if failing.culprits.len() > NAMED {
            let _ = writeln!(out, "  and {} more changes since", failing.culprits.len() - NAMED);
        }
        out.push('\n');
    }

    fn entry(&self, change: &Change, out: &mut String) {
        out.push_str(&wrap("  ", "      ", &format!("{}  {}", self.when(change), self.said(change))));
        if let Some(note) = &change.note {
            out.push_str(&wrap("      ", "      ", &text::shown(note)));
        }
    }

    fn when(&self, change: &Change) -> String {
        match change.unchanged_at.filter(|_| change.unwatched) {
            Some(before) => format!("between {} and {}", self.time(before), self.time(change.at)),
            None => self.time(change.at),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        let there = at.to_zoned(self.now.time_zone().clone());
        let day = there.date();
        if day == self.now.date() {
            there.strftime("%H:%M").to_string()
        } else if self.now.date().yesterday().is_ok_and(|y| y == day) {
            there.strftime("yesterday %H:%M").to_string()
        } else {
            there.strftime("%Y-%m-%d %H:%M").to_string()
        }
    }

    fn said(&self, change: &Change) -> String {
        let what = self.what(&change.what);
        match &change.label {
            Some(label) => format!("{}: {what}", text::shown(label)),
            None => what,
        }
    }

    fn what(&self, what: &What) -> String {
        let name = |n: &str| format!("`{}`", text::shown(n));
        match what {
            What::VariableAppeared { name: n, taints, set_by, .. } => {
                format!("{} is set now{}{}", name(n), with_taints(taints), self.by(set_by, ", by "))
            }
            What::VariableVanished { name: n, set_by, .. } => {
                format!("{} is no longer set{}", name(n), self.by(set_by, "; it was by "))
            }
            What::VariableChanged { name: n, set_by, .. } => {
                format!("{} has another value{}", name(n), self.by(set_by, ", by "))
            }
            What::TaintsChanged { name: n, before, after } if after.is_empty() => {
                format!("the value of {} is in order now (it was {})", name(n), listed(before))
            }
            What::TaintsChanged { name: n, after, .. } => {
                format!("the value of {} is now {}", name(n), listed(after))
            }
            What::SourcesChanged { name: n, before, after } => {
                format!(
                    "{} comes{}{} now",
                    name(n),
                    self.by(after, " from "),
                    self.by(before, " instead of ")
                )
            }
            What::VariableUnknown { name: n, reason } => {
                format!("whether {} is set can no longer be seen ({})", name(n), text::shown(reason))
            }
            What::PlaceAppeared { .. } => "started".to_owned(),
            What::PlaceGone { .. } => "ended".to_owned(),
            What::PlaceRestarted { before, after } => {
                format!("was started anew (process {} instead of {})", after.pid, before.pid)
            }
            What::FileChanged { path } => format!("{} was written", self.path(path)),
            What::FindingAppeared { code, subject, .. } => {
                format!("{} is wrong from here on [{}]", name(&subject.name), text::shown(code))
            }
            What::FindingGone { code, subject, with_place: true, .. } => {
                format!(
                    "{} is no longer to be seen [{}]: what had it ended",
                    name(&subject.name),
                    text::shown(code)
                )
            }
            What::FindingGone { code, subject, .. } => {
                format!("{} is no longer wrong [{}]", name(&subject.name), text::shown(code))
            }
            What::VerdictChanged { before, after } => format!("the answer is `{after}`; it was `{before}`"),
            What::Unknown => "something that only a newer version of envsplit can name".to_owned(),
            codex => self.codex(codex),
        }
    }

    fn codex(&self, what: &What) -> String {
        let or_none = |v: &Option<String>| {
            v.as_ref().map_or_else(|| "none".to_owned(), |v| format!("`{}`", text::shown(v)))
        };
        let path = |v: &Option<String>| v.as_ref().map_or_else(|| "none".to_owned(), |v| self.path(v));
        match what {
            What::CodexHomeChanged { before, after } => {
                format!("Codex's home is {}; it was {}", path(after), path(before))
            }
            What::CodexVersionChanged { before, after } => {
                format!("Codex is version {}; it was {}", text::shown(after), text::shown(before))
            }
            What::ConfigLayerChanged { source, path, before, after } => {
                let file = path.as_ref().map_or_else(|| format!("the {source} config"), |p| self.path(p));
                format!("{file} {}", layer(before.as_ref(), after.as_ref()))
            }
            What::ConfigValueChanged { key, before, after } => format!(
                "the config's `{}` is {}; it was {}",
                text::shown(key),
                self.value(after.as_ref()),
                self.value(before.as_ref())
            ),
            What::ProviderChanged { before, after } => {
                format!("the provider is {}; it was {}", or_none(after), or_none(before))
            }
            What::EnvKeyChanged { before, after } => {
                format!("Codex looks for its key in {}; it was {}", or_none(after), or_none(before))
            }
            What::KeyVerdictChanged { after: KeyVerdict::NotNeeded, .. } => {
                "Codex needs no key from a variable now".to_owned()
            }
            What::KeyVerdictChanged { after, before, .. } => {
                format!("Codex's {}; before, {}", super::text::verdict(*after), super::text::verdict(*before))
            }
            _ => "something changed".to_owned(),
        }
    }

    fn value(&self, value: Option<&ValueState>) -> String {
        let Some(value) = value else { return "not set".to_owned() };
        let place = value.path.as_ref().map(|p| format!(" ({})", self.line(p, value.line)));
        format!("{}{}", text::shown(&value.value.to_string()), place.unwrap_or_default())
    }

    fn by(&self, sources: &[Source], before: &str) -> String {
        let lines: Vec<_> = sources.iter().map(|s| self.line(&s.path, s.line)).collect();
        if lines.is_empty() { String::new() } else { format!("{before}{}", lines.join(", ")) }
    }

    fn line(&self, path: &str, line: Option<u32>) -> String {
        line.map_or_else(|| self.path(path), |line| format!("{}:{line}", self.path(path)))
    }

    fn path(&self, path: &str) -> String {
        text::tilde(&text::shown(path), self.home)
    }
}

fn layer(before: Option<&LayerState>, after: Option<&LayerState>) -> &'static str {
    match (before, after) {
        (None, _) => "is a layer of the config now",
        (_, None) => "is no layer of the config any more",
        (Some(b), Some(a)) if b.enabled != a.enabled => {
            if a.enabled {
                "counts now"
            } else {
                "does not count any more"
            }
        }
        _ => "says something else",
    }
}

fn with_taints(taints: &[Taint]) -> String {
    if taints.is_empty() { String::new() } else { format!(" ({})", listed(taints)) }
}

fn listed(taints: &[Taint]) -> String {
    taints.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", ")
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) if !title.starts_with("CODEX") => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}
