//! From the start of the daemon to its end.
use crate::connection;
use crate::journal::{Journal, Opened};
use crate::observer::Observer;
use crate::state::{Kept, State};
use envsplit_ipc::lock::{LifeLock, LockError};
use envsplit_ipc::place::{PlaceError, RuntimeDir};
use envsplit_ipc::socket::{BindError, Incoming, Listener};
use envsplit_model::Report;
use envsplit_system::Looks;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How often the process table is looked at while somebody subscribes, and while nobody does.
const WATCHED: Duration = Duration::from_millis(400);
const AT_REST: Duration = Duration::from_secs(8);
/// What changed within this time is one look for the journal.
const SETTLE: Duration = Duration::from_millis(300);
/// signal(7): a file would grow over its limit.
const SIGXFSZ: i32 = 25;
/// The most connections at once.
const MOST_CLIENTS: usize = 2048;
/// Files of this process: connections, watches, pipes of shells.
const OPEN_FILES: u64 = 4096;

/// What the daemon is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of socket and locks.
    pub runtime_dir: PathBuf,
    /// The folder of the journal; without one nothing is kept.
    pub data_dir: Option<PathBuf>,
    /// End after this long without a client.
    pub idle_exit: Option<Duration>,
}

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The folder of the socket is not as it must be.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Another daemon runs, or its lock cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The operating system's fault.
    #[error("the daemon cannot run: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs until it is told to end; `ready` is called once it can be reached.
pub fn run(options: &Options, ready: impl FnOnce()) -> Result<(), Fault> {
    let dir = RuntimeDir::make(&options.runtime_dir)?;
    let life = LifeLock::take(&dir)?;
    // Nothing of this process may be written to a core file or be read by another program of the user.
    envsplit_system::forbid_dumps();
    envsplit_system::allow_open_files(OPEN_FILES);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .thread_keep_alive(Duration::from_secs(2))
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(options, &dir, &life, ready));
    runtime.shutdown_timeout(Duration::from_secs(2));
    // The socket goes while the lock is held.
    let _ = dir.unlink_socket();
    ended
}

