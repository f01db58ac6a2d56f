//! What to do: the smallest lasting change for this machine, as commands to paste and edits, quoted for the shell.
//! No command holds a secret: where a key must be typed, the user types it.
mod config;
mod line;
mod route;
mod scoped;

pub(super) use config::{ask_the_organisation, config, home_invalid, in_project, two_homes, update};
pub(super) use line::{clean_value, dotenv_line, drop_line, export};
pub(super) use route::{address, base_url, deployment, env_key, from_profile, provider, without};
pub(super) use scoped::{
    environment_d, from_directory, inherit, into_sandbox, let_through, login_again, out_of_setting,
    reachable_program, same_proxy, server_setup, wait_longer,
};

use super::loss::Loss;
use crate::world::World;
use envsplit_model::text::{posix_word, shown};
use envsplit_model::{Change, Edit, Fix, Guard, Role, Setting, ShellAsked, ShellKind, Start};

const CLOSE_IDE: &str = "close all windows of the IDE; Reload Window is not enough, the shell is asked once";

fn fix(w: &World<'_>, id: &str, title: impl Into<String>, cost: impl Into<String>) -> Fix {
    Fix {
        id: id.to_owned(),
        title: title.into(),
        host: w.snapshot.host.clone(),
        shell: Some("bash".to_owned()),
        commands: vec![],
        edits: vec![],
        cost: cost.into(),
        safe: false,
        changes: vec![],
    }
}

/// A fix that `fix --apply` can make.
fn applied(f: Fix, changes: Vec<Change>) -> Fix {
    Fix { safe: !changes.is_empty(), changes, ..f }
}

/// A command on a file: nothing where the path cannot be written on a command line.
fn quoted(path: &str) -> String {
    posix_word(path)
}

/// What must be started again for a change to arrive at a place.
fn cost_of(w: &World<'_>, place: usize) -> String {
    let chain = w.lineage.chain(place);
    let role = |r: Role| chain.iter().any(|n| w.node(*n).role == r);
    match w.node(place).role {
        _ if w.node(place).predicted => "nothing runs yet: it counts from the next start".to_owned(),
        Role::CodexDaemon => "conversations that run in Codex's background server end".to_owned(),
        _ if role(Role::IdeServer) => {
            "close all windows of this IDE server and end it; Reload Window is not enough".to_owned()
        }
        _ if role(Role::IdeMain) => CLOSE_IDE.to_owned(),
        Role::Caller => "open a new terminal".to_owned(),
        _ => "the program that runs Codex must be started again".to_owned(),
    }
}

/// Start a process again, with the advice on what has to go first.
pub(super) fn restart(w: &World<'_>, place: usize) -> Fix {
    let node = w.node(place);
    let mut f = fix(w, "restart-process", format!("start {} again", node.label), cost_of(w, place));
    match (node.role, node.pid) {
        (Role::CodexDaemon, _) => return restart_daemon(w, place).remove(0),
        (Role::Caller | Role::Terminal | Role::IntegratedTerminal | Role::Launcher, _) | (_, None) => {
            "start Codex again from a new terminal".clone_into(&mut f.title);
            f.shell = None;
        }
        (_, Some(pid)) => f.commands = vec![format!("kill {pid}")],
    }
    f
}

/// Codex's background server: `daemon stop`, then start it from where the variable is.
pub(super) fn restart_daemon(w: &World<'_>, place: usize) -> Vec<Fix> {
    let title = "stop Codex's background server; the next `codex` starts it with its own environment";
    let mut stop = fix(w, "restart-codex-daemon", title, cost_of(w, place));
    stop.commands = vec!["codex app-server daemon stop".to_owned()];
    let mut without = fix(w, "codex-without-daemon", "or run this one without it", "nothing");
    without.commands = vec!["codex --no-daemon".to_owned()];
    vec![stop, without]
}

/// `CODEX_HOME/.env`: the one place that every Codex process reads, however it was started.
pub(super) fn set_in_dotenv(w: &World<'_>, place: usize, name: &str) -> Fix {
    let view = w.codex(place).map(|s| &s.view);
    let home = view.and_then(|v| v.home.clone()).unwrap_or_else(|| "~/.codex".to_owned());
    let file = format!("{home}/.env");
    let mut f = fix(
        w,
        "set-in-codex-env",
        format!("put it into {}, which every Codex process reads at its start", w.shown(&file)),
        cost_of(w, place),
    );
    if name.to_ascii_uppercase().starts_with("CODEX_") {
        f.title = format!(
            "`{}` cannot come from `.env` (Codex drops names with CODEX_): rename it in `env_key`",
            shown(name)
        );
        return f;
    }
    let path = quoted(&file);
    f.commands = vec![
        format!("(umask 077; touch {path})"),
        format!(
            "read -rs key && printf \"\\n%s='%s'\\n\" {} \"$key\" >> {path}; unset key   # paste the key, press Enter",
            posix_word(name)
        ),
    ];
    f
}

