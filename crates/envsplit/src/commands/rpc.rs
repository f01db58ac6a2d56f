//! `rpc`: the background agent on standard input and output, for an editor that knows no socket.
use super::daemon::starter;
use crate::error::Error;
use envsplit_ipc::relay;
use std::time::Duration;

/// How long a start of the agent may take.
const START: Duration = Duration::from_secs(20);

pub(crate) fn run() -> Result<u8, Error> {
    // An editor that was updated brings the agent of its own version.
    let starter = envsplit_ipc::start::Starter { replace: true, ..starter()? };
    relay::run(&starter, START, std::io::stdin(), std::io::stdout())
        .map(|()| 0)
        .map_err(|e| Error::internal(e.to_string()))
}
