//! How each shell is started for a trace: arguments, environment, and the files of the private directory.
use crate::backend::{ShellJob, TraceJob};
use crate::linux::shell::child::Launch;
use envsplit_model::{EnvLookup as _, ShellKind, text::posix_word};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// The named pipe in the private directory.
pub(super) const RECORDS: &str = "records";

/// Separates the watched variables in the one string that is compared at each command.
const UNIT: char = '\u{1f}';

/// A start to watch.
pub(super) struct Plan {
    pub(super) launch: Box<dyn FnOnce(String) -> Launch>,
    pub(super) files: Vec<(String, String)>,
}

pub(super) fn of(job: &TraceJob, dir: &Path, token: &str) -> Result<Plan, &'static str> {
    let asked = &job.shell.asked;
    match asked.start.shell {
        ShellKind::Bash => Ok(bash(job, dir)),
        ShellKind::Zsh => Ok(zsh(job, dir)),
        ShellKind::Fish => Ok(fish(job, dir)),
        ShellKind::Sh => Ok(sh(job, token)),
        _ => Err("this shell cannot be watched"),
    }
}

fn pipe(dir: &Path) -> String {
    posix_word(&dir.join(RECORDS).to_string_lossy())
}

/// The value of a variable of the job, as it must be restored.
fn own(job: &ShellJob, name: &str) -> Option<OsString> {
    job.env.get(name).map(|v| OsString::from_vec(v.to_vec()))
}

/// `-i -l` as the start wants them.
fn flags(job: &ShellJob) -> Vec<String> {
    let start = &job.asked.start;
    let flags = [(start.interactive, "-i"), (start.login, "-l")];
    flags.into_iter().filter(|f| f.0).map(|f| f.1.to_owned()).collect()
}

/// For each name the code that notices a change of it, and the string that all are compared by.
fn watch(job: &TraceJob, state: impl Fn(&str) -> String, indent: &str) -> (String, String, String) {
    let states: Vec<String> = job.names.iter().map(|n| state(n)).collect();
    let each = |f: &dyn Fn(usize, &str, &str) -> String| {
        let all = job.names.iter().zip(&states).enumerate();
        all.map(|(i, (n, s))| f(i, n, s)).collect::<Vec<_>>().join("\n")
    };
    let changes = each(&|i, name, seen| {
        format!(
            "{indent}n=\"{seen}\"\n{indent}if [[ \"$n=${{{name}-}}\" != \"$__envsplit_v{i}\" ]]; then\n\
             {indent}  __envsplit_v{i}=\"$n=${{{name}-}}\"\n{indent}  __envsplit_c {i} \"$n\"\n{indent}fi"
        )
    });
    let before = each(&|i, name, seen| format!("__envsplit_v{i}=\"{seen}=${{{name}-}}\""));
    let joined = each(&|_, name, seen| format!("{seen}=${{{name}-}}{UNIT}")).replace('\n', "");
    (changes, before, joined)
}

/// How many commands are watched: so many that it takes up to about 10 ms and a tenth of what the plain start took (a
/// watched command takes bash 20 us more, zsh 3), and as much again in the stretches after the first.
fn most(job: &TraceJob, least: u128, each_ms: u128) -> String {
    (least + each_ms * job.took.as_millis()).to_string()
}

const BASH: &str = include_str!("bash.sh");

fn bash(job: &TraceJob, dir: &Path) -> Plan {
    let start = job.shell.asked.start;
    let (changes, before, state) = watch(job, |n| format!("${{{n}+s}}${{{n}+${{{n}@a}}}}"), "  ");
    // bash(1) INVOCATION: what a login shell reads, what an interactive one does, and BASH_ENV for the others.
    let source = |file: &str| format!("if [[ -r {file} && ! -d {file} ]]; then . {file}; fi\n");
    let mut files = String::new();
    let had = job.shell.env.get("BASH_ENV").is_some();
    if !start.interactive && had {
        files += "export BASH_ENV=$__envsplit_be\nunset __envsplit_be\n";
    }
    if start.login {
        files += &source("/etc/profile");
        files += "if [[ -r ~/.bash_profile && ! -d ~/.bash_profile ]]; then . ~/.bash_profile\n\
                  elif [[ -r ~/.bash_login && ! -d ~/.bash_login ]]; then . ~/.bash_login\n\
                  elif [[ -r ~/.profile && ! -d ~/.profile ]]; then . ~/.profile\nfi\n";
    } else if start.interactive {
        files += &source("/etc/bash.bashrc");
        files += &source("~/.bashrc");
    }
    if !start.interactive {
        files += "if [[ -n ${BASH_ENV-} ]]; then\n  __envsplit_be=${BASH_ENV/#\\~\\//$HOME/}\n\
                  \x20 if [[ -r $__envsplit_be ]]; then . \"$__envsplit_be\"; fi\n  unset __envsplit_be\nfi\n";
    }
    let script = BASH
        .replace("@CHANGES@", &changes)
        .replace("@BEFORE@", &before)
        .replace("@STATE@", &state)
        .replace("@MOST@", &most(job, 500, 5))
        .replace("@FIFO@", &pipe(dir))
        .replace("@FILES@", &files);
    let by_file = !start.login && !start.interactive;
    let mut args = vec![if start.login { "--noprofile" } else { "--norc" }.to_owned()];
    args.extend(flags(&job.shell));
    args.push("-c".to_owned());
    let mut env = vec![];
    if !start.interactive {
        env.push(("BASH_ENV", None));
        env.extend(own(&job.shell, "BASH_ENV").map(|v| ("__envsplit_be", Some(v))));
    }
    let mut scratch = vec![];
    if by_file {
        let prelude = dir.join("bash_env");
        env.push(("BASH_ENV", Some(prelude.into_os_string())));
        // Without a value of its own the variable is not there natively.
        let script = if had { script } else { script.replacen("{\n", "{\nunset BASH_ENV\n", 1) };
        scratch.push(("bash_env".to_owned(), script));
        let launch = Box::new(move |command| {
            args.push(command);
            Launch { args, env }
        });
        return Plan { launch, files: scratch };
    }
    let launch = Box::new(move |command: String| {
        args.push(format!("{script}\n{command}"));
        Launch { args, env }
    });
    Plan { launch, files: scratch }
}

