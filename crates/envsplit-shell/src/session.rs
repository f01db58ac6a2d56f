//! Files that set variables for a whole session, and the arguments by which a shell is started.
use crate::lines::numbered;
use crate::mask;
use crate::source::{STRAY, Source, decode};
use crate::word::name_length;
use envsplit_model::{How, Reach, Setting, ShellKind, Start};
use std::collections::HashSet;

/// A file that sets variables for a whole session without a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvFileKind {
    /// `/etc/environment`: `NAME=value`, `export` in front is allowed (`pam_env(8)`, `envfile`).
    EtcEnvironment,
    /// `environment.d/*.conf`: `NAME=value`, a backslash at the line end continues it (`environment.d(5)`).
    EnvironmentD,
    /// `pam_env.conf`, `~/.pam_environment`: `NAME DEFAULT=value OVERRIDE=value` (`pam_env.conf(5)`).
    PamEnv,
}

/// The lines of a session-wide file at `path` that set one of `names`, in their order. Times are not known here.
pub fn env_file(text: &[u8], path: &str, kind: EnvFileKind, names: &[String]) -> Vec<Setting> {
    let Some(text) = decode(text) else { return Vec::new() };
    let source = Source::new(path, text, None);
    let asked: HashSet<String> = names.iter().cloned().collect();
    let mut settings = Vec::new();
    let mut continued = false;
    for (at, line) in numbered(&source.text) {
        let follows = continued;
        let trimmed = line.trim_end_matches(STRAY);
        continued = kind != EnvFileKind::EtcEnvironment && trimmed.ends_with('\\');
        // A byte order mark makes the first name another one; what pam_env skips is skipped here.
        let lead = trimmed.len() - trimmed.trim_start().len();
        let mut rest = &trimmed[lead..];
        let mut place = at + lead;
        if follows || rest.starts_with('#') {
            continue;
        }
        if kind == EnvFileKind::EtcEnvironment
            && let Some(tail) = rest.strip_prefix("export ")
        {
            place += rest.len() - tail.trim_start().len();
            rest = tail.trim_start();
        }
        let name = &rest[..name_length(rest)];
        let tail = &rest[name.len()..];
        let sets = match kind {
            EnvFileKind::PamEnv => tail.is_empty() || tail.starts_with([' ', '\t']),
            _ => tail.starts_with('='),
        };
        if name.is_empty() || !sets || !asked.contains(name) {
            continue;
        }
        let words = if kind == EnvFileKind::PamEnv { "DEFAULT=… OVERRIDE=…" } else { "" };
        let text = if words.is_empty() {
            mask::line(trimmed, ShellKind::Sh, &asked)
        } else {
            let kept = words.split(' ').filter(|w| tail.contains(w.trim_end_matches('…')));
            std::iter::once(name).chain(kept).collect::<Vec<_>>().join(" ")
        };
        settings.push(Setting {
            name: name.to_owned(),
            path: path.to_owned(),
            line: source.line(place),
            column: source.column(place),
            how: How::EnvFile,
            text,
            times: None,
            reach: Reach::Reached,
        });
    }
    settings
}

/// The arguments, after the program, by which `shell` runs `command` as the given kind of start: `vscode shellEnv.ts`
/// for login and interactive (separate `-i -l -c` for bash, zsh, fish, sh, ksh and nu, `-ic` for tcsh and csh,
/// `-Login -Command` for pwsh), the same without the flag for the others.
///
/// tcsh takes `-l` only when it is alone: the caller makes a login tcsh by a `-` in front of the program's name.
pub fn program_args(shell: ShellKind, start: &Start, command: &str) -> Vec<String> {
    let mut args: Vec<&str> = Vec::new();
    match shell {
        ShellKind::Tcsh => args.push(if start.interactive { "-ic" } else { "-c" }),
        ShellKind::Pwsh => {
            if start.login {
                args.push("-Login");
            }
            args.push("-Command");
        }
        _ => {
            if start.interactive {
                args.push("-i");
            }
            if start.login {
                args.push("-l");
            }
            args.push("-c");
        }
    }
    args.push(command);
    args.into_iter().map(str::to_owned).collect()
}
