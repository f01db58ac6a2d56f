//! `daemon`: runs, starts, ends and shows the background agent.
mod install;
mod logs;

use super::json;
use crate::agent;
use crate::args::{Common, Daemon};
use crate::ask::own_program;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_daemon::{Fault, Options};
use envsplit_ipc::client::{Answer, Client};
use envsplit_ipc::protocol::methods::Status;
use envsplit_ipc::protocol::{Empty, Status as Said};
use envsplit_ipc::start::{StartError, Starter};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How long a start or an end may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How long a question about the agent itself may take.
const QUESTION: Duration = Duration::from_secs(5);
/// The exit code of `status` where no agent answers.
const NOT_RUNNING: u8 = 3;

pub(crate) fn run(common: &Common, what: &Daemon) -> Result<u8, Error> {
    match what {
        Daemon::Run { idle_exit } => here(*idle_exit),
        Daemon::Start => started(common, "runs", &starter()?),
        Daemon::Stop => stop(common),
        Daemon::Restart => {
            starter()?.stop(LIMIT).map_err(|e| fault(&e))?;
            started(common, "runs anew", &starter()?)
        }
        Daemon::Status => status(common),
        Daemon::Install { print } => install::install(common, *print),
        Daemon::Uninstall => install::uninstall(common),
        Daemon::Logs { follow, lines } => logs::logs(*follow, *lines),
    }
}

/// How the agent is started from here.
pub(super) fn starter() -> Result<Starter, Error> {
    Ok(Starter {
        dir: agent::runtime_dir()?,
        program: own_program()?,
        name: agent::NAME.to_owned(),
        replace: false,
    })
}

fn fault(error: &StartError) -> Error {
    Error::internal(error.to_string())
}

/// Runs the agent in this process.
fn here(idle_exit: Option<u64>) -> Result<u8, Error> {
    let options = Options {
        runtime_dir: agent::runtime_dir()?,
        data_dir: envsplit_system::data_dir(),
        idle_exit: idle_exit.map(Duration::from_secs),
    };
    match envsplit_daemon::run(&options, || ()) {
        Ok(()) => Ok(0),
        Err(fault @ Fault::Lock(envsplit_ipc::lock::LockError::Held(..))) => {
            Err(Error::usage(fault.to_string()).hint("`envsplit daemon status` shows the one that runs"))
        }
        Err(fault) => Err(Error::internal(fault.to_string())),
    }
}

#[derive(Serialize)]
struct Agent {
    schema: &'static str,
    running: bool,
    pid: Option<u32>,
}

fn say(common: &Common, pid: Option<u32>, text: &str) -> Result<(), Error> {
    if common.wants_json() {
        return json(&Agent { schema: "envsplit.daemon/v1", running: pid.is_some(), pid });
    }
    if !common.quiet {
        output::data(&format!("{text}\n"));
    }
    Ok(())
}

fn started(common: &Common, how: &str, starter: &Starter) -> Result<u8, Error> {
    let starter = Starter { replace: true, ..starter.clone() };
    let client = starter.start(LIMIT).map_err(|e| fault(&e))?;
    let pid = client.daemon().pid;
    say(common, Some(pid), &format!("the background agent {how} (pid {pid})"))?;
    Ok(0)
}

fn stop(common: &Common) -> Result<u8, Error> {
    let ended = starter()?.stop(LIMIT).map_err(|e| fault(&e))?;
    say(common, None, if ended { "the background agent has ended" } else { "no background agent runs" })?;
    Ok(0)
}

fn status(common: &Common) -> Result<u8, Error> {
    let dir: PathBuf = agent::runtime_dir()?;
    let (mut client, other) = match Client::connect(&dir, agent::NAME, QUESTION) {
        Answer::Ready(client) => (client, None),
        Answer::NeedsRestart { client, reason } => (client, Some(reason)),
        Answer::Unreachable(why) => {
            say(common, None, &why.to_string())?;
            return Ok(NOT_RUNNING);
        }
    };
    let said: Said = client
        .call::<Status>(&Empty {}, QUESTION)
        .map_err(|e| Error::internal(format!("the background agent: {e}")))?;
    if common.wants_json() {
        json(&said)?;
    } else {
        output::data(&render::status(&said, other.as_deref()));
    }
    Ok(0)
}
