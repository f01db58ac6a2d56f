//! What is known, kept current: answers that hold are given again, others are made anew.
//!
//! Every answer has the generation of the world that it was made in. A file that an answer hangs on, a process that
//! may have a role, an editor's claim: each change makes a new generation, and an answer of an older one is not given
//! again. Shells are started by one question at a time.
use crate::ask;
use crate::claims::Claims;
use crate::watch::Watch;
use envsplit_model::{Outcome, ProbeRequest, Report, Snapshot};
use envsplit_system::{Asked, Looks, Standing, Who};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

/// How many answers are kept.
const MOST_ANSWERS: usize = 16;

/// How long an answer is kept that nobody asks for.
const UNUSED: Duration = Duration::from_mins(1);

/// How long a start-up file that does not parse is waited for.
const UNPARSED: Duration = Duration::from_mins(1);

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) who: Who,
    pub(crate) keys: Vec<String>,
    pub(crate) cwd: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) overrides: Vec<String>,
    pub(crate) failing: Option<u32>,
    /// Whether shells count for the answer.
    pub(crate) shells: bool,
    /// Whether a shell start may be run that is not remembered.
    pub(crate) starts: bool,
}

impl Question {
    /// What everybody has in common.
    pub(crate) fn of_nobody(starts: bool) -> Self {
        Self {
            who: Who::Nobody,
            keys: vec![],
            cwd: None,
            profile: None,
            overrides: vec![],
            failing: None,
            shells: true,
            starts,
        }
    }
}

/// An answer.
pub(crate) struct Known {
    /// Of the world that it was made in.
    generation: u64,
    /// When looking began.
    began: Instant,
    pub(crate) snapshot: Snapshot,
    pub(crate) report: Report,
    /// The report as JSON.
    pub(crate) json: Arc<[u8]>,
    pub(crate) looks: Looks,
}

impl Known {
    /// Whether every shell start was run that it would take: else what it says of shells is nothing.
    pub(crate) fn is_whole(&self) -> bool {
        let not_run = |(request, outcome): &(ProbeRequest, Outcome)| {
            matches!((request, outcome), (ProbeRequest::Shell(_), Outcome::Unknown { .. }))
        };
        !self.snapshot.outcomes.iter().any(not_run)
    }
}

struct Kept {
    question: Question,
    known: Arc<Known>,
    used: Instant,
}

