//! Files that people take for the config, and that Codex does not open.
use crate::{Surroundings, layers};
use envsplit_model::paths::PathStyle;
use envsplit_model::{Code, FileKind, Problem};

/// Names that editors, other programs and older guides give it. Codex 0.169 opens exactly `config.toml`.
const NAMES: &[&str] = &[
    "config.toml.txt",
    "config.json",
    "config.yaml",
    "config.yml",
    "config.txt",
    "Config.toml",
    "config.TOML",
    "config.tml",
];

/// Words without which a file has nothing to say about a provider.
const MEANT: &[&str] = &["model_provider", "env_key", "base_url", "baseURL", "envKey"];

/// The files in `home` that look like a config, where `config.toml` is missing, or says nothing of a provider while they
/// do.
pub(crate) fn problems(s: &Surroundings<'_>, home: &str, exists: bool, has_provider: bool) -> Vec<Problem> {
    if exists && has_provider {
        return vec![];
    }
    let found = NAMES.iter().filter_map(|name| {
        // Where names are compared without case these are the config itself.
        if s.style != PathStyle::Posix && name.eq_ignore_ascii_case("config.toml") {
            return None;
        }
        let path = s.style.join(home, name);
        if s.files.kind(&path) != Ok(FileKind::File) {
            return None;
        }
        let bytes = s.files.read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().position(|line| MEANT.iter().any(|word| line.contains(word)));
        if exists && line.is_none() {
            return None;
        }
        let other = if exists { "does not name a provider" } else { "does not exist" };
        let message = format!("Codex does not read `{name}`; it reads `config.toml`, which {other}");
        let mut problem = layers::problem(Code::ConfigWrongFile, &path, None, message, false);
        problem.line = line.and_then(|at| u32::try_from(at + 1).ok());
        problem.key = Some("model_provider".to_owned());
        Some(problem)
    });
    found.collect()
}
