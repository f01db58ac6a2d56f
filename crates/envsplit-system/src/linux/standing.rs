//! A door that stays open: one for each question, on what all of them share (the process table, the answers that
//! hold, the key of the fingerprints).
use super::known::{Candidate, Known, TableChange};
use super::{Linux, session, table};
use crate::backend::CallerFacts;
use crate::depends::{self, Look, Looks};
use crate::door::{Asked, Door, System};
use crate::fingerprint::FingerprintKey;
use crate::memo::{Memo, StartsRun};
use envsplit_model::{HostId, Outcome, ProbeRequest, ProcessRecord, Sighting, Snapshot};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an answer is kept that nobody asks for any more.
const UNUSED: Duration = Duration::from_hours(1);

/// For whom a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Nobody: what the machine shows to all.
    Nobody,
    /// This process: its environment and directory are read through the system.
    Process(u32),
}

/// What all questions share.
pub struct Standing {
    key: Arc<FingerprintKey>,
    memo: Arc<Memo>,
    known: Mutex<Known>,
    manager: Arc<session::Manager>,
}

impl Standing {
    /// The door to this machine, to stay open. `candidate` says which processes may have a role.
    pub fn open(candidate: Candidate) -> Self {
        Self {
            key: Arc::new(FingerprintKey::of_installation(crate::own::data_dir().as_deref())),
            memo: Arc::default(),
            known: Mutex::new(Known::new(candidate)),
            manager: Arc::new(session::Manager::asked_every(Duration::from_secs(30))),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host that is observed.
    pub fn host(&self) -> HostId {
        super::hosts()[0].id.clone()
    }

    /// Names the key of the fingerprints.
    pub fn key_id(&self) -> String {
        self.key.id().to_owned()
    }

    /// Looks at the process table again; what is known and unchanged costs little. That a process which has run for
    /// long became another program is seen only when it is looked at `closely`.
    pub fn look_at_processes(&self, closely: bool) -> TableChange {
        self.known().refresh(closely)
    }

    /// How many processes are known.
    pub fn processes(&self) -> usize {
        self.known().len()
    }

    /// Those that may have a role, this user's.
    pub fn candidates(&self) -> Vec<u32> {
        self.known().candidates()
    }

    /// Whether `pid` is `of` or one of the processes that it comes from.
    pub fn is_in_ancestry(&self, pid: u32, of: u32) -> bool {
        let mut known = self.known();
        let mut at = of;
        for _ in 0..256 {
            if at == pid {
                return true;
            }
            match known.row(at) {
                Some(row) if row.ppid != at && row.ppid != 0 => at = row.ppid,
                _ => return false,
            }
        }
        false
    }

    /// Variables in the environment that a process was started with, without their values.
    pub fn sightings(&self, pid: u32, names: &[&str]) -> Vec<(String, Sighting)> {
        let env = table::environment(pid);
        let sight = |name: &str| match &env {
            Ok(env) => self.key.sight(env, name),
            Err(_) => Sighting::unknown("this process may not be read or is gone"),
        };
        names.iter().map(|n| ((*n).to_owned(), sight(n))).collect()
    }

    /// Which shell starts were run so far.
    pub fn starts_run(&self) -> StartsRun {
        self.memo.starts_run()
    }

    /// Whether a remembered shell start no longer tells what the next one would do.
    pub fn has_stale_starts(&self) -> bool {
        self.memo.has_stale_starts()
    }

    /// Whether the start-up files that changed since their shells were run are whole: a half-written one is not run
    /// unasked.
    pub fn stale_starts_parse(&self) -> bool {
        let changed = self.memo.changed_startup_files();
        changed.iter().all(|(shell, path)| {
            std::fs::read(path).map_or(true, |text| envsplit_shell::parses(*shell, &text))
        })
    }

    /// Forgets what shell starts did, so that the next question runs them again.
    pub fn forget_starts(&self) {
        self.memo.forget_starts();
    }

    /// Forgets what nobody asks for any more.
    pub fn tidy(&self) {
        self.memo.forget_unused(UNUSED);
    }

    /// A door for one question. `starts` says whether shells may be run that are not remembered. The error says why
    /// the caller cannot be looked at.
    pub fn call(&self, who: Who, starts: bool, failing: Option<u32>) -> Result<Call, String> {
        let caller = match who {
            Who::Nobody => super::own_facts(),
            Who::Process(pid) => self.facts(pid)?,
        };
        let mut known = self.known();
        let others: Vec<u32> = [caller.pid].into_iter().chain(failing).collect();
        let table = known.around(&others);
        let clock = known.clock();
        drop(known);
        let (backend, looks) = depends::recording(|| Linux {
            caller: Some(caller),
            table: Some(table),
            manager: Arc::clone(&self.manager),
            ..Linux::new(clock)
        });
        let door = Door::new(backend, Arc::clone(&self.key)).remembering(Arc::clone(&self.memo), starts);
        Ok(Call { door, nobody: who == Who::Nobody, looks: Mutex::new(looks) })
    }

    fn facts(&self, pid: u32) -> Result<CallerFacts, String> {
        let gone = || format!("process {pid} is gone");
        let row = self.known().row(pid).ok_or_else(gone)?;
        // In a container or a sandbox the same path is another file: who lives there has to look for itself.
        let files_of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/mnt"));
        let (theirs, own) = (files_of(&pid.to_string()), files_of("self"));
        if theirs.is_ok() && own.is_ok() && theirs.ok() != own.ok() {
            return Err(format!("process {pid} has other file systems mounted than the background agent"));
        }
        let env = table::environment(pid)
            .map_err(|e| format!("the environment of process {pid} may not be read: {e}"))?;
        let cwd = table::cwd(pid).ok_or_else(gone)?;
        Ok(CallerFacts { pid, ppid: row.ppid, cwd, env })
    }
}

/// A door for one question.
pub struct Call {
    door: Door<Linux>,
    nobody: bool,
    looks: Mutex<Vec<Look>>,
}

impl Call {
    /// Every look at a file that was taken so far: where one would show something else, so may the answer.
    pub fn looks(&self) -> Looks {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.extend(self.door.looks());
        Looks(looks.clone())
    }
}

impl System for Call {
    fn observe(&self, asked: &Asked, candidate: &dyn Fn(&ProcessRecord) -> bool) -> Snapshot {
        let (mut snapshot, looks) = depends::recording(|| self.door.observe(asked, candidate));
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).extend(looks);
        if self.nobody {
            snapshot.caller = None;
        }
        snapshot
    }

    fn forget_ended(&self, snapshot: &mut Snapshot) -> bool {
        self.door.forget_ended(snapshot)
    }

    fn answer(&self, requests: &[ProbeRequest]) -> Vec<Outcome> {
        self.door.answer(requests)
    }
}
