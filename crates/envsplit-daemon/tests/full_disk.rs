//! A full disk, a disk that can only be read: the journal says so, waits, and goes on later. In a mount namespace, where
//! a file system of 300 KB can be had; skipped where ordinary users may not make one.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
mod machine;

use envsplit_daemon::{FILE_NAME, Journal, Query};
use machine::{report, time};
use rustix::mount::{MountFlags, mount, mount_remount};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

const INSIDE: &str = "ENVSPLIT_TEST_INSIDE";

fn main() -> ExitCode {
    if let Some(dir) = std::env::var_os(INSIDE) {
        full(Path::new(&dir));
        read_only(Path::new(&dir));
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|a| a == "--list") {
        println!("full_disk: test");
        return ExitCode::SUCCESS;
    }
    let isolated = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]);
        command
    };
    if !isolated().arg("true").output().is_ok_and(|o| o.status.success()) {
        println!("skipped: full_disk: this machine does not let this user make namespaces");
        return ExitCode::SUCCESS;
    }
    let dir = tempfile::tempdir().unwrap();
    let status = isolated().arg(std::env::current_exe().unwrap()).env(INSIDE, dir.path()).status().unwrap();
    assert!(status.success());
    println!("a full disk and a read-only one: said, waited for, gone on");
    ExitCode::SUCCESS
}

fn small_disk(dir: &Path) {
    mount("tmpfs", dir, "tmpfs", MountFlags::empty(), Some(c"size=300k,mode=0700")).unwrap();
}

fn full(dir: &Path) {
    small_disk(dir);
    let mut journal = Journal::open(dir, time(0)).journal;
    journal.record(&report(0), time(0));
    journal.record(&report(1), time(1));
    assert_eq!(journal.trouble(), None);
    let ballast = dir.join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    while file.write_all(&[7; 512]).is_ok() {}
    drop(file);
    let mut n = 2;
    // What SQLite had reserved is used up first.
    while journal.trouble().is_none() {
        assert!(n < 2000, "the disk never becomes full");
        journal.record(&report(n), time(2));
        n += 1;
    }
    assert!(journal.trouble().unwrap().contains("full"), "{:?}", journal.trouble());
    assert_eq!(journal.record(&report(n + 1), time(10)), vec![], "it waits");
    assert_eq!(journal.record(&report(n + 1), time(70)), vec![], "it tries again, in vain");
    assert!(journal.trouble().is_some());

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(journal.record(&report(n + 1), time(80)), vec![], "it waits from the last attempt on");
    let changes = journal.record(&report(n + 1), time(200));
    let [change] = changes.as_slice() else { panic!("{changes:?} {:?}", journal.trouble()) };
    assert!(change.unwatched && change.unchanged_at.is_some_and(|t| t <= time(2)), "{change:?}");
    assert_eq!(journal.trouble(), None);
    assert_eq!(journal.history(&Query::default()).entries[0], *change);
    let aside = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name());
    assert!(!aside.into_iter().any(|n| n.to_string_lossy().contains("corrupt")), "a full disk is no damage");
}

fn read_only(dir: &Path) {
    small_disk(dir);
    let protect = |flags| mount_remount(dir, flags, c"").unwrap();
    protect(MountFlags::RDONLY);
    let opened = Journal::open(dir, time(0));
    assert!(opened.trouble.is_some());
    let mut journal = opened.journal;
    assert_eq!(journal.record(&report(0), time(1)), vec![]);
    protect(MountFlags::empty());
    journal.record(&report(0), time(100));
    assert_eq!(journal.trouble(), None);
    assert_eq!(journal.record(&report(1), time(101)).len(), 1);
    journal.close();

    protect(MountFlags::RDONLY);
    let opened = Journal::open(dir, time(200));
    assert!(opened.trouble.is_some());
    let told = envsplit_daemon::read(dir, &Query::default()).unwrap();
    assert_eq!((told.entries.len(), told.trouble), (1, None), "it can still be read");
    assert!(dir.join(FILE_NAME).exists(), "a read-only disk is no damage");
}
