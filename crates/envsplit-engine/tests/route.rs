//! The address, the deployment's name and the credentials of the selected provider: what is claimed, and what is not.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_model::{Code, Finding, Report, Severity, Verdict};
use envsplit_system::{Asked, MemoryProcess, MemorySystem};
use jiff::{SignedDuration, Timestamp};
use machine::{asked, diagnosed};

const KEY: &str = "AZURE_OPENAI_API_KEY";
const FILE: &str = "/home/u/.codex/config.toml";
const AZURE: &str = "https://x.openai.azure.com/openai/v1";

/// A config whose provider has `fields`, with `top` before its table.
fn config(top: &str, fields: &str) -> String {
    format!("model_provider = \"azure\"\n{top}\n[model_providers.azure]\nname = \"Azure\"\n{fields}\n")
}

fn with_base(url: &str, more: &str) -> String {
    config("", &format!("base_url = \"{url}\"\nenv_key = \"{KEY}\"\n{more}"))
}

fn env(extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [("HOME", "/home/u"), ("SHELL", "/bin/bash"), ("PATH", "/usr/bin:/bin"), ("SHLVL", "1")];
    base.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// A machine with a terminal and an IDE that both have `extra`, from a line that every shell start reads.
fn machine(config: &str, extra: &[(&str, &str)]) -> MemorySystem {
    let mut m = MemorySystem::new();
    m.files.files.insert(FILE.into(), Ok(config.as_bytes().to_vec()));
    let lines: Vec<String> = extra.iter().map(|(k, _)| format!("export {k}=x\n")).collect();
    let lines = lines.concat();
    m.files.files.insert("/home/u/.profile".into(), Ok(lines.clone().into_bytes()));
    m.files.files.insert("/home/u/.bashrc".into(), Ok(lines.into_bytes()));
    for (n, (_, value)) in (1..).zip(extra) {
        for file in ["/home/u/.profile", "/home/u/.bashrc"] {
            m.values.insert((file.into(), n), (*value).into());
        }
    }
    m.caller = env(extra);
    let out = "/home/u/.vscode-server/bin/c/out";
    let (main, fork) = (format!("{out}/server-main.js"), format!("{out}/bootstrap-fork"));
    let argv: [(&[&str], u32); 3] = [
        (&["/usr/bin/node", &main], 1),
        (&["/usr/bin/node", &fork, "--type=extensionHost"], 10),
        (&["/usr/bin/codex", "app-server"], 11),
    ];
    for (pid, (argv, ppid)) in (10..).zip(argv) {
        m.processes.push(MemoryProcess {
            pid,
            ppid,
            exe: argv[0].to_owned(),
            argv: argv.iter().map(|a| (*a).to_owned()).collect(),
            env: Some(env(extra)),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100),
        });
    }
    m
}

fn diagnose(machine: MemorySystem, asked: &Asked) -> Report {
    diagnosed(machine, asked).1
}

/// The report on a config with the key everywhere.
fn judged(config: &str) -> Report {
    diagnose(machine(config, &[(KEY, "value-of-the-key")]), &asked())
}

fn codes(report: &Report) -> Vec<(Code, Severity)> {
    report.findings.iter().map(|f| (f.code, f.severity)).collect()
}

fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0]
}

