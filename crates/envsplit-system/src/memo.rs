//! Answers that are kept between questions. An answer is named by its question and by all that the question does not
//! say (the content of the environments it starts from), and holds until a look at a file that it took would show
//! something else. What a shell start does may hang on more than files, so it holds for a while only.
use crate::depends::{Look, Seen};
use crate::secret::Environment;
use envsplit_model::{Outcome, ShellKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a shell start counts as what the next one would do, while no file that it reads changes.
const STARTS_HOLD: Duration = Duration::from_mins(10);

/// The most answers that are kept; the ones that were not asked for longest go first.
const MOST: usize = 256;

/// Names an answer.
pub(crate) type AnswerId = blake3::Hash;

/// An answer.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) outcome: Outcome,
    /// For a shell start: the environment it ended with, or why there is none.
    pub(crate) env: Option<Result<Arc<Environment>, String>>,
    pub(crate) looks: Arc<[Look]>,
    /// For a shell start: which shell.
    pub(crate) shell: Option<ShellKind>,
}

struct Entry {
    kept: Kept,
    made: Instant,
    used: Instant,
}

impl Entry {
    fn is_start(&self) -> bool {
        matches!(self.kept.outcome, Outcome::Shell(_) | Outcome::Trace(_))
    }

    fn holds(&self) -> bool {
        (!self.is_start() || self.made.elapsed() < STARTS_HOLD) && self.kept.looks.iter().all(Look::holds)
    }
}

/// Answers kept between questions.
#[derive(Default)]
pub(crate) struct Memo {
    entries: Mutex<HashMap<AnswerId, Entry>>,
    ran: Mutex<StartsRun>,
}

/// Which starts were run so far: the others were remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartsRun {
    /// Shell starts.
    pub shells: u64,
    /// Shell starts under a watch.
    pub traces: u64,
    /// How long the last round took.
    pub last: Option<Duration>,
}

impl Memo {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<AnswerId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, while it holds.
    pub(crate) fn get(&self, id: &AnswerId) -> Option<Kept> {
        let mut entries = self.entries();
        let entry = entries.get_mut(id)?;
        if entry.holds() {
            entry.used = Instant::now();
            return Some(entry.kept.clone());
        }
        None
    }

    pub(crate) fn keep(&self, id: AnswerId, kept: Kept) {
        let now = Instant::now();
        let mut entries = self.entries();
        entries.insert(id, Entry { kept, made: now, used: now });
        while entries.len() > MOST {
            let oldest = entries.iter().min_by_key(|(_, e)| e.used).map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            entries.remove(&oldest);
        }
    }

    /// Counts starts that were run.
    pub(crate) fn count(&self, shells: usize, traces: usize, took: Duration) {
        let mut ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        ran.shells += shells as u64;
        ran.traces += traces as u64;
        ran.last = Some(took);
    }

    /// Which starts were run so far.
    pub(crate) fn starts_run(&self) -> StartsRun {
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a start is kept that holds no more.
    pub(crate) fn has_stale_starts(&self) -> bool {
        self.entries().values().any(|e| e.is_start() && !e.holds())
    }

    /// Files whose content changed since a start that read them, with the shell that did.
    pub(crate) fn changed_startup_files(&self) -> Vec<(ShellKind, String)> {
        let entries = self.entries();
        let starts = entries.values().filter_map(|e| Some((e.kept.shell?, &e.kept.looks)));
        let changed = starts.flat_map(|(shell, looks)| {
            let content = looks.iter().filter(|l| matches!(l.seen, Seen::Content { .. }) && !l.holds());
            content.map(move |l| (shell, l.path.clone()))
        });
        changed.collect()
    }

    /// Forgets what shell starts did.
    pub(crate) fn forget_starts(&self) {
        self.entries().retain(|_, e| !e.is_start());
    }

    /// Forgets what nobody asked for in this long: what a caller brought along goes with it.
    pub(crate) fn forget_unused(&self, since: Duration) {
        self.entries().retain(|_, e| e.used.elapsed() < since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depends;
    use envsplit_model::Files as _;

    fn kept(looks: Vec<Look>) -> Kept {
        Kept {
            outcome: Outcome::Unknown { reason: String::new() },
            env: None,
            looks: looks.into(),
            shell: None,
        }
    }

    #[test]
    fn an_answer_holds_until_a_file_shows_something_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f").to_string_lossy().into_owned();
        let files = crate::DiskFiles::default();
        let (_, looks) = depends::recording(|| files.read(&path));
        let (memo, id) = (Memo::default(), blake3::hash(b"q"));
        memo.keep(id, kept(looks));
        assert!(memo.get(&id).is_some());
        std::fs::write(&path, b"now there").unwrap();
        assert!(memo.get(&id).is_none());
    }

    #[test]
    fn of_too_many_answers_the_one_unasked_for_longest_goes() {
        let memo = Memo::default();
        let id = |n: usize| blake3::hash(&n.to_le_bytes());
        for n in 0..MOST {
            memo.keep(id(n), kept(vec![]));
        }
        assert!(memo.get(&id(0)).is_some());
        memo.keep(
            id(MOST),
            kept(vec![Look { path: "/".into(), seen: Seen::Kind(Ok(envsplit_model::FileKind::Directory)) }]),
        );
        assert!(memo.get(&id(0)).is_some() && memo.get(&id(MOST)).is_some());
        assert!(memo.get(&id(1)).is_none());
    }
}
