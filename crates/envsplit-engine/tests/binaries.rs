//! Two versions of Codex on one config: which line is named, and when nothing is said.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_model::{AtKind, Code, KeyVerdict, Report, Severity, Verdict};
use envsplit_system::{MemoryProcess, MemorySystem};
use jiff::{SignedDuration, Timestamp};
use machine::{asked, diagnosed};

const FILE: &str = "/home/u/.codex/config.toml";
const PROVIDER: &str = "[model_providers.azure]\nname = \"Azure\"\n\
    base_url = \"https://x.openai.azure.com/openai/v1\"\nenv_key = \"AZURE_OPENAI_API_KEY\"\n";

fn env() -> Vec<(String, String)> {
    let pairs = [
        ("HOME", "/home/u"),
        ("SHELL", "/bin/bash"),
        ("PATH", "/opt/npm/bin:/usr/bin:/bin"),
        ("AZURE_OPENAI_API_KEY", "value-of-the-key"),
    ];
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// A terminal whose PATH leads to one version, and an IDE whose extension brings another.
fn machine(config: &str, terminal: &str, ide: &str) -> MemorySystem {
    let mut m = MemorySystem::new();
    let package = |version: &str| format!("{{\"name\":\"@openai/codex\",\"version\":\"{version}\"}}");
    let extension = "/home/u/.vscode-server/extensions/openai.chatgpt";
    for (path, text) in [
        (FILE.to_owned(), format!("model_provider = \"azure\"\n{config}\n{PROVIDER}")),
        ("/opt/npm/package.json".to_owned(), package(terminal)),
        ("/opt/npm/bin/codex".to_owned(), String::new()),
        (format!("{extension}/package.json"), package(ide)),
        (format!("{extension}/bin/codex"), String::new()),
        ("/home/u/.profile".to_owned(), "export AZURE_OPENAI_API_KEY=x\n".to_owned()),
    ] {
        m.files.files.insert(path, Ok(text.into_bytes()));
    }
    m.values.insert(("/home/u/.profile".into(), 1), "value-of-the-key".into());
    m.caller = env();
    let out = "/home/u/.vscode-server/bin/c/out";
    let (main, fork) = (format!("{out}/server-main.js"), format!("{out}/bootstrap-fork"));
    let codex = format!("{extension}/bin/codex");
    let argv: [(&[&str], u32); 3] = [
        (&["/usr/bin/node", &main], 1),
        (&["/usr/bin/node", &fork, "--type=extensionHost"], 10),
        (&[&codex, "app-server"], 11),
    ];
    for (pid, (argv, ppid)) in (10..).zip(argv) {
        m.processes.push(MemoryProcess {
            pid,
            ppid,
            exe: argv[0].to_owned(),
            argv: argv.iter().map(|a| (*a).to_owned()).collect(),
            env: Some(env()),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100),
        });
    }
    m
}

fn judged(config: &str, terminal: &str, ide: &str) -> Report {
    diagnosed(machine(config, terminal, ide), &asked()).1
}

fn codes(report: &Report) -> Vec<(Code, Severity)> {
    report.findings.iter().map(|f| (f.code, f.severity)).collect()
}

const DIFFER: [(Code, Severity); 1] = [(Code::ConfigBinariesDiffer, Severity::Error)];

#[test]
fn the_line_that_one_version_refuses_is_named() {
    for (config, terminal, ide, line, place) in [
        ("profile = \"w\"\n[profiles.w]\nmodel = \"m\"", "0.133.0", "0.169.0", 2, "app-server"),
        ("profile = \"w\"\n[profiles.w]\nmodel = \"m\"", "0.169.0", "0.133.0", 2, "self"),
        ("model_reasoning_effort = \"max\"", "0.169.0", "0.133.0", 2, "app-server"),
        ("[model_providers.b]\nname = \"b\"\nwire_api = \"chat\"", "0.94.0", "0.150.0", 4, "app-server"),
        ("[model_providers.openai]\nbase_url = \"x\"\nname = \"o\"", "0.114.0", "0.115.0", 2, "app-server"),
    ] {
        let report = judged(config, terminal, ide);
        assert_eq!(codes(&report), DIFFER, "{config} {terminal} {ide}: {:#?}", report.findings);
        let finding = &report.findings[0];
        let read = finding.at.iter().find(|at| at.kind == AtKind::Read).unwrap();
        assert_eq!((read.path.as_deref(), read.line), (Some(FILE), Some(line)), "{config}");
        let text = format!("{} {:?}", finding.summary, finding.evidence);
        assert!(text.contains(terminal) && text.contains(ide), "{text}");
        let refusing = finding.evidence.iter().find(|e| e.contains(" refuses ")).unwrap();
        assert_eq!(refusing.starts_with("This terminal"), place == "self", "{refusing}");
        assert_eq!(finding.fixes.len(), 2, "{:?}", finding.fixes);
        assert_ne!(report.verdict, Verdict::Consistent);
    }
}

