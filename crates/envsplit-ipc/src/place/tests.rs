//! Folders that are refused, and what is said of them.
#![allow(clippy::disallowed_methods)] // reason: a test plants files of its own
use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

fn mode(path: &Path, bits: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("e").tempdir_in("/tmp").unwrap()
}

#[test]
fn the_folder_is_made_private_with_those_above_it() {
    let home = scratch();
    let path = home.path().join(".local/state/envsplit/run");
    assert!(matches!(RuntimeDir::open(&path), Err(PlaceError::Missing(_))));
    let made = RuntimeDir::make(&path).unwrap();
    assert_eq!(made.socket(), path.join("envsplit.sock"));
    for part in ["", "..", "../..", "../../.."] {
        let found = path.join(part).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(found, 0o700, "{part}");
    }
    assert!(RuntimeDir::open(&path).is_ok() && RuntimeDir::make(&path).is_ok(), "twice is no fault");
    assert!(!made.has_socket().unwrap());
}

#[test]
fn what_others_could_have_a_hand_in_is_refused() {
    let home = scratch();
    let real = home.path().join("real");
    RuntimeDir::make(&real).unwrap();
    let link = home.path().join("link");
    symlink(&real, &link).unwrap();
    let said = RuntimeDir::make(&link).expect_err("a link").to_string();
    assert!(said.contains("is a link, not a folder"), "{said}");

    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let said = RuntimeDir::make(&file).expect_err("a file").to_string();
    assert!(said.contains("is a file, not a folder"), "{said}");

    for bits in [0o750, 0o701, 0o770] {
        mode(&real, bits);
        let said = RuntimeDir::open(&real).expect_err("rights").to_string();
        assert!(said.contains("run `chmod 700 '"), "{said}");
    }
    mode(&real, 0o700);
    mode(home.path(), 0o777);
    let said = RuntimeDir::open(&real).expect_err("an open folder above").to_string();
    assert!(said.contains("chmod o-w"), "{said}");
    mode(home.path(), 0o1777);
    assert!(RuntimeDir::open(&real).is_ok(), "the sticky bit keeps others off");

    // As seen by another user: the same look, asked for an owner that this process is not.
    let said = RuntimeDir::walk(&real, own_uid() + 1, false).expect_err("another owner").to_string();
    assert!(said.contains("belongs to user"), "{said}");
}

#[test]
fn a_planted_socket_is_refused() {
    let home = scratch();
    let dir = RuntimeDir::make(&home.path().join("run")).unwrap();
    let elsewhere = home.path().join("other.sock");
    let _listener = UnixListener::bind(&elsewhere).unwrap();
    symlink(&elsewhere, dir.socket()).unwrap();
    let said = dir.has_socket().expect_err("a link").to_string();
    assert!(said.contains("is a link, not a socket"), "{said}");
    std::fs::remove_file(dir.socket()).unwrap();
    std::fs::write(dir.socket(), "").unwrap();
    assert!(matches!(dir.has_socket(), Err(PlaceError::Kind { .. })));
    std::fs::remove_file(dir.socket()).unwrap();
    let _own = UnixListener::bind(dir.socket()).unwrap();
    mode(&dir.socket(), 0o666);
    assert!(matches!(dir.has_socket(), Err(PlaceError::Mode { expected: 0o600, .. })));
    mode(&dir.socket(), 0o600);
    assert!(dir.has_socket().unwrap());
}

#[test]
fn locks_are_no_links() {
    let home = scratch();
    let dir = RuntimeDir::make(&home.path().join("run")).unwrap();
    let target = home.path().join("target");
    symlink(&target, dir.path().join("daemon.lock")).unwrap();
    assert!(matches!(dir.lock_file("daemon.lock"), Err(PlaceError::Kind { found: "a link", .. })));
    assert!(!target.exists(), "nothing is made behind a link");
}

#[test]
fn paths_that_no_socket_can_have_are_told() {
    let long = Path::new("/tmp").join("d".repeat(100));
    let said = RuntimeDir::make(&long).expect_err("too long").to_string();
    assert!(said.contains("107") && said.contains("ENVSPLIT_RUNTIME_DIR"), "{said}");
    for path in ["run", "/", "/tmp/../tmp/x", ""] {
        assert!(matches!(RuntimeDir::make(Path::new(path)), Err(PlaceError::Relative(_))), "{path}");
    }
}
