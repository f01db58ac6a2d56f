//! One shell process: started in its own session, with the marks of its hop.
use super::wants_terminal;
use crate::answer;
use crate::backend::ShellJob;
use envsplit_model::{Marks, ShellKind, text::posix_word};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How a shell is started where that differs from the plain way.
pub(super) struct Launch {
    /// The arguments, the command included.
    pub(super) args: Vec<String>,
    /// Variables to set, or to remove.
    pub(super) env: Vec<(&'static str, Option<OsString>)>,
}

/// A started shell.
pub(super) struct Running {
    child: Child,
    status: Option<ExitStatus>,
    /// Where the answer comes.
    pub(super) answer: OwnedFd,
    /// What it prints.
    pub(super) outputs: Vec<OwnedFd>,
}

impl Running {
    /// Whether the shell itself has ended.
    pub(super) fn ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status.is_some()
    }

    /// The command line of the program that the shell has started and waits for; the youngest where there are more.
    pub(super) fn waits_for(&self) -> Option<Vec<String>> {
        let shell = i32::try_from(self.child.id()).ok()?;
        let stats =
            procfs::process::all_processes().ok()?.flatten().filter_map(|p| p.stat().ok().map(|s| (p, s)));
        let (child, _) = stats.filter(|(_, s)| s.ppid == shell).max_by_key(|(_, s)| s.starttime)?;
        child.cmdline().ok().filter(|words| !words.is_empty())
    }

    /// Ends the shell and its process group; the exit status where it ended by itself.
    pub(super) fn end(&mut self) -> Option<i32> {
        // A shell that has answered is about to end by itself.
        for _ in 0..100 {
            if self.ended() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
            && !self.ended()
        {
            // The shell is not reaped yet, so its id names it and its group and nothing else.
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            self.status = self.child.wait().ok();
        }
        self.status.and_then(|s| s.code().filter(|_| s.signal().is_none()))
    }
}

/// What the hop itself sets, so that start-up files can notice it. VS Code shellEnv.ts: the child's environment is
/// the process's own and these three.
pub(super) fn marks(marks: Marks) -> &'static [(&'static str, &'static str)] {
    match marks {
        Marks::IdeResolution => envsplit_model::structural::RESOLVING_MARKS,
        Marks::Terminal | Marks::Program => &[],
    }
}

/// Waits for something to read.
pub(super) fn readable(fd: &impl AsFd, limit: Duration) -> bool {
    let limit = Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: limit.subsec_nanos().into() };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&limit)), Ok(n) if n > 0)
}

/// Waits until there is something to read or the other end of `stop` is closed; says which of both.
pub(super) fn readable_or_stopped(fd: &impl AsFd, stop: &impl AsFd) -> (bool, bool) {
    let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
    let mut fds = [PollFd::new(fd, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
    if poll(&mut fds, Some(&limit)).is_err() {
        return (false, false);
    }
    (!fds[0].revents().is_empty(), !fds[1].revents().is_empty())
}

/// The command that the shell is asked to run, in its own language.
fn command(job: &ShellJob, program: &str, inode: u64) -> String {
    let quoted = posix_word(program);
    let word = answer::WORD;
    match job.asked.start.shell {
        ShellKind::Nu => format!("^{quoted} {word} {inode}"),
        ShellKind::Pwsh => format!("& '{}' {word} {inode}", program.replace('\'', "''")),
        _ => format!("{quoted} {word} {inode}"),
    }
}

/// The arguments of a plain start that runs `command`.
pub(super) fn plain(job: &ShellJob) -> impl FnOnce(String) -> Launch {
    let start = job.asked.start;
    move |command| Launch { args: envsplit_shell::program_args(start.shell, &start, &command), env: vec![] }
}

/// Starts the shell of a job; `launch` gives the arguments by which it runs a command.
pub(super) fn start(job: &ShellJob, launch: impl FnOnce(String) -> Launch) -> Result<Running, String> {
    let fault = |what: &str, e: &dyn std::fmt::Display| format!("{what}: {e}");
    let program = std::env::current_exe().map_err(|e| fault("this program's own path is not known", &e))?;
    let program = program.to_string_lossy();
    let (answer, their_end) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| fault("no pipe", &e))?;
    let inode = rustix::fs::fstat(&their_end).map_err(|e| fault("no pipe", &e))?.st_ino;

    let mut cmd = Command::new(&job.asked.program);
    let launch = launch(command(job, &program, inode));
    cmd.args(launch.args);
    cmd.env_clear();
    for (name, value) in job.env.iter() {
        cmd.env(name, OsString::from_vec(value.expose().to_vec()));
    }
    cmd.envs(marks(job.asked.marks).iter().copied());
    for (name, value) in launch.env {
        match value {
            Some(value) => cmd.env(name, value),
            None => cmd.env_remove(name),
        };
    }
    if wants_terminal(job.asked.marks) && envsplit_model::EnvLookup::get(&job.env, "TERM").is_none() {
        cmd.env("TERM", "xterm-256color");
    }
    cmd.current_dir(if std::path::Path::new(&job.cwd).is_dir() { job.cwd.as_str() } else { "/" });

    let mut outputs = vec![];
    let terminal = if wants_terminal(job.asked.marks) {
        let (ours, theirs) = terminal().map_err(|e| fault("no pseudo-terminal", &e))?;
        for io in [Command::stdin, Command::stdout, Command::stderr] {
            io(&mut cmd, Stdio::from(theirs.try_clone().map_err(|e| fault("no pseudo-terminal", &e))?));
        }
        outputs.push(ours);
        true
    } else {
        cmd.stdin(Stdio::null());
        for io in [Command::stdout, Command::stderr] {
            let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| fault("no pipe", &e))?;
            io(&mut cmd, Stdio::from(theirs));
            outputs.push(ours);
        }
        false
    };
    let raw = their_end.as_raw_fd();
    // SAFETY: between fork and exec only system calls are made (rustix's linux_raw backend allocates nothing and
    // takes no lock). `raw` stays open in the child until exec: it belongs to `their_end`, which outlives `spawn`.
    #[allow(unsafe_code)]
    unsafe {
        cmd.pre_exec(move || {
            // A session of its own: nothing that it does can reach the caller's terminal.
            rustix::process::setsid()?;
            crate::linux::this::give_back_open_files()?;
            if terminal {
                rustix::process::ioctl_tiocsctty(std::io::stdin())?;
            }
            // Should this program die, the shell does not live on.
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            let from = std::os::fd::BorrowedFd::borrow_raw(raw);
            let mut to = std::mem::ManuallyDrop::new(OwnedFd::from_raw_fd(answer::DESCRIPTOR));
            rustix::io::dup2(from, &mut to)?;
            Ok(())
        });
    }
    let child = cmd.spawn().map_err(|e| format!("`{}` could not be started: {e}", job.asked.program))?;
    drop(cmd);
    drop(their_end);
    Ok(Running { child, status: None, answer, outputs })
}

/// A pseudo-terminal: our end and the shell's.
fn terminal() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(name, flags, rustix::fs::Mode::empty())?;
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&theirs, size)?;
    Ok((ours, theirs))
}
