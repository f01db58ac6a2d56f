//! What a shell start leaves behind: ended, `setsid` or not.
use rustix::process::{Pid, Signal, WaitOptions};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Makes this process the one to which orphans come, and knows the children that it had before.
pub(super) struct Reaper {
    before: BTreeSet<i32>,
}

impl Reaper {
    pub(super) fn new() -> Self {
        let own = rustix::process::getpid();
        if let Err(error) = rustix::process::set_child_subreaper(Some(own)) {
            tracing::warn!(%error, "what shells leave behind cannot be found");
        }
        Self { before: children() }
    }

    /// Ends every child that was not there before, and theirs, which come to this process as they are orphaned.
    /// First politely, so that an agent can remove its socket; then for good. Returns how many were ended.
    pub(super) fn end_all(self) -> u32 {
        let mut ended = BTreeSet::new();
        let began = Instant::now();
        loop {
            let left: Vec<i32> = children().difference(&self.before).copied().collect();
            let waited = began.elapsed();
            if left.is_empty() || waited > Duration::from_secs(2) {
                break;
            }
            let patient = waited < Duration::from_millis(100);
            for pid in left {
                let Some(child) = Pid::from_raw(pid) else { continue };
                let gone = rustix::process::waitpid(Some(child), WaitOptions::NOHANG);
                if !matches!(gone, Ok(Some(_))) {
                    // Not reaped, hence still our child: the id cannot have passed to another process.
                    let first = ended.insert(pid);
                    if !patient {
                        let _ = rustix::process::kill_process(child, Signal::KILL);
                    } else if first {
                        let _ = rustix::process::kill_process(child, Signal::TERM);
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = rustix::process::set_child_subreaper(None);
        u32::try_from(ended.len()).unwrap_or(u32::MAX)
    }
}

/// The children of this process, of all its threads.
fn children() -> BTreeSet<i32> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let Ok(tasks) = procfs::process::Process::myself().and_then(|p| p.tasks()) else {
        return BTreeSet::new();
    };
    let listed: Option<BTreeSet<i32>> = tasks
        .flatten()
        .map(|t| std::fs::read_to_string(format!("/proc/{own}/task/{}/children", t.tid)).ok())
        .try_fold(BTreeSet::new(), |mut all, text| {
            all.extend(text?.split_whitespace().filter_map(|p| p.parse::<i32>().ok()));
            Some(all)
        });
    // A kernel without CONFIG_PROC_CHILDREN: look through the whole table.
    listed.unwrap_or_else(|| {
        let Ok(all) = procfs::process::all_processes() else { return BTreeSet::new() };
        all.flatten().filter_map(|p| p.stat().ok()).filter(|s| s.ppid == own).map(|s| s.pid).collect()
    })
}
