//! The table: each row with the two versions that were run on either side of the change.
use super::{Version, Words, v};
use envsplit_model::{Code, Problem};
use std::sync::OnceLock;

/// What Codex 0.169 does and an older one may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `.env` of the home alone is read; before, that of the working directory or its nearest parent, too. Seen on
    /// 0.29.0 and 0.34.0.
    DotenvOfHome,
    /// `.env` wins over the environment, names with `CODEX_` are dropped, and a line that does not parse is
    /// skipped; before, what is set already stayed, and such a line ended the file. Where `.env` of the working
    /// directory counted, it went before the home's since then, and after it before. Seen on 0.21.0 and 0.22.0.
    DotenvOverrides,
    /// A profile is a file, and `profile` is refused; before, `[profiles.NAME]`, chosen by `profile` or
    /// `--profile`, was laid over every layer. Seen on 0.133.0 and 0.134.0.
    ProfileFiles,
    /// `.codex/config.toml` of a trusted project counts. Seen on 0.77.0 and 0.79.0.
    ProjectLayers,
    /// It counts only where the project is trusted; before, in every project. Seen on 0.87.0 and 0.89.0.
    ProjectTrust,
    /// Some keys of a project's config do not count, `model_provider` among them. Seen on 0.128.0 and 0.129.0.
    ProjectDenied,
    /// `/etc/codex/config.toml` counts. Seen on 0.77.0 and 0.79.0.
    SystemLayer,
    /// `/etc/codex/managed_config.toml` counts. Seen on 0.44.0 and 0.45.0.
    ManagedLayer,
    /// `/etc/codex/requirements.toml` is read. Seen on 0.75.0 and 0.77.0.
    Requirements,
    /// `wire_api = "chat"` is refused, and `responses` the default; before, `chat` was. Seen on 0.94.0 and 0.95.0.
    ChatRefused,
    /// Tables for built-in providers are refused; before, they were without effect. Seen on 0.114.0 and 0.115.0.
    ReservedProviders,
    /// `ollama` and `lmstudio` are built in; before, `oss` was. Seen on 0.58.0 and 0.59.0.
    LocalProviders,
    /// `amazon-bedrock` is built in. Seen on 0.123.0 and 0.124.0.
    Bedrock,
    /// `aws` is a field of Amazon's providers alone, and a table for `amazon-bedrock` may say little else. Seen on
    /// 0.122.0 and 0.123.0.
    ProviderAws,
    /// `amazon-bedrock-runtime` is built in. Seen on 0.147.0 and 0.148.0.
    BedrockRuntime,
    /// A provider's name must not be empty; before, the field had to be there. Seen on 0.122.0 and 0.123.0.
    NamedProviders,
    /// A provider can have a command for its token (`auth`), and then nothing else. Seen on 0.117.0 and 0.118.0.
    ProviderAuth,
    /// `experimental_bearer_token` is read. Seen on 0.47.0 and 0.49.0.
    BearerToken,
    /// `env_key` comes before `experimental_bearer_token`. Seen on 0.63.0 and 0.64.0.
    EnvKeyBeforeToken,
    /// Where the variable is missing the login is not sent instead. Seen on 0.63.0 and 0.64.0.
    EnvKeyOrNothing,
    /// Without `env_key`, neither login nor `CODEX_API_KEY` is sent to a provider that does not ask for them. Seen
    /// on 0.148.0 and 0.149.0.
    NoLoginElsewhere,
    /// An MCP server can have a `url`; before, it needed a `command`. Seen on 0.42.0 and 0.44.0.
    RemoteServers,
    /// `filters` of the shell's environment do not go with the older lists. Seen on 0.145.0 and 0.146.0.
    FiltersAlone,
    /// `[permissions]` needs `default_permissions`. Seen on 0.111.0 and 0.113.0.
    Permissions,
    /// `experimental_thread_store_endpoint` is refused. Seen on 0.124.0 and 0.125.0.
    NoThreadEndpoint,
    /// `approval_policy = "untrusted"` is refused. Seen on 0.148.0 and 0.149.0.
    UntrustedRefused,
}

/// Where a rule came in.
pub(super) struct Change {
    /// What it is about, as the end of a sentence that begins with "whether".
    pub(super) what: &'static str,
    /// The last version that was run without it.
    pub(super) without: Version,
    /// The first that was run with it.
    pub(super) with: Version,
}

