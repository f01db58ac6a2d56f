//! The door itself: turns a backend's raw facts into a [`Snapshot`] and answers [`ProbeRequest`]s, values kept inside.
mod argv;
mod codex;
mod kept;
mod scoped;
mod session_files;
mod trace;
mod waiting;

#[cfg(target_os = "linux")]
pub(crate) use session_files::environment_d;

use crate::backend::{Backend, RawProcess, ShellJob};
use crate::depends::Look;
use crate::fingerprint::FingerprintKey;
use crate::memo::Memo;
use crate::secret::Environment;
use envsplit_model::{
    Caller, EnvAccess, EnvLookup as _, EnvRef, Marks, Outcome, ProbeRequest, ProcessRecord, Session,
    ShellAsked, Sighting, Snapshot, SourcesSeen, StartKind, StartReads, Waiting,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Start-up files that people edit, below the home directory.
const WELL_KNOWN: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
    ".config/fish/config.fish",
];

/// What a caller asks with.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `--key`.
    pub keys: Vec<String>,
    /// `--cwd`.
    pub cwd: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `-c`.
    pub overrides: Vec<String>,
    /// `--pid`.
    pub pid: Option<u32>,
    /// Whether shells may be started.
    pub shells: bool,
    /// The time limit of one probe.
    pub limit: Duration,
}

/// The plain question: no names, no flags, shells may run, ten seconds for each.
impl Default for Asked {
    fn default() -> Self {
        Self {
            keys: vec![],
            cwd: None,
            profile: None,
            overrides: vec![],
            pid: None,
            shells: true,
            limit: Duration::from_secs(10),
        }
    }
}

/// The one door to the operating system.
pub trait System {
    /// Looks at the host: processes for which `candidate` holds, with their ancestors; the session; the caller.
    fn observe(&self, asked: &Asked, candidate: &dyn Fn(&ProcessRecord) -> bool) -> Snapshot;
    /// Takes out what ended since it was observed; says whether anything did. A program that was just being killed
    /// when the table was read is nobody's problem any more.
    fn forget_ended(&self, snapshot: &mut Snapshot) -> bool;
    /// Answers every request, all at once where they take time; the answers stand in the order of the requests.
    fn answer(&self, requests: &[ProbeRequest]) -> Vec<Outcome>;
}

/// A backend behind the door.
pub(crate) struct Door<B> {
    backend: B,
    key: Arc<FingerprintKey>,
    limit: Mutex<Duration>,
    held: Mutex<HashMap<EnvRef, Result<Arc<Environment>, String>>>,
    raw: Mutex<BTreeMap<u32, RawProcess>>,
    /// How long the starts took that were run.
    took: Mutex<HashMap<ShellAsked, Duration>>,
    /// Answers kept between questions, where there are more to come.
    memo: Option<Arc<Memo>>,
    /// Whether a shell start that is not remembered may be run.
    starts_allowed: bool,
    /// Every look that the answers so far took; only with a memo.
    looks: Mutex<Vec<Look>>,
}

impl<B: Backend> Door<B> {
    pub(crate) fn new(backend: B, key: Arc<FingerprintKey>) -> Self {
        Self {
            backend,
            key,
            limit: Mutex::new(Duration::from_secs(10)),
            held: Mutex::default(),
            raw: Mutex::default(),
            took: Mutex::default(),
            memo: None,
            starts_allowed: true,
            looks: Mutex::default(),
        }
    }

    /// A door that remembers; `starts` says whether it may run a shell start that it does not remember.
    pub(crate) fn remembering(self, memo: Arc<Memo>, starts: bool) -> Self {
        Self { memo: Some(memo), starts_allowed: starts, ..self }
    }

    /// What the answers so far were made from.
    pub(crate) fn looks(&self) -> Vec<Look> {
        std::mem::take(&mut lock(&self.looks))
    }

    fn hold(&self, at: EnvRef, env: Result<Environment, String>) {
        lock(&self.held).insert(at, env.map(Arc::new));
    }

    /// The environment that `at` names, or why it cannot be had.
    fn environment(&self, at: &EnvRef) -> Result<Arc<Environment>, String> {
        if let Some(held) = lock(&self.held).get(at) {
            return held.clone();
        }
        match at {
            EnvRef::Overlay { base, over } => {
                let merged = self.environment(base)?.overlaid(&*self.environment(over)?);
                Ok(Arc::new(merged))
            }
            EnvRef::Shell { .. } => Err("this shell start was not run".to_owned()),
            EnvRef::Peer { host, .. } => Err(format!("the host `{host}` is not observed from here")),
            _ => Err("the process is gone or was not looked at".to_owned()),
        }
    }

