//! A machine for one test: a home, an environment, the agent of that user; in namespaces of its own.
use crate::wire::{Client, LIMIT};
use envsplit_tests::exec::{self, Output};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The variable of the config.
pub(crate) const KEY: &str = "AZURE_OPENAI_API_KEY";

/// A config of a provider with a key.
pub(crate) fn config(model: &str) -> String {
    format!(
        "model = \"{model}\"\nmodel_provider = \"azure\"\n\n[model_providers.azure]\nname = \"Azure\"\n\
         base_url = \"http://127.0.0.1:9/openai/v1\"\nenv_key = \"{KEY}\"\nwire_api = \"responses\"\n"
    )
}

/// Whether what is to be true becomes true.
pub(crate) fn until(what: &str, done: impl FnMut() -> bool) {
    assert!(exec::wait_for(LIMIT, done), "within {} s: {what}", LIMIT.as_secs());
}

/// The scene; what is in it ends with its namespaces.
pub(crate) struct Scene {
    home: PathBuf,
    bin: PathBuf,
    pub(crate) env: BTreeMap<String, String>,
    /// Whether this is the machine's root, who can be other users, too.
    pub(crate) root: bool,
}

impl Scene {
    /// The scene in `home`, which is empty.
    pub(crate) fn new(home: &Path, bin: &Path, root: bool) -> Scene {
        let below = |name: &str| home.join(name).display().to_string();
        let env = [
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("HOME", home.display().to_string()),
            ("SHELL", "/bin/bash".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TMPDIR", below("tmp")),
            ("ENVSPLIT_RUNTIME_DIR", below("run")),
            ("ENVSPLIT_DATA_DIR", below("data")),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let scene = Scene { home: home.to_owned(), bin: bin.to_owned(), env, root };
        for dir in ["tmp", "data", ".codex"] {
            std::fs::create_dir_all(scene.path(dir)).unwrap();
        }
        scene.write(".profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n");
        scene.write(".bashrc", "# nothing yet\n");
        scene.write(".codex/config.toml", config("first"));
        scene
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.home.join(below)
    }

    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    pub(crate) fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(below), text).unwrap();
    }

    /// Saves as editors do: a new file takes the place of the old one.
    pub(crate) fn replace(&self, below: &str, text: impl AsRef<[u8]>) {
        self.write("new~", text);
        std::fs::rename(self.path("new~"), self.path(below)).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        command.args(args).env_clear().envs(&self.env).current_dir(&self.home).process_group(0);
        command
    }

    /// Runs `envsplit`.
    pub(crate) fn ask(&self, args: &[&str]) -> Output {
        exec::run(&mut self.command(args), LIMIT).unwrap()
    }

    /// Runs `envsplit`, which must say JSON on standard output.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.ask(args);
        serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", out.text()))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/envsplit.sock")
    }

    /// Starts `daemon run` as this command's process and waits until it answers.
    pub(crate) fn run(&self, mut command: Command) -> Agent {
        let log = std::fs::File::create(self.path("agent.out")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let agent = Agent { child: command.spawn().unwrap() };
        let up = exec::wait_for(LIMIT, || Client::connect(&self.socket()).is_ok());
        assert!(up, "no agent: {}", std::fs::read_to_string(self.path("agent.out")).unwrap());
        agent
    }

    pub(crate) fn start(&self) -> Agent {
        self.run(self.command(&["daemon", "run"]))
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.socket()).unwrap()
    }

    /// A client that is told of changes of its own report, and the first one.
    pub(crate) fn subscriber(&self) -> (Client, Value) {
        let mut client = self.client();
        let caller = json!({"keys": [KEY], "shells": true, "cwd": self.home});
        let first = client.call("report/subscribe", &json!({"self": caller})).unwrap();
        (client, first["report"].clone())
    }

    pub(crate) fn status(&self) -> Value {
        self.json(&["daemon", "status", "--json"])
    }
}

/// An agent in the foreground, killed at the end.
pub(crate) struct Agent {
    pub(crate) child: Child,
}

impl Agent {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Its exit code, once it has ended.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let mut status = None;
        until("the agent ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|s| s.code())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        exec::kill(&mut self.child);
    }
}

/// The models that a report shows.
pub(crate) fn models(report: &Value) -> Vec<&str> {
    let places = report["places"].as_array().into_iter().flatten();
    places.filter_map(|p| p["codex"]["values"]["model"]["value"].as_str()).collect()
}

/// Whether a notification brings a report with this model.
pub(crate) fn tells_model(model: &str) -> impl Fn(&Value) -> bool + use<'_> {
    move |message| models(&message["params"]["report"]).contains(&model)
}

/// Deep enough for a process of its own kind.
pub(crate) const SOON: Duration = Duration::from_secs(30);
