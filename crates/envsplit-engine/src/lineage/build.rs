//! Builds the places and hops.
use super::{Lineage, Node, Up, process_env};
use crate::products;
use crate::roles::{self, RunningShell};
use envsplit_model::{
    CodexAsked, CodexCaller, EnvRef, Marks, PlaceId, PlaceKind, ProcessRecord, Role, Rule, ShellAsked,
    ShellKind, Snapshot, Start,
};
use std::collections::BTreeMap;

struct Builder<'a> {
    snapshot: &'a Snapshot,
    table: BTreeMap<u32, &'a ProcessRecord>,
    nodes: Vec<Node>,
    /// Process places by pid.
    by_pid: BTreeMap<u32, usize>,
    session: usize,
}

/// A process above another on which its environment depends.
enum Above<'a> {
    Node(usize),
    Shell(&'a ProcessRecord, RunningShell),
}

pub(super) fn build(snapshot: &Snapshot) -> Lineage {
    let table: BTreeMap<u32, &ProcessRecord> = snapshot.processes.iter().map(|p| (p.pid, p)).collect();
    let mut b = Builder { snapshot, table, nodes: vec![], by_pid: BTreeMap::new(), session: 0 };
    b.session = b.session_place();
    let typed = b.typed_shell();
    b.processes();
    b.asked_process();
    let caller = b.caller();
    b.connect();
    if !b.nodes.iter().any(|n| n.role.is_ide() && n.role != Role::IntegratedTerminal) {
        b.predict(caller);
    }
    Lineage { nodes: b.nodes, session: b.session, typed, caller }
}

