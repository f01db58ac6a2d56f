//! A journal of each format that was ever in use is read by this version, and goes on.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
mod machine;

use envsplit_daemon::{FILE_NAME, Journal, Query, read};
use envsplit_model::history::What;
use machine::{NAME, lost, report, time};
use std::path::PathBuf;

fn sample(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/data/journal/v{format}.sqlite3"))
}

#[test]
fn format_1() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(sample(1), dir.path().join(FILE_NAME)).unwrap();
    let told = read(dir.path(), &Query::default()).unwrap();
    assert_eq!(told.trouble, None);
    let kinds: Vec<_> = told
        .entries
        .iter()
        .map(|c| (c.seq, serde_json::to_value(c).unwrap()["kind"].as_str().unwrap().to_owned()))
        .collect();
    let wanted = ["verdict-changed", "finding-appeared", "variable-vanished", "config-value-changed"];
    assert_eq!(kinds, (1..=4).rev().zip(wanted.map(str::to_owned)).collect::<Vec<_>>());
    assert_eq!((told.begun_at, told.failing.len()), (Some(time(0)), 1));
    assert_eq!((told.failing[0].since, told.failing[0].last_consistent_at), (time(20), Some(time(10))));

    let opened = Journal::open(dir.path(), time(100));
    assert_eq!(opened.trouble, None);
    let mut journal = opened.journal;
    let changes = journal.record(&report(1), time(110));
    assert!(changes.iter().any(|c| matches!(&c.what, What::VariableAppeared { name, .. } if name == NAME)));
    assert!(
        changes.iter().all(|c| c.unwatched && c.unchanged_at == Some(time(20)) && c.seq > 4),
        "{changes:?}"
    );
}

/// Makes the sample of the present format, once: what was in use is never written again.
#[test]
#[ignore = "writes into the tests' data"]
fn make() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), time(0)).journal;
    for (seconds, report) in [(0, report(0)), (10, report(1)), (20, lost(1))] {
        journal.record(&report, time(seconds));
    }
    journal.close();
    let path = sample(1);
    assert!(!path.exists(), "it is frozen");
    std::fs::copy(dir.path().join(FILE_NAME), path).unwrap();
}
