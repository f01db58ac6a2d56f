//! A machine in memory: the same door, for tests of what stands on it. It runs no program and reads no file.
use crate::backend::{
    Backend, CallerFacts, RawProcess, SessionFacts, ShellJob, ShellRun, TraceJob, TraceRun, UserFacts,
};
use crate::door::{Asked, Door, System};
use crate::fingerprint::FingerprintKey;
use crate::secret::Environment;
use envsplit_model::{
    EnvAccess, EnvLookup as _, Files, Host, HostId, HostKind, Outcome, ProbeRequest, ProcessRecord, Reach,
    ScratchFiles, ShellSeen, Snapshot, TraceSeen,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A process of the machine.
#[derive(Clone, Debug)]
pub struct MemoryProcess {
    /// Process id.
    pub pid: u32,
    /// Parent process id.
    pub ppid: u32,
    /// Program file.
    pub exe: String,
    /// Arguments.
    pub argv: Vec<String>,
    /// Environment; `None` when it may not be read.
    pub env: Option<Vec<(String, String)>>,
    /// Start time.
    pub started_at: Timestamp,
}

/// A machine in memory. A shell start on it exports the lines that reading its files shows to be reached, with the
/// values that [`MemorySystem::values`] gives by file and line.
#[derive(Clone, Debug)]
pub struct MemorySystem {
    /// The files.
    pub files: ScratchFiles,
    /// The processes.
    pub processes: Vec<MemoryProcess>,
    /// The caller's environment.
    pub caller: Vec<(String, String)>,
    /// The caller's directory.
    pub cwd: String,
    /// The login session's environment.
    pub session: Vec<(String, String)>,
    /// Whether the session was asked, as `systemctl --user show-environment` does; else it is what a login would have.
    pub session_asked: bool,
    /// The value that a line of a start-up file gives: `("/home/u/.bashrc", 3)`.
    pub values: BTreeMap<(String, u32), String>,
    /// Starts that give no answer within the limit, by label (`bash -ilc`).
    pub hanging: Vec<String>,
    /// What tracing a start shows, by label; other starts cannot be traced.
    pub traces: BTreeMap<String, TraceSeen>,
}

impl MemorySystem {
    /// An empty machine of the user `u` (1000) with the home `/home/u` and bash.
    pub fn new() -> Self {
        let session = [("HOME", "/home/u"), ("USER", "u"), ("SHELL", "/bin/bash"), ("PATH", "/usr/bin:/bin")];
        let session: Vec<(String, String)> =
            session.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self {
            files: ScratchFiles::default(),
            processes: vec![],
            caller: session.clone(),
            cwd: "/home/u".to_owned(),
            session,
            session_asked: false,
            values: BTreeMap::new(),
            hanging: vec![],
            traces: BTreeMap::new(),
        }
    }

    /// The door to it.
    pub fn open(self) -> impl System {
        let traces = self.traces.clone();
        MemoryDoor(Door::new(Memory(self), std::sync::Arc::new(FingerprintKey::fresh())), traces)
    }
}

impl Default for MemorySystem {
    fn default() -> Self {
        Self::new()
    }
}

struct MemoryDoor(Door<Memory>, BTreeMap<String, TraceSeen>);

impl System for MemoryDoor {
    fn observe(&self, asked: &Asked, candidate: &dyn Fn(&ProcessRecord) -> bool) -> Snapshot {
        self.0.observe(asked, candidate)
    }
    fn forget_ended(&self, snapshot: &mut Snapshot) -> bool {
        self.0.forget_ended(snapshot)
    }
    fn answer(&self, requests: &[ProbeRequest]) -> Vec<Outcome> {
        let mut outcomes = self.0.answer(requests);
        for (request, outcome) in requests.iter().zip(&mut outcomes) {
            if let ProbeRequest::Trace(asked) = request
                && let Some(seen) = self.1.get(&asked.start.start.label())
            {
                *outcome = Outcome::Trace(seen.clone());
            }
        }
        outcomes
    }
}

struct Memory(MemorySystem);

fn environment(pairs: &[(String, String)]) -> Environment {
    let mut env = Environment::default();
    for (name, value) in pairs {
        env.set(name.clone(), value.as_bytes());
    }
    env
}

impl Memory {
    fn run(&self, job: &ShellJob) -> ShellRun {
        let start = &job.asked.start;
        let mut seen = ShellSeen {
            started: true,
            answered: true,
            failure: None,
            timed_out: false,
            waiting: None,
            took_ms: 1,
            status: Some(0),
            noise: 0,
            added: vec![],
            left_behind: 0,
            structural: BTreeMap::new(),
        };
        if self.0.hanging.contains(&start.label()) {
            seen.answered = false;
            seen.timed_out = true;
            seen.status = None;
            seen.failure = Some(format!("it did not end within {} s", job.limit.as_secs_f32()));
            return seen.into();
        }
        let home = job.env.text("HOME").unwrap_or_default().to_owned();
        let shell_env = envsplit_shell::ShellEnv { files: &self.0.files, env: &job.env, home };
        let names = envsplit_shell::exported_names(start, &shell_env);
        let mut env = job.env.clone();
        env.set("SHLVL", "1");
        for setting in envsplit_shell::read_start(start, &shell_env, &names).settings {
            if setting.reach == Reach::Reached && setting.how.exports() {
                let value = self.0.values.get(&(setting.path.clone(), setting.line));
                env.set(setting.name, value.map_or("value", String::as_str).as_bytes());
            }
        }
        seen.added = env.names().into_iter().filter(|n| job.env.get(n).is_none()).collect();
        seen.structural = env.structural();
        ShellRun { seen, env: Some(env), waits_for: None }
    }
}

impl Backend for Memory {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn host(&self) -> HostId {
        HostId("linux".to_owned())
    }
    fn hosts(&self) -> Vec<Host> {
        vec![Host {
            id: self.host(),
            kind: HostKind::Linux,
            name: "memory".to_owned(),
            unobserved_reason: None,
        }]
    }
    fn files(&self) -> &(dyn Files + Sync) {
        &self.0.files
    }
    fn user(&self) -> UserFacts {
        UserFacts {
            uid: Some(1000),
            name: Some("u".to_owned()),
            home: Some("/home/u".to_owned()),
            shell: Some("/bin/bash".to_owned()),
        }
    }
    fn caller(&self) -> CallerFacts {
        CallerFacts { pid: 9999, ppid: 1, cwd: self.0.cwd.clone(), env: environment(&self.0.caller) }
    }
    fn session(&self) -> SessionFacts {
        let predicted = !self.0.session_asked;
        SessionFacts { learnt_from: "memory".to_owned(), predicted, env: environment(&self.0.session) }
    }
    fn table(&self) -> Vec<RawProcess> {
        let row = |p: &MemoryProcess| RawProcess {
            pid: p.pid,
            ppid: p.ppid,
            started_at: p.started_at,
            exe: Some(p.exe.clone()),
            argv: p.argv.clone(),
        };
        self.0.processes.iter().map(row).collect()
    }
    fn owner(&self, _: u32) -> Option<u32> {
        Some(1000)
    }
    fn started_at(&self, process: &RawProcess) -> Timestamp {
        process.started_at
    }
    fn runs(&self, _: &RawProcess) -> bool {
        true
    }
    fn environment(&self, pid: u32) -> Result<Environment, EnvAccess> {
        let process = self.0.processes.iter().find(|p| p.pid == pid);
        process.and_then(|p| p.env.as_deref()).map(environment).ok_or(EnvAccess::Denied)
    }
    fn cwd(&self, _: u32) -> Option<String> {
        Some(self.0.cwd.clone())
    }
    fn run_shells(&self, jobs: Vec<ShellJob>) -> Vec<ShellRun> {
        jobs.iter().map(|job| self.run(job)).collect()
    }
    fn trace_shells(&self, jobs: Vec<TraceJob>) -> Vec<TraceRun> {
        let none = |job: &TraceJob| {
            let reason = format!("no trace of `{}` is given", job.shell.asked.start.label());
            TraceRun { raw: Err(reason), env: None }
        };
        jobs.iter().map(none).collect()
    }
    fn codex_system_dir(&self) -> String {
        "/etc/codex".to_owned()
    }
}
