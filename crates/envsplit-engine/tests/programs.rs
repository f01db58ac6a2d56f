//! Programs on a PATH, on a machine in memory.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod machine;

use envsplit_model::{Code, Report};
use envsplit_system::MemorySystem;
use machine::{asked, diagnosed};

/// npm's `codex`, a script that asks PATH for `node`; a terminal's PATH is `typed`, the caller's is `caller`.
fn diagnose(typed: &str, caller: &str) -> Report {
    let mut m = MemorySystem::new();
    for (path, text) in [
        ("/opt/npm/codex", "#!/usr/bin/env node\n"),
        ("/opt/nvm/node", "\u{7f}ELF"),
        ("/home/u/.bashrc", "export PATH=/x\nexport AZURE=1\n"),
        ("/home/u/.codex/config.toml", "model = \"m\"\n"),
    ] {
        m.files.files.insert(path.to_owned(), Ok(text.as_bytes().to_vec()));
    }
    m.values.insert(("/home/u/.bashrc".to_owned(), 1), typed.to_owned());
    m.caller.retain(|(name, _)| name != "PATH");
    m.caller.push(("PATH".to_owned(), caller.to_owned()));
    diagnosed(m, &asked()).1
}

fn summary(report: &Report) -> Option<String> {
    let finding = report.findings.iter().find(|f| f.code == Code::EnvPathManager)?;
    Some(finding.summary.clone())
}

#[test]
fn codex_without_the_node_that_runs_it_is_named() {
    let summary = summary(&diagnose("/opt/nvm:/opt/npm:/bin", "/opt/npm:/bin")).unwrap();
    assert!(summary.contains("`node` at /opt/nvm/node"), "{summary}");
}

#[test]
fn codex_on_one_path_alone_is_named() {
    let summary = summary(&diagnose("/opt/nvm:/opt/npm:/bin", "/bin")).unwrap();
    assert!(summary.contains("`codex` at /opt/npm/codex"), "{summary}");
}

#[test]
fn what_both_find_and_what_neither_finds_is_no_finding() {
    for (typed, caller) in
        [("/opt/nvm:/opt/npm", "/opt/npm:/opt/nvm"), ("/bin", "/bin"), ("/opt/npm", "/opt/npm")]
    {
        assert_eq!(summary(&diagnose(typed, caller)), None, "{typed} and {caller}");
    }
}
