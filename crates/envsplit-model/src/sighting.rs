//! Sightings: one variable at one place, without its value.
use crate::HostId;
use crate::wire::wire_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Whether a variable is there. Denied is never absent.
    pub enum State {
        /// The variable is set (a blank value is present, with the taint `blank`).
        Present = "present",
        /// The variable was looked for where it would be, and is not set.
        Absent = "absent",
        ;
        /// It could not be looked for; `reason` says why.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What is wrong with a value, without saying the value.
    pub enum Taint {
        /// Empty, or white space alone.
        Blank = "blank",
        /// Ends with a carriage return.
        TrailingCr = "trailing-cr",
        /// Holds a control character other than a tab: Codex then sends no Authorization header.
        ControlChar = "control-char",
        /// Begins with a space or tab.
        LeadingSpace = "leading-space",
        /// Ends with a space or tab.
        TrailingSpace = "trailing-space",
        /// Begins and ends with the same quotation mark.
        Quoted = "quoted",
        /// Begins with a byte-order mark.
        Bom = "bom",
        /// Is not UTF-8.
        NonUtf8 = "non-utf8",
        /// Is a stand-in from a guide: `YOUR_…`, `<key>`, `changeme`.
        Placeholder = "placeholder",
        ;
        /// A taint that this version does not know.
        Unknown = "unknown",
    }
}

/// A keyed hash of a value: `fp:KEYID:HASH`. It says whether two values are the same, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// From the id of the key and the hash, both in hexadecimal.
    pub fn new(key_id: &str, hash: &str) -> Self {
        Self(format!("fp:{key_id}:{hash}"))
    }

    /// The id of the key under which it was made.
    pub fn key_id(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// Whether two values are the same; `None` when the fingerprints were made under different keys.
    pub fn same(&self, other: &Self) -> Option<bool> {
        (self.key_id() == other.key_id()).then(|| self.0 == other.0)
    }
}

/// The file and line (or registry value, unit, setting) that sets a variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Source {
    /// The host that the path belongs to.
    pub host: HostId,
    /// The file, as that host writes it.
    pub path: String,
    /// The line, from 1; `None` for a source without lines.
    pub line: Option<u32>,
    /// How it sets the variable: `export`, `assignment`, `dotenv`, …
    pub how: String,
}

/// One variable at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sighting {
    /// Whether it is there.
    pub state: State,
    /// Why that is unknown.
    pub reason: Option<String>,
    /// Tells two values apart; `None` unless present.
    pub fingerprint: Option<Fingerprint>,
    /// What is wrong with the value.
    pub taints: Vec<Taint>,
    /// What sets it here, as far as that is known.
    pub set_by: Vec<Source>,
}

impl Sighting {
    /// Looked for and not set.
    pub fn absent() -> Self {
        Self { state: State::Absent, reason: None, fingerprint: None, taints: vec![], set_by: vec![] }
    }

    /// Not to be seen, for a reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { state: State::Unknown, reason: Some(reason.into()), ..Self::absent() }
    }

    /// Set, with its fingerprint and taints.
    pub fn present(fingerprint: Fingerprint, taints: Vec<Taint>) -> Self {
        Self { state: State::Present, fingerprint: Some(fingerprint), taints, ..Self::absent() }
    }

    /// Whether it is set.
    pub fn is_present(&self) -> bool {
        self.state == State::Present
    }

    /// Whether it is known not to be set.
    pub fn is_absent(&self) -> bool {
        self.state == State::Absent
    }

    /// Whether two sightings agree: both absent, or both present with the same value. `None` when that is unknown.
    pub fn agrees(&self, other: &Self) -> Option<bool> {
        match (self.state, other.state) {
            (State::Absent, State::Absent) => Some(true),
            (State::Absent, State::Present) | (State::Present, State::Absent) => Some(false),
            (State::Present, State::Present) => self.fingerprint.as_ref()?.same(other.fingerprint.as_ref()?),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_two_keys_are_not_compared() {
        let (a, b) = (Fingerprint::new("k1", "00"), Fingerprint::new("k2", "00"));
        assert_eq!(a.same(&b), None);
        assert_eq!(a.same(&Fingerprint::new("k1", "00")), Some(true));
        assert_eq!(a.same(&Fingerprint::new("k1", "01")), Some(false));
        assert_eq!(
            Sighting::present(a, vec![]).agrees(&Sighting::unknown("denied")),
            None,
            "denied is not absent"
        );
    }
}
