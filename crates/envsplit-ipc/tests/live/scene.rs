//! A folder for a daemon of one test.
use envsplit_ipc::protocol::{Empty, Status, methods};
use envsplit_ipc::{Answer, Client, Starter};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The longest that anything may take.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// A user that is nobody in particular.
pub(crate) const NOBODY: u32 = 65534;

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn scratch() -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("e").tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

/// A program with no variable of this one but the path and the folder for scratch files.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
    command
}

pub(crate) struct Scene {
    home: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { home: scratch() }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("run")
    }

    /// This program again, as the mock daemon's neighbour.
    pub(crate) fn again(&self, word: &str) -> Command {
        let mut again = command(&std::env::current_exe().unwrap());
        again.arg(word).env("ENVSPLIT_RUNTIME_DIR", self.dir());
        again
    }

    pub(crate) fn starter(&self) -> Starter {
        starter(&self.dir())
    }

    /// Starts the mock daemon by way of another process, whose variables this one's are not.
    pub(crate) fn start(&self) -> Client {
        let done = self.again("start").output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        self.connect()
    }

    pub(crate) fn connect(&self) -> Client {
        match Client::connect(&self.dir(), "test", LONG) {
            Answer::Ready(client) => client,
            other => panic!("{other:?}"),
        }
    }

    /// How often a daemon began to serve here.
    pub(crate) fn served(&self) -> usize {
        std::fs::read_to_string(self.home().join("served")).unwrap_or_default().lines().count()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.starter().stop(Duration::from_secs(5));
    }
}

pub(crate) fn starter(dir: &Path) -> Starter {
    let program = std::env::current_exe().unwrap();
    Starter { dir: dir.to_owned(), program, name: "test".into(), replace: false }
}

pub(crate) fn status(client: &mut Client) -> Status {
    client.call::<methods::Status>(&Empty {}, LONG).unwrap()
}

pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Waits for a condition.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::yield_now();
    }
}
