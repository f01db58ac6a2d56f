//! `status`.
use crate::state::State;
use envsplit_ipc::protocol::{Cost, ProbesRun, Status};
use std::sync::atomic::Ordering;

/// How the daemon is.
pub(crate) fn status(state: &State) -> Status {
    let observer = &state.observer;
    let (files_watched, how, watch_trouble) = observer.watching();
    let starts = observer.standing().starts_run();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let cost = envsplit_system::own_cost();
    let now = jiff::Timestamp::now();
    Status {
        pid: std::process::id(),
        started_at: state.started_at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: u64::try_from(now.duration_since(state.started_at).as_secs()).unwrap_or(0),
        clients: count(state.clients.load(Ordering::Relaxed)),
        subscribers: count(state.subscribers.load(Ordering::Relaxed)),
        files_watched: files_watched as u64,
        watching: how.to_owned(),
        watch_trouble,
        processes_known: observer.standing().processes() as u64,
        probes: ProbesRun {
            shells_run: starts.shells,
            traces_run: starts.traces,
            last_ms: starts.last.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        },
        cost: Cost { cpu_ms: cost.cpu_ms, rss_kb: cost.rss_kb },
        journal: state.journal_status(),
        socket: state.socket.display().to_string(),
        requests_served: state.requests.load(Ordering::Relaxed),
    }
}
