//! The keys that Codex knows, and what each expects.
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The list; its head says where it comes from.
const LIST: &str = include_str!("known_keys.txt");

/// The same for `requirements.toml`.
const REQUIREMENTS: &str = include_str!("known_requirements.txt");

/// What a key expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Anything, or what Codex alone can judge.
    Any,
    /// One of these words; a table may stand for a variant with settings.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of variables: texts, or tables with a name.
    Variables,
    /// One of several types, `boolean`, `string`, `sequence` or `table`, and Codex's name for the choice.
    Untagged(&'static str, &'static str),
    /// A type, in the words of Codex's errors: `a string`, `u64`, `struct Tui`.
    Type(&'static str),
}

/// A key, or a table of keys.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) expected: Option<Expected>,
    /// Whether keys that are not listed are unknown.
    pub(crate) closed: bool,
    /// Whether a path stays as it is written.
    pub(crate) as_written: bool,
    /// Whether a list may stand for the table.
    pub(crate) listed: bool,
    keys: BTreeMap<&'static str, Known>,
}

impl Known {
    /// The whole config.
    pub(crate) fn config() -> &'static Self {
        static CONFIG: OnceLock<Known> = OnceLock::new();
        CONFIG.get_or_init(|| parse(LIST))
    }

    /// `requirements.toml`, but for the providers in it, which are those of the config.
    pub(crate) fn requirements() -> &'static Self {
        static REQUIRED: OnceLock<Known> = OnceLock::new();
        REQUIRED.get_or_init(|| parse(REQUIREMENTS))
    }

    /// What is known of a key in this table: itself, or the entry for any name.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.keys.get(key).or_else(|| self.keys.get("*"))
    }

    /// The listed key that a misspelt one is nearest to: the same without case, `_` and `-`, or one or two edits away.
    pub(crate) fn nearest(&self, key: &str) -> Option<&'static str> {
        if key.len() > 64 {
            return None;
        }
        let plain = bare(key);
        let allowed = match plain.len() {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let listed = self.keys.keys().copied().filter(|k| *k != "*");
        let near = listed.map(|k| (distance(&plain, &bare(k)), k)).filter(|(d, _)| *d <= allowed);
        near.min().map(|(_, k)| k)
    }
}

fn bare(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Edits (insert, remove, replace, swap of neighbours) between two short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

fn parse(list: &'static str) -> Known {
    let mut root = Known::default();
    for line in list.lines().filter(|l| !l.starts_with('#')) {
        if let Some(prefix) = line.strip_prefix("closed ") {
            at(&mut root, prefix).closed = true;
        } else if let Some((path, expected)) = line.split_once(" = ") {
            let known = at(&mut root, path);
            let plain = expected.strip_prefix("plain ");
            known.as_written = plain.is_some();
            let listed = expected.strip_prefix("listed ");
            known.listed = listed.is_some();
            known.expected = Some(expectation(plain.or(listed).unwrap_or(expected)));
        }
    }
    root
}

fn at<'k>(root: &'k mut Known, path: &'static str) -> &'k mut Known {
    let parts = path.split('.').filter(|p| !p.is_empty());
    parts.fold(root, |known, part| known.keys.entry(part).or_default())
}

fn expectation(text: &'static str) -> Expected {
    // The list is read once in the life of the process.
    let words = |words: &'static str| -> &'static [&'static str] { Vec::leak(words.split(' ').collect()) };
    match text.strip_prefix("enum ") {
        Some(listed) => Expected::OneOf(words(listed)),
        None if text == "any" => Expected::Any,
        None if text == "a sequence of strings" => Expected::Texts,
        None if text == "a sequence of variables" => Expected::Variables,
        None if text.starts_with("a sequence of enum ") => {
            Expected::Words(words(&text["a sequence of enum ".len()..]))
        }
        None if text.starts_with("untagged ") => {
            let (name, types) = text["untagged ".len()..].split_once(' ').unwrap_or_default();
            Expected::Untagged(name, types)
        }
        _ => Expected::Type(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        let config = Known::config();
        assert!(config.closed);
        assert_eq!(config.get("model").and_then(|k| k.expected), Some(Expected::Type("a string")));
        let provider = config.get("model_providers").and_then(|k| k.get("any name"));
        assert!(
            provider.is_some_and(|p| p.closed && p.get("env_key").is_some() && p.get("envkey").is_none())
        );
        assert!(LIST.lines().all(|l| l.starts_with('#') || l.starts_with("closed ") || l.contains(" = ")));
    }

    #[test]
    fn the_nearest_key_is_found_and_not_invented() {
        let config = Known::config();
        let provider = config.get("model_providers").and_then(|k| k.get("a")).unwrap();
        for (key, nearest) in [
            ("envkey", Some("env_key")),
            ("env-key", Some("env_key")),
            ("ENV_KEY", Some("env_key")),
            ("env_ky", Some("env_key")),
            ("base_ulr", Some("base_url")),
            ("baseUrl", Some("base_url")),
            ("wireapi", Some("wire_api")),
            ("api_version", None),
            ("foo", None),
        ] {
            assert_eq!(provider.nearest(key), nearest, "{key}");
        }
        assert_eq!(config.nearest("modle"), Some("model"));
        assert_eq!(config.nearest("model-provider"), Some("model_provider"));
        assert_eq!(config.nearest("x"), None);
        assert_eq!(config.nearest(&"a".repeat(100_000)), None);
    }
}
