//! Whatever befalls the file: it is said, what was damaged is set aside, and the journal goes on.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
mod machine;

use envsplit_daemon::{FILE_NAME, Journal, Query};
use envsplit_model::history::Change;
use machine::{report, time};
use std::path::Path;

/// A journal's files, still open and after its end, with its changes.
struct Sample {
    open: Vec<(String, Vec<u8>)>,
    closed: Vec<u8>,
    changes: Vec<Change>,
}

fn sample() -> Sample {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), time(0)).journal;
    for n in 0..40 {
        journal.record(&report(n), time(i64::try_from(n).unwrap()));
    }
    let open = ["", "-wal"].map(|end| {
        let name = format!("{FILE_NAME}{end}");
        let bytes = std::fs::read(dir.path().join(&name)).unwrap();
        (name, bytes)
    });
    let changes = journal.history(&Query::default()).entries;
    assert_eq!(changes.len(), 39, "{:?}", journal.trouble());
    journal.close();
    Sample { open: open.into(), closed: std::fs::read(dir.path().join(FILE_NAME)).unwrap(), changes }
}

/// Opens what lies in `dir`; whether it was set aside. Nothing is told that was not written, and it goes on. What is
/// missing from a `whole` file is said.
fn survives(dir: &Path, sample: &Sample, whole: bool, what: &str) -> bool {
    let opened = Journal::open(dir, time(100));
    let mut journal = opened.journal;
    let newer = opened.trouble.as_ref().is_some_and(|t| t.contains("newer version"));
    let told = journal.history(&Query::default());
    for change in &told.entries {
        assert!(sample.changes.contains(change), "{what}: {change:?} was never written");
    }
    let aside = std::fs::read_dir(dir)
        .unwrap()
        .any(|e| e.unwrap().file_name().to_string_lossy().starts_with(&format!("{FILE_NAME}.corrupt-")));
    assert_eq!(aside, opened.trouble.is_some() && !newer, "{what}: {:?}", opened.trouble);
    if whole && !newer && !aside {
        let missing = told.entries.len() < sample.changes.len();
        assert_eq!(missing, told.trouble.is_some(), "{what}: {:?}", told.trouble);
    }
    journal.record(&report(1000), time(101));
    let next = journal.record(&report(1001), time(102));
    // A format of the future is left alone, were it by accident.
    assert_eq!(next.is_empty(), newer, "{what}: {:?} {:?}", opened.trouble, journal.trouble());
    assert!(newer || journal.history(&Query::default()).entries.contains(&next[0]), "{what}");
    aside
}

#[test]
fn a_flipped_bit_anywhere() {
    let sample = sample();
    let mut aside = 0;
    let step = if std::env::var_os("ENVSPLIT_ROUNDS").is_some() { 1 } else { 397 };
    let header = 0..110;
    let positions = header.chain((110..sample.closed.len()).step_by(step));
    for position in positions {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = sample.closed.clone();
        bytes[position] ^= 1 << (position % 8);
        std::fs::write(dir.path().join(FILE_NAME), bytes).unwrap();
        aside += usize::from(survives(dir.path(), &sample, true, &format!("bit at {position}")));
    }
    assert!(aside > 20, "{aside}");
}

#[test]
fn a_flipped_bit_in_what_was_not_moved_yet() {
    let sample = sample();
    for (file, step) in [(0, 811), (1, 4001)] {
        for position in (0..sample.open[file].1.len()).step_by(step) {
            let dir = tempfile::tempdir().unwrap();
            for (n, (name, bytes)) in sample.open.iter().enumerate() {
                let mut bytes = bytes.clone();
                if n == file {
                    bytes[position] ^= 0x10;
                }
                std::fs::write(dir.path().join(name), bytes).unwrap();
            }
            survives(dir.path(), &sample, false, &format!("bit at {position} of {}", sample.open[file].0));
        }
    }
}

#[test]
fn cut_off_anywhere() {
    let sample = sample();
    let mut aside = 0;
    for length in (1..sample.closed.len()).step_by(1019) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE_NAME), &sample.closed[..length]).unwrap();
        // Where no page in use is cut, nothing is lost and nothing is said.
        aside += usize::from(survives(dir.path(), &sample, true, &format!("cut at {length}")));
    }
    assert!(aside > 20, "{aside}");
}

#[test]
fn another_file_in_its_place() {
    let sample = sample();
    let garbage: Vec<u8> = (0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
    for bytes in [garbage, b"model = \"x\"\n".to_vec(), vec![0; 8192], b"SQLite format 3\0".to_vec()] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE_NAME), &bytes).unwrap();
        assert!(survives(dir.path(), &sample, true, "garbage"));
        let kept: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.to_string_lossy().contains("corrupt-"))
            .collect();
        assert_eq!(std::fs::read(&kept[0]).unwrap(), bytes, "it is kept as it was");
    }
}

#[test]
fn a_newer_versions_file_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), time(0)).journal;
    journal.record(&report(0), time(0));
    journal.close();
    let path = dir.path().join(FILE_NAME);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    db.execute_batch("CREATE TABLE unheard_of (x)").unwrap();
    db.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let opened = Journal::open(dir.path(), time(1));
    let trouble = opened.trouble.unwrap();
    assert!(trouble.contains("newer version") && trouble.contains("99"), "{trouble}");
    let mut journal = opened.journal;
    assert_eq!(journal.record(&report(1), time(1000)), vec![]);
    journal.close();
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let told = envsplit_daemon::read(dir.path(), &Query::default()).unwrap();
    assert!(told.trouble.unwrap().contains("newer version"));
}

#[test]
fn few_damaged_files_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..6 {
        std::fs::write(dir.path().join(FILE_NAME), format!("garbage {n}")).unwrap();
        assert!(Journal::open(dir.path(), time(n)).trouble.unwrap().contains("corrupt-"));
    }
    let kept = std::fs::read_dir(dir.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("corrupt-"));
    assert_eq!(kept.count(), 3);
}

#[test]
fn a_planted_link_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other");
    std::fs::write(&other, "precious").unwrap();
    let home = dir.path().join("data");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::symlink(&other, home.join(FILE_NAME)).unwrap();
    let opened = Journal::open(&home, time(0));
    assert!(opened.trouble.unwrap().contains("not this user's own"));
    assert_eq!(std::fs::read(&other).unwrap(), b"precious");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path().join("elsewhere"), &link).unwrap();
    assert!(Journal::open(&link, time(0)).trouble.is_some());
    assert!(!dir.path().join("elsewhere").exists());
}

#[test]
fn a_strangers_folder_is_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: a stranger's folder can be made by root alone");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("data");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(61_235), Some(61_235)).unwrap();
    let opened = Journal::open(&home, time(0));
    assert!(opened.trouble.unwrap().contains("user 61235 owns it"));
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0);
}
