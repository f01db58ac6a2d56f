//! Starting and stopping the daemon: one of many starters does it, the others find it there.
#![allow(clippy::disallowed_methods)] // a daemon is started by running its program; deadlines need a clock

mod spawn;

use crate::client::{Answer, CallError, Client, Unreachable};
use crate::lock::{LifeLock, LockError, StarterLock};
use crate::place::{PlaceError, RuntimeDir};
use crate::protocol::{Empty, methods};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a starter waits before it looks again whether the daemon is there.
const PAUSE: Duration = Duration::from_millis(5);

/// How long one handshake may take while a daemon comes up.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// Why there is no daemon of this version.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder is not to be trusted, or not to be had.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Other starters have held the lock for the whole time.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its program does not run.
    #[error("`{program}` does not start: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// In the system's words.
        source: std::io::Error,
    },
    /// It is not there in time.
    #[error("the daemon is not there after {0:?}: {1}; `envsplit daemon run` in a terminal says why")]
    Late(Duration, String),
    /// It is of another version, and was not to be replaced.
    #[error("{0}; `envsplit daemon restart` starts this version")]
    OtherVersion(String),
    /// It did not end.
    #[error("the daemon (pid {pid}) has not ended after {limit:?}; end that process, then try again")]
    WillNotEnd {
        /// Its process; 0 where it does not say.
        pid: u32,
        /// The time that it had.
        limit: Duration,
    },
}

/// What to start, and for whom.
#[derive(Clone, Debug)]
pub struct Starter {
    /// The folder of the socket.
    pub dir: PathBuf,
    /// The program that is run as `PROGRAM daemon run`.
    pub program: PathBuf,
    /// Which program asks.
    pub name: String,
    /// End a daemon of another version, and start this one.
    pub replace: bool,
}

impl Starter {
    /// The daemon of this version: the one that runs, else one that is started, with all of it done within `limit`.
    /// However many ask at once, one daemon comes of it.
    pub fn start(&self, limit: Duration) -> Result<Client, StartError> {
        let until = Instant::now() + limit;
        if let Some(client) = self.there(until)? {
            return Ok(client);
        }
        let dir = RuntimeDir::make(&self.dir)?;
        let _starting = StarterLock::take(&dir, until)?;
        // Another starter may have done it meanwhile.
        if let Some(client) = self.there(until)? {
            return Ok(client);
        }
        if self.replace && LifeLock::is_held(&dir)? {
            self.end(&dir, until, limit)?;
        }
        let mut spawned = false;
        loop {
            // One that holds the lock and does not answer is coming up, or going: then the lock comes free.
            if !spawned && !LifeLock::is_held(&dir)? {
                spawn::detached(&self.program)
                    .map_err(|source| StartError::Spawn { program: self.program.clone(), source })?;
                spawned = true;
            }
            match Client::connect(&self.dir, &self.name, left(until).min(HANDSHAKE)) {
                Answer::Ready(client) => return Ok(client),
                Answer::NeedsRestart { reason, .. } => return Err(StartError::OtherVersion(reason)),
                Answer::Unreachable(why) => {
                    if left(until).is_zero() {
                        return Err(StartError::Late(limit, why.to_string()));
                    }
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    /// Ends the daemon, of whichever version; `false` where none ran.
    pub fn stop(&self, limit: Duration) -> Result<bool, StartError> {
        let dir = match RuntimeDir::open(&self.dir) {
            Ok(dir) => dir,
            Err(PlaceError::Missing(_)) => return Ok(false),
            Err(e) => return Err(e.into()),
        };
        let until = Instant::now() + limit;
        let _starting = StarterLock::take(&dir, until)?;
        if !LifeLock::is_held(&dir)? {
            return Ok(false);
        }
        self.end(&dir, until, limit)?;
        Ok(true)
    }

    /// A daemon that can be asked now; `None` where one must be started.
    fn there(&self, until: Instant) -> Result<Option<Client>, StartError> {
        match Client::connect(&self.dir, &self.name, left(until).min(HANDSHAKE)) {
            Answer::Ready(client) => Ok(Some(client)),
            Answer::NeedsRestart { reason, .. } if !self.replace => Err(StartError::OtherVersion(reason)),
            Answer::Unreachable(Unreachable::Place(e)) => Err(e.into()),
            Answer::Unreachable(why @ Unreachable::Stranger { .. }) => {
                Err(StartError::Late(Duration::ZERO, why.to_string()))
            }
            Answer::NeedsRestart { .. } | Answer::Unreachable(_) => Ok(None),
        }
    }

    /// Asks the daemon to end, and waits until it has let go of its lock.
    fn end(&self, dir: &RuntimeDir, until: Instant, limit: Duration) -> Result<(), StartError> {
        let mut pid = 0;
        loop {
            match Client::connect(&self.dir, &self.name, left(until).min(HANDSHAKE)) {
                Answer::Ready(mut client) | Answer::NeedsRestart { mut client, .. } => {
                    pid = client.daemon().pid;
                    match client.call::<methods::Shutdown>(&Empty {}, left(until)) {
                        Ok(()) | Err(CallError::Closed) => {}
                        Err(_) => return Err(StartError::WillNotEnd { pid, limit }),
                    }
                }
                Answer::Unreachable(_) => {}
            }
            if !LifeLock::is_held(dir)? {
                return Ok(());
            }
            if left(until).is_zero() {
                return Err(StartError::WillNotEnd { pid, limit });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The folder of the socket, made where it is missing: what the daemon itself begins with.
pub fn prepare(dir: &Path) -> Result<(RuntimeDir, LifeLock), StartError> {
    let dir = RuntimeDir::make(dir)?;
    let lock = LifeLock::take(&dir)?;
    Ok((dir, lock))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
