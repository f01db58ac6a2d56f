//! A process of its own: no terminal, no session, no variable and no parent of whoever started it.
#![allow(clippy::disallowed_methods)] // its environment is made from this process's

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The variables that the daemon gets, besides those of envsplit's own: who the user is, and where the session answers.
const KEPT: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// Runs `PROGRAM daemon run` apart from this process, which is not its parent and does not become its grave-digger.
pub(super) fn detached(program: &Path) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(["daemon", "run"]).current_dir("/").env_clear().envs(environment());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    twice(&mut command);
    // The process in between ends at once.
    command.spawn()?.wait().map(drop)
}

fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        let Some(name) = name.to_str() else { return false };
        KEPT.contains(&name) || name.starts_with("ENVSPLIT_")
    })
}

/// Lets the program run in a new session, as the child of a process that ends at once.
#[allow(unsafe_code)]
fn twice(command: &mut Command) {
    let fork = || {
        rustix::process::setsid()?;
        // SAFETY: between fork and exec, where nothing but calls that are safe in a signal handler may be made: `fork`
        // and `_exit` are. The process in between holds the one end of std's error pipe and lets go of it by ending;
        // the other goes on to exec, and std learns of its failure through the same pipe.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => Ok(()),
            _ => unsafe { libc::_exit(0) },
        }
    };
    // SAFETY: the closure allocates nothing, takes no lock and calls nothing but setsid, fork and _exit.
    unsafe { command.pre_exec(fork) };
}
