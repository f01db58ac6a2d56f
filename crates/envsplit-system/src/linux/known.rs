//! The processes that are known already: a second look costs little, and only what is new is looked at in depth.
use super::table::{self, Clock};
use crate::backend::RawProcess;
use crate::door::Door;
use envsplit_model::ProcessRecord;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt as _;

/// A process that began so lately may be a fork that is about to become another program.
const NEWBORN: SignedDuration = SignedDuration::from_secs(2);
/// A process is what it stays within this time of its start, as a rule.
const SETTLED: SignedDuration = SignedDuration::from_secs(30);

/// Whether a process may have a role, by program and arguments.
pub type Candidate = fn(&ProcessRecord) -> bool;

/// What changed among the processes that may have a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableChange {
    /// Began, became such a program, or works in another directory.
    pub new: Vec<u32>,
    /// Ended, became another program, or works in another directory.
    pub gone: Vec<u32>,
}

impl TableChange {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty()
    }
}

struct Row {
    raw: RawProcess,
    /// Of `/proc/PID`: another process with the same id has another one.
    inode: u64,
    mine: bool,
    candidate: bool,
    /// Of a candidate: its directory decides which project it works in.
    cwd: Option<String>,
}

/// The process table as it was last seen.
pub(super) struct Known {
    clock: Clock,
    uid: u32,
    candidate: Candidate,
    rows: HashMap<u32, Row>,
}

impl Known {
    pub(super) fn new(candidate: Candidate) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        Self { clock: Clock::now(), uid, candidate, rows: HashMap::new() }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Those that may have a role, this user's.
    pub(super) fn candidates(&self) -> Vec<u32> {
        self.rows.iter().filter(|(_, r)| r.candidate && r.mine).map(|(pid, _)| *pid).collect()
    }

    /// Looks again. Whether a process that has run for long has become another program is looked at only if `closely`.
    pub(super) fn refresh(&mut self, closely: bool) -> TableChange {
        if self.clock.is_off() {
            self.clock = Clock::now();
            self.rows.clear();
        }
        let state = |r: &Row| (r.raw.started_at, r.raw.exe.clone(), r.raw.argv.clone(), r.cwd.clone());
        let before: BTreeMap<u32, _> =
            self.candidates().into_iter().map(|p| (p, state(&self.rows[&p]))).collect();
        let pids = table::pids();
        let now_is = Timestamp::now();
        self.rows.retain(|pid, row| pids.get(pid) == Some(&row.inode));
        for (pid, inode) in pids {
            self.look(pid, inode, now_is, closely);
        }
        let mut change = TableChange::default();
        let now: BTreeSet<u32> = self.candidates().into_iter().collect();
        for pid in before.keys().chain(&now).collect::<BTreeSet<_>>() {
            let same = now.contains(pid) && before.get(pid) == Some(&state(&self.rows[pid]));
            if !same {
                if before.contains_key(pid) {
                    change.gone.push(*pid);
                }
                if now.contains(pid) {
                    change.new.push(*pid);
                }
            }
        }
        change
    }

    /// Looks at one process, in depth only where it may have changed.
    fn look(&mut self, pid: u32, inode: u64, now: Timestamp, closely: bool) {
        if let Some(row) = self.rows.get(&pid) {
            if !row.mine {
                return;
            }
            let age = now.duration_since(row.raw.started_at);
            // A kernel thread has no program and never gets one.
            let plain = row.raw.exe.is_none() && row.raw.argv.is_empty();
            let unchanged = plain || (age > SETTLED && !closely) || same_program(&row.raw);
            if !row.candidate && age > NEWBORN && unchanged {
                return;
            }
        }
        self.read(pid, inode);
    }

    fn read(&mut self, pid: u32, inode: u64) {
        let Some(raw) = table::row(&self.clock, pid) else {
            self.rows.remove(&pid);
            return;
        };
        let candidate = (self.candidate)(&Door::<super::Linux>::record(&raw));
        let cwd = candidate.then(|| table::cwd(pid)).flatten();
        let mine = table::owner(pid) == Some(self.uid);
        self.rows.insert(pid, Row { raw, inode, mine, candidate, cwd });
    }

    /// The row of a process, read anew.
    pub(super) fn row(&mut self, pid: u32) -> Option<RawProcess> {
        let inode = std::fs::metadata(format!("/proc/{pid}")).ok()?.ino();
        self.read(pid, inode);
        Some(self.rows.get(&pid)?.raw.clone())
    }

    /// Those that may have a role, `others`, and all that these come from; read anew, since parents change.
    pub(super) fn around(&mut self, others: &[u32]) -> Vec<RawProcess> {
        let mut found = BTreeMap::new();
        let mut next: Vec<u32> = self.candidates();
        next.extend(others);
        while let Some(pid) = next.pop() {
            if found.contains_key(&pid) {
                continue;
            }
            if let Some(raw) = self.row(pid) {
                next.push(raw.ppid);
                found.insert(pid, raw);
            }
        }
        found.into_values().collect()
    }
}

/// Whether the program file is still the same.
fn same_program(raw: &RawProcess) -> bool {
    let now = std::fs::read_link(format!("/proc/{}/exe", raw.pid)).ok();
    let now = now.map(|p| table::without_deleted(&p.to_string_lossy()));
    now == raw.exe
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    fn is_sleep(p: &ProcessRecord) -> bool {
        p.argv.first().is_some_and(|a| a == "sleep") && p.argv.get(1).is_some_and(|a| a == "3121")
    }

    /// Looks until `wanted` holds; a deadline ends it.
    fn until(known: &mut Known, wanted: impl Fn(&TableChange) -> bool) -> TableChange {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let change = known.refresh(true);
            assert!(Instant::now() < end, "it did not come: {change:?}");
            if wanted(&change) {
                return change;
            }
        }
    }

    #[test]
    fn a_program_that_begins_becomes_another_and_ends_is_noticed() {
        let mut known = Known::new(is_sleep);
        known.refresh(true);
        // A shell that waits for a line, and then becomes the program.
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "read x; exec sleep 3121"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = shell.id();
        known.refresh(true);
        assert!(known.candidates().is_empty());
        drop(shell.stdin.take());
        let change = until(&mut known, |c| !c.is_empty());
        assert_eq!(change, TableChange { new: vec![pid], gone: vec![] });
        assert!(known.around(&[]).iter().any(|p| p.pid == std::process::id()), "its parent is there");
        assert!(known.refresh(true).is_empty());
        shell.kill().unwrap();
        shell.wait().unwrap();
        let change = until(&mut known, |c| !c.is_empty());
        assert_eq!(change, TableChange { new: vec![], gone: vec![pid] });
    }
}