impl<'a> Builder<'a> {
    fn id(&self, kind: PlaceKind, name: &str) -> PlaceId {
        PlaceId(format!("{}/{kind}/{name}", self.snapshot.host))
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn session_place(&mut self) -> usize {
        let id = self.id(PlaceKind::Session, "login");
        let session = &self.snapshot.session;
        self.push(Node {
            key: id.clone(),
            id,
            kind: PlaceKind::Session,
            role: Role::LoginSession,
            label: format!("login session ({})", session.learnt_from),
            predicted: session.predicted,
            pid: None,
            env: EnvRef::Session,
            up: None,
            codex: None,
            shell: None,
        })
    }

    /// The shell program of an environment: `$SHELL`, else the user database's, as IDEs choose it (VS Code
    /// shell.ts `getSystemShell`).
    fn shell_of(&self, structural: &BTreeMap<String, String>) -> String {
        let known = |s: &&String| !s.is_empty();
        structural
            .get("SHELL")
            .filter(known)
            .or(self.snapshot.passwd_shell.as_ref().filter(known))
            .cloned()
            .unwrap_or_else(|| "/bin/sh".to_owned())
    }

    /// The start in which a person types: the shell above the caller where there is one, else the user's. A
    /// terminal's shell is a login shell where it was started as one (ssh, macOS, WSL).
    fn typed_shell(&mut self) -> usize {
        let above =
            self.snapshot.caller.as_ref().and_then(|c| {
                self.ancestors(c.ppid).find_map(|p| roles::shell(p).filter(|s| !s.has_command))
            });
        let (program, start) = if let Some(shell) = above {
            (shell.program, shell.start)
        } else {
            let session = &self.snapshot.session.structural;
            let program = self.shell_of(self.snapshot.caller.as_ref().map_or(session, |c| &c.structural));
            let shell = ShellKind::of_program(&program);
            let login = self.snapshot.host.0.starts_with("wsl:");
            (program, Start { shell, login, interactive: true })
        };
        let asked = ShellAsked { from: EnvRef::Session, program, start, marks: Marks::Terminal };
        self.shell_place(asked, self.session, &start.slug(), "in a terminal")
    }

    fn shell_place(&mut self, asked: ShellAsked, from: usize, name: &str, what: &str) -> usize {
        if let Some(same) = self.nodes.iter().position(|n| n.shell.as_ref() == Some(&asked)) {
            return same;
        }
        let taken = |nodes: &[Node], id: &PlaceId| nodes.iter().any(|n| n.id == *id);
        let key = self.id(PlaceKind::Shell, name);
        let mut id = key.clone();
        for n in 2.. {
            if !taken(&self.nodes, &id) {
                break;
            }
            id = PlaceId(format!("{key}-{n}"));
        }
        self.push(Node {
            key: id.clone(),
            id,
            kind: PlaceKind::Shell,
            role: Role::Shell,
            label: format!("{} {what}", asked.label()),
            predicted: false,
            pid: None,
            env: EnvRef::Shell { asked: Box::new(asked.clone()) },
            up: Some(Up { from, rule: Rule::ShellStartup, via: None }),
            codex: None,
            shell: Some(asked),
        })
    }

    /// The start by which an IDE resolves the user's environment from a process (VS Code shellEnv.ts).
    fn resolution(&mut self, from: usize, structural: &BTreeMap<String, String>, what: &str) -> usize {
        let program = self.shell_of(structural);
        let shell = ShellKind::of_program(&program);
        let login = shell != ShellKind::Tcsh;
        let start = Start { shell, login, interactive: true };
        let asked =
            ShellAsked { from: self.nodes[from].env.clone(), program, start, marks: Marks::IdeResolution };
        self.shell_place(asked, from, &start.slug(), what)
    }

    fn ancestors(&self, pid: u32) -> impl Iterator<Item = &'a ProcessRecord> + use<'a> {
        let mut chain = vec![];
        let mut next = self.table.get(&pid).copied();
        while let Some(p) = next {
            chain.push(p);
            next = self.table.get(&p.ppid).copied().filter(|q| q.pid != p.pid && chain.len() < 256);
        }
        chain.into_iter()
    }

    fn mine(&self, p: &ProcessRecord) -> bool {
        p.uid == self.snapshot.uid
    }

    fn process_place(&mut self, p: &ProcessRecord, role: Role, label: &str) -> usize {
        let role_name = role.as_str();
        let node = Node {
            id: self.id(PlaceKind::Process, &format!("{role_name}-{}", p.pid)),
            key: self.id(PlaceKind::Process, role_name),
            kind: PlaceKind::Process,
            role,
            label: format!("{label} (pid {})", p.pid),
            predicted: false,
            pid: Some(p.pid),
            env: process_env(p),
            up: None,
            codex: None,
            shell: None,
        };
        let at = self.push(node);
        self.by_pid.insert(p.pid, at);
        at
    }

    /// Processes with a role of their own.
    fn processes(&mut self) {
        let caller = self.snapshot.caller.as_ref().map(|c| c.pid);
        for p in &self.snapshot.processes {
            if !self.mine(p) || Some(p.pid) == caller {
                continue;
            }
            let Some(found) = roles::recognise(p) else { continue };
            let product = found.product.or_else(|| self.product_above(p)).unwrap_or(products::ANY);
            let label = match found.role {
                Role::IdeMain => product.to_owned(),
                Role::IdeServer => format!("{product} server"),
                Role::ExtensionHost => format!("{product} extension host"),
                Role::CodexAppServer => "Codex app-server".to_owned(),
                Role::CodexDaemon => "Codex's background server".to_owned(),
                _ => "codex".to_owned(),
            };
            let at = self.process_place(p, found.role, &label);
            let caller = match found.role {
                Role::CodexAppServer | Role::ExtensionHost => CodexCaller::AppServer,
                Role::CodexDaemon => CodexCaller::Daemon,
                Role::CodexCli if p.argv.iter().any(|w| w == "exec" || w == "e") => CodexCaller::Exec,
                Role::CodexCli => CodexCaller::Tui,
                _ => continue,
            };
            self.nodes[at].codex = Some(self.codex_of(p, found.role, caller));
        }
    }

    fn codex_of(&self, p: &ProcessRecord, role: Role, caller: CodexCaller) -> CodexAsked {
        // The workspace of an app-server's thread is known only where somebody said it.
        let asked = self.snapshot.caller.as_ref().filter(|c| c.cwd_asked).map(|c| c.cwd.clone());
        let cwd = if role == Role::CodexCli { p.cwd.clone() } else { asked };
        let runs = role.runs_codex();
        CodexAsked {
            env: process_env(p),
            caller,
            cwd,
            profile: None,
            overrides: vec![],
            flags_of: runs.then_some(p.pid),
            exe: p.exe.clone().filter(|_| runs),
            started_at: runs.then_some(p.started_at),
        }
    }

    fn product_above(&self, p: &ProcessRecord) -> Option<&'static str> {
        self.ancestors(p.ppid).find_map(|q| roles::recognise(q)?.product)
    }

