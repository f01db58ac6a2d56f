//! Linux, a distribution of WSL included.
mod known;
mod session;
mod shell;
mod spawn;
mod standing;
mod table;
mod this;

pub use known::{Candidate, TableChange};
pub use spawn::user_manager;
pub use standing::{Call, Standing, Who};
pub use this::{Cost, allow_open_files, end_of, forbid_dumps, own_cost};

use crate::backend::{
    Backend, CallerFacts, RawProcess, SessionFacts, ShellJob, ShellRun, TraceJob, TraceRun, UserFacts,
};
use crate::disk::DiskFiles;
use crate::door::{Door, System};
use crate::fingerprint::FingerprintKey;
use crate::secret::Environment;
use envsplit_model::{EnvAccess, Files, Host, HostId, HostKind};
use jiff::Timestamp;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Arc;

/// The door to this machine.
pub fn open() -> impl System + Sync {
    let key = FingerprintKey::of_installation(crate::own::data_dir().as_deref());
    Door::new(Linux::new(table::Clock::now()), Arc::new(key))
}

pub(crate) struct Linux {
    files: DiskFiles,
    user: UserFacts,
    hosts: Vec<Host>,
    clock: table::Clock,
    manager: Arc<session::Manager>,
    /// Who asks, where it is not this process.
    caller: Option<CallerFacts>,
    /// The processes that matter, where they are known already.
    table: Option<Vec<RawProcess>>,
}

impl Linux {
    fn new(clock: table::Clock) -> Self {
        let files = DiskFiles::default();
        let user = user(&files);
        Self { hosts: hosts(), user, files, clock, manager: Arc::default(), caller: None, table: None }
    }
}

/// This process, as a caller.
fn own_facts() -> CallerFacts {
    let mut env = Environment::default();
    for (name, value) in std::env::vars_os() {
        env.set(name.to_string_lossy(), value.into_vec());
    }
    CallerFacts {
        pid: std::process::id(),
        ppid: std::os::unix::process::parent_id(),
        cwd: std::env::current_dir().map(|d| d.to_string_lossy().into_owned()).unwrap_or_default(),
        env,
    }
}

impl Backend for Linux {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn host(&self) -> HostId {
        self.hosts[0].id.clone()
    }

    fn hosts(&self) -> Vec<Host> {
        self.hosts.clone()
    }

    fn files(&self) -> &(dyn Files + Sync) {
        &self.files
    }

    fn user(&self) -> UserFacts {
        self.user.clone()
    }

    fn caller(&self) -> CallerFacts {
        self.caller.clone().unwrap_or_else(own_facts)
    }

    fn session(&self) -> SessionFacts {
        session::look(&self.user, &self.files, &self.manager)
    }

    fn table(&self) -> Vec<RawProcess> {
        self.table.clone().unwrap_or_else(|| table::list(&self.clock))
    }

    fn owner(&self, pid: u32) -> Option<u32> {
        table::owner(pid)
    }

    fn started_at(&self, process: &RawProcess) -> Timestamp {
        self.clock.started_at(process.pid).unwrap_or(process.started_at)
    }

    fn runs(&self, process: &RawProcess) -> bool {
        table::runs(process)
    }

    fn environment(&self, pid: u32) -> Result<Environment, EnvAccess> {
        table::environment(pid).map_err(|e| match e.kind() {
            std::io::ErrorKind::PermissionDenied => EnvAccess::Denied,
            _ => EnvAccess::Failed { reason: "the process ended".to_owned() },
        })
    }

    fn cwd(&self, pid: u32) -> Option<String> {
        table::cwd(pid)
    }

    fn run_shells(&self, jobs: Vec<ShellJob>) -> Vec<ShellRun> {
        shell::run_all(&jobs)
    }

    fn trace_shells(&self, jobs: Vec<TraceJob>) -> Vec<TraceRun> {
        shell::trace_all(&jobs)
    }

    fn codex_system_dir(&self) -> String {
        "/etc/codex".to_owned()
    }
}

/// The user database's entry, from `/etc/passwd` (a directory service's users are found by `getent`).
fn user(files: &DiskFiles) -> UserFacts {
    let uid = rustix::process::geteuid().as_raw();
    let line = |text: &str| {
        text.lines()
            .map(|l| l.split(':').map(str::to_owned).collect::<Vec<_>>())
            .find(|f| f.len() >= 7 && f[2].parse() == Ok(uid))
    };
    let known = files.read("/etc/passwd").ok().and_then(|t| line(&String::from_utf8_lossy(&t)));
    let entry = known.or_else(|| line(&spawn::output("/usr/bin/getent", &["passwd", &uid.to_string()])?));
    let field = |i: usize| entry.as_ref().map(|e| e[i].clone()).filter(|v| !v.is_empty());
    UserFacts { uid: Some(uid), name: field(0), home: field(5), shell: field(6) }
}

/// The folder of this user's socket: it follows from the user id alone.
pub fn own_runtime_dir() -> Option<std::path::PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    crate::own::runtime_dir(uid, None)
        .or_else(|| crate::own::runtime_dir(uid, user(&DiskFiles::default()).home.as_deref()))
}

/// This host, and the Windows host beside a WSL distribution, which this version does not observe.
fn hosts() -> Vec<Host> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.to_ascii_lowercase().contains("microsoft") {
        let distro = std::env::var("WSL_DISTRO_NAME").ok().filter(|d| !d.is_empty()).or_else(os_release_name);
        let name = distro.unwrap_or_else(|| "unknown".to_owned());
        return vec![
            Host { id: HostId(format!("wsl:{name}")), kind: HostKind::Wsl, name, unobserved_reason: None },
            Host {
                id: HostId("windows".to_owned()),
                kind: HostKind::Windows,
                name: "Windows".to_owned(),
                unobserved_reason: Some(
                    "the Windows side is not observed from WSL by this version".to_owned(),
                ),
            },
        ];
    }
    let contained = ["/.dockerenv", "/run/.containerenv"].iter().any(|f| std::path::Path::new(f).exists());
    let kind = if contained { HostKind::Container } else { HostKind::Linux };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    vec![Host { id: HostId("linux".to_owned()), kind, name, unobserved_reason: None }]
}

fn os_release_name() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let value = text.lines().find_map(|l| l.strip_prefix("NAME="))?;
    Some(value.trim_matches('"').to_owned())
}
