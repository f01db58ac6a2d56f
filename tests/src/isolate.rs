//! The private machine of a scenario: pid and mount namespaces of its own, entered by util-linux's `unshare`.
//!
//! As root, the scenario's processes run as the ordinary user 4242. Without root, a user namespace makes the
//! caller its root (so that it may mount), and a second one inside turns that root into user 4242 again.
use crate::exec;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The ordinary user that a scenario's processes run as.
pub const USER: u32 = 4242;

/// How this machine lets a scenario have its own namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The caller is root.
    Root,
    /// The kernel lets an ordinary user make user namespaces.
    UserNamespace,
}

impl Means {
    /// Tries it out. The error says why namespaces cannot be had here.
    pub fn find() -> Result<Means, String> {
        let means = if rustix::process::geteuid().is_root() { Means::Root } else { Means::UserNamespace };
        let mut trial = means.enter();
        trial.args([
            "sh",
            "-c",
            "mount -t tmpfs tmpfs /mnt && test \"$$\" = 1 && nsenter --version && setsid --version",
        ]);
        match exec::run(&mut trial, Duration::from_secs(20)) {
            Ok(out) if out.code == 0 => Ok(means),
            Ok(out) => Err(out.text().lines().next().unwrap_or("`unshare` failed without a word").to_owned()),
            Err(why) => Err(why),
        }
    }

    /// A command that runs what is appended to it as the first process of new namespaces, with a `/proc` of its
    /// own. All of its processes end with it.
    pub fn enter(self) -> Command {
        let mut unshare = Command::new("unshare");
        if self == Means::UserNamespace {
            unshare.args(["--user", "--map-root-user"]);
        }
        unshare.args(["--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--"]);
        unshare
    }
}

/// A user namespace, below the one in which the caller is root, in which it is [`USER`]. One for the whole lab:
/// processes of sibling namespaces may not look at each other.
#[derive(Debug)]
pub struct NestedUser {
    holder: Child,
}

impl NestedUser {
    /// Makes it, and a process that holds it.
    pub fn make() -> Result<NestedUser, String> {
        let mut holder = Command::new("unshare")
            .args(["--user", &format!("--map-user={USER}"), &format!("--map-group={USER}"), "--"])
            .args(["sh", "-c", "echo; exec sleep 2147483647"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("unshare: {e}"))?;
        let mut line = [0];
        let said = holder.stdout.take().map(|mut out| std::io::Read::read(&mut out, &mut line));
        if matches!(said, Some(Ok(1))) {
            return Ok(NestedUser { holder });
        }
        exec::kill(&mut holder);
        Err("a user namespace inside the user namespace is not allowed here".to_owned())
    }

    /// The words that a command is prefixed with to run in it.
    pub fn prefix(&self) -> Vec<String> {
        let namespace = format!("--user=/proc/{}/ns/user", self.holder.id());
        ["nsenter", &namespace, "--preserve-credentials", "--"].map(str::to_owned).to_vec()
    }
}
