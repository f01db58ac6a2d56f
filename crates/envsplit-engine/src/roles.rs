//! Who is what: by program file, arguments and environment marks, never by `comm` (a server's is `MainThread`).
use crate::products;
use envsplit_model::{EnvAccess, ProcessRecord, Role, ShellKind, Start};

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recognised {
    pub(crate) role: Role,
    /// The IDE's name, where it is one.
    pub(crate) product: Option<&'static str>,
}

/// The host process of an IDE's terminals: no place of its own, but its children are integrated terminals.
pub(crate) fn is_pty_host(p: &ProcessRecord) -> bool {
    has(p, "--type=ptyHost") || mark(p, "VSCODE_CRASH_REPORTER_PROCESS_TYPE") == Some("ptyHost")
}

/// See [`crate::candidate`].
pub(crate) fn candidate(p: &ProcessRecord) -> bool {
    codex(p).is_some()
        || is_cloud(p)
        || ide_script(p).is_some()
        || desktop(p).is_some()
        || has(p, "--type=utility")
        || has(p, "--type=extensionHost")
        || has(p, "--type=ptyHost")
        || p.argv.iter().any(|a| file_name(a).starts_with("bootstrap-fork"))
}

/// The role of a process by itself; shells get theirs from where they stand.
pub(crate) fn recognise(p: &ProcessRecord) -> Option<Recognised> {
    if let Some(role) = codex(p) {
        return Some(Recognised { role, product: None });
    }
    let extension_host = has(p, "--type=extensionHost")
        || mark(p, "VSCODE_CRASH_REPORTER_PROCESS_TYPE") == Some("extensionHost") && has(p, "--type=utility")
        || has(p, "--type=utility")
            && p.env == EnvAccess::Read
            && mark(p, "VSCODE_ESM_ENTRYPOINT").or(mark(p, "VSCODE_AMD_ENTRYPOINT"))
                == Some("vs/workbench/api/node/extensionHostProcess");
    if extension_host {
        let script = p.argv.iter().find(|a| file_name(a).starts_with("bootstrap-fork"));
        let product =
            script.and_then(|s| products::server(s)).or_else(|| program(p).and_then(products::desktop));
        return Some(Recognised { role: Role::ExtensionHost, product: product.map(|p| p.name) });
    }
    if p.argv.iter().any(|a| a.starts_with("--type=")) {
        return None;
    }
    if let Some(script) = ide_script(p) {
        let product = products::server(script).map(|p| p.name);
        return Some(Recognised { role: Role::IdeServer, product });
    }
    desktop(p).map(|product| Recognised { role: Role::IdeMain, product: Some(product) })
}

/// Codex's own processes. Codex 0.169.0: `codex app-server --listen unix:// … --managed-daemon` is the background
/// daemon; `codex … app-server` an IDE's or a wrapper's; what talks to no model has no role.
fn codex(p: &ProcessRecord) -> Option<Role> {
    let first = p.argv.first()?;
    let name = file_name(first);
    let is_codex =
        |n: &str| n == "codex" || n.starts_with("codex-x86_64-") || n.starts_with("codex-aarch64-");
    let by_exe = p.exe.as_deref().is_some_and(|e| is_codex(file_name(e)));
    // Another name on the same file is one of Codex's helpers (`codex-linux-sandbox`, `apply_patch`).
    let by_name = is_codex(name) || (by_exe && first == "/proc/self/exe");
    if !by_name || (!by_exe && p.exe.is_some()) {
        return None;
    }
    let mut words = p.argv.iter().skip(1).map(String::as_str);
    let subcommand = words.by_ref().find(|w| SUBCOMMANDS.contains(w));
    match subcommand {
        Some("app-server") => {
            let rest: Vec<&str> = words.collect();
            if rest.iter().any(|w| APP_SERVER_TOOLS.contains(w)) {
                None
            } else if rest.contains(&"--managed-daemon") {
                Some(Role::CodexDaemon)
            } else {
                Some(Role::CodexAppServer)
            }
        }
        None | Some("exec" | "e" | "resume" | "fork" | "review" | "mcp-server") => Some(Role::CodexCli),
        Some(_) => None,
    }
}

