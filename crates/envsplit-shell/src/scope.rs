//! Variables during a start: what the shell itself sets, what the environment brings, what files assign.
use crate::ast::Span;
use crate::condition::{Tri, World};
use crate::walk::{FrameKind, Walk};
use crate::word::{Expanded, Scope, Trust, Var};
use crate::{brace, glob};
use envsplit_model::{Files, ShellKind, Start, paths::PathStyle, structural};

/// Variables that a shell sets by itself, and what is known of them: bash(1) Shell Variables, zshparam(1).
const OWN: &[(ShellKind, &[&str])] = &[
    (
        ShellKind::Bash,
        &[
            "BASH_VERSION",
            "BASH_VERSINFO",
            "BASHPID",
            "BASHOPTS",
            "SHELLOPTS",
            "HOSTNAME",
            "HOSTTYPE",
            "MACHTYPE",
        ],
    ),
    (
        ShellKind::Bash,
        &["OSTYPE", "EUID", "UID", "PPID", "IFS", "SHLVL", "RANDOM", "SECONDS", "LINENO", "PS2", "PS4"],
    ),
    (
        ShellKind::Zsh,
        &[
            "ZSH_VERSION",
            "ZSH_PATCHLEVEL",
            "ZSH_ARGZERO",
            "HOST",
            "CPUTYPE",
            "MACHTYPE",
            "VENDOR",
            "USERNAME",
        ],
    ),
    (
        ShellKind::Zsh,
        &["OSTYPE", "EUID", "UID", "GID", "PPID", "IFS", "SHLVL", "RANDOM", "SECONDS", "LINENO", "TTY"],
    ),
    (ShellKind::Ksh, &["KSH_VERSION", "PPID", "IFS", "RANDOM", "SECONDS", "LINENO", "PS2", "PS4"]),
    (
        ShellKind::Fish,
        &["FISH_VERSION", "version", "fish_pid", "hostname", "SHLVL", "USER", "__fish_config_dir"],
    ),
    (ShellKind::Sh, &["PPID", "IFS", "PS2", "PS4"]),
];

/// Variables that only one of these shells ever has, unless the environment brings them.
const MARKS: &[&str] =
    &["BASH_VERSION", "BASH", "ZSH_VERSION", "ZSH_NAME", "KSH_VERSION", "FISH_VERSION", "PS1"];

/// Further variables whose value is no secret and that conditions compare.
const OPEN: &[&str] = &[
    "USER",
    "LOGNAME",
    "TERM",
    "COLORTERM",
    "PWD",
    "BASH_ENV",
    "ENV",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_DIRS",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "NVM_DIR",
];

