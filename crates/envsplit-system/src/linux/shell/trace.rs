//! A shell start run again under a watch that prints places, never values: which line changed a variable, where a file
//! was left early, how long files took.
//!
//! bash replays its start-up files under a DEBUG trap, zsh and fish read theirs under a trap or handlers that a private
//! directory brings in, a POSIX shell replays them under `-x`. The records come through a named pipe in that directory,
//! not through a descriptor: a start-up file that closes or reuses descriptors takes nothing from it, and what the
//! shell leaves behind holds nothing open. The directory is only the user's and is removed at the end.
mod plan;
mod records;
mod sh;

use super::{Collected, drive, failed};
use crate::backend::{RawTrace, TraceJob, TraceRun};
use envsplit_model::ShellKind;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The most that is kept of records; more of them are counted as lost.
const MOST: usize = 4 << 20;

/// Runs one job.
pub(super) fn run(job: &TraceJob) -> TraceRun {
    match attempt(job) {
        Ok(run) => run,
        Err(reason) => TraceRun { raw: Err(reason), env: None },
    }
}

fn attempt(job: &TraceJob) -> Result<TraceRun, String> {
    let fault = |e: std::io::Error| format!("no private directory for it: {e}");
    let private = Private::new().map_err(fault)?;
    let records = private.records().map_err(fault)?;
    let shell = job.shell.asked.start.shell;
    let token = token()?;
    let plan = plan::of(job, private.path(), &token).map_err(ToString::to_string)?;
    for (file, text) in plan.files {
        let path = private.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(private.path())).map_err(fault)?;
        std::fs::write(path, text).map_err(fault)?;
    }
    let (stop, going) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|e| format!("no pipe for it: {e}"))?;
    let (run, printed, seen) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| collect(&records, &stop));
        let keep = if shell == ShellKind::Sh { MOST } else { 0 };
        let (run, printed) = drive(&job.shell, plan.launch, keep);
        drop(going);
        (run, printed, reader.join().unwrap_or_default())
    });
    if !run.seen.started {
        return Err(run.seen.failure.unwrap_or_else(|| failed("").failure.unwrap_or_default()));
    }
    let raw = match shell {
        ShellKind::Sh => sh::read(&printed, &token, &job.names),
        _ => records::read(&seen, shell, private.path()),
    };
    let mut raw = raw.ok_or("the shell printed no record")?;
    raw.timed_out = run.seen.timed_out;
    raw.complete &= seen.len() < MOST && printed.len() < MOST;
    Ok(TraceRun { raw: Ok(raw), env: run.env })
}

/// Reads records until told to stop, and then what is left.
fn collect(records: &OwnedFd, stop: &OwnedFd) -> Collected {
    let mut kept = Zeroizing::new(vec![]);
    let Ok(mut pipe) = records.try_clone().map(std::fs::File::from) else { return kept };
    let mut buffer = vec![0; 64 << 10];
    loop {
        let (more, last) = super::child::readable_or_stopped(records, stop);
        if more {
            match pipe.read(&mut buffer) {
                Ok(n) if n > 0 => {
                    let room = MOST.saturating_sub(kept.len()).min(n);
                    kept.extend_from_slice(&buffer[..room]);
                    continue;
                }
                _ => {}
            }
        }
        if last {
            return kept;
        }
    }
}

/// A word that no start-up file can have guessed.
fn token() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| format!("no random number: {e}"))?;
    Ok(bytes.iter().fold("envsplit-".to_owned(), |text, b| format!("{text}{b:02x}")))
}

/// A directory that only this user can enter, removed when it is dropped.
struct Private(PathBuf);

impl Private {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let name = token().map_err(std::io::Error::other)?;
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// The named pipe of the records. This end is open for writing too, so that it never comes to an end.
    fn records(&self) -> std::io::Result<OwnedFd> {
        use rustix::fs::{CWD, FileType, Mode, OFlags};
        let pipe = self.0.join(plan::RECORDS);
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        Ok(rustix::fs::open(&pipe, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a private directory could not be removed");
        }
    }
}

impl RawTrace {
    /// A trace in which nothing was seen.
    pub(super) fn empty() -> Self {
        Self {
            changes: vec![],
            ended: vec![],
            files: vec![],
            slowest: vec![],
            complete: true,
            timed_out: false,
            by_text: false,
            unwatched: false,
            reason: None,
        }
    }
}
