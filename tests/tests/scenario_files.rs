//! The scenario files themselves: a misspelt key or code would make one assert less than it seems to.
#![allow(clippy::unwrap_used, reason = "a test ends at what fails")]
#![allow(clippy::disallowed_methods, reason = "the test reads the suite's own files")]

use envsplit_model::Code;
use envsplit_tests::programs;
use envsplit_tests::scenario::Scenario;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The keys of the format, by table; `files`, `modes`, `links` and `etc` have keys of their own.
const KEYS: [(&str, &[&str]); 11] = [
    (
        "",
        &[
            "id", "title", "from", "needs", "wsl", "files", "modes", "links", "etc", "step", "truth",
            "check", "expect", "heal",
        ],
    ),
    (
        "step",
        &[
            "start", "write", "sleep", "stop", "run", "argv", "env", "cwd", "ready", "within", "root",
            "text", "append", "may_fail",
        ],
    ),
    ("truth", &["argv", "env", "cwd", "root", "within", "exit", "has", "lacks"]),
    ("check", &["argv", "env", "cwd", "within"]),
    ("heal", &["code", "env", "healed", "exit"]),
    ("healed", &["argv", "env", "cwd", "root", "within", "exit", "has", "lacks"]),
    ("expect", &["exit", "verdict", "first", "finding", "no", "place"]),
    ("first", &["code", "subject", "from", "to", "at", "fix"]),
    ("finding", &["code", "subject", "from", "to", "at", "fix"]),
    ("place", &["id", "role", "pid", "env", "codex"]),
    ("at", &["as", "path", "line", "pid"]),
];

fn files() -> Vec<PathBuf> {
    let dir = programs::repository().join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 60, "{} scenario files", files.len());
    files
}

fn unknown_keys(table: &str, value: &toml::Value, found: &mut Vec<String>) {
    match value {
        toml::Value::Array(all) => all.iter().for_each(|v| unknown_keys(table, v, found)),
        toml::Value::Table(entries) => {
            let Some((_, known)) = KEYS.iter().find(|(name, _)| *name == table) else { return };
            for (key, value) in entries {
                if !known.contains(&key.as_str()) {
                    found.push(format!("{table}.{key}"));
                }
                unknown_keys(key, value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_scenario_is_well_formed_and_has_a_name_of_its_own() {
    let mut ids = BTreeMap::new();
    for file in files() {
        let scenario = Scenario::read(&file).unwrap();
        let mut unknown = Vec::new();
        let text = std::fs::read_to_string(&file).unwrap();
        unknown_keys("", &toml::Value::Table(text.parse().unwrap()), &mut unknown);
        assert_eq!(unknown, Vec::<String>::new(), "{}", file.display());
        assert!(!scenario.title.is_empty() && !scenario.from.is_empty(), "{}: title, from", file.display());
        assert!(!scenario.truth.is_empty(), "{}: no premise", file.display());
        for truth in &scenario.truth {
            let asserts = truth.exit.is_some() || !truth.has.is_empty() || !truth.lacks.is_empty();
            assert!(asserts, "{}: a truth that says nothing", file.display());
        }
        let expect = &scenario.expect;
        assert!(expect.first.is_some() || !expect.no.is_empty(), "{}: expects nothing", file.display());
        assert_eq!(ids.insert(scenario.id.clone(), file), None, "{} twice", scenario.id);
    }
}

#[test]
fn every_code_in_a_scenario_is_registered() {
    for file in files() {
        let scenario = Scenario::read(&file).unwrap();
        let codes = scenario.wanted().flat_map(|w| w.code.all()).chain(&scenario.expect.no);
        for code in codes.filter(|code| !code.contains('*')) {
            assert!(code.parse::<Code>().is_ok(), "{}: `{code}` is not registered", file.display());
        }
    }
}