    fn home_of(&self, env: &Environment) -> String {
        env.text("HOME")
            .filter(|h| !h.is_empty())
            .map(str::to_owned)
            .or(self.backend.user().home)
            .unwrap_or_default()
    }

    /// What reading start-up files hangs on, from this environment.
    fn shell_env<'a>(&'a self, env: &'a Environment) -> envsplit_shell::ShellEnv<'a> {
        envsplit_shell::ShellEnv { files: self.backend.files(), env, home: self.home_of(env) }
    }

    fn sight(&self, env: &Environment, name: &str) -> Sighting {
        self.key.sight(env, name)
    }

    fn sources(&self, at: &EnvRef, starts: &[StartKind], names: &[String]) -> Result<SourcesSeen, String> {
        let env = self.environment(at)?;
        let shell_env = self.shell_env(&env);
        let mut resolving = (*env).clone();
        for (name, value) in envsplit_model::structural::RESOLVING_MARKS {
            resolving.set(*name, *value);
        }
        let resolving =
            envsplit_shell::ShellEnv { env: &resolving, home: shell_env.home.clone(), ..shell_env };
        let starts = starts
            .iter()
            .map(|kind| {
                let begins = if kind.marks == Marks::IdeResolution { &resolving } else { &shell_env };
                StartReads { kind: *kind, read: envsplit_shell::read_start(&kind.start, begins, names) }
            })
            .collect();
        let well_known: Vec<String> = WELL_KNOWN.iter().map(|f| format!("{}/{f}", shell_env.home)).collect();
        Ok(SourcesSeen {
            starts,
            session: self.session_files(&shell_env.home, names),
            well_known: envsplit_shell::settings_anywhere(&shell_env, names, &well_known),
        })
    }

    fn run_shells(&self, requests: &[ProbeRequest]) -> HashMap<ProbeRequest, Outcome> {
        let limit = *lock(&self.limit);
        let mut outcomes = HashMap::new();
        let mut jobs = vec![];
        for request in requests {
            let ProbeRequest::Shell(asked) = request else { continue };
            match self.environment(&asked.from) {
                Ok(env) => {
                    let cwd = self.home_of(&env);
                    jobs.push(ShellJob { asked: asked.clone(), env: (*env).clone(), cwd, limit });
                }
                Err(reason) => {
                    self.hold(EnvRef::Shell { asked: Box::new(asked.clone()) }, Err(reason.clone()));
                    outcomes.insert(request.clone(), Outcome::Unknown { reason });
                }
            }
        }
        let asked: Vec<_> = jobs.iter().map(|j| (j.asked.clone(), self.looks_of(&j.asked))).collect();
        let began = Instant::now();
        let runs = self.backend.run_shells(jobs);
        self.count(runs.len(), 0, began.elapsed());
        for ((asked, looks), run) in asked.into_iter().zip(runs) {
            let mut seen = run.seen;
            lock(&self.took).insert(asked.clone(), Duration::from_millis(seen.took_ms));
            seen.waiting = run.waits_for.and_then(|words| self.waiting(&asked, &words));
            let held = run.env.ok_or_else(|| seen.failure.clone().unwrap_or_else(|| "no answer".to_owned()));
            self.hold(EnvRef::Shell { asked: Box::new(asked.clone()) }, held);
            let (request, outcome) = (ProbeRequest::Shell(asked), Outcome::Shell(seen));
            self.keep_start(&request, &outcome, looks);
            outcomes.insert(request, outcome);
        }
        outcomes
    }

    /// Where a start was held up: the one line, of all files that it reads, that runs just this command.
    fn waiting(&self, asked: &ShellAsked, words: &[String]) -> Option<Waiting> {
        let env = self.environment(&asked.from).ok()?;
        let shell_env = self.shell_env(&env);
        let read = envsplit_shell::read_start(&asked.start, &shell_env, &[]);
        let mut lines = vec![];
        for file in read.files {
            let Ok(text) = self.backend.files().read(&file.path) else { continue };
            for (n, line) in String::from_utf8_lossy(&text).lines().enumerate() {
                if waiting::runs(line, words) {
                    lines.push((file.path.clone(), u32::try_from(n + 1).unwrap_or(u32::MAX)));
                }
            }
        }
        lines.dedup();
        let program = words.first()?.rsplit('/').next().unwrap_or_default();
        let at = if lines.len() == 1 { lines.pop() } else { None };
        Some(Waiting { program: envsplit_model::text::shown(program), at })
    }

