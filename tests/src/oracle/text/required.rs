//! What an organisation demands: settings of `requirements.toml`.
use super::values::{fitting, values};
use super::{PROVIDERS, Setting, setting};
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::OnceLock;

/// The list of requirements that the rules know.
const KNOWN: &str = include_str!("../../../../crates/envsplit-codex/src/known_requirements.txt");

/// Requirements that are given no values of any type, each with the reason; by the beginnings of their lines.
const UNJUDGED: &[(&str, &str)] = &[
    ("model_provider =", "`chosen` has providers; any text would end most worlds alike"),
    ("model_catalog_json", "the file is read as a catalogue, whose form is not known"),
    ("sqlite_home", "`exact` has one; Codex makes the directory"),
    ("log_dir", "`exact` has some; Codex makes the directory"),
    ("permissions", "Codex compiles profiles, which takes more than types"),
    ("allowed_permission_profiles", "it speaks of compiled profiles, and so does what Codex says of it"),
    ("default_permissions", "the same; `refused` has what it says without a list of profiles"),
    ("rules", "lists of rules, which may not be empty and whose form is not known"),
    ("remote_sandbox_config", "its fields are not known, and some are needed"),
];

/// Values that are the config's, whatever a layer or a flag says.
const EXACT: &[(&str, &[&str])] = &[
    ("chatgpt_base_url", &["\"https://r/\"", "\"\""]),
    ("log_dir", &["\"logs\"", "\"@ROOT@/a//logs/\"", "\"~/logs\"", "\"../tmp/x\""]),
    ("sqlite_home", &["\"@ROOT@/tmp/./s\"", "\"~/s\""]),
    ("allow_login_shell", &["true", "false"]),
    ("check_for_update_on_startup", &["true", "false"]),
    ("cli_auth_credentials_store", &["\"file\"", "\"auto\"", "\"ephemeral\""]),
    ("otel.environment", &["\"r\""]),
    ("otel.log_user_prompt", &["true", "false"]),
    ("otel.exporter", &["\"none\"", "\"statsig\""]),
    ("otel.span_attributes.a", &["\"r\""]),
    ("feedback.enabled", &["true", "false"]),
];

/// What Codex cannot meet.
const REFUSED: &[(&str, &[&str])] = &[
    ("allowed_approval_policies", &["[]"]),
    ("allowed_approvals_reviewers", &["[]"]),
    (
        "allowed_sandbox_modes",
        &["[]", "[\"workspace-write\"]", "[\"danger-full-access\", \"workspace-write\"]"],
    ),
    ("rules", &["{}"]),
    ("otel.nope", &["1"]),
    ("default_permissions", &["\"x\"", "\":read-only\""]),
];

fn known() -> &'static [(&'static str, &'static str)] {
    static PARSED: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = KNOWN.lines().filter(|l| !l.starts_with('#') && !l.starts_with("closed "));
        let judged = |path: &str| !UNJUDGED.iter().any(|(p, _)| format!("{path} =").starts_with(p));
        lines.filter_map(|l| l.split_once(" = ")).filter(|(path, _)| judged(path)).collect()
    })
}

fn one_of(choices: &'static [(&'static str, &'static [&'static str])]) -> impl Strategy<Value = Setting> {
    let all: Vec<(&str, &str)> =
        choices.iter().flat_map(|(key, values)| values.iter().map(move |value| (*key, *value))).collect();
    select(all).prop_map(|(key, value)| setting(key, value))
}

/// The provider that is demanded.
fn chosen() -> impl Strategy<Value = Setting> {
    let ids = [PROVIDERS, &["openai", "ollama", "nope", "azure", "azure"]].concat();
    select(ids).prop_map(|id| setting("model_provider", format!("\"{id}\"")))
}

