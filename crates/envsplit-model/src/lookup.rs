//! How pure rules ask for a variable without owning the environment.

/// An environment as rules may ask it: by name, in bytes (Unix) or WTF-8 (Windows).
///
/// The values that it hands out never leave the door: an implementation lives inside `envsplit-system`, and what a
/// rule derives from a value is a verdict, a taint or a structural path.
pub trait EnvLookup {
    /// The value of `name`, by the name rules of the place's host.
    fn get(&self, name: &str) -> Option<&[u8]>;
    /// Every name, in no particular order.
    fn names(&self) -> Vec<String>;
    /// The value when it is UTF-8.
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|v| std::str::from_utf8(v).ok())
    }
}

/// An environment held in a map: for tests of pure rules.
#[derive(Clone, Default)]
pub struct EnvBlock(pub std::collections::BTreeMap<String, Vec<u8>>);

impl EnvBlock {
    /// From pairs of text.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.to_owned(), v.as_bytes().to_vec())).collect())
    }
}

impl EnvLookup for EnvBlock {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}