    fn answer_one(&self, request: &ProbeRequest) -> Outcome {
        let result = match request {
            ProbeRequest::Sight { env, names } => self.environment(env).map(|env| Outcome::Sighted {
                sightings: names.iter().map(|n| (n.clone(), self.sight(&env, n))).collect(),
            }),
            ProbeRequest::Codex(asked) => self.codex(asked).map(|seen| Outcome::Codex(Box::new(seen))),
            ProbeRequest::Sources { env, starts, names } => {
                self.sources(env, starts, names).map(Outcome::Sources)
            }
            ProbeRequest::Scoped { env, cwd, names } => self.scoped(env, cwd, names).map(Outcome::Scoped),
            ProbeRequest::Programs { env, names } => self.programs(env, names),
            ProbeRequest::Peer { host } => Err(format!("the host `{host}` is not observed from here")),
            ProbeRequest::Shell(_) | ProbeRequest::Trace(_) => Err("this shell start was not run".to_owned()),
        };
        result.unwrap_or_else(|reason| Outcome::Unknown { reason })
    }

    pub(crate) fn record(raw: &RawProcess) -> ProcessRecord {
        ProcessRecord {
            pid: raw.pid,
            ppid: raw.ppid,
            started_at: raw.started_at,
            uid: None,
            exe: raw.exe.clone(),
            argv: raw.argv.clone(),
            cwd: None,
            env: EnvAccess::NotAsked,
            structural: BTreeMap::new(),
            names: vec![],
        }
    }

    /// Looks at a process in depth: environment, directory, exact start.
    fn look_at(&self, raw: &RawProcess, record: &mut ProcessRecord) {
        record.started_at = self.backend.started_at(raw);
        record.cwd = self.backend.cwd(raw.pid);
        let at = process_ref(record);
        match self.backend.environment(raw.pid) {
            Ok(env) => {
                record.env = EnvAccess::Read;
                record.structural = env.structural();
                record.names = env.names();
                self.hold(at, Ok(env));
            }
            Err(access) => {
                let reason = match &access {
                    EnvAccess::Denied => "this user may not read its environment".to_owned(),
                    EnvAccess::Failed { reason } => reason.clone(),
                    EnvAccess::Read | EnvAccess::NotAsked => "not looked at".to_owned(),
                };
                record.env = access;
                self.hold(at, Err(reason));
            }
        }
    }
}

fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How requests name the environment of a recorded process.
fn process_ref(record: &ProcessRecord) -> EnvRef {
    EnvRef::Process { pid: record.pid, started_ms: record.started_at.as_millisecond() }
}

