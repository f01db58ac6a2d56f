//! Files that no sane user has: `envsplit` answers in time, does not break, and shows nothing of them.
#![allow(clippy::unwrap_used, reason = "a test ends at what fails")]
#![allow(clippy::disallowed_methods, reason = "the test starts the real program in a scratch home")]

use envsplit_tests::home::Home;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const MEGABYTES: usize = 10 << 20;

/// Asks for the report and the config; both must be JSON. Returns the codes found and the exit status of `check`.
fn answers(home: &Home, what: &str) -> (Vec<String>, i32) {
    let ask = |args: &[&str]| {
        let (out, leaks) = home.ask(args, LIMIT).unwrap_or_else(|why| panic!("{what}: {args:?}: {why}"));
        assert_eq!(leaks, Vec::<String>::new(), "{what}: {args:?}");
        assert!([0, 1, 3].contains(&out.code), "{what}: {args:?}: exit {}: {:.500}", out.code, out.text());
        let json: serde_json::Value =
            serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{what}: {args:?}: {e}"));
        (json, out.code)
    };
    let (config, _) = ask(&["config", "--json", "--at", "self"]);
    assert_eq!(config["schema"], "envsplit.config/v1", "{what}");
    let (report, code) = ask(&["check", "--json", "--no-daemon", "--no-shells"]);
    assert_eq!(report["schema"], "envsplit.report/v1", "{what}");
    let findings = report["findings"].as_array().unwrap();
    (findings.iter().filter_map(|f| f["code"].as_str().map(str::to_owned)).collect(), code)
}

#[test]
fn configs_that_codex_refuses_are_reported_as_invalid() {
    let mut home = Home::new().unwrap();
    let secret = home.canary("config");
    let text = format!("key = \"{secret}\"\n");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let cases: [(&str, Vec<u8>); 7] = [
        ("NUL bytes", format!("{text}\0\0 = 1\n").into_bytes()),
        ("UTF-16", utf16),
        ("Latin-1", [text.as_bytes(), b"name = \"\xe9\"\n"].concat()),
        ("an open string", format!("key = \"{secret}\nrest = 1\n").into_bytes()),
        (
            "10 MB in one broken line",
            [b"key = \"".to_vec(), secret.repeat(MEGABYTES / secret.len()).into_bytes()].concat(),
        ),
        ("deep arrays", ["a = ".to_owned(), "[".repeat(200_000)].concat().into_bytes()),
        ("deep tables", ["a = ".to_owned(), "{b=".repeat(100_000)].concat().into_bytes()),
    ];
    for (what, bytes) in cases {
        home.write(".codex/config.toml", &bytes).unwrap();
        let (codes, exit) = answers(&home, what);
        assert_eq!(codes.first().map(String::as_str), Some("config/invalid"), "{what}: {codes:?}");
        assert_eq!(exit, 1, "{what}");
    }
}

#[test]
fn large_configs_are_read() {
    let mut home = Home::new().unwrap();
    let secret = home.canary("config");
    let comment = format!("# {secret}\n").repeat(MEGABYTES / (secret.len() + 3));
    let keys: Vec<_> = (0..100_000).map(|n| format!("key{n} = \"{secret}\"\n")).collect();
    let dotted = format!("model = \"m\"\n{} = 1\n", vec!["a"; 60].join("."));
    for (what, text) in [
        ("10 MB of comments", comment),
        ("100,000 unknown keys", keys.concat()),
        ("a deep dotted key", dotted),
    ] {
        home.write(".codex/config.toml", text).unwrap();
        let (codes, _) = answers(&home, what);
        assert!(!codes.iter().any(|c| c == "config/invalid"), "{what}: {codes:?}");
    }
}

#[test]
fn a_config_that_is_no_file_is_not_taken_for_a_missing_one() {
    let home = Home::new().unwrap();
    std::fs::create_dir(home.path(".codex/config.toml")).unwrap();
    let (codes, exit) = answers(&home, "a directory in its place");
    assert_eq!(codes.first().map(String::as_str), Some("config/invalid"), "{codes:?}");
    assert_eq!(exit, 1);
}

#[test]
fn links_in_a_loop_end() {
    let home = Home::new().unwrap();
    std::os::unix::fs::symlink("config.toml", home.path(".codex/config.toml")).unwrap();
    std::os::unix::fs::symlink(".env", home.path(".codex/.env")).unwrap();
    std::os::unix::fs::symlink(".profile", home.path(".profile")).unwrap();
    answers(&home, "links in a loop");
}

#[test]
fn dotenv_files_of_any_kind_are_survived() {
    let mut home = Home::new().unwrap();
    let secret = home.canary("dotenv");
    let line = format!("AZURE_OPENAI_API_KEY={secret}\n");
    let cases: [(&str, Vec<u8>); 6] = [
        ("10 MB", line.repeat(MEGABYTES / line.len()).into_bytes()),
        ("10 MB in one line", secret.repeat(MEGABYTES / secret.len()).into_bytes()),
        ("NUL bytes", format!("A=\0{secret}\0\n{line}").into_bytes()),
        ("no UTF-8", [b"A=\xff\xfe\n", line.as_bytes()].concat()),
        ("expansion of itself", format!("A={secret}$A$A$A$A\n").repeat(40).into_bytes()),
        ("an open quote", format!("A=\"{secret}\n{line}").into_bytes()),
    ];
    home.write(".codex/config.toml", "model = \"m\"\n").unwrap();
    for (what, bytes) in cases {
        home.write(".codex/.env", &bytes).unwrap();
        answers(&home, what);
    }
}

#[test]
fn start_up_files_of_any_kind_are_survived_when_only_read() {
    let mut home = Home::new().unwrap();
    let secret = home.canary("bashrc");
    let line = format!("export AZURE_OPENAI_API_KEY={secret}\n");
    let cases: [(&str, Vec<u8>); 5] = [
        ("10 MB", line.repeat(MEGABYTES / line.len()).into_bytes()),
        ("deep nesting", ["( ".repeat(100_000), line.clone()].concat().into_bytes()),
        ("deep quotes", ["\"$(".repeat(50_000), line.clone()].concat().into_bytes()),
        ("NUL bytes", format!("\0{line}\0").into_bytes()),
        ("sourcing itself", format!("{line}. ~/.bashrc\n").into_bytes()),
    ];
    for (what, bytes) in cases {
        home.write(".bashrc", &bytes).unwrap();
        home.write(".profile", &bytes).unwrap();
        answers(&home, what);
    }
}
