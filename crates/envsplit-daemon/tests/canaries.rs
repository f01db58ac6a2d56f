//! No value of a variable, and no secret of a config, is in any byte that the journal writes or tells.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
#[path = "../../envsplit-engine/tests/machine/mod.rs"]
mod asked;

use envsplit_daemon::{Journal, Query};
use envsplit_model::Report;
use envsplit_system::{MemoryProcess, MemorySystem};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;

/// A machine whose secrets all hold `canary`, with Codex in an IDE.
fn machine(canary: &str, with_key: bool) -> Report {
    let mut m = MemorySystem::new();
    let config = format!(
        "model_provider = \"azure\"\n[model_providers.azure]\nname = \"Azure\"\nenv_key = \"AZURE_OPENAI_API_KEY\"\n\
         base_url = \"https://x.openai.azure.com/openai/v1?sig={canary}\"\nexperimental_bearer_token = \"{canary}\"\n\
         http_headers = {{ \"api-key\" = \"{canary}\" }}\n[mcp_servers.x]\ncommand = \"x\"\nenv = {{ TOKEN = \"{canary}\" }}\n"
    );
    for (path, text) in [
        ("/home/u/.codex/config.toml", config),
        ("/home/u/.codex/.env", format!("OTHER_KEY={canary}\n")),
        ("/home/u/.bashrc", format!("export AZURE_OPENAI_API_KEY={canary}\n")),
    ] {
        m.files.files.insert(path.to_owned(), Ok(text.into_bytes()));
    }
    m.values.insert(("/home/u/.bashrc".into(), 1), canary.to_owned());
    let plain = [("HOME", "/home/u"), ("SHELL", "/bin/bash"), ("PATH", "/usr/bin:/bin")];
    let mut env: Vec<(String, String)> =
        plain.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    env.push(("HTTPS_PROXY".into(), format!("http://user:{canary}@proxy:1")));
    if with_key {
        env.push(("AZURE_OPENAI_API_KEY".into(), canary.to_owned()));
    }
    m.caller.clone_from(&env);
    let out = "/home/u/.vscode-server/bin/c/out";
    let (main, fork) = (format!("{out}/server-main.js"), format!("{out}/bootstrap-fork"));
    let codex = "/home/u/.vscode-server/extensions/openai.chatgpt/bin/codex";
    let argv: [(&[&str], u32); 3] = [
        (&["/usr/bin/node", &main], 1),
        (&["/usr/bin/node", &fork, "--type=extensionHost"], 10),
        (&[codex, "app-server"], 11),
    ];
    for (pid, (argv, ppid)) in (10..).zip(argv) {
        m.processes.push(MemoryProcess {
            pid,
            ppid,
            exe: argv[0].to_owned(),
            argv: argv.iter().map(|a| (*a).to_owned()).collect(),
            env: Some(env.clone()),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100),
        });
    }
    asked::diagnosed(m, &asked::asked()).1
}

#[test]
fn no_canary_is_in_the_journal() {
    let canaries = ["sk-canary-5f1c", "sk-canary-9b27", "sk-canary-e044"];
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), Timestamp::UNIX_EPOCH).journal;
    let mut told = String::new();
    for (n, (canary, with_key)) in
        (0..).zip([(canaries[0], true), (canaries[1], true), (canaries[1], false), (canaries[2], true)])
    {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(n);
        let changes = journal.record(&machine(canary, with_key), now);
        assert_eq!(changes.is_empty(), n == 0, "each look finds something");
        write!(told, "{changes:?}{journal:?}").unwrap();
        told.push_str(&serde_json::to_string(&journal.history(&Query::default())).unwrap());
    }
    assert!(told.contains("variable-vanished") && told.contains("AZURE_OPENAI_API_KEY"));
    let mut bytes = told.into_bytes();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    for canary in canaries {
        let planted = canary.as_bytes();
        assert!(!bytes.windows(planted.len()).any(|w| w == planted), "{canary}");
    }
}
