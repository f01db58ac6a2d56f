//! Outside programs, each with a time limit.
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What a program that ended in time left.
#[derive(Debug)]
pub struct Output {
    /// Exit status; the negated signal's number if one ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Both streams as text, standard output first.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned() + &String::from_utf8_lossy(&self.stderr)
    }
}

/// Runs the program to its end and to the end of its output: whoever still holds its standard output keeps it
/// from being done. At the limit its process group is killed, and that is an error. The program should lead a
/// process group of its own; if it does not, it alone is killed.
pub fn run(command: &mut Command, limit: Duration) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let end = Instant::now() + limit;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{name}: {e}"))?;
    let streams = [collect(child.stdout.take()), collect(child.stderr.take())];
    let mut read = Vec::new();
    for stream in streams {
        let left = end.saturating_duration_since(Instant::now());
        if let Ok(bytes) = stream.recv_timeout(left) {
            read.push(bytes);
        }
    }
    let status = if read.len() == 2 { wait_until(&mut child, end) } else { None };
    let (Some(status), Some(stderr), Some(stdout)) = (status, read.pop(), read.pop()) else {
        kill(&mut child);
        return Err(format!("{name} did not end within {} s", limit.as_secs_f64()));
    };
    Ok(Output { code: code(status), stdout, stderr })
}

/// Ends the child and its process group, and takes its status away.
pub fn kill(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The group is gone, or was never one: then the child alone is left, and is killed below.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits until `done` says so, at most until the limit is over. Says whether it did.
pub fn wait_for(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn wait_until(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    let mut status = None;
    wait_for(end.saturating_duration_since(Instant::now()), || {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    status
}

fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A broken pipe ends the output as its end does.
            let _ = stream.read_to_end(&mut bytes);
        }
        // The receiver is gone when the limit is over; nobody waits for the output then.
        let _ = to.send(bytes);
    });
    from
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|s| -s)).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0);
        command
    }

    #[test]
    fn output_and_status_are_collected() {
        let out = run(&mut sh("echo out; echo err >&2; exit 3"), Duration::from_secs(10)).unwrap();
        assert_eq!((out.code, out.text().as_str()), (3, "out\nerr\n"));
        assert_eq!(run(&mut sh("kill -9 $$"), Duration::from_secs(10)).unwrap().code, -9);
    }

    #[test]
    fn whoever_does_not_end_is_ended() {
        let began = Instant::now();
        let limit = Duration::from_millis(200);
        assert!(run(&mut sh("sleep 600"), limit).unwrap_err().contains("did not end within 0.2 s"));
        assert!(run(&mut sh("sleep 600 & exit 0"), limit).is_err(), "its child holds the output");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
