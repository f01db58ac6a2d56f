//! The process table.
use crate::backend::RawProcess;
use crate::secret::Environment;
use jiff::{SignedDuration, Timestamp};
use rustix::fs::{Mode, OFlags};
use std::collections::HashMap;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// Ties the ticks since boot, in which the kernel keeps start times, to the wall clock.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    boot: Timestamp,
    ticks: u64,
}

impl Clock {
    pub(super) fn now() -> Self {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let nanos = i32::try_from(since.tv_nsec).unwrap_or(0);
        let boot = Timestamp::now().checked_sub(SignedDuration::new(since.tv_sec, nanos));
        Self { boot: boot.unwrap_or(Timestamp::UNIX_EPOCH), ticks: procfs::ticks_per_second().max(1) }
    }

    /// When a process started, to the tick (10 ms).
    pub(super) fn started_at(&self, pid: u32) -> Option<Timestamp> {
        let stat = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?.stat().ok()?;
        self.at_ticks(stat.starttime)
    }

    fn at_ticks(&self, ticks: u64) -> Option<Timestamp> {
        let millis = i64::try_from(u128::from(ticks) * 1000 / u128::from(self.ticks)).ok()?;
        self.boot.checked_add(SignedDuration::from_millis(millis)).ok()
    }

    /// Whether the wall clock was set by more than a second since.
    pub(super) fn is_off(&self) -> bool {
        Self::now().boot.duration_since(self.boot).abs() > SignedDuration::from_secs(1)
    }
}

/// One process, exactly; `None` when it ended.
pub(super) fn row(clock: &Clock, pid: u32) -> Option<RawProcess> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    if matches!(stat.state, 'Z' | 'X' | 'x') {
        return None;
    }
    let exe = process.exe().ok().map(|e| without_deleted(&e.to_string_lossy()));
    Some(RawProcess {
        pid,
        ppid: u32::try_from(stat.ppid).unwrap_or(0),
        started_at: clock.at_ticks(stat.starttime)?,
        exe,
        argv: words(process.cmdline().unwrap_or_default()),
    })
}

/// Every process id with the inode of its folder, without a look at any process: another one with the same id has
/// another inode.
pub(super) fn pids() -> HashMap<u32, u64> {
    let dir = rustix::fs::open("/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let Ok(entries) = dir.and_then(rustix::fs::Dir::new) else { return HashMap::new() };
    let pid = |e: &rustix::fs::DirEntry| e.file_name().to_str().ok()?.parse().ok();
    entries.flatten().filter_map(|e| Some((pid(&e)?, e.ino()))).collect()
}

/// A program file's path; the kernel marks one that was replaced since.
pub(super) fn without_deleted(path: &str) -> String {
    path.strip_suffix(" (deleted)").unwrap_or(path).to_owned()
}

/// Every process that this user may list.
pub(super) fn list(clock: &Clock) -> Vec<RawProcess> {
    let mut system = match System::new() {
        Ok(system) => system,
        Err(error) => {
            tracing::warn!(%error, "the process table cannot be read");
            return vec![];
        }
    };
    let what = ProcessRefreshKind::nothing()
        .without_tasks()
        .with_cmd(UpdateKind::Always)
        .with_exe(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, what);
    let text = |s: &std::ffi::OsStr| s.to_string_lossy().into_owned();
    system
        .processes()
        .values()
        .map(|p| RawProcess {
            pid: p.pid().as_u32(),
            ppid: p.parent().map_or(0, sysinfo::Pid::as_u32),
            started_at: i64::try_from(p.start_time())
                .ok()
                .and_then(|s| Timestamp::from_second(s).ok())
                .unwrap_or(clock.boot),
            exe: p.exe().map(|e| without_deleted(&e.to_string_lossy())),
            argv: words(p.cmd().iter().map(|a| text(a)).collect()),
        })
        .collect()
}

/// Chromium writes the title of a forked child over its arguments: one string, the words parted by spaces.
fn words(argv: Vec<String>) -> Vec<String> {
    match argv.iter().filter(|a| !a.is_empty()).collect::<Vec<_>>().as_slice() {
        [title] if title.contains(" --type=") => title.split(' ').map(str::to_owned).collect(),
        _ => argv,
    }
}

/// Whether a process of the table still runs: it is there and is no zombie.
pub(super) fn runs(process: &RawProcess) -> bool {
    let Ok(pid) = i32::try_from(process.pid) else { return false };
    let stat = procfs::process::Process::new(pid).and_then(|p| p.stat());
    stat.is_ok_and(|s| !matches!(s.state, 'Z' | 'X' | 'x'))
}

/// The environment that a process was started with.
pub(super) fn environment(pid: u32) -> std::io::Result<Environment> {
    std::fs::read(format!("/proc/{pid}/environ")).map(|block| Environment::parse(&block))
}

/// The directory of a process.
pub(super) fn cwd(pid: u32) -> Option<String> {
    Some(std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?.to_string_lossy().into_owned())
}

/// The user that owns a process.
pub(super) fn owner(pid: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(format!("/proc/{pid}")).ok().map(|m| m.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_title_is_read_as_arguments() {
        let title = "/usr/share/code/code --type=utility --utility-sub-type=node.mojom.NodeService ";
        let read = words(vec![title.to_owned(), String::new()]);
        assert_eq!(read[..2], ["/usr/share/code/code", "--type=utility"]);
        let plain = vec!["bash".to_owned(), "-c".to_owned(), "x --type=utility".to_owned()];
        assert_eq!(words(plain.clone()), plain);
    }

    #[test]
    fn this_process_is_listed_with_its_owner_and_start() {
        let clock = Clock::now();
        let own = std::process::id();
        let row = list(&clock).into_iter().find(|p| p.pid == own).unwrap();
        assert_eq!(row.ppid, std::os::unix::process::parent_id());
        assert_eq!(owner(own), Some(rustix::process::geteuid().as_raw()));
        let exact = clock.started_at(own).unwrap();
        let apart = exact.duration_since(row.started_at).abs();
        assert!(apart < SignedDuration::from_secs(3), "{exact} {}", row.started_at);
        assert!(exact <= Timestamp::now());
    }
}
