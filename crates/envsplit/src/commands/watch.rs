//! `watch`: every change of the report as it happens, one line each.
use super::daemon::starter;
use crate::agent;
use crate::args::Common;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_ipc::client::{CallError, Client};
use envsplit_ipc::protocol::methods::{ReportChanged, ReportSubscribe};
use envsplit_ipc::protocol::{self, ReportSubscribeParams};
use envsplit_model::Report;
use envsplit_model::history::{LINE_SCHEMA, Line, Says};
use std::time::Duration;

/// How long the first report may take: shells are run for it.
const FIRST: Duration = Duration::from_mins(1);
/// How long a wait for the next change is, before the next wait.
const TURN: Duration = Duration::from_hours(1);

pub(crate) fn run(common: &Common) -> Result<u8, Error> {
    let caller = agent::caller(common, &[])?;
    loop {
        let mut client = starter()?.start(FIRST).map_err(|e| Error::internal(e.to_string()))?;
        let params = ReportSubscribeParams { caller: Some(caller.clone()) };
        let first = client.call::<ReportSubscribe>(&params, FIRST).map_err(|e| fault(&e))?;
        begun(common, &first.report)?;
        follow(common, &mut client)?;
        output::note("note: the background agent ended; it is started again");
    }
}

/// Prints changes until the agent goes.
fn follow(common: &Common, client: &mut Client) -> Result<(), Error> {
    loop {
        match client.next_notice(TURN) {
            Ok(Some(notice)) => {
                let Some(Ok(changed)) = notice.read::<ReportChanged>() else { continue };
                tell(common, changed)?;
            }
            Ok(None) | Err(CallError::Closed | CallError::Frame(_)) => return Ok(()),
            Err(CallError::Deadline(_)) => {}
            Err(error) => return Err(fault(&error)),
        }
    }
}

fn fault(error: &CallError) -> Error {
    Error::internal(format!("the background agent: {error}"))
}

fn begun(common: &Common, report: &Report) -> Result<(), Error> {
    if common.wants_json() {
        return line(report);
    }
    write(&render::watch_begins(report))
}

fn tell(common: &Common, changed: protocol::ReportChanged) -> Result<(), Error> {
    if !common.wants_json() {
        return write(&render::watch(&changed.changes, &changed.report));
    }
    for change in changed.changes {
        line(&Line { schema: LINE_SCHEMA.to_owned(), says: Says::Change(change) })?;
    }
    line(&changed.report)
}

/// One JSON object on a line.
fn line(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value)
        .map_err(|e| Error::internal(format!("cannot be written as JSON: {e}")))?;
    write(&format!("{text}\n"))
}

/// `head` closing the pipe ends it.
fn write(text: &str) -> Result<(), Error> {
    output::try_data(text).map_err(|_| Error::closed())
}
