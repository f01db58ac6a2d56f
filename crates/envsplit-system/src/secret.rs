//! Values, kept where nothing can print them.
use envsplit_model::EnvLookup;
use std::collections::BTreeMap;
use zeroize::Zeroize;

/// The value of a variable. It can be neither printed nor serialised, and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn new(value: Vec<u8>) -> Self {
        Self(value)
    }

    /// The bytes, for a rule that runs inside the door.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A whole environment. Names are text (a name that is not UTF-8 is shown with replacement characters).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<String, Secret>);

impl Environment {
    /// From a block of `NAME=value` records, each ended by a NUL. Records without `=` (a process may overwrite the
    /// block with its title) are left out; of two with one name the first counts, as it does for `getenv`.
    pub(crate) fn parse(block: &[u8]) -> Self {
        let mut env = Self::default();
        for record in block.split(|b| *b == 0) {
            let Some(at) = record.iter().position(|b| *b == b'=') else { continue };
            if at == 0 {
                continue;
            }
            let name = String::from_utf8_lossy(&record[..at]).into_owned();
            env.0.entry(name).or_insert_with(|| Secret::new(record[at + 1..].to_vec()));
        }
        env
    }

    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), Secret::new(value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// This environment with `over` laid over it, as an IDE lays the shell's environment over its own: nothing is
    /// removed.
    pub(crate) fn overlaid(&self, over: &Self) -> Self {
        let mut merged = self.clone();
        merged.0.extend(over.0.iter().map(|(k, v)| (k.clone(), v.clone())));
        merged
    }

    /// The variables whose values may be shown.
    pub(crate) fn structural(&self) -> BTreeMap<String, String> {
        self.iter()
            .filter(|(name, _)| envsplit_model::structural::may_show(name))
            .map(|(name, value)| (name.to_owned(), Self::structural_text(name, value)))
            .collect()
    }

    fn structural_text(name: &str, value: &Secret) -> String {
        let text = String::from_utf8_lossy(value.expose()).into_owned();
        if name == "WSLENV" {
            // Entries are names; one with `=` holds a value by mistake.
            let entry = |e: &str| match e.split_once('=') {
                Some((n, _)) => format!("{n}=…"),
                None => e.to_owned(),
            };
            return text.split(':').map(entry).collect::<Vec<_>>().join(":");
        }
        text
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

impl EnvLookup for Environment {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Secret::expose)
    }
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_value() {
        let mut env = Environment::parse(b"KEY=canary-value\0OTHER=canary-two\0");
        env.set("THIRD", b"canary-three".to_vec());
        assert_eq!(env.get("KEY"), Some(b"canary-value".as_slice()));
        let shown = format!("{env:?} {:#?} {:?}", env, env.iter().collect::<Vec<_>>());
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_block_is_parsed_defensively() {
        let env = Environment::parse(b"title of a process\0=x\0A=1\0A=2\0EMPTY=\0B=x=y\0");
        assert_eq!(env.names(), ["A", "B", "EMPTY"]);
        assert_eq!(env.get("A"), Some(b"1".as_slice()), "the first of two counts");
        assert_eq!(env.get("B"), Some(b"x=y".as_slice()));
    }

    #[test]
    fn an_assignment_in_wslenv_is_masked() {
        let env = Environment::parse(b"WSLENV=A/p:KEY=canary:B\0SECRET=canary\0");
        assert_eq!(env.structural().get("WSLENV").map(String::as_str), Some("A/p:KEY=…:B"));
        assert_eq!(env.structural().len(), 1);
    }

    #[test]
    fn overlaying_adds_and_replaces_and_removes_nothing() {
        let merged = Environment::parse(b"A=1\0B=1\0").overlaid(&Environment::parse(b"B=2\0C=2\0"));
        assert_eq!(merged, Environment::parse(b"A=1\0B=2\0C=2\0"));
    }
}