/// The row of a rule.
pub(super) const fn change(rule: Rule) -> Change {
    let (what, without, with) = match rule {
        Rule::DotenvOfHome => ("`.env` of the working directory counts", v(29, 0), v(34, 0)),
        Rule::DotenvOverrides => ("`.env` wins over the environment", v(21, 0), v(22, 0)),
        Rule::ProfileFiles => ("profiles are files", v(133, 0), v(134, 0)),
        Rule::ProjectLayers => ("a project's config counts", v(77, 0), v(79, 0)),
        Rule::ProjectTrust => ("a project needs trust", v(87, 0), v(89, 0)),
        Rule::ProjectDenied => ("a project may set a provider", v(128, 0), v(129, 0)),
        Rule::SystemLayer => ("`/etc/codex/config.toml` counts", v(77, 0), v(79, 0)),
        Rule::ManagedLayer => ("`/etc/codex/managed_config.toml` counts", v(44, 0), v(45, 0)),
        Rule::Requirements => ("`/etc/codex/requirements.toml` is read", v(75, 0), v(77, 0)),
        Rule::ChatRefused => ("`wire_api = \"chat\"` is refused", v(94, 0), v(95, 0)),
        Rule::ReservedProviders => ("tables for built-in providers are refused", v(114, 0), v(115, 0)),
        Rule::LocalProviders => ("`ollama`, `lmstudio` and `oss` are built in", v(58, 0), v(59, 0)),
        Rule::Bedrock => ("`amazon-bedrock` is built in", v(123, 0), v(124, 0)),
        Rule::ProviderAws => ("`aws` of a provider is read", v(122, 0), v(123, 0)),
        Rule::BedrockRuntime => ("`amazon-bedrock-runtime` is built in", v(147, 0), v(148, 0)),
        Rule::NamedProviders => ("a provider needs a name", v(122, 0), v(123, 0)),
        Rule::ProviderAuth => ("`auth` of a provider is read", v(117, 0), v(118, 0)),
        Rule::BearerToken => ("`experimental_bearer_token` is read", v(47, 0), v(49, 0)),
        Rule::EnvKeyBeforeToken => ("`env_key` comes before `experimental_bearer_token`", v(63, 0), v(64, 0)),
        Rule::EnvKeyOrNothing => ("the login is sent where the variable is missing", v(63, 0), v(64, 0)),
        Rule::NoLoginElsewhere => ("the login is sent to any provider", v(148, 0), v(149, 0)),
        Rule::RemoteServers => ("an MCP server can have a `url`", v(42, 0), v(44, 0)),
        Rule::FiltersAlone => ("`filters` are read", v(145, 0), v(146, 0)),
        Rule::Permissions => ("`[permissions]` is read", v(111, 0), v(113, 0)),
        Rule::NoThreadEndpoint => ("`experimental_thread_store_endpoint` is refused", v(124, 0), v(125, 0)),
        Rule::UntrustedRefused => ("`approval_policy = \"untrusted\"` is refused", v(148, 0), v(149, 0)),
    };
    Change { what, without, with }
}

/// Where older versions take other words; its head says how it reads.
const WORDS: &str = include_str!("words.txt");

struct Interval {
    key: &'static str,
    first: Version,
    last: Version,
    words: Words,
}

/// What a version takes at a key. A key that is not listed was not looked at in older versions.
pub(super) fn words(key: &str, version: Version) -> Words {
    static INTERVALS: OnceLock<Vec<Interval>> = OnceLock::new();
    let intervals = INTERVALS.get_or_init(|| WORDS.lines().filter_map(interval).collect());
    let mut of_key = intervals.iter().filter(|i| i.key == key).peekable();
    if of_key.peek().is_none() {
        return Words::AsNow;
    }
    of_key.find(|i| i.first <= version && version <= i.last).map_or(Words::Unknown, |i| i.words)
}

fn interval(line: &'static str) -> Option<Interval> {
    let mut parts = line.split(' ').filter(|_| !line.starts_with('#'));
    let (key, first, last) = (parts.next()?, Version::parse(parts.next()?)?, Version::parse(parts.next()?)?);
    let words: Vec<&'static str> = parts.collect();
    let words = match words[..] {
        ["-"] => Words::NotRead,
        ["="] => Words::AsNow,
        // The list is read once in the life of the process.
        _ => Words::These(Vec::leak(words)),
    };
    Some(Interval { key, first, last, words })
}

