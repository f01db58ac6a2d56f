//! Where in a line of processes a variable came in: what each was started with tells it.
use crate::world::World;
use envsplit_model::{EnvAccess, ProcessRecord, text};

/// Of the processes above a place that has the variable, the one that was started without it, and the one below that was
/// started with it. `None` where the line cannot be read that far.
pub(super) fn came_in(w: &World<'_>, place: usize, name: &str) -> Option<String> {
    let has = |names: &[String]| names.iter().any(|n| n == name);
    let process = |pid: u32| w.snapshot.processes.iter().find(|p| p.pid == pid && p.env == EnvAccess::Read);
    let caller = w.snapshot.caller.as_ref().filter(|_| w.lineage.is_caller(place));
    let own = w.names_of(place)?;
    if !has(own) {
        return None;
    }
    let mut below = w.node(place).label.clone();
    let mut up = process(match caller {
        Some(caller) => caller.ppid,
        None => w.process(place)?.ppid,
    })?;
    for _ in 0..256 {
        if !has(&up.names) {
            return Some(format!("{} was started without it, and {below} with it", called(up)));
        }
        below = called(up);
        up = process(up.ppid).filter(|p| p.pid != up.pid)?;
    }
    None
}

/// The program's file name and pid.
fn called(p: &ProcessRecord) -> String {
    let path = p.exe.as_deref().or(p.argv.first().map(String::as_str)).unwrap_or("a process");
    format!("{} (pid {})", text::shown(path.rsplit('/').next().unwrap_or(path)), p.pid)
}
