//! A scenario's scratch machine: files, a private `/etc`, real processes; and the commands that prove its premise.
//!
//! It runs as the first process of namespaces that [`crate::isolate`] made. Whoever made them removes the root.
mod agent;
mod heal;
mod machine;

use crate::exec::{self, Output};
use crate::isolate::{Means, NestedUser, USER};
use crate::programs;
use crate::scenario::{Command, Scenario, Step};
pub use agent::Agent;
pub use machine::socket_directory;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Search path of the lab's processes.
pub const PATH: &str = "/usr/bin:/bin";

/// What is the same for every scenario of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The lab's root, an empty directory.
    pub root: PathBuf,
    /// How the namespaces were made.
    pub means: Means,
    /// Whether the scenario's processes run as root.
    pub as_root: bool,
    /// The native Codex.
    pub codex: Option<PathBuf>,
    /// The binary under test.
    pub bin: Option<PathBuf>,
    /// Whether a background agent answers.
    pub agent: Option<Agent>,
}

/// The scratch machine of one scenario.
pub struct Lab<'s> {
    /// What it stands for.
    pub scenario: &'s Scenario,
    /// Planted secrets by name. They must appear in no output.
    pub secrets: RefCell<BTreeMap<String, String>>,
    options: Options,
    nested: Option<NestedUser>,
    processes: BTreeMap<String, Child>,
    agent: agent::Running,
    programs: BTreeMap<&'static str, PathBuf>,
}