#[test]
fn right_addresses_and_gateways_are_not_reported() {
    for (url, more) in [
        (AZURE, ""),
        ("https://x.openai.azure.com/openai/v1/", ""),
        (" https://x.openai.azure.com/openai/v1", ""),
        ("https://x.openai.azure.com:443/openai/v1//", ""),
        ("https://X.OpenAI.Azure.com/OpenAI/V1", ""),
        ("https://x.openai.azure.us/openai/v1", ""),
        ("https://x.cognitiveservices.azure.com/openai/v1", ""),
        ("https://x.services.ai.azure.com/openai/v1/", ""),
        ("https://x.services.ai.azure.com/api/projects/p/openai/v1", ""),
        (AZURE, "query_params = { \"api-version\" = \"preview\" }"),
        ("https://x.openai.azure.com/openai", "query_params = { api-version = \"2025-04-01-preview\" }"),
        ("http://127.0.0.1:9/team/v1", ""),
        ("http://127.0.0.1:9", ""),
        ("http://127.0.0.1:9/openai/deployments/d", ""),
        ("https://gateway.corp.example/v1/", "query_params = { api-version = \"2024-10-21\" }"),
        ("https://x.azure-api.net/openai", ""),
        ("https://openai.azure.com.evil.example/", ""),
        ("https://notopenai.azure.com/", ""),
        ("https://gateway.corp.example/v1?a=https://x.openai.azure.com/", ""),
    ] {
        let report = judged(&with_base(url, more));
        assert_eq!((report.verdict, codes(&report)), (Verdict::Consistent, vec![]), "{url} {more}");
    }
}

#[test]
fn addresses_that_azure_does_not_serve_are_errors_with_the_right_one() {
    for (url, right) in [
        ("https://x.openai.azure.com", AZURE),
        ("https://x.openai.azure.com/", AZURE),
        ("https://x.openai.azure.com/v1", AZURE),
        ("https://x.openai.azure.com/openai", AZURE),
        ("https://x.openai.azure.com/openai/v1 ", AZURE),
        ("https://x.openai.azure.com/openai/v1/responses", AZURE),
        ("https://x.openai.azure.com/openai/v1/responses/", AZURE),
        ("https://x.openai.azure.com/openai/v1/chat/completions", AZURE),
        ("https://x.openai.azure.com/openai/deployments/d", AZURE),
        ("https://x.services.ai.azure.com/models", "https://x.services.ai.azure.com/openai/v1"),
        (
            "https://x.services.ai.azure.com/api/projects/p",
            "https://x.services.ai.azure.com/api/projects/p/openai/v1",
        ),
        ("http://127.0.0.1:9/team/v1/responses", "http://127.0.0.1:9/team/v1"),
    ] {
        let report = judged(&with_base(url, ""));
        let finding = only(&report);
        assert_eq!((finding.code, finding.severity), (Code::RouteBaseUrlPath, Severity::Error), "{url}");
        assert_eq!(finding.subject.name, "model_providers.azure.base_url");
        assert_eq!((finding.at[0].path.as_deref(), finding.at[0].line), (Some(FILE), Some(5)), "{url}");
        assert_eq!(finding.fixes[0].edits[0].after, format!("base_url = \"{right}\""), "{url}");
        assert_eq!(report.verdict, Verdict::Broken, "the same fault everywhere is no split");
    }
}

#[test]
fn a_dated_deployment_url_is_judged_by_its_path() {
    let url = "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21";
    let report = judged(&with_base(url, ""));
    assert_eq!(only(&report).code, Code::RouteBaseUrlPath);
    assert!(only(&report).summary.contains("/deployments/"), "{}", only(&report).summary);
}

#[test]
fn what_is_no_address_is_an_error_wherever_it_points() {
    for url in ["", "x.openai.azure.com/openai/v1", "127.0.0.1:9/v1", "ftp://h/v1"] {
        let report = judged(&with_base(url, ""));
        assert_eq!(codes(&report), vec![(Code::RouteBaseUrlPath, Severity::Error)], "{url}");
        assert!(only(&report).evidence[0].contains("builder error"));
    }
}

#[test]
fn versions_and_plain_http_are_warnings_where_they_may_work() {
    for (url, more, expected) in [
        (
            AZURE,
            "query_params = { api-version = \"2024-10-21\" }",
            (Code::RouteApiVersion, Severity::Warning),
        ),
        ("http://x.openai.azure.com/openai/v1", "", (Code::RouteBaseUrlPath, Severity::Warning)),
        (
            "https://x.openai.azure.com/openai/v1?api-version=preview",
            "",
            (Code::RouteApiVersion, Severity::Error),
        ),
    ] {
        let report = judged(&with_base(url, more));
        assert_eq!(codes(&report), vec![expected], "{url} {more}");
        let verdict = if expected.1 == Severity::Error { Verdict::Broken } else { Verdict::Consistent };
        assert_eq!(report.verdict, verdict, "{url}");
    }
}