/// Where Codex checks the type of a key, its head says how it reads.
const TYPES: &str = include_str!("types.txt");

/// Whether a version refuses a wrong type at a key; `None` where that was not asked.
pub(super) fn checks_type(key: &str, version: Version) -> Option<bool> {
    let line = TYPES.lines().find(|l| l.split(' ').next() == Some(key))?;
    let mut parts = line.split(' ').skip(1);
    let with = Version::parse(parts.next()?)?;
    let without = parts.next().and_then(Version::parse);
    if version >= with {
        return Some(true);
    }
    without.is_some_and(|without| version <= without).then_some(false)
}

/// What every version refuses, newer ones too: a home that is none, a file that is no TOML, a flag that is none.
pub(super) fn in_every_version(problem: &Problem) -> bool {
    problem.code == Code::ConfigHomeInvalid
        || problem.code == Code::ConfigInvalid
            && problem.key.is_none()
            && (problem.path.is_some() || problem.message.starts_with("error parsing -c overrides"))
}

/// What all versions that were run refuse.
pub(super) fn in_every_run(problem: &Problem) -> bool {
    let message = problem.message.as_str();
    problem.code == Code::ConfigProviderNotFound
        || message == "invalid transport"
        || (message.starts_with("config profile `") && message.ends_with("` not found"))
}

/// The rule by which 0.169 refuses something.
pub(super) fn refusal(problem: &Problem) -> Option<Rule> {
    let message = problem.message.as_str();
    let key = problem.key.as_deref().unwrap_or_default();
    Some(match problem.code {
        Code::ConfigLegacyProfile => Rule::ProfileFiles,
        Code::RouteWireApi if message.contains("is no longer supported") => Rule::ChatRefused,
        Code::ConfigReservedProvider if key.starts_with("model_providers.amazon-bedrock-runtime") => {
            Rule::BedrockRuntime
        }
        Code::ConfigReservedProvider if key.starts_with("model_providers.amazon-bedrock") => {
            Rule::ProviderAws
        }
        Code::ConfigReservedProvider => Rule::ReservedProviders,
        _ if message.ends_with("provider name must not be empty") => Rule::NamedProviders,
        _ if message.contains(": provider auth") => Rule::ProviderAuth,
        _ if message.contains(": provider aws ") => Rule::ProviderAws,
        _ if message == "missing field `command`" && key.starts_with("model_providers.") => {
            Rule::ProviderAuth
        }
        _ if message.starts_with("cannot mix `filters`") => Rule::FiltersAlone,
        _ if key == "permissions" => Rule::Permissions,
        _ if key == "experimental_thread_store_endpoint" && message.contains("no longer") => {
            Rule::NoThreadEndpoint
        }
        _ if key == "approval_policy" && message.contains("no longer") => Rule::UntrustedRefused,
        _ if message.starts_with("failed to parse requirements layer") => Rule::Requirements,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{NEWEST, OLDEST};
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        for line in WORDS.lines().filter(|l| !l.starts_with('#')) {
            let read = interval(line).unwrap_or_else(|| panic!("{line}"));
            assert!(OLDEST <= read.first && read.first <= read.last && read.last <= NEWEST, "{line}");
        }
        for line in TYPES.lines().filter(|l| !l.starts_with('#')) {
            let (key, with) = line.split_once(' ').unwrap_or_default();
            assert_eq!(checks_type(key, NEWEST), Some(true), "{line}");
            assert!(!with.is_empty(), "{line}");
        }
    }

    #[test]
    fn words_of_a_version_are_its_own() {
        let effort = |minor, patch| words("model_reasoning_effort", v(minor, patch));
        assert_eq!(effort(20, 0), Words::These(&["low", "medium", "high", "none"]));
        assert_eq!(effort(133, 0), Words::These(&["none", "minimal", "low", "medium", "high", "xhigh"]));
        assert_eq!(effort(169, 0), Words::AsNow);
        assert_eq!(words("personality", v(50, 0)), Words::NotRead);
        assert_eq!(words("no_such_key", v(50, 0)), Words::AsNow);
    }
}
