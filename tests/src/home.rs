//! A scratch home for tests that ask `envsplit` without a lab: planted files, a cleared environment, a time limit.
use crate::exec::{self, Output};
use crate::isolate::Means;
use crate::leaks;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Puts the first argument over the user database and runs the rest.
const INSIDE: &str = r#"mount --bind "$1" /etc/passwd && shift && "$@"; exit $?"#;

/// A home directory with an environment, removed when it is dropped.
#[derive(Debug)]
pub struct Home {
    dir: tempfile::TempDir,
    bin: PathBuf,
    means: Option<Means>,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

impl Home {
    /// An empty home. Fails if the binary under test cannot be built.
    pub fn new() -> Result<Home, String> {
        let dir = tempfile::Builder::new().prefix("envsplit-home-").tempdir_in("/var/tmp");
        let dir = dir.map_err(|e| format!("/var/tmp: {e}"))?;
        let below = |name: &str| dir.path().join(name).display().to_string();
        let env = [
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("HOME", below("")),
            ("SHELL", "/bin/bash".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TMPDIR", below("tmp")),
            ("ENVSPLIT_RUNTIME_DIR", below("run")),
            ("ENVSPLIT_DATA_DIR", below("data")),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let home = Home {
            means: Means::find().ok(),
            bin: crate::programs::envsplit()?,
            dir,
            env,
            secrets: BTreeMap::new(),
        };
        for name in ["tmp", "run", "data", ".codex"] {
            std::fs::create_dir(home.path(name)).map_err(|e| format!("{name}: {e}"))?;
        }
        // Whoever enters the namespaces is root in them.
        home.write("passwd", format!("root:x:0:0::{}:/bin/bash\n", home.dir().display()))?;
        Ok(home)
    }

    /// A file below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes a file below the home.
    pub fn write(&self, below: &str, bytes: impl AsRef<[u8]>) -> Result<(), String> {
        std::fs::write(self.path(below), bytes).map_err(|e| format!("{below}: {e}"))
    }

    /// Sets a variable of every run.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// A new canary of that name: a value that must never be seen.
    pub fn canary(&mut self, name: &str) -> String {
        let value = format!("canary{:08x}{:08x}", std::process::id(), self.secrets.len() + 0x5ec2_e700);
        self.secrets.insert(name.to_owned(), value.clone());
        value
    }

    /// Runs `envsplit` with these arguments. Says which canaries it showed or wrote. Where namespaces are allowed it
    /// sees no process but its own, and this home is the caller's for the user database, too: nobody's real start-up
    /// files are run. Where they are not, no shell is started.
    pub fn ask(&self, args: &[&str], limit: Duration) -> Result<(Output, Vec<String>), String> {
        let began = SystemTime::now();
        let mut command = match self.means {
            Some(means) => {
                let mut command = means.enter();
                command.args(["sh", "-c", INSIDE, "sh"]).arg(self.path("passwd")).arg(&self.bin);
                command
            }
            None => Command::new(&self.bin),
        };
        command
            .args(args)
            .args(self.means.is_none().then_some("--no-shells"))
            .env_clear()
            .envs(&self.env)
            .current_dir(self.dir.path())
            .process_group(0);
        let out = exec::run(&mut command, limit)?;
        let streams = [("stdout", &out.stdout[..]), ("stderr", &out.stderr[..])];
        let leaks = leaks::find(&self.secrets, &streams, self.dir.path(), began);
        Ok((out, leaks))
    }

    /// The home's directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}
