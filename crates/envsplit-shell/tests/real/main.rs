//! What reading says, beside what the real shells do.
#![allow(clippy::disallowed_methods)] // reason: real programs are run on real files in a scratch home
#![allow(missing_docs)] // reason: a test
#![cfg(unix)] // needs real bash, zsh, fish and dash
mod cases;

use cases::CASES;
use envsplit_model::{EnvBlock, FileError, FileKind, FileTimes, Files, ShellKind, Start};
use envsplit_shell::{ShellEnv, exported_names, program_args, read_start};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

struct Disk;

fn failure(error: &std::io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::NotFound,
        ErrorKind::PermissionDenied => FileError::Denied,
        _ => FileError::Other { message: error.to_string() },
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.kind(path)? {
            FileKind::File => std::fs::read(path).map_err(|e| failure(&e)),
            FileKind::Directory => Err(FileError::IsDirectory),
            FileKind::Other => Err(FileError::NotRegular),
        }
    }
    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let meta = std::fs::metadata(path).map_err(|e| failure(&e))?;
        Ok(match () {
            () if meta.is_file() => FileKind::File,
            () if meta.is_dir() => FileKind::Directory,
            () => FileKind::Other,
        })
    }
    fn canonical(&self, path: &str) -> Result<String, FileError> {
        std::fs::canonicalize(path).map(|p| p.to_string_lossy().into_owned()).map_err(|e| failure(&e))
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|e| failure(&e))? {
            names.push(entry.map_err(|e| failure(&e))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
    fn times(&self, path: &str) -> Result<FileTimes, FileError> {
        let time = std::fs::metadata(path).and_then(|m| m.modified()).map_err(|e| failure(&e))?;
        let modified = time.try_into().map_err(|_| FileError::NotFound)?;
        Ok(FileTimes { modified, changed: modified })
    }
}

struct Case {
    name: &'static str,
    shells: &'static [ShellKind],
    files: &'static [(&'static str, &'static str)],
    env: &'static [(&'static str, &'static str)],
}

/// The same text in every file that a shell of the POSIX family may read, each with a mark of its own.
const EVERYWHERE: &[&str] =
    &[".profile", ".bash_profile", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin", "env.sh"];

fn program(shell: ShellKind) -> &'static str {
    match shell {
        ShellKind::Sh => "dash",
        other => other.as_str(),
    }
}

fn installed(program: &str) -> bool {
    std::env::var("PATH").unwrap_or_default().split(':').any(|d| Path::new(d).join(program).is_file())
}

/// The names that begin with `K` in the environment of a command that the start runs.
fn seen(shell: ShellKind, start: Start, home: &str, env: &[(String, String)]) -> BTreeSet<String> {
    let args = program_args(shell, &start, "env");
    // A session of its own: an interactive shell must not take the terminal of whoever runs the tests.
    let mut command = if installed("setsid") {
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(program(shell));
        command
    } else {
        Command::new(program(shell))
    };
    command.args(args).env_clear().envs(env.iter().cloned()).current_dir(home);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(command.output()));
    let output = receive.recv_timeout(Duration::from_mins(1)).expect("the shell ends").expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|l| l.split_once('=')).map(|(name, _)| name.to_owned());
    names.filter(|n| n.starts_with('K')).collect()
}

fn compare(case: &Case, failures: &mut Vec<String>) {
    for shell in case.shells {
        if !installed(program(*shell)) {
            eprintln!("skipped: {} is not installed", program(*shell));
            continue;
        }
        let scratch = tempfile::tempdir().expect("a scratch home");
        let home = scratch.path().to_string_lossy().into_owned();
        let mut asked = BTreeSet::new();
        for (path, text) in case.files {
            let paths: Vec<&str> = if *path == "*" { EVERYWHERE.to_vec() } else { vec![path] };
            for path in paths {
                let mark: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
                let text = text.replace("@MARK@", &mark);
                for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                    if word.starts_with('K') {
                        asked.insert(word.to_owned());
                    }
                }
                let file = scratch.path().join(path);
                std::fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
                std::fs::write(file, text).expect("a file");
            }
        }
        for (login, interactive) in [(false, false), (false, true), (true, false), (true, true)] {
            let start = Start { shell: *shell, login, interactive };
            let mut env: Vec<(String, String)> = vec![
                ("HOME".into(), home.clone()),
                ("PATH".into(), std::env::var("PATH").unwrap_or_default()),
                ("TERM".into(), "dumb".into()),
            ];
            env.extend(case.env.iter().map(|(k, v)| ((*k).to_owned(), v.replace("@HOME@", &home))));
            let block = EnvBlock::of(env.iter().map(|(k, v)| (k.as_str(), v.as_str())));
            let from = ShellEnv { files: &Disk, env: &block, home: home.clone() };
            let mut expected = seen(*shell, start, &home, &env);
            let label = start.label();
            for (name, _) in &env {
                expected.remove(name);
            }
            let read: BTreeSet<String> =
                exported_names(&start, &from).into_iter().filter(|n| asked.contains(n)).collect();
            let names: Vec<String> = asked.iter().cloned().collect();
            if read != expected {
                let read_start = read_start(&start, &from, &names);
                failures.push(format!(
                    "{} in {label}: read {read:?}, real {expected:?}; {:?} {:?}",
                    case.name, read_start.settings, read_start.opaque
                ));
            }
        }
    }
}

#[test]
fn reading_agrees_with_the_real_shells() {
    let mut failures = Vec::new();
    for case in CASES {
        compare(case, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
