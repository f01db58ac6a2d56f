//! Asking: the background agent where it runs, else the door itself.
#![allow(clippy::disallowed_methods)] // the program's own path
use crate::agent;
use crate::args::Common;
use crate::error::Error;
use crate::output;
use envsplit_daemon::ask::{self, Progress};
use envsplit_ipc::protocol::methods::{EnvGet, ReportGet};
use envsplit_ipc::protocol::{EnvGetParams, ReportGetParams};
use envsplit_model::{EnvSlice, ProbeRequest, Report, Snapshot};
use envsplit_system::{Asked, System};
use std::time::Duration;

/// A report, and the home directory that is written `~`.
pub(crate) struct Answer {
    pub(crate) report: Report,
    home: Option<String>,
}

impl Answer {
    fn of(report: Report) -> Self {
        Self { report, home: std::env::var("HOME").ok().filter(|h| !h.is_empty()) }
    }

    /// The home directory that is written `~`.
    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }
}

/// The report, with the variables `extra` looked at as well.
pub(crate) fn ask(common: &Common, extra: &[String]) -> Result<Answer, Error> {
    if let Some(mut agent) = agent::of(common) {
        let params = ReportGetParams { caller: Some(agent::caller(common, extra)?), fresh: true };
        if let Some(report) = agent.answer::<ReportGet>(&params)? {
            return Ok(Answer::of(report));
        }
    }
    ask_alone(common, extra).map(|(answer, _)| answer)
}

/// The report, and where the variable `name` is set, seen and lost.
pub(crate) fn ask_env(common: &Common, name: &str) -> Result<(Answer, EnvSlice), Error> {
    let extra = [name.to_owned()];
    if let Some(mut agent) = agent::of(common) {
        let caller = agent::caller(common, &extra)?;
        let params = EnvGetParams { name: name.to_owned(), caller: Some(caller.clone()) };
        if let Some(slice) = agent.answer::<EnvGet>(&params)?
            && let Some(report) =
                agent.answer::<ReportGet>(&ReportGetParams { caller: Some(caller), fresh: false })?
        {
            return Ok((Answer::of(report), slice));
        }
    }
    let (answer, snapshot) = ask_alone(common, &extra)?;
    let slice = envsplit_engine::env_slice(&snapshot, &answer.report, name);
    Ok((answer, slice))
}

/// The report without any agent, and what it was made from.
pub(crate) fn ask_alone(common: &Common, extra: &[String]) -> Result<(Answer, Snapshot), Error> {
    first_run(common);
    let door = envsplit_system::open();
    let asked = Asked {
        keys: common.key.iter().chain(extra).cloned().collect(),
        cwd: common.cwd.as_deref().map(absolute).transpose()?,
        profile: common.profile.clone(),
        overrides: common.overrides.clone(),
        pid: common.pid,
        shells: !common.no_shells,
        limit: Duration::from_secs_f64(common.timeout),
    };
    let snapshot = door.observe(&asked, &envsplit_engine::candidate);
    if let Some(pid) = common.pid
        && !snapshot.processes.iter().any(|p| p.pid == pid)
    {
        return Err(no_process(pid));
    }
    let ask::Answer { snapshot, report } = ask::ask(&door, snapshot, &mut OneLine::new(common));
    Ok((Answer::of(report), snapshot))
}

/// This program's own path.
pub(crate) fn own_program() -> Result<std::path::PathBuf, Error> {
    std::env::current_exe().map_err(|e| Error::internal(format!("this program's own path is not known: {e}")))
}

pub(crate) fn no_process(pid: u32) -> Error {
    Error::usage(format!("there is no process {pid}")).hint("`ps` lists the processes that run")
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

/// `--cwd` as an absolute path.
pub(crate) fn absolute(dir: &str) -> Result<String, Error> {
    let path = std::path::Path::new(dir);
    if !path.is_dir() {
        return Err(Error::usage(format!("`--cwd`: `{}` is no directory", envsplit_model::text::shown(dir))));
    }
    let whole = std::path::absolute(path).map_err(|e| Error::usage(format!("`--cwd`: {e}")))?;
    Ok(whole.to_string_lossy().into_owned())
}

/// One line on the terminal while shells run.
struct OneLine {
    wanted: bool,
    shown: bool,
}

impl OneLine {
    fn new(common: &Common) -> Self {
        Self { wanted: !common.quiet && !common.wants_json() && output::watched(), shown: false }
    }
}

impl Progress for OneLine {
    fn begin(&mut self, requests: &[ProbeRequest]) {
        let mut starts: Vec<String> = requests
            .iter()
            .filter_map(|r| match r {
                ProbeRequest::Shell(asked) => Some(format!("`{}`", asked.start.label())),
                ProbeRequest::Trace(asked) => Some(format!("`{}` again", asked.start.label())),
                _ => None,
            })
            .collect();
        starts.dedup();
        self.shown = self.wanted && !starts.is_empty();
        if self.shown {
            use std::io::Write as _;
            let mut err = std::io::stderr();
            let _ = write!(err, "running {} to see what they export …", starts.join(", "))
                .and_then(|()| err.flush());
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.shown) {
            use std::io::Write as _;
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
