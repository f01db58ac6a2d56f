//! A start, file after file: which ones it looks for, and the walk through each.
use crate::condition::World;
use crate::lines;
use crate::rules::{FISH_VENDOR, Place, RULES, Rule, When};
use crate::walk::Walk;
use crate::word::{Scope, Trust, Var, expand};
use envsplit_model::{FileError, FileKind, ShellKind, StartupFile};

impl Walk<'_> {
    /// Goes through the whole start.
    pub(crate) fn begin(&mut self) {
        let by_ssh = self.by_ssh();
        let shell = self.start.shell;
        for rule in RULES.iter().filter(|r| r.shell == shell) {
            if self.holds(rule.when, by_ssh) {
                self.rule(rule);
            }
        }
        self.uncalled();
    }

    fn holds(&self, when: When, by_ssh: bool) -> bool {
        let (login, interactive) = (self.start.login, self.start.interactive);
        match when {
            When::Always => true,
            When::Login => login,
            When::Interactive => interactive,
            When::InteractiveOnly => interactive && !login,
            When::NotInteractive => !interactive && !by_ssh,
            When::Ssh => by_ssh,
        }
    }

    /// bash `run_startup_files`: started by sshd and not from another shell.
    fn by_ssh(&self) -> bool {
        let env = self.env.env;
        let level = env.text("SHLVL").and_then(|l| l.trim().parse::<i64>().ok()).unwrap_or(0);
        let ssh = env.get("SSH_CLIENT").is_some() || env.get("SSH2_CLIENT").is_some();
        self.start.shell == ShellKind::Bash
            && !self.start.login
            && !self.start.interactive
            && ssh
            && level < 1
            // Only a bash that was built so does it; those have this file as well.
            && env_kind(self, "/etc/bash.bashrc").is_ok()
    }

    fn rule(&mut self, rule: &Rule) {
        match rule.place {
            Place::File(path) => {
                if let Some(path) = expand(path, self).text() {
                    self.look(&path, None, rule.doc);
                }
            }
            Place::Named(name) => self.named(name, rule.doc),
            Place::First(paths) => {
                let mut hidden_by: Option<String> = None;
                for path in paths {
                    let Some(path) = expand(path, self).text() else { continue };
                    let exists = !matches!(env_kind(self, &path), Err(FileError::NotFound));
                    self.look(&path, hidden_by.as_deref(), rule.doc);
                    if exists && hidden_by.is_none() {
                        hidden_by = Some(path);
                    }
                }
            }
            Place::ZshGlobal(name) => {
                let debian = env_kind(self, "/etc/zsh") == Ok(FileKind::Directory);
                let path = if debian { format!("/etc/zsh/{name}") } else { format!("/etc/{name}") };
                let hidden_by = self.no_rcs.clone().or_else(|| self.no_global_rcs.clone());
                self.look(&path, hidden_by.as_deref(), rule.doc);
            }
            Place::ZshUser(name) => {
                let (base, trust) = match self.var("ZDOTDIR") {
                    Var::Known(path, trust) if !path.is_empty() => (path, trust),
                    _ => (self.env.home.clone(), Trust::Open),
                };
                let path = format!("{}/{name}", base.trim_end_matches('/'));
                // A directory that is put together from a value that may not be shown is named only when it is one.
                if trust == Trust::Private && env_kind(self, &path).is_err() {
                    return;
                }
                let hidden_by = self.no_rcs.clone();
                self.look(&path, hidden_by.as_deref(), rule.doc);
            }
            Place::FishConf => self.fish_conf(rule.doc),
            Place::FishUniversal => {
                let path = format!("{}/fish_variables", self.fish_config());
                self.look(&path, None, rule.doc);
            }
        }
    }

    /// `BASH_ENV` and ENV: the value is expanded as a word and names a file.
    fn named(&mut self, name: &str, doc: &str) {
        let Var::Known(value, trust) = self.var(name) else { return };
        if value.is_empty() {
            return;
        }
        let quoted = format!("\"{}\"", value.replace('"', "\\\""));
        let expanded = expand(&quoted, self);
        let trust = trust.max(expanded.trust);
        let path = expanded.text().and_then(|path| match path.strip_prefix("~/") {
            Some(rest) => Some(format!("{}/{rest}", self.env.home.trim_end_matches('/'))),
            None => self.absolute(&path),
        });
        if let Some(path) = path.filter(|p| trust < Trust::Private || env_kind(self, p).is_ok()) {
            self.look(&path, None, doc);
        }
    }

    fn fish_config(&self) -> String {
        expand("\"$XDG_CONFIG_HOME\"", self).text().filter(|t| !t.is_empty()).map_or_else(
            || format!("{}/.config/fish", self.env.home.trim_end_matches('/')),
            |t| format!("{t}/fish"),
        )
    }

    fn fish_conf(&mut self, doc: &str) {
        let env = self.env.env;
        let home = self.env.home.trim_end_matches('/').to_owned();
        let data = env.text("XDG_DATA_HOME").filter(|t| !t.is_empty());
        let data = data.map_or_else(|| format!("{home}/.local/share"), str::to_owned);
        let mut directories = vec![
            format!("{}/conf.d", self.fish_config()),
            "/etc/fish/conf.d".to_owned(),
            format!("{data}/fish/vendor_conf.d"),
        ];
        let shared = env.text("XDG_DATA_DIRS").unwrap_or_default();
        directories.extend(
            shared
                .split(':')
                .filter(|d| d.starts_with('/'))
                .take(64)
                .map(|d| format!("{}/fish/vendor_conf.d", d.trim_end_matches('/'))),
        );
        directories.extend(FISH_VENDOR.iter().map(|d| (*d).to_owned()));
        let mut seen: Vec<(String, String)> = Vec::new();
        let mut visited: Vec<String> = Vec::new();
        for directory in directories {
            if visited.contains(&directory) {
                continue;
            }
            visited.push(directory.clone());
            for path in self.listed(&format!("{directory}/*.fish")) {
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                let hidden_by = seen.iter().find(|(n, _)| *n == name).map(|(_, path)| path.clone());
                if hidden_by.is_none() {
                    seen.push((name, path.clone()));
                }
                self.look(&path, hidden_by.as_deref(), doc);
            }
        }
    }

    /// One file that the start looks for.
    fn look(&mut self, path: &str, hidden_by: Option<&str>, doc: &str) {
        let kind = env_kind(self, path);
        let error = match kind {
            Ok(FileKind::File) => match self.env.files.read(path) {
                Ok(content) if content.len() > crate::follow::SIZE => {
                    Some(FileError::TooLarge { limit: crate::follow::SIZE as u64 })
                }
                Ok(_) => None,
                Err(error) => Some(error),
            },
            Ok(FileKind::Directory) => Some(FileError::IsDirectory),
            Ok(FileKind::Other) => Some(FileError::NotRegular),
            Err(ref error) => Some(error.clone()),
        };
        let absent = error == Some(FileError::NotFound);
        // A file that is too large for this reader is read by the shell all the same.
        let readable = matches!(error, None | Some(FileError::TooLarge { .. }));
        self.out.startup.push(StartupFile {
            path: path.to_owned(),
            read: readable && hidden_by.is_none(),
            hidden_by: hidden_by.map(str::to_owned),
            error: error.filter(|_| !absent),
            doc: doc.to_owned(),
        });
        if absent || hidden_by.is_some() {
            return;
        }
        if path.ends_with("/fish_variables") && self.start.shell == ShellKind::Fish {
            self.universal(path);
        } else {
            self.file(path, None);
        }
    }

    /// fish's universal variables: `SETUVAR --export NAME:value`.
    fn universal(&mut self, path: &str) {
        let Some(source) = lines::text_file(path, self.env.files) else { return };
        self.out.files.push(envsplit_model::FileRead {
            path: path.to_owned(),
            times: source.times,
            sourced_at: None,
            error: None,
        });
        let before = std::mem::replace(&mut self.source, source.clone());
        for (at, line) in lines::numbered(&source.text) {
            let Some(rest) = line.strip_prefix("SETUVAR ") else { continue };
            let flags = rest.split(' ').take_while(|w| w.starts_with("--")).collect::<Vec<_>>();
            let skip: usize = flags.iter().map(|f| f.len() + 1).sum();
            let tail = rest.get(skip..).unwrap_or_default();
            let name = &tail[..crate::word::name_length(tail)];
            // An inherited variable is global and wins over a universal one.
            if name.is_empty() || self.env.env.get(name).is_some() {
                continue;
            }
            let exports = flags.contains(&"--export");
            self.set(name, Var::Set);
            let how = if exports { envsplit_model::How::Export } else { envsplit_model::How::Assignment };
            self.touch(name, how, at + "SETUVAR ".len() + skip);
        }
        self.source = before;
    }
}

fn env_kind(walk: &Walk, path: &str) -> Result<FileKind, FileError> {
    walk.env.files.kind(path)
}
