//! The login session: the environment from which everything that a user starts inherits.
use super::spawn;
use crate::backend::{SessionFacts, UserFacts};
use crate::secret::Environment;
use envsplit_model::Files;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The systemd user manager: what it said last counts for a while.
#[derive(Default)]
pub(crate) struct Manager {
    every: Duration,
    said: Mutex<Option<(Instant, Option<Zeroizing<String>>)>>,
}

impl Manager {
    pub(super) fn asked_every(every: Duration) -> Self {
        Self { every, said: Mutex::default() }
    }

    fn environment(&self) -> Option<Zeroizing<String>> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = said.as_ref().filter(|(at, _)| at.elapsed() < self.every) {
            return text.clone();
        }
        let text = spawn::output("/usr/bin/systemctl", &["--user", "show-environment"]).map(Zeroizing::new);
        *said = Some((Instant::now(), text.clone()));
        text
    }
}

/// Asks the systemd user manager where it answers; else puts together what a login would have.
pub(super) fn look(user: &UserFacts, files: &dyn Files, manager: &Manager) -> SessionFacts {
    let uid = user.uid.unwrap_or(0);
    if Path::new("/run/systemd/system").exists()
        && Path::new(&format!("/run/user/{uid}/systemd")).exists()
        && let Some(text) = manager.environment()
    {
        let mut env = base(user, files);
        for line in text.lines() {
            if let Some((name, value)) = line.split_once('=') {
                env.set(name, unquote(value));
            }
        }
        return SessionFacts {
            learnt_from: "systemctl --user show-environment".to_owned(),
            predicted: false,
            env,
        };
    }
    SessionFacts {
        learnt_from: "the files that a login reads".to_owned(),
        predicted: true,
        env: base(user, files),
    }
}

/// `systemctl` quotes a value for a shell where it must: `$'…'` with backslashes.
fn unquote(value: &str) -> Vec<u8> {
    let Some(inner) = value.strip_prefix("$'").and_then(|v| v.strip_suffix('\'')) else {
        return value.as_bytes().to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes();
    while let Some(b) = bytes.next() {
        out.push(match (b, b) {
            (b'\\', _) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(other) => other,
                None => b'\\',
            },
            (other, _) => other,
        });
    }
    out
}

/// What a login sets (login(1), `pam_env`(8), environment.d(5)), without any shell.
fn base(user: &UserFacts, files: &dyn Files) -> Environment {
    let mut env = Environment::default();
    let uid = user.uid.unwrap_or(0);
    let home = user.home.clone().unwrap_or_else(|| "/".to_owned());
    let path = if uid == 0 {
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    } else {
        "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
    };
    env.set("PATH", path);
    env.set("LANG", "C.UTF-8");
    for (name, value) in [("USER", &user.name), ("LOGNAME", &user.name), ("SHELL", &user.shell)] {
        if let Some(value) = value {
            env.set(name, value.as_str());
        }
    }
    let runtime = format!("/run/user/{uid}");
    if Path::new(&runtime).is_dir() {
        env.set("XDG_RUNTIME_DIR", runtime);
    }
    if let Ok(text) = files.read("/etc/environment") {
        apply(&mut env, &text, &home);
    }
    for file in crate::door::environment_d(files, &home) {
        if let Ok(text) = files.read(&file) {
            apply(&mut env, &text, &home);
        }
    }
    env.set("HOME", home);
    env
}

/// Lines `NAME=value`, with an optional `export`, quotes around a value, and `$HOME`.
fn apply(env: &mut Environment, text: &[u8], home: &str) {
    for line in text.split(|b| *b == b'\n') {
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"export ").unwrap_or(line);
        let Some(at) = line.iter().position(|b| *b == b'=') else { continue };
        let Ok(name) = std::str::from_utf8(line[..at].trim_ascii()) else { continue };
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let mut value = line[at + 1..].trim_ascii();
        for quote in [b'"', b'\''] {
            if let [first, inner @ .., last] = value
                && *first == quote
                && *last == quote
            {
                value = inner;
            }
        }
        let value = match std::str::from_utf8(value) {
            Ok(text) => text.replace("${HOME}", home).replace("$HOME", home).into_bytes(),
            Err(_) => value.to_vec(),
        };
        env.set(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envsplit_model::{EnvLookup as _, ScratchFiles};

    #[test]
    fn a_login_without_a_shell_reads_environment_files() {
        let files = ScratchFiles::of([
            ("/etc/environment", "PATH=\"/usr/bin:/bin\"\n# KEY=no\nKEY='from etc'\n"),
            ("/home/u/.config/environment.d/10.conf", "export TOOLS=$HOME/bin\n"),
            ("/home/u/.config/environment.d/note.txt", "NOTE=1\n"),
        ]);
        let user = UserFacts {
            uid: Some(123_456),
            name: Some("u".into()),
            home: Some("/home/u".into()),
            shell: Some("/bin/bash".into()),
        };
        let env = base(&user, &files);
        assert_eq!(env.text("KEY"), Some("from etc"));
        assert_eq!(env.text("TOOLS"), Some("/home/u/bin"));
        assert_eq!(env.text("PATH"), Some("/usr/bin:/bin"));
        assert_eq!(env.text("HOME"), Some("/home/u"));
        assert_eq!(env.text("NOTE"), None);
    }

    #[test]
    fn systemd_quotes_are_undone() {
        assert_eq!(unquote(r"$'a b\'c\n'"), b"a b'c\n");
        assert_eq!(unquote("plain"), b"plain");
    }
}
