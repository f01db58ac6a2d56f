//! A scratch home, and a start in it: plain and traced.
use envsplit_model::{
    EnvRef, Marks, Outcome, ProbeRequest, ShellAsked, ShellKind, Start, StartKind, TraceAsked, TraceSeen,
};
use envsplit_system::{Asked, System as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// The word by which this program runs one start.
pub(crate) const ONE: &str = "one-start";

/// The variable that names another program for the start: `sh` is one shell here and another there.
pub(crate) const PROGRAM: &str = "TEST_SHELL_PROGRAM";

/// The watched variable.
pub(crate) const NAME: &str = "THE_KEY";

/// A scratch home.
pub(crate) struct Home {
    dir: tempfile::TempDir,
    /// Variables beside HOME and PATH.
    pub(crate) env: Vec<(String, String)>,
}

impl Home {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Self { dir, env: vec![] };
        for (path, text) in files {
            home.write(path, text);
        }
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.path()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("LANG", "C.UTF-8").env("ENVSPLIT_DATA_DIR", self.path().join(".envsplit"));
        command.envs(self.env.iter().map(|(k, v)| (k, v)));
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    /// The start, plain and then traced, with all that the door handed out.
    pub(crate) fn trace(&self, kind: StartKind) -> (TraceSeen, String) {
        let me = std::env::current_exe().unwrap();
        let kind = serde_json::to_string(&kind).unwrap();
        let out = self.command(&me).args([ONE, &kind]).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        let text = String::from_utf8(out.stdout).unwrap();
        (serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}")), text)
    }

    /// The watched variable at the end of a plain start, as programs are given it.
    pub(crate) fn ends_with(&self, start: Start) -> Option<String> {
        let program = Path::new("/bin").join(start.shell.as_str());
        let args = envsplit_shell::program_args(start.shell, &start, "env");
        // As the door starts it: no terminal, a session of its own.
        let mut setsid = self.command(Path::new("setsid"));
        let out = setsid.arg("-w").arg(program).args(args).stderr(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.lines().find_map(|l| l.strip_prefix(NAME)?.strip_prefix('=').map(str::to_owned))
    }
}

/// Runs one start as this process and prints the trace.
pub(crate) fn one(args: &[String]) {
    let kind: StartKind = serde_json::from_str(&args[0]).unwrap();
    let asked = Asked::default();
    let door = envsplit_system::open();
    door.observe(&asked, &|_| false);
    let start = ShellAsked {
        from: EnvRef::Caller,
        program: std::env::var(PROGRAM).unwrap_or_else(|_| format!("/bin/{}", kind.start.shell)),
        start: kind.start,
        marks: kind.marks,
    };
    let trace = TraceAsked { start: start.clone(), names: vec![NAME.to_owned()] };
    let outcomes = door.answer(&[ProbeRequest::Shell(start), ProbeRequest::Trace(trace)]);
    match &outcomes[1] {
        Outcome::Trace(seen) => println!("{}", serde_json::to_string(seen).unwrap()),
        other => panic!("no trace: {other:?}"),
    }
}

/// A start of `shell` by its flags: `il`, `l`, `i`, or none.
pub(crate) fn kind(shell: ShellKind, flags: &str) -> StartKind {
    let start = Start { shell, login: flags.contains('l'), interactive: flags.contains('i') };
    StartKind { start, marks: if flags.contains('t') { Marks::Terminal } else { Marks::Program } }
}

/// Whether the shell is installed.
pub(crate) fn installed(shell: ShellKind) -> bool {
    Path::new("/bin").join(shell.as_str()).exists()
}