async fn serve(
    options: &Options,
    dir: &RuntimeDir,
    life: &LifeLock,
    ready: impl FnOnce(),
) -> Result<(), Fault> {
    // Before anybody can reach it: a signal that comes early must not leave the socket behind.
    let signalled = signalled()?;
    let listener = Listener::bind(dir, life)?;
    let state = Arc::new(open(options, dir));
    tracing::info!(socket = %state.socket.display(), pid = std::process::id(), "ready");
    ready();
    let chores =
        [tokio::spawn(look_now_and_then(Arc::clone(&state))), tokio::spawn(keep_journal(Arc::clone(&state)))];
    tokio::select! {
        () = accept(&listener, &state) => {}
        () = state.ended.notified() => tracing::info!("told to end"),
        () = signalled => tracing::info!("a signal ends it"),
        () = idle(&state, options.idle_exit) => tracing::info!("nobody asks: it ends"),
    }
    // Answers that are on their way are given a moment.
    let gone = async {
        while state.clients.load(Ordering::Relaxed) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    drop(listener);
    let _ = timeout(Duration::from_millis(300), gone).await;
    for chore in chores {
        chore.abort();
    }
    if let Some(journal) = state.journal().journal.take() {
        journal.close();
    }
    Ok(())
}

fn open(options: &Options, dir: &RuntimeDir) -> State {
    let kept = match &options.data_dir {
        Some(data) => {
            let Opened { journal, trouble } = Journal::open(data, Timestamp::now());
            if let Some(trouble) = &trouble {
                tracing::warn!("{trouble}");
            }
            Kept { journal: Some(journal), dir: data.clone() }
        }
        None => Kept { journal: None, dir: PathBuf::new() },
    };
    State {
        observer: Arc::new(Observer::new()),
        started_at: Timestamp::now(),
        socket: dir.socket(),
        clients: AtomicUsize::new(0),
        subscribers: AtomicUsize::new(0),
        requests: AtomicU64::new(0),
        next: AtomicU64::new(1),
        subscribed: Notify::new(),
        answered: Notify::new(),
        ended: Notify::new(),
        journal: Mutex::new(kept),
    }
}

async fn accept(listener: &Listener, state: &Arc<State>) {
    loop {
        match listener.accept().await {
            Ok(Incoming::Allowed(stream, peer)) => {
                if state.clients.load(Ordering::Relaxed) >= MOST_CLIENTS {
                    tracing::warn!("{MOST_CLIENTS} clients are connected: one more is turned away");
                    continue;
                }
                let served = Served::new(Arc::clone(state));
                let state = Arc::clone(state);
                tokio::spawn(async move {
                    connection::serve(stream, peer, state).await;
                    drop(served);
                });
            }
            Ok(Incoming::Refused(peer)) => {
                tracing::warn!(uid = peer.map(|p| p.uid), "a connection of another user was refused");
            }
            Err(error) => {
                // Out of files, as a rule: those that are connected go on, and free some.
                tracing::warn!(%error, "a connection could not be taken");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Counts a client for as long as it is served.
struct Served(Arc<State>);

impl Served {
    fn new(state: Arc<State>) -> Self {
        state.clients.fetch_add(1, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// SIGTERM, SIGINT. A hang-up of a terminal does not end it, nor does a file that may grow no more: the journal and
/// the log say so.
fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let survived = [SignalKind::hangup(), SignalKind::from_raw(SIGXFSZ)].map(signal);
    Ok(async move {
        let _survived = survived;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

/// Ends when nobody was connected for so long.
async fn idle(state: &State, limit: Option<Duration>) {
    let Some(limit) = limit else { return std::future::pending().await };
    let mut served = state.requests.load(Ordering::Relaxed);
    loop {
        sleep(limit).await;
        let now = state.requests.load(Ordering::Relaxed);
        if now == served && state.clients.load(Ordering::Relaxed) == 0 {
            return;
        }
        served = now;
    }
}

/// Looks at what no event tells of: the process table, files on a network. Ends of known processes are told at once.
async fn look_now_and_then(state: Arc<State>) {
    loop {
        let pause = if state.subscribers.load(Ordering::Relaxed) > 0 { WATCHED } else { AT_REST };
        tokio::select! {
            () = sleep(pause) => {}
            () = state.subscribed.notified() => {}
            () = state.observer.an_end() => {}
        }
        let observer = Arc::clone(&state.observer);
        let _ = tokio::task::spawn_blocking(move || observer.tick()).await;
    }
}

/// Writes down what changed, once it has settled. Nobody is made to wait, and no shell is started for it: while one
/// would have to be run for it, only the files are noted that changed.
async fn keep_journal(state: Arc<State>) {
    let mut generations = state.observer.changes();
    let mut looks = Looks::default();
    loop {
        let next = state.observer.kept_base().await;
        let this = Arc::clone(&state);
        let noted = tokio::task::spawn_blocking(move || {
            let files = looks.take_changed();
            let whole = next.as_ref().filter(|known| known.is_whole());
            this.write_down(&files, whole.map(|known| &known.report));
            next.map_or(looks, |known| known.looks.clone())
        });
        looks = noted.await.unwrap_or_default();
        tokio::select! {
            changed = generations.changed() => if changed.is_err() { return },
            () = state.answered.notified() => {}
        }
        sleep(SETTLE).await;
        generations.borrow_and_update();
    }
}

impl State {
    /// Writes files that changed, and what the report says otherwise than the last, into the journal.
    fn write_down(&self, files: &[String], report: Option<&Report>) {
        let host = self.observer.standing().host();
        let files: Vec<_> = files.iter().map(|path| (host.clone(), path.clone())).collect();
        if let Some(journal) = &mut self.journal().journal {
            let now = Timestamp::now();
            journal.record_files(&files, now);
            if let Some(report) = report {
                journal.record(report, now);
            }
        }
    }

    /// The journal.
    pub(crate) fn journal(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
