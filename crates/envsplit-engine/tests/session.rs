//! A desktop session that was started without a login shell, on a machine in memory.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_model::{AtKind, Code, FileTimes, Report};
use envsplit_system::{MemoryProcess, MemorySystem};
use jiff::{SignedDuration, Timestamp};
use machine::{asked, diagnosed};

const KEY: &str = "AZURE_OPENAI_API_KEY";
const CONFIG: &str = "model_provider = \"azure\"\n[model_providers.azure]\nname = \"Azure\"\n\
    base_url = \"https://x.openai.azure.com/openai/v1\"\nenv_key = \"AZURE_OPENAI_API_KEY\"\n";

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn env(extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [("HOME", "/home/u"), ("SHELL", "/bin/bash"), ("PATH", "/usr/bin:/bin")];
    base.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// `~/.profile` sets the key; the session's manager (pid 5, since second 50) started an app-server without any shell.
fn diagnose(session_asked: bool, profile_changed: i64) -> Report {
    let mut m = MemorySystem::new();
    let files =
        [("/home/u/.codex/config.toml", CONFIG), ("/home/u/.profile", "export AZURE_OPENAI_API_KEY=x\n")];
    for (path, text) in files {
        m.files.files.insert(path.to_owned(), Ok(text.as_bytes().to_vec()));
    }
    let times = FileTimes { modified: at(profile_changed), changed: at(profile_changed) };
    m.files.times.insert("/home/u/.profile".to_owned(), times);
    m.session_asked = session_asked;
    m.caller = env(&[(KEY, "x"), ("SHLVL", "1")]);
    for (pid, ppid, argv, started) in [
        (5, 1, vec!["/usr/lib/systemd/systemd", "--user"], 50),
        (12, 5, vec!["/usr/bin/codex", "app-server"], 100),
    ] {
        let argv: Vec<String> = argv.into_iter().map(str::to_owned).collect();
        let exe = argv[0].clone();
        m.processes.push(MemoryProcess {
            pid,
            ppid,
            exe,
            argv,
            env: Some(env(&[])),
            started_at: at(started),
        });
    }
    diagnosed(m, &asked()).1
}

/// nix-community/home-manager#1011: a session that ran no login shell.
#[test]
fn a_session_without_a_login_shell_skips_the_profile() {
    let report = diagnose(true, 10);
    let first = &report.findings[0];
    assert_eq!(first.code, Code::EnvSessionSkipsProfile, "{first:?}");
    let source = first.at.iter().find(|a| a.kind == AtKind::Source).unwrap();
    assert_eq!((source.path.as_deref(), source.line), (Some("/home/u/.profile"), Some(1)));
    assert!(first.fixes.iter().any(|f| f.id == "set-in-environment-d"));
}

#[test]
fn it_is_not_claimed_of_a_session_that_was_not_asked_or_is_older_than_the_file() {
    let codes = |r: &Report| r.findings.iter().map(|f| f.code).collect::<Vec<_>>();
    assert!(!codes(&diagnose(false, 10)).contains(&Code::EnvSessionSkipsProfile));
    assert!(!codes(&diagnose(true, 70)).contains(&Code::EnvSessionSkipsProfile));
}
