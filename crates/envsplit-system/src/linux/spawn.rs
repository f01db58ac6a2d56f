//! Small outside programs, each with a time limit.
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a system tool (`getent`, `systemctl`) may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How long the user manager may take to start or end a unit.
const TOLD: Duration = Duration::from_secs(20);

/// What a program prints, when it ends with success within the limit and prints no more than a megabyte.
pub(super) fn output(program: &str, args: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut pipe = child.stdout.take()?;
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let done = pipe.by_ref().take(1 << 20).read_to_end(&mut text);
        let _ = send.send(done.map(|_| text));
    });
    let start = Instant::now();
    let text = receive.recv_timeout(LIMIT);
    let left = LIMIT.saturating_sub(start.elapsed()).max(Duration::from_millis(50));
    let ended = text.is_ok() && wait(&mut child, left);
    if !ended {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    child.wait().ok().filter(std::process::ExitStatus::success)?;
    String::from_utf8(text.ok()?.ok()?).ok()
}

/// Tells the systemd user manager something; the error is in its own words.
pub fn user_manager(args: &[&str]) -> Result<(), String> {
    let mut child = Command::new("systemctl")
        .arg("--user")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("the systemd user manager cannot be told: {e}"))?;
    if !wait(&mut child, TOLD) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("the systemd user manager did not answer within {} s", TOLD.as_secs()));
    }
    let mut said = String::new();
    let _ = child.stderr.take().map(|e| e.take(2000).read_to_string(&mut said));
    let ended = child.wait().is_ok_and(|status| status.success());
    let said = said.lines().next().unwrap_or("no reason is given");
    if ended { Ok(()) } else { Err(format!("the systemd user manager refuses: {said}")) }
}

/// Whether the child ends within `limit`.
fn wait(child: &mut std::process::Child, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended() {
        assert_eq!(output("/bin/sh", &["-c", "echo hello"]).as_deref(), Some("hello\n"));
        assert_eq!(output("/bin/sh", &["-c", "echo hello; exit 3"]), None);
        assert_eq!(output("/bin/sh", &["-c", "exec sleep 60"]), None);
        assert_eq!(output("/no/such/program", &[]), None);
    }
}
