//! The client: blocking, every wait with a deadline, and no runtime, so that one question costs next to nothing.
#![allow(clippy::disallowed_methods)] // deadlines need a clock

mod call;
mod dial;

pub use call::{CallError, Notice, Notices};
pub(crate) use dial::dial;

use crate::frame::{Frames, Limits};
use crate::peer::Peer;
use crate::place::{PlaceError, RuntimeDir};
use crate::protocol::{InitializeParams, InitializeResult, PROTOCOL, Ready, methods};
use interprocess::local_socket::Stream;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

/// What comes of trying to reach the daemon.
#[derive(Debug)]
pub enum Answer {
    /// It is there and of this version.
    Ready(Client),
    /// It is there and of another version: it must be started anew before it can be asked anything.
    NeedsRestart {
        /// A connection on which `status` and `shutdown` are answered.
        client: Client,
        /// Which versions met.
        reason: String,
    },
    /// It is not there, or what is there is not it.
    Unreachable(Unreachable),
}

/// Why there is no daemon to ask.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// None runs.
    #[error("no daemon runs; `envsplit daemon start` starts one")]
    NotRunning,
    /// The folder or the socket is not to be trusted.
    #[error(transparent)]
    Place(PlaceError),
    /// Another user's process listens on the socket.
    #[error("the socket is served by user {found}, not by user {expected}: nothing was sent to it")]
    Stranger {
        /// Who serves it.
        found: u32,
        /// Who should.
        expected: u32,
    },
    /// It does not answer, or not as a daemon does.
    #[error("the daemon does not answer: {0}; `envsplit daemon restart` starts it anew")]
    Silent(String),
}

/// A connection to the daemon after the handshake.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    frames: Frames,
    next_id: i64,
    notices: VecDeque<Notice>,
    /// A message was cut off: nothing on this connection has a meaning any more.
    broken: bool,
    daemon: InitializeResult,
    peer: Peer,
}

impl Client {
    /// Reaches the daemon of this user in `dir` and shakes hands, all within `limit`. `name` says which program asks.
    pub fn connect(dir: &Path, name: &str, limit: Duration) -> Answer {
        match Self::try_connect(dir, name, Instant::now() + limit) {
            Err(unreachable) => Answer::Unreachable(unreachable),
            Ok((client, None)) => Answer::Ready(client),
            Ok((client, Some(reason))) => Answer::NeedsRestart { client, reason },
        }
    }

    /// What the daemon said of itself.
    pub fn daemon(&self) -> &InitializeResult {
        &self.daemon
    }

    /// The process that serves the socket, as the system says: systemd where that made the socket.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    fn try_connect(dir: &Path, name: &str, until: Instant) -> Result<(Self, Option<String>), Unreachable> {
        let (stream, peer) = reach(dir, until)?;
        let params = InitializeParams::of(name);
        let mut client = Self {
            stream,
            frames: Frames::new(Limits::DAEMON),
            next_id: 0,
            notices: VecDeque::new(),
            broken: false,
            daemon: stranger(),
            peer,
        };
        client.daemon = client
            .call::<methods::Initialize>(&params, until.saturating_duration_since(Instant::now()))
            .map_err(|e| Unreachable::Silent(e.to_string()))?;
        // The client judges for itself, too: an older daemon may not know what to compare.
        let daemon = &client.daemon;
        let (own, reason) = crate::protocol::differs(
            ("client", params.protocol, &params.version),
            ("daemon", daemon.protocol, &daemon.version),
        );
        let reason = match (own, daemon.ready) {
            (Ready::Ready, Ready::Ready) => None,
            (Ready::NeedsRestart, _) => reason,
            (Ready::Ready, Ready::NeedsRestart) => Some(
                daemon.reason.as_deref().map_or_else(|| "it says so".into(), envsplit_model::text::shown),
            ),
        };
        Ok((client, reason))
    }
}

/// A connection to the socket in `dir`, when the same user serves it; nothing was sent yet.
pub(crate) fn reach(dir: &Path, until: Instant) -> Result<(Stream, Peer), Unreachable> {
    let dir = match RuntimeDir::open(dir) {
        Ok(dir) => dir,
        Err(PlaceError::Missing(_)) => return Err(Unreachable::NotRunning),
        Err(e) => return Err(Unreachable::Place(e)),
    };
    if !dir.has_socket().map_err(Unreachable::Place)? {
        return Err(Unreachable::NotRunning);
    }
    let stream =
        dial(&dir.socket(), until.saturating_duration_since(Instant::now())).map_err(|e| match e.kind() {
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => Unreachable::NotRunning,
            std::io::ErrorKind::WouldBlock => Unreachable::Silent("it takes no connections".into()),
            _ => Unreachable::Silent(e.to_string()),
        })?;
    let peer = Peer::of(&stream).map_err(|e| Unreachable::Silent(e.to_string()))?;
    if !peer.allowed(dir.owner()) {
        return Err(Unreachable::Stranger { found: peer.uid, expected: dir.owner() });
    }
    Ok((stream, peer))
}

/// What is known of a daemon before it has said anything.
fn stranger() -> InitializeResult {
    InitializeResult {
        protocol: PROTOCOL,
        version: String::new(),
        pid: 0,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        key_id: String::new(),
        host: envsplit_model::HostId(String::new()),
        ready: Ready::NeedsRestart,
        reason: None,
    }
}