/// A line in the file that the failing start reads.
pub(super) fn set_in_login_file(w: &World<'_>, loss: &Loss<'_>) -> Fix {
    let file = login_file(w, loss);
    let mut f = fix(
        w,
        "set-in-login-file",
        format!("or export it in {}, which the IDE's shell start reads", w.shown(&file)),
        cost_of(w, loss.place),
    );
    f.edits = vec![Edit {
        path: file,
        before: String::new(),
        after: format!("export {}=…", shown(loss.name)),
        line: None,
    }];
    f
}

/// The user's own file that the start of the hop reads and that is meant for variables.
fn login_file(w: &World<'_>, loss: &Loss<'_>) -> String {
    let kind = loss.up.via.and_then(|v| w.node(v).shell.as_ref()).map(ShellAsked::kind);
    let home = home(w);
    let own = kind.into_iter().flat_map(|s| {
        w.read(s)
            .flat_map(|r| &r.startup)
            .filter(|f| f.read && f.path.starts_with(&home))
            .map(|f| f.path.clone())
    });
    own.into_iter().next().unwrap_or_else(|| {
        let name = match kind.map(|k| k.start.shell) {
            Some(ShellKind::Zsh) => ".zshenv",
            Some(ShellKind::Fish) => ".config/fish/config.fish",
            _ => ".profile",
        };
        format!("{home}/{name}")
    })
}

pub(super) fn home(w: &World<'_>) -> String {
    let caller = w.snapshot.caller.as_ref().and_then(|c| c.structural.get("HOME").cloned());
    caller.or_else(|| w.snapshot.passwd_home.clone()).unwrap_or_default()
}

/// The file that sets it is not read by the start that matters: let a file that is read take it in. The line itself
/// stays where it works.
pub(super) fn wrong_startup_file(w: &World<'_>, loss: &Loss<'_>, start: Start, line: &Setting) -> Vec<Fix> {
    let target = login_file(w, loss);
    let mut fixes = vec![];
    let reads_with = |shell| match shell {
        ShellKind::Bash | ShellKind::Sh => Some(".bash_profile .bash_login .profile .bashrc"),
        ShellKind::Zsh => Some(".zshenv .zprofile .zshrc .zlogin"),
        _ => None,
    };
    let own = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let same_language = reads_with(start.shell).is_some_and(|files| {
        files.split(' ').any(|f| f == own(&line.path)) && files.split(' ').any(|f| f == own(&target))
    });
    // A file that takes in the one that takes it in would never end.
    let circle = w.starts().into_iter().filter(|k| k.start.shell == start.shell).any(|k| {
        let files: Vec<&String> = w.read(k).flat_map(|r| &r.files).map(|f| &f.path).collect();
        files.contains(&&line.path)
            && files.contains(&&target)
            && w.settings(k, loss.name).iter().any(|s| s.path == line.path)
    });
    if same_language && start.interactive && target != line.path && !circle {
        let (from, to) = (quoted(&line.path), quoted(&target));
        let title = format!("let {} take in {}", w.shown(&target), w.shown(&line.path));
        let mut f = fix(w, "source-from-login-file", title, cost_of(w, loss.place));
        let added = format!("[ -f {from} ] && . {from}");
        f.commands = vec![format!("printf '\\n%s\\n' {} >> {to}", posix_word(&added))];
        let changes = vec![Change::Append { path: target.clone(), text: added.clone() }];
        f.edits = vec![Edit { path: target, before: String::new(), after: added, line: None }];
        fixes.push(applied(f, changes));
    }
    fixes.push(set_in_dotenv(w, loss.place, loss.name));
    fixes
}