    /// The process that `--pid` names.
    fn asked_process(&mut self) {
        let Some(pid) = self.snapshot.caller.as_ref().and_then(|c| c.pid_asked) else { return };
        let Some(p) = self.table.get(&pid).copied() else { return };
        if let Some(shell) = roles::shell(p) {
            // A shell's own block is from before its start-up files: what it exports is not to be seen in it.
            if !self.by_pid.contains_key(&pid) {
                self.running_shell(p, &shell);
            }
            return;
        }
        if !self.by_pid.contains_key(&pid) {
            let name = p.exe.as_deref().or(p.argv.first().map(String::as_str)).unwrap_or("process");
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            self.process_place(p, Role::Process, &envsplit_model::text::shown(&name));
        }
        let at = self.by_pid[&pid];
        if self.nodes[at].codex.is_none() {
            let mut asked = self.codex_of(p, Role::Process, CodexCaller::AppServer);
            asked.cwd = asked.cwd.or_else(|| p.cwd.clone());
            self.nodes[at].codex = Some(asked);
        }
    }

    fn caller(&mut self) -> Option<usize> {
        let caller = self.snapshot.caller.as_ref()?;
        let at = self.push(Node {
            id: self.id(PlaceKind::Process, &format!("self-{}", caller.pid)),
            key: self.id(PlaceKind::Process, "self"),
            kind: PlaceKind::Process,
            role: Role::Caller,
            label: "this terminal".to_owned(),
            predicted: false,
            pid: Some(caller.pid),
            env: EnvRef::Caller,
            up: None,
            codex: Some(CodexAsked {
                env: EnvRef::Caller,
                caller: CodexCaller::Exec,
                cwd: Some(caller.cwd.clone()),
                profile: caller.profile.clone(),
                overrides: caller.overrides.clone(),
                flags_of: None,
                exe: caller.codex_exe.clone(),
                started_at: None,
            }),
            shell: None,
        });
        self.by_pid.insert(caller.pid, at);
        Some(at)
    }

