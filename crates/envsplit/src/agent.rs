//! The background agent, as the commands see it: asked where it runs, never waited for where it does not.
use crate::args::Common;
use crate::ask::{absolute, no_process};
use crate::error::Error;
use crate::output;
use envsplit_ipc::client::{Answer, CallError, Client, Unreachable};
use envsplit_ipc::protocol::{Caller, ErrorCode, Method};
use std::path::PathBuf;
use std::time::Duration;

/// How long the agent has to say that it is there.
const HANDSHAKE: Duration = Duration::from_millis(500);

/// How long it has for an answer: a few rounds of shells, each within its own limit.
const ANSWER: Duration = Duration::from_mins(1);

/// The name that this program gives itself.
pub(crate) const NAME: &str = "envsplit";

/// The folder of the socket.
pub(crate) fn runtime_dir() -> Result<PathBuf, Error> {
    envsplit_system::own_runtime_dir().ok_or_else(|| {
        Error::internal(
            "the user database has no home directory for this user, so there is no place for a socket",
        )
    })
}

/// A connection to the agent of this version.
pub(crate) struct Agent {
    client: Client,
    failing: Option<u32>,
}

/// The agent, where it runs and may be asked. Another time limit than the usual is not the agent's.
pub(crate) fn of(common: &Common) -> Option<Agent> {
    if common.no_daemon || common.asks_for_another_limit() {
        return None;
    }
    let dir = runtime_dir().ok()?;
    match Client::connect(&dir, NAME, HANDSHAKE) {
        Answer::Ready(client) => return Some(Agent { client, failing: common.pid }),
        Answer::NeedsRestart { reason, .. } => tracing::info!("the background agent is not asked: {reason}"),
        Answer::Unreachable(Unreachable::NotRunning) => {}
        Answer::Unreachable(why) if !common.quiet => {
            output::note(&format!("note: the background agent is not asked: {why}"));
        }
        Answer::Unreachable(_) => {}
    }
    None
}

/// This process, as the one that asks.
pub(crate) fn caller(common: &Common, extra: &[String]) -> Result<Caller, Error> {
    Ok(Caller {
        pid: None,
        cwd: common.cwd.as_deref().map(absolute).transpose()?,
        keys: common.key.iter().chain(extra).cloned().collect(),
        profile: common.profile.clone(),
        overrides: common.overrides.clone(),
        failing_pid: common.pid,
        shells: !common.no_shells,
    })
}

impl Agent {
    /// The agent's answer; `None` where it has none, and this process has to look for itself.
    pub(crate) fn answer<M: Method>(&mut self, params: &M::Params) -> Result<Option<M::Result>, Error> {
        match self.client.call::<M>(params, ANSWER) {
            Ok(result) => Ok(Some(result)),
            Err(CallError::Rpc(error)) if error.kind() == Some(ErrorCode::InvalidParams) => {
                Err(self.failing.map_or_else(|| Error::usage(error.message), no_process))
            }
            Err(error) => {
                tracing::info!(%error, "the background agent has no answer");
                Ok(None)
            }
        }
    }
}
