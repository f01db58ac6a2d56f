//! `envsplit history` with a journal, without one, and with one that cannot be read.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own program
#[path = "../../envsplit-daemon/tests/machine/mod.rs"]
mod machine;

use envsplit_daemon::{FILE_NAME, Journal};
use envsplit_model::history::{Line, Says};
use machine::{NAME, lost, report, time};
use std::path::Path;
use std::process::{Command, Output};

fn envsplit(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_envsplit"))
        .env_clear()
        .env("HOME", "/home/u")
        .env("TZ", "UTC")
        .env("ENVSPLIT_DATA_DIR", dir)
        .arg("history")
        .args(args)
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn journal(dir: &Path) {
    let mut journal = Journal::open(dir, time(0)).journal;
    for (seconds, report) in [(0, report(0)), (600, report(1)), (1200, lost(1))] {
        journal.record(&report, time(seconds));
    }
}

#[test]
fn people_read_since_when_and_most_likely_why() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path());
    let (code, out, err) = envsplit(dir.path(), &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Since 2026-11-20 08:20 `AZURE_OPENAI_API_KEY` does not work for Codex app-server (pid 4121)",
        "It did until 2026-11-20 08:10.",
        "Most likely: 2026-11-20 08:20, Codex app-server (pid 4121): `AZURE_OPENAI_API_KEY` is no longer set",
        "the config's `model` is \"m1\" (~/.codex/config.toml:2); it was \"m0\"",
        "the journal goes back to 2026-11-20 08:00",
    ] {
        assert!(flat.contains(words), "{words}\n{out}");
    }
}

#[test]
fn scripts_read_one_object_a_line() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path());
    let lines = |args: &[&str]| -> Vec<Line> {
        let (code, out, _) = envsplit(dir.path(), args);
        assert_eq!(code, Some(0));
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&["--json"]);
    assert!(matches!(&all[0].says, Says::Failing(f) if f.subject.name == NAME && f.since == time(1200)));
    let numbers: Vec<_> = all
        .iter()
        .filter_map(|l| match &l.says {
            Says::Change(c) => Some(c.seq),
            Says::Failing(_) => None,
        })
        .collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    assert_eq!(lines(&["--json", "--limit", "2"]).len(), 3);
    assert_eq!(lines(&["--json", "--since", "2026-11-20T08:15:00Z"]).len(), 4);
    assert_eq!(lines(&["--json", "--at", "codex-cli"]).len(), 0);
    assert_eq!(lines(&["--json", "--at", "codex-app-server"]).len(), 4);
}

#[test]
fn without_a_journal_it_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = envsplit(dir.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err.contains("envsplit daemon start"), "{err}");
}

#[test]
fn a_journal_that_cannot_be_read_is_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE_NAME), "garbage".repeat(1000)).unwrap();
    let (code, out, err) = envsplit(dir.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(err.contains("damaged") && err.contains(FILE_NAME), "{err}");
    assert_eq!(envsplit(dir.path(), &["--since", "soon"]).0, Some(2));
}