/// `codex cloud`: no place of its own, since nothing of it reads the provider.
pub(crate) fn is_cloud(p: &ProcessRecord) -> bool {
    let is_codex = p.exe.as_deref().is_some_and(|e| file_name(e) == "codex");
    is_codex
        && p.argv.iter().skip(1).find(|w| SUBCOMMANDS.contains(&w.as_str())).is_some_and(|w| w == "cloud")
}

/// Subcommands, as far as they decide a role.
const SUBCOMMANDS: &[&str] = &[
    "app-server",
    "exec",
    "e",
    "resume",
    "fork",
    "review",
    "mcp-server",
    "mcp",
    "login",
    "logout",
    "doctor",
    "completion",
    "sandbox",
    "debug",
    "apply",
    "cloud",
    "features",
    "archive",
    "delete",
    "queue",
    "update",
    "help",
    "execpolicy",
    "stdio-to-uds",
    "responses-api-proxy",
];

/// What follows `app-server` where it is a tool, not a server.
const APP_SERVER_TOOLS: &[&str] = &[
    "daemon",
    "pid-update-loop",
    "generate-json-schema",
    "generate-ts",
    "start",
    "stop",
    "status",
    "restart",
];

/// The script by which an IDE's server is started.
fn ide_script(p: &ProcessRecord) -> Option<&str> {
    let script = p.argv.get(1..)?.iter().find(|a| {
        let path = a.trim_end_matches(".js");
        path.ends_with("/out/server-main")
            || path.ends_with("/out/vs/server/main")
            || path.ends_with("/out/node/entry") && path.contains("code-server")
    })?;
    Some(script)
}

fn desktop(p: &ProcessRecord) -> Option<&'static str> {
    if p.argv.iter().any(|a| a.starts_with("--type=") || file_name(a) == "cli.js") {
        return None;
    }
    let first = p.argv.first().map(String::as_str);
    let product =
        p.exe.as_deref().and_then(products::desktop).or_else(|| first.and_then(products::desktop))?;
    Some(product.name)
}

fn program(p: &ProcessRecord) -> Option<&str> {
    p.exe.as_deref().or(p.argv.first().map(String::as_str))
}

fn has(p: &ProcessRecord, word: &str) -> bool {
    p.argv.iter().any(|a| a == word)
}

fn mark<'a>(p: &'a ProcessRecord, name: &str) -> Option<&'a str> {
    p.structural.get(name).map(String::as_str)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A running shell.
#[derive(Clone, Debug)]
pub(crate) struct RunningShell {
    pub(crate) program: String,
    pub(crate) start: Start,
    /// Whether it was given a command or a script.
    pub(crate) has_command: bool,
}

