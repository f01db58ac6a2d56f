//! What the journal writes down, and what it tells.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
mod machine;

use envsplit_daemon::{FILE_NAME, Journal, Limits, Query, read};
use envsplit_model::HostId;
use envsplit_model::history::{Change, History, What};
use jiff::SignedDuration;
use machine::{NAME, lost, report, time};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn open(dir: &Path, seconds: i64) -> Journal {
    let opened = Journal::open(dir, time(seconds));
    assert_eq!(opened.trouble, None);
    opened.journal
}

fn all(dir: &Path) -> History {
    let history = read(dir, &Query::default()).expect("there is a journal");
    assert_eq!(history.trouble, None);
    history
}

fn bytes(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| !e.file_name().to_string_lossy().ends_with("-shm"))
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn what_changed_is_numbered_and_told_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), 0);
    assert_eq!(journal.record(&report(0), time(0)), vec![], "a beginning changes nothing");
    journal.record(&report(1), time(10));
    let written = journal.record(&lost(1), time(20));
    let told = journal.history(&Query::default());
    assert_eq!(told, all(dir.path()), "the agent and a reader beside it say the same");
    assert_eq!(told.begun_at, Some(time(0)));
    let numbers: Vec<_> = told.entries.iter().map(|c| c.seq).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    let newest: Vec<Change> = told.entries.iter().take(written.len()).rev().cloned().collect();
    assert_eq!(newest, written);
    assert!(written.iter().all(|c| c.at == time(20) && c.unchanged_at == Some(time(10)) && !c.unwatched));
    let [failing] = told.failing.as_slice() else { panic!("{:?}", told.failing) };
    assert_eq!((failing.since, failing.last_consistent_at), (time(20), Some(time(10))));
    assert!(matches!(&failing.culprits[0].change.what, What::VariableVanished { name, .. } if name == NAME));
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), 0);
    journal.record(&report(0), time(0));
    journal.record(&report(1), time(1));
    let before = bytes(dir.path());
    for n in 2..500 {
        let mut same = report(1);
        same.generated_at = time(n);
        assert_eq!(journal.record(&same, time(n)), vec![]);
    }
    assert_eq!(bytes(dir.path()), before);
}

#[test]
fn a_new_start_goes_on_where_the_former_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = open(dir.path(), 0);
    first.record(&report(0), time(0));
    first.record(&report(0), time(50));
    first.close();
    let mut second = open(dir.path(), 900);
    let changes = second.record(&report(7), time(1000));
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((change.unchanged_at, change.at, change.unwatched), (Some(time(50)), time(1000), true));
    let next = second.record(&report(8), time(1010));
    assert!(!next[0].unwatched, "now somebody looked");
}

#[test]
fn files_that_were_written_stand_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), 0);
    journal.record(&report(0), time(0));
    let bashrc = (HostId("linux".into()), "/home/u/.bashrc".to_owned());
    journal.record_files(&[bashrc], time(5));
    journal.record(&lost(0), time(6));
    let told = all(dir.path());
    assert!(
        told.entries
            .iter()
            .any(|c| matches!(&c.what, What::FileChanged { path } if path.ends_with(".bashrc")))
    );
}

#[test]
fn a_question_can_be_narrowed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), 0);
    for n in 0..20 {
        journal.record(&report(n), time(i64::try_from(n).unwrap()));
    }
    let told = |query: Query| journal.history(&query).entries.len();
    assert_eq!(told(Query::default()), 19);
    assert_eq!(told(Query { limit: Some(3), ..Query::default() }), 3);
    assert_eq!(told(Query { since: Some(time(15)), ..Query::default() }), 5);
    for (at, wanted) in
        [("codex-app-server", 19), ("linux/process/codex-app-server-4121", 19), ("*/codex-*", 19), ("x", 0)]
    {
        assert_eq!(told(Query { at: Some(at.into()), ..Query::default() }), wanted, "{at}");
    }
}

#[test]
fn the_clock_may_jump() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), 0);
    let year = 365 * 24 * 3600;
    for (n, at) in [(0, 0), (1, 10), (2, 20 * year), (3, 20 * year + 5), (4, 30), (5, 40)] {
        journal.record(&report(n), time(at));
    }
    let told = all(dir.path()).entries;
    let order: Vec<_> = told.iter().rev().map(|c| (c.at, c.note.is_some())).collect();
    let wanted = [(10, false), (20 * year, true), (20 * year + 5, false), (30, true), (40, false)]
        .map(|(t, n)| (time(t), n));
    assert_eq!(order, wanted, "all are there, in the order in which they happened");
}

#[test]
fn what_is_too_old_or_too_much_goes() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { rows: 50, bytes: 32 << 20, age: SignedDuration::from_hours(10) };
    let mut journal = Journal::open_with(dir.path(), time(0), limits).journal;
    for n in 0..300 {
        journal.record(&report(n), time(i64::try_from(n).unwrap()));
    }
    assert_eq!(all(dir.path()).entries.len(), 50, "by number");
    for n in 300..330 {
        journal.record(&report(n), time(300 + (i64::try_from(n).unwrap() - 300) * 3600));
    }
    let left = all(dir.path()).entries;
    assert!((10..=12).contains(&left.len()), "by age: {}", left.len());
    assert!(left[0].seq > 300, "numbers are not used again");
}

#[test]
fn a_large_file_becomes_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { rows: 100_000, bytes: 200_000, age: SignedDuration::from_hours(10) };
    let mut journal = Journal::open_with(dir.path(), time(0), limits).journal;
    for n in 0..3000 {
        journal.record(&report(n), time(0));
    }
    journal.close();
    let size = std::fs::metadata(dir.path().join(FILE_NAME)).unwrap().len();
    assert!(size < 600_000, "{size}");
    assert!(!all(dir.path()).entries.is_empty());
}

#[test]
fn only_the_user_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("a/data");
    let mut journal = open(&home, 0);
    journal.record(&report(0), time(0));
    assert_eq!(std::fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&home).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn there_may_be_none() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read(dir.path(), &Query::default()), None);
    assert_eq!(read(&dir.path().join("nowhere"), &Query::default()), None);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a reader makes nothing");
}
