//! The relay behind `envsplit rpc`: whole messages between an editor's pipes and the socket, in both directions.
//!
//! It starts the daemon where none runs, and reaches another one where the daemon goes away: what was pending then is
//! answered with an error, and `$/reconnected` says what is gone. Nothing but frames is ever written to the output.

mod parent;

use crate::client::{Unreachable, reach};
use crate::frame::{self, FrameError, Frames, Limits};
use crate::protocol::{
    Empty, ErrorCode, Id, InitializeParams, Message, MessageError, Method as _, Payload, RpcError, methods,
};
use crate::start::{StartError, Starter};
use interprocess::local_socket::Stream;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How many messages wait inside the relay; whoever sends more waits.
const QUEUE: usize = 32;

/// A connection that lasted so long was no failed attempt.
const STEADY: Duration = Duration::from_secs(10);

/// The id of the relay's own requests.
const OWN: &str = "envsplit-relay";

/// Why the relay ended before its client did.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The client does not speak the protocol.
    #[error("standard input: {0}")]
    Client(FrameError),
    /// The client sends what is no JSON.
    #[error("standard input: {0}")]
    Message(MessageError),
    /// Nothing can be written any more.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// The daemon goes away again before it has answered anything.
    #[error("the daemon ended twice without an answer; `envsplit daemon logs` says why")]
    Unstable,
}

/// Relays until `input` ends or the parent process is gone. `limit` bounds each start of the daemon.
pub fn run(
    starter: &Starter,
    limit: Duration,
    input: impl Read + Send + 'static,
    output: impl Write,
) -> Result<(), RelayError> {
    let (send, events) = sync_channel(QUEUE);
    parent::watch(send.clone());
    read(input, Limits::CLIENT, send.clone(), Event::Client);
    let relay = Relay {
        starter,
        limit,
        output,
        send,
        link: None,
        links: 0,
        linked_at: None,
        hello: None,
        pending: BTreeSet::new(),
        idle_losses: 0,
        ending: false,
    };
    relay.run(&events)
}

type Body = Result<Option<Vec<u8>>, FrameError>;

enum Event {
    Client(Body),
    /// Of the connection with this number.
    Daemon(u64, Body),
    ParentGone,
}

/// Reads messages on a thread of its own until the stream ends.
fn read(
    mut from: impl Read + Send + 'static,
    limits: Limits,
    to: SyncSender<Event>,
    event: impl Fn(Body) -> Event + Send + 'static,
) {
    std::thread::spawn(move || {
        let mut frames = Frames::new(limits);
        loop {
            let body = frames.next(&mut from, || Ok(()));
            let last = !matches!(body, Ok(Some(_)));
            if to.send(event(body)).is_err() || last {
                return;
            }
        }
    });
}

/// A connection to the daemon; its end ends the thread that reads from it.
struct Link(Arc<Stream>);

impl Drop for Link {
    fn drop(&mut self) {
        let Stream::UdSocket(socket) = &*self.0;
        let _ = socket.inner().shutdown(std::net::Shutdown::Both);
    }
}

struct Shared(Arc<Stream>);

impl Read for Shared {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(to)
    }
}

struct Relay<'a, W> {
    starter: &'a Starter,
    limit: Duration,
    output: W,
    send: SyncSender<Event>,
    link: Option<Link>,
    links: u64,
    /// When the present connection was made.
    linked_at: Option<Instant>,
    /// What the client said first, to say it again.
    hello: Option<InitializeParams>,
    pending: BTreeSet<Id>,
    /// How often in a row the daemon went away without an answer.
    idle_losses: u32,
    /// The client asked the daemon to end.
    ending: bool,
}