const ZSH: &str = include_str!("zsh.zsh");

fn zsh(job: &TraceJob, dir: &Path) -> Plan {
    let (changes, before, state) = watch(job, |n| format!("${{{n}+s}}${{{n}+${{(t){n}}}}}"), "  ");
    let had = own(&job.shell, "ZDOTDIR");
    let restore = match &had {
        Some(_) => "export ZDOTDIR=$__envsplit_zd\nunset __envsplit_zd",
        None => "unset ZDOTDIR",
    };
    let script = ZSH
        .replace("@CHANGES@", &changes)
        .replace("@BEFORE@", &before)
        .replace("@STATE@", &state)
        .replace("@MOST@", &most(job, 3500, 20))
        .replace("@FIFO@", &pipe(dir))
        .replace("@ZDOTDIR@", restore);
    let mut env = vec![("ZDOTDIR", Some(dir.as_os_str().to_owned()))];
    env.extend(had.map(|v| ("__envsplit_zd", Some(v))));
    let mut args = flags(&job.shell);
    let launch = Box::new(move |command: String| {
        args.extend(["-c".to_owned(), format!("__envsplit_l=-1\n\\__envsplit_end\n{command}")]);
        Launch { args, env }
    });
    Plan { launch, files: vec![(".zshenv".to_owned(), script)] }
}

const FISH: &str = include_str!("fish.fish");

fn fish(job: &TraceJob, dir: &Path) -> Plan {
    let handler = |(i, name): (usize, &String)| {
        format!(
            "    function __envsplit_{i} --on-variable {name}\n        set -l x 0\n        set -qx {name}; and set x 1\n\
             \x20       __envsplit_c {i} $argv[2] $x (status stack-trace)\n    end"
        )
    };
    let changes = job.names.iter().enumerate().map(handler).collect::<Vec<_>>().join("\n");
    let handlers = (0..job.names.len()).map(|i| format!("__envsplit_{i}")).collect::<Vec<_>>().join(" ");
    let had = own(&job.shell, "XDG_DATA_DIRS");
    let restore = match &had {
        Some(_) => "set -gx XDG_DATA_DIRS $__envsplit_dd; set -e __envsplit_dd",
        None => "set -e XDG_DATA_DIRS",
    };
    let script = FISH
        .replace("@CHANGES@", &changes)
        .replace("@HANDLERS@", &handlers)
        .replace("@FIFO@", &pipe(dir))
        .replace("@DATA_DIRS@", restore);
    // fish(1): the default of XDG_DATA_DIRS.
    let mut dirs = dir.as_os_str().to_owned();
    dirs.push(":");
    dirs.push(had.clone().unwrap_or_else(|| "/usr/local/share:/usr/share".into()));
    let mut env = vec![("XDG_DATA_DIRS", Some(dirs))];
    env.extend(had.map(|v| ("__envsplit_dd", Some(v))));
    let mut args = flags(&job.shell);
    let launch = Box::new(move |command: String| {
        args.extend(["-c".to_owned(), format!("functions -q __envsplit_end; and __envsplit_end\n{command}")]);
        Launch { args, env }
    });
    // fish's share/config.fish calls this function first of all; later versions bring it with them and do not look.
    let early = format!("{script}source $__fish_data_dir/functions/__fish_set_locale.fish\n");
    Plan {
        launch,
        files: vec![
            ("fish/vendor_functions.d/__fish_set_locale.fish".to_owned(), early),
            ("fish/vendor_conf.d/envsplit-watch.fish".to_owned(), script),
        ],
    }
}

const SH: &str = include_str!("sh.sh");

fn sh(job: &TraceJob, token: &str) -> Plan {
    let start = job.shell.asked.start;
    let state: Vec<String> = job.names.iter().map(|n| format!("${{{n}+s${{#{n}}}}}")).collect();
    let mut files = String::new();
    let had = own(&job.shell, "ENV");
    if had.is_some() {
        files += "export ENV=\"$__envsplit_env\"\nunset __envsplit_env\n";
    }
    if start.login {
        files += "if [ -r /etc/profile ]; then . /etc/profile; fi\n\
                  if [ -r \"$HOME/.profile\" ]; then . \"$HOME/.profile\"; fi\n";
    }
    if start.interactive {
        // dash(1): parameter expansion and what goes with it is done on the value.
        files += "if [ -n \"${ENV-}\" ]; then\n  eval \"__envsplit_env=\\\"$ENV\\\"\"\n\
                  \x20 if [ -r \"$__envsplit_env\" ]; then . \"$__envsplit_env\"; fi\nfi\n";
    }
    let script = SH.replace("@TOKEN@", token).replace("@STATE@", &state.join(",")).replace("@FILES@", &files);
    let mut env = vec![("ENV", None)];
    env.extend(had.map(|v| ("__envsplit_env", Some(v))));
    let mut args: Vec<String> = flags(&job.shell).into_iter().filter(|f| f == "-i").collect();
    let launch = Box::new(move |command: String| {
        args.extend(["-c".to_owned(), format!("{script}{command}")]);
        Launch { args, env }
    });
    Plan { launch, files: vec![] }
}
