//! Asking the door until the diagnosis has what it needs.
#![allow(clippy::disallowed_methods)] // the program's own path and the clock of its own time limit
use crate::args::Common;
use crate::error::Error;
use crate::output;
use envsplit_engine::Step;
use envsplit_model::{ProbeRequest, Report, Snapshot};
use envsplit_system::{Asked, System};
use std::time::Duration;

/// Rounds of questions: configs, shells and files, what the shells answer, what follows from that. More than this
/// would be a fault of the diagnosis; what is missing then is reported as unknown.
const ROUNDS: usize = 8;

/// A report with the snapshot that it was made from.
pub(crate) struct Answer {
    pub(crate) snapshot: Snapshot,
    pub(crate) report: Report,
}

/// Observes and diagnoses.
pub(crate) fn ask(common: &Common, extra: &[String]) -> Result<Answer, Error> {
    first_run(common);
    let door = envsplit_system::open();
    let program = std::env::current_exe()
        .map_err(|e| Error::internal(format!("this program's own path is not known: {e}")))?;
    let cwd = common.cwd.as_deref().map(absolute).transpose()?;
    let asked = Asked {
        keys: common.key.iter().chain(extra).cloned().collect(),
        cwd,
        profile: common.profile.clone(),
        overrides: common.overrides.clone(),
        pid: common.pid,
        shells: !common.no_shells,
        limit: Duration::from_secs_f64(common.timeout),
        program,
    };
    let mut snapshot = door.observe(&asked, &envsplit_engine::candidate);
    if let Some(pid) = common.pid
        && !snapshot.processes.iter().any(|p| p.pid == pid)
    {
        return Err(
            Error::usage(format!("there is no process {pid}")).hint("`ps` lists the processes that run")
        );
    }
    for round in 0..ROUNDS {
        let requests = match envsplit_engine::diagnose(&snapshot) {
            Step::Done(_) if door.forget_ended(&mut snapshot) => {
                tracing::debug!(round, "a process ended meanwhile");
                continue;
            }
            Step::Done(report) => {
                tracing::debug!(round, "diagnosed");
                return Ok(Answer { snapshot, report: *report });
            }
            Step::Needs(requests) => requests,
        };
        tracing::debug!(round, requests = requests.len(), "asking");
        let progress = Progress::begin(common, &requests);
        let outcomes = door.answer(&requests);
        progress.end();
        snapshot.outcomes.extend(requests.into_iter().zip(outcomes));
    }
    let report = envsplit_engine::diagnose_as_is(&snapshot);
    Ok(Answer { snapshot, report })
}

/// Says once what is about to happen, before it does.
fn first_run(common: &Common) {
    let known = envsplit_system::data_dir().is_some_and(|d| d.join("fingerprint.key").exists());
    if known || common.quiet || common.wants_json() {
        return;
    }
    let shells = if common.no_shells {
        "It runs no start-up file (`--no-shells`)."
    } else {
        "It runs your shell as your terminal and your IDE start it; `--no-shells` runs none."
    };
    output::note(&format!(
        "First run. envsplit reads the environments of your own processes, your start-up files and Codex's config.\n\
         {shells} No value is shown, nothing is sent.\n"
    ));
}

fn absolute(dir: &str) -> Result<String, Error> {
    let path = std::path::Path::new(dir);
    if !path.is_dir() {
        return Err(Error::usage(format!("`--cwd`: `{}` is no directory", envsplit_model::text::shown(dir))));
    }
    let whole = std::path::absolute(path).map_err(|e| Error::usage(format!("`--cwd`: {e}")))?;
    Ok(whole.to_string_lossy().into_owned())
}

/// One line on the terminal while shells run.
struct Progress {
    shown: bool,
}

impl Progress {
    fn begin(common: &Common, requests: &[ProbeRequest]) -> Self {
        let mut starts: Vec<String> = requests
            .iter()
            .filter_map(|r| match r {
                ProbeRequest::Shell(asked) => Some(format!("`{}`", asked.start.label())),
                ProbeRequest::Trace(asked) => Some(format!("`{}` again", asked.start.label())),
                _ => None,
            })
            .collect();
        starts.dedup();
        let shown = !starts.is_empty() && !common.quiet && !common.wants_json() && output::watched();
        if shown {
            use std::io::Write as _;
            let mut err = std::io::stderr();
            let _ = write!(err, "running {} to see what they export …", starts.join(", "))
                .and_then(|()| err.flush());
        }
        Self { shown }
    }

    fn end(self) {
        if self.shown {
            use std::io::Write as _;
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
