//! Whole diagnoses on a machine in memory: what is claimed, towards which place, and what is not.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_model::{Code, FileTimes, KeyVerdict, Report, Role, Severity, Snapshot, Verdict};
use envsplit_system::{Asked, MemoryProcess, MemorySystem};
use jiff::{SignedDuration, Timestamp};
use machine::{asked, diagnosed};

const KEY: &str = "AZURE_OPENAI_API_KEY";
const CANARY: &str = "canary-of-the-memory-machine";
const CONFIG: &str = "model_provider = \"azure\"\n[model_providers.azure]\nname = \"Azure\"\n\
    base_url = \"https://x.openai.azure.com/openai/v1\"\nenv_key = \"AZURE_OPENAI_API_KEY\"\n";
const SKELETON: &str = "[ -f \"$HOME/.bashrc\" ] && . \"$HOME/.bashrc\"\n";

fn machine(files: &[(&str, &str)]) -> MemorySystem {
    let mut m = MemorySystem::new();
    let config = [("/home/u/.codex/config.toml", CONFIG)];
    for (path, text) in files.iter().chain(&config) {
        m.files.files.insert((*path).to_owned(), Ok(text.as_bytes().to_vec()));
    }
    m
}

fn env(extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [("HOME", "/home/u"), ("SHELL", "/bin/bash"), ("PATH", "/usr/bin:/bin")];
    base.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn process(pid: u32, ppid: u32, argv: &[&str], env: Option<Vec<(String, String)>>) -> MemoryProcess {
    let argv: Vec<String> = argv.iter().map(|a| (*a).to_owned()).collect();
    MemoryProcess { pid, ppid, exe: argv[0].clone(), argv, env, started_at: at(100) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// A server, its extension host, its Codex; the latter two with `extra` in their environment.
fn ide(m: &mut MemorySystem, extra: &[(&str, &str)]) {
    let out = "/home/u/.vscode-server/bin/c/out";
    let (main, fork) = (format!("{out}/server-main.js"), format!("{out}/bootstrap-fork"));
    m.processes.push(process(10, 1, &["/usr/bin/node", &main], Some(env(&[]))));
    m.processes.push(process(11, 10, &["/usr/bin/node", &fork, "--type=extensionHost"], Some(env(extra))));
    m.processes.push(process(12, 11, &["/usr/bin/codex", "app-server"], Some(env(extra))));
}

fn diagnose(machine: MemorySystem, asked: &Asked) -> Report {
    let (snapshot, report) = diagnosed(machine, asked);
    let wire = serde_json::to_string(&snapshot).unwrap();
    let text = serde_json::to_string(&report).unwrap();
    assert!(!wire.contains(CANARY) && !text.contains(CANARY), "a value left the door");
    let back: Snapshot = serde_json::from_str(&wire).unwrap();
    assert_eq!(back, snapshot, "a snapshot is a wire type");
    report
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|f| f.code).collect()
}

fn role(report: &Report, id: &envsplit_model::PlaceId) -> Role {
    report.place(id).unwrap().role
}

#[test]
fn one_key_everywhere_is_consistent() {
    let mut m =
        machine(&[("/home/u/.profile", SKELETON), ("/home/u/.bashrc", "export AZURE_OPENAI_API_KEY=x\n")]);
    m.values.insert(("/home/u/.bashrc".into(), 1), CANARY.into());
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    ide(&mut m, &[(KEY, CANARY), ("SHLVL", "1")]);
    let report = diagnose(m, &asked());
    assert_eq!((report.verdict, codes(&report)), (Verdict::Consistent, vec![]));
    let codex = report.places.iter().find(|p| p.role == Role::CodexAppServer).unwrap();
    assert_eq!(codex.codex.as_ref().unwrap().key_verdict, KeyVerdict::Ok);
    assert_eq!(codex.env[KEY].set_by[0].line, Some(1), "the line that sets it is followed down the chain");
}

#[test]
fn a_line_in_bashrc_alone_does_not_reach_the_ide() {
    let mut m = machine(&[("/home/u/.bashrc", "\nexport AZURE_OPENAI_API_KEY=x\n")]);
    m.values.insert(("/home/u/.bashrc".into(), 2), CANARY.into());
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    ide(&mut m, &[("SHLVL", "1")]);
    let report = diagnose(m, &asked());
    assert_eq!((report.verdict, codes(&report)), (Verdict::Split, vec![Code::EnvWrongStartupFile]));
    let finding = &report.findings[0];
    let split = finding.split.as_ref().unwrap();
    assert_eq!(
        (role(&report, &split.from), role(&report, &split.to)),
        (Role::IdeServer, Role::ExtensionHost)
    );
    assert!(report.hops.iter().any(|h| (&h.from, &h.to, h.rule) == (&split.from, &split.to, split.rule)));
    assert_eq!((finding.at[0].path.as_deref(), finding.at[0].line), (Some("/home/u/.bashrc"), Some(2)));
    assert!(!finding.fixes.is_empty() && !finding.evidence.is_empty());
}

#[test]
fn a_process_older_than_the_line_is_stale_and_one_younger_is_not_called_so() {
    for (changed, expected) in [(200, Code::EnvStaleProcess), (50, Code::EnvUnexplained)] {
        let mut m = machine(&[("/home/u/.profile", "export AZURE_OPENAI_API_KEY=x\n")]);
        let times = FileTimes { modified: at(changed), changed: at(changed) };
        m.files.times.insert("/home/u/.profile".into(), times);
        m.values.insert(("/home/u/.profile".into(), 1), CANARY.into());
        m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
        ide(&mut m, &[("SHLVL", "1")]);
        let report = diagnose(m, &asked());
        assert_eq!(codes(&report), vec![expected], "changed at {changed}");
        let place = |role: Role| report.places.iter().find(|p| p.role == role).unwrap();
        let server = place(Role::CodexAppServer);
        let main = report.places.iter().find(|p| matches!(p.role, Role::IdeMain | Role::IdeServer)).unwrap();
        let newer: Vec<_> =
            server.newer_sources.iter().map(|s| (s.path.as_str(), s.names.as_slice(), &s.restart)).collect();
        let names = [KEY.to_owned()];
        let profile = ("/home/u/.profile", &names[..], &main.id);
        assert_eq!(newer, if changed == 200 { vec![profile] } else { vec![] }, "changed at {changed}");
    }
}

#[test]
fn denied_is_not_absent() {
    let mut m = machine(&[("/home/u/.profile", "export AZURE_OPENAI_API_KEY=x\n")]);
    m.values.insert(("/home/u/.profile".into(), 1), CANARY.into());
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    m.processes.push(process(12, 1, &["/usr/bin/codex", "app-server"], None));
    let report = diagnose(m, &asked());
    assert_eq!((report.verdict, codes(&report)), (Verdict::Undetermined, vec![Code::ProbeUnreachable]));
    assert_eq!(report.findings[0].severity, Severity::Info);
    let codex = report.places.iter().find(|p| p.role == Role::CodexAppServer).unwrap();
    assert!(!codex.observed && codex.env.is_empty());
    assert_eq!(codex.codex.as_ref().unwrap().key_verdict, KeyVerdict::Unknown);
}

#[test]
fn the_background_server_is_told_from_an_old_process() {
    let mut m =
        machine(&[("/home/u/.profile", SKELETON), ("/home/u/.bashrc", "export AZURE_OPENAI_API_KEY=x\n")]);
    m.values.insert(("/home/u/.bashrc".into(), 1), CANARY.into());
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    let argv = ["/usr/bin/codex", "app-server", "--listen", "unix://", "--managed-daemon"];
    m.processes.push(process(20, 1, &argv, Some(env(&[]))));
    let report = diagnose(m, &asked());
    assert_eq!((report.verdict, codes(&report)), (Verdict::Split, vec![Code::EnvAgentDaemon]));
    let split = report.findings[0].split.as_ref().unwrap();
    assert_eq!((role(&report, &split.from), role(&report, &split.to)), (Role::Caller, Role::CodexDaemon));
    assert!(report.findings[0].at.iter().any(|a| a.pid == Some(20)));
}

#[test]
fn a_start_that_hangs_is_the_ides_fault_only_where_it_reads_the_line() {
    for (profile, expected) in [(SKELETON, Code::EnvShellProbeFailed), ("umask 022\n", Code::EnvUnexplained)]
    {
        let rc = "export AZURE_OPENAI_API_KEY=x\n";
        let mut m = machine(&[("/home/u/.profile", profile), ("/home/u/.bashrc", rc)]);
        m.values.insert(("/home/u/.bashrc".into(), 1), CANARY.into());
        m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
        m.hanging.push("bash -ilc".into());
        ide(&mut m, &[]);
        let report = diagnose(m, &asked());
        assert_eq!((report.verdict, codes(&report)), (Verdict::Split, vec![expected]));
    }
}

#[test]
fn without_shells_nothing_is_claimed_of_predictions() {
    let mut m = machine(&[("/home/u/.bashrc", "export AZURE_OPENAI_API_KEY=x\n")]);
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    let report = diagnose(m, &Asked { shells: false, ..asked() });
    let shells: Vec<_> = report.places.iter().filter(|p| p.role == Role::Shell).collect();
    assert!(!shells.is_empty() && shells.iter().all(|p| !p.observed && p.unobserved_reason.is_some()));
    assert_ne!(report.verdict, Verdict::Consistent, "{:?}", codes(&report));
}

#[test]
fn a_process_that_is_named_is_the_one_that_fails() {
    let mut m =
        machine(&[("/home/u/.bashrc", "export AZURE_OPENAI_API_KEY=x\n"), ("/home/u/.profile", SKELETON)]);
    m.values.insert(("/home/u/.bashrc".into(), 1), CANARY.into());
    m.caller = env(&[(KEY, CANARY), ("SHLVL", "1")]);
    m.processes.push(process(30, 1, &["/usr/bin/python3", "wrapper.py"], Some(env(&[]))));
    let report = diagnose(m, &Asked { pid: Some(30), ..asked() });
    assert_eq!(report.findings[0].code, Code::EnvLauncherSkipsShellFiles);
    assert_eq!(report.findings[0].split.as_ref().unwrap().to.0, "linux/process/process-30");
}

#[test]
fn another_name_is_no_key() {
    let mut m = machine(&[("/home/u/.profile", "export OPENAI_API_KEY=x\n")]);
    m.values.insert(("/home/u/.profile".into(), 1), CANARY.into());
    m.caller = env(&[("OPENAI_API_KEY", CANARY), ("SHLVL", "1")]);
    ide(&mut m, &[("OPENAI_API_KEY", CANARY), ("SHLVL", "1")]);
    let report = diagnose(m, &asked());
    assert_eq!((report.verdict, codes(&report)), (Verdict::Broken, vec![Code::EnvNameMismatch]));
    assert_eq!(report.findings[0].subject.name, KEY);
}