impl<W: Write> Relay<'_, W> {
    fn run(mut self, events: &Receiver<Event>) -> Result<(), RelayError> {
        while let Ok(event) = events.recv() {
            let go_on = match event {
                Event::ParentGone | Event::Client(Ok(None) | Err(FrameError::Io(_))) => false,
                Event::Client(Ok(Some(body))) => self.heard_client(body)?,
                Event::Client(Err(e)) => {
                    if let Some(error) = e.to_response() {
                        self.say(&Payload::error(None, &error))?;
                    }
                    return Err(RelayError::Client(e));
                }
                Event::Daemon(of, _) if of != self.links => true,
                Event::Daemon(_, Ok(Some(body))) => self.heard_daemon(body)?,
                Event::Daemon(_, Ok(None) | Err(_)) => self.lost()?,
            };
            if !go_on {
                break;
            }
        }
        Ok(())
    }

    fn heard_client(&mut self, body: Vec<u8>) -> Result<bool, RelayError> {
        let message = match Message::parse(&body) {
            Ok(message) => message,
            Err(e) => {
                let (id, error) = e.to_response();
                self.say(&Payload::error(id.as_ref(), &error))?;
                return match e {
                    MessageError::NoJson(_) => Err(RelayError::Message(e)),
                    MessageError::Invalid { .. } => Ok(true),
                };
            }
        };
        let (id, payload) = match message {
            Message::Request { id, method, params } if method == methods::Initialize::NAME => {
                let mut hello = match Message::params_of::<methods::Initialize>(params.as_deref()) {
                    Ok(hello) => hello,
                    Err(e) => return self.say(&Payload::error(Some(&id), &e)).map(|()| true),
                };
                env!("CARGO_PKG_VERSION").clone_into(&mut hello.version);
                let payload = Payload::request::<methods::Initialize>(&id, &hello);
                // Said again only once it was said.
                self.hello = None;
                if let Err(why) = self.connect() {
                    return self.unavailable(&id, &why).map(|()| true);
                }
                self.hello = Some(hello);
                (Some(id), payload)
            }
            Message::Request { id, method, .. } => {
                self.ending |= method == methods::Shutdown::NAME;
                if let Err(why) = self.connect() {
                    return self.unavailable(&id, &why).map(|()| true);
                }
                (Some(id), Payload::raw(body))
            }
            // Without a daemon there is nothing to cancel.
            Message::Notification { .. } | Message::Response { .. } => (None, Payload::raw(body)),
        };
        self.pending.extend(id);
        let sent = self.link.as_ref().map(|link| frame::write(&mut &*link.0, &payload));
        // A failure is told by the thread that reads, too; what was pending is answered then.
        if let Some(Err(e)) = sent {
            tracing::debug!("the daemon takes nothing: {e}");
        }
        Ok(true)
    }

    fn heard_daemon(&mut self, body: Vec<u8>) -> Result<bool, RelayError> {
        let seen: Seen = serde_json::from_slice(&body).unwrap_or_default();
        if let (Some(id), None) = (&seen.id, &seen.method) {
            if *id == Id::Text(OWN.to_owned()) {
                return Ok(true);
            }
            self.idle_losses = 0;
            self.pending.remove(id);
        }
        self.say(&Payload::raw(body)).map(|()| true)
    }

    /// The daemon is gone: answers what was pending and reaches another one.
    fn lost(&mut self) -> Result<bool, RelayError> {
        self.link = None;
        let why = "the daemon went away before it answered; ask again";
        for id in std::mem::take(&mut self.pending) {
            self.unavailable(&id, why)?;
        }
        if self.ending {
            return Ok(false);
        }
        if self.linked_at.is_some_and(|at| now().saturating_duration_since(at) > STEADY) {
            self.idle_losses = 0;
        }
        self.idle_losses += 1;
        if self.idle_losses > 1 {
            return Err(RelayError::Unstable);
        }
        match self.connect() {
            Ok(()) => self.say(&Payload::notification::<methods::Reconnected>(&Empty {})).map(|()| true),
            // The next request tries again, and is told why where that fails.
            Err(why) => {
                tracing::warn!("{why}");
                Ok(true)
            }
        }
    }

    /// Reaches the daemon, which is started where none runs; says the client's first message again where it was said.
    fn connect(&mut self) -> Result<(), String> {
        if self.link.is_some() {
            return Ok(());
        }
        self.starter.start(self.limit).map_err(|e: StartError| e.to_string())?;
        let (stream, _) =
            reach(&self.starter.dir, now() + self.limit).map_err(|e: Unreachable| e.to_string())?;
        let stream = Arc::new(stream);
        if let Some(hello) = &self.hello {
            let again = Payload::request::<methods::Initialize>(&Id::Text(OWN.to_owned()), hello);
            frame::write(&mut &*stream, &again).map_err(|e| e.to_string())?;
        }
        self.links += 1;
        let of = self.links;
        read(Shared(stream.clone()), Limits::DAEMON, self.send.clone(), move |body| Event::Daemon(of, body));
        self.link = Some(Link(stream));
        self.linked_at = Some(now());
        Ok(())
    }

    fn unavailable(&mut self, id: &Id, why: &str) -> Result<(), RelayError> {
        self.say(&Payload::error(Some(id), &RpcError::new(ErrorCode::Unavailable, why)))
    }

    fn say(&mut self, payload: &Payload) -> Result<(), RelayError> {
        frame::write(&mut self.output, payload).map_err(RelayError::Output)
    }
}

/// What the relay looks at in a message of the daemon.
#[derive(Default, Deserialize)]
struct Seen {
    #[serde(default)]
    id: Option<Id>,
    #[serde(default)]
    method: Option<serde::de::IgnoredAny>,
}

#[allow(clippy::disallowed_methods)] // deadlines need a clock
fn now() -> Instant {
    Instant::now()
}
