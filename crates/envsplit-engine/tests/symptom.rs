//! Pasted errors: which layer each proves broken, what it proves to work, and what of the text may be repeated.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_engine::{explain, symptom};
use envsplit_model::RequestLayer as L;
use envsplit_model::{Code, Report, Verdict};
use envsplit_system::MemorySystem;
use machine::{asked, diagnosed};

const KEY: &str = "AZURE_OPENAI_API_KEY";

/// A machine whose terminal has the key, or not.
fn report(config: &str, key: bool) -> Report {
    let mut m = MemorySystem::new();
    m.files.files.insert("/home/u/.codex/config.toml".into(), Ok(config.as_bytes().to_vec()));
    if key {
        let line = format!("export {KEY}=x\n");
        for file in ["/home/u/.profile", "/home/u/.bashrc"] {
            m.files.files.insert(file.into(), Ok(line.clone().into_bytes()));
            m.values.insert((file.into(), 1), "value".into());
        }
        m.caller.extend([(KEY.to_owned(), "value".to_owned()), ("SHLVL".to_owned(), "1".to_owned())]);
    }
    diagnosed(m, &asked()).1
}

fn azure(url: &str) -> String {
    format!(
        "model_provider = \"azure\"\n[model_providers.azure]\nname = \"A\"\nbase_url = \"{url}\"\nenv_key = \"{KEY}\"\n"
    )
}

fn right() -> String {
    azure("https://x.openai.azure.com/openai/v1")
}