impl<B: Backend> System for Door<B> {
    fn observe(&self, asked: &Asked, candidate: &dyn Fn(&ProcessRecord) -> bool) -> Snapshot {
        *lock(&self.limit) = asked.limit;
        let user = self.backend.user();
        let caller = self.backend.caller();
        let mut session = self.backend.session();
        // A session that could not be asked is taken to have the caller's home and shell: those are the session's own
        // settings, which a terminal hands on, while all else in the caller's environment may come from start-up files.
        if session.predicted {
            for name in ["HOME", "SHELL"] {
                if let Some(value) = caller.env.text(name).filter(|v| v.starts_with('/')) {
                    session.env.set(name, value.as_bytes());
                }
            }
        }
        let table: BTreeMap<u32, RawProcess> = self.backend.table().into_iter().map(|p| (p.pid, p)).collect();
        let mine = |p: &RawProcess| self.backend.owner(p.pid) == user.uid;
        let ancestors = |pid: u32| {
            std::iter::successors(table.get(&pid), |p| table.get(&p.ppid).filter(|q| q.pid != p.pid))
                .take(256)
        };
        // In depth: what may have a role, the asked one, and what the caller comes from.
        let mut deep: BTreeSet<u32> = table
            .values()
            .filter(|p| p.pid != caller.pid && candidate(&Self::record(p)) && mine(p))
            .map(|p| p.pid)
            .collect();
        deep.extend(asked.pid.filter(|p| table.contains_key(p)));
        // A launcher's own environment is what its shell began with.
        let above: Vec<u32> = deep.iter().flat_map(|p| ancestors(*p).skip(1)).map(|p| p.pid).collect();
        deep.extend(above.into_iter().filter(|p| table.get(p).is_some_and(&mine)));
        deep.extend(ancestors(caller.pid).skip(1).filter(|p| mine(p)).map(|p| p.pid));
        let mut wanted: BTreeSet<u32> = deep.clone();
        for pid in deep.iter().copied().chain([caller.pid]) {
            wanted.extend(ancestors(pid).map(|p| p.pid));
        }
        let processes = wanted
            .iter()
            .filter_map(|pid| table.get(pid))
            .map(|raw| {
                let mut record = Self::record(raw);
                record.uid = self.backend.owner(raw.pid);
                if deep.contains(&raw.pid) {
                    self.look_at(raw, &mut record);
                } else {
                    record.started_at = self.backend.started_at(raw);
                }
                record.argv = argv::recognisable(&raw.argv);
                record
            })
            .collect();
        *lock(&self.raw) = table.into_iter().filter(|(pid, _)| deep.contains(pid)).collect();

        let files = self.backend.files();
        let codex_exe = caller.env.text("PATH").and_then(|path| codex::on_path(files, path, "codex"));
        let snapshot = Snapshot {
            schema: Snapshot::SCHEMA.to_owned(),
            taken_at: self.backend.now(),
            host: self.backend.host(),
            hosts: self.backend.hosts(),
            uid: user.uid,
            passwd_shell: user.shell,
            passwd_home: user.home,
            session: Session {
                learnt_from: session.learnt_from,
                predicted: session.predicted,
                structural: session.env.structural(),
                names: session.env.names(),
            },
            caller: Some(Caller {
                pid: caller.pid,
                ppid: caller.ppid,
                cwd_asked: asked.cwd.is_some(),
                cwd: asked.cwd.clone().unwrap_or(caller.cwd),
                profile: asked.profile.clone(),
                overrides: asked.overrides.clone(),
                keys: asked.keys.clone(),
                pid_asked: asked.pid,
                shells_allowed: asked.shells,
                structural: caller.env.structural(),
                names: caller.env.names(),
                codex_exe,
            }),
            processes,
            shells: vec![],
            ides: vec![],
            outcomes: vec![],
        };
        self.hold(EnvRef::Caller, Ok(caller.env));
        self.hold(EnvRef::Session, Ok(session.env));
        snapshot
    }

    fn forget_ended(&self, snapshot: &mut Snapshot) -> bool {
        let before = snapshot.processes.len();
        let deep = lock(&self.raw);
        snapshot.processes.retain(|p| deep.get(&p.pid).is_none_or(|raw| self.backend.runs(raw)));
        snapshot.processes.len() != before
    }

    fn answer(&self, requests: &[ProbeRequest]) -> Vec<Outcome> {
        let mut known: HashMap<&ProbeRequest, Outcome> = HashMap::new();
        let mut new = vec![];
        for request in requests {
            match self.remembered(request) {
                Some(outcome) => drop(known.insert(request, outcome)),
                None => new.push(request.clone()),
            }
        }
        let mut found = HashMap::new();
        std::thread::scope(|scope| {
            let running = new
                .iter()
                .any(|r| matches!(r, ProbeRequest::Shell(_)))
                .then(|| scope.spawn(|| self.run_shells(&new)));
            for request in &new {
                if !matches!(request, ProbeRequest::Shell(_) | ProbeRequest::Trace(_)) {
                    found.insert(request.clone(), self.keeping(request, || self.answer_one(request)));
                }
            }
            if let Some(Ok(outcomes)) = running.map(std::thread::ScopedJoinHandle::join) {
                found.extend(outcomes);
            }
        });
        // After the plain starts, whose time counts.
        found.extend(self.trace_shells(&new));
        let unknown = || Outcome::Unknown { reason: "the probe itself failed".to_owned() };
        requests.iter().map(|r| known.remove(r).or_else(|| found.remove(r)).unwrap_or_else(unknown)).collect()
    }
}
