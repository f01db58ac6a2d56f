//! Which of the rules of Codex 0.169 hold in an older version: a closed table of what was seen on released programs.
//!
//! Every row names the last version that was run without a rule and the first that was run with it. Where the two are
//! no neighbours among the releases, a version between them is unknown for that rule; so is every version outside the
//! range that was run. `scripts/oracle-versions` asks the programs again.
mod table;

pub(crate) use table::Rule;

use crate::{mask, older};
use envsplit_model::{Code, CodexView, Problem};
use std::fmt;

/// A released version, `0.169.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

const fn v(minor: u16, patch: u16) -> Version {
    Version { major: 0, minor, patch }
}

/// The oldest and the newest version that were run.
const OLDEST: Version = v(20, 0);
const NEWEST: Version = v(169, 0);

impl Version {
    /// `None` for what is no release: `0.170.0-alpha.3`, `main`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok())?
        });
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a version makes of a word where one of a few is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// What 0.169 makes of it.
    AsNow,
    /// It takes these.
    These(&'static [&'static str]),
    /// It does not look at the key.
    NotRead,
    /// Not known of this version.
    Unknown,
}

/// The rules of one version.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// `None` for the rules of 0.169.
    older: Option<Version>,
    /// Why these are the newest rules that are known, and not those of the version.
    beyond: Option<String>,
    /// What is not known of the version, and matters for this config.
    doubts: Vec<String>,
}

/// More doubts than anyone reads are not listed.
const MOST_DOUBTS: usize = 5;

impl Rules {
    /// The rules of a version, from package metadata; without one those of 0.169.
    pub(crate) fn of(version: Option<&str>) -> Self {
        let rules = |older, beyond| Self { older, beyond, doubts: vec![] };
        let Some(text) = version else { return rules(None, None) };
        let shown = mask::name(text);
        let known = "what it makes of this config is not known";
        match Version::parse(text) {
            None => rules(
                None,
                Some(format!(
                    "Codex {shown} is no release whose rules were tested (0.20.0 to {NEWEST}): {known}"
                )),
            ),
            Some(version) if version > NEWEST => rules(
                None,
                Some(format!(
                    "Codex {shown} is newer than {NEWEST}, the newest whose rules were tested: {known}"
                )),
            ),
            Some(version) if version < OLDEST => rules(
                None,
                Some(format!(
                    "Codex {shown} is older than {OLDEST}, the oldest whose rules were tested: {known}"
                )),
            ),
            Some(NEWEST) => rules(None, None),
            Some(version) => rules(Some(version), None),
        }
    }

    /// Whether they are the rules of a version before 0.169.
    pub(crate) fn are_older(&self) -> bool {
        self.older.is_some()
    }

    /// Whether a rule of 0.169 holds; `None` where that is not known of the version.
    pub(crate) fn has(&self, rule: Rule) -> Option<bool> {
        let Some(version) = self.older else { return Some(true) };
        let change = table::change(rule);
        if version <= change.without {
            Some(false)
        } else if version >= change.with {
            Some(true)
        } else {
            None
        }
    }

    /// Whether a rule is taken to hold. Where that is not known and `matters`, it is a doubt about the whole answer.
    pub(crate) fn hold(&mut self, rule: Rule, matters: bool) -> bool {
        let has = self.has(rule);
        if has.is_none() && matters {
            let change = table::change(rule);
            let version = self.older.unwrap_or(NEWEST);
            self.doubt(format!(
                "whether {} is not known of Codex {version}: that changed between {} and {}, which were tested",
                change.what, change.without, change.with
            ));
        }
        has.unwrap_or(true)
    }

    /// What the version takes at a key where one of a few words is expected: `model_reasoning_effort`.
    pub(crate) fn words(&self, key: &str) -> Words {
        self.older.map_or(Words::AsNow, |version| table::words(key, version))
    }

    /// Something about this config that is not known of the version.
    pub(crate) fn doubt(&mut self, sentence: String) {
        if !self.doubts.contains(&sentence) {
            self.doubts.push(sentence);
        }
    }

    /// Takes back what is claimed by 0.169's rules and is not so in this version, or not known of it.
    pub(crate) fn take_back(&mut self, view: &mut CodexView) {
        if self.older.is_none() && self.beyond.is_none() {
            return;
        }
        for problem in std::mem::take(&mut view.problems) {
            match self.refuses(&problem) {
                Some(true) => view.problems.push(problem),
                Some(false) => {}
                None => self.doubt_of(&problem),
            }
        }
    }

    /// Says what is in doubt.
    pub(crate) fn say(self, view: &mut CodexView) {
        view.untested = self.beyond.is_some() || !self.doubts.is_empty();
        let more = self.doubts.len().saturating_sub(MOST_DOUBTS);
        view.unknown.extend(self.beyond);
        view.unknown.extend(self.doubts.into_iter().take(MOST_DOUBTS));
        if more > 0 {
            view.unknown.push(format!("{more} more of the kind are not listed"));
        }
    }

    /// Whether the version refuses what 0.169 refuses.
    fn refuses(&self, problem: &Problem) -> Option<bool> {
        // A key that 0.169 does not know may be one of another version; a misspelt one is none.
        if problem.code == Code::ConfigUnknownKey && problem.nearest.is_none() {
            return Some(false);
        }
        if !problem.fatal || table::in_every_version(problem) {
            return Some(true);
        }
        let version = self.older.filter(|_| self.beyond.is_none())?;
        if problem.message.starts_with("unknown variant ") {
            let key = problem.key.as_deref().map(older::general_key);
            let words = key.map_or(Words::Unknown, |key| table::words(&key, version));
            return match words {
                Words::AsNow => Some(true),
                // The version's own list is looked at by itself.
                Words::These(_) | Words::NotRead => Some(false),
                Words::Unknown => None,
            };
        }
        if table::in_every_run(problem) {
            return Some(true);
        }
        let key = problem.key.as_deref().unwrap_or_default();
        if problem.message.starts_with("invalid type") {
            return table::checks_type(&older::general_key(key), version);
        }
        self.has(table::refusal(problem)?)
    }

    fn doubt_of(&mut self, problem: &Problem) {
        let version = self.older.map_or_else(|| "this version".to_owned(), |v| format!("Codex {v}"));
        let place = match (&problem.path, problem.line) {
            (Some(path), Some(line)) => format!("{path}:{line}: "),
            (Some(path), None) => format!("{path}: "),
            _ => String::new(),
        };
        let message = problem.message.lines().next().unwrap_or_default();
        self.doubt(format!("whether {version} refuses what {NEWEST} refuses is not known: {place}{message}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_are_versions() {
        assert_eq!(Version::parse("0.169.0"), Some(v(169, 0)));
        for text in ["0.170.0-alpha.1", "", "0.169", "0.169.0.1", "main", "0.99999999.0", "+0.1.2"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
