//! `daemon status` for people.
use super::text::{YELLOW, styled};
use envsplit_ipc::protocol::Status;
use envsplit_model::text::shown;
use jiff::SignedDuration;
use std::fmt::Write as _;

/// How the agent is; `other` says that it is of another version.
pub(crate) fn status(s: &Status, other: Option<&str>) -> String {
    let mut out = String::new();
    let age = SignedDuration::from_secs(i64::try_from(s.uptime_s).unwrap_or(i64::MAX));
    let _ =
        writeln!(out, "runs since {} ({age:#}), pid {}, version {}", s.started_at, s.pid, shown(&s.version));
    if let Some(other) = other {
        let _ = writeln!(
            out,
            "{}",
            styled(
                YELLOW,
                &format!("{other}: it is not asked; `envsplit daemon restart` starts this version")
            )
        );
    }
    let _ = writeln!(out, "socket     {}", shown(&s.socket));
    let _ = writeln!(
        out,
        "clients    {}, of which {} subscribe; {} requests so far",
        s.clients, s.subscribers, s.requests_served
    );
    let _ = writeln!(
        out,
        "watches    {} files ({}), {} processes",
        s.files_watched,
        shown(&s.watching),
        s.processes_known
    );
    if let Some(trouble) = &s.watch_trouble {
        let _ = writeln!(out, "           {}", styled(YELLOW, &shown(trouble)));
    }
    let last = s.probes.last_ms.map_or_else(String::new, |ms| format!(", the last round in {ms} ms"));
    let _ = writeln!(
        out,
        "has run    {} shell starts, {} of them watched line by line{last}",
        s.probes.shells_run + s.probes.traces_run,
        s.probes.traces_run
    );
    let _ =
        writeln!(out, "has cost   {} ms of processor time, {} KiB of memory", s.cost.cpu_ms, s.cost.rss_kb);
    match &s.journal {
        Some(j) => {
            let _ =
                writeln!(out, "journal    {}: {} changes, {} KiB", shown(&j.path), j.entries, j.bytes / 1024);
            if let Some(trouble) = &j.trouble {
                let _ = writeln!(out, "           {}", styled(YELLOW, &shown(trouble)));
            }
        }
        None => out.push_str("journal    none: no home directory is known\n"),
    }
    out
}
