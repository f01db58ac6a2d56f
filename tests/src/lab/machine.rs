//! The machine below the files: a private `/etc`, a kernel that calls itself WSL, programs that the lab can reach.
use super::Lab;
use crate::exec;
use crate::isolate::{Means, USER};
use crate::programs;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const WSL_KERNEL: &str = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@buildhost) #1 SMP\n";

impl Lab<'_> {
    /// An `/etc` that the scenario may change. The kernel lets a user namespace's root not write through an
    /// overlay to files of the real root: there it is a copy of what can be read.
    pub(super) fn private_etc(&self) -> Result<(), String> {
        let (up, work) = (self.root().join("etc-up"), self.root().join("etc-work"));
        for dir in [&up, &work] {
            fs::create_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        }
        let layers = format!("lowerdir=/etc,upperdir={},workdir={}", up.display(), work.display());
        let overlaid = self.options.means == Means::Root
            && mount(&["-t", "overlay", "overlay", "-o", &layers, "/etc"]).is_ok();
        if !overlaid {
            // In memory: a thousand small files are slow to make elsewhere.
            mount(&["-t", "tmpfs", "-o", "mode=0755", "tmpfs", &up.to_string_lossy()])?;
            let mut copy = std::process::Command::new("cp");
            copy.args(["-R", "--preserve=mode,timestamps,links", "/etc/."]).arg(&up);
            // Files that only root may read stay behind.
            exec::run(&mut copy, Duration::from_mins(1))?;
            mount(&["--bind", &up.to_string_lossy(), "/etc"])?;
        }
        for (path, text) in &self.scenario.etc {
            self.write(&format!("/etc/{path}"), text, false)?;
        }
        let user = format!("lab:x:{USER}:{USER}:Lab:{}:/bin/bash\n", self.home().display());
        self.write("/etc/passwd", &user, true)?;
        self.write("/etc/group", &format!("lab:x:{USER}:\n"), true)
    }

    /// Codex's background server puts its socket into `/tmp/codex-daemon-UID`, whatever TMPDIR says.
    pub(super) fn private_socket_directory(&self) -> Result<(), String> {
        let uid = if self.options.as_root { 0 } else { USER };
        let owner = if self.options.means == Means::Root { uid } else { 0 };
        let dir = socket_directory(self.options.as_root);
        fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let options = format!("mode=0700,uid={owner},gid={owner}");
        mount(&["-t", "tmpfs", "-o", &options, "tmpfs", &dir.to_string_lossy()])
    }

    /// The programs that placeholders name. What the lab's user could not reach where it is, is bound below the
    /// lab's root.
    pub(super) fn bring_programs(&mut self) -> Result<(), String> {
        let standin = programs::repository().join("tests/standin");
        let found = [
            ("NODE", programs::which("node")),
            ("STANDIN", Some(standin.join("ide.js"))),
            ("TURN", Some(standin.join("app_server_turn.py"))),
            ("ENDPOINT", Some(standin.join("mock_endpoint.py"))),
            ("BIN", self.options.bin.clone()),
            ("CODEX", self.options.codex.clone()),
        ];
        for (name, path) in found {
            let Some(path) = path else { continue };
            let real = path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))?;
            // Codex is recognised by its package, so the whole package comes along.
            let whole = if name == "CODEX" { package(&real) } else { real.clone() };
            if self.options.means == Means::UserNamespace || self.options.as_root || open_to_all(&real) {
                self.programs.insert(name, path);
                continue;
            }
            let last = whole.file_name().unwrap_or_default();
            let to = self.root().join("tool").join(last);
            if whole.is_dir() { fs::create_dir(&to) } else { fs::write(&to, "") }
                .map_err(|e| format!("{}: {e}", to.display()))?;
            mount(&["--bind", &whole.to_string_lossy(), &to.to_string_lossy()])?;
            let inside = real.strip_prefix(&whole).unwrap_or(Path::new(""));
            self.programs.insert(name, if inside.as_os_str().is_empty() { to } else { to.join(inside) });
        }
        Ok(())
    }

    /// The kernel announces itself as WSL 2.
    pub(super) fn pretend_wsl(&self) -> Result<(), String> {
        for (name, file) in [("version", "/proc/version"), ("release", "/proc/sys/kernel/osrelease")] {
            let text = self.root().join("tool").join(name);
            fs::write(&text, WSL_KERNEL).map_err(|e| format!("{}: {e}", text.display()))?;
            mount(&["--bind", &text.to_string_lossy(), file])?;
        }
        Ok(())
    }
}

/// Where the lab's Codex puts its background server's socket.
pub fn socket_directory(as_root: bool) -> PathBuf {
    PathBuf::from(format!("/tmp/codex-daemon-{}", if as_root { 0 } else { USER }))
}

fn package(codex: &Path) -> PathBuf {
    codex.ancestors().find(|dir| dir.join("package.json").is_file()).unwrap_or(codex).to_path_buf()
}

fn open_to_all(file: &Path) -> bool {
    file.ancestors().all(|p| p.metadata().is_ok_and(|m| m.permissions().mode() & 0o001 != 0 || p == file))
        && file.metadata().is_ok_and(|m| m.permissions().mode() & 0o004 != 0)
}

fn mount(args: &[&str]) -> Result<(), String> {
    let out = exec::run(std::process::Command::new("mount").args(args), Duration::from_secs(20))?;
    if out.code == 0 { Ok(()) } else { Err(format!("mount {args:?}: {}", out.text().trim())) }
}