/// The line stands behind a guard: it belongs before it.
pub(super) fn above_guard(w: &World<'_>, loss: &Loss<'_>, line: &Setting, guard: &Guard) -> Vec<Fix> {
    let mut fixes = vec![];
    if line.path == guard.path && guard.line < line.line {
        let title = format!(
            "move what sets it at line {} of {}, and all that it needs, above line {}",
            line.line,
            w.shown(&line.path),
            guard.line
        );
        let mut moved = fix(w, "move-above-guard", title, cost_of(w, loss.place));
        moved.edits = vec![Edit {
            path: line.path.clone(),
            before: line.text.clone(),
            after: line.text.clone(),
            line: Some(guard.line),
        }];
        // Whether it needs anything is looked at where the line can be read.
        let plain = line.text.trim_end() == format!("export {}=…", loss.name);
        let changes = plain.then(|| Change::MoveToTop {
            path: line.path.clone(),
            line: line.line,
            name: loss.name.to_owned(),
        });
        fixes.push(applied(moved, changes.into_iter().collect()));
    }
    fixes.push(set_in_dotenv(w, loss.place, loss.name));
    fixes
}

/// The line must not run when the IDE asks the shell.
pub(super) fn guard_for_ide(w: &World<'_>, loss: &Loss<'_>, guard: &Guard) -> Fix {
    let title = format!(
        "let {} line {} run only in a real terminal: put `[ -z \"$VSCODE_RESOLVING_ENVIRONMENT\" ] &&` before it",
        w.shown(&guard.path),
        guard.end_line
    );
    let mut f = fix(w, "guard-for-ide", title, cost_of(w, loss.place));
    f.edits = vec![Edit {
        path: guard.path.clone(),
        before: guard.text.clone(),
        after: format!("[ -z \"$VSCODE_RESOLVING_ENVIRONMENT\" ] && {}", guard.text.trim()),
        line: Some(guard.end_line),
    }];
    // A command, or several of which each needs the one before it.
    let text = guard.text.trim().replace("&&", "");
    let plain = !text.contains(['…', ';', '|', '&', '`', '<', '>', '{', '(']);
    let whole = guard.line == guard.end_line && plain && text.split_whitespace().any(|word| word == "exec");
    let change = whole.then(|| Change::Replace {
        path: guard.path.clone(),
        line: guard.end_line,
        old: guard.text.trim().to_owned(),
        new: f.edits[0].after.clone(),
    });
    applied(f, change.into_iter().collect())
}

/// The command fails where `set -e` is on.
pub(super) fn may_fail(w: &World<'_>, loss: &Loss<'_>, guard: &Guard) -> Fix {
    let title = format!(
        "let the command at {} line {} fail without ending the shell (`|| true` after it), or leave `set -e` out",
        w.shown(&guard.path),
        guard.end_line
    );
    fix(w, "may-fail", title, cost_of(w, loss.place))
}

/// One of the two names has to give way.
pub(super) fn name_mismatch(
    w: &World<'_>,
    place: usize,
    name: &str,
    other: &str,
    source: Option<&Setting>,
) -> Vec<Fix> {
    let mut fixes = vec![];
    if let Some(source) = source {
        let title = format!("export it under the name in `env_key`, in {}", w.shown(&source.path));
        let mut rename = fix(w, "rename-variable", title, cost_of(w, place));
        rename.edits = vec![Edit {
            path: source.path.clone(),
            before: source.text.clone(),
            after: source.text.replace(other, name),
            line: Some(source.line),
        }];
        fixes.push(rename);
    }
    if let Some(at) = super::loss::config_line(w, place)
        && let (Some(path), Some(line)) = (at.path, at.line)
    {
        let title = format!("or name `{}` in `env_key`, if that is the key of this endpoint", shown(other));
        let mut edit =
            fix(w, "rename-env-key", title, "nothing: Codex reads the config anew for each conversation");
        edit.edits = vec![Edit {
            path,
            before: format!("env_key = \"{}\"", shown(name)),
            after: format!("env_key = \"{}\"", shown(other)),
            line: Some(line),
        }];
        fixes.push(edit);
    }
    fixes
}

/// Two lines give two values: one has to go.
pub(super) fn one_source(
    w: &World<'_>,
    ours: Option<&Setting>,
    theirs: Option<&Setting>,
    place: usize,
) -> Fix {
    let name = |s: &Setting| format!("{}:{}", w.shown(&s.path), s.line);
    let title = match (ours, theirs) {
        (Some(a), Some(b)) if a != b => format!("keep one of the two lines, {} or {}", name(a), name(b)),
        (Some(a), _) => format!("{} is what a new start gets: start the other one again", name(a)),
        _ => "set it in one place only".to_owned(),
    };
    let mut f = fix(w, "one-source", title, cost_of(w, place));
    f.shell = None;
    f
}
