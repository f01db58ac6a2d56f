//! What is known of a variable and of a word.

/// How far what came of a variable may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// Written in the file where the word stands, or of a variable whose value may be shown.
    Open,
    /// Assigned in a file: may be compared, is shown only as the path of a file that exists.
    Local,
    /// Of the environment: only whether it is there, and the path of a file that exists.
    Private,
}

/// What is known of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Var {
    Unset,
    Known(String, Trust),
    /// Set and not empty.
    Filled,
    /// Set.
    Set,
    Unknown,
}

impl Var {
    /// What is known when it is this or `other`.
    pub(crate) fn or(self, other: &Self) -> Self {
        let filled =
            |v: &Self| matches!(v, Self::Filled) || matches!(v, Self::Known(text, _) if !text.is_empty());
        let set = |v: &Self| matches!(v, Self::Known(..) | Self::Filled | Self::Set);
        match () {
            () if self == *other => self,
            () if filled(&self) && filled(other) => Self::Filled,
            () if set(&self) && set(other) => Self::Set,
            () => Self::Unknown,
        }
    }
}

/// What a word asks while it is expanded.
pub(crate) trait Scope {
    fn var(&self, name: &str) -> Var;
    /// The directory that `dirname`-like substitutions and `$(pwd)` start from.
    fn directory(&self) -> Option<String>;
    fn zsh(&self) -> bool;
    /// The directory of the file that is read.
    fn file_directory(&self) -> Option<String>;
}

/// A word expanded, each character with whether it was quoted.
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    pub(crate) chars: Vec<(char, bool)>,
    /// Every part is known.
    pub(crate) whole: bool,
    /// A part that is not known is surely not empty.
    pub(crate) filled: bool,
    /// A command's output is a part of it.
    pub(crate) command: bool,
    /// An expansion stands outside quotes, so that blanks split it and an empty one is no word.
    pub(crate) splits: bool,
    /// It has quotes, so that it is a word though it may be empty.
    pub(crate) quoted: bool,
    pub(crate) trust: Trust,
}

impl Expanded {
    pub(crate) fn empty() -> Self {
        Self {
            chars: Vec::new(),
            whole: true,
            filled: false,
            command: false,
            splits: false,
            quoted: false,
            trust: Trust::Open,
        }
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.whole.then(|| self.chars.iter().map(|(c, _)| *c).collect())
    }

    /// Whether it is empty; `None` when that is not known.
    pub(crate) fn is_empty(&self) -> Option<bool> {
        if !self.chars.is_empty() || self.filled { Some(false) } else { self.whole.then_some(true) }
    }

    /// The text that may be compared with another.
    pub(crate) fn comparable(&self) -> Option<String> {
        (self.trust < Trust::Private || self.chars.is_empty()).then(|| self.text()).flatten()
    }

    pub(crate) fn push(&mut self, text: &str, quoted: bool) {
        self.chars.extend(text.chars().map(|c| (c, quoted)));
    }

    pub(crate) fn unknown(&mut self) {
        self.whole = false;
    }

    pub(crate) fn append(&mut self, other: Self, quoted: bool) {
        self.chars.extend(other.chars.into_iter().map(|(c, q)| (c, q || quoted)));
        self.whole &= other.whole;
        self.filled |= other.filled;
        self.command |= other.command;
        self.trust = self.trust.max(other.trust);
    }

    pub(crate) fn value(&mut self, value: Var, quoted: bool) {
        match value {
            Var::Unset => {}
            Var::Known(text, trust) => {
                self.push(&text, quoted);
                self.trust = self.trust.max(trust);
            }
            Var::Filled => {
                self.filled = true;
                self.unknown();
            }
            Var::Set | Var::Unknown => self.unknown(),
        }
    }
}