#[test]
fn a_provider_without_an_address_would_send_the_key_elsewhere() {
    let report = diagnose(
        machine(&config("", &format!("env_key = \"{KEY}\"")), &[(KEY, "v"), ("OPENAI_BASE_URL", AZURE)]),
        &asked(),
    );
    let finding = only(&report);
    assert_eq!((finding.code, finding.severity), (Code::RouteBaseUrlMissing, Severity::Error));
    assert!(finding.summary.contains(KEY) && finding.summary.contains("api.openai.com"));
    assert!(finding.evidence.iter().any(|e| e.contains("OPENAI_BASE_URL")), "{:?}", finding.evidence);
    assert!(!serde_json::to_string(&report).unwrap().contains(AZURE), "a value left the door");

    // A misspelt key is the finding, not its consequence.
    let typo = judged(&config("", &format!("env_key = \"{KEY}\"\nbaseurl = \"{AZURE}\"")));
    assert_eq!(codes(&typo), vec![(Code::ConfigUnknownKey, Severity::Error)]);
}

#[test]
fn only_the_selected_provider_of_the_user_is_judged() {
    let other = format!("env_key = \"{KEY}\"\nbase_url = \"{AZURE}\"\n[model_providers.b]\nname = \"B\"\n");
    assert_eq!(codes(&judged(&config("", &other))), vec![]);
    let plain = judged("model = \"gpt-5\"\n[model_providers.b]\nname = \"B\"\n");
    assert_eq!(codes(&plain), vec![], "the built-in provider has an address of its own");
    let refused = judged("model_provider = \"nope\"\n");
    assert_eq!(codes(&refused), vec![(Code::ConfigProviderNotFound, Severity::Error)]);
    let chat = judged(&with_base("https://x.openai.azure.com", "wire_api = \"chat\""));
    assert_eq!(codes(&chat), vec![(Code::RouteWireApi, Severity::Error)], "one thing after the other");
}

#[test]
fn a_models_own_name_is_a_weak_warning_on_azure_alone() {
    let fields = |url: &str| format!("base_url = \"{url}\"\nenv_key = \"{KEY}\"");
    let report = judged(&config("model = \"gpt-5-codex\"", &fields(AZURE)));
    assert_eq!(
        (report.verdict, codes(&report)),
        (Verdict::Consistent, vec![(Code::RouteDeploymentName, Severity::Warning)])
    );
    assert!(only(&report).summary.contains("only if your deployment is called so"));
    for (model, url) in
        [("codex-prod", AZURE), ("gpt-5-codex-prod", AZURE), ("gpt-5-codex", "http://127.0.0.1:9/openai/v1")]
    {
        let top = format!("model = \"{model}\"");
        assert_eq!(codes(&judged(&config(&top, &fields(url)))), vec![], "{model} {url}");
    }
}

#[test]
fn a_second_credential_in_the_table_is_said_to_be_without_effect() {
    for more in [
        "requires_openai_auth = true",
        "experimental_bearer_token = \"canary-token\"",
        "http_headers = { Authorization = \"canary-token\" }",
    ] {
        let report = judged(&with_base(AZURE, more));
        assert_eq!(codes(&report), vec![(Code::AuthLoginShadowed, Severity::Warning)], "{more}");
        assert_eq!((only(&report).subject.name.as_str(), only(&report).at[0].line), (KEY, Some(7)));
        assert!(!serde_json::to_string(&report).unwrap().contains("canary-token"));
    }
    assert_eq!(codes(&judged(&with_base(AZURE, "requires_openai_auth = false"))), vec![]);
}