#[test]
fn what_both_refuse_or_both_take_is_no_difference() {
    let both = judged("profile = \"w\"", "0.150.0", "0.169.0");
    assert_eq!(codes(&both), [(Code::ConfigLegacyProfile, Severity::Error)]);
    for config in ["", "model_reasoning_effort = \"high\"", "[profiles.w]\nmodel = \"m\""] {
        let report = judged(config, "0.134.0", "0.169.0");
        assert_eq!((report.verdict, codes(&report)), (Verdict::Consistent, vec![]), "{config}");
    }
    let same = judged("profile = \"w\"", "0.169.0", "0.169.0");
    assert_eq!(codes(&same), [(Code::ConfigLegacyProfile, Severity::Error)]);
}

#[test]
fn the_older_one_is_to_be_updated() {
    let fixes = |config, terminal, ide| {
        let report = judged(config, terminal, ide);
        report.findings[0].fixes.iter().map(|f| (f.id.clone(), f.commands.clone())).collect::<Vec<_>>()
    };
    let max = fixes("model_reasoning_effort = \"max\"", "0.133.0", "0.169.0");
    assert_eq!(max[0], ("update-codex".to_owned(), vec!["npm install -g @openai/codex@0.169.0".to_owned()]));
    let ide = fixes("model_reasoning_effort = \"max\"", "0.169.0", "0.133.0");
    assert_eq!(ide[0], ("update-extension".to_owned(), vec![]));
    let line = fixes("profile = \"w\"\n[profiles.w]\nmodel = \"m\"", "0.133.0", "0.169.0");
    assert_eq!(line.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["correct-config", "update-codex"]);
}

#[test]
fn two_answers_from_the_same_files_are_a_warning() {
    // The table of a built-in provider was without effect, and `ollama` was none at first.
    let report = judged(
        "profile = \"w\"\n[profiles.w]\nmodel_provider = \"b\"\n[model_providers.b]\nname = \"b\"\nbase_url = \"http://h/v1\"",
        "0.133.0",
        "0.132.0",
    );
    assert_eq!(
        codes(&report).iter().filter(|c| c.0 == Code::ConfigBinariesDiffer).count(),
        0,
        "{:?}",
        report.findings
    );
    let mut differing = machine("", "0.50.0", "0.98.0");
    let system =
        "model_provider = \"other\"\n[model_providers.other]\nname = \"o\"\nbase_url = \"http://h/v1\"\n";
    differing.files.files.insert("/etc/codex/config.toml".into(), Ok(system.as_bytes().to_vec()));
    differing.files.files.insert(FILE.into(), Ok(b"model = \"m\"\n".to_vec()));
    let report = diagnosed(differing, &asked()).1;
    let found = report.findings.iter().find(|f| f.code == Code::ConfigBinariesDiffer).unwrap();
    assert_eq!(found.severity, Severity::Warning);
    assert!(
        found.summary.contains("`openai` for 0.50.0") && found.summary.contains("`other` for 0.98.0"),
        "{}",
        found.summary
    );
    assert_eq!(found.at[0].path.as_deref(), Some("/etc/codex/config.toml"));
}

#[test]
fn of_a_version_that_nobody_ran_nothing_is_claimed() {
    for version in ["0.200.0", "0.8.0", "0.170.0-alpha.1"] {
        let report = judged("profile = \"w\"", "0.169.0", version);
        let about: Vec<_> = report.findings.iter().map(|f| f.code).collect();
        assert_eq!(about, [Code::ConfigLegacyProfile, Code::ProbeUnreachable], "{version}");
        let fine = judged("", version, version);
        assert_eq!(
            (fine.verdict, codes(&fine)),
            (Verdict::Undetermined, vec![(Code::ProbeUnreachable, Severity::Info)])
        );
        assert!(fine.findings[0].summary.contains(version), "{}", fine.findings[0].summary);
        let server = fine.places.iter().find(|p| p.id.to_string().contains("app-server")).unwrap();
        let codex = server.codex.as_ref().unwrap();
        assert_eq!(
            (codex.env_key.as_deref(), codex.key_verdict),
            (Some("AZURE_OPENAI_API_KEY"), KeyVerdict::Unknown)
        );
    }
}
