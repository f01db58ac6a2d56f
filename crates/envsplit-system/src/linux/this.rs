//! This process itself: what it may be made to show, how many files it may have open, what it has cost.
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, Resource, Rlimit};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

/// What this process has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Time on a processor, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory now, in KiB.
    pub rss_kb: u64,
}

/// The limit of open files that this process was started with.
static OPEN_FILES: OnceLock<Rlimit> = OnceLock::new();

/// From now on no core file is written of this process, and no other process of the user may read its memory
/// (prctl(2), `PR_SET_DUMPABLE`).
pub fn forbid_dumps() {
    if let Err(error) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "core files of this process cannot be forbidden");
    }
}

/// Lets this process have more files open, as far as its hard limit goes. The shells that it starts are given back
/// the limit that it was started with.
pub fn allow_open_files(wanted: u64) {
    let now = rustix::process::getrlimit(Resource::Nofile);
    let _ = OPEN_FILES.set(now);
    let most = now.maximum.map_or(wanted, |m| m.min(wanted));
    if now.current.is_some_and(|c| c < most) {
        let raised = Rlimit { current: Some(most), maximum: now.maximum };
        if let Err(error) = rustix::process::setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files cannot be raised");
        }
    }
}

/// Gives the limit of open files back; for a child before it becomes another program.
pub(super) fn give_back_open_files() -> rustix::io::Result<()> {
    OPEN_FILES.get().map_or(Ok(()), |limit| rustix::process::setrlimit(Resource::Nofile, *limit))
}

/// What this process has cost so far.
pub fn own_cost() -> Cost {
    let stat = procfs::process::Process::myself().and_then(|p| p.stat());
    let ticks = procfs::ticks_per_second().max(1);
    stat.map(|s| Cost {
        cpu_ms: (s.utime + s.stime) * 1000 / ticks,
        rss_kb: s.rss * procfs::page_size() / 1024,
    })
    .unwrap_or_default()
}

/// Becomes readable when the process ends; `None` where it has ended already.
pub fn end_of(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something_and_its_child_has_an_end() {
        assert!(own_cost().rss_kb > 100);
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let end = end_of(child.id()).unwrap();
        let mut fds = [rustix::event::PollFd::new(&end, rustix::event::PollFlags::IN)];
        let limit = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
        assert_eq!(rustix::event::poll(&mut fds, Some(&limit)), Ok(1));
        child.wait().unwrap();
        assert!(end_of(child.id()).is_none());
    }
}