/// The shell that a process is, by its program file and the flags that it was started with (bash(1) INVOCATION; the
/// other shells agree on `-l`, `-i`, `-c` and a leading `-`).
pub(crate) fn shell(p: &ProcessRecord) -> Option<RunningShell> {
    let program = p.exe.clone().or_else(|| p.argv.first().cloned())?;
    let mut kind = ShellKind::of_program(&program);
    if kind == ShellKind::Unknown {
        return None;
    }
    let first = p.argv.first().map_or("", String::as_str);
    if kind == ShellKind::Bash && ShellKind::of_program(first) == ShellKind::Sh {
        kind = ShellKind::Sh;
    }
    let (mut login, mut interactive, mut command, mut script) = (first.starts_with('-'), false, false, false);
    let mut words = p.argv.iter().skip(1);
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "--init-file" | "--rcfile" | "-o" | "-O" | "+O") {
            // bash(1) OPTIONS: a word follows. VS Code's terminals start bash so.
            words.next();
            continue;
        }
        match word.strip_prefix('-') {
            _ if command => break,
            Some("-login") => login = true,
            Some("-interactive") => interactive = true,
            Some(long) if long.starts_with('-') => {}
            Some(flags) => {
                login |= flags.contains('l');
                interactive |= flags.contains('i');
                command |= flags.contains('c');
            }
            None => {
                script = true;
                break;
            }
        }
    }
    let has_command = command || script;
    let start = Start { shell: kind, login, interactive: interactive || !has_command };
    Some(RunningShell { program, start, has_command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn process(exe: &str, argv: &[&str], marks: &[(&str, &str)]) -> ProcessRecord {
        ProcessRecord {
            pid: 1,
            ppid: 0,
            started_at: jiff::Timestamp::UNIX_EPOCH,
            uid: Some(1000),
            exe: Some(exe.to_owned()),
            argv: argv.iter().map(|a| (*a).to_owned()).collect(),
            cwd: None,
            env: EnvAccess::Read,
            structural: marks
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            names: vec![],
        }
    }

    fn role(exe: &str, argv: &[&str], marks: &[(&str, &str)]) -> Option<Role> {
        let p = process(exe, argv, marks);
        let role = recognise(&p).map(|r| r.role);
        assert!(role.is_none() || candidate(&p), "a role without being a candidate: {argv:?}");
        role
    }

    #[test]
    fn codex_processes_have_three_roles() {
        let c = "/n/bin/codex";
        assert_eq!(role(c, &[c], &[]), Some(Role::CodexCli));
        assert_eq!(role(c, &["codex", "exec", "…"], &[]), Some(Role::CodexCli));
        assert_eq!(
            role(c, &["codex", "-c", "…", "app-server", "--analytics-default-enabled"], &[]),
            Some(Role::CodexAppServer)
        );
        assert_eq!(
            role(c, &[c, "app-server", "--listen", "unix://", "--managed-daemon"], &[]),
            Some(Role::CodexDaemon)
        );
        assert_eq!(role(c, &[c, "app-server", "daemon", "start"], &[]), None);
        assert_eq!(role(c, &[c, "app-server", "daemon", "pid-update-loop"], &[]), None);
        assert_eq!(role(c, &[c, "doctor"], &[]), None);
        assert_eq!(role(c, &["codex-linux-sandbox", "…"], &[]), None);
        assert_eq!(role("/usr/bin/vim", &["codex"], &[]), None, "a name in argv[0] alone proves nothing");
    }

    #[test]
    fn ide_processes_are_told_by_arguments_and_marks() {
        let node = "/usr/bin/node";
        let server = "/home/u/.vscode-server/bin/c/out/server-main.js";
        assert_eq!(role(node, &[node, server, "…"], &[]), Some(Role::IdeServer));
        let fork = "/home/u/.vscode-server/bin/c/out/bootstrap-fork";
        assert_eq!(role(node, &[node, fork, "--type=extensionHost"], &[]), Some(Role::ExtensionHost));
        assert_eq!(role(node, &[node, fork, "--type=ptyHost"], &[]), None);
        let code = "/usr/share/code/code";
        assert_eq!(role(code, &[code], &[]), Some(Role::IdeMain));
        assert_eq!(role(code, &[code, "/usr/share/code/resources/app/out/cli.js"], &[]), None);
        assert_eq!(role(code, &[code, "--type=renderer"], &[]), None);
        let utility = &[code, "--type=utility", "--utility-sub-type=node.mojom.NodeService"];
        let host = &[("VSCODE_CRASH_REPORTER_PROCESS_TYPE", "extensionHost")];
        assert_eq!(role(code, utility, host), Some(Role::ExtensionHost));
        assert_eq!(role(code, utility, &[("VSCODE_CRASH_REPORTER_PROCESS_TYPE", "fileWatcher")]), None);
    }

    #[test]
    fn shells_tell_how_they_were_started() {
        let start = |exe: &str, argv: &[&str]| {
            let s = shell(&process(exe, argv, &[])).unwrap();
            (s.start.label(), s.has_command)
        };
        assert_eq!(start("/usr/bin/bash", &["-bash"]), ("bash -ilc".to_owned(), false));
        assert_eq!(start("/usr/bin/bash", &["bash", "-lc", "…"]), ("bash -lc".to_owned(), true));
        assert_eq!(start("/usr/bin/zsh", &["zsh"]), ("zsh -ic".to_owned(), false));
        assert_eq!(start("/usr/bin/bash", &["sh", "-c", "…"]), ("sh -c".to_owned(), true));
        assert_eq!(start("/usr/bin/bash", &["bash", "…"]), ("bash -c".to_owned(), true));
        assert_eq!(start("/usr/bin/bash", &["bash", "--init-file", "…"]), ("bash -ic".to_owned(), false));
        assert!(shell(&process("/usr/bin/node", &["node"], &[])).is_none());
    }
}
