//! One situation: files, and how a Codex is started among them.
use super::disk::{Disk, Part};
use envsplit_codex::{Flags, Resolution, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, EnvBlock, Files, HostId, Problem};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Stands for the scratch machine's root in every text of a case.
pub const ROOT: &str = "@ROOT@";

/// What stands at a path.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// A file of text, in which [`ROOT`] is filled in.
    Text(String),
    /// A file of any bytes.
    Bytes(Vec<u8>),
    /// A symbolic link, in whose target [`ROOT`] is filled in.
    Link(String),
    /// A directory.
    Directory,
}

/// The files of a situation: relative to the root, or absolute below `/etc/codex`.
#[derive(Clone, Default)]
pub struct World {
    /// What stands at each path.
    pub files: BTreeMap<String, Node>,
    /// The workspace that Codex is asked about; `None` to name none.
    pub cwd: Option<String>,
}

/// How a Codex is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// `-c key=value`.
    pub overrides: Vec<String>,
    /// `CODEX_HOME`; `None` leaves it unset.
    pub home: Option<String>,
    /// The directory in which it starts.
    pub process_cwd: String,
    /// `--profile`.
    pub profile: Option<String>,
    /// Further variables; values are generated and no secrets.
    pub env: BTreeMap<String, Vec<u8>>,
    /// Whether it runs `codex exec` rather than an app-server.
    pub exec: bool,
}

/// The part of the files that a second look sees.
#[derive(Clone, Copy, Debug)]
pub enum Look<'a> {
    /// The file at a path, in place of the user's.
    File(&'a str),
    /// Those below `/etc/codex`, without what an organisation demands.
    System,
    /// Those below `/etc/codex`.
    Required,
}

/// The directories that every world has.
pub const DIRECTORIES: &[&str] = &["home/.codex", "home/proj", "repo/a/b", "plain/sub", "tree/x", "tmp"];

/// Fills the root in.
pub fn fill(text: &str, root: &Path) -> String {
    text.replace(ROOT, &root.to_string_lossy())
}

/// The scratch machine: one directory, and `/etc/codex` where that is private.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The scratch directory.
    pub root: PathBuf,
    /// Whether `/etc/codex` belongs to the suite.
    pub private_etc: bool,
}

impl Machine {
    /// Lays a world out, and nothing of the one before. What Codex itself keeps in its home stays.
    pub fn lay_out(&self, world: &World) -> Result<(), String> {
        let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
        self.clear().map_err(|e| format!("clearing the scratch machine: {e}"))?;
        for dir in DIRECTORIES {
            let dir = self.root.join(dir);
            fs::create_dir_all(&dir).map_err(|e| failed(&dir, e))?;
        }
        let link = self.root.join("codexlink");
        if link.symlink_metadata().is_err() {
            std::os::unix::fs::symlink("home/.codex", &link).map_err(|e| failed(&link, e))?;
        }
        for (path, node) in &world.files {
            if path.starts_with("/etc/") && !self.private_etc {
                continue;
            }
            let path = self.root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|e| failed(parent, e))?;
            }
            match node {
                Node::Text(text) => fs::write(&path, fill(text, &self.root)),
                Node::Bytes(bytes) => fs::write(&path, bytes),
                Node::Link(target) => std::os::unix::fs::symlink(fill(target, &self.root), &path),
                Node::Directory => fs::create_dir_all(&path),
            }
            .map_err(|e| failed(&path, e))?;
        }
        Ok(())
    }

    /// Empties the machine. The directories in which a running app-server may stand are emptied, not replaced.
    fn clear(&self) -> std::io::Result<()> {
        let standing = ["home", "repo", "plain"];
        for entry in fs::read_dir(&self.root)?.flatten() {
            let name = entry.file_name();
            let stays = standing.iter().chain(&["tmp", "codexlink"]).any(|k| name == *k);
            if !stays {
                remove(&entry.path())?;
            }
        }
        for dir in standing {
            for entry in fs::read_dir(self.root.join(dir)).into_iter().flatten().flatten() {
                if dir != "home" || entry.file_name() != ".codex" {
                    remove(&entry.path())?;
                }
            }
        }
        for entry in fs::read_dir(self.root.join("home/.codex")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with("config.toml") || name == ".env" || name == ".git" {
                remove(&entry.path())?;
            }
        }
        if self.private_etc {
            for entry in fs::read_dir("/etc/codex")?.flatten() {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// The environment of a Codex that is started so.
    pub fn environment(&self, start: &Start) -> BTreeMap<String, Vec<u8>> {
        let root = self.root.display();
        let mut env: BTreeMap<String, Vec<u8>> = [
            ("HOME", format!("{root}/home")),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("TMPDIR", format!("{root}/tmp")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect();
        if let Some(home) = &start.home {
            env.insert("CODEX_HOME".to_owned(), fill(home, &self.root).into_bytes());
        }
        env.extend(start.env.clone());
        env
    }

    /// What `envsplit-codex` makes of the world that is laid out, handed to `look`.
    pub fn resolved<T>(
        &self,
        cwd: Option<&str>,
        start: &Start,
        look: impl FnOnce(&Resolution<'_>) -> T,
    ) -> T {
        self.resolved_in(&Disk, cwd, start, look)
    }

    /// What the rules call fatal in a part of the files: one that is read as the user's without any flag, or the
    /// system's with the flags of a start.
    pub fn refused(&self, start: &Start, look: Look<'_>) -> Vec<Problem> {
        // The home need not exist where no variable names it.
        let start = match look {
            Look::File(_) => {
                Start { exec: start.exec, process_cwd: start.process_cwd.clone(), ..Start::default() }
            }
            Look::System | Look::Required => Start { home: None, profile: None, ..start.clone() },
        };
        let files = Part { disk: Disk, look };
        self.resolved_in(&files, None, &start, |rules| {
            rules.view().problems.into_iter().filter(|p| p.fatal).collect()
        })
    }

    fn resolved_in<T>(
        &self,
        files: &dyn Files,
        cwd: Option<&str>,
        start: &Start,
        look: impl FnOnce(&Resolution<'_>) -> T,
    ) -> T {
        let env = EnvBlock(self.environment(start));
        let surroundings = Surroundings {
            files,
            env: &env,
            style: PathStyle::Posix,
            home_dir: Some(fill("@ROOT@/home", &self.root)),
            // The kernel names a working directory without links.
            process_cwd: fs::canonicalize(fill(&start.process_cwd, &self.root))
                .ok()
                .map(|cwd| cwd.to_string_lossy().into_owned()),
            system_dir: "/etc/codex".to_owned(),
            keep_names: vec![],
            host: HostId("linux".to_owned()),
        };
        let flags = Flags {
            caller: if start.exec { CodexCaller::Exec } else { CodexCaller::AppServer },
            cwd: cwd.map(|c| fill(c, &self.root)),
            profile: start.profile.clone(),
            overrides: start.overrides.iter().map(|o| fill(o, &self.root)).collect(),
            version: None,
        };
        look(&resolve(&surroundings, &flags))
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.lines().try_for_each(|line| writeln!(f, "      | {line:?}")),
            Self::Bytes(bytes) => writeln!(f, "      | {:?}", String::from_utf8_lossy(bytes)),
            Self::Link(target) => writeln!(f, "      -> {target}"),
            Self::Directory => writeln!(f, "      (directory)"),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    cwd {:?}", self.cwd)?;
        self.files.iter().try_for_each(|(path, node)| write!(f, "    {path}\n{node:?}"))
    }
}