/// Text, name, the layer that it proves broken, the layers that it proves to work.
type Row = (&'static str, &'static str, L, &'static [L]);

const TEXTS: &[Row] = &[
    (
        "ERROR: Missing environment variable: `AZURE_OPENAI_API_KEY`.",
        "missing-variable",
        L::Environment,
        &[L::Surface, L::Provider],
    ),
    (
        "Missing environment variable: AZURE_OPENAI_API_KEY. Set it",
        "missing-variable",
        L::Environment,
        &[L::Surface, L::Provider],
    ),
    ("Missing environment variable: ``.", "no-variable-name", L::Provider, &[L::Surface]),
    (
        "unexpected status 401 Unauthorized: Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key",
        "unauthorized",
        L::Credential,
        &[L::Surface, L::Provider, L::Network],
    ),
    (
        "unexpected status 401 Unauthorized: Unknown error, url: http://127.0.0.1:9/openai/v1/responses",
        "unauthorized",
        L::Credential,
        &[L::Surface, L::Network],
    ),
    (
        "unexpected status 403 Forbidden: {\"error\":{\"code\":\"PermissionDenied\"}}",
        "unauthorized",
        L::Credential,
        &[L::Surface, L::Network],
    ),
    ("403 Access denied due to Virtual Network/Firewall rules.", "network-denied", L::Network, &[L::Surface]),
    (
        "Key based authentication is disabled for this resource.",
        "keys-disabled",
        L::Credential,
        &[L::Surface, L::Network],
    ),
    (
        "unexpected status 401 Unauthorized: Missing bearer or basic authentication in header",
        "no-credential",
        L::Credential,
        &[L::Surface, L::Network],
    ),
    (
        "unexpected status 401 Unauthorized: x, url: https://api.openai.com/v1/responses",
        "other-provider",
        L::Provider,
        &[L::Surface],
    ),
    (
        "{\"error\":{\"code\":\"404\",\"message\": \"Resource not found\"}}",
        "not-found",
        L::Route,
        &[L::Surface, L::Network],
    ),
    (
        "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment for this resource does not exist.\"}}",
        "deployment-not-found",
        L::Deployment,
        &[L::Surface, L::Provider, L::Environment, L::Network, L::Credential, L::Route],
    ),
    (
        "error sending request for url (https://x.openai.azure.com/openai/v1/responses): dns error",
        "unreachable",
        L::Network,
        &[L::Surface, L::Provider],
    ),
    ("tcp connect error: Connection refused (os error 111)", "unreachable", L::Network, &[L::Surface]),
    ("ERROR: Reconnecting... waiting for network", "unreachable", L::Network, &[L::Surface]),
    ("stream disconnected before completion: builder error", "no-address", L::Route, &[L::Surface]),
    ("Error: Model provider `azure` not found", "provider-not-found", L::Provider, &[L::Surface]),
    ("Invalid configuration; using defaults.", "defaults-used", L::Provider, &[L::Surface]),
    (
        "Error loading config.toml: `wire_api = \"chat\"` is no longer supported.",
        "config-refused",
        L::Provider,
        &[L::Surface],
    ),
    (
        "Error loading config.toml:\n/home/u/.codex/config.toml:2:18: string values must be quoted",
        "config-refused",
        L::Provider,
        &[L::Surface],
    ),
    (
        "warning: Codex is ignoring 1 unrecognized configuration setting.",
        "key-ignored",
        L::Provider,
        &[L::Surface],
    ),
    (
        "Error finding codex home: CODEX_HOME points to \"/x\", but that path does not exist",
        "home-invalid",
        L::Surface,
        &[],
    ),
    ("Sign in with ChatGPT", "sign-in", L::Surface, &[]),
    ("CLI works but VS Code fails", "sign-in", L::Surface, &[]),
    (
        "429 Too Many Requests",
        "quota",
        L::Deployment,
        &[L::Surface, L::Environment, L::Network, L::Credential, L::Route],
    ),
];

#[test]
fn the_texts_of_codex_and_azure_are_told_apart() {
    let whole = report(&right(), true);
    for (text, name, layer, fine) in TEXTS.iter().copied() {
        let slice = explain(text, &whole);
        assert_eq!((slice.symptom.as_deref(), slice.layer), (Some(name), layer), "{text}");
        assert_eq!(slice.fine, fine, "{text}");
        let mut all = [&slice.fine[..], &slice.untested, &[slice.layer]].concat();
        all.sort_unstable();
        assert_eq!(all, L::ALL, "every layer stands once: {text}");
        assert!(!slice.next.is_empty() && slice.finding.is_none(), "{text}: {:?}", slice.finding);
        assert_eq!(symptom(text).unwrap().name(), name);
    }
}

#[test]
fn what_is_not_known_proves_nothing_and_shows_the_check() {
    for text in ["", "hello there", "port 4011 is open", "14040 items", "request 8403a", "Ünïcode \u{0}`"] {
        let slice = explain(text, &report(&right(), false));
        assert_eq!((slice.layer, slice.symptom), (L::Unknown, None), "{text}");
        assert_eq!((slice.fine.len(), slice.untested.len()), (0, L::ALL.len()));
        assert_eq!(slice.verdict, Verdict::Broken);
        assert_eq!(slice.finding.unwrap().code, Code::EnvMissingEverywhere);
    }
}

#[test]
fn the_check_of_this_machine_explains_the_text() {
    let missing = format!("Missing environment variable: `{KEY}`.");
    let path = azure("https://x.openai.azure.com");
    let gone = "model_provider = \"azure\"\n";
    for (config, key, text, expected) in [
        (right(), false, missing.as_str(), Some(Code::EnvMissingEverywhere)),
        (right(), true, missing.as_str(), None),
        (path.clone(), true, "404 Resource not found", Some(Code::RouteBaseUrlPath)),
        (path, true, missing.as_str(), None),
        (gone.to_owned(), true, "Model provider `azure` not found", Some(Code::ConfigProviderNotFound)),
        (gone.to_owned(), true, "Sign in with ChatGPT", Some(Code::ConfigProviderNotFound)),
        (right(), false, "429 Too Many Requests", None),
    ] {
        let report = report(&config, key);
        let slice = explain(text, &report);
        assert_eq!(slice.finding.as_ref().map(|f| f.code), expected, "{text}");
        assert_eq!(slice.verdict, report.verdict);
        if let Some(fix) = slice.finding.as_ref().and_then(|f| f.fixes.first()) {
            assert_eq!(slice.next, fix.title, "the next step is the finding's own");
        }
    }
}

#[test]
fn nothing_of_the_text_is_repeated_but_a_variables_name() {
    let whole = report(&right(), true);
    for name in [KEY, "azure_key", "TEAM_KEY_1", "KEY", "_PRIVATE_KEY"] {
        let slice = explain(&format!("Missing environment variable: `{name}`."), &whole);
        assert_eq!(slice.variable.as_deref(), Some(name));
    }
    for secret in [
        "sk-proj-abcdEFGH1234ijkl",
        "sk_live_abcdefgh",
        "8f3c2a9be1d04f6c8a7b5e2d1c0f9a8b",
        "AbCdEfGhIjKl",
        "abcdefghijkl",
        "A1B2C3D4E5F6_A7B8",
        "canary_canarycanarycanarycanary",
        "two words",
        "$AZK",
        "a\u{1b}[31mb",
        "",
    ] {
        for text in [
            format!("Missing environment variable: `{secret}`."),
            format!("401 Unauthorized: Incorrect API key provided: {secret}"),
            format!("what is {secret}?"),
        ] {
            let slice = explain(&text, &whole);
            let shown = serde_json::to_string(&slice).unwrap();
            assert!(secret.is_empty() || !shown.contains(secret), "{secret} is repeated");
            assert_eq!(slice.variable, None, "{secret}");
        }
    }
    let pasted = explain("Missing environment variable: `sk-proj-abcdEFGH1234ijkl`.", &whole);
    assert!(pasted.codes.contains(&Code::AuthEnvKeyHoldsSecret));
}

#[test]
fn long_and_hostile_texts_are_answered_at_once() {
    let whole = report(&right(), true);
    let long = "401".repeat(100_000) + &"Missing environment variable: `".repeat(10_000);
    assert_eq!(explain(&long, &whole).variable, None);
    assert_eq!(explain(&"ß".repeat(200_000), &whole).layer, L::Unknown);
}