impl<'s> Lab<'s> {
    /// Lays the machine out: namespaces are there, files, links and steps follow.
    pub fn lay_out(scenario: &'s Scenario, options: Options) -> Result<Lab<'s>, String> {
        let nested = (options.means == Means::UserNamespace && !options.as_root).then(NestedUser::make);
        let mut lab = Lab {
            scenario,
            secrets: RefCell::default(),
            options,
            nested: nested.transpose()?,
            processes: BTreeMap::new(),
            agent: agent::Running::default(),
            programs: BTreeMap::new(),
        };
        for dir in ["home", "work", "tmp", "tool"] {
            lab.directory(&lab.root().join(dir))?;
        }
        mode(lab.root(), 0o755)?;
        mode(&lab.root().join("tmp"), 0o700)?;
        lab.private_etc()?;
        lab.private_socket_directory()?;
        if scenario.wsl {
            lab.pretend_wsl()?;
        }
        lab.bring_programs()?;
        for (path, text) in &scenario.files {
            lab.write(path, text, false)?;
        }
        for (path, octal) in &scenario.modes {
            let bits = u32::from_str_radix(octal, 8).map_err(|e| format!("mode of {path}: {e}"))?;
            mode(&lab.root().join(path), bits)?;
        }
        for (path, target) in &scenario.links {
            let (link, target) = (lab.root().join(path), lab.fill(target)?);
            let parent = link.parent().unwrap_or(lab.root());
            lab.directory(parent)?;
            symlink(target, &link).map_err(|e| format!("{}: {e}", link.display()))?;
        }
        lab.steps(&scenario.step)?;
        Ok(lab)
    }

    /// A lab that is only described: nothing is laid out, nothing can be run in it.
    #[cfg(test)]
    pub(crate) fn bare(scenario: &'s Scenario, root: PathBuf) -> Lab<'s> {
        let options =
            Options { root, means: Means::Root, as_root: true, codex: None, bin: None, agent: None };
        let (processes, programs) = (BTreeMap::new(), BTreeMap::new());
        let agent = agent::Running::default();
        Lab { scenario, secrets: RefCell::default(), options, nested: None, processes, agent, programs }
    }

    /// Runs every truth; returns what real programs did not confirm.
    pub fn truths(&self) -> Vec<String> {
        let mut bad = Vec::new();
        for truth in &self.scenario.truth {
            match self.run(truth, &truth.argv, 90.0).and_then(|out| self.untrue(truth, &out)) {
                Ok(wrong) => bad.extend(wrong),
                Err(why) => bad.push(why),
            }
        }
        bad
    }

    /// Asks the binary under test as the scenario says.
    pub fn check(&self) -> Result<Output, String> {
        self.asked(&self.scenario.check)
    }

    fn asked(&self, check: &Command) -> Result<Output, String> {
        let default = ["check", "--json", "--no-daemon"].map(str::to_owned);
        let rest = if check.argv.is_empty() { &default[..] } else { &check.argv };
        let mut argv: Vec<_> = std::iter::once("{{BIN}}".to_owned()).chain(rest.iter().cloned()).collect();
        if self.options.agent.is_none() || !agent::of_agent(&mut argv) {
            return self.run(check, &argv, 60.0);
        }
        let before = self.served()?;
        let out = self.run(check, &argv, 60.0)?;
        if self.served()? < before + 2 {
            return Err(format!("the agent was not asked: {}", out.text()));
        }
        Ok(out)
    }

    /// The lab's root.
    pub fn root(&self) -> &Path {
        &self.options.root
    }

    /// Fills in the placeholders of a scenario's text.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            filled.push_str(&rest[..at]);
            rest = &rest[at + 2..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '_'));
            match end.filter(|end| *end > 0 && rest[*end..].starts_with("}}")) {
                Some(end) => {
                    filled.push_str(&self.placeholder(&rest[..end])?);
                    rest = &rest[end + 2..];
                }
                None => filled.push_str("{{"),
            }
        }
        Ok(filled + rest)
    }

    /// Fills in a path of a scenario; `~/` is the lab's home.
    pub fn path(&self, text: &str) -> Result<String, String> {
        match text.strip_prefix("~/") {
            Some(below) => Ok(format!("{}/{}", self.home().display(), self.fill(below)?)),
            None => self.fill(text),
        }
    }

    fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    fn placeholder(&self, name: &str) -> Result<String, String> {
        if let Some(secret) = name.strip_prefix("secret:") {
            let mut secrets = self.secrets.borrow_mut();
            if !secrets.contains_key(secret) {
                secrets.insert(secret.to_owned(), canary()?);
            }
            return Ok(secrets[secret].clone());
        }
        if let Some(process) = name.strip_prefix("pid:") {
            let child =
                self.processes.get(process).ok_or_else(|| format!("no process `{process}` was started"))?;
            return Ok(child.id().to_string());
        }
        match name {
            "ROOT" => Ok(self.root().display().to_string()),
            "HOME" => Ok(self.home().display().to_string()),
            "WORK" => Ok(self.root().join("work").display().to_string()),
            _ => match self.programs.get(name) {
                Some(path) => Ok(path.display().to_string()),
                None => Err(format!("`{{{{{name}}}}}`: no such program here, or no such placeholder")),
            },
        }
    }

    fn untrue(&self, truth: &Command, out: &Output) -> Result<Vec<String>, String> {
        let (text, mut bad) = (out.text(), Vec::new());
        if truth.exit.is_some_and(|want| want != out.code) {
            bad.push(format!("exit {}, wanted {:?}: {}", out.code, truth.exit, tail(&text, 300)));
        }
        for (wanted, verb) in
            truth.has.iter().map(|t| (t, "lacks")).chain(truth.lacks.iter().map(|t| (t, "has")))
        {
            let needle = self.fill(wanted)?;
            if text.contains(&needle) == (verb == "has") {
                bad.push(format!("{verb} {needle:?}: {}", tail(&text, 400)));
            }
        }
        Ok(bad)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(name) = &step.start {
            self.start(name, step)
        } else if let Some(path) = &step.write {
            self.write(path, &step.text, step.append)
        } else if let Some(seconds) = step.sleep {
            // The situation itself: time passes between a process's start and a file's change.
            std::thread::sleep(Duration::from_secs_f64(seconds));
            Ok(())
        } else if let Some(name) = &step.stop {
            let child = self.processes.get_mut(name).ok_or_else(|| format!("stop: no process `{name}`"))?;
            exec::kill(child);
            Ok(())
        } else if let Some(argv) = &step.run {
            let out = self.run(&step.command, argv, 60.0)?;
            if out.code != 0 && !step.may_fail {
                return Err(format!(
                    "step failed: {argv:?}: {}",
                    tail(&String::from_utf8_lossy(&out.stderr), 300)
                ));
            }
            Ok(())
        } else {
            Err(format!("unknown step {step:?}"))
        }
    }

    fn start(&mut self, name: &str, step: &Step) -> Result<(), String> {
        let log = self.root().join(format!("{name}.log"));
        let out = fs::File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let err = out.try_clone().map_err(|e| format!("{}: {e}", log.display()))?;
        let mut command = self.command(&step.command, &step.command.argv)?;
        let child = command.stdin(Stdio::piped()).stdout(out).stderr(err).spawn();
        self.processes.insert(name.to_owned(), child.map_err(|e| format!("{name}: {e}"))?);
        let Some(ready) = &step.ready else { return Ok(()) };
        let ready = PathBuf::from(self.fill(ready)?);
        let limit = Duration::from_secs_f64(step.command.within.unwrap_or(30.0));
        if exec::wait_for(limit, || ready.exists()) {
            return Ok(());
        }
        Err(format!("{name} not ready: {}", tail(&fs::read_to_string(&log).unwrap_or_default(), 400)))
    }

    fn run(&self, spec: &Command, argv: &[String], limit: f64) -> Result<Output, String> {
        let limit = Duration::from_secs_f64(spec.within.unwrap_or(limit));
        // Said as the scenario says it: what is filled in may be secret.
        exec::run(&mut self.command(spec, argv)?, limit).map_err(|why| format!("{argv:?}: {why}"))
    }

    /// The command in a session of its own, with the lab's environment and user.
    fn command(&self, spec: &Command, argv: &[String]) -> Result<std::process::Command, String> {
        let mut words = vec!["setsid".to_owned()];
        let as_root = self.options.as_root || spec.root;
        if let Some(nested) = self.nested.as_ref().filter(|_| !as_root) {
            words.extend(nested.prefix());
        }
        // `setsid` and `nsenter` are looked up here, the program itself on the lab's own PATH.
        for word in &mut words {
            if let Some(found) = ["setsid", "nsenter"].contains(&word.as_str()).then(|| programs::which(word))
            {
                *word = found.ok_or_else(|| format!("no `{word}` on PATH"))?.display().to_string();
            }
        }
        let mut command = std::process::Command::new(&words[0]);
        command.args(&words[1..]);
        for word in argv {
            command.arg(self.fill(word)?);
        }
        if self.options.means == Means::Root && !as_root {
            command.uid(USER).gid(USER);
        }
        let cwd = PathBuf::from(self.fill(spec.cwd.as_deref().unwrap_or("{{WORK}}"))?);
        if !cwd.exists() {
            self.directory(&cwd)?;
        }
        command.current_dir(cwd).env_clear().envs(self.environment(&spec.env)?);
        Ok(command)
    }

    fn environment(&self, extra: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
        let me = if self.options.as_root { "root" } else { "lab" };
        let (home, tmp) = (self.home().display().to_string(), self.root().join("tmp").display().to_string());
        let base = [
            ("PATH", PATH),
            ("HOME", &home),
            ("USER", me),
            ("LOGNAME", me),
            ("LANG", "C.UTF-8"),
            ("SHELL", "/bin/bash"),
            ("TMPDIR", &tmp),
            ("XDG_RUNTIME_DIR", &tmp),
        ];
        let mut env: BTreeMap<_, _> = base.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        if let Some(dir) = self.agent_dir() {
            env.insert("ENVSPLIT_RUNTIME_DIR".to_owned(), dir.display().to_string());
        }
        for (name, value) in extra {
            env.insert(name.clone(), self.fill(value)?);
        }
        env.retain(|_, value| value != "<unset>");
        Ok(env)
    }

    fn write(&self, path: &str, text: &str, append: bool) -> Result<(), String> {
        // An absolute path replaces the root.
        let file = self.root().join(path);
        let text = self.fill(text)?;
        self.directory(file.parent().unwrap_or(self.root()))?;
        let mut options = fs::OpenOptions::new();
        if append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        let opened = options.create(true).open(&file);
        opened
            .and_then(|mut f| f.write_all(text.as_bytes()))
            .map_err(|e| format!("{}: {e}", file.display()))?;
        self.give(&file)
    }

    fn directory(&self, dir: &Path) -> Result<(), String> {
        fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        self.give(dir)
    }

    /// The path and its parents up to the lab's root belong to the lab's user.
    fn give(&self, path: &Path) -> Result<(), String> {
        if self.options.as_root || self.options.means != Means::Root {
            return Ok(());
        }
        for place in path.ancestors().take_while(|p| p.starts_with(self.root())) {
            if !place.is_symlink() && place.exists() {
                chown(place, Some(USER), Some(USER)).map_err(|e| format!("{}: {e}", place.display()))?;
            }
        }
        Ok(())
    }
}

impl Drop for Lab<'_> {
    fn drop(&mut self) {
        for child in self.processes.values_mut() {
            exec::kill(child);
        }
    }
}

fn mode(path: &Path, bits: u32) -> Result<(), String> {
    fs::set_permissions(path, fs::Permissions::from_mode(bits))
        .map_err(|e| format!("{}: {e}", path.display()))
}

/// A value that appears nowhere else.
fn canary() -> Result<String, String> {
    let mut bytes = [0_u8; 12];
    let read = fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    read.map_err(|e| format!("/dev/urandom: {e}"))?;
    Ok(bytes.iter().fold("canary".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

fn tail(text: &str, most: usize) -> &str {
    let from = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[from..]
}
