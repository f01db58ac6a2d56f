//! Shell starts, run for real, each in a session of its own, all at once.
//!
//! The answer comes over a pipe of its own, so what start-up files print cannot spoil it, and nothing waits for the
//! end of a stream that a left-behind daemon may hold open. This process is the subreaper of whatever the starts
//! leave behind; after the last start all of it is ended.
mod child;
mod leftovers;
mod trace;

use crate::answer::END;
use crate::backend::{ShellJob, ShellRun, TraceJob, TraceRun};
use crate::secret::Environment;
use child::{Launch, Running};
use envsplit_model::{EnvLookup as _, Marks, ShellSeen};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// One batch at a time: while it runs, every child that is no known shell is something left behind.
static BATCH: Mutex<()> = Mutex::new(());

/// The most that an environment may be; larger is not one.
const LARGEST_ANSWER: usize = 8 << 20;

/// What a shell printed, kept in memory only.
type Collected = Zeroizing<Vec<u8>>;

/// Runs every job at once.
pub(super) fn run_all(jobs: &[ShellJob]) -> Vec<ShellRun> {
    let plain = |job: &ShellJob| drive(job, child::plain(job), 0).0;
    let (mut results, left) = side_by_side(jobs, plain, || failed("the probe itself failed").into());
    if let Some(first) = results.first_mut() {
        // Who left what cannot be told apart once they run side by side; the count is the batch's.
        first.seen.left_behind = left;
    }
    results
}

/// Runs every start again under a watch, all at once.
pub(super) fn trace_all(jobs: &[TraceJob]) -> Vec<TraceRun> {
    let failed = || TraceRun { raw: Err("the watch itself failed".to_owned()), env: None };
    side_by_side(jobs, trace::run, failed).0
}

/// Runs every job on a thread of its own, and ends what they left behind; says how much that was.
fn side_by_side<J: Sync, R: Send>(
    jobs: &[J],
    run: impl Fn(&J) -> R + Sync,
    failed: impl Fn() -> R,
) -> (Vec<R>, u32) {
    if jobs.is_empty() {
        return (vec![], 0);
    }
    let _batch = BATCH.lock().unwrap_or_else(PoisonError::into_inner);
    let reaper = leftovers::Reaper::new();
    let run = &run;
    let results = std::thread::scope(|scope| {
        let running: Vec<_> = jobs.iter().map(|job| scope.spawn(move || run(job))).collect();
        running.into_iter().map(|r| r.join().unwrap_or_else(|_| failed())).collect()
    });
    (results, reaper.end_all())
}

fn failed(reason: impl Into<String>) -> ShellSeen {
    ShellSeen {
        started: false,
        answered: false,
        failure: Some(reason.into()),
        timed_out: false,
        waiting: None,
        took_ms: 0,
        status: None,
        noise: 0,
        added: vec![],
        left_behind: 0,
        structural: std::collections::BTreeMap::new(),
    }
}

/// Runs one start; of what it prints the first `keep` bytes come back.
fn drive(job: &ShellJob, launch: impl FnOnce(String) -> Launch, keep: usize) -> (ShellRun, Collected) {
    let began = Instant::now();
    let mut running = match child::start(job, launch) {
        Ok(running) => running,
        Err(reason) => return (failed(reason).into(), Zeroizing::default()),
    };
    let kept = Arc::new(Mutex::new(Zeroizing::new(vec![])));
    let noise = Arc::new(AtomicU64::new(0));
    let (stop, going) = match pipe_with(PipeFlags::CLOEXEC) {
        Ok((stop, going)) => (Arc::new(stop), going),
        Err(e) => {
            running.end();
            return (failed(format!("no pipe: {e}")).into(), Zeroizing::default());
        }
    };
    let drains: Vec<_> = running.outputs.drain(..).map(|o| drain(o, &noise, &stop, &kept, keep)).collect();
    let (answer, timed_out) = await_answer(&mut running, began + job.limit);
    let took = began.elapsed();
    let command = if timed_out { running.waits_for() } else { None };
    let status = running.end();
    drop(going);
    for drain in drains {
        let _ = drain.join();
    }

    let env = answer.map(|block| {
        let mut env = Environment::parse(&block);
        for mark in child::marks(job.asked.marks) {
            env.remove(mark.0);
        }
        // What the answering command itself adds: bash names the program in `_`.
        env.remove("_");
        env
    });
    let mut seen = failed("");
    seen.failure = None;
    seen.started = true;
    seen.timed_out = timed_out;
    seen.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    seen.status = status;
    seen.noise = noise.load(Ordering::Relaxed);
    match &env {
        Some(env) => {
            seen.answered = true;
            seen.added = env.iter().map(|(n, _)| n.to_owned()).filter(|n| job.env.get(n).is_none()).collect();
            seen.structural = env.structural();
        }
        None if timed_out => {
            seen.failure = Some(format!("it did not end within {} s", job.limit.as_secs_f32()));
        }
        None => {
            seen.failure = Some(match status {
                Some(status) => format!("it ended with status {status} before it could answer"),
                None => "a signal ended it before it could answer".to_owned(),
            });
        }
    }
    let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    (ShellRun { seen, env, waits_for: command }, kept)
}

/// Waits for the whole answer, the end of the shell, or the limit; says whether the limit came first.
fn await_answer(running: &mut Running, until: Instant) -> (Option<Vec<u8>>, bool) {
    let mut block = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut pipe = std::fs::File::from(match running.answer.try_clone() {
        Ok(fd) => fd,
        Err(_) => return (None, false),
    });
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (None, true);
        }
        let ended = running.ended();
        // After the end whatever is in the pipe is there already; one more look without waiting.
        let wait = if ended { Duration::ZERO } else { left.min(Duration::from_millis(20)) };
        if !child::readable(&running.answer, wait) {
            if ended {
                return (None, false);
            }
            continue;
        }
        match pipe.read(&mut buffer) {
            Ok(0) | Err(_) => {
                // Every holder closed it without an answer: wait for the end of the shell, for its status.
                while !running.ended() {
                    if Instant::now() >= until {
                        return (None, true);
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                return (None, false);
            }
            Ok(n) => block.extend_from_slice(&buffer[..n]),
        }
        if block.ends_with(END) {
            block.truncate(block.len() - END.len());
            return (Some(block), false);
        }
        if block.len() > LARGEST_ANSWER {
            return (None, false);
        }
    }
}

/// Reads an output to nowhere and counts it, until told to stop: a full pipe must not stop the shell. Up to `keep`
/// bytes are kept.
fn drain(
    output: OwnedFd,
    noise: &Arc<AtomicU64>,
    stop: &Arc<OwnedFd>,
    kept: &Arc<Mutex<Collected>>,
    keep: usize,
) -> std::thread::JoinHandle<()> {
    let (noise, stop, kept) = (Arc::clone(noise), Arc::clone(stop), Arc::clone(kept));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 256 << 10];
        let mut file = match output.try_clone() {
            Ok(fd) => std::fs::File::from(fd),
            Err(_) => return,
        };
        loop {
            let (more, last) = child::readable_or_stopped(&output, &*stop);
            if last && (keep == 0 || !more) {
                return;
            }
            if !more {
                continue;
            }
            match file.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => {
                    let seen = noise.fetch_add(n as u64, Ordering::Relaxed);
                    if seen >= keep as u64 && last {
                        return;
                    }
                    if seen < keep as u64 {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..n]);
                    }
                }
            }
        }
    })
}

/// Whether a person's start needs a pseudo-terminal.
fn wants_terminal(marks: Marks) -> bool {
    marks == Marks::Terminal
}