/// A provider that is demanded: whole, or with something odd.
fn provider() -> impl Strategy<Value = Vec<Setting>> {
    let odd: &[&[(&str, &str)]] = &[
        &[("env_key", "\"RK\"")],
        &[("name", "\"\"")],
        &[("name", "3")],
        &[("name", "\"R\""), ("env_key", "3")],
        &[("name", "\"R\""), ("wire_api", "\"chat\"")],
        &[("name", "\"R\""), ("wire_api", "\"Responses\"")],
        &[("name", "\"R\""), ("auth", "{command = \"/bin/echo\"}"), ("env_key", "\"RK\"")],
        &[("name", "\"R\""), ("auth", "{}")],
        &[("name", "\"R\""), ("aws", "{}")],
        &[("name", "\"R\""), ("request_max_retries", "\"3\"")],
    ];
    let good: &[&[(&str, &str)]] = &[
        &[("name", "\"R\"")],
        &[("name", "\"R\""), ("env_key", "\"RK\"")],
        &[("name", "\"R\""), ("base_url", "\"https://r/openai\""), ("env_key", "\"RK\"")],
        &[("name", "\"R\""), ("wire_api", "\"responses\""), ("http_headers", "{ X-A = \"1\" }")],
        &[("name", "\"R\""), ("envkey", "\"RK\"")],
        &[("name", "\"R\""), ("auth", "{command = \"/bin/echo\"}")],
    ];
    let fields = prop_oneof![8 => select(good), 1 => select(odd)];
    let ids = [PROVIDERS, PROVIDERS, &["azure", "azure", "azure", "openai", "amazon-bedrock"]].concat();
    (select(ids), fields).prop_map(|(id, fields)| {
        let at = |field: &str| vec!["model_providers".to_owned(), id.to_owned(), field.to_owned()];
        fields.iter().map(|(field, value)| (at(field), (*value).to_owned())).collect()
    })
}

/// Keys that are none.
fn ignored() -> impl Strategy<Value = Setting> {
    const KEYS: &[&str] = &["foo", "model", "modle_provider", "approval_policy", "bar.baz", "feedback.nope"];
    (select(KEYS), select(&["3", "\"s\"", "true", "[]"][..])).prop_map(|(k, v)| setting(k, v))
}

/// A list of words, or a value of another type.
fn list_or(expected: &'static str) -> BoxedStrategy<String> {
    let Some(words) = expected.strip_prefix("a sequence of enum ") else { return fitting(expected) };
    // An app-server refuses a list without a word at its start alone, which `codex exec` shows, too.
    let words: Vec<&str> = words.split(' ').collect();
    prop::sample::subsequence(words.clone(), 1..=words.len())
        .prop_map(|some| {
            format!("[{}]", some.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", "))
        })
        .boxed()
}

/// Any requirement with a value that fits, or with one of any type.
fn any_known() -> impl Strategy<Value = Setting> {
    let fitting = select(known()).prop_flat_map(|(path, expected)| (Just(path), list_or(expected)));
    // What is in a table is Codex's to judge, and a list stands for its fields.
    let scalars = values().prop_filter("a scalar", |v| !v.starts_with(['[', '{']));
    let odd = (select(known()), scalars).prop_map(|((path, _), value)| (path, value));
    prop_oneof![12 => fitting, 1 => odd].prop_map(|(path, value)| setting(&path.replace('*', "x"), value))
}

/// What a `requirements.toml` says.
pub fn required() -> impl Strategy<Value = Vec<Setting>> {
    let one = prop_oneof![
        8 => one_of(EXACT),
        4 => ignored(),
        3 => any_known(),
    ];
    let providers = prop::collection::vec(provider(), 0..3);
    let chosen = prop::option::weighted(0.4, chosen());
    let refused = prop::option::weighted(0.06, one_of(REFUSED));
    let parts = (chosen, providers, refused, prop::collection::vec(one, 0..4));
    parts.prop_map(|(chosen, providers, refused, rest)| {
        let mut seen: Vec<Setting> = Vec::new();
        for (path, value) in
            refused.into_iter().chain(chosen).chain(providers.into_iter().flatten()).chain(rest)
        {
            let clash = |other: &Setting| other.0.starts_with(&path) || path.starts_with(&other.0);
            if !seen.iter().any(clash) {
                seen.push((path, value));
            }
        }
        seen
    })
}