    /// What a process's environment depends on: the nearest place above it, or the nearest shell above it that was
    /// given a command to run (a launcher) or that a person types in.
    fn above(&self, ppid: u32) -> Option<Above<'a>> {
        for p in self.ancestors(ppid) {
            if let Some(node) = self.by_pid.get(&p.pid) {
                return Some(Above::Node(*node));
            }
            if self.mine(p)
                && let Some(shell) = roles::shell(p)
            {
                return Some(Above::Shell(p, shell));
            }
        }
        None
    }

    /// Connects every process place to what it depends on, adding the shells in between.
    fn connect(&mut self) {
        let mut todo: Vec<usize> = (0..self.nodes.len()).filter(|n| self.nodes[*n].pid.is_some()).collect();
        while let Some(at) = todo.pop() {
            let Some(pid) = self.nodes[at].pid else { continue };
            let ppid = match &self.snapshot.caller {
                Some(c) if c.pid == pid => c.ppid,
                _ => self.table.get(&pid).map_or(0, |p| p.ppid),
            };
            let from = match self.above(ppid) {
                Some(Above::Node(n)) => n,
                Some(Above::Shell(p, shell)) => {
                    let n = self.running_shell(p, &shell);
                    todo.push(n);
                    n
                }
                None => self.session,
            };
            self.nodes[at].up = Some(self.hop(at, from));
        }
    }

    fn running_shell(&mut self, p: &'a ProcessRecord, shell: &RunningShell) -> usize {
        let in_ide = self.ancestors(p.ppid).any(roles::is_pty_host);
        let (role, label) = match (shell.has_command, in_ide) {
            (true, _) => (Role::Launcher, shell.start.label()),
            (false, true) => {
                (Role::IntegratedTerminal, format!("{} in an IDE's terminal", shell.start.shell))
            }
            (false, false) => (Role::Terminal, format!("{} in a terminal", shell.start.shell)),
        };
        self.process_place(p, role, &label)
    }

    fn hop(&mut self, to: usize, from: usize) -> Up {
        let upper = self.nodes[from].pid.and_then(|pid| self.table.get(&pid).copied());
        match (self.nodes[from].role, self.nodes[to].role) {
            (Role::IdeMain | Role::IdeServer, Role::ExtensionHost) if upper.is_some_and(resolves) => {
                let structural = upper.map(|p| p.structural.clone()).unwrap_or_default();
                let via = self.resolution(from, &structural, "as the IDE starts it");
                Up { from, rule: Rule::IdeShellResolution, via: Some(via) }
            }
            // The shell's own block is from before its start-up files; its children's from after.
            (Role::Launcher | Role::Terminal | Role::IntegratedTerminal, _) => {
                let via = upper.and_then(|p| Some((p, roles::shell(p)?))).map(|(p, shell)| {
                    let marks = if shell.has_command { Marks::Program } else { Marks::Terminal };
                    let asked = ShellAsked {
                        from: process_env(p),
                        program: shell.program,
                        start: shell.start,
                        marks,
                    };
                    self.shell_place(asked, from, &shell.start.slug(), "as it was started")
                });
                Up { from, rule: Rule::ShellStartup, via }
            }
            (Role::LoginSession, Role::Terminal | Role::IntegratedTerminal) => {
                Up { from, rule: Rule::Inherits, via: None }
            }
            _ => Up { from, rule: Rule::Inherits, via: None },
        }
    }

    /// With no IDE running: VS Code as it would be, started from the desktop, from this shell, and as a server.
    fn predict(&mut self, caller: Option<usize>) {
        let structural = self.snapshot.session.structural.clone();
        let asked_cwd = self.snapshot.caller.as_ref().filter(|c| c.cwd_asked).map(|c| c.cwd.clone());
        let predicted = |b: &mut Self, role: Role, how: &str, label: String, env: EnvRef, up: Up| {
            let id = b.id(PlaceKind::Process, &format!("{role}-{how}"));
            b.push(Node {
                key: id.clone(),
                id,
                kind: PlaceKind::Process,
                role,
                label,
                predicted: true,
                pid: None,
                env,
                up: Some(up),
                codex: None,
                shell: None,
            })
        };
        let session = self.session;
        let via = self.resolution(session, &structural, "as an IDE would start it");
        for (how, role, what) in [
            ("from-desktop", Role::IdeMain, "VS Code, started from the desktop"),
            ("as-server", Role::IdeServer, "a VS Code server"),
        ] {
            let up = Up { from: session, rule: Rule::Inherits, via: None };
            let main = predicted(self, role, how, what.to_owned(), EnvRef::Session, up);
            let env = EnvRef::Overlay {
                base: Box::new(EnvRef::Session),
                over: Box::new(self.nodes[via].env.clone()),
            };
            let up = Up { from: main, rule: Rule::IdeShellResolution, via: Some(via) };
            let label = format!("Codex in {what}");
            let host = predicted(self, Role::ExtensionHost, how, label, env.clone(), up);
            self.nodes[host].codex = Some(would_run(env, asked_cwd.clone()));
        }
        if let Some(caller) = caller {
            let what = "VS Code, started by `code` from this shell";
            let up = Up { from: caller, rule: Rule::Inherits, via: None };
            let main = predicted(self, Role::IdeMain, "from-shell", what.to_owned(), EnvRef::Caller, up);
            let up = Up { from: main, rule: Rule::Inherits, via: None };
            let label = format!("Codex in {what}");
            let host = predicted(self, Role::ExtensionHost, "from-shell", label, EnvRef::Caller, up);
            self.nodes[host].codex = Some(would_run(EnvRef::Caller, asked_cwd));
        }
    }
}

/// The Codex that an extension would start.
fn would_run(env: EnvRef, cwd: Option<String>) -> CodexAsked {
    CodexAsked {
        env,
        caller: CodexCaller::AppServer,
        cwd,
        profile: None,
        overrides: vec![],
        flags_of: None,
        exe: None,
        started_at: None,
    }
}

/// Whether an IDE's process resolves the user's shell environment (VS Code shellEnv.ts: not when the `code` command
/// line started it, not when told not to).
fn resolves(p: &ProcessRecord) -> bool {
    let has = |w: &str| p.argv.iter().any(|a| a == w);
    if has("--force-disable-user-env") {
        return false;
    }
    p.structural.get("VSCODE_CLI").map(String::as_str) != Some("1") || has("--force-user-env")
}
