//! One daemon of many starts: a lock that the daemon holds for life, and one that those hold who start it.
//!
//! Both are locks of the operating system on files that are never removed, so a process that dies in any way lets go of
//! them, and nothing stale can stand in the way.
#![allow(clippy::disallowed_methods)] // waiting for a lock needs a clock

use crate::place::{PlaceError, RuntimeDir};
use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

/// How long a starter waits before it looks at a lock again.
const PAUSE: Duration = Duration::from_millis(3);

/// For how long a daemon tries for the life lock.
const MOMENT: Duration = Duration::from_millis(150);

/// Why a lock is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another {0} holds `{1}`")]
    Held(&'static str, String),
    /// Its file is not to be had.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The file system has no locks.
    #[error("`{path}` cannot be locked: {source}; set ENVSPLIT_RUNTIME_DIR to a folder on a local disk")]
    Unsupported {
        /// The file.
        path: String,
        /// In the system's words.
        source: std::io::Error,
    },
}

/// Held by the daemon as long as it lives. Only its holder may remove or bind the socket.
#[derive(Debug)]
pub struct LifeLock(#[allow(dead_code)] File);

impl LifeLock {
    /// Takes it. Whoever only asks whether it is held has it for an instant, so a lock that is held is tried for again
    /// for a moment.
    pub fn take(dir: &RuntimeDir) -> Result<Self, LockError> {
        let until = Instant::now() + MOMENT;
        loop {
            match Self::at_once(dir) {
                Err(LockError::Held(..)) if Instant::now() < until => std::thread::sleep(PAUSE),
                other => return other,
            }
        }
    }

    /// Whether some process holds it.
    pub fn is_held(dir: &RuntimeDir) -> Result<bool, LockError> {
        match Self::at_once(dir) {
            Ok(_) => Ok(false),
            Err(LockError::Held(..)) => Ok(true),
            Err(e) => Err(e),
        }
    }

    fn at_once(dir: &RuntimeDir) -> Result<Self, LockError> {
        take(dir, "daemon.lock", "daemon").map(Self)
    }
}

/// Held by those who start or stop the daemon, one at a time.
#[derive(Debug)]
pub struct StarterLock(#[allow(dead_code)] File);

impl StarterLock {
    /// Takes it, at the latest when `until` has come.
    pub fn take(dir: &RuntimeDir, until: Instant) -> Result<Self, LockError> {
        loop {
            match take(dir, "starter.lock", "start of the daemon") {
                Err(LockError::Held(..)) if Instant::now() < until => std::thread::sleep(PAUSE),
                other => return other.map(Self),
            }
        }
    }
}

fn take(dir: &RuntimeDir, name: &str, who: &'static str) -> Result<File, LockError> {
    let file = dir.lock_file(name)?;
    let path = || dir.path().join(name).display().to_string();
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Held(who, path())),
        Err(TryLockError::Error(source)) => Err(LockError::Unsupported { path: path(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_its_end_lets_go() {
        let home = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::make(&home.path().join("run")).unwrap();
        let held = LifeLock::take(&dir).unwrap();
        assert!(matches!(LifeLock::take(&dir), Err(LockError::Held(..))));
        assert!(LifeLock::is_held(&dir).unwrap());
        drop(held);
        assert!(!LifeLock::is_held(&dir).unwrap());
        assert!(dir.path().join("daemon.lock").exists(), "the file stays");
    }

    #[test]
    fn a_starter_waits_until_its_deadline() {
        let home = tempfile::tempdir().unwrap();
        let dir = RuntimeDir::make(&home.path().join("run")).unwrap();
        let first = StarterLock::take(&dir, Instant::now()).unwrap();
        assert!(matches!(StarterLock::take(&dir, Instant::now()), Err(LockError::Held(..))));
        let path = dir.path().to_owned();
        let second = std::thread::spawn(move || {
            let dir = RuntimeDir::open(&path).unwrap();
            StarterLock::take(&dir, Instant::now() + Duration::from_secs(20)).is_ok()
        });
        drop(first);
        assert!(second.join().unwrap());
    }
}
