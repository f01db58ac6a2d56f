//! A real `codex app-server` on stdio.
use super::world::{Machine, Start, fill};
use crate::exec;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A start takes 0.2 s on an idle machine; a loaded one may need many times that.
const LIMIT: Duration = Duration::from_secs(8);

/// A running app-server. It is ended when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Value>,
    stderr: Arc<Mutex<String>>,
    next: u64,
    /// The home that it found.
    pub home: String,
    /// The warnings about the config at its start.
    pub warnings: Vec<String>,
}

/// Why there is no server.
#[derive(Debug)]
pub enum Failed {
    /// It ended at its start, with these words.
    Ended(String),
    /// It could not be asked.
    Oracle(String),
}

/// A Codex of that start, without arguments of its own.
pub fn command(codex: &Path, machine: &Machine, start: &Start) -> Command {
    let mut command = Command::new(codex);
    command.current_dir(fill(&start.process_cwd, &machine.root)).env_clear().process_group(0);
    for (name, value) in machine.environment(start) {
        command.env(name, OsStr::from_bytes(&value));
    }
    for text in &start.overrides {
        command.arg("-c").arg(fill(text, &machine.root));
    }
    command
}

impl Server {
    /// Starts one in a world that is laid out.
    pub fn start(codex: &Path, machine: &Machine, start: &Start) -> Result<Server, Failed> {
        let mut command = command(codex, machine, start);
        command.arg("app-server").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| Failed::Oracle(format!("{}: {e}", codex.display())))?;
        let (Some(stdin), Some(out), Some(err)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            exec::kill(&mut child);
            return Err(Failed::Oracle("the app-server has no streams".to_owned()));
        };
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&stderr);
        let reading = std::thread::spawn(move || {
            let mut err = err;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = err.read(&mut bytes) {
                if let Ok(mut text) = kept.lock() {
                    text.push_str(&String::from_utf8_lossy(&bytes[..count]));
                }
            }
        });
        let (to, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str(&line)
                    && to.send(value).is_err()
                {
                    return;
                }
            }
        });
        let mut server =
            Server { child, stdin, lines, stderr, next: 0, home: String::new(), warnings: vec![] };
        let info = json!({"clientInfo": {"name": "oracle", "title": "oracle", "version": "0"}});
        match server.ask("initialize", info) {
            Ok(Ok(answer)) => {
                server.home = answer["codexHome"].as_str().unwrap_or_default().to_owned();
                server.tell(&json!({"method": "initialized"}));
                Ok(server)
            }
            Ok(Err(error)) => Err(Failed::Oracle(error)),
            Err(Gone::Ended) => {
                exec::kill(&mut server.child);
                // A process that it started may hold the stream open.
                exec::wait_for(Duration::from_secs(2), || reading.is_finished());
                let text = server.stderr.lock().map(|t| t.clone()).unwrap_or_default();
                Err(Failed::Ended(text))
            }
            Err(Gone::Late) => Err(Failed::Oracle("the app-server did not answer `initialize`".to_owned())),
        }
    }

    /// `config/read` with layers: the result, or Codex's error. The outer error is no answer at all.
    pub fn config(&mut self, cwd: Option<&str>) -> Result<Result<Value, String>, String> {
        let mut asked = json!({"includeLayers": true});
        if let Some(cwd) = cwd {
            asked["cwd"] = json!(cwd);
        }
        self.ask("config/read", asked).map_err(|gone| match gone {
            Gone::Ended => "the app-server ended".to_owned(),
            Gone::Late => "the app-server did not answer in time".to_owned(),
        })
    }

    fn tell(&mut self, message: &Value) {
        // A server that is gone shows when its answer is read.
        let _ = writeln!(self.stdin, "{message}").and_then(|()| self.stdin.flush());
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Result<Value, String>, Gone> {
        self.next += 1;
        let id = self.next;
        self.tell(&json!({"id": id, "method": method, "params": params}));
        let end = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(mut answer) if answer["id"] == id && answer.get("method").is_none() => {
                    return Ok(match answer.get("error") {
                        Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
                        None => Ok(answer["result"].take()),
                    });
                }
                Ok(note) if note["method"] == "configWarning" => {
                    let text = note["params"]["summary"].as_str().unwrap_or_default().to_owned();
                    self.warnings.push(text);
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Err(Gone::Late),
                Err(RecvTimeoutError::Disconnected) => return Err(Gone::Ended),
            }
        }
    }
}

enum Gone {
    Ended,
    Late,
}

impl Drop for Server {
    fn drop(&mut self) {
        exec::kill(&mut self.child);
    }
}