/// See the module.
pub(crate) struct Observer {
    standing: Standing,
    generation: Arc<watch::Sender<u64>>,
    /// When something last happened to a file.
    touched: Arc<Mutex<Instant>>,
    kept: Mutex<Vec<Kept>>,
    starting: tokio::sync::Mutex<()>,
    watch: Mutex<Watch>,
    followed: Mutex<BTreeSet<(String, bool)>>,
    pub(crate) claims: Claims,
    /// Readable when the process ends.
    ends: tokio::sync::Mutex<HashMap<u32, AsyncFd<OwnedFd>>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer {
    /// Looks at the process table for the first time.
    pub(crate) fn new() -> Self {
        let generation = Arc::new(watch::Sender::new(1));
        let touched = Arc::new(Mutex::new(Instant::now()));
        let tell = {
            let (generation, touched) = (Arc::clone(&generation), Arc::clone(&touched));
            move || {
                *lock(&touched) = Instant::now();
                generation.send_modify(|g| *g += 1);
            }
        };
        let standing = Standing::open(envsplit_engine::candidate);
        standing.look_at_processes(true);
        Self {
            standing,
            generation,
            touched,
            kept: Mutex::default(),
            starting: tokio::sync::Mutex::new(()),
            watch: Mutex::new(Watch::new(Arc::new(tell))),
            followed: Mutex::default(),
            claims: Claims::default(),
            ends: tokio::sync::Mutex::default(),
        }
    }

    /// The door behind it.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Tells of new generations.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// What was known may no longer hold.
    pub(crate) fn changed(&self) {
        self.generation.send_modify(|g| *g += 1);
    }

    /// A file that an answer hangs on was found changed, without a watch that told.
    fn touched(&self) {
        *lock(&self.touched) = Instant::now();
        self.changed();
    }

    fn generation(&self) -> u64 {
        *self.generation.borrow()
    }

    /// The answer, where it is known and holds.
    pub(crate) fn known(&self, question: &Question) -> Option<Arc<Known>> {
        let generation = self.generation();
        let mut kept = lock(&self.kept);
        let found = kept.iter_mut().find(|k| k.known.generation == generation && k.question == *question)?;
        found.used = Instant::now();
        Some(Arc::clone(&found.known))
    }

    /// The answer. `fresh` looks at processes and files now; otherwise what was told of them counts.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        question: Question,
        fresh: bool,
    ) -> Result<Arc<Known>, String> {
        if !fresh && let Some(known) = self.known(&question) {
            return Ok(known);
        }
        let asked = Instant::now();
        let _turn = if question.starts { Some(self.starting.lock().await) } else { None };
        // Somebody may have asked the same meanwhile.
        if let Some(known) = self.known(&question).filter(|k| !fresh || k.began >= asked) {
            return Ok(known);
        }
        let this = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || this.make(question, fresh));
        made.await.map_err(|_| "the observation itself failed; the log says more".to_owned())?
    }

    fn make(self: &Arc<Self>, question: Question, fresh: bool) -> Result<Arc<Known>, String> {
        if fresh {
            self.look_at_processes(false);
        }
        let generation = self.generation();
        let began = Instant::now();
        let call = self.standing.call(question.who, question.starts, question.failing)?;
        let asked = Asked {
            keys: question.keys.clone(),
            cwd: question.cwd.clone(),
            profile: question.profile.clone(),
            overrides: question.overrides.clone(),
            pid: question.failing,
            shells: question.shells,
            ..Asked::default()
        };
        let ask::Answer { snapshot, mut report } = ask::observe(&call, &asked, &mut ());
        self.claims.lay_over(&mut report, &self.standing);
        let json = serde_json::to_vec(&report).map_err(|e| format!("the report is no JSON: {e}"))?;
        let known =
            Arc::new(Known { generation, began, snapshot, report, json: json.into(), looks: call.looks() });
        self.keep(question, Arc::clone(&known));
        let this = Arc::clone(self);
        let made = Arc::clone(&known);
        // Watching what it hangs on need not be waited for.
        tokio::task::spawn_blocking(move || this.follow(&made));
        Ok(known)
    }

    fn keep(&self, question: Question, known: Arc<Known>) {
        let mut kept = lock(&self.kept);
        kept.retain(|k| k.question != question);
        kept.push(Kept { question, known, used: Instant::now() });
        if kept.len() > MOST_ANSWERS
            && let Some(oldest) = (0..kept.len()).min_by_key(|i| kept[*i].used)
        {
            kept.swap_remove(oldest);
        }
    }

    /// Watches what the answers hang on. What changed before the watch stood makes a new generation.
    fn follow(&self, made: &Known) {
        let paths: BTreeSet<(String, bool)> = {
            let kept = lock(&self.kept);
            kept.iter().flat_map(|k| k.known.looks.paths()).map(|(p, c)| (p.to_owned(), c)).collect()
        };
        let mut followed = lock(&self.followed);
        let mut watch = lock(&self.watch);
        if *followed != paths || watch.has_moved() {
            watch.follow(paths.iter().map(|(p, c)| (p.as_str(), *c)));
            *followed = paths;
        }
        drop(watch);
        if made.generation == self.generation() && !made.looks.hold() {
            self.touched();
        }
    }

    /// What everybody has in common, as far as it is known without a shell; none while one would have to be run again.
    pub(crate) async fn kept_base(self: &Arc<Self>) -> Option<Arc<Known>> {
        if self.standing.has_stale_starts() {
            return None;
        }
        self.answer(Question::of_nobody(false), false).await.ok()
    }

    /// Looks at the process table; says whether anything that matters changed.
    fn look_at_processes(&self, closely: bool) -> bool {
        let change = self.standing.look_at_processes(closely);
        let gone = self.claims.forget_gone(&self.standing);
        if change.is_empty() && !gone {
            return false;
        }
        tracing::debug!(new = ?change.new, gone = ?change.gone, "processes");
        self.changed();
        true
    }

    /// What is done now and then: processes, files that no watch tells of, what nobody asks for any more.
    pub(crate) fn tick(&self) {
        self.look_at_processes(true);
        let poll = lock(&self.watch).must_poll();
        let stale = || lock(&self.kept).iter().any(|k| !k.known.looks.hold());
        if poll && stale() {
            self.touched();
        }
        lock(&self.kept).retain(|k| k.used.elapsed() < UNUSED);
        self.standing.tidy();
    }

    /// Runs every shell start anew with the next question.
    pub(crate) fn forget_starts(&self) {
        self.standing.forget_starts();
        self.changed();
    }

    /// How long shells that are to be run again are still left alone: their files must have rested for `rest`, and must
    /// not be half written.
    pub(crate) fn rest_of_starts(&self, rest: Duration) -> Option<Duration> {
        if !self.standing.has_stale_starts() {
            return None;
        }
        let quiet = lock(&self.touched).elapsed();
        match rest.checked_sub(quiet) {
            Some(left) if !left.is_zero() => Some(left),
            _ => (quiet < UNPARSED && !self.standing.stale_starts_parse()).then_some(rest),
        }
    }

    /// Ends when one of the processes that matter does.
    pub(crate) async fn an_end(&self) {
        let mut ends = self.ends.lock().await;
        let now = self.standing.candidates();
        ends.retain(|pid, _| now.contains(pid));
        for pid in now {
            if let Entry::Vacant(new) = ends.entry(pid)
                && let Some(end) = envsplit_system::end_of(pid).and_then(readable)
            {
                new.insert(end);
            }
        }
        std::future::poll_fn(|cx| {
            let ended = ends.values().any(|end| end.poll_read_ready(cx).is_ready());
            if ended { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        ends.clear();
    }

    /// How files are watched: how many, how, and what is not as it should be.
    pub(crate) fn watching(&self) -> (usize, &'static str, Option<String>) {
        let watch = lock(&self.watch);
        (watch.len(), watch.how(), watch.trouble())
    }
}

/// The end of a process as something to wait for.
#[allow(deprecated)] // an `OwnedFd` names the same descriptor all its life, which is what `new` leaves to its caller
fn readable(end: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    AsyncFd::new(end).ok()
}
