//! Questions and answers on a connection, and what the daemon tells unasked.
use super::Client;
use crate::frame::{self, FrameError};
use crate::protocol::{CancelParams, Id, Message, Method, Notification, Payload, RpcError, methods};
use interprocess::local_socket::traits::Stream as _;
use serde_json::value::RawValue;
use std::io;
use std::time::{Duration, Instant};

/// Most notifications that are kept while nobody takes them; older ones go.
const KEPT: usize = 64;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The daemon says why.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// It took too long; the daemon was told that the answer is no longer wanted.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// The daemon went away.
    #[error("the daemon closed the connection")]
    Closed,
    /// What came is no message.
    #[error(transparent)]
    Frame(FrameError),
    /// What came is no answer to this question.
    #[error("the daemon's answer to `{method}` is not understood: {reason}")]
    Answer {
        /// The question.
        method: &'static str,
        /// What is wrong with the answer, without quoting it.
        reason: String,
    },
}

/// What the daemon told unasked.
#[derive(Debug)]
pub struct Notice {
    /// About what.
    pub method: String,
    /// What.
    pub params: Option<Box<RawValue>>,
}

impl Notice {
    /// Its parameters, where it is of this kind.
    pub fn read<N: Notification>(&self) -> Option<Result<N::Params, RpcError>> {
        (self.method == N::NAME).then(|| Message::notified::<N>(self.params.as_deref()))
    }
}

/// Notifications as they come, see [`Client::notices`].
#[derive(Debug)]
pub struct Notices<'a> {
    client: &'a mut Client,
    limit: Duration,
}

impl Iterator for Notices<'_> {
    type Item = Result<Notice, CallError>;
    /// The next one; `None` when none came within the limit.
    fn next(&mut self) -> Option<Self::Item> {
        self.client.next_notice(self.limit).transpose()
    }
}

impl Client {
    /// Asks, and waits for the answer at most for `limit`.
    pub fn call<M: Method>(&mut self, params: &M::Params, limit: Duration) -> Result<M::Result, CallError> {
        let raw = self.call_raw::<M>(params, limit)?;
        serde_json::from_str(raw.get()).map_err(|e| CallError::Answer {
            method: M::NAME,
            reason: format!("{:?} error at column {}", e.classify(), e.column()),
        })
    }

    /// Asks, and gives the answer's JSON as it came, unread.
    pub fn call_raw<M: Method>(
        &mut self,
        params: &M::Params,
        limit: Duration,
    ) -> Result<Box<RawValue>, CallError> {
        let until = Instant::now() + limit;
        self.next_id += 1;
        let id = Id::Number(self.next_id);
        self.send(&Payload::request::<M>(&id, params), until, limit)?;
        loop {
            match self.receive(until) {
                Ok(Some(Message::Response { id: Some(of), result })) if of == id => return Ok(result?),
                // The daemon could not read the request so far that it knew its id.
                Ok(Some(Message::Response { id: None, result: Err(e) })) => return Err(e.into()),
                // An answer that came too late for its question.
                Ok(Some(Message::Response { .. } | Message::Request { .. })) => {}
                Ok(Some(Message::Notification { method, params })) => self.keep(Notice { method, params }),
                Ok(None) => {
                    let cancel = Payload::notification::<methods::CancelRequest>(&CancelParams { id });
                    // Best effort: the question is given up in any case.
                    let _ = self.send(&cancel, Instant::now() + Duration::from_millis(50), limit);
                    return Err(CallError::Deadline(limit));
                }
                Err(e) => return Err(e),
            }
        }
    }

    /// The next notification; `None` when none came within `limit`.
    pub fn next_notice(&mut self, limit: Duration) -> Result<Option<Notice>, CallError> {
        let until = Instant::now() + limit;
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return Ok(Some(notice));
            }
            match self.receive(until)? {
                Some(Message::Notification { method, params }) => self.keep(Notice { method, params }),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Notifications as they come; ends when none came for `limit`, and can be asked for again then.
    pub fn notices(&mut self, limit: Duration) -> Notices<'_> {
        Notices { client: self, limit }
    }

    fn keep(&mut self, notice: Notice) {
        if self.notices.len() == KEPT {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }

    fn send(&mut self, payload: &Payload, until: Instant, limit: Duration) -> Result<(), CallError> {
        if self.broken {
            return Err(CallError::Closed);
        }
        let sent = left(until)
            .and_then(|left| self.stream.set_send_timeout(Some(left)))
            .and_then(|()| frame::write(&mut &self.stream, payload));
        sent.map_err(|e| {
            self.broken = true; // part of a message may have gone out
            match e.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallError::Deadline(limit),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => CallError::Closed,
                _ => CallError::Frame(e.into()),
            }
        })
    }

    /// The next message; `None` when none came in time.
    fn receive(&mut self, until: Instant) -> Result<Option<Message>, CallError> {
        if self.broken {
            return Err(CallError::Closed);
        }
        let stream = &self.stream;
        let before = || stream.set_recv_timeout(Some(left(until)?));
        let body = match self.frames.next(&mut &*stream, before) {
            Ok(Some(body)) => body,
            Err(FrameError::Io(e))
                if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                return Ok(None);
            }
            other => {
                self.broken = true;
                return match other {
                    Err(FrameError::Io(e)) if e.kind() != io::ErrorKind::ConnectionReset => {
                        Err(CallError::Frame(e.into()))
                    }
                    Ok(_) | Err(FrameError::Truncated | FrameError::Io(_)) => Err(CallError::Closed),
                    Err(e) => Err(CallError::Frame(e)),
                };
            }
        };
        Message::parse(&body)
            .map(Some)
            .map_err(|e| CallError::Answer { method: "any", reason: e.to_string() })
    }
}

/// How long is left; an error when nothing is.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left.max(Duration::from_millis(1))) }
}