#[test]
fn a_login_is_mentioned_only_where_it_does_not_help() {
    let login = |m: &mut MemorySystem| {
        m.files.files.insert("/home/u/.codex/auth.json".into(), Ok(b"{}".to_vec()));
    };
    // A working key beside a login and a key for the other provider is nothing to report.
    let mut fine = machine(&with_base(AZURE, ""), &[(KEY, "v"), ("CODEX_API_KEY", "w")]);
    login(&mut fine);
    assert_eq!(codes(&diagnose(fine, &asked())), vec![]);
    let shadowed = |report: &Report| {
        report.findings.iter().find(|f| f.code == Code::AuthLoginShadowed).map(|f| f.severity)
    };
    let mut missing = machine(&with_base(AZURE, ""), &[]);
    login(&mut missing);
    let report = diagnose(missing, &asked());
    assert_eq!(report.findings[0].code, Code::EnvMissingEverywhere, "the cause comes first");
    assert_eq!(shadowed(&report), Some(Severity::Info));
    let report = diagnose(machine(&with_base(AZURE, ""), &[("CODEX_API_KEY", "w")]), &asked());
    assert_eq!(shadowed(&report), Some(Severity::Warning));
    assert_eq!(shadowed(&diagnose(machine(&with_base(AZURE, ""), &[]), &asked())), None);

    // No credential at all: a login is not used either. A local server needs none.
    let without = |url: &str| config("", &format!("base_url = \"{url}\""));
    let mut azure = machine(&without(AZURE), &[]);
    login(&mut azure);
    assert_eq!(shadowed(&diagnose(azure, &asked())), Some(Severity::Warning));
    let mut local = machine(&without("http://127.0.0.1:11434/v1"), &[]);
    login(&mut local);
    assert_eq!(codes(&diagnose(local, &asked())), vec![]);
}

#[test]
fn entra_is_mentioned_where_no_key_is_configured() {
    let base = format!("base_url = \"{AZURE}\"");
    let entra = [("AZURE_CLIENT_ID", "i"), ("AZURE_TENANT_ID", "t")];
    let report = diagnose(machine(&config("", &base), &entra), &asked());
    assert_eq!(codes(&report), vec![(Code::AuthEntraUnsupported, Severity::Info)]);
    assert!(only(&report).summary.contains("`AZURE_CLIENT_ID`, `AZURE_TENANT_ID`"));
    let az = format!("{base}\nauth = {{ command = \"/usr/bin/az\", args = [\"account\"] }}");
    assert_eq!(codes(&judged(&config("", &az))), vec![(Code::AuthEntraUnsupported, Severity::Info)]);
    let other = format!("{base}\nauth = {{ command = \"/opt/corp/token\", args = [\"blaze\"] }}");
    assert_eq!(codes(&judged(&config("", &other))), vec![]);
    // With a key, Azure's variables are those of other programs.
    let keyed = diagnose(machine(&with_base(AZURE, ""), &[(KEY, "v"), entra[0], entra[1]]), &asked());
    assert_eq!(codes(&keyed), vec![]);
}

#[test]
fn a_provider_of_a_profile_is_not_the_ides() {
    let profile = config("", &format!("base_url = \"{AZURE}\"\nenv_key = \"{KEY}\""));
    let machine = |base: &str| {
        let mut m = machine(base, &[(KEY, "v")]);
        m.files.files.insert("/home/u/.codex/work.config.toml".into(), Ok(profile.as_bytes().to_vec()));
        m
    };
    let with = Asked { profile: Some("work".into()), ..asked() };
    let report = diagnose(machine("model = \"m\"\n"), &with);
    assert_eq!(codes(&report), vec![(Code::ConfigProfileNotInIde, Severity::Warning)]);
    assert_eq!(only(&report).at[0].path.as_deref(), Some("/home/u/.codex/work.config.toml"));
    assert_eq!(
        codes(&diagnose(machine("model = \"m\"\n"), &asked())),
        vec![],
        "without `--profile` none is meant"
    );
    assert_eq!(
        codes(&diagnose(machine(&with_base(AZURE, "")), &with)),
        vec![],
        "the IDE has the same provider"
    );
}