impl Walk<'_> {
    fn function_depth(&self) -> bool {
        self.frames.iter().rev().any(|f| matches!(f.kind, FrameKind::Function))
    }

    /// Whether the current command stands in a function.
    pub(crate) fn in_function(&self) -> bool {
        let inner = self.frames.iter().rev().find_map(|f| match f.kind {
            FrameKind::Function => Some(true),
            FrameKind::File => Some(false),
            _ => None,
        });
        // A file that a function sources still sees the function's scope.
        inner == Some(true) || self.function_depth()
    }

    /// What a shell that acts as bash or as itself has at its start.
    fn initial(&self, name: &str) -> Var {
        let (kind, interactive) = (self.start.shell, self.start.interactive);
        let kind =
            if kind == ShellKind::Sh && self.sh_is_bash == Some(true) { ShellKind::Bash } else { kind };
        let filled = |yes| if yes { Var::Filled } else { Var::Unset };
        match (kind, name) {
            // bash unsets PS1 when it is not interactive; dash always has one; zsh has an empty one.
            (ShellKind::Bash, "PS1") => return filled(interactive),
            (ShellKind::Sh, "PS1") if self.sh_is_bash == Some(false) || interactive => return Var::Filled,
            (ShellKind::Ksh, "PS1") | (ShellKind::Zsh, "PS1" | "PROMPT") if interactive => {
                return Var::Filled;
            }
            (ShellKind::Zsh, "PS1" | "PROMPT") if self.env.env.get("PS1").is_none() => {
                return Var::Known(String::new(), Trust::Open);
            }
            (ShellKind::Bash, "BASH") if self.start.shell == ShellKind::Bash => {
                return Var::Known("/bin/bash".to_owned(), Trust::Open);
            }
            (ShellKind::Bash, "BASH") => return Var::Known("/bin/sh".to_owned(), Trust::Open),
            (ShellKind::Zsh, "ZSH_NAME") => return Var::Known("zsh".to_owned(), Trust::Open),
            (ShellKind::Sh, "BASH_VERSION" | "BASH" | "PS1") if self.sh_is_bash.is_none() => {
                return Var::Unknown;
            }
            (_, "HOME") => {
                return match self.env.env.text("HOME") {
                    Some(home) if !home.is_empty() => Var::Known(home.to_owned(), Trust::Open),
                    _ => Var::Known(self.env.home.clone(), Trust::Open),
                };
            }
            (_, "PWD") => {
                return self.directory.clone().map_or(Var::Filled, |d| Var::Known(d, Trust::Open));
            }
            _ => {}
        }
        if OWN.iter().any(|(own, names)| *own == kind && names.contains(&name)) {
            return Var::Filled;
        }
        match self.env.env.get(name) {
            Some(value) => match std::str::from_utf8(value) {
                Ok(text) => {
                    let open = structural::may_show(name) || OPEN.contains(&name);
                    Var::Known(text.to_owned(), if open { Trust::Open } else { Trust::Private })
                }
                Err(_) => Var::Filled,
            },
            None if self.fogged && !MARKS.contains(&name) => Var::Unknown,
            None => Var::Unset,
        }
    }

    /// `$-`: bash(1) Special Parameters; only the letters for interactive and login are asked for in practice.
    fn flags(&self) -> String {
        let Start { login, interactive, shell } = self.start;
        let base = match shell {
            ShellKind::Bash if interactive => "hiBHc",
            ShellKind::Bash => "hBc",
            ShellKind::Zsh if interactive => "569XZi",
            ShellKind::Zsh => "569X",
            _ if interactive => "i",
            _ => "",
        };
        format!("{base}{}", if login && shell == ShellKind::Zsh { "l" } else { "" })
    }

    /// Gives `name` a value as far as the current command is reached.
    pub(crate) fn set(&mut self, name: &str, value: Var) {
        match self.live() {
            Tri::Yes => {
                self.vars.insert(name.to_owned(), value);
            }
            Tri::Maybe => {
                let either = self.var(name).or(&value);
                self.vars.insert(name.to_owned(), either);
            }
            Tri::No => {}
        }
    }

    /// What the value of an assignment makes of its variable.
    pub(crate) fn assigned(value: &Expanded) -> Var {
        match (value.text(), value.is_empty()) {
            (Some(text), _) if text.len() <= 4096 => Var::Known(text, value.trust.max(Trust::Local)),
            (_, Some(false)) => Var::Filled,
            _ => Var::Set,
        }
    }

    /// The words that a loop goes through; `None` when they are not known.
    pub(crate) fn values(&self, words: &[Span]) -> Option<Vec<String>> {
        let mut values = Vec::new();
        for span in words {
            for text in brace::braces(self.source.slice(span)) {
                values.extend(self.fields(&text)?.into_iter().map(|(field, _)| field));
                if values.len() > crate::walk::ROUNDS {
                    return Some(values);
                }
            }
        }
        Some(values)
    }

    /// The fields that `word` becomes, blanks split and patterns matched against files.
    pub(crate) fn fields(&self, word: &str) -> Option<Vec<(String, Trust)>> {
        // zsh: the qualifiers at the end, `*.zsh(N)`, choose among the files and do not name them.
        let qualified = self.zsh() && word.ends_with(')') && !word.contains("$(");
        let bare = if qualified { &word[..word.rfind('(').unwrap_or(word.len())] } else { word };
        let expanded = self.expand(bare);
        if !expanded.whole {
            return None;
        }
        let blank = |c: &(char, bool)| !c.1 && matches!(c.0, ' ' | '\t' | '\n');
        let splits = expanded.splits && !self.zsh();
        let parts: Vec<&[(char, bool)]> =
            if splits { expanded.chars.split(blank).collect() } else { vec![&expanded.chars] };
        let mut fields = Vec::new();
        for part in parts {
            if part.is_empty() && (expanded.splits || expanded.chars.is_empty()) && !expanded.quoted {
                continue;
            }
            let text: String = part.iter().map(|(c, _)| *c).collect();
            if glob::is_pattern(part) {
                let mut pattern = part.to_vec();
                if !text.starts_with('/') {
                    let lead = format!("{}/", self.directory.as_ref()?.trim_end_matches('/'));
                    pattern.splice(0..0, lead.chars().map(|c| (c, true)));
                }
                let found = glob::paths(&pattern, self.env.files, crate::walk::ROUNDS);
                if found.is_empty() && !self.zsh() {
                    fields.push((text, expanded.trust));
                }
                fields.extend(found.into_iter().map(|path| (path, expanded.trust)));
            } else {
                fields.push((text, expanded.trust));
            }
        }
        Some(fields)
    }
}

impl Scope for Walk<'_> {
    fn var(&self, name: &str) -> Var {
        match name {
            "-" => return Var::Known(self.flags(), Trust::Open),
            "#" if !self.in_function() => return Var::Known("0".to_owned(), Trust::Open),
            // zsh gives a sourced file its own name as $0, a start-up file not.
            "0" if self.zsh() && self.open.len() > 1 => {
                return Var::Known(self.source.path.clone(), Trust::Open);
            }
            "BASH_SOURCE" if self.start.shell == ShellKind::Bash => {
                return Var::Known(self.source.path.clone(), Trust::Open);
            }
            "?" | "$" => return Var::Filled,
            _ if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => return Var::Unknown,
            _ => {}
        }
        match self.vars.get(name) {
            Some(value) => value.clone(),
            None => self.initial(name),
        }
    }

    fn directory(&self) -> Option<String> {
        self.directory.clone()
    }

    fn zsh(&self) -> bool {
        self.start.shell == ShellKind::Zsh
    }

    fn file_directory(&self) -> Option<String> {
        PathStyle::Posix.parent(&self.source.path).map(str::to_owned)
    }
}

impl World for Walk<'_> {
    fn files(&self) -> &dyn Files {
        self.env.files
    }

    fn absolute(&self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(path.to_owned());
        }
        let directory = self.directory.as_ref()?;
        Some(format!("{}/{}", directory.trim_end_matches('/'), path.trim_start_matches("./")))
    }

    fn terminal(&self) -> Option<bool> {
        // vscode shellEnv.ts: standard input is not passed on and the others are pipes.
        self.env.env.get("VSCODE_RESOLVING_ENVIRONMENT").map(|_| false)
    }

    fn option(&self, name: &str) -> Option<bool> {
        match name.replace('_', "").to_ascii_lowercase().as_str() {
            "interactive" => Some(self.start.interactive),
            "login" | "loginshell" => Some(self.start.login),
            _ => None,
        }
    }
}
